//! One column of a table: its numbers, and of its text as much as classes need.

use std::collections::HashMap;

use super::cell::{Cell, Decimal};

/// The most classes that a label may have, and so the most texts of a column that are kept.
pub(super) const MOST_CLASSES: usize = 256;

/// A cell and its line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub line: usize,
    pub cell: String,
}

/// One column of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    /// One per row: the number, or NaN where there is none.
    pub numbers: Vec<f64>,
    /// Rows whose cell is missing, and the first of them.
    pub missing: Vec<u32>,
    pub first_missing: Option<Place>,
    /// Rows whose cell is text, with the text's place among `names`; only the first if there are too many texts.
    pub texts: Vec<(u32, u16)>,
    pub names: Vec<String>,
    numbered: HashMap<String, u16>,
    pub has_too_many_texts: bool,
    /// The number of cells that are text, and the first of them.
    pub text_count: usize,
    pub first_text: Option<Place>,
    /// The first number that is not whole, and the first below 0.
    pub fraction: Option<Place>,
    pub negative: Option<Place>,
    /// The first number that is not finite in `f32`.
    pub unusable: Option<Place>,
    /// The line of the first cell that is not UTF-8.
    pub not_utf8: Option<usize>,
}

impl Column {
    /// A column whose first row is yet to be set.
    pub fn new() -> Self {
        Self { numbers: vec![f64::NAN], ..Self::default() }
    }

    /// Adds the cell of the next row.
    pub fn push(&mut self, cell: &[u8], decimal: &mut Decimal, line: impl Fn() -> usize) {
        let row = self.numbers.len();
        self.numbers.push(f64::NAN);
        self.set(row, cell, decimal, line);
    }

    /// Sets the cell of a row that has none yet.
    pub fn set(&mut self, row: usize, cell: &[u8], decimal: &mut Decimal, line: impl Fn() -> usize) {
        let lossy = String::from_utf8_lossy(cell);
        if (self.not_utf8.is_none() || row == 0) && std::str::from_utf8(cell).is_err() {
            self.not_utf8 = Some(line());
        }
        let place = |line: usize| Place { line, cell: lossy.trim().to_owned() };
        match decimal.cell(&lossy) {
            Cell::Number(number) => {
                self.numbers[row] = number;
                if number.fract() != 0.0 && (self.fraction.is_none() || row == 0) {
                    self.fraction = Some(place(line()));
                }
                if number < 0.0 && (self.negative.is_none() || row == 0) {
                    self.negative = Some(place(line()));
                }
                if !(number as f32).is_finite() && (self.unusable.is_none() || row == 0) {
                    self.unusable = Some(place(line()));
                }
            }
            Cell::Missing => {
                self.missing.push(row as u32);
                if self.first_missing.is_none() || row == 0 {
                    self.first_missing = Some(place(line()));
                }
            }
            Cell::Text(text) => {
                self.text_count += 1;
                if self.first_text.is_none() || row == 0 {
                    self.first_text = Some(place(line()));
                }
                if let Some(code) = self.code(text) {
                    self.texts.push((row as u32, code));
                }
            }
        }
    }

    /// The place of a text among the names; none if there are too many.
    fn code(&mut self, text: &str) -> Option<u16> {
        if let Some(code) = self.numbered.get(text) {
            return Some(*code);
        }
        if self.names.len() == MOST_CLASSES {
            self.has_too_many_texts = true;
            return None;
        }
        let code = self.names.len() as u16;
        self.names.push(text.into());
        self.numbered.insert(text.into(), code);
        Some(code)
    }

    /// Whether a text stands in a row below the first, among others: in a column of text, not as a slip among numbers.
    pub fn holds(&self, text: &str) -> bool {
        self.numbered.contains_key(text) && self.is_text()
    }

    /// Whether more of its cells are text than numbers.
    pub fn is_text(&self) -> bool {
        self.text_count > self.numbers.iter().filter(|number| !number.is_nan()).count()
    }
}
