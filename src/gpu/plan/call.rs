//! One dispatch: a kernel, its constants, its uniform, the buffers it binds, and how many workgroups it takes.

use bytemuck::bytes_of;

use super::{Problem, Slot};
use crate::cpu::operations::Transpose;
use crate::gpu::kernel::Kernel;
use crate::gpu::shader::{Constant, Constants};
use crate::gpu::uniforms as uniform;
use crate::model::activation::DEFAULT_SLOPE;
use crate::model::{Activation, Derivative};

/// The side of a matmul's tile: a workgroup of TILE × TILE invocations.
pub const TILE: u32 = 16;
/// The terms of one partial sum. A multiple of [`TILE`].
pub const SLAB: u32 = 1024;
/// Invocations of a workgroup in the kernels of one dimension.
pub const WORKGROUP: u32 = 64;
/// Samples × units of a workgroup in the kernels over a layer.
pub const LAYER_GROUP: [u32; 2] = [64, 4];

/// A dispatch, as data.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelCall {
    /// The kernel.
    pub kernel: Kernel,
    /// The constants of its prelude.
    pub constants: Constants,
    /// Its uniform's bytes.
    pub uniform: Vec<u8>,
    /// Its storage buffers, from `@binding(1)`.
    pub buffers: Vec<Slot>,
    /// Workgroups in x, y and z.
    pub workgroups: [u64; 3],
    /// Invocations of a workgroup.
    pub invocations: u64,
    /// Bytes of workgroup memory.
    pub workgroup_storage: u64,
    /// The most loop turns that an invocation takes, all its loops added up.
    pub turns: u64,
}

/// The slabs that a sum of this many terms is cut into.
pub fn slabs(terms: u32) -> u32 {
    terms.div_ceil(SLAB)
}

/// C = scale·A·B for every network, where `product.slabs` says into how many parts the sum is cut.
pub fn matmul(product: uniform::Product, transpose: Transpose, networks: u32, [a, b, c]: [Slot; 3]) -> KernelCall {
    let tiles = u64::from(product.inner.min(SLAB).div_ceil(TILE));
    KernelCall {
        constants: vec![
            ("TILE", Constant::U32(TILE)),
            ("SLAB", Constant::U32(SLAB)),
            ("TRANSPOSE_A", Constant::Bool(transpose == Transpose::A)),
            ("TRANSPOSE_B", Constant::Bool(transpose == Transpose::B)),
        ],
        workgroups: [
            groups(product.columns, TILE),
            groups(product.rows, TILE),
            u64::from(networks) * u64::from(product.slabs),
        ],
        invocations: u64::from(TILE * TILE),
        workgroup_storage: u64::from(2 * TILE * TILE * 4),
        turns: tiles * u64::from(1 + TILE),
        ..step(Kernel::Matmul, bytes_of(&product), vec![a, b, c, Slot::Networks(0)])
    }
}

/// Z ← Z + b and A = g(Z) of a layer of every network.
pub fn bias_activation(sizes: &Problem, layer: usize, activation: Activation) -> KernelCall {
    let shape = uniform::BiasActivation {
        units: sizes.units(layer),
        samples: sizes.samples,
        bias_offset: sizes.layout.bias(layer).offset as u32,
        parameters: sizes.layout.parameters() as u32,
    };
    let buffers = vec![Slot::Networks(layer), Slot::Parameters, Slot::Z(layer), Slot::A(layer)];
    over_layer(sizes, layer, Derivative::of(activation), step(Kernel::BiasActivation, bytes_of(&shape), buffers))
}

/// dZ = A − Y at the output of every network.
pub fn output_delta(sizes: &Problem, layer: usize) -> KernelCall {
    let shape = uniform::OutputDelta { samples: sizes.samples };
    let buffers = vec![Slot::A(layer), Slot::Labels, Slot::Delta(layer), Slot::Networks(0)];
    let grid = [sizes.samples, sizes.networks, 1];
    in_rows(grid, 0, step(Kernel::OutputDelta, bytes_of(&shape), buffers))
}

/// dZ = dA ∘ g′(Z) of a hidden layer of every network, in place.
pub fn hidden_delta(sizes: &Problem, layer: usize) -> KernelCall {
    let shape = uniform::HiddenDelta { units: sizes.units(layer), samples: sizes.samples };
    let buffers = vec![Slot::Networks(layer), Slot::Z(layer), Slot::Delta(layer)];
    let derivative = Derivative { activation: sizes.activation, borrowed: sizes.borrowed };
    over_layer(sizes, layer, derivative, step(Kernel::HiddenDelta, bytes_of(&shape), buffers))
}

/// db = scale·Σ dZ, a slab at a time, for every network.
pub fn bias_sum(sums: uniform::BiasSum, networks: u32, [dz, db]: [Slot; 2]) -> KernelCall {
    let grid = [sums.units, slabs(sums.samples), networks];
    in_rows(
        grid,
        sums.samples.min(SLAB).into(),
        step(Kernel::BiasSum, bytes_of(&sums), vec![dz, db, Slot::Networks(0)]),
    )
}

