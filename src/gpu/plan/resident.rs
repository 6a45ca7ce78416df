//! The plan `resident` for one hidden layer: a workgroup trains a network for many iterations in one dispatch, its
//! parameters in workgroup memory. For small networks, where a dispatch costs more than the arithmetic in it, and for many.
//!
//! What looks instead of training is split's: buffers and bits are the same.

use std::fmt;
use std::str::FromStr;

use super::one_hidden::{Grid, OneHidden};
use super::order::{Slabs, shared, span_of};
use super::split::{self, IN_REGISTERS};
use super::{KernelCall, LOOP_BUDGET, Limits, Plan, Problem, Slot};
use crate::backend::CHUNK_LIMIT;
use crate::gpu::shader::Constant;
use crate::gpu::shader::kernel::Kernel;
use crate::{Error, Result};

/// The most units that one pass takes: from 8 on, compilers of real GPUs run out of registers.
const NARROW: u32 = 4;
/// Features that one pass keeps in registers on hardware, beside what it sums (`docs/kernels.md`).
const ONE_PASS_FEATURES: u32 = 2;

/// Networks that keep most of a large chip's cores busy.
const MANY: u32 = 64;
/// The most groups of samples, and the most units, that an invocation takes at a time. Measured on lavapipe at n_h = 40,
/// m = 400: 85 µs an iteration one at a time, 49 at 4 groups and 2 units, 26 at 7 and 5.
const MOST_BLOCKS: u32 = 8;
/// The most lanes of a software adapter that are counted on.
const MOST_LANES: u32 = 64;
/// Units × groups of samples of an iteration up to which one workgroup may be faster than several: the arithmetic is then
/// about what two dispatches cost.
const SMALL: u64 = 1 << 13;

/// Which invocation computes what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How an iteration goes.
    pub form: Form,
    /// Invocations of a workgroup.
    pub workgroup: u32,
    /// In two passes, the groups of samples and the units that an invocation takes at a time.
    pub blocks: [u32; 2],
}

/// How an iteration goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Forward and backward in one pass over the samples, for up to four units.
    OnePass,
    /// Forward by samples, backward by units and slabs of the samples, and a sum over the slabs.
    Sliced,
    /// Forward by samples, backward by units.
    Whole,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            Form::OnePass => "one-pass",
            Form::Sliced => "sliced",
            Form::Whole => "whole",
        };
        match self.blocks {
            [1, 1] => write!(f, "{form}-{}", self.workgroup),
            [groups, units] => write!(f, "{form}-{}-{groups}-{units}", self.workgroup),
        }
    }
}

impl FromStr for Layout {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let forms = [("one-pass-", Form::OnePass), ("sliced-", Form::Sliced), ("whole-", Form::Whole)];
        let layout = forms.into_iter().find_map(|(name, form)| {
            let numbers: Vec<u32> =
                text.strip_prefix(name)?.split('-').map(|n| n.parse().ok()).collect::<Option<_>>()?;
            let (workgroup, blocks) = match numbers[..] {
                [workgroup] => (workgroup, [1, 1]),
                [workgroup, groups, units] if form != Form::OnePass => (workgroup, [groups, units]),
                _ => return None,
            };
            let fits = (1..=1024).contains(&workgroup) && blocks.iter().all(|n| (1..=MOST_BLOCKS).contains(n));
            fits.then_some(Self { form, workgroup, blocks })
        });
        let wanted = "like one-pass-32, sliced-128 or whole-8-4-2";
        layout.ok_or_else(|| Error::invalid("the resident plan's layout", wanted, format!("'{text}'")))
    }
}

/// The layouts that suit an adapter, the likeliest first.
pub fn layouts(problem: &Problem, limits: &Limits) -> Vec<Layout> {
    let layout = |form, workgroup| Layout { form, workgroup, blocks: [1, 1] };
    let is_narrow = problem.units(0) <= NARROW;
    // whatever an adapter says
    let lanes = limits.software.map(|software| software.lanes.clamp(1, MOST_LANES));
    match lanes {
        Some(lanes) if is_narrow => [1, 2].map(|n| layout(Form::OnePass, n * lanes)).into(),
        Some(lanes) => {
            let [groups, units] =
                [problem.samples.div_ceil(4), problem.units(0)].map(|length| even_blocks(length.div_ceil(lanes)));
            let blocks = |blocks| Layout { form: Form::Whole, workgroup: lanes, blocks };
            vec![blocks([groups, units]), blocks([groups.div_ceil(2), units.div_ceil(2)])]
        }
        None if is_narrow && problem.inputs(0) <= ONE_PASS_FEATURES => {
            vec![layout(Form::OnePass, 32), layout(Form::Sliced, 128), layout(Form::Sliced, 64)]
        }
        None => {
            [Form::Sliced, Form::Whole].into_iter().flat_map(|form| [layout(form, 256), layout(form, 128)]).collect()
        }
    }
}

