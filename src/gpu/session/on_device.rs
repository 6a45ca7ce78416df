//! A plan at work on one device: buffers and bind groups made once, chunks of iterations submitted, costs read back at
//! their ends.

use std::collections::{BTreeMap, VecDeque};
use std::mem::offset_of;
use std::sync::Arc;

use bytemuck::cast_slice;

use super::dispatch::{Dispatch, USAGE, record, upload};
use super::layouts::Layouts;
use super::readback::{Pending, Staging};
use super::updates::Updates;
use crate::backend::{CHUNK_LIMIT, Chunk, Evaluation, Run, check_chunk, check_start, no_network};
use crate::data::Dataset;
use crate::gpu::context::{Context, Known};
use crate::gpu::device::Device;
use crate::gpu::packing::Packing;
use crate::gpu::plan::{KernelCall, Plan, Slot};
use crate::gpu::shader::uniforms::{NetworkRecord, RecipeRecord, TraineeRecord};
use crate::model::{Network, Parameters};
use crate::optim::{Optimizer, State};
use crate::{Error, Result};

/// Networks in training on one device.
pub struct OnDevice {
    context: Arc<Context>,
    name: &'static str,
    layouts: Layouts,
    packing: Packing,
    samples: usize,
    runs: Vec<Run>,
    networks: Vec<Network>,
    /// What the host tells of the updates of dense networks.
    updates: Option<Updates>,
    /// The networks' records of each layer, as they were loaded.
    records: Vec<Vec<NetworkRecord>>,
    retired: Vec<bool>,
    buffers: BTreeMap<Slot, wgpu::Buffer>,
    /// What looks instead of training, compiled when it is first asked for.
    looks: [Look; 2],
    queued: VecDeque<Queued>,
    free: Vec<Staging>,
}

/// A chunk on its way; without its readback once waiting for that has failed.
struct Queued {
    iterations: u32,
    pending: Option<Pending>,
}

/// Calls that count one step of every network and update nothing.
struct Look {
    calls: Vec<KernelCall>,
    dispatches: Option<Vec<Dispatch>>,
}

/// The places of the looks.
const EVALUATION: usize = 0;
const GRADIENTS: usize = 1;

impl OnDevice {
    /// Allocates what plans take, which are held to the adapter's limits and share their buffers, and binds the first or
    /// the one that is known to be the fastest.
    ///
    /// # Errors
    /// Those of the device, and [`Error::Shader`].
    pub async fn new(
        context: Arc<Context>,
        plans: &[Plan],
        known: Known,
        data: &Dataset,
        runs: &[Run],
    ) -> Result<Self> {
        let plan = plans.first().ok_or_else(|| Error::Mismatch("there is no plan".into()))?;
        let device = &context.device;
        let layers = runs.first().map_or(0, |run| run.network.hidden().len() + 1);
        let records: Vec<_> = (0..layers).map(|layer| NetworkRecord::of_layer(runs, layer)).collect();
        let parameters = plan.packing.pack_states(runs, runs.iter().map(|run| &run.parameters))?;
        let buffers = device.guarded("buffers", || {
            let contents = |slot: Slot| match slot {
                Slot::Parameters => Some(cast_slice(&parameters).to_vec()),
                _ => contents(slot, plan, data, runs, &records),
            };
            let make =
                |(slot, elements): (&Slot, &u64)| (*slot, make_buffer(device, *slot, *elements, contents(*slot)));
            plan.slots.iter().map(make).collect::<BTreeMap<_, _>>()
        });
        let buffers = buffers.await?;
        let updates = plan.table.map(|table| Updates::new(table, data, runs));
        Ok(Self {
            name: plan.name,
            runs: runs.to_vec(),
            updates,
            retired: vec![false; runs.len()],
            networks: runs.iter().map(|run| run.network.clone()).collect(),
            packing: plan.packing.clone(),
            samples: data.samples(),
            layouts: Layouts::new(&context, plans, &buffers, known).await?,
            looks: [&plan.evaluation, &plan.gradients].map(|calls| Look { calls: calls.clone(), dispatches: None }),
            buffers,
            records,
            context,
            queued: VecDeque::new(),
            free: Vec::new(),
        })
    }

    /// How the plan is laid out, and what that was chosen from.
    pub fn layouts(&self) -> crate::backend::Layouts {
        self.layouts.tuner.report()
    }

