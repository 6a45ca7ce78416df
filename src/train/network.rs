//! One network of a training: its log while it trains, and then what it left behind.

use super::outcome::Log;
use super::{CostAt, CostCurve, Outcome, Schedule, Status};
use crate::backend::{Chunk, Evaluation};
use crate::model::Parameters;
use crate::model::params::is_finite;

/// Parameters and moments, and the updates that made them; none before the first chunk is done.
pub(super) type At = Option<(u64, Parameters, Vec<f64>)>;

/// A network in training, and then what it left behind.
#[derive(Debug)]
pub(super) struct Network {
    schedule: Schedule,
    log: Log,
    curve: CostCurve,
    outcome: Option<Outcome>,
}

impl Network {
    pub(super) fn new(schedule: Schedule) -> Self {
        Self { schedule, log: Log::new(schedule.log_every()), curve: CostCurve::default(), outcome: None }
    }

    pub(super) fn is_training(&self) -> bool {
        self.outcome.is_none()
    }

    pub(super) fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// The costs logged so far; none once it has ended.
    pub(super) fn logged(&self) -> &[CostAt] {
        self.log.costs()
    }

    /// The curve so far; empty if none is asked for, and once the network has ended.
    pub(super) fn curve(&self) -> &CostCurve {
        &self.curve
    }

    pub(super) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    pub(super) fn into_outcome(self) -> Option<Outcome> {
        self.outcome
    }

    /// Keeps the costs of a chunk; `costs[k]` is the cost after `first` + k updates.
    pub(super) fn log(&mut self, first: u64, costs: &[f64]) {
        self.log.add(first, costs);
        if self.schedule.has_curve() {
            self.curve.add(first, costs);
        }
    }

    /// Ends after `done` updates, by its schedule or before.
    pub(super) fn end(&mut self, done: u64, parameters: At, evaluation: Evaluation) {
        let status = match done {
            _ if !evaluation.cost.is_finite() => Status::Diverged,
            done if done < self.schedule.iterations() => Status::Interrupted,
            _ => Status::Finished,
        };
        self.close(done, status, parameters, evaluation);
    }

    /// Ends after `done` updates, early.
    pub(super) fn stop(&mut self, done: u64, parameters: At) {
        let evaluation = Evaluation { cost: f64::NAN, logits: Vec::new() };
        self.close(done, Status::Stopped, parameters, evaluation);
    }

    /// Ends at the first iteration that was not finite; the parameters are those of the chunk before.
    pub(super) fn diverge(&mut self, iteration: u64, parameters: At) {
        let evaluation = Evaluation { cost: f64::NAN, logits: Vec::new() };
        self.close(iteration, Status::Diverged, parameters, evaluation);
    }

    fn close(&mut self, iterations: u64, status: Status, parameters: At, evaluation: Evaluation) {
        let costs = self.log.close(iterations, status, evaluation.cost);
        let mut curve = std::mem::take(&mut self.curve);
        if let Some(last) = costs.last().filter(|_| self.schedule.has_curve()) {
            curve.end(*last);
        }
        let (parameters_at, parameters, moments) = match parameters {
            Some((at, parameters, moments)) => (at, Some(parameters), moments),
            None => (0, None, Vec::new()),
        };
        let outcome = Outcome { status, iterations, costs, curve, parameters, moments, parameters_at, evaluation };
        self.outcome = Some(outcome);
    }
}

/// The first k for which the cost after k updates of a chunk is not finite, or the chunk's length if a parameter is not: a
/// ReLU hides a NaN in its weights from the cost.
pub(super) fn first_not_finite(chunk: &Chunk, network: usize) -> Option<u64> {
    let at = chunk.costs[network].iter().position(|cost| !is_finite(*cost));
    let end = (!chunk.parameters[network].is_finite()).then_some(u64::from(chunk.iterations));
    at.map(|k| k as u64).or(end)
}
