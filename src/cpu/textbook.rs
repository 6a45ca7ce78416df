//! The passes of gradient descent as the textbook writes them, one operation per function.

use super::blocks;
use super::operations as op;
use crate::data::Dataset;
use crate::model::{Network, Parameters, Real};

/// Samples to take a pass over.
pub(crate) struct Batch<T> {
    /// X (n_x × m).
    pub(crate) x: Vec<T>,
    /// Y (outputs × m): what the outputs should be.
    pub(crate) y: Vec<T>,
    /// What each sample's loss counts, if not all count 1.
    pub(crate) weights: Option<Vec<T>>,
    /// m.
    pub(crate) samples: usize,
}

impl<T: Real> Batch<T> {
    /// All samples of a data set, for a network.
    pub(crate) fn all(data: &Dataset, network: &Network) -> Self {
        Self::of(data, network, &(0..data.samples()).collect::<Vec<_>>())
    }

    /// These samples of a data set, for a network.
    pub(crate) fn of(data: &Dataset, network: &Network, samples: &[usize]) -> Self {
        let (m, each) = (data.samples(), || samples.iter());
        let x = data.inputs().chunks_exact(m).flat_map(|row| each().map(|sample| T::from_f64(row[*sample]))).collect();
        let value = |row, sample: &usize| T::from_f64(data.target(network.output(), row, *sample));
        let y = (0..network.outputs()).flat_map(|row| each().map(move |sample| value(row, sample))).collect();
        let weights = data.weights().map(|weights| each().map(|sample| T::from_f64(weights[*sample])).collect());
        Self { x, y, weights, samples: samples.len() }
    }

    /// 1/m, or 1 over the sum of the weights.
    pub(crate) fn mean(&self) -> T {
        match &self.weights {
            None => T::from_f64(1.0 / self.samples as f64),
            Some(weights) => T::ONE / weights.iter().copied().sum::<T>(),
        }
    }
}

/// A network at its parameters.
pub(crate) struct Model<T> {
    pub(crate) network: Network,
    pub(crate) parameters: Parameters<T>,
}

/// What a forward pass leaves for the backward pass: Z of every layer and A of the hidden ones (units × samples), dZ of the
/// output, and the cost.
pub(crate) struct Forward<T> {
    pub(crate) z: Vec<Vec<T>>,
    pub(crate) a: Vec<Vec<T>>,
    pub(crate) delta: Vec<T>,
    pub(crate) cost: T,
    /// What A of each hidden layer was multiplied by, if units were dropped.
    masks: Option<Vec<Vec<T>>>,
}

impl<T> Forward<T> {
    /// Z of the output (outputs × samples).
    pub(crate) fn logits(&self) -> &[T] {
        self.z.last().map_or(&[], Vec::as_slice)
    }
}

impl<T: Real> Model<T> {
    pub(crate) fn new(network: &Network, parameters: &Parameters) -> Self {
        Self { network: network.clone(), parameters: parameters.cast() }
    }

    /// Z = W·A + b and A = g(Z) from the inputs up, then the output's loss and dZ.
    pub(crate) fn forward(&self, batch: &Batch<T>) -> Forward<T> {
        self.forward_masked(batch, None)
    }

    /// The same with A of each hidden layer times its mask, of the same shape.
    pub(crate) fn forward_masked(&self, batch: &Batch<T>, masks: Option<Vec<Vec<T>>>) -> Forward<T> {
        let layers = self.parameters.layout().layers();
        let (mut all_z, mut all_a) = (Vec::with_capacity(layers), Vec::<Vec<T>>::with_capacity(layers));
        for layer in 0..layers {
            let below = all_a.last().map_or(batch.x.as_slice(), Vec::as_slice);
            let [w, b] = [self.parameters.weights(layer), self.parameters.bias(layer)];
            let [z, mut a] = op::forward(w, b, below, batch.samples, self.network.activation());
            if let Some(mask) = masks.as_ref().and_then(|masks| masks.get(layer)) {
                op::mask(&mut a, mask);
            }
            all_z.push(z);
            all_a.push(a);
        }
        all_a.pop();
        let (mut delta, mut losses) =
            op::output_delta(self.network.output(), &all_z[layers - 1], &batch.y, batch.samples);
        if let Some(weights) = &batch.weights {
            delta.chunks_exact_mut(batch.samples).for_each(|row| op::mask(row, weights));
            op::mask(&mut losses, weights);
        }
        let cost = op::sum(&losses) * batch.mean();
        Forward { z: all_z, a: all_a, delta, cost, masks }
    }

    /// dZ of every layer, that of the output last: (Wᵀ·dZ above) ∘ g′(Z) from the output down.
    pub(crate) fn deltas(&self, pass: &Forward<T>, samples: usize) -> Vec<Vec<T>> {
        let mut deltas = vec![pass.delta.clone()];
        for layer in (1..pass.z.len()).rev() {
            let (w, z) = (self.parameters.weights(layer), &pass.z[layer - 1]);
            let above = &deltas[deltas.len() - 1];
            let mut dz = op::delta(w, above, z, samples, self.network.derivative());
            if let Some(masks) = &pass.masks {
                op::mask(&mut dz, &masks[layer - 1]);
            }
            deltas.push(dz);
        }
        deltas.reverse();
        deltas
    }

    /// dW = dZ·Aᵀ/m and db = Σ dZ/m of every layer.
    pub(crate) fn backward(&self, pass: &Forward<T>, batch: &Batch<T>) -> Parameters<T> {
        let mut gradients = Parameters::zeros(&self.network);
        for (layer, dz) in self.deltas(pass, batch.samples).iter().enumerate() {
            let below = if layer == 0 { &batch.x } else { &pass.a[layer - 1] };
            let [dw, db] = op::gradient(dz, below, batch.samples, batch.mean());
            gradients.weights_mut(layer).copy_from_slice(&dw);
            gradients.bias_mut(layer).copy_from_slice(&db);
        }
        gradients
    }
}

/// The gradient of the mean loss over all samples, and the logits (samples × outputs), in `f64`: block by block, so that
/// memory does not bound their number.
pub(crate) fn gradient(data: &Dataset, network: &Network, parameters: &Parameters) -> (Parameters, Vec<f64>) {
    let (model, m) = (Model::<f64>::new(network, parameters), data.samples());
    let (block, total) = (blocks::points_of_block(network), data.total_weight());
    let (mut sum, mut logits) = (Parameters::zeros(network), Vec::with_capacity(m * network.outputs()));
    for first in (0..m).step_by(block) {
        let samples: Vec<usize> = (first..m.min(first + block)).collect();
        let batch = Batch::of(data, network, &samples);
        let weight = batch.weights.as_ref().map_or(samples.len() as f64, |weights| weights.iter().sum());
        let pass = model.forward(&batch);
        if weight > 0.0 {
            let gradient = model.backward(&pass, &batch);
            let share = weight / total;
            sum.values_mut().iter_mut().zip(gradient.values()).for_each(|(sum, value)| *sum += share * value);
        }
        logits.extend(op::transposed(pass.logits(), samples.len()));
    }
    (sum, logits)
}

/// The logits (outputs × samples) of `samples` columns of X (features × samples), keeping one layer at a time.
pub(crate) fn logits<T: Real>(network: &Network, theta: &Parameters<T>, inputs: Vec<T>, samples: usize) -> Vec<T> {
    let layers = theta.layout().layers();
    let mut a = inputs;
    for layer in 0..layers {
        let [z, activated] = op::forward(theta.weights(layer), theta.bias(layer), &a, samples, network.activation());
        a = if layer + 1 == layers { z } else { activated };
    }
    a
}
