//! The plan `layered`, for any depth: three dispatches per layer, each a product and what follows it. Z, A and dZ of every
//! layer stay in buffers.
//!
//! Forward, the bias and g follow; backward first dZ of every layer from the top down, with g′, and then each layer's
//! gradient with its update: the output's is the last and counts the step. What goes beyond plain gradient descent stands in
//! `dense`. Products of sizes saturate; if one does, a buffer passes 32-bit indices too, and
//! [`Plan::check`] refuses it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use bytemuck::bytes_of;

use super::call::{activation_constants, mean_of};
use super::order::LONGEST;
use super::{KernelCall, Limits, Plan, Problem, Slot, WORKGROUP, dense, history_length};
use crate::gpu::packing::Packing;
use crate::gpu::shader::kernel::Kernel;
use crate::gpu::shader::uniforms::{Product, Turn};
use crate::gpu::shader::{Constant, Constants};
use crate::model::{Activation, Derivative};
use crate::{Error, Result};

/// Terms of a slice of a sum over the samples: very many samples are shared out.
pub(super) const SLICE: u32 = 1024;
/// Terms of a slice of a sum over the units of a layer, so that no loop passes its budget.
const SLICE_OF_UNITS: u32 = 64 * LONGEST;
/// Terms that a tile takes at a time.
const DEPTH: u32 = 16;
/// Words of what an update of a network is told.
pub(super) const TURN: u64 = (size_of::<Turn>() / 4) as u64;
/// Rows and columns from which on a tile has enough to do.
const TILED: u32 = 16;

/// How products are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Tiles of so many blocks along each side, for products that fill one.
    Tiles(u32),
    /// A block per invocation, in workgroups of so many.
    Blocks(u32),
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tiles(side) => write!(f, "tile{}", 4 * side),
            Self::Blocks(workgroup) => write!(f, "4x4-{workgroup}"),
        }
    }
}

impl FromStr for Layout {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let side = text.strip_prefix("tile").and_then(|side| side.parse().ok());
        let workgroup = text.strip_prefix("4x4-").and_then(|workgroup| workgroup.parse().ok());
        match (side, workgroup) {
            (Some(side @ (16 | 32 | 64)), _) => Ok(Self::Tiles(side / 4)),
            (_, Some(workgroup @ 1..=1024)) => Ok(Self::Blocks(workgroup)),
            _ => Err(Error::invalid("the layered plan's layout", "like tile64 or 4x4-8", format!("'{text}'"))),
        }
    }
}

/// The layouts that suit an adapter, the likeliest first.
pub fn layouts(limits: &Limits) -> Vec<Layout> {
    match limits.software {
        // barriers are slow there
        Some(software) => {
            let lanes = software.lanes.clamp(1, 64);
            [1, 2, 4].map(|many| Layout::Blocks(many * lanes)).into()
        }
        None => vec![Layout::Tiles(16), Layout::Tiles(8), Layout::Blocks(64), Layout::Tiles(4), Layout::Blocks(256)],
    }
}

/// The layered plan for a problem: it can do any.
pub fn build(problem: &Problem, layout: Layout) -> Plan {
    if let Some(extra) = &problem.dense {
        return dense::build(problem, extra, layout);
    }
    let mut layers = Layers::new(problem, layout);
    let forward = layers.forwards(false);
    let deltas = layers.deltas(false);
    let (updated, stored) = (layers.gradients(UPDATED), layers.gradients(STORED));
    let cost = layers.gradient(layers.last(), STORED);
    Plan {
        name: "layered",
        layout: layout.to_string(),
        at_once: 1,
        slots: layers.slots(),
        packing: Packing::Tensors(problem.layout.clone()),
        table: None,
        evaluation: [forward.clone(), cost].concat(),
        gradients: [forward.clone(), deltas.clone(), stored].concat(),
        iteration: [forward.clone(), deltas, updated].concat(),
        forward,
    }
}

/// The three products of a layer.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Forward { drops: bool },
    Delta { drops: bool },
    Gradient,
}

/// What becomes of gradients: they update the parameters, or are stored, or so and another kernel counts the step.
pub(super) const UPDATED: u32 = 1;
pub(super) const STORED: u32 = 0;
pub(super) const FOR_UPDATE: u32 = 2;

