//! The source of a data set, by the name that a user gives: a generated set or a CSV file.

use std::fmt;
use std::path::{Path, PathBuf, is_separator};
use std::str::FromStr;

use super::generated::room_for;
use super::table::{Input, TableOptions, read};
use super::{
    BLOBS_SEED, ClassWeights, Dataset, Scale, blobs, flower, gaussian_quantiles, noisy_circles, noisy_moons, spirals,
    xor,
};
use crate::names::is_one_of;
use crate::{Error, Result};

/// The seed of a generated set other than the blobs if none is given, the notebook's.
pub const DEFAULT_SEED: u32 = 1;

/// A data set that can be loaded. Its text form is the generated set's name or the file's path.
///
/// ```
/// use planar::data::{Options, Source};
/// let moons: Source = "noisy-moons".parse()?;
/// assert_eq!(moons.default_samples(), Some(200));
/// assert_eq!(moons.load(&Options { samples: Some(1000), ..Options::default() })?.samples(), 1000);
/// # Ok::<(), planar::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// [`flower`], the notebook's own.
    Flower,
    /// [`noisy_circles`].
    NoisyCircles,
    /// [`noisy_moons`].
    NoisyMoons,
    /// [`blobs`].
    Blobs,
    /// [`gaussian_quantiles`].
    GaussianQuantiles,
    /// [`spirals`].
    Spirals,
    /// [`xor`].
    Xor,
    /// A table in a file, or on stdin if the path is `-`; read by [`table::read`](super::table::read).
    Csv(PathBuf),
}

/// What a user may choose about a data set besides its name; everything has a default.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The number of samples of a generated set, even; [`Source::default_samples`] if none is given.
    pub samples: Option<usize>,
    /// The seed of a generated set; [`Source::default_seed`] if none is given.
    pub seed: Option<u32>,
    /// How a file is read.
    pub table: TableOptions,
    /// How the features are scaled.
    pub scale: Scale,
    /// What the weights of the samples trained on are multiplied by, class by class; nothing if none is given.
    pub class_weights: Option<ClassWeights>,
}

impl Default for Options {
    fn default() -> Self {
        Self { samples: None, seed: None, table: TableOptions::default(), scale: Scale::Auto, class_weights: None }
    }
}

impl Source {
    /// The sets that need no file.
    pub const GENERATED: [Self; 7] = [
        Self::Flower,
        Self::NoisyCircles,
        Self::NoisyMoons,
        Self::Blobs,
        Self::GaussianQuantiles,
        Self::Spirals,
        Self::Xor,
    ];

    /// The number of samples if none is given, for the notebook's sets the notebook's; none for a file, which has its
    /// own.
    pub fn default_samples(&self) -> Option<usize> {
        match self {
            Self::Flower => Some(400),
            Self::Csv(_) => None,
            _ => Some(200),
        }
    }

    /// The seed if none is given, for the notebook's sets the notebook's; none for a file.
    pub fn default_seed(&self) -> Option<u32> {
        match self {
            Self::Blobs => Some(BLOBS_SEED),
            Self::Csv(_) => None,
            _ => Some(DEFAULT_SEED),
        }
    }

