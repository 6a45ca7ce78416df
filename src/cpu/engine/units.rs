//! The kernel for wide networks: hidden units across the lanes, samples one after another.

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::activation::Hidden;
use super::kernel::{Output, Slab, Totals};
use super::line::{LINE, Line, Samples};
use super::math::{half_sums, registers, splat, store, sums};

/// One pass over a slab, for `NX` features.
pub fn slab<S: Simd, G: Hidden<S>, const NX: usize>(simd: S, g: G, slab: Slab) -> Totals {
    simd.vectorize(
        #[inline(always)]
        || {
            let Slab { samples, lines, theta, bias, sums, kept, logits } = slab;
            let (mut kept, mut kept_before) = kept.split_at_mut(kept.len() / 2);
            let mut output = Output::new(simd);
            // a line goes forward while dz2 of the one before, a long chain of operations, is on its way; that one then goes back
            let mut before = ([Line([0.0; LINE]); NX], Line([0.0; LINE]), 0);
            let mut logits = logits.iter_mut();
            for line in lines.start..=lines.end {
                let mut logits = logits.next();
                let mut x = before.0;
                if let Some(logits) = &mut logits {
                    x = features::<NX>(samples, line);
                    forward_line::<S, G, NX>(simd, g, theta, bias, &x, kept, logits);
                }
                if line > lines.start {
                    let (x, dz2, count) = &before;
                    if NX == 2 && S::f32s::LEN == LINE {
                        backward::<S, G, NX, 3>(simd, g, x, dz2, *count, kept_before, sums);
                    } else if NX == 2 {
                        backward::<S, G, NX, 2>(simd, g, x, dz2, *count, kept_before, sums);
                    } else {
                        backward::<S, G, NX, 1>(simd, g, x, dz2, *count, kept_before, sums);
                    }
                }
                if let Some(logits) = logits {
                    before = (x, Line([0.0; LINE]), samples.count - line * LINE);
                    let y = &samples.labels()[line];
                    for first in (0..LINE).step_by(S::f32s::LEN) {
                        let z2 = S::f32s::from_slice(simd, &logits.0[first..][..S::f32s::LEN]);
                        let y = S::f32s::from_slice(simd, &y.0[first..][..S::f32s::LEN]);
                        let d = output.register(z2, y, before.2.saturating_sub(first));
                        d.store_slice(&mut before.1.0[first..][..S::f32s::LEN]);
                    }
                }
                std::mem::swap(&mut kept, &mut kept_before);
            }
            output.totals()
        },
    )
}

/// The forward pass alone, over a slab without sums.
pub fn logits<S: Simd, G: Hidden<S>, const NX: usize>(simd: S, g: G, slab: Slab) {
    simd.vectorize(
        #[inline(always)]
        || {
            let Slab { samples, lines, theta, bias, kept, logits, .. } = slab;
            let (kept, _) = kept.split_at_mut(kept.len() / 2);
            for (line, logits) in lines.zip(logits) {
                forward_line::<S, G, NX>(simd, g, theta, bias, &features(samples, line), kept, logits);
            }
        },
    )
}

/// X of a line of samples.
#[inline(always)]
fn features<const NX: usize>(samples: &Samples, line: usize) -> [Line; NX] {
    let mut x = [Line([0.0; LINE]); NX];
    x.copy_from_slice(&samples.line(line)[..NX]);
    x
}

/// [`forward`] with as many samples at a time as there are registers for.
#[inline(always)]
fn forward_line<S: Simd, G: Hidden<S>, const NX: usize>(
    simd: S,
    g: G,
    theta: &[f32],
    bias: f32,
    x: &[Line; NX],
    kept: &mut [f32],
    z2: &mut Line,
) {
    if S::f32s::LEN == LINE {
        forward::<S, G, NX, 8>(simd, g, theta, bias, x, kept, z2);
    } else {
        forward::<S, G, NX, 4>(simd, g, theta, bias, x, kept, z2);
    }
}

