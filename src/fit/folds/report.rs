//! The result of a cross-validation, as one value with a JSON form.

use serde::Serialize;

use super::Estimate;
use crate::backend::DeviceInfo;
use crate::data::{Dataset, Prepared, Scale};
use crate::fit::{DataReport, Final, NetworkReport, Seconds, TrainingReport};
use crate::scores::AnyScores;
use crate::train::{Outcome, Status};

/// What was trained on what, how each fold ended, and the figures over all of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoldsReport {
    /// The version of planar.
    pub version: &'static str,
    /// Interrupted if folds are missing, diverged if one has.
    pub status: Status,
    /// The device that computed.
    pub device: DeviceInfo,
    /// The plan that it followed.
    pub plan: &'static str,
    /// The whole data set; how its features are scaled is what all samples together call for.
    pub data: DataReport,
    /// The network.
    pub network: NetworkReport,
    /// How it was trained in each fold.
    pub training: TrainingReport,
    /// The file that the weights came from, unless they came from the seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// How the folds were drawn.
    pub drawn: Drawn,
    /// The folds that have ended, in their order.
    pub folds: Vec<FoldReport>,
    /// Mean and standard deviation of each figure.
    pub estimates: Estimates,
    /// Wall-clock times, of all folds together.
    pub seconds: Seconds,
}

/// How folds were drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Drawn {
    /// K.
    pub folds: usize,
    /// The seed.
    pub seed: u32,
}

/// One fold, held out of the training of a network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoldReport {
    /// Its number, counted from 1.
    pub fold: usize,
    /// How training ended.
    pub status: Status,
    /// Updates done; if it diverged, those after which the cost was first not finite.
    pub iterations: u64,
    /// Samples trained on.
    pub samples: usize,
    /// Samples of the fold, which were held out.
    pub test_samples: usize,
    /// How the features are scaled, by the samples trained on.
    pub scale: Scale,
    /// Cost, accuracies and scores at the end.
    #[serde(rename = "final")]
    pub last: Final,
}

/// Figures over the folds that have them: a fold that has diverged has none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimates {
    /// The cost at the end.
    pub cost: Option<Estimate>,
    /// The share of the training samples that are classified correctly.
    pub accuracy: Option<Estimate>,
    /// The share of the held-out samples.
    pub test_accuracy: Option<Estimate>,
    /// R² on the training samples, of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<Estimate>,
    /// R² on the held-out samples, of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_r2: Option<Estimate>,
    /// The mean loss of the held-out samples.
    pub test_log_loss: Option<Estimate>,
    /// The area under the ROC curve of the held-out samples.
    pub test_roc_auc: Option<Estimate>,
}

impl FoldReport {
    /// Of a fold counted from 0.
    pub(super) fn new(fold: usize, prepared: &Prepared, outcome: &Outcome, last: Final) -> Self {
        Self {
            fold: fold + 1,
            status: outcome.status,
            iterations: outcome.iterations,
            samples: prepared.data.samples(),
            test_samples: prepared.held_out.as_ref().map_or(0, Dataset::samples),
            scale: prepared.data.columns().scale,
            last,
        }
    }
}

impl Estimates {
    /// Over these folds.
    pub(super) fn over(folds: &[FoldReport]) -> Self {
        let of = |figure: fn(&Final) -> Option<f64>| Estimate::of(folds.iter().filter_map(|fold| figure(&fold.last)));
        Self {
            cost: of(|last| last.cost),
            accuracy: of(|last| last.accuracy),
            test_accuracy: of(|last| last.test_accuracy),
            r2: of(|last| last.r2),
            test_r2: of(|last| last.test_r2),
            test_log_loss: of(|last| last.test_scores.as_ref().and_then(AnyScores::log_loss)),
            test_roc_auc: of(|last| last.two().and_then(|scores| scores.roc_auc)),
        }
    }
}
