//! The kernel for narrow networks: samples across the lanes, hidden units one after another.

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::activation::Hidden;
use super::kernel::{Output, Slab, Totals};
use super::line::{LINE, Samples, flat, flat_mut};
use super::math::{registers, splat, store};
use super::specialise::COMPILED;

/// The registers of samples in a block: enough independent work to keep a core busy.
pub const BLOCK: usize = 4;

/// One pass over a slab, for `NX` features.
pub fn slab<S: Simd, G: Hidden<S>, const NX: usize>(simd: S, g: G, slab: Slab) -> Totals {
    simd.vectorize(
        #[inline(always)]
        || {
            let Slab { samples, lines, theta, bias, sums, kept, logits } = slab;
            let mut pass = Pass { simd, g, samples, theta, bias, sums, kept, output: Output::new(simd) };
            let mut first = lines.start * LINE;
            let mut blocks = flat_mut(logits).chunks_exact_mut(BLOCK * S::f32s::LEN);
            for logits in &mut blocks {
                pass.block::<NX, BLOCK>(first, logits);
                first += logits.len();
            }
            for logits in blocks.into_remainder().chunks_exact_mut(S::f32s::LEN) {
                pass.block::<NX, 1>(first, logits);
                first += logits.len();
            }
            pass.output.totals()
        },
    )
}

/// The forward pass alone, over a slab without sums.
pub fn logits<S: Simd, G: Hidden<S>, const NX: usize>(simd: S, g: G, slab: Slab) {
    simd.vectorize(
        #[inline(always)]
        || {
            let Slab { samples, lines, theta, bias, sums, kept, logits } = slab;
            let mut pass = Pass { simd, g, samples, theta, bias, sums, kept, output: Output::new(simd) };
            let mut first = lines.start * LINE;
            let mut blocks = flat_mut(logits).chunks_exact_mut(BLOCK * S::f32s::LEN);
            for logits in &mut blocks {
                store::<S, BLOCK>(pass.forward(&pass.features::<NX, BLOCK>(first)), logits);
                first += logits.len();
            }
            for logits in blocks.into_remainder().chunks_exact_mut(S::f32s::LEN) {
                store::<S, 1>(pass.forward(&pass.features::<NX, 1>(first)), logits);
                first += logits.len();
            }
        },
    )
}

struct Pass<'a, S: Simd, G> {
    simd: S,
    g: G,
    samples: &'a Samples,
    theta: &'a [f32],
    bias: f32,
    sums: &'a mut [f32],
    kept: &'a mut [f32],
    output: Output<S>,
}

impl<S: Simd, G: Hidden<S>> Pass<'_, S, G> {
    /// The pass over `T` registers of samples.
    #[inline(always)]
    fn block<const NX: usize, const T: usize>(&mut self, first: usize, logits: &mut [f32]) {
        let (simd, lanes, count) = (self.simd, S::f32s::LEN, self.samples.count.saturating_sub(first));
        let x = self.features::<NX, T>(first);
        let z2 = self.forward(&x);
        store::<S, T>(z2, logits);
        if count < T * lanes {
            for kept in self.kept.chunks_exact_mut(T * lanes).take(self.theta.len() / (NX + 2)) {
                kept[count..].fill(0.0); // padding adds nothing, not even a 0·∞
            }
        }
        let y: [S::f32s; T] = registers(simd, &flat(self.samples.labels())[first..]);
        let mut dz2 = [splat(simd, 0.0); T];
        for t in 0..T {
            dz2[t] = self.output.register(z2[t], y[t], count.saturating_sub(t * lanes));
        }
        self.backward(&x, &dz2);
    }

    /// X of `T` registers of samples.
    #[inline(always)]
    fn features<const NX: usize, const T: usize>(&self, first: usize) -> [[S::f32s; T]; NX] {
        let mut x = [[splat(self.simd, 0.0); T]; NX];
        for t in 0..T {
            let first = first + t * S::f32s::LEN;
            let line = &self.samples.line(first / LINE)[..NX];
            for f in 0..NX {
                x[f][t] = S::f32s::from_slice(self.simd, &line[f].0[first % LINE..][..S::f32s::LEN]);
            }
        }
        x
    }

    /// z2 = W2·g(W1·x + b1) + b2.
    #[inline(always)]
    fn forward<const NX: usize, const T: usize>(&mut self, x: &[[S::f32s; T]; NX]) -> [S::f32s; T] {
        let lanes = S::f32s::LEN;
        let mut z2 = [splat(self.simd, self.bias); T];
        for (theta, kept) in self.theta.chunks_exact(NX + 2).zip(self.kept.chunks_exact_mut(T * lanes)) {
            let mut z = [splat(self.simd, theta[NX]); T];
            for f in 0..NX {
                for t in 0..T {
                    z[t] = x[f][t].mul_add(theta[f], z[t]);
                }
            }
            let keep = self.g.keep(z);
            store::<S, T>(keep, kept);
            for t in 0..T {
                z2[t] = self.g.value(keep[t]).mul_add(theta[NX + 1], z2[t]);
            }
        }
        z2
    }

    /// Adds the block to the sums.
    #[inline(always)]
    fn backward<const NX: usize, const T: usize>(&mut self, x: &[[S::f32s; T]; NX], dz2: &[S::f32s; T]) {
        let (simd, lanes) = (self.simd, S::f32s::LEN);
        for (sums, kept) in self.sums.chunks_exact_mut((NX + 2) * lanes).zip(self.kept.chunks_exact(T * lanes)) {
            let mut sum = [splat(simd, 0.0); COMPILED + 2];
            for row in 0..NX + 2 {
                sum[row] = S::f32s::from_slice(simd, &sums[row * lanes..][..lanes]);
            }
            for t in 0..T {
                let keep = S::f32s::from_slice(simd, &kept[t * lanes..][..lanes]);
                let (d, dw2) = self.g.backward(keep, dz2[t], sum[NX + 1]);
                for f in 0..NX {
                    sum[f] = d.mul_add(x[f][t], sum[f]);
                }
                (sum[NX], sum[NX + 1]) = (sum[NX] + d, dw2);
            }
            for row in 0..NX + 2 {
                sum[row].store_slice(&mut sums[row * lanes..][..lanes]);
            }
        }
    }
}
