//! The layouts of a session's plan on its device: each compiled when it is first needed, looked at before it trains.

use std::collections::BTreeMap;
use std::time::Duration;

use bytemuck::cast_slice;
use web_time::Instant;

use super::dispatch::{Dispatch, USAGE, record};
use super::on_device::bind;
use super::readback::Staging;
use super::tuner::{Probe, Tuner};
use super::updates::Updates;
use crate::gpu::context::{Context, Known};
use crate::gpu::plan::{KernelCall, Plan, Slot};
use crate::{Error, Result};

/// After so long, a look at further layouts waits for the next chunk.
const PROBING: Duration = Duration::from_millis(25);

/// One layout: its calls, and what they are compiled to.
struct Laid {
    calls: Vec<KernelCall>,
    at_once: u32,
    dispatches: Option<Vec<Dispatch>>,
}

/// A part of a chunk, by one layout.
struct Part {
    layout: usize,
    /// Iterations of the chunk before it.
    first: u32,
    count: u32,
    /// Iterations of the chunk.
    chunk: u32,
}

/// All layouts of a session, and which of them computes.
pub struct Layouts {
    laid: Vec<Laid>,
    pub tuner: Tuner,
    known: Known,
    /// When the last chunk was seen to end.
    last_end: Option<Instant>,
}

impl Layouts {
    /// The layouts of these plans, of which the first is compiled.
    ///
    /// # Errors
    /// Those of [`Dispatch::new`].
    pub async fn new(
        context: &Context,
        plans: &[Plan],
        buffers: &BTreeMap<Slot, wgpu::Buffer>,
        known: Known,
    ) -> Result<Self> {
        let laid = |plan: &Plan| Laid { calls: plan.iteration.clone(), at_once: plan.at_once, dispatches: None };
        let tuner = Tuner::new(plans.iter().map(|plan| plan.layout.clone()));
        let tuner = match known.get() {
            Some(before) => tuner.knowing(&before),
            None => tuner,
        };
        let mut layouts = Self { laid: plans.iter().map(laid).collect(), tuner, known, last_end: None };
        layouts.compile(context, layouts.tuner.current(), buffers).await?;
        Ok(layouts)
    }

    async fn compile(
        &mut self,
        context: &Context,
        layout: usize,
        buffers: &BTreeMap<Slot, wgpu::Buffer>,
    ) -> Result<()> {
        let laid = &mut self.laid[layout];
        if laid.dispatches.is_none() {
            laid.dispatches = Some(bind(context, &laid.calls, buffers).await?);
        }
        Ok(())
    }

    /// Records as many rounds of a layout's calls as so many iterations take. The layout is compiled.
    fn record(&self, encoder: &mut wgpu::CommandEncoder, layout: usize, iterations: u32) {
        let laid = &self.laid[layout];
        if let Some(dispatches) = &laid.dispatches {
            record(encoder, dispatches, iterations.div_ceil(laid.at_once));
        }
    }

    /// Records a chunk, of which rounds of shares may be measured first: each share is submitted and waited for, which in all
    /// takes some 60 ms of a training. The rest stands in the encoder that is returned.
    ///
    /// # Errors
    /// Those of the device.
    pub async fn advance(
        &mut self,
        context: &Context,
        buffers: &BTreeMap<Slot, wgpu::Buffer>,
        mut updates: Option<&mut Updates>,
        iterations: u32,
    ) -> Result<wgpu::CommandEncoder> {
        let device = &context.device;
        let mut encoder = device.wgpu.create_command_encoder(&Default::default());
        encoder.clear_buffer(&buffers[&Slot::Steps], 0, None);
        let mut done = 0;
        loop {
            let mut shares = self.tuner.shares(iterations - done);
            shares.pop();
            if done == 0 && !shares.is_empty() {
                // what is queued before must not count
                let next = device.wgpu.create_command_encoder(&Default::default());
                let before = device.submit(std::mem::replace(&mut encoder, next)).await?;
                device.finished(before).await?;
            }
            for (layout, share) in &shares {
                let begun = Instant::now();
                let part = Part { layout: *layout, first: done, count: *share, chunk: iterations };
                done += share;
                self.record_part(context, buffers, &mut encoder, updates.as_deref_mut(), part).await?;
                let next = device.wgpu.create_command_encoder(&Default::default());
                let submission = device.submit(std::mem::replace(&mut encoder, next)).await?;
                device.finished(submission).await?;
                self.tuner.learn(*layout, *share, begun.elapsed().as_secs_f64());
            }
            if let Some(report) = self.tuner.end_round() {
                log::info!("{report}");
                self.known.set(report);
            }
            if shares.is_empty() {
                break;
            }
        }
        let part = Part { layout: self.tuner.current(), first: done, count: iterations - done, chunk: iterations };
        self.record_part(context, buffers, &mut encoder, updates.as_deref_mut(), part).await?;
        if let Some(updates) = updates {
            updates.queued(iterations);
        }
        Ok(encoder)
    }

