//! The result of a training, as one value with a JSON form.

use serde::Serialize;

use super::{Precision, Start};
use crate::backend::{DeviceInfo, Run};
use crate::data::{Dataset, HeldOut, Label, Scale};
use crate::metrics::Accuracy;
use crate::model::{InitScale, Network, Output};
use crate::optim::Recipe;
use crate::scores::{AnyScores, Scores};
use crate::train::{CostAt, Status};

/// What was trained on what, how it ended, and how long it took. `planar train --json` prints it as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The version of planar.
    pub version: &'static str,
    /// How training ended.
    pub status: Status,
    /// The device that computed.
    pub device: DeviceInfo,
    /// The plan that it followed.
    pub plan: &'static str,
    /// The data set that was learnt.
    pub data: DataReport,
    /// The network that learnt it.
    pub network: NetworkReport,
    /// How it was trained.
    pub training: TrainingReport,
    /// Where the weights came from, unless they came from the seed: a file, or the run that was resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// The cost at iteration 0, at every logged iteration, and at the last one.
    pub costs: Vec<CostAt>,
    /// The cost of the samples held out at logged iterations, if there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub test_costs: Vec<CostAt>,
    /// Cost and accuracy at the end.
    #[serde(rename = "final")]
    pub last: Final,
    /// Wall-clock times.
    pub seconds: Seconds,
}

/// The data set of a [`Report`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataReport {
    /// Its name.
    pub name: String,
    /// Samples trained on.
    pub samples: usize,
    /// n_x.
    pub features: usize,
    /// The seed of a generated set.
    pub seed: Option<u32>,
    /// The column of the label, for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The classes, and how many of the samples trained on each has.
    pub classes: Vec<ClassReport>,
    /// The names of the features, for a file with a header.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub feature_names: Vec<String>,
    /// The columns of the file that are neither.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// How the features are scaled.
    pub scale: Scale,
    /// What says how much each sample counts, if they differ: `column` and its name, or `class`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighted_by: Option<String>,
    /// Samples held out of training, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_samples: Option<usize>,
    /// The file that these come from, if it is another than that of the samples trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_file: Option<String>,
}

/// A class of a [`DataReport`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassReport {
    /// Its name.
    pub name: String,
    /// The number of its samples.
    pub samples: usize,
    /// Their share, from 0 to 1.
    pub share: f64,
}

/// The network of a [`Report`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkReport {
    /// n_x.
    pub inputs: usize,
    /// n_h of the first hidden layer.
    pub hidden: usize,
    /// n_h of each hidden layer, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<usize>,
    /// The number of outputs, if it is not one logit for two classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outputs: Option<usize>,
    /// What the outputs mean, if it is not one logit for two classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// g.
    pub activation: String,
    /// The activation whose derivative the backward pass used, if that was a deliberate bug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backward_activation: Option<String>,
}

/// The settings of a training, in a [`Report`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TrainingReport {
    /// α.
    pub learning_rate: f64,
    /// Iterations requested.
    pub iterations: u64,
    /// Seed of the initial weights.
    pub init_seed: u32,
    /// Scale of the initial weights.
    pub init_scale: InitScale,
    /// `f32` or `f64`.
    pub precision: &'static str,
    /// What makes an update besides the learning rate; nothing of plain gradient descent.
    #[serde(flatten)]
    pub recipe: Recipe,
}

/// Cost and accuracy at the end of a training; all none if it diverged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Final {
    /// The mean loss.
    pub cost: Option<f64>,
    /// The share of the training samples that are classified correctly.
    pub accuracy: Option<f64>,
    /// R² of the training samples, where the targets are numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// The mean loss of the held-out samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_cost: Option<f64>,
    /// The share of the held-out samples that are classified correctly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// R² of the held-out samples, where the targets are numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_r2: Option<f64>,
    /// The updates that made these weights, if training kept the best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_iteration: Option<u64>,
    /// What the predictions of the held-out samples are worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_scores: Option<AnyScores>,
}

/// Wall-clock times, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seconds {
    /// Set-up: data, device, shaders and buffers.
    pub setup: f64,
    /// The iterations.
    pub training: f64,
    /// Everything, including the evaluation at the end.
    pub total: f64,
}

impl DataReport {
    /// `source` says where the held-out samples come from.
    pub(super) fn new(data: &Dataset, held_out: Option<&Dataset>, source: Option<&HeldOut>) -> Self {
        let columns = data.columns();
        let class = |(name, samples): (&String, usize)| ClassReport {
            name: name.clone(),
            samples,
            share: samples as f64 / data.samples() as f64,
        };
        let names = columns.features.iter().filter(|_| columns.named).map(|feature| feature.name.clone());
        Self {
            name: data.name().into(),
            samples: data.samples(),
            features: data.features(),
            seed: data.seed(),
            label: columns.shown_label(),
            classes: columns.classes.iter().zip(data.class_counts()).map(class).collect(),
            feature_names: names.collect(),
            dropped: columns.dropped.clone(),
            scale: columns.scale,
            weighted_by: data.weights().map(|_| columns.weights.as_ref().map_or("class".into(), weight_column)),
            test_samples: held_out.map(Dataset::samples),
            test_file: held_out.filter(|_| matches!(source, Some(HeldOut::File(_)))).map(|test| test.name().into()),
        }
    }
}

/// The name or the number of a column of weights, in words.
fn weight_column(column: &Label) -> String {
    match column.name {
        Some(_) => format!("column {}", column.shown()),
        None => column.shown(),
    }
}

impl NetworkReport {
    pub(super) fn new(network: &Network) -> Self {
        Self {
            inputs: network.inputs(),
            hidden: network.hidden()[0],
            layers: if network.hidden().len() > 1 { network.hidden().to_vec() } else { Vec::new() },
            outputs: Some(network.outputs()).filter(|_| !network.tells_two_classes()),
            output: Some(network.output()).filter(|_| !network.tells_two_classes()),
            activation: network.activation().to_string(),
            backward_activation: network.derivative().borrowed.map(|borrowed| borrowed.to_string()),
        }
    }
}

impl TrainingReport {
    pub(super) fn new(run: &Run, start: &Start, iterations: u64, precision: Precision) -> Self {
        Self {
            learning_rate: run.learning_rate,
            iterations,
            init_seed: start.seed,
            init_scale: start.scale,
            precision: precision.name(),
            recipe: run.recipe,
        }
    }
}

impl Final {
    /// The scores of the samples held out, if they are of two classes.
    pub fn two(&self) -> Option<&Scores> {
        self.test_scores.as_ref().and_then(AnyScores::two)
    }

    /// How well a run that has finished does, on both kinds of samples.
    pub(super) fn accuracies(&self) -> Option<Accuracy> {
        let Self { test_accuracy, test_r2, .. } = *self;
        let of_shares = self.accuracy.map(|accuracy| Accuracy::Shares { accuracy, test_accuracy });
        of_shares.or(self.r2.map(|r2| Accuracy::Numbers { r2, test_r2 }))
    }
}
