//! The rows of a table, read one after another into columns: numbers as `f64`, and of text as much as classes need.

use std::collections::HashMap;

use csv::ByteRecord;

use super::format::{Delimiter, Format};
use super::text::{self, Input, Lines, Progress, Text, TooLong};
use crate::{Error, Result};

/// The most classes that a label may have, and so the most texts of a column that are kept.
pub(super) const MOST_CLASSES: usize = 256;
/// Bytes between two reports of progress.
const REPORTED: u64 = 1 << 20;

/// A cell and its line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub line: usize,
    pub cell: String,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Number(f64),
    Missing,
    Text(&'a str),
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
    /// The first number that is not finite in `f32`.
    pub unusable: Option<Place>,
    /// The line of the first cell that is not UTF-8.
    pub not_utf8: Option<usize>,
}

impl Column {
    /// Adds the cell of the next row.
    fn push(&mut self, cell: &[u8], decimal: &mut Decimal, line: impl Fn() -> usize) {
        let row = self.numbers.len();
        self.numbers.push(f64::NAN);
        self.set(row, cell, decimal, line);
    }

    /// Sets the cell of a row that has none yet.
    fn set(&mut self, row: usize, cell: &[u8], decimal: &mut Decimal, line: impl Fn() -> usize) {
        let lossy = String::from_utf8_lossy(cell);
        if (self.not_utf8.is_none() || row == 0) && std::str::from_utf8(cell).is_err() {
            self.not_utf8 = Some(line());
        }
        let place = |line: usize| Place { line, cell: lossy.trim().to_owned() };
        match decimal.cell(&lossy) {
            Cell::Number(number) => {
                self.numbers[row] = number;
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

/// Which sign the decimals follow: the first that is met in a number decides for the file.
#[derive(Clone, Debug)]
struct Decimal {
    may_be_comma: bool,
    has_points: bool,
    /// A number with a comma.
    comma: Option<String>,
}

impl Decimal {
    fn cell<'a>(&mut self, cell: &'a str) -> Cell<'a> {
        let cell = cell.trim();
        if is_missing(cell) {
            return Cell::Missing;
        }
        if let Ok(number) = cell.parse::<f64>() {
            let is_decimal = self.may_be_comma && cell.contains('.');
            if !is_decimal || self.comma.is_none() {
                self.has_points |= is_decimal;
                return Cell::Number(number);
            }
        } else if self.may_be_comma
            && !self.has_points
            && cell.split_once(',').is_some_and(is_decimal)
            && let Ok(number) = cell.replacen(',', ".", 1).parse::<f64>()
        {
            self.comma.get_or_insert_with(|| cell.into());
            return Cell::Number(number);
        }
        Cell::Text(cell)
    }
}

/// Whether there are digits and no point around a comma.
fn is_decimal((whole, part): (&str, &str)) -> bool {
    whole.ends_with(|letter: char| letter.is_ascii_digit())
        && part.starts_with(|letter: char| letter.is_ascii_digit())
        && !whole.contains('.')
        && !part.contains(['.', ','])
}

/// Whether a cell says that there is no value: it is empty, `?`, or NA, N/A, NaN or null in letters of any case.
pub(super) fn is_missing(cell: &str) -> bool {
    cell.is_empty() || cell == "?" || ["na", "n/a", "nan", "null"].iter().any(|text| cell.eq_ignore_ascii_case(text))
}

/// All rows of a table. The first stands apart until it is known whether it names the columns.
pub(super) struct Rows {
    pub first: Vec<String>,
    pub first_line: usize,
    raw_first: Vec<Vec<u8>>,
    pub columns: Vec<Column>,
    /// The number of rows, with the first.
    pub count: usize,
    pub comments: usize,
    decimal: Decimal,
}

impl Rows {
    /// Reads a table; none if it has no rows.
    pub fn read(
        input: Input,
        delimiter: Option<Delimiter>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Self>> {
        let path = input.path();
        let Text { head, is_whole, rest, is_packed, bytes, size } = text::open(input)?;
        let format = Format::find(&head, is_whole, delimiter);
        let lines = Lines::new(head, rest, format.from, format.line);
        let mut reader =
            Reader { csv: format.delimiter.reader(lines), row: ByteRecord::new(), format, path, is_packed };
        if !reader.next()? {
            return Ok(None);
        }
        let raw_first: Vec<Vec<u8>> = reader.cells().map(<[u8]>::to_vec).collect();
        let mut rows = Self {
            first: raw_first.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect(),
            first_line: reader.line(),
            columns: vec![Column { numbers: vec![f64::NAN], ..Column::default() }; raw_first.len()],
            raw_first,
            count: 1,
            comments: format.comments,
            decimal: Decimal { may_be_comma: format.delimiter != Delimiter::COMMA, has_points: false, comma: None },
        };
        reader.check_quotes(rows.columns.len())?;
        // its decimals count, whatever it is
        for cell in &rows.first {
            let _ = rows.decimal.cell(cell);
        }
        let mut told = 0;
        while reader.next()? {
            reader.check_width(rows.columns.len())?;
            for (column, cell) in rows.columns.iter_mut().zip(reader.cells()) {
                column.push(cell, &mut rows.decimal, || reader.line());
            }
            rows.count += 1;
            if rows.count == u32::MAX as usize {
                return Err(reader.whole("the file has over 4,294,967,294 rows"));
            }
            if bytes.get() - told >= REPORTED {
                told = bytes.get();
                progress(Progress { bytes: told, of: size });
            }
        }
        Ok(Some(rows))
    }

    /// Takes the first row for a sample.
    pub fn keep_first(&mut self) {
        for (column, cell) in self.columns.iter_mut().zip(&self.raw_first) {
            column.set(0, cell, &mut self.decimal, || self.first_line);
        }
    }

    /// What a cell of the first row holds.
    pub fn first_cell(&self, column: usize) -> Cell<'_> {
        self.decimal.clone().cell(&self.first[column])
    }

    /// A number with a decimal comma, if there is one.
    pub fn decimal_comma(&self) -> Option<&str> {
        self.decimal.comma.as_deref()
    }
}

/// The rows of a file; its errors say where.
struct Reader<'a> {
    csv: csv::Reader<Lines<'a>>,
    row: ByteRecord,
    format: Format,
    path: &'a std::path::Path,
    is_packed: bool,
}

impl Reader<'_> {
    /// Goes to the next row that is not blank; false if there is none.
    fn next(&mut self) -> Result<bool> {
        loop {
            let place = self.csv.position().byte();
            self.csv.get_mut().release(place);
            match self.csv.read_byte_record(&mut self.row) {
                Ok(false) => return Ok(false),
                Ok(true) => {}
                Err(error) => {
                    let error = match error.into_kind() {
                        csv::ErrorKind::Io(error) => error,
                        other => std::io::Error::other(format!("{other:?}")),
                    };
                    return Err(self.failed(error, place));
                }
            }
            // the reader itself skips empty lines, but not lines of spaces
            if self.row.len() > 1 || !self.row.as_slice().trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.format.delimiter.cells(&self.row)
    }

    fn place(&self) -> u64 {
        self.row.position().map_or(0, csv::Position::byte)
    }

    /// The line where this row begins, counted from 1.
    fn line(&self) -> usize {
        self.csv.get_ref().line_at(self.place())
    }

    /// Refuses a row that does not have as many cells as the first.
    fn check_width(&self, columns: usize) -> Result<()> {
        let width = self.cells().count();
        if width == columns {
            return self.check_quotes(columns);
        }
        if self.row.as_slice().trim_ascii().starts_with(b"#") {
            return Err(self.here("a line of #, which is skipped only before the first row"));
        }
        self.check_quotes(columns)?;
        let cells = if width == 1 { "1 cell".into() } else { format!("{width} cells") };
        let lines = self.row.as_slice().iter().filter(|byte| **byte == b'\n').count();
        let quoted = match lines {
            0 => String::new(),
            lines => format!("; a quotation mark in it ends {lines} lines below"),
        };
        Err(self.here(&format!("{cells}, where {columns} are expected, as in the first row{quoted}")))
    }

    /// Refuses a last row in which a quotation mark opens a cell that does not end.
    fn check_quotes(&self, columns: usize) -> Result<()> {
        let has_line_end = self.row.as_slice().iter().any(|byte| matches!(byte, b'\r' | b'\n'));
        let may_be_open = has_line_end || self.cells().count() != columns;
        match may_be_open && self.csv.get_ref().is_at_end && self.csv.get_ref().has_open_quote(self.place()) {
            true => Err(self.here("a quotation mark opens a cell that does not end")),
            false => Ok(()),
        }
    }

    /// What has failed below the reader of rows.
    fn failed(&self, error: std::io::Error, place: u64) -> Error {
        let line = self.csv.get_ref().line_at(place);
        let at = |problem: &str| self.error(format!(", line {line}"), problem);
        match error.get_ref() {
            Some(inner) if inner.is::<TooLong>() => {
                at("the row has over 16 MiB: a quotation mark opens a cell that does not end, or it is no table")
            }
            _ if self.is_packed => at(&text::damaged(&error)),
            _ => Error::Io { path: self.path.into(), source: error },
        }
    }

    /// An error of this row.
    fn here(&self, problem: &str) -> Error {
        self.error(format!(", line {}", self.line()), problem)
    }

    /// An error of the whole file.
    fn whole(&self, problem: &str) -> Error {
        self.error(String::new(), problem)
    }

    fn error(&self, place: String, problem: &str) -> Error {
        Error::Csv { path: self.path.into(), place, problem: problem.into() }
    }
}
