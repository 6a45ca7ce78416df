//! Tables: data sets from files of rows, as people have them.
//!
//! A table is plain text in UTF-8, or that in gzip: one sample per row, one column per feature and one for the label. What
//! separates the cells is found, as is a header; [`TableOptions`] say what is not to be found. What was found, dropped or
//! filled is in [`Table::notices`].

use std::fmt;

mod cell;
mod column;
mod features;
mod format;
mod found;
mod header;
mod labels;
mod missing;
mod notice;
mod problems;
mod rows;
mod samples;
mod select;
mod targets;
mod text;
mod weights;

pub use format::Delimiter;
pub use header::Header;
pub use missing::Missing;
pub use notice::Notice;
pub(crate) use notice::list;
pub use samples::{SampleTable, samples};
pub use text::{Input, Progress};

use self::features::check_features;
use self::problems::{Problems, file_name, quoted, shown};
use self::rows::Rows;
use self::select::{Names, Parts, is_constant, is_sorted};
use self::targets::{Learnt, learnt};
use self::weights::weights;
use super::{Columns, Dataset, Feature, Label, Scale, Targets};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::model::Output;

/// How a table is to be read; everything has a default.
///
/// A column is given by its name in the header or by its number, counted from 1.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableOptions {
    /// What separates the cells of a row; found if none is given.
    pub delimiter: Option<Delimiter>,
    /// Whether the first row names the columns.
    pub header: Header,
    /// The column of the label; the last if none is given. Several have commas between them, and quotation marks around a
    /// name with a comma in it.
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
    /// The column that says how much each sample counts; all alike if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// What a network is to answer with: it decides whether labels are classes or numbers; the values do if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// How numbers to be learnt are scaled, by those of the samples trained on; scores and predictions are in their own unit.
    #[serde(default, skip_serializing_if = "is_unscaled")]
    pub scale_targets: Scale,
}

fn is_unscaled(scale: &Scale) -> bool {
    *scale == Scale::None
}

impl fmt::Debug for TableOptions {
    /// What is not given of the last three is not shown: results files of sweeps hold this text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("TableOptions");
        shown.field("delimiter", &self.delimiter).field("header", &self.header).field("label", &self.label);
        shown.field("features", &self.features).field("drop", &self.drop).field("positive", &self.positive);
        shown.field("missing", &self.missing);
        if let Some(weights) = &self.weights {
            shown.field("weights", weights);
        }
        if let Some(output) = &self.output {
            shown.field("output", output);
        }
        if !is_unscaled(&self.scale_targets) {
            shown.field("scale_targets", &self.scale_targets);
        }
        shown.finish()
    }
}

/// A data set from a table, with what should be known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub(super) name: String,
    /// Features × samples; NaN where a cell is missing and is yet to be filled.
    pub(super) inputs: Vec<f64>,
    pub(super) targets: Targets,
    pub(super) weights: Option<Vec<f64>>,
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
        let data = Dataset::assemble(self.name, None, self.inputs, self.targets, self.columns)?;
        match self.weights {
            Some(weights) => data.with_weights(weights),
            None => Ok(data),
        }
    }
}

/// Reads a table: every row is one sample.
///
/// A byte order mark, space around a cell, blank lines, and lines of `#` before the first row do not count. The label is
/// the last column unless the options give another, or several. Its values are the classes, in the order of numbers or
/// letters, if they are text, whole numbers with no more than 32 different values, or two of any kind; others are numbers to
/// be learnt. Several labels are answers of yes or no if all are 1 or 0, else numbers. The other columns, in their order,
/// but for one of weights, are the features. One that has the same value in every row is left out, and so is a
/// first column without a name that counts the rows. The data set's name is the file's.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if it cannot be read; [`Error::Csv`](crate::Error::Csv) or
/// [`Error::Text`](crate::Error::Text) if it is not such a table, with line and column.
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

    let Learnt { targets, columns: learnt, classes, rest } =
        learnt(&rows.columns, &parts.labels, &kept, &names, options, &mut notices)?;
    let weight = |column: usize| weights(&rows.columns[column], column, &kept, problems);
    let weights = parts.weights.map(weight).transpose()?;
    let mut dropped = [parts.dropped, constant].concat();
    dropped.sort_unstable();
    let (unique, named) = (names.unique(), names.has_header());
    let feature = |(k, column): (usize, &usize)| {
        let name = if named { unique[*column].clone() } else { format!("x{}", k + 1) };
        Feature::plain(name, column + 1)
    };
    let label = |column: usize| Label { name: names.name(column).map(String::from), column: column + 1 };
    let columns = Columns {
        features: features.iter().enumerate().map(feature).collect(),
        label: Some(label(parts.labels[0])),
        weights: parts.weights.map(label),
        targets: learnt,
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
    Ok(Table { name: file_name(input.path()), inputs, targets, weights, columns, fills, notices })
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
