//! One step of the exercise in plain f64 loops, and the scale of each gradient element.

use planar::data::Dataset;
use planar::model::{Activation, Parameters};

/// The cost, z2, and each gradient element with the sum of the absolute values of its terms, in the flat layout.
/// A term dz2·a1 counts as much as z1's own terms do: in f32, an a1 near 0 has the rounding of what cancelled in it.
pub struct Step {
    pub cost: f64,
    pub logits: Vec<f64>,
    pub gradients: Vec<f64>,
    pub sum_abs_terms: Vec<f64>,
}

/// Forward and backward at `theta`, a network of one hidden layer.
pub fn step(theta: &Parameters, activation: Activation, data: &Dataset) -> Step {
    let (n_x, n_h, m) = (data.features(), theta.bias(0).len(), data.samples());
    let (w1, b1, w2, b2) = (theta.weights(0), theta.bias(0), theta.weights(1), theta.bias(1)[0]);
    let mut step = Step {
        cost: 0.0,
        logits: Vec::new(),
        gradients: vec![0.0; theta.values().len()],
        sum_abs_terms: vec![0.0; theta.values().len()],
    };
    let layout = theta.layout();
    let at = [layout.weights(0), layout.bias(0), layout.weights(1), layout.bias(1)].map(|tensor| tensor.offset);
    for s in 0..m {
        let (x, y): (Vec<f64>, _) = (data.point(s).collect(), f64::from(data.labels()[s]));
        let z1 = |j: usize| b1[j] + (0..n_x).map(|f| w1[j * n_x + f] * x[f]).sum::<f64>();
        let z2 = b2 + (0..n_h).map(|j| w2[j] * activation.apply(z1(j))).sum::<f64>();
        step.cost += (z2.max(0.0) - z2 * y + (-z2.abs()).exp().ln_1p()) / m as f64;
        step.logits.push(z2);
        let dz2 = 1.0 / (1.0 + (-z2).exp()) - y;
        let mut add = |at: usize, term: f64, scale: f64| {
            step.gradients[at] += term / m as f64;
            step.sum_abs_terms[at] += term.abs().max(scale) / m as f64;
        };
        for j in 0..n_h {
            let dz1 = w2[j] * dz2 * activation.derivative(z1(j));
            for (f, x) in x.iter().enumerate() {
                add(at[0] + j * n_x + f, dz1 * x, 0.0);
            }
            add(at[1] + j, dz1, 0.0);
            let z1_terms = b1[j].abs() + (0..n_x).map(|f| (w1[j * n_x + f] * x[f]).abs()).sum::<f64>();
            add(at[2] + j, dz2 * activation.apply(z1(j)), dz2.abs() * z1_terms);
        }
        add(at[3], dz2, 0.0);
    }
    step
}
