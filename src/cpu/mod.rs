//! Training on the CPU: the engine that is fast, and the textbook that everything else is judged by.

pub mod engine;
pub mod operations;
pub mod reference;

pub use engine::Engine;
pub use reference::Reference;
