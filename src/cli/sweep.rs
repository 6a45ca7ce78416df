//! `planar sweep`: many networks trained side by side, and their results.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use planar::Error;
use planar::data::Options;
use planar::fit::NOTHING_HELD_OUT;
use planar::model::InitScale;
use planar::sweep::halving::Rung;
use planar::sweep::merge::REST_MISSING;
use planar::sweep::results::{JobResult, THERE_ALREADY};
use planar::sweep::summary::{Configuration, best, configurations};
use planar::sweep::{BATCH_MEMORY, Begin, OTHER_DEVICE, Shard, Sweep, SweepProgress, SweepSettings, UNDER_WAY};
use serde::Serialize;
use serde_json::Value;

use super::advice::{Advise, of_device, of_file, of_table};
use super::arguments::{every, seconds, test_fraction};
use super::best::{Best, BestArgument};
use super::device::DeviceArguments;
use super::progress::{At, Progress};
use super::recipe::RecipeLists;
use super::sweep_pictures::{BoundaryPicture, Pictures};
use super::table::{ScaleArgument, TableArguments, say};
use super::{Ending, Verbosity, merge, signals};
use crate::report::sweep::{rungs as of_rungs, table};

const EXAMPLES: &str = "Examples:
  planar sweep --hidden 4,20 --learning-rate 0.01:1.2:log8 --init-seed 1..50
  planar sweep --random 90 --lr 0.01:5:log --test-fraction 0.3 --halving 3
  planar sweep --init-seed 1..1000 --out seeds.jsonl --resume   continue
  planar sweep --init-seed 1..1000 --out part2.jsonl --shard 2/8
  planar sweep merge part*.jsonl --out seeds.jsonl      join the shards
Exit codes: 0 done, 1 failure, 2 wrong input, 3 no such adapter, 128 + signal where stopped (--resume continues).";

/// Train many networks side by side: a grid, or a random draw.
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
    /// Merge the parts of a sharded sweep
    Merge(merge::Arguments),
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("drawn_by_seed"))]
struct SweepArguments {
    /// Data sets, named as for train: a list
    #[arg(long, value_name = "LIST", default_value = "flower", help_heading = "Data")]
    data: String,
    /// Number of samples to generate, even [default: 400 for flower, otherwise 200]
    #[arg(long, value_name = "M", allow_negative_numbers = true, help_heading = "Data")]
    samples: Option<usize>,
    /// NumPy seed of a generated data set [default: 5 for blobs, otherwise 1]
    #[arg(long, value_name = "SEED", allow_negative_numbers = true, help_heading = "Data")]
    data_seed: Option<u32>,
    /// Hold out this share of each class, 0 to 1, and rank by the accuracy on it, or R² of numbers
    #[arg(long, value_name = "SHARE", group = "drawn_by_seed", value_parser = test_fraction, allow_negative_numbers = true, help_heading = "Data")]
    test_fraction: Option<f64>,
    /// Hold out each of K stratified folds from a network of its own, and rank by the mean accuracy on them, or R² of numbers
    #[arg(long, value_name = "K", group = "drawn_by_seed", allow_negative_numbers = true, help_heading = "Data")]
    folds: Option<usize>,
    /// Seed that selects the held-out samples [default: 1]
    #[arg(long, value_name = "SEED", requires = "drawn_by_seed", allow_negative_numbers = true, help_heading = "Data")]
    test_seed: Option<u32>,
    #[command(flatten)]
    table: TableArguments,
    #[command(flatten)]
    scale: ScaleArgument,

