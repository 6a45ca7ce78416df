//! The samples in f32, one after another, and how those of a batch come into panels.

use std::ops::Range;

use fearless_simd::Simd;

use super::super::line::{LINE, flat_mut};
use super::panel::{Panel, WIDTH};
use super::panels::{Panels, Turned};
use super::table::{Table, put_rows};
use super::transpose::transpose;
use crate::data::Dataset;
use crate::model::Output;

/// The samples, what the outputs should be, and what each sample counts.
pub struct Samples {
    /// m.
    pub count: usize,
    /// The features.
    x: Table,
    /// What the outputs should be.
    y: Table,
    /// Of each sample; 1 if there are none.
    weights: Option<Vec<f32>>,
}

/// Samples of an update, in their order.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// The samples in their order; those of the data if there is none.
    pub order: Option<&'a [u32]>,
    /// The place of the first, and how many there are.
    pub first: usize,
    pub count: usize,
}

impl Batch<'_> {
    /// The sample at a place of the batch.
    pub fn sample(&self, place: usize) -> usize {
        let place = self.first + place;
        self.order.map_or(place, |order| order[place] as usize)
    }
}

impl Samples {
    /// The samples of a data set, for networks with these outputs.
    pub fn new(data: &Dataset, output: Output, outputs: usize) -> Self {
        let (count, inputs) = (data.samples(), data.inputs());
        let x = Table::new(count, data.features(), |sample, feature| inputs[feature * count + sample] as f32);
        let y = Table::new(count, outputs, |sample, row| data.target(output, row, sample) as f32);
        let weights = data.weights().map(|weights| weights.iter().map(|weight| *weight as f32).collect());
        Self { count, x, y, weights }
    }

    /// Puts the samples at some places of a batch into panels, at most as many as these are wide.
    pub fn gather<S: Simd>(&self, simd: S, batch: Batch, places: Range<usize>, panels: &mut Panels) {
        if panels.takes_columns() {
            clear_columns(places.len(), panels);
            self.x.put_columns(batch, places.clone(), panels.inputs[0].rows_mut());
        } else {
            let Panels { inputs, turned, .. } = panels;
            self.put_features(simd, batch, places.clone(), &mut inputs[0], &mut turned[0]);
        }
        self.put_targets(batch, places, panels);
    }

    /// Puts the features of the samples at some places of a batch into a panel, and the same turned over.
    pub fn put_features<S: Simd>(
        &self,
        simd: S,
        batch: Batch,
        places: Range<usize>,
        columns: &mut Panel,
        rows: &mut Turned,
    ) {
        put_rows_and_columns(simd, places.map(|place| self.x.row(batch.sample(place))), columns, rows);
    }

    /// Puts what the outputs should be, and the weights, of the samples at some places of a batch into panels.
    pub fn put_targets(&self, batch: Batch, places: Range<usize>, panels: &mut Panels) {
        let samples = places.clone().map(|place| batch.sample(place));
        self.y.put_columns(batch, places.clone(), panels.targets.rows_mut());
        let weights = flat_mut(&mut panels.weights);
        weights[places.len()..].fill(0.0);
        match &self.weights {
            None => weights[..places.len()].fill(1.0),
            Some(of) => weights.iter_mut().zip(samples).for_each(|(to, sample)| *to = of[sample]),
        }
    }

    /// Σ weights of the samples at some places of a batch.
    pub fn weight(&self, batch: Batch, places: Range<usize>) -> f64 {
        match &self.weights {
            None => places.len() as f64,
            Some(of) => places.map(|place| f64::from(of[batch.sample(place)])).sum(),
        }
    }
}

/// Puts the features of samples, row by row, into panels.
pub fn put_inputs<'a, S: Simd>(simd: S, samples: impl ExactSizeIterator<Item = &'a [f32]>, panels: &mut Panels) {
    if panels.takes_columns() {
        clear_columns(samples.len(), panels);
        put_rows(samples, panels.inputs[0].rows_mut());
    } else {
        let Panels { inputs, turned, .. } = panels;
        put_rows_and_columns(simd, samples, &mut inputs[0], &mut turned[0]);
    }
}

/// Zeros where the last line of samples is not full.
fn clear_columns(samples: usize, panels: &mut Panels) {
    let rows = panels.inputs[0].rows_mut().chunks_exact_mut(WIDTH);
    rows.for_each(|row| row[samples..samples.next_multiple_of(LINE)].fill(0.0));
}

/// The features as rows, and those turned over: zeros where the last line of samples is not full.
fn put_rows_and_columns<'a, S: Simd>(
    simd: S,
    samples: impl ExactSizeIterator<Item = &'a [f32]>,
    columns: &mut Panel,
    turned: &mut Turned,
) {
    let (count, end) = (samples.len(), samples.len().next_multiple_of(LINE));
    let (stride, rows) = (turned.stride, turned.values_mut());
    rows[count * stride..end * stride].fill(0.0);
    for (row, features) in rows.chunks_exact_mut(stride).zip(samples) {
        row[..features.len()].copy_from_slice(features);
    }
    transpose(simd, [end / LINE, stride / LINE], (rows, stride), (columns.padded_mut(), WIDTH));
}
