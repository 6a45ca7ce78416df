#![doc = "Trains the planar-data network of any width on any GPU that WebGPU reaches, and shows that GPU and CPU agree."]
#![warn(missing_docs)]

pub mod backend;
pub mod cpu;
pub mod data;
mod error;
pub mod model;

pub use error::{Error, Result};
