//! The run on the device that was asked for: how it ends, and its last iterations if it diverges.

use std::ops::ControlFlow;

use super::DeviceRun;
use crate::Result;
use crate::backend::{Backend, Run};
use crate::data::Dataset;
use crate::fit::Chosen;
use crate::model::Parameters;
use crate::train::{CostAt, Schedule, Status, train};

/// Iterations to look at beyond the first that is not finite.
const BEYOND: u64 = 20;

/// Trains the run that a device has loaded: how it ended, and its last finite weights; none if `listen` breaks.
///
/// # Errors
/// Those of the backend and of the session.
pub fn on_device(
    chosen: Chosen,
    data: &Dataset,
    run: &Run,
    schedule: Schedule,
    listen: impl FnMut(CostAt) -> ControlFlow<()>,
) -> Result<Option<(DeviceRun, Option<Parameters>)>> {
    let Chosen { backend, mut session, .. } = chosen;
    let outcome = train(session.as_mut(), schedule, listen)?;
    if outcome.status == Status::Interrupted {
        return Ok(None);
    }
    let diverged = (outcome.status == Status::Diverged).then_some(outcome.iterations);
    let (from, parameters) = outcome.last_finite().unwrap_or((0, &run.parameters));
    let there = Run { parameters: parameters.clone(), ..run.clone() };
    let all_nan = diverged.map(|at| activations_all_nan(backend.as_ref(), data, &there, from, at)).transpose()?;
    let device = DeviceRun {
        name: backend.device().name,
        diverged,
        last_finite: outcome.parameters_at,
        activations_all_nan: all_nan.flatten(),
    };
    Ok(Some((device, outcome.parameters)))
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
