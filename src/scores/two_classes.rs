//! How well logits tell two classes apart: from counts, ranks and losses.

use serde::Serialize;

use super::weigh::{Weigh, check};
use crate::data::largest;
use crate::model::Real;
use crate::{Error, Result};

/// What predictions are worth, given the labels. Class 1 is the positive one; a sample is predicted to be of class 1 if
/// its logit is above 0. A ratio whose denominator is 0 is none. If samples have weights, each counts as much as its own in
/// every figure but the numbers of samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// m, the number of samples.
    pub samples: usize,
    /// The samples by label and predicted class.
    pub confusion: Confusion,
    /// (TP + TN) / m.
    pub accuracy: f64,
    /// TP / (TP + FP): none if no sample is predicted to be of class 1.
    pub precision: Option<f64>,
    /// TP / (TP + FN): none if no sample is of class 1.
    pub recall: Option<f64>,
    /// 2·TP / (2·TP + FP + FN): none if no sample is of class 1 or predicted to be.
    pub f1: Option<f64>,
    /// The share of pairs, one sample of each class, in which that of class 1 has the larger logit; equal logits count
    /// half. None if all samples are of one class.
    pub roc_auc: Option<f64>,
    /// The mean of −ln σ(z) over class 1 and −ln(1 − σ(z)) over class 0; infinite if an infinite logit is wrong.
    pub log_loss: f64,
    /// The class that most samples have.
    pub largest_class: LargestClass,
    /// Whether the accuracy is above that of predicting the largest class throughout.
    pub beats_largest_class: bool,
}

/// The numbers of samples by label and predicted class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// TN: of class 0, and predicted to be.
    pub true_negatives: usize,
    /// FP: of class 0, and predicted to be of class 1.
    pub false_positives: usize,
    /// FN: of class 1, and predicted to be of class 0.
    pub false_negatives: usize,
    /// TP: of class 1, and predicted to be.
    pub true_positives: usize,
}

/// The class that most samples have, the first of several that have as many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LargestClass {
    /// Its number.
    pub class: u8,
    /// Its share of the samples: the accuracy of predicting it throughout.
    pub share: f64,
}

impl Scores {
    /// From one label, 0 or 1, and one logit per sample.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if there is another number of logits than of labels; [`Error::Invalid`] without samples,
    /// with a label that is neither 0 nor 1, and with a logit that is NaN.
    ///
    /// ```
    /// let scores = planar::scores::Scores::new(&[0, 0, 1, 1], &[-1.0, 2.0, 0.5, 3.0])?;
    /// assert_eq!((scores.accuracy, scores.recall, scores.roc_auc), (0.75, Some(1.0), Some(0.75)));
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn new(labels: &[u8], logits: &[f64]) -> Result<Self> {
        Self::weighted(labels, logits, None)
    }

    /// The same, with a weight per sample if there are any.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::Mismatch`] if the numbers of labels and weights differ.
    pub fn weighted(labels: &[u8], logits: &[f64], weights: Option<&[f64]>) -> Result<Self> {
        check(labels.len(), 1, logits, weights)?;
        if let Some(label) = labels.iter().find(|label| **label > 1) {
            return Err(Error::invalid("a label", "0 or 1", label));
        }
        let weigh = Weigh(weights);
        let of = |label: u8, predicted: bool| {
            weigh.sum(labels.len(), |s| f64::from((labels[s] == label) && (logits[s] > 0.0) == predicted))
        };
        let (tn, fp, fn_, tp) = (of(0, false), of(0, true), of(1, false), of(1, true));
        let (all, hits) = (tn + fp + fn_ + tp, tn + tp);
        let ratio = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        Ok(Self {
            samples: labels.len(),
            confusion: Confusion::new(labels, logits),
            accuracy: hits / all,
            precision: ratio(tp, tp + fp),
            recall: ratio(tp, fn_ + tp),
            f1: ratio(2.0 * tp, tp + fp + fn_ + tp),
            roc_auc: match weights {
                None => roc_auc(labels, logits),
                Some(weights) => weighted_roc_auc(labels, logits, weights),
            },
            log_loss: weigh.sum(labels.len(), |s| loss((&labels[s], &logits[s]))) / all,
            largest_class: LargestClass::of_weights(tn + fp, fn_ + tp),
            beats_largest_class: hits > (tn + fp).max(fn_ + tp),
        })
    }
}

