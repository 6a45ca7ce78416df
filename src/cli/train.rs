//! `planar train`: from flags to a summary or one JSON object.

use std::path::PathBuf;

use planar::data::HeldOut;
use planar::fit::{DataSettings, Fitted, FoldSettings, Settings, fit};
use planar::train::Status;

use super::advice::{Advise, of_training};
use super::arguments::{DataArguments, FileArguments, NetworkArguments, every};
use super::device::DeviceArguments;
use super::picture::PictureArguments;
use super::terminal::Terminal;
use super::{Ending, Verbosity, diagnose, folds, largest};
use crate::report::train::summary;

const EXAMPLES: &str = "Examples:
  planar train --preview                 the notebook, drawn on the terminal
  planar train --data points.csv --folds 5      each fifth is held out in turn
  planar train --data points.csv --label class --test unseen.csv --plot run.svg
  planar train --iterations 1000000 --checkpoint run.safetensors
  planar train --iterations 1000000 --resume run.safetensors    continue
Exit codes: 0 done, 1 failure, 2 wrong input, 3 no such adapter, 5 diverged, 130 interrupted.";

/// Train a network and print its costs and accuracy.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// Hold out the samples of this file: it has the columns of --data, by name or place, and labels
    #[arg(long, value_name = "FILE.csv", conflicts_with = "drawn_by_seed", help_heading = "Data")]
    test: Option<PathBuf>,
    /// Cross-validate: divide the samples into K stratified folds, and hold out each from a network of its own
    #[arg(long, value_name = "K", group = "drawn_by_seed", conflicts_with_all = ["kept", "metrics", "drawn", "log_every"], allow_negative_numbers = true, help_heading = "Data")]
    folds: Option<usize>,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    files: FileArguments,
    #[command(flatten)]
    picture: PictureArguments,

    /// Log the cost every N iterations [default: a tenth of the run]
    #[arg(long, value_name = "N", value_parser = every, help_heading = "Output", allow_negative_numbers = true)]
    log_every: Option<u64>,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

impl Arguments {
    /// The data settings that these flags give.
    fn data(&self) -> DataSettings {
        let data = self.data.settings();
        let held_out = self.test.clone().map(HeldOut::File).or(data.held_out);
        DataSettings { held_out, ..data }
    }

    /// The settings of a cross-validation with this many folds.
    fn folds(&self, folds: usize) -> FoldSettings {
        let DataSettings { source, options, .. } = self.data();
        FoldSettings {
            source,
            options,
            folds,
            seed: self.data.test_seed(),
            run: self.network.settings(),
            iterations: self.network.iterations,
            device: self.device.settings(),
        }
    }
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.verbosity.start_log();
    arguments.network.warn(arguments.verbosity);
    let mut terminal = Terminal::new(&arguments.picture, arguments.verbosity);
    if let Some(count) = arguments.folds {
        return folds::run(&arguments.folds(count), arguments.json, arguments.verbosity, &mut terminal);
    }
    let settings = Settings {
        data: arguments.data(),
        run: arguments.network.settings(),
        iterations: arguments.network.iterations,
        log_every: arguments.log_every,
        device: arguments.device.settings(),
        files: arguments.files.settings(),
        snapshots: arguments.picture.has_film(),
    };
    let mut fitted = fit(&settings, &mut terminal).advise(of_training)?;
    if arguments.json {
        super::print_json(&fitted.report)?;
    } else {
        super::print(&summary(&fitted))?;
    }
    arguments.picture.draw(&fitted)?;
    if let Some(failure) = fitted.failures.drain(..).next() {
        return Err(failure.into());
    }
    if let Some(line) = largest::said(&fitted, || finds_out_why(&fitted, &settings)) {
        arguments.verbosity.say(line);
    }
    Ok(ending(&fitted, &settings))
}

/// How the run ended. If it diverged, prints the command that finds out why.
fn ending(fitted: &Fitted, settings: &Settings) -> Ending {
    match fitted.report.status {
        Status::Finished => Ending::Done,
        Status::Interrupted => Ending::Interrupted,
        Status::Diverged => {
            super::tell(format_args!(
                "diverged: not finite from iteration {} on; to find out why: {}",
                fitted.outcome.iterations,
                finds_out_why(fitted, settings)
            ));
            Ending::Diverged
        }
    }
}

/// The command that diagnoses this run.
fn finds_out_why(fitted: &Fitted, settings: &Settings) -> String {
    let of_checkpoint = fitted.report.init.as_deref().filter(|_| settings.run.start.file.is_none());
    let file = of_checkpoint.and_then(|start| start.strip_prefix("from "));
    diagnose::command(std::env::args_os().skip(1), file)
}
