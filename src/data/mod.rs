//! Data sets: points in the plane, or in any number of dimensions, with a label 0 or 1.

pub mod csv;
mod flower;
mod generated;
pub mod numpy_random;
mod playground;
mod scikit;
mod source;
mod split;

pub use flower::flower;
pub use generated::MAX_SAMPLES;
pub use playground::{spirals, xor};
pub use scikit::{BLOBS_SEED, blobs, gaussian_quantiles, gaussian_quantiles_of, noisy_circles, noisy_moons};
pub use source::{DEFAULT_SEED, Options, Source};

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The most numbers in X, samples × features: 8 GiB of `f64`.
pub const MAX_NUMBERS: usize = 1 << 30;

/// Samples with labels; a clone shares them. They are checked: at least one sample, every value finite, every label 0 or 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    name: String,
    seed: Option<u32>,
    features: usize,
    /// X, row-major (features × samples), as the notebook has it.
    inputs: Arc<[f64]>,
    /// Y, one 0 or 1 per sample.
    labels: Arc<[u8]>,
}

impl Dataset {
    /// SHA-256 of the number of features, X (features × samples) as little-endian `f64`, and Y, in hexadecimal.
    pub fn sha256(&self) -> String {
        let mut sha = Sha256::new();
        sha.update((self.features as u64).to_le_bytes());
        self.inputs.iter().for_each(|value| sha.update(value.to_le_bytes()));
        sha.update(&self.labels);
        sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A data set from its points, row-major (samples × features), and one label per point.
    ///
    /// # Errors
    /// [`Error::Invalid`] without samples or features, with over [`MAX_NUMBERS`] values, with a value that is not
    /// finite, or with a label that is neither 0 nor 1; [`Error::Mismatch`] if the numbers of points and labels differ.
    ///
    /// ```
    /// let xor = planar::data::Dataset::from_points("xor", None, 2, &[0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0])?;
    /// assert_eq!((xor.samples(), xor.features()), (4, 2));
    /// assert_eq!(xor.inputs(), [0., 0., 1., 1., 0., 1., 0., 1.]); // X, features × samples
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn from_points(
        name: impl Into<String>,
        seed: Option<u32>,
        features: usize,
        points: &[f64],
        labels: Vec<u8>,
    ) -> Result<Self> {
        let samples = labels.len();
        if samples == 0 {
            return Err(Error::invalid("the number of samples", "at least 1", 0));
        }
        if features == 0 {
            return Err(Error::invalid("the number of features", "at least 1", 0));
        }
        if numbers(samples, features)? != points.len() {
            let message = format!("{} values do not make {samples} samples of {features} features", points.len());
            return Err(Error::Mismatch(message));
        }
        if let Some(value) = points.iter().find(|value| !is_usable(**value)) {
            return Err(Error::invalid("a feature", "a finite number in the range of f32", value));
        }
        if let Some(label) = labels.iter().find(|label| **label > 1) {
            return Err(Error::invalid("a label", "0 or 1", label));
        }
        let inputs = (0..features).flat_map(|f| (0..samples).map(move |s| points[s * features + f])).collect();
        Ok(Self { name: name.into(), seed, features, inputs, labels: labels.into() })
    }

    /// The name of the generated set or the CSV file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The seed that made it, or none for a file.
    pub fn seed(&self) -> Option<u32> {
        self.seed
    }

    /// n_x, the number of features.
    pub fn features(&self) -> usize {
        self.features
    }

    /// m, the number of samples.
    pub fn samples(&self) -> usize {
        self.labels.len()
    }

    /// X, row-major (features × samples).
    pub fn inputs(&self) -> &[f64] {
        &self.inputs
    }

    /// Y: one 0 or 1 per sample.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The features of one sample; empty if there is no such sample.
    pub fn point(&self, sample: usize) -> impl Iterator<Item = f64> + '_ {
        let features = if sample < self.samples() { self.features } else { 0 };
        (0..features).map(move |feature| self.inputs[feature * self.samples() + sample])
    }

    /// All points, row-major (samples × features), as inference takes them.
    pub fn points(&self) -> Vec<f64> {
        (0..self.samples()).flat_map(|sample| self.point(sample)).collect()
    }

    /// The share of samples whose predicted class (1 if the logit is above 0, that is, A2 > 0.5) is the label.
    /// A sample without a logit counts as missed.
    pub fn accuracy(&self, logits: &[f64]) -> f64 {
        let hits =
            logits.iter().zip(self.labels.iter()).filter(|(logit, label)| (**logit > 0.0) == (**label == 1)).count();
        hits as f64 / self.samples() as f64
    }
}

/// The numbers in X.
///
/// # Errors
/// [`Error::Invalid`] over [`MAX_NUMBERS`].
fn numbers(samples: usize, features: usize) -> Result<usize> {
    let numbers = samples.saturating_mul(features);
    match numbers <= MAX_NUMBERS {
        true => Ok(numbers),
        false => Err(Error::invalid("samples × features", format!("at most {MAX_NUMBERS}"), numbers)),
    }
}

/// Whether a feature is finite in `f32`, the precision of devices.
fn is_usable(feature: f64) -> bool {
    (feature as f32).is_finite()
}
