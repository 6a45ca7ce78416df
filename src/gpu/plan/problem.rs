//! What a plan is made for: how many networks of which shape, on how many samples.

use crate::backend::{Run, is_plain};
use crate::data::Dataset;
use crate::model::params::Layout;
use crate::model::{Activation, Derivative, Network, Output};
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
    /// What goes beyond plain gradient descent over all samples towards one logit, if anything does.
    pub dense: Option<Dense>,
}

/// What goes beyond plain gradient descent over all samples towards one logit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dense {
    /// What the outputs mean.
    pub output: Output,
    /// Samples of a batch, unless every update takes all in the order of the data.
    pub batch: Option<u32>,
    /// Moments that the optimisers keep of a parameter, at most.
    pub moments: u32,
    /// Whether a network has L2 or a clipped norm.
    pub regularises: bool,
    /// Whether a network drops units.
    pub drops: bool,
}

impl Dense {
    /// What runs need, none if all are plain.
    fn of(data: &Dataset, runs: &[Run]) -> Option<Self> {
        let first = runs.iter().find(|run| !is_plain(data, run))?;
        let batches = first.recipe.batches(data.samples());
        Some(Self {
            output: first.network.output(),
            batch: (!batches.are_whole()).then_some(batches.size() as u32),
            moments: runs.iter().map(|run| run.recipe.optimizer.moments()).max().unwrap_or(0) as u32,
            regularises: runs.iter().any(|run| run.recipe.l2 != 0.0 || run.recipe.clip_norm.is_some()),
            drops: runs.iter().any(|run| !run.recipe.dropout.is_none()),
        })
    }

    /// What a network needs for plain gradient descent over all samples, or to predict.
    fn of_network(network: &Network, is_weighted: bool) -> Option<Self> {
        let is_dense = is_weighted || !network.tells_two_classes();
        is_dense.then(|| Self { output: network.output(), ..Self::default() })
    }
}

impl Problem {
    /// The problem of runs that [`check_runs`](crate::backend::check_runs) accepts.
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
        let problem = Self::of(data.samples(), Layout::new(&widths), derivative, runs.len())?;
        Ok(Self { dense: Dense::of(data, runs), ..problem })
    }

    /// The problem of this many networks of one shape, trained by plain gradient descent.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn same(data: &Dataset, network: &Network, count: usize) -> Result<Self> {
        let problem = Self::of(data.samples(), Layout::new(&network.widths()), network.derivative(), count)?;
        Ok(Self { dense: Dense::of_network(network, data.weights().is_some()), ..problem })
    }

    /// The problem of this many networks that are trained as this run is.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn alike(data: &Dataset, run: &Run, count: usize) -> Result<Self> {
        let problem = Self::same(data, &run.network, count)?;
        Ok(Self { dense: Dense::of(data, std::slice::from_ref(run)), ..problem })
    }

    /// One network that predicts this many points.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn of_inference(network: &Network, points: usize) -> Result<Self> {
        let problem = Self::of(points, network.layout().clone(), network.derivative(), 1)?;
        Ok(Self { dense: Dense::of_network(network, false), ..problem })
    }

    fn of(samples: usize, layout: Layout, derivative: Derivative, networks: usize) -> Result<Self> {
        for number in [samples, networks, layout.parameters()] {
            if u32::try_from(number).is_err() {
                return Err(index_limit(format!("a size of {number}"), number as u64));
            }
        }
        let Derivative { activation, borrowed } = derivative;
        Ok(Self { networks: networks as u32, samples: samples as u32, activation, borrowed, layout, dense: None })
    }

    /// Samples that an update takes.
    pub fn batch(&self) -> u32 {
        self.dense.and_then(|dense| dense.batch).unwrap_or(self.samples)
    }

    /// Units of a layer in the widest network, or the outputs.
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
