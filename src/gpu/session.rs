//! A plan at work: buffers and bind groups made once, chunks of iterations submitted, costs read at their ends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytemuck::cast_slice;
use wgpu::{BufferUsages, CommandEncoder, ComputePassDescriptor};

use super::device::Opened;
use super::packing::Packing;
use super::plan::{Plan, Slot, Step};
use super::readback::{Pending, Staging};
use super::uniforms::NetworkRecord;
use crate::backend::{CHUNK_LIMIT, Chunk, Evaluation, Run, Session, check_chunk, check_start, no_network};
use crate::data::Dataset;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// Chunks queued at once: while the host reads one, the GPU computes the next.
const QUEUE_DEPTH: usize = 2;

/// What a session's buffers are for: kernels, as storage or, where small, as uniforms; readback; and being cleared.
pub(super) const USAGE: BufferUsages =
    BufferUsages::STORAGE.union(BufferUsages::UNIFORM).union(BufferUsages::COPY_SRC).union(BufferUsages::COPY_DST);

/// Networks in training on a GPU.
pub struct GpuSession {
    gpu: Arc<Opened>,
    name: &'static str,
    packing: Packing,
    samples: usize,
    networks: Vec<Network>,
    /// The networks' records of each layer, as they were loaded.
    records: Vec<Vec<NetworkRecord>>,
    retired: Vec<bool>,
    buffers: BTreeMap<Slot, wgpu::Buffer>,
    iteration: Vec<Dispatch>,
    evaluation: Vec<Dispatch>,
    gradients: Vec<Dispatch>,
    queued: VecDeque<Queued>,
    free: Vec<Staging>,
}

/// A chunk on its way.
struct Queued {
    iterations: u32,
    pending: Pending,
}

/// A step with its pipeline and its buffers bound.
pub(super) struct Dispatch {
    pipeline: wgpu::ComputePipeline,
    bind_group: wgpu::BindGroup,
    workgroups: [u32; 3],
}

impl GpuSession {
    /// Allocates what a plan, held to the adapter's limits, takes, and binds it.
    pub fn new(gpu: Arc<Opened>, plan: Plan, data: &Dataset, runs: &[Run]) -> Result<Self> {
        let buffers = gpu.guarded("buffers", || {
            let make =
                |(slot, elements): (&Slot, &u64)| (*slot, make_buffer(&gpu, *slot, *elements, &plan, data, runs));
            plan.slots.iter().map(make).collect::<BTreeMap<_, _>>()
        })?;
        let bind =
            |steps: &[Step]| steps.iter().map(|step| Dispatch::new(&gpu, step, &buffers)).collect::<Result<Vec<_>>>();
        let (iteration, evaluation, gradients) =
            (bind(&plan.iteration)?, bind(&plan.evaluation)?, bind(&plan.gradients)?);
        Ok(Self {
            name: plan.name,
            records: (0..runs[0].network.widths().len() - 1)
                .map(|layer| NetworkRecord::of_layer(runs, layer))
                .collect(),
            retired: vec![false; runs.len()],
            networks: runs.iter().map(|run| run.network.clone()).collect(),
            gpu,
            packing: plan.packing,
            samples: data.samples(),
            buffers,
            iteration,
            evaluation,
            gradients,
            queued: VecDeque::new(),
            free: Vec::new(),
        })
    }

    /// Bytes of the history of so many steps, of the counters, and of all parameters.
    fn chunk_bytes(&self, steps: u32) -> [u64; 3] {
        let networks = self.networks.len() as u64;
        [4 * networks * u64::from(steps), 4 * networks, self.parameter_bytes()]
    }

    fn parameter_bytes(&self) -> u64 {
        4 * (self.networks.len() * self.packing.parameters()) as u64
    }

