//! Data sets: points in the plane, or in any number of dimensions, with what a network is to answer for each.

mod accuracy;
mod class_weights;
mod columns;
mod exact;
mod flower;
mod folds;
mod from_values;
mod generated;
mod held_out;
pub mod numpy_random;
mod playground;
mod prepared;
mod scaling;
mod scikit;
mod source;
mod split;
pub mod table;
mod targets;

pub(crate) use accuracy::{largest, r2};
pub use class_weights::ClassWeights;
pub use columns::{Columns, Feature, Label, Target};
pub use flower::flower;
pub use folds::Folds;
pub(crate) use folds::untold;
pub use generated::MAX_SAMPLES;
pub use held_out::HeldOut;
pub use playground::{spirals, xor};
pub use prepared::Prepared;
pub use scaling::Scale;
pub use scikit::{BLOBS_SEED, blobs, gaussian_quantiles, gaussian_quantiles_of, noisy_circles, noisy_moons};
pub use source::{DEFAULT_SEED, Options, Source};
pub use targets::Targets;

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::model::Output;
use crate::{Error, Result};

/// The most numbers in X, samples × features: 8 GiB of `f64`.
pub const MAX_NUMBERS: usize = 1 << 30;

/// Samples with their targets; a clone shares them. They are checked: at least one sample, every value finite, every label
/// the number of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    name: String,
    seed: Option<u32>,
    columns: Arc<Columns>,
    /// X, row-major (features × samples), as the notebook has it.
    inputs: Arc<Vec<f64>>,
    /// Y, the answer for each sample.
    targets: Targets,
    /// How much each sample counts; all alike without them.
    weights: Option<Arc<[f64]>>,
}

impl Dataset {
    /// SHA-256 of the number of features, X (features × samples) as little-endian `f64`, Y, and the weights if there are
    /// any, in hexadecimal.
    pub fn sha256(&self) -> String {
        let mut sha = Sha256::new();
        sha.update((self.features() as u64).to_le_bytes());
        self.inputs.iter().for_each(|value| sha.update(value.to_le_bytes()));
        self.targets.hash(&mut sha);
        if let Some(weights) = &self.weights {
            sha.update(b"weights");
            weights.iter().for_each(|weight| sha.update(weight.to_le_bytes()));
        }
        sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A data set from X, row-major (features × samples), with the names of its columns and classes.
    pub(crate) fn assemble(
        name: String,
        seed: Option<u32>,
        inputs: Vec<f64>,
        targets: Targets,
        columns: Columns,
    ) -> Result<Self> {
        check_size(targets.samples(), columns.features.len())?;
        if let Some(value) = inputs.iter().find(|value| !is_usable(**value)) {
            return Err(Error::invalid("a feature", "a finite number in the range of f32", value));
        }
        targets.check(columns.classes.len())?;
        Ok(Self { name, seed, columns: columns.into(), inputs: inputs.into(), targets, weights: None })
    }

    /// The same samples as a network sees them that was trained on others: each feature less its offset, times its factor.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if there is not one pair per feature, [`Error::Invalid`] if a feature leaves the range of `f32`.
    pub fn with_scaling(&self, scale: Scale, factors: &[(f64, f64)]) -> Result<Self> {
        if factors.len() != self.features() {
            let message = format!("{} offsets and factors do not scale {} features", factors.len(), self.features());
            return Err(Error::Mismatch(message));
        }
        let mut columns = Columns { scale, ..(*self.columns).clone() };
        for (feature, (offset, factor)) in columns.features.iter_mut().zip(factors) {
            (feature.offset, feature.factor) = (*offset, *factor);
        }
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for (feature, values) in columns.features.iter().zip(self.inputs.chunks(self.samples())) {
            inputs.extend(values.iter().map(|value| feature.scaled(*value)));
        }
        let scaled = Self::assemble(self.name.clone(), self.seed, inputs, self.targets.clone(), columns)?;
        Ok(Self { weights: self.weights.clone(), ..scaled })
    }

    /// The same samples with numbers to be learnt as a network is to give them: each less its offset, times its factor.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the targets are no numbers.
    pub(crate) fn with_target_scaling(&self, factors: &[(f64, f64)]) -> Result<Self> {
        let Targets::Numbers { values, outputs } = &self.targets else {
            return Err(Error::Mismatch(format!("{} has no numbers to be learnt, which alone are scaled", self.name)));
        };
        let mut columns = (*self.columns).clone();
        for (target, (offset, factor)) in columns.targets.iter_mut().zip(factors) {
            (target.offset, target.factor) = (*offset, *factor);
        }
        let rows = columns.targets.iter().zip(values.chunks(self.samples()));
        let scaled = rows.flat_map(|(target, row)| row.iter().map(|y| target.scaled(*y))).collect();
        let targets = Targets::Numbers { values: scaled, outputs: *outputs };
        let scaled = Self::assemble(self.name.clone(), self.seed, self.inputs.to_vec(), targets, columns)?;
        Ok(Self { weights: self.weights.clone(), ..scaled })
    }

    /// The names of features, targets and classes, and how the features are scaled.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The number of samples of each class; empty if the targets are no classes.
    pub fn class_counts(&self) -> Vec<usize> {
        let Targets::Classes(labels) = &self.targets else { return Vec::new() };
        let mut counts = vec![0; self.columns.classes.len()];
        labels.iter().for_each(|label| counts[usize::from(*label)] += 1);
        counts
    }

    /// Refuses all but two classes, which a network of one output tells apart.
    pub(crate) fn check_two_classes(&self) -> Result<()> {
        let classes = &self.columns.classes;
        if !matches!(self.targets, Targets::Classes(_)) {
            let problem = format!("{} has no classes, and a network of one output tells two apart", self.name);
            return Err(Error::Mismatch(problem));
        }
        if classes.len() <= 2 {
            return Ok(());
        }
        let counted: Vec<String> =
            classes.iter().zip(self.class_counts()).map(|(class, count)| format!("{class} {count}")).collect();
        let label = self.columns.label.as_ref().map_or(String::new(), |label| format!(" in {}", label.shown()));
        Err(Error::Mismatch(format!(
            "{} has {} classes{label} ({}), and a network of one output tells two apart",
            self.name,
            classes.len(),
            table::list(&counted)
        )))
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
        self.columns.features.len()
    }

    /// m, the number of samples.
    pub fn samples(&self) -> usize {
        self.targets.samples()
    }

    /// X, row-major (features × samples).
    pub fn inputs(&self) -> &[f64] {
        &self.inputs
    }

    /// Y: what a network is to answer for each sample.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Y: the class of each sample, 0 or 1 if there are two; empty if the targets are no classes.
    pub fn labels(&self) -> &[u8] {
        match &self.targets {
            Targets::Classes(labels) => labels,
            _ => &[],
        }
    }

    /// How much each sample counts, in loss, gradient and scores; none if all count alike.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// What a row of a network's outputs should be for a sample.
    pub(crate) fn target(&self, output: Output, row: usize, sample: usize) -> f64 {
        self.targets.value(output, row, sample)
    }

    /// The sum of the samples' weights, which are 1 if nothing else is said.
    pub fn total_weight(&self) -> f64 {
        self.weights().map_or(self.samples() as f64, |weights| weights.iter().sum())
    }

    /// The features of one sample; empty if there is no such sample.
    pub fn point(&self, sample: usize) -> impl Iterator<Item = f64> + '_ {
        let features = if sample < self.samples() { self.features() } else { 0 };
        (0..features).map(move |feature| self.inputs[feature * self.samples() + sample])
    }

