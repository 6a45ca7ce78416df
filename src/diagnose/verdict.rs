//! The verdict: an ordered list of suspects. What convicts a suspect is the evidence alone, or a change that was tried
//! and is much better; otherwise the training is healthy.

use super::Cause;
use super::data::DataLook;
use super::evidence::Evidence;
use super::rate::rounded;
use super::trials::{Bench, Change, Trial};
use crate::Result;
use crate::gradcheck::GradientCheck;
use crate::model::Activation;

/// How many of the changes that help are asked whether they do so on samples unseen.
const HEARD: usize = 3;

/// What it takes to convict.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// Nothing more.
    Given,
    /// A change that helps, or that no other suspect's does.
    Likely,
    /// A change that helps.
    Open,
}

/// A cause that the evidence points to, and changes that would undo it.
struct Suspect {
    cause: Cause,
    proof: Proof,
    /// One thing changed.
    changes: Vec<Vec<Change>>,
    /// Several things changed: tried if nothing alone helps any suspect.
    combined: Vec<Vec<Change>>,
}

/// The cause, and the changes that help most.
pub(super) fn decide(seen: &Evidence<'_>, bench: &mut Bench<'_>) -> Result<(Cause, Option<Vec<Change>>)> {
    let suspects = suspects(seen);
    let heard = |suspect: &Suspect, changes: &[Vec<Change>], bench: &mut Bench<'_>| -> Result<Option<Vec<Change>>> {
        bench.try_all(changes)?;
        for best in best(suspect.cause, seen, bench, changes).into_iter().take(HEARD) {
            // what is given needs no proof, and what overshoots is better off in any case
            if suspect.proof == Proof::Given || seen.overshoots() || bench.generalises(&best)? {
                return Ok(Some(best));
            }
        }
        Ok(None)
    };
    for suspect in &suspects {
        let mut found = heard(suspect, &suspect.changes, bench)?;
        if suspect.proof == Proof::Given {
            if found.is_none() {
                found = heard(suspect, &suspect.combined, bench)?;
            }
            return Ok((suspect.cause, found));
        }
        if let Some(found) = found {
            return Ok((by_rate(suspect.cause, seen.run.learning_rate, &found), Some(found)));
        }
    }
    for suspect in &suspects {
        if let Some(found) = heard(suspect, &suspect.combined, bench)? {
            return Ok((suspect.cause, Some(found)));
        }
    }
    if let Some(likely) = suspects.iter().find(|suspect| suspect.proof == Proof::Likely) {
        return Ok((likely.cause, None));
    }
    Ok(match () {
        // without the trials, nobody is acquitted
        () if bench.out_of_time && seen.is_poor() => (Cause::Undecided, None),
        () if seen.failed() => (Cause::NothingLearnt, None),
        () if seen.replay.notebook_nan.or(seen.replay.notebook_nan_f32).is_some() => (Cause::SaturatedCost, None),
        () => (Cause::Healthy, None),
    })
}

/// Of the two causes that a rate has, the one that another rate mends.
fn by_rate(cause: Cause, own: f64, found: &[Change]) -> Cause {
    match found {
        [Change::LearningRate(rate)] if cause == Cause::LearningRateTooSmall && *rate < own => {
            Cause::LearningRateTooLarge
        }
        _ => cause,
    }
}

/// Of these changes those that help, the ones that reach the lowest cost first.
fn best(cause: Cause, seen: &Evidence<'_>, bench: &mut Bench<'_>, sets: &[Vec<Change>]) -> Vec<Vec<Change>> {
    let last_test = seen.looks.last().and_then(|look| look.test_cost);
    let overfits = cause == Cause::Overfitting;
    let cost = |trial: &Trial| if overfits { trial.test_cost } else { trial.cost };
    let helps = |trial: &Trial| match overfits {
        true => trial.test_cost.zip(last_test).is_some_and(|(cost, last)| cost < 0.9 * last),
        false => seen.is_helped_by(trial),
    };
    let tried = bench.trials.iter_mut().filter(|trial| sets.contains(&trial.changes));
    let helping = tried.filter_map(|trial| {
        trial.helps |= helps(trial);
        trial.helps.then(|| (cost(trial).unwrap_or(f64::INFINITY), trial.changes.clone()))
    });
    let mut helping: Vec<(f64, Vec<Change>)> = helping.collect();
    let is_lower = |changes: &[Change]| by_rate(cause, seen.run.learning_rate, changes) != cause;
    if helping.iter().any(|(_, changes)| is_lower(changes)) {
        // smaller steps would do no better if these were too small
        helping.retain(|(_, changes)| is_lower(changes));
    }
    helping.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    helping.into_iter().map(|(_, changes)| changes).collect()
}

