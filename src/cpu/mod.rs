//! Training on the CPU.

pub mod engine;

pub use engine::Engine;
