//! How data and parameters lie in a plan's buffers, and back.

use crate::Result;
use crate::backend::Run;
use crate::data::Dataset;
use crate::model::params::Layout;
use crate::model::{Network, Output, Parameters};
use crate::optim::Optimizer;

/// Samples of a group: the vectors of the plans for one hidden layer.
pub const GROUP: usize = 4;

/// The order of a plan's buffers. Every network takes the room of the widest; what a narrower one lacks is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Tensor after tensor, row-major, as the widest network has them; samples along the rows.
    Tensors(Layout),
    /// The same, and behind the parameters of a network their moments, the first of all and then the second of all.
    States {
        /// The tensors of the widest network.
        wide: Layout,
        /// The most moments of a parameter.
        moments: usize,
    },
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
    /// Numbers from one network's parameters to the next one's. It saturates rather than wrap around where `usize` has 32 bits; no
    /// device has room for that many.
    pub fn parameters(&self) -> usize {
        match self {
            Self::Tensors(wide) => wide.parameters(),
            Self::States { wide, moments } => wide.parameters().saturating_mul(1 + moments),
            Self::Units { units, vectors } => units.saturating_mul(*vectors).saturating_add(1).saturating_mul(4),
        }
    }

    /// How gradients lie: as the parameters without moments.
    pub fn of_gradients(&self) -> Self {
        match self {
            Self::States { wide, .. } => Self::Tensors(wide.clone()),
            other => other.clone(),
        }
    }

    /// Numbers from one row of samples to the next, filled up.
    pub fn samples(&self, samples: usize) -> usize {
        match self {
            Self::Tensors(_) | Self::States { .. } => samples,
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
            Self::Tensors(_) | Self::States { .. } => features,
            Self::Units { vectors, .. } => self::features(*vectors),
        };
        let mut packed = vec![0.0; self.samples(samples) * columns];
        for (feature, sample) in (0..features).flat_map(|feature| (0..count).map(move |sample| (feature, sample))) {
            let place = match self {
                Self::Tensors(_) | Self::States { .. } => feature * samples + sample,
                Self::Units { .. } => (sample / GROUP * columns + feature) * GROUP + sample % GROUP,
            };
            packed[place] = x(feature, sample) as f32;
        }
        packed
    }

    /// Y. Samples that are filled up are 0.
    pub fn labels(&self, data: &Dataset) -> Vec<f32> {
        let label = |sample| data.target(Output::Logistic, 0, sample) as f32;
        let mut labels: Vec<f32> = (0..data.samples()).map(label).collect();
        labels.resize(self.samples(data.samples()), 0.0);
        labels
    }

    /// Y (outputs × m) of a dense network, and behind it the weights of the samples divided by their sum, if every update
    /// takes all.
    pub fn targets(&self, data: &Dataset, network: &Network, is_whole: bool) -> Vec<f32> {
        let samples = data.samples();
        let value = |row| (0..samples).map(move |sample| data.target(network.output(), row, sample) as f32);
        let mut targets: Vec<f32> = (0..network.outputs()).flat_map(value).collect();
        if is_whole {
            let total = data.total_weight();
            let weight = |sample| data.weight(sample) / total;
            targets.extend((0..samples).map(|sample| weight(sample) as f32));
        }
        targets
    }

    /// The parameters of these networks with the moments that their runs begin with.
    ///
    /// # Errors
    /// [`Error::Mismatch`](crate::Error::Mismatch) if a run's moments are not its optimiser's.
    pub fn pack_states<'a>(
        &self,
        runs: &[Run],
        parameters: impl IntoIterator<Item = &'a Parameters>,
    ) -> Result<Vec<f32>> {
        let mut packed = self.pack(parameters);
        let Self::States { wide, .. } = self else { return Ok(packed) };
        for (run, packed) in runs.iter().zip(packed.chunks_exact_mut(self.parameters())) {
            let (layout, optimizer) = (run.network.layout(), run.recipe.optimizer);
            let moments = run.state.moments_for(&run.network, optimizer)?;
            let of_kind = moments.chunks_exact(layout.parameters().max(1));
            for (moments, packed) in of_kind.zip(packed.chunks_exact_mut(wide.parameters()).skip(1)) {
                self.each_place(layout, |at, place| packed[place] = moments[at] as f32);
            }
        }
        Ok(packed)
    }

    /// The moments of every network from the bits of all parameters.
    pub fn unpack_moments(&self, networks: &[Network], optimizers: &[Optimizer], words: &[u32]) -> Vec<Vec<f64>> {
        let Self::States { wide, .. } = self else { return vec![Vec::new(); networks.len()] };
        let unpack = |((network, optimizer), words): ((&Network, &Optimizer), &[u32])| {
            let layout = network.layout();
            let mut moments = vec![0.0; optimizer.moments() * layout.parameters()];
            let of_kind = moments.chunks_exact_mut(layout.parameters().max(1));
            for (moments, words) in of_kind.zip(words.chunks_exact(wide.parameters()).skip(1)) {
                self.each_place(layout, |at, place| moments[at] = f32::from_bits(words[place]).into());
            }
            moments
        };
        networks.iter().zip(optimizers).zip(words.chunks_exact(self.parameters())).map(unpack).collect()
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
                    Self::Tensors(wide) | Self::States { wide, .. } => {
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
