//! `planar diagnose`: why a training goes wrong.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use clap::CommandFactory;
use planar::Error;
use planar::data::HeldOut;
use planar::diagnose::{Case, Step, Stopped, examine_file, examine_without, stopped};
use planar::fit::{Advanced, DataSettings, Files, NOTHING_HELD_OUT, Observer, Settings, TRANSPOSED, choose, fit};
use planar::train::{CostAt, Status};

use super::advice::{Advise, of_device, of_training};
use super::arguments::{DataArguments, NetworkArguments, every};
use super::begun::{Begun, QUIET, flags};
use super::device::DeviceArguments;
use super::progress::{At, Progress};
use super::train::patience;
use super::{Ending, Verbosity, again, signals, table};
use crate::report::diagnose::DiagnoseReport;

/// The least time that the replay and what is tried may take; they may take as long as the run does.
const PATIENCE: Duration = Duration::from_secs(6);

const EXAMPLES: &str = "Examples:
  planar diagnose --activation relu --backward-activation tanh
  planar diagnose --activation relu --hidden 40 --learning-rate 30
  planar diagnose --data points.csv --hidden 200 --test-fraction 0.2
Exit codes: 0 healthy, 4 a cause is found, 1 failure, 2 wrong input, 3 no such adapter,
128 + signal where stopped.";

/// Find out why a training goes wrong, and try what mends it; takes the flags of train.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// Hold out the samples of this file: it has the columns of --data, by name or place, and labels
    #[arg(long, value_name = "FILE.csv", conflicts_with = "drawn_by_seed", help_heading = "Data")]
    test: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArguments,
    /// Diagnose what is left of the run of this checkpoint, from its weights and moments
    #[arg(long, value_name = "FILE.safetensors", conflicts_with = "init", help_heading = "Checkpoints")]
    resume: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArguments,
    /// Diagnose a training that stops after PATIENCE logged costs of the held-out samples without a lower one
    #[arg(long, value_name = "PATIENCE", allow_negative_numbers = true, help_heading = "Training", conflicts_with = "resume", value_parser = patience)]
    early_stopping: Option<u64>,
    /// How often the cost that stops a training early is logged, as train --log-every
    #[arg(long, value_name = "N", value_parser = every, requires = "early_stopping", help_heading = "Training", allow_negative_numbers = true)]
    log_every: Option<u64>,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

impl Arguments {
    /// The samples, and those held out.
    fn data(&self) -> DataSettings {
        let data = self.data.settings();
        let held_out = self.test.clone().map(HeldOut::File).or(data.held_out);
        DataSettings { held_out, ..data }
    }

    /// The training as it stops early.
    fn stopping(&self) -> Settings {
        Settings {
            data: self.data(),
            run: self.network.settings(self.data.output()),
            iterations: self.network.iterations,
            epochs: self.network.epochs,
            log_every: self.log_every,
            early_stopping: self.early_stopping,
            device: self.device.settings(),
            files: Files::default(),
            snapshots: false,
        }
    }
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let verbosity = arguments.verbosity;
    verbosity.start_log();
    planar::train::Schedule::new(arguments.network.iterations, None)?;
    let prepared = table::prepare(&arguments.data(), verbosity)?;
    if arguments.early_stopping.is_some() && prepared.held_out.is_none() {
        return Err(Error::Mismatch(NOTHING_HELD_OUT.into())).advise(of_training);
    }
    let data = prepared.data;
    let all = arguments.network.updates(&data);
    let settings = arguments.network.settings(arguments.data.output()).over(all);
    let precision = arguments.device.settings().precision;
    let begun = Begun::new(settings, arguments.resume.clone(), precision, &data, all, verbosity)?;
    let Begun { run, iterations, .. } = &begun;
    let iterations = *iterations;
    let case = Case { data: &data, held_out: prepared.held_out.as_ref(), run, iterations };
    let chosen = choose(&arguments.device.settings(), &data, std::slice::from_ref(run), iterations);
    signals::listen();
    let mut bars = Bars::new(iterations, verbosity.quiet);
    let mut listen = |step| bars.show(step);
    let diagnosis = match chosen {
        Err(Error::Wrong(said)) => examine_without(&case, &said, PATIENCE, &mut listen),
        chosen => {
            let chosen = chosen.advise(of_device)?;
            chosen.notes.iter().for_each(|note| verbosity.say(note));
            examine_file(&case, Some(chosen), &begun.broken, &begun.changes, PATIENCE, &mut listen)
        }
    };
    let Some(mut diagnosis) = diagnosis? else { return Ok(Ending::Interrupted) };
    if arguments.early_stopping.is_some() {
        let fitted = fit(&arguments.stopping(), &mut bars).advise(of_training)?;
        if fitted.report.status == Status::Interrupted {
            return Ok(Ending::Interrupted);
        }
        let last = &fitted.report.last;
        if let Some((iteration, test_cost)) = last.best_iteration.zip(last.test_cost) {
            diagnosis = stopped(&case, Stopped { iteration, test_cost }, diagnosis);
        }
    }
    drop(bars);
    let ending = if diagnosis.cause.is_failure() { Ending::Disagrees } else { Ending::Done };
    let report = DiagnoseReport {
        version: env!("CARGO_PKG_VERSION"),
        data: data.name().into(),
        network: format!("{:?}, {}", run.network.widths(), run.network.derivative()),
        learning_rate: run.learning_rate,
        iterations,
        are_numbers: data.targets().are_numbers(),
        command: diagnosis.remedy.as_ref().map(|remedy| begun.trains(std::env::args_os().skip(1), &remedy.changes)),
        flags: diagnosis.trials.iter().map(flags).collect(),
        diagnosis,
    };
    if arguments.json {
        super::print_json(&report)?;
    } else {
        super::print(&report.summary())?;
    }
    Ok(ending)
}

