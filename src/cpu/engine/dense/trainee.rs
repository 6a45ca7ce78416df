//! One network in training: its parameters and moments, its parts of a batch's gradient, and the update.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use fearless_simd::Simd;

use super::super::instructions::{Operation, Token};
use super::super::line::{LINE, Line, flat, flat_mut};
use super::layers::Layers;
use super::panels::Panels;
use super::part::{self, Evaluate, Gradient, Part, Task};
use super::pass::Functions;
use super::samples::{Batch, Samples};
use super::step::{self, Scaling};
use crate::Result;
use crate::backend::{Evaluation, Run};
use crate::model::{Network, Parameters};
use crate::optim::{Recipe, Step};

/// The parameters of an update at a time: their sums, and all that goes with them, are in the first cache.
const BLOCK: usize = 1024;

/// A network in training. Threads take its parts, each behind its own lock; one thread then makes the update.
pub struct Trainee {
    token: Token,
    network: Network,
    layers: Layers,
    recipe: Recipe,
    learning_rate: f64,
    state: RwLock<State>,
    start: State,
    parts: Vec<Mutex<Part>>,
}

/// What an update changes.
#[derive(Clone)]
struct State {
    theta: Vec<Line>,
    /// The optimiser's first and second moments, as far as it has any.
    moments: [Vec<Line>; 2],
    updates: u64,
}

/// What a thread keeps from task to task.
#[derive(Default)]
pub struct Scratch(Option<Panels>);

impl Scratch {
    /// The panels of a network of these layers.
    fn panels(&mut self, layers: &Layers) -> &mut Panels {
        match &mut self.0 {
            Some(panels) if panels.layers == *layers => {}
            other => *other = Some(Panels::new(layers)),
        }
        self.0.get_or_insert_with(|| Panels::new(layers))
    }
}

