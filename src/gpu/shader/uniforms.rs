//! The structs that kernels read, byte for byte as the WGSL files declare them.

use bytemuck::{Pod, Zeroable};

use crate::backend::Run;
use crate::model::Network;
use crate::model::network::MAX_HIDDEN_LAYERS;
use crate::model::params::Layout;
use crate::optim::{Optimizer, Recipe};

/// `Network` of `lib/network.wgsl`: what differs between the networks that train side by side.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct NetworkRecord {
    /// Units of this layer that the network has.
    pub width: u32,
    /// α.
    pub learning_rate: f32,
    /// The slope below 0 of the ReLUs.
    pub slope: f32,
    /// The slope below 0 of a borrowed derivative.
    pub borrowed_slope: f32,
}

impl NetworkRecord {
    /// The records of all runs for a layer, counted from the inputs.
    pub fn of_layer(runs: &[Run], layer: usize) -> Vec<Self> {
        runs.iter().map(|run| Self::of(run, layer)).collect()
    }

    /// The record of a run for a layer, counted from the inputs.
    pub fn of(run: &Run, layer: usize) -> Self {
        Self { learning_rate: run.learning_rate as f32, ..Self::of_network(&run.network, layer) }
    }

    /// The record of a network that predicts.
    pub fn of_network(network: &Network, layer: usize) -> Self {
        Self {
            width: network.widths()[layer + 1] as u32,
            learning_rate: 0.0,
            slope: network.activation().slope() as f32,
            borrowed_slope: network.derivative().borrowed.map_or(0.0, |borrowed| borrowed.slope() as f32),
        }
    }
}

/// `Product` of `lib/product.wgsl`. Offsets and strides count elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Product {
    /// Rows of C.
    pub rows: u32,
    /// The dimension summed over.
    pub inner: u32,
    /// Columns of C.
    pub columns: u32,
    /// Slices that the sum is cut into.
    pub slices: u32,
    /// Terms of a slice.
    pub slice: u32,
    /// Where A of network 0 starts.
    pub a_offset: u32,
    /// From one network's A to the next.
    pub a_stride: u32,
    /// From one network's B to the next; 0 if they share it.
    pub b_stride: u32,
    /// Where W of the layer starts in a network's parameters.
    pub weights: u32,
    /// Where b starts.
    pub bias: u32,
    /// Parameters of one network.
    pub parameters: u32,
    /// Networks side by side.
    pub networks: u32,
    /// 1 if the parameters are updated, 0 if the gradients are stored, 2 if so and another kernel counts the step.
    pub update: u32,
    /// 1/m.
    pub mean: f32,
}

/// `Batch` of `gather.wgsl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Batch {
    /// Networks side by side.
    pub networks: u32,
    /// m.
    pub samples: u32,
    /// Places of a batch.
    pub places: u32,
    /// Rows of X.
    pub features: u32,
    /// Rows of Y.
    pub outputs: u32,
    /// Updates that fit in the table.
    pub updates: u32,
}

/// `Outputs` of `output_delta.wgsl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Outputs {
    /// Networks side by side.
    pub networks: u32,
    /// Samples of a batch.
    pub samples: u32,
    /// Rows of Z.
    pub outputs: u32,
}

/// `Tensors` of `lib/tensors.wgsl`. Filled up to whole vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Tensors {
    /// Networks side by side.
    pub networks: u32,
    /// Parameters of one network.
    pub parameters: u32,
    /// From one network's parameters, with their moments, to the next one's.
    pub stride: u32,
    /// Layers with the output's.
    pub layers: u32,
    /// Rows of all layers.
    pub rows: u32,
    /// 1 if the parameters are updated, 0 if the gradients are stored.
    pub update: u32,
    filled: [u32; 2],
    /// Of each layer: where W starts, where b starts, columns and rows of W.
    pub layer: [[u32; 4]; MAX_HIDDEN_LAYERS + 1],
}

impl Tensors {
    /// The tensors of networks that take the room of the widest, with this many moments of each parameter.
    pub fn new(layout: &Layout, networks: u32, moments: u32, update: bool) -> Self {
        let parameters = layout.parameters() as u32;
        let mut tensors = Self {
            networks,
            parameters,
            stride: parameters.saturating_mul(1 + moments),
            layers: layout.layers() as u32,
            update: update.into(),
            ..Self::default()
        };
        for (layer, of_layer) in tensors.layer.iter_mut().enumerate().take(layout.layers()) {
            let (weights, bias) = (layout.weights(layer), layout.bias(layer));
            *of_layer = [weights.offset, bias.offset, weights.columns, weights.rows].map(|number| number as u32);
            tensors.rows += weights.rows as u32;
        }
        tensors
    }
}

/// `Turn` of `lib/turn.wgsl`: what an update of a network is told that the one before it was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Turn {
    /// α of this update.
    pub rate: f32,
    /// 1 − α·decay.
    pub keep: f32,
    /// 1 / (1 − β₁ᵗ).
    pub first: f32,
    /// 1 / (1 − β₂ᵗ).
    pub second: f32,
    /// λ/m.
    pub penalty: f32,
    /// The key of the units that are dropped.
    pub key: u32,
    /// What is below this of 32 bits drops a unit.
    pub below: u32,
    /// 1 / (1 − rate) of dropout.
    pub factor: f32,
}

