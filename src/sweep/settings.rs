//! A sweep, from settings to results.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Value, json};

use super::grid::{Job, MOST_EVER, MOST_NETWORKS, Space};
use super::progress::Counter;
use super::results::{JobResult, Results, THERE_ALREADY, devices};
use super::under_way::{self, Begun, Keeper};
use super::{Common, DataSets, SweepEvent, SweepProgress, batches, range};
use crate::backend::Backend;
use crate::data::table::{Notice, TableOptions};
use crate::data::{HeldOut, Options, Scale, Source};
use crate::files::{may_write, remove_leftovers};
use crate::fit::{DeviceSettings, check_samples, choose};
use crate::model::Activation;
use crate::{Error, Result};

/// How an error begins if a results file holds networks of another device, where that is not wanted.
pub const OTHER_DEVICE: &str = "holds networks that were trained on";
/// The number of networks that are measured to choose a device.
const SAMPLE: usize = 64;

/// Which networks to train, as lists and ranges in text, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepSettings {
    /// Data sets: a list of [`Source`]s.
    pub data: String,
    /// Size, seed and label column of the data sets, as far as they apply.
    pub options: Options,
    /// The share of each class to hold out.
    pub test_fraction: Option<f64>,
    /// The number of folds to divide each data set into, and to hold out in turn; not with a share to hold out.
    pub folds: Option<usize>,
    /// The seed that chooses the held-out samples; 1 if none is given.
    pub test_seed: Option<u32>,
    /// Hidden units: a list with ranges.
    pub hidden: String,
    /// Activations: a list.
    pub activation: String,
    /// Learning rates: a list or a range.
    pub learning_rate: String,
    /// Iterations: a list with ranges.
    pub iterations: String,
    /// Seeds of the initial weights: a list with ranges.
    pub init_seed: String,
    /// Scale of the initial weights.
    pub init_scale: f64,
    /// The number of networks to draw at random instead of the whole grid.
    pub random: Option<u64>,
    /// The seed of the draw; 1 if none is given.
    pub sweep_seed: Option<u64>,
    /// Whether a grid may have more than a million networks.
    pub allow_many: bool,
    /// The part of the networks to train here.
    pub shard: Option<Shard>,
    /// The device.
    pub device: DeviceSettings,
    /// Bytes that a batch may take on the device; half of what the device has for a session if none is given.
    pub memory: Option<u64>,
    /// The cost is kept every this many iterations.
    pub log_every: Option<u64>,
    /// Whether a results file of another device is refused.
    pub same_device: bool,
    /// About how long a batch may take.
    pub batch_time: Duration,
    /// How often the networks under way are written beside the results file.
    pub checkpoint_every: Duration,
    /// Whether each result also has the curve of its costs, for a picture.
    pub curves: bool,
}

/// Every `of`th network from the `this`th on, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    this: u64,
    of: u64,
}

impl FromStr for Shard {
    type Err = Error;

    /// Reads `K/N`, with K from 1 to N.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("the shard", "K/N with K from 1 to N, as in 2/8", format_args!("'{text}'"));
        let (this, of) = text.split_once('/').ok_or_else(wrong)?;
        let (this, of) = (this.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?);
        if (1..=of).contains(&this) { Ok(Self { this, of }) } else { Err(wrong()) }
    }
}

/// A sweep that is ready to begin: its networks, data and device.
pub struct Sweep {
    /// The networks of this shard.
    pub jobs: Vec<Job>,
    /// The data sets of all shards.
    pub data: DataSets,
    /// The backend.
    pub backend: Box<dyn Backend>,
    /// What the networks have in common.
    pub common: Common,
    /// What the sweep is: all that its results depend on, for the first line of its results file.
    pub description: Value,
    /// Notes on the choice of the device, one line each.
    pub notes: Vec<String>,
    /// What was done on the way from a file to a data set.
    pub notices: Vec<Notice>,
    same_device: bool,
    checkpoint_every: Duration,
}

/// What to do about a results file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Refuse it.
    New,
    /// Write over it.
    Overwrite,
    /// Continue it.
    GoOn,
}

/// The results so far, and the file to which more are added.
#[derive(Debug, Default)]
pub struct Opened {
    /// The file, if there is one.
    pub file: Option<Results>,
    /// The networks that have ended.
    pub results: Vec<JobResult>,
    /// Whether the file's last line was torn, and was dropped.
    pub dropped: bool,
    /// The file of the networks under way.
    under_way: Option<PathBuf>,
    /// The networks that it held and that have not ended.
    begun: BTreeMap<u64, Begun>,
}

impl Opened {
    /// How many networks go on where a process before left them.
    pub fn begun(&self) -> usize {
        self.begun.len()
    }

    /// The devices that trained the networks so far, each once.
    pub fn devices(&self) -> BTreeSet<&str> {
        let begun = self.begun.values().map(|begun| &*begun.about.device);
        devices(&self.results).into_iter().chain(begun).collect()
    }
}

