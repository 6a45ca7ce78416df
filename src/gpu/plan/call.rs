//! One dispatch: a kernel, its constants, its uniform, the buffers it binds, and how many workgroups it takes.

use super::Slot;
use crate::gpu::shader::kernel::Kernel;
use crate::gpu::shader::{Constant, Constants};
use crate::model::Activation;

/// Invocations of a workgroup, where nothing says otherwise.
pub const WORKGROUP: u32 = 64;

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

/// 1/m.
pub(super) fn mean_of(samples: u32) -> f32 {
    (1.0 / f64::from(samples)) as f32
}

/// The constants of `lib/activation.wgsl`: the activations' numbers, which of them g is, and whose derivative the
/// backward pass takes.
pub fn activation_constants(activation: Activation, borrowed: Option<Activation>) -> Constants {
    let all = Activation::ALL.map(activation_code);
    let (_, g) = activation_code(activation);
    let (_, derivative) = borrowed.map_or(OWN, activation_code);
    let chosen = [OWN, ("ACTIVATION", g), ("DERIVATIVE", derivative)];
    all.into_iter().chain(chosen).map(|(name, number)| (name, Constant::U32(number))).collect()
}

/// What DERIVATIVE is if the backward pass borrows none.
const OWN: (&str, u32) = ("OWN", 9);

/// An activation's name and number in shaders.
fn activation_code(activation: Activation) -> (&'static str, u32) {
    match activation {
        Activation::Tanh => ("TANH", 0),
        Activation::Sigmoid => ("SIGMOID", 1),
        Activation::Relu => ("RELU", 2),
        Activation::LeakyRelu { .. } => ("LEAKY_RELU", 3),
        Activation::Identity => ("IDENTITY", 4),
        Activation::Elu => ("ELU", 5),
        Activation::Softplus => ("SOFTPLUS", 6),
        Activation::Silu => ("SILU", 7),
        Activation::Gelu => ("GELU", 8),
    }
}
