//! A plan: which kernels run over which buffers in one iteration. Pure data, made and checked without a GPU.

#[doc(hidden)]
pub mod fused;
#[doc(hidden)]
pub mod layered;
#[doc(hidden)]
pub mod step;

use std::collections::BTreeMap;

pub use step::{Step, WORKGROUP};

pub use crate::backend::PlanChoice;
use crate::backend::{CHUNK_LIMIT, Run};
use crate::data::Dataset;
use crate::gpu::packing::Packing;
use crate::model::params::Layout;
use crate::model::{Activation, Derivative, Network};
use crate::{Error, Result};

/// The most turns that the loops of one invocation may take in a dispatch, all loops added up.
/// Mesa's software driver leaves loops after 65,535 turns without a word, so longer sums are cut into slabs.
pub const LOOP_BUDGET: u64 = 60_000;

/// What is trained side by side, in the sizes of the widest.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes {
    /// Networks side by side.
    pub networks: u32,
    /// m.
    pub samples: u32,
    /// The activation of the hidden layers; each network's slope stands in its record.
    pub activation: Activation,
    /// The activation whose derivative the backward pass borrows, where it does.
    pub borrowed: Option<Activation>,
    /// The widest network's tensors: every network's parameters take that much room.
    pub layout: Layout,
}

impl Sizes {
    /// The sizes of runs that [`check_runs`](crate::backend::check_runs) accepts.
    ///
    /// # Errors
    /// [`Error::Limit`] where a number does not fit 32 bits, in which shaders count.
    pub fn new(data: &Dataset, runs: &[Run]) -> Result<Self> {
        let mut widths = vec![0; runs.first().map_or(0, |run| run.network.widths().len())];
        for run in runs {
            for (widest, width) in widths.iter_mut().zip(run.network.widths()) {
                *widest = width.max(*widest);
            }
        }
        let derivative = |run: &Run| run.network.derivative();
        let derivative = runs.first().map_or(Derivative::of(Activation::Tanh), derivative);
        Self::of(data, Layout::new(&widths), derivative, runs.len())
    }

    /// The sizes of so many networks of one shape.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn same(data: &Dataset, network: &Network, count: usize) -> Result<Self> {
        Self::of(data, Layout::new(&network.widths()), network.derivative(), count)
    }

    fn of(data: &Dataset, layout: Layout, derivative: Derivative, networks: usize) -> Result<Self> {
        for number in [data.samples(), networks, layout.parameters()] {
            if u32::try_from(number).is_err() {
                return Err(shader_index_limit(format!("a size of {number}"), number as u64));
            }
        }
        let Derivative { activation, borrowed } = derivative;
        Ok(Self { networks: networks as u32, samples: data.samples() as u32, activation, borrowed, layout })
    }

    /// Units of a layer in the widest network; the output layer has 1.
    pub fn units(&self, layer: usize) -> u32 {
        self.layout.weights(layer).rows as u32
    }

    /// Units of the layer below, or the inputs.
    pub fn inputs(&self, layer: usize) -> u32 {
        self.layout.weights(layer).columns as u32
    }
}

/// A buffer of a session. Every one but the data has a leading network dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// X (n_x × m), shared.
    Inputs,
    /// Y (m), shared.
    Labels,
    /// The records of a layer's networks.
    Networks(usize),
    /// θ (networks × parameters).
    Parameters,
    /// dθ (networks × parameters).
    Gradients,
    /// Z of a layer (networks × units × m); the last layer's are the logits.
    Z(usize),
    /// A of a layer (networks × units × m).
    A(usize),
    /// dZ of a layer (networks × units × m).
    Delta(usize),
    /// Sums of slabs on their way to a gradient or a product.
    PartialSums,
    /// The cost by slab (networks × slabs).
    PartialCosts,
    /// The cost by step (steps × networks).
    History,
    /// Steps done in this chunk (networks).
    Steps,
}

/// What one iteration, one look and one gradient take: the steps, and the buffers they run over.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// `layered` or `fused`.
    pub name: &'static str,
    /// The buffers and their lengths in elements of four bytes.
    pub slots: BTreeMap<Slot, u64>,
    /// How data and parameters lie in them.
    pub packing: Packing,
    /// Forward, backward, update; the cost recorded.
    pub iteration: Vec<Step>,
    /// Forward; the cost recorded and the logits left in [`Slot::Z`] of the last layer.
    pub evaluation: Vec<Step>,
    /// Forward and backward; the cost recorded and dθ left in [`Slot::Gradients`].
    pub gradients: Vec<Step>,
}

