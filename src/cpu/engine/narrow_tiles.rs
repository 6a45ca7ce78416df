//! The kernel for narrow networks with any number of features: samples across the lanes, and the products with X in
//! tiles of registers. The steps of a block are those of [`tiles`](super::tiles).

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::activation::Hidden;
use super::kernel::{Output, Slab, Totals};
use super::line::{LINE, Samples, flat, flat_mut};
use super::math::{registers, splat, store};
use super::tiles::TERMS;

/// The most lines of samples in a block.
pub const LINES: usize = 8;

/// The registers of samples in a tile of the forward pass.
const T: usize = 4;

/// One pass over a slab.
pub fn slab<S: Simd, G: Hidden<S>>(simd: S, g: G, slab: Slab) -> Totals {
    simd.vectorize(
        #[inline(always)]
        || {
            let Slab { samples, lines, theta, bias, sums, kept, logits } = slab;
            let mut output = Output::new(simd);
            for (k, logits) in logits.chunks_mut(LINES).enumerate() {
                let block = Block::new(simd, g, samples, lines.start + k * LINES, logits.len(), theta);
                let (z2, kept) = (flat_mut(logits), block.room(kept));
                block.forward(bias, kept, z2);
                block.delta(&mut output, z2, kept, sums);
                block.gradient(kept, sums);
            }
            output.totals()
        },
    )
}

/// The forward pass alone, over a slab without sums.
pub fn logits<S: Simd, G: Hidden<S>>(simd: S, g: G, slab: Slab) {
    simd.vectorize(
        #[inline(always)]
        || {
            let Slab { samples, lines, theta, bias, kept, logits, .. } = slab;
            for (k, logits) in logits.chunks_mut(LINES).enumerate() {
                let block = Block::new(simd, g, samples, lines.start + k * LINES, logits.len(), theta);
                block.forward(bias, block.room(kept), flat_mut(logits));
            }
        },
    )
}

/// A block of samples, and the parameters at which it is computed. What is kept of it lies unit by unit.
struct Block<'a, S: Simd, G> {
    simd: S,
    g: G,
    samples: &'a Samples,
    theta: &'a [f32],
    features: usize,
    /// The first line.
    first: usize,
    /// Samples, the last line's padding among them.
    length: usize,
}

impl<'a, S: Simd, G: Hidden<S>> Block<'a, S, G> {
    #[inline(always)]
    fn new(simd: S, g: G, samples: &'a Samples, first: usize, lines: usize, theta: &'a [f32]) -> Self {
        Self { simd, g, samples, theta, features: samples.line(first).len(), first, length: lines * LINE }
    }

    /// The parameters of a unit.
    #[inline(always)]
    fn rows(&self) -> usize {
        self.features + 2
    }