/// z2 = W2·g(W1·x + b1) + b2 of a line of samples, `T` samples in registers at a time.
#[inline(always)]
fn forward<S: Simd, G: Hidden<S>, const NX: usize, const T: usize>(
    simd: S,
    g: G,
    theta: &[f32],
    bias: f32,
    x: &[Line; NX],
    kept: &mut [f32],
    z2: &mut Line,
) {
    let lanes = S::f32s::LEN;
    if G::LONG {
        for first in (0..LINE).step_by(T) {
            for (theta, kept) in theta.chunks_exact((NX + 2) * lanes).zip(kept.chunks_exact_mut(LINE * lanes)) {
                store::<S, T>(linear::<S, NX, T>(simd, theta, x, first), &mut kept[first * lanes..]);
            }
        }
        for kept in kept.chunks_exact_mut(T * lanes) {
            store::<S, T>(g.keep(registers(simd, kept)), kept);
        }
    }
    let mut halves = [splat(simd, 0.0); LINE / 2];
    for first in (0..LINE).step_by(T) {
        let mut sum = [splat(simd, 0.0); T];
        for (theta, kept) in theta.chunks_exact((NX + 2) * lanes).zip(kept.chunks_exact_mut(LINE * lanes)) {
            let kept = &mut kept[first * lanes..];
            let keep = if G::LONG {
                registers(simd, kept)
            } else {
                let keep = g.keep(linear::<S, NX, T>(simd, theta, x, first));
                store::<S, T>(keep, kept);
                keep
            };
            let w2 = S::f32s::from_slice(simd, &theta[(NX + 1) * lanes..][..lanes]);
            for t in 0..T {
                sum[t] = w2.mul_add(g.value(keep[t]), sum[t]);
            }
        }
        for t in (0..T).step_by(lanes / 2) {
            halves[(first + t) / (lanes / 2)] = half_sums::<S, T>(sum, t);
        }
    }
    for (z2, half) in z2.0.chunks_exact_mut(lanes).zip(halves.chunks_exact(2)) {
        (sums::<S>(half[0], half[1]) + splat(simd, bias)).store_slice(z2);
    }
}

/// z1 = W1·x + b1 of a group, for `T` samples from `first` on.
#[inline(always)]
fn linear<S: Simd, const NX: usize, const T: usize>(
    simd: S,
    theta: &[f32],
    x: &[Line; NX],
    first: usize,
) -> [S::f32s; T] {
    let lanes = S::f32s::LEN;
    let mut z = [S::f32s::from_slice(simd, &theta[NX * lanes..][..lanes]); T];
    for f in 0..NX {
        let w1 = S::f32s::from_slice(simd, &theta[f * lanes..][..lanes]);
        for t in 0..T {
            z[t] = w1.mul_add(x[f].0[first + t], z[t]);
        }
    }
    z
}

/// Adds a line of samples to the sums, `U` groups of units in registers at a time.
#[inline(always)]
fn backward<S: Simd, G: Hidden<S>, const NX: usize, const U: usize>(
    simd: S,
    g: G,
    x: &[Line; NX],
    dz2: &Line,
    count: usize,
    kept: &[f32],
    sums: &mut [f32],
) {
    let lanes = S::f32s::LEN;
    let mut kept = kept.chunks_exact(U * LINE * lanes);
    let mut sums = sums.chunks_exact_mut(U * (NX + 2) * lanes);
    for (kept, sums) in (&mut kept).zip(&mut sums) {
        groups::<S, G, NX, U>(simd, g, x, dz2, count, kept, sums);
    }
    let sums = sums.into_remainder().chunks_exact_mut((NX + 2) * lanes);
    for (kept, sums) in kept.remainder().chunks_exact(LINE * lanes).zip(sums) {
        groups::<S, G, NX, 1>(simd, g, x, dz2, count, kept, sums);
    }
}

/// [`backward`] of `U` groups.
#[inline(always)]
fn groups<S: Simd, G: Hidden<S>, const NX: usize, const U: usize>(
    simd: S,
    g: G,
    x: &[Line; NX],
    dz2: &Line,
    count: usize,
    kept: &[f32],
    sums: &mut [f32],
) {
    let lanes = S::f32s::LEN;
    let row = |group: usize, row: usize| (group * (NX + 2) + row) * lanes;
    let mut dw1 = [[splat(simd, 0.0); NX]; U];
    let (mut db1, mut dw2) = ([splat(simd, 0.0); U], [splat(simd, 0.0); U]);
    for u in 0..U {
        for f in 0..NX {
            dw1[u][f] = S::f32s::from_slice(simd, &sums[row(u, f)..][..lanes]);
        }
        db1[u] = S::f32s::from_slice(simd, &sums[row(u, NX)..][..lanes]);
        dw2[u] = S::f32s::from_slice(simd, &sums[row(u, NX + 1)..][..lanes]);
    }
    for s in 0..count.min(LINE) {
        let d = splat(simd, dz2.0[s]);
        for u in 0..U {
            let keep = S::f32s::from_slice(simd, &kept[(u * LINE + s) * lanes..][..lanes]);
            let (t, sum) = g.backward(keep, d, dw2[u]);
            dw2[u] = sum;
            db1[u] += t;
            for f in 0..NX {
                dw1[u][f] = t.mul_add(x[f].0[s], dw1[u][f]);
            }
        }
    }
    for u in 0..U {
        for f in 0..NX {
            dw1[u][f].store_slice(&mut sums[row(u, f)..][..lanes]);
        }
        db1[u].store_slice(&mut sums[row(u, NX)..][..lanes]);
        dw2[u].store_slice(&mut sums[row(u, NX + 1)..][..lanes]);
    }
}
