//! How large the weights and the gradient of each layer are, and what comes back to each from the output.

use serde::Serialize;

use crate::model::Parameters;

/// A layer's weights and their gradient, as root mean squares over the elements of W.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerNorms {
    /// √(Σ dW² / n).
    pub gradient: f64,
    /// √(Σ W² / n).
    pub weights: f64,
}

/// The layers after some updates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NormsAt {
    /// Updates done.
    pub iteration: u64,
    /// The layers, the one nearest the inputs first and the output last.
    pub layers: Vec<LayerNorms>,
}

/// The norms of each layer.
pub(super) fn norms(parameters: &Parameters, gradients: &Parameters) -> Vec<LayerNorms> {
    let of = |layer| LayerNorms {
        gradient: root_mean_square(gradients.weights(layer)),
        weights: root_mean_square(parameters.weights(layer)),
    };
    (0..parameters.layout().layers()).map(of).collect()
}

/// √(Σ x² / n).
pub(super) fn root_mean_square(values: &[f64]) -> f64 {
    (values.iter().map(|x| x * x).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

impl NormsAt {
    /// Whether all of them are finite.
    pub(super) fn are_finite(&self) -> bool {
        self.layers.iter().all(|layer| layer.gradient.is_finite() && layer.weights.is_finite())
    }

    /// The layer with the largest gradient, counted from 1, and that gradient.
    pub(super) fn steepest(&self) -> (usize, f64) {
        let layers = (1..).zip(self.layers.iter().map(|layer| layer.gradient));
        layers.max_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap_or((0, 0.0))
    }
}

/// The norms of a run at its first iteration, after 1, 2, 4, … updates, and at the last that was finite.
#[derive(Default)]
pub(super) struct Course {
    kept: Vec<NormsAt>,
    last: Option<NormsAt>,
}

impl Course {
    /// Looks at the parameters after `done` updates of those that are watched, which are `iteration` in all.
    pub fn look(&mut self, done: u64, iteration: u64, parameters: &Parameters, gradients: &Parameters) {
        let here = NormsAt { iteration, layers: norms(parameters, gradients) };
        match here.are_finite() {
            true if done == 0 || done.is_power_of_two() => {
                self.kept.push(here);
                self.last = None;
            }
            true => self.last = Some(here),
            false => {}
        }
    }

    /// All that was kept.
    pub fn end(mut self) -> Vec<NormsAt> {
        self.kept.extend(self.last);
        self.kept
    }
}
