//! Why a training fails, and whether two devices compute the same: as JSON, which Python's classes read. Ctrl-C breaks both
//! off.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use planar::Error;
use planar::compare::{Bounds, compare_while};
use planar::diagnose::{Case, examine, examine_without};
use pyo3::prelude::*;

use crate::breakable::breakable;
use crate::checkpoint::json;
use crate::data::Data;
use crate::device;
use crate::network::Settings;

/// What fails in the training of a network for this many epochs, tried for about `patience` seconds.
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
    let (data, held_out) = (data.inner.clone(), held_out.map(|data| data.inner.clone()));
    let device = device.to_owned();
    breakable(py, move |is_broken| {
        let patience = Duration::try_from_secs_f64(patience)
            .map_err(|_| Error::invalid("the patience", "a number of seconds of at least 0", patience))?;
        let settings = network.read(&data, epochs)?;
        let (run, iterations) = (settings.run(&data)?, settings.updates(epochs, &data));
        let case = Case { data: &data, held_out: held_out.as_ref(), run: &run, iterations };
        let mut listen = |_| goes_on(is_broken);
        let found = match device::load(&device, threads, &data, std::slice::from_ref(&run), iterations) {
            Ok(chosen) => examine(&case, Some(chosen), patience, &mut listen)?,
            Err(Error::Wrong(said)) => examine_without(&case, &said, patience, &mut listen)?,
            Err(error) => return Err(error),
        };
        json(&found)
    })
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
    let (data, left, right) = (data.inner.clone(), left.to_owned(), right.to_owned());
    breakable(py, move |is_broken| {
        let run = network.read(&data, iterations)?.run(&data)?;
        let (left, right) = (device::open(&left, threads)?, device::open(&right, threads)?);
        let is_wide = [&left, &right].iter().any(|side| side.device().name.contains("f64"));
        let bounds = if is_wide { Bounds::F32_TO_F64 } else { Bounds::F32_TO_F32 };
        let sides = [left.as_ref(), right.as_ref()];
        let found = compare_while(sides, &data, &run, iterations, bounds, |_| goes_on(is_broken))?;
        let (agrees, sides) = (found.as_ref().is_some_and(|found| found.agrees()), sides.map(|side| side.device()));
        json(&serde_json::json!({ "agrees": agrees, "sides": sides, "bounds": bounds, "found": found }))
    })
}

fn goes_on(is_broken: &AtomicBool) -> ControlFlow<()> {
    if is_broken.load(Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
