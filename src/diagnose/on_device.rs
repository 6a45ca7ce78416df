//! The run on the device that was asked for: how it goes and ends, and its last iterations if it diverges.

use std::ops::ControlFlow;

use serde::Serialize;

use super::replay::is_noisy;
use super::units::{UnitsLook, some};
use super::{Case, Listen, Step};
use crate::Result;
use crate::backend::{Backend, Run, Session};
use crate::cpu::evaluate_on;
use crate::data::Dataset;
use crate::model::Parameters;
use crate::optim::State;
use crate::train::{CostAt, Event, Schedule, Status, train_all};

/// Iterations to look at beyond the first that is not finite.
const BEYOND: u64 = 20;
/// How often the weights are looked at in a run.
const LOOKS: u64 = 12;
/// The most costs that are kept.
const COSTS: u64 = 200_000;
/// A rise of the cost by less than this share of it is none.
const RISE: f64 = 1e-3;

/// How the chosen device's training went.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeviceRun {
    /// What computed.
    pub name: String,
    /// The first iteration that was not finite; none if all were.
    pub diverged: Option<u64>,
    /// The iteration of the last weights that are known to be finite.
    pub last_finite: u64,
    /// The first iteration at which all of A1 is NaN; none if that did not happen.
    pub activations_all_nan: Option<u64>,
    /// The cost before the first update, if it is finite.
    pub first_cost: Option<f64>,
    /// The cost at the end; none if it diverged.
    pub cost: Option<f64>,
    /// The accuracy at the end; none if it diverged.
    pub accuracy: Option<f64>,
    /// The lowest cost on the way.
    pub lowest_cost: Option<f64>,
    /// How much the cost fell over the second half of the run.
    pub late_fall: f64,
    /// The largest cost less the smallest, over the last quarter of the run.
    pub late_swing: f64,
    /// The share of iterations of the last quarter in which the cost rose by more than a thousandth of it.
    pub late_rises: f64,
}

/// What the run left behind.
pub(super) struct Watched {
    pub run: DeviceRun,
    /// The run from the last finite weights on, if there are some.
    pub there: Option<Run>,
    /// The units and the gradient over the run, from the start on.
    pub looks: Vec<UnitsLook>,
}

/// Trains the run in a session at its start; none if `listen` breaks.
pub(super) fn watch(
    backend: &dyn Backend,
    session: &mut dyn Session,
    case: &Case<'_>,
    listen: Listen<'_>,
) -> Result<Option<Watched>> {
    let Case { data, run, iterations, .. } = *case;
    let few = some(data)?;
    let look = |at: u64, parameters: &Parameters| -> Result<UnitsLook> {
        let mut look = UnitsLook::new(at, &few, &run.network, parameters);
        look.cost += run.recipe.penalty(parameters, data.samples());
        if let Some(held_out) = case.held_out {
            let (cost, accuracy) = evaluate_on(held_out, &run.network, parameters)?;
            (look.test_cost, look.test_accuracy) = (Some(cost), Some(accuracy));
        }
        Ok(look)
    };
    let schedule = Schedule::new(iterations, Some(iterations.div_ceil(COSTS)))?.with_snapshots(LOOKS);
    let stops: Vec<u64> = schedule.snapshots().collect();
    let mut looks = vec![look(0, &run.parameters)?];
    let mut failure = None;
    let outcomes = train_all(session, &[schedule], |event| {
        let Event::Advanced { iteration, costs, parameters, .. } = event else { return ControlFlow::Continue(()) };
        if stops.contains(&iteration) && parameters[0].is_finite() {
            match look(iteration, &parameters[0]) {
                Ok(look) => looks.push(look),
                Err(error) => failure = Some(error),
            }
        }
        listen(Step::Training(CostAt { iteration, cost: costs[0] }))
    })?;
    if let Some(error) = failure {
        return Err(error);
    }
    let Some(outcome) = outcomes.into_iter().next().filter(|outcome| outcome.status != Status::Interrupted) else {
        return Ok(None);
    };
    let diverged = (outcome.status == Status::Diverged).then_some(outcome.iterations);
    let there = outcome.last_finite().map(|(done, parameters)| {
        let state = State { updates: run.state.updates + done, moments: outcome.moments.clone() };
        Run { parameters: parameters.clone(), state, ..run.clone() }
    });
    let all_nan = diverged.map(|at| {
        let from = there.as_ref().map_or(0, |_| outcome.parameters_at);
        activations_all_nan(backend, data, there.as_ref().unwrap_or(run), from, at)
    });
    let all_nan = all_nan.transpose()?;
    let costs: Vec<CostAt> = match is_noisy(run, data) {
        true => looks.iter().map(|look| CostAt { iteration: look.iteration, cost: look.cost }).collect(),
        false => outcome.costs.clone(),
    };
    let run = DeviceRun {
        name: backend.device().name,
        diverged,
        last_finite: outcome.parameters_at,
        activations_all_nan: all_nan.flatten(),
        cost: diverged.is_none().then_some(outcome.evaluation.cost),
        accuracy: diverged.is_none().then(|| data.accuracy(&outcome.evaluation.logits)),
        ..course(&costs, iterations)
    };
    Ok(Some(Watched { run, there, looks }))
}

