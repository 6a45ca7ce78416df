//! A check before training: one gradient of a device against the CPU's, at any depth.

use crate::backend::{Backend, Run, Session};
use crate::cpu::{Engine, textbook};
use crate::data::Dataset;
use crate::model::{Activation, Network, Parameters};
use crate::{Error, Result};

/// How far an element may be off, relative to what its tensor's elements could be: far more than rounding, far less
/// than any fault.
const BOUND: f64 = 1e-3;

/// The most multiply-adds that the textbook does for a check, a few seconds' worth.
const MULTIPLY_ADDS: u64 = 1 << 34;

/// Whether the first gradient of a device's session is the CPU's, to a thousandth of what its terms could add up to.
/// The session trains `run` first, perhaps among others, and is at the weights of `run`. The check costs one iteration
/// on either side and catches what a driver does wrong at this very size: a loop cut short, a wrong function.
///
/// The CPU engine computes the gradient to compare with if it can train the network, otherwise the textbook does. A
/// network for which the textbook would take longer than a few seconds is not checked, and the log says so.
///
/// # Errors
/// [`Error::Wrong`] naming the tensor, and those of the session.
pub fn check_first_gradient(device: &mut dyn Session, device_name: &str, data: &Dataset, run: &Run) -> Result<()> {
    if let Ok(mut engine) = Engine::new(None)?.load(data, std::slice::from_ref(run)) {
        return check_first_gradient_against(device, device_name, engine.as_mut(), data, run);
    }
    let samples = affordable_samples(&run.network);
    if samples < data.samples() {
        let (widths, m) = (run.network.widths(), data.samples());
        log::warn!(
            "the first gradient of {device_name} is not checked: a {widths:?} network on {m} samples is too large for it"
        );
        return Ok(());
    }
    check_by_textbook(device, device_name, data, run)
}

/// [`check_first_gradient`] against a session of the CPU that is already loaded, at the same weights.
///
/// # Errors
/// [`Error::Wrong`] naming the tensor, and those of the sessions.
pub fn check_first_gradient_against(
    device: &mut dyn Session,
    device_name: &str,
    cpu: &mut dyn Session,
    data: &Dataset,
    run: &Run,
) -> Result<()> {
    let missing = || Error::Mismatch("a session without networks has no gradient".into());
    let want = cpu.gradients()?.into_iter().next().ok_or_else(missing)?;
    let logits = cpu.evaluate()?.into_iter().next().ok_or_else(missing)?.logits;
    let got = device.gradients()?.into_iter().next().ok_or_else(missing)?;
    compare(device_name, &got, &want, &scales(data, run, &logits))
}

/// Whether one iteration of a device's session goes down the gradient that it says it has; then it is back at its start.
/// Many iterations in one dispatch have kernels of their own, which no gradient shows.
///
/// # Errors
/// [`Error::Wrong`] naming the tensor, and those of the session.
pub fn check_first_step(device: &mut dyn Session, device_name: &str, runs: &[Run]) -> Result<()> {
    let missing = || Error::Mismatch("a session without networks takes no step".into());
    let gradients = device.gradients()?;
    device.advance(1)?;
    let after = device.collect()?.ok_or_else(missing)?.parameters;
    for ((run, gradient), after) in runs.iter().zip(&gradients).zip(&after) {
        let wanted = stepped(run, gradient)?;
        for tensor in gradient.layout().tensors() {
            let [theta, wanted, after] = [&run.parameters, &wanted, after].map(|of| &of.values()[tensor.range()]);
            let step = |(theta, wanted): (&f64, &f64)| (wanted - theta).abs();
            let largest = theta.iter().zip(wanted).map(step).fold(0.0_f64, f64::max);
            for (at, ((theta, want), after)) in theta.iter().zip(wanted).zip(after).enumerate() {
                let (want, bound) = (*want, BOUND * largest + 1e-6 * theta.abs() + 1e-9);
                let alike = want.is_finite() == after.is_finite();
                if !alike || (want.is_finite() && (after - want).abs() > bound) {
                    let name = tensor.name();
                    let said =
                        format!("{name}[{at}] of {device_name} is {after:e} after a step, and should be {want:e}");
                    return Err(Error::Wrong(said));
                }
            }
        }
    }
    device.restart(&runs.iter().map(|run| run.parameters.clone()).collect::<Vec<_>>())
}

/// The parameters after an update by this gradient.
fn stepped(run: &Run, gradient: &Parameters) -> Result<Parameters> {
    let (optimizer, mut after) = (run.recipe.optimizer, run.parameters.clone());
    let mut moments = run.state.moments_for(&run.network, optimizer)?;
    let step = run.recipe.step(run.learning_rate, run.state.updates);
    optimizer.update(&step, after.values_mut(), gradient.values(), &mut moments);
    Ok(after)
}

