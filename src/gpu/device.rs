//! Adapters: what there is, which one is taken, and the opened device with its errors.

use std::fmt;
use std::sync::Arc;

use wgpu::{DeviceType, ErrorFilter};

use super::lasting::Lasting;
use super::pipeline::Pipelines;
use super::plan::{Allowed, Plan, PlanChoice, Sizes, Software};
use super::readback::loss_behind;
use super::reopen::Shared;
use super::shader::Sources;
use super::trouble::{Fault, Trouble, one_line};
use crate::backend::{Backend, DeviceInfo, Run, Session, check_runs};
use crate::data::Dataset;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// Which adapter is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A hardware GPU: discrete before integrated before virtual.
    Hardware,
    /// A hardware GPU, or else a software adapter.
    Any,
    /// The adapter whose name contains this, upper and lower case alike.
    Named(String),
}

/// An adapter that wgpu found on this machine.
#[derive(Clone, Debug)]
pub struct Adapter {
    inner: wgpu::Adapter,
    info: wgpu::AdapterInfo,
}

impl Adapter {
    /// All adapters of the backends Vulkan, Metal and DX12, best first. `WGPU_BACKEND` narrows the backends.
    pub fn all() -> Vec<Self> {
        let descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
        let backends = descriptor.backends;
        let found = pollster::block_on(wgpu::Instance::new(descriptor).enumerate_adapters(backends));
        let mut adapters: Vec<Self> = found.into_iter().map(|inner| Self { info: inner.get_info(), inner }).collect();
        adapters.sort_by_key(|adapter| rank(adapter.info.device_type)); // stable: the system's order within a type
        adapters
    }

    /// The adapter that a choice takes among `adapters`, which are sorted best first.
    /// The environment's `WGPU_ADAPTER_NAME` narrows the choice unless a name is given.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] where none fits, naming what was looked for and what there is.
    pub fn choose<'a>(adapters: &'a [Self], choice: &Choice) -> Result<&'a Self> {
        let named = match choice {
            Choice::Named(name) => Some(name.clone()),
            _ => std::env::var("WGPU_ADAPTER_NAME").ok().filter(|name| !name.is_empty()),
        };
        let fits = |adapter: &&Self| {
            let hardware = adapter.info.device_type != DeviceType::Cpu;
            named.as_deref().is_none_or(|name| adapter.is_named(name)) && (hardware || *choice != Choice::Hardware)
        };
        adapters.iter().find(fits).ok_or_else(|| {
            let wanted = match (&named, choice) {
                (Some(name), _) => format!("named like '{name}'"),
                (None, Choice::Hardware) => "of hardware".into(),
                (None, _) => "of any kind".into(),
            };
            let there: Vec<String> = adapters.iter().map(ToString::to_string).collect();
            let there =
                if there.is_empty() { "there is none".into() } else { format!("there is {}", there.join("; ")) };
            Error::NoAdapter(format!("looked for one {wanted} through {}; {there}", looked_through()))
        })
    }

    /// Name, kind, backend and driver.
    pub fn device_info(&self) -> DeviceInfo {
        device_info(&self.info)
    }

    /// Whether it computes on the CPU.
    pub fn is_software(&self) -> bool {
        self.info.device_type == DeviceType::Cpu
    }

    /// The limits that decide what can be trained, by their WebGPU names.
    pub fn limits(&self) -> Vec<(&'static str, u64)> {
        let limits = self.inner.limits();
        vec![
            ("maxStorageBufferBindingSize", limits.max_storage_buffer_binding_size),
            ("maxBufferSize", limits.max_buffer_size),
            ("maxComputeWorkgroupsPerDimension", limits.max_compute_workgroups_per_dimension.into()),
            ("maxComputeInvocationsPerWorkgroup", limits.max_compute_invocations_per_workgroup.into()),
            ("maxComputeWorkgroupStorageSize", limits.max_compute_workgroup_storage_size.into()),
            ("maxUniformBufferBindingSize", limits.max_uniform_buffer_binding_size),
            ("maxStorageBuffersPerShaderStage", limits.max_storage_buffers_per_shader_stage.into()),
        ]
    }

    /// Whether it is the same adapter of the same driver, found at another time.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.info == other.info
    }

    fn is_named(&self, part: &str) -> bool {
        self.info.name.to_lowercase().contains(&part.to_lowercase())
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.info.name, kind(self.info.device_type), self.info.backend)
    }
}

/// The backends that adapters are looked for through, such as `Vulkan`.
pub fn looked_through() -> String {
    let backends = wgpu::Backends::from_env().unwrap_or_default() & wgpu::Instance::enabled_backend_features();
    let names = [(wgpu::Backends::VULKAN, "Vulkan"), (wgpu::Backends::METAL, "Metal"), (wgpu::Backends::DX12, "DX12")];
    let names: Vec<&str> = names.iter().filter(|(flag, _)| backends.contains(*flag)).map(|(_, name)| *name).collect();
    if names.is_empty() { "no backend (WGPU_BACKEND excludes all)".into() } else { names.join(" and ") }
}

