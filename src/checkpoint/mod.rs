//! Checkpoints: weights and the state of a run in a safetensors file, which NumPy and every framework read.
//!
//! The tensors have the notebook's names and shapes: `W1` (n_h × n_x), `b1` (n_h × 1), `W2` (1 × n_h), `b2` (1 × 1);
//! `F32`, or `F64` for a run in `f64`. Deeper networks have `W3`, `b3` and so on, and an optimiser's moments are called
//! `moment1.W1`, `moment2.W1`, … Everything else is a JSON object in the metadata under `planar`: [`State`].

mod contents;
mod layers;
mod not_finite;
mod origin;
pub(crate) mod weights;

use std::collections::HashMap;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use contents::Contents;
pub use not_finite::NotFinite;
pub use origin::Origin;
pub use weights::{FITS_AS_IT_IS, FITS_TRANSPOSED, Weights};

use crate::data::{Columns, Dataset};
use crate::files::replace;
use crate::model::params::Layout;
use crate::model::{Network, Output, Parameters};
use crate::optim::Recipe;
use crate::train::{CostAt, CostCurve};
use crate::{Error, Result};

/// The version of the layout of [`State`]; files of another are refused.
const FORMAT: u32 = 1;
/// The metadata's key.
pub(crate) const KEY: &str = "planar";
/// What stands before the number of the moment and the name of the tensor, as in `moment1.W1`.
const MOMENT: &str = "moment";
/// What stands before the names of the best weights and of their moments.
pub(crate) const BEST: &str = "best.";
/// The most costs that a checkpoint holds: all are written again every time.
pub const MOST_COSTS: u64 = 100_000;

/// What must be the same for a run to be resumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The data set's name.
    pub data: String,
    /// Samples trained on.
    pub samples: usize,
    /// SHA-256 of features and labels, in hexadecimal.
    pub data_hash: String,
    /// The widths from the inputs to the output.
    pub widths: Vec<usize>,
    /// The activation in its text form, with its slope.
    pub activation: String,
    /// What stands for its derivative in the backward pass, in words.
    pub derivative: String,
    /// α.
    pub learning_rate: f64,
    /// `f32` or `f64`.
    pub precision: String,
    /// What the outputs mean; older files and those of one logit for two classes do not say.
    #[serde(default, skip_serializing_if = "is_logistic")]
    pub output: Output,
    /// What makes an update besides the learning rate; nothing of plain gradient descent.
    #[serde(flatten)]
    pub recipe: Recipe,
}

fn is_logistic(output: &Output) -> bool {
    *output == Output::Logistic
}

impl Description {
    /// Of a run by plain gradient descent on a data set.
    pub fn new(data: &Dataset, network: &Network, learning_rate: f64, precision: &str) -> Self {
        Self {
            data: data.name().into(),
            samples: data.samples(),
            data_hash: data.sha256(),
            widths: network.widths(),
            activation: network.activation().to_string(),
            derivative: network.derivative().to_string(),
            learning_rate,
            precision: precision.into(),
            output: network.output(),
            recipe: Recipe::default(),
        }
    }

    /// The same run made in another way.
    pub fn with_recipe(self, recipe: Recipe) -> Self {
        Self { recipe, ..self }
    }

    /// The first difference between this run and another, in words.
    fn difference(&self, here: &Self) -> Option<String> {
        self.difference_in_training(here).or_else(|| self.difference_in_data(here))
    }

    /// The first difference in all but the data.
    fn difference_in_training(&self, here: &Self) -> Option<String> {
        let pairs = [
            ("network", format!("{:?}", self.widths), format!("{:?}", here.widths)),
            ("activation", self.activation.clone(), here.activation.clone()),
            ("derivative", self.derivative.clone(), here.derivative.clone()),
            ("output", self.output.to_string(), here.output.to_string()),
            ("learning rate", self.learning_rate.to_string(), here.learning_rate.to_string()),
            ("precision", self.precision.clone(), here.precision.clone()),
        ];
        let differs = pairs.into_iter().find(|(_, there, here)| there != here);
        let said = differs.map(|(what, there, here)| format!("its {what} is {there}, not {here}"));
        said.or_else(|| self.recipe.difference(&here.recipe))
    }

