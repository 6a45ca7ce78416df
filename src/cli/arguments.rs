//! The flags for data, network and training, which several subcommands share.

use std::path::PathBuf;

use planar::backend::check_learning_rate;
use planar::data::{Dataset, HeldOut, Options, Source};
use planar::fit::{DataSettings, Files, RunSettings, Start};
use planar::model::{Activation, Hidden, InitScale, Output};
use planar::sweep::range::{self, Values};
use planar::{Error, Result};

use super::Verbosity;
use super::recipe::RecipeArguments;
use super::table::{ScaleArgument, TableArguments};

/// The data set.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Data", group = clap::ArgGroup::new("drawn_by_seed"))]
pub struct DataArguments {
    /// flower, noisy-circles, noisy-moons, blobs, gaussian-quantiles, spirals, xor, or a CSV file (- is stdin)
    #[arg(long, value_name = "NAME|FILE.csv", default_value = "flower")]
    data: Source,
    /// Number of samples to generate, even [default: 400 for flower, otherwise 200]
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    samples: Option<usize>,
    /// NumPy seed of a generated data set [default: 5 for blobs, otherwise 1]
    #[arg(long, value_name = "SEED", allow_negative_numbers = true)]
    data_seed: Option<u32>,
    /// Hold out this share of each class, 0 to 1, and also report the accuracy on it
    #[arg(long, value_name = "SHARE", group = "drawn_by_seed", value_parser = test_fraction, allow_negative_numbers = true)]
    test_fraction: Option<f64>,
    /// Seed that selects the held-out samples [default: 1]
    #[arg(long, value_name = "SEED", requires = "drawn_by_seed", allow_negative_numbers = true)]
    test_seed: Option<u32>,
    #[command(flatten)]
    table: TableArguments,
    #[command(flatten)]
    scale: ScaleArgument,
}

impl DataArguments {
    /// The data settings that these flags give.
    pub fn settings(&self) -> DataSettings {
        DataSettings {
            source: self.data.clone(),
            options: Options {
                samples: self.samples,
                seed: self.data_seed,
                table: self.table.options(),
                scale: self.scale.scale,
                class_weights: self.table.class_weights(),
            },
            held_out: self.test_fraction.map(|share| HeldOut::Fraction { share, seed: self.test_seed() }),
        }
    }

    /// What the network answers, if it is not for the data to say.
    pub fn output(&self) -> Option<Output> {
        self.table.output()
    }

    /// The seed that selects the held-out samples.
    pub fn test_seed(&self) -> u32 {
        self.test_seed.unwrap_or(1)
    }
}

/// The heading of the flags for training.
pub const TRAINING: &str = "Training";

/// The network and its training.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArguments {
    /// Number of hidden units; of several layers as in 64x32, the one nearest the inputs first
    #[arg(long, value_name = "N", default_value = "4", value_parser = hidden, allow_negative_numbers = true)]
    pub hidden: Hidden,
    /// tanh, sigmoid, relu, leaky-relu:SLOPE (0.01 if none is given), identity, elu, softplus, silu or gelu
    #[arg(long, value_name = "NAME", default_value = "tanh")]
    pub activation: Activation,
    /// Inject a bug: use this activation's derivative in the backward pass [default: the right one]
    #[arg(long, value_name = "NAME")]
    pub backward_activation: Option<Activation>,
    /// The learning rate, α in θ ← θ − α·dθ
    #[arg(long, visible_alias = "lr", value_name = "RATE", default_value_t = 1.2, value_parser = learning_rate, allow_negative_numbers = true, help_heading = TRAINING)]
    pub learning_rate: f64,
    /// Updates of the weights, as in 10000 or 1e4
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = iterations, allow_negative_numbers = true, help_heading = TRAINING)]
    pub iterations: u64,
    /// Train for N epochs, in each of which every sample has its turn once
    #[arg(long, value_name = "N", conflicts_with = "iterations", value_parser = epochs, allow_negative_numbers = true, help_heading = TRAINING)]
    pub epochs: Option<u64>,
    #[command(flatten)]
    recipe: RecipeArguments,
    /// NumPy seed of the initial weights
    #[arg(long, value_name = "SEED", default_value_t = 2, allow_negative_numbers = true, help_heading = TRAINING)]
    pub init_seed: u32,
    /// Scale of the initial weights, a factor on randn: a number, he (√(2/n)) or xavier (√(1/n))
    #[arg(long, value_name = "SCALE", default_value = "0.01", allow_negative_numbers = true, help_heading = TRAINING)]
    pub init_scale: InitScale,
    /// Start from the weights of any safetensors file (W1, b1, …, or PyTorch's names), not random ones
    #[arg(long, value_name = "FILE.safetensors", conflicts_with_all = ["init_seed", "init_scale"], help_heading = TRAINING)]
    init: Option<PathBuf>,
    /// The weights of --init are (inputs × units), as Keras has its kernels
    #[arg(long, requires = "init", help_heading = TRAINING)]
    transposed: bool,
}

