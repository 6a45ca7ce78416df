//! What predictions are worth: the figures that scikit-learn's `metrics` has, for classes, labels of yes or no, and numbers.

mod classes;
mod labels;
mod numbers;
mod two_classes;
mod weigh;

use serde::Serialize;

pub use classes::{ClassScores, OfClass};
pub use labels::{LabelScores, OfLabel};
pub use numbers::{NumberScores, OfTarget};
pub use two_classes::{Confusion, LargestClass, Scores};

use crate::data::{Dataset, Targets};
use crate::{Error, Result};

/// The scores of predictions, whatever was to be predicted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnyScores {
    /// Of two classes.
    Two(Scores),
    /// Of more.
    Classes(ClassScores),
    /// Of several labels of yes or no.
    Labels(LabelScores),
    /// Of numbers.
    Numbers(NumberScores),
}

impl AnyScores {
    /// Those of a data set's samples, from a network's logits, row-major (samples × outputs). Two classes may have one logit
    /// or, as softmax has it, two. Numbers are scored in their own unit.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if there are not as many logits as the targets need; [`Error::Invalid`] with a logit that is NaN.
    ///
    /// ```
    /// use planar::scores::AnyScores;
    /// let line = planar::data::Dataset::from_numbers("line", None, 1, &[0., 1., 2.], 1, &[1., 2., 3.])?;
    /// assert_eq!(AnyScores::of(&line, &[1., 2., 3.])?.accuracy(), 1.0);
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn of(data: &Dataset, logits: &[f64]) -> Result<Self> {
        let (columns, weights) = (data.columns(), data.weights());
        let names = || -> Vec<String> { columns.targets.iter().map(|target| target.name.clone()).collect() };
        match data.targets() {
            Targets::Classes(labels) if columns.classes.len() > 2 => {
                ClassScores::new(&columns.classes, labels, logits, weights).map(Self::Classes)
            }
            Targets::Classes(labels) if logits.len() == 2 * labels.len() => {
                // σ(z1 − z0) is the share of class 1
                let logits: Vec<f64> = logits.chunks(2).map(|z| z[1] - z[0]).collect();
                Scores::weighted(labels, &logits, weights).map(Self::Two)
            }
            Targets::Classes(labels) => Scores::weighted(labels, logits, weights).map(Self::Two),
            Targets::Labels { values, .. } => LabelScores::new(&names(), values, logits, weights).map(Self::Labels),
            Targets::Numbers { values, outputs } => {
                if columns.targets.len() != *outputs {
                    return Err(Error::Mismatch(format!("{outputs} targets have {} names", columns.targets.len())));
                }
                let rows = columns.targets.iter().zip(values.chunks(data.samples()));
                let own: Vec<f64> = rows.flat_map(|(target, row)| row.iter().map(|y| target.unscaled(*y))).collect();
                let said = columns.targets.iter().cycle().zip(logits).map(|(target, z)| target.unscaled(*z));
                NumberScores::new(&names(), &own, &said.collect::<Vec<_>>(), weights).map(Self::Numbers)
            }
        }
    }

    /// The share of samples, or of their labels if there are several, that are predicted right; of numbers R², which takes its
    /// place.
    pub fn accuracy(&self) -> f64 {
        match self {
            Self::Two(scores) => scores.accuracy,
            Self::Classes(scores) => scores.accuracy,
            Self::Labels(scores) => scores.accuracy,
            Self::Numbers(scores) => scores.r2,
        }
    }

    /// The class that most samples have, and whether the accuracy is above its share; none if there are no classes.
    pub fn largest_class(&self) -> Option<(LargestClass, bool)> {
        match self {
            Self::Two(scores) => Some((scores.largest_class, scores.beats_largest_class)),
            Self::Classes(scores) => Some((scores.largest_class, scores.beats_largest_class)),
            Self::Labels(_) | Self::Numbers(_) => None,
        }
    }

    /// The mean of the loss of classes; none of several labels and of numbers.
    pub fn log_loss(&self) -> Option<f64> {
        match self {
            Self::Two(scores) => Some(scores.log_loss),
            Self::Classes(scores) => Some(scores.log_loss),
            Self::Labels(_) | Self::Numbers(_) => None,
        }
    }

    /// The scores of two classes, if there are two.
    pub fn two(&self) -> Option<&Scores> {
        match self {
            Self::Two(scores) => Some(scores),
            _ => None,
        }
    }
}
