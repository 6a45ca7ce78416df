//! What trains: the browser's GPU or the CPU engine in this worker, and which of the two.

use std::time::Duration;

use planar::backend::{Backend, Chunk, DeviceInfo, Evaluation, PlanChoice, Run};
use planar::compare::{Bounds, Difference, Step, judge, rounded};
use planar::cpu::{Engine, Reference};
use planar::data::Dataset;
use planar::gpu::{Adapter, Gpu, GpuSession};
use planar::{Error, Result};
use wasm_bindgen::prelude::*;
use web_time::Instant;

use crate::said;
use crate::settings::{Settings, Wanted};

/// How long a chunk takes by which the CPU or the GPU is judged: much longer than it takes to ask for it and to hear of it.
const CALIBRATION: Duration = Duration::from_millis(30);
/// How long either is measured at most.
const PATIENCE: Duration = Duration::from_millis(600);
/// The GPU trains if it takes at most this many times as long as the CPU: the page is there to show what the visitor's GPU does.
const MUCH_SLOWER: f64 = 10.0;
/// The most numbers of a step that is compared with the reference before a GPU is trusted: about half a second's work.
const COMPARED: usize = 1 << 25;
/// How many times the bound of rounding a number may be off before a GPU is not trusted: far more than rounding, far less than
/// any fault.
const FAULT: f64 = 100.0;

#[wasm_bindgen]
extern "C" {
    /// Which of several GPUs the browser is asked for from now on, in the words of WebGPU's `powerPreference`: all that a page
    /// may choose by.
    #[wasm_bindgen(js_name = preferPower)]
    fn prefer_power(preference: &str);

    /// What the browser's script calls the adapter that it was last asked for.
    #[wasm_bindgen(js_name = adapterName)]
    fn adapter_name() -> Option<String>;
}

/// A device that trains.
#[derive(Clone)]
pub enum Device {
    Gpu(Gpu),
    Cpu(Engine),
}

/// Networks in training on it.
pub enum Session {
    Gpu(Box<GpuSession>),
    Cpu(Box<dyn planar::backend::Session>),
}

/// The GPU of the browser as far as it is known, kept from one experiment to the next.
pub struct Gpus {
    opened: Option<(Adapter, Gpu)>,
    /// What the open one was asked for with.
    preference: &'static str,
}

/// A device with networks loaded on it.
pub struct Loaded {
    pub device: Device,
    pub session: Session,
    /// Why the CPU trains, if the GPU might have.
    pub fallback: Option<String>,
    /// Why the GPU trains, if the CPU might have.
    pub why: Option<String>,
}

impl Session {
    pub async fn advance(&mut self, iterations: u32) -> Result<()> {
        match self {
            Self::Gpu(session) => session.advance(iterations).await,
            Self::Cpu(session) => session.advance(iterations),
        }
    }

    pub async fn collect(&mut self) -> Result<Option<Chunk>> {
        match self {
            Self::Gpu(session) => session.collect().await,
            Self::Cpu(session) => session.collect(),
        }
    }

    pub async fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        match self {
            Self::Gpu(session) => session.evaluate().await,
            Self::Cpu(session) => session.evaluate(),
        }
    }

    pub async fn retire(&mut self, network: usize) -> Result<()> {
        match self {
            Self::Gpu(session) => session.retire(network).await,
            Self::Cpu(session) => session.retire(network),
        }
    }

    pub fn queue_depth(&self) -> usize {
        match self {
            Self::Gpu(session) => planar::backend::Session::queue_depth(session.as_ref()),
            Self::Cpu(session) => session.queue_depth(),
        }
    }

    pub fn plan_name(&self) -> &'static str {
        match self {
            Self::Gpu(session) => planar::backend::Session::plan_name(session.as_ref()),
            Self::Cpu(session) => session.plan_name(),
        }
    }
}

impl Device {
    /// The CPU engine.
    pub fn cpu() -> Result<Self> {
        Engine::new(Some(1)).map(Self::Cpu)
    }

