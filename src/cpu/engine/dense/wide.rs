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
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use super::super::line::{LINE, Line, flat, flat_mut, zeros};
use super::layers::{Layer, Layers};
use super::panel::{Panel, WIDTH};
use super::panels::Panels;
use super::part;
use super::trainee::State;
use crate::optim::Recipe;

/// The fewest units of a slice: fewer would not fill the tiles.
const UNITS: usize = 32;

/// The units whose dW are summed up and learnt at a time, a multiple of a line: the sums stay in the cache.
pub const BLOCK: usize = 32;

/// The most panels of a batch: each thread keeps X of all of them.
const PANELS: usize = 4;

/// The first layer of a network in slices of units.
pub struct Wide {
    layer: Layer,
    pub slices: Vec<Slice>,
    /// dZ of all units, for each panel of the batch.
    pub deltas: [RwLock<Panel>; PANELS],
    /// Whether the slices hold the parameters and moments of their units.
    hold: AtomicBool,
}

/// Some units of the layer.
pub struct Slice {
    pub units: Range<usize>,
    /// The layer, as if it had no others.
    pub layer: Layer,
    pub learnt: Mutex<Learnt>,
    /// A and g′(Z) for each panel of the batch.
    pub outputs: [RwLock<[Panel; 2]>; PANELS],
}

/// W, then b, of a slice, and moments of the same.
pub struct Learnt {
    pub theta: Vec<Line>,
    pub moments: [Vec<Line>; 2],
    /// dW of a block of units, and their db.
    pub sums: [Vec<Line>; 2],
}

impl Wide {
    /// At most the bytes of slices for this many threads: parameters and moments, and X as each thread keeps it.
    pub fn bytes(layers: &Layers, threads: usize) -> u64 {
        let layer = layers.layers()[0];
        if Self::count(layers, threads) < 2 {
            return 0;
        }
        let of_x = 2 * PANELS * WIDTH * layer.stride;
        let of_outputs = 3 * PANELS * WIDTH * layer.units;
        (size_of::<f32>() * (3 * layer.units * layer.stride + threads * of_x + of_outputs)) as u64
    }

    /// The number of slices for this many threads: fewer than two if the layer has too few of the weights or units.
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
        // whole lines of units, since a line of db is summed up at a time
        let place = |slice: usize| (layer.units.div_ceil(LINE) * slice / count * LINE).min(layer.units);
        let slices = (0..count).map(|slice| Slice::new(layer, place(slice)..place(slice + 1))).collect();
        let deltas = [(); PANELS].map(|()| RwLock::new(Panel::new(layer.units)));
        Some(Self { layer, slices, deltas, hold: AtomicBool::new(false) })
    }

    /// Whether a batch of this many samples and parts has sums that are added panel by panel, and few panels.
    pub fn takes(&self, parts: usize, samples: usize) -> bool {
        let is_chain = parts == 1 || part::are_panels(parts, samples);
        is_chain && part::panels(parts, samples).count() <= PANELS
    }

    /// Whether the slices hold the parameters of their units; the state has those of before.
    pub fn holds(&self) -> bool {
        self.hold.load(SeqCst)
    }

    /// Leaves the parameters of the units where they are: the state's are to count.
    pub fn forget(&self) {
        self.hold.store(false, SeqCst);
    }

    /// Fetches the parameters and moments of the units, unless the slices hold them.
    pub fn take(&self, state: &State) {
        if self.hold.swap(true, SeqCst) {
            return;
        }
        for slice in &self.slices {
            let Learnt { theta, moments, .. } = &mut *lock(&slice.learnt);
            slice.fetch(self.layer, &state.theta, theta);
            state.moments.iter().zip(moments).for_each(|(all, own)| slice.fetch(self.layer, all, own));
        }
    }

    /// Hands the parameters and moments back, if the slices hold them.
    pub fn give_back(&self, state: &mut State) {
        if !self.hold.swap(false, SeqCst) {
            return;
        }
        for slice in &self.slices {
            let Learnt { theta, moments, .. } = &*lock(&slice.learnt);
            slice.hand_back(self.layer, theta, &mut state.theta);
            moments.iter().zip(&mut state.moments).for_each(|(own, all)| slice.hand_back(self.layer, own, all));
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

    /// Copies the numbers of its units out of those of all; none if there are none.
    fn fetch(&self, layer: Layer, all: &[Line], own: &mut Vec<Line>) {
        own.resize(if all.is_empty() { 0 } else { self.lines() }, Line([0.0; LINE]));
        if !all.is_empty() {
            self.places(layer).into_iter().for_each(|(at, to)| flat_mut(own)[to].copy_from_slice(&flat(all)[at]));
        }
    }

    /// Copies the numbers of its units back among those of all.
    fn hand_back(&self, layer: Layer, own: &[Line], all: &mut [Line]) {
        if !own.is_empty() {
            self.places(layer).into_iter().for_each(|(to, at)| flat_mut(all)[to].copy_from_slice(&flat(own)[at]));
        }
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

/// A lock is poisoned only by a panic, which the pool reports.
pub fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
