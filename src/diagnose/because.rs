//! The numbers that a verdict rests on, a line each.

use super::Cause;
use super::data::DataLook;
use super::digits::{percent, short};
use super::evidence::Evidence;
use super::words::{faults, nothing, several_labels, times, told};

/// The numbers that show it, a line each.
pub(super) fn because(cause: Cause, seen: &Evidence<'_>) -> Vec<String> {
    let DataLook { largest_share, ceiling, .. } = seen.data;
    let mut lines = vec![format!(
        "{}: from cost {} to {}{}",
        seen.device.name,
        short(seen.first_cost()),
        seen.device.cost.map_or("not finite".into(), short),
        seen.device.accuracy.map_or(String::new(), |accuracy| format!(", {}", told(seen, accuracy)))
    )];
    lines.push(format!("the best constant: cost {}, {}", nothing(seen), told(seen, largest_share)));
    if let Some(linear) = seen.linear {
        let as_well = if linear.cost <= seen.cost() { ", and so no worse than this network" } else { "" };
        lines.push(format!("a linear model: cost {}, {}{as_well}", short(linear.cost), told(seen, linear.accuracy)));
    }
    if ceiling < 1.0 {
        let contradicting = seen.data.contradicting;
        lines.push(format!(
            "no network passes {}: {contradicting} samples share their point with {}",
            told(seen, ceiling).trim_start_matches("accuracy "),
            if seen.run.network.tells_two_classes() { "the other label" } else { several_labels(seen) }
        ));
    }
    if !seen.data.faults.is_empty() && cause != Cause::BadlyScaledData {
        lines.push(format!("features: {}", faults(&seen.data.faults)));
    }
    if !seen.data.target_faults.is_empty() && cause != Cause::BadlyScaledTargets {
        lines.push(format!("targets: {}", faults(&seen.data.target_faults)));
    }
    if seen.is_deep() {
        let [first, last] = seen.reaches().map(times);
        lines.push(format!(
            "of what comes back to the last hidden layer, the first gets {first} at the start, {last} at the end"
        ));
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