/// What the costs of a run tell of its course.
fn course(costs: &[CostAt], iterations: u64) -> DeviceRun {
    let costs: Vec<CostAt> = costs.iter().copied().filter(|at| at.cost.is_finite()).collect();
    let from = |share: f64| {
        let first = (share * iterations as f64) as u64;
        costs.iter().filter(move |at| at.iteration >= first).map(|at| at.cost)
    };
    let last = costs.last().map(|at| at.cost);
    let late: Vec<f64> = from(0.75).collect();
    let (lowest, highest) =
        late.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), cost| (low.min(*cost), high.max(*cost)));
    let rises = late.windows(2).filter(|pair| pair[1] > pair[0] * (1.0 + RISE)).count();
    DeviceRun {
        first_cost: costs.first().filter(|at| at.iteration == 0).map(|at| at.cost),
        lowest_cost: costs.iter().map(|at| at.cost).reduce(f64::min),
        late_fall: from(0.5).next().zip(last).map_or(0.0, |(half, last)| half - last),
        late_swing: if late.is_empty() { 0.0 } else { highest - lowest },
        late_rises: rises as f64 / late.len().saturating_sub(1).max(1) as f64,
        ..DeviceRun::default()
    }
}

/// The first iteration at which all of A1 is NaN, looking from the weights after `first` updates until shortly after
/// iteration `diverged`; none if that does not happen. From the same weights, a device computes the same bits again.
///
/// # Errors
/// Those of [`Backend::load`] and of the session.
pub fn activations_all_nan(
    backend: &dyn Backend,
    data: &Dataset,
    run: &Run,
    first: u64,
    diverged: u64,
) -> Result<Option<u64>> {
    let mut session = backend.load(data, std::slice::from_ref(run))?;
    for iteration in first..=diverged.saturating_add(BEYOND) {
        session.advance(1)?;
        let Some(chunk) = session.collect()? else { return Ok(None) };
        let Some(parameters) = chunk.parameters.first() else { return Ok(None) };
        // the chunk's weights are those of the next forward pass
        if all_nan(data, run, parameters) {
            return Ok(Some(iteration + 1));
        }
    }
    Ok(None)
}

/// Whether g(W1·X + b1) is NaN for every unit and sample.
fn all_nan(data: &Dataset, run: &Run, theta: &Parameters) -> bool {
    let (m, inputs, g) = (data.samples(), data.features(), run.network.activation());
    let a1 = |unit: usize, s: usize| {
        let row = &theta.weights(0)[unit * inputs..][..inputs];
        let z1 = row.iter().enumerate().fold(theta.bias(0)[unit], |z, (f, w)| z + w * data.inputs()[f * m + s]);
        g.apply(z1)
    };
    (0..theta.bias(0).len()).all(|unit| (0..m).all(|s| a1(unit, s).is_nan()))
}
