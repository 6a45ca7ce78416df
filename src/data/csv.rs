//! Data sets from CSV files: numeric columns, one of them the label, and perhaps a header row.

use std::fs;
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::{Dataset, is_usable};
use crate::{Error, Result};

/// Reads a data set from a CSV file: every row is one sample, its cells are numbers separated by commas, in UTF-8.
///
/// The first row is a header if one of its cells is text and not a number. The last column holds the labels, each 0 or
/// 1, unless `label` gives another column by its header name; the other columns, in their order, are the features.
/// A byte order mark, space around a cell and blank lines do not count. The data set's name is the file's.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::Csv`] if it is not such a table, with line and column.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("xor.csv");
/// std::fs::write(&path, "x,y,different\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n")?;
/// let xor = planar::data::csv::read(&path, Some("different"))?;
/// assert_eq!((xor.name(), xor.features(), xor.labels()), ("xor.csv", 2, &[0, 1, 1, 0][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(path: &Path, label: Option<&str>) -> Result<Dataset> {
    parse(path, &fs::read(path).map_err(|source| Error::Io { path: path.into(), source })?, label)
}

/// [`read`] of a file's bytes; `path` is for the name and for errors.
///
/// # Errors
/// [`Error::Csv`] as [`read`].
pub fn parse(path: &Path, bytes: &[u8], label: Option<&str>) -> Result<Dataset> {
    let mut table = Table::new(path, bytes);
    if !table.first_row()? {
        return Err(table.whole("the file is empty, where rows of numbers with a label 0 or 1 are expected"));
    }
    let features = match table.columns {
        1 => return Err(table.whole("1 column, where features and a label between commas are expected")),
        columns => columns - 1,
    };
    let label = table.below_header(label)?.unwrap_or(features);
    let (points, labels) = table.rest(Some(label))?;
    Dataset::from_points(table.name(), None, features, &points, labels)
}

/// SampleTable for an existing network.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleTable {
    /// The samples. If the file has no labels, each label is 0 here and means nothing.
    pub data: Dataset,
    /// Whether the file has labels.
    pub is_labelled: bool,
}

/// Reads samples for a network with this many inputs, with or without labels.
///
/// A table with as many columns as the network has inputs has no labels. If it has one more, it is read as by [`read`]:
/// the last column holds the labels unless `label` names another. `path` is for the name and for errors; `bytes` are
/// the contents of the file.
///
/// # Errors
/// [`Error::Csv`] if it is not such a table, with line and column.
///
/// ```
/// use planar::data::csv::samples;
/// let points = samples("points.csv".as_ref(), b"0,1\n1,1\n", 2, None)?;
/// assert_eq!((points.data.samples(), points.is_labelled), (2, false));
/// # Ok::<(), planar::Error>(())
/// ```
pub fn samples(path: &Path, bytes: &[u8], inputs: usize, label: Option<&str>) -> Result<SampleTable> {
    let mut table = Table::new(path, bytes);
    let wanted = match (inputs, label) {
        (1, None) => "the network's 1 input, or that and a label,".into(),
        (_, None) => format!("the network's {inputs} inputs, or those and a label,"),
        (_, Some(name)) => format!("the network's {inputs} inputs and the label {}", quoted(name)),
    };
    if !table.first_row()? {
        return Err(table.whole(format!("the file is empty, where {wanted} are expected in every row")));
    }
    let is_labelled = match table.columns.checked_sub(inputs) {
        Some(0) if label.is_none() => false,
        Some(1) => true,
        _ => {
            let columns = if table.columns == 1 { "1 column".into() } else { format!("{} columns", table.columns) };
            return Err(table.whole(format!("{columns}, where {wanted} are expected")));
        }
    };
    let label = table.below_header(label)?.unwrap_or(inputs);
    let (points, mut labels) = table.rest(is_labelled.then_some(label))?;
    if !is_labelled {
        labels = vec![0; points.len() / inputs];
    }
    let data = Dataset::from_points(table.name(), None, inputs, &points, labels)?;
    Ok(SampleTable { data, is_labelled })
}

/// The file, read row by row; its errors say where.
struct Table<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    reader: Reader<&'a [u8]>,
    row: ByteRecord,
    /// The number of cells that every row must have.
    columns: usize,
}

impl<'a> Table<'a> {
    fn new(path: &'a Path, bytes: &'a [u8]) -> Self {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        Self { path, bytes, reader, row: ByteRecord::new(), columns: 0 }
    }

    /// Goes to the first row, which determines the number of columns; false if there is none.
    fn first_row(&mut self) -> Result<bool> {
        let is_there = self.next_row()?;
        self.columns = self.row.len();
        Ok(is_there)
    }

    /// Goes on to the first sample, below the header if this row is one, and returns the column that has this name.
    fn below_header(&mut self, label: Option<&str>) -> Result<Option<usize>> {
        let header = self.is_header()?;
        let column = match label {
            None => None,
            Some(name) if header => Some(self.column_named(name)?),
            Some(name) => {
                let problem = format!("there is no header row to name a label column {}", quoted(name));
                return Err(self.whole(problem));
            }
        };
        if header && !self.next_row()? {
            return Err(self.whole("there are no samples below the header row"));
        }
        Ok(column)
    }

