//! Inference: forward passes without labels, history or gradients, over points in blocks.

use std::collections::BTreeMap;

use bytemuck::cast_slice;

use super::dispatch::{Dispatch, record};
use super::on_device::{bind, make_buffer};
use super::readback::Staging;
use crate::gpu::context::Context;
use crate::gpu::packing::Packing;
use crate::gpu::plan::{Plan, Slot};
use crate::gpu::shader::uniforms::NetworkRecord;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// What a result holds before it is written: a NaN that no computation yields. A driver that drops work cannot hide it.
const UNWRITTEN: u32 = 0x7fc0_dead;

/// A network on a device, ready for blocks of points.
pub struct Inference<'a> {
    context: &'a Context,
    packing: Packing,
    /// Points of a block.
    block: usize,
    outputs: usize,
    buffers: BTreeMap<Slot, wgpu::Buffer>,
    dispatches: Vec<Dispatch>,
    /// The logits, and what the last dispatch makes of them.
    results: Vec<Slot>,
}

impl<'a> Inference<'a> {
    /// Allocates what the forward steps of a plan for blocks of `block` points take, and binds them.
    ///
    /// # Errors
    /// Those of the device, and [`Error::Shader`].
    pub async fn new(
        context: &'a Context,
        plan: &Plan,
        network: &Network,
        parameters: &Parameters,
        block: usize,
    ) -> Result<Self> {
        let device = &context.device;
        let contents = |slot: Slot| match slot {
            Slot::Networks(layer) => Some(cast_slice(&[NetworkRecord::of_network(network, layer)]).to_vec()),
            Slot::Parameters => Some(cast_slice(&plan.packing.pack([parameters])).to_vec()),
            _ => None,
        };
        let buffers = device.guarded("buffers", || {
            let make =
                |(slot, elements): (&Slot, &u64)| (*slot, make_buffer(device, *slot, *elements, contents(*slot)));
            plan.slots.iter().map(make).collect::<BTreeMap<_, _>>()
        });
        let buffers = buffers.await?;
        let dispatches = bind(context, &plan.forward, &buffers).await?;
        let layer = network.hidden().len();
        // the last dispatch of a plain problem of any depth also makes dZ
        let judges = matches!(plan.packing, Packing::Tensors(_));
        let results = [Slot::Z(layer)].into_iter().chain(judges.then_some(Slot::Delta(layer))).collect();
        let outputs = network.outputs();
        Ok(Self { context, packing: plan.packing.clone(), block, outputs, buffers, dispatches, results })
    }

    /// The logits (points × outputs) of at most a block of points (points × features), both row-major.
    ///
    /// # Errors
    /// [`Error::Incomplete`] if the driver dropped work, and those of the device.
    pub async fn logits(&self, points: &[f64], features: usize) -> Result<Vec<f64>> {
        let device = &self.context.device;
        let count = points.len() / features;
        let stride = self.packing.samples(self.block);
        let inputs = self.packing.points(points, features, self.block);
        device.queue.write_buffer(&self.buffers[&Slot::Inputs], 0, cast_slice(&inputs));
        let length = self.outputs * stride;
        let unwritten = vec![UNWRITTEN; length];
        for slot in &self.results {
            device.queue.write_buffer(&self.buffers[slot], 0, cast_slice(&unwritten));
        }
        let parts: Vec<_> = self.results.iter().map(|slot| (&self.buffers[slot], 4 * length as u64)).collect();
        let mut staging = Staging::new(device, parts.iter().map(|(_, bytes)| bytes).sum()).await?;
        let mut encoder = device.wgpu.create_command_encoder(&Default::default());
        record(&mut encoder, &self.dispatches, 1);
        staging.copy(&mut encoder, &parts);
        let submission = device.submit(encoder).await?;
        let (_, words) = staging.map(submission).wait(device, <[u32]>::to_vec).await?;
        if words.chunks_exact(stride).any(|row| row[..count].contains(&UNWRITTEN)) {
            return Err(Error::Incomplete { asked: 1, done: 0 });
        }
        let of_point = |point| words[..length].iter().skip(point).step_by(stride);
        Ok((0..count).flat_map(of_point).map(|bits| f64::from(f32::from_bits(*bits))).collect())
    }
}
