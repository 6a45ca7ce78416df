//! The checkpoints that the command reads and writes.

use std::path::PathBuf;

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use planar::backend::{DeviceInfo, Run};
use planar::checkpoint::{Checkpoint, Description, State, Weights};
use planar::files::{Lock, may_write};
use planar::train::CostAt;
use planar::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::data::Data;
use crate::errors::{OrRaise, guarded, without_gil};
use crate::fitted::{Layers, layers};
use crate::network::learnt;

/// Where a run came from.
pub struct Origin<'a> {
    pub data: &'a Data,
    pub run: &'a Run,
    /// The origin of its first weights, in words.
    pub start: &'a str,
    pub device: &'a DeviceInfo,
    pub plan: &'static str,
}

/// What a checkpoint says of a run after some updates, as JSON; `costs` are the losses of its epochs.
pub fn state(of: &Origin<'_>, updates: u64, costs: Vec<CostAt>) -> Result<String> {
    let Origin { data, run, start, device, plan } = of;
    let precision = if device.name.contains("f64") { "f64" } else { "f32" };
    let description = Description::new(&data.inner, &run.network, run.learning_rate, precision).with_recipe(run.recipe);
    let mut state = State::new(description, (*start).into(), device.name.clone(), plan);
    state.columns = Some(data.columns()).filter(|columns| !columns.are_plain());
    (state.iteration, state.costs) = (updates, costs);
    json(&state)
}

/// Writes a network that has learnt, with what `state` says of its run. A file that is there is overwritten only if that is
/// asked for.
#[pyfunction]
#[pyo3(signature = (path, state, coefs, intercepts, moments, overwrite=false))]
pub fn write(
    py: Python<'_>,
    path: PathBuf,
    state: &str,
    coefs: Vec<PyReadonlyArray2<'_, f64>>,
    intercepts: Vec<PyReadonlyArray1<'_, f64>>,
    moments: PyReadonlyArray1<'_, f64>,
    overwrite: bool,
) -> PyResult<()> {
    guarded(py, || {
        let damaged = |error| Error::Mismatch(format!("the estimator's state does not read: {error}"));
        let state: State = serde_json::from_str(state).map_err(damaged).or_raise(py)?;
        let (activation, output) = (&state.description.activation, state.description.output.name());
        let (_, parameters) = learnt(&coefs, &intercepts, activation, output).or_raise(py)?;
        let moments = moments.as_array().to_vec();
        without_gil(py, || {
            let _lock = Lock::take(&path)?;
            may_write(&path, overwrite, || Ok(Some("overwrite=True replaces it".into())))?;
            Checkpoint { state, parameters, moments, best: None }.write(&path)
        })
    })
}

/// Reads a checkpoint of planar's, or anyone's weights without a state: a dictionary of coefs, intercepts, moments and state.
#[pyfunction]
pub fn read(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyDict>> {
    let Weights { parameters, moments, state, .. } = without_gil(py, || Weights::read(&path))?;
    guarded(py, || {
        let found = PyDict::new(py);
        let Layers(coefs, intercepts) = layers(py, &parameters)?;
        found.set_item("coefs", coefs)?;
        found.set_item("intercepts", intercepts)?;
        found.set_item("moments", PyArray1::from_slice(py, &moments))?;
        found.set_item("state", state.as_ref().map(json).transpose().or_raise(py)?)?;
        Ok(found)
    })
}

/// Any value of the library's as JSON.
pub fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Mismatch(format!("JSON: {error}")))
}

/// The costs that a checkpoint of this many epochs keeps: those of a hundred epochs at most, each at its first update.
pub fn kept(losses: &[f64], first: u64, per_epoch: u64) -> Vec<CostAt> {
    let every = losses.len().div_ceil(100).max(1);
    let at = |(epoch, cost): (usize, &f64)| CostAt { iteration: first + epoch as u64 * per_epoch, cost: *cost };
    losses.iter().enumerate().step_by(every).map(at).collect()
}
