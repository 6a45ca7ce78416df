//! The GPU as a backend: an opened device, and the plan that it follows.

use std::sync::Arc;

use wgpu::DeviceType;

use super::adapter::Adapter;
use super::context::{Context, SharedContext};
use super::device::Device;
use super::errors::DeviceErrors;
#[cfg(feature = "testing")]
use super::errors::Fault;
use super::pipeline::Pipelines;
use super::plan::{Limits, Plan, PlanChoice, Problem};
use super::session::GpuSession;
use super::session::inference::Inference;
use super::shader::Sources;
use super::wait::block_on;
use crate::backend::{Backend, DeviceInfo, LayoutChoice, Run, Session, check_points, check_runs};
use crate::data::Dataset;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// Points that go through the device at a time, unless its limits allow fewer.
const BLOCK: usize = 1 << 16;
/// Bytes that a session may take on a software adapter, which computes in the system's memory: as on the CPU, 4 GiB.
const SOFTWARE_MEMORY: u64 = 4 << 30;
/// Bytes that a session may take on a GPU. WebGPU does not tell how much memory a device has, and a display may share it:
/// 2 GiB are left on nearly every GPU in use. [`Gpu::with_memory`] knows better.
const GPU_MEMORY: u64 = 2 << 30;

/// An opened GPU, which trains. Clones share the device.
#[derive(Clone, Debug)]
pub struct Gpu {
    shared: Arc<SharedContext>,
    plan: PlanChoice,
    layout: LayoutChoice,
    memory: Option<u64>,
    adapt: Option<fn(&mut Limits)>,
    change: Option<fn(&mut Plan)>,
}

impl Gpu {
    /// Opens an adapter with all that its limits allow.
    ///
    /// # Errors
    /// [`Error::Device`] if the driver refuses.
    pub fn open(adapter: &Adapter) -> Result<Self> {
        block_on(Self::open_async(adapter))
    }

    /// [`open`](Self::open), for a front that must not block.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_async(adapter: &Adapter) -> Result<Self> {
        Ok(Self::on(Some(adapter.clone()), Context::open(adapter, Sources::embedded()).await?))
    }

    /// Trains on a device that you have opened, beside whatever else you do on it. Plans are held to the limits that it
    /// was opened with. Its error handler and its loss callback stay yours: what goes wrong in a training is returned by
    /// the training. If the device is lost, so is the training: only its owner can open another.
    ///
    /// ```no_run
    /// use planar::gpu::{Gpu, wgpu};
    ///
    /// # fn with(device: wgpu::Device, queue: wgpu::Queue) {
    /// let gpu = Gpu::from_device(device.clone(), queue.clone());
    /// # }
    /// ```
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let device = Device::new(device, queue, Arc::new(DeviceErrors::default()));
        Self::on(None, Context { device, pipelines: Pipelines::new(Sources::embedded()) })
    }

    fn on(adapter: Option<Adapter>, context: Context) -> Self {
        let shared = Arc::new(SharedContext::new(adapter, context));
        Self { shared, plan: PlanChoice::Auto, layout: LayoutChoice::Measured, memory: None, adapt: None, change: None }
    }

    /// The same device under another plan.
    pub fn with_plan(mut self, plan: PlanChoice) -> Self {
        self.plan = plan;
        self
    }

    /// The same device with its plans laid out so; by default, each training measures which layout is the fastest.
    pub fn with_layout(mut self, layout: LayoutChoice) -> Self {
        self.layout = layout;
        self
    }

    /// The same device with this many bytes for a session, in the place of the guess that [`Backend::memory_limit`]
    /// otherwise makes: WebGPU does not tell how much memory a device has.
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Destroys the device, as a browser or a driver may do at any time: sessions open another and go on.
    pub fn destroy(&self) {
        self.context().device.wgpu.destroy();
    }

    /// The plan that this device follows for a problem, held to its limits.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the chosen plan cannot do the shape, [`Error::Limit`] naming the first limit that is
    /// exceeded.
    pub fn plan(&self, problem: &Problem) -> Result<Plan> {
        Ok(self.candidates(problem, |plan| plan)?.swap_remove(0))
    }

    /// The plans to choose among, the likeliest to be fast first; only the `part` that is needed is held to the limits.
    fn candidates(&self, problem: &Problem, part: fn(Plan) -> Plan) -> Result<Vec<Plan>> {
        let mut limits = self.context().limits();
        if let Some(adapt) = self.adapt {
            adapt(&mut limits);
        }
        let layout = match &self.layout {
            LayoutChoice::Named(name) => Some(name.as_str()),
            _ => None,
        };
        let held = |choice| Plan::candidates_of(choice, layout, problem, &limits, part);
        let has_layered = matches!(self.plan, PlanChoice::Split | PlanChoice::Resident);
        let mut plans = held(self.plan).map_err(|error| match error {
            Error::Limit { .. } if has_layered && held(PlanChoice::Layered).is_ok() => {
                Error::Mismatch(format!("{error}; the layered plan can train this"))
            }
            other => other,
        })?;
        if self.layout == LayoutChoice::Likeliest {
            plans.truncate(1);
        }
        if let Some(change) = self.change {
            plans.iter_mut().for_each(change);
        }
        Ok(plans)
    }

    /// The plan for predicting this many points, and how many of them make a block.
    fn inference(&self, network: &Network, points: usize) -> Result<(Plan, usize)> {
        let mut block = points.clamp(1, BLOCK);
        loop {
            match self.candidates(&Problem::of_inference(network, block)?, Plan::forward_alone) {
                Err(Error::Limit { .. } | Error::Mismatch(_)) if block > 1 => block = block.div_ceil(2),
                other => return other.map(|mut plans| (plans.swap_remove(0), block)),
            }
        }
    }

    /// [`Backend::load`], for a front that must not block: the session's own methods are async.
    ///
    /// # Errors
    /// As there.
    pub async fn load_async(&self, data: &Dataset, runs: &[Run]) -> Result<GpuSession> {
        check_runs(data, runs)?;
        let problem = Problem::new(data, runs)?;
        let plans = self.candidates(&problem, |plan| plan)?;
        let key = format!("{} {problem:?}", self.plan);
        GpuSession::new(Arc::clone(&self.shared), plans, key, data, runs).await
    }

    /// [`Backend::forward`], for a front that must not block.
    ///
    /// # Errors
    /// As there.
    pub async fn forward_async(&self, network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>> {
        let (count, features) = (check_points(network, parameters, points)?, network.inputs());
        let (plan, block) = self.inference(network, count)?;
        let predict = async |context: Arc<Context>| {
            let inference = Inference::new(&context, &plan, network, parameters, block).await?;
            let mut logits = Vec::with_capacity(count);
            for points in points.chunks(block * features) {
                logits.append(&mut inference.logits(points, features).await?);
            }
            Ok(logits)
        };
        self.shared.recovering(predict).await
    }

    /// The same device with its plans made for other limits than its own.
    pub(crate) fn adapted(mut self, adapt: fn(&mut Limits)) -> Self {
        self.adapt = Some(adapt);
        self
    }

    pub(super) fn context(&self) -> Arc<Context> {
        self.shared.get()
    }
}

