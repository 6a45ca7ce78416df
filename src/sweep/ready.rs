//! A sweep that is ready to begin: its networks, data and devices.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::time::Duration;

use serde_json::Value;

use super::grid::Job;
use super::halving::Halving;
use super::results::JobResult;
use super::{Common, DataSets, Shard, SweepEvent, SweepSettings, batches};
use crate::backend::Backend;
use crate::data::table::Notice;
use crate::fit::choose_all;
use crate::fit::watch::check_patience;
use crate::model::Parameters;
use crate::{Error, Result};

/// The number of networks that are measured to choose a device.
const SAMPLE: usize = 64;

/// A sweep that is ready to begin: its networks, data and devices.
pub struct Sweep {
    /// The networks of this shard.
    pub jobs: Vec<Job>,
    /// The data sets of all shards.
    pub data: DataSets,
    /// The devices that share the work; at least one.
    pub backends: Vec<Box<dyn Backend>>,
    /// What the networks have in common.
    pub common: Common,
    /// What the sweep is: all that its results depend on, for the first line of its results file.
    pub description: Value,
    /// Notes on the choice of the device, one line each.
    pub notes: Vec<String>,
    /// What was done on the way from a file to a data set.
    pub notices: Vec<Notice>,
    /// How the networks compete, if they do.
    pub halving: Option<Halving>,
    pub(super) same_device: bool,
    pub(super) checkpoint_every: Duration,
}

impl Sweep {
    /// Makes the list of networks, loads the data and opens the devices.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a list or range that cannot be read and for too many networks, those of [`DataSets::load`]
    /// and [`DataSets::load_folds`], [`Error::Mismatch`] for both kinds of held-out samples and for a shard of a halving, and
    /// those of [`choose_all`], of [`Halving::new`] and of [`check`](super::check).
    pub fn new(settings: &SweepSettings) -> Result<Self> {
        let mut all = settings.jobs()?;
        let networks = all.len();
        let mut data = settings.data_sets()?;
        if settings.in_epochs {
            for job in &mut all {
                let samples = data.get(&job.data, job.fold)?.0.samples();
                job.iterations = job.iterations.saturating_mul(job.recipe.batches(samples).per_epoch());
            }
        }
        let halving = settings.halving.map(|factor| Halving::new(factor, &all, settings.folds.unwrap_or(1) as u64));
        let halving = halving.transpose()?;
        if halving.is_some() && settings.shard.is_some() {
            return Err(Error::Mismatch("a halving compares all networks, and a shard has only some of them".into()));
        }
        check_patience(settings.early_stopping, settings.folds.is_some() || settings.test_fraction.is_some())?;
        if halving.is_some() && settings.early_stopping.is_some() {
            return Err(Error::Mismatch(
                "a halving and early stopping exclude each other: both end trainings early".into(),
            ));
        }
        let jobs: Vec<Job> = match settings.shard {
            Some(Shard { this, of }) => all.into_iter().filter(|job| job.job % of == this - 1).collect(),
            None => all,
        };
        let Some(largest) = jobs.iter().max_by_key(|job| job.hidden.work()) else {
            let wanted = format!("at most {networks}, the number of networks");
            return Err(Error::invalid("the number of shards", wanted, settings.shard.map_or(0, |shard| shard.of)));
        };
        let notices = std::mem::take(&mut data.notices);
        // the widest network, and some that would train beside it
        let beside = jobs.iter().filter(|job| job.group() == largest.group() && job.job != largest.job);
        let sample = std::iter::once(largest).chain(beside.take(SAMPLE - 1));
        let (train_on, _) = data.get(&largest.data, largest.fold)?;
        let runs =
            sample.map(|job| job.run(train_on, settings.init_scale, settings.output)).collect::<Result<Vec<_>>>()?;
        let iterations = jobs.iter().map(|job| job.iterations).fold(0, u64::saturating_add);
        let chosen = choose_all(&settings.device, train_on, &runs, iterations)?;
        let (mut backends, mut notes) = (Vec::new(), Vec::new());
        for of in chosen {
            backends.push(of.backend);
            notes.extend(of.notes);
        }
        let common = Common {
            init_scale: settings.init_scale,
            output: settings.output,
            log_every: settings.log_every,
            early_stopping: settings.early_stopping,
            curves: settings.curves,
            memory: settings.memory,
            batch_time: settings.batch_time,
        };
        for backend in &backends {
            batches::check(backend.as_ref(), &jobs, &data, &common)?;
        }
        let description = settings.describe(&names(&backends).join(" and "), networks, data.hashes());
        let (same_device, checkpoint_every) = (settings.same_device, settings.checkpoint_every);
        Ok(Self { jobs, data, backends, common, description, notes, notices, halving, same_device, checkpoint_every })
    }

    /// The names of its devices.
    pub fn devices(&self) -> Vec<String> {
        names(&self.backends)
    }

    /// Trains networks again that have ended, each on the device that it was trained on, for their weights: by the number of
    /// the network, of those that do not diverge. None if `go_on` breaks.
    ///
    /// # Errors
    /// Those of [`run`](super::run).
    pub fn train_again(
        &self,
        ended: &[&JobResult],
        go_on: fn() -> ControlFlow<()>,
    ) -> Result<Option<HashMap<u64, Parameters>>> {
        let place = |device: &str| self.backends.iter().position(|backend| backend.device().name == device);
        let mut of_backend: BTreeMap<usize, Vec<Job>> = BTreeMap::new();
        for result in ended {
            of_backend.entry(place(&result.device).unwrap_or(0)).or_default().push(result.job.clone());
        }
        let mut weights = HashMap::new();
        for (backend, jobs) in of_backend {
            let finished = batches::run(self.backends[backend].as_ref(), &jobs, &self.data, &self.common, |event| {
                if let SweepEvent::Ended { result, .. } = event {
                    weights.extend(result.parameters.map(|parameters| (result.job.job, parameters)));
                }
                Ok(go_on())
            })?;
            if !finished {
                return Ok(None);
            }
        }
        Ok(Some(weights))
    }
}

fn names(backends: &[Box<dyn Backend>]) -> Vec<String> {
    backends.iter().map(|backend| backend.device().name).collect()
}
