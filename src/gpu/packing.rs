//! How data and parameters lie in a plan's buffers, and back.

use crate::data::Dataset;
use crate::model::params::Layout;
use crate::model::{Network, Parameters};

/// Samples of a group: the vectors of the plans for one hidden layer.
pub const GROUP: usize = 4;

/// The order of a plan's buffers. Every network takes the room of the widest; what a narrower one lacks is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Tensor after tensor, row-major, as the widest network has them; samples along the rows.
    Tensors(Layout),
    /// Unit after unit, `vectors` of four numbers each: b1, w2, then its row of W1; b2 after the last unit.
    /// Samples in groups of four, a feature at a time. See `shaders/lib/one_hidden.wgsl`.
    Units {
        /// Units of the widest network, filled up.
        units: usize,
        /// Vectors of a unit.
        vectors: usize,
    },
}

impl Packing {
    /// Numbers that one network's parameters take. It saturates rather than wrap around where `usize` has 32 bits; no
    /// device has room for that many.
    pub fn parameters(&self) -> usize {
        match self {
            Self::Tensors(wide) => wide.parameters(),
            Self::Units { units, vectors } => units.saturating_mul(*vectors).saturating_add(1).saturating_mul(4),
        }
    }

    /// Numbers from one row of samples to the next, filled up.
    pub fn samples(&self, samples: usize) -> usize {
        match self {
            Self::Tensors(_) => samples,
            Self::Units { .. } => samples.next_multiple_of(GROUP),
        }
    }

    /// X. Features and samples that are filled up are 0.
    pub fn inputs(&self, data: &Dataset) -> Vec<f32> {
        let samples = data.samples();
        self.columns(samples, data.features(), samples, |feature, sample| data.inputs()[feature * samples + sample])
    }

    /// X of points, row-major (points × features), filled up to a block with points of zeros.
    pub fn points(&self, points: &[f64], features: usize, block: usize) -> Vec<f32> {
        self.columns(points.len() / features, features, block, |feature, point| points[point * features + feature])
    }

    /// X of `count` samples, filled up to `samples`.
    fn columns(&self, count: usize, features: usize, samples: usize, x: impl Fn(usize, usize) -> f64) -> Vec<f32> {
        let columns = match self {
            Self::Tensors(_) => features,
            Self::Units { vectors, .. } => self::features(*vectors),
        };
        let mut packed = vec![0.0; self.samples(samples) * columns];
        for (feature, sample) in (0..features).flat_map(|feature| (0..count).map(move |sample| (feature, sample))) {
            let place = match self {
                Self::Tensors(_) => feature * samples + sample,
                Self::Units { .. } => (sample / GROUP * columns + feature) * GROUP + sample % GROUP,
            };
            packed[place] = x(feature, sample) as f32;
        }
        packed
    }

    /// Y. Samples that are filled up are 0.
    pub fn labels(&self, data: &Dataset) -> Vec<f32> {
        let mut labels: Vec<f32> = data.labels().iter().map(|label| f32::from(*label)).collect();
        labels.resize(self.samples(data.samples()), 0.0);
        labels
    }

    /// All networks' parameters.
    pub fn pack<'a>(&self, parameters: impl IntoIterator<Item = &'a Parameters>) -> Vec<f32> {
        let mut packed = Vec::new();
        for parameters in parameters {
            let start = packed.len();
            packed.resize(start + self.parameters(), 0.0);
            self.each_place(parameters.layout(), |at, place| packed[start + place] = parameters.values()[at] as f32);
        }
        packed
    }

    /// The parameters, or gradients, of every network from the bits of all.
    pub fn unpack(&self, networks: &[Network], words: &[u32]) -> Vec<Parameters> {
        let unpack = |(network, words): (&Network, &[u32])| {
            let mut parameters = Parameters::zeros(network);
            let layout = parameters.layout().clone();
            let values = parameters.values_mut();
            self.each_place(&layout, |at, place| values[at] = f32::from_bits(words[place]).into());
            parameters
        };
        networks.iter().zip(words.chunks_exact(self.parameters())).map(unpack).collect()
    }

    /// Calls with every parameter's number on the host and its place on the device.
    fn each_place(&self, layout: &Layout, mut call: impl FnMut(usize, usize)) {
        for (index, tensor) in layout.tensors().iter().enumerate() {
            for (row, column) in (0..tensor.rows).flat_map(|row| (0..tensor.columns).map(move |column| (row, column))) {
                let place = match self {
                    Self::Tensors(wide) => {
                        let wide = &wide.tensors()[index];
                        wide.offset + row * wide.columns + column
                    }
                    Self::Units { units, vectors } => match index {
                        0 => row * vectors * 4 + 2 + column,
                        1 => row * vectors * 4,
                        2 => column * vectors * 4 + 1,
                        _ => units * vectors * 4,
                    },
                };
                call(tensor.offset + row * tensor.columns + column, place);
            }
        }
    }
}

/// The features that units of this many vectors have, those filled up counted.
pub fn features(vectors: usize) -> usize {
    4 * vectors - 2
}
