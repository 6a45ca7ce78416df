//! Σ|terms| of every element of the gradient of the mean loss over all samples, weighted: the textbook once more, with magnitudes.
//! Where Z cancels, A and dZ are off by more than they are large: by 2e-7·Σ|terms| of Z, a fiftieth of the bound's 1e-5.

use planar::backend::Run;
use planar::data::Dataset;
use planar::model::Network;

/// The part of the bound's 1e-5 that rounding Z takes.
const OF_Z: f64 = 0.02;

/// Z, A and Σ|terms| of Z of a layer (units × samples).
type Layer = [Vec<f64>; 3];

/// Σ|terms| in the order of the parameters.
pub fn terms(data: &Dataset, run: &Run) -> Vec<f64> {
    let (network, samples) = (&run.network, data.samples());
    let layers = forward(data, run);
    let last = layers.len() - 1;
    let mut dz = output(network, &layers[last], data);
    let mut of_layers = Vec::new();
    for layer in (0..=last).rev() {
        let rows = |matrix: &[f64]| matrix.chunks_exact(samples).map(<[f64]>::to_vec).collect::<Vec<_>>();
        let derivative = |z: f64| network.derivative().at(z).abs();
        let below: Vec<f64> = match layer {
            0 => data.inputs().to_vec(),
            _ => {
                let [z, a, terms] = &layers[layer - 1];
                let off = z.iter().zip(terms).map(|(z, terms)| OF_Z * derivative(*z) * terms);
                a.iter().zip(off).map(|(a, off)| a.abs() + off).collect()
            }
        };
        let (units, inputs) = (rows(&dz), rows(&below));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a * b).abs()).sum::<f64>();
        let dw = units.iter().flat_map(|unit| inputs.iter().map(|input| dot(unit, input)).collect::<Vec<_>>());
        let db = units.iter().map(|unit| unit.iter().sum::<f64>());
        of_layers.push(dw.chain(db).collect::<Vec<f64>>());
        if layer > 0 {
            let w = run.parameters.weights(layer);
            let z = &layers[layer - 1][0];
            let through = |at: usize| {
                let (unit, sample) = (at / samples, at % samples);
                let above = |(row, dz): (usize, &Vec<f64>)| (w[row * inputs.len() + unit] * dz[sample]).abs();
                units.iter().enumerate().map(above).sum::<f64>()
            };
            dz = (0..z.len()).map(|at| derivative(z[at]) * through(at)).collect();
        }
    }
    of_layers.into_iter().rev().flatten().collect()
}

fn forward(data: &Dataset, run: &Run) -> Vec<Layer> {
    let samples = data.samples();
    let mut layers: Vec<Layer> = Vec::new();
    for layer in 0..run.parameters.layout().layers() {
        let below = layers.last().map_or(data.inputs(), |[_, a, _]| a);
        let (w, b) = (run.parameters.weights(layer), run.parameters.bias(layer));
        let inputs = below.len() / samples;
        let of = |(unit, b): (usize, &f64)| {
            let row = &w[unit * inputs..(unit + 1) * inputs];
            let products = |sample: usize| row.iter().enumerate().map(move |(i, w)| w * below[i * samples + sample]);
            let z = |sample| (b + products(sample).sum::<f64>(), b.abs() + products(sample).map(f64::abs).sum::<f64>());
            (0..samples).map(z).collect::<Vec<(f64, f64)>>()
        };
        let (z, terms): (Vec<f64>, Vec<f64>) = b.iter().enumerate().flat_map(of).unzip();
        let a = z.iter().map(|z| run.network.activation().apply(*z)).collect();
        layers.push([z, a, terms]);
    }
    layers
}

/// |prediction| + |y| of each output, times the sample's share of the mean: what dZ is the difference of.
fn output(network: &Network, [z, _, terms]: &Layer, data: &Dataset) -> Vec<f64> {
    let samples = data.samples();
    let mut dz = vec![0.0; z.len()];
    for sample in 0..samples {
        let of_sample: Vec<f64> = z.iter().skip(sample).step_by(samples).copied().collect();
        for (row, prediction) in network.output().predictions(&of_sample).into_iter().enumerate() {
            let y = data.targets().value(network.output(), row, sample).abs();
            let off = OF_Z * terms[row * samples + sample];
            let share = data.weights().map_or(1.0, |weights| weights[sample]) / data.total_weight();
            dz[row * samples + sample] = share * (prediction.abs() + y + off);
        }
    }
    dz
}
