//! What `planar sweep` reports: configurations, each over its seeds, the best first.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::sweep::grid::Job;
use crate::sweep::results::Ended;
use crate::train::Status;

/// The configurations that are shown to people.
const SHOWN: usize = 40;

/// A configuration over its seeds.
#[derive(Clone, Debug, Serialize)]
pub struct Configuration {
    /// The data set.
    pub data: String,
    /// Hidden units.
    pub hidden: usize,
    /// The activation.
    pub activation: String,
    /// α.
    pub learning_rate: f64,
    /// Iterations asked for.
    pub iterations: u64,
    /// Networks that have ended.
    pub networks: usize,
    /// Of them, those that diverged.
    pub diverged: usize,
    /// Updates done.
    pub done: Spread,
    /// The final cost; none where all diverged.
    pub cost: Option<Spread>,
    /// The accuracy on the training samples.
    pub accuracy: Option<Spread>,
    /// The accuracy on the samples held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<Spread>,
}

impl Configuration {
    /// Whether a network is of this configuration.
    pub fn holds(&self, job: &Job) -> bool {
        let own = (&*self.data, self.hidden, &*self.activation, self.learning_rate.to_bits(), self.iterations);
        job.configuration() == own
    }

    /// The network that is in the middle of the configuration's by accuracy, of those that did not diverge.
    pub fn typical<'a>(&self, results: &'a [Ended]) -> Option<&'a Ended> {
        let mut ended: Vec<&Ended> =
            results.iter().filter(|ended| self.holds(&ended.job) && ended.cost.is_some()).collect();
        let accuracy = |ended: &Ended| ended.test_accuracy.or(ended.accuracy).unwrap_or(0.0);
        ended.sort_by(|a, b| accuracy(a).total_cmp(&accuracy(b)).then(a.job.job.cmp(&b.job.job)));
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
    /// use planar::report::sweep::Spread;
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

/// The configurations of some results, best first: by the median accuracy, on what was held out where something was,
/// then by the fewest that diverged, then by the median cost.
pub fn configurations(results: &[Ended]) -> Vec<Configuration> {
    let mut by_configuration: BTreeMap<_, Vec<&Ended>> = BTreeMap::new();
    for ended in results {
        by_configuration.entry(ended.job.configuration()).or_default().push(ended);
    }
    let configuration = |ended: Vec<&Ended>| -> Option<Configuration> {
        let job = &ended.first()?.job;
        Some(Configuration {
            data: job.data.clone(),
            hidden: job.hidden,
            activation: job.activation.clone(),
            learning_rate: job.learning_rate,
            iterations: job.iterations,
            networks: ended.len(),
            diverged: ended.iter().filter(|ended| ended.status == Status::Diverged).count(),
            done: Spread::of(ended.iter().map(|ended| ended.done as f64))?,
            cost: Spread::of(ended.iter().filter_map(|ended| ended.cost)),
            accuracy: Spread::of(ended.iter().filter_map(|ended| ended.accuracy)),
            test_accuracy: Spread::of(ended.iter().filter_map(|ended| ended.test_accuracy)),
        })
    };
    let mut configurations: Vec<_> = by_configuration.into_values().filter_map(configuration).collect();
    let score = |of: &Configuration| of.test_accuracy.or(of.accuracy).map_or(-1.0, |accuracy| accuracy.median);
    let cost = |of: &Configuration| of.cost.map_or(f64::INFINITY, |cost| cost.median);
    configurations.sort_by(|a, b| {
        let by_score = score(b).total_cmp(&score(a));
        by_score.then(a.diverged.cmp(&b.diverged)).then(cost(a).total_cmp(&cost(b)))
    });
    configurations
}

/// For people: a row a configuration, min/median/max over its seeds.
pub fn table(configurations: &[Configuration]) -> String {
    let held_out = configurations.iter().any(|of| of.test_accuracy.is_some());
    let mut heading = vec!["data", "n_h", "activation", "rate", "iterations", "networks", "diverged", "accuracy %"];
    heading.extend(held_out.then_some("held out %"));
    heading.push("cost");
    let mut rows = vec![heading.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    let percent = |spread: Option<Spread>| {
        spread
            .map_or("–".into(), |s| format!("{:.1} / {:.1} / {:.1}", 100.0 * s.min, 100.0 * s.median, 100.0 * s.max))
    };
    for of in configurations.iter().take(SHOWN) {
        let done = match of.done {
            Spread { min, max, .. } if min == max => format!("{max}"),
            Spread { min, median, max } => format!("{min} / {median} / {max}"),
        };
        let cost = of.cost.map_or("–".into(), |s| format!("{:.4} / {:.4} / {:.4}", s.min, s.median, s.max));
        let rate = match of.learning_rate {
            small if small < 1e-3 => format!("{small:.3e}"),
            rate => ((rate * 1e6).round() / 1e6).to_string(),
        };
        let mut row = vec![of.data.clone(), of.hidden.to_string(), of.activation.clone(), rate, done];
        row.extend([of.networks.to_string(), of.diverged.to_string(), percent(of.accuracy)]);
        row.extend(held_out.then(|| percent(of.test_accuracy)));
        row.push(cost);
        rows.push(row);
    }
    let mut text = super::columns(rows);
    if configurations.len() > SHOWN {
        text += &format!("… and {} configurations more: --json has all\n", configurations.len() - SHOWN);
    }
    text
}
