//! Sums over samples, each of which counts as much as its weight.

use crate::{Error, Result};

/// The weights of samples, if they have any.
#[derive(Clone, Copy)]
pub(super) struct Weigh<'a>(pub Option<&'a [f64]>);

impl Weigh<'_> {
    /// Σ w·f over this many samples.
    pub fn sum(self, samples: usize, f: impl Fn(usize) -> f64) -> f64 {
        match self.0 {
            Some(weights) => (0..samples).map(|sample| weights[sample] * f(sample)).sum(),
            None => (0..samples).map(f).sum(),
        }
    }

    /// Σ w.
    pub fn total(self, samples: usize) -> f64 {
        self.sum(samples, |_| 1.0)
    }

    /// Σ w·f / Σ w.
    pub fn mean(self, samples: usize, f: impl Fn(usize) -> f64) -> f64 {
        self.sum(samples, f) / self.total(samples)
    }
}

/// Refuses samples, outputs, logits (samples × outputs) and weights that do not belong together.
pub(super) fn check(samples: usize, outputs: usize, logits: &[f64], weights: Option<&[f64]>) -> Result<()> {
    if logits.len() != samples * outputs {
        let wanted = if outputs == 1 { String::new() } else { format!(" with {outputs} outputs each") };
        return Err(Error::Mismatch(format!("{} logits do not belong to {samples} labels{wanted}", logits.len())));
    }
    if samples == 0 {
        return Err(Error::invalid("the number of samples", "at least 1", 0));
    }
    if let Some(weights) = weights.filter(|weights| weights.len() != samples) {
        return Err(Error::Mismatch(format!("{} weights do not belong to {samples} labels", weights.len())));
    }
    let unusable = weights.and_then(|weights| weights.iter().find(|weight| !(weight.is_finite() && **weight >= 0.0)));
    if let Some(weight) = unusable {
        return Err(Error::invalid("a weight", "a finite number of at least 0", weight));
    }
    if weights.is_some_and(|weights| weights.iter().all(|weight| *weight == 0.0)) {
        return Err(Error::invalid("at least one weight", "above 0", "0, as all are"));
    }
    match logits.iter().position(|logit| logit.is_nan()) {
        Some(at) => {
            Err(Error::invalid("a logit", "a number", format_args!("NaN, as of sample {}", at / outputs.max(1) + 1)))
        }
        None => Ok(()),
    }
}
