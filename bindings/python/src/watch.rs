//! What is known of a network while it trains: the loss of each epoch, scores of samples held out, and when to stop, by
//! scikit-learn's rules.

use planar::Result;
use planar::backend::Backend;
use planar::data::Dataset;
use planar::model::{Network, Parameters};
use planar::optim::{Batches, State};
use planar::train::CostAt;
use pyo3::prelude::*;

/// When a network stops before its last epoch.
#[derive(Clone, Copy, Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub struct Rule {
    /// What an epoch must be better by to count as better.
    tol: f64,
    /// The epochs in turn that may be no better.
    n_iter_no_change: u64,
    /// The best before this training, if it goes on with another.
    best: Option<f64>,
}

/// Weights, and the state that goes on from them.
#[derive(Clone, Debug)]
pub struct Stood {
    pub parameters: Parameters,
    pub state: State,
}

/// The end of an epoch: weights and moments as the device gave them back.
pub struct At<'a> {
    pub updates: u64,
    pub parameters: &'a Parameters,
    pub moments: &'a [f64],
}

impl At<'_> {
    fn kept(&self) -> Stood {
        let state = State { updates: self.updates, moments: self.moments.to_vec() };
        Stood { parameters: self.parameters.clone(), state }
    }
}

/// What is known of one network in training.
pub struct Watch {
    rule: Option<Rule>,
    batches: Batches,
    /// The costs that were looked at.
    seen: usize,
    /// Σ cost·samples over the batches of the epoch under way.
    sum: f64,
    /// Epochs in turn that were no better.
    without: u64,
    /// The lowest loss or, of samples held out, the highest score.
    best: f64,
    /// The mean loss of each epoch.
    pub losses: Vec<f64>,
    /// The score after each epoch of the samples held out.
    pub scores: Vec<f64>,
    /// The weights of the highest score.
    pub best_of_scores: Option<Stood>,
    /// Where the rule stopped it.
    pub stopped: Option<Stood>,
}

impl Watch {
    pub fn new(rule: Option<Rule>, batches: Batches) -> Self {
        Self {
            rule,
            batches,
            seen: 0,
            sum: 0.0,
            without: 0,
            best: rule.and_then(|rule| rule.best).unwrap_or(f64::NAN),
            losses: Vec::new(),
            scores: Vec::new(),
            best_of_scores: None,
            stopped: None,
        }
    }

    /// Whether something is decided after each epoch.
    pub fn has_rule(&self) -> bool {
        self.rule.is_some()
    }

    /// The updates of an epoch.
    pub fn per_epoch(&self) -> u64 {
        self.batches.per_epoch()
    }

    /// The mean loss of the last epoch that has ended, NaN before the first.
    pub fn loss(&self) -> f64 {
        self.losses.last().copied().unwrap_or(f64::NAN)
    }

    /// Takes the costs that are new, one an update; whether an epoch has just ended.
    pub fn log(&mut self, costs: &[CostAt]) -> bool {
        if self.stopped.is_some() {
            return false; // what a device had queued before it was told
        }
        let epochs = self.losses.len();
        for at in costs.get(self.seen..).unwrap_or_default() {
            let (_, places) = self.batches.place(at.iteration);
            self.sum += at.cost * places.len() as f64;
            if (at.iteration + 1).is_multiple_of(self.per_epoch()) {
                self.losses.push(self.sum / self.samples());
                self.sum = 0.0;
            }
        }
        self.seen = costs.len();
        self.losses.len() > epochs
    }

    /// After an epoch: looks at the samples held out, if there are any, and decides whether the network is to stop here.
    ///
    /// # Errors
    /// Those of [`Backend::forward`].
    pub fn look(&mut self, at: &At<'_>, network: &Network, test: Option<&Test<'_>>) -> Result<bool> {
        let (Some(rule), None) = (self.rule, &self.stopped) else { return Ok(false) };
        let better = match test {
            Some(test) => {
                let score = test.score(network, at.parameters)?;
                self.scores.push(score);
                self.is_better(score, rule.tol, |score, best| score - best)
            }
            None => self.is_better(self.loss(), rule.tol, |loss, best| best - loss),
        };
        self.without = if better.by_tolerance { 0 } else { self.without + 1 };
        if better.at_all && test.is_some() {
            self.best_of_scores = Some(at.kept());
        }
        let stops = self.without > rule.n_iter_no_change;
        if stops {
            self.stopped = Some(at.kept());
        }
        Ok(stops)
    }

    /// How a number compares with the best so far, which it becomes if it is better; `gain` is above 0 if it is.
    fn is_better(&mut self, number: f64, tol: f64, gain: fn(f64, f64) -> f64) -> Better {
        let gained = if self.best.is_nan() { f64::INFINITY } else { gain(number, self.best) };
        if gained > 0.0 {
            self.best = number;
        }
        Better { at_all: gained > 0.0, by_tolerance: gained >= tol }
    }

    fn samples(&self) -> f64 {
        let (_, last) = self.batches.place(self.per_epoch() - 1);
        last.end as f64
    }
}

/// Whether an epoch was better than the best before it.
struct Better {
    at_all: bool,
    by_tolerance: bool,
}

/// The samples held out, and what computes their logits.
pub struct Test<'a> {
    pub backend: &'a dyn Backend,
    pub data: &'a Dataset,
    pub points: Vec<f64>,
}

impl Test<'_> {
    fn score(&self, network: &Network, parameters: &Parameters) -> Result<f64> {
        let logits = self.backend.forward(network, parameters, &self.points)?;
        Ok(self.data.accuracy(&logits))
    }
}
