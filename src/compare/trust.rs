//! A look before training: one gradient of a device against the CPU engine's.

use crate::backend::{Backend, Run};
use crate::cpu::Engine;
use crate::data::Dataset;
use crate::model::Activation;
use crate::model::activation::sigmoid;
use crate::{Error, Result};

/// How far an element may be off, of what its tensor's could be: far more than rounding, far less than any fault.
const BOUND: f64 = 1e-3;

/// Whether a device's first gradient is the CPU engine's, to a thousandth of what the terms of its sums amount to. It
/// costs an iteration of each, and catches what a driver does wrong at this very size: a loop cut short, a wrong function.
/// What the engine cannot train is not looked at.
///
/// # Errors
/// [`Error::Wrong`] naming the tensor, and what the device's session returns.
pub fn check_first_gradient(device: &dyn Backend, data: &Dataset, run: &Run) -> Result<()> {
    let runs = std::slice::from_ref(run);
    let mut session = device.load(data, runs)?; // what is too large for it is told at once
    let Ok(mut engine) = Engine::new(None)?.load(data, runs) else { return Ok(()) };
    let (want, logits) = (engine.gradients()?.swap_remove(0), engine.evaluate()?.swap_remove(0).logits);
    let got = session.gradients()?.swap_remove(0);
    let scales = scales(data, run, &logits);
    for (tensor, scale) in want.layout().tensors().iter().zip(scales) {
        let (want, got) = (&want.values()[tensor.range()], &got.values()[tensor.range()]);
        let is_off = |(got, want): &(&f64, &f64)| {
            let alike = got.is_finite() == want.is_finite();
            !alike || (got.is_finite() && (*got - *want).abs() > BOUND * scale + 1e-9)
        };
        if let Some((at, (got, want))) = got.iter().zip(want).enumerate().find(|(_, pair)| is_off(pair)) {
            let (name, device) = (&tensor.name, device.device().name);
            return Err(Error::Wrong(format!("d{name}[{at}] of {device} is {got:e}, and the CPU's {want:e}")));
        }
    }
    Ok(())
}

/// What the elements of dW1, db1, dW2 and db2 could be if no terms cancelled: the mean |dZ2| times the largest of their
/// other factors.
fn scales(data: &Dataset, run: &Run, logits: &[f64]) -> [f64; 4] {
    let largest = |values: &[f64]| values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let error = |(z, y): (&f64, &u8)| (sigmoid(*z) - f64::from(*y)).abs();
    let dz2 = logits.iter().zip(data.labels()).map(error).sum::<f64>() / data.samples() as f64;
    let (theta, x) = (&run.parameters, largest(data.inputs()));
    let z1 = largest(theta.weights(0)) * x * data.features() as f64 + largest(theta.bias(0));
    let a1 = match run.network.activation() {
        Activation::Tanh => z1.min(1.0),
        Activation::Sigmoid => 1.0,
        Activation::Relu | Activation::LeakyRelu { .. } => z1,
    };
    let derivative = match run.network.derivative().borrowed {
        Some(Activation::Tanh) => 1.0 + a1 * a1,
        Some(Activation::Sigmoid) => a1 * (1.0 + a1),
        _ => 1.0,
    };
    let dz1 = dz2 * largest(theta.weights(1)) * derivative;
    [dz1 * x, dz1, dz2 * a1, dz2]
}
