//! The flags that keep a run and go on with it, and the keeper that writes it down as it goes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use planar::backend::Run;
use planar::checkpoint::{Checkpoint, Description, MOST_COSTS, State, remove_leftovers};
use planar::model::Parameters;
use planar::train::{CostAt, Schedule};
use planar::{Error, Result};

use super::arguments::in_a_folder;

/// How often a run is written down unless told otherwise.
const EVERY: Duration = Duration::from_secs(30);

/// Where weights come from and go to.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Checkpoints", group = clap::ArgGroup::new("kept").multiple(true))]
pub struct CheckpointArguments {
    /// Keep weights and all that --resume needs: every 30 s, at Ctrl-C and at the end
    #[arg(long, value_name = "FILE.safetensors", group = "kept", value_parser = |text: &str| in_a_folder("the checkpoint", text))]
    checkpoint: Option<PathBuf>,
    /// Write it every N iterations instead of every 30 seconds
    #[arg(long, value_name = "N", requires = "kept", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    checkpoint_every: Option<u64>,
    /// Go on with a checkpoint of the same run and flags; writes to it unless --checkpoint names another
    #[arg(long, value_name = "FILE.safetensors", conflicts_with = "init", group = "kept")]
    resume: Option<PathBuf>,
}

/// A run at its start: what it goes on from, and where it is written.
pub struct Keeper {
    path: Option<PathBuf>,
    every: Option<u64>,
    state: State,
    written: Instant,
    failed: Option<Error>,
    /// The last weights that were finite, and the updates that they had.
    last: Option<(u64, Parameters)>,
    /// The costs that were logged before those.
    logged: Vec<CostAt>,
}

impl CheckpointArguments {
    /// The checkpoint to go on with, where it is one of this very run; its weights go into the run.
    pub fn resumed(&self, here: &Description, run: &mut Run, schedule: Schedule) -> Result<Option<State>> {
        let Some(path) = &self.resume else { return Ok(None) };
        let checkpoint = Checkpoint::read(path)?;
        checkpoint.check(path, here)?;
        let Checkpoint { state, parameters } = checkpoint;
        if state.iteration >= schedule.iterations() {
            let wanted = format!("over the {} that {} has done", state.iteration, path.display());
            return Err(Error::invalid("the number of iterations", wanted, schedule.iterations()));
        }
        run.parameters = parameters;
        Ok(Some(state))
    }

    /// The schedule with an end of a chunk wherever the run is to be written down.
    pub fn schedule(&self, schedule: Schedule, resumed: Option<&State>) -> Result<Schedule> {
        if self.path().is_some() && schedule.iterations() / schedule.log_every() > MOST_COSTS {
            let wanted = format!("such that at most {MOST_COSTS} costs go into each checkpoint");
            return Err(Error::invalid("the logging interval", wanted, schedule.log_every()));
        }
        let schedule = resumed.map_or(schedule, |state| schedule.after(state.iteration));
        Ok(self.checkpoint_every.map_or(schedule, |every| schedule.with_stops(every)))
    }

    /// Writes the run down as it goes, beginning with this state.
    pub fn keeper(&self, state: State) -> Keeper {
        let path = self.path().map(Path::to_path_buf);
        if let Some(path) = &path {
            remove_leftovers(path);
        }
        Keeper {
            path,
            every: self.checkpoint_every,
            state,
            written: Instant::now(),
            failed: None,
            last: None,
            logged: Vec::new(),
        }
    }

    /// What to do where the device of the checkpoint is not there.
    pub fn without_device(&self, error: Error, resumed: Option<&State>) -> Error {
        match (error, resumed) {
            (Error::NoAdapter(said), Some(state)) => Error::NoAdapter(format!(
                "{said}; the checkpoint's was {}, and --device auto goes on with what there is",
                state.device
            )),
            (error, _) => error,
        }
    }

    fn path(&self) -> Option<&Path> {
        self.checkpoint.as_deref().or(self.resume.as_deref())
    }
}

impl Keeper {
    /// After a chunk: keeps the weights, and writes them where it is time. Whether training can go on.
    pub fn advanced(&mut self, iteration: u64, parameters: &Parameters, logged: &[CostAt]) -> bool {
        if self.path.is_none() {
            return true;
        }
        self.last = Some((iteration, parameters.clone()));
        self.logged.extend_from_slice(&logged[self.logged.len()..]);
        let is_due = match self.every {
            Some(every) => iteration.is_multiple_of(every),
            None => self.written.elapsed() >= EVERY,
        };
        if is_due && let Err(error) = self.write(logged) {
            self.failed = Some(error);
        }
        self.failed.is_none()
    }

    /// Where training fails: writes the last weights all the same, and says where they are.
    pub fn rescue(mut self) {
        let logged = std::mem::take(&mut self.logged);
        let (Some(path), Some((iteration, _))) = (self.path.clone(), &self.last) else { return };
        let iteration = *iteration;
        match self.write(&logged) {
            Ok(()) => {
                super::tell(format_args!("iteration {iteration} is in {0}: --resume {0} goes on", path.display()))
            }
            Err(error) => super::tell(error),
        }
    }

    /// After training: writes the last finite weights.
    pub fn end(mut self, logged: &[CostAt]) -> Result<()> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.write(logged),
        }
    }

    /// Writes the last weights with the costs before them.
    fn write(&mut self, logged: &[CostAt]) -> Result<()> {
        let (Some(path), Some((iteration, parameters))) = (&self.path, &self.last) else { return Ok(()) };
        let mut state = self.state.clone();
        state.iteration = *iteration;
        state.costs.extend(logged.iter().filter(|at| at.iteration < *iteration));
        Checkpoint { state, parameters: parameters.clone() }.write(path)?;
        log::debug!("checkpoint at iteration {iteration}");
        self.written = Instant::now();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use planar::model::{Activation, Network};

    use super::*;

    #[test]
    fn where_training_fails_the_last_weights_are_written_with_their_costs() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("run.safetensors");
        let data = planar::data::flower(400, 1).unwrap();
        let network = Network::one_hidden(2, 3, Activation::Tanh).unwrap();
        let description = Description::new(&data, &network, 1.0, "f32");
        let flags = CheckpointArguments { checkpoint: Some(path.clone()), checkpoint_every: None, resume: None };
        let mut keeper = flags.keeper(State::new(description, "seed 2".into(), "a device".into(), "fused"));
        let costs = [0, 10, 20].map(|iteration| CostAt { iteration, cost: 0.5 });
        let parameters = [2, 3].map(|seed| Parameters::initial(&network, seed, 1.0));
        assert!(keeper.advanced(8, &parameters[0], &costs[..1]) && keeper.advanced(19, &parameters[1], &costs[..2]));
        assert!(!path.exists(), "30 s have not passed");
        keeper.rescue();
        let there = Checkpoint::read(&path).unwrap();
        assert_eq!((there.state.iteration, there.state.costs.as_slice()), (19, &costs[..2]));
        let narrow = |of: &Parameters| of.values().iter().map(|value| *value as f32).collect::<Vec<_>>();
        assert_eq!(narrow(&there.parameters), narrow(&parameters[1]));
    }
}
