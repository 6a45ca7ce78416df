//! A figure over folds: its mean, and how far it spreads.

use serde::Serialize;

/// The mean of a figure over folds, with its standard deviation from one fold to the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Σx/n.
    pub mean: f64,
    /// √(Σ(x − mean)²/(n − 1)); none for one fold, or if a figure is infinite.
    pub deviation: Option<f64>,
    /// n, the number of folds that have the figure.
    pub folds: usize,
}

impl Estimate {
    /// None for no figures.
    ///
    /// ```
    /// use planar::fit::Estimate;
    /// let accuracy = Estimate::of([0.5, 0.75, 1.0]);
    /// assert_eq!(accuracy, Some(Estimate { mean: 0.75, deviation: Some(0.25), folds: 3 }));
    /// ```
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let figures: Vec<f64> = figures.into_iter().collect();
        let n = figures.len() as f64;
        let mean = figures.iter().sum::<f64>() / n;
        let squares: f64 = figures.iter().map(|x| (x - mean) * (x - mean)).sum();
        let deviation = Some((squares / (n - 1.0)).sqrt()).filter(|deviation| deviation.is_finite());
        (!figures.is_empty()).then_some(Self { mean, deviation, folds: figures.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_are_those_worked_out_by_hand() {
        // 2, 4, 4, 4, 5, 5, 7, 9: the mean is 40/8, the squares add up to 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32
        let estimate = Estimate::of([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(estimate, Some(Estimate { mean: 5.0, deviation: Some((32.0_f64 / 7.0).sqrt()), folds: 8 }));
        assert_eq!(Estimate::of([1.0, 3.0]).and_then(|of| of.deviation), Some(2.0_f64.sqrt()));
    }

    #[test]
    fn one_figure_has_no_deviation_and_none_no_mean() {
        assert_eq!(Estimate::of([0.5]), Some(Estimate { mean: 0.5, deviation: None, folds: 1 }));
        assert_eq!(Estimate::of([]), None);
        let infinite = Estimate::of([0.5, f64::INFINITY]);
        assert_eq!(infinite, Some(Estimate { mean: f64::INFINITY, deviation: None, folds: 2 }));
    }
}