/// The adapter's limits that a plan is held to, and what it is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The adapter's name, for messages.
    pub adapter: String,
    /// `maxStorageBufferBindingSize`, bytes.
    pub binding_size: u64,
    /// `maxBufferSize`, bytes.
    pub buffer_size: u64,
    /// `maxComputeWorkgroupsPerDimension`.
    pub workgroups: u64,
    /// `maxComputeInvocationsPerWorkgroup`.
    pub invocations: u64,
    /// `maxComputeWorkgroupStorageSize`, bytes.
    pub workgroup_storage: u64,
    /// `maxStorageBuffersPerShaderStage`.
    pub storage_buffers: u64,
    /// `maxUniformBufferBindingSize`, bytes.
    pub uniform_size: u64,
    /// How it computes, where it is a software adapter.
    pub software: Option<Software>,
}

/// A software adapter: few fat invocations suit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Software {
    /// Invocations that a thread computes at once.
    pub lanes: u32,
    /// Threads.
    pub threads: u32,
}

impl Allowed {
    /// The limits that every WebGPU adapter has, of hardware.
    pub fn webgpu() -> Self {
        Self {
            adapter: "WebGPU".into(),
            binding_size: 128 << 20,
            buffer_size: 256 << 20,
            workgroups: 65_535,
            invocations: 256,
            workgroup_storage: 16 << 10,
            storage_buffers: 8,
            uniform_size: 64 << 10,
            software: None,
        }
    }
}

impl Plan {
    /// The plan for these sizes, not yet held to the limits. `Auto` takes fused where it fits.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the plan that was chosen cannot do the shape.
    pub fn new(choice: PlanChoice, sizes: &Sizes, adapter: &Allowed) -> Result<Self> {
        match choice {
            PlanChoice::Layered => Ok(layered::plan(sizes)),
            PlanChoice::Fused => fused::plan(sizes, adapter),
            PlanChoice::Auto => match fused::plan(sizes, adapter) {
                Ok(plan) if plan.check(adapter).is_ok() => Ok(plan),
                _ => Ok(layered::plan(sizes)),
            },
        }
    }

    /// Bytes of all buffers, and of what is read back through two more.
    pub fn bytes(&self) -> u64 {
        let of = |slot: &Slot| 4 * self.slots.get(slot).copied().unwrap_or(0);
        let read_back: u64 = [Slot::History, Slot::Steps, Slot::Parameters].iter().map(of).sum();
        self.slots.keys().map(of).sum::<u64>() + 2 * read_back
    }

    /// Every step of the plan, each once or oftener.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.iteration.iter().chain(&self.evaluation).chain(&self.gradients)
    }

    /// Whether the limits allow it: nothing has been allocated yet.
    ///
    /// # Errors
    /// [`Error::Limit`] naming the first limit that is passed.
    pub fn check(&self, allowed: &Allowed) -> Result<()> {
        let hold = |what: String, needed: u64, limit: &'static str, most: u64| {
            let adapter = allowed.adapter.clone();
            if needed <= most { Ok(()) } else { Err(Error::Limit { what, needed, limit, allowed: most, adapter }) }
        };
        for (slot, elements) in &self.slots {
            let bytes = elements.saturating_mul(4);
            hold(format!("buffer {slot:?}"), bytes, "maxStorageBufferBindingSize", allowed.binding_size)?;
            hold(format!("buffer {slot:?}"), bytes, "maxBufferSize", allowed.buffer_size)?;
            if *elements > u64::from(u32::MAX) {
                return Err(shader_index_limit(format!("buffer {slot:?}"), *elements));
            }
        }
        // what is read back goes through one buffer
        let bytes = |slots: &[Slot]| slots.iter().map(|slot| 4 * self.slots.get(slot).copied().unwrap_or(0)).sum();
        hold(
            "a readback".into(),
            bytes(&[Slot::History, Slot::Steps, Slot::Parameters]),
            "maxBufferSize",
            allowed.buffer_size,
        )?;
        for step in self.steps() {
            let what = || format!("kernel {}", step.kernel.name());
            let buffers = step.buffers.len() as u64;
            for groups in step.workgroups {
                hold(what(), groups, "maxComputeWorkgroupsPerDimension", allowed.workgroups)?;
            }
            hold(what(), step.invocations, "maxComputeInvocationsPerWorkgroup", allowed.invocations)?;
            hold(what(), step.workgroup_storage, "maxComputeWorkgroupStorageSize", allowed.workgroup_storage)?;
            hold(what(), buffers, "maxStorageBuffersPerShaderStage", allowed.storage_buffers)?;
            hold(what(), step.turns, "loop turns an invocation", LOOP_BUDGET)?;
        }
        Ok(())
    }
}

fn shader_index_limit(what: String, needed: u64) -> Error {
    let adapter = "WGSL's u32".into();
    Error::Limit { what, needed, limit: "32-bit indices", allowed: u32::MAX.into(), adapter }
}

/// The length of the cost history, in elements.
pub(super) fn history_length(sizes: &Sizes) -> u64 {
    u64::from(CHUNK_LIMIT) * u64::from(sizes.networks)
}
