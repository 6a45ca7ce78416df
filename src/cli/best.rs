//! The best network of a sweep: the command that makes it, and its checkpoint.

use std::path::{Path, PathBuf};

use planar::data::table::TableOptions;
use planar::fit::{Files, fit};
use planar::optim::{Decay, Optimizer, Recipe};
use planar::sweep::results::JobResult;
use planar::sweep::{Sweep, SweepSettings};
use planar::train::Status;
use serde::Serialize;
use serde_json::Value;

use super::advice::{Advise, of_training};
use super::table::TableArguments;
use super::terminal::Terminal;
use super::{Verbosity, again};
use crate::report::sweep::of_network;

/// The best network of a sweep.
#[derive(Serialize)]
pub struct Best<'a> {
    #[serde(flatten)]
    result: &'a JobResult,
    /// The command that trains it; with folds, on all samples.
    command: String,
}

impl<'a> Best<'a> {
    /// The best result of the sweep that a results file describes, and the command that makes it, into a file if there is one.
    pub fn new(sweep: &Value, result: &'a JobResult, file: Option<&Path>) -> Self {
        let mut flags = vec![("--data", result.job.data.clone())];
        let text = |key: &str| match &sweep[key] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let mut of = |flag, key| flags.extend(text(key).map(|value| (flag, value)));
        of("--samples", "samples");
        of("--data-seed", "data_seed");
        of("--label", "label");
        of("--scale", "scale");
        if !sweep["test_fraction"].is_null() {
            of("--test-fraction", "test_fraction");
            of("--test-seed", "test_seed");
        }
        let options: TableOptions = serde_json::from_value(sweep["table_options"].clone()).unwrap_or_default();
        flags.extend(TableArguments::flags(&options));
        let job = &result.job;
        // folds are trained on all samples, which leaves none to watch: as long as the best weights took
        let folds = !sweep["folds"].is_null();
        let iterations = result.best_iteration.filter(|_| folds).unwrap_or(job.iterations).max(1);
        flags.extend([
            ("--hidden", job.hidden.to_string()),
            ("--activation", job.activation.clone()),
            ("--learning-rate", job.learning_rate.to_string()),
            ("--iterations", iterations.to_string()),
            ("--init-seed", job.init_seed.to_string()),
        ]);
        flags.extend(of_recipe(&job.recipe));
        if !folds {
            flags.extend(text("early_stopping").map(|patience| ("--early-stopping", patience)));
        }
        let unless = |key: &str, default: &str| text(key).filter(|value| value != default);
        flags.extend(unless("init_scale", "0.01").map(|scale| ("--init-scale", scale)));
        flags.extend(text("log_every").map(|every| ("--log-every", every)));
        flags.extend(unless("precision", "f32").map(|precision| ("--precision", precision)));
        match result.device.starts_with("CPU") {
            true => flags.push(("--device", "cpu".into())),
            false => {
                flags.push(("--device", result.device.clone()));
                flags.extend(unless("plan", "auto").map(|plan| ("--plan", plan)));
            }
        }
        flags.extend(file.map(|file| ("--checkpoint", file.to_string_lossy().into_owned())));
        let flags: Vec<(&str, Option<&str>)> = flags.iter().map(|(flag, value)| (*flag, Some(&**value))).collect();
        Self { result, command: again::words(["planar".into(), "train".into()], &flags) }
    }
}

/// The flags of a recipe, as far as it is not plain gradient descent.
fn of_recipe(recipe: &Recipe) -> Vec<(&'static str, String)> {
    let Recipe { optimizer, rate, l2, clip_norm, dropout, batch_size, shuffle } = recipe;
    let mut flags = Vec::new();
    let mut add = |flag, is_usual: bool, value: String| {
        if !is_usual {
            flags.push((flag, value));
        }
    };
    add("--optimizer", *optimizer == Optimizer::Descent, optimizer.to_string());
    add("--l2", *l2 == 0.0, l2.to_string());
    add("--dropout", dropout.is_none(), dropout.rate.to_string());
    add("--dropout-seed", dropout.is_none() || dropout.seed == 1, dropout.seed.to_string());
    add("--batch-size", batch_size.is_none(), batch_size.unwrap_or(0).to_string());
    let usual = if batch_size.is_some() { Some(1) } else { None };
    add("--shuffle", *shuffle == usual, shuffle.map_or_else(|| "none".into(), |seed| seed.to_string()));
    add("--schedule", rate.decay == Decay::Constant, rate.decay.to_string());
    add("--warmup", rate.warmup == 0, rate.warmup.to_string());
    add("--clip-norm", clip_norm.is_none(), clip_norm.unwrap_or(0.0).to_string());
    flags
}

impl std::fmt::Display for Best<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "\nbest: {}\n{}", of_network(self.result), self.command)
    }
}

/// The file for the best network.
#[derive(Debug, clap::Args)]
pub struct BestArgument {
    /// Write the best network as a checkpoint: it is trained again, on all samples if there are folds
    #[arg(long, value_name = "FILE.safetensors", help_heading = "Output", value_parser = |text: &str| super::arguments::in_a_folder("the checkpoint", text))]
    best: Option<PathBuf>,
}

impl BestArgument {
    /// The file.
    pub fn path(&self) -> Option<&Path> {
        self.best.as_deref()
    }

    /// Trains the best network again, and writes its checkpoint, as far as it comes if a signal stops it.
    pub fn write(
        &self,
        settings: &SweepSettings,
        sweep: &Sweep,
        best: &JobResult,
        verbosity: Verbosity,
    ) -> anyhow::Result<()> {
        let Some(path) = &self.best else { return Ok(()) };
        // whether the file may be overwritten was said before the sweep
        let files = Files { checkpoint: Some(path.clone()), overwrite: true, ..Files::default() };
        let training = settings.training(sweep, best, files)?;
        let fitted = fit(&training, &mut Terminal::silent()).advise(of_training)?;
        if let Some(failure) = fitted.failures.into_iter().next() {
            return Err(failure.into());
        }
        if fitted.report.status != Status::Interrupted {
            verbosity.say(format_args!("the best network is in {}", path.display()));
        }
        Ok(())
    }
}
