//! The finished parts of a batch's gradient, and what is made of their sums: the update, or the gradient itself.

use std::ops::Range;
use std::sync::MutexGuard;

use fearless_simd::Simd;

use super::super::instructions::{Operation, Token};
use super::super::line::{LINE, Line, flat, flat_mut};
use super::layers::Layers;
use super::part::Part;
use super::step::{self, Scaling};
use super::trainee::State;
use crate::optim::{Optimizer, Step};

/// The parameters of an update at a time: their sums, and all that goes with them, are in the first cache.
const BLOCK: usize = 1024;

/// The finished parts of a batch.
pub struct Finished<'a>(pub Vec<MutexGuard<'a, Part>>);

impl Finished<'_> {
    /// Σ weight·loss over Σ weight.
    pub fn cost(&self) -> f64 {
        self.0.iter().map(|part| part.cost).sum::<f64>() / self.weight()
    }

    /// Σ weight.
    pub fn weight(&self) -> f64 {
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
    pub fn add_up(&mut self, token: Token) -> &mut [Line] {
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
pub struct Squares<'a> {
    pub layers: &'a Layers,
    pub theta: &'a [Line],
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
pub struct Regularise<'a> {
    pub layers: &'a Layers,
    pub theta: &'a [Line],
    pub sums: &'a mut [Line],
    pub scaling: Scaling,
}

impl Operation for Regularise<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let (theta, sums) = (flat(self.theta), flat_mut(self.sums));
        tensors(self.layers, self.scaling)
            .map(|(range, scaling)| step::regularise(simd, scaling, &theta[range.clone()], &mut sums[range]))
            .sum()
    }
}

/// The optimiser's update.
pub struct Update<'a> {
    pub layers: &'a Layers,
    pub rule: Optimizer,
    pub step: Step<f32>,
    pub state: &'a mut State,
    pub finished: &'a Finished<'a>,
    pub scaling: Scaling,
    /// The tensors that are updated elsewhere: this many from the first on.
    pub elsewhere: usize,
}

impl Operation for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { layers, rule, step, state, finished, scaling, elsewhere } = self;
        let (theta, [first, second]) = (flat_mut(&mut state.theta), &mut state.moments);
        let (first, second) = (flat_mut(first), flat_mut(second));
        let mut total = [0.0; BLOCK];
        for (range, scaling) in tensors(layers, scaling).skip(elsewhere) {
            for start in range.clone().step_by(BLOCK) {
                let block = start..range.end.min(start + BLOCK);
                let sums = finished.block(simd, block.clone(), &mut total);
                let range = step::Range::of(block, theta, [&mut *first, &mut *second], sums);
                step::update(simd, rule, step, scaling, range);
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