/// So many at a time that the rounds are even: 13 in two rounds of 7.
fn even_blocks(length: u32) -> u32 {
    length.div_ceil(length.div_ceil(MOST_BLOCKS))
}

/// Whether a workgroup per network may be faster than dispatches over all of them: an iteration of one network is small, or
/// the networks are as many as the cores.
pub fn suits(problem: &Problem, limits: &Limits) -> bool {
    let work = u64::from(problem.units(0)) * u64::from(problem.samples.div_ceil(4));
    match limits.software {
        Some(software) => work <= SMALL || problem.networks >= 2 * software.threads,
        None => problem.inputs(0) <= IN_REGISTERS && (work <= SMALL || problem.networks >= MANY),
    }
}

/// The resident plan for a problem.
///
/// # Errors
/// [`Error::Mismatch`] if the networks have several hidden layers or too many features, or if their form does not take
/// their width.
pub fn build(problem: &Problem, limits: &Limits, layout: Layout) -> Result<Plan> {
    let networks = OneHidden::new(problem, limits, &format!("layout {layout}"))?;
    if networks.slabs.rounds() > 1 {
        let message = "the resident plan trains on up to 32,768 samples; the split and layered plans on more";
        return Err(Error::Mismatch(message.into()));
    }
    if layout.form == Form::OnePass && networks.widest() > NARROW {
        return Err(Error::Mismatch(format!("one pass takes up to {NARROW} units")));
    }
    let looks = split::layouts(problem, limits).into_iter().map(|layout| split::build(problem, limits, layout));
    let look = looks.flatten().find(|plan| plan.check(limits).is_ok());
    let look = match look {
        Some(look) => look,
        None => split::build(problem, limits, split::layouts(problem, limits)[0])?,
    };
    let (call, at_once) = match layout.form {
        Form::OnePass => one_pass(&networks, layout.workgroup),
        form => two_passes(&networks, layout, form == Form::Sliced),
    };
    Ok(Plan { name: "resident", layout: layout.to_string(), iteration: vec![call], at_once, ..look })
}

/// The turns of an invocation's loops in one dispatch.
#[derive(Clone, Copy)]
struct Turns {
    /// In what is done once.
    once: u64,
    /// In each iteration.
    iteration: u64,
}

/// Passes through loops that a dispatch may take. Mesa's software driver counts the passes of all lanes of a vector together,
/// and those in which a loop ends; so counted, there were up to a tenth more than the source says.
const PASSES: u64 = LOOP_BUDGET * 9 / 10;

/// How many iterations a dispatch does, and the most turns of an invocation in it: what the loop budget and the longest
/// chunk allow, where an iteration has loops that end so many times. A chunk takes about 50 ms, so that no dispatch takes
/// longer.
fn iterations(workgroup: u32, ends: u64, of_invocation: impl Fn(u32) -> Turns) -> (u32, u64) {
    let all: Vec<Turns> = (0..workgroup).map(of_invocation).collect();
    let longest = all.iter().map(|turns| turns.iteration).max().unwrap_or(1);
    let fits = (PASSES / (longest + ends)).clamp(1, CHUNK_LIMIT.into());
    let most = all.iter().map(|turns| turns.once + fits * turns.iteration).max().unwrap_or(0);
    (fits as u32, most)
}

fn one_pass(networks: &OneHidden, workgroup: u32) -> (KernelCall, u32) {
    let (slabs, units, vectors) = (networks.slabs, networks.widest(), networks.vectors());
    let theta = networks.units * vectors + 1;
    let rounds = |items: u32, first: u32| u64::from(items.saturating_sub(first).div_ceil(workgroup));
    let turns = |first: u32| Turns {
        once: 2 * rounds(theta, first),
        iteration: 1
            + shared(slabs.groups, slabs.length, u32::MAX, workgroup, first)
            + rounds(units + 1, first) * u64::from(1 + slabs.count),
    };
    let ends = 3 + rounds(slabs.count, 0) + rounds(units + 1, 0);
    let (at_once, turns) = iterations(workgroup, ends, turns);
    let constants = [
        ("WORKGROUP", Constant::U32(workgroup)),
        ("BLOCKS", Constant::U32(units)),
        ("WIDEST", Constant::U32(networks.units)),
        ("ITERATIONS", Constant::U32(at_once)),
    ];
    let grid = Grid {
        workgroups: [networks.problem.networks, 1],
        invocations: workgroup,
        workgroup_storage: 16 * u64::from(theta + slabs.count * (units * vectors + 1) + 1),
        turns,
    };
    (networks.call(Kernel::ResidentNarrow, true, &constants, &[Slot::Inputs, Slot::Labels], grid), at_once)
}

