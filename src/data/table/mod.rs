//! Tables: data sets from files of rows, as people have them.
//!
//! A table is plain text in UTF-8, or that in gzip: one sample per row, one column per feature and one for the label. What
//! separates the cells is found, as is a header; [`TableOptions`] say what is not to be found. What was found, dropped or
//! filled is in [`Table::notices`].

mod format;
mod header;
mod labels;
mod missing;
mod notice;
mod rows;
mod samples;
mod select;
mod text;

use std::path::Path;

pub use format::Delimiter;
pub use header::Header;
pub use missing::Missing;
pub use notice::Notice;
pub(crate) use notice::list;
pub use samples::{SampleTable, samples};
pub use text::{Input, Progress};

use self::labels::{Values, class_name};
use self::rows::{Column, Rows};
use self::select::{Names, Parts, is_constant, is_sorted};
use super::{Columns, Dataset, Feature, Label, Scale};
use crate::{Error, Result};

/// The fewest rows in which a label that stands alone is worth a word.
const LONE_ROWS: usize = 20;

/// How a table is to be read; everything has a default.
///
/// A column is given by its name in the header or by its number, counted from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// What separates the cells of a row; found if none is given.
    pub delimiter: Option<Delimiter>,
    /// Whether the first row names the columns.
    pub header: Header,
    /// The column of the label; the last if none is given.
    pub label: Option<String>,
    /// The columns of the features, or ranges of their numbers, as in `3-7`; all others if none is given.
    pub features: Vec<String>,
    /// Columns to leave out, or ranges of their numbers.
    pub drop: Vec<String>,
    /// The label that is class 1: of two, or of more, all others being class 0. The second of two, in their order, if none
    /// is given.
    pub positive: Option<String>,
    /// What is done about missing cells.
    pub missing: Missing,
}

/// A data set from a table, with what should be known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub(super) name: String,
    /// Features × samples; NaN where a cell is missing and is yet to be filled.
    pub(super) inputs: Vec<f64>,
    pub(super) labels: Vec<u8>,
    pub(super) columns: Columns,
    /// Whether missing cells are filled.
    fills: bool,
    /// What was done on the way, to be told.
    pub notices: Vec<Notice>,
}

impl Table {
    /// All samples, with missing cells filled, and nothing scaled.
    ///
    /// # Errors
    /// Those of [`Dataset::from_points`].
    pub fn dataset(mut self) -> Result<Dataset> {
        self.fill(|_| true);
        Dataset::assemble(self.name, None, self.inputs, self.labels, self.columns)
    }
}

