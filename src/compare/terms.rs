//! The sums of the terms' absolute values, by which differences are judged, in plain `f64` loops.

use super::Bounds;
use crate::backend::Run;
use crate::data::Dataset;
use crate::model::activation::sigmoid;
use crate::model::{Activation, Derivative};

/// Σ|terms| of a network with one hidden layer at its weights.
pub struct Terms {
    /// Of each logit.
    pub logits: Vec<f64>,
    /// Of the cost.
    pub cost: f64,
    /// Of each gradient element, in the order of the parameters.
    pub gradients: Vec<f64>,
}

impl Terms {
    /// A term counts with what its own factors were rounded by: z1 with |b1| + Σ|w1·x|, which g′ and a1 inherit, and
    /// z2 with |b2| + Σ|w2·a1|, which dz2 inherits through σ′(z2).
    pub fn new(data: &Dataset, run: &Run) -> Self {
        let (theta, g, derivative) = (&run.parameters, run.network.activation(), run.network.derivative());
        let (n_x, n_h, m) = (data.features(), theta.bias(0).len(), data.samples());
        let (w1, b1, w2, b2) = (theta.weights(0), theta.bias(0), theta.weights(1), theta.bias(1)[0]);
        let mut terms = Self { logits: Vec::with_capacity(m), cost: 0.0, gradients: vec![0.0; theta.values().len()] };
        let layout = theta.layout();
        let at = [layout.weights(0), layout.bias(0), layout.weights(1), layout.bias(1)].map(|tensor| tensor.offset);
        let (mut z1, mut z1_terms) = (vec![0.0; n_h], vec![0.0; n_h]);
        for s in 0..m {
            let (x, y): (Vec<f64>, _) = (data.point(s).collect(), f64::from(data.labels()[s]));
            for unit in 0..n_h {
                let products = x.iter().zip(&w1[unit * n_x..]).map(|(x, w)| x * w);
                z1[unit] = b1[unit] + products.clone().sum::<f64>();
                z1_terms[unit] = b1[unit].abs() + products.map(f64::abs).sum::<f64>();
            }
            let a1: Vec<f64> = z1.iter().map(|z| g.apply(*z)).collect();
            let z2 = b2 + w2.iter().zip(&a1).map(|(w, a)| w * a).sum::<f64>();
            let slope: Vec<f64> = z1.iter().map(|z| g.derivative(*z).abs()).collect();
            let of_unit = |unit: usize| w2[unit].abs() * (a1[unit].abs() + slope[unit] * z1_terms[unit]);
            let z2_terms = b2.abs() + (0..n_h).map(of_unit).sum::<f64>();
            terms.logits.push(z2_terms);

            let a2 = sigmoid(z2);
            let dz2 = (a2 - y).abs() + a2 * (1.0 - a2) * z2_terms;
            terms.cost += (z2.abs() + (a2 - y).abs() * z2_terms) / m as f64;
            for unit in 0..n_h {
                let backward = derivative.terms(z1[unit]) + bend(derivative, z1[unit], z1_terms[unit]);
                let dz1 = w2[unit].abs() * dz2 * backward;
                for (f, x) in x.iter().enumerate() {
                    terms.gradients[at[0] + unit * n_x + f] += dz1 * x.abs() / m as f64;
                }
                terms.gradients[at[1] + unit] += dz1 / m as f64;
                let a1 = a1[unit].abs() + slope[unit] * z1_terms[unit];
                terms.gradients[at[2] + unit] += dz2 * a1 / m as f64;
            }
            terms.gradients[at[3]] += dz2 / m as f64;
        }
        terms.cost += std::f64::consts::LN_2;
        terms
    }
}

/// What g′ inherits from z's own terms: |g″(z)| times them, by central difference. The ReLUs have no g″, but where z is 0
/// to the rounding of its terms, either slope is right.
fn bend(g: Derivative, z: f64, terms: f64) -> f64 {
    const H: f64 = 1e-4;
    const ROUNDING: f64 = 1e-6;
    let kinked = g.borrowed.unwrap_or(g.activation);
    match kinked {
        Activation::Tanh | Activation::Sigmoid => ((g.at(z + H) - g.at(z - H)) / (2.0 * H)).abs() * terms,
        _ if z.abs() <= ROUNDING * terms => (1.0 - kinked.slope()).abs() / Bounds::F32_TO_F64.relative,
        _ => 0.0,
    }
}
