//! The kernels of the layered plan against their CPU twins: every product of networks of several depths at odd sizes, with
//! three networks of other widths side by side.

use super::layouts::{self, Laid};
use super::{Check, Failure, Worst};
use crate::Result;
use crate::backend::Run;
use crate::cpu::operations as twin;
use crate::data::Dataset;
use crate::data::numpy_random::NumpyRandom;
use crate::gpu::Gpu;
use crate::gpu::plan::{Plan, Problem, Slot};
use crate::gpu::shader::kernel::Kernel;
use crate::gpu::shader::uniforms::NetworkRecord;
use crate::model::loss::logit_loss;
use crate::model::{Activation, Network, Parameters};

/// Features, the widths of three networks in each hidden layer, samples, activation/borrowed derivative.
type Sizes = (usize, &'static [[usize; 3]], usize, &'static str);

/// Sizes beyond a block, a tile, a slab, and a slice of a sum over the samples or over the units.
const CASES: [Sizes; 12] = [
    (2, &[[4, 1, 3]], 17, "tanh"),
    (2, &[[277, 40, 17]], 400, "leaky-relu:0.1"),
    (1, &[[1, 1, 1]], 1, "relu"),
    (3, &[[5, 9, 33], [17, 3, 8]], 401, "sigmoid"),
    (16, &[[65, 64, 1], [3, 70, 16]], 130, "relu/tanh"),
    (2, &[[17, 1, 9], [33, 5, 12], [3, 3, 20]], 277, "tanh/sigmoid"),
    (2, &[[7, 3, 5]], 2500, "sigmoid/leaky-relu:0.2"),
    (1, &[[16_500, 3, 2]], 3, "tanh"),
    (2, &[[3, 2, 1], [16_400, 5, 4]], 3, "leaky-relu/sigmoid"),
    (17, &[[3, 1, 64]], 17, "sigmoid"),
    (100, &[[65, 17, 4]], 130, "leaky-relu:0.1"),
    (16_500, &[[3, 1, 5]], 5, "tanh"),
];

pub fn forward_block(gpu: &Gpu) -> Check {
    check_in(gpu, &layouts::BLOCKS, Kernel::ForwardBlock)
}

pub fn forward_tile(gpu: &Gpu) -> Check {
    check_in(gpu, &layouts::TILES, Kernel::ForwardTile)
}

pub fn delta_block(gpu: &Gpu) -> Check {
    check_in(gpu, &layouts::BLOCKS, Kernel::DeltaBlock)
}

pub fn delta_tile(gpu: &Gpu) -> Check {
    check_in(gpu, &layouts::TILES, Kernel::DeltaTile)
}

pub fn gradient_block(gpu: &Gpu) -> Check {
    check_in(gpu, &layouts::BLOCKS, Kernel::GradientBlock)
}

pub fn gradient_tile(gpu: &Gpu) -> Check {
    check_in(gpu, &layouts::TILES, Kernel::GradientTile)
}

fn check_in(gpu: &Gpu, laid: &[Laid], kernel: Kernel) -> Check {
    layouts::in_each(gpu, laid, &CASES, |gpu, cases| {
        let mut worst = Worst::default();
        for case in cases {
            Case::new(gpu, *case)?.check(gpu, kernel, &mut worst)?;
        }
        Ok(worst)
    })
}

/// What one layer of one network holds: units × samples, in f64.
struct Layer {
    z: Vec<f64>,
    a: Vec<f64>,
    dz: Vec<f64>,
}

/// Networks on a data set, a plan for them, and what each layer of each holds.
struct Case {
    samples: usize,
    x: Vec<f64>,
    y: Vec<f64>,
    runs: Vec<Run>,
    plan: Plan,
    networks: Vec<Vec<Layer>>,
    what: String,
}

