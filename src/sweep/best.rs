//! One network of a sweep as a training of its own: the best, for a checkpoint.

use std::collections::BTreeSet;
use std::path::Path;

use super::grid::Job;
use super::results::JobResult;
use super::{Sweep, SweepSettings};
use crate::backend::DeviceInfo;
use crate::checkpoint::{Checkpoint, Description, Origin};
use crate::data::HeldOut;
use crate::files::{check_writable, may_write};
use crate::fit::{DataSettings, DeviceChoice, DeviceSettings, Files, RunSettings, Settings, Start};
use crate::{Error, Result};

impl SweepSettings {
    /// The training of this one network: to the same bits if one device of the sweep trained it. Where there are folds, it is
    /// trained on all samples.
    ///
    /// # Errors
    /// [`Error::Invalid`] for names that cannot be read, as in a results file that was changed.
    pub fn training(&self, sweep: &Sweep, of: &JobResult, files: Files) -> Result<Settings> {
        let is_it = |device: &DeviceInfo| device.name == of.device;
        let mut devices = sweep.backends.iter().map(|backend| backend.device());
        let choice = match devices.find(is_it).or_else(|| Some(sweep.backends.first()?.device())) {
            Some(device) if device.kind != "cpu" => DeviceChoice::Named(device.name),
            _ => DeviceChoice::Cpu,
        };
        let mut device = DeviceSettings { choice, ..self.device.clone() };
        // of several devices, each flag means those that know it
        match device.choice {
            DeviceChoice::Cpu => device.plan = Default::default(),
            _ => device.threads = None,
        }
        Ok(Settings {
            data: self.data_of(&of.job)?,
            run: self.run_of(&of.job)?,
            // all samples leave none to watch: as long as the best weights took
            iterations: of.best_iteration.filter(|_| self.folds.is_some()).unwrap_or(of.job.iterations).max(1),
            epochs: None,
            log_every: self.log_every,
            early_stopping: self.early_stopping.filter(|_| self.folds.is_none()),
            device,
            files,
            snapshots: false,
        })
    }

    /// The samples of a network, with those that are held out of it; where there are folds, all.
    fn data_of(&self, job: &Job) -> Result<DataSettings> {
        let seed = self.test_seed.unwrap_or(1);
        let held_out = self.test_fraction.map(|share| HeldOut::Fraction { share, seed });
        Ok(DataSettings { source: job.data.parse()?, options: self.options.clone(), held_out })
    }

    fn run_of(&self, job: &Job) -> Result<RunSettings> {
        Ok(RunSettings {
            hidden: job.hidden.layers().to_vec(),
            activation: job.activation.parse()?,
            backward_activation: None,
            output: self.output,
            learning_rate: job.learning_rate,
            recipe: job.recipe,
            start: Start { seed: job.init_seed, scale: self.init_scale, ..Start::default() },
        })
    }

    /// Fails if the best network could not go to this file: it cannot be written, or it holds anything else than a network
    /// of this sweep, and is not to be overwritten.
    ///
    /// # Errors
    /// [`Error::Io`] with the system's reason, and [`Error::Overwrite`].
    pub fn check_best(&self, jobs: &[Job], path: &Path, overwrite: bool) -> Result<()> {
        check_writable(path)?;
        may_write(path, overwrite, || {
            let there = match Checkpoint::read(path) {
                Ok(there) => Origin::from(&there.state),
                Err(Error::Checkpoint { problem, .. }) => return Ok(Some(format!("it {problem}"))),
                Err(error) => return Err(error),
            };
            let mut difference = None;
            let mut names = BTreeSet::new();
            for job in jobs.iter().filter(|job| self.is_like(job, &there)) {
                if !names.insert(&job.data) {
                    continue;
                }
                let data = self.data_of(job)?.prepare(&mut |_| ())?.data;
                let run = self.run_of(job)?.run(&data)?;
                let description =
                    Description::new(&data, &run.network, run.learning_rate, self.device.precision.name())
                        .with_recipe(run.recipe);
                let here = Origin { description, start: there.start.clone() };
                match there.difference(&here) {
                    None => return Ok(None),
                    said => difference = difference.or(said),
                }
            }
            let said = difference.map_or(String::new(), |difference| format!(": {difference}"));
            Ok(Some(format!("it holds none of the sweep's networks{said}")))
        })
    }

    /// Whether a checkpoint's network is this one, as far as can be told without its data.
    fn is_like(&self, job: &Job, there: &Origin) -> bool {
        let of = &there.description;
        let is_network = of.widths.get(1..of.widths.len().max(2) - 1) == Some(job.hidden.layers())
            && of.activation == job.activation;
        let start = self.run_of(job).map(|run| run.start.to_string());
        is_network
            && of.recipe.optimizer == job.recipe.optimizer
            && of.learning_rate == job.learning_rate
            && start.is_ok_and(|start| start == there.start)
    }
}
