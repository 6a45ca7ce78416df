//! GPUs behind the command line's flags: which adapter and plan are meant, and whether a GPU pays.

use std::time::Duration;

use planar::backend::{Backend, Run};
use planar::compare::check_backend;
use planar::data::Dataset;
pub use planar::gpu::plan::PlanChoice;
use planar::gpu::{Adapter, Choice, Gpu};
use planar::{Error, Result, measure};

use super::Verbosity;
use super::arguments::Precision;
use super::device::{DeviceArguments, Measurable};

/// How long `auto` measures the CPU and the GPU, each.
const CALIBRATION: Duration = Duration::from_millis(60);
/// A run that the CPU ends in this many seconds is not worth a GPU's set-up.
const SHORT_RUN: f64 = 0.25;

/// A GPU by its name: `gpu` or part of an adapter's name, with `:fused` or `:layered` behind it where a plan is meant.
pub fn named(name: &str) -> Result<Box<dyn Backend>> {
    let (name, plan) = match name.rsplit_once(':') {
        Some((name, plan)) => (name, plan.parse()?),
        None => (name, PlanChoice::Auto),
    };
    Ok(Box::new(Gpu::open(&adapter(name)?)?.with_plan(plan)))
}

/// Every adapter under every plan.
pub fn measurable() -> Vec<Measurable> {
    let with_plans = |adapter: Adapter| PlanChoice::ALL.map(|plan| (adapter.clone(), plan));
    let measurable = |(adapter, plan): (Adapter, PlanChoice)| Measurable {
        name: adapter.to_string(),
        plan: plan.name(),
        open: Box::new(move || Ok(Box::new(Gpu::open(&adapter)?.with_plan(plan)))),
    };
    Adapter::all().into_iter().flat_map(with_plans).map(measurable).collect()
}

/// Fails where there is no adapter.
pub fn require() -> Result<()> {
    Adapter::choose(&Adapter::all(), &Choice::Any).map(|_| ())
}

/// Any adapter, or one by its name, which may be mistyped.
fn adapter(name: &str) -> Result<Adapter> {
    let choice = if name == "gpu" { Choice::Any } else { Choice::Named(name.into()) };
    match Adapter::choose(&Adapter::all(), &choice) {
        Ok(adapter) => Ok(adapter.clone()),
        Err(Error::NoAdapter(said)) if name != "gpu" => {
            Err(Error::NoAdapter(format!("{said}; what is no adapter's name is cpu, gpu or auto")))
        }
        Err(error) => Err(error),
    }
}

impl DeviceArguments {
    /// A hardware GPU where there is one and it pays, else the CPU.
    pub fn auto(
        &self,
        data: &Dataset,
        runs: &[Run],
        iterations: u64,
        verbosity: Verbosity,
    ) -> Result<Box<dyn Backend>> {
        match Adapter::choose(&Adapter::all(), &Choice::Hardware) {
            Ok(adapter) => self.faster(adapter, data, runs, iterations, verbosity),
            Err(_) => {
                let cpu = self.cpu()?;
                verbosity.say("training on the CPU: there is no hardware GPU");
                Ok(cpu)
            }
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

    /// The adapter that is called `gpu` or so, for what is being done.
    pub fn gpu(
        &self,
        name: &str,
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
        let adapter = &adapter(name)?;
        if adapter.is_software() {
            verbosity.say(format_args!("{doing} on {adapter}: a software adapter, it computes on the CPU"));
        }
        self.trusted(adapter, data, run, verbosity)
    }

    /// An opened adapter whose first gradient is the CPU's; where that of the fused plan is not, and the plan was left
    /// open, the layered plan may do.
    fn trusted(&self, adapter: &Adapter, data: &Dataset, run: &Run, verbosity: Verbosity) -> Result<Box<dyn Backend>> {
        let gpu = Gpu::open(adapter)?.with_plan(self.plan);
        match check_backend(&gpu, data, run) {
            Ok(()) => Ok(Box::new(gpu)),
            Err(Error::Wrong(said)) if self.plan == PlanChoice::Auto => {
                let layered = gpu.with_plan(PlanChoice::Layered);
                check_backend(&layered, data, run)?;
                verbosity
                    .say(format_args!("training with the layered plan, the fused one computes wrong here: {said}"));
                Ok(Box::new(layered))
            }
            Err(error) => Err(error),
        }
    }

    /// The plan that was asked for, by its name.
    pub fn plan(&self) -> &'static str {
        self.plan.name()
    }

    /// Fails where a plan is asked for, which only a GPU has.
    pub fn refuse_plan(&self) -> Result<()> {
        if self.plan != PlanChoice::Auto {
            let message = format!("--plan {} is a GPU's: add --device gpu, or leave it to auto", self.plan);
            return Err(Error::Mismatch(message));
        }
        Ok(())
    }
}
