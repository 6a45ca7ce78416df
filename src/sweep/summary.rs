//! The summary of a sweep: its configurations, each over its seeds, the best first.

use std::collections::BTreeMap;

use serde::Serialize;

use super::grid::{Job, configuration};
use super::results::{JobResult, JobStatus};
use crate::fit::Estimate;
use crate::model::Hidden;
use crate::optim::Recipe;

/// A configuration over its seeds and folds.
#[derive(Clone, Debug, Serialize)]
pub struct Configuration {
    /// The data set.
    pub data: String,
    /// Hidden units.
    pub hidden: Hidden,
    /// The activation.
    pub activation: String,
    /// α.
    pub learning_rate: f64,
    /// Iterations requested.
    pub iterations: u64,
    /// What makes an update besides the learning rate; nothing of plain gradient descent.
    #[serde(flatten)]
    pub recipe: Recipe,
    /// Networks that have ended.
    pub networks: usize,
    /// The networks among them that diverged.
    pub diverged: usize,
    /// Updates done.
    pub done: Spread,
    /// The final cost; none if all diverged.
    pub cost: Option<Spread>,
    /// The accuracy on the training samples.
    pub accuracy: Option<Spread>,
    /// The accuracy on the held-out samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<Spread>,
    /// R² of the training samples, where the targets are numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<Spread>,
    /// R² of the held-out samples, where the targets are numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_r2: Option<Spread>,
    /// Mean and standard deviation of the accuracy, or R², on the fold that was held out, if there are folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_folds: Option<Estimate>,
}

impl Configuration {
    /// Whether a network has this configuration.
    pub fn holds(&self, job: &Job) -> bool {
        let (rate, iterations) = (self.learning_rate, self.iterations);
        job.configuration() == configuration(&self.data, &self.hidden, &self.activation, rate, iterations, &self.recipe)
    }

    /// Whether the targets are numbers, which R² judges in the place of the accuracy.
    pub fn is_of_numbers(&self) -> bool {
        self.r2.is_some()
    }

    /// The accuracy or R² of the held-out samples.
    pub fn held_out(&self) -> Option<Spread> {
        self.test_accuracy.or(self.test_r2)
    }

    /// The network of median score among those of the configuration that did not diverge.
    pub fn typical<'a>(&self, results: &'a [JobResult]) -> Option<&'a JobResult> {
        let mut ended: Vec<&JobResult> =
            compared(results).filter(|ended| self.holds(&ended.job) && ended.cost.is_some()).collect();
        let score = |ended: &JobResult| ended.score().unwrap_or(f64::NEG_INFINITY);
        ended.sort_by(|a, b| score(a).total_cmp(&score(b)).then(a.job.job.cmp(&b.job.job)));
        ended.get(ended.len() / 2).copied()
    }
}

/// The smallest, the median and the largest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The smallest.
    pub min: f64,
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// None for no numbers.
    ///
    /// ```
    /// use planar::sweep::summary::Spread;
    /// assert_eq!(Spread::of([3.0, 1.0, 2.0, 5.0]), Some(Spread { min: 1.0, median: 2.5, max: 5.0 }));
    /// ```
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        let (min, max) = (*numbers.first()?, *numbers.last()?);
        let middle = numbers.len() / 2;
        let median =
            if numbers.len() % 2 == 1 { numbers[middle] } else { (numbers[middle - 1] + numbers[middle]) / 2.0 };
        Some(Self { min, median, max })
    }
}

/// The networks that can be compared: without those that were retired, once others are at their end.
fn compared(results: &[JobResult]) -> impl Iterator<Item = &JobResult> {
    let is_over = results.iter().any(|ended| ended.status.is_complete());
    results.iter().filter(move |ended| !is_over || ended.status != JobStatus::Retired)
}

/// The best of the networks that are at their end: that with the highest [`JobResult::score`], a mean over folds; of several,
/// that with the lowest cost, then the first. Of a network with folds, the first is returned.
pub fn best(results: &[JobResult]) -> Option<&JobResult> {
    let mut candidates: BTreeMap<_, Vec<&JobResult>> = BTreeMap::new();
    for ended in results {
        candidates.entry((ended.job.configuration(), ended.job.init_seed)).or_default().push(ended);
    }
    let mean = |of: &[&JobResult], figure: fn(&JobResult) -> Option<f64>| {
        let figures: Option<Vec<f64>> = of.iter().map(|ended| figure(ended)).collect();
        figures.map(|figures| figures.iter().sum::<f64>() / figures.len() as f64)
    };
    let mut ended: Vec<(f64, f64, &JobResult)> = Vec::new();
    for of in candidates.into_values().filter(|of| of.iter().all(|ended| ended.status.is_complete())) {
        let score = mean(&of, JobResult::score).unwrap_or(f64::NEG_INFINITY);
        let cost = mean(&of, |ended| ended.cost).unwrap_or(f64::INFINITY);
        ended.push((score, cost, of[0]));
    }
    ended.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.total_cmp(&b.1)).then(a.2.job.job.cmp(&b.2.job.job)));
    ended.first().map(|(.., best)| *best)
}