    /// The plan's name.
    pub fn plan_name(&self) -> &'static str {
        self.name
    }

    /// What it runs on.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// The lengths of the queued chunks, the oldest first.
    pub fn queued(&self) -> impl Iterator<Item = u32> + '_ {
        self.queued.iter().map(|queued| queued.iterations)
    }

    /// The networks that are retired.
    pub fn retired(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.retired.len()).filter(|network| self.retired[*network])
    }

    /// [`Session::advance`](crate::backend::Session::advance).
    pub async fn advance(&mut self, iterations: u32) -> Result<()> {
        check_chunk(iterations)?;
        let device = &self.context.device;
        let mut staging = match self.free.pop() {
            Some(staging) => staging,
            None => Staging::new(device, self.chunk_bytes(CHUNK_LIMIT).iter().sum()).await?,
        };
        let updates = self.updates.as_mut();
        let mut encoder = self.layouts.advance(&self.context, &self.buffers, updates, iterations).await?;
        let slots = [Slot::History, Slot::Steps, Slot::Parameters].map(|slot| &self.buffers[&slot]);
        let parts: Vec<_> = slots.into_iter().zip(self.chunk_bytes(iterations)).collect();
        staging.copy(&mut encoder, &parts);
        let submission = device.submit(encoder).await?;
        self.queued.push_back(Queued { iterations, pending: Some(staging.map(submission)) });
        Ok(())
    }

    /// [`Session::collect`](crate::backend::Session::collect).
    pub async fn collect(&mut self) -> Result<Option<Chunk>> {
        let Some(Queued { iterations, pending }) = self.queued.front_mut() else { return Ok(None) };
        let (iterations, networks) = (*iterations, self.networks.len());
        let gone = || Error::Device("a chunk's results are gone".into());
        let pending = pending.take().ok_or_else(gone)?;
        let (staging, words) = pending.wait(&self.context.device, <[u32]>::to_vec).await?;
        self.queued.pop_front();
        self.free.push(staging);
        self.layouts.collected(iterations);
        let in_training: Vec<bool> = self.retired.iter().map(|retired| !retired).collect();
        self.layouts.probe(&self.context, &self.buffers, self.updates.as_mut(), &in_training).await?;

        let (history, rest) = words.split_at(networks * iterations as usize);
        let (steps, parameters) = rest.split_at(networks);
        self.all_done(steps, iterations)?;
        let cost = |bits: &u32| f64::from(f32::from_bits(*bits));
        let costs = (0..networks).map(|n| history.iter().skip(n).step_by(networks).map(cost).collect()).collect();
        let optimizers: Vec<Optimizer> = self.runs.iter().map(|run| run.recipe.optimizer).collect();
        let moments = self.packing.unpack_moments(&self.networks, &optimizers, parameters);
        Ok(Some(Chunk { iterations, costs, parameters: self.packing.unpack(&self.networks, parameters), moments }))
    }

    /// [`Session::restart`](crate::backend::Session::restart), from these states.
    pub async fn restart(&mut self, start: &[Parameters], states: &[State]) -> Result<()> {
        check_start(self.networks.iter(), start)?;
        for (run, state) in self.runs.iter_mut().zip(states) {
            run.state.clone_from(state);
        }
        let parameters = self.packing.pack_states(&self.runs, start)?;
        while let Some(Queued { pending, .. }) = self.queued.pop_front() {
            if let Some(pending) = pending {
                self.free.push(pending.wait(&self.context.device, |_| ()).await?.0);
            }
        }
        let queue = &self.context.device.queue;
        for (layer, records) in self.records.iter().enumerate() {
            if let Some(buffer) = self.buffers.get(&Slot::Networks(layer)) {
                queue.write_buffer(buffer, 0, cast_slice(records));
            }
        }
        if let Some(buffer) = self.buffers.get(&Slot::Trainees) {
            queue.write_buffer(buffer, 0, cast_slice(&TraineeRecord::of_all(&self.runs)));
        }
        queue.write_buffer(&self.buffers[&Slot::Parameters], 0, cast_slice(&parameters));
        if let (Some(updates), Some(run)) = (&mut self.updates, self.runs.first()) {
            updates.restart(run.state.updates);
        }
        self.retired.fill(false);
        self.context.device.check().await
    }

    /// [`Session::retire`](crate::backend::Session::retire): its width becomes 0, and kernels return early on that.
    pub async fn retire(&mut self, network: usize) -> Result<()> {
        let width = 0_u32.to_le_bytes();
        let Some(retired) = self.networks.get(network) else { return Err(no_network(network, self.networks.len())) };
        for layer in 0..=retired.hidden().len() {
            let at = (network * size_of::<NetworkRecord>()) as u64;
            if let Some(records) = self.buffers.get(&Slot::Networks(layer)) {
                self.context.device.queue.write_buffer(records, at, &width);
            }
        }
        if let Some(trainees) = self.buffers.get(&Slot::Trainees) {
            let at = network * size_of::<TraineeRecord>() + offset_of!(TraineeRecord, network.width);
            self.context.device.queue.write_buffer(trainees, at as u64, &width);
        }
        self.context.device.check().await?;
        self.retired[network] = true;
        Ok(())
    }

    /// [`Session::evaluate`](crate::backend::Session::evaluate).
    pub async fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        if self.updates.is_some() {
            return self.evaluate_dense().await;
        }
        let (networks, stride) = (self.networks.len(), self.packing.samples(self.samples));
        let logits = Slot::Z(self.records.len() - 1);
        let parts = [(Slot::History, 4 * networks as u64), (logits, 4 * (networks * stride) as u64)];
        let words = self.look(EVALUATION, &parts).await?;
        let (costs, logits) = words.split_at(networks);
        let wide = |bits: &u32| f64::from(f32::from_bits(*bits));
        let evaluation = |(cost, logits): (&u32, &[u32])| Evaluation {
            cost: wide(cost),
            logits: logits[..self.samples].iter().map(wide).collect(),
        };
        Ok(costs.iter().zip(logits.chunks_exact(stride)).map(evaluation).collect())
    }

    /// [`Session::gradients`](crate::backend::Session::gradients).
    pub async fn gradients(&mut self) -> Result<Vec<Parameters>> {
        if let Some(updates) = &mut self.updates {
            let next = updates.next(1);
            self.context.device.queue.write_buffer(&self.buffers[&Slot::Table], 0, cast_slice(&next));
        }
        let packing = self.packing.of_gradients();
        let bytes = 4 * (self.networks.len() * packing.parameters()) as u64;
        let words = self.look(GRADIENTS, &[(Slot::Gradients, bytes)]).await?;
        Ok(packing.unpack(&self.networks, &words))
    }

    /// The evaluation of dense networks: block by block as large as a batch, so that memory holds no more samples at once.
    async fn evaluate_dense(&mut self) -> Result<Vec<Evaluation>> {
        let (networks, logits) = (self.networks.len(), Slot::Z(self.records.len() - 1));
        let outputs = self.networks.first().map_or(1, Network::outputs);
        let no_cost = |_| Evaluation { cost: 0.0, logits: Vec::with_capacity(outputs * self.samples) };
        let mut evaluations: Vec<Evaluation> = (0..networks).map(no_cost).collect();
        let is_penalised = self.runs.iter().any(|run| run.recipe.l2 != 0.0);
        let blocks = self.updates.as_ref().map_or(0, Updates::blocks);
        for block in 0..blocks {
            let Some(updates) = &self.updates else { break };
            let (table, places, count) = updates.block(block);
            self.context.device.queue.write_buffer(&self.buffers[&Slot::Table], 0, cast_slice(&table));
            let of_logits = networks * outputs * places;
            let mut parts = vec![(Slot::History, 4 * networks as u64), (logits, 4 * of_logits as u64)];
            if is_penalised && block == 0 {
                parts.push((Slot::Parameters, self.parameter_bytes()));
            }
            let words = self.look(EVALUATION, &parts).await?;
            let (costs, words) = words.split_at(networks);
            let (logits, parameters) = words.split_at(of_logits);
            let wide = |bits: &u32| f64::from(f32::from_bits(*bits));
            let of_networks = costs.iter().zip(logits.chunks_exact(outputs * places));
            for (evaluation, (cost, logits)) in evaluations.iter_mut().zip(of_networks) {
                evaluation.cost += wide(cost);
                let of_samples = (0..count).flat_map(|at| logits.iter().skip(at).step_by(places).map(wide));
                evaluation.logits.extend(of_samples);
            }
            if !parameters.is_empty() {
                let parameters = self.packing.unpack(&self.networks, parameters);
                for ((evaluation, run), parameters) in evaluations.iter_mut().zip(&self.runs).zip(&parameters) {
                    evaluation.cost += run.recipe.penalty(parameters, self.samples);
                }
            }
        }
        Ok(evaluations)
    }

    /// Runs calls that count one step of every network, and reads the first bytes of buffers back.
    async fn look(&mut self, look: usize, parts: &[(Slot, u64)]) -> Result<Vec<u32>> {
        let look = &mut self.looks[look];
        if look.dispatches.is_none() {
            look.dispatches = Some(bind(&self.context, &look.calls, &self.buffers).await?);
        }
        let dispatches = look.dispatches.as_deref().unwrap_or(&[]);
        let (device, networks) = (&self.context.device, self.networks.len());
        let parts = [&[(Slot::Steps, 4 * networks as u64)], parts].concat();
        let mut staging = Staging::new(device, parts.iter().map(|(_, bytes)| bytes).sum()).await?;
        let mut encoder = device.wgpu.create_command_encoder(&Default::default());
        encoder.clear_buffer(&self.buffers[&Slot::Steps], 0, None);
        record(&mut encoder, dispatches, 1);
        let parts: Vec<_> = parts.iter().map(|(slot, bytes)| (&self.buffers[slot], *bytes)).collect();
        staging.copy(&mut encoder, &parts);
        let submission = device.submit(encoder).await?;
        let (_, mut words) = staging.map(submission).wait(device, <[u32]>::to_vec).await?;
        let rest = words.split_off(networks);
        self.all_done(&words, 1).map(|()| rest)
    }

    /// Whether the counters of the networks in training show the iterations that were asked for.
    fn all_done(&self, steps: &[u32], asked: u32) -> Result<()> {
        let in_training = steps.iter().zip(&self.retired).filter(|(_, retired)| !**retired);
        match in_training.map(|(done, _)| *done).find(|done| *done != asked) {
            Some(done) => Err(Error::Incomplete { asked, done }),
            None => Ok(()),
        }
    }

    /// Bytes of the history of this many steps, of the counters, and of all parameters.
    fn chunk_bytes(&self, steps: u32) -> [u64; 3] {
        let networks = self.networks.len() as u64;
        [4 * networks * u64::from(steps), 4 * networks, self.parameter_bytes()]
    }

    fn parameter_bytes(&self) -> u64 {
        4 * (self.networks.len() * self.packing.parameters()) as u64
    }
}