    /// All points, row-major (samples × features), as inference takes them.
    pub fn points(&self) -> Vec<f64> {
        (0..self.samples()).flat_map(|sample| self.point(sample)).collect()
    }

    /// The output that suits the targets if none is requested.
    pub fn output(&self) -> Output {
        self.targets.output(self.columns.classes.len())
    }

    /// The same samples for a network that answers with this output: for squares, two classes are the numbers 0 and 1.
    pub(crate) fn answered_with(self, output: Option<Output>) -> Self {
        match &self.targets {
            Targets::Classes(labels) if output == Some(Output::Squares) && self.columns.classes.len() <= 2 => {
                let values = labels.iter().map(|label| f64::from(*label)).collect();
                let target = Target::plain("y1".into(), self.features() + 1);
                let columns = Columns { classes: Vec::new(), targets: vec![target], ..(*self.columns).clone() };
                Self { targets: Targets::Numbers { values, outputs: 1 }, columns: columns.into(), ..self }
            }
            _ => self,
        }
    }

    /// How many outputs a network has that answers with this output.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if such an output cannot give these targets; the message says which can.
    pub fn outputs(&self, output: Output) -> Result<usize> {
        if output == Output::Logistic && matches!(self.targets, Targets::Classes(_)) {
            self.check_two_classes()?;
        }
        self.targets.outputs(output, self.columns.classes.len())
    }
}

/// Refuses a data set without samples or features, and one with over [`MAX_NUMBERS`] numbers in X.
fn check_size(samples: usize, features: usize) -> Result<()> {
    if samples == 0 {
        return Err(Error::invalid("the number of samples", "at least 1", 0));
    }
    if features == 0 {
        return Err(Error::invalid("the number of features", "at least 1", 0));
    }
    let numbers = samples.saturating_mul(features);
    match numbers <= MAX_NUMBERS {
        true => Ok(()),
        false => Err(Error::invalid("samples × features", format!("at most {MAX_NUMBERS}"), numbers)),
    }
}

/// Whether a feature is finite in `f32`, the precision of devices.
fn is_usable(feature: f64) -> bool {
    (feature as f32).is_finite()
}
