//! Samples that a network can train on: some held out, missing cells filled, features scaled by the training samples alone.

use super::table::{Input, Notice, Progress, SampleTable, Table, read, samples};
use super::{Columns, Dataset, Options, Scale, Source, split};
use crate::{Error, Result};

/// Samples to train on and to test with, and what should be known about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The samples to train on.
    pub data: Dataset,
    /// The samples held out, filled and scaled as those to train on.
    pub held_out: Option<Dataset>,
    /// What was done on the way, to be told.
    pub notices: Vec<Notice>,
    /// SHA-256 of all samples before any was held out, with nothing scaled.
    pub sha256: String,
}

impl Source {
    /// Makes or reads the data set, and holds out a share of each class, chosen by a seed, if requested. Missing cells are
    /// filled and features scaled by what the training samples alone are like.
    ///
    /// # Errors
    /// Those of [`Source::load`] and [`Dataset::split`]; [`Error::Csv`] if a file has one class alone.
    pub fn prepare(
        &self,
        options: &Options,
        held_out: Option<(f64, u32)>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Prepared> {
        let (data, is_held_out, mut notices) = match self {
            Self::Csv(path) => {
                self.check(options)?;
                let input = Input::Path(path);
                let mut table = read(input, &options.table, progress)?;
                table.check_classes(input)?;
                let held_out = held_out.map(|(fraction, seed)| split::held_out(&table.labels, fraction, seed));
                let held_out = held_out.transpose()?;
                let is_held_out = |sample: usize| held_out.as_ref().is_some_and(|held_out| held_out[sample]);
                table.fill(|sample| !is_held_out(sample));
                let notices = std::mem::take(&mut table.notices);
                (table.dataset()?, held_out, notices)
            }
            generated => {
                let data = generated.load(options)?;
                let held_out = held_out.map(|(fraction, seed)| split::held_out(data.labels(), fraction, seed));
                (data, held_out.transpose()?, Vec::new())
            }
        };
        let sha256 = data.sha256();
        let (data, held_out) = match is_held_out {
            Some(is_held_out) => {
                (data.select(|sample| !is_held_out[sample])?, Some(data.select(|sample| is_held_out[sample])?))
            }
            None => (data, None),
        };
        let scale = match (self, options.scale) {
            (Self::Csv(_), scale) => scale,
            (_, Scale::Auto) => Scale::None,
            (_, scale) => scale,
        };
        let (scale, factors, notice) = data.scaling(scale);
        notices.extend(notice);
        let scaled = |data: Dataset| if scale == Scale::None { Ok(data) } else { data.with_scaling(scale, &factors) };
        Ok(Prepared { data: scaled(data)?, held_out: held_out.map(scaled).transpose()?, notices, sha256 })
    }
}

impl Source {
    /// The samples of a network that has learnt, treated as they were then: `model` is what it has learnt from.
    ///
    /// # Errors
    /// Those of [`Source::load`], [`samples`] and [`Dataset::split`]; [`Error::Csv`] if a file has no labels.
    pub fn prepare_for(
        &self,
        model: &Columns,
        options: &Options,
        held_out: Option<(f64, u32)>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Prepared> {
        let (data, notices) = match self {
            Self::Csv(path) => {
                self.check(options)?;
                let table = samples(Input::Path(path), model.features.len(), Some(model), &options.table, progress)?;
                let SampleTable { data, is_labelled, notices } = table;
                if !is_labelled {
                    let problem = "there are no labels, which are expected".into();
                    return Err(Error::Csv { path: path.clone(), place: String::new(), problem });
                }
                (data, notices)
            }
            generated => {
                let factors: Vec<(f64, f64)> = model.features.iter().map(|of| (of.offset, of.factor)).collect();
                (generated.load(options)?.with_scaling(model.scale, &factors)?, Vec::new())
            }
        };
        let sha256 = data.sha256();
        let (data, held_out) = match held_out {
            Some((fraction, seed)) => data.split(fraction, seed).map(|(train, test)| (train, Some(test)))?,
            None => (data, None),
        };
        Ok(Prepared { data, held_out, notices, sha256 })
    }
}

impl Table {
    /// Refuses one class alone, from which nothing can be learnt.
    fn check_classes(&self, input: Input) -> Result<()> {
        let first = self.labels.first();
        if self.labels.iter().any(|label| Some(label) != first) {
            return Ok(());
        }
        let name = self.columns.classes.get(usize::from(first.copied().unwrap_or_default()));
        let label = self.columns.label.as_ref();
        Err(Error::Csv {
            path: input.path().into(),
            place: label.map_or(String::new(), |label| format!(", column {}", label.column)),
            problem: format!(
                "every label in {} is {}, where two classes are expected: is another column the label?",
                label.map_or("the file".into(), super::Label::shown),
                name.map_or("the same", String::as_str)
            ),
        })
    }
}
