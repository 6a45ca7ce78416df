//! How large the weights are at the start.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::is_one_of;
use crate::{Error, Result};

/// What NumPy's `randn` is multiplied by: a number, or one that fits the inputs of each layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum InitScale {
    /// The same for every layer.
    Fixed(f64),
    /// By the number of inputs.
    Named(ByInputs),
}

/// A scale by the number of a layer's inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ByInputs {
    /// √(2/n), which keeps the size of A from layer to layer of ReLUs (He and others, 2015).
    He,
    /// √(1/n), which keeps it from layer to layer of tanh (Xavier Glorot and Yoshua Bengio, 2010, as the course has it).
    Xavier,
}

impl InitScale {
    /// √(2/n).
    pub const HE: Self = Self::Named(ByInputs::He);
    /// √(1/n).
    pub const XAVIER: Self = Self::Named(ByInputs::Xavier);

    /// The factor of a layer with this many inputs.
    pub fn of(self, inputs: usize) -> f64 {
        match self {
            Self::Fixed(scale) => scale,
            Self::Named(ByInputs::He) => (2.0 / inputs as f64).sqrt(),
            Self::Named(ByInputs::Xavier) => (1.0 / inputs as f64).sqrt(),
        }
    }
}

impl Default for InitScale {
    /// The notebook's.
    fn default() -> Self {
        Self::Fixed(0.01)
    }
}

impl From<f64> for InitScale {
    fn from(scale: f64) -> Self {
        Self::Fixed(scale)
    }
}

impl fmt::Display for InitScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(scale) => scale.fmt(f),
            Self::Named(ByInputs::He) => f.write_str("he"),
            Self::Named(ByInputs::Xavier) => f.write_str("xavier"),
        }
    }
}

impl FromStr for InitScale {
    type Err = Error;

    /// Reads a finite number, `he` or `xavier`.
    fn from_str(text: &str) -> Result<Self> {
        match text.parse::<f64>() {
            Ok(scale) if (scale as f32).is_finite() => Ok(Self::Fixed(scale)),
            Err(_) if is_one_of(text, &["he"]) => Ok(Self::HE),
            Err(_) if is_one_of(text, &["xavier", "glorot"]) => Ok(Self::XAVIER),
            _ => {
                let wanted = "a finite number in the range of f32, he or xavier";
                Err(Error::invalid("the initial scale", wanted, format_args!("'{text}'")))
            }
        }
    }
}