    pub async fn load(&self, data: &Dataset, runs: &[Run]) -> Result<Session> {
        match self {
            Self::Gpu(gpu) => Ok(Session::Gpu(Box::new(gpu.load_async(data, runs).await?))),
            Self::Cpu(engine) => engine.load(data, runs).map(Session::Cpu),
        }
    }

    /// One step from the weights of a run, to be compared.
    pub async fn step(&self, data: &Dataset, run: &Run) -> Result<Step> {
        let gpu = match self {
            Self::Gpu(gpu) => gpu,
            Self::Cpu(engine) => return Step::of(engine, data, run),
        };
        let mut session = gpu.load_async(data, std::slice::from_ref(run)).await?;
        let (evaluations, gradients) = (session.evaluate().await?, session.gradients().await?);
        session.advance(1).await?;
        Step::told(evaluations, gradients, session.collect().await?)
    }

    /// What it is; a GPU without a name has the script's.
    pub fn info(&self) -> DeviceInfo {
        let info = match self {
            Self::Gpu(gpu) => gpu.device(),
            Self::Cpu(engine) => engine.device(),
        };
        DeviceInfo { name: named(info.name), ..info }
    }

    /// Whether it is a GPU.
    pub fn is_gpu(&self) -> bool {
        matches!(self, Self::Gpu(_))
    }
}

/// An adapter's own name, or the script's if it has none, as it often has not.
fn named(own: String) -> String {
    if own.is_empty() { adapter_name().unwrap_or_else(|| "GPU".into()) } else { own }
}

impl Gpus {
    /// Nothing is opened yet.
    pub fn new() -> Self {
        Self { opened: None, preference: "" }
    }

    /// The names of the adapters: a browser offers one at most.
    pub async fn names() -> Vec<String> {
        Adapter::find_all().await.into_iter().map(|adapter| named(adapter.device_info().name)).collect()
    }

    /// The browser's adapter of a preference, opened; the one that is open already if it is of the same.
    async fn open(&mut self, preference: &'static str) -> Result<(Adapter, Gpu)> {
        if self.preference != preference {
            (self.preference, self.opened) = (preference, None);
            prefer_power(preference);
        }
        if let Some(opened) = &self.opened {
            return Ok(opened.clone());
        }
        let none = || Error::NoAdapter("the browser offers none".into());
        let adapter = Adapter::find_all().await.into_iter().next().ok_or_else(none)?;
        let gpu = Gpu::open_async(&adapter).await?;
        Ok(self.opened.insert((adapter, gpu)).clone())
    }

    /// The GPU, with the plan that the settings want.
    pub async fn with(&mut self, settings: &Settings) -> Result<Device> {
        let (plan, layout) = settings.plan()?;
        let (_, gpu) = self.open(settings.power_preference()).await?;
        Ok(Device::Gpu(gpu.with_plan(plan).with_layout(layout)))
    }

    /// Forgets the device, which has failed: the next experiment opens another.
    pub fn forget(&mut self) {
        self.opened = None;
    }

