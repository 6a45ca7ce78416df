//! Numbers in cache lines: sixteen f32, as many as the widest register and the smallest block of samples have.

use bytemuck::{Pod, Zeroable};

use crate::data::Dataset;

/// The number of f32 in a line.
pub const LINE: usize = 16;

/// Sixteen numbers on a cache line of their own, so that no load of a register crosses two.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Line(pub [f32; LINE]);

/// Lines of zeros.
pub fn zeros(lines: usize) -> Vec<Line> {
    vec![Line::zeroed(); lines]
}

/// The numbers of lines, one after another.
pub fn flat(lines: &[Line]) -> &[f32] {
    bytemuck::cast_slice(lines)
}

/// The numbers of lines, mutable.
pub fn flat_mut(lines: &mut [Line]) -> &mut [f32] {
    bytemuck::cast_slice_mut(lines)
}

/// The samples in f32, padded with zeros to whole lines.
pub struct Samples {
    /// m.
    pub count: usize,
    /// The rows of X, padding included.
    features: usize,
    /// X, (lines × features): what a block of samples needs lies together.
    x: Vec<Line>,
    /// Y, one label per sample.
    y: Vec<Line>,
}

impl Samples {
    /// The samples of a data set, with rows of zeros below X up to `features` rows.
    pub fn new(data: &Dataset, features: usize) -> Self {
        let count = data.samples();
        let lines = count.div_ceil(LINE);
        let (mut x, mut y) = (zeros(features * lines), zeros(lines));
        for (feature, values) in data.inputs().chunks_exact(count).enumerate() {
            for (line, values) in x.chunks_exact_mut(features).zip(values.chunks(LINE)) {
                line[feature].0.iter_mut().zip(values).for_each(|(to, from)| *to = *from as f32);
            }
        }
        for (to, from) in flat_mut(&mut y).iter_mut().zip(data.labels()) {
            *to = f32::from(*from);
        }
        Self { count, features, x, y }
    }

    /// Points without labels, row-major (points × inputs), with zeros for the features beyond the inputs.
    pub fn of_points(points: &[f64], inputs: usize, features: usize) -> Self {
        let count = points.len() / inputs;
        let lines = count.div_ceil(LINE);
        let mut x = zeros(features * lines);
        for (line, points) in x.chunks_exact_mut(features).zip(points.chunks(LINE * inputs)) {
            for (sample, point) in points.chunks_exact(inputs).enumerate() {
                line.iter_mut().zip(point).for_each(|(to, from)| to.0[sample] = *from as f32);
            }
        }
        Self { count, features, x, y: zeros(lines) }
    }

    /// The number of lines of samples.
    pub fn lines(&self) -> usize {
        self.y.len()
    }

    /// Every feature of a line of samples.
    #[inline(always)]
    pub fn line(&self, line: usize) -> &[Line] {
        &self.x[line * self.features..][..self.features]
    }

    /// All labels.
    #[inline(always)]
    pub fn labels(&self) -> &[Line] {
        &self.y
    }
}
