//! The units of the hidden layers and the gradient at some weights: which are dead, saturated or equal, how large the
//! gradient is against the weights, and how much of it reaches each layer.

use serde::Serialize;

use super::norms::{LayerNorms, norms, root_mean_square};
use crate::Result;
use crate::cpu::textbook::{Batch, Model};
use crate::data::Dataset;
use crate::model::{Activation, Network, Parameters};

/// The most samples that are looked at.
const SAMPLES: usize = 2000;
/// A unit is saturated on a sample if g′ is below this share of the largest g′.
const VANISHED: f64 = 1e-3;

/// A hidden layer at some weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerLook {
    /// Its units.
    pub units: usize,
    /// ReLU units whose Z is above 0 for no sample; 0 for other activations.
    pub dead: usize,
    /// The share of units and samples at which the slope of tanh or σ has vanished; 0 for other activations.
    pub saturated: f64,
    /// How many different units there are, by their incoming weights and biases.
    pub distinct: usize,
}

/// The hidden layers and the gradient after some updates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnitsLook {
    /// Updates done.
    pub iteration: u64,
    /// The hidden layers, the one nearest the inputs first.
    pub layers: Vec<LayerLook>,
    /// Weights and gradients of all layers, that of the output last.
    pub norms: Vec<LayerNorms>,
    /// √(mean of dZ²) of each layer: what comes back to it from the output.
    pub signals: Vec<f64>,
    /// The mean loss, without what L2 adds.
    pub cost: f64,
    /// ‖dθ‖ over all parameters.
    pub gradient: f64,
    /// ‖θ‖.
    pub weights: f64,
    /// The cost on the samples held out, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_cost: Option<f64>,
    /// The accuracy on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
}

impl UnitsLook {
    /// Looks at these weights, in `f64`.
    pub(super) fn new(iteration: u64, some: &Dataset, network: &Network, parameters: &Parameters) -> Self {
        let batch = Batch::<f64>::all(some, network);
        let model = Model::<f64>::new(network, parameters);
        let pass = model.forward(&batch);
        let gradients = model.backward(&pass, &batch);
        let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        let layer = |(layer, z): (usize, &Vec<f64>)| LayerLook {
            units: z.len() / batch.samples,
            dead: dead(network.activation(), z, batch.samples),
            saturated: saturated(network.activation(), z),
            distinct: distinct(parameters, layer),
        };
        Self {
            iteration,
            layers: pass.z[..pass.z.len() - 1].iter().enumerate().map(layer).collect(),
            norms: norms(parameters, &gradients),
            signals: model.deltas(&pass, batch.samples).iter().map(|dz| root_mean_square(dz)).collect(),
            cost: pass.cost,
            gradient: norm(gradients.values()),
            weights: norm(parameters.values()),
            test_cost: None,
            test_accuracy: None,
        }
    }

    /// The largest share of dead units of a layer.
    pub(super) fn dead(&self) -> f64 {
        self.layers.iter().map(|layer| layer.dead as f64 / layer.units as f64).fold(0.0, f64::max)
    }

    /// The largest share of saturated units and samples of a layer.
    pub(super) fn saturated(&self) -> f64 {
        self.layers.iter().map(|layer| layer.saturated).fold(0.0, f64::max)
    }

    /// How much of what comes back to the last hidden layer reaches the first: what it is there over what it is here. 1 if
    /// there is one hidden layer, or nothing comes back.
    pub(super) fn reaches(&self) -> f64 {
        let hidden = &self.signals[..self.signals.len().saturating_sub(1)];
        match hidden {
            [first, .., last] if *last > 0.0 => first / last,
            _ => 1.0,
        }
    }

    /// Whether a layer of several units has no two that differ.
    pub(super) fn is_equal(&self) -> bool {
        self.layers.iter().any(|layer| layer.units > 1 && layer.distinct == 1)
    }
}

/// At most [`SAMPLES`] samples, evenly spaced.
pub(super) fn some(data: &Dataset) -> Result<Dataset> {
    data.evenly(SAMPLES)
}

fn dead(g: Activation, z: &[f64], samples: usize) -> usize {
    let is_flat = matches!(g, Activation::Relu) || g == Activation::LeakyRelu { slope: 0.0 };
    let is_dead = |z: &&[f64]| z.iter().all(|z| *z <= 0.0);
    if is_flat { z.chunks_exact(samples).filter(is_dead).count() } else { 0 }
}

fn saturated(g: Activation, z: &[f64]) -> f64 {
    let largest = g.derivative(0.0);
    let vanished = || z.iter().filter(|z| g.derivative(**z) < VANISHED * largest).count() as f64 / z.len() as f64;
    if matches!(g, Activation::Tanh | Activation::Sigmoid) { vanished() } else { 0.0 }
}

/// Units of a layer that differ in their incoming weights or bias.
fn distinct(parameters: &Parameters, layer: usize) -> usize {
    let (w, b) = (parameters.weights(layer), parameters.bias(layer));
    let row = |unit: usize| w[unit * w.len() / b.len()..(unit + 1) * w.len() / b.len()].iter().chain([&b[unit]]);
    let bits = |unit: usize| row(unit).map(|w| (w + 0.0).to_bits()).collect::<Vec<u64>>();
    (0..b.len()).map(bits).collect::<std::collections::HashSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::flower;

    #[test]
    fn dead_saturated_and_equal_units_are_counted() {
        let data = flower(400, 1).unwrap();
        let look = |g: &str, change: &dyn Fn(&mut Parameters)| {
            let network = Network::one_hidden(2, 4, g.parse().unwrap()).unwrap();
            let mut parameters = Parameters::initial(&network, 2, 0.01);
            change(&mut parameters);
            UnitsLook::new(0, &data, &network, &parameters)
        };
        assert_eq!(look("relu", &|theta| theta.bias_mut(0)[..3].fill(-100.0)).dead(), 0.75);
        assert_eq!(look("leaky-relu", &|theta| theta.bias_mut(0).fill(-100.0)).dead(), 0.0);
        assert_eq!(look("tanh", &|theta| theta.bias_mut(0)[..2].fill(50.0)).saturated(), 0.5);
        assert_eq!(look("tanh", &|_| {}).saturated(), 0.0);
        assert!(look("sigmoid", &|theta| theta.weights_mut(0).fill(0.5)).is_equal());
        assert!(!look("sigmoid", &|theta| theta.weights_mut(0)[..2].fill(0.5)).is_equal());
    }
}
