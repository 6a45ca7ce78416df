//! What a front is told while a network trains.

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::data::Dataset;
use crate::model::Parameters;
use crate::train::CostAt;
use crate::{Error, Result};

/// A front that watches a training. Every method has a default that does nothing.
pub trait Observer {
    /// The data is loaded and nothing else has happened: a front that cannot use it can refuse it here.
    ///
    /// # Errors
    /// What [`fit`](super::fit) then returns.
    fn loaded(&mut self, data: &Dataset) -> Result<()> {
        let _ = data;
        Ok(())
    }

    /// There is something to say, in one line.
    fn note(&mut self, note: Note) {
        let _ = note;
    }

    /// All is set up, and training begins: `iterations` in all, with those done before.
    fn begins(&mut self, iterations: u64) {
        let _ = iterations;
    }

    /// A chunk is done. If the observer breaks, training is interrupted.
    fn advanced(&mut self, at: Advanced<'_>) -> ControlFlow<()> {
        let _ = at;
        ControlFlow::Continue(())
    }

    /// Training has ended, however it did.
    fn ends(&mut self) {}
}

/// A front that does not look.
impl Observer for () {}

/// How far a training is.
#[derive(Clone, Copy, Debug)]
pub struct Advanced<'a> {
    /// Updates done, and the last cost.
    pub at: CostAt,
    /// The parameters after them.
    pub parameters: &'a Parameters,
    /// The costs that were logged so far, each before this iteration.
    pub logged: &'a [CostAt],
}

/// Something to say about a training.
#[derive(Debug)]
#[non_exhaustive]
pub enum Note {
    /// Which device trains, and why.
    Device(String),
    /// The run goes on where a checkpoint left it.
    GoesOn {
        /// Updates done before.
        iteration: u64,
    },
    /// The checkpoint is of another device or plan.
    OtherDevice {
        /// The device's name.
        device: String,
        /// The plan that it followed.
        plan: String,
    },
    /// Training failed, and the last weights are in the checkpoint.
    Rescued {
        /// Updates that made them.
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
            Self::Device(said) => f.write_str(said),
            Self::GoesOn { iteration } => write!(f, "going on at iteration {iteration}"),
            Self::OtherDevice { device, plan } => {
                write!(f, "it ran on {device}, plan {plan}: another device rounds in its own way")
            }
            Self::Rescued { iteration, path } => write!(f, "iteration {iteration} is in {}", path.display()),
            Self::Lost(error) => error.fmt(f),
        }
    }
}
