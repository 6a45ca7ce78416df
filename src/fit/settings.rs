//! The settings of a training: data, network, start, device and files.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::DeviceSettings;
use crate::backend::Run;
use crate::checkpoint::Weights;
use crate::data::table::Progress;
use crate::data::{Columns, Dataset, HeldOut, Options, Prepared, Source};
use crate::files::atomic::target;
use crate::files::{Lock, check_apart, check_writable};
use crate::model::{Activation, InitScale, Network, Output, Parameters};
use crate::optim::{Decay, Recipe};
use crate::{Error, Result};

/// Everything that one training depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The data set to learn.
    pub data: DataSettings,
    /// The network, its initial weights and its learning rate.
    pub run: RunSettings,
    /// Updates of the weights.
    pub iterations: u64,
    /// Epochs in their place, in each of which every sample has its turn once; of a full batch an epoch is an update.
    pub epochs: Option<u64>,
    /// The cost is kept every this many iterations; ten times per run if none is given.
    pub log_every: Option<u64>,
    /// Training stops when this many logged costs of the samples held out in turn are not the lowest, and the weights of the lowest
    /// are kept; then costs are logged each epoch, or a hundred times per run of full batches, if nothing else is said.
    pub early_stopping: Option<u64>,
    /// The device.
    pub device: DeviceSettings,
    /// The files that are written during training, and the one to resume from.
    pub files: Files,
    /// Whether the weights over the run are kept for an animation: [`Fitted::snapshots`](super::Fitted::snapshots).
    pub snapshots: bool,
}

/// The data set, and which samples are held out of training.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSettings {
    /// Where the samples come from.
    pub source: Source,
    /// Size and seed, or how a file is read, as far as they apply; and how features are scaled.
    pub options: Options,
    /// What is held out, if anything is.
    pub held_out: Option<HeldOut>,
}

/// The network, its initial weights and its learning rate.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSettings {
    /// n_h of each hidden layer, the first layer first.
    pub hidden: Vec<usize>,
    /// g of the hidden layers.
    pub activation: Activation,
    /// A deliberate bug: the activation whose derivative the backward pass uses; g's own if none is given.
    pub backward_activation: Option<Activation>,
    /// What the outputs mean; what suits the data if none is given.
    pub output: Option<Output>,
    /// α in θ ← θ − α·dθ.
    pub learning_rate: f64,
    /// What makes an update besides the learning rate.
    pub recipe: Recipe,
    /// Where the weights come from.
    pub start: Start,
}

/// Where the weights come from before the first update.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Seed of NumPy's `randn`.
    pub seed: u32,
    /// The factor on `randn`.
    pub scale: InitScale,
    /// A safetensors file of weights to use instead of `randn`, as [`Weights::read`] reads it.
    pub file: Option<PathBuf>,
    /// Whether the file's weights are (inputs × units), for [`Weights::read_transposed`].
    pub transposed: bool,
}

/// The files of a training.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// The file that weights and state are saved to.
    pub checkpoint: Option<PathBuf>,
    /// Iterations from one checkpoint to the next; every 30 s if none is given.
    pub checkpoint_every: Option<u64>,
    /// The checkpoint to resume from. It is also written to, unless `checkpoint` names another file.
    pub resume: Option<PathBuf>,
    /// The file for the costs, one line of JSON each, written as they are logged.
    pub metrics: Option<PathBuf>,
    /// Whether files that hold anything else than this run are overwritten; see [`may_write`](crate::files::may_write).
    pub overwrite: bool,
}

impl Settings {
    /// The files that the run reads, other than the checkpoint that it resumes from.
    pub fn read(&self) -> impl Iterator<Item = &Path> {
        let data = match &self.data.source {
            Source::Csv(path) => Some(path.as_path()),
            _ => None,
        };
        let held_out = match &self.data.held_out {
            Some(HeldOut::File(path)) => Some(path.as_path()),
            _ => None,
        };
        [data, held_out, self.run.start.file.as_deref()].into_iter().flatten()
    }

