//! An opened device: its error scopes, its submissions, and the errors that it reports.

use std::sync::Arc;

use wgpu::ErrorFilter;

use super::adapter::{Adapter, device_info};
use super::errors::{DeviceErrors, Fault, one_line};
use super::wait::{Waited, finished};
use crate::backend::DeviceInfo;
use crate::{Error, Result};

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
    /// [`Error::Device`] if the driver refuses.
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
        let (on_error, on_loss) = (Arc::clone(&errors), Arc::clone(&errors));
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| on_error.failed(&error.to_string())));
        device.set_device_lost_callback(move |_, message| on_loss.lost(&message));
        let opened = Self::new(device, queue, errors);
        log::info!("opened {adapter}, driver {}", opened.info().driver);
        Ok(opened)
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
        let mut failure = None;
        for scope in scopes.into_iter().rev() {
            failure = scope.pop().await.or(failure);
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
        self.guarded("a submission", || self.queue.submit([encoder.finish()])).await
    }

    /// Waits until a submission is done.
    ///
    /// # Errors
    /// [`Error::Device`] if it fails or takes too long, [`Error::Lost`] if the device is lost.
    pub async fn finished(&self, submission: wgpu::SubmissionIndex) -> Result<()> {
        let impatient = self.errors.is_due(Fault::Hang);
        match finished(&self.wgpu, Some(submission), impatient).await {
            Waited::Done => self.check().await,
            Waited::TimedOut(seconds) => {
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
        finished(&self.wgpu, None, false).await;
        match self.errors.check() {
            Err(lost @ Error::Lost(_)) => lost,
            _ => error,
        }
    }
}
