//! The plan `split` for one hidden layer: two dispatches per iteration, which compute Z1 and A1 anew instead of storing
//! them. Memory is O(parameters + samples).
//!
//! On hardware, the units of a sample and the samples of a unit are shared out in a workgroup, with one barrier in each
//! dispatch, so that a large chip is filled. On a software adapter each invocation does all of them by itself, for as many
//! samples or units as its registers hold: what it loads in its loop then serves all of them, and there is no barrier.

use std::fmt;
use std::str::FromStr;

use super::one_hidden::{Grid, OneHidden, UNITS, has_few_features};
use super::order::{SHORTEST_SPAN, SPANS, shared, span_of};
use super::{KernelCall, Limits, Plan, Problem, Slot, Software, WORKGROUP};
use crate::gpu::shader::Constant;
use crate::gpu::shader::kernel::Kernel;
use crate::{Error, Result};

/// Features that an invocation keeps in registers on hardware: four samples of each take four of them.
pub const IN_REGISTERS: u32 = 6;
/// From this many networks on, a longer shader is soon made good.
const MANY: u32 = 16;

/// Which invocation computes what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Each invocation does whole sums.
    Serial {
        /// Groups of samples that an invocation of the forward pass takes.
        groups: u32,
        /// Units that one of the backward pass takes.
        units: u32,
    },
    /// The parts of each sum are shared out in a workgroup.
    Parts {
        /// Groups of samples and parts of the units in a workgroup of the forward pass.
        forward: [u32; 2],
        /// Units and parts of the samples in one of the backward pass.
        backward: [u32; 2],
    },
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial { groups, units } => write!(f, "serial-{groups}-{units}"),
            Self::Parts { forward: [a, b], backward: [c, d] } => write!(f, "{a}x{b}-{c}x{d}"),
        }
    }
}

impl FromStr for Layout {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("the split plan's layout", "like serial-2-4 or 32x8-8x32", format!("'{text}'"));
        let numbers = |text: &str, between| -> Option<[u32; 2]> {
            let (a, b) = text.split_once(between)?;
            let number = |text: &str| text.parse().ok().filter(|number| (1..=1024).contains(number));
            Some([number(a)?, number(b)?])
        };
        let layout = match text.strip_prefix("serial-") {
            Some(blocks) => numbers(blocks, '-').map(|[groups, units]| Self::Serial { groups, units }),
            None => text.split_once('-').and_then(|(forward, backward)| {
                Some(Self::Parts { forward: numbers(forward, 'x')?, backward: numbers(backward, 'x')? })
            }),
        };
        let fits = |layout: &Self| match layout {
            Self::Serial { groups, units } => *groups <= 8 && UNITS.is_multiple_of(*units),
            // another invocation than those of the units adds the output's slabs
            Self::Parts { backward, .. } => backward[1] >= 2,
        };
        layout.filter(fits).ok_or_else(wrong)
    }
}

/// The layouts that suit an adapter, the likeliest first.
pub fn layouts(problem: &Problem, limits: &Limits) -> Vec<Layout> {
    let serial = |groups, units| Layout::Serial { groups, units };
    let parts = |forward, backward| Layout::Parts { forward, backward };
    match limits.software {
        Some(software) => {
            let [groups, units] = blocks(problem, software);
            let lanes = software.lanes.max(2);
            let others = [[1, 2], [2, 4], [4, 4]].into_iter().filter(|blocks| *blocks != [groups, units]);
            let mut all = vec![serial(groups, units)];
            all.extend(others.map(|[groups, units]| serial(groups, units)));
            // few units leave lanes idle, and very many samples pass the loop budget: then the lanes take slabs
            all.push(parts([lanes, 1], [1, lanes]));
            all.push(parts([lanes, 1], [1, 64]));
            all.push(parts([1, SPANS], [1, 64]));
            all
        }
        None => vec![
            parts([32, 8], [8, 32]),
            parts([16, 16], [8, 32]),
            parts([64, 4], [16, 16]),
            parts([8, 16], [4, 64]),
            parts([32, 4], [8, 16]),
            parts([8, 8], [2, 32]),
            parts([64, 1], [32, 8]),
        ],
    }
}

/// Groups and units that an invocation takes on a software adapter. On Mesa's software driver more gain little (measured
/// at n_h = 277: 4 units and 2 groups 130 µs an iteration, 8 and 8 120 µs), and each unit adds 10 ms to the compilation.
fn blocks(problem: &Problem, Software { lanes, threads }: Software) -> [u32; 2] {
    // many networks fill the lanes by themselves
    let at_once = u64::from(lanes) * u64::from(threads) / u64::from(problem.networks.max(1));
    let blocks = |length: u32, most: u32| {
        let wanted = length.div_ceil(u32::try_from(at_once).unwrap_or(u32::MAX).max(1));
        if wanted >= most { most } else { wanted.clamp(1, 2) }
    };
    [blocks(problem.samples.div_ceil(4), 2), blocks(problem.units(0), 4)]
}

/// Whether the features of a sample fit an invocation's registers on hardware: more are left to memory, or to the products
/// of the layered plan (`docs/kernels.md`).
pub fn suits(problem: &Problem, limits: &Limits) -> bool {
    problem.dense.is_none()
        && has_few_features(problem)
        && (limits.software.is_some() || problem.inputs(0) <= IN_REGISTERS)
}

