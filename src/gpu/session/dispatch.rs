//! A step of a plan with its pipeline and its buffers bound, ready to be recorded.

use std::collections::BTreeMap;

use wgpu::{BufferUsages, CommandEncoder, ComputePassDescriptor};

use crate::Result;
use crate::gpu::context::Context;
use crate::gpu::device::Device;
use crate::gpu::plan::{KernelCall, Slot};

/// What a session's buffers are for: kernels, as storage or, if small, as uniforms; readback; and being cleared.
pub const USAGE: BufferUsages =
    BufferUsages::STORAGE.union(BufferUsages::UNIFORM).union(BufferUsages::COPY_SRC).union(BufferUsages::COPY_DST);

/// A step with its pipeline and its buffers bound.
pub struct Dispatch {
    pipeline: wgpu::ComputePipeline,
    bind_group: wgpu::BindGroup,
    workgroups: [u32; 3],
}

impl Dispatch {
    /// Compiles the kernel and binds the buffers.
    ///
    /// # Errors
    /// Those of [`Pipelines::get`](crate::gpu::pipeline::Pipelines::get) and [`Device::guarded`].
    pub async fn new(context: &Context, step: &KernelCall, buffers: &BTreeMap<Slot, wgpu::Buffer>) -> Result<Self> {
        let name = step.kernel.name();
        let pipeline = context.pipelines.get(&context.device, step.kernel, &step.constants).await?;
        let device = &context.device;
        let bind_group = device.guarded(name, || {
            let mut bytes = step.uniform.clone();
            bytes.resize(bytes.len().next_multiple_of(16), 0);
            let uniform = upload(device, name, &bytes, BufferUsages::UNIFORM);
            let bound = std::iter::once(&uniform).chain(step.buffers.iter().map(|slot| &buffers[slot]));
            let entries: Vec<_> = bound
                .zip(0..)
                .map(|(buffer, binding)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
                .collect();
            let layout = pipeline.get_bind_group_layout(0);
            device.wgpu.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(name),
                layout: &layout,
                entries: &entries,
            })
        });
        let bind_group = bind_group.await?;
        // the plan's check has held them to the adapter's 32-bit limit
        let workgroups = step.workgroups.map(|groups| groups as u32);
        Ok(Self { pipeline, bind_group, workgroups })
    }
}

/// Records the dispatches, `times` over, in one compute pass: wgpu orders dispatches that share a writable buffer.
pub fn record(encoder: &mut CommandEncoder, dispatches: &[Dispatch], times: u32) {
    let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
    for _ in 0..times {
        for Dispatch { pipeline, bind_group, workgroups: [x, y, z] } in dispatches {
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, bind_group, &[]);
            pass.dispatch_workgroups(*x, *y, *z);
        }
    }
}

/// A buffer with these contents, in words of four bytes. If it cannot be made it has none, and whoever guards this
/// is told; wgpu's own `create_buffer_init` would panic.
pub fn upload(device: &Device, label: &str, contents: &[u8], usage: BufferUsages) -> wgpu::Buffer {
    let size = contents.len() as u64;
    let buffer = device.wgpu.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size,
        usage,
        mapped_at_creation: true,
    });
    if let Ok(mut view) = buffer.get_mapped_range_mut(..) {
        view.copy_from_slice(contents);
    }
    buffer.unmap();
    buffer
}
