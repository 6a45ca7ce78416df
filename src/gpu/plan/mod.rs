//! A plan: which kernels run over which buffers in one iteration. Pure data, made and checked without a GPU.

pub(crate) mod call;
mod dense;
pub(crate) mod layered;
mod limits;
mod loops;
mod one_hidden;
mod order;
mod problem;
pub(crate) mod resident;
pub(crate) mod resident_layers;
pub(crate) mod split;

use std::collections::{BTreeMap, BTreeSet};

pub use call::{KernelCall, WORKGROUP};
pub use dense::Table;
pub use limits::{Limits, Software};
pub use problem::{Dense, Problem};

use crate::backend::CHUNK_LIMIT;
pub use crate::backend::PlanChoice;
use crate::gpu::packing::Packing;
use crate::gpu::shader::kernel::Binding;
use crate::{Error, Result};
use dense::output_constants;
use problem::index_limit;

/// The most turns that the loops of one invocation may take in a dispatch, all loops added up.
/// Mesa's software driver leaves loops after 65,535 turns without a word, so longer sums are cut into slabs.
pub const LOOP_BUDGET: u64 = 60_000;

/// The most plans that a problem has to choose among.
const CANDIDATES: usize = 8;

/// A buffer of a session. Every one but the data has a leading network dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// X (n_x × m), shared.
    Inputs,
    /// Y (outputs × m), shared; behind it, where every update of a dense network takes all samples, their weights (m).
    Labels,
    /// The updates that are queued: what each network is told, and the batch.
    Table,
    /// What this update of each network is told.
    Turns,
    /// X of a batch.
    BatchInputs,
    /// Y of a batch, and behind it the weights of its samples.
    BatchLabels,
    /// How each network is trained, in records.
    Recipes,
    /// All that differs between networks, in records, for a workgroup that trains one by itself.
    Trainees,
    /// What such a workgroup keeps of a batch, where its own memory has no room.
    Panels,
    /// Sums of squares of each row of W and of its gradient, and behind them those of the network.
    Norms,
    /// The records of a layer's networks.
    Networks(usize),
    /// θ (networks × parameters), and behind each network's its optimiser's moments.
    Parameters,
    /// dθ (networks × parameters).
    Gradients,
    /// Z of a layer (networks × units × m); the last layer's are the logits.
    Z(usize),
    /// A of a hidden layer (networks × units × m).
    A(usize),
    /// dZ of a layer (networks × units × m); at the output, the losses are one more row of the layered plan's.
    Delta(usize),
    /// Slices of products on their way to their sum.
    PartialSums,
    /// The cost by step (steps × networks).
    History,
    /// Steps done in this chunk (networks), and behind them in the plan for dense networks those begun (1).
    Steps,
    /// The iterations that this chunk asks for (1).
    Asked,
}

/// What one iteration, one evaluation and one gradient take: the kernel calls, and the buffers they run over.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// `split`, `resident` or `layered`.
    pub name: &'static str,
    /// Which invocation computes what; it changes no bit.
    pub layout: String,
    /// The buffers and their lengths in elements of four bytes.
    pub slots: BTreeMap<Slot, u64>,
    /// How data and parameters lie in them.
    pub packing: Packing,
    /// What the host tells of each update, if anything but its number matters.
    pub table: Option<Table>,
    /// Forward, backward, update; the cost recorded.
    pub iteration: Vec<KernelCall>,
    /// How many iterations one round of [`iteration`](Self::iteration) does, at most: up to what [`Slot::Asked`] holds.
    pub at_once: u32,
    /// Forward; the cost recorded and the logits left in [`Slot::Z`] of the last layer.
    pub evaluation: Vec<KernelCall>,
    /// Forward and backward; the cost recorded and dθ left in [`Slot::Gradients`].
    pub gradients: Vec<KernelCall>,
    /// Forward alone; the logits left in [`Slot::Z`] of the last layer.
    pub forward: Vec<KernelCall>,
}

