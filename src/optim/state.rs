//! Where a training stands besides its weights.

use crate::model::Network;
use crate::{Error, Result};

use super::Optimizer;

/// The updates that led to some weights, and the optimiser's moments behind them: all that the next update depends on besides
/// the weights and the data. It starts with nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Updates done.
    pub updates: u64,
    /// The first moment of every parameter, then the second: as many as the optimiser has, or none if all are 0.
    pub moments: Vec<f64>,
}

impl State {
    /// The moments of an optimiser for a network, zeros if there are none yet.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if there are some, but not the optimiser's.
    pub fn moments_for(&self, network: &Network, optimizer: Optimizer) -> Result<Vec<f64>> {
        let wanted = optimizer.moments() * network.layout().parameters();
        match self.moments.len() {
            0 => Ok(vec![0.0; wanted]),
            count if count == wanted => Ok(self.moments.clone()),
            count => Err(Error::Mismatch(format!(
                "{count} moments are not those of {optimizer} for a {:?} network, which are {wanted}",
                network.widths()
            ))),
        }
    }
}
