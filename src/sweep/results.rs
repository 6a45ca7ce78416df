//! The results of a sweep in a file that grows: one line of JSON that says what the sweep is, then one per network as
//! it ends. Whatever ends the program, the lines already written survive.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::grid::Job;
use crate::backend::PlanChoice;
use crate::checkpoint::atomic;
use crate::model::Parameters;
use crate::train::{CostAt, CostCurve, Status};
use crate::{Error, Result};

/// How a network of a sweep ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobResult {
    /// What was trained.
    #[serde(flatten)]
    pub job: Job,
    /// How it ended.
    pub status: Status,
    /// Updates done; if it diverged, the number after which the cost was first not finite.
    pub done: u64,
    /// The cost at the end; none if it diverged.
    pub cost: Option<f64>,
    /// The share of the training samples that are classified correctly.
    pub accuracy: Option<f64>,
    /// The share of the held-out samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// The logged costs.
    pub costs: Vec<CostAt>,
    /// The costs for a picture; empty if the sweep keeps no curves.
    #[serde(default, skip_serializing_if = "CostCurve::is_empty")]
    pub curve: CostCurve,
    /// The final weights; none if it diverged. Not kept in files.
    #[serde(skip)]
    pub parameters: Option<Parameters>,
}

/// A results file, open for appending.
#[derive(Debug)]
pub struct Results {
    path: PathBuf,
    file: File,
}

/// What a results file held, and whether its end was damaged.
#[derive(Debug, Default)]
pub struct Found {
    /// The networks that have ended.
    pub ended: Vec<JobResult>,
    /// Whether the last line was cut off, and was dropped.
    pub dropped: bool,
}

impl Results {
    /// Creates a file that begins with what the sweep is.
    ///
    /// # Errors
    /// [`Error::Io`] if it exists already or cannot be written.
    pub fn create(path: &Path, sweep: &Value) -> Result<Self> {
        let opened = OpenOptions::new().write(true).create_new(true).open(path);
        let file = opened.map_err(|source| Error::Io { path: path.into(), source })?;
        let mut results = Self { path: path.into(), file };
        results.lock()?;
        results.line(sweep)?;
        Ok(results)
    }

    /// Writes all results at once: the file is either complete or not there.
    ///
    /// # Errors
    /// [`Error::Io`] if it exists already or cannot be written.
    pub fn write(path: &Path, sweep: &Value, ended: &[JobResult]) -> Result<()> {
        if path.exists() {
            return Err(Error::Io { path: path.into(), source: io::ErrorKind::AlreadyExists.into() });
        }
        let mut text = format!("{sweep}\n");
        for ended in ended {
            text += &format!("{}\n", to_value(path, ended)?);
        }
        atomic::remove_leftovers(path);
        atomic::replace(path, text.as_bytes())
    }

    /// Opens a file of the same sweep to continue it. If its last line was cut off, that line is dropped. A file that
    /// does not exist, or was cut off within its first line, is begun anew.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read or written, [`Error::Results`] if it is of another sweep or damaged before
    /// its last line.
    pub fn resume(path: &Path, sweep: &Value) -> Result<(Self, Found)> {
        if !path.exists() {
            return Ok((Self::create(path, sweep)?, Found::default()));
        }
        let io = |source| Error::Io { path: path.into(), source };
        let mut file = OpenOptions::new().write(true).open(path).map_err(io)?;
        let bytes = std::fs::read(path).map_err(io)?;
        if !bytes.contains(&b'\n') && "{\"".as_bytes().starts_with(&bytes[..bytes.len().min(2)]) {
            file.set_len(0).map_err(io)?;
            let mut results = Self { path: path.into(), file };
            results.lock()?;
            results.line(sweep)?;
            return Ok((results, Found::default()));
        }
        let (header, found, whole) = parse(path, &bytes)?;
        if let Some(difference) = difference(&header, sweep) {
            return Err(Error::Results { path: path.into(), problem: format!("is of another sweep: {difference}") });
        }
        let results = Self { path: path.into(), file: file.try_clone().map_err(io)? };
        results.lock()?;
        file.set_len(whole).and_then(|()| file.seek(SeekFrom::End(0))).map_err(io)?;
        Ok((results, found))
    }

    /// Adds a network that has ended, and makes sure that it is on the disk.
    ///
    /// # Errors
    /// [`Error::Io`] if that fails.
    pub fn add(&mut self, ended: &JobResult) -> Result<()> {
        self.line(&to_value(&self.path, ended)?)
    }

