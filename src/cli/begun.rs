//! The run that `planar diagnose` is about, from its flags, and what was changed of it as flags of `planar train`.

use std::ffi::OsString;
use std::path::PathBuf;

use planar::backend::Run;
use planar::checkpoint::NotFinite;
use planar::data::Dataset;
use planar::diagnose::{Change, Trial};
use planar::fit::{Precision, RunSettings, Start, go_on_from};
use planar::model::InitScale;

use super::advice::{Advise, of_training};
use super::{Verbosity, again};

/// Flags that affect only the output.
pub const QUIET: [&str; 3] = ["json", "quiet", "verbose"];

/// Flags in whose place the weights of a checkpoint stand.
const OF_CHECKPOINT: [&str; 5] = ["resume", "iterations", "epochs", "init_seed", "init_scale"];

/// The run that is diagnosed, at its start or where a checkpoint left off.
pub struct Begun {
    pub run: Run,
    /// The iterations that are left.
    pub iterations: u64,
    /// What of its file is not finite.
    pub broken: Vec<NotFinite>,
    /// What was changed of the run so that it can train nevertheless.
    pub changes: Vec<Change>,
    /// The file that it goes on from.
    file: Option<PathBuf>,
}

impl Begun {
    /// From the settings of the run over all iterations, and the checkpoint that it goes on from.
    pub fn new(
        mut settings: RunSettings,
        file: Option<PathBuf>,
        precision: Precision,
        data: &Dataset,
        iterations: u64,
        verbosity: Verbosity,
    ) -> anyhow::Result<Self> {
        let read = file.as_ref().or(settings.start.file.as_ref());
        let found = read.map_or(Ok(Vec::new()), |path| NotFinite::all_of(path))?;
        // a new run takes nothing but the weights of its file
        let is_used = |found: &NotFinite| file.is_some() || found.is_of_start();
        let (broken, unused): (Vec<_>, Vec<_>) = found.into_iter().partition(is_used);
        let says = |found: &NotFinite| verbosity.say(format_args!("{found}, which --init leaves out"));
        unused.iter().for_each(says);
        let mut changes = Vec::new();
        match broken.iter().all(|found| found.is_moment) {
            true if !broken.is_empty() => {
                changes.push(Change::FreshMoments);
                settings.start.file = read.cloned();
            }
            true => {}
            false => {
                let scale = if settings.hidden.len() > 1 { InitScale::XAVIER } else { InitScale::default() };
                changes.push(Change::Start { seed: Start::default().seed, scale });
                settings.start = Start { scale, ..Start::default() };
            }
        }
        let mut run = settings.run(data).advise(of_training)?;
        let mut left = iterations;
        if let Some(path) = file.as_ref().filter(|_| broken.is_empty()) {
            left -= go_on_from(path, data, precision, &mut run).advise(of_training)?.min(iterations);
        }
        Ok(Self { run, iterations: left.max(1), broken, changes, file })
    }

    /// The command that trains what these arguments of `planar diagnose` diagnose, with these changes. What goes on from a
    /// checkpoint in another way is a new run from its weights, of the iterations that are left.
    pub fn trains(&self, arguments: impl Iterator<Item = OsString>, changes: &[Change]) -> String {
        let changed: Vec<_> = changes.iter().map(flag).collect();
        let goes_on = self.file.as_ref().map(|path| path.to_string_lossy());
        let is_replaced = |id: &str| {
            let is_of_checkpoint = goes_on.is_some() && OF_CHECKPOINT.contains(&id);
            // what was tried was trained to its end
            is_of_checkpoint
                || ["early_stopping", "log_every"].contains(&id)
                || changed.iter().any(|(_, replaced)| replaced.contains(&id))
        };
        let keeps = |flag: &clap::Arg| !is_replaced(flag.get_id().as_str()) && !QUIET.contains(&flag.get_id().as_str());
        let left = self.iterations.to_string();
        let has = |is: fn(&Change) -> bool| changes.iter().any(is);
        let starts = has(|change| matches!(change, Change::Start { .. }));
        let ends = has(|change| matches!(change, Change::Iterations(_)));
        let init = goes_on.as_deref().filter(|_| !starts).map(|path| ("--init", Some(path)));
        let iterations = goes_on.as_ref().filter(|_| !ends).map(|_| ("--iterations", Some(left.as_str())));
        let added: Vec<_> = init.into_iter().chain(iterations).collect();
        let command = again::command(arguments, ["diagnose", "train"], keeps, &added);
        let flags = changed.iter().map(|(flag, _)| flag.as_str()).filter(|flag| !flag.is_empty());
        [command.as_str()].into_iter().chain(flags).collect::<Vec<_>>().join(" ")
    }
}

/// A change as flags of train, and the flags that it takes the place of.
fn flag(change: &Change) -> (String, &'static [&'static str]) {
    match change {
        Change::Standardised => ("--scale standard".into(), &["scale"]),
        Change::StandardisedTargets => ("--scale-targets standard".into(), &["scale_targets"]),
        Change::LearningRate(rate) => (format!("--learning-rate {rate}"), &["learning_rate"]),
        Change::Start { seed, scale } => {
            let replaced = &["init_seed", "init_scale", "init", "transposed"];
            (format!("--init-seed {seed} --init-scale {scale}"), replaced)
        }
        Change::Hidden(units) => (format!("--hidden {units}"), &["hidden"]),
        Change::Activation(g) => (format!("--activation {g}"), &["activation"]),
        Change::OwnDerivative => (String::new(), &["backward_activation"]),
        Change::Iterations(iterations) => (format!("--iterations {iterations}"), &["iterations", "epochs"]),
        Change::Optimizer(rule) => (format!("--optimizer {rule}"), &["optimizer"]),
        Change::ClipNorm(norm) => (format!("--clip-norm {norm}"), &["clip_norm"]),
        Change::L2(lambda) => (format!("--l2 {lambda}"), &["l2"]),
        Change::Dropout(share) => (format!("--dropout {share}"), &["dropout"]),
        Change::FreshMoments => (String::new(), &["resume"]),
        Change::ToTheEnd => (String::new(), &["early_stopping"]),
        Change::OnCpu => ("--device cpu".into(), &["device", "plan", "layout", "no_tune"]),
    }
}

/// What was changed, as flags.
pub fn flags(trial: &Trial) -> String {
    let of = |change: &Change| match change {
        Change::OwnDerivative => "without --backward-activation".into(),
        Change::ToTheEnd => "without --early-stopping".into(),
        Change::FreshMoments => "--init in place of --resume".into(),
        change => flag(change).0,
    };
    trial.changes.iter().map(of).collect::<Vec<_>>().join(" ")
}