impl Turn {
    /// An update, counted from 0, over this many samples.
    pub fn of(recipe: &Recipe, learning_rate: f64, update: u64, samples: usize) -> Self {
        let step = recipe.step::<f32>(learning_rate, update);
        Self {
            rate: step.rate,
            keep: step.keep,
            first: step.first,
            second: step.second,
            penalty: (recipe.l2 / samples as f64) as f32,
            key: recipe.dropout.key(update),
            below: recipe.dropout.threshold(),
            factor: recipe.dropout.factor(),
        }
    }
}

/// `Recipe` of `lib/optimizer.wgsl`: how a network is trained, all that is the same in each of its updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct RecipeRecord {
    /// The rule's number in shaders.
    pub optimizer: u32,
    /// β of momentum and Nesterov, β₁ of Adam.
    pub beta: f32,
    /// β₂.
    pub beta2: f32,
    /// 1 − β₁.
    pub rest: f32,
    /// 1 − β₂.
    pub rest2: f32,
    /// ε.
    pub epsilon: f32,
    /// The largest norm of the gradient, 0 for none.
    pub clip: f32,
    /// Fills the record up to two vectors.
    pub filled: u32,
}

impl RecipeRecord {
    /// The record of a recipe.
    pub fn of(recipe: &Recipe) -> Self {
        let (optimizer, [b1, b2], epsilon) = match recipe.optimizer {
            Optimizer::Descent => (0, [0.0; 2], 1.0),
            Optimizer::Momentum { beta } => (1, [beta, 0.0], 1.0),
            Optimizer::Nesterov { beta } => (2, [beta, 0.0], 1.0),
            Optimizer::Adam { betas, epsilon, .. } => (3, betas, epsilon),
        };
        Self {
            optimizer,
            beta: b1 as f32,
            beta2: b2 as f32,
            rest: (1.0 - b1) as f32,
            rest2: (1.0 - b2) as f32,
            epsilon: epsilon as f32,
            clip: recipe.clip_norm.map_or(0.0, |clip| clip as f32),
            filled: 0,
        }
    }
}

/// `Held` of `lib/held.wgsl`. Offsets in a network's θ and panel count vectors, those in its parameters numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Held {
    /// Networks side by side.
    pub networks: u32,
    /// m.
    pub samples: u32,
    /// Places of a batch.
    pub places: u32,
    /// Groups of four places.
    pub groups: u32,
    /// Layers with the output's.
    pub layers: u32,
    /// Updates that fit in the table.
    pub updates: u32,
    /// Parameters of one network.
    pub parameters: u32,
    /// From one network's parameters, with their moments, to the next one's.
    pub stride: u32,
    /// Vectors of θ.
    pub theta: u32,
    /// Vectors of a network's panel.
    pub panel: u32,
    /// Where the gradient lies in it.
    pub gradient: u32,
    /// Where the sums of rows lie in it.
    pub sums: u32,
    /// 1/m where no sample has a weight, else 1.
    pub mean: f32,
    pub(crate) filled: [u32; 3],
    /// Where each layer lies.
    pub layer: [Place; MAX_HIDDEN_LAYERS + 1],
}

/// `Place` of `lib/held.wgsl`: where the tensors of a layer lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Place {
    /// W in a network's parameters.
    pub weights: u32,
    /// b there.
    pub bias: u32,
    /// From one row of W to the next.
    pub columns: u32,
    /// (W | b) in a network's θ.
    pub theta: u32,
    /// A of the layer below in its panel, or X of the batch.
    pub below: u32,
    /// A in its panel.
    pub a: u32,
    /// dZ in its panel.
    pub dz: u32,
    /// Fills it up to two vectors.
    pub filled: u32,
}

/// `Trainee` of `lib/held.wgsl`: all that differs between networks.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct TraineeRecord {
    /// The record of the output layer.
    pub network: NetworkRecord,
    /// How it is trained.
    pub recipe: RecipeRecord,
    /// The widths from the inputs to the outputs, filled up to whole vectors.
    pub widths: [u32; (MAX_HIDDEN_LAYERS + 2).next_multiple_of(4)],
}

impl TraineeRecord {
    /// The records of all runs.
    pub fn of_all(runs: &[Run]) -> Vec<Self> {
        runs.iter().map(Self::of).collect()
    }

    fn of(run: &Run) -> Self {
        let mut widths = [0; (MAX_HIDDEN_LAYERS + 2).next_multiple_of(4)];
        for (place, width) in widths.iter_mut().zip(run.network.widths()) {
            *place = width as u32;
        }
        let network = NetworkRecord::of(run, run.network.hidden().len());
        Self { network, recipe: RecipeRecord::of(&run.recipe), widths }
    }
}

/// `OneHidden` of `lib/one_hidden.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct OneHidden {
    /// Networks side by side.
    pub networks: u32,
    /// m.
    pub samples: u32,
    /// Groups of four samples.
    pub groups: u32,
    /// Units of the widest network, filled up to a multiple of four.
    pub units: u32,
    /// Parts that sums over the samples are cut into.
    pub slabs: u32,
    /// Groups of a slab.
    pub slab: u32,
    /// 1 if the parameters are updated, 0 if the gradients are stored.
    pub update: u32,
    /// 1/m.
    pub mean: f32,
}

/// `Probe` of `lib/probe.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Probe {
    /// Invocations that have work.
    pub length: u32,
    /// Turns of the loop, or a factor.
    pub turns: u32,
}
