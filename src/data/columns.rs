//! What the columns of a data set are called, and what is done to them before a network sees them.

use serde::{Deserialize, Serialize};

use super::scaling::Scale;
use crate::model::{Network, Output};

/// The features, the label and the classes of a data set. A checkpoint keeps them, so that new samples can be read and
/// treated as those that were learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    /// One per feature, in the order of the network's inputs.
    pub features: Vec<Feature>,
    /// The column of the label; none for a generated set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// The column of the samples' weights, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Label>,
    /// What a network answers, if not with one class: one per output, in their order. Their values are numbers if there
    /// are no classes, else yes or no.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// The names of the classes 0, 1, …; empty if the targets are numbers.
    pub classes: Vec<String>,
    /// Whether class 0 is whatever is not class 1: one class was told from the rest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rest: bool,
    /// Whether the names come from a header.
    pub named: bool,
    /// The number of columns in the file; 0 for a generated set.
    pub width: usize,
    /// How the features are scaled.
    #[serde(default)]
    pub scale: Scale,
    /// Columns of the file that are no features, by name or number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
}

/// A feature: x′ = (x − offset)·factor is what the network sees of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name in the header; `x1`, `x2`, … without one.
    pub name: String,
    /// The number of its column in the file, counted from 1.
    pub column: usize,
    /// What fills its missing cells: its mean over the training samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// What is subtracted, in the feature's own unit.
    pub offset: f64,
    /// What the difference is multiplied by; above 0.
    pub factor: f64,
}

/// What one output of a network answers: y′ = (y − offset)·factor is what the network is to give.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Its name in the header; `y1`, `y2`, … without one.
    pub name: String,
    /// The number of its column in the file, counted from 1.
    pub column: usize,
    /// What is subtracted, in the target's own unit.
    #[serde(default, skip_serializing_if = "is_0")]
    pub offset: f64,
    /// What the difference is multiplied by; above 0.
    #[serde(default = "one", skip_serializing_if = "is_1")]
    pub factor: f64,
}

/// A column that holds labels, the first of them if there are several, or weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// Its name in the header, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its number in the file, counted from 1.
    pub column: usize,
}

impl Columns {
    /// Those of points without names: features `x1`, `x2`, …, classes 0 and 1.
    pub fn plain(features: usize) -> Self {
        Self {
            features: (1..=features).map(|number| Feature::plain(format!("x{number}"), number)).collect(),
            label: None,
            weights: None,
            targets: Vec::new(),
            classes: ["0", "1"].map(String::from).into(),
            rest: false,
            named: false,
            width: 0,
            scale: Scale::None,
            dropped: Vec::new(),
        }
    }

    /// Those of a network that knows no names: features `x1`, `x2`, …, classes 0, 1, …, or targets `y1`, `y2`, … behind the
    /// features.
    pub fn of(network: &Network) -> Self {
        let (inputs, outputs) = (network.inputs(), network.outputs());
        match network.output() {
            Output::Logistic if outputs == 1 => Self::plain(inputs),
            Output::Softmax => {
                Self { classes: (0..outputs).map(|class| class.to_string()).collect(), ..Self::plain(inputs) }
            }
            output => Self::of_targets(inputs, outputs, output == Output::Logistic),
        }
    }

    /// Whether they say no more than the shape of the data does.
    pub fn are_plain(&self) -> bool {
        self.width == 0 && self.scale == Scale::None && self.targets.is_empty() && self.has_plain_classes()
    }

    /// Whether the classes are called 0 and 1.
    pub fn has_plain_classes(&self) -> bool {
        self.classes == ["0", "1"]
    }

    /// The name of a class; empty if there is no such class.
    pub fn class(&self, class: u8) -> &str {
        self.classes.get(usize::from(class)).map_or("", String::as_str)
    }

    /// What is learnt, by the names of its columns: the label, or several.
    pub(crate) fn shown_label(&self) -> Option<String> {
        let names: Vec<&str> = self.targets.iter().map(|target| target.name.as_str()).collect();
        match names.len() {
            0 | 1 => self.label.as_ref().map(Label::shown),
            _ => Some(names.join(", ")),
        }
    }

    /// Whether all of these are names of its classes.
    pub(crate) fn has_classes(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.classes.contains(name))
    }

    /// What is wrong with them for a network of this many inputs, if anything is: a file can hold any.
    pub(crate) fn problem(&self, inputs: usize) -> Option<&'static str> {
        let features = self.features.iter().map(|of| (of.name.as_str(), of.column));
        let targets = self.targets.iter().map(|of| (of.name.as_str(), of.column));
        let (mut names, mut places): (Vec<&str>, Vec<usize>) = features.chain(targets).unzip();
        let is_usable = |offset: f64, factor: f64| offset.is_finite() && factor.is_finite() && factor > 0.0;
        let is_usable_feature = |of: &Feature| is_usable(of.offset, of.factor) && of.mean.unwrap_or(0.0).is_finite();
        let are_usable = self.features.iter().all(is_usable_feature)
            && self.targets.iter().all(|of| is_usable(of.offset, of.factor));
        // each column has one part: no two share a name or a place, and none has the label's
        places.extend(self.label.iter().filter(|_| self.targets.is_empty()).map(|label| label.column));
        places.extend(self.weights.iter().map(|weights| weights.column));
        let width = if self.width == 0 { usize::MAX } else { self.width };
        let are_places = places.iter().all(|place| (1..=width).contains(place));
        let (all_names, all_places) = (names.len(), places.len());
        names.sort_unstable();
        names.dedup();
        places.sort_unstable();
        places.dedup();
        match self {
            _ if self.features.len() != inputs => Some("its columns are not those of the network's inputs"),
            _ if !are_usable => Some("a column is scaled by a number that none can have"),
            _ if !are_places || names.len() < all_names || places.len() < all_places => {
                Some("two of its columns are the same, or one is not in its file")
            }
            _ if self.classes.is_empty() && self.targets.is_empty() => Some("it names no classes"),
            _ => None,
        }
    }
}

impl Feature {
    /// A feature that is taken as it is.
    pub fn plain(name: String, column: usize) -> Self {
        Self { name, column, mean: None, offset: 0.0, factor: 1.0 }
    }

    /// (x − offset)·factor, what the network sees.
    pub fn scaled(&self, x: f64) -> f64 {
        (x - self.offset) * self.factor
    }

    /// x′/factor + offset, in the feature's own unit.
    pub fn unscaled(&self, x: f64) -> f64 {
        x / self.factor + self.offset
    }
}

impl Target {
    /// A target that is taken as it is.
    pub fn plain(name: String, column: usize) -> Self {
        Self { name, column, offset: 0.0, factor: 1.0 }
    }

    /// (y − offset)·factor, what the network is to give.
    pub fn scaled(&self, y: f64) -> f64 {
        (y - self.offset) * self.factor
    }

    /// y′/factor + offset, in the target's own unit.
    pub fn unscaled(&self, y: f64) -> f64 {
        y / self.factor + self.offset
    }
}

fn is_0(number: &f64) -> bool {
    *number == 0.0
}

fn is_1(number: &f64) -> bool {
    *number == 1.0
}

fn one() -> f64 {
    1.0
}

impl Label {
    /// Its name, or its number in words.
    pub fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("column {}", self.column))
    }
}
