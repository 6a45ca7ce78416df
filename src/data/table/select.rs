//! Which column is the label, which are features, and which are dropped.

use std::collections::HashSet;

use super::TableOptions;
use super::column::Column;
use super::notice::Notice;
use super::problems::{Problems, quoted, shown};
use super::rows::Rows;
use crate::Result;
use crate::data::Target;

/// Names that labels have.
const LABELS: [&str; 8] = ["label", "class", "target", "y", "diagnosis", "species", "outcome", "survived"];
/// The fewest rows in which a sorted column is no chance.
const SORTED_ROWS: usize = 10;

/// The columns of a table by name and number.
pub(super) struct Names<'a> {
    pub problems: Problems<'a>,
    /// The names in the header, which may repeat; none without a header.
    header: Option<Vec<String>>,
    header_line: usize,
    width: usize,
}

impl<'a> Names<'a> {
    pub fn new(problems: Problems<'a>, rows: &Rows, has_header: bool) -> Self {
        let header = has_header.then(|| rows.first.iter().map(|name| shown(name)).collect());
        Self { problems, header, header_line: rows.first_line, width: rows.columns.len() }
    }

    pub fn has_header(&self) -> bool {
        self.header.is_some()
    }

    /// A column's name in the header, if it has one.
    pub fn name(&self, column: usize) -> Option<&str> {
        self.header.as_ref().map(|names| names[column].as_str()).filter(|name| !name.is_empty())
    }

    /// A column's name, or its number in words.
    pub fn shown(&self, column: usize) -> String {
        self.name(column).map_or_else(|| format!("column {}", column + 1), String::from)
    }

    /// A name for each column that no other has: `x`, `x.1`, …, and its number if it has none.
    pub fn unique(&self) -> Vec<String> {
        let mut taken = HashSet::new();
        let of = |column: usize| {
            let name = self.shown(column);
            let others = (1..).map(|k| format!("{name}.{k}"));
            let free = std::iter::once(name.clone()).chain(others).find(|name| taken.insert(name.clone()));
            free.unwrap_or(name)
        };
        (0..self.width).map(of).collect()
    }

    /// These columns as targets: by their names, or as `y1`, `y2`, … without a header.
    pub fn targets(&self, columns: &[usize]) -> Vec<Target> {
        let unique = self.unique();
        let name =
            |at: usize, column: usize| if self.has_header() { unique[column].clone() } else { format!("y{}", at + 1) };
        columns.iter().enumerate().map(|(at, column)| Target::plain(name(at, *column), column + 1)).collect()
    }

    /// The columns of labels that a text means: one by its name or number, or several with commas between them.
    pub fn labels(&self, text: &str) -> Result<Vec<usize>> {
        let wanted = shown(text);
        let is_name = self.header.as_ref().is_some_and(|names| names.contains(&wanted));
        let row = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
        let row = row.into_records().next().and_then(|row| row.ok()).filter(|row| row.len() > 1 && !is_name);
        let Some(row) = row else { return Ok(vec![self.column(text, "the label")?]) };
        let mut columns: Vec<usize> = Vec::new();
        for name in &row {
            let column = self.column(name, "the label")?;
            if columns.contains(&column) {
                return Err(self.problems.whole(format!("{} is named twice as a label", quoted(&self.shown(column)))));
            }
            columns.push(column);
        }
        Ok(columns)
    }

    /// The column that a text means: its name in the header, or its number. `what` it is for, in an error.
    pub fn column(&self, text: &str, what: &str) -> Result<usize> {
        let wanted = shown(text);
        let names = self.header.as_deref().unwrap_or_default();
        let mut found = names.iter().enumerate().filter(|(_, name)| **name == wanted && !name.is_empty());
        match (found.next(), found.next(), wanted.parse::<usize>()) {
            (Some((column, _)), None, _) => Ok(column),
            (Some((first, _)), Some((second, _)), _) => {
                let problem = format!("column {} is named {} too: which is {what}?", first + 1, quoted(&wanted));
                Err(self.problems.cell(self.header_line, second, problem))
            }
            (None, _, Ok(number)) if (1..=self.width).contains(&number) => Ok(number - 1),
            (None, _, Ok(number)) => {
                Err(self.problems.whole(format!("there is no column {number}; there are {}", self.width)))
            }
            (None, _, Err(_)) if self.header.is_none() => {
                let problem = format!("there is no header row to name a column {}; a number names it", quoted(&wanted));
                Err(self.problems.whole(problem))
            }
            (None, _, Err(_)) => {
                let there: Vec<_> = names.iter().map(|name| quoted(name)).collect();
                let problem = format!("no column is named {}; there are {}", quoted(&wanted), there.join(", "));
                Err(self.problems.whole(problem))
            }
        }
    }

    /// The columns of a list of names, numbers and ranges of numbers, as in `3-7`.
    pub fn columns(&self, list: &[String], what: &str) -> Result<Vec<usize>> {
        let mut columns = Vec::new();
        for text in list {
            match self.range(text) {
                Some((first, last)) => columns.extend(self.column(first, what)?..=self.column(last, what)?),
                None => columns.push(self.column(text, what)?),
            }
        }
        Ok(columns)
    }

