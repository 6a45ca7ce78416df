//! `planar sweep`: many networks side by side, and what became of them.

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use planar::backend::Backend;
use planar::data::{Dataset, Options, Source};
use planar::model::Activation;
use planar::sweep::grid::{Job, MOST_EVER, MOST_NETWORKS, Space};
use planar::sweep::range;
use planar::sweep::results::{Ended, Results, merge};
use planar::sweep::summary::{Configuration, configurations};
use planar::sweep::{self, Common, Progress};
use planar::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::arguments::{init_scale, test_fraction};
use super::device::DeviceArguments;
use super::progress::{self, NetworkBar};
use super::sweep_pictures::{BoundaryPicture, Pictures};
use super::{Ending, Verbosity};
use crate::report::sweep::table;

const MERGE_EXAMPLES: &str = "Examples:
  planar sweep merge part*.jsonl                        the table of all
  planar sweep merge part*.jsonl --out seeds.jsonl --heatmap seeds.svg
Exit codes: 0 done, 1 failure, 2 wrong input, such as a part that is missing.";

/// Networks that are tried for `--device auto`.
const SAMPLE: usize = 64;

const EXAMPLES: &str = "Examples:
  planar sweep --hidden 4,20 --learning-rate 0.01:1.2:log8 --init-seed 1..50
  planar sweep --random 200 --hidden 2..100 --learning-rate 0.01:1.2:log
  planar sweep --init-seed 1..1000 --out seeds.jsonl --resume   after a stop
  planar sweep --init-seed 1..1000 --out part2.jsonl --shard 2/8
  planar sweep merge part*.jsonl --out seeds.jsonl      the shards together
Exit codes: 0 done, 1 failure, 2 wrong input, 3 no such adapter, 130 interrupted (--resume goes on).";

/// Train many networks side by side: a grid, or some drawn at random.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    sweep: SweepArguments,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Put the parts of a sharded sweep together
    Merge(MergeArguments),
}

#[derive(Debug, clap::Args)]
#[command(after_help = MERGE_EXAMPLES)]
struct MergeArguments {
    /// The parts' results files
    #[arg(required = true, value_name = "FILE.jsonl")]
    parts: Vec<PathBuf>,
    /// Write the whole to this file
    #[arg(long, value_name = "FILE.jsonl", help_heading = "Output")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pictures: Pictures,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct SweepArguments {
    /// Data sets, as train has them: a list
    #[arg(long, value_name = "LIST", default_value = "flower", help_heading = "Data")]
    data: String,
    /// Samples of a generated data set, even [default: 400 for flower, else 200]
    #[arg(long, value_name = "M", allow_negative_numbers = true, help_heading = "Data")]
    samples: Option<usize>,
    /// Seed of a generated data set [default: 1]
    #[arg(long, value_name = "SEED", allow_negative_numbers = true, help_heading = "Data")]
    data_seed: Option<u32>,
    /// The CSV column that holds the label 0 or 1 [default: the last]
    #[arg(long, value_name = "COLUMN", help_heading = "Data")]
    label: Option<String>,
    /// Hold this share of each class, 0 to 1, out of training, and rank by it
    #[arg(long, value_name = "SHARE", value_parser = test_fraction, allow_negative_numbers = true, help_heading = "Data")]
    test_fraction: Option<f64>,
    /// Seed of what is held out [default: 1]
    #[arg(long, value_name = "SEED", requires = "test_fraction", allow_negative_numbers = true, help_heading = "Data")]
    test_seed: Option<u32>,