fn device_info(info: &wgpu::AdapterInfo) -> DeviceInfo {
    DeviceInfo {
        kind: kind(info.device_type).into(),
        name: info.name.clone(),
        backend: info.backend.to_string(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().into(),
    }
}

/// How it computes, where it is a software adapter.
fn software(info: &wgpu::AdapterInfo) -> Option<Software> {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u32);
    (info.device_type == DeviceType::Cpu).then_some(Software { lanes: info.subgroup_max_size.max(1), threads })
}

fn rank(device_type: DeviceType) -> u8 {
    match device_type {
        DeviceType::DiscreteGpu => 0,
        DeviceType::IntegratedGpu => 1,
        DeviceType::VirtualGpu => 2,
        DeviceType::Other => 3,
        DeviceType::Cpu => 4,
    }
}

fn kind(device_type: DeviceType) -> &'static str {
    match device_type {
        DeviceType::DiscreteGpu => "discrete-gpu",
        DeviceType::IntegratedGpu => "integrated-gpu",
        DeviceType::VirtualGpu => "virtual-gpu",
        DeviceType::Other => "other-gpu",
        DeviceType::Cpu => "software-gpu",
    }
}

/// An opened GPU, which trains. Clones share the device.
#[derive(Clone, Debug)]
pub struct Gpu {
    shared: Arc<Shared>,
    plan: PlanChoice,
    adapt: Option<fn(&mut Allowed)>,
    change: Option<fn(&mut Plan)>,
}

/// The device, what it reported, and its compiled kernels.
#[derive(Debug)]
pub(super) struct Opened {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub limits: wgpu::Limits,
    pub info: DeviceInfo,
    pub software: Option<Software>,
    pub pipelines: Pipelines,
    pub trouble: Arc<Trouble>,
}

impl Gpu {
    /// Opens an adapter with all that its limits allow.
    ///
    /// # Errors
    /// [`Error::Device`] where the driver refuses.
    pub fn open(adapter: &Adapter) -> Result<Self> {
        Self::open_with(adapter, Sources::embedded())
    }

    /// Opens an adapter with other shader sources than the built-in ones: for experiments, and for the tests that
    /// break a shader to see the checks fail.
    ///
    /// # Errors
    /// [`Error::Device`] where the driver refuses.
    pub fn open_with(adapter: &Adapter, sources: Sources) -> Result<Self> {
        Ok(Self::on(Some(adapter.clone()), Opened::new(adapter, sources)?))
    }

    /// Trains on a device that you have opened, beside what else you do on it. Plans are held to the limits that it
    /// was opened with. Its handler of errors and its callback of loss stay yours: what goes wrong in a training is
    /// returned by the training. Where the device is lost, so is the training: only its owner can open another.
    ///
    /// ```no_run
    /// use planar::gpu::{Gpu, wgpu};
    ///
    /// # fn with(device: wgpu::Device, queue: wgpu::Queue) {
    /// let gpu = Gpu::from_device(device.clone(), queue.clone());
    /// # }
    /// ```
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self::on(None, Opened::on(device, queue, Sources::embedded(), Arc::default()))
    }

    fn on(adapter: Option<Adapter>, opened: Opened) -> Self {
        let shared = Arc::new(Shared::new(adapter, opened));
        Self { shared, plan: PlanChoice::Auto, adapt: None, change: None }
    }

    /// The same device under another plan.
    pub fn with_plan(mut self, plan: PlanChoice) -> Self {
        self.plan = plan;
        self
    }

    /// The same device with its plans made for other limits than its own: for running on a software adapter what a
    /// hardware one would run.
    pub fn with_plans_for(mut self, adapt: fn(&mut Allowed)) -> Self {
        self.adapt = Some(adapt);
        self
    }

    /// The same device with every plan changed before it is followed: for the tests that break a plan on purpose.
    pub fn with_changed_plans(mut self, change: fn(&mut Plan)) -> Self {
        self.change = Some(change);
        self
    }

    /// The plan that this device follows for these sizes, held to its limits.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the chosen plan cannot do the shape, [`Error::Limit`] naming the first limit that is
    /// passed.
    pub fn plan(&self, sizes: &Sizes) -> Result<Plan> {
        let mut allowed = self.opened().allowed();
        if let Some(adapt) = self.adapt {
            adapt(&mut allowed);
        }
        let held = |choice| {
            let plan = Plan::new(choice, sizes, &allowed)?;
            plan.check(&allowed).map(|()| plan)
        };
        let mut plan = held(self.plan).map_err(|error| match error {
            Error::Limit { .. } if self.plan == PlanChoice::Fused && held(PlanChoice::Layered).is_ok() => {
                Error::Mismatch(format!("{error}; the layered plan can train this"))
            }
            other => other,
        })?;
        if let Some(change) = self.change {
            change(&mut plan);
        }
        Ok(plan)
    }

    /// Lets something go wrong on the device, to see what comes of it.
    #[doc(hidden)]
    pub fn fail(&self, fault: Fault) {
        let opened = self.opened();
        match fault {
            Fault::Destroyed => opened.device.destroy(),
            Fault::Lost => opened.trouble.lost("the driver says so"),
            Fault::OutOfMemory | Fault::Hang | Fault::Unmapped => opened.trouble.let_fail(fault),
        }
    }

    pub(super) fn opened(&self) -> Arc<Opened> {
        self.shared.opened()
    }
}

