//! dW = dZ·Aᵀ of a layer with few units or few inputs, as sums over the lanes: neither matrix is turned over, and no lane is
//! without a number.

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::super::line::LINE;
use super::super::math::{registers, splat, store};
use super::layers::Layer;
use super::panel::WIDTH;

/// The units and the inputs of a tile.
const SIDE: usize = 4;

/// The weights up to which this is faster in any case.
const FEW: usize = 256;

/// Whether a layer has so few of either that this is faster.
pub fn is_few(units: usize, inputs: usize) -> bool {
    units.min(inputs) <= SIDE || units * inputs <= FEW
}

/// The lines that the lanes' sums of a layer take.
pub fn lines(units: usize, inputs: usize) -> usize {
    units.div_ceil(SIDE) * inputs.div_ceil(SIDE) * SIDE * SIDE
}

/// Adds dz·a of each unit and input over the first `lines` lines of two panels, whose rows are padded with zeros, to the sums
/// of each lane, tile by tile; or puts it in their place if it `is_first`.
pub fn dot<S: Simd>(simd: S, layer: &Layer, lines: usize, dz: &[f32], a: &[f32], lanes: &mut [f32], is_first: bool) {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut tiles = lanes.chunks_exact_mut(SIDE * SIDE * S::f32s::LEN);
            for unit in (0..layer.units).step_by(SIDE) {
                for (input, tile) in (0..layer.inputs).step_by(SIDE).zip(&mut tiles) {
                    let (dz, a) = (&dz[unit * WIDTH..][..SIDE * WIDTH], &a[input * WIDTH..][..SIDE * WIDTH]);
                    let mut sums = if is_first {
                        [splat(simd, 0.0); SIDE * SIDE]
                    } else {
                        registers::<S, { SIDE * SIDE }>(simd, tile)
                    };
                    for lane in (0..lines * LINE).step_by(S::f32s::LEN) {
                        let mut right = [splat(simd, 0.0); SIDE];
                        for k in 0..SIDE {
                            [right[k]] = registers(simd, &a[k * WIDTH + lane..]);
                        }
                        for u in 0..SIDE {
                            let [left]: [S::f32s; 1] = registers(simd, &dz[u * WIDTH + lane..]);
                            for k in 0..SIDE {
                                sums[u * SIDE + k] = left.mul_add(right[k], sums[u * SIDE + k]);
                            }
                        }
                    }
                    store::<S, { SIDE * SIDE }>(sums, tile);
                }
            }
        },
    );
}

/// Adds the sums of each lane up to dW, which are added to `sums` or take their place if it `is_first`.
pub fn sum_lanes<S: Simd>(simd: S, layer: &Layer, lanes: &[f32], sums: &mut [f32], is_first: bool) {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut tiles = lanes.chunks_exact(SIDE * SIDE * S::f32s::LEN);
            for rows in sums.chunks_mut(SIDE * layer.stride).take(layer.units.div_ceil(SIDE)) {
                for (input, tile) in (0..layer.inputs).step_by(SIDE).zip(&mut tiles) {
                    let mut of_tile = [0.0; SIDE * SIDE];
                    let products: [S::f32s; SIDE * SIDE] = registers(simd, tile);
                    for (sums, products) in
                        of_tile.chunks_exact_mut(S::f32s::LEN).zip(products.chunks_exact(S::f32s::LEN))
                    {
                        sum_each(simd, products).store_slice(sums);
                    }
                    for (row, of_tile) in rows.chunks_exact_mut(layer.stride).zip(of_tile.chunks_exact(SIDE)) {
                        for (to, sum) in row[input..].iter_mut().zip(of_tile) {
                            *to = if is_first { *sum } else { *to + *sum };
                        }
                    }
                }
            }
        },
    );
}

/// Σ over the first `lines` lines of each row of a panel, whose rows are padded with zeros to whole lines as `sums` are.
pub fn sum_rows<S: Simd>(simd: S, lines: usize, rows: &[f32], sums: &mut [f32], is_first: bool) {
    simd.vectorize(
        #[inline(always)]
        || {
            let lanes = S::f32s::LEN;
            for (rows, sums) in rows.chunks_exact(lanes * WIDTH).zip(sums.chunks_exact_mut(lanes)) {
                let mut each = [splat(simd, 0.0); LINE];
                for (row, sum) in rows.chunks_exact(WIDTH).zip(&mut each) {
                    for register in row[..lines * LINE].chunks_exact(lanes) {
                        *sum += S::f32s::from_slice(simd, register);
                    }
                }
                let total = sum_each(simd, &each);
                let total = if is_first { total } else { S::f32s::from_slice(simd, sums) + total };
                total.store_slice(sums);
            }
        },
    );
}

/// Σ over the lanes of each of as many registers as a register has lanes.
#[inline(always)]
fn sum_each<S: Simd>(simd: S, registers: &[S::f32s]) -> S::f32s {
    match S::f32s::LEN {
        16 => across::<S, 16>(simd, registers),
        8 => across::<S, 8>(simd, registers),
        _ => across::<S, 4>(simd, registers),
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
