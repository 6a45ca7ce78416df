//! Pictures of a sweep: accuracy over width and rate, cost curves by configuration, and decision boundaries side by
//! side.

use std::collections::{BTreeMap, BTreeSet};

use super::{Area, Boundary, CostPlot, Curve, HeatMap, titled};
use crate::sweep::results::JobResult;
use crate::sweep::summary::{Configuration, Spread, configurations};
use crate::train::CostAt;
use crate::{Error, Result};

/// The most columns and rows of a heat map: more widths or rates share a cell.
const CELLS: usize = 12;
/// The most heat maps on a sheet and the most curves on one pair of axes.
const MAPS: usize = 12;
const CURVES: usize = 7;
/// The most boundaries on a sheet: those of the best configurations.
pub const BOUNDARIES: usize = 12;

/// The accuracy in percent over hidden units and learning rate, one map per data set and activation: the median over
/// all networks of a cell, on held-out samples if there are any. If there are many widths or rates, neighbours share a
/// cell.
///
/// # Errors
/// [`Error::Plot`] if there is no result, or if the area cannot hold the maps.
pub fn heat_maps(area: &Area, results: &[JobResult]) -> Result<()> {
    let mut maps: BTreeMap<(&str, &str), Vec<&JobResult>> = BTreeMap::new();
    for ended in results {
        maps.entry((&ended.job.data, &ended.job.activation)).or_default().push(ended);
    }
    if maps.is_empty() {
        return Err(Error::Plot("no network has ended yet".into()));
    }
    let held_out = results.iter().any(|ended| ended.test_accuracy.is_some());
    let shown = maps.len().min(MAPS);
    let left_out = if maps.len() > shown { format!(", {shown} of {} maps", maps.len()) } else { String::new() };
    let what = if held_out { "accuracy on what was held out" } else { "accuracy" };
    let area = titled(area, &format!("{what} %, median of a cell's networks{left_out}"))?;
    let mut drawn: Vec<_> = maps.into_iter().take(shown).map(|(name, ended)| (name, heat_map(&ended))).collect();
    let values = Spread::of(drawn.iter().flat_map(|(_, map)| map.values.iter().flatten().copied()));
    for ((name, map), tile) in drawn.iter_mut().zip(area.split_evenly(tiles(shown))) {
        map.scale = values.map(|values| [values.min, values.max]);
        map.draw(&tile, &format!("{}, {}", name.0, name.1))?;
    }
    Ok(())
}

fn heat_map(results: &[&JobResult]) -> HeatMap {
    let widths = Bins::of(results.iter().map(|ended| ended.job.hidden as f64));
    let rates = Bins::of(results.iter().map(|ended| ended.job.learning_rate));
    let mut cells = vec![Vec::new(); widths.len() * rates.len()];
    for ended in results {
        // the largest rate on top
        let row = rates.len() - 1 - rates.bin(ended.job.learning_rate);
        let accuracy = ended.test_accuracy.or(ended.accuracy);
        cells[row * widths.len() + widths.bin(ended.job.hidden as f64)].extend(accuracy.map(|share| 100.0 * share));
    }
    HeatMap {
        x: "hidden units".into(),
        y: "learning rate".into(),
        columns: widths.names(),
        rows: rates.names().into_iter().rev().collect(),
        values: cells.into_iter().map(|cell| Spread::of(cell).map(|spread| spread.median)).collect(),
        digits: 1,
        scale: None,
    }
}

/// Numbers in ascending order, as many per bin as it takes for [`CELLS`] bins.
struct Bins(Vec<Vec<f64>>);

