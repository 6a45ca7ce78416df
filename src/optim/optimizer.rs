//! What becomes of a parameter and its moments when its gradient is known. `shaders/lib/optimizer.wgsl` holds the same
//! formulas.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::Real;
use crate::names::is_one_of;
use crate::{Error, Result};

/// The rule of an update, as PyTorch's SGD, Adam and AdamW have it. α is the learning rate, g the gradient, t the number of
/// the update, counted from 1; moments start at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Optimizer {
    /// θ ← θ − α·g.
    #[default]
    Descent,
    /// v ← β·v + g; θ ← θ − α·v.
    Momentum {
        /// β.
        beta: f64,
    },
    /// v ← β·v + g; θ ← θ − α·(g + β·v).
    Nesterov {
        /// β.
        beta: f64,
    },
    /// m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; θ ← θ − α·m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ) and
    /// v̂ = v / (1 − β₂ᵗ).
    Adam {
        /// β₁ and β₂.
        betas: [f64; 2],
        /// ε.
        epsilon: f64,
        /// What is taken off every parameter beside the gradient, as θ ← θ − α·decay·θ; 0 in Adam, 0.01 in AdamW unless
        /// another is given.
        decay: f64,
    },
}

/// What differs between the updates of one rule, in the precision of the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step<T> {
    /// α.
    pub rate: T,
    /// 1 − α·decay.
    pub keep: T,
    /// 1 / (1 − β₁ᵗ).
    pub first: T,
    /// 1 / (1 − β₂ᵗ).
    pub second: T,
}

/// Adam's numbers unless others are given: β₁, β₂ and ε.
const ADAM: [f64; 3] = [0.9, 0.999, 1e-8];
/// AdamW's decay unless another is given.
const DECAY: f64 = 0.01;
/// β of momentum and Nesterov unless another is given.
const BETA: f64 = 0.9;

impl Optimizer {
    /// The rules with their usual numbers.
    pub const ALL: [Self; 5] = [
        Self::Descent,
        Self::Momentum { beta: BETA },
        Self::Nesterov { beta: BETA },
        Self::Adam { betas: [ADAM[0], ADAM[1]], epsilon: ADAM[2], decay: 0.0 },
        Self::Adam { betas: [ADAM[0], ADAM[1]], epsilon: ADAM[2], decay: DECAY },
    ];