/// The sum of the slabs, for every network.
pub fn sum_slabs(shape: uniform::SumSlabs, networks: u32, [partial, total]: [Slot; 2]) -> KernelCall {
    let grid = [shape.length, networks, 1];
    in_rows(grid, shape.slabs.into(), step(Kernel::SumSlabs, bytes_of(&shape), vec![partial, total, Slot::Networks(0)]))
}

/// θ ← θ − α·dθ for every network.
pub fn update(sizes: &Problem) -> KernelCall {
    let parameters = sizes.layout.parameters() as u32;
    let buffers = vec![Slot::Networks(0), Slot::Gradients, Slot::Parameters];
    let step = step(Kernel::Update, bytes_of(&uniform::Update { parameters }), buffers);
    in_rows([parameters, sizes.networks, 1], 0, step)
}

/// The cost of every network by slab, from the logits of the last layer.
pub fn cost(sizes: &Problem, layer: usize) -> KernelCall {
    let samples = sizes.samples;
    let shape = uniform::Cost { samples, slabs: slabs(samples), scale: mean_of(samples) };
    let buffers = vec![Slot::Z(layer), Slot::Labels, Slot::PartialCosts, Slot::Networks(0)];
    let grid = [slabs(samples), sizes.networks, 1];
    in_rows(grid, samples.min(SLAB).into(), step(Kernel::Cost, bytes_of(&shape), buffers))
}

/// Every network's cost into the history, and its step counted.
pub fn record(sizes: &Problem) -> KernelCall {
    let shape = uniform::Record { networks: sizes.networks, slabs: slabs(sizes.samples) };
    let buffers = vec![Slot::PartialCosts, Slot::History, Slot::Steps, Slot::Networks(0)];
    let step = step(Kernel::Record, bytes_of(&shape), buffers);
    in_rows([sizes.networks, 1, 1], shape.slabs.into(), step)
}

/// 1/m.
pub(super) fn mean_of(samples: u32) -> f32 {
    (1.0 / f64::from(samples)) as f32
}

fn step(kernel: Kernel, uniform: &[u8], buffers: Vec<Slot>) -> KernelCall {
    KernelCall {
        kernel,
        constants: Vec::new(),
        uniform: uniform.to_vec(),
        buffers,
        workgroups: [1; 3],
        invocations: 1,
        workgroup_storage: 0,
        turns: 0,
    }
}

/// One invocation per element of a grid, in workgroups along x.
fn in_rows(grid: [u32; 3], turns: u64, step: KernelCall) -> KernelCall {
    let constants = match step.kernel {
        Kernel::BiasSum | Kernel::Cost => {
            vec![("WORKGROUP", Constant::U32(WORKGROUP)), ("SLAB", Constant::U32(SLAB))]
        }
        _ => vec![("WORKGROUP", Constant::U32(WORKGROUP))],
    };
    let workgroups = [groups(grid[0], WORKGROUP), grid[1].into(), grid[2].into()];
    KernelCall { constants, workgroups, invocations: WORKGROUP.into(), turns, ..step }
}

/// One invocation per sample and unit of a layer, for every network.
fn over_layer(sizes: &Problem, layer: usize, derivative: Derivative, step: KernelCall) -> KernelCall {
    let [samples, units] = LAYER_GROUP;
    let mut constants = activation_constants(derivative.activation, derivative.borrowed);
    constants.extend([("SAMPLES", Constant::U32(samples)), ("UNITS", Constant::U32(units))]);
    let workgroups = [groups(sizes.samples, samples), groups(sizes.units(layer), units), sizes.networks.into()];
    KernelCall { constants, workgroups, invocations: (samples * units).into(), ..step }
}

/// The constants of `lib/activation.wgsl`: the activations' numbers, which of them g is, and whose derivative the
/// backward pass takes.
pub fn activation_constants(activation: Activation, borrowed: Option<Activation>) -> Constants {
    let leaky_relu = Activation::LeakyRelu { slope: DEFAULT_SLOPE };
    let all = [Activation::Tanh, Activation::Sigmoid, Activation::Relu, leaky_relu].map(activation_code);
    let (_, g) = activation_code(activation);
    let (_, derivative) = borrowed.map_or(OWN, activation_code);
    let chosen = [OWN, ("ACTIVATION", g), ("DERIVATIVE", derivative)];
    all.into_iter().chain(chosen).map(|(name, number)| (name, Constant::U32(number))).collect()
}

/// What DERIVATIVE is if the backward pass borrows none.
const OWN: (&str, u32) = ("OWN", 4);

/// An activation's name and number in shaders.
fn activation_code(activation: Activation) -> (&'static str, u32) {
    match activation {
        Activation::Tanh => ("TANH", 0),
        Activation::Sigmoid => ("SIGMOID", 1),
        Activation::Relu => ("RELU", 2),
        Activation::LeakyRelu { .. } => ("LEAKY_RELU", 3),
    }
}

fn groups(length: u32, group: u32) -> u64 {
    length.div_ceil(group).into()
}
