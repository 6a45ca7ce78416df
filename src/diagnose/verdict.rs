//! The verdict: an ordered list of suspects. What convicts a suspect is the evidence alone, or a change that was tried
//! and is much better; otherwise the training is healthy.

use super::Cause;
use super::change::Change;
use super::data::DataLook;
use super::evidence::Evidence;
use super::remedies::{
    Sets, clipped, each, each_of, gentler, higher, livelier, lower, shallower, shorter_memory, starts, weaker, wider,
};
use super::trials::{Bench, Trial};
use crate::Result;
use crate::gradcheck::GradientCheck;
use crate::model::Activation;

/// The largest share of what comes back to the last hidden layer that reaches the first where gradients vanish, and the
/// smallest where they explode.
const VANISHES: f64 = 0.03;
pub(super) const EXPLODES: f64 = 10.0;
/// How often the largest gradient of a layer is its first where gradients explode from update to update.
const GROWS: f64 = 1e3;
/// The share of the way to the lowest cost from which on no second change is looked for.
const FAR: f64 = 0.7;
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
    changes: Sets,
    /// Several things changed: tried if nothing alone helps any suspect.
    combined: Sets,
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
        if let Some(alone) = &found
            && (seen.is_deep() || suspect.cause == Cause::BadlyScaledTargets)
            && !is_far(seen, bench, alone)
        {
            let both = heard(suspect, &suspect.combined, bench)?;
            found = both.filter(|both| cost_of(bench, both) < cost_of(bench, alone)).or(found);
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

/// The cost that these changes reached.
fn cost_of(bench: &Bench<'_>, changes: &[Change]) -> f64 {
    bench.of(changes).and_then(|trial| trial.cost).unwrap_or(f64::INFINITY)
}

/// Whether these changes lead most of the way to the lowest cost.
fn is_far(seen: &Evidence<'_>, bench: &Bench<'_>, changes: &[Change]) -> bool {
    bench.of(changes).is_some_and(|trial| seen.reached(trial) >= FAR)
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
    let mut suspect = |cause, proof, changes: Sets, combined: Sets| {
        suspects.push(Suspect { cause, proof, changes, combined });
    };
    let run = seen.run;
    let DataLook { largest_share, ceiling, constant_cost, .. } = seen.data;
    let failed = seen.failed();
    let starts = || starts(&run.network);
    let likely_if = |is_likely: bool| if is_likely { Proof::Likely } else { Proof::Open };
    let scaled = |with: Sets| each(&[Change::Standardised], with);

    if seen.gradients.as_ref().is_some_and(GradientCheck::is_wrong) {
        let own = run.network.derivative().borrowed.map(|_| vec![Change::OwnDerivative]);
        suspect(Cause::WrongDerivative, Proof::Given, own.into_iter().collect(), vec![]);
    }
    let is_finite = run.parameters.values().iter().all(|theta| (*theta as f32).is_finite());
    let is_broken = !is_finite || (seen.device.diverged == Some(0) && !seen.data.is_badly_scaled());
    if is_broken {
        suspect(Cause::StartNotFinite, Proof::Given, starts(), each(&[Change::Standardised], starts()));
    }
    if constant_cost <= 0.0 {
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
    let is_unsteady = seen.overshoots() || seen.oscillates() || seen.lost_ground();
    let weaker = weaker(run);
    if !weaker.is_empty() && seen.is_poor() {
        suspect(Cause::TooMuchRegularisation, Proof::Open, weaker, vec![]);
    }
    let shorter = shorter_memory(run);
    if !shorter.is_empty() && (is_unsteady || seen.is_poor()) {
        suspect(Cause::TooMuchMomentum, Proof::Open, shorter, vec![]);
    }
    if !seen.data.target_faults.is_empty() {
        let standard = [Change::StandardisedTargets];
        let rates = [lower(run.learning_rate), gentler(run.learning_rate)].concat();
        suspect(Cause::BadlyScaledTargets, likely_if(failed), vec![standard.to_vec()], each(&standard, rates));
    }
    let is_badly_scaled = seen.data.is_badly_scaled();
    let of_scales = || {
        let combined = [lower(run.learning_rate), higher(run.learning_rate)].concat();
        (vec![vec![Change::Standardised]], [scaled(combined), scaled(starts())].concat())
    };
    if is_badly_scaled && !seen.data.is_harmless_to_steps() {
        let (changes, combined) = of_scales();
        suspect(Cause::BadlyScaledData, Proof::Open, changes, combined);
    }
    if seen.device.diverged == Some(0) {
        suspect(Cause::StartNotFinite, Proof::Likely, starts(), vec![]);
    }
    let ([dead, dead_at_end], [saturated, saturated_at_end]) = (seen.dead(), seen.saturated());
    let is_too_large = seen.first_cost() > seen.usual_first_cost() || saturated > 0.5;
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
    let [reaches, _] = seen.reaches();
    let grows = (reaches >= EXPLODES && is_too_large) || (seen.overshoots() && seen.growth() >= GROWS);
    if seen.is_deep() && grows {
        let changes = [starts(), clipped(run), lower(run.learning_rate)].concat();
        let combined = each_of(gentler(run.learning_rate), [clipped(run), starts()].concat());
        suspect(Cause::ExplodingGradients, likely_if(failed), changes, combined);
    }
    if is_too_large {
        let is_hopeless = failed && (seen.first_cost() > 5.0 * seen.unit() || saturated > 0.9);
        let proof = if is_hopeless { Proof::Given } else { Proof::Open };
        suspect(Cause::StartTooLarge, proof, starts(), starts_and_rates());
    }
    let leaky = || vec![vec![Change::Activation(Activation::LeakyRelu { slope: 0.01 })]];
    if seen.is_deep() && reaches <= VANISHES && seen.is_poor() && !is_ill_begun {
        let alone = [starts(), livelier(run.network.activation()), shallower(&run.network)].concat();
        let combined = each_of(gentler(run.learning_rate), [livelier(run.network.activation()), starts()].concat());
        suspect(Cause::VanishingGradients, likely_if(failed), alone, combined);
    }
    if dead >= 0.5 {
        let proof = if failed && dead == 1.0 { Proof::Given } else { likely_if(failed) };
        suspect(Cause::DeadUnits, proof, [starts(), leaky()].concat(), starts_and_rates());
    } else if dead_at_end >= 0.5 {
        let changes = [lower(run.learning_rate), starts(), leaky()].concat();
        suspect(Cause::DeadUnits, likely_if(failed && dead_at_end == 1.0), changes, vec![]);
    }
    let overshoots = seen.overshoots();
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
    let wide = || wider(&run.network);
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
    if is_badly_scaled && seen.data.is_harmless_to_steps() && !overshoots {
        let (changes, combined) = of_scales();
        suspect(Cause::BadlyScaledData, Proof::Open, changes, combined);
    }
    if 1.0 - ceiling >= 0.1 && failed {
        suspect(Cause::ContradictingLabels, Proof::Likely, vec![], vec![]);
    }
    suspects
}
