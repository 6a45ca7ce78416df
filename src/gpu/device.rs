//! An opened device: its error scopes, its submissions, and the errors that it reports.

use std::sync::Arc;
use std::time::Duration;

use wgpu::ErrorFilter;

use super::adapter::{Adapter, device_info};
use super::errors::{DeviceErrors, Fault, one_line};
use super::wait::{FIRST_PATIENCE, PATIENCE, Waited, finished};
use crate::backend::DeviceInfo;
use crate::{Error, Result};

/// The least work that a device can be given.
const FIRST_SHADER: &str = "@compute @workgroup_size(1) fn first() {}";

/// A wgpu device with its queue, and what it has reported.
#[derive(Debug)]
pub struct Device {
    pub wgpu: wgpu::Device,
    pub queue: wgpu::Queue,
    pub limits: wgpu::Limits,
    pub adapter: wgpu::AdapterInfo,
    pub errors: Arc<DeviceErrors>,
}

impl Device {
    /// Opens an adapter with all that its limits allow.
    ///
    /// # Errors
    /// [`Error::Device`] if the driver refuses, or does not answer a first piece of work.
    pub async fn open(adapter: &Adapter) -> Result<Self> {
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("planar"),
            required_limits: adapter.inner.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let opened = adapter.inner.request_device(&descriptor).await;
        let refused = |error: wgpu::RequestDeviceError| {
            Error::Device(format!("{adapter} cannot be opened: {}", one_line(&error.to_string())))
        };
        let (device, queue) = opened.map_err(refused)?;
        let errors = Arc::new(DeviceErrors::default());
        #[cfg(feature = "testing")]
        Fault::of_environment().into_iter().for_each(|fault| errors.let_fail(fault));
        let (on_error, on_loss) = (Arc::clone(&errors), Arc::clone(&errors));
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| on_error.failed(&error.to_string())));
        device.set_device_lost_callback(move |_, message| on_loss.lost(&message));
        let opened = Self::new(device, queue, errors);
        log::info!("opened {adapter}, driver {}", opened.info().driver);
        opened.answer().await?;
        Ok(opened)
    }

    /// Waits for a first piece of work, a dispatch that does nothing: a chunk may take minutes, and a device that hangs
    /// shall not.
    async fn answer(&self) -> Result<()> {
        let encoder = self.guarded("the first dispatch", || {
            let source = wgpu::ShaderSource::Wgsl(FIRST_SHADER.into());
            let module = self.wgpu.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some("first"), source });
            let pipeline = self.wgpu.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("first"),
                layout: None,
                module: &module,
                entry_point: Some("first"),
                compilation_options: Default::default(),
                cache: None,
            });
            let mut encoder = self.wgpu.create_command_encoder(&Default::default());
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&pipeline);
            pass.dispatch_workgroups(1, 1, 1);
            drop(pass);
            encoder
        });
        let submission = self.submit(encoder.await?).await?;
        self.finished_within(submission, FIRST_PATIENCE).await
    }

    /// A device that is open already, and where its errors are reported to.
    pub fn new(wgpu: wgpu::Device, queue: wgpu::Queue, errors: Arc<DeviceErrors>) -> Self {
        Self { limits: wgpu.limits(), adapter: wgpu.adapter_info(), errors, wgpu, queue }
    }

    /// Name, kind, backend and driver.
    pub fn info(&self) -> DeviceInfo {
        device_info(&self.adapter)
    }

    /// Runs what creates things on the device inside error scopes, and turns every error of it into ours.
    ///
    /// # Errors
    /// [`Error::Device`] for what the scopes catch, [`Error::Lost`] if the device is lost.
    pub async fn guarded<T>(&self, what: &str, make: impl FnOnce() -> T) -> Result<T> {
        let filters = [ErrorFilter::Validation, ErrorFilter::OutOfMemory, ErrorFilter::Internal];
        let scopes = filters.map(|filter| self.wgpu.push_error_scope(filter));
        let made = make();
        // all scopes end here: while this waits for what they caught, other work on the device opens its own
        let caught: Vec<_> = scopes.into_iter().rev().map(wgpu::ErrorScopeGuard::pop).collect();
        let mut failure = None;
        for caught in caught {
            failure = caught.await.or(failure);
        }
        if self.errors.is_due(Fault::OutOfMemory) {
            failure = Some(wgpu::Error::OutOfMemory { source: "for a test".into() });
        }
        let said = match failure {
            None => return self.check().await.map(|()| made),
            Some(wgpu::Error::OutOfMemory { .. }) => format!("there is not enough memory for {what}"),
            Some(error) => format!("{what}: {}", one_line(&error.to_string())),
        };
        Err(self.loss_behind(Error::Device(said)).await)
    }

    /// Submits what is recorded, and turns every error of it into ours.
    ///
    /// # Errors
    /// As [`guarded`](Self::guarded).
    pub async fn submit(&self, encoder: wgpu::CommandEncoder) -> Result<wgpu::SubmissionIndex> {
        let commands = Some(encoder.finish()).filter(|_| !self.errors.is_due(Fault::Drops));
        self.guarded("a submission", || self.queue.submit(commands)).await
    }

    /// Waits until a submission is done.
    ///
    /// # Errors
    /// [`Error::Device`] if it fails or takes too long, [`Error::Lost`] if the device is lost.
    pub async fn finished(&self, submission: wgpu::SubmissionIndex) -> Result<()> {
        let patience = if self.errors.is_due(Fault::Hang) { Duration::ZERO } else { PATIENCE };
        self.finished_within(submission, patience).await
    }

    async fn finished_within(&self, submission: wgpu::SubmissionIndex, patience: Duration) -> Result<()> {
        let waited = if self.errors.is_due(Fault::NeverAnswers) {
            std::thread::sleep(patience);
            Waited::TimedOut(patience.as_secs())
        } else {
            finished(&self.wgpu, Some(submission), patience).await
        };
        match waited {
            Waited::Done => self.check().await,
            Waited::TimedOut(seconds) => {
                // wgpu waits without end for the work of a queue that is dropped, so this one never is
                std::mem::forget((self.wgpu.clone(), self.queue.clone()));
                let said = format!("the device did not answer within {seconds} s: it or its driver hangs");
                Err(Error::Device(said))
            }
            Waited::Failed(said) => Err(self.loss_behind(Error::Device(one_line(&said))).await),
        }
    }

    /// Whether the device has reported an error since it was opened.
    ///
    /// # Errors
    /// The first such error, or the loss behind it.
    pub async fn check(&self) -> Result<()> {
        match self.errors.check() {
            Ok(()) => Ok(()),
            Err(error) => Err(self.loss_behind(error).await),
        }
    }

    /// The loss of the device that is behind an error, or the error itself: wgpu reports a loss when it polls and nothing
    /// is queued any more.
    pub async fn loss_behind(&self, error: Error) -> Error {
        if matches!(error, Error::Lost(_)) {
            return error;
        }
        finished(&self.wgpu, None, PATIENCE).await;
        match self.errors.check() {
            Err(lost @ Error::Lost(_)) => lost,
            _ => error,
        }
    }
}
