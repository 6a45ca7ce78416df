//! What a front end is told while a network trains.

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::checkpoint::Origin;
use crate::data::Dataset;
use crate::data::table::{Notice, Progress};
use crate::model::Parameters;
use crate::train::CostAt;
use crate::{Error, Result};

/// A front end that watches a training. Every method has a default that does nothing.
pub trait Observer {
    /// The data is loaded and nothing else has happened yet: a front end that cannot use the data can refuse it here.
    ///
    /// # Errors
    /// Any error, which [`fit`](super::fit) then returns.
    fn loaded(&mut self, data: &Dataset) -> Result<()> {
        let _ = data;
        Ok(())
    }

    /// The run is known, and nothing has been written yet: a front end that writes files of its own can refuse them here.
    ///
    /// # Errors
    /// Any error, which [`fit`](super::fit) then returns.
    fn prepared(&mut self, origin: &Origin) -> Result<()> {
        let _ = origin;
        Ok(())
    }

    /// A file of data is being read, and this much has been.
    fn reading(&mut self, at: Progress) {
        let _ = at;
    }

    /// There is a note, one line long.
    fn note(&mut self, note: Note) {
        let _ = note;
    }

    /// Everything is set up, and training begins. `iterations` is the total, including those done before.
    fn begins(&mut self, iterations: u64) {
        let _ = iterations;
    }

    /// A chunk is done. `Break` interrupts training.
    fn advanced(&mut self, at: Advanced<'_>) -> ControlFlow<()> {
        let _ = at;
        ControlFlow::Continue(())
    }

    /// Training has ended, in whatever way.
    fn ends(&mut self) {}
}

/// A front end that ignores the progress.
impl Observer for () {}

/// The progress of a training.
#[derive(Clone, Copy, Debug)]
pub struct Advanced<'a> {
    /// Updates done, and the last cost.
    pub at: CostAt,
    /// The parameters after them.
    pub parameters: &'a Parameters,
    /// The costs logged so far, each from before this iteration.
    pub logged: &'a [CostAt],
}

/// A note about a training.
#[derive(Debug)]
#[non_exhaustive]
pub enum Note {
    /// What was done on the way from a file to a data set.
    Data(Notice),
    /// Which device trains, and why.
    Device(String),
    /// The run continues where a checkpoint left off.
    GoesOn {
        /// Updates done before.
        iteration: u64,
    },
    /// The checkpoint holds all iterations already: nothing is trained, and no file of the run is changed.
    Finished {
        /// Updates done before.
        iterations: u64,
    },
    /// The checkpoint comes from another device or plan.
    OtherDevice {
        /// The device's name.
        device: String,
        /// The plan that it followed.
        plan: String,
    },
    /// Training failed, and the last weights are in the checkpoint.
    Rescued {
        /// The number of updates that led to them.
        iteration: u64,
        /// The checkpoint.
        path: PathBuf,
    },
    /// Training failed, and the last weights could not be written either.
    Lost(Error),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(notice) => notice.fmt(f),
            Self::Device(said) => f.write_str(said),
            Self::GoesOn { iteration } => write!(f, "continuing at iteration {iteration}"),
            Self::Finished { iterations } => {
                write!(f, "all {iterations} iterations are done: nothing is left to train")
            }
            Self::OtherDevice { device, plan } => {
                write!(f, "it ran on {device}, plan {plan}: another device rounds in its own way")
            }
            Self::Rescued { iteration, path } => write!(f, "iteration {iteration} is in {}", path.display()),
            Self::Lost(error) => error.fmt(f),
        }
    }
}
