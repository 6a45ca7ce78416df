//! The kernels that the layered plan has beside its products, against their CPU twins: three networks of other widths,
//! optimisers and penalties side by side, on random contents of their buffers.

use super::layouts::{self, Laid};
use super::{Check, Failure, Worst};
use crate::Result;
use crate::cpu::operations as twin;
use crate::data::numpy_random::NumpyRandom;
use crate::gpu::Gpu;
use crate::gpu::plan::{Dense, KernelCall, Plan, Problem, Slot};
use crate::gpu::shader::kernel::Kernel;
use crate::gpu::shader::uniforms::{RecipeRecord, Turn};
use crate::model::params::Layout;
use crate::model::{Activation, Network, Output, Parameters};
use crate::optim::Recipe;

/// Features, the widths of three networks in each hidden layer, outputs, samples, of which this many make a batch.
type Sizes = (usize, &'static [[usize; 3]], (Output, usize), u32, u32);

/// Sizes at and beyond a vector, a workgroup and a slab.
const CASES: [Sizes; 7] = [
    (2, &[[4, 1, 3]], (Output::Logistic, 1), 17, 5),
    (1, &[[1, 1, 1]], (Output::Squares, 1), 1, 1),
    (3, &[[5, 9, 33], [17, 3, 8]], (Output::Softmax, 10), 401, 64),
    (17, &[[277, 40, 17]], (Output::Squares, 3), 277, 277),
    (5, &[[300, 3, 270], [3, 260, 1]], (Output::Logistic, 4), 70, 69),
    (64, &[[3, 8, 2]], (Output::Softmax, 2), 130, 3),
    (2, &[[1, 2, 600]], (Output::Softmax, 277), 19, 18),
];

/// An optimiser, λ, the clipped norm and the learning rate.
type Trainer = (&'static str, f64, Option<f64>, f64);

/// How the three networks are trained.
const RECIPES: [[Trainer; 3]; 2] = [
    [("adam", 0.0, None, 0.02), ("nesterov:0.8", 0.7, Some(0.05), 0.3), ("gd", 0.3, None, 0.1)],
    [
        ("adamw:0.8:0.99:1e-6:0.1", 0.5, Some(1e6), 0.05),
        ("momentum:0.7", 0.0, Some(0.5), 0.2),
        ("adam", 1.0, None, 0.1),
    ],
];
/// The update, counted from 0, whose numbers the kernels are told.
const UPDATE: u64 = 4;
/// The row of the table that `gather` is to take.
const ROW: usize = 2;

pub fn gather(gpu: &Gpu) -> Check {
    in_each(gpu, Case::check_gather)
}

pub fn output_delta(gpu: &Gpu) -> Check {
    in_each(gpu, Case::check_output_delta)
}

pub fn norms(gpu: &Gpu) -> Check {
    in_each(gpu, Case::check_norms)
}

pub fn update(gpu: &Gpu) -> Check {
    in_each(gpu, Case::check_update)
}

fn in_each(gpu: &Gpu, check: fn(&Case, &Gpu, &mut Worst) -> std::result::Result<(), Failure>) -> Check {
    let laid: [Laid; 2] = [layouts::BLOCKS[0], layouts::TILES[0]];
    layouts::in_each(gpu, &laid, &CASES, |gpu, cases| {
        let mut worst = Worst::default();
        for (case, recipes) in cases.iter().flat_map(|case| RECIPES.iter().map(move |recipes| (case, recipes))) {
            check(&Case::new(gpu, *case, recipes)?, gpu, &mut worst)?;
        }
        Ok(worst)
    })
}

/// A network with its gradient and its moments.
struct Trained {
    network: Network,
    recipe: Recipe,
    rate: f64,
    theta: Parameters,
    gradient: Parameters,
    moments: Vec<f64>,
}

/// Networks, a plan for them, and what its buffers hold.
struct Case {
    problem: Problem,
    dense: Dense,
    plan: Plan,
    trained: Vec<Trained>,
    x: Vec<f32>,
    y: Vec<f32>,
    weights: Vec<f32>,
    z: Vec<f32>,
    /// The samples of the batch.
    places: Vec<u32>,
    what: String,
}

impl Case {
    fn new(gpu: &Gpu, sizes: Sizes, recipes: &[Trainer; 3]) -> Result<Self> {
        let (features, widths, (output, outputs), samples, batch) = sizes;
        let mut random = NumpyRandom::new(samples + outputs as u32);
        let mut normal = || random.standard_normal() as f32;
        let mut some = |count: usize| (0..count).map(|_| normal()).collect::<Vec<f32>>();
        let mut trained = Vec::new();
        for (i, (optimizer, l2, clip_norm, rate)) in recipes.iter().enumerate() {
            let hidden: Vec<usize> = widths.iter().map(|of_layer| of_layer[i]).collect();
            let network = Network::new(features, &hidden, Activation::Tanh)?.with_output(output, outputs)?;
            let recipe = Recipe { optimizer: optimizer.parse()?, l2: *l2, clip_norm: *clip_norm, ..Recipe::default() };
            let [mut theta, mut gradient] = [Parameters::zeros(&network), Parameters::zeros(&network)];
            let count = theta.values().len();
            for values in [theta.values_mut(), gradient.values_mut()] {
                values.iter_mut().zip(some(count)).for_each(|(value, random)| *value = random.into());
            }
            let moments = some(recipe.optimizer.moments() * count).iter().map(|m| f64::from(m.abs())).collect();
            trained.push(Trained { network, recipe, rate: *rate, theta, gradient, moments });
        }
        let widest: Vec<usize> = widths.iter().map(|of_layer| of_layer.iter().copied().max().unwrap_or(0)).collect();
        let layout = Layout::new(&[&[features], widest.as_slice(), &[outputs]].concat());
        let moments = trained.iter().map(|trained| trained.recipe.optimizer.moments()).max().unwrap_or(0) as u32;
        let dense =
            Dense { output, batch: (batch < samples).then_some(batch), moments, regularises: true, drops: false };
        let problem =
            Problem { networks: 3, samples, activation: Activation::Tanh, borrowed: None, layout, dense: Some(dense) };
        let (m, b) = (samples as usize, batch as usize);
        let places = some(b).iter().map(|random| (random.abs() * 1e4) as u32 % samples).collect();
        let y = some(outputs * m).into_iter().map(|y| if output == Output::Squares { y } else { f32::from(y > 0.0) });
        Ok(Self {
            plan: gpu.plan(&problem)?,
            problem,
            dense,
            trained,
            x: some(features * m),
            y: y.collect(),
            weights: some(b).iter().map(|weight| weight.abs()).collect(),
            z: some(3 * outputs * b).iter().map(|z| 4.0 * z).collect(),
            places,
            what: format!("{features} features, {widths:?} units, {outputs} outputs ({output}), {batch} of {samples}"),
        })
    }

    /// The calls of a kernel in an iteration, and in what looks at gradients.
    fn calls(&self, kernel: Kernel) -> impl Iterator<Item = &KernelCall> {
        self.plan.iteration.iter().chain(&self.plan.gradients).filter(move |call| call.kernel == kernel)
    }

    /// What a call leaves in its buffers.
    fn run(&self, gpu: &Gpu, call: &KernelCall, norms: &[f32]) -> Result<Vec<Vec<u32>>> {
        let contents: Vec<Vec<u32>> = call.buffers.iter().map(|slot| self.contents(*slot, norms)).collect();
        gpu.call_alone(call, &contents)?.results()
    }

    fn turn(&self, network: usize) -> Turn {
        let Trained { recipe, rate, .. } = &self.trained[network];
        Turn::of(recipe, *rate, UPDATE, self.problem.batch() as usize)
    }

    fn contents(&self, slot: Slot, norms: &[f32]) -> Vec<u32> {
        let length = self.plan.slots[&slot] as usize;
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
        let words = match slot {
            Slot::Networks(_) => vec![7; length],
            Slot::Inputs => bits(&self.x),
            Slot::Labels | Slot::BatchLabels => {
                bits(&[self.y_of_batch(slot == Slot::Labels), self.weights.clone()].concat())
            }
            Slot::Z(_) => bits(&self.z),
            Slot::Norms if !norms.is_empty() => bits(norms),
            Slot::Steps => vec![0, 0, 0, ROW as u32],
            Slot::Turns => bytemuck::cast_slice(&[0, 1, 2].map(|network| self.turn(network))).to_vec(),
            Slot::Recipes => {
                let records: Vec<_> = self.trained.iter().map(|trained| RecipeRecord::of(&trained.recipe)).collect();
                bytemuck::cast_slice(&records).to_vec()
            }
            Slot::Parameters => bits(&self.packed(|trained| [trained.theta.values(), &trained.moments].concat())),
            Slot::Gradients => {
                let gradients = self.trained.iter().map(|trained| &trained.gradient);
                bits(&self.plan.packing.of_gradients().pack(gradients))
            }
            Slot::Table => self.table(),
            _ => Vec::new(),
        };
        words.into_iter().chain(std::iter::repeat(0)).take(length).collect()
    }

    /// Y of the batch, or of all samples.
    fn y_of_batch(&self, all: bool) -> Vec<f32> {
        if all && self.dense.batch.is_some() {
            return self.y.clone();
        }
        let batch = self.problem.batch() as usize;
        self.y.chunks_exact(self.problem.samples as usize).flat_map(|row| row[..batch].to_vec()).collect()
    }

    /// θ and the moments of all networks, each kind as the widest network has it.
    fn packed(&self, mut values: impl FnMut(&Trained) -> Vec<f64>) -> Vec<f32> {
        let (one, kinds) = (self.plan.packing.of_gradients(), 1 + self.dense.moments as usize);
        let mut packed = Vec::new();
        for trained in &self.trained {
            let all = values(trained);
            for kind in 0..kinds {
                let mut of_kind = Parameters::zeros(&trained.network);
                let count = of_kind.values().len();
                if let Some(values) = all.get(kind * count..(kind + 1) * count) {
                    of_kind.values_mut().copy_from_slice(values);
                }
                packed.extend(one.pack([&of_kind]));
            }
        }
        packed
    }

    /// Rows of words that are never the same, of which the one of [`ROW`] is the batch.
    fn table(&self) -> Vec<u32> {
        let batch = self.dense.batch.unwrap_or(0) as usize;
        let row = |row: usize| {
            let turns = (0..24).map(move |word| (1000 * row + word) as u32);
            let places = self.places[..batch].iter().zip(&self.weights);
            let of_row = (row == ROW).then_some(places);
            let places = of_row.into_iter().flatten().flat_map(|(sample, weight)| [*sample, weight.to_bits()]);
            turns.chain(places).chain(std::iter::repeat(0)).take(24 + 2 * batch)
        };
        (0..=ROW).flat_map(row).collect()
    }

    fn check_gather(&self, gpu: &Gpu, worst: &mut Worst) -> std::result::Result<(), Failure> {
        for call in self.calls(Kernel::Gather) {
            let results = self.run(gpu, call, &[])?;
            let of =
                |slot: Slot| call.buffers.iter().zip(&results).find(|(of, _)| **of == slot).map(|(_, words)| words);
            let turns: Vec<u32> = (0..24).map(|word| (1000 * ROW + word) as u32).collect();
            if of(Slot::Turns) != Some(&turns) {
                return Err(Failure(format!("{}: what is told is {:?}", self.what, of(Slot::Turns))));
            }
            let Some(batch) = self.dense.batch else { continue };
            let samples = self.problem.samples as usize;
            let gathered = |matrix: &[f32]| twin::gather(matrix, samples, &self.places[..batch as usize]);
            let labels = [gathered(&self.y), self.weights.clone()].concat();
            for (slot, want) in [(Slot::BatchInputs, gathered(&self.x)), (Slot::BatchLabels, labels)] {
                let got: Vec<f32> = of(slot).into_iter().flatten().map(|bits| f32::from_bits(*bits)).collect();
                let want: Vec<f64> = want.into_iter().map(f64::from).collect();
                worst.compare(&format!("{}, {slot:?}", self.what), &got, &want, |_| 0.0)?;
            }
        }
        Ok(())
    }

    fn check_output_delta(&self, gpu: &Gpu, worst: &mut Worst) -> std::result::Result<(), Failure> {
        let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
        let (batch, y) = (self.problem.batch() as usize, wide(&self.y_of_batch(false)));
        for call in self.calls(Kernel::OutputDelta) {
            let results = self.run(gpu, call, &[])?;
            let got: Vec<f32> = results[3].iter().map(|bits| f32::from_bits(*bits)).collect();
            for (network, z) in wide(&self.z).chunks_exact(y.len()).enumerate() {
                let (dz, losses) = twin::output_delta(self.dense.output, z, &y, batch);
                let want = [dz, losses].concat();
                let weight = |i: usize| f64::from(self.weights[i % batch]);
                let weighted: Vec<f64> = want.iter().enumerate().map(|(i, value)| value * weight(i)).collect();
                let got = &got[network * want.len()..][..want.len()];
                let what = format!("{}, dz and loss of network {network}", self.what);
                worst.compare(&what, got, &weighted, |i| weight(i) * (4e-6 + 4e-6 * want[i].abs()))?;
            }
            if results[4][3] != ROW as u32 + 1 {
                return Err(Failure(format!("{}: {} updates have begun, not {}", self.what, results[4][3], ROW + 1)));
            }
        }
        Ok(())
    }

    /// ½·(λ/m)·ΣW² and the factor of the gradient of a network.
    fn norms(&self, network: usize) -> [f64; 2] {
        let Trained { recipe, theta, gradient, .. } = &self.trained[network];
        let batch = self.problem.batch() as usize;
        let mut gradient = gradient.clone();
        Recipe { clip_norm: None, ..*recipe }.regularise(&mut gradient, theta, batch);
        twin::norms(theta, &gradient, recipe.l2 / batch as f64, recipe.clip_norm)
    }

    fn check_norms(&self, gpu: &Gpu, worst: &mut Worst) -> std::result::Result<(), Failure> {
        let mut rows = Vec::new();
        for (number, call) in self.calls(Kernel::Norms).enumerate() {
            let results = self.run(gpu, call, &rows)?;
            let values = |at: usize| results[at].iter().map(|bits| f32::from_bits(*bits)).collect::<Vec<f32>>();
            rows = values(5);
            if number % 2 == 0 {
                continue; // the sums of the rows
            }
            for network in 0..3 {
                let [penalty, factor] = self.norms(network);
                let behind = (network + 1) * rows.len() / 3 - 2;
                let what = format!("{}, network {network}", self.what);
                worst.compare(&format!("{what}, the factor"), &[rows[behind]], &[factor], |_| 2e-6 * factor)?;
                let history = values(6)[network];
                worst.compare(&format!("{what}, the penalty"), &[history], &[penalty], |_| 2e-6 * penalty)?;
            }
            rows.clear();
        }
        Ok(())
    }

    fn check_update(&self, gpu: &Gpu, worst: &mut Worst) -> std::result::Result<(), Failure> {
        let rows = self.plan.slots[&Slot::Norms] as usize / 3;
        let mut norms = vec![0.0; 3 * rows];
        (0..3).for_each(|network| norms[(network + 1) * rows - 2] = self.norms(network)[1] as f32);
        let batch = self.problem.batch() as usize;
        let mut after: Vec<(Vec<f64>, Parameters)> = Vec::new();
        for Trained { recipe, rate, theta, gradient, moments, .. } in &self.trained {
            let (mut theta, mut gradient, mut moments) = (theta.clone(), gradient.clone(), moments.clone());
            let step = recipe.step::<f64>(*rate, UPDATE);
            twin::update(recipe, &step, batch, [&mut theta, &mut gradient], &mut moments);
            after.push(([theta.values(), &moments].concat(), gradient));
        }
        let mut next = after.iter();
        let states = self.packed(|_| next.next().map_or(Vec::new(), |(states, _)| states.clone()));
        let gradients = self.plan.packing.of_gradients().pack(after.iter().map(|(_, gradient)| gradient));
        for (call, (slot, want)) in
            self.calls(Kernel::Update).zip([(Slot::Parameters, states), (Slot::Gradients, gradients)])
        {
            let results = self.run(gpu, call, &norms)?;
            let of =
                |slot: Slot| call.buffers.iter().zip(&results).find(|(of, _)| **of == slot).map(|(_, words)| words);
            let got: Vec<f32> = of(slot).into_iter().flatten().map(|bits| f32::from_bits(*bits)).collect();
            let want: Vec<f64> = want.into_iter().map(f64::from).collect();
            let what = format!("{}, {slot:?}", self.what);
            worst.compare(&what, &got, &want, |i| 4e-6 * want[i].abs() + 2e-6)?;
            if of(Slot::Steps).map(|steps| &steps[..3]) != Some(&[1, 1, 1]) {
                return Err(Failure(format!("{}: steps are {:?}", self.what, of(Slot::Steps))));
            }
        }
        Ok(())
    }
}