    /// Hidden units: a list, with ranges as in 1..20
    #[arg(long, value_name = "LIST", default_value = "4", allow_hyphen_values = true, help_heading = "Networks")]
    hidden: String,
    /// Activations: a list
    #[arg(long, value_name = "LIST", default_value = "tanh", help_heading = "Networks")]
    activation: String,
    /// Learning rates: a list, or a range as in 0.01:1.2:log8 or 0.1:1:lin4
    #[arg(
        long,
        value_name = "LIST|RANGE",
        default_value = "1.2",
        allow_hyphen_values = true,
        help_heading = "Networks"
    )]
    learning_rate: String,
    /// Iterations of full-batch gradient descent: a list
    #[arg(long, value_name = "LIST", default_value = "10000", allow_hyphen_values = true, help_heading = "Networks")]
    iterations: String,
    /// Seeds of the initial weights: a list, with ranges as in 1..50
    #[arg(long, value_name = "LIST", default_value = "2", allow_hyphen_values = true, help_heading = "Networks")]
    init_seed: String,
    /// Scale of the initial weights: randn times this
    #[arg(long, value_name = "SCALE", default_value_t = 0.01, value_parser = init_scale, allow_negative_numbers = true, help_heading = "Networks")]
    init_scale: f64,
    /// Draw so many networks at random instead of the whole grid; rates also from 0.01:1.2:log
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Networks")]
    random: Option<u64>,
    /// Seed of the draw [default: 1]
    #[arg(long, value_name = "SEED", requires = "random", allow_negative_numbers = true, help_heading = "Networks")]
    sweep_seed: Option<u64>,
    /// Train a grid of over a million networks
    #[arg(long, help_heading = "Networks")]
    yes: bool,
    /// Train every Nth network from the Kth on, 1 to N: for a job array
    #[arg(long, value_name = "K/N", value_parser = shard, help_heading = "Networks")]
    shard: Option<Shard>,

    #[command(flatten)]
    device: DeviceArguments,
    /// MiB that a batch of networks may take on the device [default: half of what the adapter allows]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true, help_heading = "Device")]
    memory: Option<u64>,

    /// Log the cost every N iterations [default: a tenth of the run]
    #[arg(long, value_name = "N", help_heading = "Output", allow_negative_numbers = true)]
    log_every: Option<u64>,
    /// Write a line of JSON for each network as it ends
    #[arg(long, value_name = "FILE.jsonl", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Go on with the file of --out where it stopped
    #[arg(long, requires = "out", help_heading = "Output")]
    resume: bool,
    #[command(flatten)]
    pictures: Pictures,
    #[command(flatten)]
    boundaries: BoundaryPicture,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

/// Every `of`th network from the `this`th on, counted from 1.
#[derive(Clone, Copy, Debug)]
struct Shard {
    this: u64,
    of: u64,
}

#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    sweep: &'a Value,
    configurations: &'a [Configuration],
    results: &'a [Ended],
    seconds: f64,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    match &arguments.command {
        Some(Command::Merge(arguments)) => merge_parts(arguments),
        None => arguments.sweep.run(),
    }
}

fn merge_parts(arguments: &MergeArguments) -> anyhow::Result<Ending> {
    let start = Instant::now();
    let (sweep, results) = merge(&arguments.parts)?;
    if let Some(out) = &arguments.out {
        Results::write(out, &sweep, &results)?;
    }
    print(&sweep, &results, arguments.json, start)?;
    arguments.pictures.draw(&results)?;
    Ok(Ending::Done)
}

fn print(sweep: &Value, results: &[Ended], json: bool, start: Instant) -> anyhow::Result<()> {
    let configurations = configurations(results);
    if json {
        let seconds = start.elapsed().as_secs_f64();
        let version = env!("CARGO_PKG_VERSION");
        super::print_json(&Report { version, sweep, configurations: &configurations, results, seconds })
    } else {
        super::print(&table(&configurations))
    }
}

impl SweepArguments {
    fn run(&self) -> anyhow::Result<Ending> {
        let start = Instant::now();
        self.verbosity.start_log();
        let jobs = self.jobs()?;
        let networks = jobs.len();
        let mine: Vec<Job> = match self.shard {
            Some(Shard { this, of }) => jobs.into_iter().filter(|job| job.job % of == this - 1).collect(),
            None => jobs,
        };
        let Some(largest) = mine.iter().max_by_key(|job| job.hidden) else {
            let wanted = format!("at most {networks}, the number of networks");
            return Err(Error::invalid("the number of shards", wanted, self.shard.map_or(0, |shard| shard.of)).into());
        };
        let options = Options { samples: self.samples, seed: self.data_seed, label: self.label.clone() };
        let data = largest.load(&options)?;
        // the widest first, and some that would train beside it
        let beside = mine.iter().filter(|job| job.group() == largest.group() && job.job != largest.job);
        let sample = std::iter::once(largest).chain(beside.take(SAMPLE - 1));
        let runs = sample.map(|job| job.run(&data, self.init_scale)).collect::<Result<Vec<_>>>()?;
        let iterations = mine.iter().map(|job| job.iterations).fold(0, u64::saturating_add);
        let backend = self.device.open(&data, &runs, iterations, self.verbosity)?;
        let common = Common {
            options,
            held_out: self.test_fraction.map(|fraction| (fraction, self.test_seed.unwrap_or(1))),
            init_scale: self.init_scale,
            log_every: self.log_every,
            memory: self.memory.map_or(backend.memory_limit() / 2, |mebibytes| mebibytes.saturating_mul(1 << 20)),
        };
        sweep::check(backend.as_ref(), &mine, &common)?;
        // those of other shards too, which are merged by this
        let sources = range::list::<Source>("the data sets", &self.data)?;
        let data = sources.iter().map(|source| source.load(&common.options)).collect::<Result<Vec<_>>>()?;
        self.boundaries.check(&data)?;
        let sweep = self.describe(backend.as_ref(), networks, &data);

        let (mut file, mut results) = match &self.out {
            None => (None, Vec::new()),
            Some(path) if self.resume => {
                let (file, found) = Results::resume(path, &sweep)?;
                if found.dropped {
                    let line =
                        format_args!("{}: the last line was cut off: that network is trained again", path.display());
                    self.verbosity.say(line);
                }
                (Some(file), found.ended)
            }
            Some(path) => match Results::create(path, &sweep) {
                Ok(file) => (Some(file), Vec::new()),
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                    let path = path.display();
                    let message = format!("{path} is there already: --resume goes on with it, or name another file");
                    return Err(Error::Mismatch(message).into());
                }
                Err(error) => return Err(error.into()),
            },
        };
        let ended: HashSet<u64> = results.iter().map(|ended| ended.job.job).collect();
        let left: Vec<Job> = mine.iter().filter(|job| !ended.contains(&job.job)).cloned().collect();