impl Case {
    fn new(gpu: &Gpu, (features, widths, samples, activation): Sizes) -> Result<Self> {
        let mut random = NumpyRandom::new(samples as u32);
        let mut normal = || f64::from(random.standard_normal() as f32);
        let points: Vec<f64> = (0..samples * features).map(|_| normal()).collect();
        let labels = (0..samples).map(|_| u8::from(normal() < 0.0)).collect();
        let data = Dataset::from_points("random", None, features, &points, labels)?;
        let mut run = |i: usize| {
            let hidden: Vec<usize> = widths.iter().map(|of_layer| of_layer[i]).collect();
            let (g, borrowed) = activation.split_once('/').unwrap_or((activation, ""));
            let mut network = Network::new(features, &hidden, g.parse()?)?;
            if !borrowed.is_empty() {
                network = network.with_backward(borrowed.parse()?);
            }
            let mut parameters = Parameters::zeros(&network);
            // so that the logits of wide networks stay small
            let scale = 1.0 / (widths.iter().map(|of_layer| of_layer[i]).max().unwrap_or(1) as f64).sqrt();
            parameters.values_mut().fill_with(|| f64::from((scale * normal()) as f32));
            Ok(Run::new(network, parameters, 0.25 * (1 + i) as f64))
        };
        let runs = (0..3).map(&mut run).collect::<Result<Vec<Run>>>()?;
        let plan = gpu.plan(&Problem::new(&data, &runs)?)?;
        let (x, y) = (data.inputs().to_vec(), data.labels().iter().map(|y| f64::from(*y)).collect::<Vec<_>>());
        let networks = runs.iter().map(|run| layers(run, &x, &y)).collect();
        let what = format!("{features} features, {widths:?} units, {samples} samples, {activation}");
        Ok(Self { samples, x, y, runs, plan, networks, what })
    }

    /// Every call of a kernel, each on what the twins leave to it.
    fn check(&self, gpu: &Gpu, kernel: Kernel, worst: &mut Worst) -> std::result::Result<(), Failure> {
        let mut partial = Vec::new();
        for (calls, update) in [(&self.plan.gradients, false), (&self.plan.iteration, true)] {
            for call in calls {
                let contents: Vec<Vec<u32>> = call.buffers.iter().map(|slot| self.contents(*slot, &partial)).collect();
                let is_part =
                    calls.iter().any(|other| other.buffers == call.buffers && other != call) && partial.is_empty();
                if call.kernel != kernel && !is_part && partial.is_empty() {
                    continue;
                }
                let words = gpu.call_alone(call, &contents)?.results()?;
                let results = Results { slots: call.buffers.clone(), words };
                if is_part {
                    partial = results.of(Slot::PartialSums);
                    continue;
                }
                partial.clear();
                let Some(Slot::Networks(layer)) = call.buffers.first() else { continue };
                match call.kernel {
                    Kernel::ForwardBlock | Kernel::ForwardTile => self.compare_forward(*layer, &results, worst)?,
                    Kernel::DeltaBlock | Kernel::DeltaTile => self.compare_delta(*layer, &results, worst)?,
                    _ => self.compare_gradient(*layer, update, &results, worst)?,
                }
            }
        }
        Ok(())
    }

    /// What a slot holds before a call: what the twins compute, as f32.
    fn contents(&self, slot: Slot, partial: &[f32]) -> Vec<u32> {
        let length = self.plan.slots[&slot] as usize;
        let of_layer = |layer: usize, rows: usize, part: fn(&Layer) -> &Vec<f64>| -> Vec<f32> {
            let mut all = vec![0.0; length];
            for (network, of_network) in self.networks.iter().enumerate() {
                let values = part(&of_network[layer]);
                let first = network * rows * self.samples;
                all[first..first + values.len()].iter_mut().zip(values).for_each(|(to, from)| *to = *from as f32);
            }
            all
        };
        let units = |layer: usize| self.widest(layer);
        let last = self.networks[0].len() - 1;
        let values: Vec<f32> = match slot {
            Slot::Inputs => self.x.iter().map(|x| *x as f32).collect(),
            Slot::Labels => self.y.iter().map(|y| *y as f32).collect(),
            Slot::Parameters => self.plan.packing.pack(self.runs.iter().map(|run| &run.parameters)),
            Slot::Networks(layer) => bytemuck::cast_slice(&NetworkRecord::of_layer(&self.runs, layer)).to_vec(),
            Slot::Z(layer) => of_layer(layer, units(layer), |layer| &layer.z),
            Slot::A(layer) => of_layer(layer, units(layer), |layer| &layer.a),
            Slot::Delta(layer) if layer == last => of_layer(layer, 2, |layer| &layer.dz),
            Slot::Delta(layer) => of_layer(layer, units(layer), |layer| &layer.dz),
            Slot::PartialSums if !partial.is_empty() => partial.to_vec(),
            _ => vec![0.0; length],
        };
        values.iter().map(|value| value.to_bits()).collect()
    }

