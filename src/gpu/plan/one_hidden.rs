//! What the plans for one hidden layer share: how their buffers lie, and the calls that look instead of training.

use std::collections::BTreeMap;

use bytemuck::bytes_of;

use super::call::{activation_constants, mean_of};
use super::order::{LONGEST, SHORTEST_SPAN, SPANS, Slabs};
use super::{KernelCall, Limits, Problem, Slot, history_length};
use crate::gpu::packing::{GROUP, Packing, features};
use crate::gpu::shader::kernel::Kernel;
use crate::gpu::shader::uniforms::OneHidden as Uniform;
use crate::gpu::shader::{Constant, Constants};
use crate::{Error, Result};

pub(super) use crate::backend::MOST_FEATURES as MAX_FEATURES;

/// Buffers hold a multiple of this many units: as many as an invocation takes at most.
pub const UNITS: u32 = 4;

/// Networks with one hidden layer, as their kernels see them.
pub struct OneHidden<'a> {
    pub problem: &'a Problem,
    pub limits: &'a Limits,
    pub slabs: Slabs,
    /// Units of the widest network, filled up.
    pub units: u32,
    /// Rows of four features beyond the first two.
    pub rows: u32,
}

/// Whether these plans train a problem.
pub fn takes(problem: &Problem) -> bool {
    problem.layout.layers() == 2 && problem.dense.is_none() && has_few_features(problem)
}

/// Whether these plans take as many features.
pub fn has_few_features(problem: &Problem) -> bool {
    problem.layout.weights(0).columns <= MAX_FEATURES
}

/// How a call is laid out: its workgroups, the invocations of each, and what their loops and their memory take.
pub struct Grid {
    pub workgroups: [u32; 2],
    pub invocations: u32,
    /// Bytes of workgroup memory.
    pub workgroup_storage: u64,
    /// The most loop turns of an invocation.
    pub turns: u64,
}

impl<'a> OneHidden<'a> {
    /// The problem's networks.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if they have several hidden layers or over [`MAX_FEATURES`], or are not trained by plain gradient
    /// descent over all samples towards one logit.
    pub fn new(problem: &'a Problem, limits: &'a Limits, plan: &str) -> Result<Self> {
        if problem.layout.layers() != 2 {
            let message = format!("{plan} trains one hidden layer; the layered plan and the reference on the CPU");
            return Err(Error::Mismatch(message + " train several"));
        }
        if problem.dense.is_some() {
            let message = format!("{plan} trains by plain gradient descent over all samples towards one logit");
            return Err(Error::Mismatch(message + "; the layered plan and the CPU train more"));
        }
        if !has_few_features(problem) {
            let message = format!("{plan} trains up to {MAX_FEATURES} features, not {}", problem.inputs(0));
            return Err(Error::Mismatch(message + "; the layered plan and the CPU train any number"));
        }
        Ok(Self {
            problem,
            limits,
            slabs: Slabs::of(problem.samples),
            units: problem.units(0).next_multiple_of(UNITS),
            rows: (problem.inputs(0) + 1) / 4,
        })
    }

    /// Units of the widest network.
    pub fn widest(&self) -> u32 {
        self.problem.units(0)
    }

    /// Vectors of a unit.
    pub fn vectors(&self) -> u32 {
        1 + self.rows
    }

    /// One dispatch. The buffers that `tables` names are bound as uniforms where they are small enough.
    pub fn call(
        &self,
        kernel: Kernel,
        update: bool,
        own: &[(&'static str, Constant)],
        tables: &[Slot],
        grid: Grid,
    ) -> KernelCall {
        let mut constants: Constants = own.to_vec();
        constants.extend([
            ("LONGEST", Constant::U32(LONGEST)),
            ("SPANS", Constant::U32(SPANS)),
            ("SHORTEST_SPAN", Constant::U32(SHORTEST_SPAN)),
            ("SLABS", Constant::U32(self.slabs.count)),
            ("ROWS", Constant::U32(self.rows)),
        ]);
        constants.extend(activation_constants(self.problem.activation, self.problem.borrowed));
        let (slots, buffers) = (self.slots(), buffers(kernel));
        for ((name, _), slot) in kernel.bindings()[1..].iter().zip(buffers) {
            let bytes = 4 * slots[slot];
            if tables.contains(slot) && bytes <= self.limits.uniform_size {
                constants.push((*name, Constant::Table((bytes / 16) as u32)));
            }
        }
        let uniform = Uniform {
            networks: self.problem.networks,
            samples: self.problem.samples,
            groups: self.slabs.groups,
            units: self.units,
            slabs: self.slabs.count,
            slab: self.slabs.length,
            update: update.into(),
            mean: mean_of(self.problem.samples),
        };
        let [x, y] = grid.workgroups;
        KernelCall {
            kernel,
            constants,
            uniform: bytes_of(&uniform).to_vec(),
            buffers: buffers.to_vec(),
            workgroups: [x.into(), y.into(), 1],
            invocations: grid.invocations.into(),
            workgroup_storage: grid.workgroup_storage,
            turns: grid.turns,
        }
    }

    pub fn packing(&self) -> Packing {
        Packing::Units { units: self.units as usize, vectors: self.vectors() as usize }
    }

    /// Every buffer's length in elements, the same for every plan and layout.
    pub fn slots(&self) -> BTreeMap<Slot, u64> {
        let networks = u64::from(self.problem.networks);
        let samples = u64::from(self.slabs.groups) * GROUP as u64;
        let parameters = networks.saturating_mul(self.packing().parameters() as u64);
        BTreeMap::from([
            (Slot::Inputs, samples * features(self.vectors() as usize) as u64),
            (Slot::Labels, samples),
            (Slot::Networks(0), 4 * networks),
            (Slot::Parameters, parameters),
            (Slot::Gradients, parameters),
            (Slot::Delta(1), networks.saturating_mul(2 * samples)),
            (Slot::Z(1), networks.saturating_mul(samples)),
            (Slot::History, history_length(self.problem)),
            (Slot::Steps, networks),
            (Slot::Asked, 1),
        ])
    }
}

/// The buffers of a kernel in the order of its bindings, from `@binding(1)`.
fn buffers(kernel: Kernel) -> &'static [Slot] {
    match kernel {
        Kernel::SerialForward | Kernel::SplitForward => {
            &[Slot::Networks(0), Slot::Inputs, Slot::Labels, Slot::Parameters, Slot::Delta(1), Slot::Z(1)]
        }
        // Asked is bound and not used: with seven storage buffers an iteration of 64 networks of 4 units takes lavapipe 1,900 µs,
        // with eight in this order 380. Why is not known.
        Kernel::SerialBackward | Kernel::SplitBackward => &[
            Slot::Networks(0),
            Slot::Inputs,
            Slot::Delta(1),
            Slot::Parameters,
            Slot::Gradients,
            Slot::Asked,
            Slot::History,
            Slot::Steps,
        ],
        Kernel::ResidentNarrow | Kernel::Resident => {
            let all = &[
                Slot::Networks(0),
                Slot::Inputs,
                Slot::Labels,
                Slot::Parameters,
                Slot::History,
                Slot::Steps,
                Slot::Asked,
                Slot::Delta(1),
            ];
            if kernel == Kernel::Resident { all } else { &all[..7] }
        }
        _ => &[],
    }
}
