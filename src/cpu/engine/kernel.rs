//! The fused pass over a slab of samples: forward to z2, the loss, and the sums of the gradients, storing one block
//! only.
//!
//! For each hidden unit, with d = dz2 = σ(z2) − y, both kernels add up over the slab's samples: Σ d·g′(z1)·x (one row
//! per feature), Σ d·g′(z1), and Σ d·g(z1). The first two times w2 are dW1 and db1, the last is dW2.

use std::ops::Range;

use fearless_simd::{Select, Simd, SimdBase};

use super::line::{LINE, Line, Samples};
use super::math::{loss, splat};

/// What a pass reads and writes. A group is the hidden units that lie side by side: as many as a register has lanes, or
/// one.
pub struct Slab<'a> {
    /// All samples.
    pub samples: &'a Samples,
    /// The slab's lines of samples.
    pub lines: Range<usize>,
    /// For each group, a row of W1 for each feature, then b1, then W2.
    pub theta: &'a [f32],
    /// b2.
    pub bias: f32,
    /// The sums, in the order of `theta`; if a group is one unit, each sum is a register of partial sums. Empty for a
    /// forward pass alone.
    pub sums: &'a mut [f32],
    /// Room for what the forward pass keeps of a block.
    pub kept: &'a mut [f32],
    /// z2 of the slab's samples, line by line.
    pub logits: &'a mut [Line],
}

/// What a pass adds up besides the gradients of the hidden units.
#[derive(Clone, Copy, Default)]
pub struct Totals {
    /// Σ loss.
    pub cost: f64,
    /// Σ dz2.
    pub bias: f64,
}

/// Running sums of the loss and of dz2, in lanes.
pub struct Output<S: Simd> {
    simd: S,
    index: S::f32s,
    cost: S::f32s,
    bias: S::f32s,
}

impl<S: Simd> Output<S> {
    #[inline(always)]
    pub fn new(simd: S) -> Self {
        const INDEX: [f32; LINE] = [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15.];
        let index = S::f32s::from_slice(simd, &INDEX[..S::f32s::LEN]);
        Self { simd, index, cost: splat(simd, 0.0), bias: splat(simd, 0.0) }
    }

    /// Adds the loss of a register of logits; returns their dz2. Both are 0 beyond the first `count` lanes.
    #[inline(always)]
    pub fn register(&mut self, z2: S::f32s, y: S::f32s, count: usize) -> S::f32s {
        let zero = splat(self.simd, 0.0);
        let real = self.index.simd_lt(splat(self.simd, count.min(LINE) as f32));
        let (dz2, cost) = loss(self.simd, z2, y);
        let dz2 = real.select(dz2, zero);
        self.cost += real.select(cost, zero);
        self.bias += dz2;
        dz2
    }

    #[inline(always)]
    pub fn totals(&self) -> Totals {
        Totals { cost: f64::from(self.cost.reduce_sum()), bias: f64::from(self.bias.reduce_sum()) }
    }
}
