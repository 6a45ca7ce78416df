//! The devices of a process: threads that open wgpu at once crash real drivers, and a forked process has no driver at
//! all, so adapters are found once and opened once, behind a lock.

use planar::backend::{Backend, Run};
use planar::cpu::{Engine, Reference};
use planar::data::Dataset;
use planar::fit::{Chosen, DeviceChoice, DeviceSettings, choose_among};
use planar::{Error, Result};
use pyo3::prelude::*;

use crate::breakable;
use crate::errors::without_gil;

/// Multiply-adds of a training that the CPU does before a GPU could be set up, a tenth of a second's.
const SHORT: u64 = 500_000_000;

/// Loads networks that train side by side on the device of this name: `auto`, `cpu`, `gpu`, an adapter's number or part of
/// its name, `reference-f64` or `reference-f32`. `updates` is the total over all networks.
pub fn load(name: &str, threads: Option<usize>, data: &Dataset, runs: &[Run], updates: u64) -> Result<Chosen> {
    let settings = |choice| DeviceSettings { choice, threads, ..DeviceSettings::default() };
    match name {
        "" => Err(nameless()),
        "auto" if is_short(data, runs, updates) => Chosen::load(Box::new(Engine::new(threads)?), data, runs),
        "auto" => choose_among(&gpus::Kept, &settings(DeviceChoice::Auto), data, runs, updates),
        "cpu" | "reference-f64" | "reference-f32" => Chosen::load(open(name, threads)?, data, runs),
        "gpu" => choose_among(&gpus::Kept, &for_gpu(DeviceChoice::Gpu), data, runs, updates),
        name => choose_among(&gpus::Kept, &for_gpu(DeviceChoice::Named(name.into())), data, runs, updates),
    }
}

/// The refusal of a device without a name, which would be a part of any adapter's.
fn nameless() -> Error {
    Error::invalid("the device", "auto, cpu, gpu, reference-f64, or an adapter's number or part of its name", "''")
}

/// A GPU's settings: threads are for the CPU.
fn for_gpu(choice: DeviceChoice) -> DeviceSettings {
    DeviceSettings { choice, ..DeviceSettings::default() }
}

/// The device of this name with nothing loaded on it; `auto` is the CPU, since a forward pass is never worth more.
pub fn open(name: &str, threads: Option<usize>) -> Result<Box<dyn Backend>> {
    match name {
        "" => Err(nameless()),
        "auto" | "cpu" => Ok(Box::new(Engine::new(threads)?)),
        "reference-f64" => Ok(Box::new(Reference::<f64>::new())),
        "reference-f32" => Ok(Box::new(Reference::<f32>::new())),
        name => gpus::open(name),
    }
}

/// Whether the CPU is sure to be done before a GPU could be set up.
fn is_short(data: &Dataset, runs: &[Run], updates: u64) -> bool {
    let per_update = runs.iter().map(|run| {
        let samples = run.recipe.batches(data.samples()).size();
        run.network.layout().parameters().saturating_mul(samples) as u64
    });
    let most = per_update.max().unwrap_or(0);
    most.saturating_mul(updates) < SHORT
}

/// The adapters of this machine, best first, each with name, kind, backend and driver.
#[pyfunction]
pub fn adapters(py: Python<'_>) -> PyResult<Vec<(String, String, String, String)>> {
    let found = without_gil(py, gpus::all)?;
    Ok(found.into_iter().map(|of| (of.name, of.kind, of.backend, of.driver)).collect())
}

/// Whether this process has opened a GPU's driver.
#[pyfunction]
pub fn has_opened() -> bool {
    gpus::has_opened()
}

/// Waits for what was broken off, and closes what this process has opened.
#[pyfunction]
pub fn close(py: Python<'_>) -> PyResult<()> {
    without_gil(py, || {
        breakable::wait();
        gpus::close();
        Ok(())
    })
}

#[cfg(feature = "gpu")]
mod gpus {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use planar::backend::{Backend, DeviceInfo};
    use planar::fit::Gpus;
    use planar::gpu::{Adapter, Choice, Gpu};
    use planar::{Error, Result};

    /// What a process has found and opened.
    struct Found {
        adapters: Vec<Adapter>,
        /// By the adapter's number.
        opened: Vec<(usize, Gpu)>,
    }

    static FOUND: Mutex<Option<Found>> = Mutex::new(None);

    /// The process that has opened the driver; 0 if none has. A forked process looks here first: the lock may have been
    /// held by a thread that it does not have.
    static OPENED_BY: AtomicU32 = AtomicU32::new(0);

    /// The GPUs that this process keeps.
    pub struct Kept;

    /// What this process has found, looked for if need be.
    fn found() -> Result<MutexGuard<'static, Option<Found>>> {
        let (there, here) = (OPENED_BY.load(SeqCst), std::process::id());
        if there != 0 && there != here {
            return Err(Error::NoAdapter(format!(
                "process {here} was forked from {there}, which had opened the GPU's driver, and drivers do not survive a \
                 fork: start processes with multiprocessing's start method \"spawn\""
            )));
        }
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_none() {
            OPENED_BY.store(here, SeqCst);
            *found = Some(Found { adapters: Adapter::all(), opened: Vec::new() });
        }
        Ok(found)
    }

    impl Gpus for Kept {
        fn adapters(&self) -> Result<Vec<Adapter>> {
            Ok(found()?.as_ref().map_or_else(Vec::new, |found| found.adapters.clone()))
        }

        fn open(&self, adapter: &Adapter) -> Result<Gpu> {
            let mut found = found()?;
            let opened = found.as_mut().map(|found| &mut found.opened);
            let there =
                opened.as_ref().and_then(|opened| opened.iter().find(|(number, _)| *number == adapter.number()));
            if let Some((_, gpu)) = there {
                return Ok(gpu.clone());
            }
            let gpu = Gpu::open(adapter)?;
            if let Some(opened) = opened {
                opened.push((adapter.number(), gpu.clone()));
            }
            Ok(gpu)
        }
    }

    /// The adapter of this name or number, or the first for `gpu`.
    pub fn open(name: &str) -> Result<Box<dyn Backend>> {
        let choice = if name == "gpu" { Choice::Any } else { Choice::of(name) };
        let adapters = Kept.adapters()?;
        Ok(Box::new(Kept.open(Adapter::choose(&adapters, &choice)?)?))
    }

    /// All adapters.
    pub fn all() -> Result<Vec<DeviceInfo>> {
        Ok(Kept.adapters()?.iter().map(Adapter::device_info).collect())
    }

    /// Whether this process has looked for adapters.
    pub fn has_opened() -> bool {
        OPENED_BY.load(SeqCst) == std::process::id()
    }

    /// Forgets and closes everything, unless a training that is under way in another thread or a forked process holds it.
    pub fn close() {
        if has_opened()
            && let Ok(mut found) = FOUND.try_lock()
        {
            *found = None;
        }
    }
}

/// There are none.
#[cfg(not(feature = "gpu"))]
mod gpus {
    use planar::backend::{Backend, DeviceInfo};
    use planar::{Error, Result};

    pub struct Kept;

    impl planar::fit::Gpus for Kept {}

    pub fn open(_: &str) -> Result<Box<dyn Backend>> {
        Err(Error::NoAdapter("this planar was built without GPUs, and trains on the CPU only".into()))
    }

    pub fn all() -> Result<Vec<DeviceInfo>> {
        Ok(Vec::new())
    }

    pub fn has_opened() -> bool {
        false
    }

    pub fn close() {}
}