/// Whom the evidence points to, in the order in which causes have effects.
fn suspects(seen: &Evidence<'_>) -> Vec<Suspect> {
    let mut suspects = Vec::new();
    let mut suspect = |cause, proof, changes: Vec<Vec<Change>>, combined: Vec<Vec<Change>>| {
        suspects.push(Suspect { cause, proof, changes, combined });
    };
    let run = seen.run;
    let DataLook { largest_share, ceiling, constant_cost, .. } = seen.data;
    let failed = seen.failed();
    let likely_if = |is_likely: bool| if is_likely { Proof::Likely } else { Proof::Open };
    let scaled = |with: Vec<Vec<Change>>| each(&[Change::Standardised], with);

    if seen.gradients.as_ref().is_some_and(GradientCheck::is_wrong) {
        let own = run.network.derivative().borrowed.map(|_| vec![Change::OwnDerivative]);
        suspect(Cause::WrongDerivative, Proof::Given, own.into_iter().collect(), vec![]);
    }
    let is_finite = run.parameters.values().iter().all(|theta| (*theta as f32).is_finite());
    let is_broken = !is_finite || (seen.device.diverged == Some(0) && !seen.data.is_badly_scaled());
    if is_broken {
        suspect(Cause::StartNotFinite, Proof::Given, starts(), each(&[Change::Standardised], starts()));
    }
    if largest_share == 1.0 {
        suspect(Cause::OneClass, Proof::Given, vec![], vec![]);
    }
    if seen.data.is_constant {
        suspect(Cause::BadlyScaledData, Proof::Given, vec![], vec![]);
    }
    // the labels account for nearly all that is wrong
    let (wrong, error) = (1.0 - seen.accuracy(), seen.error(seen.accuracy()));
    if 1.0 - ceiling >= 0.1 && seen.diverged().is_none() && error <= (0.25 * wrong).max(0.02) {
        suspect(Cause::ContradictingLabels, Proof::Given, vec![], vec![]);
    }
    if let Some(iteration) = seen.overfits_from().filter(|_| !failed) {
        let first = seen.looks.get(1).map_or(1, |look| look.iteration);
        let fewer = [1, 3, 10].map(|by| vec![Change::Iterations((iteration.max(first) / by).max(1))]);
        suspect(Cause::Overfitting, Proof::Given, fewer.into(), vec![]);
    }
    if seen.is_good() {
        return suspects;
    }
    if seen.data.is_badly_scaled() {
        let combined = [lower(run.learning_rate), higher(run.learning_rate)].concat();
        let combined = [scaled(combined), scaled(starts())].concat();
        suspect(Cause::BadlyScaledData, likely_if(false), vec![vec![Change::Standardised]], combined);
    }
    if seen.device.diverged == Some(0) {
        suspect(Cause::StartNotFinite, Proof::Likely, starts(), vec![]);
    }
    let ([dead, dead_at_end], [saturated, saturated_at_end]) = (seen.dead(), seen.saturated());
    let is_too_large = seen.first_cost() > 2.0 * constant_cost.max(0.5) || saturated > 0.5;
    let is_ill_begun = is_too_large || dead >= 0.5 || seen.looks[0].is_equal();
    let is_constant = largest_share >= 0.9 && seen.accuracy() <= largest_share && seen.cost() <= 1.2 * constant_cost;
    if is_constant && !is_ill_begun && dead_at_end < 1.0 {
        let changes = [higher(run.learning_rate), starts()].concat();
        suspect(Cause::RareClass, Proof::Given, changes, vec![]);
    }
    let starts_and_rates = || each_of(higher(run.learning_rate), starts());
    if seen.looks[0].is_equal() {
        let proof = if failed { Proof::Given } else { likely_if(seen.is_poor()) };
        suspect(Cause::EqualUnits, proof, starts(), starts_and_rates());
    }
    if is_too_large {
        let is_hopeless = failed && (seen.first_cost() > 5.0 || saturated > 0.9);
        let proof = if is_hopeless { Proof::Given } else { Proof::Open };
        suspect(Cause::StartTooLarge, proof, starts(), starts_and_rates());
    }
    let leaky = || vec![vec![Change::Activation(Activation::LeakyRelu { slope: 0.01 })]];
    if dead >= 0.5 {
        let proof = if failed && dead == 1.0 { Proof::Given } else { likely_if(failed) };
        suspect(Cause::DeadUnits, proof, [starts(), leaky()].concat(), starts_and_rates());
    } else if dead_at_end >= 0.5 {
        let changes = [lower(run.learning_rate), starts(), leaky()].concat();
        suspect(Cause::DeadUnits, likely_if(failed && dead_at_end == 1.0), changes, vec![]);
    }
    let overshoots = seen.overshoots();
    let is_unsteady = overshoots || seen.oscillates() || seen.lost_ground();
    // as dead: at the cost of a constant, and still
    let is_frozen = seen.is_stuck() && seen.cost() < 1.05 * constant_cost && !seen.oscillates();
    if saturated_at_end > 0.9 && saturated <= 0.5 && seen.is_poor() && (is_frozen || !is_unsteady) {
        let proof = likely_if(is_frozen);
        suspect(Cause::SaturatedUnits, proof, lower(run.learning_rate), vec![]);
    }
    if is_unsteady {
        let combined = each_of(lower(run.learning_rate), starts());
        suspect(Cause::LearningRateTooLarge, likely_if(overshoots), lower(run.learning_rate), combined);
    }
    let plateau = (Cause::Plateau, starts(), starts_and_rates());
    let rates = || [higher(run.learning_rate), lower(run.learning_rate)].concat();
    let slow = (Cause::LearningRateTooSmall, rates(), vec![]);
    // a gradient that has vanished is of a plateau, one that has not of too small a step
    let in_order = if seen.is_flat() && !seen.falls() { [plateau, slow] } else { [slow, plateau] };
    let is_single = run.network.hidden().contains(&1) && !seen.is_linear();
    let wide = || wider(run.network.hidden()[0]);
    if is_single {
        suspect(Cause::TooLittleCapacity, Proof::Open, wide(), vec![]);
    }
    for (cause, changes, combined) in in_order {
        let points_there = match cause {
            Cause::Plateau => seen.is_poor() && !is_ill_begun,
            _ => seen.falls() || seen.is_poor(),
        };
        if points_there && !overshoots {
            suspect(cause, Proof::Open, changes, combined);
        }
    }
    if seen.is_linear() {
        let tanh = vec![vec![Change::Activation(Activation::Tanh)]];
        suspect(Cause::TooLittleCapacity, Proof::Open, tanh, each(&[Change::Activation(Activation::Tanh)], starts()));
    } else if seen.is_poor() {
        let combined = [scaled(wide()), each_of(lower(run.learning_rate), wide())].concat();
        suspect(Cause::TooLittleCapacity, Proof::Open, wide(), if failed { combined } else { vec![] });
    }
    if 1.0 - ceiling >= 0.1 && failed {
        suspect(Cause::ContradictingLabels, Proof::Likely, vec![], vec![]);
    }
    suspects
}