/// Doors for tests.
#[cfg(feature = "testing")]
impl Gpu {
    /// Opens an adapter with other shader sources than the built-in ones.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(adapter: &Adapter, sources: Sources) -> Result<Self> {
        Ok(Self::on(Some(adapter.clone()), block_on(Context::open(adapter, sources))?))
    }

    /// The same device with its plans made for other limits than its own: on a software adapter this runs what a hardware
    /// one would run.
    pub fn with_plans_for(self, adapt: fn(&mut Limits)) -> Self {
        self.adapted(adapt)
    }

    /// The same device with every plan changed before it is followed.
    pub fn with_changed_plans(mut self, change: fn(&mut Plan)) -> Self {
        self.change = Some(change);
        self
    }

    /// Lets something go wrong on the device, to see what comes of it.
    pub fn fail(&self, fault: Fault) {
        let context = self.context();
        match fault {
            Fault::Destroyed => self.destroy(),
            Fault::Lost => context.device.errors.lost("the driver says so"),
            fault => context.device.errors.let_fail(fault),
        }
    }
}

impl Backend for Gpu {
    fn device(&self) -> DeviceInfo {
        self.context().device.info()
    }

    fn forward(&self, network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>> {
        block_on(self.forward_async(network, parameters, points))
    }

    fn forward_plan(&self, network: &Network, points: usize) -> Result<&'static str> {
        self.inference(network, points).map(|(plan, _)| plan.name)
    }

    fn memory(&self, data: &Dataset, network: &Network, count: usize) -> Result<u64> {
        Ok(self.plan(&Problem::same(data, network, count)?)?.bytes())
    }

    fn memory_for(&self, data: &Dataset, run: &Run, count: usize) -> Result<u64> {
        Ok(self.plan(&Problem::alike(data, run, count)?)?.bytes())
    }

    fn memory_limit(&self) -> u64 {
        let is_software = self.context().device.adapter.device_type == DeviceType::Cpu;
        self.memory.unwrap_or(if is_software { SOFTWARE_MEMORY } else { GPU_MEMORY })
    }

    fn load(&self, data: &Dataset, runs: &[Run]) -> Result<Box<dyn Session>> {
        Ok(Box::new(block_on(self.load_async(data, runs))?))
    }
}
