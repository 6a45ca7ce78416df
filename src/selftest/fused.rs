//! The three kernels of the fused plan against their CPU twins, at odd sizes, with several networks side by side.

use super::{Check, Failure, Worst};
use crate::Result;
use crate::backend::Run;
use crate::cpu::operations as twin;
use crate::data::Dataset;
use crate::data::numpy_random::NumpyRandom;
use crate::gpu::Gpu;
use crate::gpu::packing::GROUP;
use crate::gpu::plan::{KernelCall, Limits, Plan, PlanChoice, Problem, Slot, Software};
use crate::gpu::uniforms::NetworkRecord;
use crate::model::{Network, Parameters};

/// How plans are laid out: as for this adapter, for hardware, for a software adapter of two threads, and with nothing
/// bound as a uniform.
pub const LAYOUTS: [fn(&mut Limits); 4] = [
    |_| {},
    |allowed| allowed.software = None,
    |allowed| allowed.software = Some(Software { lanes: 8, threads: 2 }),
    |allowed| allowed.uniform_size = 0,
];

/// Features, widths side by side, samples, activation/borrowed derivative: beyond a vector, an invocation, a workgroup and a slab.
const CASES: [(usize, [usize; 3], usize, &str); 13] = [
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

/// Networks on a data set, and the fused plan for them.
struct Case {
    data: Dataset,
    runs: Vec<Run>,
    plan: Plan,
    what: String,
}

impl Case {
    fn new(gpu: &Gpu, (features, widths, samples, activation): (usize, [usize; 3], usize, &str)) -> Result<Self> {
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
            Ok(Run { network, parameters, learning_rate: 0.1 + i as f64 })
        };
        let runs = widths.into_iter().enumerate().map(&mut run).collect::<Result<Vec<Run>>>()?;
        let sizes = Problem::new(&data, &runs)?;
        let plan = gpu.clone().with_plan(PlanChoice::Fused).plan(&sizes)?;
        Ok(Self {
            data,
            runs,
            plan,
            what: format!("{features} features, {widths:?} units, {samples} samples, {activation}"),
        })
    }

    /// Runs a step on the case's data, records and parameters; `given` fills other slots, the rest is 0.
    fn run(&self, gpu: &Gpu, step: &KernelCall, given: &[(Slot, Vec<f32>)]) -> Result<Results> {
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
        let words = gpu.alone(step, &contents)?.results()?;
        Ok(Results(step.buffers.iter().copied().zip(words).collect()))
    }

    /// One row of samples after another, filled up to whole groups.
    fn stride(&self) -> usize {
        self.plan.packing.samples(self.data.samples())
    }

    /// X and Y as f32 devices see them.
    fn rounded(&self) -> (Vec<f64>, Vec<f64>) {
        let x = self.data.inputs().iter().map(|x| f64::from(*x as f32)).collect();
        (x, self.data.labels().iter().map(|y| f64::from(*y)).collect())
    }

    fn networks(&self) -> Vec<Network> {
        self.runs.iter().map(|run| run.network.clone()).collect()
    }
}

/// What the buffers hold after a step.
struct Results(Vec<(Slot, Vec<u32>)>);

impl Results {
    fn bits(&self, slot: Slot) -> &[u32] {
        self.0.iter().find(|(other, _)| *other == slot).map_or(&[], |(_, words)| words)
    }

