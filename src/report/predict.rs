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
    /// The names of classes 0 and 1, if they have others.
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<&'a [String]>,
    predictions: Vec<Row<'a>>,
}

/// The prediction for one sample.
#[derive(Clone, Debug, Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    prediction: &'a Prediction,
    /// The name of the class, if it has another than its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
}

impl PredictReport<'_> {
    /// The report for programs.
    pub fn json(&self) -> PredictJson<'_> {
        let columns = self.data.columns();
        let are_named = !columns.has_plain_classes();
        let row = |prediction| Row { prediction, label: are_named.then(|| self.class(prediction)) };
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
            classes: are_named.then_some(columns.classes.as_slice()),
            predictions: self.predictions.samples.iter().map(row).collect(),
        }
    }

    /// The name of the class that is predicted.
    fn class(&self, prediction: &Prediction) -> &str {
        self.data.columns().class(prediction.class)
    }

    /// The names of the classes 0 and 1.
    pub fn classes(&self) -> [&str; 2] {
        [0, 1].map(|class| self.data.columns().class(class))
    }

    /// A table: a header, and one row per sample, each number in the fewest digits that identify it.
    ///
    /// # Errors
    /// None in practice: the table is made in memory.
    pub fn csv(&self) -> Result<String> {
        let rows = self.predictions.samples.iter();
        table(["probability", "class"], rows.map(|prediction| (prediction.probability, self.class(prediction))))
    }

    /// A table of the probability of each class, in a column of its name, and of the class.
    ///
    /// # Errors
    /// None in practice: the table is made in memory.
    pub fn probabilities(&self) -> Result<String> {
        let [zero, one] = self.classes();
        let row = |prediction: &Prediction| {
            let probability = prediction.probability;
            (1.0 - probability, probability, self.class(prediction))
        };
        table([zero, one, "class"], self.predictions.samples.iter().map(row))
    }

    /// One line: the accuracy, if there are labels.
    pub fn accuracy(&self) -> Option<String> {
        let accuracy = self.predictions.accuracy?;
        Some(format!("accuracy {:.2} % of {} samples", 100.0 * accuracy, self.data.samples()))
    }
}

/// A header and rows of cells.
fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = impl Serialize>) -> Result<String> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let failed = |error: csv::Error| planar::Error::Mismatch(format!("the table cannot be made: {error}"));
    writer.write_record(header).map_err(failed)?;
    for row in rows {
        writer.serialize(row).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
