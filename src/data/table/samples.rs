//! Samples for a network that has learnt: its columns found by name or place, and treated as they were for training.

use super::column::Column;
use super::features::check_features;
use super::found::{Found, by_name, by_place, wanted};
use super::labels::{Values, class_name};
use super::missing::problem;
use super::notice::{Notice, list};
use super::problems::{Problems, file_name, quoted};
use super::rows::Rows;
use super::select::Names;
use super::targets::check_numbers;
use super::text::{Input, Progress};
use super::{Missing, TableOptions, first_sample, written};
use crate::Result;
use crate::data::{Columns, Dataset, Targets};

/// Samples for an existing network, in the order of the file's rows: all of them, unless those with missing cells are
/// dropped.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleTable {
    /// The samples as the network sees them. If the file has no labels, each label is 0 here and means nothing.
    pub data: Dataset,
    /// Whether the file has labels.
    pub is_labelled: bool,
    /// What was done on the way, to be told.
    pub notices: Vec<Notice>,
}

/// Reads samples for a network with this many inputs, with or without labels.
///
/// `model` is what the network has learnt from, or [`Columns::of`] it if that is not known; none stands for two classes. If
/// both have a header, columns are matched by their names, in any order, and others are ignored. Otherwise they are matched by
/// their places: as many columns as the network has inputs, perhaps with more for what is learnt, the last unless the options
/// name others; or all columns of the file that was learnt. Missing cells are filled and features scaled as they were for
/// training.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if it cannot be read; [`Error::Csv`](crate::Error::Csv) or
/// [`Error::Text`](crate::Error::Text) if it is not such a table, with line and column.
///
/// ```
/// use planar::data::table::{Input, TableOptions, samples};
/// let file = Input::Bytes("points.csv".as_ref(), b"0,1\n1,1\n");
/// let points = samples(file, 2, None, &TableOptions::default(), &mut |_| ())?;
/// assert_eq!((points.data.samples(), points.is_labelled), (2, false));
/// # Ok::<(), planar::Error>(())
/// ```
pub fn samples(
    input: Input,
    inputs: usize,
    model: Option<&Columns>,
    options: &TableOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<SampleTable> {
    let problems = Problems(input.path());
    let wanted = wanted(inputs, model, options);
    let rows = Rows::read(input, options.delimiter, progress)?;
    let mut rows =
        rows.ok_or_else(|| problems.whole(format!("the file is empty, where {wanted} are expected in every row")))?;
    let from = first_sample(&mut rows, options.header, problems)?;
    let names = Names::new(problems, &rows, from == 1);
    let mut notices = written(&rows);
    let Found { features, labels, weights } = match model.filter(|model| model.named && names.has_header()) {
        Some(model) => by_name(&names, model, options, problems, &mut notices)?,
        None => by_place(&names, inputs, model, options, &rows, &wanted, problems)?,
    };
    check_features(&rows.columns, &features, &names, problems)?;
    let several = model.map_or(1, |model| model.targets.len().max(1));
    if !labels.is_empty() && labels.len() != several {
        let problem = format!("{} labels are named, where the network has {several}", labels.len());
        return Err(problems.whole(problem));
    }

    let mut columns = model.cloned().unwrap_or_else(|| Columns::plain(inputs));
    let kept = rows
        .complete(from, features.iter().chain(&labels).chain(&weights).filter(|_| options.missing == Missing::Drop));
    if kept.len() < rows.count - from {
        let of = rows.count - from;
        notices.push(Notice::RowsDropped { rows: of - kept.len(), of });
    }
    let mut points = Vec::with_capacity(inputs * kept.len());
    let mut filled = (0, Vec::new());
    for (feature, column) in columns.features.iter().zip(features) {
        let Column { numbers, first_missing, missing, .. } = std::mem::take(&mut rows.columns[column]);
        if let Some(place) = first_missing.filter(|_| options.missing != Missing::Drop) {
            if feature.mean.is_none() {
                return Err(problems.cell(place.line, column, problem(&place.cell, "a number")));
            }
            filled.0 += missing.len();
            filled.1.push(names.shown(column));
        }
        let number = |number: &f64| if number.is_nan() { feature.mean.unwrap_or(0.0) } else { *number };
        points.extend(kept.iter().map(|row| feature.scaled(number(&numbers[*row as usize]))));
    }
    if filled.0 > 0 {
        notices.push(Notice::Filled { cells: filled.0, columns: filled.1 });
    }
    let labels: Vec<(usize, &Column)> = labels.into_iter().map(|column| (column, &rows.columns[column])).collect();
    let targets = match columns.targets.len() {
        0 => of_classes(labels.first().copied(), &kept, &mut columns, options, problems, &mut notices)?,
        _ => of_targets(&labels, &kept, &columns, problems)?,
    };
    let is_labelled = targets.is_some();
    let targets = targets.unwrap_or_else(|| unknown(&columns, kept.len()));
    let weights = weights.filter(|_| is_labelled);
    let weights = weights.map(|at| super::weights::weights(&rows.columns[at], at, &kept, problems)).transpose()?;
    let mut data = Dataset::assemble(file_name(input.path()), None, points, targets, columns)?;
    if let Some(weights) = weights {
        data = data.with_weights(weights)?;
    }
    Ok(SampleTable { data, is_labelled, notices })
}

/// The classes in a label column; none if there is no such column, or nothing in it.
fn of_classes(
    label: Option<(usize, &Column)>,
    kept: &[u32],
    columns: &mut Columns,
    options: &TableOptions,
    problems: Problems,
    notices: &mut Vec<Notice>,
) -> Result<Option<Targets>> {
    let Some((at, column)) = label else { return Ok(None) };
    let Some(values) = values(column, kept, at, problems)? else { return Ok(None) };
    if columns.width == 0 {
        notices.extend(name_classes(columns, &values, options));
    }
    let labels = classes(&values, kept, columns).map_err(|problem| problems.column(at, problem))?;
    Ok(Some(Targets::Classes(labels.into())))
}

/// The labels of yes or no, or the numbers, in these columns; none if there are no columns, or nothing in them.
fn of_targets(
    labels: &[(usize, &Column)],
    kept: &[u32],
    columns: &Columns,
    problems: Problems,
) -> Result<Option<Targets>> {
    let is_missing = |column: &Column| kept.iter().all(|row| column.numbers[*row as usize].is_nan());
    if labels.iter().all(|(_, column)| column.text_count == 0 && is_missing(column)) {
        return Ok(None);
    }
    let outputs = labels.len();
    let mut numbers = Vec::with_capacity(outputs * kept.len());
    for ((at, column), target) in labels.iter().zip(&columns.targets) {
        check_numbers(column, *at, None, problems)?;
        let gap =
            column.first_missing.as_ref().filter(|_| column.missing.iter().any(|row| kept.binary_search(row).is_ok()));
        if let Some(place) = gap {
            return Err(problems.cell(place.line, *at, problem(&place.cell, "a label")));
        }
        let own = kept.iter().map(|row| column.numbers[*row as usize]);
        let other = own.clone().position(|number| number != 0.0 && number != 1.0);
        if let Some(sample) = other.filter(|_| !columns.classes.is_empty()) {
            let number = column.numbers[kept[sample] as usize];
            let problem = format!("{number}, the label of sample {}, is neither 0 nor 1", sample + 1);
            return Err(problems.column(*at, problem));
        }
        numbers.extend(own.map(|number| target.scaled(number)));
    }
    Ok(Some(match columns.classes.is_empty() {
        true => Targets::Numbers { values: numbers.into(), outputs },
        false => Targets::Labels { values: numbers.into_iter().map(|number| number as u8).collect(), outputs },
    }))
}

/// Targets of this many samples that mean nothing.
fn unknown(columns: &Columns, samples: usize) -> Targets {
    let outputs = columns.targets.len();
    match (outputs, columns.classes.is_empty()) {
        (0, _) => Targets::Classes(vec![0; samples].into()),
        (_, true) => Targets::Numbers { values: vec![0.0; samples * outputs].into(), outputs },
        (_, false) => Targets::Labels { values: vec![0; samples * outputs].into(), outputs },
    }
}

/// The values of a label column in the rows that are kept; none if all are missing.
fn values(column: &Column, kept: &[u32], at: usize, problems: Problems) -> Result<Option<Values>> {
    let missing = column.missing.iter().filter(|row| kept.binary_search(row).is_ok()).count(); // kept ascends
    if missing == kept.len() {
        return Ok(None);
    }
    if let Some(place) = column.first_missing.as_ref().filter(|_| missing > 0) {
        return Err(problems.cell(place.line, at, problem(&place.cell, "a label")));
    }
    let values = Values::of(column, kept);
    values.map(Some).ok_or_else(|| problems.column(at, "over 256 different values, where labels are expected"))
}

/// Names the classes of a network that does not know their names, after its labels.
fn name_classes(columns: &mut Columns, values: &Values, options: &TableOptions) -> Option<Notice> {
    if let (Some(positive), 2) = (&options.positive, columns.classes.len()) {
        columns.classes = vec![format!("not {}", class_name(positive)), class_name(positive)];
        columns.rest = true;
    } else if values.names.len() == columns.classes.len() && !columns.has_classes(&values.names) {
        columns.classes.clone_from(&values.names);
        return Some(Notice::Classes { classes: values.names.clone() });
    }
    None
}

/// The class of each sample, by the names that the network has learnt, or what is wrong with one.
fn classes(values: &Values, kept: &[u32], columns: &Columns) -> std::result::Result<Vec<u8>, String> {
    let class = |(value, name): (u16, &String)| match columns.classes.iter().position(|class| class == name) {
        Some(class) => Ok(class as u8),
        None if columns.rest => Ok(0),
        None => {
            let sample = kept.iter().position(|row| values.of_row[*row as usize] == Some(value));
            let sample = sample.map_or(0, |sample| sample + 1);
            let wanted: Vec<String> = columns.classes.iter().map(|class| quoted(class)).collect();
            let wanted = list(&wanted);
            Err(format!("{}, the label of sample {sample}, is none of the network's, {wanted}", quoted(name)))
        }
    };
    let classes = (0..).zip(&values.names).map(class).collect::<std::result::Result<Vec<u8>, String>>()?;
    let of_row = |row: &u32| classes[usize::from(values.of_row[*row as usize].unwrap_or_default())];
    Ok(kept.iter().map(of_row).collect())
}