impl Sweep {
    /// Makes the list of networks, loads the data and opens the device.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a list or range that cannot be read and for too many networks, those of [`DataSets::load`]
    /// and [`DataSets::load_folds`], [`Error::Mismatch`] for both kinds of held-out samples, and those of [`choose`] and of [`check`](super::check).
    pub fn new(settings: &SweepSettings) -> Result<Self> {
        let all = settings.jobs()?;
        let networks = all.len();
        let jobs: Vec<Job> = match settings.shard {
            Some(Shard { this, of }) => all.into_iter().filter(|job| job.job % of == this - 1).collect(),
            None => all,
        };
        let Some(largest) = jobs.iter().max_by_key(|job| job.hidden) else {
            let wanted = format!("at most {networks}, the number of networks");
            return Err(Error::invalid("the number of shards", wanted, settings.shard.map_or(0, |shard| shard.of)));
        };
        let mut data = settings.data_sets()?;
        let notices = std::mem::take(&mut data.notices);
        // the widest network, and some that would train beside it
        let beside = jobs.iter().filter(|job| job.group() == largest.group() && job.job != largest.job);
        let sample = std::iter::once(largest).chain(beside.take(SAMPLE - 1));
        let (train_on, _) = data.get(&largest.data, largest.fold)?;
        let runs = sample.map(|job| job.run(train_on, settings.init_scale)).collect::<Result<Vec<_>>>()?;
        let iterations = jobs.iter().map(|job| job.iterations).fold(0, u64::saturating_add);
        let chosen = choose(&settings.device, train_on, &runs, iterations)?;
        let (backend, notes) = (chosen.backend, chosen.notes);
        let common = Common {
            init_scale: settings.init_scale,
            log_every: settings.log_every,
            curves: settings.curves,
            memory: settings.memory.unwrap_or_else(|| backend.memory_limit() / 2),
            batch_time: settings.batch_time,
        };
        batches::check(backend.as_ref(), &jobs, &data, &common)?;
        let description = settings.describe(&backend.device().name, networks, data.hashes());
        let (same_device, checkpoint_every) = (settings.same_device, settings.checkpoint_every);
        Ok(Self { jobs, data, backend, common, description, notes, notices, same_device, checkpoint_every })
    }

    /// Begins a results file, or continues one of this sweep; without a path nothing is kept.
    ///
    /// # Errors
    /// [`Error::Results`] if the file of a new sweep already exists, and those of [`Results::create`] and
    /// [`Results::resume`].
    pub fn open(&self, path: Option<&Path>, begin: Begin) -> Result<Opened> {
        let Some(path) = path else { return Ok(Opened::default()) };
        let under_way = under_way::path_of(path);
        if begin != Begin::GoOn {
            let overwrite = begin == Begin::Overwrite;
            may_write(&under_way, overwrite, || {
                Err(Error::Results { path: under_way.clone(), problem: THERE_ALREADY.into() })
            })?;
            let file = Results::create(path, &self.description, overwrite)?;
            if overwrite && under_way.exists() {
                let removed = std::fs::remove_file(&under_way);
                removed.map_err(|source| Error::Io { path: under_way.clone(), source })?;
            }
            return Ok(Opened { file: Some(file), under_way: Some(under_way), ..Opened::default() });
        }
        let mut begun = BTreeMap::new();
        let (file, found) = Results::resume(path, &self.description, |found| {
            found.check(path, &self.jobs)?;
            begun = under_way::read(&under_way, &self.description, &self.jobs, |job| {
                let (data, _) = self.data.get(&job.data, job.fold)?;
                Ok(job.run(data, 0.0)?.network)
            })?;
            found.ended.iter().for_each(|ended| drop(begun.remove(&ended.job.job)));
            let here = self.backend.device().name;
            let devices = devices(&found.ended).into_iter().chain(begun.values().map(|begun| &*begun.about.device));
            match devices.into_iter().find(|device| self.same_device && *device != here) {
                Some(other) => {
                    let problem = format!("{OTHER_DEVICE} {other}, and this is {here}");
                    Err(Error::Results { path: path.into(), problem })
                }
                None => Ok(()),
            }
        })?;
        remove_leftovers(&under_way);
        let (results, dropped, under_way) = (found.ended, found.dropped, Some(under_way));
        Ok(Opened { file: Some(file), results, dropped, under_way, begun })
    }