/// The split plan for a problem.
///
/// # Errors
/// [`Error::Mismatch`] if the networks have several hidden layers or too many features.
pub fn build(problem: &Problem, limits: &Limits, layout: Layout) -> Result<Plan> {
    let networks = OneHidden::new(problem, limits, "the split plan")?;
    let pass = |update| match layout {
        Layout::Serial { groups, units } => {
            let serial = Serial { networks: &networks, update };
            vec![serial.forward(groups), serial.backward(units)]
        }
        Layout::Parts { forward, backward } => {
            vec![split_forward(&networks, update, forward), split_backward(&networks, update, backward)]
        }
    };
    let look = pass(false);
    Ok(Plan {
        name: "split",
        layout: layout.to_string(),
        slots: networks.slots(),
        packing: networks.packing(),
        table: None,
        iteration: pass(true),
        at_once: 1,
        evaluation: look.clone(),
        forward: look[..1].to_vec(),
        gradients: look,
    })
}

/// The forward pass in parts: `across` groups of samples × `parts` of the units in a workgroup.
fn split_forward(networks: &OneHidden, update: bool, [across, parts]: [u32; 2]) -> KernelCall {
    let widest = networks.widest();
    let (span, groups) = (span_of(widest), networks.slabs.groups);
    let spans = widest.div_ceil(span);
    // no more parts than there are spans; the room goes to samples
    let parts = parts.min(spans.next_power_of_two()).min(SPANS);
    let several = Constant::Bool(spans > SPANS);
    // a narrower network may have more spans, which are shorter
    let held = widest.div_ceil(SHORTEST_SPAN).min(SPANS);
    let constants = [
        ("ACROSS", Constant::U32(across)),
        ("PARTS", Constant::U32(parts)),
        ("SEVERAL", several),
        ("HELD_SPANS", Constant::U32(held)),
    ];
    let grid = Grid {
        workgroups: [groups.div_ceil(across), networks.problem.networks],
        invocations: across * parts,
        workgroup_storage: u64::from(held * across * 16),
        turns: u64::from(spans.div_ceil(SPANS)) + shared(widest, span, SPANS, parts, 0) + u64::from(spans),
    };
    networks.call(Kernel::SplitForward, update, &constants, &[], grid)
}

/// The backward pass in parts: `across` units × `parts` of the samples in a workgroup.
fn split_backward(networks: &OneHidden, update: bool, [across, parts]: [u32; 2]) -> KernelCall {
    let slabs = networks.slabs;
    // workgroup memory holds every slab's sums
    let room = networks.limits.workgroup_storage.min(16 << 10) / 16 / u64::from(slabs.count * networks.vectors());
    let fits = |across: &u32| u64::from(*across) < room.max(2);
    let across = (0..=across.ilog2()).rev().map(|power| 1 << power).find(fits).unwrap_or(1);
    let across = across.min(networks.widest().next_power_of_two());
    let several = Constant::Bool(slabs.rounds() > 1);
    let constants = [("ACROSS", Constant::U32(across)), ("PARTS", Constant::U32(parts)), ("SEVERAL", several)];
    let grid = Grid {
        workgroups: [networks.widest().div_ceil(across), networks.problem.networks],
        invocations: across * parts,
        workgroup_storage: u64::from(slabs.count * (across * networks.vectors() * 16 + 8)),
        turns: slabs.turns(parts, 0) + u64::from(slabs.groups.div_ceil(slabs.length)),
    };
    networks.call(Kernel::SplitBackward, update, &constants, &[], grid)
}

/// The passes in which each invocation does whole sums.
struct Serial<'a> {
    networks: &'a OneHidden<'a>,
    update: bool,
}

impl Serial<'_> {
    /// X to dZ2 and the loss.
    fn forward(&self, blocks: u32) -> KernelCall {
        let OneHidden { problem, slabs, .. } = *self.networks;
        let widest = self.networks.widest();
        // what is read once an invocation is a table only for many networks: it lengthens the shader
        let tables = [Slot::Parameters, Slot::Inputs, Slot::Labels];
        let tables = &tables[..if problem.networks < MANY { 1 } else { 3 }];
        let turns = shared(widest, span_of(widest), u32::MAX, 1, 0) + u64::from(blocks.min(slabs.groups));
        self.call(Kernel::SerialForward, tables, blocks, slabs.groups.div_ceil(blocks), turns)
    }

    /// dZ2 to the sums of the gradients and the update.
    fn backward(&self, blocks: u32) -> KernelCall {
        let OneHidden { slabs, .. } = *self.networks;
        let widest = self.networks.widest();
        let turns = slabs.turns(1, 0) + u64::from(blocks.min(widest));
        let tables = [Slot::Inputs, Slot::Delta(1)];
        self.call(Kernel::SerialBackward, &tables, blocks, widest.div_ceil(blocks), turns)
    }

    fn call(&self, kernel: Kernel, tables: &[Slot], blocks: u32, x: u32, turns: u64) -> KernelCall {
        let OneHidden { problem, limits, .. } = *self.networks;
        // a workgroup is as wide as a software adapter's vectors; a narrow network leaves room in it for others
        let workgroup = limits.software.map_or(WORKGROUP, |software| software.lanes.max(1));
        let across = x.next_power_of_two().min(workgroup);
        let networks = (workgroup / across).min(problem.networks.next_power_of_two());
        let across = if networks > 1 { across } else { workgroup };
        let constants = [
            ("ACROSS", Constant::U32(across)),
            ("NETWORKS", Constant::U32(networks)),
            ("BLOCKS", Constant::U32(blocks)),
        ];
        let grid = Grid {
            workgroups: [x.div_ceil(across), problem.networks.div_ceil(networks)],
            invocations: across * networks,
            workgroup_storage: 0,
            turns,
        };
        self.networks.call(kernel, self.update, &constants, tables, grid)
    }
}