/// Reads a table: every row is one sample.
///
/// A byte order mark, space around a cell, blank lines, and lines of `#` before the first row do not count. The label is
/// the last column unless the options give another; its values are the classes, in the order of numbers or letters. The
/// other columns, in their order, are the features. One that has the same value in every row is left out, and so is a
/// first column without a name that counts the rows. The data set's name is the file's.
///
/// # Errors
/// [`Error::Io`] if it cannot be read; [`Error::Csv`] or [`Error::Text`] if it is not such a table, with line and column.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("xor.csv");
/// use planar::data::table::{Input, TableOptions, read};
/// std::fs::write(&path, "x;y;different\n0;0;no\n0;1;yes\n1;0;yes\n1;1;no\n")?;
/// let xor = read(Input::Path(&path), &TableOptions::default(), &mut |_| ())?.dataset()?;
/// assert_eq!((xor.name(), xor.features(), xor.labels()), ("xor.csv", 2, &[0, 1, 1, 0][..]));
/// assert_eq!(xor.columns().classes, ["no", "yes"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(input: Input, options: &TableOptions, progress: &mut dyn FnMut(Progress)) -> Result<Table> {
    let problems = Problems(input.path());
    let rows = Rows::read(input, options.delimiter, progress)?;
    let mut rows =
        rows.ok_or_else(|| problems.whole("the file is empty, where rows of features and a label are expected"))?;
    let from = first_sample(&mut rows, options.header, problems)?;
    if rows.columns.len() == 1 {
        return Err(problems.one_column(&rows, options));
    }
    let names = Names::new(problems, &rows, from == 1);
    let mut parts = Parts::select(&names, &rows, from, options)?;
    let mut notices = written(&rows);
    notices.append(&mut parts.notices);
    check_features(&rows.columns, &parts.features, &names, problems)?;
    let label = Label { name: names.name(parts.label).map(String::from), column: parts.label + 1 };
    let kept = missing::kept(&rows, from, &parts, options.missing, problems, &mut notices)?;

    let constant = |column: &usize| kept.len() > 1 && is_constant(&rows.columns[*column], &kept);
    let (constant, features): (Vec<usize>, Vec<usize>) = parts.features.iter().partition(|column| constant(column));
    if features.is_empty() {
        let columns: Vec<_> = constant.iter().map(|column| quoted(&names.shown(*column))).collect();
        let problem = format!("no feature is left: the same value is in every row of {}", columns.join(", "));
        return Err(problems.whole(problem));
    }
    if !constant.is_empty() {
        notices.push(Notice::Constant { columns: constant.iter().map(|column| names.shown(*column)).collect() });
    }
    if features.len() > 1 {
        let sorted = features.iter().filter(|column| is_sorted(&rows.columns[**column], &kept));
        notices.extend(sorted.map(|column| Notice::Sorted { column: names.shown(*column) }));
    }

    let (labels, classes, rest) = classes(&rows.columns[parts.label], &kept, &label, options, problems, &mut notices)?;
    let mut dropped = [parts.dropped, constant].concat();
    dropped.sort_unstable();
    let (unique, named) = (names.unique(), names.has_header());
    let feature = |(k, column): (usize, &usize)| {
        let name = if named { unique[*column].clone() } else { format!("x{}", k + 1) };
        Feature::plain(name, column + 1)
    };
    let columns = Columns {
        features: features.iter().enumerate().map(feature).collect(),
        label: Some(label),
        classes,
        rest,
        named,
        width: rows.columns.len(),
        scale: Scale::None,
        dropped: dropped.into_iter().map(|column| names.shown(column)).collect(),
    };
    let mut inputs = Vec::with_capacity(features.len() * kept.len());
    for column in features {
        // each column is let go of once it is copied
        let numbers = std::mem::take(&mut rows.columns[column].numbers);
        inputs.extend(kept.iter().map(|row| numbers[*row as usize]));
    }
    let fills = options.missing == Missing::Mean;
    Ok(Table { name: file_name(input.path()), inputs, labels, columns, fills, notices })
}

/// The row of the first sample: 1 below a header, else 0.
fn first_sample(rows: &mut Rows, header: Header, problems: Problems) -> Result<usize> {
    if !header.decide(rows) {
        rows.keep_first();
        return Ok(0);
    }
    if rows.count == 1 {
        return Err(problems.whole("there are no samples below the header row"));
    }
    Ok(1)
}

/// Notices of how a table is written.
fn written(rows: &Rows) -> Vec<Notice> {
    let comments = (rows.comments > 0).then_some(Notice::Comments { lines: rows.comments });
    let comma = rows.decimal_comma().map(|example| Notice::DecimalComma { example: shown(example) });
    comments.into_iter().chain(comma).collect()
}