    /// Records a part of a chunk. The step to end at is written first, and what the host tells of its updates, as many as fit
    /// into the table: what was recorded before is then submitted.
    async fn record_part(
        &self,
        context: &Context,
        buffers: &BTreeMap<Slot, wgpu::Buffer>,
        encoder: &mut wgpu::CommandEncoder,
        updates: Option<&mut Updates>,
        Part { layout, first, count, chunk }: Part,
    ) -> Result<()> {
        let device = &context.device;
        let until_step = |end: u32| device.queue.write_buffer(&buffers[&Slot::Asked], 0, &end.to_le_bytes());
        let (mut at, end) = (first, first + count);
        let Some(updates) = updates else {
            until_step(end);
            self.record(encoder, layout, count);
            return Ok(());
        };
        let room = updates.room();
        while at < end {
            if at % room == 0 {
                if at > 0 {
                    let next = device.wgpu.create_command_encoder(&Default::default());
                    device.submit(std::mem::replace(encoder, next)).await?;
                }
                let words = updates.after(at, room.min(chunk - at));
                device.queue.write_buffer(&buffers[&Slot::Table], 0, cast_slice(&words));
            }
            let until = end.min((at / room + 1) * room);
            until_step(until);
            self.record(encoder, layout, until - at);
            at = until;
        }
        Ok(())
    }

    /// A chunk of so many iterations was collected.
    pub fn collected(&mut self, iterations: u32) {
        if self.tuner.is_done() {
            return;
        }
        let now = Instant::now();
        let since = self.last_end.map_or(0.0, |last| (now - last).as_secs_f64());
        self.tuner.trained(iterations, since);
        self.last_end = Some(now);
    }

    /// Looks at the next layouts if the tuner wants to, until [`PROBING`] is over: compiles one and does one iteration, which
    /// must give the same bits as the likeliest layout's. The weights are then as before.
    ///
    /// # Errors
    /// Those of the device; not those of the layout, which is dropped.
    pub async fn probe(
        &mut self,
        context: &Context,
        buffers: &BTreeMap<Slot, wgpu::Buffer>,
        updates: Option<&mut Updates>,
        networks: &[bool],
    ) -> Result<()> {
        let begun = Instant::now();
        if let (Some(updates), Some(_)) = (updates, self.tuner.to_probe()) {
            context.device.queue.write_buffer(&buffers[&Slot::Table], 0, cast_slice(&updates.next(1)));
        }
        while let Some(layout) = self.tuner.to_probe() {
            self.probe_one(context, buffers, networks, layout).await?;
            if begun.elapsed() >= PROBING {
                break;
            }
        }
        Ok(())
    }

    async fn probe_one(
        &mut self,
        context: &Context,
        buffers: &BTreeMap<Slot, wgpu::Buffer>,
        networks: &[bool],
        layout: usize,
    ) -> Result<()> {
        let want = self.one_iteration(context, buffers, 0, networks).await?;
        let got = match self.compile(context, layout, buffers).await {
            Ok(()) => self.one_iteration(context, buffers, layout, networks).await,
            Err(error) => Err(error),
        };
        context.device.check().await?;
        let (probe, reason) = match got {
            Ok(got) if got == want => (Probe::Same, String::new()),
            Ok(_) => (Probe::Parted, "it gives other bits here".into()),
            Err(error @ Error::Lost(_)) => return Err(error),
            Err(error) => (Probe::Failed, error.to_string()),
        };
        if probe != Probe::Same {
            log::warn!("layout {} is left out: {reason}", self.name(layout));
        }
        self.tuner.probed(probe);
        Ok(())
    }

    fn name(&self, layout: usize) -> String {
        self.tuner.report().measured[layout].0.clone()
    }

    /// The costs and the parameters of one iteration of a layout; what it changed is changed back.
    async fn one_iteration(
        &self,
        context: &Context,
        buffers: &BTreeMap<Slot, wgpu::Buffer>,
        layout: usize,
        in_training: &[bool],
    ) -> Result<Vec<u32>> {
        let device = &context.device;
        let parameters = &buffers[&Slot::Parameters];
        let descriptor = wgpu::BufferDescriptor {
            label: Some("before"),
            size: parameters.size(),
            usage: USAGE,
            mapped_at_creation: false,
        };
        let before = device.guarded("a copy of the parameters", || device.wgpu.create_buffer(&descriptor)).await?;
        let networks = in_training.len();
        let parts = [(&buffers[&Slot::History], 4 * networks as u64), (parameters, parameters.size())];
        let mut staging = Staging::new(device, parts.iter().map(|(_, bytes)| bytes).sum()).await?;
        let mut encoder = device.wgpu.create_command_encoder(&Default::default());
        encoder.clear_buffer(&buffers[&Slot::Steps], 0, None);
        encoder.copy_buffer_to_buffer(parameters, 0, &before, 0, parameters.size());
        device.queue.write_buffer(&buffers[&Slot::Asked], 0, &1_u32.to_le_bytes());
        self.record(&mut encoder, layout, 1);
        staging.copy(&mut encoder, &parts);
        encoder.copy_buffer_to_buffer(&before, 0, parameters, 0, parameters.size());
        let submission = device.submit(encoder).await?;
        let (_, mut words) = staging.map(submission).wait(device, <[u32]>::to_vec).await?;
        // nothing is written for those that are retired
        for (cost, in_training) in words.iter_mut().zip(in_training) {
            *cost = if *in_training { *cost } else { 0 };
        }
        Ok(words)
    }
}