/// The products of a problem's layers.
pub(super) struct Layers<'a> {
    problem: &'a Problem,
    layout: Layout,
    /// The longest partial sums that a product needs.
    partial_sums: u64,
}

impl<'a> Layers<'a> {
    pub(super) fn new(problem: &'a Problem, layout: Layout) -> Self {
        Self { problem, layout, partial_sums: 1 }
    }

    pub(super) fn last(&self) -> usize {
        self.problem.layout.layers() - 1
    }

    /// The forward products from the inputs up, with units dropped or not.
    pub(super) fn forwards(&mut self, drops: bool) -> Vec<KernelCall> {
        (0..=self.last()).flat_map(|layer| self.forward(layer, drops)).collect()
    }

    /// dZ of the hidden layers from the top down.
    pub(super) fn deltas(&mut self, drops: bool) -> Vec<KernelCall> {
        (0..self.last()).rev().flat_map(|layer| self.delta(layer, drops)).collect()
    }

    /// The gradients of all layers.
    pub(super) fn gradients(&mut self, update: u32) -> Vec<KernelCall> {
        (0..=self.last()).flat_map(|layer| self.gradient(layer, update)).collect()
    }

    /// Z = W·A + b and A = g(Z); at the output dZ and the losses, or Z alone.
    fn forward(&mut self, layer: usize, drops: bool) -> Vec<KernelCall> {
        let (units, inputs) = (self.problem.units(layer), self.problem.inputs(layer));
        let product = Product {
            rows: units,
            inner: inputs,
            columns: self.problem.batch(),
            a_offset: self.problem.layout.weights(layer).offset as u32,
            a_stride: self.stride(),
            b_stride: self.stride_below(layer),
            parameters: self.stride(),
            ..self.of_layer(layer)
        };
        let results = if layer == self.last() { Slot::Delta(layer) } else { Slot::A(layer) };
        let buffers = [
            Slot::Parameters,
            self.below(layer),
            Slot::PartialSums,
            Slot::Z(layer),
            Slot::Labels,
            results,
            Slot::Turns,
        ];
        self.product(Step::Forward { drops }, layer, product, &buffers)
    }

    /// dZ = (Wᵀ·dZ of the layer above) ∘ g′(Z).
    fn delta(&mut self, layer: usize, drops: bool) -> Vec<KernelCall> {
        let above = layer + 1;
        let product = Product {
            rows: self.problem.units(layer),
            inner: self.problem.units(above),
            columns: self.problem.batch(),
            a_offset: self.problem.layout.weights(above).offset as u32,
            a_stride: self.stride(),
            b_stride: self.rows_of_delta(above).saturating_mul(self.problem.batch()),
            ..self.of_layer(layer)
        };
        let buffers =
            [Slot::Parameters, Slot::Delta(above), Slot::PartialSums, Slot::Z(layer), Slot::Delta(layer), Slot::Turns];
        self.product(Step::Delta { drops }, layer, product, &buffers)
    }

    /// dW = dZ·Aᵀ/m and db = Σ dZ/m, and the update; at the output also the cost.
    pub(super) fn gradient(&mut self, layer: usize, update: u32) -> Vec<KernelCall> {
        let samples = self.problem.batch();
        let rows = self.rows_of_delta(layer);
        let product = Product {
            rows,
            inner: samples,
            columns: self.problem.inputs(layer) + 1,
            a_stride: rows.saturating_mul(samples),
            b_stride: self.stride_below(layer),
            update,
            ..self.of_layer(layer)
        };
        let buffers = [
            Slot::Delta(layer),
            self.below(layer),
            Slot::PartialSums,
            Slot::Parameters,
            Slot::Gradients,
            Slot::History,
            Slot::Steps,
        ];
        self.product(Step::Gradient, layer, product, &buffers)
    }

