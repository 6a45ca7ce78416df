//! The numbers of up to 64 samples: a row a unit, a lane a sample.

use fearless_simd::{Simd, SimdBase};

use super::super::line::{LINE, Line, flat, flat_mut, zeros};

/// The most samples of a panel, and the numbers of its rows: what is computed of them stays in the first caches, and a tile of
/// four rows keeps every register busy.
pub const WIDTH: usize = 64;

/// Lines of a row.
pub const LINES: usize = WIDTH / LINE;

/// A matrix of rows × samples. The rows are padded to a multiple of sixteen, so that it can be turned over in blocks; those
/// beyond its own are 0.
#[derive(Clone)]
pub struct Panel {
    rows: usize,
    lines: Vec<Line>,
}

impl Panel {
    /// A panel of zeros.
    pub fn new(rows: usize) -> Self {
        Self { rows, lines: zeros(rows.next_multiple_of(LINE) * LINES) }
    }

    /// Its own rows.
    pub fn rows(&self) -> &[f32] {
        &self.padded()[..self.rows * WIDTH]
    }

    /// Its own rows, mutable.
    pub fn rows_mut(&mut self) -> &mut [f32] {
        let numbers = self.rows * WIDTH;
        &mut self.padded_mut()[..numbers]
    }

    /// All rows.
    pub fn padded(&self) -> &[f32] {
        flat(&self.lines)
    }

    /// All rows, mutable.
    pub fn padded_mut(&mut self) -> &mut [f32] {
        flat_mut(&mut self.lines)
    }
}

/// The registers in the first lines of a row.
#[inline(always)]
pub fn registers_of<S: Simd>(row: &mut [f32], lines: usize) -> impl Iterator<Item = &mut [f32]> {
    row[..lines * LINE].chunks_exact_mut(S::f32s::LEN)
}
