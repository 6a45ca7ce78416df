//! `planar train --folds`: cross-validation, from settings to a table or one JSON object.

use planar::fit::{CrossValidated, FoldSettings, FoldsReport, Observer, cross_validate};
use planar::train::Status;

use super::advice::{Advise, of_training};
use super::{Ending, Verbosity, diagnose};
use crate::report::folds::summary;

pub fn run(
    settings: &FoldSettings,
    json: bool,
    verbosity: Verbosity,
    observer: &mut dyn Observer,
) -> anyhow::Result<Ending> {
    let mut validated = cross_validate(settings, observer).advise(of_training)?;
    let CrossValidated { report, .. } = &validated;
    if json {
        super::print_json(report)?;
    } else if !report.folds.is_empty() {
        super::print(&summary(&validated))?;
    }
    if let Some(failure) = validated.failures.drain(..).next() {
        return Err(failure.into());
    }
    Ok(ending(&validated.report, verbosity))
}

/// How the folds ended, and what is said of it.
fn ending(report: &FoldsReport, verbosity: Verbosity) -> Ending {
    let finds_out_why = || diagnose::command(std::env::args_os().skip(1), None, false);
    match report.status {
        Status::Finished | Status::Stopped => {
            if let Some(share) = not_beaten(report) {
                let (of, why) = (100.0 * share, finds_out_why());
                verbosity.say(format_args!(
                    "{of:.2} % is the share of the largest class, which samples held out do not beat; to find out why: {why}"
                ));
            }
            Ending::Done
        }
        Status::Interrupted => {
            verbosity.say(format_args!("interrupted after {} of {} folds", report.folds.len(), report.drawn.folds));
            Ending::Interrupted
        }
        Status::Diverged => {
            let diverged = report.folds.iter().filter(|fold| fold.status == Status::Diverged);
            let folds: Vec<String> = diverged.map(|fold| fold.fold.to_string()).collect();
            let fold = if folds.len() == 1 { "fold" } else { "folds" };
            super::tell(format_args!("diverged in {fold} {}; to find out why: {}", folds.join(", "), finds_out_why()));
            Ending::Diverged
        }
    }
}

/// The share of the largest class, if the accuracy on samples held out is no better.
fn not_beaten(report: &FoldsReport) -> Option<f64> {
    let share = report.data.classes.iter().map(|class| class.share).fold(0.0, f64::max);
    report.estimates.test_accuracy.filter(|accuracy| accuracy.mean <= share).map(|_| share)
}
