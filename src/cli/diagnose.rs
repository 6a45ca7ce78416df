//! `planar diagnose`: why a training goes wrong.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::time::Duration;

use clap::CommandFactory;
use planar::Error;
use planar::diagnose::{Case, Change, Step, Trial, examine, examine_without};
use planar::fit::{TRANSPOSED, choose};
use planar::train::CostAt;

use super::advice::{Advise, of_device, of_training};
use super::arguments::{DataArguments, NetworkArguments};
use super::device::DeviceArguments;
use super::progress::{At, Progress};
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
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let verbosity = arguments.verbosity;
    verbosity.start_log();
    planar::train::Schedule::new(arguments.network.iterations, None)?;
    let prepared = table::prepare(&arguments.data.settings(), verbosity)?;
    let data = prepared.data;
    let iterations = arguments.network.updates(&data);
    let settings = arguments.network.settings(arguments.data.output()).over(iterations);
    let run = settings.run(&data).advise(of_training)?;
    let case = Case { data: &data, held_out: prepared.held_out.as_ref(), run: &run, iterations };
    let chosen = choose(&arguments.device.settings(), &data, std::slice::from_ref(&run), iterations);
    signals::listen();
    let mut bars = Bars::new(iterations, verbosity.quiet);
    let mut listen = |step| bars.show(step);
    let diagnosis = match chosen {
        Err(Error::Wrong(said)) => examine_without(&case, &said, PATIENCE, &mut listen),
        chosen => {
            let chosen = chosen.advise(of_device)?;
            chosen.notes.iter().for_each(|note| verbosity.say(note));
            examine(&case, Some(chosen), PATIENCE, &mut listen)
        }
    };
    drop(bars);
    let Some(diagnosis) = diagnosis? else { return Ok(Ending::Interrupted) };
    let ending = if diagnosis.cause.is_failure() { Ending::Disagrees } else { Ending::Done };
    let report = DiagnoseReport {
        version: env!("CARGO_PKG_VERSION"),
        data: data.name().into(),
        network: format!("{:?}, {}", run.network.widths(), run.network.derivative()),
        learning_rate: run.learning_rate,
        iterations,
        command: diagnosis.remedy.as_ref().map(|remedy| trains(std::env::args_os().skip(1), &remedy.changes)),
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

/// A change as flags of train, and the flags that it takes the place of.
fn flag(change: &Change) -> (String, &'static [&'static str]) {
    match change {
        Change::Standardised => ("--scale standard".into(), &["scale"]),
        Change::LearningRate(rate) => (format!("--learning-rate {rate}"), &["learning_rate"]),
        Change::Start { seed, scale } => {
            let replaced = &["init_seed", "init_scale", "init", "transposed"];
            (format!("--init-seed {seed} --init-scale {scale}"), replaced)
        }
        Change::Hidden(units) => (format!("--hidden {units}"), &["hidden"]),
        Change::Activation(g) => (format!("--activation {g}"), &["activation"]),
        Change::OwnDerivative => (String::new(), &["backward_activation"]),
        Change::Iterations(iterations) => (format!("--iterations {iterations}"), &["iterations"]),
        Change::OnCpu => ("--device cpu".into(), &["device", "plan", "layout", "no_tune"]),
    }
}

/// What was changed, as flags.
fn flags(trial: &Trial) -> String {
    let of = |change: &Change| match change {
        Change::OwnDerivative => "without --backward-activation".into(),
        change => flag(change).0,
    };
    trial.changes.iter().map(of).collect::<Vec<_>>().join(" ")
}

/// The command that trains what these arguments of `planar diagnose` diagnose, with these changes.
fn trains(arguments: impl Iterator<Item = OsString>, changes: &[Change]) -> String {
    let changes: Vec<_> = changes.iter().map(flag).collect();
    let is_replaced = |id: &str| changes.iter().any(|(_, replaced)| replaced.contains(&id));
    let keeps = |flag: &clap::Arg| !is_replaced(flag.get_id().as_str()) && !QUIET.contains(&flag.get_id().as_str());
    let command = again::command(arguments, ["diagnose", "train"], keeps, &[]);
    let added = changes.iter().map(|(flag, _)| flag.as_str()).filter(|flag| !flag.is_empty());
    [command.as_str()].into_iter().chain(added).collect::<Vec<_>>().join(" ")
}

/// Flags that affect only the output.
const QUIET: [&str; 4] = ["json", "quiet", "verbose", "log_every"];

/// The command that diagnoses what these arguments of `planar train` trained. Flags that `diagnose` does not have, and
/// those that affect only the output, are left out. `init` is the file of initial weights, if only the checkpoint has
/// it.
pub fn command(arguments: impl Iterator<Item = OsString>, init: Option<&str>) -> String {
    let arguments: Vec<OsString> = arguments.collect();
    let cli = super::Cli::command();
    let own: Vec<&str> = cli
        .find_subcommand("diagnose")
        .into_iter()
        .flat_map(|command| command.get_arguments().map(|flag| flag.get_id().as_str()))
        .collect();
    let has_folds = arguments.iter().any(|argument| argument.to_string_lossy().split('=').next() == Some("--folds"));
    let keeps = |flag: &clap::Arg| {
        let id = flag.get_id().as_str();
        // without folds, there is nothing that their seed draws
        let is_of_folds = has_folds && id == "test_seed";
        own.contains(&id) && !is_of_folds && !QUIET.contains(&id)
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
        let of = |init| command(trained.into_iter().map(OsString::from), init);
        assert_eq!(of(None), "planar diagnose --hidden 40 --activation=relu --data 'my data.csv'");
        let init = "$(x).safetensors, transposed";
        assert!(of(Some(init)).ends_with("'my data.csv' --init '$(x).safetensors' --transposed"), "{}", of(Some(init)));
    }
}
