//! The layered plan for whatever goes beyond plain gradient descent over all samples towards one logit: batches, outputs of
//! any kind, weights of samples, optimisers, L2, clipped norms and dropped units.
//!
//! Before the products, `gather` takes the next row of a [`Table`] that the host has filled for the updates that it queues;
//! after the forward products, `output_delta` makes dZ of the outputs; the gradients are stored, and `update` follows, if
//! need be behind `norms`.

use bytemuck::bytes_of;

use super::layered::{FOR_UPDATE, Layers, Layout, STORED, TURN};
use super::order::LONGEST;
use super::{Dense, KernelCall, Plan, Problem, Slot, WORKGROUP};
use crate::backend::CHUNK_LIMIT;
use crate::gpu::packing::Packing;
use crate::gpu::shader::kernel::Kernel;
use crate::gpu::shader::uniforms::{Batch, Outputs, RecipeRecord, Tensors};
use crate::gpu::shader::{Constant, Constants};
use crate::model::Output;

/// Words that a table takes, unless one update takes more.
const TABLE: u64 = 1 << 20;

/// What the host tells of each update: how its buffer lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Updates that fit in.
    pub updates: u32,
    /// Samples of a batch, if they are gathered.
    pub batch: Option<u32>,
}

impl Table {
    fn new(problem: &Problem, batch: Option<u32>) -> Self {
        let mut table = Self { updates: 1, batch };
        let updates = TABLE / table.words(problem.networks).max(1);
        table.updates = updates.clamp(1, CHUNK_LIMIT.into()) as u32;
        table
    }

    /// Words of an update of this many networks.
    fn words(&self, networks: u32) -> u64 {
        TURN * u64::from(networks) + 2 * u64::from(self.batch.unwrap_or(0))
    }
}

/// The layered plan for a problem that goes beyond the plain one by `extra`.
pub fn build(problem: &Problem, extra: &Dense, layout: Layout) -> Plan {
    let table = Table::new(problem, extra.batch);
    let workgroup = if let Layout::Blocks(workgroup) = layout { workgroup } else { WORKGROUP };
    let calls = Calls { problem, extra, table, workgroup };
    let mut layers = Layers::new(problem, layout);
    let pass = |forward: Vec<KernelCall>| [vec![calls.gather()], forward, vec![calls.output_delta()]].concat();
    let (forward, training) = (layers.forwards(false), layers.forwards(extra.drops));
    let (deltas, gradients) = (layers.deltas(extra.drops), layers.gradients(FOR_UPDATE));
    let down = [pass(training), deltas, gradients, calls.norms()].concat();
    let cost = layers.gradient(layers.last(), STORED);
    let mut slots = layers.slots();
    slots.extend(calls.slots());
    Plan {
        name: "layered",
        layout: layout.to_string(),
        at_once: 1,
        slots,
        packing: Packing::States { wide: problem.layout.clone(), moments: extra.moments as usize },
        table: Some(table),
        evaluation: [pass(forward.clone()), cost].concat(),
        gradients: [down.clone(), vec![calls.update(false)]].concat(),
        iteration: [down, vec![calls.update(true)]].concat(),
        forward,
    }
}

/// What is called beside the products of the layers.
struct Calls<'a> {
    problem: &'a Problem,
    extra: &'a Dense,
    table: Table,
    workgroup: u32,
}

