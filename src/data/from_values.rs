//! Data sets from values in memory: points, in `f64` or `f32`, and a class, labels or numbers for each.

use std::sync::Arc;

use super::{Columns, Dataset, Target, Targets, check_size, is_usable};
use crate::{Error, Result};

impl Dataset {
    /// A data set of two classes from its points, row-major (samples × features), and one label per point.
    ///
    /// # Errors
    /// [`Error::Invalid`] without samples or features, with over [`MAX_NUMBERS`](super::MAX_NUMBERS) values, with a value
    /// that is not finite, or with a label that is neither 0 nor 1; [`Error::Mismatch`] if the numbers of points and labels
    /// differ.
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
        points: &[impl Copy + Into<f64>],
        labels: Vec<u8>,
    ) -> Result<Self> {
        check_size(labels.len(), features)?; // before names are made for them
        let targets = Targets::Classes(labels.into());
        Self::from_values(name.into(), seed, points, targets, Columns::plain(features))
    }

    /// [`from_points`](Self::from_points) with any number of classes, up to 256: each has a name, and each point the number
    /// of its class.
    ///
    /// # Errors
    /// As there, but that a label is the number of a class; [`Error::Invalid`] without names, or with one twice.
    ///
    /// ```
    /// let names = ["a", "b", "c"].map(String::from).into();
    /// let three = planar::data::Dataset::from_classes("three", None, 1, &[0., 1., 2., 3.], names, vec![0, 1, 2, 2])?;
    /// assert_eq!(three.class_counts(), [1, 1, 2]);
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn from_classes(
        name: impl Into<String>,
        seed: Option<u32>,
        features: usize,
        points: &[impl Copy + Into<f64>],
        classes: Vec<String>,
        labels: Vec<u8>,
    ) -> Result<Self> {
        if !(1..=256).contains(&classes.len()) {
            return Err(Error::invalid("the number of classes", "from 1 to 256", classes.len()));
        }
        if let Some((_, twice)) = classes.iter().enumerate().find(|(at, name)| classes[..*at].contains(name)) {
            return Err(Error::invalid("the name of a class", "one that no other has", format_args!("'{twice}'")));
        }
        check_size(labels.len(), features)?;
        let columns = Columns { classes, ..Columns::plain(features) };
        Self::from_values(name.into(), seed, points, Targets::Classes(labels.into()), columns)
    }

    /// A data set of several labels of yes or no from its points, row-major (samples × features), and the labels of each,
    /// row-major (samples × outputs), 1 for yes and 0 for no.
    ///
    /// # Errors
    /// As [`from_points`](Self::from_points); [`Error::Invalid`] without labels.
    pub fn from_label_rows(
        name: impl Into<String>,
        seed: Option<u32>,
        features: usize,
        points: &[impl Copy + Into<f64>],
        outputs: usize,
        labels: &[u8],
    ) -> Result<Self> {
        let targets = Targets::Labels { values: turned(labels, outputs)?, outputs };
        check_size(targets.samples(), features)?;
        Self::from_values(name.into(), seed, points, targets, Columns::of_targets(features, outputs, true))
    }

    /// A data set with numbers to be learnt from its points, row-major (samples × features), and the numbers of each,
    /// row-major (samples × outputs).
    ///
    /// # Errors
    /// As [`from_points`](Self::from_points); [`Error::Invalid`] without numbers or with one that is not finite.
    ///
    /// ```
    /// let line = planar::data::Dataset::from_numbers("line", None, 1, &[0., 1., 2.], 2, &[1., 5., 2., 4., 3., 3.])?;
    /// assert_eq!(line.targets().value(planar::model::Output::Squares, 1, 0), 5.0);
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn from_numbers(
        name: impl Into<String>,
        seed: Option<u32>,
        features: usize,
        points: &[impl Copy + Into<f64>],
        outputs: usize,
        values: &[f64],
    ) -> Result<Self> {
        let targets = Targets::Numbers { values: turned(values, outputs)?, outputs };
        check_size(targets.samples(), features)?;
        Self::from_values(name.into(), seed, points, targets, Columns::of_targets(features, outputs, false))
    }

    /// The same samples, each of which counts as much as its weight says, in loss, gradient and scores.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if there is not one weight per sample; [`Error::Invalid`] if one is below 0 or not finite, or if
    /// all are 0.
    ///
    /// ```
    /// let xor = planar::data::xor(4, 1)?.with_weights(vec![1.0, 2.0, 0.0, 0.5])?;
    /// assert_eq!(xor.weights(), Some(&[1.0, 2.0, 0.0, 0.5][..]));
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Self> {
        if weights.len() != self.samples() {
            let message = format!("{} weights do not belong to {} samples", weights.len(), self.samples());
            return Err(Error::Mismatch(message));
        }
        if let Some(weight) = weights.iter().find(|weight| !(is_usable(**weight) && **weight >= 0.0)) {
            return Err(Error::invalid("a weight", "a finite number of at least 0", weight));
        }
        if weights.iter().all(|weight| *weight as f32 == 0.0) {
            return Err(Error::invalid("at least one weight", "above 0", "0, as all are"));
        }
        Ok(Self { weights: Some(weights.into()), ..self })
    }

    /// A data set from points, row-major (samples × features).
    fn from_values(
        name: String,
        seed: Option<u32>,
        points: &[impl Copy + Into<f64>],
        targets: Targets,
        columns: Columns,
    ) -> Result<Self> {
        let (samples, features) = (targets.samples(), columns.features.len());
        check_size(samples, features)?;
        if points.len() != samples * features {
            let message = format!("{} values do not make {samples} samples of {features} features", points.len());
            return Err(Error::Mismatch(message));
        }
        let mut inputs = Vec::with_capacity(points.len());
        for feature in 0..features {
            inputs.extend((0..samples).map(|sample| points[sample * features + feature].into()));
        }
        Self::assemble(name, seed, inputs, targets, columns)
    }
}

impl Columns {
    /// Those of points without names that have several targets `y1`, `y2`, …: yes or no, or numbers.
    pub(super) fn of_targets(features: usize, outputs: usize, are_labels: bool) -> Self {
        let plain = Self::plain(features);
        let targets = (1..=outputs).map(|number| Target::plain(format!("y{number}"), features + number)).collect();
        let classes = if are_labels { plain.classes } else { Vec::new() };
        Self { targets, classes, ..plain }
    }
}

/// A matrix (samples × outputs) as (outputs × samples), both row-major.
fn turned<T: Copy>(values: &[T], outputs: usize) -> Result<Arc<[T]>> {
    if outputs == 0 {
        return Err(Error::invalid("the number of targets", "at least 1", 0));
    }
    if !values.len().is_multiple_of(outputs) {
        return Err(Error::Mismatch(format!("{} values do not make samples of {outputs} targets", values.len())));
    }
    Ok((0..outputs).flat_map(|output| values.iter().skip(output).step_by(outputs).copied()).collect())
}