    /// As much of the room for what is kept as this block needs.
    #[inline(always)]
    fn room<'k>(&self, kept: &'k mut [f32]) -> &'k mut [f32] {
        &mut kept[..self.theta.len() / self.rows() * self.length]
    }

    /// A feature of a register of samples, the first of which is number `at` of the block.
    #[inline(always)]
    fn x(&self, at: usize, feature: usize) -> S::f32s {
        let line = &self.samples.line(self.first + at / LINE)[feature];
        S::f32s::from_slice(self.simd, &line.0[at % LINE..][..S::f32s::LEN])
    }

    /// z2 = W2·g(W1·x + b1) + b2.
    #[inline(always)]
    fn forward(&self, bias: f32, kept: &mut [f32], z2: &mut [f32]) {
        let mut pairs = self.theta.chunks_exact(2 * self.rows());
        let mut kept_pairs = kept.chunks_exact_mut(2 * self.length);
        for (theta, kept) in (&mut pairs).zip(&mut kept_pairs) {
            self.hidden::<2>(theta, kept);
        }
        if !pairs.remainder().is_empty() {
            self.hidden::<1>(pairs.remainder(), kept_pairs.into_remainder());
        }
        for at in (0..self.length).step_by(S::f32s::LEN) {
            let mut sum = splat(self.simd, bias);
            for (theta, kept) in self.theta.chunks_exact(self.rows()).zip(kept.chunks_exact(self.length)) {
                let keep = S::f32s::from_slice(self.simd, &kept[at..][..S::f32s::LEN]);
                sum = self.g.value(keep).mul_add(theta[self.features + 1], sum);
            }
            sum.store_slice(&mut z2[at..][..S::f32s::LEN]);
        }
    }

    /// What is kept of z1 = W1·x + b1, for `U` units.
    #[inline(always)]
    fn hidden<const U: usize>(&self, theta: &[f32], kept: &mut [f32]) {
        let mut at = 0;
        while at < self.length {
            at += if at + T * S::f32s::LEN <= self.length {
                self.unit::<U, T>(theta, at, kept)
            } else {
                self.unit::<U, 1>(theta, at, kept)
            }
        }
    }

    /// [`hidden`](Self::hidden) for `R` registers of samples from number `at` on; returns how many samples these are.
    #[inline(always)]
    fn unit<const U: usize, const R: usize>(&self, theta: &[f32], at: usize, kept: &mut [f32]) -> usize {
        let lanes = S::f32s::LEN;
        let mut z = [[splat(self.simd, 0.0); R]; U];
        for u in 0..U {
            z[u] = [splat(self.simd, theta[u * self.rows() + self.features]); R];
        }
        for first in (0..self.features).step_by(TERMS) {
            let mut sum = if first == 0 { z } else { [[splat(self.simd, 0.0); R]; U] };
            for f in first..self.features.min(first + TERMS) {
                for r in 0..R {
                    let x = self.x(at + r * lanes, f);
                    for u in 0..U {
                        sum[u][r] = x.mul_add(theta[u * self.rows() + f], sum[u][r]);
                    }
                }
            }
            for u in 0..U {
                for r in 0..R {
                    z[u][r] = if first == 0 { sum[u][r] } else { z[u][r] + sum[u][r] };
                }
            }
        }
        for u in 0..U {
            store::<S, R>(self.g.keep(z[u]), &mut kept[u * self.length + at..]);
        }
        R * lanes
    }

    /// t = dz2·g′(z1) in the place of what was kept, with Σ t and Σ dz2·g(z1); and the output's sums.
    #[inline(always)]
    fn delta(&self, output: &mut Output<S>, z2: &[f32], kept: &mut [f32], sums: &mut [f32]) {
        let (simd, lanes) = (self.simd, S::f32s::LEN);
        let count = self.samples.count - self.first * LINE;
        let y = &flat(self.samples.labels())[self.first * LINE..];
        let mut dz2 = [0.0; LINES * LINE];
        for at in (0..self.length).step_by(lanes) {
            let z2 = S::f32s::from_slice(simd, &z2[at..][..lanes]);
            let d = output.register(z2, S::f32s::from_slice(simd, &y[at..][..lanes]), count.saturating_sub(at));
            d.store_slice(&mut dz2[at..][..lanes]);
        }
        for (kept, sums) in kept.chunks_exact_mut(self.length).zip(sums.chunks_exact_mut(self.rows() * lanes)) {
            if count < kept.len() {
                kept[count..].fill(0.0); // padding adds nothing, not even a 0·∞
            }
            let [mut db1, mut dw2] = registers(simd, &sums[self.features * lanes..]);
            for (kept, d) in kept.chunks_exact_mut(lanes).zip(dz2.chunks_exact(lanes)) {
                let d = S::f32s::from_slice(simd, d);
                let (t, sum) = self.g.backward(S::f32s::from_slice(simd, kept), d, dw2);
                t.store_slice(kept);
                (db1, dw2) = (db1 + t, sum);
            }
            store::<S, 2>([db1, dw2], &mut sums[self.features * lanes..]);
        }
    }

    /// Adds Σ t·x of each unit and feature to the sums.
    #[inline(always)]
    fn gradient(&self, t: &[f32], sums: &mut [f32]) {
        let mut pairs = sums.chunks_exact_mut(2 * self.rows() * S::f32s::LEN);
        let mut t_pairs = t.chunks_exact(2 * self.length);
        for (t, sums) in (&mut t_pairs).zip(&mut pairs) {
            self.gradients::<2>(t, sums);
        }
        let sums = pairs.into_remainder();
        if !sums.is_empty() {
            self.gradients::<1>(t_pairs.remainder(), sums);
        }
    }

    /// [`gradient`](Self::gradient) of `U` units, four features at a time.
    #[inline(always)]
    fn gradients<const U: usize>(&self, t: &[f32], sums: &mut [f32]) {
        let mut feature = 0;
        while feature < self.features {
            feature += match self.features - feature {
                4.. => self.tile::<U, 4>(t, feature, sums),
                _ => self.tile::<U, 1>(t, feature, sums),
            }
        }
    }

    /// [`gradient`](Self::gradient) of `U` units and `F` features from `feature` on; returns `F`.
    #[inline(always)]
    fn tile<const U: usize, const F: usize>(&self, t: &[f32], feature: usize, sums: &mut [f32]) -> usize {
        let (simd, lanes) = (self.simd, S::f32s::LEN);
        let row = |unit: usize| (unit * self.rows() + feature) * lanes;
        let mut sum = [[splat(simd, 0.0); F]; U];
        for u in 0..U {
            sum[u] = registers(simd, &sums[row(u)..]);
        }
        for at in (0..self.length).step_by(lanes) {
            let mut of_unit = [splat(simd, 0.0); U];
            for u in 0..U {
                of_unit[u] = S::f32s::from_slice(simd, &t[u * self.length + at..][..lanes]);
            }
            for f in 0..F {
                let x = self.x(at, feature + f);
                for u in 0..U {
                    sum[u][f] = of_unit[u].mul_add(x, sum[u][f]);
                }
            }
        }
        for u in 0..U {
            store::<S, F>(sum[u], &mut sums[row(u)..]);
        }
        F
    }
}
