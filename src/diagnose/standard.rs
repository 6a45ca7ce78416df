//! The data set with each feature, or each number to be learnt, at mean 0 and deviation 1, as `Scale::Standard` has it.

use super::change::Change;
use crate::Result;
use crate::data::{Dataset, Scale};

/// What is subtracted from each feature and then multiplied with it: mean and 1 / deviation, 1 for a constant feature.
pub(super) fn factors(data: &Dataset) -> Vec<(f64, f64)> {
    data.scaling(Scale::Standard).1
}

/// A data set and the samples held out of it, both standardised by what the former is like.
pub(super) fn standardised(data: &Dataset, held_out: Option<&Dataset>) -> Result<(Dataset, Option<Dataset>)> {
    let factors = factors(data);
    let scaled = |of: &Dataset| of.with_scaling(Scale::Standard, &factors);
    Ok((scaled(data)?, held_out.map(scaled).transpose()?))
}

/// The data set and the samples held out of it as these changes have them.
pub(super) fn as_changed(
    data: &Dataset,
    held_out: Option<&Dataset>,
    changes: &[Change],
) -> Result<(Dataset, Option<Dataset>)> {
    let (data, held_out) = match changes.contains(&Change::Standardised) {
        true => standardised(data, held_out)?,
        false => (data.clone(), held_out.cloned()),
    };
    if !changes.contains(&Change::StandardisedTargets) {
        return Ok((data, held_out));
    }
    let factors = data.target_scaling(Scale::Standard);
    let scaled = |of: &Dataset| of.with_target_scaling(&factors);
    Ok((scaled(&data)?, held_out.as_ref().map(scaled).transpose()?))
}
