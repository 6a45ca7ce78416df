//! The textbook's plan: one operation per dispatch, any depth. Z, A and dZ of every layer stay in buffers.
//!
//! Products of sizes saturate; if one does, a buffer passes 32-bit indices too, and [`Plan::check`] refuses it.

use std::collections::BTreeMap;

use super::call::{self, mean_of, slabs};
use super::{KernelCall, Plan, Problem, Slot, history_length};
use crate::cpu::operations::Transpose;
use crate::gpu::packing::Packing;
use crate::gpu::shader::uniforms::{BiasSum, Product, SumSlabs};
use crate::model::Activation;

/// The layered plan for a problem: it can do any.
pub fn build(problem: &Problem) -> Plan {
    let mut layers = Layers { problem, partial_sums: 1 };
    let last = problem.layout.layers() - 1;

    let forward: Vec<KernelCall> = (0..=last).flat_map(|layer| layers.forward(layer)).collect();
    let mut backward = vec![call::output_delta(problem, last)];
    for layer in (0..=last).rev() {
        backward.extend(layers.gradients(layer));
        if layer > 0 {
            backward.extend(layers.delta_below(layer));
        }
    }
    let cost = call::cost(problem, last);
    let (update, record) = (call::update(problem), call::record(problem));

    Plan {
        name: "layered",
        layout: "tile16".into(),
        at_once: 1,
        slots: layers.slots(),
        packing: Packing::Tensors(problem.layout.clone()),
        evaluation: [forward.clone(), vec![cost.clone(), record.clone()]].concat(),
        gradients: [forward.clone(), backward.clone(), vec![cost.clone(), record.clone()]].concat(),
        iteration: [forward.clone(), backward, vec![cost, update, record]].concat(),
        forward,
    }
}

struct Layers<'a> {
    problem: &'a Problem,
    /// The longest row of partial sums that a step needs.
    partial_sums: u64,
}

