//! A diagnosis in plain words: what is wrong, and the numbers that show it. What to do about it is said by what was
//! tried.

use std::fmt;

use super::data::{DataLook, Fault, FeatureFault};
use super::evidence::Evidence;
use super::{Cause, Change, NARROWER};
use crate::data::table::list;

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
        Cause::OneClass => "every sample is of one class: there is nothing to tell apart.".into(),
        Cause::ContradictingLabels => format!(
            "the labels contradict each other: {} of {} samples lie at points that have both labels, so that no network \
             passes {}.",
            seen.data.contradicting,
            seen.samples,
            percent(seen.data.ceiling)
        ),
        Cause::BadlyScaledData if seen.data.is_constant => {
            "no feature varies: there is nothing to tell the classes apart by.".into()
        }
        Cause::BadlyScaledData => format!("the features are badly scaled: {}; {end}.", faults(&seen.data.faults)),
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
            let since = seen.replay.dead.filter(|dead| dead.units > 0).map(|dead| dead.since);
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
            let units = seen.run.network.hidden()[0];
            let units = if units == 1 { "1 hidden unit is".into() } else { format!("{units} hidden units are") };
            format!("too little capacity: {units} too few for these data; {end}.")
        }
        Cause::Overfitting => {
            let last = seen.looks.last();
            let (cost, accuracy) = last.and_then(|last| last.test_cost.zip(last.test_accuracy)).unwrap_or_default();
            format!(
                "it overfits: since iteration {} the samples held out fare worse, and end at cost {}, {}; {end}.",
                seen.overfits_from().unwrap_or(0),
                short(cost),
                percent(accuracy)
            )
        }
        Cause::NothingLearnt => {
            format!(
                "nothing was learnt: {end}, and nothing that was tried gets further: the features may not tell the classes apart."
            )
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
                Some(_) => format!("the gradients are right, checked with {NARROWER} hidden units"),
            };
            format!("nothing is wrong: {gradients}, all is finite, and {end}.")
        }
    }
}

/// The numbers that show it, a line each.
pub(super) fn because(cause: Cause, seen: &Evidence<'_>) -> Vec<String> {
    let DataLook { largest_share, ceiling, .. } = seen.data;
    let mut lines = vec![format!(
        "{}: from cost {} to {}{}",
        seen.device.name,
        short(seen.first_cost()),
        seen.device.cost.map_or("not finite".into(), short),
        seen.device.accuracy.map_or(String::new(), |accuracy| format!(", accuracy {}", percent(accuracy)))
    )];
    lines.push(format!("the best constant: cost {}, accuracy {}", nothing(seen), percent(largest_share)));
    if let Some(linear) = seen.linear {
        lines.push(format!("a linear model: cost {}, accuracy {}", short(linear.cost), percent(linear.accuracy)));
    }
    if ceiling < 1.0 {
        let contradicting = seen.data.contradicting;
        lines.push(format!(
            "no network passes {}: {contradicting} samples share their point with the other label",
            percent(ceiling)
        ));
    }
    if !seen.data.faults.is_empty() && cause != Cause::BadlyScaledData {
        lines.push(format!("features: {}", faults(&seen.data.faults)));
    }
    if let [first, .., last] = &seen.looks[..] {
        let share = |gradient: f64, weights: f64| short(if weights > 0.0 { gradient / weights } else { 0.0 });
        lines.push(format!(
            "the gradient against the weights: {} at the start, {} at iteration {}",
            share(first.gradient, first.weights),
            share(last.gradient, last.weights),
            last.iteration
        ));
        let [dead, saturated] = [seen.dead(), seen.saturated()];
        if first.is_equal() && cause != Cause::EqualUnits {
            lines.push("the units of a hidden layer start with equal weights".into());
        }
        if dead[1] > 0.0 {
            lines.push(format!("dead units: {} at the start, {} at the end", percent(dead[0]), percent(dead[1])));
        }
        if saturated[1] > 0.0 {
            let [first, last] = saturated.map(percent);
            lines.push(format!("slopes that have vanished: {first} at the start, {last} at the end"));
        }
    }
    lines
}

/// `the cost ends at 0.693, accuracy 50 %, as the largest class has it`
fn ended(seen: &Evidence<'_>) -> String {
    if let Some(at) = seen.diverged() {
        return format!("it is not finite from iteration {at} on");
    }
    let accuracy = seen.accuracy();
    let as_constant =
        if accuracy <= seen.data.largest_share { ", no better than naming the largest class" } else { "" };
    format!("the cost ends at {}, accuracy {}{as_constant}", short(seen.cost()), percent(accuracy))
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
    let layers = look.into_iter().flat_map(|look| &look.layers);
    let worst = layers.max_by(|a, b| (a.dead * b.units).cmp(&(b.dead * a.units)));
    worst.map_or(String::new(), |layer| format!("{} of {}", layer.dead, layer.units))
}

fn faults(faults: &[FeatureFault]) -> String {
    list(&faults.iter().map(FeatureFault::to_string).collect::<Vec<_>>())
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

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standardised => f.write_str("standardised features"),
            Self::LearningRate(rate) => write!(f, "learning rate {rate}"),
            Self::Start { seed, scale } => write!(f, "weights of seed {seed}, scale {scale}"),
            Self::Hidden(units) => write!(f, "{units} hidden units"),
            Self::Activation(g) => g.fmt(f),
            Self::OwnDerivative => f.write_str("the activation's own derivative"),
            Self::Iterations(iterations) => write!(f, "{iterations} iterations"),
            Self::OnCpu => f.write_str("the CPU"),
        }
    }
}

fn nothing(seen: &Evidence<'_>) -> String {
    short(seen.data.constant_cost)
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()))
}

fn percent(share: f64) -> String {
    let rounded: f64 = format!("{:.2}", 100.0 * share).parse().unwrap_or(share);
    format!("{rounded} %")
}

/// A number in four digits.
fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.3e}").parse().unwrap_or(number);
    if rounded != 0.0 && !(1e-4..1e7).contains(&rounded.abs()) { format!("{rounded:e}") } else { rounded.to_string() }
}
