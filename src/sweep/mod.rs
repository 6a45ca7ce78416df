//! Many networks: grids and random draws of widths, activations, learning rates and seeds, trained side by side.
//!
//! [`Sweep`] goes from settings to results: it makes the jobs, loads each data set once, chooses the device, and trains
//! in batches, with a results file that survives being killed. [`run`] is its inner part, for jobs that you make
//! yourself.

mod batch;
mod batches;
mod best;
mod datasets;
mod events;
pub mod grid;
pub mod halving;
mod keeper;
pub mod merge;
mod opened;
mod pace;
mod progress;
pub mod range;
mod ready;
mod result;
pub mod results;
mod running;
mod settings;
pub mod summary;
mod under_way;

pub use batches::{BATCH_MEMORY, Common, check, run};
pub use datasets::DataSets;
pub use events::{InTraining, Paused, SweepEvent};
pub use opened::{Begin, OTHER_DEVICE, Opened};
pub use progress::SweepProgress;
pub use ready::Sweep;
pub use settings::{Shard, SweepSettings};
pub use under_way::SUFFIX as UNDER_WAY;
