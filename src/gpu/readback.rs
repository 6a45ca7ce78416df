//! From the GPU to the host: a staging buffer that the GPU copies into, mapped when its submission is done.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use futures_intrusive::channel::shared::{OneshotReceiver, oneshot_channel};
use wgpu::{BufferAsyncError, BufferUsages, CommandEncoder, PollError, PollType, SubmissionIndex};

use super::device::Opened;
use super::trouble::{Fault, one_line};
use crate::{Error, Result};

/// How long a submission may take before the device counts as hung. A chunk aims at 50 ms, but where one iteration of a
/// large network takes a slow software adapter seconds, a chunk of four times as many may follow it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A buffer that the host can read.
#[derive(Debug)]
pub struct Staging {
    buffer: wgpu::Buffer,
    used: u64,
}

impl Staging {
    /// Room for `bytes`.
    pub fn new(gpu: &Opened, bytes: u64) -> Result<Self> {
        let descriptor = wgpu::BufferDescriptor {
            label: Some("staging"),
            size: bytes,
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        let buffer = gpu.guarded("staging", || gpu.device.create_buffer(&descriptor))?;
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
            // the receiver is gone where the session was dropped meanwhile
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
    pub fn wait<T>(self, gpu: &Opened, read: impl FnOnce(&[u32]) -> T) -> Result<(Staging, T)> {
        poll(gpu, self.submission)?;
        gpu.check()?;
        // the submission is done; the mapping is told by this thread's poll, or in a moment by another's
        let (start, mut mapped) = (Instant::now(), pin!(self.mapped.receive()));
        loop {
            match mapped.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Some(Ok(()))) if !gpu.trouble.is_due(Fault::Unmapped) => break,
                Poll::Pending if start.elapsed() < PATIENCE => thread::sleep(Duration::from_micros(50)),
                _ => return Err(loss_behind(gpu, Error::Device("a readback could not be mapped".into()))),
            }
        }
        let view = self.staging.buffer.slice(..self.staging.used).get_mapped_range();
        let view = view.map_err(|error| loss_behind(gpu, Error::Device(one_line(&error.to_string()))))?;
        let value = read(bytemuck::cast_slice(&view));
        drop(view);
        self.staging.buffer.unmap();
        Ok((self.staging, value))
    }
}

/// Waits for a submission, at most [`PATIENCE`].
fn poll(gpu: &Opened, submission: SubmissionIndex) -> Result<()> {
    let patience = if gpu.trouble.is_due(Fault::Hang) { Duration::ZERO } else { PATIENCE };
    let failed = |said: String| Err(loss_behind(gpu, Error::Device(said)));
    match poll_for(gpu, Some(submission), patience) {
        Some(Ok(())) => Ok(()),
        Some(Err(PollError::Timeout)) => {
            let seconds = patience.as_secs();
            let said = format!("the device did not answer within {seconds} s: it or its driver hangs");
            Err(Error::Device(said))
        }
        Some(Err(error)) => failed(one_line(&error.to_string())),
        None => failed("the device failed while the host waited for it".into()),
    }
}

/// wgpu's poll; nothing where it panicked, as it does on errors that are not a [`PollError`].
fn poll_for(
    gpu: &Opened,
    submission_index: Option<SubmissionIndex>,
    patience: Duration,
) -> Option<std::result::Result<(), PollError>> {
    let wait = PollType::Wait { submission_index, timeout: Some(patience) };
    catch_unwind(AssertUnwindSafe(|| gpu.device.poll(wait).map(|_| ()))).ok()
}

/// The loss of the device that is behind an error, or the error itself: wgpu tells a loss when it polls and nothing is
/// queued any more.
pub(super) fn loss_behind(gpu: &Opened, error: Error) -> Error {
    if matches!(error, Error::Lost(_)) {
        return error;
    }
    poll_for(gpu, None, PATIENCE);
    match gpu.trouble.check() {
        Err(lost @ Error::Lost(_)) => lost,
        _ => error,
    }
}
