//! What the label columns of a table hold: classes, labels of yes or no, or numbers.

use std::collections::HashSet;

use super::TableOptions;
use super::column::{Column, Place};
use super::labels::classes;
use super::notice::Notice;
use super::problems::{Problems, quoted};
use super::select::Names;
use crate::Result;
use crate::data::{Label, Target, Targets};
use crate::model::Output;

/// The most different whole numbers that are taken for classes, unless the output says what they are.
const MOST_WHOLE: usize = 32;

/// The targets of a table, and what their columns are.
pub(super) struct Learnt {
    pub targets: Targets,
    /// One per column if they are no classes.
    pub columns: Vec<Target>,
    pub classes: Vec<String>,
    pub rest: bool,
}

/// The targets in the rows that are kept.
///
/// One column holds classes if it is text, has no more than two values, or whole numbers with no more than
/// [`MOST_WHOLE`]; else numbers. Several columns hold labels of yes or no if all values are 0 or 1, else numbers. An output
/// decides otherwise: squares take numbers, and the others do not.
pub(super) fn learnt(
    columns: &[Column],
    labels: &[usize],
    kept: &[u32],
    names: &Names,
    options: &TableOptions,
    notices: &mut Vec<Notice>,
) -> Result<Learnt> {
    let problems = names.problems;
    if let [one] = labels {
        let column = &columns[*one];
        let squares = options.output == Some(Output::Squares);
        if !squares && (options.output.is_some() || options.positive.is_some() || holds_classes(column, kept)) {
            return of_classes(column, *one, kept, names, options, notices);
        }
        if !squares {
            notices.push(Notice::Numbers { column: names.shown(*one) });
        }
    }
    if options.positive.is_some() {
        let problem = "one class is to be told from the rest, where one label has classes, and not numbers";
        return Err(problems.column(labels.first().copied().unwrap_or_default(), problem));
    }
    for column in labels {
        check_numbers(&columns[*column], *column, options.output, problems)?;
    }
    let is_answer = |number: f64| number == 0.0 || number == 1.0;
    let all = |column: usize| kept.iter().map(move |row| columns[column].numbers[*row as usize]);
    let not_an_answer = |column: usize| all(column).position(|number| !is_answer(number));
    let other = labels.iter().find_map(|column| Some((*column, not_an_answer(*column)?)));
    let are_labels = match (options.output, other) {
        (Some(Output::Softmax), _) => {
            let problem = format!("softmax gives a sample one class, and {} labels are named", labels.len());
            return Err(problems.whole(problem));
        }
        (Some(Output::Logistic), Some((column, sample))) => {
            let number = columns[column].numbers[kept[sample] as usize];
            let problem = format!("{number}, the label of sample {}, is neither 0 nor 1", sample + 1);
            return Err(problems.column(column, problem));
        }
        (Some(Output::Squares), _) => false,
        (_, other) => other.is_none() && labels.len() > 1,
    };
    let outputs = labels.len();
    let targets = match are_labels {
        true => Targets::Labels {
            values: labels.iter().flat_map(|column| all(*column)).map(|y| y as u8).collect(),
            outputs,
        },
        false => Targets::Numbers { values: labels.iter().flat_map(|column| all(*column)).collect(), outputs },
    };
    if !are_labels && outputs > 1 && options.output.is_none() {
        notices.push(Notice::SeveralNumbers { columns: labels.iter().map(|column| names.shown(*column)).collect() });
    }
    Ok(Learnt {
        targets,
        columns: names.targets(labels),
        classes: if are_labels { ["0", "1"].map(String::from).into() } else { Vec::new() },
        rest: false,
    })
}

/// The classes of a column.
fn of_classes(
    column: &Column,
    at: usize,
    kept: &[u32],
    names: &Names,
    options: &TableOptions,
    notices: &mut Vec<Notice>,
) -> Result<Learnt> {
    let problems = names.problems;
    if let (Some(Output::Softmax), Some(place)) = (options.output, &column.fraction) {
        let problem = format!("{} is no whole number, where softmax expects classes", quoted(&place.cell));
        return Err(problems.cell(place.line, at, problem));
    }
    let label = Label { name: names.name(at).map(String::from), column: at + 1 };
    let (labels, classes, rest) = classes(column, kept, &label, options, problems, notices)?;
    if options.output.is_none() && classes.len() > 2 && column.text_count == 0 {
        notices.push(Notice::ManyClasses { column: names.shown(at), classes: classes.len() });
    }
    Ok(Learnt { targets: Targets::Classes(labels.into()), columns: Vec::new(), classes, rest })
}

/// Whether a label is a class rather than a number.
fn holds_classes(column: &Column, kept: &[u32]) -> bool {
    if column.is_text() {
        return true;
    }
    let mut found = HashSet::new();
    for row in kept {
        let number = column.numbers[*row as usize];
        if !number.is_nan() && found.insert((number + 0.0).to_bits()) && found.len() > MOST_WHOLE {
            return false;
        }
    }
    found.len() <= 2 || column.fraction.is_none()
}

/// Refuses a column that holds anything else than numbers.
pub(super) fn check_numbers(column: &Column, at: usize, output: Option<Output>, problems: Problems) -> Result<()> {
    let refuse = |Place { line, cell }: &Place, problem: &str| {
        Err(problems.cell(*line, at, format!("{} {problem}", quoted(cell))))
    };
    match (column.not_utf8, &column.first_text, &column.unusable) {
        (Some(line), ..) => Err(problems.cell(line, at, "the file is not UTF-8 text, which is expected")),
        (_, Some(place), _) if output == Some(Output::Squares) => refuse(place, "is text, where squares take numbers"),
        (_, Some(place), _) => refuse(place, "is not a number, which is expected here"),
        (_, _, Some(place)) => refuse(place, "is no number that f32 can hold, which is expected here"),
        _ => Ok(()),
    }
}