impl Trainee {
    /// A network to train on this many samples.
    ///
    /// # Errors
    /// [`Error::Mismatch`](crate::Error::Mismatch) if the run's moments are not its optimiser's.
    pub fn new(token: Token, run: &Run, samples: usize) -> Result<Self> {
        let layers = Layers::new(&run.network);
        let moments = run.state.moments_for(&run.network, run.recipe.optimizer)?;
        let mut each = moments.chunks(run.network.layout().parameters()).map(|moments| layers.pack(moments));
        let start = State {
            theta: layers.pack(run.parameters.values()),
            moments: [each.next(), each.next()].map(Option::unwrap_or_default),
            updates: run.state.updates,
        };
        Ok(Self {
            token,
            network: run.network.clone(),
            recipe: run.recipe,
            learning_rate: run.learning_rate,
            state: RwLock::new(start.clone()),
            start,
            // a batch has no more
            parts: (0..part::parts(&layers, samples)).map(|_| Mutex::default()).collect(),
            layers,
        })
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The parts of this many samples.
    pub fn parts(&self, samples: usize) -> usize {
        part::parts(&self.layers, samples)
    }

    /// The parts of all samples; a batch has no more.
    pub fn most_parts(&self) -> usize {
        self.parts.len()
    }

    /// Starts again from these parameters, and from the moments that it began with.
    pub fn restart(&self, parameters: &Parameters) {
        let theta = self.layers.pack(parameters.values());
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State { theta, ..self.start.clone() };
    }

    /// Computes a part of the gradient over a batch at the present parameters.
    pub fn part(&self, part: usize, samples: &Samples, batch: Batch, scratch: &mut Scratch) {
        self.part_into(part, part, samples, batch, scratch);
    }

    /// A whole update by one thread; returns the cost before it.
    pub fn update(&self, samples: &Samples, batch: Batch, scratch: &mut Scratch) -> f64 {
        let parts = self.parts(batch.count);
        let is_one_sum = part::are_panels(parts, batch.count);
        for part in 0..parts {
            self.part_into(part, if is_one_sum { 0 } else { part }, samples, batch, scratch);
        }
        self.step(batch.count, if is_one_sum { 1 } else { parts })
    }

    /// Computes a part into its own sums, or goes on from those of another.
    fn part_into(&self, part: usize, to: usize, samples: &Samples, batch: Batch, scratch: &mut Scratch) {
        let (state, mut sums) = (self.state(), self.lock(to));
        let task = Task { goes_on: to != part, ..self.task(&state, part, samples, batch, scratch, &mut sums) };
        self.token.run(Gradient { task, dropout: self.recipe.dropout, update: state.updates });
    }

    /// Computes a part of the cost and the logits over all samples.
    pub fn evaluate(&self, part: usize, samples: &Samples, scratch: &mut Scratch) {
        let (state, mut to) = (self.state(), self.lock(part));
        let batch = Batch { order: None, first: 0, count: samples.count };
        let task = self.task(&state, part, samples, batch, scratch, &mut to);
        self.token.run(Evaluate(task));
    }

    fn task<'a>(
        &self,
        state: &'a State,
        part: usize,
        samples: &'a Samples,
        batch: Batch<'a>,
        scratch: &'a mut Scratch,
        to: &'a mut Part,
    ) -> Task<'a> {
        let functions = Functions { derivative: self.network.derivative(), output: self.network.output() };
        let places = part::places(part, self.parts(batch.count), batch.count);
        let panels = scratch.panels(&self.layers);
        Task { functions, theta: &state.theta, samples, batch, places, panels, part: to, goes_on: false }
    }

    /// The update from the finished parts of a batch of this many samples; returns the cost before it.
    pub fn step(&self, samples: usize, parts: usize) -> f64 {
        let state = &mut *self.state.write().unwrap_or_else(PoisonError::into_inner);
        let step = self.recipe.step(self.learning_rate, state.updates);
        let mut finished = self.finished(parts);
        let cost = finished.cost() + self.penalty(state, samples);
        let scaling = self.scaling(&mut finished, state, samples);
        self.token.run(Update { trainee: self, step, state, finished: &finished, scaling });
        state.updates += 1;
        cost
    }

    /// The gradient that the next update would take, from the finished parts of a batch of this many samples.
    pub fn gradient(&self, samples: usize) -> Parameters {
        let (state, mut finished) = (self.state(), self.finished(self.parts(samples)));
        let scaling = self.scaling(&mut finished, &state, samples);
        let sums = finished.add_up(self.token);
        self.token.run(Regularise { trainee: self, state: &state, sums, scaling });
        self.layers.parameters(&self.network, sums)
    }

    fn finished(&self, parts: usize) -> Finished<'_> {
        Finished((0..parts).map(|part| self.lock(part)).collect())
    }

    /// What the sums are to be multiplied by, and what of θ is to be added. Where the gradient's norm is clipped, it takes the
    /// place of the sums.
    fn scaling(&self, finished: &mut Finished, state: &State, samples: usize) -> Scaling {
        let (scale, decay) = ((1.0 / finished.weight()) as f32, (self.recipe.l2 / samples as f64) as f32);
        let scaling = Scaling { scale, decay };
        let Some(clip) = self.recipe.clip_norm else { return scaling };
        let sums = finished.add_up(self.token);
        let squares = self.token.run(Regularise { trainee: self, state, sums, scaling });
        let factor = clip / (squares.sqrt() + 1e-6);
        Scaling { scale: if factor < 1.0 { factor as f32 } else { 1.0 }, decay: 0.0 }
    }

    /// (λ/2m)·ΣW².
    fn penalty(&self, state: &State, samples: usize) -> f64 {
        match self.recipe.l2 {
            0.0 => 0.0,
            l2 => 0.5 * l2 / samples as f64 * self.token.run(Squares { layers: &self.layers, theta: &state.theta }),
        }
    }

    /// The cost and the logits over all samples, from the finished parts.
    pub fn evaluation(&self, samples: usize) -> Evaluation {
        let (mut cost, mut weight, mut logits) = (0.0, 0.0, Vec::with_capacity(samples * self.network.outputs()));
        for part in 0..self.parts(samples) {
            let part = &mut *self.lock(part);
            cost += part.cost;
            weight += part.weight;
            logits.append(&mut part.logits);
        }
        Evaluation { cost: cost / weight + self.penalty(&self.state(), samples), logits }
    }

    /// The parameters, and the moments as a run's state has them.
    pub fn values(&self) -> (Parameters, Vec<f64>) {
        let state = self.state();
        let mut moments = Vec::with_capacity(self.recipe.optimizer.moments() * self.network.layout().parameters());
        for packed in state.moments.iter().filter(|packed| !packed.is_empty()) {
            self.layers.unpack(packed, &mut moments);
        }
        (self.layers.parameters(&self.network, &state.theta), moments)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lock is poisoned only by a panic, which the pool reports.
    fn lock(&self, part: usize) -> MutexGuard<'_, Part> {
        self.parts[part].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The finished parts of a batch.
struct Finished<'a>(Vec<MutexGuard<'a, Part>>);