fn two_passes(networks: &OneHidden, layout: Layout, is_sliced: bool) -> (KernelCall, u32) {
    let Layout { workgroup, blocks: [group_blocks, unit_blocks], .. } = layout;
    let (slabs, units, vectors) = (networks.slabs, networks.widest(), networks.vectors());
    let [theta, sums] = [
        u64::from(networks.units) * u64::from(vectors) + 1,
        if is_sliced { u64::from(slabs.count) * u64::from(units) * u64::from(vectors) } else { 1 },
    ];
    let fixed = 16 * (theta + sums + 1) + u64::from(8 * slabs.count);
    // dZ2 and the loss of a group take 20 bytes, in workgroup memory if there is room
    let room = networks.limits.workgroup_storage.min(16 << 10);
    let is_stored = fixed + 20 * u64::from(slabs.groups) > room;
    let held = if is_stored { 1 } else { slabs.groups };
    let constant = |number: u64| Constant::U32(u32::try_from(number).unwrap_or(u32::MAX));

    // what does not fit is refused for its memory, and its turns need no counting
    let is_allowed = fixed <= networks.limits.workgroup_storage;
    let (at_once, turns) = if is_allowed { two_passes_turns(networks, layout, is_sliced) } else { (1, 1) };
    let constants = [
        ("WORKGROUP", Constant::U32(workgroup)),
        ("WIDEST", Constant::U32(networks.units)),
        ("ITERATIONS", Constant::U32(at_once)),
        ("GROUPS", Constant::U32(group_blocks)),
        ("UNITS", Constant::U32(unit_blocks)),
        ("SLICED", Constant::Bool(is_sliced)),
        ("STORED", Constant::Bool(is_stored)),
        ("HELD_DELTAS", Constant::U32(held)),
        ("HELD_SUMS", constant(sums)),
    ];
    let grid = Grid {
        workgroups: [networks.problem.networks, 1],
        invocations: workgroup,
        workgroup_storage: fixed + 20 * u64::from(held),
        turns,
    };
    (networks.call(Kernel::Resident, true, &constants, &[Slot::Inputs, Slot::Labels], grid), at_once)
}

/// Iterations of a dispatch in two passes, and the most turns of an invocation.
fn two_passes_turns(networks: &OneHidden, layout: Layout, is_sliced: bool) -> (u32, u64) {
    let Layout { workgroup, blocks: [group_blocks, unit_blocks], .. } = layout;
    let Slabs { groups, length, count } = networks.slabs;
    let (units, theta) = (networks.widest(), networks.units * networks.vectors() + 1);
    let (columns, spans) = (units.div_ceil(unit_blocks), u64::from(units.div_ceil(span_of(units))));
    let rounds = |items: u32, first: u32, at_once: u32| u64::from(items.saturating_sub(first).div_ceil(at_once));
    let of_slab = |slab: u32| u64::from(2 + length.min(groups - slab * length));
    let turns = |first: u32| {
        let forward = rounds(groups, first, workgroup * group_blocks) * (1 + spans + u64::from(units));
        let backward: u64 = match is_sliced {
            true => {
                let items = (first..columns * count).step_by(workgroup as usize);
                let adding = rounds(units, first, workgroup) * u64::from(1 + count);
                items.map(|item| of_slab(item / columns)).sum::<u64>() + adding
            }
            false => rounds(columns, first, workgroup) * u64::from(1 + count + groups),
        };
        let output = if first == workgroup - 1 { u64::from(count) } else { 0 };
        Turns { once: 2 * rounds(theta, first, workgroup), iteration: 1 + forward + backward + output }
    };
    let items = if is_sliced { columns * count } else { columns };
    let slabs_of_item = if is_sliced { 1 } else { u64::from(count) };
    let ends = 5
        + rounds(groups, 0, workgroup * group_blocks) * (1 + spans)
        + rounds(items, 0, workgroup) * (1 + slabs_of_item)
        + rounds(units, 0, workgroup)
        + u64::from(count);
    iterations(workgroup, ends, turns)
}
