//! Keeps the networks of a sweep that are under way, while it runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use web_time::Instant;

use super::events::InTraining;
use super::under_way::{Begun, write};
use crate::Result;

/// The first file of a batch is written after this time, if not more often.
const FIRST: Duration = Duration::from_secs(5);

/// Keeps the networks that have begun and not ended; without a file it keeps them only in memory.
pub struct Keeper<'a> {
    path: Option<PathBuf>,
    sweep: &'a Value,
    every: Duration,
    /// The networks as they were when they were last looked at.
    begun: BTreeMap<u64, Begun>,
    /// Of each device, what began last, its batch or the time since its networks were looked at, and how long after that
    /// they are to be looked at again.
    lanes: Vec<(Instant, Duration)>,
    /// When a network paused that the file does not hold yet.
    paused: Option<Instant>,
}

impl<'a> Keeper<'a> {
    /// A file that is written after this time again and again while batches train on this many devices; `begun` are the
    /// networks that it holds.
    pub fn new(
        path: Option<PathBuf>,
        sweep: &'a Value,
        every: Duration,
        begun: BTreeMap<u64, Begun>,
        lanes: usize,
    ) -> Self {
        let lanes = vec![(Instant::now(), every.min(FIRST)); lanes];
        Self { path, sweep, every, begun, lanes, paused: None }
    }

    /// A batch begins.
    pub fn batch(&mut self, lane: usize) {
        self.lanes[lane] = (Instant::now(), self.every.min(FIRST));
    }

    /// The networks of a batch have advanced: looks at them and writes the file, if it is time to.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written.
    pub fn advanced(&mut self, networks: &InTraining) -> Result<()> {
        let (since, due) = self.lanes[networks.lane];
        if self.path.is_none() || since.elapsed() < due { Ok(()) } else { self.keep(networks) }
    }

    /// Looks at the networks of a batch, and writes all.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written.
    pub fn keep(&mut self, networks: &InTraining) -> Result<()> {
        if self.path.is_none() {
            return Ok(());
        }
        self.begun.extend(networks.to_begun().map(|begun| (begun.about.job, begun)));
        self.lanes[networks.lane] = (Instant::now(), self.every);
        self.write()
    }

    /// A network waits at a rung.
    ///
    /// # Errors
    /// [`Error::Io`] if the file is to be written and cannot be.
    pub fn paused(&mut self, begun: Begun) -> Result<()> {
        self.begun.insert(begun.about.job, begun);
        let since = *self.paused.get_or_insert_with(Instant::now);
        if since.elapsed() < self.every { Ok(()) } else { self.write() }
    }

    /// Writes the networks that have paused since the file was written.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        if self.paused.is_some() { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        write(path, self.sweep, self.begun.values())?;
        self.paused = None;
        Ok(())
    }

    /// A network has ended, and its result is kept.
    pub fn ended(&mut self, job: u64) {
        self.begun.remove(&job);
    }

    /// The networks that have begun and not ended, as they were when they were last looked at.
    pub fn begun(&self) -> &BTreeMap<u64, Begun> {
        &self.begun
    }

    /// All networks have ended: the file is removed.
    pub fn finish(&self) {
        if let Some(path) = &self.path {
            // what cannot be removed holds only networks that have ended, and is ignored
            let _ = std::fs::remove_file(path);
        }
    }
}
