//! `planar diagnose`: why a training goes wrong.

use std::ffi::OsString;
use std::time::Duration;

use clap::CommandFactory;
use planar::diagnose::{diagnose, on_device};
use planar::fit::{TRANSPOSED, choose};
use planar::train::Schedule;

use super::advice::{Advise, of_device, of_training};
use super::arguments::{DataArguments, NetworkArguments};
use super::device::DeviceArguments;
use super::progress::{At, Progress};
use super::{Ending, Verbosity, again, signals, table};
use crate::report::diagnose::DiagnoseReport;

/// The most time that the replay takes, and the search for a learning rate.
const PATIENCE: Duration = Duration::from_secs(20);

const EXAMPLES: &str = "Examples:
  planar diagnose --activation relu --backward-activation tanh
  planar diagnose --activation relu --hidden 40 --learning-rate 30
  planar diagnose --init weights.safetensors --learning-rate 5
Exit codes: 0 a diagnosis is made, 1 failure, 2 wrong input, 3 no such adapter, 
128 + signal where stopped.";

/// Find out why a training goes wrong; takes the flags of train.
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
    let iterations = arguments.network.iterations;
    let schedule = Schedule::new(iterations, None)?;
    let data = table::prepare(&arguments.data.settings(), verbosity)?.data;
    let run = arguments.network.settings().run(&data).advise(of_training)?;
    let settings = arguments.device.settings();
    let chosen = choose(&settings, &data, std::slice::from_ref(&run), iterations).advise(of_device)?;
    chosen.notes.iter().for_each(|note| verbosity.say(note));
    signals::listen();
    let mut bar = Progress::new(iterations, 0, verbosity.quiet);
    let device = on_device(chosen, &data, &run, schedule, |at| {
        bar.show(At { iterations: at.iteration, cost: Some(at.cost), networks: None })
    });
    bar.finish();
    let Some(device) = device? else { return Ok(Ending::Interrupted) };
    let diagnosis = diagnose(&data, &run, iterations, Some(device), PATIENCE)?;
    let report = DiagnoseReport {
        version: env!("CARGO_PKG_VERSION"),
        data: data.name().into(),
        network: format!("{:?}, {}", run.network.widths(), run.network.derivative()),
        learning_rate: run.learning_rate,
        iterations,
        diagnosis,
    };
    if arguments.json {
        super::print_json(&report)?;
    } else {
        super::print(&report.summary())?;
    }
    Ok(Ending::Done)
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
