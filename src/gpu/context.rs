//! A device with its compiled kernels, shared by a [`Gpu`](super::Gpu), its clones and its sessions, and opened again once
//! if it is lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wgpu::DeviceType;

use super::adapter::Adapter;
use super::device::Device;
use super::pipeline::Pipelines;
use super::plan::{Limits, Software};
use super::shader::Sources;
use crate::backend::Layouts;
use crate::{Error, Result};

/// A device and its kernels.
#[derive(Debug)]
pub struct Context {
    pub device: Device,
    pub pipelines: Pipelines,
}

impl Context {
    /// Opens an adapter.
    ///
    /// # Errors
    /// Those of [`Device::open`].
    pub async fn open(adapter: &Adapter, sources: Sources) -> Result<Self> {
        Ok(Self { device: Device::open(adapter).await?, pipelines: Pipelines::new(sources) })
    }

    /// What plans are held to, and made for.
    pub fn limits(&self) -> Limits {
        let limits = &self.device.limits;
        Limits {
            adapter: self.device.adapter.name.clone(),
            binding_size: limits.max_storage_buffer_binding_size,
            buffer_size: limits.max_buffer_size,
            workgroups: limits.max_compute_workgroups_per_dimension.into(),
            invocations: limits.max_compute_invocations_per_workgroup.into(),
            workgroup_storage: limits.max_compute_workgroup_storage_size.into(),
            storage_buffers: limits.max_storage_buffers_per_shader_stage.into(),
            uniform_size: limits.max_uniform_buffer_binding_size,
            software: software(&self.device.adapter),
        }
    }
}

/// How an adapter computes if it is a software one.
fn software(adapter: &wgpu::AdapterInfo) -> Option<Software> {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u32);
    (adapter.device_type == DeviceType::Cpu).then_some(Software { lanes: adapter.subgroup_max_size.max(1), threads })
}

/// What is known of the layouts for one problem, as long as its `Gpu` lives.
#[derive(Clone, Debug)]
pub struct Known {
    tuned: Arc<Mutex<HashMap<String, Layouts>>>,
    key: String,
}

impl Known {
    /// What was measured, if anything was.
    pub fn get(&self) -> Option<Layouts> {
        self.tuned.lock().unwrap_or_else(PoisonError::into_inner).get(&self.key).cloned()
    }

    /// Keeps what was measured.
    pub fn set(&self, layouts: Layouts) {
        self.tuned.lock().unwrap_or_else(PoisonError::into_inner).insert(self.key.clone(), layouts);
    }
}

/// A context, and how to come by another in its place.
#[derive(Debug)]
pub struct SharedContext {
    /// None if the device is another owner's.
    adapter: Option<Adapter>,
    current: Mutex<Current>,
    /// The layouts that were found to be the fastest, by problem.
    tuned: Arc<Mutex<HashMap<String, Layouts>>>,
    /// Held by the session that opens the device again; the others wait for it.
    opening: futures_intrusive::sync::Mutex<()>,
}

#[derive(Debug)]
struct Current {
    context: Arc<Context>,
    is_second: bool,
}

impl SharedContext {
    /// A device that was opened on this adapter, or by another owner.
    pub fn new(adapter: Option<Adapter>, context: Context) -> Self {
        let current = Mutex::new(Current { context: Arc::new(context), is_second: false });
        Self { adapter, current, tuned: Arc::default(), opening: futures_intrusive::sync::Mutex::new((), true) }
    }

    /// The context at hand.
    pub fn get(&self) -> Arc<Context> {
        Arc::clone(&self.current().context)
    }

    /// What is known of the layouts for a problem.
    pub fn known(&self, key: String) -> Known {
        Known { tuned: Arc::clone(&self.tuned), key }
    }

    /// Does something on the context at hand, and if its device is lost, once more on another.
    ///
    /// # Errors
    /// Those of `act` and of [`instead_of`](Self::instead_of).
    pub async fn recovering<T>(&self, act: impl AsyncFn(Arc<Context>) -> Result<T>) -> Result<T> {
        let context = self.get();
        match act(Arc::clone(&context)).await {
            Err(Error::Lost(reason)) => {
                let another = self.instead_of(&context, &reason).await?;
                log::warn!("the device was lost ({reason}) and is opened again");
                act(another).await
            }
            other => other,
        }
    }

    /// Another context for one whose device is lost: the first session that misses it opens it, and the others find it
    /// here. The adapter is looked for anew, since a driver that was reset no longer knows the old one.
    ///
    /// # Errors
    /// [`Error::Lost`] if this is the second loss, if the adapter is gone, or if the device is another owner's;
    /// [`Error::Device`] if it cannot be opened.
    pub async fn instead_of(&self, lost: &Arc<Context>, reason: &str) -> Result<Arc<Context>> {
        let Some(own) = &self.adapter else { return Err(Error::Lost(reason.into())) };
        let _opening = self.opening.lock().await;
        if !Arc::ptr_eq(&self.get(), lost) {
            return Ok(self.get());
        }
        if self.current().is_second {
            return Err(Error::Lost(format!("{reason}, for the second time")));
        }
        let gone = || Error::Lost(format!("{reason}, and {own} is gone"));
        let adapters = Adapter::find_all().await;
        let adapter = adapters.iter().find(|adapter| adapter.is_same(own)).ok_or_else(gone)?;
        let context = Arc::new(Context::open(adapter, lost.pipelines.sources().clone()).await?);
        *self.current() = Current { context: Arc::clone(&context), is_second: true };
        Ok(context)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
