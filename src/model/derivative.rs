//! What stands for g′ in the backward pass: g's own derivative or, as a deliberate bug, another activation's.

use std::fmt;
use std::str::FromStr;

use super::{Activation, Real};
use crate::{Error, Result};

/// The factor g′(Z) of dZ = (Wᵀ·dZ above) ∘ g′(Z), and the g whose derivative it should be.
///
/// ```
/// use planar::model::Derivative;
/// let bug = Derivative { activation: "relu".parse()?, borrowed: Some("tanh".parse()?) };
/// assert_eq!(bug.at(3.0), -8.0); // 1 − A1² with A1 = relu(3)
/// assert_eq!(Derivative::of("relu".parse()?).at(3.0), 1.0);
/// # Ok::<(), planar::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Derivative {
    /// g, the activation of the forward pass.
    pub activation: Activation,
    /// The activation whose derivative is taken instead of g's, written in terms of A = g(Z).
    pub borrowed: Option<Activation>,
}

impl Derivative {
    /// g's own derivative.
    pub fn of(activation: Activation) -> Self {
        Self { activation, borrowed: None }
    }

    /// The factor at z.
    pub fn at<T: Real>(self, z: T) -> T {
        let Some(borrowed) = self.borrowed else { return self.activation.derivative(z) };
        let a = self.activation.apply(z);
        match borrowed {
            Activation::Tanh => T::ONE - a * a,
            Activation::Sigmoid => a * (T::ONE - a),
            _ => borrowed.derivative(z),
        }
    }

    /// Σ|terms| of the factor at z, by which its rounding is judged.
    pub fn magnitude(self, z: f64) -> f64 {
        let a = self.activation.apply(z).abs();
        match self.borrowed {
            Some(Activation::Tanh) => 1.0 + a * a,
            Some(Activation::Sigmoid) => a * (1.0 + a),
            _ => self.at(z).abs(),
        }
    }
}

impl fmt::Display for Derivative {
    /// `relu`, or `relu with tanh's derivative`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.borrowed {
            None => self.activation.fmt(f),
            Some(borrowed) => write!(f, "{} with {borrowed}'s derivative", self.activation),
        }
    }
}

impl FromStr for Derivative {
    type Err = Error;

    /// What [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    /// Those of an [`Activation`]'s name.
    ///
    /// ```
    /// use planar::model::Derivative;
    /// for text in ["leaky-relu:0.1", "relu with tanh's derivative"] {
    ///     assert_eq!(text.parse::<Derivative>()?.to_string(), text);
    /// }
    /// # Ok::<(), planar::Error>(())
    /// ```
    fn from_str(text: &str) -> Result<Self> {
        match text.strip_suffix("'s derivative").and_then(|text| text.split_once(" with ")) {
            Some((activation, borrowed)) => {
                Ok(Self { activation: activation.parse()?, borrowed: Some(borrowed.parse()?) })
            }
            None => text.parse().map(Self::of),
        }
    }
}