impl Layers<'_> {
    /// Z = W·A + b and A = g(Z), σ at the output.
    fn forward(&mut self, layer: usize) -> Vec<KernelCall> {
        let Problem { samples, ref layout, activation, .. } = *self.problem;
        let (units, inputs) = (self.problem.units(layer), self.problem.inputs(layer));
        let product = Product {
            rows: units,
            inner: inputs,
            columns: samples,
            a_offset: layout.weights(layer).offset as u32,
            a_stride: layout.parameters() as u32,
            b_stride: if layer == 0 { 0 } else { inputs.saturating_mul(samples) },
            c_stride: units.saturating_mul(samples),
            scale: 1.0,
            ..Product::default()
        };
        let mut steps = self.matmul(product, Transpose::None, [Slot::Parameters, self.below(layer), Slot::Z(layer)]);
        let output = layer + 1 == layout.layers();
        steps.push(call::bias_activation(self.problem, layer, if output { Activation::Sigmoid } else { activation }));
        steps
    }

    /// dW = dZ·Aᵀ/m and db = Σ dZ/m.
    fn gradients(&mut self, layer: usize) -> Vec<KernelCall> {
        let Problem { samples, ref layout, .. } = *self.problem;
        let (units, inputs) = (self.problem.units(layer), self.problem.inputs(layer));
        let product = Product {
            rows: units,
            inner: samples,
            columns: inputs,
            a_stride: units.saturating_mul(samples),
            b_stride: if layer == 0 { 0 } else { inputs.saturating_mul(samples) },
            c_offset: layout.weights(layer).offset as u32,
            c_stride: layout.parameters() as u32,
            scale: mean_of(samples),
            ..Product::default()
        };
        let (delta, below) = (Slot::Delta(layer), self.below(layer));
        let mut steps = self.matmul(product, Transpose::B, [delta, below, Slot::Gradients]);

        let sums = BiasSum {
            units,
            samples,
            offset: layout.bias(layer).offset as u32,
            stride: layout.parameters() as u32,
            scale: mean_of(samples),
        };
        let (networks, slabs) = (self.problem.networks, slabs(samples));
        if slabs == 1 {
            steps.push(call::bias_sum(sums, networks, [delta, Slot::Gradients]));
        } else {
            let part = BiasSum { offset: 0, stride: slabs.saturating_mul(units), ..sums };
            let total = SumSlabs { length: units, slabs, offset: sums.offset, stride: sums.stride };
            steps.push(call::bias_sum(part, networks, [delta, Slot::PartialSums]));
            steps.push(self.sum_slabs(total, Slot::Gradients));
        }
        steps
    }

    /// dZ = (Wᵀ·dZ) ∘ g′(Z) of the layer below.
    fn delta_below(&mut self, layer: usize) -> Vec<KernelCall> {
        let Problem { samples, ref layout, .. } = *self.problem;
        let (units, inputs) = (self.problem.units(layer), self.problem.inputs(layer));
        let product = Product {
            rows: inputs,
            inner: units,
            columns: samples,
            a_offset: layout.weights(layer).offset as u32,
            a_stride: layout.parameters() as u32,
            b_stride: units.saturating_mul(samples),
            c_stride: inputs.saturating_mul(samples),
            scale: 1.0,
            ..Product::default()
        };
        let buffers = [Slot::Parameters, Slot::Delta(layer), Slot::Delta(layer - 1)];
        let mut steps = self.matmul(product, Transpose::A, buffers);
        steps.push(call::hidden_delta(self.problem, layer - 1));
        steps
    }

    /// A matmul in one dispatch, or by slabs in two if the sum is long.
    fn matmul(&mut self, product: Product, transpose: Transpose, [a, b, c]: [Slot; 3]) -> Vec<KernelCall> {
        let (networks, slabs) = (self.problem.networks, slabs(product.inner));
        if slabs == 1 {
            return vec![call::matmul(Product { slabs, ..product }, transpose, networks, [a, b, c])];
        }
        let length = product.rows.saturating_mul(product.columns);
        let part = Product { slabs, c_offset: 0, c_stride: slabs.saturating_mul(length), ..product };
        let total = SumSlabs { length, slabs, offset: product.c_offset, stride: product.c_stride };
        vec![call::matmul(part, transpose, networks, [a, b, Slot::PartialSums]), self.sum_slabs(total, c)]
    }

    fn sum_slabs(&mut self, total: SumSlabs, into: Slot) -> KernelCall {
        let row = u64::from(total.length).saturating_mul(total.slabs.into());
        let length = row.saturating_mul(self.problem.networks.into());
        self.partial_sums = self.partial_sums.max(length);
        call::sum_slabs(total, self.problem.networks, [Slot::PartialSums, into])
    }

    /// A of the layer below, or X.
    fn below(&self, layer: usize) -> Slot {
        if layer == 0 { Slot::Inputs } else { Slot::A(layer - 1) }
    }

    /// Every buffer's length in elements.
    fn slots(&self) -> BTreeMap<Slot, u64> {
        let Problem { ref layout, .. } = *self.problem;
        let (networks, samples) = (u64::from(self.problem.networks), u64::from(self.problem.samples));
        let parameters = networks.saturating_mul(layout.parameters() as u64);
        let mut slots = BTreeMap::from([
            (Slot::Inputs, u64::from(self.problem.inputs(0)) * samples),
            (Slot::Labels, samples),
            (Slot::Parameters, parameters),
            (Slot::Gradients, parameters),
            (Slot::PartialSums, self.partial_sums),
            (Slot::PartialCosts, networks * u64::from(slabs(self.problem.samples))),
            (Slot::History, history_length(self.problem)),
            (Slot::Steps, networks),
            (Slot::Asked, 1),
        ]);
        for layer in 0..layout.layers() {
            let activations = networks.saturating_mul(self.problem.units(layer).into()).saturating_mul(samples);
            slots.insert(Slot::Networks(layer), 4 * networks);
            slots.extend([Slot::Z(layer), Slot::A(layer), Slot::Delta(layer)].map(|slot| (slot, activations)));
        }
        slots
    }
}
