//! Adapters: which there are, and which one is taken.

use std::fmt;

use wgpu::DeviceType;

use super::wait::block_on;
use crate::backend::DeviceInfo;
use crate::{Error, Result};

/// Which adapter is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A hardware GPU: discrete before integrated before virtual.
    Hardware,
    /// A hardware GPU, or a software adapter if there is none.
    Any,
    /// The adapter whose name contains this, upper and lower case alike.
    Named(String),
    /// The adapter with this [number](Adapter::number).
    Numbered(usize),
}

impl Choice {
    /// The adapter that a user means: digits alone are its number, never part of a name; any other text is part of its
    /// name.
    ///
    /// ```
    /// use planar::gpu::Choice;
    /// assert_eq!(Choice::of("3"), Choice::Numbered(3));
    /// assert_eq!(Choice::of("RTX 3090"), Choice::Named("RTX 3090".into()));
    /// ```
    pub fn of(text: &str) -> Self {
        match text.parse() {
            _ if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) => Self::Named(text.into()),
            number => Self::Numbered(number.unwrap_or(usize::MAX)), // no machine has as many
        }
    }
}

/// An adapter that wgpu found on this machine.
#[derive(Clone, Debug)]
pub struct Adapter {
    pub(super) inner: wgpu::Adapter,
    info: wgpu::AdapterInfo,
    number: usize,
}

impl Adapter {
    /// All adapters of the backends Vulkan, Metal and DX12, best first; a browser has one. `WGPU_BACKEND` narrows the
    /// backends.
    pub fn all() -> Vec<Self> {
        block_on(Self::find_all())
    }

    /// [`all`](Self::all), for a front that must not block.
    pub async fn find_all() -> Vec<Self> {
        let descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        // a browser has no environment, and need not fetch what reads one
        let descriptor = if cfg!(target_arch = "wasm32") { descriptor } else { descriptor.with_env() };
        let backends = descriptor.backends;
        let found = wgpu::Instance::new(descriptor).enumerate_adapters(backends).await;
        let mut adapters: Vec<Self> = found.into_iter().map(Self::new).collect();
        adapters.sort_by_key(|adapter| rank(adapter.info.device_type)); // stable: the system's order within a type
        for (number, adapter) in adapters.iter_mut().enumerate() {
            adapter.number = number;
        }
        adapters
    }

    fn new(inner: wgpu::Adapter) -> Self {
        #[cfg_attr(not(feature = "testing"), allow(unused_mut, reason = "only tests change it"))]
        let mut info = inner.get_info();
        #[cfg(feature = "testing")]
        if super::errors::Fault::of_environment().is_some() {
            info.device_type = DeviceType::DiscreteGpu; // so that `auto` looks at it
        }
        Self { inner, info, number: 0 }
    }

    /// The adapter that a choice takes among `adapters`, which are sorted best first. The environment's
    /// `WGPU_ADAPTER_NAME` narrows the choice unless a name or a number is given.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] if none fits, naming what was looked for and what there is.
    pub fn choose<'a>(adapters: &'a [Self], choice: &Choice) -> Result<&'a Self> {
        Ok(Self::choose_all(adapters, choice)?.swap_remove(0))
    }

    /// All adapters among which [`choose`](Self::choose) takes the first.
    ///
    /// # Errors
    /// As there.
    pub fn choose_all<'a>(adapters: &'a [Self], choice: &Choice) -> Result<Vec<&'a Self>> {
        let named = match choice {
            Choice::Named(name) => Some(name.clone()),
            Choice::Numbered(_) => None,
            Choice::Hardware | Choice::Any => std::env::var("WGPU_ADAPTER_NAME").ok().filter(|name| !name.is_empty()),
        };
        let fits = |adapter: &&Self| {
            let of_kind = match choice {
                Choice::Hardware => !adapter.is_software(),
                Choice::Numbered(number) => adapter.number == *number,
                Choice::Any | Choice::Named(_) => true,
            };
            of_kind && named.as_deref().is_none_or(|name| adapter.is_named(name))
        };
        let fitting: Vec<&Self> = adapters.iter().filter(fits).collect();
        if fitting.is_empty() {
            let wanted = match (&named, choice) {
                (_, Choice::Numbered(number)) => format!("with the number {number}"),
                (Some(name), _) => format!("named like '{name}'"),
                (None, Choice::Hardware) => "of hardware".into(),
                (None, _) => "of any kind".into(),
            };
            let there: Vec<String> = adapters.iter().map(|adapter| format!("{}: {adapter}", adapter.number)).collect();
            let there =
                if there.is_empty() { "there is none".into() } else { format!("there is {}", there.join("; ")) };
            let looked = format!("looked for one {wanted} through {}; {there}", looked_through());
            return Err(Error::NoAdapter(looked));
        }
        Ok(fitting)
    }

    /// Its place among [all](Self::all), from 0: the same in every process that finds the same adapters, and different
    /// for two equal cards.
    pub fn number(&self) -> usize {
        self.number
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
    let names = [
        (wgpu::Backends::VULKAN, "Vulkan"),
        (wgpu::Backends::METAL, "Metal"),
        (wgpu::Backends::DX12, "DX12"),
        (wgpu::Backends::BROWSER_WEBGPU, "WebGPU"),
    ];
    let names: Vec<&str> = names.iter().filter(|(flag, _)| backends.contains(*flag)).map(|(_, name)| *name).collect();
    if names.is_empty() { "no backend (WGPU_BACKEND excludes all)".into() } else { names.join(" and ") }
}

/// Name, kind, backend and driver of an adapter.
pub(super) fn device_info(info: &wgpu::AdapterInfo) -> DeviceInfo {
    DeviceInfo {
        kind: kind(info.device_type).into(),
        name: info.name.clone(),
        backend: info.backend.to_string(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().into(),
    }
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
