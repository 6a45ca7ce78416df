//! g and g′ of the hidden layers. `shaders/lib/activation.wgsl` holds the same formulas.

use std::fmt;
use std::str::FromStr;

use super::Real;
use crate::names::is_one_of;
use crate::{Error, Result};

/// The slope of `leaky-relu` below 0 unless another is given.
pub const DEFAULT_SLOPE: f64 = 0.01;

/// The activation function g of the hidden layers, applied to each element of Z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// tanh(z).
    Tanh,
    /// σ(z) = 1 / (1 + exp(−z)).
    Sigmoid,
    /// z where z > 0, else 0.
    Relu,
    /// z where z > 0, else slope·z.
    LeakyRelu {
        /// The slope below 0.
        slope: f64,
    },
}

impl Activation {
    /// g(z).
    ///
    /// ```
    /// use planar::model::Activation;
    /// let g: Activation = "leaky-relu:0.2".parse()?;
    /// assert_eq!((g.apply(3.0), g.apply(-3.0)), (3.0, -0.6000000000000001));
    /// assert_eq!((g.derivative(3.0), g.derivative(-3.0)), (1.0, 0.2));
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn apply<T: Real>(self, z: T) -> T {
        match self {
            Self::Tanh => z.tanh(),
            Self::Sigmoid => sigmoid(z),
            Self::Relu => leaky_relu(z, T::ZERO),
            Self::LeakyRelu { slope } => leaky_relu(z, T::from_f64(slope)),
        }
    }

    /// g′(z). At z = 0 the ReLUs take the slope of the left side, as `where(z > 0, …)` does.
    pub fn derivative<T: Real>(self, z: T) -> T {
        match self {
            Self::Tanh => T::from_f64(4.0) * sigmoid_derivative(z + z),
            Self::Sigmoid => sigmoid_derivative(z),
            Self::Relu => step(z, T::ZERO),
            Self::LeakyRelu { slope } => step(z, T::from_f64(slope)),
        }
    }

    /// The name without a slope: `tanh`, `sigmoid`, `relu` or `leaky-relu`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Relu => "relu",
            Self::LeakyRelu { .. } => "leaky-relu",
        }
    }

    /// The slope below 0 of the two ReLUs; 0 for the others.
    pub fn slope(self) -> f64 {
        match self {
            Self::LeakyRelu { slope } => slope,
            _ => 0.0,
        }
    }
}

/// σ(z), by the sign of z so that exp never overflows: e = exp(−|z|), then 1 / (1 + e) or e / (1 + e).
pub fn sigmoid<T: Real>(z: T) -> T {
    let e = (-z.abs()).exp();
    if z < T::ZERO { e / (T::ONE + e) } else { T::ONE / (T::ONE + e) }
}

/// σ′(z) = e / (1 + e)² with e = exp(−|z|); tanh′(z) = 4·σ′(2z). Unlike a·(1 − a), and 1 − a² for tanh, it keeps its
/// digits where a rounds to 1.
fn sigmoid_derivative<T: Real>(z: T) -> T {
    let e = (-z.abs()).exp();
    e / ((T::ONE + e) * (T::ONE + e))
}

fn leaky_relu<T: Real>(z: T, slope: T) -> T {
    if z > T::ZERO {
        z
    } else if slope == T::ZERO {
        T::ZERO // as where(z > 0, z, 0): a NaN gives 0, and −∞ too
    } else {
        slope * z
    }
}

fn step<T: Real>(z: T, slope: T) -> T {
    if z > T::ZERO { T::ONE } else { slope }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeakyRelu { slope } => write!(f, "leaky-relu:{slope}"),
            other => f.write_str(other.name()),
        }
    }
}

impl FromStr for Activation {
    type Err = Error;

    /// Reads `tanh`, `sigmoid`, `relu`, `leaky-relu` or `leaky-relu:SLOPE`. Case, hyphens and underscores do not count:
    /// `LeakyReLU` and `leaky_relu` are read too, and scikit-learn's `logistic` as `sigmoid`.
    fn from_str(text: &str) -> Result<Self> {
        let (name, slope) = match text.split_once(':') {
            Some((name, slope)) => (name, Some(slope)),
            None => (text, None),
        };
        match slope {
            None if is_one_of(name, &["tanh"]) => Ok(Self::Tanh),
            None if is_one_of(name, &["sigmoid", "logistic"]) => Ok(Self::Sigmoid),
            None if is_one_of(name, &["relu"]) => Ok(Self::Relu),
            None if is_one_of(name, &["leaky-relu"]) => Ok(Self::LeakyRelu { slope: DEFAULT_SLOPE }),
            Some(slope) if is_one_of(name, &["leaky-relu"]) => match slope.parse::<f64>() {
                Ok(slope) if slope.is_finite() => Ok(Self::LeakyRelu { slope }),
                _ => {
                    let wanted = "a finite number, as in leaky-relu:0.01";
                    Err(Error::invalid("the slope of leaky-relu", wanted, format_args!("'{slope}'")))
                }
            },
            _ => {
                let wanted = "tanh, sigmoid, relu or leaky-relu:SLOPE";
                Err(Error::invalid("the activation", wanted, format_args!("'{text}'")))
            }
        }
    }
}
