//! Features: columns of numbers, and what is said where they are none.

use super::column::Column;
use super::problems::{Problems, quoted};
use super::select::Names;
use crate::{Error, Result};

/// Refuses features that hold something else than numbers.
pub(super) fn check_features(columns: &[Column], features: &[usize], names: &Names, problems: Problems) -> Result<()> {
    let of_text: Vec<usize> = features.iter().filter(|column| columns[**column].is_text()).copied().collect();
    if let Some(column) = of_text.first() {
        let first = columns[*column].first_text.as_ref();
        return Err(Error::Text {
            path: problems.0.into(),
            line: first.map_or(0, |first| first.line),
            column: column + 1,
            example: first.map_or(String::new(), |first| quoted(&first.cell)),
            columns: of_text.iter().map(|column| names.shown(*column)).collect(),
        });
    }
    let mut first: Option<(usize, usize, String)> = None;
    let mut refuse = |line: usize, column: usize, problem: String| {
        if first.as_ref().is_none_or(|(before, at, _)| (line, column) < (*before, *at)) {
            first = Some((line, column, problem));
        }
    };
    for column in features {
        let of = &columns[*column];
        if let Some(line) = of.not_utf8 {
            refuse(line, *column, "the file is not UTF-8 text, which is expected".into());
        }
        if let Some(place) = &of.first_text {
            refuse(place.line, *column, format!("{} is not a number, which is expected here", quoted(&place.cell)));
        }
        if let Some(place) = &of.unusable {
            let is_finite = place.cell.replacen(',', ".", 1).parse::<f64>().is_ok_and(f64::is_finite);
            let problem = if is_finite {
                "is beyond the range of f32, ±3.4e38"
            } else {
                "is not finite, where a finite number is expected"
            };
            refuse(place.line, *column, format!("{} {problem}", quoted(&place.cell)));
        }
    }
    first.map_or(Ok(()), |(line, column, problem)| Err(problems.cell(line, column, problem)))
}
