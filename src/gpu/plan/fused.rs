//! The plan for one hidden layer: two dispatches per iteration, which compute Z1 and A1 anew instead of storing them,
//! and a third if the samples are cut into slabs. Memory is O(parameters + samples).
//!
//! A hardware GPU gets an invocation for every four samples and every unit. A software one gets few invocations, as
//! many as its threads have lanes: what each loads in its loop then serves many samples or units.

use std::collections::BTreeMap;

use bytemuck::bytes_of;

use super::{KernelCall, Limits, Plan, Problem, Slot, Software, history_length};
use crate::data::MAX_FEATURES;
use crate::gpu::kernel::Kernel;
use crate::gpu::packing::{GROUP, Packing, features};
use crate::gpu::plan::call::{activation_constants, mean_of};
use crate::gpu::plan::{LOOP_BUDGET, WORKGROUP};
use crate::gpu::shader::Constant;
use crate::gpu::uniforms::Fused;
use crate::{Error, Result};

/// The terms that one f32 sum runs over; longer sums add such spans. Also the shortest slab, in groups of samples.
const SPAN: u32 = 256;
/// The slabs that there are at most before they grow longer, so that partial sums stay O(parameters).
const SLABS: u32 = 64;
/// The most groups of samples, and the most units, that an invocation takes. On Mesa's software driver more gain
/// little (measured at n_h = 277: 4 units and 2 groups 130 µs an iteration, 8 and 8 120 µs), and each unit adds 10 ms
/// to the compilation.
const MOST_GROUPS: u32 = 2;
const MOST_UNITS: u32 = 4;

/// From this many networks on, a longer shader is soon made good.
const MANY: u32 = 16;

/// The fused plan for these sizes.
///
/// # Errors
/// [`Error::Mismatch`] if the networks have several hidden layers or over 16 inputs.
pub fn build(sizes: &Problem, adapter: &Limits) -> Result<Plan> {
    if sizes.layout.layers() != 2 || sizes.layout.weights(0).columns > MAX_FEATURES {
        let message = format!("the fused plan trains one hidden layer and up to {MAX_FEATURES} inputs");
        return Err(Error::Mismatch(message + "; the layered plan trains any"));
    }
    let fused = Layers::new(sizes, adapter);
    let [forward, backward, update] = [fused.forward(1), fused.backward(1), fused.update(1)];
    let look = [fused.forward(0), fused.backward(0), fused.update(0)];
    let dispatches = if fused.shape.slabs > 1 { 3 } else { 2 };
    Ok(Plan {
        name: "fused",
        slots: fused.slots(),
        packing: fused.packing(),
        iteration: [forward, backward, update][..dispatches].to_vec(),
        evaluation: look[..dispatches].to_vec(),
        gradients: look[..dispatches].to_vec(),
        forward: look[..1].to_vec(),
    })
}

/// A kernel and its buffers in the order of its bindings, from `@binding(1)`.
type Bound = (Kernel, &'static [Slot]);

const FORWARD: Bound = (
    Kernel::FusedForward,
    &[Slot::Networks(0), Slot::Inputs, Slot::Labels, Slot::Parameters, Slot::Delta(1), Slot::Z(1)],
);
/// In this order lavapipe takes 490 µs for an iteration of 64 networks of 4 units; with the read-only buffers behind the
/// others it took 2,000.
const OF_BACKWARD: &[Slot] = &[
    Slot::Networks(0),
    Slot::Inputs,
    Slot::Delta(1),
    Slot::Parameters,
    Slot::Gradients,
    Slot::PartialSums,
    Slot::History,
    Slot::Steps,
];
const BACKWARD: Bound = (Kernel::FusedBackward, OF_BACKWARD);
const UPDATE: Bound = (Kernel::FusedUpdate, OF_BACKWARD);

/// Turns of a loop over this many terms and of the loop over their spans.
fn spanned(terms: u32) -> u32 {
    terms.saturating_add(terms.div_ceil(SPAN))
}

struct Layers<'a> {
    sizes: &'a Problem,
    adapter: &'a Limits,
    /// The uniform.
    shape: Fused,
    /// Rows of four features beyond the first two.
    rows: u32,
    /// Groups that an invocation of the forward pass takes, and units that one of the backward pass takes.
    blocks: [u32; 2],
    /// Invocations of a workgroup.
    workgroup: u32,
}

