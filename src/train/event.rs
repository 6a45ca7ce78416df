//! What a listener is told.

use super::{CostAt, CostCurve, Outcome};
use crate::model::Parameters;

/// What happens in training, as it happens.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A chunk is done.
    Advanced {
        /// Updates done.
        iteration: u64,
        /// The last cost of each network; NaN if it has ended.
        costs: &'a [f64],
        /// The parameters of each network after the chunk; those of one that has ended mean nothing.
        parameters: &'a [Parameters],
        /// The moments of each network's optimiser after the chunk, as [`State`](crate::optim::State) has them.
        moments: &'a [Vec<f64>],
        /// The costs that each network has logged so far, each before `iteration`; none of one that has ended.
        logged: &'a [&'a [CostAt]],
        /// The curve of each network so far; an empty one if its schedule asks for none.
        curves: &'a [&'a CostCurve],
    },
    /// A network has ended: it is done, has diverged, or was interrupted.
    Ended {
        /// Its number in the session.
        network: usize,
        /// What it left behind.
        outcome: &'a Outcome,
    },
}
