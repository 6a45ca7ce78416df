//! One network in training: its parameters and moments, its parts of a batch's gradient, and the update.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use super::super::instructions::Token;
use super::super::line::Line;
use super::layers::Layers;
use super::panels::Panels;
use super::part::{self, Evaluate, Gradient, Part, Task};
use super::pass::Functions;
use super::rounds::{Below, Fetch, Inputs, Learn};
use super::samples::{Batch, Samples};
use super::step::Scaling;
use super::update::{Finished, Regularise, Squares, Update};
use super::wide::{Wide, lock};
use crate::Result;
use crate::backend::{Evaluation, Run};
use crate::model::{Network, Parameters};
use crate::optim::Recipe;

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
    wide: Option<Wide>,
}

/// What an update changes.
#[derive(Clone)]
pub struct State {
    pub theta: Vec<Line>,
    /// The optimiser's first and second moments, as far as it has any.
    pub moments: [Vec<Line>; 2],
    pub updates: u64,
}

/// What a thread keeps from task to task.
#[derive(Default)]
pub struct Scratch {
    panels: Option<Panels>,
    inputs: Inputs,
}

impl Scratch {
    /// The panels of a network of these layers.
    fn panels(&mut self, layers: &Layers) -> &mut Panels {
        match &mut self.panels {
            Some(panels) if panels.layers == *layers => {}
            other => *other = Some(Panels::new(layers)),
        }
        self.panels.get_or_insert_with(|| Panels::new(layers))
    }
}

impl Trainee {
    /// A network to train on this many samples, with this many threads.
    ///
    /// # Errors
    /// [`Error::Mismatch`](crate::Error::Mismatch) if the run's moments are not its optimiser's.
    pub fn new(token: Token, run: &Run, samples: usize, threads: usize) -> Result<Self> {
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
            wide: Wide::new(&layers, &run.recipe, threads),
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
        if let Some(wide) = self.wide() {
            wide.forget();
        }
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State { theta, ..self.start.clone() };
    }

    /// Computes a part of the gradient over a batch at the present parameters.
    pub fn part(&self, part: usize, samples: &Samples, batch: Batch, scratch: &mut Scratch) {
        self.part_into(part, part, samples, batch, scratch);
    }

    /// Whether threads share the units of the first layer in a batch of this many samples, rather than its parts alone; the
    /// layer's parameters are then with them, else with the state.
    pub fn shares_units(&self, samples: usize) -> bool {
        let Some(wide) = self.wide() else { return false };
        let takes = wide.takes(self.parts(samples), samples);
        if takes {
            wide.take(&self.state())
        } else {
            self.give_back_units()
        }
        takes
    }

    /// The first layer in slices; nothing for a browser, which has one thread and is not to fetch what it never runs.
    fn wide(&self) -> Option<&Wide> {
        if cfg!(target_arch = "wasm32") { None } else { self.wide.as_ref() }
    }

    /// The slices of units that threads may share.
    pub fn slices(&self) -> usize {
        self.wide().map_or(0, |wide| wide.slices.len())
    }

    /// Ends the sharing of units.
    pub fn give_back_units(&self) {
        if let Some(wide) = self.wide() {
            wide.give_back(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Computes a slice of the first layer's units over a batch.
    pub fn below(&self, slice: usize, samples: &Samples, batch: Batch, scratch: &mut Scratch) {
        let Some(wide) = self.wide() else { return };
        let update = self.state().updates;
        let inputs = self.inputs(samples, batch, update, scratch);
        let (functions, dropout, parts) = (self.functions(), self.recipe.dropout, self.parts(batch.count));
        let samples = batch.count;
        self.token.run(Below { wide, slice, inputs, functions, dropout, update, samples, parts });
    }

    /// Updates a slice of the first layer's units from the deltas of all finished parts.
    pub fn learn(&self, slice: usize, samples: &Samples, batch: Batch, scratch: &mut Scratch) {
        let Some(wide) = self.wide() else { return };
        let update = self.state().updates;
        let inputs = self.inputs(samples, batch, update, scratch);
        let parts = self.parts(batch.count);
        let weight: f64 = (0..parts).map(|part| self.lock(part).weight).sum();
        let scaling = Scaling { scale: (1.0 / weight) as f32, decay: 0.0 };
        let (rule, step) = (self.recipe.optimizer, self.recipe.step(self.learning_rate, update));
        self.token.run(Learn { wide, slice, inputs, samples: batch.count, parts, rule, step, scaling });
    }

    /// X of a batch, which a thread fetches once.
    fn inputs<'a>(&self, samples: &Samples, batch: Batch, update: u64, scratch: &'a mut Scratch) -> &'a Inputs {
        let (inputs, layers, parts) = (&mut scratch.inputs, &self.layers, self.parts(batch.count));
        self.token.run(Fetch { inputs: &mut *inputs, update, samples, batch, layers, parts });
        inputs
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
        &'a self,
        state: &'a State,
        part: usize,
        samples: &'a Samples,
        batch: Batch<'a>,
        scratch: &'a mut Scratch,
        to: &'a mut Part,
    ) -> Task<'a> {
        let functions = self.functions();
        let below = self.wide().filter(|wide| wide.holds()).map(|wide| (wide, part));
        let places = part::places(part, self.parts(batch.count), batch.count);
        let panels = scratch.panels(&self.layers);
        Task { functions, theta: &state.theta, samples, batch, places, panels, part: to, goes_on: false, below }
    }

    fn functions(&self) -> Functions {
        Functions { derivative: self.network.derivative(), output: self.network.output() }
    }

    /// The update from the finished parts of a batch of this many samples; returns the cost before it.
    pub fn step(&self, samples: usize, parts: usize) -> f64 {
        let state = &mut *self.state.write().unwrap_or_else(PoisonError::into_inner);
        let step = self.recipe.step(self.learning_rate, state.updates);
        let mut finished = self.finished(parts);
        let cost = finished.cost() + self.penalty(state, samples);
        let scaling = self.scaling(&mut finished, state, samples);
        let (layers, rule) = (&self.layers, self.recipe.optimizer);
        // threads that share the first layer's units update its W and b
        let elsewhere = if self.wide().is_some_and(Wide::holds) { 2 } else { 0 };
        self.token.run(Update { layers, rule, step, state, finished: &finished, scaling, elsewhere });
        state.updates += 1;
        cost
    }

    /// The gradient that the next update would take, from the finished parts of a batch of this many samples.
    pub fn gradient(&self, samples: usize) -> Parameters {
        let (state, mut finished) = (self.state(), self.finished(self.parts(samples)));
        let scaling = self.scaling(&mut finished, &state, samples);
        let sums = finished.add_up(self.token);
        self.token.run(Regularise { layers: &self.layers, theta: &state.theta, sums, scaling });
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
        let squares = self.token.run(Regularise { layers: &self.layers, theta: &state.theta, sums, scaling });
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

    fn lock(&self, part: usize) -> MutexGuard<'_, Part> {
        lock(&self.parts[part])
    }
}
