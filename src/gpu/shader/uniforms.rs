//! The structs that kernels read, byte for byte as the WGSL files declare them.

use bytemuck::{Pod, Zeroable};

use crate::backend::Run;
use crate::model::Network;

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
    /// 1 if the parameters are updated, 0 if the gradients are stored.
    pub update: u32,
    /// 1/m.
    pub mean: f32,
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