    /// The two numbers of a range, unless that is a column's name.
    fn range<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (first, last) = text.trim().split_once("..").or_else(|| text.trim().split_once('-'))?;
        let is_name = self.header.as_ref().is_some_and(|names| names.iter().any(|name| name == text.trim()));
        (!is_name && is_number(first) && is_number(last)).then_some((first, last))
    }
}

/// The part that each column plays.
#[derive(Debug)]
pub(super) struct Parts {
    /// In the order in which they are named.
    pub labels: Vec<usize>,
    pub weights: Option<usize>,
    /// In the order of the file.
    pub features: Vec<usize>,
    pub dropped: Vec<usize>,
    pub notices: Vec<Notice>,
}

impl Parts {
    /// As requested; by default the last column is the label, and the others are features, but for a row's number.
    pub fn select(names: &Names, rows: &Rows, from: usize, options: &TableOptions) -> Result<Self> {
        let problems = &names.problems;
        let dropped = names.columns(&options.drop, "to be dropped")?;
        let wanted = names.columns(&options.features, "the feature")?;
        let twice = |column: usize, what: &str| {
            Err(problems.whole(format!("{} cannot be both {what}", quoted(&names.shown(column)))))
        };
        if let Some(both) = wanted.iter().find(|column| dropped.contains(column)) {
            return twice(*both, "a feature and dropped");
        }
        let weights = options.weights.as_ref().map(|text| names.column(text, "the weight")).transpose()?;
        let is_weight = |column: &usize| Some(*column) == weights;
        if let Some(weights) = weights.filter(|weights| dropped.contains(weights)) {
            return twice(weights, "the weight and dropped");
        }
        if let Some(weights) = weights.filter(|weights| wanted.contains(weights)) {
            return twice(weights, "the weight and a feature");
        }
        let labels = match &options.label {
            Some(text) => names.labels(text)?,
            None => {
                let is_free =
                    |column: &usize| !dropped.contains(column) && !wanted.contains(column) && !is_weight(column);
                let last = (0..names.width).rev().find(is_free);
                vec![last.ok_or_else(|| problems.whole("no column is left for the label"))?]
            }
        };
        if let Some(label) = labels.iter().find(|label| dropped.contains(label)) {
            return twice(*label, "the label and dropped");
        }
        if let Some(label) = labels.iter().find(|label| wanted.contains(label)) {
            return twice(*label, "the label and a feature");
        }
        if let Some(label) = labels.iter().find(|label| is_weight(label)) {
            return twice(*label, "the label and the weight");
        }
        let is_other = |column: &usize| labels.contains(column) || is_weight(column);
        let is_feature = |column: &usize| match wanted.as_slice() {
            [] => !is_other(column) && !dropped.contains(column),
            wanted => wanted.contains(column),
        };
        let label = labels[0];
        let mut parts = Self {
            features: (0..names.width).filter(is_feature).collect(),
            dropped: (0..names.width).filter(|column| !is_other(column) && !is_feature(column)).collect(),
            labels: labels.clone(),
            weights,
            notices: Vec::new(),
        };
        if wanted.is_empty() {
            parts.drop_index(names, rows, from);
        }
        if options.label.is_none() {
            let is_label = |column: usize| {
                names.name(column).is_some_and(|name| LABELS.contains(&name.to_ascii_lowercase().as_str()))
            };
            if let Some(other) = parts.features.iter().find(|column| !is_label(label) && is_label(**column)) {
                let (label, other) = (names.shown(label), names.shown(*other));
                parts.notices.push(Notice::OtherLabel { label, other });
            }
        }
        if parts.features.is_empty() {
            return Err(problems.whole(format!("no feature is left beside the label {}", quoted(&names.shown(label)))));
        }
        Ok(parts)
    }

    /// Drops a first column without a name that counts the rows: pandas writes its index there.
    fn drop_index(&mut self, names: &Names, rows: &Rows, from: usize) {
        let has_no_name = names.has_header() && names.name(0).is_none_or(|name| name == "Unnamed: 0");
        let numbers = &rows.columns[0].numbers[from..];
        let first = numbers.first().copied().filter(|first| [0.0, 1.0].contains(first) && has_no_name);
        let Some(first) = first.filter(|_| self.features.first() == Some(&0)) else { return };
        if numbers.iter().zip(0..).all(|(number, row)| *number == first + f64::from(row)) {
            self.features.remove(0);
            self.dropped.insert(0, 0);
            self.notices.push(Notice::Index { name: names.name(0).unwrap_or_default().into(), first: first as u8 });
        }
    }
}

/// Whether all numbers of a column that are there are the same.
pub(super) fn is_constant(column: &Column, rows: &[u32]) -> bool {
    let mut numbers = rows.iter().map(|row| column.numbers[*row as usize]).filter(|number| !number.is_nan());
    let Some(first) = numbers.next() else { return true };
    numbers.all(|number| number == first)
}

/// Whether a column is sorted and different in every row.
pub(super) fn is_sorted(column: &Column, rows: &[u32]) -> bool {
    let number = |row: &u32| column.numbers[*row as usize];
    let ascends = |ab: &[u32]| number(&ab[0]) < number(&ab[1]);
    let descends = |ab: &[u32]| number(&ab[0]) > number(&ab[1]);
    rows.len() >= SORTED_ROWS && (rows.windows(2).all(ascends) || rows.windows(2).all(descends))
}
