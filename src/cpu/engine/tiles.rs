//! The kernel for any number of features: hidden units across the lanes, and the products with X in tiles of registers.
//!
//! A block of samples goes through four steps while it is in the first caches: z1 = W1·x + b1 with g, which is kept;
//! z2 with its loss; t = dz2·g′(z1) in the place of what was kept; and the sums Σ t·x, a tile of units × features at a
//! time.

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::activation::Hidden;
use super::kernel::{Output, Slab, Totals};
use super::line::{LINE, Line, Samples};
use super::math::{registers, splat, store};

/// The most lines of samples in a block.
const LINES: usize = 4;

/// The groups of units up to which a block has that many lines: what it keeps then fits the first cache.
const GROUPS: usize = 4;

/// The features that an f32 sum runs over before it is added to the next.
pub const TERMS: usize = 256;

/// The lines of samples in a block. It changes no bit.
pub fn block(groups: usize) -> usize {
    (LINES * GROUPS / groups).clamp(1, LINES)
}

/// One pass over a slab.
pub fn slab<S: Simd, G: Hidden<S>>(simd: S, g: G, slab: Slab) -> Totals {
    simd.vectorize(
        #[inline(always)]
        || {
            let Slab { samples, lines, theta, bias, sums, kept, logits } = slab;
            let mut output = Output::new(simd);
            for (block, logits) in blocks::<S, G>(simd, g, samples, lines.start, theta, logits) {
                let kept = block.room(kept);
                block.forward(bias, kept, logits);
                let dz2 = block.output(&mut output, logits);
                block.delta(&dz2, kept, sums);
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
            for (block, logits) in blocks::<S, G>(simd, g, samples, lines.start, theta, logits) {
                block.forward(bias, block.room(kept), logits);
            }
        },
    )
}

/// The blocks of a slab that begins with line `first`, each with the room for its logits.
#[inline(always)]
fn blocks<'a, S: Simd, G: Hidden<S>>(
    simd: S,
    g: G,
    samples: &'a Samples,
    first: usize,
    theta: &'a [f32],
    logits: &'a mut [Line],
) -> impl Iterator<Item = (Block<'a, S, G>, &'a mut [Line])> {
    let features = samples.line(first).len();
    let lines = block(theta.len() / ((features + 2) * S::f32s::LEN));
    let block = move |(k, logits): (usize, &'a mut [Line])| {
        let first = first + k * lines;
        (Block { simd, g, samples, theta, features, first, lines: logits.len() }, logits)
    };
    logits.chunks_mut(lines).enumerate().map(block)
}

/// A block of samples, and the parameters at which it is computed. What is kept of it lies group by group, a register
/// per sample.
struct Block<'a, S: Simd, G> {
    simd: S,
    g: G,
    samples: &'a Samples,
    theta: &'a [f32],
    features: usize,
    /// The first line, and how many follow.
    first: usize,
    lines: usize,
}