/// The configurations of some results, best first, those that diverged on a fold last: by the mean [score](JobResult::score)
/// over the folds, if there are any, else by the median score; then by the fewest diverged networks, then by the median cost.
/// Networks that were retired are left out once others are at their end: they had trained for less.
pub fn configurations(results: &[JobResult]) -> Vec<Configuration> {
    let mut by_configuration: BTreeMap<_, Vec<&JobResult>> = BTreeMap::new();
    for ended in compared(results) {
        by_configuration.entry(ended.job.configuration()).or_default().push(ended);
    }
    let configuration = |ended: Vec<&JobResult>| -> Option<Configuration> {
        let job = &ended.first()?.job;
        Some(Configuration {
            data: job.data.clone(),
            hidden: job.hidden.clone(),
            recipe: job.recipe,
            activation: job.activation.clone(),
            learning_rate: job.learning_rate,
            iterations: job.iterations,
            networks: ended.len(),
            diverged: ended.iter().filter(|ended| ended.status == JobStatus::Diverged).count(),
            done: Spread::of(ended.iter().map(|ended| ended.done as f64))?,
            cost: Spread::of(ended.iter().filter_map(|ended| ended.cost)),
            accuracy: Spread::of(ended.iter().filter_map(|ended| ended.accuracy)),
            test_accuracy: Spread::of(ended.iter().filter_map(|ended| ended.test_accuracy)),
            r2: Spread::of(ended.iter().filter_map(|ended| ended.r2)),
            test_r2: Spread::of(ended.iter().filter_map(|ended| ended.test_r2)),
            over_folds: Estimate::of(
                ended.iter().filter(|ended| ended.job.fold.is_some()).filter_map(|ended| ended.held_out()),
            ),
        })
    };
    let mut configurations: Vec<_> = by_configuration.into_values().filter_map(configuration).collect();
    let median =
        |of: &Configuration| of.held_out().or(of.accuracy).or(of.r2).map_or(f64::NEG_INFINITY, |score| score.median);
    let score = |of: &Configuration| of.over_folds.map_or_else(|| median(of), |score| score.mean);
    let cost = |of: &Configuration| of.cost.map_or(f64::INFINITY, |cost| cost.median);
    // a mean over some of the folds is no mean over all
    let lacks_folds = |of: &Configuration| of.over_folds.is_some() && of.diverged > 0;
    configurations.sort_by(|a, b| {
        let by_score = lacks_folds(a).cmp(&lacks_folds(b)).then(score(b).total_cmp(&score(a)));
        by_score.then(a.diverged.cmp(&b.diverged)).then(cost(a).total_cmp(&cost(b)))
    });
    configurations
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network of this many hidden units that has ended with this accuracy on its fold.
    fn ended(hidden: usize, fold: Option<usize>, test_accuracy: f64) -> JobResult {
        let (data, activation) = ("flower".into(), "tanh".into());
        let (hidden, recipe) = (hidden.into(), Recipe::default());
        let job =
            Job { job: 0, data, hidden, activation, learning_rate: 1.0, iterations: 1, init_seed: 1, fold, recipe };
        let (status, cost, accuracy) = (JobStatus::Finished, Some(0.5), Some(1.0));
        let test_accuracy = Some(test_accuracy);
        JobResult {
            job,
            status,
            done: 1,
            best_iteration: None,
            cost,
            accuracy,
            test_accuracy,
            r2: None,
            test_r2: None,
            rungs: Vec::new(),
            costs: Vec::new(),
            test_costs: Vec::new(),
            device: String::new(),
            plan: String::new(),
            curve: Default::default(),
            parameters: None,
        }
    }

    #[test]
    fn a_configuration_that_diverged_on_a_fold_ranks_behind_those_that_ended_on_all() {
        let diverged = JobResult {
            status: JobStatus::Diverged,
            cost: None,
            accuracy: None,
            test_accuracy: None,
            ..ended(4, Some(2), 0.0)
        };
        let results = [ended(4, Some(1), 1.0), diverged, ended(8, Some(1), 0.75), ended(8, Some(2), 0.75)];
        assert_eq!(configurations(&results)[0].hidden.units(), 8);
    }

    #[test]
    fn configurations_rank_by_the_mean_over_folds_and_by_the_median_over_seeds() {
        let accuracies = [(4, [0.875, 0.875, 0.25]), (8, [0.75, 0.75, 0.75])];
        let best = |is_folded: bool| {
            let of = |(hidden, accuracies): (usize, [f64; 3])| {
                (1..).zip(accuracies).map(move |(fold, accuracy)| ended(hidden, is_folded.then_some(fold), accuracy))
            };
            configurations(&accuracies.into_iter().flat_map(of).collect::<Vec<_>>()).remove(0)
        };
        assert_eq!((best(true).hidden.units(), best(true).over_folds.map(|of| of.mean)), (8, Some(0.75)));
        assert_eq!((best(false).hidden.units(), best(false).over_folds), (4, None));
    }
}
