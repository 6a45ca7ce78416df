//! Training on the CPU: the engine that is fast, and the textbook that everything else is judged by.

mod blocks;
pub mod engine;
mod inference;
pub mod operations;
pub mod reference;
pub(crate) mod textbook;

/// Bytes that a session on the CPU may take unless told otherwise: 4 GiB.
pub(crate) const MEMORY: u64 = 4 << 30;

pub use engine::Engine;
pub use inference::{accuracy_on, evaluate_on, logits_at};
pub use reference::Reference;
