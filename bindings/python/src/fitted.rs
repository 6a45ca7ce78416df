//! What a training leaves behind, for Python.

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyUntypedArrayMethods};
use planar::Result;
use planar::backend::{DeviceInfo, Run};
use planar::model::Parameters;
use planar::train::{Outcome, Status};
use pyo3::prelude::*;

use crate::checkpoint::{self, Origin};
use crate::errors::guarded;
use crate::watch::{Stood, Watch};

/// What became of a network.
#[pyclass(frozen, module = "planar._planar")]
pub struct Fitted {
    /// `finished`, `converged` where its rule stopped it, `diverged` or `interrupted`.
    #[pyo3(get)]
    status: &'static str,
    /// The updates that led to the weights.
    #[pyo3(get)]
    updates: u64,
    /// The mean loss of each epoch.
    losses: Vec<f64>,
    /// The score after each epoch of the samples held out.
    scores: Vec<f64>,
    /// The cost of the weights; of a network that did not come to the end of its epochs, the last epoch's loss.
    #[pyo3(get)]
    cost: f64,
    parameters: Parameters,
    moments: Vec<f64>,
    /// Name, kind, backend and driver of the device.
    device: DeviceInfo,
    /// The plan that the device followed.
    #[pyo3(get)]
    plan: &'static str,
    /// What a checkpoint says of the run, as JSON; nothing of one that nobody came to train.
    #[pyo3(get)]
    state: String,
}

impl Fitted {
    /// From what the watch has seen and the training left behind.
    ///
    /// # Errors
    /// [`Error::Mismatch`](planar::Error::Mismatch) if the state cannot be written as JSON.
    pub fn new(of: &Origin<'_>, watch: &mut Watch, outcome: Outcome) -> Result<Self> {
        let (run, first) = (of.run, of.run.state.updates);
        let status = match outcome.status {
            _ if watch.stopped.is_some() => "converged",
            Status::Finished | Status::Stopped => "finished",
            Status::Diverged => "diverged",
            Status::Interrupted => "interrupted",
        };
        let losses = std::mem::take(&mut watch.losses);
        let last = losses.last().copied().unwrap_or(f64::NAN);
        // the best of the samples held out, then where its rule stopped it, then the end
        let stood = watch.best_of_scores.take().or(watch.stopped.take());
        let cost = if stood.is_none() && outcome.status == Status::Finished { outcome.evaluation.cost } else { last };
        let (parameters, moments, updates) = match (stood, outcome.parameters) {
            (Some(Stood { parameters, state }), _) => (parameters, state.moments, state.updates),
            (None, Some(parameters)) => (parameters, outcome.moments, outcome.parameters_at),
            (None, None) => (run.parameters.clone(), run.state.moments.clone(), first),
        };
        let state = checkpoint::state(of, updates, checkpoint::kept(&losses, first, watch.per_epoch()))?;
        let scores = std::mem::take(&mut watch.scores);
        let device = of.device.clone();
        Ok(Self { status, updates, losses, scores, cost, parameters, moments, device, plan: of.plan, state })
    }

    /// A network that nobody came to train.
    pub fn untrained(run: &Run) -> Self {
        Self {
            status: "interrupted",
            updates: run.state.updates,
            losses: Vec::new(),
            scores: Vec::new(),
            cost: f64::NAN,
            parameters: run.parameters.clone(),
            moments: run.state.moments.clone(),
            device: DeviceInfo {
                kind: String::new(),
                name: String::new(),
                backend: String::new(),
                driver: String::new(),
            },
            plan: "",
            state: String::new(),
        }
    }
}

#[pymethods]
impl Fitted {
    /// The mean loss of each epoch.
    #[getter]
    fn losses<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.losses)
    }

    /// The score after each epoch of the samples held out.
    #[getter]
    fn scores<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.scores)
    }

    /// Name, kind, backend and driver of the device.
    #[getter]
    fn device(&self) -> (String, String, String, String) {
        told(&self.device)
    }

    /// The weights (inputs × units) of each layer, and the biases of each.
    #[getter]
    fn layers<'py>(&self, py: Python<'py>) -> PyResult<Layers<'py>> {
        guarded(py, || layers(py, &self.parameters))
    }

    /// The optimiser's moments: the first of every parameter, then the second.
    #[getter]
    fn moments<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.moments)
    }
}

/// The weights (inputs × units) of each layer, and the biases of each.
#[derive(IntoPyObject)]
pub struct Layers<'py>(pub Vec<Bound<'py, PyAny>>, pub Vec<Bound<'py, PyArray1<f64>>>);

/// Those of some parameters.
pub fn layers<'py>(py: Python<'py>, parameters: &Parameters) -> PyResult<Layers<'py>> {
    let layout = parameters.layout();
    let weights = |layer| turned(py, parameters.weights(layer), layout.weights(layer).columns)?.getattr("T");
    let weights = (0..layout.layers()).map(weights).collect::<PyResult<_>>()?;
    let biases = (0..layout.layers()).map(|layer| PyArray1::from_slice(py, parameters.bias(layer)));
    Ok(Layers(weights, biases.collect()))
}

/// Name, kind, backend and driver of a device.
pub fn told(device: &DeviceInfo) -> (String, String, String, String) {
    let DeviceInfo { kind, name, backend, driver } = device.clone();
    (name, kind, backend, driver)
}

/// Rows of `columns` numbers as a matrix.
pub fn turned<'py>(py: Python<'py>, values: &[f64], columns: usize) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let flat = values.to_vec().into_pyarray(py);
    let rows = flat.len() / columns.max(1);
    flat.reshape([rows, columns])
}
