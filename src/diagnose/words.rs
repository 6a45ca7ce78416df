//! A diagnosis in plain words: what is wrong, and the numbers that show it. What to do about it is said by what was
//! tried.

use std::fmt;

use super::Cause;
use super::data::{Fault, FeatureFault};
use super::digits::{percent, short};
use super::evidence::Evidence;
use super::verdict::EXPLODES;
use crate::data::table::list;
use crate::model::Hidden;
use crate::optim::{Optimizer, Recipe};

/// The most faults that are listed.
const SHOWN: usize = 4;

/// The verdict, in a line.
pub(super) fn verdict(cause: Cause, seen: &Evidence<'_>, checked: &[usize], iterations: u64) -> String {
    let (rate, derivative) = (seen.run.learning_rate, seen.run.network.derivative());
    let (g, end) = (derivative.activation, ended(seen));
    let [dead, dead_at_end] = seen.dead();
    match cause {
        Cause::WrongAdapter => "the device computes wrong.".into(),
        Cause::WrongDerivative => {
            let said = seen.gradients.as_ref().map_or(String::new(), |check| check.verdict(derivative));
            said + &format!(". Put {g}'s own derivative into dZ1 = W2ᵀ·dZ2 ∘ g′(Z1); no learning rate mends this.")
        }
        Cause::StartNotFinite => {
            let weights = seen.run.parameters.values();
            let what = match weights.iter().filter(|theta| !(**theta as f32).is_finite()).count() {
                0 => format!("the cost is not finite, with weights of up to {}", short(largest(weights))),
                1 => "a weight is not finite in f32".into(),
                many => format!("{many} weights are not finite in f32"),
            };
            format!("the start is broken: before the first update {what}; no learning rate mends this.")
        }
        Cause::NotFiniteMoments => {
            "the optimiser's moments are not finite, which the next update hands to the weights.".into()
        }
        Cause::OneClass => match seen.are_numbers {
            false => "every sample is of one class: there is nothing to tell apart.".into(),
            true => "every sample has the same target: there is nothing to learn.".into(),
        },
        Cause::ContradictingLabels => format!(
            "the labels contradict each other: {} of {} samples lie at points that have {}, so that no network passes {}.",
            seen.data.contradicting,
            seen.samples,
            several_labels(seen),
            told(seen, seen.data.ceiling)
        ),
        Cause::BadlyScaledData if seen.data.is_constant => {
            "no feature varies: there is nothing to tell the classes apart by.".into()
        }
        Cause::BadlyScaledData => format!("the features are badly scaled: {}; {end}.", faults(&seen.data.faults)),
        Cause::BadlyScaledTargets => format!(
            "the targets are badly scaled: {}, and their errors, which the gradient consists of, are as large; {end}.",
            faults(&seen.data.target_faults)
        ),
        Cause::TooMuchRegularisation => {
            format!("too much regularisation: {} keeps the network from learning; {end}.", regularisation(seen))
        }
        Cause::TooMuchMomentum => {
            format!(
                "too much momentum: {} remembers gradients for so long that it overshoots; {end}.",
                seen.run.recipe.optimizer
            )
        }
        Cause::ExplodingGradients => format!("the gradients explode: {}; {end}.", explodes(seen)),
        Cause::VanishingGradients => {
            let [share, _] = seen.reaches();
            format!(
                "the gradients vanish: of what comes back to the last hidden layer {} reaches the first, {} layers below; \
                 {end}.",
                times(share),
                seen.run.network.hidden().len() - 1
            )
        }
        Cause::EqualUnits => {
            format!("the units start equal: those of a hidden layer have the same weights, and learn the same; {end}.")
        }
        Cause::StartTooLarge => {
            let [saturated, _] = seen.saturated();
            let how = match saturated > 0.5 {
                true => format!("{} of the slopes of {g} have vanished before the first update", percent(saturated)),
                false => format!(
                    "the first cost is {}, where knowing nothing costs {}",
                    short(seen.first_cost()),
                    nothing(seen)
                ),
            };
            format!("the start is too large: {how}; {end}.")
        }
        Cause::DeadUnits if dead >= 0.5 => format!(
            "dead units: {} fire on no sample at the start, so that their gradient is zero at any learning rate; {end}.",
            dead_units(seen, false)
        ),
        Cause::DeadUnits => {
            // the replay looks at the first layer alone
            let of_replay = seen.replay.dead.filter(|dead| dead.units > 0 && !seen.is_deep());
            let since = of_replay.map(|dead| dead.since);
            let since = since.or(seen.looks.iter().find(|look| look.dead() >= dead_at_end).map(|look| look.iteration));
            let since = since.map_or(String::new(), |at| format!(" since iteration {at}"));
            format!(
                "dead units: {} fire on no sample{since}: steps at a learning rate of {rate} have pushed them there; {end}.",
                dead_units(seen, true)
            )
        }
        Cause::SaturatedUnits => format!(
            "saturated units: {} of the slopes of {g} have vanished in training, {} at the start; {end}.",
            percent(seen.saturated()[1]),
            percent(seen.saturated()[0])
        ),
        Cause::LearningRateTooLarge => format!("the learning rate {rate} is too large: {}.", overshoots(seen)),
        Cause::LearningRateTooSmall => format!(
            "the learning rate {rate} is too small for {iterations} iterations: the cost went from {} to {}, where a larger \
             one gets further.",
            short(seen.first_cost()),
            short(seen.cost())
        ),
        Cause::RareClass => format!(
            "one class is rare: {} of the samples are of the other, and predicting that throughout is all that was learnt; \
             {end}.",
            percent(seen.data.largest_share)
        ),
        Cause::Plateau => format!("it is stuck on a plateau, where the gradient has all but vanished; {end}."),
        Cause::TooLittleCapacity if seen.is_linear() => {
            format!("too little capacity: {g} makes a linear model of the network; {end}.")
        }
        Cause::TooLittleCapacity => {
            let hidden = Hidden::from(seen.run.network.hidden().to_vec());
            let units =
                if hidden.only() == Some(1) { "1 hidden unit is".into() } else { format!("{hidden} hidden units are") };
            format!("too little capacity: {units} too few for these data; {end}.")
        }
        Cause::StoppedTooEarly => format!("training stops too early: {end} if it goes on."),
        Cause::Overfitting => {
            let last = seen.looks.last();
            let (cost, accuracy) = last.and_then(|last| last.test_cost.zip(last.test_accuracy)).unwrap_or_default();
            format!(
                "it overfits: since iteration {} the samples held out fare worse, and end at cost {}, {}; {end}.",
                seen.overfits_from().unwrap_or(0),
                short(cost),
                told(seen, accuracy).trim_start_matches("accuracy ")
            )
        }
        Cause::NothingLearnt => {
            let what = if seen.are_numbers { "say nothing about the targets" } else { "not tell the classes apart" };
            format!("nothing was learnt: {end}, and nothing that was tried gets further: the features may {what}.")
        }
        Cause::Undecided => {
            format!("undecided: {end}, and time ran out before all that may mend it was tried.")
        }
        Cause::SaturatedCost => {
            let (at, precision) = match (seen.replay.notebook_nan, seen.replay.notebook_nan_f32) {
                (Some(at), _) => (at, "f64"),
                (None, at) => (at.unwrap_or(0), "f32"),
            };
            format!(
                "training is healthy: only the notebook's cost formula is NaN, from iteration {at} on in {precision}, \
                 where σ(Z2) rounds to 0 or 1. The cost from the logit, max(z, 0) − z·y + ln(1 + e^−|z|), is finite."
            )
        }
        Cause::Healthy => {
            let gradients = match &seen.gradients {
                None => "the gradients were not checked".to_owned(),
                Some(_) if checked == seen.run.network.hidden() => "the gradients are right".into(),
                Some(_) => {
                    format!("the gradients are right, checked with {} hidden units", Hidden::from(checked.to_vec()))
                }
            };
            format!("nothing is wrong: {gradients}, all is finite, and {end}.")
        }
    }
}

