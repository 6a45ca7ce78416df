//! Samples that a network can train on: some held out, missing cells filled, features scaled by the training samples alone.

use super::held_out::labelled;
use super::table::{Input, Notice, Progress, Table, read};
use super::{Columns, Dataset, HeldOut, Options, Scale, Source, Targets, split};
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
    /// Makes or reads the data set, and holds samples out of it, or reads others, if requested. Missing cells are
    /// filled and features scaled by what the training samples alone are like.
    ///
    /// # Errors
    /// Those of [`Source::load`] and [`Dataset::split`], and of [`samples`](super::table::samples) for a file of samples
    /// to test with; [`Error::Csv`] if a file has one class alone, or that of the tests no labels; [`Error::Mismatch`]
    /// if both are to be read from stdin.
    pub fn prepare(
        &self,
        options: &Options,
        held_out: Option<&HeldOut>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Prepared> {
        held_out.map_or(Ok(()), |held_out| held_out.check(self))?;
        let loaded = Loaded::new(self, options, progress)?;
        let is_held_out = held_out.map(|held_out| held_out.of(loaded.targets())).transpose()?.flatten();
        let mut prepared = loaded.divide(is_held_out.as_deref(), options)?;
        let read = held_out.map(|held_out| held_out.read(prepared.data.columns(), &options.table, progress));
        if let Some((test, notices)) = read.transpose()?.flatten() {
            prepared.held_out = Some(test);
            prepared.notices.extend(notices);
        }
        Ok(prepared)
    }

    /// The samples of a network that has learnt, treated as they were then: `model` is what it has learnt from.
    ///
    /// # Errors
    /// Those of [`Source::load`], [`samples`](super::table::samples) and [`Dataset::split`]; [`Error::Csv`] if a file
    /// has no labels.
    pub fn prepare_for(
        &self,
        model: &Columns,
        options: &Options,
        held_out: Option<&HeldOut>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Prepared> {
        held_out.map_or(Ok(()), |held_out| held_out.check(self))?;
        let (data, mut notices) = match self {
            Self::Csv(path) => {
                self.check(options)?;
                labelled(path, model, &options.table, progress)?
            }
            _ => {
                let factors: Vec<(f64, f64)> = model.features.iter().map(|of| (of.offset, of.factor)).collect();
                (generated(self, options)?.with_scaling(model.scale, &factors)?, Vec::new())
            }
        };
        let sha256 = data.sha256();
        let weighed = |data: Dataset| options.class_weights.iter().try_fold(data, Dataset::with_class_weights);
        let (data, held_out) = match held_out {
            Some(HeldOut::Fraction { share, seed }) => {
                data.split(*share, *seed).map(|(train, test)| (train, Some(test)))?
            }
            Some(file) => {
                let (test, told) = file.read(model, &options.table, progress)?.unzip();
                notices.extend(told.into_iter().flatten());
                (data, test)
            }
            None => (data, None),
        };
        Ok(Prepared { data: weighed(data)?, held_out, notices, sha256 })
    }
}

impl Prepared {
    /// [`Source::prepare`] of a table wherever it is, such as the bytes of a file in memory; a share of each class may be held
    /// out, by a seed.
    ///
    /// # Errors
    /// Those of [`Source::prepare`] for a file.
    ///
    /// ```
    /// use std::path::Path;
    /// use planar::data::table::Input;
    /// use planar::data::{Options, Prepared};
    ///
    /// let csv = b"x1,x2,class\n0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n";
    /// let xor = Prepared::of_table(Input::Bytes(Path::new("xor.csv"), csv), &Options::default(), None, &mut |_| ())?;
    /// assert_eq!(xor.data.columns().classes, ["no", "yes"]);
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn of_table(
        input: Input,
        options: &Options,
        held_out: Option<(f64, u32)>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self> {
        Source::Csv(input.path().into()).check(options)?;
        Loaded::of_table(input, options, progress)?.hold_out(held_out, options)
    }

    /// [`Source::prepare`] of samples that are there already, and are scaled only if a scale is named; a share of each class may
    /// be held out, by a seed.
    ///
    /// # Errors
    /// Those of [`Dataset::split`] and of [`Dataset::with_scaling`].
    pub fn of_samples(data: Dataset, options: &Options, held_out: Option<(f64, u32)>) -> Result<Self> {
        Loaded::Generated(data.answered_with(options.table.output)).hold_out(held_out, options)
    }
}

/// A generated set, for a network that answers as requested.
fn generated(source: &Source, options: &Options) -> Result<Dataset> {
    source.load(options).map(|data| data.answered_with(options.table.output))
}

/// Samples as they come from their source: none is held out, no cell is filled and no feature scaled.
#[derive(Clone, Debug)]
pub(super) enum Loaded {
    File(Box<Table>),
    Generated(Dataset),
}

impl Loaded {
    pub fn new(source: &Source, options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Self> {
        let Source::Csv(path) = source else { return generated(source, options).map(Self::Generated) };
        source.check(options)?;
        Self::of_table(Input::Path(path), options, progress)
    }

    fn of_table(input: Input, options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Self> {
        let table = read(input, &options.table, progress)?;
        table.check_classes(input)?;
        Ok(Self::File(table.into()))
    }

    /// Holds a share of each class out by a seed, if one is given.
    fn hold_out(self, held_out: Option<(f64, u32)>, options: &Options) -> Result<Prepared> {
        let of = |(share, seed)| split::held_out(&self.targets().strata(), share, seed);
        let is_held_out = held_out.map(of).transpose()?;
        self.divide(is_held_out.as_deref(), options)
    }

    pub fn targets(&self) -> &Targets {
        match self {
            Self::File(table) => &table.targets,
            Self::Generated(data) => data.targets(),
        }
    }

    pub fn columns(&self) -> &Columns {
        match self {
            Self::File(table) => &table.columns,
            Self::Generated(data) => data.columns(),
        }
    }

    /// Holds the samples out that are `true`. Missing cells are filled and features scaled by what the others are like, which
    /// alone are weighed by class.
    pub fn divide(self, is_held_out: Option<&[bool]>, options: &Options) -> Result<Prepared> {
        let scale = options.scale;
        let is_held_out_of = |sample: usize| is_held_out.is_some_and(|is_held_out| is_held_out[sample]);
        let (data, scale, mut notices) = match self {
            Self::File(mut table) => {
                table.fill(|sample| !is_held_out_of(sample));
                let notices = std::mem::take(&mut table.notices);
                (table.dataset()?, scale, notices)
            }
            // made to be learnt as it is
            Self::Generated(data) => (data, if scale == Scale::Auto { Scale::None } else { scale }, Vec::new()),
        };
        let sha256 = data.sha256();
        let (data, held_out) = match is_held_out {
            Some(_) => (data.select(|sample| !is_held_out_of(sample))?, Some(data.select(is_held_out_of)?)),
            None => (data, None),
        };
        let data = options.class_weights.iter().try_fold(data, Dataset::with_class_weights)?;
        let (scale, factors, notice) = data.scaling(scale);
        notices.extend(notice);
        let of_targets = options.table.scale_targets;
        let target_factors = data.target_scaling(of_targets);
        let scaled = |data: Dataset| {
            let data = if scale == Scale::None { data } else { data.with_scaling(scale, &factors)? };
            if of_targets == Scale::None { Ok(data) } else { data.with_target_scaling(&target_factors) }
        };
        Ok(Prepared { data: scaled(data)?, held_out: held_out.map(scaled).transpose()?, notices, sha256 })
    }
}

impl Table {
    /// Refuses one class alone, from which nothing can be learnt.
    fn check_classes(&self, input: Input) -> Result<()> {
        let Targets::Classes(labels) = &self.targets else { return Ok(()) };
        let first = labels.first();
        if labels.iter().any(|label| Some(label) != first) {
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
