//! What `planar predict` reports.

use serde::Serialize;

use planar::Result;
use planar::backend::DeviceInfo;
use planar::data::Dataset;
use planar::model::Network;
use planar::predict::{Prediction, Predictions};
use planar::scores::Scores;

/// Predictions, with what they came from.
#[derive(Clone, Debug)]
pub struct PredictReport<'a> {
    /// The device.
    pub device: DeviceInfo,
    /// The network.
    pub network: &'a Network,
    /// The samples.
    pub data: &'a Dataset,
    /// The predictions.
    pub predictions: &'a Predictions,
}

/// The object that `planar predict --json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct PredictJson<'a> {
    version: &'static str,
    device: &'a DeviceInfo,
    plan: &'static str,
    data: &'a str,
    samples: usize,
    widths: Vec<usize>,
    activation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<&'a Scores>,
    predictions: &'a [Prediction],
}

impl PredictReport<'_> {
    /// The report for programs.
    pub fn json(&self) -> PredictJson<'_> {
        PredictJson {
            version: env!("CARGO_PKG_VERSION"),
            device: &self.device,
            plan: self.predictions.plan,
            data: self.data.name(),
            samples: self.data.samples(),
            widths: self.network.widths(),
            activation: self.network.activation().to_string(),
            accuracy: self.predictions.accuracy,
            cost: self.predictions.cost,
            scores: self.predictions.scores.as_ref(),
            predictions: &self.predictions.samples,
        }
    }

    /// A table: a header, and one row per sample, each number in the fewest digits that identify it.
    ///
    /// # Errors
    /// None in practice: the table is made in memory.
    pub fn csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed = |error: csv::Error| planar::Error::Mismatch(format!("the table cannot be made: {error}"));
        for prediction in &self.predictions.samples {
            writer.serialize(prediction).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// One line: the accuracy, if there are labels.
    pub fn accuracy(&self) -> Option<String> {
        let accuracy = self.predictions.accuracy?;
        Some(format!("accuracy {:.2} % of {} samples", 100.0 * accuracy, self.data.samples()))
    }
}