    /// Loads networks on what the settings want, or on the CPU if that cannot be had. Before a GPU trains, its first step is
    /// compared with the reference's.
    ///
    /// # Errors
    /// Those of networks that no device takes, and of a plan that cannot train them.
    pub async fn load(&mut self, settings: &Settings, data: &Dataset, runs: &[Run]) -> Result<Loaded> {
        planar::backend::check_runs(data, runs)?;
        let (wanted, (plan, layout)) = (settings.wanted()?, settings.plan()?);
        let cpu = async |fallback: Option<String>| {
            let device = Device::cpu()?;
            let session = device.load(data, runs).await?;
            Ok(Loaded { device, session, fallback, why: None })
        };
        if wanted == Wanted::Cpu {
            return cpu(None).await;
        }
        let (adapter, gpu) = match self.open(settings.power_preference()).await {
            Ok(opened) => opened,
            Err(Error::NoAdapter(_)) => {
                return cpu(Some("This browser offers no GPU (WebGPU has no adapter), so the CPU trains.".into()))
                    .await;
            }
            Err(error) => {
                return cpu(Some(format!("The GPU cannot be opened, so the CPU trains. {}", said::of(&error)))).await;
            }
        };
        if wanted == Wanted::Auto && adapter.is_software() {
            let said =
                "The browser’s only GPU is emulated in software, which computes on the CPU itself, so the CPU trains.";
            return cpu(Some(said.into())).await;
        }
        let failed = |error: &Error| Some(format!("The CPU trains in the place of the GPU. {}", said::of(error)));
        let device = Device::Gpu(gpu.with_plan(plan).with_layout(layout));
        let mut on_gpu = match trusted(device, data, runs).await {
            Ok(loaded) => loaded,
            // what was asked for cannot be had: a plan, or as large a network
            Err(error @ (Error::Mismatch(_) | Error::Limit { .. })) if wanted == Wanted::Gpu => return Err(error),
            Err(error) => {
                self.forget();
                return cpu(failed(&error)).await;
            }
        };
        if wanted == Wanted::Gpu || plan != PlanChoice::Auto {
            return Ok(on_gpu);
        }
        let Ok(mut on_cpu) = cpu(None).await else { return Ok(on_gpu) };
        let of_cpu = seconds(&mut on_cpu.session).await?;
        let measured = match seconds(&mut on_gpu.session).await {
            // with the weights that the measurement has not moved
            Ok(of_gpu) => on_gpu.device.load(data, runs).await.map(|session| (of_gpu, session)),
            Err(error) => Err(error),
        };
        let (of_gpu, session) = match measured {
            Ok(measured) => measured,
            Err(error) => {
                self.forget();
                return cpu(failed(&error)).await;
            }
        };
        let (cpu_time, gpu_time) = (1e6 * of_cpu, 1e6 * of_gpu);
        if of_gpu > MUCH_SLOWER * of_cpu {
            let said = "The CPU trains, since it is much faster here";
            return cpu(Some(format!("{said}: {cpu_time:.0} µs an iteration, the GPU {gpu_time:.0}."))).await;
        }
        let why = format!("An iteration takes {gpu_time:.0} µs here, and {cpu_time:.0} µs on the CPU.");
        Ok(Loaded { session, why: Some(why), ..on_gpu })
    }
}

/// Loads networks on a GPU whose first step is the reference's; one that is too large to be compared is taken as it is.
async fn trusted(device: Device, data: &Dataset, runs: &[Run]) -> Result<Loaded> {
    let first = rounded(&runs[0]);
    if first.parameters.values().len().saturating_mul(data.samples()) <= COMPARED && first.parameters.is_finite() {
        let (got, want) = (device.step(data, &first).await?, Step::of(&Reference::<f64>::new(), data, &first)?);
        let judged = judge([&want, &got], data, &first, 0, Bounds::F32_TO_F64)?;
        let is_off = |of: &&Difference| {
            let is_rounding = (of.left - of.right).abs() <= FAULT * of.bound;
            !of.agrees && !is_rounding
        };
        if let Some(off) = judged.differences.iter().find(is_off) {
            let (tensor, [row, column]) = (&off.tensor, off.at);
            let said = format!("{tensor}[{row}, {column}] of the GPU is {:e}, and the CPU’s {:e}", off.right, off.left);
            return Err(Error::Wrong(said));
        }
    }
    let session = device.load(data, runs).await?;
    Ok(Loaded { device, session, fallback: None, why: None })
}

/// Seconds of an iteration, the least of ever longer chunks that a browser's coarse clock can time.
async fn seconds(session: &mut Session) -> Result<f64> {
    let (mut chunk, mut least, begun) = (1, f64::INFINITY, Instant::now());
    loop {
        let before = Instant::now();
        session.advance(chunk).await?;
        session.collect().await?;
        let took = before.elapsed();
        let each = took.as_secs_f64() / f64::from(chunk);
        if took >= CALIBRATION / 4 {
            least = least.min(each);
        }
        if (chunk > 1 && took >= CALIBRATION) || begun.elapsed() >= PATIENCE {
            return Ok(if least.is_finite() { least } else { each });
        }
        chunk = (2 * chunk).min(planar::backend::CHUNK_LIMIT);
    }
}
