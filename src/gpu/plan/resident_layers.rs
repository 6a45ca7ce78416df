//! The plan `resident` for networks of any depth, output, optimiser and batch: a workgroup trains a network for many updates in
//! one dispatch. For small networks, where a dispatch costs more than the arithmetic in it, and for many.
//!
//! Each element of a product is summed in the order of the layered plan, so that both have the same bits; what looks instead
//! of training is the layered plan's. Products of sizes saturate; if one does, [`Plan::check`] refuses the plan.

use std::fmt;
use std::str::FromStr;

use bytemuck::bytes_of;

use super::call::{activation_constants, mean_of};
use super::layered::{self, SLICE};
use super::loops::Loops;
use super::order::LONGEST;
use super::{Dense, KernelCall, LOOP_BUDGET, Limits, Plan, Problem, Slot, one_hidden, output_constants};
use crate::backend::CHUNK_LIMIT;
use crate::gpu::packing::GROUP;
use crate::gpu::shader::Constant;
use crate::gpu::shader::kernel::Kernel;
use crate::gpu::shader::uniforms::{Held, Place, TraineeRecord};
use crate::model::Output;
use crate::{Error, Result};

/// Bytes of workgroup memory that every adapter has, and of which hardware has room for several workgroups.
const WORKGROUP_MEMORY: u64 = 16 << 10;
/// Networks that keep most of a large chip's cores busy,
const MANY: u32 = 64;
/// if an update of each is not so long that several workgroups would share it better.
const MANY_OF: u64 = 1 << 20;
/// Weights × groups of places of an update up to which one workgroup may be faster than several: the arithmetic is then
/// about what the dispatches cost.
const SMALL: u64 = 1 << 15;
/// Bytes of a vector.
const VECTOR: u64 = 16;

/// Which invocation computes what: the invocations of a workgroup share out each step of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Invocations of a workgroup.
    pub workgroup: u32,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layers-{}", self.workgroup)
    }
}

impl FromStr for Layout {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let workgroup = text.strip_prefix("layers-").and_then(|workgroup| workgroup.parse().ok());
        match workgroup {
            Some(workgroup @ 1..=1024) => Ok(Self { workgroup }),
            _ => Err(Error::invalid("the resident plan's layout", "like layers-64 or whole-256", format!("'{text}'"))),
        }
    }
}

/// The layouts that suit an adapter, the likeliest first.
pub fn layouts(limits: &Limits) -> Vec<Layout> {
    let workgroups = match limits.software {
        // barriers within one vector of invocations are cheap there
        Some(software) => vec![1, 2].into_iter().map(|many| many * software.lanes.clamp(1, 64)).collect(),
        None => vec![128, 64, 256, 32],
    };
    workgroups.into_iter().map(|workgroup| Layout { workgroup }).collect()
}

/// Whether a workgroup per network may be faster than dispatches over all of them: an update of one network is small, or the
/// networks are as many as the cores.
pub fn suits(problem: &Problem, limits: &Limits) -> bool {
    let products: u64 = (0..problem.layout.layers())
        .map(|layer| u64::from(problem.units(layer)).saturating_mul(u64::from(problem.inputs(layer)) + 1))
        .fold(0, u64::saturating_add);
    let work = products.saturating_mul(u64::from(problem.batch().div_ceil(GROUP as u32)));
    match limits.software {
        Some(software) => work <= SMALL || problem.networks >= 2 * software.threads,
        None => work <= SMALL || (problem.networks >= MANY && work <= MANY_OF),
    }
}

/// The resident plan for a problem that the plans for one hidden layer do not take.
///
/// # Errors
/// [`Error::Mismatch`] if they do: that one has layouts, and bits, of its own.
pub fn build(problem: &Problem, limits: &Limits, layout: Layout) -> Result<Plan> {
    if one_hidden::takes(problem) {
        let message = format!("layout {layout} is not for plain gradient descent with one hidden layer");
        return Err(Error::Mismatch(message + ", whose layouts are like whole-256"));
    }
    let look = layered::layouts(limits).into_iter().map(|layout| layered::build(problem, layout));
    let look = look.min_by_key(|plan| plan.check(limits).is_err());
    let look = look.ok_or_else(|| Error::Mismatch("there is no layered plan".into()))?;
    let networks = Networks::new(problem, limits, layout.workgroup);
    let (call, at_once) = networks.call(&look);
    let mut slots = look.slots.clone();
    slots.extend(networks.slots());
    Ok(Plan { name: "resident", layout: layout.to_string(), iteration: vec![call], at_once, slots, ..look })
}

/// Networks of any depth, as their kernel sees them.
struct Networks<'a> {
    problem: &'a Problem,
    extra: Dense,
    workgroup: u32,
    /// Groups of four places of a batch.
    groups: u64,
    /// Vectors of θ, and of a panel.
    theta: u64,
    panel: u64,
    /// Where each layer lies.
    places: Vec<[u64; 4]>,
    /// Where the gradient and the sums of its rows lie in a panel.
    behind: [u64; 2],
    holds_theta: bool,
    holds_panel: bool,
}

