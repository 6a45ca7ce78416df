//! What `planar predict` reports.

use serde::Serialize;

use planar::Result;
use planar::backend::DeviceInfo;
use planar::data::Dataset;
use planar::model::{Network, Output};
use planar::predict::{Prediction, Predictions};
use planar::scores::AnyScores;

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
    /// R², where numbers are predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    r2: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<&'a AnyScores>,
    /// The names of the targets, if they are no classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    targets: Option<Vec<&'a str>>,
    /// The names of the classes, if they have others than 0 and 1.
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
    label: Option<String>,
}

impl PredictReport<'_> {
    /// The report for programs.
    pub fn json(&self) -> PredictJson<'_> {
        let columns = self.data.columns();
        let are_named = !columns.has_plain_classes() && self.has_classes();
        let row = |prediction| Row { prediction, label: self.class(prediction).filter(|_| are_named) };
        PredictJson {
            version: env!("CARGO_PKG_VERSION"),
            device: &self.device,
            plan: self.predictions.plan,
            data: self.data.name(),
            samples: self.data.samples(),
            widths: self.network.widths(),
            activation: self.network.activation().to_string(),
            accuracy: self.predictions.accuracy.filter(|_| !self.has_numbers()),
            r2: self.predictions.accuracy.filter(|_| self.has_numbers()),
            cost: self.predictions.cost,
            scores: self.predictions.scores.as_ref(),
            targets: (!self.has_classes()).then(|| self.targets()),
            classes: are_named.then_some(columns.classes.as_slice()),
            predictions: self.predictions.samples.iter().map(row).collect(),
        }
    }

    /// Whether classes are predicted, and not labels of yes or no, or numbers.
    fn has_classes(&self) -> bool {
        self.predictions.samples.iter().all(|prediction| prediction.class().is_some())
    }

    fn has_numbers(&self) -> bool {
        self.network.output() == Output::Squares
    }

    /// The names of labels or numbers.
    fn targets(&self) -> Vec<&str> {
        self.data.columns().targets.iter().map(|target| target.name.as_str()).collect()
    }

    /// The name of the class that is predicted, if one is; its number if it has no name.
    fn class(&self, prediction: &Prediction) -> Option<String> {
        prediction.class().map(|class| self.name(class))
    }

    fn name(&self, class: u8) -> String {
        match self.data.columns().class(class) {
            "" => class.to_string(),
            name => name.into(),
        }
    }

    /// The names of the classes 0 and 1.
    pub fn classes(&self) -> [&str; 2] {
        [0, 1].map(|class| self.data.columns().class(class))
    }

    /// A table: a header, and one row per sample, each number in the fewest digits that identify it. Two classes have the
    /// probability of class 1 and the class; more classes have the probability of each, labels that of yes.
    ///
    /// # Errors
    /// None in practice: the table is made in memory.
    pub fn csv(&self) -> Result<String> {
        let row = |prediction: &Prediction| match prediction {
            Prediction::Two { probability, class } => vec![Cell::Number(*probability), Cell::Name(self.name(*class))],
            other => self.row(other),
        };
        let has_one_logit = self.network.output() == Output::Logistic && self.has_classes();
        let header = if has_one_logit { ["probability", "class"].map(String::from).into() } else { self.header() };
        table(&header, self.predictions.samples.iter().map(row))
    }

    /// A table of the probability of each class, in a column of its name, and of the class; or of labels or numbers.
    ///
    /// # Errors
    /// None in practice: the table is made in memory.
    pub fn probabilities(&self) -> Result<String> {
        table(&self.header(), self.predictions.samples.iter().map(|prediction| self.row(prediction)))
    }

    /// A name for each cell of a row.
    fn header(&self) -> Vec<String> {
        let outputs = self.network.outputs();
        match self.has_classes() {
            true => (0..outputs.max(2)).map(|class| self.name(class as u8)).chain(["class".into()]).collect(),
            false => (0..outputs)
                .map(|at| self.targets().get(at).map_or(format!("y{}", at + 1), |name| (*name).into()))
                .collect(),
        }
    }

    /// All that is predicted of a sample.
    fn row(&self, prediction: &Prediction) -> Vec<Cell> {
        let class = self.class(prediction).map(Cell::Name);
        let numbers = match prediction {
            Prediction::Two { probability, .. } => vec![1.0 - probability, *probability],
            Prediction::Class { probabilities, .. } | Prediction::Labels { probabilities, .. } => probabilities.clone(),
            Prediction::Numbers { values } => values.clone(),
        };
        numbers.into_iter().map(Cell::Number).chain(class).collect()
    }

    /// One line: the accuracy, if there are labels.
    pub fn accuracy(&self) -> Option<String> {
        let accuracy = self.predictions.accuracy?;
        if self.has_numbers() {
            return Some(format!("R² {accuracy:.4} of {} samples", self.data.samples()));
        }
        Some(format!("accuracy {:.2} % of {} samples", 100.0 * accuracy, self.data.samples()))
    }
}

/// A cell of the table.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Cell {
    Number(f64),
    Name(String),
}

/// A header and rows of cells.
fn table(header: &[String], rows: impl Iterator<Item = Vec<Cell>>) -> Result<String> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let failed = |error: csv::Error| planar::Error::Mismatch(format!("the table cannot be made: {error}"));
    writer.write_record(header).map_err(failed)?;
    for row in rows {
        writer.serialize(row).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
