//! What a network of a sweep reached.

use serde::{Deserialize, Serialize};

use super::grid::Job;
use crate::model::Parameters;
use crate::train::{CostAt, CostCurve};

/// How the training of a network ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// All iterations are done.
    Finished,
    /// The cost or a parameter stopped being finite.
    Diverged,
    /// Stopped early, since the cost of the held-out samples no longer fell.
    Stopped,
    /// Others of a halving had a lower cost after as many iterations, and went on without it.
    Retired,
}

impl JobStatus {
    /// Whether nothing is left to train.
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Finished | Self::Stopped)
    }
}

/// How a network of a sweep ended, and what it reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobResult {
    /// What was trained.
    #[serde(flatten)]
    pub job: Job,
    /// How it ended.
    pub status: JobStatus,
    /// Updates done; if it diverged, the number after which the cost was first not finite.
    pub done: u64,
    /// The updates that made its best weights, if it may stop early: those count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_iteration: Option<u64>,
    /// The cost at the end; none if it diverged.
    pub cost: Option<f64>,
    /// The share of the training samples that are classified correctly.
    pub accuracy: Option<f64>,
    /// The share of the held-out samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// R² of the training samples if the targets are numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// R² of the held-out samples if the targets are numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_r2: Option<f64>,
    /// The cost at each rung of a halving that it has reached, of the held-out samples if there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rungs: Vec<CostAt>,
    /// The logged costs.
    pub costs: Vec<CostAt>,
    /// The cost of the held-out samples at logged iterations, if it may stop early.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_costs: Vec<CostAt>,
    /// The name of the device that trained it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub device: String,
    /// The plan that the device followed; nothing in older files.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub plan: String,
    /// The costs for a picture; empty if the sweep keeps no curves.
    #[serde(default, skip_serializing_if = "CostCurve::is_empty")]
    pub curve: CostCurve,
    /// The final weights; none if it diverged. Not kept in files.
    #[serde(skip)]
    pub parameters: Option<Parameters>,
}

impl JobResult {
    /// What ranks it: the accuracy, or R² if the targets are numbers; of the held-out samples if there are any.
    pub fn score(&self) -> Option<f64> {
        self.held_out().or(self.accuracy).or(self.r2)
    }

    /// The accuracy or R² of the held-out samples.
    pub fn held_out(&self) -> Option<f64> {
        self.test_accuracy.or(self.test_r2)
    }

    /// What no training can have left behind, in words.
    pub(super) fn problem(&self) -> Option<String> {
        let is_share = |share: &f64| (0.0..=1.0).contains(share);
        let shares = [("accuracy", self.accuracy), ("test_accuracy", self.test_accuracy)];
        let beyond =
            shares.into_iter().find_map(|(name, share)| share.filter(|share| !is_share(share)).zip(Some(name)));
        let above =
            [("r2", self.r2), ("test_r2", self.test_r2)].into_iter().find(|(_, r2)| r2.is_some_and(|r2| r2 > 1.0));
        let (done, iterations) = (self.done, self.job.iterations);
        let misplaced = self.costs.windows(2).find(|pair| pair[0].iteration >= pair[1].iteration);
        match (beyond, misplaced, self.costs.last()) {
            (Some((share, name)), ..) => Some(format!("its {name} must be from 0 to 1, not {share}")),
            _ if above.is_some() => above.map(|(name, _)| format!("its {name} must be at most 1")),
            _ if done > iterations => {
                Some(format!("its done must be at most its iterations, {iterations}, not {done}"))
            }
            (_, Some(pair), _) => {
                let [first, second] = [pair[0].iteration, pair[1].iteration];
                Some(format!("its costs must be in the order of their iterations, and {second} follows {first}"))
            }
            (.., Some(last)) if last.iteration > done => {
                Some(format!("it has a cost at iteration {}, and {done} are done", last.iteration))
            }
            _ => None,
        }
    }
}
