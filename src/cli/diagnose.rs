//! `planar diagnose`: why a training goes wrong.

use std::ffi::OsString;
use std::time::Duration;

use clap::CommandFactory;
use planar::diagnose::{diagnose, on_device};
use planar::fit::choose;
use planar::train::Schedule;

use super::advice::{Advise, of_device, of_training};
use super::arguments::{DataArguments, NetworkArguments};
use super::device::DeviceArguments;
use super::progress::{self, Progress};
use super::{Ending, Verbosity, table};
use crate::report::diagnose::DiagnoseReport;

/// The most time that the replay takes, and the search for a learning rate.
const PATIENCE: Duration = Duration::from_secs(20);

const EXAMPLES: &str = "Examples:
  planar diagnose --activation relu --backward-activation tanh
  planar diagnose --activation relu --hidden 40 --learning-rate 30
  planar diagnose --init weights.safetensors --learning-rate 5
Exit codes: 0 a diagnosis is made, 1 failure, 2 wrong input, 3 no such adapter, 130 interrupted.";

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
    progress::stop_on_ctrl_c();
    let bar = Progress::new(iterations, verbosity.quiet);
    let device = on_device(chosen, &data, &run, schedule, |at| bar.show(at));
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
const QUIET: [&str; 7] = ["--json", "-q", "--quiet", "-v", "-vv", "--verbose", "--log-every"];

/// The command that diagnoses what these arguments of `planar train` trained. Flags that `diagnose` does not have, and
/// those that affect only the output, are left out. `init` is the file of initial weights, if only the checkpoint has
/// it.
pub fn command(arguments: impl Iterator<Item = OsString>, init: Option<&str>) -> String {
    let cli = super::Cli::command();
    let flags = |name: &str| cli.find_subcommand(name).into_iter().flat_map(|command| command.get_arguments());
    let arguments: Vec<String> = arguments.map(|argument| argument.to_string_lossy().into_owned()).collect();
    let has_folds = arguments.iter().any(|argument| argument.split('=').next() == Some("--folds"));
    let left_out = |argument: &str| {
        let name = argument.split('=').next().unwrap_or_default();
        let is_called = |flag: &&clap::Arg| {
            let short = flag.get_short().map(|short| format!("-{short}"));
            let long = flag.get_long().map(|long| format!("--{long}"));
            [short, long].into_iter().flatten().any(|of| of == name)
        };
        let of_train = flags("train").find(is_called).filter(|_| argument.starts_with('-'));
        // without folds, there is nothing that their seed draws
        let is_of_folds = has_folds && name == "--test-seed";
        of_train.filter(|_| is_of_folds || flags("diagnose").find(is_called).is_none() || QUIET.contains(&name))
    };
    let mut words = vec!["planar".to_owned()];
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match left_out(&argument) {
            Some(flag) if flag.get_action().takes_values() && !argument.contains('=') => drop(arguments.next()),
            Some(_) => {}
            None if argument == "train" && words.len() == 1 => words.push("diagnose".into()),
            None => words.push(quoted(&argument)),
        }
    }
    words.extend(init.map(|path| format!("--init {}", quoted(path))));
    words.join(" ")
}

/// A word quoted for a shell.
fn quoted(word: &str) -> String {
    match word.contains(|c: char| c.is_whitespace() || c == '\'') {
        true => format!("'{}'", word.replace('\'', r"'\''")),
        false => word.into(),
    }
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
        let command = command(trained.into_iter().map(OsString::from), None);
        assert_eq!(command, "planar diagnose --hidden 40 --activation=relu --data 'my data.csv'");
    }
}
