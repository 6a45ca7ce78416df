//! `--metrics`: a line of JSON for each logged cost, there to be read and drawn while training goes on.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use planar::metrics::{BEGINNING, kept};
use planar::train::CostAt;
use planar::{Error, Result};
use serde::Serialize;

use super::arguments::in_a_folder;

/// Where the costs go as they are logged.
#[derive(Debug, clap::Args)]
pub struct MetricsArguments {
    /// Write iteration, cost and seconds as JSON, a line for each logged cost as training goes
    #[arg(long, value_name = "FILE.jsonl", help_heading = "Output", value_parser = |text: &str| in_a_folder("the file of metrics", text))]
    metrics: Option<PathBuf>,
}

/// A line of the file.
#[derive(Serialize)]
struct Line {
    iteration: u64,
    cost: f64,
    /// Since training began, or went on.
    seconds: f64,
    #[serde(flatten)]
    accuracy: Option<Accuracy>,
}

/// How well a finished network tells the classes apart.
#[derive(Clone, Copy, Serialize)]
pub struct Accuracy {
    /// On what it was trained with.
    pub accuracy: f64,
    /// On what was held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
}

/// An opened file of metrics, or nothing where none is asked for.
pub struct Metrics {
    file: Option<(PathBuf, BufWriter<File>)>,
    /// Lines below this iteration are in the file.
    next: u64,
    every: u64,
    began: Instant,
    failed: Option<Error>,
}

impl MetricsArguments {
    /// Opens the file and leaves what is in it as it is; lines are to be written every `every` iterations from
    /// iteration `from` on.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written, [`Error::Results`] where a run that goes on would spoil a file of
    /// something else.
    pub fn open(&self, from: u64, every: u64) -> Result<Metrics> {
        let file = self.metrics.as_ref().map(|path| open(path, from)).transpose()?;
        Ok(Metrics { file, next: from, every, began: Instant::now(), failed: None })
    }
}

impl Metrics {
    /// Training begins: drops what is in the file from this run's first iteration on, and counts the seconds.
    pub fn begin(&mut self) -> Result<()> {
        self.began = Instant::now();
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let cut = |file: &mut File| -> io::Result<()> {
            // a pipe or a terminal holds nothing to drop
            if file.metadata()?.is_file() {
                let kept = file.stream_position()?;
                file.set_len(kept)?;
            }
            Ok(())
        };
        cut(file.get_mut()).map_err(|source| Error::Io { path: path.clone(), source })
    }

    /// After a chunk: writes the costs that are new. Whether training can go on.
    pub fn advanced(&mut self, logged: &[CostAt]) -> bool {
        if let Err(error) = self.write(logged, None) {
            self.failed = Some(error);
        }
        self.failed.is_none()
    }

    /// After training: writes the costs that are left, the last with the accuracies of a run that has finished.
    pub fn end(mut self, logged: &[CostAt], accuracy: Option<Accuracy>) -> Result<()> {
        match (self.failed.take(), logged.split_last()) {
            (Some(error), _) => Err(error),
            (None, Some((last, before))) => self.write(before, Some((*last, accuracy))),
            (None, None) => Ok(()),
        }
    }

    fn write(&mut self, logged: &[CostAt], last: Option<(CostAt, Option<Accuracy>)>) -> Result<()> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let seconds = self.began.elapsed().as_secs_f64();
        let new = &logged[logged.partition_point(|at| at.iteration < self.next)..];
        // a picture's curve may have more costs than are asked for here
        let asked = new.iter().filter(|at| at.iteration.is_multiple_of(self.every)).map(|at| (*at, None));
        let put = || -> io::Result<()> {
            for (CostAt { iteration, cost }, accuracy) in asked.chain(last) {
                serde_json::to_writer(&mut *file, &Line { iteration, cost, seconds, accuracy })?;
                file.write_all(b"\n")?;
            }
            file.flush()
        };
        put().map_err(|source| Error::Io { path: path.clone(), source })?;
        self.next = new.last().map_or(self.next, |at| at.iteration + 1);
        Ok(())
    }
}

/// Opens the file, at the end of what a run from iteration `from` keeps of it.
fn open(path: &Path, from: u64) -> Result<(PathBuf, BufWriter<File>)> {
    let failed = |source| Error::Io { path: path.to_path_buf(), source };
    let goes_on = from > 0 && path.is_file();
    let mut options = OpenOptions::new();
    options.read(goes_on).write(true).create(true).truncate(false);
    let mut file = options.open(path).map_err(failed)?;
    if goes_on {
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let kept = kept(&text, from).map_err(|line| Error::Results {
            path: path.to_path_buf(),
            problem: format!("is no file of metrics to go on with: line {line} does not begin with {BEGINNING}N"),
        })?;
        file.seek(SeekFrom::Start(kept)).map_err(failed)?;
    }
    Ok((path.to_path_buf(), BufWriter::new(file)))
}