impl Bins {
    fn of(numbers: impl Iterator<Item = f64>) -> Self {
        // positive numbers sort like their bits
        let distinct: BTreeSet<u64> = numbers.map(f64::to_bits).collect();
        let distinct: Vec<f64> = distinct.into_iter().map(f64::from_bits).collect();
        Self(distinct.chunks(distinct.len().div_ceil(CELLS).max(1)).map(<[f64]>::to_vec).collect())
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn bin(&self, number: f64) -> usize {
        self.0.partition_point(|bin| bin.last().is_some_and(|last| *last < number)).min(self.len() - 1)
    }

    fn names(&self) -> Vec<String> {
        let name = |bin: &Vec<f64>| match bin.as_slice() {
            [one] => super::short(*one),
            [first, .., last] => format!("{} – {}", super::short(*first), super::short(*last)),
            [] => String::new(),
        };
        self.0.iter().map(name).collect()
    }
}

/// The cost over the iterations, one curve per configuration, the best first: at each logged iteration the median over
/// the seeds that got that far.
///
/// # Errors
/// [`Error::Plot`] if no cost is finite, or if the area cannot hold it.
pub fn curves(area: &Area, results: &[JobResult]) -> Result<()> {
    let all = configurations(results);
    let best = &all[..all.len().min(CURVES)];
    let costs: Vec<Vec<CostAt>> = best.iter().map(|of| median_curve(results, of)).collect();
    let names = names(best, &all);
    let curves = names.iter().zip(&costs).map(|(label, costs)| Curve { label: label.clone(), costs }).collect();
    let which = if all.len() > best.len() {
        format!("the best {} of {} configurations", best.len(), all.len())
    } else {
        "by configuration".into()
    };
    CostPlot { curves, log: true }.draw(area, &format!("cost, median over the seeds, {which}"))
}

/// At each iteration the median over the seeds that got that far.
fn median_curve(results: &[JobResult], of: &Configuration) -> Vec<CostAt> {
    let networks: Vec<&JobResult> = results.iter().filter(|ended| of.holds(&ended.job)).collect();
    let have_curves = networks.iter().all(|ended| !ended.curve.is_empty());
    // a run that ended early keeps its costs at smaller steps, which the others lack
    let every = networks.iter().map(|ended| ended.curve.every()).max().unwrap_or(1);
    let mut by_iteration: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for ended in networks {
        let last = ended.costs.last().map_or(0, |at| at.iteration);
        let shared = |at: &CostAt| at.iteration.is_multiple_of(every) || at.iteration == last;
        let costs = if have_curves { ended.curve.costs().filter(shared).collect() } else { ended.costs.clone() };
        for at in costs {
            by_iteration.entry(at.iteration).or_default().extend(at.cost.is_finite().then_some(at.cost));
        }
    }
    let median =
        |(iteration, costs): (u64, Vec<f64>)| Spread::of(costs).map(|of| CostAt { iteration, cost: of.median });
    by_iteration.into_iter().filter_map(median).collect()
}

/// Short names of some of a sweep's configurations: whatever differs within the sweep.
pub fn names(some: &[Configuration], all: &[Configuration]) -> Vec<String> {
    let parts = |of: &Configuration| {
        [
            of.data.clone(),
            format!("n_h {}", of.hidden),
            of.activation.clone(),
            format!("rate {}", super::short(of.learning_rate)),
            format!("{} iterations", super::thousands(of.iterations as f64)),
        ]
    };
    let first = all.first().map(parts);
    let differs = |part: usize| all.iter().any(|of| first.as_ref().is_some_and(|first| parts(of)[part] != first[part]));
    let shown: Vec<usize> = (0..5).filter(|part| differs(*part)).collect();
    // a single one is named by its width and activation
    let shown = if shown.is_empty() { vec![1, 2] } else { shown };
    some.iter()
        .map(parts)
        .map(|parts| shown.iter().map(|part| parts[*part].as_str()).collect::<Vec<_>>().join(", "))
        .collect()
}

/// Decision boundaries with their titles, side by side.
///
/// # Errors
/// Those of [`Boundary::draw`]; [`Error::Plot`] if there are none.
pub fn boundaries(area: &Area, networks: &[(String, Boundary)]) -> Result<()> {
    if networks.is_empty() {
        return Err(Error::Plot("no network was trained to its end".into()));
    }
    let area = titled(area, "the best configurations, each as its middle seed has it")?;
    for ((title, boundary), tile) in networks.iter().zip(area.split_evenly(tiles(networks.len()))) {
        boundary.draw(&tile, title)?;
    }
    Ok(())
}

/// Rows and columns of a sheet of this many pictures: about as many of each, rather more columns.
fn tiles(count: usize) -> (usize, usize) {
    let columns = (1..=count).find(|columns| columns * columns >= count).unwrap_or(1);
    (count.div_ceil(columns), columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_numbers_share_bins_in_their_order() {
        let few = Bins::of([0.1, 0.5, 0.1].into_iter());
        assert_eq!((few.names(), few.bin(0.1), few.bin(0.5)), (vec!["0.1".to_owned(), "0.5".to_owned()], 0, 1));
        let many = Bins::of((1..=277).map(f64::from));
        assert!(many.len() <= CELLS);
        assert_eq!((many.bin(1.0), many.bin(277.0)), (0, many.len() - 1));
        assert_eq!(many.names()[0], "1 – 24");
        assert_eq!((many.bin(24.0), many.bin(25.0)), (0, 1));
    }

    #[test]
    fn tiles_hold_all() {
        for (count, expected) in [(1, (1, 1)), (2, (1, 2)), (3, (2, 2)), (5, (2, 3)), (12, (3, 4))] {
            assert_eq!(tiles(count), expected);
        }
    }
}
