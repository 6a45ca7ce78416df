//! The results of a sweep in a file that grows: one line of JSON that says what the sweep is, then one per network as
//! it ends. Whatever ends the program, the lines already written survive.

use std::collections::{BTreeSet, HashSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::grid::Job;
pub use super::result::{JobResult, JobStatus};
use crate::backend::PlanChoice;
use crate::files::{Lock, may_write, remove_leftovers, replace};
use crate::{Error, Result};

/// What is wrong with the file of a new sweep if it already exists.
pub const THERE_ALREADY: &str = "is there already";

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
    /// Creates a file that begins with what the sweep is. One that holds something is only overwritten if that is asked for.
    ///
    /// # Errors
    /// [`Error::Results`] if another process has it or it is of this sweep, [`Error::Overwrite`] if it is of something else,
    /// and [`Error::Io`] if it cannot be written.
    pub fn create(path: &Path, sweep: &Value, overwrite: bool) -> Result<Self> {
        let mut results = Self::locked(path, OpenOptions::new().create(true))?;
        may_write(path, overwrite, || match of_another(path, sweep) {
            Some(difference) => Ok(Some(difference)),
            None => Err(Error::Results { path: path.into(), problem: THERE_ALREADY.into() }),
        })?;
        results.cut(0)?;
        results.line(sweep)?;
        Ok(results)
    }

    /// Writes all results at once: the file is either complete or not there. One that is there is overwritten if it holds
    /// nothing that these do not, or if that is asked for.
    ///
    /// # Errors
    /// [`Error::Busy`] if another process writes it, [`Error::Overwrite`], and [`Error::Io`] if it cannot be written.
    pub fn write(path: &Path, sweep: &Value, ended: &[JobResult], overwrite: bool) -> Result<()> {
        let _lock = Lock::take(path)?;
        let lines = |ended: &[JobResult]| ended.iter().map(|ended| to_value(path, ended)).collect::<Result<Vec<_>>>();
        let lines_here = lines(ended)?;
        may_write(path, overwrite, || {
            let difference = of_another(path, sweep);
            let there = read(path).and_then(|(_, found, _)| lines(&found.ended)).unwrap_or_default();
            let has_more = there.iter().any(|line| !lines_here.contains(line));
            Ok(difference.or_else(|| has_more.then(|| "it has results that these parts lack".into())))
        })?;
        let text: String = std::iter::once(sweep).chain(&lines_here).map(|line| format!("{line}\n")).collect();
        remove_leftovers(path);
        replace(path, text.as_bytes())
    }

    /// Opens a file of the same sweep to continue it. If its last line was cut off, that line is dropped. A file that
    /// does not exist, or was cut off within its first line, is begun anew. Nothing is changed before `check` has passed
    /// what the file holds, and nothing is read while another process may write.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read or written, [`Error::Results`] if another process has it, if it is of another
    /// sweep or damaged before its last line, and those of `check`.
    pub fn resume(path: &Path, sweep: &Value, check: impl FnOnce(&Found) -> Result<()>) -> Result<(Self, Found)> {
        let io = |source| Error::Io { path: path.into(), source };
        let mut results = Self::locked(path, OpenOptions::new().create(true))?;
        let mut bytes = Vec::new();
        results.file.read_to_end(&mut bytes).map_err(io)?;
        if !bytes.contains(&b'\n') && "{\"".as_bytes().starts_with(&bytes[..bytes.len().min(2)]) {
            results.cut(0)?;
            results.line(sweep)?;
            return Ok((results, Found::default()));
        }
        let (header, found, whole) = parse(path, &bytes)?;
        if let Some(difference) = difference(&header, sweep) {
            return Err(Error::Results { path: path.into(), problem: format!("is of another sweep: {difference}") });
        }
        check(&found)?;
        results.cut(whole)?;
        Ok((results, found))
    }

    /// Opens a file that no other process writes to, and keeps others from it. Without locks in the file system, the file
    /// stays unlocked.
    fn locked(path: &Path, options: &mut OpenOptions) -> Result<Self> {
        let in_use = || Error::Results { path: path.into(), problem: "is being written to by another planar".into() };
        // a lock on Windows would keep others from reading too; there, whoever has the file open is its only writer
        #[cfg(windows)]
        let options = {
            use std::os::windows::fs::OpenOptionsExt;
            const FILE_SHARE_READ: u32 = 1;
            options.write(true).share_mode(FILE_SHARE_READ)
        };
        #[cfg(not(windows))]
        let options = options.append(true);
        const SHARING_VIOLATION: i32 = 32;
        let file = options.read(true).open(path).map_err(|source| match source.raw_os_error() {
            Some(SHARING_VIOLATION) if cfg!(windows) => in_use(),
            _ => Error::Io { path: path.into(), source },
        })?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if !cfg!(windows) => return Err(in_use()),
            Ok(()) if cfg!(windows) => file.unlock().map_err(|source| Error::Io { path: path.into(), source })?,
            _ => {}
        }
        Ok(Self { path: path.into(), file })
    }

    /// Cuts the file off behind this many bytes, where more lines then go.
    fn cut(&mut self, length: u64) -> Result<()> {
        let cut = self.file.set_len(length).and_then(|()| self.file.seek(SeekFrom::End(0)));
        cut.map(drop).map_err(|source| Error::Io { path: self.path.clone(), source })
    }

    /// Adds a network that has ended, and makes sure that it is on the disk.
    ///
    /// # Errors
    /// [`Error::Io`] if that fails, or if the file is no longer at its path.
    pub fn add(&mut self, ended: &JobResult) -> Result<()> {
        // a file whose folder is removed can still be written to, and nobody would ever find it
        std::fs::metadata(&self.path).map_err(|source| Error::Io { path: self.path.clone(), source })?;
        self.line(&to_value(&self.path, ended)?)
    }

    fn line(&mut self, value: &Value) -> Result<()> {
        let line = format!("{value}\n");
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|source| Error::Io { path: self.path.clone(), source })
    }
}