    fn widest(&self, layer: usize) -> usize {
        self.runs.iter().map(|run| run.network.widths()[layer + 1]).max().unwrap_or(0)
    }

    /// A of the layer below, or X.
    fn below(&self, network: usize, layer: usize) -> &[f64] {
        if layer == 0 { &self.x } else { &self.networks[network][layer - 1].a }
    }

    fn compare_forward(&self, layer: usize, results: &Results, worst: &mut Worst) -> std::result::Result<(), Failure> {
        let (samples, units, last) = (self.samples, self.widest(layer), self.networks[0].len() - 1);
        for (network, run) in self.runs.iter().enumerate() {
            let what = format!("{}, layer {layer} of network {network}", self.what);
            let (theta, of_layer) = (&run.parameters, &self.networks[network][layer]);
            let [terms, _] = twin::forward(
                &magnitudes(theta.weights(layer)),
                &magnitudes(theta.bias(layer)),
                &magnitudes(self.below(network, layer)),
                samples,
                Activation::Relu,
            );
            // g′ is at most 1 in these cases, so that a is as far off as z
            let bound = |i: usize| 1e-6 * terms[i] + 2e-6;
            let z = &results.of(Slot::Z(layer))[network * units * samples..];
            worst.compare(&format!("{what}, z"), &z[..of_layer.z.len()], &of_layer.z, bound)?;
            if layer < last {
                let a = &results.of(Slot::A(layer))[network * units * samples..][..units * samples];
                let (there, lacking) = a.split_at(of_layer.a.len());
                worst.compare(&format!("{what}, a"), there, &of_layer.a, bound)?;
                worst.compare(&format!("{what}, a of units it lacks"), lacking, &vec![0.0; lacking.len()], |_| 0.0)?;
            } else {
                let dz = &results.of(Slot::Delta(layer))[network * 2 * samples..][..2 * samples];
                let of_sample = |i: usize| bound(i % samples);
                worst.compare(&format!("{what}, dz and loss"), dz, &of_layer.dz, of_sample)?;
            }
        }
        Ok(())
    }

    fn compare_delta(&self, layer: usize, results: &Results, worst: &mut Worst) -> std::result::Result<(), Failure> {
        let (samples, units) = (self.samples, self.widest(layer));
        for (network, run) in self.runs.iter().enumerate() {
            let what = format!("{}, layer {layer} of network {network}", self.what);
            let [of_layer, above] = [layer, layer + 1].map(|layer| &self.networks[network][layer]);
            let derivative = run.network.derivative();
            let rows = run.network.widths()[layer + 2] * samples;
            let ones = twin::delta(
                &magnitudes(run.parameters.weights(layer + 1)),
                &magnitudes(&above.dz[..rows]),
                &vec![1.0; of_layer.z.len()],
                samples,
                crate::model::Derivative::of(Activation::Relu),
            );
            // exp of a large argument errs by some ulps, but relatively: also where g′ is tiny
            let bound = |i: usize| 1e-5 * ones[i] * derivative.magnitude(of_layer.z[i]) + 1e-9;
            let got = &results.of(Slot::Delta(layer))[network * units * samples..][..of_layer.dz.len()];
            worst.compare(&what, got, &of_layer.dz, bound)?;
        }
        Ok(())
    }