impl Plan {
    /// The likeliest of [`candidates`](Self::candidates), held to the limits.
    ///
    /// # Errors
    /// Those of [`candidates`](Self::candidates).
    pub fn new(choice: PlanChoice, problem: &Problem, limits: &Limits) -> Result<Self> {
        Ok(Self::candidates(choice, problem, limits)?.swap_remove(0))
    }

    /// At most eight plans for a problem that the limits allow, the likeliest to be fast first: the layouts of the chosen
    /// plan. They have the same buffers and give the same bits. `Auto` takes resident and split if they fit, or else
    /// layered.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the chosen plan cannot do the shape,
    /// [`Error::Limit`] naming the first limit that every layout exceeds.
    pub fn candidates(choice: PlanChoice, problem: &Problem, limits: &Limits) -> Result<Vec<Self>> {
        Self::candidates_of(choice, None, problem, limits, |plan| plan)
    }

    /// The plan of a layout's name, whether it suits the adapter or not.
    fn of_layout(choice: PlanChoice, layout: &str, problem: &Problem, limits: &Limits) -> Result<Self> {
        let split = || split::build(problem, limits, layout.parse()?);
        let resident = || match layout.parse() {
            Ok(layout) => resident::build(problem, limits, layout),
            Err(_) => resident_layers::build(problem, limits, layout.parse()?),
        };
        let layered = || Ok(layered::build(problem, layout.parse()?));
        match choice {
            PlanChoice::Layered => layered(),
            PlanChoice::Split => split(),
            PlanChoice::Resident => resident(),
            PlanChoice::Auto if layout.parse::<resident::Layout>().is_ok() => resident(),
            PlanChoice::Auto if layout.parse::<resident_layers::Layout>().is_ok() => resident(),
            PlanChoice::Auto if layout.parse::<layered::Layout>().is_ok() => layered(),
            PlanChoice::Auto => split(),
        }
    }

    /// [`candidates`](Self::candidates), of which `part` is held to the limits, or the one of a layout.
    pub(super) fn candidates_of(
        choice: PlanChoice,
        layout: Option<&str>,
        problem: &Problem,
        limits: &Limits,
        part: impl Fn(Self) -> Self,
    ) -> Result<Vec<Self>> {
        let held = |plan: Result<Self>| {
            let plan = part(plan?);
            plan.check(limits).map(|()| plan)
        };
        if let Some(layout) = layout {
            return Ok(vec![held(Self::of_layout(choice, layout, problem, limits))?]);
        }
        let split = || {
            split::layouts(problem, limits).into_iter().map(|layout| split::build(problem, limits, layout)).collect()
        };
        let is_one_hidden = one_hidden::takes(problem);
        let resident = || -> Vec<_> {
            if !is_one_hidden {
                let layouts = resident_layers::layouts(limits).into_iter();
                return layouts.map(|layout| resident_layers::build(problem, limits, layout)).collect();
            }
            let layouts = resident::layouts(problem, limits).into_iter();
            layouts.map(|layout| resident::build(problem, limits, layout)).collect()
        };
        let layered = || -> Vec<_> {
            layered::layouts(limits).into_iter().map(|layout| Ok(layered::build(problem, layout))).collect()
        };
        let plans: Vec<Result<Self>> = match choice {
            PlanChoice::Layered => layered(),
            PlanChoice::Split => split(),
            PlanChoice::Resident => resident(),
            PlanChoice::Auto => {
                let is_small = match is_one_hidden {
                    true => resident::suits(problem, limits),
                    false => resident_layers::suits(problem, limits),
                };
                let small = if is_small { resident() } else { Vec::new() };
                let split = if is_one_hidden && split::suits(problem, limits) { split() } else { Vec::new() };
                [small, split, layered()].into_iter().flatten().collect()
            }
        };
        let (fitting, refused): (Vec<_>, Vec<_>) = plans.into_iter().map(held).partition(Result::is_ok);
        let fitting: Vec<Self> = fitting.into_iter().flatten().collect();
        let Some(first) = fitting.first() else {
            let of_first = refused.into_iter().find_map(Result::err);
            return Err(of_first.unwrap_or_else(|| Error::Mismatch("there is no plan".into())));
        };
        // those for which the first one's buffers do
        let slots = first.slots.clone();
        let has_all = |plan: &Self| plan.slots.iter().all(|(slot, length)| slots.get(slot) == Some(length));
        Ok(fitting.into_iter().filter(has_all).take(CANDIDATES).collect())
    }

