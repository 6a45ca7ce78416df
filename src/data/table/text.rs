//! The text of a table: from a file, stdin or memory, unpacked if it is gzip, and the line of each row.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use crate::{Error, Result};

/// How much of the beginning is looked at to find the separator.
const HEAD: usize = 1 << 16;
/// The most bytes of one row: a quotation mark without its end would otherwise take the whole file into memory.
const MOST_ROW: u64 = 16 << 20;

/// Where a table comes from.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A file, or stdin for `-`.
    Path(&'a Path),
    /// The bytes of a file of this name.
    Bytes(&'a Path, &'a [u8]),
}

impl Input<'_> {
    /// The name of stdin instead of `-`.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Path(path) if *path == Path::new("-") => Path::new("stdin"),
            Self::Path(path) | Self::Bytes(path, _) => path,
        }
    }
}

/// How much of a table has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read, before they are unpacked.
    pub bytes: u64,
    /// The size of the file, if it is known.
    pub of: Option<u64>,
}

/// The beginning of a table and all of it.
pub(super) struct Text<'a> {
    /// The first bytes, without a byte order mark.
    pub head: Vec<u8>,
    /// Whether the text ends with the head.
    pub is_whole: bool,
    /// What comes after the head.
    pub rest: Box<dyn Read + 'a>,
    /// Whether it is unpacked from gzip.
    pub is_packed: bool,
    /// The bytes read so far.
    pub bytes: Rc<Cell<u64>>,
    /// The size of the file, if it is known.
    pub size: Option<u64>,
}

/// Opens a table and reads its beginning.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Csv`] if it is packed by something else than gzip, or is not UTF-8.
pub(super) fn open<'a>(input: Input<'a>) -> Result<Text<'a>> {
    let path = input.path();
    let io = |source| Error::Io { path: path.into(), source };
    let refuse = |problem: &str| Error::Csv { path: path.into(), place: String::new(), problem: problem.into() };
    let (source, size): (Box<dyn Read + 'a>, _) = match input {
        Input::Bytes(_, bytes) => (Box::new(bytes), Some(bytes.len() as u64)),
        Input::Path(given) if given == Path::new("-") => (Box::new(io::stdin()), None),
        Input::Path(given) => {
            let file = crate::files::open(given)?;
            let size = file.metadata().ok().filter(|about| about.is_file()).map(|about| about.len());
            (Box::new(file), size)
        }
    };
    let bytes = Rc::new(Cell::new(0));
    let mut source = Counted { source, bytes: bytes.clone() };
    let mut magic = Vec::new();
    source.by_ref().take(8).read_to_end(&mut magic).map_err(io)?;
    let packed_by = packing(&magic);
    let all = Cursor::new(magic).chain(source);
    let (mut text, is_packed): (Box<dyn Read + 'a>, bool) = match packed_by {
        None => (Box::new(all), false),
        Some("gzip") => (Box::new(MultiGzDecoder::new(BufReader::new(all))), true),
        Some(other) => return Err(refuse(&format!("the file is {other}, where plain text or gzip is expected"))),
    };
    let mut head = Vec::new();
    let read = text.by_ref().take(HEAD as u64).read_to_end(&mut head);
    read.map_err(|error| if is_packed { refuse(&damaged(&error)) } else { io(error) })?;
    let is_whole = head.len() < HEAD;
    match head.as_slice() {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(refuse("the file is UTF-16, where UTF-8 text is expected")),
        [0xef, 0xbb, 0xbf, ..] => drop(head.drain(..3)),
        _ => {}
    }
    if head.contains(&0) {
        return Err(refuse("the file holds zero bytes, where UTF-8 text is expected"));
    }
    Ok(Text { head, is_whole, rest: text, is_packed, bytes, size })
}

