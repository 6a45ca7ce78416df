//! The learning rate over time.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How the learning rate falls. Updates are counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Decay {
    /// It does not.
    #[default]
    Constant,
    /// ½·(1 + cos(π·t/T)) of it at update t of T, and 0 behind the last.
    Cosine,
    /// factor^⌊t/every⌋ of it at update t.
    Step {
        /// Updates between two changes.
        every: u64,
        /// What the rate is multiplied by at each.
        factor: f64,
    },
    /// (1 + growth·⌊t/every⌋)^−power of it at update t: scikit-learn's `invscaling`, whose steps are epochs and whose
    /// growth is their number of samples.
    Inverse {
        /// Updates between two changes.
        every: u64,
        /// What is added to 1 at each.
        growth: f64,
        /// How fast the rate falls.
        power: f64,
    },
}

/// The learning rate's course: its decay, times (t + 1)/N in the first N updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rate {
    /// How it falls.
    #[serde(rename = "schedule", skip_serializing_if = "is_default")]
    pub decay: Decay,
    /// N, the updates in which it rises.
    #[serde(skip_serializing_if = "is_default")]
    pub warmup: u64,
    /// T, the updates over which the cosine falls: those of the whole training.
    #[serde(rename = "schedule_updates", skip_serializing_if = "is_default")]
    pub updates: u64,
}

impl Rate {
    /// What the learning rate is multiplied by at an update, counted from 0.
    ///
    /// ```
    /// use planar::optim::Rate;
    /// let rate = Rate { decay: "cosine".parse()?, warmup: 0, updates: 100 };
    /// assert_eq!([0, 50, 100].map(|t| (1e6 * rate.factor(t)).round() / 1e6), [1.0, 0.5, 0.0]);
    /// let rate = Rate { decay: "step:10:0.5".parse()?, warmup: 4, updates: 100 };
    /// assert_eq!([0, 3, 9, 10, 20].map(|t| rate.factor(t)), [0.25, 1.0, 1.0, 0.5, 0.25]);
    /// let rate = Rate { decay: "inverse:2:3:0.5".parse()?, warmup: 0, updates: 100 };
    /// assert_eq!([0, 1, 2, 3, 10].map(|t| rate.factor(t)), [1.0, 1.0, 0.5, 0.5, 0.25]);
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn factor(&self, update: u64) -> f64 {
        let t = update as f64;
        let risen = if update < self.warmup { (t + 1.0) / self.warmup as f64 } else { 1.0 };
        risen
            * match self.decay {
                Decay::Constant => 1.0,
                Decay::Cosine if update >= self.updates => 0.0,
                Decay::Cosine => 0.5 * (1.0 + (PI * t / self.updates as f64).cos()),
                Decay::Step { every, factor } => factor.powf((update / every.max(1)) as f64),
                Decay::Inverse { every, growth, power } => (1.0 + growth * (update / every.max(1)) as f64).powf(-power),
            }
    }

    /// # Errors
    /// [`Error::Invalid`] if steps are 0 updates apart or their factor is not a finite number above 0.
    pub(super) fn check(&self) -> Result<()> {
        match self.decay {
            Decay::Step { every: 0, .. } | Decay::Inverse { every: 0, .. } => {
                Err(Error::invalid("the schedule's step", "at least 1 update", 0))
            }
            Decay::Step { factor, .. } if !(factor > 0.0 && factor.is_finite()) => {
                Err(Error::invalid("the schedule's factor", "a finite number above 0", factor))
            }
            Decay::Inverse { growth, power, .. } => {
                let wrong = [growth, power].into_iter().find(|number| !(*number >= 0.0 && number.is_finite()));
                wrong.map_or(Ok(()), |number| {
                    Err(Error::invalid("the schedule's growth and power", "finite numbers of at least 0", number))
                })
            }
            _ => Ok(()),
        }
    }
}

/// Whether a value need not be written.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl fmt::Display for Decay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.write_str("constant"),
            Self::Cosine => f.write_str("cosine"),
            Self::Step { every, factor } => write!(f, "step:{every}:{factor}"),
            Self::Inverse { every, growth, power } => write!(f, "inverse:{every}:{growth}:{power}"),
        }
    }
}

impl From<Decay> for String {
    fn from(decay: Decay) -> Self {
        decay.to_string()
    }
}

impl TryFrom<String> for Decay {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl FromStr for Decay {
    type Err = Error;

    /// Reads `constant`, `cosine`, `step:EVERY:FACTOR` or `inverse:EVERY:GROWTH:POWER`.
    fn from_str(text: &str) -> Result<Self> {
        let step =
            |every: &str, factor: &str| Some(Self::Step { every: every.parse().ok()?, factor: factor.parse().ok()? });
        let inverse = |every: &str, growth: &str, power: &str| {
            let [growth, power] = [growth.parse().ok()?, power.parse().ok()?];
            Some(Self::Inverse { every: every.parse().ok()?, growth, power })
        };
        let decay = match text.split(':').collect::<Vec<_>>()[..] {
            ["constant"] => Some(Self::Constant),
            ["cosine"] => Some(Self::Cosine),
            ["step", every, factor] => step(every, factor),
            ["inverse", every, growth, power] => inverse(every, growth, power),
            _ => None,
        };
        let wanted = "constant, cosine, step:EVERY:FACTOR as in step:1000:0.5, or inverse:EVERY:GROWTH:POWER";
        let decay = decay.ok_or_else(|| Error::invalid("the schedule", wanted, format_args!("'{text}'")))?;
        Rate { decay, ..Rate::default() }.check().map(|()| decay)
    }
}
