//! A first layer that has most of the weights, on several threads: each has some of its units, whose weights, moments and dW
//! stay in its own cache, and computes them over all samples of a batch. The layers above are computed part by part, as ever.
//!
//! | round | a task is | it reads | it leaves |
//! |---|---|---|---|
//! | below | a slice of units | X | A and g′(Z) of its units |
//! | above | a part of the batch | A and g′(Z) of all units | the sums of the other layers, and dZ of the first |
//! | learn | a slice of units | X, and dZ of its units | W, b and moments of its units |
//!
//! The terms of every number are added in the order that they have without slices, so these change no bit.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError, RwLock};

use fearless_simd::Simd;

use super::super::instructions::Operation;
use super::super::line::{LINE, Line, flat, flat_mut, zeros};
use super::activation::activate;
use super::dot::sum_rows;
use super::layers::{Layer, Layers};
use super::panel::{Panel, WIDTH};
use super::panels::{Panels, Turned};
use super::part::{self, drop_units};
use super::pass::{Biased, Functions, Sums};
use super::products::{ByRows, Right, Size, product};
use super::samples::{Batch, Samples};
use super::step::{self, Scaling};
use super::trainee::State;
use crate::optim::{Dropout, Optimizer, Recipe, Step};

/// The fewest units of a slice: fewer would not fill the tiles.
const UNITS: usize = 32;

/// The units whose dW are summed up and learnt at a time, a multiple of a line: the sums stay in the cache.
const BLOCK: usize = 32;

/// The most panels of a batch: each thread keeps X of all of them.
const PANELS: usize = 4;

/// The first layer of a network in slices of units.
pub struct Wide {
    layer: Layer,
    slices: Vec<Slice>,
    /// dZ of all units, for each panel of the batch.
    deltas: [RwLock<Panel>; PANELS],
    /// Whether the slices hold the parameters and moments of their units.
    hold: AtomicBool,
}

/// Some units of the layer.
struct Slice {
    units: Range<usize>,
    /// The layer, as if it had no others.
    layer: Layer,
    learnt: Mutex<Learnt>,
    /// A and g′(Z) for each panel of the batch.
    outputs: [RwLock<[Panel; 2]>; PANELS],
}

/// W, then b, of a slice, and moments of the same.
struct Learnt {
    theta: Vec<Line>,
    moments: [Vec<Line>; 2],
    /// dW of a block of units, and their db.
    sums: [Vec<Line>; 2],
}

/// X of the panels of a batch, as a thread keeps it from one round to another.
#[derive(Default)]
pub struct Inputs {
    /// The update whose batch it is.
    update: Option<u64>,
    panels: Vec<(Panel, Turned)>,
}

impl Wide {
    /// At most the bytes of slices for so many threads: parameters and moments, and X as each thread keeps it.
    pub fn bytes(layers: &Layers, threads: usize) -> u64 {
        let layer = layers.layers()[0];
        if Self::count(layers, threads) < 2 {
            return 0;
        }
        let of_x = 2 * PANELS * WIDTH * layer.stride;
        let of_outputs = 3 * PANELS * WIDTH * layer.units;
        (size_of::<f32>() * (3 * layer.units * layer.stride + threads * of_x + of_outputs)) as u64
    }

    /// The slices for so many threads: fewer than two if the layer has too few of the weights or units.
    fn count(layers: &Layers, threads: usize) -> usize {
        let layer = layers.layers()[0];
        let has_most = 3 * layer.units * layer.stride >= layers.len() && layers.layers().len() > 1;
        if has_most && !layer.is_few() { threads.min(layer.units / UNITS) } else { 0 }
    }

    /// Slices for this many threads; none if the first layer has too few of the weights or units, or if an update needs more of
    /// the gradient than its sums.
    pub fn new(layers: &Layers, recipe: &Recipe, threads: usize) -> Option<Self> {
        let (layer, count) = (layers.layers()[0], Self::count(layers, threads));
        if count < 2 || recipe.l2 != 0.0 || recipe.clip_norm.is_some() {
            return None;
        }
        // whole lines of units, since so many db are summed up together
        let place = |slice: usize| (layer.units.div_ceil(LINE) * slice / count * LINE).min(layer.units);
        let slices = (0..count).map(|slice| Slice::new(layer, place(slice)..place(slice + 1))).collect();
        let deltas = [(); PANELS].map(|()| RwLock::new(Panel::new(layer.units)));
        Some(Self { layer, slices, deltas, hold: AtomicBool::new(false) })
    }

