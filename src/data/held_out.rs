//! Which samples are held out of training, to see how well a network does on samples it has not seen.

use std::path::{Path, PathBuf};

use super::split;
use super::table::{Input, Notice, Progress, TableOptions, samples};
use super::{Columns, Dataset, Label, Source, Targets};
use crate::{Error, Result};

/// Samples that are held out of training.
#[derive(Clone, Debug, PartialEq)]
pub enum HeldOut {
    /// A share of each class.
    Fraction {
        /// The share, between 0 and 1.
        share: f64,
        /// The seed of the choice.
        seed: u32,
    },
    /// The samples of a file of their own, so that all of the source's are trained on; `-` is stdin.
    File(PathBuf),
}

impl HeldOut {
    /// The share of the samples themselves that is held out: none if others are read.
    pub fn share(&self) -> f64 {
        match self {
            Self::Fraction { share, .. } => *share,
            _ => 0.0,
        }
    }

    /// Which of the samples to hold out, by their targets: none, if others are to be read.
    pub(super) fn of(&self, targets: &Targets) -> Result<Option<Vec<bool>>> {
        match self {
            Self::Fraction { share, seed } => split::held_out(&targets.strata(), *share, *seed).map(Some),
            Self::File(_) => Ok(None),
        }
    }

    /// Refuses a file on stdin, if the source is there too.
    pub(super) fn check(&self, source: &Source) -> Result<()> {
        match (self, source) {
            (Self::File(test), Source::Csv(train)) if test == train && test.as_os_str() == "-" => {
                Err(Error::Mismatch("stdin cannot hold both the samples to train on and those to test with".into()))
            }
            _ => Ok(()),
        }
    }

    /// The samples of the file, if it is one, treated as those of `model` are, and what was done on the way.
    ///
    /// Their columns are found by what `model` knows of them, so that the options name no parts of columns: they say
    /// how text becomes cells, and what is done about those that are missing.
    pub(super) fn read(
        &self,
        model: &Columns,
        options: &TableOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<(Dataset, Vec<Notice>)>> {
        let Self::File(path) = self else { return Ok(None) };
        let TableOptions { delimiter, header, missing, .. } = *options;
        let options = TableOptions { delimiter, header, missing, ..TableOptions::default() };
        let (data, notices) = labelled(path, model, &options, progress)?;
        let of = |notice| Notice::Of { file: data.name().into(), notice: Box::new(notice) };
        let notices = notices.into_iter().map(of).collect();
        Ok(Some((data, notices)))
    }
}

/// Samples with labels for a network that has learnt, treated as they were then.
///
/// # Errors
/// Those of [`samples`]; [`Error::Csv`] without labels.
pub(super) fn labelled(
    path: &Path,
    model: &Columns,
    options: &TableOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Dataset, Vec<Notice>)> {
    let table = samples(Input::Path(path), model.features.len(), Some(model), options, progress)?;
    if !table.is_labelled {
        let place = model.label.as_ref().map_or("the last column".into(), Label::shown);
        let problem = format!("there are no labels, which are expected in {place}");
        return Err(Error::Csv { path: path.into(), place: String::new(), problem });
    }
    Ok((table.data, table.notices))
}