impl Confusion {
    fn new(labels: &[u8], logits: &[f64]) -> Self {
        let mut counts = Self::default();
        for (label, logit) in labels.iter().zip(logits) {
            *match (label, *logit > 0.0) {
                (0, false) => &mut counts.true_negatives,
                (0, true) => &mut counts.false_positives,
                (_, false) => &mut counts.false_negatives,
                (_, true) => &mut counts.true_positives,
            } += 1;
        }
        counts
    }
}

impl LargestClass {
    /// Of labels; without any, its share is 0.
    ///
    /// ```
    /// let largest = planar::scores::LargestClass::of(&[1, 0, 1, 1]);
    /// assert_eq!((largest.class, largest.share), (1, 0.75));
    /// ```
    pub fn of(labels: &[u8]) -> Self {
        let mut counts = [0; 256];
        labels.iter().for_each(|label| counts[usize::from(*label)] += 1);
        let class = largest(&counts.map(f64::from));
        Self { class: class as u8, share: f64::from(counts[class]) / labels.len().max(1) as f64 }
    }

    fn of_weights(zeros: f64, ones: f64) -> Self {
        let all = zeros + ones;
        Self { class: u8::from(ones > zeros), share: ones.max(zeros) / if all > 0.0 { all } else { 1.0 } }
    }
}

/// −ln σ(z) of class 1 and −ln(1 − σ(z)) of class 0, as max(s, 0) + log1p(exp(−|s|)) with s = −z or z: finite wherever z
/// is, and no inf − inf where it is not.
fn loss((label, logit): (&u8, &f64)) -> f64 {
    let wrong = if *label == 1 { -logit } else { *logit };
    wrong.max(0.0) + Real::ln_1p(Real::exp(-wrong.abs()))
}

/// (Σ ranks of class 1 − P·(P + 1)/2) / (P·N), where equal logits share the mean of their ranks (Mann–Whitney). Twice a
/// rank is whole, so the sum is exact.
fn roc_auc(labels: &[u8], logits: &[f64]) -> Option<f64> {
    let mut sorted: Vec<(f64, u8)> = logits.iter().copied().zip(labels.iter().copied()).collect();
    // adding 0 makes −0 equal to 0 in the total order too
    sorted.sort_unstable_by(|(a, _), (b, _)| (a + 0.0).total_cmp(&(b + 0.0)));
    let (mut before, mut twice_ranks, mut positives) = (0_u64, 0_u128, 0_u64);
    for tied in sorted.chunk_by(|(a, _), (b, _)| a == b) {
        let (count, ones) = (tied.len() as u64, tied.iter().map(|(_, label)| u64::from(*label)).sum::<u64>());
        // the ranks before + 1 to before + count
        twice_ranks += u128::from(2 * before + count + 1) * u128::from(ones);
        (before, positives) = (before + count, positives + ones);
    }
    let pairs = u128::from(positives) * u128::from(before - positives);
    let twice_won = twice_ranks - u128::from(positives) * u128::from(positives + 1);
    (pairs > 0).then(|| twice_won as f64 / (2 * pairs) as f64)
}

/// The share of pairs of samples, one of each class, that are in order, a pair counting as much as the product of its
/// weights, and half if their logits are equal.
fn weighted_roc_auc(labels: &[u8], logits: &[f64], weights: &[f64]) -> Option<f64> {
    let mut sorted: Vec<usize> = (0..labels.len()).collect();
    sorted.sort_unstable_by(|a, b| (logits[*a] + 0.0).total_cmp(&(logits[*b] + 0.0)));
    let weight = |tied: &[usize], class: u8| -> f64 {
        tied.iter().filter(|sample| labels[**sample] == class).map(|sample| weights[*sample]).sum()
    };
    let (mut zeros, mut ones, mut won) = (0.0, 0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| logits[*a] == logits[*b]) {
        let (zero, one) = (weight(tied, 0), weight(tied, 1));
        won += one * (zeros + 0.5 * zero);
        (zeros, ones) = (zeros + zero, ones + one);
    }
    (zeros * ones > 0.0).then(|| won / (zeros * ones))
}