    fn values(&self, slot: Slot) -> Vec<f32> {
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

/// A check with plans laid out in each way.
fn in_every_layout(gpu: &Gpu, check: fn(&Gpu) -> Check) -> Check {
    let mut worst = Worst::default();
    for layout in LAYOUTS {
        worst.0 = worst.0.max(check(&gpu.clone().adapted(layout))?.0);
    }
    Ok(worst)
}

/// `fused_forward`: the logits, dZ2 and the loss of every group of samples.
pub fn forward(gpu: &Gpu) -> Check {
    in_every_layout(gpu, forward_of)
}

fn forward_of(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    for case in CASES {
        let case = Case::new(gpu, case)?;
        let (x, y) = case.rounded();
        // what trains leaves the logits out
        let logits = case.run(gpu, &case.plan.evaluation[0], &[])?.values(Slot::Z(1));
        let got = case.run(gpu, &case.plan.iteration[0], &[])?;
        let (samples, stride) = (case.data.samples(), case.stride());
        for (network, run) in case.runs.iter().enumerate() {
            let what = format!("{}, network {network}", case.what);
            let theta = &run.parameters;
            let [z2, dz2, loss] = twin::fused_forward(theta, run.network.activation(), &x, &y);
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

/// dZ2 and the losses by group, for a range of samples, of one network of [`random_deltas`].
fn of_slab(deltas: &[f32], samples: std::ops::Range<usize>) -> (Vec<f64>, f64) {
    let groups = samples.start / GROUP..samples.end.div_ceil(GROUP);
    let loss = groups.map(|group| f64::from(deltas[(2 * group + 1) * GROUP])).sum();
    (samples.map(|s| f64::from(deltas[s / GROUP * 2 * GROUP + s % GROUP])).collect(), loss)
}

/// The twin's sums over a slab, and for each the sum of its terms' absolute values.
fn sums_of_slab(run: &Run, x: &[f64], dz2: &[f64], slab: std::ops::Range<usize>) -> [Parameters; 2] {
    let (theta, g, derivative) = (&run.parameters, run.network.activation(), run.network.derivative());
    let samples = x.len() / run.network.inputs();
    let x: Vec<f64> = x.chunks_exact(samples).flat_map(|row| row[slab.clone()].to_vec()).collect();
    let sums = twin::fused_backward(theta, derivative, &x, dz2);
    let positive = |values: &[f64]| values.iter().map(|value| value.abs()).collect::<Vec<_>>();
    // with |dz2| and z1 the same, Σ|t| and Σ|dz2|·|a1| come from the twin feature by feature
    let mut terms = twin::fused_backward(theta, derivative, &x, &positive(dz2));
    let (count, inputs) = (dz2.len(), run.network.inputs());
    let of_z1 = z1_terms(theta, &x, count);
    for unit in 0..theta.bias(0).len() {
        let z1: Vec<f64> = (0..count)
            .map(|s| {
                theta.bias(0)[unit]
                    + (0..inputs).map(|f| theta.weights(0)[unit * inputs + f] * x[f * count + s]).sum::<f64>()
            })
            .collect();
        let t: Vec<f64> = z1.iter().zip(dz2).map(|(z, d)| d.abs() * derivative.magnitude(*z)).collect();
        for f in 0..inputs {
            terms.weights_mut(0)[unit * inputs + f] = (0..count).map(|s| t[s] * x[f * count + s].abs()).sum();
        }
        terms.bias_mut(0)[unit] = t.iter().sum();
        terms.weights_mut(1)[unit] =
            (0..count).map(|s| dz2[s].abs() * (g.apply(z1[s]).abs() + of_z1[unit * count + s])).sum();
    }
    [sums, terms]
}

/// `fused_backward`: gradients and update with one slab, the slabs' sums with several.
pub fn backward(gpu: &Gpu) -> Check {
    in_every_layout(gpu, backward_of)
}

fn backward_of(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    for case in CASES {
        let case = Case::new(gpu, case)?;
        let (x, _) = case.rounded();
        let deltas = random_deltas(&case);
        let slabs = if case.plan.iteration.len() > 2 { case.plan.iteration[1].workgroups[2] as usize } else { 1 };
        let slab = if slabs > 1 { slab_samples(&case, slabs) } else { case.data.samples() };
        let got = case.run(gpu, &case.plan.gradients[1], &[(Slot::Delta(1), deltas.clone())])?;
        let unpacked = match slabs {
            1 => case.plan.packing.unpack(&case.networks(), got.bits(Slot::Gradients)),
            _ => {
                let networks: Vec<Network> =
                    case.networks().into_iter().flat_map(|network| vec![network; slabs]).collect();
                case.plan.packing.unpack(&networks, got.bits(Slot::PartialSums))
            }
        };
        let mean = 1.0 / case.data.samples() as f64;
        for (network, run) in case.runs.iter().enumerate() {
            let deltas = &deltas[2 * network * case.stride()..][..2 * case.stride()];
            for part in 0..slabs {
                let what = format!("{}, network {network}, slab {part}", case.what);
                let samples = part * slab..((part + 1) * slab).min(case.data.samples());
                let (dz2, loss) = of_slab(deltas, samples.clone());
                let [mut sums, mut terms] = sums_of_slab(run, &x, &dz2, samples);
                if slabs == 1 {
                    sums = twin::fused_update(&run.parameters, &[sums], mean);
                    terms = twin::fused_update(&run.parameters, &[terms], mean);
                    let cost = got.values(Slot::History)[network];
                    worst.compare(&format!("{what}, cost"), &[cost], &[loss * mean], |_| 1e-5)?;
                    if got.bits(Slot::Steps)[network] != 1 {
                        return Err(Failure(format!("{what}: the step is not counted")));
                    }
                }
                let values: Vec<f32> = unpacked[network * slabs + part].values().iter().map(|v| *v as f32).collect();
                worst.compare(&what, &values, sums.values(), |i| 1e-5 * terms.values()[i].abs() + 1e-9)?;
            }
        }
        if slabs == 1 {
            updates_in_place(&mut worst, gpu, &case, &deltas, got.bits(Slot::Gradients))?;
        }
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

/// Samples of a slab, from the uniform of the step.
fn slab_samples(case: &Case, slabs: usize) -> usize {
    let fused: &[u32] = bytemuck::cast_slice(&case.plan.iteration[1].uniform);
    assert_eq!(fused[4] as usize, slabs);
    fused[5] as usize * GROUP
}

/// `fused_update`: gradients and update from the slabs' sums.
pub fn update(gpu: &Gpu) -> Check {
    in_every_layout(gpu, update_of)
}

fn update_of(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    for case in CASES.into_iter().filter(|case| case.2 > 2000) {
        let case = Case::new(gpu, case)?;
        let slabs = case.plan.iteration[1].workgroups[2] as usize;
        let mut random = NumpyRandom::new(6);
        let partial: Vec<f32> = (0..case.plan.slots[&Slot::PartialSums]).map(|_| normal(&mut random) as f32).collect();
        let bits: Vec<u32> = partial.iter().map(|value| value.to_bits()).collect();
        let networks: Vec<Network> = case.networks().into_iter().flat_map(|network| vec![network; slabs]).collect();
        let parts = case.plan.packing.unpack(&networks, &bits);
        let stride = case.plan.packing.parameters();
        let mean = 1.0 / case.data.samples() as f64;
        for update in [false, true] {
            let step = if update { &case.plan.iteration[2] } else { &case.plan.gradients[2] };
            let got = case.run(gpu, step, &[(Slot::PartialSums, partial.clone())])?;
            let slot = if update { Slot::Parameters } else { Slot::Gradients };
            let unpacked = case.plan.packing.unpack(&case.networks(), got.bits(slot));
            for (network, run) in case.runs.iter().enumerate() {
                let what = format!("{}, network {network}, update {update}", case.what);
                let parts = &parts[network * slabs..][..slabs];
                let mut want = twin::fused_update(&run.parameters, parts, mean);
                if update {
                    let (gradients, mut theta) = (want.clone(), run.parameters.clone());
                    twin::update(theta.values_mut(), gradients.values(), run.learning_rate);
                    want = theta;
                }
                let values: Vec<f32> = unpacked[network].values().iter().map(|value| *value as f32).collect();
                let rounding = |i: usize| 1e-6 * (slabs as f64 * mean + want.values()[i].abs()) + 1e-9;
                worst.compare(&what, &values, want.values(), rounding)?;
                // the loss stands behind Σ dZ2 in each slab's last vector
                let loss = |slab: usize| f64::from(partial[(network * slabs + slab + 1) * stride - GROUP + 1]);
                let cost = (0..slabs).map(loss).sum::<f64>() * mean;
                worst.compare(&format!("{what}, cost"), &[got.values(Slot::History)[network]], &[cost], |_| 1e-6)?;
            }
        }
    }
    Ok(worst)
}