    /// Runs steps that count one step of every network, and reads the first bytes of buffers back.
    fn run(&mut self, steps: impl Fn(&Self) -> &[Dispatch], parts: &[(Slot, u64)]) -> Result<Vec<u32>> {
        let networks = self.networks.len();
        let parts = [&[(Slot::Steps, 4 * networks as u64)], parts].concat();
        let mut staging = Staging::new(&self.gpu, parts.iter().map(|(_, bytes)| bytes).sum())?;
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        encoder.clear_buffer(&self.buffers[&Slot::Steps], 0, None);
        record(&mut encoder, steps(self), 1);
        let parts: Vec<_> = parts.iter().map(|(slot, bytes)| (&self.buffers[slot], *bytes)).collect();
        staging.copy(&mut encoder, &parts);
        let submission = self.gpu.submit(encoder)?;
        let (_, mut words) = staging.map(submission).wait(&self.gpu, <[u32]>::to_vec)?;
        let rest = words.split_off(networks);
        self.all_done(&words, 1).map(|()| rest)
    }
}

impl GpuSession {
    /// Whether the counters of the networks in training show the iterations that were asked for.
    fn all_done(&self, steps: &[u32], asked: u32) -> Result<()> {
        let in_training = steps.iter().zip(&self.retired).filter(|(_, retired)| !**retired);
        match in_training.map(|(done, _)| *done).find(|done| *done != asked) {
            Some(done) => Err(Error::Incomplete { asked, done }),
            None => Ok(()),
        }
    }
}

impl Session for GpuSession {
    fn plan(&self) -> &'static str {
        self.name
    }

    fn queue_depth(&self) -> usize {
        QUEUE_DEPTH
    }

    fn advance(&mut self, iterations: u32) -> Result<()> {
        check_chunk(iterations)?;
        let mut staging = match self.free.pop() {
            Some(staging) => staging,
            None => Staging::new(&self.gpu, self.chunk_bytes(CHUNK_LIMIT).iter().sum())?,
        };
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        encoder.clear_buffer(&self.buffers[&Slot::Steps], 0, None);
        record(&mut encoder, &self.iteration, iterations);
        let slots = [Slot::History, Slot::Steps, Slot::Parameters].map(|slot| &self.buffers[&slot]);
        let parts: Vec<_> = slots.into_iter().zip(self.chunk_bytes(iterations)).collect();
        staging.copy(&mut encoder, &parts);
        let submission = self.gpu.submit(encoder)?;

        let pending = staging.map(submission);
        self.queued.push_back(Queued { iterations, pending });
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<Chunk>> {
        let Some(Queued { iterations, pending }) = self.queued.pop_front() else { return Ok(None) };
        let networks = self.networks.len();
        let (staging, words) = pending.wait(&self.gpu, <[u32]>::to_vec)?;
        self.free.push(staging);

        let (history, rest) = words.split_at(networks * iterations as usize);
        let (steps, parameters) = rest.split_at(networks);
        self.all_done(steps, iterations)?;
        let cost = |bits: &u32| f64::from(f32::from_bits(*bits));
        let costs = (0..networks).map(|n| history.iter().skip(n).step_by(networks).map(cost).collect()).collect();
        Ok(Some(Chunk { iterations, costs, parameters: self.packing.unpack(&self.networks, parameters) }))
    }

    fn restart(&mut self, start: &[Parameters]) -> Result<()> {
        check_start(self.networks.iter(), start)?;
        while let Some(Queued { pending, .. }) = self.queued.pop_front() {
            self.free.push(pending.wait(&self.gpu, |_| ())?.0);
        }
        for (layer, records) in self.records.iter().enumerate() {
            if let Some(buffer) = self.buffers.get(&Slot::Networks(layer)) {
                self.gpu.queue.write_buffer(buffer, 0, cast_slice(records));
            }
        }
        self.gpu.queue.write_buffer(&self.buffers[&Slot::Parameters], 0, cast_slice(&self.packing.pack(start)));
        self.retired.fill(false);
        self.gpu.check()
    }

    /// Its width becomes 0: no kernel has anything to do for it then.
    fn retire(&mut self, network: usize) -> Result<()> {
        let width = 0_u32.to_le_bytes();
        let Some(retired) = self.networks.get(network) else { return Err(no_network(network, self.networks.len())) };
        for layer in 0..=retired.hidden().len() {
            let at = (network * size_of::<NetworkRecord>()) as u64;
            if let Some(records) = self.buffers.get(&Slot::Networks(layer)) {
                self.gpu.queue.write_buffer(records, at, &width);
            }
        }
        self.retired[network] = true;
        self.gpu.check()
    }

    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        let (networks, stride) = (self.networks.len(), self.packing.samples(self.samples));
        let logits = Slot::Z(self.networks[0].hidden().len());
        let parts = [(Slot::History, 4 * networks as u64), (logits, 4 * (networks * stride) as u64)];
        let words = self.run(|session| &session.evaluation, &parts)?;
        let (costs, logits) = words.split_at(networks);
        let wide = |bits: &u32| f64::from(f32::from_bits(*bits));
        let evaluation = |(cost, logits): (&u32, &[u32])| Evaluation {
            cost: wide(cost),
            logits: logits[..self.samples].iter().map(wide).collect(),
        };
        Ok(costs.iter().zip(logits.chunks_exact(stride)).map(evaluation).collect())
    }

    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        let parts = [(Slot::Gradients, self.parameter_bytes())];
        let words = self.run(|session| &session.gradients, &parts)?;
        Ok(self.packing.unpack(&self.networks, &words))
    }
}