    /// Numbers of hidden units: a list, with ranges as in 1..20, and several layers as in 64x32
    #[arg(long, value_name = "LIST", default_value = "4", allow_hyphen_values = true, help_heading = "Networks")]
    hidden: String,
    /// Activations: a list
    #[arg(long, value_name = "LIST", default_value = "tanh", help_heading = "Networks")]
    activation: String,
    /// Learning rates: a list, or a range as in 0.01:1.2:log8 or 0.1:1:lin4
    #[arg(
        long,
        visible_alias = "lr",
        value_name = "LIST|RANGE",
        default_value = "1.2",
        allow_hyphen_values = true,
        help_heading = "Networks"
    )]
    learning_rate: String,
    /// Updates of the weights: a list
    #[arg(long, value_name = "LIST", default_value = "10000", allow_hyphen_values = true, help_heading = "Networks")]
    iterations: String,
    /// Epochs, in each of which every sample has its turn once: a list in the place of updates
    #[arg(
        long,
        value_name = "LIST",
        conflicts_with = "iterations",
        allow_hyphen_values = true,
        help_heading = "Networks"
    )]
    epochs: Option<String>,
    #[command(flatten)]
    recipe: RecipeLists,
    /// Seeds of the initial weights: a list, with ranges as in 1..50
    #[arg(long, value_name = "LIST", default_value = "2", allow_hyphen_values = true, help_heading = "Networks")]
    init_seed: String,
    /// Scale of the initial weights, a factor on randn: a number, he or xavier
    #[arg(
        long,
        value_name = "SCALE",
        default_value = "0.01",
        allow_negative_numbers = true,
        help_heading = "Networks"
    )]
    init_scale: InitScale,
    /// Draw this many networks at random, not the whole grid; rates may then be 0.01:1.2:log
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Networks")]
    random: Option<u64>,
    /// Seed of the draw [default: 1]
    #[arg(long, value_name = "SEED", requires = "random", allow_negative_numbers = true, help_heading = "Networks")]
    sweep_seed: Option<u64>,
    /// Allow a grid of over a million networks
    #[arg(long, help_heading = "Networks")]
    yes: bool,
    /// Let networks compete: at each rung one in ETA goes on, by the held-out cost, for ETA times as long
    #[arg(
        long,
        value_name = "ETA",
        conflicts_with = "shard",
        allow_negative_numbers = true,
        help_heading = "Networks"
    )]
    halving: Option<u64>,
    /// Train every Nth network from the Kth on, with K from 1 to N: for job arrays
    #[arg(long, value_name = "K/N", help_heading = "Networks")]
    shard: Option<Shard>,

    #[command(flatten)]
    device: DeviceArguments,
    /// Device memory in MiB per batch of networks [default: half of what the adapter allows]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true, help_heading = "Device")]
    memory: Option<u64>,

    /// Train batches that take about this many seconds each, so that results come steadily
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = seconds, allow_negative_numbers = true, help_heading = "Device")]
    batch_time: f64,

    /// Stop each network after PATIENCE logged costs of its held-out samples without a lower one, and keep its best weights
    #[arg(long, value_name = "PATIENCE", allow_negative_numbers = true, help_heading = "Training", conflicts_with = "halving", value_parser = super::train::patience)]
    early_stopping: Option<u64>,

    /// Log the cost every N iterations [default: a tenth of the run]
    #[arg(long, value_name = "N", value_parser = every, help_heading = "Output", allow_negative_numbers = true)]
    log_every: Option<u64>,
    /// Write one line of JSON per network as it ends
    #[arg(long, value_name = "FILE.jsonl", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Continue the sweep in the file of --out where it stopped
    #[arg(long, requires = "out", help_heading = "Output")]
    resume: bool,
    /// Overwrite files even if they hold anything else
    #[arg(long, conflicts_with = "resume", help_heading = "Output")]
    force: bool,
    /// Write the networks in training every SECONDS to FILE.jsonl.batch.safetensors, beside --out
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, value_parser = seconds, allow_negative_numbers = true, help_heading = "Output")]
    checkpoint_time: f64,
    /// Refuse to continue a file that another device began
    #[arg(long, requires = "resume", help_heading = "Output")]
    same_device: bool,
    #[command(flatten)]
    best: BestArgument,
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