impl Calls<'_> {
    fn last(&self) -> usize {
        self.problem.layout.layers() - 1
    }

    fn outputs(&self) -> u32 {
        self.problem.units(self.last())
    }

    fn gathers(&self) -> bool {
        self.extra.batch.is_some()
    }

    /// Y of an update, with the weights of its samples.
    fn labels(&self) -> Slot {
        if self.gathers() { Slot::BatchLabels } else { Slot::Labels }
    }

    fn tensors(&self, update: bool) -> Tensors {
        Tensors::new(&self.problem.layout, self.problem.networks, self.extra.moments, update)
    }

    fn call(
        &self,
        kernel: Kernel,
        uniform: &[u8],
        constants: Constants,
        buffers: &[Slot],
        [x, y]: [u64; 2],
        turns: u64,
    ) -> KernelCall {
        let workgroup = [("WORKGROUP", Constant::U32(self.workgroup))];
        KernelCall {
            kernel,
            constants: workgroup.into_iter().chain(constants).collect(),
            uniform: uniform.to_vec(),
            buffers: [&[Slot::Networks(self.last())], buffers].concat(),
            workgroups: [x.div_ceil(self.workgroup.into()), y, 1],
            invocations: self.workgroup.into(),
            workgroup_storage: 0,
            turns,
        }
    }

    fn gather(&self) -> KernelCall {
        let Problem { networks, samples, .. } = *self.problem;
        let batch = Batch {
            networks,
            samples,
            places: self.problem.batch(),
            features: self.problem.inputs(0),
            outputs: self.outputs(),
            updates: self.table.updates,
        };
        let rows = u64::from(batch.features) + u64::from(batch.outputs) + 1;
        let grid = match self.gathers() {
            true => [batch.places.max(networks).into(), 1 + rows.div_ceil(4)],
            false => [networks.into(), 1],
        };
        let buffers =
            [Slot::Table, Slot::Inputs, Slot::Labels, Slot::Steps, Slot::Turns, Slot::BatchInputs, Slot::BatchLabels];
        let constants = vec![("GATHERS", Constant::Bool(self.gathers()))];
        self.call(Kernel::Gather, bytes_of(&batch), constants, &buffers, grid, TURN)
    }

    fn output_delta(&self) -> KernelCall {
        let (networks, samples, outputs) = (self.problem.networks, self.problem.batch(), self.outputs());
        let shape = Outputs { networks, samples, outputs };
        let turns = u64::from(outputs) * 3 - 1;
        let turns = if self.extra.output == Output::Softmax { turns } else { outputs.into() };
        let buffers = [Slot::Z(self.last()), self.labels(), Slot::Delta(self.last()), Slot::Steps];
        let mut constants = super::call::activation_constants(self.problem.activation, None);
        constants.extend(output_constants(self.extra.output));
        let grid = [samples.div_ceil(4).into(), networks.into()];
        self.call(Kernel::OutputDelta, bytes_of(&shape), constants, &buffers, grid, turns)
    }

    /// The sums of rows, and of networks; nothing where they are not needed.
    fn norms(&self) -> Vec<KernelCall> {
        if !self.extra.regularises {
            return Vec::new();
        }
        let tensors = self.tensors(true);
        let layers = &tensors.layer[..self.last() + 1];
        let in_slabs = |terms: u32| u64::from(terms) + u64::from(terms.div_ceil(LONGEST));
        let columns = layers.iter().map(|[_, _, columns, _]| in_slabs(*columns)).max().unwrap_or(0);
        let rows: u64 = layers.iter().map(|[_, _, _, rows]| in_slabs(*rows)).sum();
        let buffers =
            [Slot::Recipes, Slot::Turns, Slot::Parameters, Slot::Gradients, Slot::Norms, Slot::History, Slot::Steps];
        let of = |adds, grid, turns| {
            let constants = vec![("ADDS", Constant::Bool(adds)), ("SLAB", Constant::U32(LONGEST))];
            let turns = turns + u64::from(tensors.layers);
            self.call(Kernel::Norms, bytes_of(&tensors), constants, &buffers, grid, turns)
        };
        let networks = u64::from(self.problem.networks);
        vec![of(false, [tensors.rows.into(), networks], columns), of(true, [networks, 1], rows)]
    }

    fn update(&self, update: bool) -> KernelCall {
        let tensors = self.tensors(update);
        let constants = vec![
            ("MOMENTS", Constant::U32(self.extra.moments)),
            ("REGULARISES", Constant::Bool(self.extra.regularises)),
        ];
        let buffers = [Slot::Recipes, Slot::Turns, Slot::Norms, Slot::Parameters, Slot::Gradients, Slot::Steps];
        let turns = if self.extra.regularises { tensors.layers.into() } else { 0 };
        let grid = [tensors.parameters.div_ceil(4).into(), self.problem.networks.into()];
        self.call(Kernel::Update, bytes_of(&tensors), constants, &buffers, grid, turns)
    }

    /// The buffers that the plain plan has not, or has shorter.
    fn slots(&self) -> Vec<(Slot, u64)> {
        let Problem { samples, networks, ref layout, .. } = *self.problem;
        let networks = u64::from(networks);
        let (outputs, batch) = (u64::from(self.outputs()), u64::from(self.problem.batch()));
        let of_weights = if self.gathers() { 0 } else { u64::from(samples) };
        let gathered = |rows: u64| if self.gathers() { rows.saturating_mul(batch) } else { 1 };
        let stride = (layout.parameters() as u64).saturating_mul(1 + u64::from(self.extra.moments));
        let rows = u64::from(self.tensors(true).rows);
        let norms = if self.extra.regularises { 2 * (rows + 1) } else { 1 };
        vec![
            (Slot::Labels, outputs.saturating_mul(samples.into()).saturating_add(of_weights)),
            (Slot::Parameters, networks.saturating_mul(stride)),
            (Slot::Steps, networks + 1),
            (Slot::Table, u64::from(self.table.updates) * self.table.words(self.problem.networks)),
            (Slot::BatchInputs, gathered(self.problem.inputs(0).into())),
            (Slot::BatchLabels, gathered(outputs + 1)),
            (Slot::Recipes, networks * (size_of::<RecipeRecord>() / 4) as u64),
            (Slot::Norms, networks.saturating_mul(norms)),
        ]
    }
}

/// The constants of `lib/judged.wgsl`: the outputs' numbers, and which is meant.
pub(super) fn output_constants(output: Output) -> Constants {
    let code = |output| match output {
        Output::Logistic => ("LOGISTIC", 0),
        Output::Softmax => ("SOFTMAX", 1),
        Output::Squares => ("SQUARES", 2),
    };
    let (_, chosen) = code(output);
    let all = Output::ALL.map(code).into_iter().chain([("OUTPUTS_ARE", chosen)]);
    all.map(|(name, number)| (name, Constant::U32(number))).collect()
}
