//! A check before inference: some logits of a device against the textbook's, at any depth.

use crate::backend::{Backend, check_points};
use crate::cpu::logits_at;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// How far a logit may be off, relative to what its terms could add up to: far more than rounding, far less than any
/// fault.
const BOUND: f64 = 1e-3;
/// The most points that are checked, evenly spaced among all.
const POINTS: usize = 16;

/// Whether a device's logits are the textbook's at some of the points (points × features), to a thousandth of what their
/// terms could add up to.
///
/// # Errors
/// [`Error::Wrong`] naming the first logit that is off, [`Error::Mismatch`] if network, parameters and points do not fit
/// together, and those of [`Backend::forward`].
pub fn check_first_logits(
    backend: &dyn Backend,
    network: &Network,
    parameters: &Parameters,
    points: &[f64],
) -> Result<()> {
    let (count, features) = (check_points(network, parameters, points)?, network.inputs());
    let every = count.div_ceil(POINTS).max(1);
    let points: Vec<&[f64]> = points.chunks_exact(features).step_by(every).collect();
    let (got, want) =
        (backend.forward(network, parameters, &points.concat())?, logits_at(network, parameters, &points.concat())?);
    for (k, (got, want)) in got.iter().zip(&want).enumerate() {
        let outputs = network.outputs();
        let (point, output) = (k / outputs, k % outputs);
        let is_close = (got - want).abs() <= BOUND * magnitude(network, parameters, points[point], output) + 1e-9;
        // what overflows f32 is not finite on a device, and need not be in f64
        if got.is_finite() && !is_close {
            let (at, device) = (point * every, backend.device().name);
            return Err(Error::Wrong(format!(
                "the logit of sample {at} on {device} is {got:e}, and the CPU's {want:e}"
            )));
        }
    }
    Ok(())
}

/// What the terms of a logit could add up to: the forward pass of |W|, |b| and |x|, where |g(z)| is at most |z|, and at
/// most 1 for tanh and σ.
fn magnitude(network: &Network, parameters: &Parameters, point: &[f64], output: usize) -> f64 {
    let mut below: Vec<f64> = point.iter().map(|x| x.abs()).collect();
    for layer in 0..parameters.layout().layers() {
        let rows = parameters.weights(layer).chunks_exact(below.len()).zip(parameters.bias(layer));
        let sum =
            |(row, bias): (&[f64], &f64)| bias.abs() + row.iter().zip(&below).map(|(w, a)| w.abs() * a).sum::<f64>();
        let sums: Vec<f64> = rows.map(sum).collect();
        let is_output = layer + 1 == parameters.layout().layers();
        let largest = |sum: &f64| if is_output { *sum } else { network.activation().largest(*sum) };
        below = sums.iter().map(largest).collect();
    }
    below[output]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{DeviceInfo, Run, Session};
    use crate::cpu::Reference;
    use crate::data::{Dataset, flower};

    /// The `f32` reference, whose last logit is off by this much.
    struct Off(f64);

    impl Backend for Off {
        fn device(&self) -> DeviceInfo {
            Reference::<f32>::new().device()
        }
        fn load(&self, data: &Dataset, runs: &[Run]) -> Result<Box<dyn Session>> {
            Reference::<f32>::new().load(data, runs)
        }
        fn forward(&self, network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>> {
            let mut logits = Reference::<f32>::new().forward(network, parameters, points)?;
            logits.iter_mut().rev().take(1).for_each(|logit| *logit += self.0);
            Ok(logits)
        }
        fn forward_plan(&self, _: &Network, _: usize) -> Result<&'static str> {
            Ok("off")
        }
        fn memory(&self, _: &Dataset, _: &Network, _: usize) -> Result<u64> {
            Ok(0)
        }
        fn memory_limit(&self) -> u64 {
            0
        }
    }

    #[test]
    fn a_device_whose_logits_are_off_is_told_from_one_that_rounds() {
        let data = flower(400, 1).unwrap();
        for hidden in [&[1][..], &[17], &[277], &[3, 17], &[8, 5, 3]] {
            for g in ["tanh", "sigmoid", "relu", "leaky-relu:-0.5", "leaky-relu:2"] {
                let network = Network::new(2, hidden, g.parse().unwrap()).unwrap();
                let parameters = Parameters::initial(&network, 2, 0.7);
                let check = |factor| check_first_logits(&Off(factor), &network, &parameters, &data.points());
                check(0.0).unwrap_or_else(|error| panic!("{hidden:?}, {g}: {error}"));
                assert!(matches!(check(9.0), Err(Error::Wrong(_))), "{hidden:?}, {g}");
            }
        }
    }
}
