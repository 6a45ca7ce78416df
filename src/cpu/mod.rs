//! Training on the CPU: the fast engine, and the textbook reference by which everything else is judged.

mod blocks;
pub mod engine;
mod inference;
pub mod operations;
pub mod reference;
pub(crate) mod textbook;

/// The default limit on the memory of a CPU session: 4 GiB, in bytes.
pub(crate) const MEMORY: u64 = 4 << 30;

pub use engine::Engine;
pub use inference::{accuracy_on, evaluate_on, logits_at};
pub use reference::Reference;
