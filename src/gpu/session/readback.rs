//! From the GPU to the host: a staging buffer that the GPU copies into, mapped once its submission is done.

use futures_intrusive::channel::shared::{OneshotReceiver, oneshot_channel};
use wgpu::{BufferAsyncError, BufferUsages, CommandEncoder, SubmissionIndex};

use crate::gpu::device::Device;
use crate::gpu::errors::{Fault, one_line};
use crate::gpu::wait::received;
use crate::{Error, Result};

/// A buffer that the host can read.
#[derive(Debug)]
pub struct Staging {
    buffer: wgpu::Buffer,
    used: u64,
}

impl Staging {
    /// Room for `bytes`.
    ///
    /// # Errors
    /// Those of [`Device::guarded`].
    pub async fn new(device: &Device, bytes: u64) -> Result<Self> {
        let descriptor = wgpu::BufferDescriptor {
            label: Some("staging"),
            size: bytes,
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        let buffer = device.guarded("staging", || device.wgpu.create_buffer(&descriptor)).await?;
        Ok(Self { buffer, used: 0 })
    }

    /// Records a copy of some bytes of a buffer.
    pub fn copy_from(&mut self, encoder: &mut CommandEncoder, source: &wgpu::Buffer, offset: u64, bytes: u64) {
        encoder.copy_buffer_to_buffer(source, offset, &self.buffer, 0, bytes);
        self.used = bytes;
    }

    /// Records copies of the first bytes of buffers, one after another.
    pub fn copy(&mut self, encoder: &mut CommandEncoder, parts: &[(&wgpu::Buffer, u64)]) {
        self.used = 0;
        for (source, bytes) in parts {
            encoder.copy_buffer_to_buffer(source, 0, &self.buffer, self.used, *bytes);
            self.used += bytes;
        }
    }

    /// Asks for the mapping once the submission with the copies is on its way.
    pub fn map(self, submission: SubmissionIndex) -> Pending {
        let (sender, mapped) = oneshot_channel();
        self.buffer.slice(..self.used).map_async(wgpu::MapMode::Read, move |result| {
            // the receiver is gone if the session was dropped meanwhile
            let _ = sender.send(result);
        });
        Pending { staging: self, submission, mapped }
    }
}

/// A readback under way.
#[derive(Debug)]
pub struct Pending {
    staging: Staging,
    submission: SubmissionIndex,
    mapped: OneshotReceiver<std::result::Result<(), BufferAsyncError>>,
}

impl Pending {
    /// Waits for the submission and hands its bytes, in words of four, to `read`. The staging buffer comes back free.
    ///
    /// # Errors
    /// Those of [`Device::finished`], and [`Error::Device`] if the buffer cannot be mapped.
    pub async fn wait<T>(self, device: &Device, read: impl FnOnce(&[u32]) -> T) -> Result<(Staging, T)> {
        device.finished(self.submission).await?;
        let mapped = received(self.mapped.receive()).await;
        if !matches!(mapped, Some(Ok(()))) || device.errors.is_due(Fault::Unmapped) {
            return Err(device.loss_behind(Error::Device("a readback could not be mapped".into())).await);
        }
        let value = {
            let view = self.staging.buffer.slice(..self.staging.used).get_mapped_range();
            view.map(|view| read(bytemuck::cast_slice(&view))).map_err(|error| one_line(&error.to_string()))
        };
        let value = match value {
            Ok(value) => value,
            Err(said) => return Err(device.loss_behind(Error::Device(said)).await),
        };
        self.staging.buffer.unmap();
        Ok((self.staging, value))
    }
}
