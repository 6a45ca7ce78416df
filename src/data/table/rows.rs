//! The rows of a table, read one after another into columns: numbers as `f64`, and of text as much as classes need.

use csv::ByteRecord;

use super::cell::{Cell, Decimal};
use super::column::Column;
use super::format::{Delimiter, Format};
use super::text::{self, Input, Lines, Progress, Text, TooLong};
use crate::{Error, Result};

/// Bytes between two reports of progress.
const REPORTED: u64 = 1 << 20;

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
    /// The rows from `from` on in which none of these columns has a missing cell.
    pub fn complete<'a>(&self, from: usize, columns: impl Iterator<Item = &'a usize>) -> Vec<u32> {
        let mut is_complete = vec![true; self.count];
        for column in columns {
            self.columns[*column].missing.iter().for_each(|row| is_complete[*row as usize] = false);
        }
        (from..self.count).filter(|row| is_complete[*row]).map(|row| row as u32).collect()
    }

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
            columns: vec![Column::new(); raw_first.len()],
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
