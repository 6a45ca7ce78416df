//! Where the parameters of a network lie in the engine.

use super::super::line::{LINE, Line, flat, flat_mut, zeros};
use super::dot;
use crate::model::{Network, Parameters};

/// A layer's tensors: W, whose rows lie `stride` numbers apart, and b.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Units of the layer below.
    pub inputs: usize,
    /// Units.
    pub units: usize,
    /// The inputs, padded to whole lines.
    pub stride: usize,
    /// Where W begins.
    pub weights: usize,
    /// Where b begins.
    pub bias: usize,
}

impl Layer {
    /// Whether it has so few units or inputs that its dW are sums over lanes.
    pub fn is_few(&self) -> bool {
        dot::is_few(self.units, self.inputs)
    }

    /// The lines that those sums take.
    pub fn lanes(&self) -> usize {
        if self.is_few() { dot::lines(self.units, self.inputs) } else { 0 }
    }
}

/// W1, b1, W2, b2, … as in the network's own layout, but each row of W and each b begins with a line. Padding is 0 and stays 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    layers: Vec<Layer>,
    len: usize,
}

impl Layers {
    pub fn new(network: &Network) -> Self {
        let (mut layers, mut len) = (Vec::new(), 0);
        for pair in network.widths().windows(2) {
            let (inputs, units) = (pair[0], pair[1]);
            let stride = inputs.next_multiple_of(LINE);
            let bias = len + units * stride;
            layers.push(Layer { inputs, units, stride, weights: len, bias });
            len = bias + units.next_multiple_of(LINE);
        }
        Self { layers, len }
    }

    /// The layers from the inputs up.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The output layer.
    pub fn top(&self) -> Layer {
        self.layers[self.layers.len() - 1]
    }

    /// The numbers of all layers, padding included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// One number per parameter, in the order of the network's layout, as it lies here.
    pub fn pack(&self, values: &[f64]) -> Vec<Line> {
        let (mut packed, mut values) = (zeros(self.len / LINE), values.iter());
        let to = flat_mut(&mut packed);
        for (at, numbers) in self.runs() {
            to[at..][..numbers].iter_mut().zip(&mut values).for_each(|(to, from)| *to = *from as f32);
        }
        packed
    }

    /// Adds the parameters to `values`, in the order of the network's layout.
    pub fn unpack(&self, packed: &[Line], values: &mut Vec<f64>) {
        let from = flat(packed);
        for (at, numbers) in self.runs() {
            values.extend(from[at..][..numbers].iter().map(|value| f64::from(*value)));
        }
    }

    /// The parameters of the network.
    pub fn parameters(&self, network: &Network, packed: &[Line]) -> Parameters {
        let mut values = Vec::with_capacity(network.layout().parameters());
        self.unpack(packed, &mut values);
        Parameters::from_values(network, values).unwrap_or_else(|_| Parameters::zeros(network))
    }

    /// The runs of parameters without padding in between, in their order: where each begins, and its numbers.
    fn runs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.layers.iter().flat_map(|layer| {
            let rows = (0..layer.units).map(|unit| (layer.weights + unit * layer.stride, layer.inputs));
            rows.chain([(layer.bias, layer.units)])
        })
    }
}
