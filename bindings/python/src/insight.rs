//! Why a training fails, and whether two devices compute the same: as JSON, which Python's classes read.

use std::ops::ControlFlow;
use std::time::Duration;

use planar::backend::Backend;
use planar::compare::{Bounds, compare as compared};
use planar::diagnose::{Case, examine, examine_without};
use planar::{Error, Result};
use pyo3::prelude::*;

use crate::checkpoint::json;
use crate::data::Data;
use crate::device;
use crate::errors::without_gil;
use crate::network::Settings;

/// What fails in the training of a network for this many epochs, tried for about `patience` seconds; none if Ctrl-C came first.
#[pyfunction]
#[pyo3(signature = (data, network, epochs, patience, device="auto", threads=None, held_out=None))]
#[allow(clippy::too_many_arguments, reason = "Python names them")]
pub fn diagnose(
    py: Python<'_>,
    data: &Data,
    network: Settings,
    epochs: u64,
    patience: f64,
    device: &str,
    threads: Option<usize>,
    held_out: Option<&Data>,
) -> PyResult<String> {
    let (data, held_out) = (&data.inner, held_out.map(|data| &data.inner));
    let mut raised = None;
    let found = without_gil(py, || {
        let patience = Duration::try_from_secs_f64(patience)
            .map_err(|_| Error::invalid("the patience", "a number of seconds of at least 0", patience))?;
        let settings = network.read(data, epochs)?;
        let (run, iterations) = (settings.run(data)?, settings.updates(epochs, data));
        let case = Case { data, held_out, run: &run, iterations };
        let mut listen = |_| match Python::attach(|py| py.check_signals()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                raised = Some(error);
                ControlFlow::Break(())
            }
        };
        let found = match device::load(device, threads, data, std::slice::from_ref(&run), iterations) {
            Ok(chosen) => examine(&case, Some(chosen), patience, &mut listen)?,
            Err(Error::Wrong(said)) => examine_without(&case, &said, patience, &mut listen)?,
            Err(error) => return Err(error),
        };
        json(&found)
    });
    raised.map_or(found, Err)
}

/// Whether two devices compute the same on a network for this many iterations.
#[pyfunction]
#[pyo3(signature = (data, network, iterations, left, right, threads=None))]
pub fn compare(
    py: Python<'_>,
    data: &Data,
    network: Settings,
    iterations: u64,
    left: &str,
    right: &str,
    threads: Option<usize>,
) -> PyResult<String> {
    let data = &data.inner;
    let found = without_gil(py, || {
        let run = network.read(data, iterations)?.run(data)?;
        let sides = [left, right].map(|name| device::open(name, threads));
        let [left, right]: [Result<Box<dyn Backend>>; 2] = sides;
        let (left, right) = (left?, right?);
        let is_wide = [&left, &right].iter().any(|side| side.device().name.contains("f64"));
        let bounds = if is_wide { Bounds::F32_TO_F64 } else { Bounds::F32_TO_F32 };
        let found = compared([left.as_ref(), right.as_ref()], data, &run, iterations, bounds, |_| {})?;
        let (agrees, sides) = (found.agrees(), [left.device(), right.device()]);
        json(&serde_json::json!({ "agrees": agrees, "sides": sides, "bounds": bounds, "found": found }))
    });
    // the library tells how far it is and cannot be broken off: a signal is raised behind it
    py.check_signals()?;
    found
}
