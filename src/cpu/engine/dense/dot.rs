//! dW = dZ·Aᵀ of a layer with few units or few inputs, as sums over the lanes: neither matrix is turned over, and no lane is
//! without a number.

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::super::line::LINE;
use super::super::math::{registers, splat};
use super::panel::WIDTH;

/// The units and the inputs of a tile.
const SIDE: usize = 4;

/// Whether a layer has so few of either that this is faster.
pub fn is_few(units: usize, inputs: usize) -> bool {
    units.min(inputs) <= SIDE
}

/// Calls `put` with each unit, input and Σ dz·a over the first `lines` lines of two panels, whose rows are padded with zeros.
pub fn dot<S: Simd>(
    simd: S,
    lines: usize,
    (dz, units): (&[f32], usize),
    (a, inputs): (&[f32], usize),
    mut put: impl FnMut(usize, usize, f32),
) {
    simd.vectorize(
        #[inline(always)]
        || {
            for unit in (0..units).step_by(SIDE) {
                for input in (0..inputs).step_by(SIDE) {
                    let mut sums = [0.0; SIDE * SIDE];
                    tile(simd, lines, &dz[unit * WIDTH..], &a[input * WIDTH..], &mut sums);
                    for (u, sums) in sums.chunks_exact(SIDE).take(units - unit).enumerate() {
                        for (k, sum) in sums.iter().take(inputs - input).enumerate() {
                            put(unit + u, input + k, *sum);
                        }
                    }
                }
            }
        },
    );
}

/// The sums of a tile, row by row.
#[inline(always)]
fn tile<S: Simd>(simd: S, lines: usize, dz: &[f32], a: &[f32], sums: &mut [f32; SIDE * SIDE]) {
    let mut products = [splat(simd, 0.0); SIDE * SIDE];
    for lane in (0..lines * LINE).step_by(S::f32s::LEN) {
        for u in 0..SIDE {
            let [dz] = registers(simd, &dz[u * WIDTH + lane..]);
            for k in 0..SIDE {
                let [a]: [S::f32s; 1] = registers(simd, &a[k * WIDTH + lane..]);
                products[u * SIDE + k] = a.mul_add(dz, products[u * SIDE + k]);
            }
        }
    }
    for (products, sums) in products.chunks_exact(S::f32s::LEN).zip(sums.chunks_exact_mut(S::f32s::LEN)) {
        match S::f32s::LEN {
            16 => across::<S, 16>(simd, products),
            8 => across::<S, 8>(simd, products),
            _ => across::<S, 4>(simd, products),
        }
        .store_slice(sums);
    }
}

/// Σ over the lanes of each of `N` registers, as many as a register has lanes. Adding the two halves of registers i and
/// i + N/2, shuffled, leaves half the registers, in which each sum has half the terms.
#[inline(always)]
fn across<S: Simd, const N: usize>(simd: S, registers: &[S::f32s]) -> S::f32s {
    let mut sums = [splat(simd, 0.0); N];
    sums.copy_from_slice(&registers[..N]);
    let mut left = N;
    while left > 1 {
        left /= 2;
        for i in 0..left {
            sums[i] = sums[i].zip_low(sums[i + left]) + sums[i].zip_high(sums[i + left]);
        }
    }
    sums[0]
}
