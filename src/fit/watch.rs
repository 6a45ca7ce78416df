//! The cost of the samples held out, while a network trains, and the end of a training that no longer lowers it.

use std::ops::ControlFlow;

use crate::Result;
use crate::backend::Backend;
use crate::checkpoint::Best;
use crate::data::Dataset;
use crate::model::{Network, Parameters};
use crate::train::CostAt;

/// The most costs that are taken without early stopping: each is a forward pass.
const MOST: u64 = 1000;

/// What is known of the samples held out.
pub(super) struct Watch<'a> {
    backend: &'a dyn Backend,
    network: &'a Network,
    /// The samples, and their points; none if there is nothing to watch.
    test: Option<(&'a Dataset, Vec<f64>)>,
    every: u64,
    patience: Option<u64>,
    /// Where the search for the best weights begins.
    from: u64,
    /// The mean loss of the samples held out at each multiple of `every`.
    pub costs: Vec<CostAt>,
    /// The weights of the lowest of them, if training stops early.
    pub best: Option<Best>,
    /// Whether the training was stopped.
    pub has_stopped: bool,
}

/// Whether the samples held out are looked at every `every` of all iterations.
pub(super) fn is_watched(iterations: u64, every: u64, patience: Option<u64>) -> bool {
    patience.is_some() || iterations / every.max(1) <= MOST
}

impl<'a> Watch<'a> {
    /// Looks every `every` updates; with a patience, training stops after that many looks without a lower cost. `costs` and
    /// `best` are those of the run that goes on after `before` updates.
    #[allow(clippy::too_many_arguments, reason = "what is known of a run before it trains")]
    pub fn new(
        backend: &'a dyn Backend,
        network: &'a Network,
        test: Option<&'a Dataset>,
        every: u64,
        patience: Option<u64>,
        before: u64,
        mut costs: Vec<CostAt>,
        best: Option<Best>,
    ) -> Self {
        let test = test.map(|test| (test, test.points()));
        // a run that ended with its best weights goes on from there, and looks at them again
        let from = if best.is_none() { before } else { 0 };
        if best.is_none() {
            costs.retain(|at| at.iteration < before);
        }
        Self { backend, network, test, every, patience, from, costs, best, has_stopped: false }
    }

    /// Looks at the weights after this many updates, if it is time to; breaks if training should stop.
    ///
    /// # Errors
    /// Those of [`Backend::forward`].
    pub fn look(&mut self, iteration: u64, parameters: &Parameters, moments: &[f64]) -> Result<ControlFlow<()>> {
        let Some((test, points)) = &self.test else { return Ok(ControlFlow::Continue(())) };
        let is_known = self.costs.last().is_some_and(|last| last.iteration >= iteration);
        if !iteration.is_multiple_of(self.every) || is_known {
            return Ok(ControlFlow::Continue(()));
        }
        let logits = self.backend.forward(self.network, parameters, points)?;
        let cost = test.mean_loss(self.network.output(), &logits);
        let since = self.costs.iter().filter(|at| at.iteration >= self.from);
        let lowest = since.map(|at| at.cost).fold(f64::INFINITY, f64::min);
        self.costs.push(CostAt { iteration, cost });
        let Some(patience) = self.patience else { return Ok(ControlFlow::Continue(())) };
        if cost < lowest {
            self.best = Some(Best { iteration, parameters: parameters.clone(), moments: moments.to_vec() });
        }
        let best = self.best.as_ref().map_or(self.from, |best| best.iteration);
        self.has_stopped = (iteration - best) / self.every >= patience;
        Ok(if self.has_stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}
