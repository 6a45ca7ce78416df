//! What the outputs of a network mean.

use std::fmt;
use std::str::FromStr;

use crate::names::is_one_of;
use crate::{Error, Result};

/// What the last layer's Z are: it owns the loss, its derivative, and what is told of how good they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Output {
    /// A logit per output, each the answer to a question of yes or no; the loss is the sum of the outputs' cross-entropies.
    #[default]
    Logistic,
    /// A logit per class, of which one is right; the loss is −ln of its share in Σ exp.
    Softmax,
    /// Numbers; the loss is half the squared distance to the right ones.
    Squares,
}

impl Output {
    /// Every output.
    pub const ALL: [Self; 3] = [Self::Logistic, Self::Softmax, Self::Squares];

    /// `logistic`, `softmax` or `squares`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic",
            Self::Softmax => "softmax",
            Self::Squares => "squares",
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Output {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|output| is_one_of(text, &[output.name()]));
        found.ok_or_else(|| Error::invalid("the output", "logistic, softmax or squares", format_args!("'{text}'")))
    }
}
