//! The data sets of a sweep, each generated or read once, so that the hash is of the very data that is trained on.

use std::collections::HashMap;

use crate::data::table::Notice;
use crate::data::{Dataset, HeldOut, Options, Source};
use crate::{Error, Result};

/// Data sets by their names, each with the samples held out of it.
#[derive(Clone, Debug, Default)]
pub struct DataSets {
    of_name: HashMap<String, (Dataset, Option<Dataset>)>,
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
            prepared.data.check_two_classes()?;
            sets.hashes.push(prepared.sha256);
            sets.notices.extend(prepared.notices);
            sets.of_name.insert(source.to_string(), (prepared.data, prepared.held_out));
        }
        Ok(sets)
    }

    /// The samples to train on, and those held out.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if none has this name.
    pub fn get(&self, name: &str) -> Result<(&Dataset, Option<&Dataset>)> {
        let found = self.of_name.get(name).map(|(train, test)| (train, test.as_ref()));
        found.ok_or_else(|| Error::Mismatch(format!("the sweep has no data set {name}")))
    }

    /// All training sets, in no particular order.
    pub fn all(&self) -> impl Iterator<Item = &Dataset> {
        self.of_name.values().map(|(train, _)| train)
    }

    /// SHA-256 of each source before anything was held out, in the order of the sources.
    pub fn hashes(&self) -> &[String] {
        &self.hashes
    }
}
