//! One step alone on buffers of given contents: for comparing a kernel with its twin, and for timing it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytemuck::cast_slice;

use super::device::{Gpu, Opened};
use super::plan::{Slot, Step};
use super::readback::Staging;
use super::session::{Dispatch, USAGE, record, upload};
use crate::{Error, Result};

/// A step with buffers of its own.
pub struct Alone {
    gpu: Arc<Opened>,
    dispatch: [Dispatch; 1],
    /// The step's buffers in its order, with their lengths in bytes.
    buffers: Vec<(wgpu::Buffer, u64)>,
}

impl Gpu {
    /// A step on buffers of these contents, in words of four bytes.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the contents are not as many as the step's buffers, [`Error::Shader`] and
    /// [`Error::Device`] where the device fails.
    pub fn alone(&self, step: &Step, contents: &[Vec<u32>]) -> Result<Alone> {
        if contents.len() != step.buffers.len() {
            return Err(Error::Mismatch(format!("{} buffers, not {}", step.buffers.len(), contents.len())));
        }
        let gpu = self.opened();
        let by_slot = gpu.guarded("buffers", || {
            let make = |(slot, words): (&Slot, &Vec<u32>)| {
                (*slot, upload(&gpu, &format!("{slot:?}"), cast_slice(words), USAGE))
            };
            step.buffers.iter().zip(contents).map(make).collect::<BTreeMap<_, _>>()
        })?;
        let dispatch = [Dispatch::new(&gpu, step, &by_slot)?];
        let sized = |(slot, words): (&Slot, &Vec<u32>)| (by_slot[slot].clone(), 4 * words.len() as u64);
        let buffers = step.buffers.iter().zip(contents).map(sized).collect();
        Ok(Alone { gpu, dispatch, buffers })
    }
}

impl Gpu {
    /// `maxStorageBufferBindingSize` or `maxBufferSize`, whichever is smaller, bytes.
    pub fn largest_binding(&self) -> u64 {
        let allowed = self.opened().allowed();
        allowed.binding_size.min(allowed.buffer_size) / 16 * 16
    }

    /// Writes the number of words into the last word of a storage buffer of so many, and reads it back.
    ///
    /// # Errors
    /// [`Error::Device`] where the device cannot make the buffer.
    pub fn last_word(&self, words: u64) -> Result<u32> {
        let gpu = &self.opened();
        let descriptor = wgpu::BufferDescriptor {
            label: Some("largest"),
            size: 4 * words,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        let buffer = gpu.guarded("a large buffer", || gpu.device.create_buffer(&descriptor))?;
        gpu.queue.write_buffer(&buffer, 4 * (words - 1), &(words as u32).to_le_bytes());
        let mut staging = Staging::new(gpu, 4)?;
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        staging.copy_from(&mut encoder, &buffer, 4 * (words - 1), 4);
        let submission = gpu.submit(encoder)?;
        Ok(staging.map(submission).wait(gpu, |words| words[0])?.1)
    }
}

impl Alone {
    /// Runs the step so many times and waits until it is done.
    ///
    /// # Errors
    /// [`Error::Device`] where the device fails.
    pub fn run(&self, times: u32) -> Result<()> {
        self.submit(times, 1).map(|_| ())
    }

    /// Runs the step once and returns what the buffers hold then.
    ///
    /// # Errors
    /// [`Error::Device`] where the device fails.
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
        let mut staging = Staging::new(&self.gpu, parts.iter().map(|(_, bytes)| bytes).sum())?;
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        record(&mut encoder, &self.dispatch, times);
        staging.copy(&mut encoder, &parts);
        let submission = self.gpu.submit(encoder)?;
        Ok(staging.map(submission).wait(&self.gpu, <[u32]>::to_vec)?.1)
    }
}