/// The bars of a diagnosis: one for the run on its device, one for each set of runs that are tried side by side.
struct Bars {
    iterations: u64,
    /// The bar that stands, of how much, and how much is done.
    bar: Option<(Progress, u64, u64)>,
    is_quiet: bool,
}

impl Bars {
    fn new(iterations: u64, is_quiet: bool) -> Self {
        Self { iterations, bar: None, is_quiet }
    }

    /// Shows how far the diagnosis is; breaks after a signal.
    fn show(&mut self, step: Step) -> ControlFlow<()> {
        let (of, at) = match step {
            Step::Training(CostAt { iteration, cost }) => {
                (self.iterations, At { iterations: iteration, cost: Some(cost), networks: None })
            }
            Step::Trying { iteration, of, networks } => {
                (of, At { iterations: iteration, cost: None, networks: Some(networks) })
            }
        };
        let goes_on = self.bar.as_ref().is_some_and(|(_, whole, done)| *whole == of && *done <= at.iterations);
        if !goes_on {
            self.bar = None; // the old one is wiped off before another stands
        }
        let (bar, _, done) = self.bar.get_or_insert_with(|| (Progress::new(of, 0, self.is_quiet), of, 0));
        *done = at.iterations;
        bar.show(at)
    }
}

impl Observer for Bars {
    fn advanced(&mut self, at: Advanced<'_>) -> ControlFlow<()> {
        self.show(Step::Training(at.at))
    }
}

/// The command that diagnoses what these arguments of `planar train` trained. Flags that `diagnose` does not have, and
/// those that affect only the output, are left out. `init` is the file of initial weights, if only the checkpoint has
/// it; `goes_on` says whether the run began with a checkpoint that is as it was.
pub fn command(arguments: impl Iterator<Item = OsString>, init: Option<&str>, goes_on: bool) -> String {
    let arguments: Vec<OsString> = arguments.collect();
    let cli = super::Cli::command();
    let own: Vec<&str> = cli
        .find_subcommand("diagnose")
        .into_iter()
        .flat_map(|command| command.get_arguments().map(|flag| flag.get_id().as_str()))
        .collect();
    let stops = arguments.iter().any(|argument| argument.to_string_lossy().starts_with("--early-stopping"));
    let has_folds = arguments.iter().any(|argument| argument.to_string_lossy().split('=').next() == Some("--folds"));
    let keeps = |flag: &clap::Arg| {
        let id = flag.get_id().as_str();
        // without folds, there is nothing that their seed draws
        let is_of_folds = has_folds && id == "test_seed";
        // what a run that diverged has left is no start
        own.contains(&id)
            && (stops || id != "log_every")
            && (goes_on || id != "resume")
            && !is_of_folds
            && !QUIET.contains(&id)
    };
    // what is added to the source by a run that began with --transposed
    let (file, is_transposed) = match init.map(|file| (file, file.strip_suffix(TRANSPOSED))) {
        Some((_, Some(file))) => (Some(file), true),
        Some((file, None)) => (Some(file), false),
        None => (None, false),
    };
    let added = [file.map(|file| ("--init", Some(file))), is_transposed.then_some(("--transposed", None))];
    let added: Vec<_> = added.into_iter().flatten().collect();
    again::command(arguments.into_iter(), ["train", "diagnose"], keeps, &added)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_has_what_says_what_was_trained_and_no_more() {
        let trained = [
            "train",
            "--hidden",
            "40",
            "--plot",
            "a b.svg",
            "--activation=relu",
            "--log-every=5",
            "--json",
            "-q",
            "--log-cost",
            "--data",
            "my data.csv",
        ];
        let of = |init| command(trained.into_iter().map(OsString::from), init, false);
        assert_eq!(of(None), "planar diagnose --hidden 40 --activation=relu --data 'my data.csv'");
        let init = "$(x).safetensors, transposed";
        assert!(of(Some(init)).ends_with("'my data.csv' --init '$(x).safetensors' --transposed"), "{}", of(Some(init)));
        let resumed = ["train", "--resume", "a", "--checkpoint", "b"].map(OsString::from);
        assert_eq!(command(resumed.clone().into_iter(), None, true), "planar diagnose --resume a");
        assert_eq!(command(resumed.into_iter(), None, false), "planar diagnose");
    }
}