/// Refuses features that hold something else than numbers.
fn check_features(columns: &[Column], features: &[usize], names: &Names, problems: Problems) -> Result<()> {
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

/// The class of each kept row, the names of the classes, and whether class 0 is all but one label.
fn classes(
    column: &Column,
    kept: &[u32],
    label: &Label,
    options: &TableOptions,
    problems: Problems,
    notices: &mut Vec<Notice>,
) -> Result<(Vec<u8>, Vec<String>, bool)> {
    if let Some(line) = column.not_utf8 {
        return Err(problems.cell(line, label.column - 1, "the file is not UTF-8 text, which is expected"));
    }
    if let Some(place) = &column.unusable {
        let problem = format!("{} is not finite, and no label", quoted(&place.cell));
        return Err(problems.cell(place.line, label.column - 1, problem));
    }
    let mut is_kept = vec![false; column.numbers.len()];
    kept.iter().for_each(|row| is_kept[*row as usize] = true);
    let values = Values::of(column, |row| is_kept[row]).ok_or_else(|| {
        let problem =
            "the label has over 256 different values, where classes are expected: is another column the label?";
        problems.column(label.column - 1, problem)
    })?;
    let given = options.positive.as_deref().map(class_name);
    let positive = given.as_ref().map(|given| values.names.iter().position(|name| name == given));
    let Values { names, counts, of_row } = values;
    if positive == Some(None) {
        let there: Vec<_> = names.iter().take(7).map(|name| quoted(name)).collect();
        let problem = format!("no label is {}; there are {}", quoted(&given.unwrap_or_default()), there.join(", "));
        return Err(problems.column(label.column - 1, problem));
    }
    // many of them are no slips, but another kind of column
    let mut lone = names.iter().zip(&counts).filter(|(_, count)| **count == 1 && kept.len() >= LONE_ROWS);
    if let (Some((class, _)), None) = (lone.next(), lone.next()) {
        notices.push(Notice::Lone { class: class.clone() });
    }
    let positive = positive.flatten();
    let rest = positive.is_some() && names.len() > 2;
    let class = |value: usize| match positive {
        Some(positive) => u8::from(value == positive),
        // a sole label keeps its number
        None if names.len() == 1 => u8::from(names[0] == "1"),
        None => value as u8,
    };
    let labels = kept.iter().map(|row| class(usize::from(of_row[*row as usize].unwrap_or_default()))).collect();
    let classes = match (positive, names.len()) {
        (Some(positive), _) if rest => vec![format!("not {}", names[positive]), names[positive].clone()],
        (Some(0), 2) => vec![names[1].clone(), names[0].clone()],
        (_, 1) if names[0] == "0" || names[0] == "1" => vec!["0".into(), "1".into()],
        _ => names.clone(),
    };
    match (positive, classes.as_slice()) {
        (Some(positive), _) if rest => {
            notices.push(Notice::Rest { class: names[positive].clone(), others: names.len() - 1 });
        }
        (_, [zero, one]) if zero != "0" || one != "1" => notices.push(Notice::Classes { classes: classes.clone() }),
        _ => {}
    }
    Ok((labels, classes, rest))
}

/// The file's name without its folders.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// A name from a file: trimmed, and with its control characters escaped, since they could command a terminal.
fn shown(name: &str) -> String {
    let name = name.trim();
    match name.contains(char::is_control) {
        true => {
            name.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
        }
        false => name.into(),
    }
}

/// A cell as an error shows it: on one line, and shortened if it is long.
fn quoted(cell: &str) -> String {
    const SHOWN: usize = 40;
    let cell = cell.trim();
    match cell.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &cell[..end]),
        None => format!("{cell:?}"),
    }
}

/// Errors of a file.
#[derive(Clone, Copy)]
struct Problems<'a>(&'a Path);

impl Problems<'_> {
    /// Of the whole file.
    fn whole(self, problem: impl Into<String>) -> Error {
        self.error(String::new(), problem.into())
    }

    /// Of one column, counted from 0.
    fn column(self, column: usize, problem: impl Into<String>) -> Error {
        self.error(format!(", column {}", column + 1), problem.into())
    }

    /// Of one cell.
    fn cell(self, line: usize, column: usize, problem: impl Into<String>) -> Error {
        self.error(format!(", line {line}, column {}", column + 1), problem.into())
    }

    /// Of a file whose rows have one cell.
    fn one_column(self, rows: &Rows, options: &TableOptions) -> Error {
        let first = quoted(&rows.first[0]);
        self.whole(match options.delimiter {
            Some(delimiter) => format!("1 column: no {delimiter} separates anything in {first}, the first row"),
            None => format!("1 column: no comma, semicolon, tab or space separates features and a label in {first}"),
        })
    }

    fn error(self, place: String, problem: String) -> Error {
        Error::Csv { path: self.0.into(), place, problem }
    }
}
