//! Matrices turned over, block by block in registers.

use fearless_simd::{Simd, SimdBase};

use super::super::line::LINE;
use super::super::math::splat;

/// `to`\[j, i\] = `from`\[i, j\] for all of `lines` lines of rows i and `across` lines of columns j, of matrices whose rows are
/// `from_stride` and `to_stride` numbers apart.
pub fn transpose<S: Simd>(
    simd: S,
    [lines, across]: [usize; 2],
    (from, from_stride): (&[f32], usize),
    (to, to_stride): (&mut [f32], usize),
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let lanes = S::f32s::LEN;
            for i in (0..lines * LINE).step_by(lanes) {
                for j in (0..across * LINE).step_by(lanes) {
                    let (from, to) = (&from[i * from_stride + j..], &mut to[j * to_stride + i..]);
                    match lanes {
                        16 => block::<S, 16>(simd, (from, from_stride), (to, to_stride)),
                        8 => block::<S, 8>(simd, (from, from_stride), (to, to_stride)),
                        _ => block::<S, 4>(simd, (from, from_stride), (to, to_stride)),
                    }
                }
            }
        },
    );
}

/// A block of `N` × `N` numbers, as many as a register has lanes. Shuffling register i with register i + N/2, like the two
/// halves of a pack of cards, moves the highest bit of each number's row to the end of its column and that of the column
/// to the end of the row; when every bit has moved, rows are columns.
#[inline(always)]
fn block<S: Simd, const N: usize>(simd: S, (from, from_stride): (&[f32], usize), (to, to_stride): (&mut [f32], usize)) {
    let mut rows = [splat(simd, 0.0); N];
    for (row, from) in rows.iter_mut().zip(from.chunks(from_stride)) {
        *row = S::f32s::from_slice(simd, &from[..N]);
    }
    for _ in 0..N.ilog2() {
        let mut shuffled = rows;
        for i in 0..N / 2 {
            shuffled[2 * i] = rows[i].zip_low(rows[i + N / 2]);
            shuffled[2 * i + 1] = rows[i].zip_high(rows[i + N / 2]);
        }
        rows = shuffled;
    }
    for (row, to) in rows.iter().zip(to.chunks_mut(to_stride)) {
        row.store_slice(&mut to[..N]);
    }
}