    /// Trains what `opened` lacks, and adds each result to it as its network ends. `listen` is told how far the sweep is
    /// after every chunk of iterations and every network; if it breaks, the sweep returns `false`. However it ends, the
    /// results are in `opened`, in the networks' order.
    ///
    /// # Errors
    /// Those of [`run`](super::run) and of writing the file.
    pub fn run(&self, opened: &mut Opened, mut listen: impl FnMut(SweepProgress) -> ControlFlow<()>) -> Result<bool> {
        let ended: HashSet<u64> = opened.results.iter().map(|result| result.job.job).collect();
        let left = self.jobs.iter().filter(|job| !ended.contains(&job.job));
        let iterations = self.jobs.iter().map(|job| job.iterations).fold(0, u64::saturating_add);
        let begun = std::mem::take(&mut opened.begun);
        let done = begun.values().map(|begun| begun.about.iteration).fold(0, u64::saturating_add);
        let mut counter = Counter::new(self.jobs.len(), iterations, &opened.results, done);
        let under_way = opened.under_way.clone();
        let mut keeper = Keeper::new(under_way, &self.description, self.checkpoint_every, begun.clone());
        let finished = batches::go_on(self.backend.as_ref(), left, &begun, &self.data, &self.common, |event| {
            Ok(listen(match event {
                SweepEvent::Batch { networks, iteration } => {
                    keeper.batch();
                    counter.batch(networks, iteration)
                }
                SweepEvent::Advanced(networks) => {
                    keeper.advanced(&networks)?;
                    counter.advanced(networks.iteration, networks.cost)
                }
                SweepEvent::Stopped(networks) => {
                    keeper.write(&networks)?;
                    counter.advanced(networks.iteration, None)
                }
                SweepEvent::Ended(result) => {
                    let result = JobResult { parameters: None, ..*result };
                    let added = opened.file.as_mut().map_or(Ok(()), |file| file.add(&result));
                    let job = result.job.clone();
                    opened.results.push(result);
                    added?;
                    keeper.ended(job.job);
                    counter.ended(job.iterations)
                }
            }))
        });
        if matches!(finished, Ok(true)) {
            keeper.finish();
        }
        opened.results.sort_by_key(|result| result.job.job);
        finished
    }
}

impl SweepSettings {
    /// The networks of the whole sweep.
    fn jobs(&self) -> Result<Vec<Job>> {
        let iterations = range::list::<String>("the iterations", &self.iterations)?;
        let space = Space {
            data: range::list::<Source>("the data sets", &self.data)?,
            hidden: range::list("the hidden units", &self.hidden)?,
            activations: range::list::<Activation>("the activations", &self.activation)?,
            learning_rates: range::numbers("the learning rates", &self.learning_rate)?,
            iterations: iterations.iter().map(|text| range::whole("the iterations", text)).collect::<Result<_>>()?,
            init_seeds: range::list("the initial seeds", &self.init_seed)?,
            folds: self.folds,
        };
        space.check()?;
        let count = self.random.map_or_else(|| space.count(), |drawn| Ok(space.times_folds(drawn)))?;
        let refuse = |wanted: String| Error::invalid("the number of networks", wanted, count);
        if count == 0 {
            return Err(refuse("at least 1".into()));
        }
        if count > MOST_EVER {
            return Err(refuse(format!("at most {MOST_EVER}: divide it into several sweeps")));
        }
        if count > MOST_NETWORKS && !self.allow_many {
            return Err(refuse(format!("at most {MOST_NETWORKS} unless more are allowed")));
        }
        match self.random {
            Some(drawn) => space.random(drawn, self.sweep_seed.unwrap_or(1)),
            None => space.grid(),
        }
    }

    /// The data sets, each with what is held out of it.
    fn data_sets(&self) -> Result<DataSets> {
        let sources = range::list::<Source>("the data sets", &self.data)?;
        let seed = self.test_seed.unwrap_or(1);
        if let Some(samples) = self.options.samples {
            let share = self.test_fraction.or(self.folds.map(|folds| 1.0 / folds as f64)).unwrap_or(0.0);
            check_samples(&self.device, samples, share)?;
        }
        match (self.folds, self.test_fraction) {
            (Some(_), Some(_)) => Err(Error::Mismatch("folds and a share to hold out exclude each other".into())),
            (Some(count), None) => DataSets::load_folds(&sources, &self.options, count, seed),
            (None, share) => {
                let held_out = share.map(|share| HeldOut::Fraction { share, seed });
                DataSets::load(&sources, &self.options, held_out.as_ref())
            }
        }
    }

    fn describe(&self, device: &str, networks: usize, data_sha256: &[String]) -> Value {
        let mut about = json!({
            "sweep": env!("CARGO_PKG_VERSION"),
            "networks": networks,
            "device": device,
            "plan": self.device.plan.name(),
            "precision": self.device.precision.name(),
            "data": self.data,
            "data_sha256": data_sha256,
            "samples": self.options.samples,
            "data_seed": self.options.seed,
            "label": self.options.table.label,
            "test_fraction": self.test_fraction,
            "test_seed": self.test_seed,
            "hidden": self.hidden,
            "activation": self.activation,
            "learning_rate": self.learning_rate,
            "iterations": self.iterations,
            "init_seed": self.init_seed,
            "init_scale": self.init_scale,
            "random": self.random,
            "sweep_seed": self.sweep_seed,
            "log_every": self.log_every,
            "shard": self.shard.map(|Shard { this, of }| format!("{this}/{of}")),
        });
        // what an older sweep did not have stands there only if it is asked for
        if let Some(folds) = self.folds {
            about["folds"] = json!(folds);
        }
        let table = TableOptions { label: None, ..self.options.table.clone() };
        if table != TableOptions::default() {
            about["table"] = json!(format!("{table:?}"));
        }
        if self.options.scale != Scale::Auto {
            about["scale"] = json!(self.options.scale);
        }
        about
    }
}
