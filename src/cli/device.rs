//! The flags that say what computes, and how `auto` decides.

use std::time::Duration;

use planar::backend::{Backend, Run};
use planar::compare::check_first_gradient;
use planar::cpu::{Engine, Reference};
use planar::data::Dataset;
use planar::gpu::plan::PlanChoice;
use planar::gpu::{Adapter, Choice, Gpu};
use planar::{Error, Result, measure};

use super::Verbosity;
use super::arguments::Precision;

/// How long `auto` measures the CPU and the GPU, each.
const CALIBRATION: Duration = Duration::from_millis(60);
/// A run that the CPU ends in this many seconds is not worth a GPU's set-up.
const SHORT_RUN: f64 = 0.25;

/// What computes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Device")]
pub struct DeviceArguments {
    /// auto (a hardware GPU where it pays, else the CPU), cpu, gpu (a software adapter too), or part of an adapter's name
    #[arg(long, value_name = "auto|cpu|gpu|NAME", default_value = "auto", value_parser = device_name)]
    device: String,
    /// How a GPU computes: fused (two dispatches an iteration), layered (an operation a dispatch), or auto
    #[arg(long, value_name = "auto|layered|fused", default_value_t = PlanChoice::Auto)]
    pub plan: PlanChoice,
    /// f32, or f64 on the CPU's reference
    #[arg(long, value_name = "f32|f64", default_value_t = Precision::F32)]
    pub precision: Precision,
    /// Threads of the CPU engine, 1 to 1024; they change the time, not the result [default: one a core]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<usize>,
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
    let (adapter, plan) = match name.rsplit_once(':') {
        Some((adapter, plan)) => (adapter, plan.parse()?),
        None => (name, PlanChoice::Auto),
    };
    let choice = if adapter == "gpu" { Choice::Any } else { Choice::Named(adapter.into()) };
    let adapters = Adapter::all();
    Ok(Box::new(Gpu::open(Adapter::choose(&adapters, &choice)?)?.with_plan(plan)))
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
            "gpu" => self.gpu(&Choice::Any, data, run, "training", verbosity),
            "auto" if self.precision == Precision::F64 => {
                let cpu = self.cpu()?;
                verbosity.say("training on the CPU: f64 is for the CPU only");
                Ok(cpu)
            }
            "auto" => match Adapter::choose(&Adapter::all(), &Choice::Hardware) {
                Ok(adapter) => self.faster(adapter, data, runs, iterations, verbosity),
                Err(_) => {
                    let cpu = self.cpu()?;
                    verbosity.say("training on the CPU: there is no hardware GPU");
                    Ok(cpu)
                }
            },
            name => self.gpu(&Choice::Named(name.into()), data, run, "training", verbosity),
        }
    }

    /// Opens what was asked for where nothing is trained: one forward pass is never worth a GPU's set-up, so that `auto`
    /// is the CPU: its engine, or the reference where that takes several hidden layers and the engine one.
    pub fn open_once(&self, data: &Dataset, run: &Run, verbosity: Verbosity) -> Result<Box<dyn Backend>> {
        let is_deep = run.network.hidden().len() > 1;
        match self.device.as_str() {
            "auto" if is_deep && self.precision == Precision::F32 && self.plan == PlanChoice::Auto => {
                self.refuse_threads()?;
                Ok(Box::new(Reference::<f32>::new()))
            }
            "auto" | "cpu" => self.cpu(),
            "gpu" => self.gpu(&Choice::Any, data, run, "predicting", verbosity),
            name => self.gpu(&Choice::Named(name.into()), data, run, "predicting", verbosity),
        }
    }

    /// The CPU or the hardware GPU, whichever trains these very networks faster.
    fn faster(
        &self,
        adapter: &Adapter,
        data: &Dataset,
        runs: &[Run],
        iterations: u64,
        verbosity: Verbosity,
    ) -> Result<Box<dyn Backend>> {
        if self.plan != PlanChoice::Auto {
            self.refuse_threads()?;
            verbosity.say(format_args!("training on {adapter}: only a GPU has plans"));
            return self.trusted(adapter, data, &runs[0], verbosity);
        }
        let cpu = self.cpu()?;
        let on_cpu = measure::speed(cpu.as_ref(), data, runs, CALIBRATION)?.iteration;
        let total = on_cpu / runs.len() as f64 * iterations as f64;
        if total < SHORT_RUN {
            verbosity.say(format_args!("training on the CPU: it takes {total:.2} s, and a GPU's set-up would not pay"));
            return Ok(cpu);
        }
        let measured = self.trusted(adapter, data, &runs[0], verbosity).and_then(|gpu| {
            let speed = measure::speed(gpu.as_ref(), data, runs, CALIBRATION)?;
            Ok((gpu, speed.iteration))
        });
        let (gpu, on_gpu) = match measured {
            Ok(measured) => measured,
            Err(error) => {
                verbosity.say(format_args!("training on the CPU: {adapter} cannot: {error}"));
                return Ok(cpu);
            }
        };
        let (micro_cpu, micro_gpu) = (1e6 * on_cpu, 1e6 * on_gpu);
        let of = if runs.len() > 1 { format!(" of {} networks", runs.len()) } else { String::new() };
        if on_gpu < on_cpu {
            let line =
                format_args!("training on {adapter}: {micro_gpu:.1} µs an iteration{of}, the CPU {micro_cpu:.1}");
            verbosity.say(line);
            Ok(gpu)
        } else {
            let line =
                format_args!("training on the CPU: {micro_cpu:.1} µs an iteration{of}, {adapter} {micro_gpu:.1}");
            verbosity.say(line);
            Ok(cpu)
        }
    }

    fn gpu(
        &self,
        choice: &Choice,
        data: &Dataset,
        run: &Run,
        doing: &str,
        verbosity: Verbosity,
    ) -> Result<Box<dyn Backend>> {
        if self.precision == Precision::F64 {
            let message = "f64 is for the CPU only, WGSL has no f64: use --device cpu or --precision f32";
            return Err(Error::Mismatch(message.into()));
        }
        self.refuse_threads()?;
        let adapters = Adapter::all();
        let adapter = Adapter::choose(&adapters, choice)?;
        if adapter.is_software() {
            verbosity.say(format_args!("{doing} on {adapter}: a software adapter, it computes on the CPU"));
        }
        self.trusted(adapter, data, run, verbosity)
    }

    fn refuse_threads(&self) -> Result<()> {
        if self.threads.is_some() {
            let message = "--threads are the CPU engine's: leave them out, or use --device cpu";
            return Err(Error::Mismatch(message.into()));
        }
        Ok(())
    }

    /// An opened adapter whose first gradient is the CPU's; where that of the fused plan is not, and the plan was left
    /// open, the layered plan may do.
    fn trusted(&self, adapter: &Adapter, data: &Dataset, run: &Run, verbosity: Verbosity) -> Result<Box<dyn Backend>> {
        let gpu = Gpu::open(adapter)?.with_plan(self.plan);
        match check_first_gradient(&gpu, data, run) {
            Ok(()) => Ok(Box::new(gpu)),
            Err(Error::Wrong(said)) if self.plan == PlanChoice::Auto => {
                let layered = gpu.with_plan(PlanChoice::Layered);
                check_first_gradient(&layered, data, run)?;
                verbosity
                    .say(format_args!("training with the layered plan, the fused one computes wrong here: {said}"));
                Ok(Box::new(layered))
            }
            Err(error) => Err(error),
        }
    }

    fn cpu(&self) -> Result<Box<dyn Backend>> {
        if self.plan != PlanChoice::Auto {
            let message = format!("--plan {} is a GPU's: add --device gpu, or leave it to auto", self.plan);
            return Err(Error::Mismatch(message));
        }
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