/// Compiles and binds every step.
pub async fn bind(
    context: &Context,
    steps: &[KernelCall],
    buffers: &BTreeMap<Slot, wgpu::Buffer>,
) -> Result<Vec<Dispatch>> {
    let mut dispatches = Vec::with_capacity(steps.len());
    for step in steps {
        dispatches.push(Dispatch::new(context, step, buffers).await?);
    }
    Ok(dispatches)
}

/// What a session's buffer begins with, but for the parameters: the data and the records; nothing if it begins with zeros.
fn contents(slot: Slot, plan: &Plan, data: &Dataset, runs: &[Run], records: &[Vec<NetworkRecord>]) -> Option<Vec<u8>> {
    let bytes = |values: &[f32]| cast_slice(values).to_vec();
    match slot {
        Slot::Inputs => Some(bytes(&plan.packing.inputs(data))),
        Slot::Labels if let Some(table) = plan.table => {
            let network = &runs.first()?.network;
            Some(bytes(&plan.packing.targets(data, network, table.batch.is_none())))
        }
        Slot::Recipes => {
            let records: Vec<_> = runs.iter().map(|run| RecipeRecord::of(&run.recipe)).collect();
            Some(cast_slice(&records).to_vec())
        }
        Slot::Trainees => Some(cast_slice(&TraineeRecord::of_all(runs)).to_vec()),
        Slot::Labels => Some(bytes(&plan.packing.labels(data))),
        Slot::Networks(layer) => Some(cast_slice(&records[layer]).to_vec()),
        _ => None,
    }
}

/// A buffer with these contents, or of this many zeros.
pub fn make_buffer(device: &Device, slot: Slot, elements: u64, contents: Option<Vec<u8>>) -> wgpu::Buffer {
    let label = format!("{slot:?}");
    match contents {
        Some(contents) => upload(device, &label, &contents, USAGE),
        None => device.wgpu.create_buffer(&wgpu::BufferDescriptor {
            label: Some(&label),
            size: 4 * elements,
            usage: USAGE,
            mapped_at_creation: false,
        }),
    }
}
