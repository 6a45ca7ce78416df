//! Some numbers of each sample, in f32, and how those of a batch come into panels.

use std::ops::Range;

use super::panel::WIDTH;
use super::samples::Batch;

/// The most numbers of a sample that lie by columns.
const FEW: usize = 4;

/// As many numbers of each sample. Few lie by columns, so that those of samples in the order of the data are copied as they
/// lie; many lie by rows, so that a sample is found in one place.
pub struct Table {
    samples: usize,
    width: usize,
    values: Vec<f32>,
}

impl Table {
    /// The table of a number of each sample and column.
    pub fn new(samples: usize, width: usize, number: impl Fn(usize, usize) -> f32) -> Self {
        let number = &number;
        let values = match width <= FEW {
            true => (0..width).flat_map(|column| (0..samples).map(move |sample| number(sample, column))).collect(),
            false => (0..samples).flat_map(|sample| (0..width).map(move |column| number(sample, column))).collect(),
        };
        Self { samples, width, values }
    }

    /// Puts the numbers of the samples at some places of a batch into the rows of a panel, from lane 0 on.
    pub fn put_columns(&self, batch: Batch, places: Range<usize>, panel: &mut [f32]) {
        if self.width > FEW {
            return put_rows(places.map(|place| self.row(batch.sample(place))), panel);
        }
        for (to, column) in panel.chunks_exact_mut(WIDTH).zip(self.values.chunks_exact(self.samples)) {
            match batch.order {
                None => to[..places.len()].copy_from_slice(&column[batch.first..][places.clone()]),
                Some(order) => {
                    let order = &order[batch.first..][places.clone()];
                    to.iter_mut().zip(order).for_each(|(to, sample)| *to = column[*sample as usize]);
                }
            }
        }
    }

    /// The numbers of a sample, if they lie by rows.
    pub fn row(&self, sample: usize) -> &[f32] {
        &self.values[sample * self.width..][..self.width]
    }
}

/// Puts rows of numbers into the rows of a panel, from lane 0 on.
pub fn put_rows<'a>(rows: impl Iterator<Item = &'a [f32]>, panel: &mut [f32]) {
    for (lane, row) in rows.enumerate() {
        panel[lane..].iter_mut().step_by(WIDTH).zip(row).for_each(|(to, from)| *to = *from);
    }
}