    /// The points (samples × features) from this row on, and the labels if a column holds them.
    fn rest(&mut self, label: Option<usize>) -> Result<(Vec<f64>, Vec<u8>)> {
        let (mut points, mut labels) = (Vec::new(), Vec::new());
        loop {
            self.check_width()?;
            for column in 0..self.columns {
                if Some(column) == label {
                    labels.push(self.label(column)?);
                } else {
                    points.push(self.number(column)?);
                }
            }
            if !self.next_row()? {
                return Ok((points, labels));
            }
        }
    }

    /// The file's name without its folders.
    fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// Goes to the next row that is not blank; false if there is none.
    fn next_row(&mut self) -> Result<bool> {
        loop {
            let read = self.reader.read_byte_record(&mut self.row);
            if !read.map_err(|error| Error::Io { path: self.path.into(), source: error.into() })? {
                return Ok(false);
            }
            // The reader itself skips empty lines, but not lines of spaces.
            if self.row.len() > 1 || !self.row.as_slice().trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    /// Whether this row names the columns: a cell is text. Numbers that are not finite count as numbers, and an empty
    /// cell decides nothing: a first sample with a gap must not be skipped as a header.
    fn is_header(&self) -> Result<bool> {
        let mut text = false;
        for column in 0..self.columns {
            let cell = self.cell(column)?;
            text |= !cell.is_empty() && cell.parse::<f64>().is_err();
        }
        Ok(text)
    }

    /// The column to which this row, a header, gives this name.
    fn column_named(&self, name: &str) -> Result<usize> {
        let names = (0..self.columns).map(|column| self.cell(column)).collect::<Result<Vec<_>>>()?;
        let mut found = (0..self.columns).filter(|&column| names[column] == name.trim());
        match (found.next(), found.next()) {
            (Some(column), None) => Ok(column),
            (Some(first), Some(second)) => {
                let problem = format!("column {} is named {} too: which is the label?", first + 1, quoted(name));
                Err(self.at(second, problem))
            }
            (None, _) => {
                let there: Vec<_> = names.iter().map(|name| quoted(name)).collect();
                let problem = format!("no column is named {}; there are {}", quoted(name), there.join(", "));
                Err(self.whole(problem))
            }
        }
    }

    fn check_width(&self) -> Result<()> {
        if self.row.len() == self.columns {
            return Ok(());
        }
        let cells = if self.row.len() == 1 { "1 cell".into() } else { format!("{} cells", self.row.len()) };
        let problem = format!("{cells}, where {} are expected, as in the first row", self.columns);
        Err(self.error(format!(", line {}", self.line()), problem))
    }

    fn cell(&self, column: usize) -> Result<&str> {
        let text = std::str::from_utf8(&self.row[column]);
        text.map(str::trim).map_err(|_| self.at(column, "the file is not UTF-8 text, which is expected"))
    }

    fn number(&self, column: usize) -> Result<f64> {
        let cell = self.cell(column)?;
        let problem = match cell.parse::<f64>() {
            Ok(value) if is_usable(value) => return Ok(value),
            Ok(value) if value.is_finite() => format!("{} is beyond the range of f32, ±3.4e38", quoted(cell)),
            Ok(_) => format!("{} is not finite, where a finite number is expected", quoted(cell)),
            Err(_) if cell.is_empty() => "the cell is empty, where a number is expected".into(),
            Err(_) => format!("{} is not a number, which is expected here", quoted(cell)),
        };
        Err(self.at(column, problem))
    }

    fn label(&self, column: usize) -> Result<u8> {
        let cell = self.cell(column)?;
        match cell.parse::<f64>() {
            Ok(0.0) => Ok(0),
            Ok(1.0) => Ok(1),
            _ if cell.is_empty() => Err(self.at(column, "the cell is empty, where a label 0 or 1 is expected")),
            _ => Err(self.at(column, format!("{} is not a label, which is 0 or 1", quoted(cell)))),
        }
    }

    /// The line where this row begins, counted from 1.
    fn line(&self) -> usize {
        let start = self.row.position().map_or(0, |position| position.byte() as usize).min(self.bytes.len());
        // The reader's own line count lags behind after empty lines, and its row starts before them.
        let blank = self.bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let before = &self.bytes[..start + blank];
        let ends = before.iter().enumerate().filter(|&(at, byte)| match byte {
            b'\n' => true,
            b'\r' => before.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        1 + ends.count()
    }

    /// An error in one cell of this row.
    fn at(&self, column: usize, problem: impl Into<String>) -> Error {
        self.error(format!(", line {}, column {}", self.line(), column + 1), problem)
    }

    /// An error of the whole file.
    fn whole(&self, problem: impl Into<String>) -> Error {
        self.error(String::new(), problem)
    }

    fn error(&self, place: String, problem: impl Into<String>) -> Error {
        Error::Csv { path: self.path.into(), place, problem: problem.into() }
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
