//! Predictions of a network that has learnt, and its loss as a function of its weights for other optimisers.

use std::sync::{Mutex, PoisonError};

use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use planar::backend::{DeviceInfo, Run, Session};
use planar::fit::Chosen;
use planar::model::{Network, Parameters};
use planar::train::CostAt;
use planar::{Error, Result};
use pyo3::prelude::*;

use crate::checkpoint::{Origin, state};
use crate::data::{Data, Points, Values};
use crate::device;
use crate::errors::{OrRaise, guarded, without_gil};
use crate::fitted::{Layers, layers, told, turned};
use crate::network::{Settings, learnt};

/// Points in float32 that are widened at a time.
const BLOCK: usize = 16_384;

/// What a network says of points, (points × outputs): Z of its last layer or, with `answers`, the probabilities or numbers
/// that these mean.
#[pyfunction]
#[pyo3(signature = (points, coefs, intercepts, activation, output, answers=false, device="auto", threads=None))]
#[allow(clippy::too_many_arguments, reason = "Python names them")]
pub fn forward<'py>(
    py: Python<'py>,
    points: Points<'py>,
    coefs: Vec<PyReadonlyArray2<'py, f64>>,
    intercepts: Vec<PyReadonlyArray1<'py, f64>>,
    activation: &str,
    output: &str,
    answers: bool,
    device: &str,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    guarded(py, || {
        let (network, parameters) = learnt(&coefs, &intercepts, activation, output).or_raise(py)?;
        fits(&points, &network).or_raise(py)?;
        let values = points.values();
        // a few points are done before a second thread has started
        let is_small = points.samples() * parameters.values().len() < (1 << 20);
        let threads = if is_small { threads.or(Some(1)) } else { threads };
        let said = without_gil(py, || {
            let backend = device::open(device, threads)?;
            let forward = |points: &[f64]| backend.forward(&network, &parameters, points);
            let logits = match &values {
                Values::Double(points) => forward(points)?,
                Values::Single(points) => {
                    let blocks = points.chunks(BLOCK * network.inputs());
                    let widened = blocks.map(|block| block.iter().copied().map(f64::from).collect::<Vec<_>>());
                    widened.map(|block| forward(&block)).collect::<Result<Vec<_>>>()?.concat()
                }
            };
            Ok(if answers { meant(&network, &logits) } else { logits })
        })?;
        turned(py, &said, network.outputs())
    })
}

/// Points have a column for each input of the network.
fn fits(points: &Points<'_>, network: &Network) -> Result<()> {
    let (features, inputs) = (points.features(), network.inputs());
    if features == inputs {
        return Ok(());
    }
    Err(Error::Mismatch(format!("points of {features} features do not fit a network of {inputs}")))
}

/// σ(z) of two classes or labels, exp(z) / Σ exp of classes, or the numbers themselves.
fn meant(network: &Network, logits: &[f64]) -> Vec<f64> {
    let output = network.output();
    logits.chunks_exact(network.outputs()).flat_map(|z| output.predictions(z)).collect()
}

/// The cost of a network on a data set, and its gradient, at any weights: what an optimiser of Python's minimises.
#[pyclass(frozen, module = "planar._planar")]
pub struct Objective {
    session: Mutex<Box<dyn Session>>,
    run: Run,
    /// The origin of the initial weights, in words.
    start: String,
    info: DeviceInfo,
    /// The plan that the device follows.
    #[pyo3(get)]
    plan: &'static str,
}

#[pymethods]
impl Objective {
    /// Loads the network on the device.
    #[new]
    #[pyo3(signature = (data, network, device="auto", threads=None))]
    fn new(py: Python<'_>, data: &Data, network: Settings, device: &str, threads: Option<usize>) -> PyResult<Self> {
        let data = &data.inner;
        without_gil(py, || {
            let settings = network.read(data, 1)?;
            let (run, start) = (settings.run(data)?, settings.start.to_string());
            let runs = std::slice::from_ref(&run);
            let Chosen { backend, session, .. } = device::load(device, threads, data, runs, 1)?;
            let (info, plan) = (backend.device(), session.plan_name());
            Ok(Self { session: Mutex::new(session), run, start, info, plan })
        })
    }

    /// The initial weights, all in one: W (units × inputs) and b of each layer.
    #[getter]
    fn start<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.run.parameters.values())
    }

    /// Name, kind, backend and driver of the device.
    #[getter]
    fn device(&self) -> (String, String, String, String) {
        told(&self.info)
    }

    /// Cost and gradient at these weights.
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        weights: PyReadonlyArray1<'py, f64>,
    ) -> PyResult<(f64, Bound<'py, PyArray1<f64>>)> {
        let there = weights.as_array().to_vec();
        let (cost, gradient) = without_gil(py, || {
            let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
            session.restart(&[Parameters::from_values(&self.run.network, there)?])?;
            let missing = || Error::Mismatch("a session without networks has no gradient".into());
            let gradient = session.gradients()?.pop().ok_or_else(missing)?;
            Ok((session.evaluate()?.pop().ok_or_else(missing)?.cost, gradient.values().to_vec()))
        })?;
        Ok((cost, gradient.into_pyarray(py)))
    }

    /// The weights (inputs × units) and the biases of each layer, from all in one.
    fn layers<'py>(&self, py: Python<'py>, weights: PyReadonlyArray1<'py, f64>) -> PyResult<Layers<'py>> {
        guarded(py, || {
            layers(py, &Parameters::from_values(&self.run.network, weights.as_array().to_vec()).or_raise(py)?)
        })
    }

    /// What a checkpoint says of these weights.
    fn state(&self, py: Python<'_>, data: &Data, cost: f64) -> PyResult<String> {
        let costs = vec![CostAt { iteration: 0, cost }];
        let origin = Origin { data, run: &self.run, start: &self.start, device: &self.info, plan: self.plan };
        without_gil(py, || state(&origin, 0, costs))
    }
}
