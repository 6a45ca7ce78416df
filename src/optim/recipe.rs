//! How a network is trained, all but its learning rate.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rate::is_default;
use super::{Batches, Decay, Dropout, Optimizer, Rate, Step};
use crate::model::{Parameters, Real, params::Kind};
use crate::{Error, Result};

/// How a network is trained, all but its learning rate. The default is the exercise's: plain gradient descent over all
/// samples. Its JSON form has only what is not so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipe {
    /// The rule of an update.
    #[serde(skip_serializing_if = "is_default")]
    pub optimizer: Optimizer,
    /// The learning rate over time.
    #[serde(flatten)]
    pub rate: Rate,
    /// λ of (λ/2m)·ΣW² in the cost, m being the samples of the batch; biases are left out.
    #[serde(skip_serializing_if = "is_default")]
    pub l2: f64,
    /// The largest Euclidean norm of all gradients together; larger ones are scaled down to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Units that are left out.
    #[serde(flatten)]
    pub dropout: Dropout,
    /// Samples of a batch; all if none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
    /// The seed by which samples are shuffled each epoch; none for the order of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffle: Option<u32>,
}

impl Recipe {
    /// Whether each update is θ ← θ − α·dθ over all samples, and nothing else.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The batches out of this many samples.
    pub fn batches(&self, samples: usize) -> Batches {
        Batches::new(samples, self.batch_size.unwrap_or(samples), self.shuffle)
    }

    /// The numbers of an update, counted from 0, at a learning rate.
    pub fn step<T: Real>(&self, learning_rate: f64, update: u64) -> Step<T> {
        self.optimizer.step(learning_rate * self.rate.factor(update), update + 1)
    }

    /// (λ/2m)·ΣW² of a batch of m samples.
    pub fn penalty<T: Real>(&self, parameters: &Parameters<T>, samples: usize) -> T {
        let weights = parameters.layout().tensors().iter().filter(|tensor| tensor.kind == Kind::Weights);
        let squares = weights.flat_map(|tensor| &parameters.values()[tensor.range()]).map(|w| *w * *w).sum::<T>();
        squares * T::from_f64(0.5 * self.l2 / samples as f64)
    }

    /// What the gradient of a batch's mean loss becomes before the update: (λ/m)·W is added, then all is scaled down if its
    /// norm is too large, by clip / (norm + 1e-6) as PyTorch's `clip_grad_norm_`.
    pub fn regularise<T: Real>(&self, gradients: &mut Parameters<T>, parameters: &Parameters<T>, samples: usize) {
        if self.l2 != 0.0 {
            let factor = T::from_f64(self.l2 / samples as f64);
            let weights = parameters.layout().tensors().iter().filter(|tensor| tensor.kind == Kind::Weights);
            for range in weights.map(|tensor| tensor.range()) {
                let of = parameters.values()[range.clone()].iter();
                gradients.values_mut()[range].iter_mut().zip(of).for_each(|(gradient, w)| *gradient += factor * *w);
            }
        }
        if let Some(clip) = self.clip_norm {
            let norm = gradients.values().iter().map(|gradient| *gradient * *gradient).sum::<T>().sqrt();
            let factor = T::from_f64(clip) / (norm + T::from_f64(1e-6));
            if factor < T::ONE {
                gradients.values_mut().iter_mut().for_each(|gradient| *gradient = *gradient * factor);
            }
        }
    }

    /// The names and values of all that is not as in plain gradient descent.
    fn written(&self) -> Vec<(&'static str, String)> {
        let Self { optimizer, rate, l2, clip_norm, dropout, batch_size, shuffle } = self;
        let unless = |is_usual: bool, value: String| (!is_usual).then_some(value);
        let all = [
            ("optimizer", unless(*optimizer == Optimizer::Descent, optimizer.to_string())),
            ("batch size", batch_size.map(|size| size.to_string())),
            ("shuffle", shuffle.map(|seed| seed.to_string())),
            ("schedule", unless(rate.decay == Decay::Constant, rate.decay.to_string())),
            ("updates of the schedule", unless(rate.updates == 0, rate.updates.to_string())),
            ("warm-up", unless(rate.warmup == 0, rate.warmup.to_string())),
            ("L2", unless(*l2 == 0.0, l2.to_string())),
            ("clipped norm", clip_norm.map(|clip| clip.to_string())),
            ("dropout", unless(dropout.is_none(), dropout.rate.to_string())),
            ("seed of the dropout", unless(dropout.is_none(), dropout.seed.to_string())),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The first difference from another, in words.
    pub fn difference(&self, here: &Self) -> Option<String> {
        let (there, here) = (self.written(), here.written());
        let usual = |name: &str| if name == "optimizer" { Optimizer::Descent.to_string() } else { "none".into() };
        let value = |of: &[(&str, String)], name: &str| {
            let found = of.iter().find(|(other, _)| *other == name);
            found.map_or_else(|| usual(name), |(_, value)| value.clone())
        };
        let (differs, _) = there.iter().chain(&here).find(|(name, _)| value(&there, name) != value(&here, name))?;
        Some(format!("its {differs} is {}, not {}", value(&there, differs), value(&here, differs)))
    }

    /// Whether it can train on this many samples.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a number outside its range.
    pub fn check(&self, samples: usize) -> Result<()> {
        self.optimizer.check()?;
        self.rate.check()?;
        self.dropout.check()?;
        if !(self.l2 >= 0.0 && (self.l2 as f32).is_finite()) {
            return Err(Error::invalid("λ of L2", "a finite number of at least 0", self.l2));
        }
        if let Some(clip) = self.clip_norm.filter(|clip| !(*clip as f32 > 0.0 && (*clip as f32).is_finite())) {
            return Err(Error::invalid("the clipped norm", "a finite number above 0", clip));
        }
        match self.batch_size {
            Some(size) if !(1..=samples).contains(&size) => {
                let wanted = format!("between 1 and the {samples} samples that are trained on");
                Err(Error::invalid("the batch size", wanted, size))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Recipe {
    /// `gd`, or as in `adam, batch size 64, shuffle 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.optimizer)?;
        let others = self.written().into_iter().filter(|(name, _)| *name != "optimizer");
        others.into_iter().try_for_each(|(name, value)| write!(f, ", {name} {value}"))
    }
}
