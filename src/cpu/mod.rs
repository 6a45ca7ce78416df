//! Training on the CPU: the textbook that everything else is judged by.

pub mod operations;
pub mod reference;

pub use reference::Reference;