    /// The number of slices.
    pub fn slices(&self) -> usize {
        self.slices.len()
    }

    /// Whether a batch of this many samples in so many parts has sums that are added panel by panel, and few panels.
    pub fn takes(&self, parts: usize, samples: usize) -> bool {
        let is_chain = parts == 1 || part::are_panels(parts, samples);
        is_chain && part::panels(parts, samples).count() <= PANELS
    }

    /// Whether the slices hold the parameters of their units; the state has those of before.
    pub fn holds(&self) -> bool {
        self.hold.load(SeqCst)
    }

    /// Fetches the parameters and moments of the units, unless the slices hold them.
    pub fn take(&self, state: &State) {
        if self.hold.swap(true, SeqCst) {
            return;
        }
        for slice in &self.slices {
            let Learnt { theta, moments, .. } = &mut *lock(&slice.learnt);
            let [first, second] = moments;
            for (to, from) in [theta, first, second].into_iter().zip([&state.theta].into_iter().chain(&state.moments)) {
                to.resize(if from.is_empty() { 0 } else { slice.lines() }, Line([0.0; LINE]));
                for (all, own) in slice.places(self.layer).into_iter().filter(|_| !from.is_empty()) {
                    flat_mut(to)[own].copy_from_slice(&flat(from)[all]);
                }
            }
        }
    }

    /// Hands the parameters and moments back, if the slices hold them.
    pub fn give_back(&self, state: &mut State) {
        if !self.hold.swap(false, SeqCst) {
            return;
        }
        for slice in &self.slices {
            let Learnt { theta, moments: [first, second], .. } = &*lock(&slice.learnt);
            for (from, to) in
                [theta, first, second].into_iter().zip([&mut state.theta].into_iter().chain(&mut state.moments))
            {
                for (all, own) in slice.places(self.layer).into_iter().filter(|_| !from.is_empty()) {
                    flat_mut(to)[all].copy_from_slice(&flat(from)[own]);
                }
            }
        }
    }

    /// Puts A and g′(Z) of all units, for a panel of the batch, where a pass has them.
    pub fn fetch(&self, panel: usize, panels: &mut Panels) {
        for slice in &self.slices {
            let outputs = slice.outputs[panel].read().unwrap_or_else(PoisonError::into_inner);
            let numbers = slice.units.start * WIDTH..slice.units.end * WIDTH;
            let to = [panels.inputs[1].rows_mut(), panels.deltas[0].rows_mut()];
            for (to, from) in to.into_iter().zip(&*outputs) {
                to[numbers.clone()].copy_from_slice(from.rows());
            }
        }
    }

    /// Keeps dZ of a panel of the batch, as a pass leaves it.
    pub fn keep(&self, panel: usize, dz: &Panel) {
        let mut delta = self.deltas[panel].write().unwrap_or_else(PoisonError::into_inner);
        delta.rows_mut().copy_from_slice(dz.rows());
    }
}

impl Slice {
    fn new(layer: Layer, units: Range<usize>) -> Self {
        let layer = Layer { units: units.len(), weights: 0, bias: units.len() * layer.stride, ..layer };
        let outputs = [(); PANELS].map(|()| RwLock::new([(); 2].map(|()| Panel::new(layer.units))));
        let sums = [BLOCK * layer.stride, BLOCK].map(|numbers| zeros(numbers / LINE));
        let learnt = Learnt { theta: Vec::new(), moments: Default::default(), sums };
        Self { units, layer, learnt: Mutex::new(learnt), outputs }
    }

    /// The lines of W and b.
    fn lines(&self) -> usize {
        self.layer.bias / LINE + self.layer.units.div_ceil(LINE)
    }

    /// Where W and b lie among the numbers of all units, and where among the slice's own.
    fn places(&self, all: Layer) -> [(Range<usize>, Range<usize>); 2] {
        let (Range { start, end }, Layer { stride, bias, .. }) = (self.units.clone(), self.layer);
        let padded = (end - start).next_multiple_of(LINE);
        [
            (all.weights + start * stride..all.weights + end * stride, 0..bias),
            (all.bias + start..all.bias + start + padded, bias..bias + padded),
        ]
    }
}

/// X of the batch of an update, whatever the network.
pub struct Fetch<'a> {
    pub inputs: &'a mut Inputs,
    pub update: u64,
    pub samples: &'a Samples,
    pub batch: Batch<'a>,
    pub layers: &'a Layers,
    pub parts: usize,
}

