//! The passes of gradient descent as the textbook writes them, one operation per function.

use super::blocks;
use super::operations as op;
use crate::data::Dataset;
use crate::model::{Activation, Network, Parameters, Real};

/// X (n_x × m) and Y (1 × m) of a data set.
pub(crate) fn samples<T: Real>(data: &Dataset) -> (Vec<T>, Vec<T>) {
    let labels = data.labels().iter().map(|label| T::from_f64((*label).into())).collect();
    (data.inputs().iter().map(|x| T::from_f64(*x)).collect(), labels)
}

/// A network at its parameters.
pub(crate) struct Model<T> {
    pub(crate) network: Network,
    pub(crate) parameters: Parameters<T>,
}

/// What a forward pass leaves for the backward pass: Z and A of every layer (units × samples), and the cost.
pub(crate) struct Forward<T> {
    pub(crate) z: Vec<Vec<T>>,
    pub(crate) a: Vec<Vec<T>>,
    pub(crate) cost: T,
}

impl<T> Forward<T> {
    pub(crate) fn logits(&self) -> &[T] {
        self.z.last().map_or(&[], Vec::as_slice)
    }
}

impl<T: Real> Model<T> {
    pub(crate) fn new(network: &Network, parameters: &Parameters) -> Self {
        Self { network: network.clone(), parameters: parameters.cast() }
    }

    /// Z = W·A + b and A = g(Z) from the inputs up, σ at the output.
    pub(crate) fn forward(&self, inputs: &[T], labels: &[T]) -> Forward<T> {
        let (samples, layers) = (labels.len(), self.parameters.layout().layers());
        let (mut all_z, mut all_a) = (Vec::with_capacity(layers), Vec::<Vec<T>>::with_capacity(layers));
        for layer in 0..layers {
            let below = all_a.last().map_or(inputs, Vec::as_slice);
            let activation = if layer + 1 == layers { Activation::Sigmoid } else { self.network.activation() };
            let [w, b] = [self.parameters.weights(layer), self.parameters.bias(layer)];
            let [z, a] = op::forward(w, b, below, samples, activation);
            all_z.push(z);
            all_a.push(a);
        }
        let cost = op::cost(&all_z[layers - 1], labels, mean_of(samples));
        Forward { z: all_z, a: all_a, cost }
    }

    /// dW = dZ·Aᵀ/m and db = Σ dZ/m from the output down, with dZ = (Wᵀ·dZ above) ∘ g′(Z).
    pub(crate) fn backward(&self, pass: &Forward<T>, inputs: &[T], labels: &[T]) -> Parameters<T> {
        let (samples, mean) = (labels.len(), mean_of(labels.len()));
        let mut gradients = Parameters::zeros(&self.network);
        let top = self.parameters.layout().layers() - 1;
        let mut dz = op::output_delta(&pass.a[top], labels);
        for layer in (0..=top).rev() {
            let below = if layer == 0 { inputs } else { &pass.a[layer - 1] };
            let [dw, db] = op::gradient(&dz, below, samples, mean);
            gradients.weights_mut(layer).copy_from_slice(&dw);
            gradients.bias_mut(layer).copy_from_slice(&db);
            if layer > 0 {
                let (w, z) = (self.parameters.weights(layer), &pass.z[layer - 1]);
                dz = op::delta(w, &dz, z, samples, self.network.derivative());
            }
        }
        gradients
    }

    /// θ ← θ − α·dθ.
    pub(crate) fn update(&mut self, gradients: &Parameters<T>, learning_rate: f64) {
        op::update(self.parameters.values_mut(), gradients.values(), T::from_f64(learning_rate));
    }
}

/// The gradient over all samples, and the logits, in `f64`: block by block, so that memory does not bound their number.
pub(crate) fn gradient(data: &Dataset, network: &Network, parameters: &Parameters) -> (Parameters, Vec<f64>) {
    let (model, m) = (Model::<f64>::new(network, parameters), data.samples());
    let block = blocks::points_of_block(network);
    let (mut sum, mut logits) = (Parameters::zeros(network), Vec::with_capacity(m));
    for first in (0..m).step_by(block) {
        let range = first..m.min(first + block);
        let inputs: Vec<f64> = data.inputs().chunks_exact(m).flat_map(|row| &row[range.clone()]).copied().collect();
        let labels: Vec<f64> = data.labels()[range].iter().map(|label| f64::from(*label)).collect();
        let pass = model.forward(&inputs, &labels);
        let gradient = model.backward(&pass, &inputs, &labels);
        let share = labels.len() as f64 / m as f64;
        sum.values_mut().iter_mut().zip(gradient.values()).for_each(|(sum, value)| *sum += share * value);
        logits.extend_from_slice(pass.logits());
    }
    (sum, logits)
}

/// The logits of `samples` columns of X (features × samples), keeping one layer at a time.
pub(crate) fn logits<T: Real>(network: &Network, theta: &Parameters<T>, inputs: Vec<T>, samples: usize) -> Vec<T> {
    let layers = theta.layout().layers();
    let mut a = inputs;
    for layer in 0..layers {
        let [z, activated] = op::forward(theta.weights(layer), theta.bias(layer), &a, samples, network.activation());
        a = if layer + 1 == layers { z } else { activated };
    }
    a
}

/// 1/m.
fn mean_of<T: Real>(samples: usize) -> T {
    T::from_f64(1.0 / samples as f64)
}
