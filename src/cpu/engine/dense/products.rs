//! The products of a layer over a panel of samples, in tiles of registers.
//!
//! | product | shape | a(i, k) | B |
//! |---|---|---|---|
//! | Z = W·A | units × samples | W\[i, k\] | A |
//! | dA = Wᵀ·dZ | inputs × samples | W\[k, i\] | dZ |
//! | dW = dZ·Aᵀ | units × inputs | dZ\[i, k\] | Aᵀ |
//!
//! Each is C\[i, lanes\] = Σₖ a(i, k)·B\[k, lanes\]: single numbers of the left matrix are broadcast, rows of the right one
//! are registers. A number's terms are added in the order of k, in spans of [`TERMS`] whose sums are added in their order.
//! So the order follows from the shape alone; how many rows and registers a tile has changes no bit.

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::super::line::LINE;
use super::super::math::{registers, splat};

/// The terms that an f32 sum runs over before it is added to the next.
const TERMS: usize = 256;

/// The left matrix of a product, whose single numbers are broadcast.
pub trait Left: Copy {
    /// a(i, k) of `R` rows from `row` on, for `terms` values of k from `first` on.
    fn span<const R: usize>(self, row: usize, first: usize, terms: usize) -> impl Factors<R>;
}

/// Some rows of a left matrix, over a span of k.
pub trait Factors<const R: usize>: Copy {
    /// a(i, k) of each row, with k counted from the span's begin.
    fn at(self, k: usize) -> [f32; R];
}

/// A left matrix that is stored by rows: a(i, k) lies at i·stride + k.
#[derive(Clone, Copy)]
pub struct ByRows<'a> {
    pub values: &'a [f32],
    pub stride: usize,
}

/// A left matrix that is stored by columns: a(i, k) lies at k·stride + i.
#[derive(Clone, Copy)]
pub struct ByColumns<'a> {
    pub values: &'a [f32],
    pub stride: usize,
}

#[derive(Clone, Copy)]
struct Rows<'a, const R: usize>([&'a [f32]; R]);

impl Left for ByRows<'_> {
    #[inline(always)]
    fn span<const R: usize>(self, row: usize, first: usize, terms: usize) -> impl Factors<R> {
        let mut rows = [&self.values[..0]; R];
        for r in 0..R {
            rows[r] = &self.values[(row + r) * self.stride + first..][..terms];
        }
        Rows(rows)
    }
}

impl<const R: usize> Factors<R> for Rows<'_, R> {
    #[inline(always)]
    fn at(self, k: usize) -> [f32; R] {
        let mut factors = [0.0; R];
        for r in 0..R {
            factors[r] = self.0[r][k];
        }
        factors
    }
}

impl Left for ByColumns<'_> {
    #[inline(always)]
    fn span<const R: usize>(self, row: usize, first: usize, _: usize) -> impl Factors<R> {
        Self { values: &self.values[first * self.stride + row..], stride: self.stride }
    }
}

impl<const R: usize> Factors<R> for ByColumns<'_> {
    #[inline(always)]
    fn at(self, k: usize) -> [f32; R] {
        let mut factors = [0.0; R];
        factors.copy_from_slice(&self.values[k * self.stride..][..R]);
        factors
    }
}

/// The right matrix of a product: B\[k, lane\] lies at k·stride + lane.
#[derive(Clone, Copy)]
pub struct Right<'a> {
    pub values: &'a [f32],
    pub stride: usize,
}

/// What becomes of the sums of a row, `T` registers of them, from number `lane` of row `row` on.
pub trait Finish {
    fn row<S: Simd, const T: usize>(&mut self, simd: S, row: usize, lane: usize, sums: [S::f32s; T]);
}

/// The size of a product.
#[derive(Clone, Copy)]
pub struct Size {
    /// Rows of C.
    pub rows: usize,
    /// The terms of each of its numbers.
    pub terms: usize,
    /// Lines of sixteen numbers in each of its rows.
    pub lines: usize,
}

/// C = A·B, each row of which goes to `finish`.
pub fn product<S: Simd>(simd: S, size: Size, a: impl Left, b: Right, finish: &mut impl Finish) {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut line = 0;
            while line < size.lines {
                let tiles = Tiles { simd, size, a, b, lane: line * LINE };
                line += match (S::f32s::LEN, size.lines - line) {
                    (LINE, 4..) => tiles.all::<6, 4>(4, finish),
                    (LINE, 3) => tiles.all::<4, 3>(3, finish),
                    (LINE, 2) => tiles.all::<8, 2>(2, finish),
                    (LINE, _) => tiles.all::<8, 1>(1, finish),
                    (8, _) => tiles.all::<4, 2>(1, finish),
                    _ => tiles.all::<4, 4>(1, finish),
                };
            }
        },
    );
}

/// The tiles of a product that begin with the same lane.
#[derive(Clone, Copy)]
struct Tiles<'a, S, A> {
    simd: S,
    size: Size,
    a: A,
    b: Right<'a>,
    lane: usize,
}

impl<S: Simd, A: Left> Tiles<'_, S, A> {
    /// All rows of `T` registers, `R` at a time and the rest in fewer; returns `lines`, which those registers are.
    #[inline(always)]
    fn all<const R: usize, const T: usize>(self, lines: usize, finish: &mut impl Finish) -> usize {
        let row = self.rows::<R, T>(0, finish);
        let row = if R > 4 { self.rows::<4, T>(row, finish) } else { row };
        let row = self.rows::<2, T>(row, finish);
        self.rows::<1, T>(row, finish);
        lines
    }

    /// As many tiles of `R` rows as there are from `row` on; returns the row behind them.
    #[inline(always)]
    fn rows<const R: usize, const T: usize>(self, mut row: usize, finish: &mut impl Finish) -> usize {
        while row + R <= self.size.rows {
            let sums = self.tile::<R, T>(row);
            for r in 0..R {
                finish.row::<S, T>(self.simd, row + r, self.lane, sums[r]);
            }
            row += R;
        }
        row
    }

    /// The sums of `R` rows and `T` registers.
    #[inline(always)]
    fn tile<const R: usize, const T: usize>(self, row: usize) -> [[S::f32s; T]; R] {
        let terms = self.size.terms;
        let mut total = self.span::<R, T>(row, 0, terms.min(TERMS));
        for first in (TERMS..terms).step_by(TERMS) {
            let sums = self.span::<R, T>(row, first, TERMS.min(terms - first));
            for r in 0..R {
                for t in 0..T {
                    total[r][t] += sums[r][t];
                }
            }
        }
        total
    }

    /// Σ a(i, k)·B\[k, lanes\] over a span of k.
    #[inline(always)]
    fn span<const R: usize, const T: usize>(self, row: usize, first: usize, terms: usize) -> [[S::f32s; T]; R] {
        let a = self.a.span::<R>(row, first, terms);
        let b = self.b.values[first * self.b.stride + self.lane..].chunks(self.b.stride).take(terms);
        let mut sums = [[splat(self.simd, 0.0); T]; R];
        for (k, b) in b.enumerate() {
            let (factors, b): (_, [S::f32s; T]) = (a.at(k), registers(self.simd, &b[..T * S::f32s::LEN]));
            for r in 0..R {
                let factor = splat(self.simd, factors[r]);
                for t in 0..T {
                    sums[r][t] = factor.mul_add(b[t], sums[r][t]);
                }
            }
        }
        sums
    }
}
