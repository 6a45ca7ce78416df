//! Which device trains, and why: the requested one, or the one measured to be faster.
//!
//! Each backend loads the networks once. The session that checks a GPU's first gradients and is measured is the one
//! that then trains: it is only reset to its initial weights.

#[cfg_attr(not(feature = "gpu"), path = "no_gpu.rs")]
mod gpu;
#[cfg(feature = "gpu")]
mod not_finite;
mod settings;

pub use gpu::{Anew, Gpus};
pub use settings::{Chosen, DeviceChoice, DeviceSettings};

use super::Precision;
use crate::backend::{Backend, PlanChoice, Run};
use crate::cpu::{Engine, Reference};
use crate::data::Dataset;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// A backend that can be opened and measured.
pub struct Candidate {
    /// The device's name.
    pub name: String,
    /// The plan that it follows.
    pub plan: &'static str,
    /// Opens it.
    pub open: Box<dyn Fn() -> Result<Box<dyn Backend>>>,
}

/// Loads networks that train side by side on the requested device. Before a GPU is used, the first network's gradients
/// are compared with the CPU's. `iterations` is the total over all networks: a short run is not worth a GPU's set-up.
///
/// # Errors
/// [`Error::NoAdapter`](crate::Error::NoAdapter) if there is no such GPU, [`Error::Conflict`](crate::Error::Conflict)
/// if the settings exclude each other, [`Error::Wrong`](crate::Error::Wrong) if the requested GPU computes wrong
/// results, and those of [`Backend::load`].
pub fn choose(settings: &DeviceSettings, data: &Dataset, runs: &[Run], iterations: u64) -> Result<Chosen> {
    choose_among(&Anew, settings, data, runs, iterations)
}

/// [`choose`] among GPUs that the caller may have found and opened before.
///
/// # Errors
/// As there.
pub fn choose_among(
    gpus: &dyn Gpus,
    settings: &DeviceSettings,
    data: &Dataset,
    runs: &[Run],
    iterations: u64,
) -> Result<Chosen> {
    let on_cpu = |backend| Chosen::load(backend, data, runs);
    match &settings.choice {
        DeviceChoice::Cpu => on_cpu(settings.cpu()?),
        DeviceChoice::Auto if settings.precision == Precision::F64 => {
            Ok(on_cpu(settings.cpu()?)?.noting("training on the CPU: f64 is for the CPU only"))
        }
        DeviceChoice::Auto => gpu::auto(gpus, settings, data, runs, iterations),
        DeviceChoice::Gpu => gpu::named(gpus, settings, None, data, runs),
        DeviceChoice::Named(name) => gpu::named(gpus, settings, Some(name), data, runs),
        DeviceChoice::All => Err(only_one()),
    }
}

/// Loads networks that train side by side on each of the devices that share the work: [`choose`], or all hardware GPUs and the
/// CPU. Software adapters are among them only if there is no hardware. A GPU that cannot be used is left out, and a note
/// says why.
///
/// # Errors
/// Those of [`choose`].
pub fn choose_all(settings: &DeviceSettings, data: &Dataset, runs: &[Run], iterations: u64) -> Result<Vec<Chosen>> {
    if settings.choice != DeviceChoice::All {
        return Ok(vec![choose(settings, data, runs, iterations)?]);
    }
    let for_gpu = DeviceSettings { threads: None, ..settings.clone() };
    let for_cpu = DeviceSettings { plan: PlanChoice::Auto, ..settings.clone() };
    let mut cpu = Chosen::load(for_cpu.cpu()?, data, runs)?;
    let mut all = Vec::new();
    for (name, chosen) in gpu::all(&for_gpu, data, runs)? {
        match chosen {
            Ok(chosen) => all.push(chosen.noting(format!("training on {name}"))),
            Err(error) => cpu = cpu.noting(format!("{name} is left out: {error}")),
        }
    }
    all.push(cpu.noting("training on the CPU"));
    Ok(all)
}

fn only_one() -> Error {
    Error::invalid("the device", "one device, as only a sweep takes all", "all")
}

/// Refuses, before they are made, more generated samples than the requested GPU's limits allow once this share is held out.
/// Whether fewer fit beside everything else, its plan says.
///
/// # Errors
/// [`Error::Limit`](crate::Error::Limit), and [`Error::NoAdapter`](crate::Error::NoAdapter) if there is no such GPU.
pub fn check_samples(settings: &DeviceSettings, samples: usize, held_out: f64) -> Result<()> {
    let samples = (samples as f64 * (1.0 - held_out)) as usize;
    match &settings.choice {
        DeviceChoice::Gpu => gpu::check_samples(None, samples),
        DeviceChoice::Named(name) => gpu::check_samples(Some(name), samples),
        DeviceChoice::Auto | DeviceChoice::Cpu | DeviceChoice::All => Ok(()),
    }
}

/// Opens the requested device for inference only: before a GPU is used, some of its logits are compared with the CPU's.
/// One forward pass is never worth a GPU's set-up, so `auto` means the CPU. Returns the backend and notes on the
/// choice, one line each.
///
/// # Errors
/// Those of [`choose`].
pub fn choose_for_inference(
    settings: &DeviceSettings,
    network: &Network,
    parameters: &Parameters,
    points: &[f64],
) -> Result<(Box<dyn Backend>, Vec<String>)> {
    match &settings.choice {
        DeviceChoice::Auto | DeviceChoice::Cpu => Ok((settings.cpu()?, Vec::new())),
        DeviceChoice::Gpu => gpu::for_inference(settings, None, network, parameters, points),
        DeviceChoice::Named(name) => gpu::for_inference(settings, Some(name), network, parameters, points),
        DeviceChoice::All => Err(only_one()),
    }
}

/// A backend by its name: `reference-f64`, `reference-f32`, `cpu`, `gpu`, an adapter's number or part of its name, the last three
/// optionally followed by `:split`, `:resident` or `:layered`.
///
/// # Errors
/// [`Error::NoAdapter`](crate::Error::NoAdapter) if there is no such adapter, [`Error::Invalid`](crate::Error::Invalid)
/// if there is no such plan.
pub fn by_name(name: &str) -> Result<Box<dyn Backend>> {
    match name {
        "reference-f64" => Ok(Box::new(Reference::<f64>::new())),
        "reference-f32" => Ok(Box::new(Reference::<f32>::new())),
        "cpu" => Ok(Box::new(Engine::new(None)?)),
        name => gpu::by_name(name),
    }
}

/// Every backend on this machine: the engine with this many threads, the reference in both precisions, and each adapter
/// with each plan.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if the engine refuses the number of threads.
pub fn every(threads: Option<usize>) -> Result<Vec<Candidate>> {
    let engine = Engine::new(threads)?;
    let candidate = |plan, backend: fn(&Engine) -> Box<dyn Backend>| {
        let engine = engine.clone();
        Candidate { name: backend(&engine).device().name, plan, open: Box::new(move || Ok(backend(&engine))) }
    };
    let mut every = vec![
        candidate("engine", |engine| Box::new(engine.clone())),
        candidate("reference", |_| Box::new(Reference::<f32>::new())),
        candidate("reference", |_| Box::new(Reference::<f64>::new())),
    ];
    every.extend(gpu::every());
    Ok(every)
}

/// Fails if there is no adapter.
///
/// # Errors
/// [`Error::NoAdapter`](crate::Error::NoAdapter), saying what was looked for.
pub fn require_adapter() -> Result<()> {
    gpu::require()
}