impl<'a> Networks<'a> {
    fn new(problem: &'a Problem, limits: &Limits, workgroup: u32) -> Self {
        let extra = problem.dense.unwrap_or_default();
        let groups = u64::from(problem.batch().div_ceil(GROUP as u32));
        let mut networks = Self {
            problem,
            extra,
            workgroup,
            groups,
            theta: 0,
            panel: 0,
            places: Vec::new(),
            behind: [0; 2],
            holds_theta: false,
            holds_panel: false,
        };
        networks.lay_out();
        // on a software adapter a load from workgroup memory costs two thirds of one from storage
        let most = if limits.software.is_some() { limits.workgroup_storage } else { WORKGROUP_MEMORY };
        let room = limits.workgroup_storage.min(most).saturating_sub(VECTOR);
        let kinds = 1 + u64::from(extra.moments);
        let of_theta = networks.theta.saturating_mul(kinds * VECTOR);
        networks.holds_theta = of_theta <= room;
        let left = if networks.holds_theta { room - of_theta } else { room };
        networks.holds_panel = networks.panel.saturating_mul(VECTOR) <= left;
        networks
    }

    fn units(&self, layer: usize) -> u64 {
        self.problem.units(layer).into()
    }

    fn inputs(&self, layer: usize) -> u64 {
        self.problem.inputs(layer).into()
    }

    /// Vectors of a row of (W | b).
    fn vectors(&self, layer: usize) -> u64 {
        self.inputs(layer) / 4 + 1
    }

    fn layers(&self) -> usize {
        self.problem.layout.layers()
    }

    fn gathers(&self) -> bool {
        self.extra.batch.is_some()
    }

    /// Decides where everything lies: see `shaders/lib/held.wgsl`.
    fn lay_out(&mut self) {
        let features = if self.gathers() { self.inputs(0) } else { 0 };
        let mut below = 0;
        self.panel = features.saturating_mul(self.groups);
        for layer in 0..self.layers() {
            let of_layer = self.units(layer).saturating_mul(self.groups);
            let a = self.panel;
            let is_output = layer + 1 == self.layers();
            // behind the outputs' dZ are the losses
            let dz = if is_output { a } else { a.saturating_add(of_layer) };
            self.places.push([self.theta, below, a, dz]);
            self.panel = dz.saturating_add(of_layer).saturating_add(if is_output { self.groups } else { 0 });
            self.theta = self.theta.saturating_add(self.units(layer).saturating_mul(self.vectors(layer)));
            below = a;
        }
        self.behind = [self.panel, self.panel.saturating_add(self.theta)];
        if self.extra.regularises {
            let rows: u64 = (0..self.layers()).map(|layer| self.units(layer)).sum();
            self.panel = self.behind[1].saturating_add(rows);
        }
    }

    /// The dispatch, and how many updates it does at most.
    fn call(&self, look: &Plan) -> (KernelCall, u32) {
        let [once, update] = self.loops();
        let fits = LOOP_BUDGET.saturating_sub(once.all()) / update.all();
        let at_once = fits.clamp(1, CHUNK_LIMIT.into());
        // where one update takes too many turns, with the ends of its loops, the plan is refused
        let turns = if fits == 0 { once.all() + update.all() } else { once.turns + at_once * update.turns };
        let kinds = 1 + u64::from(self.extra.moments);
        let [theta, panel] =
            [if self.holds_theta { self.theta * kinds } else { 1 }, if self.holds_panel { self.panel } else { 1 }];
        let is_plain = self.problem.dense.is_none();
        let mut constants = vec![
            ("WORKGROUP", Constant::U32(self.workgroup)),
            ("ITERATIONS", Constant::U32(at_once as u32)),
            ("SLAB", Constant::U32(LONGEST)),
            ("SLICE", Constant::U32(SLICE)),
            ("PLAIN", Constant::Bool(is_plain)),
            ("GATHERS", Constant::Bool(self.gathers())),
            ("DROPS", Constant::Bool(self.extra.drops)),
            ("REGULARISES", Constant::Bool(self.extra.regularises)),
            ("MOMENTS", Constant::U32(self.extra.moments)),
            ("HOLDS_THETA", Constant::Bool(self.holds_theta)),
            ("HOLDS_PANEL", Constant::Bool(self.holds_panel)),
            ("THETA", Constant::U32(theta as u32)),
            ("PANEL", Constant::U32(panel as u32)),
        ];
        constants.extend(activation_constants(self.problem.activation, self.problem.borrowed));
        constants.extend(output_constants(self.extra.output));
        let call = KernelCall {
            kernel: Kernel::ResidentLayers,
            constants,
            uniform: bytes_of(&self.uniform(look)).to_vec(),
            buffers: vec![
                Slot::Trainees,
                // a plain problem has no table, and no kernel reads this one
                if is_plain { Slot::Turns } else { Slot::Table },
                Slot::Inputs,
                Slot::Labels,
                Slot::Parameters,
                Slot::Panels,
                Slot::History,
                Slot::Steps,
                Slot::Asked,
            ],
            workgroups: [self.problem.networks.into(), 1, 1],
            invocations: self.workgroup.into(),
            workgroup_storage: VECTOR * (theta + panel + 1),
            turns,
        };
        (call, at_once as u32)
    }

