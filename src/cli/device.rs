//! The flags that say what computes, and how `auto` decides.

use planar::backend::{Backend, Run};
use planar::cpu::{Engine, Reference};
use planar::data::Dataset;
use planar::{Error, Result};

use super::arguments::Precision;
use super::{Verbosity, gpu};

/// What computes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Device")]
pub struct DeviceArguments {
    /// auto (a hardware GPU where it pays), cpu, gpu (a software one too), or part of an adapter's name
    #[arg(long, value_name = "auto|cpu|gpu|NAME", default_value = "auto", value_parser = device_name)]
    device: String,
    /// How a GPU computes: fused (two dispatches an iteration) or layered (a dispatch an operation)
    #[cfg(feature = "gpu")]
    #[arg(long, value_name = "auto|layered|fused", default_value_t = gpu::PlanChoice::Auto)]
    pub(super) plan: gpu::PlanChoice,
    /// f32, or f64 on the CPU's reference
    #[arg(long, value_name = "f32|f64", default_value_t = Precision::F32)]
    pub precision: Precision,
    /// Threads of the CPU engine, 1 to 1024, which change the time alone [default: one a core]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<usize>,
}

/// A back end that can be opened to be measured.
pub struct Measurable {
    pub name: String,
    pub plan: &'static str,
    pub open: Box<dyn Fn() -> Result<Box<dyn Backend>>>,
}

/// A device's name, which is not empty: every adapter's name holds the empty one.
pub fn device_name(text: &str) -> Result<String> {
    match text.trim() {
        "" => Err(Error::invalid("the device", "auto, cpu, gpu or part of an adapter's name", "''")),
        name => Ok(name.into()),
    }
}

/// A back end by its name: `reference-f64`, `reference-f32`, `cpu`, `gpu` or part of an adapter's name, the latter two
/// with `:fused` or `:layered` behind them where a plan is meant.
pub fn named(name: &str) -> Result<Box<dyn Backend>> {
    match name {
        "reference-f64" => return Ok(Box::new(Reference::<f64>::new())),
        "reference-f32" => return Ok(Box::new(Reference::<f32>::new())),
        "cpu" => return Ok(Box::new(Engine::new(None)?)),
        _ => {}
    }
    gpu::named(name)
}

impl DeviceArguments {
    /// Opens what was asked for, and says what was taken where that was left open. `runs` are networks that will train
    /// side by side, the first for the first look at an adapter; `iterations` those of all networks together.
    pub fn open(
        &self,
        data: &Dataset,
        runs: &[Run],
        iterations: u64,
        verbosity: Verbosity,
    ) -> Result<Box<dyn Backend>> {
        let run = &runs[0];
        match self.device.as_str() {
            "cpu" => self.cpu(),
            "auto" if self.precision == Precision::F64 => {
                let cpu = self.cpu()?;
                verbosity.say("training on the CPU: f64 is for the CPU only");
                Ok(cpu)
            }
            "auto" => self.auto(data, runs, iterations, verbosity),
            name => self.gpu(name, data, run, "training", verbosity),
        }
    }

    /// Opens what was asked for where nothing is trained: one forward pass is never worth a GPU's set-up, so that `auto`
    /// is the CPU: its engine, or the reference where that takes several hidden layers and the engine one.
    pub fn open_once(&self, data: &Dataset, run: &Run, verbosity: Verbosity) -> Result<Box<dyn Backend>> {
        let is_deep = run.network.hidden().len() > 1;
        match self.device.as_str() {
            "auto" if is_deep && self.precision == Precision::F32 && self.refuse_plan().is_ok() => {
                self.refuse_threads()?;
                Ok(Box::new(Reference::<f32>::new()))
            }
            "auto" | "cpu" => self.cpu(),
            name => self.gpu(name, data, run, "predicting", verbosity),
        }
    }

    pub fn refuse_threads(&self) -> Result<()> {
        if self.threads.is_some() {
            let message = "--threads are the CPU engine's: leave them out, or use --device cpu";
            return Err(Error::Mismatch(message.into()));
        }
        Ok(())
    }

    pub fn cpu(&self) -> Result<Box<dyn Backend>> {
        self.refuse_plan()?;
        match self.precision {
            Precision::F32 => Ok(Box::new(Engine::new(self.threads)?)),
            Precision::F64 if self.threads.is_some() => {
                let message = "--threads are the CPU engine's, and --precision f64 is the reference: leave one out";
                Err(Error::Mismatch(message.into()))
            }
            Precision::F64 => Ok(Box::new(Reference::<f64>::new())),
        }
    }
}
