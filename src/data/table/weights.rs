//! A column of weights: how much each sample counts.

use super::column::Column;
use super::problems::{Problems, quoted};
use super::targets::check_numbers;
use crate::Result;

/// The weights in the rows that are kept.
pub(super) fn weights(column: &Column, at: usize, kept: &[u32], problems: Problems) -> Result<Vec<f64>> {
    check_numbers(column, at, None, problems)?;
    if let Some(place) = &column.negative {
        let problem = format!("{} is below 0, and a weight is not", quoted(&place.cell));
        return Err(problems.cell(place.line, at, problem));
    }
    let weights: Vec<f64> = kept.iter().map(|row| column.numbers[*row as usize]).collect();
    match weights.iter().all(|weight| *weight as f32 == 0.0) {
        true => Err(problems.column(at, "every weight is 0, so that no sample counts")),
        false => Ok(weights),
    }
}