#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    sweep: &'a Value,
    configurations: &'a [Configuration],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    rungs: &'a [Rung],
    #[serde(skip_serializing_if = "Option::is_none")]
    best: Option<&'a Best<'a>>,
    results: &'a [JobResult],
    seconds: f64,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    match &arguments.command {
        Some(Command::Merge(arguments)) => merge::run(arguments),
        None => arguments.sweep.run(),
    }
}

/// What stands below the table.
#[derive(Default)]
pub struct Below<'a> {
    pub rungs: Vec<Rung>,
    pub best: Option<Best<'a>>,
}

pub fn print(sweep: &Value, results: &[JobResult], below: &Below, json: bool, start: Instant) -> anyhow::Result<()> {
    let configurations = configurations(results);
    let (rungs, best) = (below.rungs.as_slice(), below.best.as_ref());
    if json {
        let seconds = start.elapsed().as_secs_f64();
        let version = env!("CARGO_PKG_VERSION");
        super::print_json(&Report { version, sweep, configurations: &configurations, rungs, best, results, seconds })
    } else {
        let of_rungs = match rungs {
            [] => String::new(),
            rungs => {
                let is_held_out = results.iter().any(|ended| ended.held_out().is_some());
                format!("\n{}", of_rungs(rungs, is_held_out))
            }
        };
        let best = best.map_or(String::new(), |best| best.to_string());
        super::print(&format!("{}{of_rungs}{best}", table(&configurations)))
    }
}

impl SweepArguments {
    fn run(&self) -> anyhow::Result<Ending> {
        let start = Instant::now();
        self.verbosity.start_log();
        let settings = self.settings();
        let sweep = Sweep::new(&settings).advise(advice)?;
        sweep.notices.iter().for_each(|notice| say(notice, self.verbosity));
        sweep.notes.iter().for_each(|note| self.verbosity.say(note));
        self.boundaries.check(&sweep)?;
        if let Some(path) = self.best.path() {
            settings.check_best(&sweep.jobs, path, self.force).advise(advice)?;
        }
        let begin = match (self.resume, self.force) {
            (true, _) => Begin::GoOn,
            (false, true) => Begin::Overwrite,
            (false, false) => Begin::New,
        };
        let mut opened = sweep.open(self.out.as_deref(), begin).advise(advice)?;
        if let (true, Some(path)) = (opened.dropped, &self.out) {
            let path = path.display();
            self.verbosity.say(format_args!("{path}: the last line was cut off, so that network is trained again"));
        }
        if opened.begun() > 0 {
            self.verbosity.say(format_args!("{} networks in training go on where they were", opened.begun()));
        }
        let here = sweep.devices();
        let is_other = |device: &&str| !here.iter().any(|here| here == device);
        let others: Vec<&str> = opened.devices().into_iter().filter(is_other).collect();
        if !others.is_empty() {
            let (others, here) = (others.join("; "), here.join(" and "));
            self.verbosity.say(format_args!("begun on {others}; goes on on {here}, which rounds in its own way"));
        }

        signals::listen();
        let networks = sweep.jobs.len();
        let mut bar = None;
        let finished =
            sweep.run(&mut opened, |SweepProgress { ended, networks, iterations, of, before, cost, .. }| {
                let bar = bar.get_or_insert_with(|| Progress::new(of, before, self.verbosity.quiet));
                bar.show(At { iterations, cost, networks: Some([ended as u64, networks as u64]) })
            });
        drop(bar);
        let rungs = opened.rungs(&sweep);
        let results = opened.results;
        let best = matches!(finished, Ok(true)).then(|| best(&results)).flatten();
        let below = Below { rungs, best: best.map(|best| Best::new(&sweep.description, best, self.best.path())) };
        if finished.is_ok() || !results.is_empty() {
            print(&sweep.description, &results, &below, self.json, start)?;
        }
        // the input was right when it began: what fails from then on is a failure, whatever file it concerns
        let finished = finished.map_err(|error| match error {
            Error::Io { .. } => anyhow::anyhow!("{error}"),
            error => error.into(),
        })?;
        if !results.is_empty() {
            self.pictures.draw(&results)?;
        }
        if !finished {
            let how = if self.out.is_some() { ": the same command with --resume continues" } else { "" };
            self.verbosity.say(format_args!("interrupted after {} of {networks} networks{how}", results.len()));
            return Ok(Ending::Interrupted);
        }
        self.boundaries.draw(&sweep, &results, self.verbosity)?;
        match best {
            Some(best) => self.best.write(&settings, &sweep, best, self.verbosity)?,
            None => return Ok(self.none_left(&below.rungs)),
        }
        Ok(if signals::came().is_some() { Ending::Interrupted } else { Ending::Done })
    }