    fn uniform(&self, look: &Plan) -> Held {
        let Problem { networks, samples, ref layout, dense, .. } = *self.problem;
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let mut held = Held {
            networks,
            samples,
            places: self.problem.batch(),
            groups: number(self.groups),
            layers: self.layers() as u32,
            updates: look.table.map_or(1, |table| table.updates),
            parameters: layout.parameters() as u32,
            stride: number(layout.parameters() as u64 * (1 + u64::from(self.extra.moments))),
            theta: number(self.theta),
            panel: number(self.panel),
            gradient: number(self.behind[0]),
            sums: number(self.behind[1]),
            // the weights of a dense network's samples add up to 1
            mean: if dense.is_some() { 1.0 } else { mean_of(samples) },
            ..Held::default()
        };
        for (layer, (of_layer, place)) in held.layer.iter_mut().zip(&self.places).enumerate() {
            let (weights, bias) = (layout.weights(layer), layout.bias(layer));
            let [theta, below, a, dz] = place.map(number);
            *of_layer = Place {
                weights: weights.offset as u32,
                bias: bias.offset as u32,
                columns: weights.columns as u32,
                theta,
                below,
                a,
                dz,
                filled: 0,
            };
        }
        held
    }

    /// The loops of the first invocation, which has the most to do in each: once in a dispatch, and in an update.
    fn loops(&self) -> [Loops; 2] {
        let shared = |items: u64, body: Loops| Loops::of(items.div_ceil(self.workgroup.into()), body);
        let each_layer = |body: &dyn Fn(usize) -> Loops| Loops::over((0..self.layers()).map(body));
        let fours = |length: u64| length.div_ceil(4);
        let vectors = |layer: usize| self.units(layer).saturating_mul(self.vectors(layer));
        let blocks = |layer: usize| fours(self.units(layer)).saturating_mul(self.groups);
        let last = self.layers() - 1;

        let kinds = Loops::of(1 + u64::from(self.extra.moments), Loops::NONE);
        let copied = each_layer(&|layer| shared(vectors(layer), kinds));
        let count = each_layer(&|_| Loops::NONE);
        let once = if self.holds_theta { count + copied + copied } else { count };

        let gathered = shared(self.inputs(0).saturating_mul(self.groups), Loops::NONE);
        let forward = each_layer(&|layer| shared(blocks(layer), Loops::of_sum(self.inputs(layer), 4)));
        let outputs = Loops::of(self.units(last), Loops::NONE);
        let of_outputs = match self.extra.output {
            Output::Softmax => Loops::of(self.units(last) - 1, Loops::NONE) + outputs + outputs,
            _ => outputs,
        };
        let output = shared(self.groups, of_outputs);
        let delta = |layer| shared(blocks(layer), Loops::of_sum(self.units(layer + 1), 1));
        let deltas = Loops::over((0..last).map(delta));
        let of_layer = |layer: usize| fours(self.units(layer) + u64::from(layer == last)) * self.vectors(layer);
        let blocks_of_gradient = (0..self.layers()).map(of_layer).fold(0, u64::saturating_add);
        let [slices, slabs] = [SLICE, LONGEST].map(|terms| self.groups.div_ceil(u64::from(terms / 4)));
        let sum = Loops { turns: slices + slabs + self.groups, ends: slabs + 2 * slices + 3, loops: 3 };
        let gradient = shared(blocks_of_gradient, count + sum);
        let rows = each_layer(&|layer| shared(self.units(layer), Loops::of_sum(self.inputs(layer), 1)));
        let network = each_layer(&|layer| Loops::of_sum(self.units(layer), 1));
        let regularised = rows + network + each_layer(&|layer| shared(vectors(layer), Loops::NONE));

        let update = Loops::TURN + forward + output + deltas + gradient;
        let update = if self.gathers() { update + gathered } else { update };
        let update = if self.extra.regularises { update + regularised } else { update };
        let end = Loops { turns: 0, ends: 1 + update.loops, loops: 1 };
        [once + end, update]
    }

    /// The buffers that the layered plan has not.
    fn slots(&self) -> [(Slot, u64); 2] {
        let networks = u64::from(self.problem.networks);
        let panels = if self.holds_panel { 1 } else { networks.saturating_mul(self.panel) };
        let records = networks * (size_of::<TraineeRecord>() / 4) as u64;
        [(Slot::Trainees, records), (Slot::Panels, panels.saturating_mul(4))]
    }
}
