//! What the WGSL files in `shaders/` are on the host: what each kernel binds, what its uniform holds, and how whole shaders
//! are composed.

mod compose;
pub mod kernel;
mod lean;
pub mod uniforms;

pub use compose::{Constant, Constants, Shader, Sources};
