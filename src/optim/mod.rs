//! How weights go down their gradient: the optimisers, the learning rate over time, what is added to the gradient, which
//! samples it is taken over, and which units are dropped. Each formula once for the CPU; `shaders/lib/optimizer.wgsl` and
//! `shaders/lib/dropout.wgsl` hold the same.

mod batches;
mod dropout;
mod optimizer;
mod rate;
mod recipe;
mod state;

pub use batches::{Batches, Order};
pub use dropout::{Dropout, Mask};
pub use optimizer::{Optimizer, Step};
pub use rate::{Decay, Rate};
pub use recipe::Recipe;
pub use state::State;