    /// Bytes of all buffers, and of what is read back through two more.
    pub fn bytes(&self) -> u64 {
        self.slots.values().map(|elements| 4 * elements).sum::<u64>() + 2 * self.read_back()
    }

    /// Every kernel call of the plan, each at least once.
    pub fn steps(&self) -> impl Iterator<Item = &KernelCall> {
        self.iteration.iter().chain(&self.evaluation).chain(&self.gradients).chain(&self.forward)
    }

    /// Whether the limits allow it: nothing has been allocated yet.
    ///
    /// # Errors
    /// [`Error::Limit`] naming the first limit that is exceeded.
    pub fn check(&self, limits: &Limits) -> Result<()> {
        for (slot, elements) in &self.slots {
            let what = || format!("buffer {slot:?}");
            let bytes = elements.saturating_mul(4);
            limits.hold(what(), bytes, "maxStorageBufferBindingSize", limits.binding_size)?;
            limits.hold(what(), bytes, "maxBufferSize", limits.buffer_size)?;
            if *elements > u64::from(u32::MAX) {
                return Err(index_limit(what(), *elements));
            }
        }
        // what is read back goes through one buffer
        limits.hold("a readback".into(), self.read_back(), "maxBufferSize", limits.buffer_size)?;
        for step in self.steps() {
            let what = || format!("kernel {}", step.kernel.name());
            let is_storage = |(_, binding): &&(&str, Binding)| *binding != Binding::Uniform;
            let buffers = step.kernel.bindings().iter().filter(is_storage).count() as u64;
            for groups in step.workgroups {
                limits.hold(what(), groups, "maxComputeWorkgroupsPerDimension", limits.workgroups)?;
            }
            limits.hold(what(), step.invocations, "maxComputeInvocationsPerWorkgroup", limits.invocations)?;
            limits.hold(what(), step.workgroup_storage, "maxComputeWorkgroupStorageSize", limits.workgroup_storage)?;
            limits.hold(what(), buffers, "maxStorageBuffersPerShaderStage", limits.storage_buffers)?;
            limits.hold(what(), step.turns, "loop turns per invocation", LOOP_BUDGET)?;
        }
        Ok(())
    }

    /// The same plan for predicting alone: its forward steps, and the buffers that they bind.
    pub fn forward_alone(mut self) -> Self {
        let bound: BTreeSet<Slot> = self.forward.iter().flat_map(|step| step.buffers.iter().copied()).collect();
        self.slots.retain(|slot, _| bound.contains(slot));
        (self.iteration, self.evaluation, self.gradients) = (Vec::new(), Vec::new(), Vec::new());
        self
    }

    /// Bytes of what a chunk reads back: the history, the counters and the parameters.
    fn read_back(&self) -> u64 {
        let read = if self.iteration.is_empty() { &[][..] } else { &[Slot::History, Slot::Steps, Slot::Parameters] };
        read.iter().map(|slot| 4 * self.slots.get(slot).copied().unwrap_or(0)).sum()
    }
}

/// The length of the cost history, in elements.
pub(super) fn history_length(problem: &Problem) -> u64 {
    u64::from(CHUNK_LIMIT) * u64::from(problem.networks)
}
