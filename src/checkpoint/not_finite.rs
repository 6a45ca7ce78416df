//! What a file of weights holds that is not finite, which every reader refuses: where it is, for who looks for its cause.

use std::fmt;
use std::path::Path;

use safetensors::SafeTensors;
use serde::Serialize;

use super::weights::{any_numbers, said};
use super::{BEST, MOMENT, can_hold};
use crate::{Error, Result};

/// A tensor of a file with elements that are not finite in `f32`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotFinite {
    /// Its name, such as `moment1.W3`.
    pub tensor: String,
    /// How many elements are not finite, or of a second moment below 0.
    pub elements: usize,
    /// Row and column of the first of them, from 0.
    pub at: [usize; 2],
    /// Its value: `NaN`, `inf` or `-inf`; of `F64` also a number beyond the range of `f32`; of a second moment also one below 0.
    pub value: String,
    /// Whether it is a moment of an optimiser, not a weight or a bias.
    pub is_moment: bool,
    /// The layer that it belongs to, counted from 1 at the inputs, if its name tells.
    pub layer: Option<usize>,
}

impl NotFinite {
    /// Those of a file, weights first, in the order of the layers.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::Checkpoint`] if it is not a safetensors file.
    pub fn all_of(path: &Path) -> Result<Vec<Self>> {
        let bytes = crate::files::read(path)?;
        let refuse = |error| Error::Checkpoint { path: path.into(), problem: said(&error) };
        let tensors = SafeTensors::deserialize(&bytes).map_err(refuse)?;
        let mut found: Vec<Self> =
            tensors.iter().filter_map(|(name, view)| Self::of(name, view.shape(), &any_numbers(&view)?)).collect();
        found.sort_by(|a, b| (a.is_moment, a.layer, &a.tensor).cmp(&(b.is_moment, b.layer, &b.tensor)));
        Ok(found)
    }

    /// Whether a new run that starts from the file's weights would take it.
    pub fn is_of_start(&self) -> bool {
        !self.is_moment && !self.tensor.starts_with(BEST)
    }

    fn of(name: &str, shape: &[usize], values: &[f64]) -> Option<Self> {
        let is_broken = |value: &f64| !can_hold(name, *value);
        let first = values.iter().position(is_broken)?;
        let columns = shape.get(1).copied().unwrap_or(1).max(1);
        let own = name.strip_prefix(BEST).unwrap_or(name);
        let (is_moment, own) = match own.strip_prefix(MOMENT).and_then(|rest| rest.split_once('.')) {
            Some((_, own)) => (true, own),
            None => (false, own),
        };
        Some(Self {
            tensor: name.into(),
            elements: values.iter().filter(|value| is_broken(value)).count(),
            at: [first / columns, first % columns],
            value: values[first].to_string(),
            is_moment,
            layer: own.strip_prefix(['W', 'b']).and_then(|number| number.parse().ok()),
        })
    }
}

impl fmt::Display for NotFinite {
    /// `moment1.W3 holds NaN at row 2, column 0, the first of 3 such elements`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tensor, elements, at: [row, column], value, .. } = self;
        write!(f, "{tensor} holds {value} at row {row}, column {column}")?;
        if *elements > 1 { write!(f, ", the first of {elements} such elements") } else { Ok(()) }
    }
}