    /// Tries and locks the files that are written, before any work.
    pub(super) fn lock(&self) -> Result<Vec<Lock>> {
        if self.files.resume.is_some() && self.run.start.file.is_some() && !self.files.begins_or_goes_on() {
            let said = "a run that is resumed has its weights from the checkpoint, not from a file of initial weights";
            return Err(Error::Mismatch(said.into()));
        }
        let kept = self.files.kept().map(PathBuf::as_path);
        let written: Vec<&Path> = kept.into_iter().chain(self.files.metrics.as_deref()).collect();
        check_apart(&written, self.read())?;
        kept.map_or(Ok(()), check_writable)?;
        Ok(written.into_iter().map(Lock::take).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

impl DataSettings {
    /// Generates or reads the samples to train on and those held out, and is told how far a file is read.
    ///
    /// # Errors
    /// Those of [`Source::prepare`].
    pub fn prepare(&self, progress: &mut dyn FnMut(Progress)) -> Result<Prepared> {
        self.source.prepare(&self.options, self.held_out.as_ref(), progress)
    }

    /// [`prepare`](Self::prepare) for a network that has learnt, as its samples were then treated.
    ///
    /// # Errors
    /// Those of [`Source::prepare_for`].
    pub fn prepare_for(&self, model: &Columns, progress: &mut dyn FnMut(Progress)) -> Result<Prepared> {
        self.source.prepare_for(model, &self.options, self.held_out.as_ref(), progress)
    }
}

impl RunSettings {
    /// The network for a data set, with its initial weights.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the output does not fit the data set's targets, [`Error::Invalid`] for a width that is not allowed,
    /// [`Error::Io`] and [`Error::Checkpoint`] if the file of
    /// initial weights cannot be used or belongs to a different network.
    pub fn run(&self, data: &Dataset) -> Result<Run> {
        let network = self.network(data)?;
        let parameters = self.start.parameters(&network)?;
        Ok(Run::new(network, parameters, self.learning_rate).with_recipe(self.recipe))
    }

    /// The network for a data set, with the initial weights of the seed, whatever file there is.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn seeded(&self, data: &Dataset) -> Result<Run> {
        let network = self.network(data)?;
        let parameters = Parameters::initial(&network, self.start.seed, self.start.scale);
        Ok(Run::new(network, parameters, self.learning_rate).with_recipe(self.recipe))
    }

    fn network(&self, data: &Dataset) -> Result<Network> {
        let output = self.output.unwrap_or_else(|| data.output());
        let network = Network::new(data.features(), &self.hidden, self.activation)?;
        let network = network.with_output(output, data.outputs(output)?)?;
        Ok(match self.backward_activation {
            Some(backward) => network.with_backward(backward),
            None => network,
        })
    }

    /// The updates of this many epochs on a data set.
    pub fn updates(&self, epochs: u64, data: &Dataset) -> u64 {
        epochs.saturating_mul(self.recipe.batches(data.samples()).per_epoch())
    }

    /// The same for this many updates in all, which a rate that falls to its end depends on.
    pub fn over(&self, updates: u64) -> Self {
        let mut settings = self.clone();
        if self.recipe.rate.decay == Decay::Cosine {
            settings.recipe.rate.updates = updates;
        }
        settings
    }
}

impl Default for RunSettings {
    /// The notebook's.
    fn default() -> Self {
        Self {
            hidden: vec![4],
            activation: Activation::Tanh,
            backward_activation: None,
            output: None,
            learning_rate: 1.2,
            recipe: Recipe::default(),
            start: Start::default(),
        }
    }
}

impl Default for Start {
    /// The notebook's.
    fn default() -> Self {
        Self { seed: 2, scale: InitScale::default(), file: None, transposed: false }
    }
}

/// What stands behind the file of a [`Start`] in words if its weights are (inputs × units).
pub const TRANSPOSED: &str = ", transposed";

impl Start {
    fn parameters(&self, network: &Network) -> Result<Parameters> {
        let Some(path) = &self.file else { return Ok(Parameters::initial(network, self.seed, self.scale)) };
        let weights = Weights::read_start(path, self.transposed)?;
        if weights.widths == network.widths() {
            return Ok(weights.parameters);
        }
        let (there, here) = (weights.widths, network.widths());
        let problem = format!("holds the weights of a {there:?} network, but {here:?} was requested");
        Err(Error::Checkpoint { path: path.clone(), problem })
    }

    /// The file that the weights come from, in words; none if they are random.
    pub fn from_file(&self) -> Option<String> {
        let transposed = if self.transposed { TRANSPOSED } else { "" };
        self.file.as_ref().map(|path| format!("from {}{transposed}", path.display()))
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from_file() {
            Some(from) => f.write_str(&from),
            None => write!(f, "seed {}, scale {}", self.seed, self.scale),
        }
    }
}

impl Files {
    /// The file that checkpoints are written to.
    pub fn kept(&self) -> Option<&PathBuf> {
        self.checkpoint.as_ref().or(self.resume.as_ref())
    }

    /// Whether checkpoints are explicitly written to the file that the run resumes from: such a run begins if the file is
    /// not there, and otherwise goes on.
    pub fn begins_or_goes_on(&self) -> bool {
        let [checkpoint, resume] = [&self.checkpoint, &self.resume].map(|path| path.as_deref().map(target));
        checkpoint.is_some() && checkpoint == resume
    }
}

/// The floating-point precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Single precision, on every device.
    F32,
    /// Double precision, on the CPU reference only.
    F64,
}

impl Precision {
    /// `f32` or `f64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let named = [Self::F32, Self::F64].into_iter().find(|precision| precision.name() == text);
        named.ok_or_else(|| Error::invalid("the precision", "f32 or f64", format_args!("'{text}'")))
    }
}