/// What has packed a file, by its first bytes.
fn packing(magic: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 7] = [
        (&[0x1f, 0x8b], "gzip"),
        (b"PK\x03\x04", "a zip archive or a workbook"),
        (&[0xd0, 0xcf, 0x11, 0xe0], "a workbook"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "packed by zstd"),
        (b"BZh", "packed by bzip2"),
        (&[0xfd, b'7', b'z', b'X', b'Z'], "packed by xz"),
        (b"PAR1", "Parquet"),
    ];
    known.into_iter().find(|(of, _)| magic.starts_with(of)).map(|(_, name)| name)
}

/// What is wrong with gzip that cannot be unpacked.
pub(super) fn damaged(error: &io::Error) -> String {
    format!("the gzip data is damaged or cut off: {error}")
}

/// Counts the bytes that are read.
struct Counted<R> {
    source: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

/// A row that is too long to be one.
#[derive(Debug, thiserror::Error)]
#[error("a row is too long")]
pub(super) struct TooLong;

/// Text on its way to a reader of rows. The part that the reader may still be at is kept, so that the line of a row can be
/// told: the reader itself counts neither blank lines nor `\r` as an editor does.
pub(super) struct Lines<'a> {
    source: Chain<Cursor<Vec<u8>>, Box<dyn Read + 'a>>,
    kept: VecDeque<Vec<u8>>,
    /// The place and the line at which the kept part begins.
    start: u64,
    line: usize,
    /// The byte before it.
    before: u8,
    /// The place up to which text has passed, and whether there is no more.
    end: u64,
    pub is_at_end: bool,
}

impl<'a> Lines<'a> {
    /// The text from a place in its head on, which is at this line.
    pub fn new(mut head: Vec<u8>, rest: Box<dyn Read + 'a>, from: usize, line: usize) -> Self {
        head.drain(..from);
        let source = Cursor::new(head).chain(rest);
        Self { source, kept: VecDeque::new(), start: 0, line, before: b'\n', end: 0, is_at_end: false }
    }

    /// Forgets what comes before a place.
    pub fn release(&mut self, place: u64) {
        while let Some(first) = self.kept.front()
            && self.start + first.len() as u64 <= place
        {
            self.line += ends(self.before, first);
            self.start += first.len() as u64;
            self.before = first.last().copied().unwrap_or(self.before);
            self.kept.pop_front();
        }
    }

    /// The kept text from a place on.
    fn from(&self, place: u64) -> impl Iterator<Item = u8> + '_ {
        self.kept.iter().flatten().copied().skip(place.saturating_sub(self.start) as usize)
    }

    /// The line, counted from 1, of the first row at or after a place: blank lines before it do not count as the row.
    pub fn line_at(&self, place: u64) -> usize {
        let blank = self.from(place).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = place.saturating_sub(self.start) as usize + blank;
        let text: Vec<u8> = self.kept.iter().flatten().copied().take(passed).collect();
        self.line + ends(self.before, &text)
    }

    /// Whether the quotation marks between a place and the end of what has passed do not come in pairs.
    pub fn has_open_quote(&self, place: u64) -> bool {
        !self.from(place).filter(|byte| *byte == b'"').count().is_multiple_of(2)
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.end - self.start > MOST_ROW {
            return Err(io::Error::other(TooLong));
        }
        let read = self.source.read(buffer)?;
        self.end += read as u64;
        self.is_at_end = read == 0;
        if read > 0 {
            self.kept.push_back(buffer[..read].to_vec());
        }
        Ok(read)
    }
}

/// The number of line ends in a text: `\n`, `\r\n` or `\r`. `before` is the byte before it.
fn ends(before: u8, text: &[u8]) -> usize {
    let pairs = std::iter::once(&before).chain(text).zip(text);
    pairs.filter(|(last, byte)| **byte == b'\r' || (**byte == b'\n' && **last != b'\r')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_counted_the_same_in_one_piece_and_in_two() {
        let text = b"a\r\n\r\nb\n\nc\rd\r";
        assert_eq!(ends(b'\n', text), 6);
        for cut in 0..text.len() {
            let (left, right) = text.split_at(cut);
            let before = left.last().copied().unwrap_or(b'\n');
            assert_eq!(ends(b'\n', left) + ends(before, right), 6, "cut at {cut}");
        }
    }
}