    /// What else a generated set is called: by its last word, or in scikit-learn or TensorFlow Playground.
    fn other_names(&self) -> &'static [&'static str] {
        match self {
            Self::NoisyCircles => &["circles", "make_circles"],
            Self::NoisyMoons => &["moons", "make_moons"],
            Self::Blobs => &["make_blobs"],
            Self::GaussianQuantiles => &["quantiles", "make_gaussian_quantiles"],
            Self::Spirals => &["spiral"],
            Self::Flower | Self::Xor | Self::Csv(_) => &[],
        }
    }

    /// Makes or reads the data set, and scales nothing.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if an option does not apply to this source; [`Error::Invalid`] if the number of samples is
    /// odd, 0 or over [`MAX_SAMPLES`](super::MAX_SAMPLES); those of [`table::read`](super::table::read) for a file.
    pub fn load(&self, options: &Options) -> Result<Dataset> {
        let Self::Csv(path) = self else { return self.generate(options) };
        self.check(options)?;
        read(Input::Path(path), &options.table, &mut |_| ())?.dataset()
    }

    /// Makes a generated set, and scales nothing.
    ///
    /// # Errors
    /// As [`load`](Self::load); [`Error::Mismatch`] for a file.
    pub fn generate(&self, options: &Options) -> Result<Dataset> {
        self.check(options)?;
        let samples = options.samples.or(self.default_samples()).unwrap_or_default();
        let seed = options.seed.or(self.default_seed()).unwrap_or_default();
        room_for(samples, 2)?;
        match self {
            Self::Flower => flower(samples, seed),
            Self::NoisyCircles => noisy_circles(samples, seed),
            Self::NoisyMoons => noisy_moons(samples, seed),
            Self::Blobs => blobs(samples, seed),
            Self::GaussianQuantiles => gaussian_quantiles(samples, seed),
            Self::Spirals => spirals(samples, seed),
            Self::Xor => xor(samples, seed),
            Self::Csv(_) => Err(Error::Mismatch(format!("{self} is a file, not a generated set"))),
        }
    }

    /// Refuses options that would be ignored.
    pub(super) fn check(&self, options: &Options) -> Result<()> {
        let refuse = |option, reason| Err(Error::Mismatch(format!("{option} does not apply to {self}: {reason}")));
        match (self, options) {
            (Self::Csv(_), Options { samples: Some(_), .. }) => refuse("a number of samples", "a CSV file has its own"),
            (Self::Csv(_), Options { seed: Some(_), .. }) => refuse("a seed", "nothing in a CSV file is random"),
            (Self::Csv(_), _) => Ok(()),
            (_, Options { table: TableOptions { weights: Some(_), .. }, .. }) => {
                refuse("a column of weights", "only a CSV file has columns to choose from")
            }
            (_, Options { table: TableOptions { label: Some(_), .. }, .. }) => {
                refuse("a label column", "only a CSV file has columns to choose from")
            }
            (_, Options { table, .. })
                if (TableOptions { output: None, ..table.clone() }) != TableOptions::default() =>
            {
                refuse("how a table is read", "only a CSV file is one")
            }
            _ => Ok(()),
        }
    }
}

impl FromStr for Source {
    type Err = Error;

    /// A generated set's name, or the path of a CSV file: a text that ends as tables do, has a path separator or names a
    /// file; `-` is stdin. Unless a file has this name, case, hyphens and underscores do not count, and `moons`, `circles`,
    /// `quantiles`, `spiral` and scikit-learn's names such as `make_moons` are known too.
    ///
    /// # Errors
    /// [`Error::Invalid`] listing the names.
    fn from_str(text: &str) -> Result<Self> {
        if let Some(source) = Self::GENERATED.into_iter().find(|source| source.to_string() == text) {
            return Ok(source);
        }
        let lower = text.to_ascii_lowercase();
        let named_csv = [".csv", ".tsv", ".txt", ".data", ".gz"].iter().any(|end| lower.ends_with(end));
        if text == "-" || named_csv || text.contains(is_separator) || Path::new(text).is_file() {
            return Ok(Self::Csv(text.into()));
        }
        let is_meant = |source: &Self| is_one_of(text, &[&[&*source.to_string()], source.other_names()].concat());
        if let Some(source) = Self::GENERATED.into_iter().find(is_meant) {
            return Ok(source);
        }
        let names = Self::GENERATED.map(|source| source.to_string()).join(", ");
        Err(Error::invalid("the data set", format!("one of {names}, or a FILE.csv"), format_args!("'{text}'")))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flower => formatter.write_str("flower"),
            Self::NoisyCircles => formatter.write_str("noisy-circles"),
            Self::NoisyMoons => formatter.write_str("noisy-moons"),
            Self::Blobs => formatter.write_str("blobs"),
            Self::GaussianQuantiles => formatter.write_str("gaussian-quantiles"),
            Self::Spirals => formatter.write_str("spirals"),
            Self::Xor => formatter.write_str("xor"),
            Self::Csv(path) => write!(formatter, "{}", path.display()),
        }
    }
}
