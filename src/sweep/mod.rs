//! Many networks: grids and random draws of widths, activations, learning rates and seeds, trained side by side.
//!
//! [`Sweep`] goes from settings to results: it makes the jobs, loads each data set once, chooses the device, and trains
//! in batches, with a results file that survives being killed. [`run`] is its inner part, for jobs that you make
//! yourself.

mod batches;
mod datasets;
pub mod grid;
pub mod merge;
mod pace;
mod progress;
pub mod range;
pub mod results;
mod settings;
pub mod summary;
mod under_way;

pub use batches::{BATCH_MEMORY, Common, InTraining, SweepEvent, check, run};
pub use datasets::DataSets;
pub use progress::SweepProgress;
pub use settings::{Begin, OTHER_DEVICE, Opened, Shard, Sweep, SweepSettings};
pub use under_way::SUFFIX as UNDER_WAY;
