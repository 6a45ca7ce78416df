//! Numbers of a sweep, such as widths and rates, shared out to the cells of a heat map.

use std::collections::BTreeSet;

use super::cost::decade_steps;
use super::heatmap::Axis;
use super::short;

/// A logarithmic axis spans at least this ratio.
const DECADE: f64 = 10.0;
/// About as many marks as an axis of bins gets.
const MARKS: f64 = 6.0;

/// The cells along an axis.
#[derive(Clone, Debug)]
pub(super) enum Bins {
    /// One for each number, ascending.
    Each(Vec<f64>),
    /// `count` equal ones from `low` to `high`, in the logarithm if `log`, for this many different numbers.
    Equal { low: f64, high: f64, log: bool, count: usize, numbers: usize },
}

impl Bins {
    /// A cell for each number, or `most` equal ones if there are more numbers.
    pub fn of(numbers: impl Iterator<Item = f64>, most: usize) -> Self {
        // positive numbers sort like their bits
        let distinct: BTreeSet<u64> = numbers.map(f64::to_bits).collect();
        let distinct: Vec<f64> = distinct.into_iter().map(f64::from_bits).collect();
        match distinct.as_slice() {
            [low, .., high] if distinct.len() > most.max(1) => {
                let (low, high) = (*low, *high);
                let middle = distinct[distinct.len() / 2];
                // the median of numbers that are spread evenly in their logarithm is near √(low·high)
                let log =
                    low > 0.0 && high / low >= DECADE && middle < ((low * high).sqrt() + (low + high) / 2.0) / 2.0;
                Self::Equal { low, high, log, count: most.max(1), numbers: distinct.len() }
            }
            _ => Self::Each(distinct),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Each(numbers) => numbers.len(),
            Self::Equal { count, .. } => *count,
        }
    }

    /// The cell of a number.
    pub fn bin(&self, number: f64) -> usize {
        match self {
            Self::Each(numbers) => numbers.partition_point(|own| *own < number).min(numbers.len().saturating_sub(1)),
            Self::Equal { count, .. } => ((self.share(number) * *count as f64) as usize).min(count - 1),
        }
    }

    /// How far along an axis of equal cells a number is, from 0 to 1.
    fn share(&self, number: f64) -> f64 {
        let Self::Equal { low, high, log, .. } = self else { return 0.0 };
        if *log { (number / low).ln() / (high / low).ln() } else { (number - low) / (high - low) }
    }

    /// The axis, with the numbers at their places.
    pub fn axis(&self, name: &str) -> Axis {
        let (low, high, log, count) = match self {
            Self::Each(numbers) => return Axis::of(name, numbers.iter().map(|number| short(*number))),
            Self::Equal { low, high, log, count, .. } => (low, high, log, count),
        };
        let steps = if *log { decade_steps(*low, *high) } else { round_steps(*low, *high) };
        let ticks = steps.into_iter().map(|step| (self.share(step) * *count as f64, short(step))).collect();
        let name = if *log { format!("{name} (logarithmic)") } else { name.to_owned() };
        Axis { name, cells: *count, ticks }
    }

    /// That numbers share cells, if they do: `95 widths in 8 bins`.
    pub fn told(&self, numbers_of: &str) -> Option<String> {
        match self {
            Self::Each(_) => None,
            Self::Equal { count, numbers, .. } => Some(format!("{numbers} {numbers_of} in {count} bins")),
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn round_steps(low: f64, high: f64) -> Vec<f64> {
    let raw = (high - low) / MARKS;
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= raw).unwrap_or(raw);
    let first = (low / step).ceil();
    (0..=2 * MARKS as usize).map(|k| (first + k as f64) * step).take_while(|at| *at <= high).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_numbers_have_a_cell_each_and_many_share_equal_ones() {
        let few = Bins::of([0.1, 0.5, 0.1].into_iter(), 12);
        assert_eq!((few.len(), few.bin(0.1), few.bin(0.5), few.told("rates")), (2, 0, 1, None));
        let many = Bins::of((1..=100).map(f64::from), 9);
        assert_eq!((many.len(), many.bin(1.0), many.bin(100.0), many.bin(12.0)), (9, 0, 8, 1));
        assert_eq!(many.told("widths").unwrap(), "100 widths in 9 bins");
        let ticks: Vec<String> = many.axis("").ticks.into_iter().map(|(_, name)| name).collect();
        assert_eq!(ticks, ["20", "40", "60", "80", "100"]);
    }

    /// 10 is in the middle between 0.1 and 1000 in the logarithm.
    #[test]
    fn numbers_spread_over_decades_have_a_logarithmic_axis_with_marks_at_their_places() {
        let rates = Bins::of((0..=80).map(|k| 0.1 * 10_f64.powf(f64::from(k) / 20.0)), 8);
        assert_eq!((rates.bin(0.11), rates.bin(11.0), rates.bin(999.0)), (0, 4, 7));
        let axis = rates.axis("learning rate");
        let ten = axis.ticks.iter().find(|(_, name)| name == "10").unwrap();
        assert!((ten.0 - 4.0).abs() < 1e-9 && axis.name.ends_with("(logarithmic)"), "{axis:?}");
        let even = Bins::of((1..=100).map(|k| f64::from(k) / 100.0), 8);
        assert!(!even.axis("learning rate").name.contains("log"));
    }
}
