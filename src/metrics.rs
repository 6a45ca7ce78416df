//! The file of metrics: one line of JSON per logged cost, to be read and drawn while the network trains.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use web_time::Instant;

use crate::checkpoint::Origin;
use crate::files;
use crate::train::CostAt;
use crate::{Error, Result};

/// How every line begins: a file with any other line is not a file of metrics.
pub const BEGINNING: &str = "{\"iteration\":";

/// A line of the file.
#[derive(Serialize)]
struct Line {
    iteration: u64,
    cost: f64,
    /// The cost of the samples held out, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    test_cost: Option<f64>,
    /// Seconds since training began or was resumed.
    seconds: f64,
    #[serde(flatten)]
    accuracy: Option<Accuracy>,
    /// On the first line of a file: the run that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Origin>,
}

/// How well a finished network does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Accuracy {
    /// Of classes or labels.
    Shares {
        /// The share of the training samples that it classifies correctly.
        accuracy: f64,
        /// The share of the held-out samples.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_accuracy: Option<f64>,
    },
    /// Of numbers.
    Numbers {
        /// R² of the training samples.
        r2: f64,
        /// R² of the held-out samples.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_r2: Option<f64>,
    },
}

/// An open file of metrics, or nothing if none was requested.
pub(crate) struct Metrics {
    file: Option<(PathBuf, BufWriter<File>)>,
    /// The lines before this iteration are in the file.
    next: u64,
    began: Instant,
    /// The run, until it stands in the file.
    run: Option<Origin>,
}

impl Metrics {
    /// Opens the file without changing its content. Lines will be written from iteration `from` of this run on.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written, [`Error::Overwrite`] and [`Error::Results`] if it is of another run or kind,
    /// unless it is to be overwritten.
    pub fn open(path: Option<&Path>, from: u64, run: Origin, overwrite: bool) -> Result<Self> {
        let file = path.map(|path| open(path, from, &run, overwrite)).transpose()?;
        let is_begun = file.as_ref().is_some_and(|(_, _, kept)| *kept > 0);
        let file = file.map(|(path, file, _)| (path, file));
        Ok(Self { file, next: from, began: Instant::now(), run: Some(run).filter(|_| !is_begun) })
    }

    /// Training begins: removes the lines from this run's first iteration on, and starts to count the seconds.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be truncated.
    pub fn begin(&mut self) -> Result<()> {
        self.began = Instant::now();
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let cut = |file: &mut File| -> io::Result<()> {
            // a pipe or a terminal has nothing to remove
            if file.metadata()?.is_file() {
                let kept = file.stream_position()?;
                file.set_len(kept)?;
            }
            Ok(())
        };
        cut(file.get_mut()).map_err(|source| Error::Io { path: path.clone(), source })
    }

    /// After a chunk: writes the new costs.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be written.
    pub fn advanced(&mut self, logged: &[CostAt], held_out: &[CostAt]) -> Result<()> {
        self.write(logged, held_out, None)
    }

    /// After training: writes the remaining costs, the last with the accuracies if the run has finished.
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be written.
    pub fn end(mut self, logged: &[CostAt], held_out: &[CostAt], accuracy: Option<Accuracy>) -> Result<()> {
        match logged.split_last() {
            Some((last, before)) => self.write(before, held_out, Some((*last, accuracy))),
            None => Ok(()),
        }
    }

    fn write(
        &mut self,
        logged: &[CostAt],
        held_out: &[CostAt],
        last: Option<(CostAt, Option<Accuracy>)>,
    ) -> Result<()> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let seconds = self.began.elapsed().as_secs_f64();
        let new = &logged[logged.partition_point(|at| at.iteration < self.next)..];
        let lines = new.iter().map(|at| (*at, None));
        let put = || -> io::Result<()> {
            for (CostAt { iteration, cost }, accuracy) in lines.chain(last) {
                let run = self.run.take();
                let test_cost = held_out.binary_search_by_key(&iteration, |at| at.iteration).ok();
                let test_cost = test_cost.map(|at| held_out[at].cost);
                serde_json::to_writer(&mut *file, &Line { iteration, cost, test_cost, seconds, accuracy, run })?;
                file.write_all(b"\n")?;
            }
            file.flush()
        };
        put().map_err(|source| Error::Io { path: path.clone(), source })?;
        self.next = new.last().map_or(self.next, |at| at.iteration + 1);
        Ok(())
    }
}

