//! Errors of a table: what is wrong, where, and what stands there, on one line.

use std::path::Path;

use super::TableOptions;
use super::rows::Rows;
use crate::Error;

/// The file's name without its folders.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// A name from a file: trimmed, and with its control characters escaped, since they could command a terminal.
pub(super) fn shown(name: &str) -> String {
    let name = name.trim();
    match name.contains(char::is_control) {
        true => {
            name.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
        }
        false => name.into(),
    }
}

/// A cell as an error shows it: on one line, and shortened if it is long.
pub(super) fn quoted(cell: &str) -> String {
    const SHOWN: usize = 40;
    let cell = cell.trim();
    match cell.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &cell[..end]),
        None => format!("{cell:?}"),
    }
}

/// Errors of a file.
#[derive(Clone, Copy)]
pub(super) struct Problems<'a>(pub &'a Path);

impl Problems<'_> {
    /// Of the whole file.
    pub fn whole(self, problem: impl Into<String>) -> Error {
        self.error(String::new(), problem.into())
    }

    /// Of one column, counted from 0.
    pub fn column(self, column: usize, problem: impl Into<String>) -> Error {
        self.error(format!(", column {}", column + 1), problem.into())
    }

    /// Of one cell.
    pub fn cell(self, line: usize, column: usize, problem: impl Into<String>) -> Error {
        self.error(format!(", line {line}, column {}", column + 1), problem.into())
    }

    /// Of a file whose rows have one cell.
    pub fn one_column(self, rows: &Rows, options: &TableOptions) -> Error {
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
