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
    /// z itself: layers that are linear.
    Identity,
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
    /// z where z > 0, else exp(z) − 1.
    Elu,
    /// ln(1 + exp(z)).
    Softplus,
    /// z·σ(z).
    Silu,
    /// z·½(1 + tanh(u)) = z·σ(2u) with u = √(2/π)·(z + 0.044715·z³): the form with tanh, not with erf.
    Gelu,
}

/// √(2/π) and the factor of z³ in gelu's u.
const GELU: [f64; 2] = [0.797_884_560_802_865_4, 0.044_715];

impl Activation {
    /// One of each kind, the ReLU with a slope at its default.
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Tanh,
        Self::Sigmoid,
        Self::Relu,
        Self::LeakyRelu { slope: DEFAULT_SLOPE },
        Self::Elu,
        Self::Softplus,
        Self::Silu,
        Self::Gelu,
    ];

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
            Self::Identity => z,
            Self::Tanh => z.tanh(),
            Self::Sigmoid => sigmoid(z),
            Self::Relu => leaky_relu(z, T::ZERO),
            Self::LeakyRelu { slope } => leaky_relu(z, T::from_f64(slope)),
            Self::Elu if z > T::ZERO => z,
            Self::Elu => z.exp_m1(),
            Self::Softplus => softplus(z),
            Self::Silu => z * sigmoid(z),
            Self::Gelu => z * sigmoid(gelu_argument(z)),
        }
    }

    /// g′(z). At z = 0 the ReLUs take the slope of the left side, as `where(z > 0, …)` does.
    pub fn derivative<T: Real>(self, z: T) -> T {
        match self {
            Self::Identity => T::ONE,
            Self::Tanh => T::from_f64(4.0) * sigmoid_derivative(z + z),
            Self::Sigmoid => sigmoid_derivative(z),
            Self::Relu => step(z, T::ZERO),
            Self::LeakyRelu { slope } => step(z, T::from_f64(slope)),
            Self::Elu if z > T::ZERO => T::ONE,
            Self::Elu => z.exp(),
            Self::Softplus => sigmoid(z),
            Self::Silu => sigmoid(z) + z * sigmoid_derivative(z),
            Self::Gelu => {
                let [scale, cubic] = GELU.map(T::from_f64);
                let slope = (scale + scale) * (T::ONE + T::from_f64(3.0) * cubic * z * z); // of 2u
                let u = gelu_argument(z);
                // beyond its range σ′ is 0, and 0·∞ would be NaN
                let bend = sigmoid_derivative(u);
                sigmoid(u) + if bend == T::ZERO { T::ZERO } else { z * bend * slope }
            }
        }
    }

    /// The name without a slope, such as `tanh` or `leaky-relu`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Elu => "elu",
            Self::Softplus => "softplus",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Relu => "relu",
            Self::LeakyRelu { .. } => "leaky-relu",
        }
    }

    /// The largest |g| between −z and z, for z ≥ 0.
    pub(crate) fn largest(self, z: f64) -> f64 {
        match self {
            Self::Tanh => z.min(1.0),
            Self::Sigmoid => 1.0,
            Self::Softplus => z + std::f64::consts::LN_2,
            Self::LeakyRelu { slope } => z * slope.abs().max(1.0),
            Self::Identity | Self::Relu | Self::Elu | Self::Silu | Self::Gelu => z,
        }
    }

    /// The largest |g′| anywhere.
    pub(crate) fn steepest(self) -> f64 {
        match self {
            Self::Sigmoid => 0.25,
            Self::LeakyRelu { slope } => slope.abs().max(1.0),
            Self::Silu => 1.1,
            Self::Gelu => 1.13,
            Self::Identity | Self::Tanh | Self::Relu | Self::Elu | Self::Softplus => 1.0,
        }
    }

    /// Whether it is one that the exercise's thread is about: tanh, σ or a ReLU. Their derivatives can be borrowed.
    pub fn is_of_the_exercise(self) -> bool {
        matches!(self, Self::Tanh | Self::Sigmoid | Self::Relu | Self::LeakyRelu { .. })
    }

    /// Whether g′ jumps at 0, so that there is no derivative there.
    pub fn has_kink(self) -> bool {
        matches!(self, Self::Relu | Self::LeakyRelu { .. })
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

/// ln(1 + exp(z)) as max(z, 0) + log1p(exp(−|z|)).
pub(crate) fn softplus<T: Real>(z: T) -> T {
    let positive = if z > T::ZERO { z } else { T::ZERO };
    positive + (-z.abs()).exp().ln_1p()
}

/// 2u of gelu.
fn gelu_argument<T: Real>(z: T) -> T {
    let [scale, cubic] = GELU.map(T::from_f64);
    (scale + scale) * (z + cubic * z * z * z)
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

    /// Reads a [`name`](Self::name), `leaky-relu` with or without its slope as in `leaky-relu:0.01`. Case, hyphens and
    /// underscores do not count: `LeakyReLU` and `leaky_relu` are read too. So are scikit-learn's `logistic` as `sigmoid`
    /// and `linear` as `identity`.
    fn from_str(text: &str) -> Result<Self> {
        let (name, slope) = match text.split_once(':') {
            Some((name, slope)) => (name, Some(slope)),
            None => (text, None),
        };
        match slope {
            None if is_one_of(name, &["identity", "linear"]) => Ok(Self::Identity),
            None if is_one_of(name, &["elu"]) => Ok(Self::Elu),
            None if is_one_of(name, &["softplus"]) => Ok(Self::Softplus),
            None if is_one_of(name, &["silu"]) => Ok(Self::Silu),
            None if is_one_of(name, &["gelu"]) => Ok(Self::Gelu),
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
                let wanted = "tanh, sigmoid, relu, leaky-relu:SLOPE, identity, elu, softplus, silu or gelu";
                Err(Error::invalid("the activation", wanted, format_args!("'{text}'")))
            }
        }
    }
}
