//! The data sets of a sweep, each generated or read once, so that the hash is of the very data that is trained on.

use std::collections::HashMap;

use crate::data::table::Notice;
use crate::data::{Dataset, HeldOut, Options, Source, untold};
use crate::{Error, Result};

/// Data sets by their names, each with the samples held out of it, or with every fold in turn.
#[derive(Clone, Debug, Default)]
pub struct DataSets {
    of_name: HashMap<String, Vec<(Dataset, Option<Dataset>)>>,
    hashes: Vec<String>,
    /// What was done on the way from files to data sets, to be told.
    pub notices: Vec<Notice>,
}

impl DataSets {
    /// Loads every source once, and holds samples out of it, if requested.
    ///
    /// # Errors
    /// Those of [`Source::prepare`], and [`Error::Mismatch`] for more than two classes.
    pub fn load(sources: &[Source], options: &Options, held_out: Option<&HeldOut>) -> Result<Self> {
        let mut sets = Self::default();
        for source in sources {
            let prepared = source.prepare(options, held_out, &mut |_| ())?;
            sets.hashes.push(prepared.sha256);
            sets.notices.extend(prepared.notices);
            sets.of_name.insert(source.to_string(), vec![(prepared.data, prepared.held_out)]);
        }
        Ok(sets)
    }

    /// Loads every source once, and divides it into folds, drawn by a seed.
    ///
    /// # Errors
    /// Those of [`Source::folds`], and [`Error::Mismatch`] for more than two classes.
    pub fn load_folds(sources: &[Source], options: &Options, count: usize, seed: u32) -> Result<Self> {
        let mut sets = Self::default();
        for source in sources {
            let folds = source.folds(options, count, seed, &mut |_| ())?;
            let whole = folds.whole()?;
            sets.hashes.push(whole.sha256);
            let (mut told, mut divided) = (Vec::new(), Vec::new());
            for fold in 0..count {
                let prepared = folds.prepare(fold)?;
                told.extend(untold(&prepared.notices, &told));
                divided.push((prepared.data, prepared.held_out));
            }
            sets.notices.extend(told);
            sets.of_name.insert(source.to_string(), divided);
        }
        Ok(sets)
    }

    /// The samples to train on, and those held out: a fold, counted from 1, if there are folds.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if none has this name and fold.
    pub fn get(&self, name: &str, fold: Option<usize>) -> Result<(&Dataset, Option<&Dataset>)> {
        let sets = self.of_name.get(name);
        let found = sets.and_then(|sets| sets.get(fold.unwrap_or(1).checked_sub(1)?));
        let found = found.map(|(train, test)| (train, test.as_ref()));
        found.ok_or_else(|| Error::Mismatch(format!("the sweep has no data set {name}")))
    }

    /// All training sets, in no particular order.
    pub fn all(&self) -> impl Iterator<Item = &Dataset> {
        self.of_name.values().flatten().map(|(train, _)| train)
    }

    /// SHA-256 of each source before anything was held out, in the order of the sources.
    pub fn hashes(&self) -> &[String] {
        &self.hashes
    }
}
