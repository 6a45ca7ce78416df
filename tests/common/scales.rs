//! How large the numbers are from which a step of any network is computed, in plain `f64` loops: a sum of f32 is off by a
//! few ulps of its terms, and what is computed from it inherits that.

use planar::backend::Run;
use planar::data::Dataset;
use planar::model::{Activation, Output};

/// Of each gradient element Σ|terms|, with what the terms inherit, over all samples.
pub fn of_gradients(data: &Dataset, run: &Run) -> Vec<f64> {
    let (theta, output) = (&run.parameters, run.network.output());
    let mut gradients = vec![0.0; theta.values().len()];
    for sample in 0..data.samples() {
        let share = data.weights().map_or(1.0, |weights| weights[sample]) / data.total_weight();
        let y: Vec<f64> = (0..run.network.outputs()).map(|row| data.targets().value(output, row, sample)).collect();
        let layers = forward(run, data.point(sample).collect());
        let (z, scale) = (&layers[layers.len() - 1].z, &layers[layers.len() - 1].scale);
        let mut dz = of_output(output, z, &y, scale);
        for (n, layer) in layers.iter().enumerate().rev() {
            let (w, b) = (theta.layout().weights(n), theta.layout().bias(n));
            for (row, dz) in gradients[w.range()].chunks_exact_mut(w.columns).zip(&dz) {
                row.iter_mut().zip(&layer.below).for_each(|(sum, a)| *sum += dz * a * share);
            }
            gradients[b.range()].iter_mut().zip(&dz).for_each(|(sum, dz)| *sum += dz * share);
            if n > 0 {
                let mut da = vec![0.0; w.columns];
                for (row, dz) in theta.weights(n).chunks_exact(w.columns).zip(&dz) {
                    da.iter_mut().zip(row).for_each(|(da, w)| *da += w.abs() * dz);
                }
                let below = layers[n - 1].z.iter().zip(&layers[n - 1].scale);
                dz = da
                    .iter()
                    .zip(below)
                    .map(|(da, (z, scale))| da * of_slope(run.network.activation(), *z, *scale))
                    .collect();
            }
        }
    }
    gradients
}

/// A layer of one sample's forward pass.
struct Layer {
    /// The scale of each a of the layer below, or x.
    below: Vec<f64>,
    z: Vec<f64>,
    /// Σ|terms| of z.
    scale: Vec<f64>,
}

fn forward(run: &Run, x: Vec<f64>) -> Vec<Layer> {
    let (theta, g) = (&run.parameters, run.network.activation());
    let (mut layers, mut a) = (Vec::new(), x);
    let mut below: Vec<f64> = a.iter().map(|x| x.abs()).collect();
    for n in 0..theta.layout().layers() {
        let rows = || theta.weights(n).chunks_exact(a.len()).zip(theta.bias(n));
        let z: Vec<f64> = rows().map(|(w, b)| b + w.iter().zip(&a).map(|(w, a)| w * a).sum::<f64>()).collect();
        let sum = |w: &[f64]| w.iter().zip(&below).map(|(w, a)| w.abs() * a).sum::<f64>();
        let scale: Vec<f64> = rows().map(|(w, b)| b.abs() + sum(w)).collect();
        a = z.iter().map(|z| g.apply(*z)).collect();
        let inherits = |((z, scale), a): ((&f64, &f64), &f64)| a.abs().max(g.derivative(*z).abs() * scale);
        let next = z.iter().zip(&scale).zip(&a).map(inherits).collect();
        layers.push(Layer { below: std::mem::replace(&mut below, next), z, scale });
    }
    layers
}

/// Of each dz = prediction − y: both, and what the prediction inherits from z.
fn of_output(output: Output, z: &[f64], y: &[f64], scale: &[f64]) -> Vec<f64> {
    let p = output.predictions(z);
    let inherited = |k: usize| match output {
        Output::Logistic => p[k] * (1.0 - p[k]) * scale[k],
        Output::Softmax => p[k] * (scale[k] + p.iter().zip(scale).map(|(p, scale)| p * scale).sum::<f64>()),
        Output::Squares => scale[k],
    };
    (0..z.len()).map(|k| p[k].abs().max(y[k].abs()) + inherited(k)).collect()
}

/// Of g′(z): itself, and what it inherits from z.
fn of_slope(g: Activation, z: f64, scale: f64) -> f64 {
    const H: f64 = 1e-4;
    let bend = if g.has_kink() { 0.0 } else { ((g.derivative(z + H) - g.derivative(z - H)) / (2.0 * H)).abs() };
    g.derivative(z).abs() + bend * scale
}
