//! What the outputs of a network mean: the loss and its derivative, from Z of the last layer. `shaders/lib/output.wgsl`
//! holds the same formulas.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Real;
use super::activation::sigmoid;
use super::loss::logit_loss;
use crate::names::is_one_of;
use crate::{Error, Result};

/// What the last layer's Z are: it owns the loss, its derivative, and the predictions.
///
/// ```
/// use planar::model::Output;
/// let (z, y) = ([1.0, 1.0], [1.0, 0.0]);
/// assert_eq!(Output::Softmax.loss(&z, &y), std::f64::consts::LN_2);
/// assert_eq!(Output::Softmax.predictions(&z), [0.5, 0.5]);
/// assert_eq!(Output::Squares.loss(&z, &y), 0.5); // half the squared distance
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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

    /// The loss of one sample, from its Z and what its outputs should be:
    ///
    /// - logistic: Σ softplus(z) − z·y, the cross-entropy of each output;
    /// - softmax: ln Σ exp(z) − Σ z·y, where y is 1 for the sample's class and 0 for the others;
    /// - squares: ½·Σ (z − y)².
    pub fn loss<T: Real>(self, z: &[T], y: &[T]) -> T {
        let pairs = || z.iter().zip(y);
        match self {
            Self::Logistic => pairs().map(|(z, y)| logit_loss(*z, *y)).sum(),
            Self::Softmax => {
                // from the largest on, so that no exp overflows: ln Σ exp(z − max) − Σ (z − max)·y
                let largest = largest(z);
                let sum: T = z.iter().map(|z| (*z - largest).exp()).sum();
                let right: T = pairs().map(|(z, y)| (*z - largest) * *y).sum();
                sum.ln() - right
            }
            Self::Squares => {
                let sum: T = pairs().map(|(z, y)| (*z - *y) * (*z - *y)).sum();
                sum * T::from_f64(0.5)
            }
        }
    }

    /// dZ of one sample, the derivative of its loss: in every case prediction − y.
    pub fn delta<T: Real>(self, z: &[T], y: &[T]) -> Vec<T> {
        let mut delta = self.predictions(z);
        delta.iter_mut().zip(y).for_each(|(delta, y)| *delta -= *y);
        delta
    }

    /// What the network predicts of one sample, from its Z: σ(z), exp(z) / Σ exp, or z.
    pub fn predictions<T: Real>(self, z: &[T]) -> Vec<T> {
        match self {
            Self::Logistic => z.iter().map(|z| sigmoid(*z)).collect(),
            Self::Softmax => {
                let largest = largest(z);
                let mut shares: Vec<T> = z.iter().map(|z| (*z - largest).exp()).collect();
                let sum: T = shares.iter().copied().sum();
                shares.iter_mut().for_each(|share| *share = *share / sum);
                shares
            }
            Self::Squares => z.to_vec(),
        }
    }
}

/// The largest of the numbers; NaN counts as below all.
fn largest<T: Real>(z: &[T]) -> T {
    z.iter().copied().reduce(|a, b| if b > a { b } else { a }).unwrap_or(T::ZERO)
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