    /// How a sweep ends in which no network is at its end.
    fn none_left(&self, rungs: &[Rung]) -> Ending {
        let Some(last) = rungs.last() else {
            if self.best.path().is_some() {
                super::tell("all networks diverged: there is no best one to write");
                return Ending::Diverged;
            }
            return Ending::Done;
        };
        super::tell(format_args!("no network is left after rung {}: all had diverged", last.rung));
        Ending::Diverged
    }

    fn settings(&self) -> SweepSettings {
        SweepSettings {
            data: self.data.clone(),
            options: Options {
                samples: self.samples,
                seed: self.data_seed,
                table: self.table.options(),
                scale: self.scale.scale,
                class_weights: self.table.class_weights(),
            },
            test_fraction: self.test_fraction,
            folds: self.folds,
            test_seed: self.test_seed,
            hidden: self.hidden.clone(),
            activation: self.activation.clone(),
            learning_rate: self.learning_rate.clone(),
            iterations: self.epochs.as_ref().unwrap_or(&self.iterations).clone(),
            in_epochs: self.epochs.is_some(),
            output: self.table.output(),
            recipe: self.recipe.recipe(),
            optimizer: self.recipe.optimizer.clone(),
            l2: self.recipe.l2.clone(),
            dropout: self.recipe.dropout.clone(),
            dropout_seed: self.recipe.dropout_seed.clone(),
            init_seed: self.init_seed.clone(),
            init_scale: self.init_scale,
            random: self.random,
            sweep_seed: self.sweep_seed,
            allow_many: self.yes,
            shard: self.shard,
            halving: self.halving,
            device: self.device.settings(),
            memory: self.memory.map(|mebibytes| mebibytes.saturating_mul(1 << 20)),
            log_every: self.log_every,
            early_stopping: self.early_stopping,
            same_device: self.same_device,
            batch_time: Duration::from_secs_f64(self.batch_time),
            checkpoint_every: Duration::from_secs_f64(self.checkpoint_time),
            curves: self.pictures.has_curves(),
        }
    }
}

/// What to do if a sweep cannot run as requested.
pub fn advice(error: &Error) -> Option<String> {
    match error {
        Error::Limit { limit: BATCH_MEMORY, allowed, .. } => Some(format!("--memory allows {allowed} MiB")),
        Error::Invalid { name: "the number of networks", wanted, .. }
            if wanted.ends_with("unless more are allowed") =>
        {
            Some("--yes allows them".into())
        }
        Error::Mismatch(said) if said == NOTHING_HELD_OUT => Some("--test-fraction or --folds holds some out".into()),
        Error::Results { problem, .. } if problem == THERE_ALREADY => {
            Some("--resume continues it, --force begins anew".into())
        }
        Error::Checkpoint { path, .. } if path.to_string_lossy().ends_with(UNDER_WAY) => {
            Some("remove it, and the networks in it are trained from their start".into())
        }
        Error::Results { problem, .. } if problem.starts_with(OTHER_DEVICE) => {
            Some("leave out --same-device, or use that device".into())
        }
        Error::Results { problem, .. } if problem.ends_with(REST_MISSING) => {
            Some("or --partial shows what is there".into())
        }
        error => of_file(error).or_else(|| of_table(error)).or_else(|| of_device(error)),
    }
}
