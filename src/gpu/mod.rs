//! Training on a GPU through wgpu. Nothing outside this module knows wgpu.
//!
//! - [`device`]: which adapters there are, which one is taken, and what went wrong on it
//! - [`plan`]: which kernels run over which buffers in one iteration, and whether the adapter's limits allow it
//! - `session`: a plan at work: buffers made once, chunks submitted, costs read back at their ends
//! - `lasting`, `reopen`, `trouble`: what a device reports, and training that goes on where it is lost
//!
//! Not part of the interface, though the tests and the benchmarks use it, and hidden here:
//! - `alone`: a step alone, for comparing and timing kernels
//! - `kernel`, `shader`: what the WGSL files in `shaders/` bind, and how whole shaders are made of them
//! - `packing`, `uniforms`: how data, parameters and records lie in the buffers

#[doc(hidden)]
pub mod alone;
pub mod device;
#[doc(hidden)]
pub mod kernel;
mod lasting;
#[doc(hidden)]
pub mod packing;
mod pipeline;
pub mod plan;
mod readback;
mod reopen;
mod session;
#[doc(hidden)]
pub mod shader;
mod trouble;
#[doc(hidden)]
pub mod uniforms;

pub use device::{Adapter, Choice, Gpu};
#[doc(hidden)]
pub use trouble::Fault;
/// The wgpu that [`Gpu::from_device`] takes devices of.
pub use wgpu;
