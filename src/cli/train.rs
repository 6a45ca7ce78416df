//! `planar train`: from flags to a summary or one JSON object.

use std::str::FromStr;
use std::time::Instant;

use planar::backend::{Backend, Run, check_learning_rate};
use planar::cpu::Reference;
use planar::data::{Dataset, Options, Source};
use planar::gpu::plan::PlanChoice;
use planar::gpu::{Adapter, Choice, Gpu};
use planar::model::{Activation, Network, Parameters};
use planar::report::train::{Seconds, TrainReport, Training};
use planar::train::{Schedule, Status, train};
use planar::{Error, Result};

use super::progress::{self, Progress};
use super::{Ending, Verbosity};

const EXAMPLES: &str = "Examples:
  planar train                                  the notebook: flower, 4 hidden units, tanh, 10,000 iterations
  planar train --hidden 277 --activation leaky-relu --learning-rate 0.073 --iterations 50000
  planar train --data points.csv --label class --json
Exit codes: 0 done, 1 failure, 2 wrong input, 3 no such adapter, 5 diverged, 130 interrupted.";

/// Train a network and print its costs and accuracy.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    device: DeviceArguments,

    /// Log the cost every N iterations [default: a tenth of the run]
    #[arg(long, value_name = "N", help_heading = "Output", allow_negative_numbers = true)]
    log_every: Option<u64>,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Data")]
