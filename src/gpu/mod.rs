//! Training on a GPU through wgpu. Nothing outside this module knows wgpu.
//!
//! Everything here that waits is `async`; [`Gpu`] and its sessions also have the blocking methods of
//! [`Backend`](crate::backend::Backend) and [`Session`](crate::backend::Session), for fronts that may block. The files
//! build on each other in this order:
//!
//! - [`adapter`]: which adapters there are, and which one is taken
//! - `errors`, `wait`, `device`: what a device reports, waiting for it, and the opened device with its error scopes
//! - `shader`, `kernel`, `uniforms`, `packing`: what the WGSL files bind, and how data lie in the buffers
//! - [`plan`]: which kernels run over which buffers in one iteration, and whether the adapter's limits allow it
//! - `pipeline`, `context`: compiled kernels; a device with them, opened again once if it is lost
//! - `session`: a plan at work, in training and in inference
//! - `backend`: [`Gpu`]; `alone`: single steps, for the checks of `selftest` and for timing

pub mod adapter;
pub(crate) mod alone;
mod backend;
mod context;
mod device;
mod errors;
pub(crate) mod kernel;
pub(crate) mod packing;
mod pipeline;
pub mod plan;
mod session;
pub(crate) mod shader;
pub(crate) mod uniforms;
mod wait;

pub use adapter::{Adapter, Choice};
pub use backend::Gpu;
pub use session::GpuSession;
/// The wgpu that [`Gpu::from_device`] takes devices of.
pub use wgpu;

/// Doors for the project's own tests and benchmarks: kernels run alone, shaders and plans changed, faults that happen.
#[cfg(feature = "testing")]
pub mod testing {
    pub use super::alone::Alone;
    pub use super::errors::Fault;
    pub use super::kernel::{Binding, Kernel};
    pub use super::packing::Packing;
    pub use super::shader::{Constant, Constants, Shader, Sources};

    /// Steps of the layered plan, one by one.
    pub mod call {
        pub use crate::gpu::plan::call::*;
    }

    /// What the kernels' uniforms hold.
    pub mod uniforms {
        pub use crate::gpu::uniforms::*;
    }
}
