//! The first element of each tensor that is not finite, and the operation that made it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::backend::Run;
use crate::cpu::operations::transposed;
use crate::cpu::textbook::{Batch, Forward, Model};
use crate::model::params::{Kind, Layout, is_finite};
use crate::model::{Output, Parameters};

/// An element that is not finite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// `Z1`, `A1`, `Z2`, `cost`, `dW1`, …, `W1`, …
    pub tensor: String,
    /// The first iteration at which it holds such an element.
    pub iteration: u64,
    /// Row and column, from 0.
    pub at: [usize; 2],
    /// `inf`, `-inf` or `NaN`.
    pub value: String,
    /// What made it, such as `W2·A1 + b2: inf − inf`.
    pub operation: String,
}

/// Watches the tensors of a run until each has broken.
pub struct Watch {
    layout: Layout,
    names: BTreeSet<String>,
    pub broken: Vec<Broken>,
}

impl Watch {
    pub fn new(run: &Run) -> Self {
        Self { layout: run.parameters.layout().clone(), names: BTreeSet::new(), broken: Vec::new() }
    }

    /// Looks at the tensors of one iteration in the order in which they are computed.
    pub fn look(
        &mut self,
        iteration: u64,
        model: &Model<f64>,
        pass: &Forward<f64>,
        gradients: &Parameters,
        batch: &Batch<f64>,
    ) {
        let (x, samples) = (batch.x.as_slice(), batch.samples);
        let layers = self.layout.layers();
        for tensor in self.layout.clone().tensors() {
            let (name, values) = (tensor.name(), &model.parameters.values()[tensor.range()]);
            self.note(iteration, &name, values, tensor.columns, |_| format!("{name} − α·d{name}: the step before"));
        }
        for layer in 0..layers {
            let (n, below) = (layer + 1, if layer == 0 { x } else { &pass.a[layer - 1] });
            let (w, b) = (model.parameters.weights(layer), model.parameters.bias(layer));
            let inner = self.layout.weights(layer).columns;
            let input = if layer == 0 { "X".into() } else { format!("A{layer}") };
            self.note(iteration, &format!("Z{n}"), &pass.z[layer], samples, |i| {
                let (unit, sample) = (i / samples, i % samples);
                let terms = (0..inner).map(|k| w[unit * inner + k] * below[k * samples + sample]);
                format!("W{n}·{input} + b{n}: {}", kind(terms.chain([b[unit]])))
            });
            if n == layers {
                let predictions = predictions(model, pass, samples);
                let g = predicted_by(model.network.output());
                self.note(iteration, &format!("A{n}"), &predictions, samples, |i| {
                    format!("{g}(Z{n}) of {}", pass.z[layer][i])
                });
            } else {
                let g = model.network.activation().name();
                self.note(iteration, &format!("A{n}"), &pass.a[layer], samples, |i| {
                    format!("{g}(Z{n}) of {}", pass.z[layer][i])
                });
            }
        }
        self.note(iteration, "cost", &[pass.cost], 1, |_| {
            let loss = match model.network.output() {
                Output::Logistic => "max(z, 0) − z·y + ln(1 + e^−|z|)",
                Output::Softmax => "ln Σ e^z − z of the class",
                Output::Squares => "½(z − y)²",
            };
            format!("{loss} of Z{layers}, summed: {}", kind(pass.logits().iter().copied()))
        });
        for tensor in self.layout.clone().tensors().iter().rev() {
            let (name, values) = (format!("d{}", tensor.name()), &gradients.values()[tensor.range()]);
            let layer = tensor.layer + 1;
            let input = if layer == 1 { "X".into() } else { format!("A{}", layer - 1) };
            let formula = match tensor.kind {
                Kind::Weights => format!("dZ{layer}·{input}ᵀ/m"),
                Kind::Bias => format!("Σ dZ{layer}/m"),
            };
            let above = if layer == layers {
                format!("dZ{layer} = A{layer} − Y")
            } else {
                format!("dZ{layer} = W{n}ᵀ·dZ{n} ∘ g′(Z{layer})", n = layer + 1)
            };
            self.note(iteration, &name, values, tensor.columns, |_| format!("{formula} with {above}"));
        }
    }

    fn note(
        &mut self,
        iteration: u64,
        name: &str,
        values: &[f64],
        columns: usize,
        operation: impl FnOnce(usize) -> String,
    ) {
        if self.names.contains(name) {
            return;
        }
        if let Some(i) = values.iter().position(|value| !is_finite(*value)) {
            self.names.insert(name.to_owned());
            self.broken.push(Broken {
                tensor: name.to_owned(),
                iteration,
                at: [i / columns, i % columns],
                value: values[i].to_string(),
                operation: operation(i),
            });
        }
    }
}

/// A of the output (outputs × samples).
fn predictions(model: &Model<f64>, pass: &Forward<f64>, samples: usize) -> Vec<f64> {
    let (output, outputs) = (model.network.output(), model.network.outputs());
    let of_sample = |z: &[f64]| output.predictions(z);
    let predictions: Vec<f64> = transposed(pass.logits(), samples).chunks_exact(outputs).flat_map(of_sample).collect();
    transposed(&predictions, outputs)
}

/// The function that predicts.
fn predicted_by(output: Output) -> &'static str {
    match output {
        Output::Logistic => "σ",
        Output::Softmax => "softmax",
        Output::Squares => "identity",
    }
}

/// How a sum of these terms becomes not finite.
fn kind(terms: impl Iterator<Item = f64>) -> &'static str {
    let terms: Vec<f64> = terms.collect();
    match (terms.contains(&f64::INFINITY), terms.contains(&f64::NEG_INFINITY)) {
        _ if terms.iter().any(|term| term.is_nan()) => "a term is NaN",
        (true, true) => "inf − inf",
        (true, false) | (false, true) => "a term is infinite",
        (false, false) => "finite terms overflow",
    }
}
