//! The results of a sweep so far: a results file that is begun or continued.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Sweep;
use super::halving::{Reached, Rung};
use super::results::{JobResult, Results, THERE_ALREADY, devices};
use super::under_way::{self, Begun};
use crate::files::{may_write, remove_leftovers};
use crate::{Error, Result};

/// How an error begins if a results file holds networks of another device, where that is not wanted.
pub const OTHER_DEVICE: &str = "holds networks that were trained on";

/// What to do about a results file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Refuse it.
    New,
    /// Write over it.
    Overwrite,
    /// Continue it.
    GoOn,
}

/// The results so far, and the file to which more are added.
#[derive(Debug, Default)]
pub struct Opened {
    /// The file, if there is one.
    pub file: Option<Results>,
    /// The networks that have ended.
    pub results: Vec<JobResult>,
    /// Whether the file's last line was torn, and was dropped.
    pub dropped: bool,
    /// The file of the networks under way.
    pub(super) under_way: Option<PathBuf>,
    /// The networks that it held and that have not ended.
    pub(super) begun: BTreeMap<u64, Begun>,
}

impl Opened {
    /// How many networks go on where a process before left them.
    pub fn begun(&self) -> usize {
        self.begun.len()
    }

    /// What happened at each rung of the sweep's halving so far.
    pub fn rungs(&self, sweep: &Sweep) -> Vec<Rung> {
        let reached = Reached::new(&self.results, &self.begun);
        sweep.halving.map_or_else(Vec::new, |halving| halving.climbed(&sweep.jobs, &reached))
    }

    /// The devices that trained the networks so far, each once.
    pub fn devices(&self) -> BTreeSet<&str> {
        let begun = self.begun.values().map(|begun| &*begun.about.device);
        devices(&self.results).into_iter().chain(begun).collect()
    }
}

impl Sweep {
    /// Begins a results file, or continues one of this sweep; without a path nothing is kept.
    ///
    /// # Errors
    /// [`Error::Results`] if the file of a new sweep already exists, and those of [`Results::create`] and
    /// [`Results::resume`].
    pub fn open(&self, path: Option<&Path>, begin: Begin) -> Result<Opened> {
        let Some(path) = path else { return Ok(Opened::default()) };
        let under_way = under_way::path_of(path);
        if begin != Begin::GoOn {
            let overwrite = begin == Begin::Overwrite;
            may_write(&under_way, overwrite, || {
                Err(Error::Results { path: under_way.clone(), problem: THERE_ALREADY.into() })
            })?;
            let file = Results::create(path, &self.description, overwrite)?;
            if overwrite && under_way.exists() {
                let removed = std::fs::remove_file(&under_way);
                removed.map_err(|source| Error::Io { path: under_way.clone(), source })?;
            }
            return Ok(Opened { file: Some(file), under_way: Some(under_way), ..Opened::default() });
        }
        let mut begun = BTreeMap::new();
        let (file, found) = Results::resume(path, &self.description, |found| {
            found.check(path, &self.jobs)?;
            begun = under_way::read(&under_way, &self.description, &self.jobs, |job| {
                let (data, _) = self.data.get(&job.data, job.fold)?;
                Ok(job.run(data, 0.0.into(), self.common.output)?.network)
            })?;
            found.ended.iter().for_each(|ended| drop(begun.remove(&ended.job.job)));
            let here = self.devices();
            let devices = devices(&found.ended).into_iter().chain(begun.values().map(|begun| &*begun.about.device));
            match devices.into_iter().find(|device| self.same_device && !here.iter().any(|name| name == device)) {
                Some(other) => {
                    let problem = format!("{OTHER_DEVICE} {other}, and this is {}", here.join(" and "));
                    Err(Error::Results { path: path.into(), problem })
                }
                None => Ok(()),
            }
        })?;
        remove_leftovers(&under_way);
        let (results, dropped, under_way) = (found.ended, found.dropped, Some(under_way));
        Ok(Opened { file: Some(file), results, dropped, under_way, begun })
    }
}
