//! How well several questions of yes or no are answered.

use serde::Serialize;

use super::Scores;
use super::weigh::{Weigh, check};
use crate::Result;

/// What answers of yes or no are worth, several for each sample. If samples have weights, each counts as much as its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelScores {
    /// m, the number of samples.
    pub samples: usize,
    /// The share of labels that are predicted, over all samples: 1 less the Hamming loss.
    pub accuracy: f64,
    /// The share of samples of which every label is predicted, which scikit-learn calls the accuracy.
    pub subset_accuracy: f64,
    /// The mean of the labels' F1, of those that have one.
    pub macro_f1: Option<f64>,
    /// Each label alone.
    pub labels: Vec<OfLabel>,
}

/// How well one label is predicted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfLabel {
    /// Its name.
    pub name: String,
    /// What its predictions are worth.
    #[serde(flatten)]
    pub scores: Scores,
}

impl LabelScores {
    /// From the names of the labels, their values, row-major (labels × samples), and the logits, row-major
    /// (samples × labels).
    ///
    /// # Errors
    /// [`Error::Mismatch`](crate::Error::Mismatch) if these do not belong together;
    /// [`Error::Invalid`](crate::Error::Invalid) without samples, with a label that is neither 0 nor 1, or with a logit that
    /// is NaN.
    ///
    /// ```
    /// use planar::scores::LabelScores;
    /// let names = ["wet", "cold"].map(String::from);
    /// let scores = LabelScores::new(&names, &[1, 0, 0, 1], &[2., -1., -3., -4.], None)?;
    /// assert_eq!((scores.subset_accuracy, scores.accuracy), (0.5, 0.75));
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn new(names: &[String], values: &[u8], logits: &[f64], weights: Option<&[f64]>) -> Result<Self> {
        let k = names.len();
        let m = values.len() / k.max(1);
        check(m, k, logits, weights)?;
        let of = |(label, name): (usize, &String)| {
            let own: Vec<f64> = logits.iter().skip(label).step_by(k).copied().collect();
            let scores = Scores::weighted(&values[label * m..][..m], &own, weights)?;
            Ok(OfLabel { name: name.clone(), scores })
        };
        let labels = names.iter().enumerate().map(of).collect::<Result<Vec<OfLabel>>>()?;
        let is_right =
            |sample: usize| (0..k).all(|label| (logits[sample * k + label] > 0.0) == (values[label * m + sample] == 1));
        let f1: Vec<f64> = labels.iter().filter_map(|label| label.scores.f1).collect();
        Ok(Self {
            samples: m,
            subset_accuracy: Weigh(weights).mean(m, |sample| f64::from(is_right(sample))),
            accuracy: labels.iter().map(|label| label.scores.accuracy).sum::<f64>() / k as f64,
            macro_f1: (!f1.is_empty()).then(|| f1.iter().sum::<f64>() / f1.len() as f64),
            labels,
        })
    }
}
