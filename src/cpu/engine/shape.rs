//! How a network is laid out in the engine: which kernel, which order, how many parts.

use std::ops::Range;

use super::line::LINE;
use super::narrow::BLOCK;
use super::specialise::{COMPILED, FEATURES};
use super::{narrow_tiles, tiles};
use crate::model::{Network, Parameters};

/// The most lines of samples that f32 sums run over before they are added to f64 sums: 16 times 16 terms per unit.
const SLAB: usize = 16;

/// The fewest lines of samples in a part: with fewer, adding up the parts would take noticeable time.
const LINES_OF_PART: usize = 3;

/// The most parts.
const MAX_PARTS: usize = 32;

/// The most numbers in the gradients of all parts of a network with many features, a quarter of a gigabyte: very many
/// parameters have few parts.
const NUMBERS_OF_PARTS: usize = 1 << 26;

/// The work of a part, in pairs of a sample and a hidden ReLU unit: about one microsecond.
const WORK_OF_PART: usize = 16_000;

/// The features that cost as much as the rest of such a pair.
const FEATURES_OF_PAIR: usize = 4;

/// Where the parameters of a network lie: groups of `lanes` hidden units side by side, each with one row of W1 per
/// feature, then b1, then W2. Padding units and padding features are 0 and stay 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// n_h.
    pub hidden: usize,
    /// n_x.
    pub inputs: usize,
    /// n_x, padded.
    pub features: usize,
    /// Hidden units of a group: the lanes of a register, or 1 if samples lie across the lanes.
    pub lanes: usize,
}

impl Shape {
    /// The shape for registers of `register` lanes.
    ///
    /// Units across the lanes waste the lanes of the last register that have no unit; samples across the lanes keep one
    /// register of sums per parameter, which fits the first cache only for few units. Measured: the former is faster
    /// from two registers of units on.
    pub fn new(network: &Network, register: usize) -> Self {
        let (hidden, inputs) = (network.hidden()[0], network.inputs());
        // many features have as many sums to add up over the lanes: measured to pay up to half a register of units
        let is_narrow = if inputs > COMPILED { 2 * hidden <= register } else { hidden < 2 * register };
        let lanes = if is_narrow { 1 } else { register };
        Self { hidden, inputs, features: features(inputs), lanes }
    }

    /// Whether there are more features than kernels are compiled for.
    pub fn has_many_features(&self) -> bool {
        self.features > COMPILED
    }

    /// Whether samples lie across the lanes.
    pub fn is_narrow(&self) -> bool {
        self.lanes == 1
    }

    /// The rows of a group.
    pub fn rows(&self) -> usize {
        self.features + 2
    }

    /// The number of groups.
    pub fn groups(&self) -> usize {
        self.hidden.div_ceil(self.lanes)
    }

    /// The numbers in all groups.
    pub fn len(&self) -> usize {
        self.groups() * self.rows() * self.lanes
    }

    /// The position of row `row` of hidden unit `unit`.
    pub fn at(&self, unit: usize, row: usize) -> usize {
        (unit / self.lanes * self.rows() + row) * self.lanes + unit % self.lanes
    }

    /// The slab: the number of lines of samples that f32 sums run over.
    pub fn slab(&self) -> usize {
        if self.is_narrow() { SLAB * LINE } else { SLAB }
    }

    /// The numbers that the forward pass keeps of a block of samples, for registers of `register` lanes.
    pub fn kept(&self, register: usize) -> usize {
        match self {
            shape if shape.has_many_features() && shape.is_narrow() => shape.hidden * narrow_tiles::LINES * LINE,
            shape if shape.has_many_features() => shape.groups() * tiles::block(shape.groups()) * LINE * register,
            shape if shape.is_narrow() => shape.hidden * BLOCK * register,
            // two lines of samples are under way
            shape => 2 * shape.groups() * LINE * register,
        }
    }

    /// All but b2, in the order of the groups.
    pub fn pack(&self, parameters: &Parameters) -> Vec<f64> {
        let mut packed = vec![0.0; self.len()];
        for unit in 0..self.hidden {
            for feature in 0..self.inputs {
                packed[self.at(unit, feature)] = parameters.weights(0)[unit * self.inputs + feature];
            }
            packed[self.at(unit, self.features)] = parameters.bias(0)[unit];
            packed[self.at(unit, self.features + 1)] = parameters.weights(1)[unit];
        }
        packed
    }

    /// The inverse of [`pack`](Self::pack).
    pub fn unpack(&self, packed: impl Fn(usize) -> f64, bias: f64, parameters: &mut Parameters) {
        for unit in 0..self.hidden {
            for feature in 0..self.inputs {
                parameters.weights_mut(0)[unit * self.inputs + feature] = packed(self.at(unit, feature));
            }
            parameters.bias_mut(0)[unit] = packed(self.at(unit, self.features));
            parameters.weights_mut(1)[unit] = packed(self.at(unit, self.features + 1));
        }
        parameters.bias_mut(1)[0] = bias;
    }

    /// The most parts that the gradient is added up from.
    pub fn most_parts(&self) -> usize {
        let fit = if self.has_many_features() { NUMBERS_OF_PARTS / self.len() } else { MAX_PARTS };
        fit.clamp(1, MAX_PARTS)
    }

    /// The lines of samples of each part. Threads take parts, which depend on the network and the data
    /// alone, so that the result does not depend on the threads; their number is a power of two, which such numbers of
    /// threads share evenly.
    pub fn parts(&self, lines: usize, cost_of_pair: usize) -> Vec<Range<usize>> {
        let of_features = if self.has_many_features() { self.features / FEATURES_OF_PAIR } else { 0 };
        let work = self.hidden.saturating_mul(lines * LINE).saturating_mul(cost_of_pair + of_features);
        let parts = 1 << (work / WORK_OF_PART).min(lines / LINES_OF_PART).clamp(1, self.most_parts()).ilog2();
        (0..parts).map(|part| lines * part / parts..lines * (part + 1) / parts).collect()
    }
}

/// The number of features that data with `inputs` features is padded to.
pub fn features(inputs: usize) -> usize {
    FEATURES.iter().copied().find(|features| *features >= inputs).unwrap_or(inputs)
}
