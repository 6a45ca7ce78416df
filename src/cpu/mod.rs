//! Training on the CPU: the engine that is fast, and the textbook that everything else is judged by.

pub mod engine;
pub mod operations;
pub mod reference;

/// Bytes that a session on the CPU may take unless told otherwise: 4 GiB.
pub(crate) const MEMORY: u64 = 4 << 30;

pub use engine::Engine;
pub use reference::{Reference, accuracy_on, logits_at};
