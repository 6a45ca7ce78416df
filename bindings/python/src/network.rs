//! A network and how it is trained, from keyword arguments.

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use planar::backend::Run;
use planar::data::Dataset;
use planar::fit::{RunSettings, Start};
use planar::model::{Network, Output, Parameters};
use planar::optim::{Dropout, Rate, Recipe, State};
use planar::{Error, Result};
use pyo3::prelude::*;

/// A network and how it is trained, as the estimators say it.
#[derive(Clone, Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub struct Settings {
    hidden: Vec<usize>,
    activation: String,
    backward_activation: Option<String>,
    output: Option<String>,
    learning_rate: f64,
    optimizer: String,
    l2: f64,
    batch_size: Option<usize>,
    shuffle: Option<u32>,
    schedule: String,
    warmup: u64,
    clip_norm: Option<f64>,
    dropout: f64,
    dropout_seed: u32,
    seed: u32,
    init_scale: String,
}

impl Settings {
    /// What the command would make of them; a cosine falls over `epochs`.
    pub fn read(&self, data: &Dataset, epochs: u64) -> Result<RunSettings> {
        let dropout = Dropout::new(self.dropout, self.dropout_seed);
        let recipe = Recipe {
            optimizer: self.optimizer.parse()?,
            rate: Rate { decay: self.schedule.parse()?, warmup: self.warmup, updates: 0 },
            l2: self.l2,
            clip_norm: self.clip_norm,
            dropout,
            batch_size: self.batch_size,
            shuffle: self.shuffle,
        };
        let settings = RunSettings {
            hidden: self.hidden.clone(),
            activation: self.activation.parse()?,
            backward_activation: self.backward_activation.as_deref().map(str::parse).transpose()?,
            output: self.output.as_deref().map(str::parse).transpose()?,
            learning_rate: self.learning_rate,
            recipe,
            start: Start { seed: self.seed, scale: self.init_scale.parse()?, ..Start::default() },
        };
        let updates = settings.updates(epochs, data);
        Ok(settings.over(updates))
    }
}

/// Where a training stands: the weights (inputs × units) and the biases of each layer, the updates that led to them, and
/// the optimiser's moments.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Stand<'py> {
    coefs: Vec<PyReadonlyArray2<'py, f64>>,
    intercepts: Vec<PyReadonlyArray1<'py, f64>>,
    updates: u64,
    moments: Option<PyReadonlyArray1<'py, f64>>,
}

impl Stand<'_> {
    /// The weights and the state of a run that goes on from here.
    pub fn read(&self) -> Result<(Vec<usize>, Vec<f64>, State)> {
        let (widths, values) = flat(&self.coefs, &self.intercepts)?;
        let moments = self.moments.as_ref().map_or_else(Vec::new, |moments| moments.as_array().to_vec());
        Ok((widths, values, State { updates: self.updates, moments }))
    }
}

/// The same run from other weights.
pub fn going_on(run: Run, (widths, values, state): (Vec<usize>, Vec<f64>, State)) -> Result<Run> {
    if run.network.widths() != widths {
        let (there, here) = (widths, run.network.widths());
        return Err(Error::Mismatch(format!("weights of a {there:?} network do not fit one of {here:?}")));
    }
    let parameters = Parameters::from_values(&run.network, values)?;
    Ok(Run { parameters, state, ..run })
}

/// The widths of the layers, and all weights and biases in the library's order: W (units × inputs) and b of each layer.
fn flat(
    coefs: &[PyReadonlyArray2<'_, f64>],
    intercepts: &[PyReadonlyArray1<'_, f64>],
) -> Result<(Vec<usize>, Vec<f64>)> {
    let (mut widths, mut values) = (Vec::new(), Vec::new());
    for (weights, biases) in coefs.iter().zip(intercepts) {
        let (weights, biases) = (weights.as_array(), biases.as_array());
        let (inputs, units) = weights.dim();
        if widths.is_empty() {
            widths.push(inputs);
        }
        if widths.last() != Some(&inputs) || biases.len() != units {
            return Err(Error::Mismatch("the weights and biases of the layers do not fit together".into()));
        }
        widths.push(units);
        values.extend(weights.t().iter());
        values.extend(biases.iter());
    }
    if widths.len() < 3 || coefs.len() != intercepts.len() {
        return Err(Error::Mismatch("a network has weights and biases of at least two layers".into()));
    }
    Ok((widths, values))
}

/// A network that has learnt, to predict with.
pub fn learnt(
    coefs: &[PyReadonlyArray2<'_, f64>],
    intercepts: &[PyReadonlyArray1<'_, f64>],
    activation: &str,
    output: &str,
) -> Result<(Network, Parameters)> {
    let (widths, values) = flat(coefs, intercepts)?;
    let (inputs, outputs) = (widths[0], widths[widths.len() - 1]);
    let network = Network::new(inputs, &widths[1..widths.len() - 1], activation.parse()?)?;
    let network = network.with_output(output.parse::<Output>()?, outputs)?;
    let parameters = Parameters::from_values(&network, values)?;
    Ok((network, parameters))
}
