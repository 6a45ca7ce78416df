//! How a table is written: what separates its cells, and the lines before its first row.

use std::fmt;
use std::str::FromStr;

use csv::{ByteRecord, ReaderBuilder};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The most rows that decide on the separator.
const ROWS: usize = 100;

/// What separates the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Delimiter(u8);

impl Delimiter {
    /// `,`
    pub const COMMA: Self = Self(b',');
    /// `;`
    pub const SEMICOLON: Self = Self(b';');
    /// A tab.
    pub const TAB: Self = Self(b'\t');
    /// One space or more.
    pub const SPACE: Self = Self(b' ');

    /// Those that are found. Commas may stand for decimal points beside the first two, and spaces in any cell.
    const FOUND: [Self; 4] = [Self::SEMICOLON, Self::TAB, Self::COMMA, Self::SPACE];

    /// A reader of rows of any length.
    pub(super) fn reader<R: std::io::Read>(self, text: R) -> csv::Reader<R> {
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(self.0).buffer_capacity(1 << 16);
        builder.from_reader(text)
    }

    /// The cells of a row, trimmed. Spaces count as one separator, however many there are.
    pub(super) fn cells(self, row: &ByteRecord) -> impl Iterator<Item = &[u8]> {
        let is_space = self == Self::SPACE;
        row.iter().map(<[u8]>::trim_ascii).filter(move |cell| !(is_space && cell.is_empty()))
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::COMMA => f.write_str("comma"),
            Self::SEMICOLON => f.write_str("semicolon"),
            Self::TAB => f.write_str("tab"),
            Self::SPACE => f.write_str("space"),
            Self(other) => write!(f, "{}", char::from(other)),
        }
    }
}

impl FromStr for Delimiter {
    type Err = Error;

    /// `comma`, `semicolon`, `tab`, `space`, or the character itself.
    fn from_str(text: &str) -> Result<Self> {
        match (text, text.as_bytes()) {
            ("\\t", _) => Ok(Self::TAB),
            (_, &[byte]) if byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'.' | b'-' | b'+') => Ok(Self(byte)),
            (_, &[byte @ (b' ' | b'\t')]) => Ok(Self(byte)),
            _ => {
                let named = Self::FOUND.into_iter().find(|delimiter| delimiter.to_string() == text);
                let wanted = "comma, semicolon, tab, space, or one sign such as |";
                named.ok_or_else(|| Error::invalid("the separator", wanted, format_args!("'{text}'")))
            }
        }
    }
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub delimiter: Delimiter,
    /// The place in the text of the first row, and its line.
    pub from: usize,
    pub line: usize,
    /// Lines of `#` before it.
    pub comments: usize,
}

impl Format {
    /// Finds out from the beginning of a text. `given` is the separator if it is known.
    pub fn find(head: &[u8], is_whole: bool, given: Option<Delimiter>) -> Self {
        let (mut from, mut line, mut comments, mut named) = (0, 1, 0, None);
        while from < head.len() {
            let end = head[from..].iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let text = head[from..end.map_or(head.len(), |end| from + end)].trim_ascii();
            match text {
                // a spreadsheet's own way to name the separator
                [b's', b'e', b'p', b'=', byte] if line == 1 => named = Some(Delimiter(*byte)),
                [b'#', ..] => comments += 1,
                [] => {}
                _ => break,
            }
            let Some(end) = end else {
                from = head.len();
                break;
            };
            let is_pair = head[from + end..].starts_with(b"\r\n");
            from += end + if is_pair { 2 } else { 1 };
            line += 1;
        }
        let delimiter = given.or(named).unwrap_or_else(|| found(&head[from..], is_whole));
        Self { delimiter, from, line, comments }
    }
}

/// The separator that divides all rows alike; else the one that divides most rows as it does the first.
fn found(head: &[u8], is_whole: bool) -> Delimiter {
    let widths = |delimiter: Delimiter| {
        let mut reader = delimiter.reader(head);
        let mut widths: Vec<usize> = Vec::new();
        let mut row = ByteRecord::new();
        while widths.len() < ROWS && reader.read_byte_record(&mut row).unwrap_or(false) {
            let width = delimiter.cells(&row).filter(|cell| !cell.is_empty() || row.len() > 1).count();
            widths.extend((width > 0).then_some(width));
        }
        if !is_whole && widths.len() < ROWS {
            widths.pop(); // it may be cut off
        }
        widths
    };
    let all = Delimiter::FOUND.map(|delimiter| (delimiter, widths(delimiter)));
    let alike = |widths: &[usize]| match widths.first() {
        Some(first) if *first > 1 => widths.iter().filter(|width| *width == first).count(),
        _ => 0,
    };
    let is_even = |(_, widths): &&(Delimiter, Vec<usize>)| !widths.is_empty() && alike(widths) == widths.len();
    let most = || all.iter().rev().filter(|(_, widths)| alike(widths) > 0).max_by_key(|(_, widths)| alike(widths));
    all.iter().find(is_even).or_else(most).map_or(Delimiter::COMMA, |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_found(text: &str, wanted: Delimiter) {
        assert_eq!(Format::find(text.as_bytes(), true, None).delimiter, wanted, "{text:?}");
    }

    #[test]
    fn the_separator_is_the_one_that_divides_all_rows_alike() {
        assert_found("1,2,0\n3,4,1\n", Delimiter::COMMA);
        assert_found("0,5;1,2;1\n0,25;3;0\n", Delimiter::SEMICOLON);
        assert_found("a b\tc d\n1\t2\n", Delimiter::TAB);
        assert_found("  1.0   2.0 0\n 1.5 -2.0 1\n", Delimiter::SPACE);
        assert_found("the left, the right, class\n1, 2, 0\n", Delimiter::COMMA);
        assert_found("\"a;b\",c\n1,2\n", Delimiter::COMMA);
        assert_found("1\n2\n", Delimiter::COMMA);
        assert_found("1,2,0\n1\n1,3,0\n", Delimiter::COMMA);
        assert_found("sep=;\n1;2\n", Delimiter::SEMICOLON);
    }

    #[test]
    fn the_lines_before_the_first_row_are_counted_whatever_ends_them() {
        for text in ["# a\n\n#b\nx,y\n", "# a\r\n\r\n#b\r\nx,y\r\n", "# a\r\r#b\rx,y\r"] {
            let format = Format::find(text.as_bytes(), true, None);
            assert_eq!((format.line, format.comments, text.as_bytes()[format.from]), (4, 2, b'x'), "{text:?}");
        }
    }
}
