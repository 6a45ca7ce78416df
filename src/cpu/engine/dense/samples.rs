//! The samples in f32, one after another, and how those of a batch come into panels.

use std::ops::Range;

use fearless_simd::Simd;

use super::super::line::{LINE, flat_mut};
use super::panel::WIDTH;
use super::panels::Panels;
use super::transpose::transpose;
use crate::data::Dataset;
use crate::model::Output;

/// The samples, what the outputs should be, and what each sample counts.
pub struct Samples {
    /// m.
    pub count: usize,
    features: usize,
    outputs: usize,
    /// X, row-major (samples × features).
    x: Vec<f32>,
    /// Y, what the outputs should be, row-major (samples × outputs).
    y: Vec<f32>,
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
    fn sample(&self, place: usize) -> usize {
        let place = self.first + place;
        self.order.map_or(place, |order| order[place] as usize)
    }
}

impl Samples {
    /// The samples of a data set, for networks with these outputs.
    pub fn new(data: &Dataset, output: Output, outputs: usize) -> Self {
        let (count, features) = (data.samples(), data.features());
        let mut x = vec![0.0; count * features];
        for (feature, values) in data.inputs().chunks_exact(count).enumerate() {
            x[feature..].iter_mut().step_by(features).zip(values).for_each(|(to, from)| *to = *from as f32);
        }
        let target = |sample, row| data.target(output, row, sample) as f32;
        let y = (0..count).flat_map(|sample| (0..outputs).map(move |row| target(sample, row))).collect();
        let weights = data.weights().map(|weights| weights.iter().map(|weight| *weight as f32).collect());
        Self { count, features, outputs, x, y, weights }
    }

    /// Puts the samples at some places of a batch into panels, at most as many as these are wide.
    pub fn gather<S: Simd>(&self, simd: S, batch: Batch, places: Range<usize>, panels: &mut Panels) {
        let samples = places.clone().map(|place| batch.sample(place));
        put_inputs(simd, samples.clone().map(|sample| &self.x[sample * self.features..][..self.features]), panels);
        let targets = panels.targets.rows_mut();
        for (lane, sample) in samples.clone().enumerate() {
            let y = &self.y[sample * self.outputs..][..self.outputs];
            targets[lane..].iter_mut().step_by(WIDTH).zip(y).for_each(|(to, from)| *to = *from);
        }
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

/// Puts the features of samples into panels, as columns and, where the layer needs them, as rows: zeros where the last line
/// of samples is not full.
pub fn put_inputs<'a, S: Simd>(simd: S, samples: impl ExactSizeIterator<Item = &'a [f32]>, panels: &mut Panels) {
    let Panels { layers, inputs, turned, .. } = panels;
    let (count, end, x) = (samples.len(), samples.len().next_multiple_of(LINE), inputs[0].padded_mut());
    if layers.layers()[0].is_few() {
        x.chunks_exact_mut(WIDTH).for_each(|row| row[count..end].fill(0.0));
        for (lane, features) in samples.enumerate() {
            x[lane..].iter_mut().step_by(WIDTH).zip(features).for_each(|(to, from)| *to = *from);
        }
    } else {
        let (stride, rows) = (turned[0].stride, turned[0].values_mut());
        rows[count * stride..end * stride].fill(0.0);
        for (row, features) in rows.chunks_exact_mut(stride).zip(samples) {
            row[..features.len()].copy_from_slice(features);
        }
        transpose(simd, [end / LINE, stride / LINE], (rows, stride), (x, WIDTH));
    }
}
