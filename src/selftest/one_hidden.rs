//! The kernels of the split plan against their CPU twins, at odd sizes and in many layouts, with several networks side by
//! side.

use super::{Check, Failure, Worst, layouts};
use crate::Result;
use crate::backend::Run;
use crate::cpu::operations as twin;
use crate::data::Dataset;
use crate::data::numpy_random::NumpyRandom;
use crate::gpu::Gpu;
use crate::gpu::packing::GROUP;
use crate::gpu::plan::{KernelCall, Plan, Problem, Slot};
use crate::gpu::shader::uniforms::NetworkRecord;
use crate::model::{Network, Parameters};

/// Features, widths side by side, samples, activation/borrowed derivative.
pub type Sizes = (usize, [usize; 3], usize, &'static str);

/// Sizes beyond a vector, an invocation, a workgroup and a slab.
pub const CASES: [Sizes; 13] = [
    (2, [1, 1, 1], 1, "tanh"),
    (2, [3, 17, 2], 3, "tanh"),
    (2, [277, 4, 100], 400, "leaky-relu:0.1"),
    (1, [17, 3, 40], 401, "sigmoid"),
    (3, [5, 9, 33], 17, "relu"),
    (16, [17, 1, 4], 277, "tanh"),
    (2, [400, 3, 8], 277, "relu"),
    (2, [4, 17, 3], 2500, "sigmoid"),
    (16, [5, 1, 9], 2500, "tanh"),
    (7, [3, 12, 5], 70_001, "leaky-relu:-0.5"),
    (2, [17, 1, 9], 277, "relu/tanh"),
    (3, [4, 2, 33], 2500, "sigmoid/leaky-relu:0.2"),
    (2, [3, 5, 17], 401, "leaky-relu/sigmoid"),
];

/// Networks on a data set, and a plan for them.
pub struct Case {
    pub data: Dataset,
    pub runs: Vec<Run>,
    pub plan: Plan,
    pub what: String,
}

impl Case {
    pub fn new(gpu: &Gpu, (features, widths, samples, activation): Sizes) -> Result<Self> {
        let mut random = NumpyRandom::new(samples as u32);
        let points: Vec<f64> = (0..samples * features).map(|_| normal(&mut random)).collect();
        let labels = (0..samples).map(|_| u8::from(random.uniform() < 0.5)).collect();
        let data = Dataset::from_points("random", None, features, &points, labels)?;
        let mut run = |(i, width): (usize, usize)| {
            let name = if activation.contains(':') { format!("{activation}{i}") } else { activation.into() };
            let network = match name.split_once('/') {
                None => Network::one_hidden(features, width, name.parse()?)?,
                Some((g, borrowed)) => {
                    Network::one_hidden(features, width, g.parse()?)?.with_backward(borrowed.parse()?)
                }
            };
            let mut parameters = Parameters::zeros(&network);
            parameters.values_mut().fill_with(|| normal(&mut random));
            Ok(Run::new(network, parameters, 0.1 + i as f64))
        };
        let runs = widths.into_iter().enumerate().map(&mut run).collect::<Result<Vec<Run>>>()?;
        let problem = Problem::new(&data, &runs)?;
        let plan = gpu.plan(&problem)?;
        Ok(Self {
            data,
            runs,
            plan,
            what: format!("{features} features, {widths:?} units, {samples} samples, {activation}"),
        })
    }

    /// Runs a step on the case's data, records and parameters; `given` fills other slots, the rest is 0.
    pub fn run(&self, gpu: &Gpu, step: &KernelCall, given: &[(Slot, Vec<f32>)]) -> Result<Results> {
        let contents = |slot: &Slot| -> Vec<u32> {
            let packing = &self.plan.packing;
            let records: Vec<NetworkRecord> = self.runs.iter().map(|run| NetworkRecord::of(run, 0)).collect();
            let values = match slot {
                Slot::Inputs => packing.inputs(&self.data),
                Slot::Labels => packing.labels(&self.data),
                Slot::Parameters => packing.pack(self.runs.iter().map(|run| &run.parameters)),
                Slot::Networks(_) => bytemuck::cast_slice(&records).to_vec(),
                other => match given.iter().find(|(slot, _)| slot == other) {
                    Some((_, values)) => values.clone(),
                    None => vec![0.0; self.plan.slots[other] as usize],
                },
            };
            values.iter().map(|value| value.to_bits()).collect()
        };
        let contents: Vec<_> = step.buffers.iter().map(contents).collect();
        let words = gpu.call_alone(step, &contents)?.results()?;
        Ok(Results(step.buffers.iter().copied().zip(words).collect()))
    }

    /// One row of samples after another, filled up to whole groups.
    fn stride(&self) -> usize {
        self.plan.packing.samples(self.data.samples())
    }

    /// X and Y as f32 devices see them.
    pub fn rounded(&self) -> (Vec<f64>, Vec<f64>) {
        let x = self.data.inputs().iter().map(|x| f64::from(*x as f32)).collect();
        (x, self.data.labels().iter().map(|y| f64::from(*y)).collect())
    }

    pub fn networks(&self) -> Vec<Network> {
        self.runs.iter().map(|run| run.network.clone()).collect()
    }
}

/// What the buffers hold after a step.
pub struct Results(Vec<(Slot, Vec<u32>)>);

impl Results {
    pub fn bits(&self, slot: Slot) -> &[u32] {
        self.0.iter().find(|(other, _)| *other == slot).map_or(&[], |(_, words)| words)
    }

    pub fn values(&self, slot: Slot) -> Vec<f32> {
        self.bits(slot).iter().map(|bits| f32::from_bits(*bits)).collect()
    }
}

fn normal(random: &mut NumpyRandom) -> f64 {
    // rounded, so that f32 and f64 start from the same
    f64::from(0.5 * random.standard_normal() as f32)
}

/// |b1| + Σ|w1·x| of every unit and sample: what z1 is rounded by.
fn z1_terms(theta: &Parameters, x: &[f64], samples: usize) -> Vec<f64> {
    let inputs = x.len() / samples;
    let term = |unit: usize, sample: usize| {
        let weights = &theta.weights(0)[unit * inputs..][..inputs];
        theta.bias(0)[unit].abs() + (0..inputs).map(|f| (weights[f] * x[f * samples + sample]).abs()).sum::<f64>()
    };
    (0..theta.bias(0).len())
        .flat_map(|unit| (0..samples).map(move |sample| (unit, sample)))
        .map(|(u, s)| term(u, s))
        .collect()
}

/// `serial_forward`: the logits, dZ2 and the loss of every group of samples.
pub fn serial_forward(gpu: &Gpu) -> Check {
    layouts::in_each(gpu, &layouts::SERIAL, &CASES, forward_of)
}

/// `split_forward`: the same.
pub fn split_forward(gpu: &Gpu) -> Check {
    layouts::in_each(gpu, &layouts::PARTS, &CASES, forward_of)
}

/// `serial_backward`: gradients and update.
pub fn serial_backward(gpu: &Gpu) -> Check {
    layouts::in_each(gpu, &layouts::SERIAL, &CASES, backward_of)
}

/// `split_backward`: the same.
pub fn split_backward(gpu: &Gpu) -> Check {
    layouts::in_each(gpu, &layouts::PARTS, &CASES, backward_of)
}

fn forward_of(gpu: &Gpu, cases: &[Sizes]) -> Check {
    let mut worst = Worst::default();
    for case in cases {
        let case = Case::new(gpu, *case)?;
        let (x, y) = case.rounded();
        // what trains leaves the logits out
        let logits = case.run(gpu, &case.plan.evaluation[0], &[])?.values(Slot::Z(1));
        let got = case.run(gpu, &case.plan.iteration[0], &[])?;
        let (samples, stride) = (case.data.samples(), case.stride());
        for (network, run) in case.runs.iter().enumerate() {
            let what = format!("{}, network {network}", case.what);
            let theta = &run.parameters;
            let [z2, dz2, loss] = twin::split_forward(theta, run.network.activation(), &x, &y);
            let terms = z1_terms(theta, &x, samples);
            // g′ is at most 1, so that z2 is off by what each a1 is, times |w2|
            let bound = |sample: usize| {
                let of_unit = |(unit, w2): (usize, &f64)| w2.abs() * (1.0 + terms[unit * samples + sample]);
                1e-6 * (theta.bias(1)[0].abs() + theta.weights(1).iter().enumerate().map(of_unit).sum::<f64>()) + 1e-6
            };
            worst.compare(&format!("{what}, z2"), &logits[network * stride..][..samples], &z2, bound)?;
            let deltas = &got.values(Slot::Delta(1))[2 * network * stride..][..2 * stride];
            for (group, vectors) in deltas.chunks_exact(2 * GROUP).enumerate() {
                let of_group =
                    |values: &[f64]| values.iter().skip(group * GROUP).take(GROUP).copied().collect::<Vec<_>>();
                let mut want = of_group(&dz2);
                want.resize(GROUP, 0.0); // what is no sample has no error
                let largest = (0..GROUP).map(|i| bound((group * GROUP + i).min(samples - 1))).fold(0.0, f64::max);
                worst.compare(&format!("{what}, dz2 of group {group}"), &vectors[..GROUP], &want, |_| largest)?;
                let loss = of_group(&loss).iter().sum::<f64>();
                worst.compare(&format!("{what}, loss of group {group}"), &[vectors[GROUP]], &[loss], |_| {
                    4.0 * largest + 1e-6 * loss
                })?;
            }
        }
    }
    Ok(worst)
}

/// Random dZ2 and losses of every network, as the forward pass leaves them.
fn random_deltas(case: &Case) -> Vec<f32> {
    let mut random = NumpyRandom::new(5);
    let mut deltas = vec![0.0; 2 * case.runs.len() * case.stride()];
    for vectors in deltas.chunks_exact_mut(2 * case.stride()) {
        for (group, vectors) in vectors.chunks_exact_mut(2 * GROUP).enumerate() {
            let samples = GROUP.min(case.data.samples() - group * GROUP);
            vectors[..samples].fill_with(|| normal(&mut random) as f32);
            vectors[GROUP] = normal(&mut random) as f32;
        }
    }
    deltas
}

/// dZ2, and the sum of the losses, of one network of [`random_deltas`].
fn of_network(deltas: &[f32], samples: usize) -> (Vec<f64>, f64) {
    let loss = deltas.chunks_exact(2 * GROUP).map(|vectors| f64::from(vectors[GROUP])).sum();
    ((0..samples).map(|s| f64::from(deltas[s / GROUP * 2 * GROUP + s % GROUP])).collect(), loss)
}

/// The twin's gradients of one network, and for each element the sum of its terms' absolute values.
pub fn gradients_and_terms(run: &Run, x: &[f64], dz2: &[f64]) -> [Parameters; 2] {
    let (theta, g, derivative) = (&run.parameters, run.network.activation(), run.network.derivative());
    let (inputs, samples) = (run.network.inputs(), dz2.len());
    let mean = 1.0 / samples as f64;
    let gradients = twin::gradients_of_sums(theta, &twin::split_backward(theta, derivative, x, dz2), mean);
    let positive: Vec<f64> = dz2.iter().map(|value| value.abs()).collect();
    // with |dz2| and z1 the same, Σ|t| and Σ|dz2|·|a1| come from the twin feature by feature
    let mut terms = twin::split_backward(theta, derivative, x, &positive);
    let of_z1 = z1_terms(theta, x, samples);
    for unit in 0..theta.bias(0).len() {
        let weights = &theta.weights(0)[unit * inputs..][..inputs];
        let z1 = |s: usize| theta.bias(0)[unit] + (0..inputs).map(|f| weights[f] * x[f * samples + s]).sum::<f64>();
        let z1: Vec<f64> = (0..samples).map(z1).collect();
        let t: Vec<f64> = z1.iter().zip(dz2).map(|(z, d)| d.abs() * derivative.magnitude(*z)).collect();
        for f in 0..inputs {
            terms.weights_mut(0)[unit * inputs + f] = (0..samples).map(|s| t[s] * x[f * samples + s].abs()).sum();
        }
        terms.bias_mut(0)[unit] = t.iter().sum();
        terms.weights_mut(1)[unit] =
            (0..samples).map(|s| dz2[s].abs() * (g.apply(z1[s]).abs() + of_z1[unit * samples + s])).sum();
    }
    [gradients, twin::gradients_of_sums(theta, &terms, mean)]
}

fn backward_of(gpu: &Gpu, cases: &[Sizes]) -> Check {
    let mut worst = Worst::default();
    for case in cases {
        let case = Case::new(gpu, *case)?;
        let (x, _) = case.rounded();
        let deltas = random_deltas(&case);
        let got = case.run(gpu, &case.plan.gradients[1], &[(Slot::Delta(1), deltas.clone())])?;
        let unpacked = case.plan.packing.unpack(&case.networks(), got.bits(Slot::Gradients));
        for (network, run) in case.runs.iter().enumerate() {
            let what = format!("{}, network {network}", case.what);
            let deltas = &deltas[2 * network * case.stride()..][..2 * case.stride()];
            let (dz2, loss) = of_network(deltas, case.data.samples());
            let [gradients, terms] = gradients_and_terms(run, &x, &dz2);
            let cost = got.values(Slot::History)[network];
            worst.compare(&format!("{what}, cost"), &[cost], &[loss / dz2.len() as f64], |_| 1e-5)?;
            if got.bits(Slot::Steps)[network] != 1 {
                return Err(Failure(format!("{what}: the step is not counted")));
            }
            let values: Vec<f32> = unpacked[network].values().iter().map(|v| *v as f32).collect();
            worst.compare(&what, &values, gradients.values(), |i| 1e-5 * terms.values()[i].abs() + 1e-9)?;
        }
        updates_in_place(&mut worst, gpu, &case, &deltas, got.bits(Slot::Gradients))?;
    }
    Ok(worst)
}

/// With `update`, the parameters go down the very gradients that the kernel stores without.
fn updates_in_place(
    worst: &mut Worst,
    gpu: &Gpu,
    case: &Case,
    deltas: &[f32],
    gradients: &[u32],
) -> std::result::Result<(), Failure> {
    let got = case.run(gpu, &case.plan.iteration[1], &[(Slot::Delta(1), deltas.to_vec())])?;
    let gradients = case.plan.packing.unpack(&case.networks(), gradients);
    let after = case.plan.packing.unpack(&case.networks(), got.bits(Slot::Parameters));
    for ((run, gradient), after) in case.runs.iter().zip(&gradients).zip(&after) {
        let step = |(theta, gradient): (&f64, &f64)| theta - run.learning_rate * gradient;
        let want: Vec<f64> = run.parameters.values().iter().zip(gradient.values()).map(step).collect();
        let after: Vec<f32> = after.values().iter().map(|value| *value as f32).collect();
        worst.compare(&format!("{}, update", case.what), &after, &want, |i| 2e-7 * (want[i].abs() + 1.0))?;
    }
    Ok(())
}
