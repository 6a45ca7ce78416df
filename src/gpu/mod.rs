//! Training on a GPU through wgpu. Nothing outside this module knows wgpu.
//!
//! - [`alone`]: a step alone, for comparing and timing kernels
//! - [`device`]: which adapters there are, which one is taken, and what went wrong on it
//! - [`kernel`], [`shader`]: what the WGSL files in `shaders/` bind, and how whole shaders are made of them
//! - [`packing`]: how data and parameters lie in the buffers
//! - [`plan`]: which kernels run over which buffers in one iteration, and whether the adapter's limits allow it
//! - `session`: a plan at work: buffers made once, chunks submitted, costs read back at their ends

pub mod alone;
pub mod device;
pub mod kernel;
pub mod packing;
mod pipeline;
pub mod plan;
mod readback;
mod session;
pub mod shader;
pub mod uniforms;

pub use device::{Adapter, Choice, Gpu};
/// The wgpu that [`Gpu::from_device`] takes devices of.
pub use wgpu;