impl Backend for Gpu {
    fn device(&self) -> DeviceInfo {
        self.opened().info.clone()
    }

    fn forward(&self, network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>> {
        crate::backend::forward_by_session(self, network, parameters, points)
    }

    fn forward_plan(&self, network: &Network, points: usize) -> Result<&'static str> {
        let derivative = network.derivative();
        let sizes = Sizes {
            networks: 1,
            samples: points.min(4096) as u32,
            activation: derivative.activation,
            borrowed: derivative.borrowed,
            layout: network.layout().clone(),
        };
        Ok(self.plan(&sizes)?.name)
    }

    fn memory(&self, data: &Dataset, network: &Network, count: usize) -> Result<u64> {
        Ok(self.plan(&Sizes::same(data, network, count)?)?.bytes())
    }

    fn memory_limit(&self) -> u64 {
        self.opened().limits.max_buffer_size
    }

    fn load(&self, data: &Dataset, runs: &[Run]) -> Result<Box<dyn Session>> {
        check_runs(data, runs)?;
        let plan = self.plan(&Sizes::new(data, runs)?)?;
        Ok(Box::new(Lasting::new(Arc::clone(&self.shared), plan, data, runs)?))
    }
}

impl Opened {
    /// Opens an adapter with all that its limits allow.
    pub fn new(adapter: &Adapter, sources: Sources) -> Result<Self> {
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("planar"),
            required_limits: adapter.inner.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) = pollster::block_on(adapter.inner.request_device(&descriptor))
            .map_err(|error| Error::Device(format!("{adapter} cannot be opened: {}", one_line(&error.to_string()))))?;

        let trouble = Arc::new(Trouble::default());
        let (on_error, on_loss) = (Arc::clone(&trouble), Arc::clone(&trouble));
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| on_error.failed(&error.to_string())));
        device.set_device_lost_callback(move |_, message| on_loss.lost(&message));
        let opened = Self::on(device, queue, sources, trouble);
        log::info!("opened {adapter}, driver {}", opened.info.driver);
        Ok(opened)
    }

    /// A device that is open, and where it reports to.
    fn on(device: wgpu::Device, queue: wgpu::Queue, sources: Sources, trouble: Arc<Trouble>) -> Self {
        let info = device.adapter_info();
        Self {
            limits: device.limits(),
            software: software(&info),
            info: device_info(&info),
            pipelines: Pipelines::new(sources),
            trouble,
            device,
            queue,
        }
    }

    /// The limits that plans are held to.
    pub fn allowed(&self) -> Allowed {
        Allowed {
            adapter: self.info.name.clone(),
            binding_size: self.limits.max_storage_buffer_binding_size,
            buffer_size: self.limits.max_buffer_size,
            workgroups: self.limits.max_compute_workgroups_per_dimension.into(),
            invocations: self.limits.max_compute_invocations_per_workgroup.into(),
            workgroup_storage: self.limits.max_compute_workgroup_storage_size.into(),
            storage_buffers: self.limits.max_storage_buffers_per_shader_stage.into(),
            uniform_size: self.limits.max_uniform_buffer_binding_size,
            software: self.software,
        }
    }

    /// Runs what creates things on the device, and turns every error of it into ours.
    pub fn guarded<T>(&self, what: &str, make: impl FnOnce() -> T) -> Result<T> {
        let filters = [ErrorFilter::Validation, ErrorFilter::OutOfMemory, ErrorFilter::Internal];
        let scopes = filters.map(|filter| self.device.push_error_scope(filter));
        let made = make();
        let mut failure = None;
        for scope in scopes.into_iter().rev() {
            failure = pollster::block_on(scope.pop()).or(failure);
        }
        if self.trouble.is_due(Fault::OutOfMemory) {
            failure = Some(wgpu::Error::OutOfMemory { source: "for a test".into() });
        }
        let said = match failure {
            None => return self.check().map(|()| made),
            Some(wgpu::Error::OutOfMemory { .. }) => format!("there is not enough memory for {what}"),
            Some(error) => format!("{what}: {}", one_line(&error.to_string())),
        };
        Err(loss_behind(self, Error::Device(said)))
    }

    /// Submits what is recorded, and turns every error of it into ours.
    pub fn submit(&self, encoder: wgpu::CommandEncoder) -> Result<wgpu::SubmissionIndex> {
        self.guarded("a submission", || self.queue.submit([encoder.finish()]))
    }

    /// Whether the device has reported trouble since it was opened.
    pub fn check(&self) -> Result<()> {
        self.trouble.check().map_err(|error| loss_behind(self, error))
    }
}
