//! What a sweep reports while it runs.

use super::grid::Job;
use super::results::JobResult;
use super::under_way::{About, Begun, Standing};
use crate::checkpoint::Best;
use crate::model::Parameters;
use crate::train::{CostAt, CostCurve};

/// What a sweep reports while it runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SweepEvent<'a> {
    /// A batch begins.
    Batch {
        /// The device that trains it: its place among those of the sweep.
        lane: usize,
        /// Its networks.
        networks: usize,
        /// Iterations that each of them has done before.
        iteration: u64,
    },
    /// The networks of the batch that are in training have done more iterations.
    Advanced(InTraining<'a>),
    /// The sweep is stopped, and these networks of the batch have not ended.
    Stopped(InTraining<'a>),
    /// A network has done the iterations up to a rung of a halving, and waits for the others.
    Paused(Box<Paused>),
    /// A network has ended.
    Ended {
        /// The device that trained it.
        lane: usize,
        /// How it ended.
        result: Box<JobResult>,
    },
}

/// A network that waits at a rung.
#[derive(Clone, Debug)]
pub struct Paused {
    /// The device that trained it.
    pub lane: usize,
    pub(super) begun: Begun,
}

/// The networks of a batch that are in training, after the same number of iterations.
#[derive(Clone, Debug)]
pub struct InTraining<'a> {
    /// The device that trains them: its place among those of the sweep.
    pub lane: usize,
    /// Iterations done.
    pub iteration: u64,
    /// The lowest of their costs, if they are known.
    pub cost: Option<f64>,
    pub(super) networks: Vec<Snapshot<'a>>,
    pub(super) on: On<'a>,
}

/// What trains a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct On<'a> {
    pub device: &'a str,
    pub plan: &'static str,
}

/// A network that is in training.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snapshot<'a> {
    pub job: &'a Job,
    /// The network as it was when this process went on with it.
    pub before: Option<&'a Begun>,
    /// The costs that were logged since.
    pub costs: &'a [CostAt],
    /// Their curve, if one is kept.
    pub curve: &'a CostCurve,
    pub parameters: &'a Parameters,
    pub moments: &'a [f64],
    /// The costs of the held-out samples and the best weights, if it may stop early.
    pub test_costs: &'a [CostAt],
    pub best: Option<&'a Best>,
}

impl InTraining<'_> {
    /// Copies of the networks.
    pub(super) fn to_begun(&self) -> impl Iterator<Item = Begun> {
        self.networks.iter().map(|of| of.to_begun(self.iteration, self.on, None))
    }
}

impl Snapshot<'_> {
    /// A copy of the network after this many iterations; `standing` is what it has reached, if it waits there.
    pub(super) fn to_begun(self, iteration: u64, on: On, standing: Option<(f64, Standing)>) -> Begun {
        let before = self.before.map(|before| &before.about);
        let rungs = before.into_iter().flat_map(|before| before.rungs.iter().copied());
        let rung = standing.map(|(cost, _)| CostAt { iteration, cost });
        Begun {
            about: About {
                job: self.job.job,
                iteration,
                device: then(before.map(|before| &*before.device), on.device),
                plan: then(before.map(|before| &*before.plan), on.plan),
                rungs: rungs.chain(rung).collect(),
                test_costs: self.test_costs.to_vec(),
                best: self.best.map(|best| best.iteration),
                standing: standing.map(|(_, standing)| standing),
                curve: before.map_or_else(|| self.curve.clone(), |before| before.curve.joined(self.curve)),
            },
            costs: self.before.map_or(&[][..], |before| &before.costs).iter().chain(self.costs).copied().collect(),
            parameters: self.parameters.clone(),
            moments: self.moments.to_vec(),
            best: self.best.map(|best| Best { moments: Vec::new(), ..best.clone() }),
        }
    }
}

/// The name of what trained a network, after what began it.
pub(super) fn then(before: Option<&str>, here: &str) -> String {
    match before.filter(|before| !before.is_empty()) {
        Some(before) if before != here && !before.ends_with(&format!(", then {here}")) => {
            format!("{before}, then {here}")
        }
        Some(before) => before.into(),
        None => here.into(),
    }
}