impl Operation for Fetch<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, update, samples, batch, layers, parts } = self;
        if inputs.update == Some(update) {
            return;
        }
        let units = layers.layers()[0].inputs;
        for (panel, places) in part::panels(parts, batch.count).enumerate() {
            if inputs.panels.len() == panel {
                inputs.panels.push((Panel::new(units), Turned::new(units)));
            }
            let (columns, rows) = &mut inputs.panels[panel];
            samples.put_features(simd, batch, places, columns, rows);
        }
        inputs.update = Some(update);
    }
}

/// A and g′(Z) of a slice of units.
pub struct Below<'a> {
    pub wide: &'a Wide,
    pub slice: usize,
    pub inputs: &'a Inputs,
    pub functions: Functions,
    pub dropout: Dropout,
    pub update: u64,
    pub samples: usize,
    pub parts: usize,
}

impl Operation for Below<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { wide, slice, inputs, functions, dropout, update, samples, parts } = self;
        let slice = &wide.slices[slice];
        let learnt = lock(&slice.learnt);
        let (w, b) = flat(&learnt.theta).split_at(slice.layer.bias);
        for ((outputs, (x, _)), places) in slice.outputs.iter().zip(&inputs.panels).zip(part::panels(parts, samples)) {
            let [a, slopes] = &mut *outputs.write().unwrap_or_else(PoisonError::into_inner);
            let (a, slopes) = (a.rows_mut(), slopes.rows_mut());
            let lines = places.len().div_ceil(LINE);
            let size = Size { rows: slice.layer.units, terms: slice.layer.inputs, lines };
            let (w, x) =
                (ByRows { values: w, stride: slice.layer.stride }, Right { values: x.padded(), stride: WIDTH });
            product(simd, size, w, x, &mut Biased { bias: b, z: a });
            activate(simd, functions.derivative, lines, a, slopes);
            if !dropout.is_none() {
                drop_units(simd, dropout, update, 0, slice.units.start, places, a, slopes);
            }
        }
    }
}

/// The sums of a slice of units, and their update.
pub struct Learn<'a> {
    pub wide: &'a Wide,
    pub slice: usize,
    pub inputs: &'a Inputs,
    pub samples: usize,
    pub parts: usize,
    pub rule: Optimizer,
    pub step: Step<f32>,
    pub scaling: Scaling,
}

impl Operation for Learn<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { wide, slice, inputs, samples, parts, rule, step, scaling } = self;
        let Slice { units, layer, learnt, .. } = &wide.slices[slice];
        let Learnt { theta, moments: [first, second], sums: [dw, db] } = &mut *lock(learnt);
        let (theta, first, second) = (flat_mut(theta), flat_mut(first), flat_mut(second));
        let mut learn = |numbers: Range<usize>, sums: &[f32]| {
            let range = step::Range {
                sums: &sums[..numbers.len()],
                first: first.get_mut(numbers.clone()).unwrap_or_default(),
                second: second.get_mut(numbers.clone()).unwrap_or_default(),
                theta: &mut theta[numbers],
            };
            step::update(simd, rule, step, scaling, range);
        };
        for row in (0..layer.units).step_by(BLOCK) {
            let rows = BLOCK.min(layer.units - row);
            let padded = rows.next_multiple_of(LINE);
            let panels = wide.deltas.iter().zip(&inputs.panels).zip(part::panels(parts, samples)).enumerate();
            for (panel, ((dz, (_, x)), places)) in panels {
                let dz = dz.read().unwrap_or_else(PoisonError::into_inner);
                let dz = &dz.padded()[(units.start + row) * WIDTH..][..padded * WIDTH];
                let (is_first, lines) = (panel == 0, places.len().div_ceil(LINE));
                let size = Size { rows, terms: places.len(), lines: layer.stride / LINE };
                let left = ByRows { values: dz, stride: WIDTH };
                let right = Right { values: x.values(), stride: x.stride };
                product(simd, size, left, right, &mut Sums { dw: flat_mut(dw), layer, is_first });
                sum_rows(simd, lines, dz, flat_mut(db), is_first);
            }
            learn(row * layer.stride..(row + rows) * layer.stride, flat(dw));
            learn(layer.bias + row..layer.bias + row + padded, flat(db));
        }
    }
}

/// A lock is poisoned only by a panic, which the pool reports.
fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
