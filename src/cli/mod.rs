//! The command line: one file per subcommand, one line per error, and what the exit codes mean.

mod advice;
mod again;
mod arguments;
mod begun;
mod bench;
mod best;
mod compare;
mod completions;
mod device;
#[cfg(feature = "gpu")]
mod devices;
mod diagnose;
mod folds;
mod gradcheck;
mod largest;
mod manual;
mod merge;
mod output;
mod pace;
mod page;
#[cfg(feature = "plot")]
mod picture;
#[cfg(not(feature = "plot"))]
#[path = "no_pictures.rs"]
mod picture;
#[cfg(feature = "plot")]
mod plot;
mod predict;
#[cfg(feature = "plot")]
mod preview;
mod progress;
mod recipe;
mod reproduce;
#[cfg(feature = "gpu")]
mod selftest;
mod short_help;
mod show;
mod signals;
#[cfg(feature = "gpu")]
mod survey;
mod sweep;
#[cfg(feature = "plot")]
mod sweep_pictures;
mod table;
mod terminal;
mod train;
mod words;

use std::io;
use std::process::ExitCode;

use self::output::{print, print_as_it_is, print_json, tell};
#[cfg(not(feature = "plot"))]
use self::picture as sweep_pictures;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use planar::Error;

/// Trains small dense networks, above all that of the exercise "Planar data classification with one hidden layer", on any
/// GPU that Vulkan, Metal or DX12 reaches, or on the CPU.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES)]
#[command(disable_help_flag = true, args = short_help::flags())]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  planar train                 the notebook: flower, 4 hidden units, tanh
  planar train --data points.csv --plot run.svg
  planar devices               the GPUs that planar finds
  planar train -h              one line per flag; --help says all
Exit codes: 0 done, 1 failure, 2 wrong input, 3 no such adapter, 4 comparison failed
or cause found, 5 diverged, 128 + signal where stopped (130 Ctrl-C, 143 SIGTERM, 129 SIGHUP).";

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a network and print its costs and accuracy
    Train(Box<train::Arguments>),
    /// Predict classes, labels or numbers with a trained network
    Predict(predict::Arguments),
    #[cfg(feature = "plot")]
    /// Draw the boundary and the costs of a trained network
    Plot(plot::Arguments),
    /// Print what a checkpoint holds: shapes, settings, costs
    Show(show::Arguments),
    /// Train many networks side by side
    Sweep(Box<sweep::Arguments>),
    /// Compare a device with the f64 reference, or any two backends, tensor by tensor
    Compare(compare::Arguments),
    /// Find out why a training goes wrong
    Diagnose(diagnose::Arguments),
    /// Check the backward pass against central differences of the cost
    Gradcheck(gradcheck::Arguments),
    /// Try to reproduce the notebook's figures and the thread's claims
    Reproduce(reproduce::Arguments),
    #[cfg(feature = "gpu")]
    /// List the adapters, and which one `--device auto` takes
    Devices(devices::Arguments),
    #[cfg(feature = "gpu")]
    /// Check an adapter and its driver
    Selftest(selftest::Arguments),
    /// Measure every backend on this machine
    Bench(bench::Arguments),
    /// Print or install a script that completes commands, flags and values in a shell
    Completions(completions::Arguments),
    /// Print the manual page of planar or of a command, or write all to a folder
    Man(manual::Arguments),
}

/// How much is printed on stderr.
#[derive(Clone, Copy, Debug, Args)]
struct Verbosity {
    /// Print nothing but errors on stderr
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Print more on stderr: device, driver, time of each stage (-vv: wgpu's log too)
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Output")]
    verbose: u8,
}

impl Verbosity {
    fn start_log(self) {
        let level = match (self.quiet, self.verbose) {
            (true, _) => "off",
            (_, 0) => "off,planar=warn",
            (_, 1) => "off,planar=debug",
            _ => "info,planar=trace",
        };
        let mut log = env_logger::Builder::new();
        log.parse_filters(level)
            .format_timestamp(None)
            .target(env_logger::Target::Pipe(Box::new(output::Stderr)))
            .init();
    }

    /// Prints one line on stderr, unless quiet.
    fn say(self, line: impl std::fmt::Display) {
        if !self.quiet {
            tell(line);
        }
    }
}

/// How a command ended if nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Done,
    Disagrees,
    Diverged,
    Interrupted,
}

impl Ending {
    fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Disagrees => 4,
            Self::Diverged => 5,
            Self::Interrupted => 128 + signals::came().unwrap_or(signals::INTERRUPT),
        }
    }
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let ended = match &cli.command {
        Command::Train(arguments) => train::run(arguments),
        Command::Predict(arguments) => predict::run(arguments),
        #[cfg(feature = "plot")]
        Command::Plot(arguments) => plot::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Sweep(arguments) => sweep::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::Gradcheck(arguments) => gradcheck::run(arguments),
        Command::Diagnose(arguments) => diagnose::run(arguments),
        Command::Reproduce(arguments) => reproduce::run(arguments),
        #[cfg(feature = "gpu")]
        Command::Devices(arguments) => devices::run(arguments),
        #[cfg(feature = "gpu")]
        Command::Selftest(arguments) => selftest::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => manual::run(arguments),
    };
    match ended {
        Ok(ending) => ExitCode::from(ending.code()),
        // the reader of a pipe may close it at any time
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error);
            ExitCode::from(exit_code(&error))
        }
    }
}

/// Prints help and version as clap does, and an error as one line.
fn refuse(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
        || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    {
        // a closed pipe is not an error here either
        let _ = error.print();
        return ExitCode::from(error.exit_code() as u8);
    }
    let text = error.render().to_string();
    let said = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said = said.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    let line = said.collect::<Vec<_>>().join(" ").replace(" tip: ", "; ");
    tell(format_args!("{} (see --help)", line.strip_prefix("error: ").unwrap_or(&line)));
    ExitCode::from(2)
}

fn exit_code(error: &anyhow::Error) -> u8 {
    let advised = error.downcast_ref::<advice::Advised>().map(|advised| &advised.error);
    match advised.or_else(|| error.downcast_ref::<Error>()) {
        Some(Error::NoAdapter(_)) => 3,
        Some(Error::Wrong(_)) => 4,
        Some(Error::Invalid { .. } | Error::Mismatch(_) | Error::Conflict(_) | Error::Limit { .. }) => 2,
        Some(
            Error::Csv { .. }
            | Error::Text { .. }
            | Error::Io { .. }
            | Error::Results { .. }
            | Error::Checkpoint { .. }
            | Error::Overwrite { .. }
            | Error::Busy { .. },
        ) => 2,
        _ => 1,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