    /// `gd`, `momentum`, `nesterov`, `adam` or `adamw`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Descent => "gd",
            Self::Momentum { .. } => "momentum",
            Self::Nesterov { .. } => "nesterov",
            Self::Adam { decay: 0.0, .. } => "adam",
            Self::Adam { .. } => "adamw",
        }
    }

    /// How many numbers are kept beside each parameter.
    pub fn moments(self) -> usize {
        match self {
            Self::Descent => 0,
            Self::Momentum { .. } | Self::Nesterov { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }

    /// The numbers of update `t`, counted from 1, at a learning rate.
    pub fn step<T: Real>(self, rate: f64, t: u64) -> Step<T> {
        let unbiased = |beta: f64| 1.0 / (1.0 - beta.powf(t as f64));
        let (keep, [first, second]) = match self {
            Self::Adam { betas, decay, .. } => (1.0 - rate * decay, betas.map(unbiased)),
            _ => (1.0, [1.0; 2]),
        };
        Step {
            rate: T::from_f64(rate),
            keep: T::from_f64(keep),
            first: T::from_f64(first),
            second: T::from_f64(second),
        }
    }

    /// One update of parameters. The moments are the first of every parameter, then the second of every parameter.
    pub fn update<T: Real>(self, step: &Step<T>, parameters: &mut [T], gradients: &[T], moments: &mut [T]) {
        let count = parameters.len();
        let (first, second) = moments.split_at_mut(count.min(moments.len()));
        let each = parameters.iter_mut().zip(gradients);
        match self {
            Self::Descent => each.for_each(|(theta, g)| *theta -= step.rate * *g),
            Self::Momentum { beta } => {
                let beta = T::from_f64(beta);
                for ((theta, g), v) in each.zip(first) {
                    *v = beta * *v + *g;
                    *theta -= step.rate * *v;
                }
            }
            Self::Nesterov { beta } => {
                let beta = T::from_f64(beta);
                for ((theta, g), v) in each.zip(first) {
                    *v = beta * *v + *g;
                    *theta -= step.rate * (*g + beta * *v);
                }
            }
            Self::Adam { betas, epsilon, .. } => {
                let ([b1, b2], epsilon) = (betas.map(T::from_f64), T::from_f64(epsilon));
                let [c1, c2] = betas.map(|beta| T::from_f64(1.0 - beta));
                for (((theta, g), m), v) in each.zip(first).zip(second) {
                    *m = b1 * *m + c1 * *g;
                    *v = b2 * *v + c2 * *g * *g;
                    let towards = *m * step.first / ((*v * step.second).sqrt() + epsilon);
                    *theta = *theta * step.keep - step.rate * towards;
                }
            }
        }
    }

    /// Whether its numbers can train.
    ///
    /// # Errors
    /// [`Error::Invalid`] for β outside [0, 1), ε that is not above 0, or a decay below 0, in the range of `f32`.
    pub fn check(self) -> Result<()> {
        let betas = match self {
            Self::Descent => vec![],
            Self::Momentum { beta } | Self::Nesterov { beta } => vec![beta],
            Self::Adam { betas, epsilon, decay } => {
                if !(epsilon as f32 > 0.0 && (epsilon as f32).is_finite()) {
                    return Err(Error::invalid("the optimiser's ε", "a number above 0 in the range of f32", epsilon));
                }
                if !(decay >= 0.0 && (decay as f32).is_finite()) {
                    return Err(Error::invalid("the optimiser's decay", "a finite number of at least 0", decay));
                }
                betas.into()
            }
        };
        // in f32, the precision of devices, a β next to 1 is 1
        match betas.into_iter().find(|beta| !(*beta >= 0.0 && (*beta as f32) < 1.0)) {
            Some(beta) => {
                Err(Error::invalid("the optimiser's β", "at least 0 and below 1, in single precision too", beta))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for Optimizer {
    /// As it is read: the name, and the numbers that are not the usual ones with those before them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match *self {
            Self::Descent => Ok(()),
            Self::Momentum { beta } | Self::Nesterov { beta } => write!(f, ":{beta}"),
            Self::Adam { betas: [b1, b2], epsilon, decay } => {
                let (given, usual) = ([b1, b2, epsilon, decay], [ADAM[0], ADAM[1], ADAM[2], usual_decay(decay)]);
                let count = (0..4).rev().find(|n| given[*n] != usual[*n]).map_or(0, |last| last + 1);
                given[..count].iter().try_for_each(|number| write!(f, ":{number}"))
            }
        }
    }
}

fn usual_decay(decay: f64) -> f64 {
    if decay == 0.0 { 0.0 } else { DECAY }
}

impl From<Optimizer> for String {
    fn from(optimizer: Optimizer) -> Self {
        optimizer.to_string()
    }
}

impl TryFrom<String> for Optimizer {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl FromStr for Optimizer {
    type Err = Error;

    /// Reads `gd`, `momentum[:β]`, `nesterov[:β]`, `adam[:β₁[:β₂[:ε]]]` or `adamw[:β₁[:β₂[:ε[:DECAY]]]]`.
    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let wrong = || {
            let wanted = "gd, momentum:β, nesterov:β, adam:β1:β2:ε or adamw:β1:β2:ε:DECAY, the numbers being optional";
            Error::invalid("the optimiser", wanted, format_args!("'{text}'"))
        };
        let numbers: Vec<f64> = parts.map(str::parse).collect::<std::result::Result<_, _>>().map_err(|_| wrong())?;
        let or = |n: usize, usual: f64| numbers.get(n).copied().unwrap_or(usual);
        let is = |names: &[&str], most: usize| is_one_of(name, names) && numbers.len() <= most;
        let adam = |decay| Self::Adam { betas: [or(0, ADAM[0]), or(1, ADAM[1])], epsilon: or(2, ADAM[2]), decay };
        let optimizer = match () {
            () if is(&["gd", "sgd"], 0) => Self::Descent,
            () if is(&["momentum"], 1) => Self::Momentum { beta: or(0, BETA) },
            () if is(&["nesterov"], 1) => Self::Nesterov { beta: or(0, BETA) },
            () if is(&["adam"], 3) => adam(0.0),
            () if is(&["adamw"], 4) => adam(or(3, DECAY)),
            () => return Err(wrong()),
        };
        optimizer.check().map(|()| optimizer)
    }
}