    fn compare_gradient(
        &self,
        layer: usize,
        update: bool,
        results: &Results,
        worst: &mut Worst,
    ) -> std::result::Result<(), Failure> {
        let (samples, last) = (self.samples, self.networks[0].len() - 1);
        let networks: Vec<Network> = self.runs.iter().map(|run| run.network.clone()).collect();
        let slot = if update { Slot::Parameters } else { Slot::Gradients };
        let words: Vec<u32> = results.of(slot).iter().map(|value| value.to_bits()).collect();
        let got = self.plan.packing.unpack(&networks, &words);
        for (network, run) in self.runs.iter().enumerate() {
            let what = format!("{}, layer {layer} of network {network}, update {update}", self.what);
            let (theta, mean) = (&run.parameters, 1.0 / samples as f64);
            let dz = &self.networks[network][layer].dz[..theta.bias(layer).len() * samples];
            let below = self.below(network, layer);
            let want = twin::gradient(dz, below, samples, mean);
            let terms = twin::gradient(&magnitudes(dz), &magnitudes(below), samples, mean);
            let got = [got[network].weights(layer), got[network].bias(layer)];
            let before = [theta.weights(layer), theta.bias(layer)];
            for (((got, want), terms), before) in got.iter().zip(&want).zip(&terms).zip(before) {
                let got: Vec<f32> = got.iter().map(|value| *value as f32).collect();
                let rate = run.learning_rate;
                let after: Vec<f64> = match update {
                    true => before.iter().zip(want).map(|(theta, gradient)| theta - rate * gradient).collect(),
                    false => want.clone(),
                };
                let rounding = |i: usize| if update { 1e-7 * (before[i].abs() + after[i].abs()) } else { 0.0 };
                worst.compare(&what, &got, &after, |i| 1e-5 * terms[i] + 1e-9 + rounding(i))?;
            }
            if layer == last {
                let cost = self.networks[network][layer].dz[samples..].iter().sum::<f64>() * mean;
                let history = results.of(Slot::History)[network];
                worst.compare(&format!("{what}, cost"), &[history], &[cost], |_| 1e-5 * cost + 1e-6)?;
                let steps = results.of(Slot::Steps)[network].to_bits();
                if steps != 1 {
                    return Err(Failure(format!("{what}: {steps} steps are counted, not 1")));
                }
            }
        }
        Ok(())
    }
}

/// What the buffers hold after a call.
struct Results {
    slots: Vec<Slot>,
    words: Vec<Vec<u32>>,
}

impl Results {
    fn of(&self, slot: Slot) -> Vec<f32> {
        let words = self.slots.iter().zip(&self.words).find(|(other, _)| **other == slot);
        words.map_or(Vec::new(), |(_, words)| words.iter().map(|word| f32::from_bits(*word)).collect())
    }
}

/// What every layer of a network holds; at the output, the losses are behind dZ.
fn layers(run: &Run, x: &[f64], y: &[f64]) -> Vec<Layer> {
    let (theta, samples) = (&run.parameters, y.len());
    let last = theta.layout().layers() - 1;
    let mut layers: Vec<Layer> = Vec::new();
    for layer in 0..=last {
        let below = layers.last().map_or(x, |below| &below.a);
        let g = if layer == last { Activation::Sigmoid } else { run.network.activation() };
        // as the device has them for the next call
        let rounded = twin::forward(theta.weights(layer), theta.bias(layer), below, samples, g)
            .map(|values| values.into_iter().map(|value| f64::from(value as f32)).collect::<Vec<_>>());
        let [z, a] = rounded;
        layers.push(Layer { z, a, dz: Vec::new() });
    }
    let losses: Vec<f64> = layers[last].z.iter().zip(y).map(|(z, y)| logit_loss(*z, *y)).collect();
    layers[last].dz = [twin::logistic_delta(&layers[last].a, y), losses].concat();
    for layer in (0..last).rev() {
        let above = &layers[layer + 1].dz[..theta.bias(layer + 1).len() * samples];
        let above: Vec<f64> = above.iter().map(|dz| f64::from(*dz as f32)).collect();
        let dz = twin::delta(theta.weights(layer + 1), &above, &layers[layer].z, samples, run.network.derivative());
        layers[layer].dz = dz;
    }
    layers
}

fn magnitudes(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.abs()).collect()
}
