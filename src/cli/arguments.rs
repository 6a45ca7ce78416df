//! The flags that say what is trained: data, network and training. Several subcommands take them.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use planar::backend::{Run, check_learning_rate};
use planar::checkpoint::Weights;
use planar::data::{Dataset, Options, Source};
use planar::model::{Activation, Network, Parameters};
use planar::{Error, Result};

use super::Verbosity;

/// Which data set.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Data")]
pub struct DataArguments {
    /// flower, noisy-circles, noisy-moons, blobs, gaussian-quantiles, or a CSV file of numbers
    #[arg(long, value_name = "NAME|FILE.csv", default_value = "flower")]
    data: Source,
    /// Samples of a generated data set, even [default: 400 for flower, else 200]
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    samples: Option<usize>,
    /// Seed of a generated data set, NumPy's; blobs keep their own, 5 [default: 1]
    #[arg(long, value_name = "SEED", allow_negative_numbers = true)]
    data_seed: Option<u32>,
    /// The CSV column that holds the label 0 or 1 [default: the last]
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Hold this share of each class, 0 to 1, out of training, and give the accuracy on it too
    #[arg(long, value_name = "SHARE", value_parser = test_fraction, allow_negative_numbers = true)]
    test_fraction: Option<f64>,
    /// Seed of what is held out [default: 1]
    #[arg(long, value_name = "SEED", requires = "test_fraction", allow_negative_numbers = true)]
    test_seed: Option<u32>,
}

impl DataArguments {
    /// Makes or reads the data set.
    pub fn load(&self) -> Result<Dataset> {
        let options = Options { samples: self.samples, seed: self.data_seed, label: self.label.clone() };
        self.data.load(&options)
    }

    /// What is trained on, and what is held out.
    pub fn load_split(&self) -> Result<(Dataset, Option<Dataset>)> {
        let data = self.load()?;
        match self.test_fraction {
            Some(fraction) => {
                data.split(fraction, self.test_seed.unwrap_or(1)).map(|(train, test)| (train, Some(test)))
            }
            None => Ok((data, None)),
        }
    }
}

const TRAINING: &str = "Training";

/// Which network, and how it is trained.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArguments {
    /// Hidden units
    #[arg(long, value_name = "N", default_value_t = 4, allow_negative_numbers = true)]
    pub hidden: usize,
    /// tanh, sigmoid, relu, or leaky-relu:SLOPE (0.01 if none is given)
    #[arg(long, value_name = "NAME", default_value = "tanh")]
    pub activation: Activation,
    /// A bug on purpose: whose derivative the backward pass takes [default: the right one]
    #[arg(long, value_name = "NAME")]
    pub backward_activation: Option<Activation>,
    /// The learning rate, α in θ ← θ − α·dθ
    #[arg(long, value_name = "RATE", default_value_t = 1.2, value_parser = learning_rate, allow_negative_numbers = true, help_heading = TRAINING)]
    pub learning_rate: f64,
    /// Iterations of full-batch gradient descent
    #[arg(long, value_name = "N", default_value_t = 10_000, allow_negative_numbers = true, help_heading = TRAINING)]
    pub iterations: u64,
    /// Seed of the initial weights, NumPy's
    #[arg(long, value_name = "SEED", default_value_t = 2, allow_negative_numbers = true, help_heading = TRAINING)]
    pub init_seed: u32,
    /// Scale of the initial weights: randn times this
    #[arg(long, value_name = "SCALE", default_value_t = 0.01, value_parser = init_scale, allow_negative_numbers = true, help_heading = TRAINING)]
    pub init_scale: f64,
    /// Start from the weights W1, b1, W2, b2 of any safetensors file instead of random ones
    #[arg(long, value_name = "FILE.safetensors", conflicts_with_all = ["init_seed", "init_scale"], help_heading = TRAINING)]
    init: Option<PathBuf>,
}

impl NetworkArguments {
    /// Says on stderr that the backward pass is wrong on purpose, where it is.
    pub fn warn(&self, verbosity: Verbosity) {
        if let Some(backward) = self.backward_activation.filter(|backward| *backward != self.activation) {
            let g = self.activation;
            verbosity.say(format_args!("a bug on purpose: the backward pass takes {backward}'s derivative, not {g}'s"));
        }
    }

    /// The network on the data, with its initial weights.
    pub fn run(&self, data: &Dataset) -> Result<Run> {
        let mut network = Network::one_hidden(data.features(), self.hidden, self.activation)?;
        if let Some(backward) = self.backward_activation {
            network = network.with_backward(backward);
        }
        let parameters = match &self.init {
            Some(path) => weights(path, &network)?,
            None => Parameters::initial(&network, self.init_seed, self.init_scale),
        };
        Ok(Run { network, parameters, learning_rate: self.learning_rate })
    }

    /// What the initial weights are called where they are no seed's.
    pub fn init(&self) -> Option<String> {
        self.init.as_ref().map(|path| format!("from {}", path.display()))
    }
}

/// The weights of a file, which are to be those of this network.
fn weights(path: &Path, network: &Network) -> Result<Parameters> {
    let weights = Weights::read(path)?;
    if weights.widths == network.widths() {
        return Ok(weights.parameters);
    }
    let (there, here) = (weights.widths, network.widths());
    let problem = format!("holds the weights of a {there:?} network, and {here:?} is asked for: see --hidden");
    Err(Error::Checkpoint { path: path.into(), problem })
}

/// The numbers that are computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    F32,
    F64,
}

impl Precision {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::F32, Self::F64]
            .into_iter()
            .find(|precision| precision.name() == text)
            .ok_or_else(|| Error::invalid("the precision", "f32 or f64", format_args!("'{text}'")))
    }
}

fn learning_rate(text: &str) -> Result<f64> {
    let rate = text.parse().map_err(|_| Error::invalid("the learning rate", "a number", format_args!("'{text}'")))?;
    check_learning_rate(rate).map(|()| rate)
}

/// A share between 0 and 1.
pub fn test_fraction(text: &str) -> Result<f64> {
    match text.parse::<f64>() {
        Ok(fraction) if fraction > 0.0 && fraction < 1.0 => Ok(fraction),
        _ => Err(Error::invalid("the test fraction", "a number between 0 and 1", format_args!("'{text}'"))),
    }
}

/// A finite number.
pub fn init_scale(text: &str) -> Result<f64> {
    match text.parse::<f64>() {
        Ok(scale) if scale.is_finite() => Ok(scale),
        _ => Err(Error::invalid("the scale of the initial weights", "a finite number", format_args!("'{text}'"))),
    }
}

/// A file that is to be written, in a folder that is there.
pub fn in_a_folder(what: &'static str, text: &str) -> Result<PathBuf> {
    let path = PathBuf::from(text);
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(Error::invalid(what, "in a folder that exists", format_args!("'{text}'")))
        }
        _ => Ok(path),
    }
}