struct DataArguments {
    /// flower, noisy-circles, noisy-moons, blobs, gaussian-quantiles, or a FILE.csv of numbers
    #[arg(long, value_name = "NAME|FILE.csv", default_value = "flower")]
    data: Source,
    /// Samples of a generated data set, even [default: 400 for flower, else 200]
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    samples: Option<usize>,
    /// Seed of a generated data set, NumPy's [default: 1]
    #[arg(long, value_name = "SEED", allow_negative_numbers = true)]
    data_seed: Option<u32>,
    /// The CSV column that holds the label 0 or 1 [default: the last]
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Network and training")]
struct NetworkArguments {
    /// Hidden units
    #[arg(long, value_name = "N", default_value_t = 4, allow_negative_numbers = true)]
    hidden: usize,
    /// tanh, sigmoid, relu, or leaky-relu:SLOPE (0.01 if none is given)
    #[arg(long, value_name = "NAME", default_value = "tanh")]
    activation: Activation,
    /// The learning rate
    #[arg(long, value_name = "RATE", default_value_t = 1.2, value_parser = learning_rate, allow_negative_numbers = true)]
    learning_rate: f64,
    /// Iterations of full-batch gradient descent
    #[arg(long, value_name = "N", default_value_t = 10_000, allow_negative_numbers = true)]
    iterations: u64,
    /// Seed of the initial weights, NumPy's
    #[arg(long, value_name = "SEED", default_value_t = 2, allow_negative_numbers = true)]
    init_seed: u32,
    /// Scale of the initial weights: randn times this
    #[arg(long, value_name = "SCALE", default_value_t = 0.01, value_parser = init_scale, allow_negative_numbers = true)]
    init_scale: f64,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Device")]
struct DeviceArguments {
    /// auto (a hardware GPU, else the CPU), cpu, gpu (a software adapter too), or part of an adapter's name
    #[arg(long, value_name = "auto|cpu|gpu|NAME", default_value = "auto")]
    device: String,
    /// How a GPU computes: layered (an operation a dispatch), or auto
    #[arg(long, value_name = "auto|layered", default_value_t = PlanChoice::Auto)]
    plan: PlanChoice,
    /// f32, or f64 on the CPU's reference
    #[arg(long, value_name = "f32|f64", default_value_t = Precision::F32)]
    precision: Precision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precision {
    F32,
    F64,
}

impl Precision {
    fn name(self) -> &'static str {
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

fn init_scale(text: &str) -> Result<f64> {
    match text.parse::<f64>() {
        Ok(scale) if scale.is_finite() => Ok(scale),
        _ => Err(Error::invalid("the scale of the initial weights", "a finite number", format_args!("'{text}'"))),
    }
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let (start, verbosity) = (Instant::now(), arguments.verbosity);
    verbosity.start_log();
    let NetworkArguments { hidden, activation, learning_rate, iterations, init_seed, init_scale } = arguments.network;
    let schedule = Schedule::new(iterations, arguments.log_every)?;
    let data = arguments.data.load()?;
    let network = Network::one_hidden(data.features(), hidden, activation)?;
    let backend = arguments.device.open(verbosity)?;
    let parameters = Parameters::initial(&network, init_seed, init_scale);
    let run = Run { network, parameters, learning_rate };
    let mut session = backend.load(&data, std::slice::from_ref(&run))?;
    let setup = start.elapsed();
    log::debug!("plan {} on {}, set up in {setup:.3?}", session.plan(), backend.device().name);

    progress::stop_on_ctrl_c();
    log::debug!("training begins");
    let bar = Progress::new(schedule.iterations(), verbosity.quiet);
    let outcome = train(session.as_mut(), schedule, |at| bar.show(at));
    bar.finish();
    let outcome = outcome?;

    let report = TrainReport {
        device: backend.device(),
        plan: session.plan(),
        data: &data,
        network: &run.network,
        training: Training {
            learning_rate,
            iterations,
            init_seed,
            init_scale,
            precision: arguments.device.precision.name(),
        },
        outcome: &outcome,
        seconds: Seconds::new(setup, start.elapsed()),
    };
    if arguments.json {
        super::print_json(&report.json())?;
    } else {
        super::print(&report.summary())?;
    }
    Ok(match outcome.status {
        Status::Finished => Ending::Done,
        Status::Interrupted => Ending::Interrupted,
        Status::Diverged => {
            let at = outcome.iterations;
            eprintln!("planar: diverged: not finite from iteration {at} on; a smaller --learning-rate may train");
            Ending::Diverged
        }
    })
}

impl DataArguments {
    fn load(&self) -> Result<Dataset> {
        let options = Options { samples: self.samples, seed: self.data_seed, label: self.label.clone() };
        self.data.load(&options)
    }
}

impl DeviceArguments {
    /// Opens what was asked for, and says what was taken where that was left open.
    fn open(&self, verbosity: Verbosity) -> Result<Box<dyn Backend>> {
        match self.device.as_str() {
            "cpu" => self.cpu(),
            "gpu" => self.gpu(&Choice::Any, verbosity),
            "auto" if self.precision == Precision::F64 => {
                verbosity.say("training on the CPU: f64 is for the CPU only");
                self.cpu()
            }
            "auto" => match Adapter::choose(&Adapter::all(), &Choice::Hardware) {
                Ok(adapter) => {
                    verbosity.say(format_args!("training on {adapter}, the first hardware GPU"));
                    self.opened(adapter)
                }
                Err(_) => {
                    verbosity.say("training on the CPU: there is no hardware GPU");
                    self.cpu()
                }
            },
            name => self.gpu(&Choice::Named(name.into()), verbosity),
        }
    }

    fn gpu(&self, choice: &Choice, verbosity: Verbosity) -> Result<Box<dyn Backend>> {
        if self.precision == Precision::F64 {
            let message = "f64 is for the CPU only, WGSL has no f64: use --device cpu or --precision f32";
            return Err(Error::Mismatch(message.into()));
        }
        let adapters = Adapter::all();
        let adapter = Adapter::choose(&adapters, choice)?;
        if adapter.is_software() {
            verbosity.say(format_args!("training on {adapter}: a software adapter, it computes on the CPU"));
        }
        self.opened(adapter)
    }

    fn opened(&self, adapter: &Adapter) -> Result<Box<dyn Backend>> {
        Ok(Box::new(Gpu::open(adapter)?.with_plan(self.plan)))
    }

    fn cpu(&self) -> Result<Box<dyn Backend>> {
        if self.plan != PlanChoice::Auto {
            let message = format!("--plan {} is a GPU's: add --device gpu, or leave it to auto", self.plan);
            return Err(Error::Mismatch(message));
        }
        Ok(match self.precision {
            Precision::F32 => Box::new(Reference::<f32>::new()),
            Precision::F64 => Box::new(Reference::<f64>::new()),
        })
    }
}
