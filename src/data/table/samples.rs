//! Samples for a network that has learnt: its columns found by name or place, and treated as they were for training.

use super::column::Column;
use super::features::check_features;
use super::labels::{Values, class_name};
use super::missing::problem;
use super::notice::{Notice, list};
use super::problems::{Problems, file_name, quoted};
use super::rows::Rows;
use super::select::Names;
use super::text::{Input, Progress};
use super::{Missing, TableOptions, first_sample, written};
use crate::Result;
use crate::data::{Columns, Dataset, Label, Targets};

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

/// The columns of the features, and that of the label.
type Found = (Vec<usize>, Option<usize>);

/// Reads samples for a network with this many inputs, with or without labels.
///
/// `model` is what the network has learnt from, if that is known. If both have a header, columns are matched by their
/// names, in any order, and others are ignored. Otherwise they are matched by their places: as many columns as the network
/// has inputs, perhaps with one more for the label, the last unless the options name another; or all columns of the file
/// that was learnt. Missing cells are filled and features scaled as they were for training.
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
    let (features, label) = match model.filter(|model| model.named && names.has_header()) {
        Some(model) => by_name(&names, model, options, problems, &mut notices)?,
        None => by_place(&names, inputs, model, options, &rows, &wanted, problems)?,
    };
    check_features(&rows.columns, &features, &names, problems)?;

    let mut columns = model.cloned().unwrap_or_else(|| Columns::plain(inputs));
    let kept = rows.complete(from, features.iter().chain(&label).filter(|_| options.missing == Missing::Drop));
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
    let values = label.map(|label| values(&rows.columns[label], &kept, label, problems)).transpose()?.flatten();
    if let (Some(values), None) = (&values, model) {
        notices.extend(name_classes(&mut columns, values, options));
    }
    let labels = values.map(|values| classes(&values, &kept, &columns)).transpose();
    let labels = labels.map_err(|problem| problems.column(label.unwrap_or_default(), problem))?;
    let is_labelled = labels.is_some();
    let labels = labels.unwrap_or_else(|| vec![0; kept.len()]);
    let data = Dataset::assemble(file_name(input.path()), None, points, Targets::Classes(labels.into()), columns)?;
    Ok(SampleTable { data, is_labelled, notices })
}

/// The columns that are expected, in words.
fn wanted(inputs: usize, model: Option<&Columns>, options: &TableOptions) -> String {
    let all = model
        .filter(|model| model.width > inputs.saturating_add(1))
        .map_or(String::new(), |model| format!(" or the {} columns that it was trained on", model.width));
    match (inputs, &options.label) {
        (1, None) => format!("the network's 1 input, or that and a label,{all}"),
        (_, None) => format!("the network's {inputs} inputs, or those and a label,{all}"),
        (_, Some(name)) => format!("the network's {inputs} inputs and the label {}", quoted(name)),
    }
}

/// The columns with the names that the network has learnt; others are ignored.
fn by_name(
    names: &Names,
    model: &Columns,
    options: &TableOptions,
    problems: Problems,
    notices: &mut Vec<Notice>,
) -> Result<Found> {
    let unique = names.unique();
    let find = |name: &str| unique.iter().position(|of| of == name);
    let lacking: Vec<String> =
        model.features.iter().filter(|of| find(&of.name).is_none()).map(|of| quoted(&of.name)).collect();
    if !lacking.is_empty() {
        let there: Vec<String> = unique.iter().map(|name| quoted(name)).collect();
        let is = if lacking.len() == 1 { "is no column" } else { "are no columns" };
        let problem =
            format!("there {is} {}, which the network was trained on; there are {}", list(&lacking), list(&there));
        return Err(problems.whole(problem));
    }
    let features: Vec<usize> = model.features.iter().filter_map(|of| find(&of.name)).collect();
    let label = match &options.label {
        Some(text) => Some(names.column(text, "the label")?),
        None => model.label.as_ref().and_then(|label| find(label.name.as_deref()?)),
    };
    if let Some(label) = label.filter(|label| features.contains(label)) {
        return Err(
            problems.whole(format!("{} is a feature of the network, and not its label", quoted(&unique[label])))
        );
    }
    // those that training left out are expected to be there
    let is_other = |column: &usize| {
        !features.contains(column) && Some(*column) != label && !model.dropped.contains(&names.shown(*column))
    };
    let others: Vec<String> = (0..unique.len()).filter(is_other).map(|column| unique[column].clone()).collect();
    if !others.is_empty() {
        notices.push(Notice::Ignored { columns: others });
    }
    Ok((features, label))
}

/// The columns at the places that the network has learnt, or in its inputs' order.
fn by_place(
    names: &Names,
    inputs: usize,
    model: Option<&Columns>,
    options: &TableOptions,
    rows: &Rows,
    wanted: &str,
    problems: Problems,
) -> Result<Found> {
    let dropped = names.columns(&options.drop, "to be dropped")?;
    let chosen = names.columns(&options.features, "the feature")?;
    let width = rows.columns.len();
    let all: Vec<usize> = (0..width).filter(|column| !dropped.contains(column)).collect();
    let learnt = |label: &Option<Label>| label.as_ref().map(|label| label.column - 1);
    if options.label.is_none() && chosen.is_empty() && dropped.is_empty() {
        if let Some(model) = model.filter(|model| model.width == width && width > inputs) {
            return Ok((model.features.iter().map(|feature| feature.column - 1).collect(), learnt(&model.label)));
        }
        // the file that was learnt, without its label
        if let Some((model, label)) = model.and_then(|model| Some((model, learnt(&model.label)?)))
            && width + 1 == model.width
            && width > inputs.saturating_add(1)
        {
            let place = |column: usize| if column > label { column - 1 } else { column };
            return Ok((model.features.iter().map(|feature| place(feature.column - 1)).collect(), None));
        }
    }
    let named = options.label.as_ref().map(|text| names.column(text, "the label")).transpose()?;
    let is_feature = |column: &usize| Some(*column) != named && (chosen.is_empty() || chosen.contains(column));
    let mut features: Vec<usize> = all.iter().copied().filter(is_feature).collect();
    let label = match named {
        Some(label) => Some(label),
        None if chosen.is_empty() && features.len() == inputs.saturating_add(1) => {
            // where it stood in the file that was learnt, else the last
            let learnt = model.filter(|model| model.width == width).and_then(|model| learnt(&model.label));
            Some(features.remove(learnt.filter(|label| *label < features.len()).unwrap_or(inputs)))
        }
        None => None,
    };
    if features.len() != inputs {
        let columns = if width == 1 { "1 column".into() } else { format!("{width} columns") };
        return Err(problems.whole(format!("{columns}, where {wanted} are expected")));
    }
    Ok((features, label))
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
    if let Some(positive) = &options.positive {
        columns.classes = vec![format!("not {}", class_name(positive)), class_name(positive)];
        columns.rest = true;
    } else if values.names.len() == 2 && !columns.has_classes(&values.names) {
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
