//! What training leaves behind, and the costs that it logs on the way.

use std::iter::successors;

use serde::{Deserialize, Deserializer, Serialize};

use super::CostCurve;
use crate::backend::Evaluation;
use crate::model::Parameters;

/// The cost of the weights after some number of updates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostAt {
    /// Updates done.
    pub iteration: u64,
    /// The mean loss; `null` in JSON if it is not finite.
    #[serde(deserialize_with = "null_as_nan")]
    pub cost: f64,
}

fn null_as_nan<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<f64, D::Error> {
    Option::<f64>::deserialize(from).map(|cost| cost.unwrap_or(f64::NAN))
}

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All iterations are done.
    Finished,
    /// The cost or a parameter stopped being finite.
    Diverged,
    /// The listener asked to stop.
    Interrupted,
    /// Stopped early, since the cost of the samples held out no longer fell.
    Stopped,
}

/// What training left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// Updates done; if it diverged, the updates after which the first cost was not finite.
    pub iterations: u64,
    /// The cost at iteration 0, at every logged one, and at the last.
    pub costs: Vec<CostAt>,
    /// The costs for a picture, the last one included; empty unless the schedule asks for a curve.
    pub curve: CostCurve,
    /// The parameters at the end; if it diverged, those of the last chunk that ended finite, if there was one.
    pub parameters: Option<Parameters>,
    /// The optimiser's moments beside those parameters, as [`State`](crate::optim::State) has them.
    pub moments: Vec<f64>,
    /// The updates that made those parameters: a chunk's end.
    pub parameters_at: u64,
    /// The forward pass at the end; a NaN and no logits if it diverged or was stopped alone.
    pub evaluation: Evaluation,
}

impl Outcome {
    /// The cost at the end of a network that was stopped alone, which the session does not evaluate.
    pub(crate) fn end(&mut self, cost: f64) {
        self.evaluation.cost = cost;
        let last = CostAt { iteration: self.iterations, cost };
        if let Some(at) = self.costs.last_mut() {
            *at = last;
        }
        if !self.curve.is_empty() {
            self.curve.end(last);
        }
    }

    /// The last parameters that are known to be finite, and the updates that made them.
    pub fn last_finite(&self) -> Option<(u64, &Parameters)> {
        self.parameters.as_ref().map(|parameters| (self.parameters_at, parameters))
    }
}

/// The costs that are kept.
#[derive(Debug)]
pub(super) struct Log {
    every: u64,
    costs: Vec<CostAt>,
}

impl Log {
    /// An empty log that keeps the cost at each multiple of `every` updates.
    pub(super) fn new(every: u64) -> Self {
        Self { every, costs: Vec::new() }
    }

    /// The costs kept so far.
    pub(super) fn costs(&self) -> &[CostAt] {
        &self.costs
    }

    /// Keeps those costs of a chunk that are due; `costs[k]` is the cost after `first` + k updates.
    pub(super) fn add(&mut self, first: u64, costs: &[f64]) {
        let due = successors(first.checked_next_multiple_of(self.every), |at| at.checked_add(self.every));
        self.costs.extend(due.map_while(|iteration| {
            let k = usize::try_from(iteration - first).ok()?;
            costs.get(k).map(|cost| CostAt { iteration, cost: *cost })
        }));
    }

    /// Takes all costs before `last`, and the one at `last`: NaN if the run had diverged there.
    pub(super) fn close(&mut self, last: u64, status: Status, cost: f64) -> Vec<CostAt> {
        let mut costs = std::mem::take(&mut self.costs);
        costs.retain(|at| at.iteration < last);
        let cost = if status == Status::Diverged { f64::NAN } else { cost };
        costs.push(CostAt { iteration: last, cost });
        costs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(every: u64, first: u64, costs: usize) -> Vec<u64> {
        let mut log = Log::new(every);
        log.add(first, &vec![0.5; costs]);
        log.costs().iter().map(|at| at.iteration).collect()
    }

    #[test]
    fn costs_at_multiples_of_the_interval_are_logged() {
        assert_eq!(logged(3, 0, 7), [0, 3, 6]);
        assert_eq!(logged(17, 18, 277), (2..=17).map(|k| 17 * k).collect::<Vec<_>>());
        assert_eq!(logged(1, 400, 3), [400, 401, 402]);
        assert_eq!(logged(400, 1, 277), [0; 0]);
        assert_eq!(logged(3, 0, 0), [0; 0]);
    }

    /// On 32 bits, 2³² steps of a slice would be 0 steps.
    #[test]
    fn intervals_beyond_32_bits_are_logged_at_their_multiples() {
        for every in [1 << 32, (1 << 32) + 1, 3 << 32, 1 << 53] {
            assert_eq!(logged(every, 0, 400), [0], "{every}");
            assert_eq!(logged(every, every - 3, 400), [every], "{every}");
            assert_eq!(logged(every, 2 * every - 1, 1), [0; 0], "{every}");
        }
        assert_eq!(logged(u64::MAX, u64::MAX, 3), [u64::MAX]);
        assert_eq!(logged(u64::MAX - 1, u64::MAX, 3), [0; 0]);
    }
}
