//! Training on a GPU through wgpu. Nothing outside this module knows wgpu.
//!
//! - [`alone`]: a step alone, for comparing and timing kernels
//! - [`device`]: which adapters there are, which one is taken, and what went wrong on it
//! - [`kernel`], [`shader`]: what the WGSL files in `shaders/` bind, and how whole shaders are made of them
//! - `lasting`, `reopen`, `trouble`: what a device reports, and training that goes on where it is lost
//! - [`packing`]: how data and parameters lie in the buffers
//! - [`plan`]: which kernels run over which buffers in one iteration, and whether the adapter's limits allow it
//! - `session`: a plan at work: buffers made once, chunks submitted, costs read back at their ends

pub mod alone;
pub mod device;
pub mod kernel;
mod lasting;
pub mod packing;
mod pipeline;
pub mod plan;
mod readback;
mod reopen;
mod session;
pub mod shader;
mod trouble;
pub mod uniforms;

pub use device::{Adapter, Choice, Gpu};
#[doc(hidden)]
pub use trouble::Fault;