    /// A product in one dispatch, or by slices in two if the sum is long.
    fn product(&mut self, step: Step, layer: usize, product: Product, buffers: &[Slot]) -> Vec<KernelCall> {
        let most = if step == Step::Gradient { SLICE } else { SLICE_OF_UNITS };
        let slices = product.inner.div_ceil(most);
        let product = Product { slices, slice: if slices == 1 { product.inner } else { most }, ..product };
        let buffers = [&[Slot::Networks(layer)], buffers].concat();
        let is_tiled = product.rows.min(product.columns) >= TILED;
        let first = match self.layout {
            Layout::Tiles(side) if is_tiled => self.tiles(side, step, layer, product, buffers.clone()),
            Layout::Tiles(_) => self.blocks(WORKGROUP, false, step, layer, product, buffers.clone()),
            Layout::Blocks(workgroup) => self.blocks(workgroup, false, step, layer, product, buffers.clone()),
        };
        if slices == 1 {
            return vec![first];
        }
        let of_slice = u64::from(product.rows).saturating_mul(product.columns.into());
        let all = of_slice.saturating_mul(slices.into()).saturating_mul(self.problem.networks.into());
        self.partial_sums = self.partial_sums.max(all);
        let workgroup = if let Layout::Blocks(workgroup) = self.layout { workgroup } else { WORKGROUP };
        vec![first, self.blocks(workgroup, true, step, layer, product, buffers)]
    }

    /// A tile of the product per workgroup.
    fn tiles(&self, side: u32, step: Step, layer: usize, product: Product, buffers: Vec<Slot>) -> KernelCall {
        let kernel = match step {
            Step::Forward { .. } => Kernel::ForwardTile,
            Step::Delta { .. } => Kernel::DeltaTile,
            Step::Gradient => Kernel::GradientTile,
        };
        let mut constants = self.constants(step, layer, product);
        constants.extend([("SIDE", Constant::U32(side)), ("DEPTH", Constant::U32(DEPTH))]);
        let length = product.slice.min(product.inner);
        let steps_of =
            |terms: u32| u64::from(terms.div_ceil(DEPTH)) * u64::from(1 + (DEPTH / side).max(1)) + u64::from(terms);
        let slabs = u64::from(length / LONGEST);
        let rest = length % LONGEST;
        let turns = slabs * (1 + steps_of(LONGEST)) + if rest > 0 { 1 + steps_of(rest) } else { 0 };
        KernelCall {
            kernel,
            constants,
            uniform: bytes_of(&product).to_vec(),
            buffers,
            workgroups: [
                product.columns.div_ceil(4 * side).into(),
                product.rows.div_ceil(4 * side).into(),
                u64::from(product.networks) * u64::from(product.slices),
            ],
            invocations: (side * side).into(),
            workgroup_storage: u64::from(2 * DEPTH * side * 16),
            turns,
        }
    }

    /// A block of the product per invocation, or the sum of its slices.
    fn blocks(
        &self,
        workgroup: u32,
        adds: bool,
        step: Step,
        layer: usize,
        product: Product,
        buffers: Vec<Slot>,
    ) -> KernelCall {
        let kernel = match step {
            Step::Forward { .. } => Kernel::ForwardBlock,
            Step::Delta { .. } => Kernel::DeltaBlock,
            Step::Gradient => Kernel::GradientBlock,
        };
        let along_rows = product.rows > product.columns;
        let mut constants = self.constants(step, layer, product);
        constants.extend([
            ("WORKGROUP", Constant::U32(workgroup)),
            ("ALONG_ROWS", Constant::Bool(along_rows)),
            ("ADDS", Constant::Bool(adds)),
        ]);
        let blocks = [product.rows, product.columns].map(|length| length.div_ceil(4));
        let [x, y] = if along_rows { blocks } else { [blocks[1], blocks[0]] };
        let length = product.slice.min(product.inner);
        let slices = if adds { 1 } else { product.slices };
        KernelCall {
            kernel,
            constants,
            uniform: bytes_of(&product).to_vec(),
            buffers,
            workgroups: [x.div_ceil(workgroup).into(), y.into(), u64::from(product.networks) * u64::from(slices)],
            invocations: workgroup.into(),
            workgroup_storage: 0,
            turns: {
                let terms = if adds { product.slices } else { length };
                u64::from(terms) + u64::from(terms.div_ceil(LONGEST))
            },
        }
    }

