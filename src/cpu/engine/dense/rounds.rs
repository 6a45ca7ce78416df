//! The two rounds in which threads compute slices of a first layer's units, below the other layers and behind them.

use std::ops::Range;
use std::sync::PoisonError;

use fearless_simd::Simd;

use super::super::instructions::Operation;
use super::super::line::{LINE, flat, flat_mut};
use super::activation::activate;
use super::dot::sum_rows;
use super::layers::Layers;
use super::panel::{Panel, WIDTH};
use super::panels::Turned;
use super::part::{self, drop_units};
use super::pass::{Biased, Functions, Sums};
use super::products::{ByRows, Right, Size, product};
use super::samples::{Batch, Samples};
use super::step::{self, Scaling};
use super::wide::{BLOCK, Learnt, Slice, Wide, lock};
use crate::optim::{Dropout, Optimizer, Step};

/// X of the panels of a batch, as a thread keeps it from one round to another.
#[derive(Default)]
pub struct Inputs {
    /// The update whose batch it is, and the parts of that.
    of: Option<(u64, usize)>,
    panels: Vec<(Panel, Turned)>,
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
        if inputs.of == Some((update, parts)) {
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
        inputs.of = Some((update, parts));
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
            let sums = &sums[..numbers.len()];
            let range = step::Range::of(numbers, theta, [&mut *first, &mut *second], sums);
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