impl<'a> Layers<'a> {
    fn new(sizes: &'a Problem, adapter: &'a Limits) -> Self {
        let groups = sizes.samples.div_ceil(GROUP as u32);
        let slab = groups.div_ceil(SLABS).clamp(SPAN, LOOP_BUDGET as u32 / 2);
        let workgroup = adapter.software.map_or(WORKGROUP, |software| software.lanes);
        let blocks = |length: u32, most: u32| {
            let wanted = match adapter.software {
                // many networks fill the lanes by themselves
                Some(Software { lanes, threads }) => length.div_ceil((lanes * threads / sizes.networks).max(1)),
                None => length.div_ceil(workgroup.saturating_mul(adapter.workgroups as u32)),
            };
            wanted.clamp(1, most)
        };
        let blocks = [blocks(groups, MOST_GROUPS), blocks(sizes.units(0), MOST_UNITS)];
        let shape = Fused {
            networks: sizes.networks,
            samples: sizes.samples,
            groups,
            units: sizes.units(0).next_multiple_of(blocks[1]),
            slabs: groups.div_ceil(slab),
            slab,
            update: 1,
            mean: mean_of(sizes.samples),
        };
        Self { sizes, adapter, shape, rows: (sizes.inputs(0) + 1) / 4, blocks, workgroup }
    }

    /// X to dZ2 and the loss.
    fn forward(&self, update: u32) -> KernelCall {
        let [groups, _] = self.blocks;
        let grid = [self.shape.groups.div_ceil(groups), 1];
        let turns = spanned(self.sizes.units(0)).saturating_add(groups.min(self.shape.groups));
        // what is read once an invocation is a table only for many networks: it lengthens the shader
        let tables = [Slot::Parameters, Slot::Inputs, Slot::Labels];
        let tables = &tables[..if self.sizes.networks < MANY { 1 } else { 3 }];
        self.step(FORWARD, update, tables, groups, grid, turns)
    }

    /// dZ2 to the sums of the gradients and, if there is one slab, the update.
    fn backward(&self, update: u32) -> KernelCall {
        let [_, units] = self.blocks;
        let grid = [self.shape.units / units, self.shape.slabs];
        let own_units = if self.shape.slabs == 1 { units.min(self.sizes.units(0)) } else { 0 };
        let turns = spanned(self.shape.slab.min(self.shape.groups)) + own_units;
        self.step(BACKWARD, update, &[Slot::Inputs, Slot::Delta(1)], units, grid, turns)
    }

    /// The sums over the slabs, and the update.
    fn update(&self, update: u32) -> KernelCall {
        self.step(UPDATE, update, &[], 1, [self.shape.units + 1, 1], self.shape.slabs)
    }

    /// One dispatch. What every invocation reads in its loop, `tables`, is bound as a uniform if it is small enough.
    fn step(
        &self,
        (kernel, buffers): Bound,
        update: u32,
        tables: &[Slot],
        blocks: u32,
        [x, slabs]: [u32; 2],
        turns: u32,
    ) -> KernelCall {
        // a narrow network leaves room in its workgroups for others
        let across = x.next_power_of_two().min(self.workgroup);
        let networks = (self.workgroup / across).min(self.sizes.networks.next_power_of_two());
        let across = if networks > 1 { across } else { self.workgroup };
        let mut constants = vec![
            ("ACROSS", Constant::U32(across)),
            ("NETWORKS", Constant::U32(networks)),
            ("SPAN", Constant::U32(SPAN)),
            ("BLOCKS", Constant::U32(blocks)),
            ("ROWS", Constant::U32(self.rows)),
            ("SLABBED", Constant::Bool(self.shape.slabs > 1)),
        ];
        constants.extend(activation_constants(self.sizes.activation, self.sizes.borrowed));
        let slots = self.slots();
        for ((name, _), slot) in kernel.bindings()[1..].iter().zip(buffers) {
            let bytes = 4 * slots[slot];
            if tables.contains(slot) && bytes <= self.adapter.uniform_size {
                constants.push((*name, Constant::Table((bytes / 16) as u32)));
            }
        }
        KernelCall {
            kernel,
            constants,
            uniform: bytes_of(&Fused { update, ..self.shape }).to_vec(),
            buffers: buffers.to_vec(),
            workgroups: [x.div_ceil(across).into(), self.sizes.networks.div_ceil(networks).into(), slabs.into()],
            invocations: (across * networks).into(),
            workgroup_storage: 0,
            turns: turns.into(),
        }
    }

    fn packing(&self) -> Packing {
        Packing::Units { units: self.shape.units as usize, vectors: self.rows as usize + 1 }
    }

    /// Every buffer's length in elements.
    fn slots(&self) -> BTreeMap<Slot, u64> {
        let networks = u64::from(self.sizes.networks);
        let samples = u64::from(self.shape.groups) * GROUP as u64;
        let parameters = networks.saturating_mul(self.packing().parameters() as u64);
        let parts = if self.shape.slabs > 1 { self.shape.slabs.into() } else { 0 };
        BTreeMap::from([
            (Slot::Inputs, samples * features(self.rows as usize + 1) as u64),
            (Slot::Labels, samples),
            (Slot::Networks(0), 4 * networks),
            (Slot::Parameters, parameters),
            (Slot::Gradients, parameters),
            (Slot::PartialSums, parameters.saturating_mul(parts).max(4)),
            (Slot::Delta(1), networks.saturating_mul(2 * samples)),
            (Slot::Z(1), networks.saturating_mul(samples)),
            (Slot::History, history_length(self.sizes)),
            (Slot::Steps, networks),
        ])
    }
}
