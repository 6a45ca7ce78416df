//! What a plan is made for: how many networks of which shape, on how many samples.

use crate::backend::Run;
use crate::data::Dataset;
use crate::model::params::Layout;
use crate::model::{Activation, Derivative, Network};
use crate::{Error, Result};

/// The networks that are trained side by side, in the sizes of the widest.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Networks side by side.
    pub networks: u32,
    /// m.
    pub samples: u32,
    /// The activation of the hidden layers; each network's slope stands in its record.
    pub activation: Activation,
    /// The activation whose derivative the backward pass borrows, if it does.
    pub borrowed: Option<Activation>,
    /// The widest network's tensors: every network's parameters take that much room.
    pub layout: Layout,
}

impl Problem {
    /// The sizes of runs that [`check_runs`](crate::backend::check_runs) accepts.
    ///
    /// # Errors
    /// [`Error::Limit`] if a number does not fit 32 bits, in which shaders count.
    pub fn new(data: &Dataset, runs: &[Run]) -> Result<Self> {
        let mut widths = vec![0; runs.first().map_or(0, |run| run.network.widths().len())];
        for run in runs {
            for (widest, width) in widths.iter_mut().zip(run.network.widths()) {
                *widest = width.max(*widest);
            }
        }
        let derivative = |run: &Run| run.network.derivative();
        let derivative = runs.first().map_or(Derivative::of(Activation::Tanh), derivative);
        Self::of(data.samples(), Layout::new(&widths), derivative, runs.len())
    }

    /// The problem of this many networks of one shape.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn same(data: &Dataset, network: &Network, count: usize) -> Result<Self> {
        Self::of(data.samples(), Layout::new(&network.widths()), network.derivative(), count)
    }

    /// One network that predicts this many points.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn of_inference(network: &Network, points: usize) -> Result<Self> {
        Self::of(points, network.layout().clone(), network.derivative(), 1)
    }

    fn of(samples: usize, layout: Layout, derivative: Derivative, networks: usize) -> Result<Self> {
        for number in [samples, networks, layout.parameters()] {
            if u32::try_from(number).is_err() {
                return Err(index_limit(format!("a size of {number}"), number as u64));
            }
        }
        let Derivative { activation, borrowed } = derivative;
        Ok(Self { networks: networks as u32, samples: samples as u32, activation, borrowed, layout })
    }

    /// Units of a layer in the widest network; the output layer has 1.
    pub fn units(&self, layer: usize) -> u32 {
        self.layout.weights(layer).rows as u32
    }

    /// Units of the layer below, or the inputs.
    pub fn inputs(&self, layer: usize) -> u32 {
        self.layout.weights(layer).columns as u32
    }
}

/// That a number does not fit 32 bits, in which shaders count.
pub(super) fn index_limit(what: String, needed: u64) -> Error {
    let adapter = "WGSL's u32".into();
    Error::Limit { what, needed, limit: "32-bit indices", allowed: u32::MAX.into(), adapter }
}