impl NetworkArguments {
    /// Warns on stderr if the backward pass is wrong on purpose.
    pub fn warn(&self, verbosity: Verbosity) {
        if let Some(backward) = self.backward_activation.filter(|backward| *backward != self.activation) {
            let g = self.activation;
            verbosity.say(format_args!("a deliberate bug: the backward pass takes {backward}'s derivative, not {g}'s"));
        }
    }

    /// The updates that these flags give on a data set.
    pub fn updates(&self, data: &Dataset) -> u64 {
        self.epochs.map_or(self.iterations, |epochs| self.settings(None).updates(epochs, data))
    }

    /// The settings of the run that these flags give, with this output.
    pub fn settings(&self, output: Option<Output>) -> RunSettings {
        RunSettings {
            hidden: self.hidden.layers().to_vec(),
            activation: self.activation,
            backward_activation: self.backward_activation,
            output,
            learning_rate: self.learning_rate,
            recipe: self.recipe.recipe(),
            start: Start {
                seed: self.init_seed,
                scale: self.init_scale,
                file: self.init.clone(),
                transposed: self.transposed,
            },
        }
    }
}

/// The files that a training writes and resumes from.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Checkpoints", group = clap::ArgGroup::new("kept").multiple(true))]
pub struct FileArguments {
    /// Save the weights and all that --resume needs: every 30 s, on a signal such as Ctrl-C and at the end
    #[arg(long, value_name = "FILE.safetensors", group = "kept", value_parser = |text: &str| in_a_folder("the checkpoint", text))]
    checkpoint: Option<PathBuf>,
    /// Write the checkpoint every N iterations instead of every 30 seconds
    #[arg(long, value_name = "N", requires = "kept", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    checkpoint_every: Option<u64>,
    /// Resume a checkpoint of the same run and flags, and write to it; if --checkpoint names it too, it may be missing
    #[arg(long, value_name = "FILE.safetensors", group = "kept")]
    resume: Option<PathBuf>,
    /// Write iteration, cost and seconds as JSON while training, one line per logged cost
    #[arg(long, value_name = "FILE.jsonl", help_heading = "Output", value_parser = |text: &str| in_a_folder("the file of metrics", text))]
    metrics: Option<PathBuf>,
    /// Overwrite files that hold anything else than this run; a checkpoint of this run begins anew
    #[arg(long, help_heading = "Output")]
    pub force: bool,
}

impl FileArguments {
    /// The files that these flags name.
    pub fn settings(&self) -> Files {
        Files {
            checkpoint: self.checkpoint.clone(),
            checkpoint_every: self.checkpoint_every,
            resume: self.resume.clone(),
            metrics: self.metrics.clone(),
            overwrite: self.force,
        }
    }
}

/// The widths of one network's hidden layers.
pub fn hidden(text: &str) -> Result<Hidden> {
    no_list("the number of hidden units", "hidden", text)?;
    text.parse()
}

fn learning_rate(text: &str) -> Result<f64> {
    let name = "the learning rate";
    no_list(name, "learning-rate", text)?;
    let rate = text.parse().map_err(|_| Error::invalid(name, "a number", format_args!("'{text}'")))?;
    check_learning_rate(rate).map(|()| rate)
}

fn iterations(text: &str) -> Result<u64> {
    let name = "the number of iterations";
    no_list(name, "iterations", text)?;
    range::whole(name, text)
}

fn epochs(text: &str) -> Result<u64> {
    let name = "the number of epochs";
    no_list(name, "epochs", text)?;
    match range::whole(name, text)? {
        0 => Err(Error::invalid(name, "at least 1", 0)),
        epochs => Ok(epochs),
    }
}

/// How often something is done: every this many iterations.
pub fn every(text: &str) -> Result<u64> {
    range::whole("the logging interval", text)
}

/// Refuses a list or a range where one network is trained, and says which command takes it.
fn no_list(name: &'static str, flag: &str, text: &str) -> Result<()> {
    match range::numbers(name, text) {
        Ok(Values::List(values)) if values.len() == 1 => Ok(()),
        Ok(_) => {
            let wanted = format!("one number (planar sweep --{flag} {text} trains a network for each)");
            Err(Error::invalid(name, wanted, format_args!("'{text}'")))
        }
        Err(_) => Ok(()), // what it is instead is said by whoever reads the one number
    }
}

/// A share between 0 and 1.
pub fn test_fraction(text: &str) -> Result<f64> {
    match text.parse::<f64>() {
        Ok(fraction) if fraction > 0.0 && fraction < 1.0 => Ok(fraction),
        _ => Err(Error::invalid("the test fraction", "a number between 0 and 1", format_args!("'{text}'"))),
    }
}

/// A file to be written, in a folder that exists.
pub fn in_a_folder(what: &'static str, text: &str) -> Result<PathBuf> {
    let path = PathBuf::from(text);
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(Error::invalid(what, "in a folder that exists", format_args!("'{text}'")))
        }
        _ => Ok(path),
    }
}

/// A number of seconds.
pub fn seconds(text: &str) -> Result<f64> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3600.0 => Ok(seconds),
        _ => Err(Error::invalid("the time", "a number of seconds above 0, at most 3600", format_args!("'{text}'"))),
    }
}
