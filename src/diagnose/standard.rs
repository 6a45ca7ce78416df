//! The data set with each feature at mean 0 and deviation 1, as `Scale::Standard` has it.

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