/// [`check_first_gradient`] and [`check_first_step`] of a session that is loaded for it. A deep network that is too large to be checked on all
/// samples is checked on some of them.
///
/// # Errors
/// [`Error::Wrong`] naming the tensor, and those of [`Backend::load`] and the session.
pub fn check_backend(backend: &dyn Backend, data: &Dataset, run: &Run) -> Result<()> {
    let runs = std::slice::from_ref(run);
    let (mut session, name) = (backend.load(data, runs)?, backend.device().name);
    let samples = affordable_samples(&run.network);
    if run.network.hidden().len() == 1 || samples >= data.samples() {
        check_first_gradient(session.as_mut(), &name, data, run)?;
        return check_first_step(session.as_mut(), &name, runs);
    }
    let some = data.evenly(samples)?;
    let mut session = backend.load(&some, runs)?;
    check_by_textbook(session.as_mut(), &name, &some, run)?;
    check_first_step(session.as_mut(), &name, runs)
}

/// The first gradient of a session against the textbook's in `f64`.
fn check_by_textbook(device: &mut dyn Session, device_name: &str, data: &Dataset, run: &Run) -> Result<()> {
    let (want, logits) = textbook::gradient(data, &run.network, &run.parameters);
    let missing = || Error::Mismatch("a session without networks has no gradient".into());
    let got = device.gradients()?.into_iter().next().ok_or_else(missing)?;
    compare(device_name, &got, &want, &scales(data, run, &logits))
}

/// Whether every element of a gradient is as it should be, given the scale of each tensor.
fn compare(device_name: &str, got: &Parameters, want: &Parameters, scales: &[f64]) -> Result<()> {
    for (tensor, scale) in want.layout().tensors().iter().zip(scales) {
        let (want, got) = (&want.values()[tensor.range()], &got.values()[tensor.range()]);
        let is_off = |(got, want): &(&f64, &f64)| {
            let alike = got.is_finite() == want.is_finite();
            !alike || (got.is_finite() && (*got - *want).abs() > BOUND * scale + 1e-9)
        };
        if let Some((at, (got, want))) = got.iter().zip(want).enumerate().find(|(_, pair)| is_off(pair)) {
            let name = tensor.name();
            return Err(Error::Wrong(format!("d{name}[{at}] of {device_name} is {got:e}, and the CPU's {want:e}")));
        }
    }
    Ok(())
}

/// The samples over which the textbook computes a gradient within [`MULTIPLY_ADDS`]: forward, dW and dA take one for
/// each weight and sample.
fn affordable_samples(network: &Network) -> usize {
    let of_one = 3 * network.layout().parameters() as u64;
    usize::try_from(MULTIPLY_ADDS / of_one).unwrap_or(usize::MAX).max(1)
}

/// What the elements of dW1, db1, dW2, … could be if no terms cancelled: the mean |dZ| of the output times bounds of
/// their other factors, which pass from layer to layer by the largest Σ|w| of a unit.
fn scales(data: &Dataset, run: &Run, logits: &[f64]) -> Vec<f64> {
    let (theta, g, derivative) = (&run.parameters, run.network.activation(), run.network.derivative());
    let largest = |values: &[f64]| values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let layers = theta.layout().layers();
    // |a| below each layer: of the inputs, then |g(z)| with |z| ≤ Σ|w|·|a| + |b|
    let mut below = vec![largest(data.inputs())];
    for layer in 0..layers - 1 {
        let rows = theta.weights(layer).chunks_exact(theta.layout().weights(layer).columns);
        let sum = rows.map(|w| w.iter().map(|w| w.abs()).sum::<f64>()).fold(0.0, f64::max);
        let z = sum * below[layer] + largest(theta.bias(layer));
        below.push(g.largest(z));
    }
    let slope = |a: f64| match derivative.borrowed {
        Some(Activation::Tanh) => 1.0 + a * a,
        Some(Activation::Sigmoid) => a * (1.0 + a),
        Some(other) => other.steepest(),
        None => g.steepest(),
    };
    // the mean |prediction − y| over the samples, of the output where it is largest
    let (output, outputs) = (run.network.output(), run.network.outputs());
    let mut errors = vec![0.0; outputs];
    for (sample, z) in logits.chunks_exact(outputs).enumerate() {
        let weight = data.weight(sample) / data.total_weight();
        for (row, prediction) in output.predictions(z).into_iter().enumerate() {
            errors[row] += weight * (prediction - data.target(output, row, sample)).abs();
        }
    }
    let mut dz = largest(&errors);
    let mut scales = Vec::with_capacity(2 * layers);
    for layer in (0..layers).rev() {
        scales.extend([dz, dz * below[layer]]);
        let mut columns = vec![0.0; theta.layout().weights(layer).columns];
        for row in theta.weights(layer).chunks_exact(columns.len()) {
            columns.iter_mut().zip(row).for_each(|(sum, w)| *sum += w.abs());
        }
        dz *= largest(&columns) * slope(below[layer]);
    }
    scales.reverse();
    scales
}

#[cfg(test)]
mod tests;
