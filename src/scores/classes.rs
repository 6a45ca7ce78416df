//! How well a network tells several classes apart.

use serde::Serialize;

use super::LargestClass;
use super::weigh::{Weigh, check};
use crate::data::largest;
use crate::model::Output;
use crate::{Error, Result};

/// What predictions of one class of several are worth. A sample is predicted to be of the class with the largest logit, of
/// equal ones the first. A ratio whose denominator is 0 is none. If samples have weights, each counts as much as its own in
/// every figure but the numbers of samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassScores {
    /// m, the number of samples.
    pub samples: usize,
    /// The numbers of samples: a row per class that they are of, a column per class that they are predicted to be of.
    pub confusion: Vec<Vec<usize>>,
    /// The share of samples whose class is predicted.
    pub accuracy: f64,
    /// Each class against all others.
    pub classes: Vec<OfClass>,
    /// The mean of the classes' precisions, of those that have one.
    pub macro_precision: Option<f64>,
    /// The mean of the classes' recalls, of those that have one.
    pub macro_recall: Option<f64>,
    /// The mean of the classes' F1, of those that have one.
    pub macro_f1: Option<f64>,
    /// The mean of −ln of the probability that is given to a sample's own class.
    pub log_loss: f64,
    /// The class that most samples have.
    pub largest_class: LargestClass,
    /// Whether the accuracy is above that of predicting the largest class throughout.
    pub beats_largest_class: bool,
}

/// How well one class is told from all others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfClass {
    /// Its name.
    pub name: String,
    /// The number of its samples.
    pub samples: usize,
    /// The share of those predicted to be of it that are: none if there are none.
    pub precision: Option<f64>,
    /// The share of its samples that are predicted to be of it: none without samples.
    pub recall: Option<f64>,
    /// 2·TP / (2·TP + FP + FN): none if no sample is of it or predicted to be.
    pub f1: Option<f64>,
}

impl ClassScores {
    /// From the names of the classes, the class of each sample, and the logits, row-major (samples × classes).
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the numbers of labels, logits and weights do not belong together; [`Error::Invalid`] without
    /// samples, with a label that is no class's number, or with a logit that is NaN.
    ///
    /// ```
    /// use planar::scores::ClassScores;
    /// let names = ["a", "b", "c"].map(String::from);
    /// let scores = ClassScores::new(&names, &[0, 1, 2], &[2., 1., 0., 0., 1., 3., 0., 0., 5.], None)?;
    /// assert_eq!(scores.confusion, [[1, 0, 0], [0, 0, 1], [0, 0, 1]]);
    /// assert_eq!(scores.classes[2].precision, Some(0.5));
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn new(names: &[String], labels: &[u8], logits: &[f64], weights: Option<&[f64]>) -> Result<Self> {
        let (m, k) = (labels.len(), names.len());
        check(m, k, logits, weights)?;
        if let Some(label) = labels.iter().find(|label| usize::from(**label) >= k) {
            return Err(Error::invalid("a label", format!("below {k}"), label));
        }
        let weigh = Weigh(weights);
        let predicted: Vec<usize> = logits.chunks(k).map(largest).collect();
        let (mut confusion, mut weighed) = (vec![vec![0; k]; k], vec![vec![0.0; k]; k]);
        for (sample, (label, predicted)) in labels.iter().zip(&predicted).enumerate() {
            confusion[usize::from(*label)][*predicted] += 1;
            weighed[usize::from(*label)][*predicted] += weights.map_or(1.0, |weights| weights[sample]);
        }
        let of_class: Vec<f64> = weighed.iter().map(|row| row.iter().sum()).collect();
        let ratio = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let class = |(class, name): (usize, &String)| {
            let (right, said) = (weighed[class][class], weighed.iter().map(|row| row[class]).sum::<f64>());
            OfClass {
                name: name.clone(),
                samples: confusion[class].iter().sum(),
                precision: ratio(right, said),
                recall: ratio(right, of_class[class]),
                f1: ratio(2.0 * right, said + of_class[class]),
            }
        };
        let classes: Vec<OfClass> = names.iter().enumerate().map(class).collect();
        let (all, hits) = (of_class.iter().sum::<f64>(), (0..k).map(|class| weighed[class][class]).sum::<f64>());
        let most = largest(&of_class);
        let loss = |sample: usize| loss(&logits[sample * k..][..k], usize::from(labels[sample]));
        Ok(Self {
            samples: m,
            confusion,
            accuracy: hits / all,
            macro_precision: mean(classes.iter().filter_map(|class| class.precision)),
            macro_recall: mean(classes.iter().filter_map(|class| class.recall)),
            macro_f1: mean(classes.iter().filter_map(|class| class.f1)),
            classes,
            log_loss: weigh.mean(m, loss),
            largest_class: LargestClass { class: most as u8, share: of_class[most] / all },
            beats_largest_class: hits > of_class[most],
        })
    }
}

/// −ln of the share that a sample's class has of Σ exp; of infinite logits, 0 where its own is the largest.
fn loss(z: &[f64], own: usize) -> f64 {
    let most = z[largest(z)];
    match most.is_infinite() {
        true if z[own] == most => 0.0,
        true => f64::INFINITY,
        false => {
            let y: Vec<f64> = (0..z.len()).map(|class| f64::from(class == own)).collect();
            Output::Softmax.loss(z, &y)
        }
    }
}

fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), number| (sum + number, count + 1.0));
    (count > 0.0).then(|| sum / count)
}
