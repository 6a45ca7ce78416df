//! Diagnoses of runs in whose place another is examined: their device computes wrong, their file holds what is not finite,
//! or they stop early.

use std::time::Duration;

use super::digits::short;
use super::{Case, Cause, Change, Diagnosis, Listen, Trial, examine};
use crate::Result;
use crate::checkpoint::NotFinite;
use crate::fit::Chosen;
use crate::train::Status;

/// The share of a cost below which another is much lower.
const MUCH_LOWER: f64 = 0.8;

/// The diagnosis of a run on a device that was found to compute something else than the CPU, as `said`: the run is
/// examined on the CPU.
///
/// # Errors
/// Those of [`examine`].
pub fn examine_without(
    case: &Case<'_>,
    said: &str,
    patience: Duration,
    listen: Listen<'_>,
) -> Result<Option<Diagnosis>> {
    let Some(on_cpu) = examine(case, None, patience, listen)? else { return Ok(None) };
    if on_cpu.cause == Cause::StartNotFinite {
        // numbers that overflow on the CPU too cannot be compared: they accuse no device
        return Ok(Some(with(&[Change::OnCpu], on_cpu)));
    }
    let verdict = format!("the device computes wrong: {said}.");
    Ok(Some(instead(
        case,
        (Cause::WrongAdapter, verdict),
        vec![format!("on the CPU: {}", on_cpu.verdict)],
        &[Change::OnCpu],
        on_cpu,
    )))
}

/// The diagnosis of a run whose file of weights holds what is not finite: `case` is the run with these changes, which does
/// without it, and is examined in its place.
///
/// # Errors
/// Those of [`examine`].
pub fn examine_file(
    case: &Case<'_>,
    device: Option<Chosen>,
    found: &[NotFinite],
    changes: &[Change],
    patience: Duration,
    listen: Listen<'_>,
) -> Result<Option<Diagnosis>> {
    let Some(mended) = examine(case, device, patience, listen)? else { return Ok(None) };
    let Some(first) = found.first() else { return Ok(Some(mended)) };
    let layer = first
        .layer
        .map_or(String::new(), |layer| format!(", of layer {layer} of {}", case.run.parameters.layout().layers()));
    let (cause, what) = match first.is_moment {
        true => (Cause::NotFiniteMoments, "the weights are finite, and the next update hands it to them"),
        false => (Cause::StartNotFinite, "no learning rate mends this"),
    };
    let verdict = format!("the file is broken: {first}{layer}; {what}.");
    let mut because: Vec<String> = found.iter().map(NotFinite::to_string).collect();
    because.push(format!("without it: {}", mended.verdict));
    Ok(Some(instead(case, (cause, verdict), because, changes, mended)))
}

/// Where a run ended that stops early, with the weights of the lowest cost of the samples held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stopped {
    /// Updates that made those weights.
    pub iteration: u64,
    /// That cost.
    pub test_cost: f64,
}

/// The diagnosis of a run that stops early, from that of the same run to its end: going on may help much, and overfitting
/// is what it is spared.
pub fn stopped(case: &Case<'_>, at: Stopped, to_the_end: Diagnosis) -> Diagnosis {
    let Stopped { iteration, test_cost } = at;
    let looks = to_the_end.units.iter().filter_map(|look| Some((look.iteration, look.test_cost?)));
    let lowest = looks.min_by(|(_, a), (_, b)| a.total_cmp(b));
    let later = lowest.filter(|(_, lowest)| *lowest < MUCH_LOWER * test_cost);
    let here = format!(
        "it ends with the weights of iteration {iteration}, where the samples held out cost {}",
        short(test_cost)
    );
    let overfits = to_the_end.cause == Cause::Overfitting;
    match later {
        Some((at, lowest)) if overfits || !to_the_end.cause.is_failure() => {
            let verdict = format!("training stops too early: {here}, and {} at iteration {at}.", short(lowest));
            match overfits {
                // what spares it the rest is known
                true => Diagnosis { cause: Cause::StoppedTooEarly, verdict, ..with(&[Change::ToTheEnd], to_the_end) },
                false => instead(case, (Cause::StoppedTooEarly, verdict), Vec::new(), &[Change::ToTheEnd], to_the_end),
            }
        }
        None if overfits => {
            let verdict = format!("nothing is wrong: {here}, before it overfits.");
            Diagnosis { cause: Cause::Healthy, verdict, remedy: None, ..to_the_end }
        }
        _ => with(&[Change::ToTheEnd], to_the_end),
    }
}

/// The diagnosis of a run for these reasons, where another with these changes was examined in its place.
fn instead(
    case: &Case<'_>,
    (cause, verdict): (Cause, String),
    because: Vec<String>,
    changes: &[Change],
    examined: Diagnosis,
) -> Diagnosis {
    let reached = examined.device.clone().unwrap_or_default();
    let trial = Trial {
        changes: changes.to_vec(),
        status: if reached.diverged.is_some() { Status::Diverged } else { Status::Finished },
        iterations: reached.diverged.unwrap_or(case.iterations),
        first_cost: reached.first_cost,
        cost: reached.cost,
        accuracy: reached.accuracy,
        test_cost: examined.units.last().and_then(|look| look.test_cost),
        test_accuracy: examined.units.last().and_then(|look| look.test_accuracy),
        helps: !examined.cause.is_failure(),
    };
    let examined = with(changes, examined);
    Diagnosis {
        cause,
        verdict,
        because: [because, examined.because].concat(),
        remedy: trial.helps.then(|| trial.clone()).or(examined.remedy),
        trials: [vec![trial], examined.trials].concat(),
        ..examined
    }
}

/// What was tried was tried with these changes too, where it does not change the same.
fn with(changes: &[Change], mut examined: Diagnosis) -> Diagnosis {
    let kind = std::mem::discriminant::<Change>;
    for trial in examined.trials.iter_mut().chain(&mut examined.remedy) {
        let has = |change: &Change| trial.changes.iter().any(|other| kind(other) == kind(change));
        let more: Vec<Change> = changes.iter().filter(|change| !has(change)).cloned().collect();
        trial.changes.extend(more);
    }
    examined
}
