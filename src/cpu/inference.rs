//! What a trained network predicts, in `f64`, on the CPU.

use super::Reference;
use crate::Result;
use crate::backend::{Backend, check_inputs};
use crate::data::Dataset;
use crate::model::{Network, Parameters};

/// The share of a data set's samples that a network classifies correctly, in `f64`.
///
/// # Errors
/// [`Error::Mismatch`](crate::Error::Mismatch) if data, network and parameters do not fit together.
pub fn accuracy_on(data: &Dataset, network: &Network, parameters: &Parameters) -> Result<f64> {
    check_inputs(data, network)?;
    Ok(data.accuracy(&logits_at(network, parameters, &data.points())?))
}

/// The logits of a network, in `f64`, at points that need no labels: row-major (points × features).
///
/// # Errors
/// [`Error::Mismatch`](crate::Error::Mismatch) if network, parameters and points do not fit together.
pub fn logits_at(network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>> {
    Reference::<f64>::new().forward(network, parameters, points)
}

/// The mean loss of a network over a data set, in `f64`, and the share of its samples that are classified correctly.
///
/// # Errors
/// As [`accuracy_on`].
pub fn evaluate_on(data: &Dataset, network: &Network, parameters: &Parameters) -> Result<(f64, f64)> {
    check_inputs(data, network)?;
    let logits = logits_at(network, parameters, &data.points())?;
    Ok((data.mean_loss(network.output(), &logits), data.accuracy(&logits)))
}