/// Opens the file and seeks to the end of what a run from iteration `from` keeps: that many bytes.
fn open(path: &Path, from: u64, run: &Origin, overwrite: bool) -> Result<(PathBuf, BufWriter<File>, u64)> {
    let failed = |source| Error::Io { path: path.to_path_buf(), source };
    files::may_write(path, overwrite, || difference(path, run, from > 0))?;
    files::check_reader(path)?;
    let goes_on = from > 0 && path.is_file();
    let mut options = OpenOptions::new();
    options.read(goes_on).write(true).create(true).truncate(false);
    let mut file = options.open(path).map_err(failed)?;
    let mut kept = 0;
    if goes_on && !(overwrite && difference(path, run, true)?.is_some()) {
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        kept = self::kept(&text, from).map_err(|line| Error::Results {
            path: path.to_path_buf(),
            problem: format!("is no file of metrics to continue: line {line} does not begin with {BEGINNING}N"),
        })?;
        file.seek(SeekFrom::Start(kept)).map_err(failed)?;
    }
    Ok((path.to_path_buf(), BufWriter::new(file), kept))
}

/// How what a file holds differs from the metrics of this run. One without the run, as older versions wrote it, may be
/// gone on with but not overwritten.
fn difference(path: &Path, run: &Origin, goes_on: bool) -> Result<Option<String>> {
    const LONGEST: u64 = 1 << 20;
    #[derive(Deserialize)]
    struct First {
        run: Option<Origin>,
    }
    let mut first = Vec::new();
    let read = BufReader::new(files::open(path)?.take(LONGEST)).read_until(b'\n', &mut first);
    read.map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
    if !first.ends_with(b"\n") && is_torn(&first) {
        return Ok(None);
    }
    if !first.starts_with(BEGINNING.as_bytes()) {
        return Ok(Some(format!("it is no file of metrics: line 1 does not begin with {BEGINNING}N")));
    }
    Ok(match serde_json::from_slice::<First>(&first).ok().and_then(|first| first.run) {
        Some(there) => there.difference(run).map(|difference| format!("it is of another run: {difference}")),
        None if goes_on => None,
        None => Some("it does not say which run it is of".into()),
    })
}

/// The number of bytes in the lines before an iteration; a torn last line is not counted.
///
/// # Errors
/// The number, counted from 1, of the first line that is not a line of metrics.
///
/// ```
/// let text = b"{\"iteration\":0,\"cost\":0.7}\n{\"iteration\":10,\"cost\":0.6}\n{\"iter";
/// assert_eq!(planar::metrics::kept(text, 11), Ok(55));
/// assert_eq!(planar::metrics::kept(text, 10), Ok(27));
/// assert_eq!(planar::metrics::kept(b"x,y\n", 10), Err(1));
/// ```
pub fn kept(text: &[u8], from: u64) -> std::result::Result<u64, usize> {
    #[derive(Deserialize)]
    struct Start {
        iteration: u64,
    }
    let mut kept = 0;
    for (k, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let at = serde_json::from_slice::<Start>(line).ok().filter(|_| line.starts_with(BEGINNING.as_bytes()));
        match at {
            Some(at) if at.iteration < from && line.ends_with(b"\n") => kept += line.len() as u64,
            Some(_) => break,
            None if !line.ends_with(b"\n") && is_torn(line) => break,
            None => return Err(k + 1),
        }
    }
    Ok(kept)
}

/// Whether these bytes can be the beginning of a line.
fn is_torn(line: &[u8]) -> bool {
    let both = line.len().min(BEGINNING.len());
    line[..both] == BEGINNING.as_bytes()[..both]
}
