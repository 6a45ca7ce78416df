//! Missing cells: refused, dropped with their row, or filled with the mean of their column.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Table;
use super::column::Place;
use super::notice::Notice;
use super::problems::{Problems, quoted};
use super::rows::Rows;
use super::select::Parts;
use crate::{Error, Result};

/// What is done about missing cells: those that are empty, `?`, or NA, N/A, NaN or null in letters of any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// They are an error.
    #[default]
    Refuse,
    /// Their rows are left out.
    Drop,
    /// They are filled with the mean of their column over the training samples; a row without a label or a weight is left out.
    Mean,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "refuse",
            Self::Drop => "drop",
            Self::Mean => "mean",
        })
    }
}

impl FromStr for Missing {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let named = [Self::Refuse, Self::Drop, Self::Mean].into_iter().find(|missing| missing.to_string() == text);
        named.ok_or_else(|| {
            Error::invalid("what is done about missing cells", "refuse, drop or mean", format_args!("'{text}'"))
        })
    }
}

/// What an error says of a missing cell.
pub(super) fn problem(cell: &str, wanted: &str) -> String {
    match cell {
        "" => format!("the cell is empty, where {wanted} is expected"),
        cell => format!("{} stands for a missing value, where {wanted} is expected", quoted(cell)),
    }
}

/// The rows that are kept, from `from` on.
pub(super) fn kept(
    rows: &Rows,
    from: usize,
    parts: &Parts,
    missing: Missing,
    problems: Problems,
    notices: &mut Vec<Notice>,
) -> Result<Vec<u32>> {
    let cells = parts.features.iter().map(|column| (*column, "a number"));
    let cells = cells.chain(parts.labels.iter().map(|column| (*column, "a label")));
    let cells = cells.chain(parts.weights.map(|column| (column, "a weight")));
    let first = cells.filter_map(|(column, wanted)| {
        let Place { line, cell } = rows.columns[column].first_missing.as_ref()?;
        Some((*line, column, problem(cell, wanted)))
    });
    if let (Missing::Refuse, Some((line, column, problem))) = (missing, first.min()) {
        return Err(problems.cell(line, column, problem));
    }
    let of_features = parts.features.iter().filter(|_| missing == Missing::Drop);
    let kept = rows.complete(from, of_features.chain(&parts.labels).chain(&parts.weights));
    let of = rows.count - from;
    if kept.is_empty() {
        return Err(problems.whole(format!("every one of the {of} rows has a missing cell, so that none is left")));
    }
    if kept.len() < of {
        notices.push(Notice::RowsDropped { rows: of - kept.len(), of });
    }
    Ok(kept)
}

impl Table {
    /// Fills missing cells with the mean of their column over the samples that are trained on, and keeps the means.
    pub(crate) fn fill(&mut self, is_trained_on: impl Fn(usize) -> bool) {
        if !std::mem::take(&mut self.fills) {
            return;
        }
        let (mut cells, mut columns) = (0, Vec::new());
        for (feature, values) in self.columns.features.iter_mut().zip(self.inputs.chunks_mut(self.targets.samples())) {
            let mean = |is_wanted: &dyn Fn(usize) -> bool| {
                let there = values.iter().enumerate().filter(|(sample, value)| !value.is_nan() && is_wanted(*sample));
                let (sum, count) = there.fold((0.0, 0.0), |(sum, count), (_, value)| (sum + value, count + 1.0));
                (count > 0.0).then(|| sum / count)
            };
            // a feature without any value to train on has the mean of the others, if only so that it has one
            let mean = mean(&is_trained_on).or_else(|| mean(&|_| true)).unwrap_or(0.0);
            feature.mean = Some(mean);
            let before = cells;
            for value in values.iter_mut().filter(|value| value.is_nan()) {
                *value = mean;
                cells += 1;
            }
            if cells > before {
                columns.push(feature.name.clone());
            }
        }
        if cells > 0 {
            self.notices.push(Notice::Filled { cells, columns });
        }
    }
}
