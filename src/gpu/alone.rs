//! One step alone on buffers of given contents: for comparing a kernel with its twin, and for timing it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytemuck::cast_slice;

use super::backend::Gpu;
use super::context::Context;
use super::plan::{KernelCall, Slot};
use super::session::dispatch::{Dispatch, USAGE, record, upload};
use super::session::readback::Staging;
use super::wait::block_on;
use crate::{Error, Result};

/// A step with buffers of its own.
pub struct Alone {
    context: Arc<Context>,
    dispatch: [Dispatch; 1],
    /// The step's buffers in its order, with their lengths in bytes.
    buffers: Vec<(wgpu::Buffer, u64)>,
}

impl Gpu {
    /// A step on buffers of these contents, in words of four bytes.
    pub(crate) fn call_alone(&self, step: &KernelCall, contents: &[Vec<u32>]) -> Result<Alone> {
        if contents.len() != step.buffers.len() {
            return Err(Error::Mismatch(format!("{} buffers, not {}", step.buffers.len(), contents.len())));
        }
        let context = self.context();
        let by_slot = context.device.guarded("buffers", || {
            let make = |(slot, words): (&Slot, &Vec<u32>)| {
                (*slot, upload(&context.device, &format!("{slot:?}"), cast_slice(words), USAGE))
            };
            step.buffers.iter().zip(contents).map(make).collect::<BTreeMap<_, _>>()
        });
        let by_slot = block_on(by_slot)?;
        let dispatch = [block_on(Dispatch::new(&context, step, &by_slot))?];
        let sized = |(slot, words): (&Slot, &Vec<u32>)| (by_slot[slot].clone(), 4 * words.len() as u64);
        let buffers = step.buffers.iter().zip(contents).map(sized).collect();
        Ok(Alone { context, dispatch, buffers })
    }

    /// `maxStorageBufferBindingSize` or `maxBufferSize`, whichever is smaller, bytes.
    pub(crate) fn largest_binding(&self) -> u64 {
        let limits = self.context().limits();
        limits.binding_size.min(limits.buffer_size) / 16 * 16
    }

    /// Writes the number of words into the last word of a storage buffer of that many, and reads it back.
    ///
    /// # Errors
    /// [`Error::Device`] if the device cannot make the buffer.
    pub(crate) fn last_word(&self, words: u64) -> Result<u32> {
        let context = self.context();
        let device = &context.device;
        let descriptor = wgpu::BufferDescriptor {
            label: Some("largest"),
            size: 4 * words,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        let buffer = block_on(device.guarded("a large buffer", || device.wgpu.create_buffer(&descriptor)))?;
        device.queue.write_buffer(&buffer, 4 * (words - 1), &(words as u32).to_le_bytes());
        let mut staging = block_on(Staging::new(device, 4))?;
        let mut encoder = device.wgpu.create_command_encoder(&Default::default());
        staging.copy_from(&mut encoder, &buffer, 4 * (words - 1), 4);
        let submission = block_on(device.submit(encoder))?;
        Ok(block_on(staging.map(submission).wait(device, |words| words[0]))?.1)
    }
}

/// Doors for tests and benchmarks.
#[cfg(feature = "testing")]
impl Gpu {
    /// A step on buffers of these contents, in words of four bytes.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the contents are not as many as the step's buffers, [`Error::Shader`] and
    /// [`Error::Device`] if the device fails.
    pub fn alone(&self, step: &KernelCall, contents: &[Vec<u32>]) -> Result<Alone> {
        self.call_alone(step, contents)
    }
}

#[cfg(feature = "testing")]
impl Alone {
    /// Runs the step this many times and waits until it is done.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn run(&self, times: u32) -> Result<()> {
        self.submit(times, 1).map(|_| ())
    }
}

impl Alone {
    /// Runs the step once and returns what the buffers hold then.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn results(&self) -> Result<Vec<Vec<u32>>> {
        let words = self.submit(1, self.buffers.len())?;
        let mut rest = words.as_slice();
        let mut take = |bytes: u64| {
            let (words, left) = rest.split_at(bytes as usize / 4);
            rest = left;
            words.to_vec()
        };
        Ok(self.buffers.iter().map(|(_, bytes)| take(*bytes)).collect())
    }

    /// Runs the step and reads the first buffers back.
    fn submit(&self, times: u32, read: usize) -> Result<Vec<u32>> {
        let parts: Vec<_> = self.buffers[..read].iter().map(|(buffer, bytes)| (buffer, *bytes)).collect();
        let device = &self.context.device;
        let mut staging = block_on(Staging::new(device, parts.iter().map(|(_, bytes)| bytes).sum()))?;
        let mut encoder = device.wgpu.create_command_encoder(&Default::default());
        record(&mut encoder, &self.dispatch, times);
        staging.copy(&mut encoder, &parts);
        let submission = block_on(device.submit(encoder))?;
        Ok(block_on(staging.map(submission).wait(device, <[u32]>::to_vec))?.1)
    }
}