    /// The first difference in the data.
    fn difference_in_data(&self, here: &Self) -> Option<String> {
        let is_same = self.data_hash == here.data_hash;
        let pairs = [
            // the same samples under another name are the same
            ("data set", self.data.clone(), if is_same { self.data.clone() } else { here.data.clone() }),
            ("number of samples", self.samples.to_string(), here.samples.to_string()),
        ];
        let differs = pairs.into_iter().find(|(_, there, here)| there != here);
        let said = differs.map(|(what, there, here)| format!("its {what} is {there}, not {here}"));
        said.or_else(|| (!is_same).then(|| format!("its {} has other values", self.data)))
    }
}

/// The state of a run, without its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The layout of this object: 1.
    pub format: u32,
    /// The version of planar that wrote it.
    pub version: String,
    /// Updates done.
    pub iteration: u64,
    /// The network, its data and its learning rate.
    #[serde(flatten)]
    pub description: Description,
    /// The origin of the weights before the first update, such as `seed 2, scale 0.01`.
    pub start: String,
    /// The device's name.
    pub device: String,
    /// The plan that it followed.
    pub plan: String,
    /// The names of features, label and classes, and how features are scaled; none for a generated set as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Columns>,
    /// The logged costs before `iteration`.
    pub costs: Vec<CostAt>,
    /// The costs of the samples held out at logged iterations, up to `iteration`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_costs: Vec<CostAt>,
    /// The updates that made the best weights so far, of a run that stops early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_iteration: Option<u64>,
    /// The costs of the whole run for a picture, up to the last that was known; older files have none.
    #[serde(default, skip_serializing_if = "CostCurve::is_empty")]
    pub curve: CostCurve,
    /// What a front other than the command keeps for itself, such as Python's estimator; whoever goes on with the run hands
    /// it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front: Option<serde_json::Value>,
}

/// The weights and the state of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The run.
    pub state: State,
    /// The weights after [`State::iteration`] updates.
    pub parameters: Parameters,
    /// The optimiser's moments then, as [`optim::State`](crate::optim::State) has them.
    pub moments: Vec<f64>,
    /// The best weights so far, of a run that stops early.
    pub best: Option<Best>,
}

/// The weights with the lowest cost of the samples held out.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Updates done.
    pub iteration: u64,
    /// The weights.
    pub parameters: Parameters,
    /// The optimiser's moments.
    pub moments: Vec<f64>,
}

impl State {
    /// A run that is about to begin or to be resumed.
    pub fn new(description: Description, start: String, device: String, plan: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION").into();
        let (plan, columns, costs, curve) = (plan.into(), None, Vec::new(), CostCurve::default());
        Self {
            format: FORMAT,
            version,
            iteration: 0,
            description,
            start,
            device,
            plan,
            columns,
            costs,
            test_costs: Vec::new(),
            best_iteration: None,
            curve,
            front: None,
        }
    }
}

impl Checkpoint {
    /// Writes it so that the file is complete at every moment: to a temporary file beside it, which is synced and
    /// renamed.
    ///
    /// # Errors
    /// [`Error::Io`] if writing fails, [`Error::Checkpoint`] if it is too large for the format.
    pub fn write(&self, path: &Path) -> Result<()> {
        replace(path, &self.to_bytes(path)?)
    }

