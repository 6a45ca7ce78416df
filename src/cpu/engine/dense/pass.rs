//! Forward and backward through the layers, over a panel of samples.

use fearless_simd::Simd;

use super::super::line::{LINE, flat, flat_mut};
use super::super::math::{registers, splat, store};
use super::activation::activate;
use super::dot::{dot, sum_lanes, sum_rows};
use super::layers::Layer;
use super::output::output;
use super::panel::WIDTH;
use super::panels::Panels;
use super::products::{ByColumns, ByRows, Finish, Right, Size, product};
use super::transpose::transpose;
use crate::model::{Derivative, Output};

/// What a pass does between the products.
#[derive(Clone, Copy)]
pub struct Functions {
    pub derivative: Derivative,
    pub output: Output,
}

/// Where a panel stands among those whose gradients are added up in f32.
#[derive(Clone, Copy)]
pub struct Run {
    /// Whether it is the first.
    pub begins: bool,
    /// Whether it is the last.
    pub ends: bool,
    /// Whether there are sums already, which are gone on from.
    pub goes_on: bool,
}

/// A pass over the first `samples` samples of the panels, at the parameters θ.
pub struct Pass<'a, S> {
    pub simd: S,
    pub functions: Functions,
    pub theta: &'a [f32],
    pub panels: &'a mut Panels,
    pub samples: usize,
    /// The first layer of the pass: A and g′(Z) below it are there, and nothing is summed up below it.
    pub first: usize,
}

impl<S: Simd> Pass<'_, S> {
    fn lines(&self) -> usize {
        self.samples.div_ceil(LINE)
    }

    /// Z of the outputs from what goes into the first layer: Z = W·A + b and A = g(Z), layer by layer. `dropped` may change A
    /// and g′ of a hidden layer.
    pub fn forward(&mut self, mut dropped: impl FnMut(usize, &mut [f32], &mut [f32])) {
        let lines = self.lines();
        let Self { simd, theta, panels, first, .. } = self;
        for (k, layer) in panels.layers.layers().iter().enumerate().skip(*first) {
            let (below, above) = panels.inputs.split_at_mut(k + 1);
            let is_hidden = !above.is_empty();
            let z = above.first_mut().unwrap_or(&mut panels.output).rows_mut();
            let size = Size { rows: layer.units, terms: layer.inputs, lines };
            let w = ByRows { values: &theta[layer.weights..], stride: layer.stride };
            let a = Right { values: below[k].padded(), stride: WIDTH };
            product(*simd, size, w, a, &mut Biased { bias: &theta[layer.bias..], z });
            if is_hidden {
                let slopes = panels.deltas[k].rows_mut();
                activate(*simd, self.functions.derivative, lines, z, slopes);
                dropped(k, z, slopes);
            }
        }
    }

    /// Z of the outputs, row-major (samples × outputs), between the two.
    pub fn logits(&self) -> impl Iterator<Item = f64> {
        let z = self.panels.output.rows();
        (0..self.samples).flat_map(move |lane| z.iter().skip(lane).step_by(WIDTH)).map(|z| f64::from(*z))
    }

    /// Σ weight·loss; dZ of the outputs takes the place of their Z.
    pub fn output(&mut self) -> f64 {
        let (lines, Self { simd, functions, panels, .. }) = (self.lines(), self);
        let Panels { output: z, targets, weights, .. } = &mut **panels;
        output(*simd, functions.output, lines, z.rows_mut(), targets.rows(), flat(weights))
    }

    /// The sums dW = dZ·Aᵀ and db = Σ dZ over the samples, from the outputs down, with dZ = (Wᵀ·dZ above) ∘ g′(Z). They are
    /// added to `sums`, or take their place where nothing is to be gone on from.
    pub fn backward(&mut self, sums: &mut [f32], run: Run) {
        let is_first = run.begins && !run.goes_on;
        let (lines, samples) = (self.lines(), self.samples);
        let Self { simd, theta, panels, first, .. } = self;
        let Panels { layers, inputs, turned, deltas, output, lanes, .. } = &mut **panels;
        for (k, layer) in layers.layers().iter().enumerate().skip(*first).rev() {
            let (below, above) = deltas.split_at_mut(k);
            let dz = above.first().unwrap_or(output);
            let dw = &mut sums[layer.weights..][..layer.units * layer.stride];
            if layer.is_few() {
                let lanes = flat_mut(&mut lanes[k]);
                dot(*simd, layer, lines, dz.padded(), inputs[k].padded(), lanes, run.begins);
                if run.ends {
                    sum_lanes(*simd, layer, lanes, dw, !run.goes_on);
                }
            } else {
                let (stride, size) =
                    (turned[k].stride, Size { rows: layer.units, terms: samples, lines: layer.stride / LINE });
                if k > 0 {
                    // X is turned over as it comes
                    let to = (turned[k].values_mut(), stride);
                    transpose(*simd, [size.lines, lines], (inputs[k].padded(), WIDTH), to);
                }
                let (dz, a) =
                    (ByRows { values: dz.rows(), stride: WIDTH }, Right { values: turned[k].values(), stride });
                product(*simd, size, dz, a, &mut Sums { dw, layer, is_first });
            }
            sum_rows(*simd, lines, dz.padded(), &mut sums[layer.bias..], is_first);
            if let Some(below) = below.last_mut() {
                let size = Size { rows: layer.inputs, terms: layer.units, lines };
                let w = ByColumns { values: &theta[layer.weights..], stride: layer.stride };
                product(
                    *simd,
                    size,
                    w,
                    Right { values: dz.rows(), stride: WIDTH },
                    &mut Delta { dz: below.rows_mut() },
                );
            }
        }
    }
}

/// z = Σ + b.
pub struct Biased<'a> {
    pub bias: &'a [f32],
    pub z: &'a mut [f32],
}

impl Finish for Biased<'_> {
    #[inline(always)]
    fn row<S: Simd, const T: usize>(&mut self, simd: S, row: usize, lane: usize, mut sums: [S::f32s; T]) {
        let bias = splat(simd, self.bias[row]);
        for t in 0..T {
            sums[t] += bias;
        }
        store::<S, T>(sums, &mut self.z[row * WIDTH + lane..]);
    }
}

/// dz = Σ·g′(z), in the place of g′(z).
struct Delta<'a> {
    dz: &'a mut [f32],
}

impl Finish for Delta<'_> {
    #[inline(always)]
    fn row<S: Simd, const T: usize>(&mut self, simd: S, row: usize, lane: usize, mut sums: [S::f32s; T]) {
        let to = &mut self.dz[row * WIDTH + lane..];
        let slopes: [S::f32s; T] = registers(simd, to);
        for t in 0..T {
            sums[t] *= slopes[t];
        }
        store::<S, T>(sums, to);
    }
}

/// dW of a layer, added up over panels.
pub struct Sums<'a> {
    pub dw: &'a mut [f32],
    pub layer: &'a Layer,
    pub is_first: bool,
}

impl Finish for Sums<'_> {
    #[inline(always)]
    fn row<S: Simd, const T: usize>(&mut self, simd: S, row: usize, lane: usize, mut sums: [S::f32s; T]) {
        let to = &mut self.dw[row * self.layer.stride + lane..];
        if !self.is_first {
            let before: [S::f32s; T] = registers(simd, to);
            for t in 0..T {
                sums[t] += before[t];
            }
        }
        store::<S, T>(sums, to);
    }
}
