//! Where a network in training stands.

use planar::backend::Run;
use planar::model::Parameters;
use planar::train::Status;

/// Where a network stands after the last chunk in which it was finite.
#[derive(Clone)]
pub struct Stand {
    pub iteration: u64,
    pub parameters: Parameters,
    pub moments: Vec<f64>,
    /// The last cost that the device told.
    pub cost: f64,
    /// How it ended, if it has, and after how many updates.
    pub ended: Option<(Status, u64)>,
}

impl Stand {
    /// A network at its start.
    pub fn of(run: &Run) -> Self {
        let (iteration, moments) = (run.state.updates, run.state.moments.clone());
        Self { iteration, parameters: run.parameters.clone(), moments, cost: f64::NAN, ended: None }
    }

    /// Whether its cost or a weight is no longer a finite number.
    pub fn has_diverged(&self) -> bool {
        matches!(self.ended, Some((Status::Diverged, _)))
    }

    /// Updates done, or those after which it had diverged.
    pub fn at(&self) -> u64 {
        self.ended.map_or(self.iteration, |(_, at)| at)
    }

    /// `training`, `finished` or `diverged`.
    pub fn status(&self) -> &'static str {
        match self.ended {
            Some((Status::Diverged, _)) => "diverged",
            Some(_) => "finished",
            None => "training",
        }
    }
}