    /// Keeps other processes from writing to the file. Without locks in the file system, the file stays unlocked. On
    /// Windows a lock would keep others from reading too, so it is released again.
    fn lock(&self) -> Result<()> {
        match self.file.try_lock() {
            Ok(()) if cfg!(windows) => {
                self.file.unlock().map_err(|source| Error::Io { path: self.path.clone(), source })
            }
            Err(TryLockError::WouldBlock) => {
                let problem = "is being written to by another planar".into();
                Err(Error::Results { path: self.path.clone(), problem })
            }
            _ => Ok(()),
        }
    }

    fn line(&mut self, value: &Value) -> Result<()> {
        let line = format!("{value}\n");
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|source| Error::Io { path: self.path.clone(), source })
    }
}

fn to_value(path: &Path, ended: &JobResult) -> Result<Value> {
    serde_json::to_value(ended).map_err(|error| Error::Results { path: path.into(), problem: error.to_string() })
}

/// Reads a results file: what the sweep is, the networks that have ended, and the number of bytes in its whole lines.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Results`] if it is not a results file, or is damaged before its last
/// line.
pub fn read(path: &Path) -> Result<(Value, Found, u64)> {
    parse(path, &std::fs::read(path).map_err(|source| Error::Io { path: path.into(), source })?)
}

/// Like [`read`], from a file's bytes; `path` is only for errors.
///
/// # Errors
/// [`Error::Results`] like [`read`].
pub fn parse(path: &Path, bytes: &[u8]) -> Result<(Value, Found, u64)> {
    let damaged = |problem: String| Error::Results { path: path.into(), problem };
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate().peekable();
    let header = lines.next().map_or(&b""[..], |(_, line)| line);
    let sweep = serde_json::from_slice(header).ok().filter(|sweep: &Value| sweep.get("sweep").is_some());
    let Some(mut sweep) = sweep.filter(|_| header.ends_with(b"\n")) else {
        return Err(damaged("is no results file: its first line does not say what the sweep is".into()));
    };
    // older files have a plan's older name
    if let Some(plan) = sweep["plan"].as_str().and_then(|name| name.parse::<PlanChoice>().ok()) {
        sweep["plan"] = plan.name().into();
    }
    let (mut found, mut whole) = (Found::default(), header.len() as u64);
    while let Some((at, line)) = lines.next() {
        match serde_json::from_slice(line) {
            Ok(ended) if line.ends_with(b"\n") => {
                found.ended.push(ended);
                whole += line.len() as u64;
            }
            _ if lines.peek().is_none() => found.dropped = true,
            Ok(_) => {}
            Err(error) => return Err(damaged(format!("line {}: {error}", at + 1))),
        }
    }
    Ok((sweep, found, whole))
}

/// Merges the parts of a sweep: what it is, and every network once, in order.
///
/// # Errors
/// Those of [`read`], and [`Error::Results`] if a part is of another sweep, or networks are missing.
pub fn merge(parts: &[PathBuf]) -> Result<(Value, Vec<JobResult>)> {
    let mut whole: Option<(Value, Vec<JobResult>)> = None;
    for path in parts {
        let (mut sweep, found, _) = read(path)?;
        sweep["shard"] = Value::Null;
        match &mut whole {
            None => whole = Some((sweep, found.ended)),
            Some((first, ended)) => {
                if let Some(difference) = difference(first, &sweep) {
                    let problem = format!("is of another sweep than {}: {difference}", parts[0].display());
                    return Err(Error::Results { path: path.clone(), problem });
                }
                ended.extend(found.ended);
            }
        }
    }
    let (sweep, mut ended) = whole.ok_or_else(|| Error::invalid("the parts", "at least one file", "none"))?;
    ended.sort_by_key(|ended| ended.job.job);
    ended.dedup_by_key(|ended| ended.job.job);
    let wanted = sweep["networks"].as_u64().unwrap_or(0);
    if ended.len() as u64 != wanted {
        let problem = format!("and the other parts hold {} of the {wanted} networks: run the rest first", ended.len());
        return Err(Error::Results { path: parts[0].clone(), problem });
    }
    Ok((sweep, ended))
}

/// The first setting in which two sweeps differ, in words.
fn difference(there: &Value, here: &Value) -> Option<String> {
    let keys = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let all = keys(there).into_iter().chain(keys(here));
    let differs = all.into_iter().find(|key| there.get(key) != here.get(key))?;
    let said = |value: &Value| value.get(&differs).map_or("nothing".into(), ToString::to_string);
    Some(format!("its {differs} is {}, not {}", said(there), said(here)))
}
