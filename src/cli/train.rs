//! `planar train`: from flags to a summary or one JSON object.

use std::path::{Path, PathBuf};

use planar::data::HeldOut;
use planar::files::check_apart;
use planar::fit::{DataSettings, Fitted, FoldSettings, Settings, fit};
use planar::train::Status;

use super::advice::{Advise, of_training};
use super::arguments::{DataArguments, FileArguments, NetworkArguments, every};
use super::device::DeviceArguments;
use super::picture::PictureArguments;
use super::terminal::Terminal;
use super::{Ending, Verbosity, again, diagnose, folds, largest};
use crate::report::cost;
use crate::report::train::summary;

const EXAMPLES: &str = "Examples:
  planar train --preview                 the notebook, drawn on the terminal
  planar train --data points.csv --folds 5      each fifth is held out in turn
  planar train --data points.csv --label class --test unseen.csv --plot run.svg
  planar train --iterations 1000000 --checkpoint run.safetensors
  planar train --iterations 1000000 --resume run.safetensors    continue
Exit codes: 0 done, 1 failure, 2 wrong input, 3 no such adapter, 5 diverged, 128 + signal where stopped.";

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
    #[arg(long, value_name = "K", group = "drawn_by_seed", conflicts_with_all = ["kept", "metrics", "drawn"], allow_negative_numbers = true, help_heading = "Data")]
    folds: Option<usize>,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    files: FileArguments,
    #[command(flatten)]
    picture: PictureArguments,

    /// Stop after PATIENCE logged costs of the held-out samples without a lower one, and keep the best weights
    #[arg(long, value_name = "PATIENCE", allow_negative_numbers = true, help_heading = "Training", value_parser = patience)]
    early_stopping: Option<u64>,
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
            run: self.network.settings(self.data.output()),
            iterations: self.network.iterations,
            epochs: self.network.epochs,
            log_every: self.log_every,
            early_stopping: self.early_stopping,
            device: self.device.settings(),
        }
    }
}

/// The patience of early stopping.
pub fn patience(text: &str) -> planar::Result<u64> {
    match text.parse() {
        Ok(patience) if patience > 0 => Ok(patience),
        _ => {
            let wanted = "a whole number of logged costs, at least 1";
            Err(planar::Error::invalid("the patience of early stopping", wanted, format_args!("'{text}'")))
        }
    }
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.verbosity.start_log();
    arguments.network.warn(arguments.verbosity);
    let mut terminal = Terminal::new(&arguments.picture, arguments.files.force, arguments.verbosity);
    if let Some(count) = arguments.folds {
        if arguments.log_every.is_some() && arguments.early_stopping.is_none() {
            return Err(planar::Error::Mismatch(
                "--log-every cannot be used with --folds unless --early-stopping is".into(),
            )
            .into());
        }
        return folds::run(&arguments.folds(count), arguments.json, arguments.verbosity, &mut terminal);
    }
    let settings = Settings {
        data: arguments.data(),
        run: arguments.network.settings(arguments.data.output()),
        iterations: arguments.network.iterations,
        epochs: arguments.network.epochs,
        log_every: arguments.log_every,
        early_stopping: arguments.early_stopping,
        device: arguments.device.settings(),
        files: arguments.files.settings(),
        snapshots: arguments.picture.has_film(),
    };
    let pictures: Vec<&Path> = arguments.picture.files().map(AsRef::as_ref).collect();
    check_apart(&pictures, settings.read())?;
    let _locks = arguments.picture.lock()?;
    let mut fitted = fit(&settings, &mut terminal).advise(of_training)?;
    let printed = if arguments.json { super::print_json(&fitted.report) } else { super::print(&summary(&fitted)) };
    let drawn = arguments.picture.draw(&fitted);
    // whatever failed, the rest is done and said first
    let files = fitted.failures.drain(..).map(anyhow::Error::from);
    let mut failures: Vec<_> = files.chain([printed, drawn].into_iter().filter_map(Result::err)).collect();
    let why = || finds_out_why(&fitted, &settings);
    if let Some(line) = rose(&fitted, why).or_else(|| largest::said(&fitted, why)) {
        arguments.verbosity.say(line);
    }
    let ending = ending(&fitted, &settings, arguments.verbosity);
    let Some(first) = (!failures.is_empty()).then(|| failures.remove(0)) else { return Ok(ending) };
    failures.iter().for_each(super::tell);
    Err(first)
}

/// How the run ended. If it diverged, prints the command that finds out why.
fn ending(fitted: &Fitted, settings: &Settings, verbosity: Verbosity) -> Ending {
    match fitted.report.status {
        Status::Finished | Status::Stopped => Ending::Done,
        Status::Interrupted => {
            verbosity.say(interrupted(fitted, settings));
            Ending::Interrupted
        }
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

/// What was done until a signal came, and the command that goes on with it.
fn interrupted(fitted: &Fitted, settings: &Settings) -> String {
    let (done, all) = (fitted.outcome.iterations, fitted.report.training.iterations);
    let how = match settings.files.kept() {
        Some(path) if path.is_file() => {
            let replaced = ["checkpoint", "resume", "init", "transposed", "force"];
            let keeps = |flag: &clap::Arg| !replaced.contains(&flag.get_id().as_str());
            let path = path.to_string_lossy();
            let resume = [("--resume", Some(&*path))];
            format!("to go on: {}", again::command(std::env::args_os().skip(1), ["train"; 2], keeps, &resume))
        }
        Some(_) => "nothing was there to keep".into(),
        None => "--checkpoint FILE would have kept what is done".into(),
    };
    format!("interrupted after {done} of {all} iterations; {how}")
}

/// One line, if a finished run ended above its first cost.
fn rose(fitted: &Fitted, command: impl FnOnce() -> String) -> Option<String> {
    let last = fitted.report.last.cost.filter(|_| fitted.report.status == Status::Finished)?;
    let first = fitted.report.costs.first()?.cost;
    let said = || format!("the cost ended above its first, {} after {}", cost(last, 6), cost(first, 6));
    (last > first).then(|| format!("{}; to find out why: {}", said(), command()))
}

/// The command that diagnoses this run.
fn finds_out_why(fitted: &Fitted, settings: &Settings) -> String {
    let of_checkpoint = fitted.report.init.as_deref().filter(|_| settings.run.start.file.is_none());
    let file = of_checkpoint.and_then(|start| start.strip_prefix("from "));
    // a checkpoint that the run has written over is no start any more
    let goes_on = settings.files.checkpoint.is_some() && !settings.files.begins_or_goes_on();
    diagnose::command(std::env::args_os().skip(1), file, goes_on)
}