impl Finished<'_> {
    /// Σ weight·loss over Σ weight.
    fn cost(&self) -> f64 {
        self.0.iter().map(|part| part.cost).sum::<f64>() / self.weight()
    }

    /// Σ weight.
    fn weight(&self) -> f64 {
        self.0.iter().map(|part| part.weight).sum()
    }

    /// The sums of all parts of a block of parameters, for which there is room in `total`.
    #[inline(always)]
    fn block<'a, S: Simd>(&'a self, simd: S, block: Range<usize>, total: &'a mut [f32; BLOCK]) -> &'a [f32] {
        match &self.0[..] {
            [] => &[],
            [part] => &flat(&part.sums)[block],
            [first, others @ ..] => {
                let total = &mut total[..block.len()];
                total.copy_from_slice(&flat(&first.sums)[block.clone()]);
                others.iter().for_each(|part| step::add(simd, total, &flat(&part.sums)[block.clone()]));
                total
            }
        }
    }

    /// Adds the others' sums to the first's, which are then those of all.
    fn add_up(&mut self, token: Token) -> &mut [Line] {
        let Some((first, others)) = self.0.split_first_mut() else { return &mut [] };
        for part in others {
            token.run(Add { to: &mut first.sums, from: &part.sums });
            first.cost += part.cost;
            first.weight += part.weight;
        }
        self.0.truncate(1);
        &mut self.0[0].sums
    }
}

/// Adds one part's sums to another's.
struct Add<'a> {
    to: &'a mut [Line],
    from: &'a [Line],
}

impl Operation for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        step::add(simd, flat_mut(self.to), flat(self.from));
    }
}

/// ΣW².
struct Squares<'a> {
    layers: &'a Layers,
    theta: &'a [Line],
}

impl Operation for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let weights = self.layers.layers().iter().map(|layer| layer.weights..layer.bias);
        weights.map(|range| step::squares(simd, &flat(self.theta)[range])).sum()
    }
}

/// Sums ← scale·Σ + decay·θ; the sum of the squares of all.
struct Regularise<'a> {
    trainee: &'a Trainee,
    state: &'a State,
    sums: &'a mut [Line],
    scaling: Scaling,
}

impl Operation for Regularise<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let (theta, sums) = (flat(&self.state.theta), flat_mut(self.sums));
        let tensors = tensors(&self.trainee.layers, self.scaling);
        tensors.map(|(range, scaling)| step::regularise(simd, scaling, &theta[range.clone()], &mut sums[range])).sum()
    }
}

/// The optimiser's update.
struct Update<'a> {
    trainee: &'a Trainee,
    step: Step<f32>,
    state: &'a mut State,
    finished: &'a Finished<'a>,
    scaling: Scaling,
}

impl Operation for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { trainee, step, state, finished, scaling } = self;
        let (theta, [first, second]) = (flat_mut(&mut state.theta), &mut state.moments);
        let (first, second) = (flat_mut(first), flat_mut(second));
        let mut total = [0.0; BLOCK];
        for (range, scaling) in tensors(&trainee.layers, scaling) {
            for start in range.clone().step_by(BLOCK) {
                let block = start..range.end.min(start + BLOCK);
                let range = step::Range {
                    sums: finished.block(simd, block.clone(), &mut total),
                    first: first.get_mut(block.clone()).unwrap_or_default(),
                    second: second.get_mut(block.clone()).unwrap_or_default(),
                    theta: &mut theta[block],
                };
                step::update(simd, trainee.recipe.optimizer, step, scaling, range);
            }
        }
    }
}

/// Where each tensor lies, and what its sums are multiplied by: L2 is for weights alone.
fn tensors(layers: &Layers, scaling: Scaling) -> impl Iterator<Item = (Range<usize>, Scaling)> {
    layers.layers().iter().flat_map(move |layer| {
        let end = layer.bias + layer.units.next_multiple_of(LINE);
        [(layer.weights..layer.bias, scaling), (layer.bias..end, Scaling { decay: 0.0, ..scaling })]
    })
}
