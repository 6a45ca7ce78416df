//! The checkpoint of a training, written while it runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use web_time::Instant;

use super::watch::Watch;
use crate::Result;
use crate::checkpoint::{Best, Checkpoint, State};
use crate::files::remove_leftovers;
use crate::model::Parameters;
use crate::train::{CostAt, CostCurve, Outcome, Status};

/// How often a checkpoint is written by default.
const EVERY: Duration = Duration::from_secs(30);
/// When the first is: it is there after five seconds even if chunks take four.
const FIRST: Duration = Duration::from_secs(1);

/// Writes the checkpoints of a run; without a file it keeps nothing.
pub(super) struct Keeper {
    path: Option<PathBuf>,
    every: Option<u64>,
    /// Those of the whole run.
    iterations: u64,
    /// The run at its start, with the costs before it.
    state: State,
    /// When it was written, or training began.
    written: Instant,
    /// How long after that it is due.
    due: Duration,
    /// The last finite weights, after the number of updates that led to them and before the optimiser's moments then.
    last: Option<(u64, Parameters, Vec<f64>)>,
    /// The costs of the samples held out up to them, and the best weights of a run that stops early.
    test_costs: Vec<CostAt>,
    best: Option<Best>,
    /// The costs that were logged before them.
    logged: Vec<CostAt>,
    /// The curve up to them, from where this run began.
    curve: CostCurve,
}

impl Keeper {
    /// Writes to `path` every `every` of all `iterations`, or every 30 s; `state` is the run at its start.
    pub fn new(path: Option<&Path>, every: Option<u64>, iterations: u64, state: State) -> Self {
        path.into_iter().for_each(remove_leftovers);
        let path = path.map(Path::to_path_buf);
        Self {
            path,
            every,
            iterations,
            state,
            written: Instant::now(),
            due: FIRST,
            last: None,
            test_costs: Vec::new(),
            best: None,
            logged: Vec::new(),
            curve: CostCurve::default(),
        }
    }

    /// After a chunk: keeps the weights, and writes them if a checkpoint is due.
    ///
    /// # Errors
    /// Those of [`Checkpoint::write`].
    pub fn advanced(
        &mut self,
        iteration: u64,
        parameters: &Parameters,
        moments: &[f64],
        logged: &[CostAt],
        curve: &CostCurve,
    ) -> Result<()> {
        if self.path.is_none() {
            return Ok(());
        }
        self.last = Some((iteration, parameters.clone(), moments.to_vec()));
        self.logged.extend_from_slice(&logged[self.logged.len()..]);
        self.curve.clone_from(curve);
        let is_due = match self.every {
            Some(every) => iteration.is_multiple_of(every),
            None => self.written.elapsed() >= self.due,
        };
        // at the end it waits for the last cost, which is about to be known
        if is_due && iteration < self.iterations { self.write() } else { Ok(()) }
    }

    /// What is known of the samples held out.
    pub fn watched(&mut self, watch: &Watch) {
        if self.path.is_some() {
            self.test_costs.clone_from(&watch.costs);
            self.best.clone_from(&watch.best);
        }
    }

    /// Training has ended with the best weights in the place of the last.
    pub fn keep_best(&mut self) {
        if let Some(Best { iteration, parameters, moments }) = self.best.take() {
            self.last = Some((iteration, parameters, moments));
        }
    }

    /// After training: writes the last finite weights, with their own cost at the end of the curve.
    ///
    /// # Errors
    /// Those of [`Checkpoint::write`].
    pub fn ended(&mut self, outcome: &Outcome) -> Result<()> {
        if outcome.status != Status::Diverged {
            self.curve.clone_from(&outcome.curve);
        }
        self.write()
    }

    /// The iteration of the weights that [`write`](Self::write) would write, and their file, if there are any.
    pub fn kept(&self) -> Option<(u64, &Path)> {
        self.last.as_ref().zip(self.path.as_deref()).map(|((iteration, ..), path)| (*iteration, path))
    }

    /// Writes the last finite weights with the costs before them.
    ///
    /// # Errors
    /// Those of [`Checkpoint::write`].
    pub fn write(&mut self) -> Result<()> {
        let (Some(path), Some((iteration, parameters, moments))) = (&self.path, &self.last) else { return Ok(()) };
        let mut state = self.state.clone();
        state.iteration = *iteration;
        state.costs.extend(self.logged.iter().filter(|at| at.iteration < *iteration));
        state.test_costs = self.test_costs.iter().filter(|at| at.iteration <= *iteration).copied().collect();
        state.best_iteration = self.best.as_ref().map(|best| best.iteration);
        state.curve = state.curve.joined(&self.curve);
        let (parameters, moments, best) = (parameters.clone(), moments.clone(), self.best.clone());
        Checkpoint { state, parameters, moments, best }.write(path)?;
        log::debug!("checkpoint at iteration {iteration}");
        (self.written, self.due) = (Instant::now(), EVERY);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Description;
    use crate::model::{Activation, Network};

    #[test]
    fn where_training_fails_the_last_weights_are_written_with_their_costs() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("run.safetensors");
        let data = crate::data::flower(400, 1).unwrap();
        let network = Network::one_hidden(2, 3, Activation::Tanh).unwrap();
        let description = Description::new(&data, &network, 1.0, "f32");
        let state = State::new(description, "seed 2".into(), "a device".into(), "split");
        let mut keeper = Keeper::new(Some(&path), None, 100, state);
        assert!(
            keeper.due + Duration::from_secs(4) <= Duration::from_secs(5),
            "the first is there within five seconds"
        );
        keeper.due = Duration::from_secs(3600);
        let costs = [0, 10, 20].map(|iteration| CostAt { iteration, cost: 0.5 });
        let parameters = [2, 3].map(|seed| Parameters::initial(&network, seed, 1.0));
        let mut curve = CostCurve::default();
        curve.add(0, &[0.5; 8]);
        keeper.advanced(8, &parameters[0], &[], &costs[..1], &curve).unwrap();
        curve.add(8, &[0.5; 11]);
        keeper.advanced(19, &parameters[1], &[], &costs[..2], &curve).unwrap();
        assert!(!path.exists(), "an hour has not passed");
        assert_eq!(keeper.kept(), Some((19, path.as_path())));
        keeper.write().unwrap();
        let there = Checkpoint::read(&path).unwrap();
        assert_eq!((there.state.iteration, there.state.costs.as_slice()), (19, &costs[..2]));
        assert_eq!(keeper.due, EVERY, "the first is written");
        assert_eq!(there.state.curve, curve);
        let narrow = |of: &Parameters| of.values().iter().map(|value| *value as f32).collect::<Vec<_>>();
        assert_eq!(narrow(&there.parameters), narrow(&parameters[1]));
    }
}
