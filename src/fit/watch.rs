//! The cost of the samples held out, while a network trains, and the end of a training that no longer lowers it.

use std::ops::ControlFlow;

use crate::backend::{Backend, Evaluation, Run};
use crate::checkpoint::Best;
use crate::data::Dataset;
use crate::model::{Network, Parameters};
use crate::train::CostAt;
use crate::{Error, Result};

/// What [`Error::Mismatch`] says of a run that cannot stop early.
pub const NOTHING_HELD_OUT: &str = "early stopping needs samples that are held out";

/// The most costs that are taken without early stopping: each is a forward pass.
const MOST: u64 = 1000;

/// Samples held out, and their points, row-major (samples × features).
pub(crate) struct HeldOutPoints<'a> {
    data: &'a Dataset,
    points: Vec<f64>,
}

impl<'a> HeldOutPoints<'a> {
    pub fn new(data: &'a Dataset) -> Self {
        Self { data, points: data.points() }
    }
}

/// What is known of the samples held out.
pub(crate) struct Watch<'a> {
    backend: &'a dyn Backend,
    network: &'a Network,
    /// None if there is nothing to watch.
    test: Option<&'a HeldOutPoints<'a>>,
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
pub(crate) fn is_watched(iterations: u64, every: u64, patience: Option<u64>) -> bool {
    patience.is_some() || iterations / every.max(1) <= MOST
}

impl<'a> Watch<'a> {
    /// Looks every `every` updates; with a patience, training stops after that many looks without a lower cost. `costs` and
    /// `best` are those of the run that goes on after `before` updates.
    #[allow(clippy::too_many_arguments, reason = "what is known of a run before it trains")]
    pub fn new(
        backend: &'a dyn Backend,
        network: &'a Network,
        test: Option<&'a HeldOutPoints<'a>>,
        every: u64,
        patience: Option<u64>,
        before: u64,
        mut costs: Vec<CostAt>,
        best: Option<Best>,
    ) -> Self {
        // a run that ended with its best weights goes on from there, and looks at them again
        let from = if best.is_none() { before } else { 0 };
        if best.is_none() {
            costs.retain(|at| at.iteration <= before);
        }
        Self { backend, network, test, every, patience, from, costs, best, has_stopped: false }
    }

    /// Looks at the weights after this many updates, if it is time to; breaks if training should stop. Where the last look was
    /// at these, as in a run that goes on, it says so again.
    ///
    /// # Errors
    /// Those of [`Backend::forward`].
    pub fn look(&mut self, iteration: u64, parameters: &Parameters, moments: &[f64]) -> Result<ControlFlow<()>> {
        let Some(HeldOutPoints { data, points }) = self.test else { return Ok(ControlFlow::Continue(())) };
        if !iteration.is_multiple_of(self.every) {
            return Ok(ControlFlow::Continue(()));
        }
        let cost = match self.costs.last() {
            Some(last) if last.iteration > iteration => return Ok(ControlFlow::Continue(())),
            // a run that goes on was looked at there
            Some(last) if last.iteration == iteration => last.cost,
            _ => data.mean_loss(self.network.output(), &self.backend.forward(self.network, parameters, points)?),
        };
        self.costs.pop_if(|last| last.iteration == iteration);
        let since = self.costs.iter().filter(|at| at.iteration >= self.from);
        let lowest = since.map(|at| at.cost).fold(f64::INFINITY, f64::min);
        self.costs.push(CostAt { iteration, cost });
        if self.patience.is_some() && cost < lowest {
            self.best = Some(Best { iteration, parameters: parameters.clone(), moments: moments.to_vec() });
        }
        Ok(self.verdict(iteration))
    }

    /// Whether the patience is over.
    fn verdict(&mut self, iteration: u64) -> ControlFlow<()> {
        let best = self.best.as_ref().map_or(self.from, |best| best.iteration);
        self.has_stopped = self.patience.is_some_and(|patience| (iteration - best) / self.every >= patience);
        if self.has_stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The forward pass of a run's network with other parameters over its samples, L2 included in the cost.
///
/// # Errors
/// Those of [`Backend::forward`].
pub(crate) fn evaluation(
    backend: &dyn Backend,
    run: &Run,
    parameters: &Parameters,
    data: &Dataset,
) -> Result<Evaluation> {
    let logits = backend.forward(&run.network, parameters, &data.points())?;
    let penalty = run.recipe.penalty(parameters, data.samples());
    Ok(Evaluation { cost: data.mean_loss(run.network.output(), &logits) + penalty, logits })
}

/// The patience of early stopping is at least 1, and there are samples held out to watch.
///
/// # Errors
/// [`Error::Mismatch`] and [`Error::Invalid`].
pub(crate) fn check_patience(patience: Option<u64>, holds_out: bool) -> Result<()> {
    match patience {
        Some(_) if !holds_out => Err(Error::Mismatch(NOTHING_HELD_OUT.into())),
        Some(0) => Err(Error::invalid("the patience of early stopping", "at least 1", 0)),
        _ => Ok(()),
    }
}

/// Updates from one look at the samples held out to the next, if it is not given: an epoch of several batches, else a hundredth
/// of the training.
pub(crate) fn often(per_epoch: u64, iterations: u64) -> u64 {
    if per_epoch > 1 { per_epoch.min(iterations) } else { (iterations / 100).max(1) }
}