    /// The bytes that [`write`](Self::write) writes; `path` is for errors.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if it is too large for the format.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        let refuse = |problem: String| Error::Checkpoint { path: path.into(), problem };
        let said = |error: &dyn std::fmt::Display| refuse(format!("cannot be made: {error}"));
        let json = serde_json::to_string(&self.state).map_err(|error| said(&error))?;
        let is_wide = self.state.description.precision == "f64";
        let metadata = HashMap::from([(KEY.to_owned(), json)]);
        let layout = self.parameters.layout();
        let moments = moment_tensors(layout, &self.moments, "", is_wide);
        let best = self.best.iter().flat_map(|best| {
            let weights = tensors(layout, best.parameters.values(), BEST.into(), is_wide);
            weights.chain(moment_tensors(layout, &best.moments, BEST, is_wide))
        });
        let all = tensors(layout, self.parameters.values(), String::new(), is_wide).chain(moments).chain(best);
        safetensors::serialize(all, Some(metadata)).map_err(|error| said(&error))
    }

    /// Reads a checkpoint that planar wrote.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Checkpoint`] if it is not a safetensors file, is damaged,
    /// lacks planar's state or has that of another version, or if its weights are not those of the network.
    pub fn read(path: &Path) -> Result<Self> {
        Self::of(path, Weights::read(path)?)
    }

    /// [`read`](Self::read) of a file's bytes; `path` is for errors.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] as [`read`](Self::read).
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        Self::of(path, Weights::parse(path, bytes)?)
    }

    fn of(path: &Path, weights: Weights) -> Result<Self> {
        weights.check_state(path)?;
        let Weights { parameters, moments, best, state, .. } = weights;
        let refuse = |problem: &str| Error::Checkpoint { path: path.into(), problem: problem.into() };
        let state = state.ok_or_else(|| refuse("holds weights, but no run of planar's to go on with"))?;
        let best = best.zip(state.best_iteration).map(|((parameters, moments), iteration)| Best {
            iteration,
            parameters,
            moments,
        });
        Ok(Self { state, parameters, moments, best })
    }

    /// Whether this is the checkpoint of the run described, or with `other_data` of one that differs in its data alone.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] naming the first difference.
    pub fn check(&self, path: &Path, here: &Description, other_data: bool) -> Result<()> {
        let there = &self.state.description;
        let differs = if other_data { there.difference_in_training(here) } else { there.difference(here) };
        match differs {
            Some(difference) => {
                Err(Error::Checkpoint { path: path.into(), problem: format!("is of another run: {difference}") })
            }
            None => Ok(()),
        }
    }
}

/// The tensors of a network as files hold them: the notebook's names behind `prefix`, and `F64` if they are wide, else `F32`.
pub(crate) fn tensors(
    layout: &Layout,
    values: &[f64],
    prefix: String,
    is_wide: bool,
) -> impl Iterator<Item = (String, weights::Raw)> {
    layout.tensors().iter().map(move |tensor| {
        let values = &values[tensor.range()];
        let bytes = match is_wide {
            true => values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>(),
            false => values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect(),
        };
        let dtype = if is_wide { Dtype::F64 } else { Dtype::F32 };
        (format!("{prefix}{}", tensor.name()), weights::Raw { dtype, shape: [tensor.rows, tensor.columns], bytes })
    })
}

/// Whether a tensor of this name can hold a number: one that is finite in `f32`, the precision of devices, and in a second moment
/// not below 0, since its square root is taken.
fn can_hold(name: &str, value: f64) -> bool {
    let is_second = name.strip_prefix(BEST).unwrap_or(name).starts_with(&moment(2, ""));
    (value as f32).is_finite() && !(is_second && value < 0.0)
}

/// The name of a tensor's moment, counted from 1.
pub(crate) fn moment(number: usize, tensor: &str) -> String {
    format!("{MOMENT}{number}.{tensor}")
}

/// An optimiser's moments as files hold them.
pub(crate) fn moment_tensors(
    layout: &Layout,
    moments: &[f64],
    prefix: &str,
    is_wide: bool,
) -> impl Iterator<Item = (String, weights::Raw)> {
    let each = (1..).zip(moments.chunks_exact(layout.parameters().max(1)));
    each.flat_map(move |(number, values)| tensors(layout, values, format!("{prefix}{}", moment(number, "")), is_wide))
}

/// The state in a file's metadata, or none if planar did not write it.
fn state(path: &Path, bytes: &[u8]) -> Result<Option<State>> {
    state_of(path, bytes, FORMAT)
}

/// What the metadata hold under planar's key in this layout, or none if they hold nothing there.
///
/// # Errors
/// [`Error::Checkpoint`] if they are damaged, or of another layout.
pub(crate) fn state_of<S: DeserializeOwned>(path: &Path, bytes: &[u8], layout: u32) -> Result<Option<S>> {
    let refuse = |problem: String| Error::Checkpoint { path: path.into(), problem };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| refuse(weights::said(&error)))?;
    let Some(json) = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY)) else { return Ok(None) };
    let damaged = |error: serde_json::Error| refuse(format!("is damaged: its state does not read: {error}"));
    let value: serde_json::Value = serde_json::from_str(json).map_err(damaged)?;
    if value["format"] != layout {
        let (format, version) = (&value["format"], value["version"].as_str().unwrap_or("of no version"));
        return Err(refuse(format!("is of format {format}, written by planar {version}; this one reads {layout}")));
    }
    serde_json::from_value(value).map(Some).map_err(damaged)
}