        progress::stop_on_ctrl_c();
        let bar = NetworkBar::new(mine.len() as u64, results.len() as u64, self.verbosity.quiet);
        let outcome = sweep::run(backend.as_ref(), &left, &common, |progress| {
            if let Progress::Ended(ended) = progress {
                if let Some(file) = &mut file {
                    file.add(&ended)?;
                }
                results.push(Ended { parameters: None, ..*ended });
                bar.ended(results.len() as u64);
            }
            Ok(if progress::is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        bar.finish();
        let finished = outcome?;
        results.sort_by_key(|ended| ended.job.job);
        print(&sweep, &results, self.json, start)?;
        if !results.is_empty() {
            self.pictures.draw(&results)?;
        }
        if finished {
            self.boundaries.draw(backend.as_ref(), &common, &results, self.verbosity)?;
            if progress::is_interrupted() {
                return Ok(Ending::Interrupted);
            }
        }
        if !finished {
            let how = if self.out.is_some() { ": the same command with --resume goes on" } else { "" };
            super::tell(format_args!("interrupted after {} of {} networks{how}", results.len(), mine.len()));
            return Ok(Ending::Interrupted);
        }
        Ok(Ending::Done)
    }

    /// The networks of the whole sweep.
    fn jobs(&self) -> Result<Vec<Job>> {
        let space = Space {
            data: range::list::<Source>("the data sets", &self.data)?,
            hidden: range::list("the hidden units", &self.hidden)?,
            activations: range::list::<Activation>("the activations", &self.activation)?,
            learning_rates: range::numbers("the learning rates", &self.learning_rate)?,
            iterations: range::list("the iterations", &self.iterations)?,
            init_seeds: range::list("the initial seeds", &self.init_seed)?,
        };
        space.check()?;
        let count = self.random.map_or_else(|| space.count(), Ok)?;
        let refuse = |wanted: String| Error::invalid("the number of networks", wanted, count);
        if count == 0 {
            return Err(refuse("at least 1".into()));
        }
        if count > MOST_EVER {
            return Err(refuse(format!("at most {MOST_EVER}, even with --yes: divide it into several sweeps")));
        }
        if count > MOST_NETWORKS && !self.yes {
            return Err(refuse(format!("at most {MOST_NETWORKS} unless --yes is given")));
        }
        match self.random {
            Some(count) => space.random(count, self.sweep_seed.unwrap_or(1)),
            None => space.grid(),
        }
    }

    /// What the sweep is, for the first line of its file: all that its results depend on.
    fn describe(&self, backend: &dyn Backend, networks: usize, data: &[Dataset]) -> Value {
        json!({
            "sweep": env!("CARGO_PKG_VERSION"),
            "networks": networks,
            "device": backend.device().name,
            "plan": self.device.plan(),
            "precision": self.device.precision.name(),
            "data": self.data,
            "data_sha256": data.iter().map(|data| data.sha256()).collect::<Vec<_>>(),
            "samples": self.samples,
            "data_seed": self.data_seed,
            "label": self.label,
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
        })
    }
}

fn shard(text: &str) -> Result<Shard> {
    let wrong = || Error::invalid("the shard", "K/N with K from 1 to N, as in 2/8", format_args!("'{text}'"));
    let (this, of) = text.split_once('/').ok_or_else(wrong)?;
    let (this, of) = (this.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?);
    if (1..=of).contains(&this) { Ok(Shard { this, of }) } else { Err(wrong()) }
}