    /// What the prelude of a layer's product says. Whether the sum is cut into slices stands there too: a branch on the uniform
    /// would make lavapipe compile the kernel anew in each dispatch.
    fn constants(&self, step: Step, layer: usize, product: Product) -> Constants {
        let is_output = layer == self.last();
        let is_dense = self.problem.dense.is_some();
        let derivative = match step {
            Step::Forward { .. } if is_output && !is_dense => Derivative::of(Activation::Sigmoid),
            Step::Forward { .. } => Derivative::of(self.problem.activation),
            _ => Derivative { activation: self.problem.activation, borrowed: self.problem.borrowed },
        };
        let mut constants = match step {
            Step::Gradient => Constants::new(),
            _ => activation_constants(derivative.activation, derivative.borrowed),
        };
        constants.extend([
            ("SLAB", Constant::U32(LONGEST)),
            ("SLICED", Constant::Bool(product.slices > 1)),
            ("TRANSPOSE_A", Constant::Bool(matches!(step, Step::Delta { .. }))),
            ("TRANSPOSE_B", Constant::Bool(step == Step::Gradient)),
            ("ONES", Constant::Bool(step == Step::Gradient)),
        ]);
        match step {
            Step::Forward { .. } => {
                let (judges, is_linear) = (is_output && !is_dense, is_output && is_dense);
                constants.extend([("IS_OUTPUT", Constant::Bool(judges)), ("IS_LINEAR", Constant::Bool(is_linear))]);
            }
            Step::Delta { .. } => {}
            Step::Gradient => constants.push(("IS_OUTPUT", Constant::Bool(is_output))),
        }
        if let Step::Forward { drops } | Step::Delta { drops } = step {
            // the layers share a shader where nothing is dropped
            let drops = drops && !is_output;
            let number = if drops { layer as u32 } else { 0 };
            constants.extend([("DROPS", Constant::Bool(drops)), ("LAYER", Constant::U32(number))]);
        }
        constants
    }

    /// What all products of a layer are told.
    fn of_layer(&self, layer: usize) -> Product {
        Product {
            weights: self.problem.layout.weights(layer).offset as u32,
            bias: self.problem.layout.bias(layer).offset as u32,
            parameters: self.problem.layout.parameters() as u32,
            networks: self.problem.networks,
            // the weights of a dense network's samples add up to 1
            mean: if self.problem.dense.is_some() { 1.0 } else { mean_of(self.problem.samples) },
            ..Product::default()
        }
    }

    /// From one network's parameters to the next one's: moments lie between.
    fn stride(&self) -> u32 {
        let moments = self.problem.dense.map_or(0, |dense| dense.moments);
        (self.problem.layout.parameters() as u32).saturating_mul(1 + moments)
    }

    /// A of the layer below, or X.
    fn below(&self, layer: usize) -> Slot {
        match layer.checked_sub(1) {
            Some(below) => Slot::A(below),
            None if self.problem.dense.is_some_and(|dense| dense.batch.is_some()) => Slot::BatchInputs,
            None => Slot::Inputs,
        }
    }

    /// From one network's A below to the next; they share X.
    fn stride_below(&self, layer: usize) -> u32 {
        if layer == 0 { 0 } else { self.problem.inputs(layer).saturating_mul(self.problem.batch()) }
    }

    /// Rows of dZ; at the output, the losses are the last.
    fn rows_of_delta(&self, layer: usize) -> u32 {
        self.problem.units(layer).saturating_add(u32::from(layer == self.last()))
    }

    /// Every buffer's length in elements.
    pub(super) fn slots(&self) -> BTreeMap<Slot, u64> {
        let Problem { ref layout, .. } = *self.problem;
        let networks = u64::from(self.problem.networks);
        let [samples, batch] = [self.problem.samples, self.problem.batch()].map(u64::from);
        let parameters = networks.saturating_mul(layout.parameters() as u64);
        let mut slots = BTreeMap::from([
            (Slot::Inputs, u64::from(self.problem.inputs(0)) * samples),
            (Slot::Labels, samples),
            (Slot::Parameters, parameters),
            (Slot::Gradients, parameters),
            (Slot::PartialSums, self.partial_sums),
            (Slot::History, history_length(self.problem)),
            (Slot::Steps, networks),
            (Slot::Asked, 1),
            (Slot::Turns, networks.saturating_mul(TURN)),
        ]);
        let of_rows = |rows: u32| networks.saturating_mul(rows.into()).saturating_mul(batch);
        for layer in 0..layout.layers() {
            slots.insert(Slot::Networks(layer), 4 * networks);
            slots.insert(Slot::Z(layer), of_rows(self.problem.units(layer)));
            slots.insert(Slot::Delta(layer), of_rows(self.rows_of_delta(layer)));
            if layer < self.last() {
                slots.insert(Slot::A(layer), of_rows(self.problem.units(layer)));
            }
        }
        slots
    }
}
