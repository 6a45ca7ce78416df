//! The sums of the terms' absolute values by which differences are judged, Σ|terms|, for any depth, in plain `f64` loops.

use super::Bounds;
use crate::backend::Run;
use crate::data::Dataset;
use crate::model::activation::sigmoid;
use crate::model::{Activation, Derivative};

/// Σ|terms| of everything that one step computes.
pub struct Magnitudes {
    /// Of each logit.
    pub logits: Vec<f64>,
    /// Of the cost.
    pub cost: f64,
    /// Of each gradient element, in the order of the parameters.
    pub gradients: Vec<f64>,
    /// m.
    samples: f64,
}

impl Magnitudes {
    /// A term counts with what its own factors are rounded by: a and g′(z) inherit from the magnitude of z, and dz of
    /// the output through σ′(z). So magnitudes pass through the network as the values do, with nothing cancelling.
    ///
    /// What is taken from an activation that is rounded has lost its digits where that is close to 1: σ(z) − y of the output, 1 − a²
    /// of a tanh unit. There, a counts with `rounded`: what it may be off by itself, in units of the relative bound.
    pub fn new(data: &Dataset, run: &Run, rounded: f64) -> Self {
        let (theta, m) = (&run.parameters, data.samples() as f64);
        let gradients = vec![0.0; theta.values().len()];
        let mut sums = Self { logits: Vec::with_capacity(data.samples()), cost: 0.0, gradients, samples: m };
        for (sample, y) in data.labels().iter().enumerate() {
            let layers = forward(run, data.point(sample));
            let Some(Layer { z, z_magnitude, .. }) = layers.last() else { continue };
            let (z, magnitude) = (z[0], z_magnitude[0]);
            let a = sigmoid(z);
            let error = (a - f64::from(*y)).abs();
            sums.logits.push(magnitude);
            sums.cost += (z.abs() + error * magnitude) / m;
            let output = error + a * (1.0 - a) * magnitude + a * rounded;
            sums.add_gradients(run, &layers, output, rounded);
        }
        sums.cost += std::f64::consts::LN_2;
        sums
    }

    /// Adds one sample's magnitudes of dW = dz·aᵀ/m and db = dz/m, from the output, whose dz has this magnitude, down.
    fn add_gradients(&mut self, run: &Run, layers: &[Layer], output: f64, rounded: f64) {
        let (theta, derivative, m) = (&run.parameters, run.network.derivative(), self.samples);
        let mut dz = vec![Rounded { value: output, inherited: 0.0 }];
        for (n, layer) in layers.iter().enumerate().rev() {
            let (w, b) = (theta.layout().weights(n), theta.layout().bias(n));
            let rows = self.gradients[w.range()].chunks_exact_mut(w.columns);
            for (row, dz) in rows.zip(&dz) {
                row.iter_mut().zip(&layer.a).for_each(|(sum, a)| *sum += dz.times(a) / m);
            }
            self.gradients[b.range()].iter_mut().zip(&dz).for_each(|(sum, dz)| *sum += dz.total() / m);
            if let Some(below) = n.checked_sub(1).map(|n| &layers[n]) {
                let mut da = vec![Rounded::default(); w.columns];
                for (row, dz) in theta.weights(n).chunks_exact(w.columns).zip(&dz) {
                    da.iter_mut().zip(row).for_each(|(da, w)| da.add(w.abs(), dz));
                }
                let z = below.z.iter().zip(&below.z_magnitude);
                dz = da
                    .iter()
                    .zip(z)
                    .map(|(da, (z, magnitude))| da.through(derivative, *z, *magnitude, rounded))
                    .collect();
            }
        }
    }
}

/// A layer of one sample's forward pass: z = W·a + b, where a is that of the layer below, or x.
struct Layer {
    a: Vec<Rounded>,
    z: Vec<f64>,
    /// |b| + Σ|w|·(|a| + what a inherits).
    z_magnitude: Vec<f64>,
}

/// The layers of one sample's forward pass; a inherits |g′(z)|·magnitude(z).
fn forward(run: &Run, x: impl Iterator<Item = f64>) -> Vec<Layer> {
    let (theta, g) = (&run.parameters, run.network.activation());
    let mut layers = Vec::with_capacity(theta.layout().layers());
    let mut values: Vec<f64> = x.collect();
    let mut a: Vec<Rounded> = values.iter().map(|x| Rounded { value: x.abs(), inherited: 0.0 }).collect();
    for n in 0..theta.layout().layers() {
        let rows = || theta.weights(n).chunks_exact(a.len()).zip(theta.bias(n));
        let z: Vec<f64> = rows().map(|(w, b)| b + w.iter().zip(&values).map(|(w, a)| w * a).sum::<f64>()).collect();
        let magnitude = |w: &[f64]| w.iter().zip(&a).map(|(w, a)| w.abs() * a.total()).sum::<f64>();
        let z_magnitude: Vec<f64> = rows().map(|(w, b)| b.abs() + magnitude(w)).collect();
        values = z.iter().map(|z| g.apply(*z)).collect();
        let inherited = |(z, magnitude): (&f64, &f64)| g.derivative(*z).abs() * magnitude;
        let inherited = z.iter().zip(&z_magnitude).map(inherited);
        let next = values.iter().zip(inherited).map(|(a, inherited)| Rounded { value: a.abs(), inherited }).collect();
        layers.push(Layer { a: std::mem::replace(&mut a, next), z, z_magnitude });
    }
    layers
}

/// The magnitude of a, da or dz.
#[derive(Clone, Copy, Default)]
struct Rounded {
    /// Σ|terms| with factors as they are.
    value: f64,
    /// What the factors' own rounding adds, to first order, so that over layers it adds up and does not multiply.
    inherited: f64,
}

impl Rounded {
    fn total(&self) -> f64 {
        self.value + self.inherited
    }

    /// self + w·dz.
    fn add(&mut self, w: f64, dz: &Self) {
        self.value += w * dz.value;
        self.inherited += w * dz.inherited;
    }

    /// self·a.
    fn times(&self, a: &Self) -> f64 {
        self.value * a.total() + self.inherited * a.value
    }

    /// dz = da·g′(z), where g′ inherits |g″(z)|·magnitude(z), by central difference. The ReLUs have no g″; but if z is 0
    /// to the rounding of its terms, either of their slopes is right, and the whole difference may be error.
    fn through(&self, g: Derivative, z: f64, magnitude: f64, rounded: f64) -> Self {
        const H: f64 = 1e-4;
        const ROUNDING: f64 = 1e-6;
        let kinked = g.borrowed.unwrap_or(g.activation);
        let (bend, jump) = match kinked {
            Activation::Tanh | Activation::Sigmoid => {
                let bend = ((g.at(z + H) - g.at(z - H)) / (2.0 * H)).abs();
                let a = kinked.apply(z);
                (bend * magnitude + a * a * rounded, 0.0)
            }
            _ if z.abs() <= ROUNDING * magnitude => (0.0, (1.0 - kinked.slope()).abs()),
            _ => (0.0, 0.0),
        };
        let slope = g.magnitude(z);
        let of_slope = bend + jump / Bounds::F32_TO_F64.relative;
        Self { value: self.value * slope, inherited: self.value * of_slope + self.inherited * (slope + jump) }
    }
}

#[cfg(test)]
mod tests;