/// `the cost ends at 0.693, accuracy 50 %, as the largest class has it`
fn ended(seen: &Evidence<'_>) -> String {
    if let Some(at) = seen.diverged() {
        return format!("it is not finite from iteration {at} on");
    }
    let accuracy = seen.accuracy();
    let as_constant = match accuracy <= seen.data.largest_share {
        false => "",
        true if seen.are_numbers => ", no better than naming the mean",
        true if seen.run.network.tells_two_classes() => ", no better than naming the largest class",
        true => ", no better than one answer to all",
    };
    format!("the cost ends at {}, {}{as_constant}", short(seen.cost()), told(seen, accuracy))
}

/// `accuracy 90 %`, or `R² 0.9` of numbers.
pub(super) fn told(seen: &Evidence<'_>, accuracy: f64) -> String {
    match seen.are_numbers {
        true => format!("R² {}", short(accuracy)),
        false => format!("accuracy {}", percent(accuracy)),
    }
}

/// What samples at one point have.
pub(super) fn several_labels(seen: &Evidence<'_>) -> &'static str {
    match () {
        () if seen.are_numbers => "several targets",
        () if seen.run.network.tells_two_classes() => "both labels",
        () => "several labels",
    }
}

/// `1/3000`, or in per cent what is not small.
pub(super) fn times(share: f64) -> String {
    match share {
        _ if share > 0.01 => percent(share),
        _ if share > 0.0 => format!("1 part in {}", short((1.0 / share).round())),
        _ => "nothing".into(),
    }
}

fn regularisation(seen: &Evidence<'_>) -> String {
    let Recipe { l2, dropout, optimizer, .. } = seen.run.recipe;
    let decays = matches!(optimizer, Optimizer::Adam { decay, .. } if decay > 0.0);
    let each = [
        (l2 > 0.0).then(|| format!("L2 of {l2}")),
        (!dropout.is_none()).then(|| format!("dropout of {}", dropout.rate)),
        decays.then(|| format!("the decay of {optimizer}")),
    ];
    list(&each.into_iter().flatten().collect::<Vec<_>>())
}

/// Where the gradient grows: from layer to layer at the start, or from update to update.
fn explodes(seen: &Evidence<'_>) -> String {
    let [grows, _] = seen.reaches();
    if grows > 1.0 && seen.looks[0].signals.len() > 2 && grows >= EXPLODES {
        return format!(
            "at the start, what comes back to the last hidden layer is {} times as much in the first",
            short(grows)
        );
    }
    let course = || seen.replay.norms.iter();
    let peak = course().max_by(|a, b| a.steepest().1.total_cmp(&b.steepest().1));
    course().next().zip(peak).map_or(String::new(), |(first, peak)| {
        let (layer, gradient) = peak.steepest();
        let before = first.layers.get(layer.saturating_sub(1)).map_or(0.0, |layer| layer.gradient);
        format!(
            "the elements of dW{layer} grow from {} to {} in {} iterations",
            short(before),
            short(gradient),
            peak.iteration - first.iteration
        )
    })
}

fn overshoots(seen: &Evidence<'_>) -> String {
    let first = if seen.first_cost().is_finite() { seen.first_cost() } else { seen.replay.first_cost };
    match seen.diverged() {
        Some(at) => format!("not finite from iteration {at} on"),
        None if seen.rose() => {
            let last = if seen.cost() > first { seen.cost() } else { seen.replay.last_cost };
            format!("the cost rises from {first:.4} to {last:.4}")
        }
        None if seen.is_above_constant() => {
            format!("the cost ends at {}, where knowing nothing costs {}", short(seen.cost()), nothing(seen))
        }
        None if seen.oscillates() => format!(
            "the cost swings by {} over the last quarter of the run, and rises in {} of its iterations",
            short(seen.device.late_swing),
            percent(seen.device.late_rises)
        ),
        None if seen.lost_ground() => format!(
            "the cost ends at {}, and was at {} on the way",
            short(seen.cost()),
            seen.device.lowest_cost.map_or(String::new(), short)
        ),
        None => format!("{}, where a smaller one gets further", ended(seen)),
    }
}

fn dead_units(seen: &Evidence<'_>, at_end: bool) -> String {
    let look = if at_end { seen.looks.last() } else { seen.looks.first() };
    let worst =
        look.into_iter().flat_map(|look| &look.layers).max_by(|a, b| (a.dead * b.units).cmp(&(b.dead * a.units)));
    let number = worst.and_then(|worst| look?.layers.iter().position(|layer| layer == worst)).unwrap_or(0) + 1;
    let place = if seen.is_deep() { format!(" in layer {number}") } else { String::new() };
    worst.map_or(String::new(), |layer| format!("{} of {}{place}", layer.dead, layer.units))
}

pub(super) fn faults(faults: &[FeatureFault]) -> String {
    let said: Vec<String> = faults.iter().take(SHOWN).map(FeatureFault::to_string).collect();
    match faults.len().saturating_sub(SHOWN) {
        0 => list(&said),
        more => format!("{}, and {more} more", said.join(", ")),
    }
}

impl fmt::Display for FeatureFault {
    /// `math lies around 51.2, give or take 27`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { feature, fault, mean, deviation } = self;
        let [mean, deviation] = [*mean, *deviation].map(short);
        match fault {
            Fault::Index => write!(f, "{feature} counts the samples"),
            Fault::Constant => write!(f, "{feature} is {mean} throughout"),
            Fault::Large | Fault::Offset => write!(f, "{feature} lies around {mean}, give or take {deviation}"),
            Fault::Tiny => write!(f, "{feature} varies by no more than {deviation}"),
            Fault::Unequal => write!(f, "{feature} varies by {deviation}, far less than others"),
        }
    }
}

/// What the best constant costs.
pub(super) fn nothing(seen: &Evidence<'_>) -> String {
    short(seen.data.constant_cost)
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()))
}
