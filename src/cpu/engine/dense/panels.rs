//! What a thread keeps of the samples that it computes: one panel for each matrix of the passes, whatever their number.

use super::super::line::{LINE, Line, flat, flat_mut, zeros};
use super::layers::{Layer, Layers};
use super::panel::{LINES, Panel, WIDTH};

/// The matrices of a forward and a backward pass over up to [`WIDTH`] samples.
pub struct Panels {
    pub layers: Layers,
    /// What goes into each layer, from the inputs up: X, and A of the hidden layers.
    pub inputs: Vec<Panel>,
    /// The same turned over (samples × units).
    pub turned: Vec<Turned>,
    /// Of each hidden layer g′(Z), and later dZ.
    pub deltas: Vec<Panel>,
    /// Of each layer whose dW are sums over lanes, those of each lane.
    pub lanes: Vec<Vec<Line>>,
    /// Z of the outputs, and later dZ.
    pub output: Panel,
    /// What the outputs should be.
    pub targets: Panel,
    /// What each sample counts: 0 where there is none.
    pub weights: [Line; LINES],
}

/// A matrix of samples × units, whose rows are padded to whole lines with zeros.
#[derive(Clone)]
pub struct Turned {
    pub stride: usize,
    lines: Vec<Line>,
}

impl Turned {
    pub fn new(units: usize) -> Self {
        let stride = units.next_multiple_of(LINE);
        Self { stride, lines: zeros(WIDTH * stride / LINE) }
    }

    pub fn values(&self) -> &[f32] {
        flat(&self.lines)
    }

    pub fn values_mut(&mut self) -> &mut [f32] {
        flat_mut(&mut self.lines)
    }
}

impl Panels {
    pub fn new(layers: &Layers) -> Self {
        let (top, units) = (layers.top(), |layer: &Layer| Panel::new(layer.units));
        let hidden = &layers.layers()[..layers.layers().len() - 1];
        Self {
            inputs: layers.layers().iter().map(|layer| Panel::new(layer.inputs)).collect(),
            turned: layers.layers().iter().map(|layer| Turned::new(layer.inputs)).collect(),
            deltas: hidden.iter().map(units).collect(),
            lanes: layers.layers().iter().map(|layer| zeros(layer.lanes())).collect(),
            output: units(&top),
            targets: units(&top),
            weights: [Line([0.0; LINE]); LINES],
            layers: layers.clone(),
        }
    }

    /// Whether the first layer needs X as columns alone.
    pub fn takes_columns(&self) -> bool {
        self.layers.layers()[0].is_few()
    }

    /// The bytes of the panels for a network.
    pub fn bytes(layers: &Layers) -> usize {
        let padded = |units: usize| units.next_multiple_of(LINE);
        let of = |layer: &Layer| 2 * padded(layer.inputs) + 2 * padded(layer.units);
        layers.layers().iter().map(|layer| of(layer) * WIDTH + layer.lanes() * LINE).sum::<usize>() * size_of::<f32>()
    }
}