/// How a file differs from the results of this sweep, in words; none if they are results of it.
fn of_another(path: &Path, sweep: &Value) -> Option<String> {
    match read(path) {
        Err(_) => Some("it is no results file".into()),
        Ok((there, ..)) => difference(&there, sweep).map(|difference| format!("it is of another sweep: {difference}")),
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
    let header = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    let sweep = serde_json::from_slice(header).ok().filter(|sweep: &Value| sweep.get("sweep").is_some());
    let Some(mut sweep) = sweep.filter(|_| header.ends_with(b"\n")) else {
        return Err(damaged("is no results file: its first line does not say what the sweep is".into()));
    };
    // older files have a plan's older name
    if let Some(plan) = sweep["plan"].as_str().and_then(|name| name.parse::<PlanChoice>().ok()) {
        sweep["plan"] = plan.name().into();
    }
    let device = sweep["device"].as_str().unwrap_or_default().to_owned();
    // blank lines at the end mean nothing; what follows the last line says whether that is whole
    let text = bytes.trim_ascii_end();
    let newline = bytes[text.len()..].iter().position(|byte| *byte == b'\n');
    let lines = text.split(|byte| *byte == b'\n').skip(1);
    let count = lines.clone().count();
    let (mut found, mut whole) = (Found::default(), header.len() as u64);
    let mut numbers = HashSet::new();
    for (line, at) in lines.zip(2..) {
        let is_last = at == count + 1;
        let ended = serde_json::from_slice::<JobResult>(line);
        if is_last && (newline.is_none() || ended.is_err()) {
            found.dropped = true;
            break;
        }
        let ended = ended.map_err(|error| damaged(format!("line {at}: {error}")))?;
        let twice = (!numbers.insert(ended.job.job)).then(|| format!("network {} is there twice", ended.job.job));
        if let Some(problem) = ended.problem().or(twice) {
            return Err(damaged(format!("line {at}: {problem}")));
        }
        let device = if ended.device.is_empty() { device.clone() } else { ended.device };
        found.ended.push(JobResult { device, ..ended });
        whole += line.len() as u64 + if is_last { newline.unwrap_or(0) as u64 + 1 } else { 1 };
    }
    Ok((sweep, found, whole))
}

impl Found {
    /// Whether each network is one of these, which are in the order of their numbers.
    ///
    /// # Errors
    /// [`Error::Results`] naming the line of the first that is not.
    pub fn check(&self, path: &Path, jobs: &[Job]) -> Result<()> {
        for (ended, line) in self.ended.iter().zip(2..) {
            let number = ended.job.job;
            let own = jobs.binary_search_by_key(&number, |job| job.job).ok().map(|at| &jobs[at]);
            let problem = match own {
                Some(own) if *own == ended.job => continue,
                Some(own) => {
                    let [there, here] = [&ended.job, own].map(|job| serde_json::to_value(job).unwrap_or_default());
                    format!("network {number} is not the sweep's: {}", difference(&there, &here).unwrap_or_default())
                }
                None => format!("network {number} is none of the sweep's, or of another shard"),
            };
            return Err(Error::Results { path: path.into(), problem: format!("line {line}: {problem}") });
        }
        Ok(())
    }
}

/// The devices that trained these networks, each once.
pub fn devices(results: &[JobResult]) -> BTreeSet<&str> {
    results.iter().map(|ended| &*ended.device).filter(|device| !device.is_empty()).collect()
}

/// What may differ, or does not change what is trained.
const BESIDE: [&str; 3] = ["device", "plan", "table_options"];

/// Every setting in which two sweeps differ, in words. Their devices, and the plans that those follow, may differ: each
/// result names its own.
pub(super) fn difference(there: &Value, here: &Value) -> Option<String> {
    let keys = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let all: BTreeSet<String> = keys(there).into_iter().chain(keys(here)).collect();
    let differs = |key: &String| !BESIDE.contains(&key.as_str()) && there.get(key) != here.get(key);
    let said = |value: &Value, key: &str| value.get(key).map_or("nothing".into(), ToString::to_string);
    let each = |key: &String| format!("its {key} is {}, not {}", said(there, key), said(here, key));
    let differences: Vec<String> = all.iter().filter(|key| differs(key)).map(each).collect();
    (!differences.is_empty()).then(|| differences.join("; "))
}
