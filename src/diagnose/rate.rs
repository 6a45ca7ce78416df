//! The largest learning rate that trains a network for a given number of iterations.

use std::ops::ControlFlow;
use std::time::Duration;

use web_time::Instant;

use crate::Result;
use crate::backend::{Backend, Run, check_learning_rate};
use crate::cpu::Engine;
use crate::data::Dataset;
use crate::train::{Event, Schedule, Status, train_all};

/// Rates that are tried side by side.
const TRIED: i32 = 8;
/// Rounds: by powers of two, then within the octave, then within an eighth of it.
const ROUNDS: i32 = 3;

/// What the search for a learning rate found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LargestRate {
    /// The largest rate that trains, if one was found.
    pub rate: Option<f64>,
    /// Whether time ran out before the search was done.
    pub out_of_time: bool,
}

/// A positive number rounded down to 3 significant digits, so that a printed rate does not overshoot.
///
/// ```
/// assert_eq!(planar::diagnose::round_down(0.000_136_9).to_string(), "0.000136");
/// ```
pub fn round_down(value: f64) -> f64 {
    let exponent = (value.log10().floor() as i32).saturating_sub(2);
    let digits = (value / 10_f64.powi(exponent)).floor();
    // parsed from decimals: digits·10^exponent in binary would print more digits
    format!("{digits}e{exponent}").parse().unwrap_or(value)
}

/// The largest rate below the run's own with which the engine trains it for `iterations` and its cost falls: each round
/// tries eight side by side between the largest that succeeded and the smallest that did not. None if the engine cannot
/// train the network.
///
/// # Errors
/// Those of the session.
pub fn largest_rate(data: &Dataset, run: &Run, iterations: u64, patience: Duration) -> Result<Option<LargestRate>> {
    let (engine, started) = (Engine::new(None)?, Instant::now());
    let (mut best, mut out_of_time) = (None::<f64>, false);
    let mut ratio = 0.5_f64;
    let mut above = run.learning_rate;
    for round in 0..ROUNDS {
        let rates: Vec<f64> = (1..=TRIED)
            .map(|step| above * ratio.powi(step))
            .filter(|rate| check_learning_rate(*rate).is_ok() && best.is_none_or(|best| *rate > best))
            .collect();
        let runs: Vec<Run> = rates.iter().map(|rate| Run { learning_rate: *rate, ..run.clone() }).collect();
        if runs.is_empty() {
            break;
        }
        let Ok(mut session) = engine.load(data, &runs) else { return Ok(None) };
        let schedules = vec![Schedule::new(iterations, None)?; runs.len()];
        let outcomes = train_all(session.as_mut(), &schedules, |event| match event {
            Event::Advanced { .. } if started.elapsed() > patience => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })?;
        let trains = |outcome: &crate::train::Outcome| {
            let start = outcome.costs.first().map_or(f64::NAN, |at| at.cost);
            outcome.status == Status::Finished && outcome.evaluation.cost < start
        };
        let found = outcomes.iter().position(trains);
        let next_above = found.filter(|at| *at > 0).map(|at| rates[at - 1]);
        best = found.map(|at| rates[at]).or(best);
        out_of_time |= outcomes.iter().any(|outcome| outcome.status == Status::Interrupted);
        if out_of_time || (best.is_none() && round > 0) {
            break;
        }
        match best {
            Some(_) => {
                above = next_above.unwrap_or(if found.is_some() { above } else { rates[rates.len() - 1] });
                ratio = ratio.powf(1.0 / f64::from(TRIED + 1));
            }
            None => above = rates[rates.len() - 1],
        }
    }
    Ok(Some(LargestRate { rate: best, out_of_time }))
}