/// Random weights of three scales, from as many seeds.
fn starts() -> Vec<Vec<Change>> {
    let of = |scale| [1, 2, 3].map(|seed| vec![Change::Start { seed, scale }]);
    [0.01, 0.3, 1.0].into_iter().flat_map(of).collect()
}

/// Networks that are wider, each from weights of two scales.
fn wider(units: usize) -> Vec<Vec<Change>> {
    let of = |hidden| [0.01, 1.0].map(|scale| vec![Change::Hidden(hidden), Change::Start { seed: 2, scale }]);
    [8, 32, 128].into_iter().filter(|hidden| *hidden >= 2 * units).flat_map(of).collect()
}

/// Smaller learning rates, rounded before they are tried.
fn lower(rate: f64) -> Vec<Vec<Change>> {
    let by = [2.0, 3.0, 6.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6];
    by.into_iter().map(|by| vec![Change::LearningRate(rounded(rate / by))]).collect()
}

/// Larger learning rates.
fn higher(rate: f64) -> Vec<Vec<Change>> {
    let by = [2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e5, 1e6];
    by.into_iter().map(|by| vec![Change::LearningRate(rounded(rate * by))]).collect()
}

/// Each of these sets with a first few changes before.
fn each(first: &[Change], sets: Vec<Vec<Change>>) -> Vec<Vec<Change>> {
    sets.into_iter().map(|set| [first, &set].concat()).collect()
}

/// Some of the pairs of these sets: those of the first four and of the sets of scale 1 or 0.3.
fn each_of(rates: Vec<Vec<Change>>, others: Vec<Vec<Change>>) -> Vec<Vec<Change>> {
    let some =
        |set: &&Vec<Change>| !set.iter().any(|change| matches!(change, Change::Start { scale, .. } if *scale < 0.1));
    let some: Vec<&Vec<Change>> = others.iter().filter(some).take(4).collect();
    rates.iter().take(4).flat_map(|rate| some.iter().map(move |other| [rate.as_slice(), other].concat())).collect()
}