impl<S: Simd, G: Hidden<S>> Block<'_, S, G> {
    /// The numbers of a group's parameters.
    #[inline(always)]
    fn of_group(&self) -> usize {
        (self.features + 2) * S::f32s::LEN
    }

    /// The numbers that are kept of a group.
    #[inline(always)]
    fn kept(&self) -> usize {
        self.lines * LINE * S::f32s::LEN
    }

    /// As much of the room for what is kept as this block needs.
    #[inline(always)]
    fn room<'k>(&self, kept: &'k mut [f32]) -> &'k mut [f32] {
        &mut kept[..self.theta.len() / self.of_group() * self.kept()]
    }

    /// Samples, without the last line's padding.
    #[inline(always)]
    fn count(&self) -> usize {
        (self.lines * LINE).min(self.samples.count - self.first * LINE)
    }

    /// z2 = W2·g(W1·x + b1) + b2, as many samples at a time as there are registers for.
    #[inline(always)]
    fn forward(&self, bias: f32, kept: &mut [f32], z2: &mut [Line]) {
        if S::f32s::LEN == LINE {
            self.layers::<8>(bias, kept, z2);
        } else {
            self.layers::<4>(bias, kept, z2);
        }
    }

    /// [`forward`](Self::forward) of `T` samples at a time.
    #[inline(always)]
    fn layers<const T: usize>(&self, bias: f32, kept: &mut [f32], z2: &mut [Line]) {
        let mut pairs = self.theta.chunks_exact(2 * self.of_group());
        let mut kept_pairs = kept.chunks_exact_mut(2 * self.kept());
        for (theta, kept) in (&mut pairs).zip(&mut kept_pairs) {
            self.hidden::<2, T>(theta, kept);
        }
        if !pairs.remainder().is_empty() {
            self.hidden::<1, T>(pairs.remainder(), kept_pairs.into_remainder());
        }
        let w2 = |theta: &[f32]| S::f32s::from_slice(self.simd, &theta[(self.features + 1) * S::f32s::LEN..]);
        for first in (0..self.lines * LINE).step_by(T) {
            let mut sum = [splat(self.simd, 0.0); T];
            for (theta, kept) in self.theta.chunks_exact(self.of_group()).zip(kept.chunks_exact(self.kept())) {
                let keep: [S::f32s; T] = registers(self.simd, &kept[first * S::f32s::LEN..]);
                for t in 0..T {
                    sum[t] = w2(theta).mul_add(self.g.value(keep[t]), sum[t]);
                }
            }
            for t in 0..T {
                z2[first / LINE].0[first % LINE + t] = sum[t].reduce_sum() + bias;
            }
        }
    }

    /// What is kept of z1 = W1·x + b1, for `U` groups and `T` samples at a time.
    #[inline(always)]
    fn hidden<const U: usize, const T: usize>(&self, theta: &[f32], kept: &mut [f32]) {
        let (simd, lanes) = (self.simd, S::f32s::LEN);
        for line in 0..self.lines {
            let (x, more) = self.samples.line(self.first + line).split_at(self.features.min(TERMS));
            for first in (0..LINE).step_by(T) {
                let mut z = [[splat(simd, 0.0); T]; U];
                for u in 0..U {
                    z[u] =
                        [S::f32s::from_slice(simd, &theta[u * self.of_group() + self.features * lanes..][..lanes]); T];
                }
                z = self.product(theta, 0, x, first, z);
                for (k, x) in more.chunks(TERMS).enumerate() {
                    let terms = self.product(theta, (k + 1) * TERMS, x, first, [[splat(simd, 0.0); T]; U]);
                    for u in 0..U {
                        for t in 0..T {
                            z[u][t] += terms[u][t];
                        }
                    }
                }
                for u in 0..U {
                    let to = &mut kept[u * self.kept() + (line * LINE + first) * lanes..];
                    store::<S, T>(if G::LONG { z[u] } else { self.g.keep(z[u]) }, to);
                }
            }
        }
        if G::LONG {
            for kept in kept.chunks_exact_mut(T * lanes) {
                store::<S, T>(self.g.keep(registers(simd, kept)), kept);
            }
        }
    }

    /// sum + W1·x over the features `x` of a line, which begin with number `feature`, for `T` samples from `first` on.
    #[inline(always)]
    fn product<const U: usize, const T: usize>(
        &self,
        theta: &[f32],
        feature: usize,
        x: &[Line],
        first: usize,
        mut sum: [[S::f32s; T]; U],
    ) -> [[S::f32s; T]; U] {
        let lanes = S::f32s::LEN;
        let mut w1 = [&theta[..0]; U];
        for u in 0..U {
            w1[u] = &theta[u * self.of_group() + feature * lanes..][..x.len() * lanes];
        }
        for (f, x) in x.iter().enumerate() {
            let x = &x.0[first..][..T];
            for u in 0..U {
                let w1 = S::f32s::from_slice(self.simd, &w1[u][f * lanes..][..lanes]);
                for t in 0..T {
                    sum[u][t] = w1.mul_add(x[t], sum[u][t]);
                }
            }
        }
        sum
    }

    /// dz2 of each line, with the loss added to the output's sums.
    #[inline(always)]
    fn output(&self, output: &mut Output<S>, z2: &[Line]) -> [Line; LINES] {
        let (simd, lanes) = (self.simd, S::f32s::LEN);
        let mut dz2 = [Line([0.0; LINE]); LINES];
        for (line, (z2, dz2)) in z2.iter().zip(&mut dz2).enumerate() {
            let y = &self.samples.labels()[self.first + line];
            for first in (0..LINE).step_by(lanes) {
                let z2 = S::f32s::from_slice(simd, &z2.0[first..][..lanes]);
                let y = S::f32s::from_slice(simd, &y.0[first..][..lanes]);
                let d = output.register(z2, y, self.count().saturating_sub(line * LINE + first));
                d.store_slice(&mut dz2.0[first..][..lanes]);
            }
        }
        dz2
    }

    /// t = dz2·g′(z1) in the place of what was kept, with Σ t and Σ dz2·g(z1).
    #[inline(always)]
    fn delta(&self, dz2: &[Line], kept: &mut [f32], sums: &mut [f32]) {
        let mut kept_pairs = kept.chunks_exact_mut(2 * self.kept());
        let mut pairs = sums.chunks_exact_mut(2 * self.of_group());
        for (kept, sums) in (&mut kept_pairs).zip(&mut pairs) {
            self.deltas::<2>(dz2, kept, sums);
        }
        let sums = pairs.into_remainder();
        if !sums.is_empty() {
            self.deltas::<1>(dz2, kept_pairs.into_remainder(), sums);
        }
    }

    /// [`delta`](Self::delta) of `U` groups.
    #[inline(always)]
    fn deltas<const U: usize>(&self, dz2: &[Line], kept: &mut [f32], sums: &mut [f32]) {
        let (simd, lanes) = (self.simd, S::f32s::LEN);
        let row = |group: usize, row: usize| group * self.of_group() + (self.features + row) * lanes;
        let (mut db1, mut dw2) = ([splat(simd, 0.0); U], [splat(simd, 0.0); U]);
        for u in 0..U {
            db1[u] = S::f32s::from_slice(simd, &sums[row(u, 0)..][..lanes]);
            dw2[u] = S::f32s::from_slice(simd, &sums[row(u, 1)..][..lanes]);
        }
        for s in 0..self.count() {
            let d = splat(simd, dz2[s / LINE].0[s % LINE]);
            for u in 0..U {
                let kept = &mut kept[u * self.kept() + s * lanes..][..lanes];
                let (t, sum) = self.g.backward(S::f32s::from_slice(simd, kept), d, dw2[u]);
                t.store_slice(kept);
                (db1[u], dw2[u]) = (db1[u] + t, sum);
            }
        }
        for u in 0..U {
            db1[u].store_slice(&mut sums[row(u, 0)..][..lanes]);
            dw2[u].store_slice(&mut sums[row(u, 1)..][..lanes]);
        }
    }

    /// Adds Σ t·x of each unit and feature to the sums.
    #[inline(always)]
    fn gradient(&self, t: &[f32], sums: &mut [f32]) {
        let mut pairs = sums.chunks_exact_mut(2 * self.of_group());
        let mut t_pairs = t.chunks_exact(2 * self.kept());
        for (t, sums) in (&mut t_pairs).zip(&mut pairs) {
            self.gradients::<2>(t, sums);
        }
        let sums = pairs.into_remainder();
        if !sums.is_empty() {
            self.gradients::<1>(t_pairs.remainder(), sums);
        }
    }

    /// [`gradient`](Self::gradient) of `U` groups, as many features at a time as there are registers for.
    #[inline(always)]
    fn gradients<const U: usize>(&self, t: &[f32], sums: &mut [f32]) {
        let mut feature = 0;
        while feature < self.features {
            feature += match self.features - feature {
                8.. if S::f32s::LEN == LINE => self.tile::<U, 8>(t, feature, sums),
                4.. => self.tile::<U, 4>(t, feature, sums),
                2.. => self.tile::<U, 2>(t, feature, sums),
                _ => self.tile::<U, 1>(t, feature, sums),
            }
        }
    }

    /// [`gradient`](Self::gradient) of `U` groups and `F` features from `feature` on; returns `F`.
    #[inline(always)]
    fn tile<const U: usize, const F: usize>(&self, t: &[f32], feature: usize, sums: &mut [f32]) -> usize {
        let (simd, lanes) = (self.simd, S::f32s::LEN);
        let row = |group: usize| group * self.of_group() + feature * lanes;
        let mut sum = [[splat(simd, 0.0); F]; U];
        for u in 0..U {
            sum[u] = registers(simd, &sums[row(u)..]);
        }
        for line in 0..self.lines {
            let Some(x) = self.samples.line(self.first + line)[feature..].first_chunk::<F>() else { break };
            for s in 0..LINE.min(self.count() - line * LINE) {
                for u in 0..U {
                    let at = u * self.kept() + (line * LINE + s) * lanes;
                    let t = S::f32s::from_slice(simd, &t[at..][..lanes]);
                    for f in 0..F {
                        sum[u][f] = t.mul_add(x[f].0[s], sum[u][f]);
                    }
                }
            }
        }
        for u in 0..U {
            store::<S, F>(sum[u], &mut sums[row(u)..]);
        }
        F
    }
}