impl Dispatch {
    pub fn new(gpu: &Opened, step: &Step, buffers: &BTreeMap<Slot, wgpu::Buffer>) -> Result<Self> {
        let name = step.kernel.name();
        let pipeline = gpu.pipelines.get(gpu, step.kernel, &step.constants)?;
        let bind_group = gpu.guarded(name, || {
            let mut bytes = step.uniform.clone();
            bytes.resize(bytes.len().next_multiple_of(16), 0);
            let uniform = upload(gpu, name, &bytes, BufferUsages::UNIFORM);
            let bound = std::iter::once(&uniform).chain(step.buffers.iter().map(|slot| &buffers[slot]));
            let entries: Vec<_> = bound
                .zip(0..)
                .map(|(buffer, binding)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
                .collect();
            let layout = pipeline.get_bind_group_layout(0);
            gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(name),
                layout: &layout,
                entries: &entries,
            })
        })?;
        // the plan's check has held them to the adapter's 32-bit limit
        let workgroups = step.workgroups.map(|groups| groups as u32);
        Ok(Self { pipeline, bind_group, workgroups })
    }
}

/// Records the steps, `times` over, in one compute pass: wgpu orders dispatches that share a writable buffer.
pub(super) fn record(encoder: &mut CommandEncoder, steps: &[Dispatch], times: u32) {
    let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
    for _ in 0..times {
        for Dispatch { pipeline, bind_group, workgroups: [x, y, z] } in steps {
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, bind_group, &[]);
            pass.dispatch_workgroups(*x, *y, *z);
        }
    }
}

/// A session's buffer: the data, the records and the parameters with their contents, the others zero.
fn make_buffer(gpu: &Opened, slot: Slot, elements: u64, plan: &Plan, data: &Dataset, runs: &[Run]) -> wgpu::Buffer {
    let label = format!("{slot:?}");
    match slot {
        Slot::Inputs => upload(gpu, &label, cast_slice(&plan.packing.inputs(data)), USAGE),
        Slot::Labels => upload(gpu, &label, cast_slice(&plan.packing.labels(data)), USAGE),
        Slot::Networks(layer) => upload(gpu, &label, cast_slice(&NetworkRecord::of_layer(runs, layer)), USAGE),
        Slot::Parameters => {
            upload(gpu, &label, cast_slice(&plan.packing.pack(runs.iter().map(|run| &run.parameters))), USAGE)
        }
        _ => gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(&label),
            size: 4 * elements,
            usage: USAGE,
            mapped_at_creation: false,
        }),
    }
}

/// A buffer with these contents, in words of four bytes. Where it cannot be made it has none, and whoever guards this
/// is told; wgpu's own `create_buffer_init` would panic.
pub(super) fn upload(gpu: &Opened, label: &str, contents: &[u8], usage: BufferUsages) -> wgpu::Buffer {
    let size = contents.len() as u64;
    let buffer =
        gpu.device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: true });
    if let Ok(mut view) = buffer.get_mapped_range_mut(..) {
        view.copy_from_slice(contents);
    }
    buffer.unmap();
    buffer
}
