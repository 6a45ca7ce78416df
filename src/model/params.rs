//! Weights and biases (or their gradients) of a network, in one flat vector: W1, b1, W2, b2, …

use std::ops::Range;
use std::sync::Arc;

use super::{InitScale, Network, Real};
use crate::data::numpy_random::NumpyRandom;
use crate::{Error, Result};

/// Whether a number is neither infinite nor NaN, by its bits: the exponent is not all ones.
pub fn is_finite(value: f64) -> bool {
    const EXPONENT: u64 = 0x7ff << 52;
    value.to_bits() & EXPONENT != EXPONENT
}

/// Whether a tensor is W or b.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// W, of shape (units × units of the layer below).
    Weights,
    /// b, of shape (units × 1).
    Bias,
}

/// One tensor of a network: W of shape (rows × columns) or b of shape (rows × 1), row-major.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// W or b.
    pub kind: Kind,
    /// The layer, counted from 0 at the inputs.
    pub layer: usize,
    /// Units of the layer.
    pub rows: usize,
    /// Units of the layer below for W, 1 for b.
    pub columns: usize,
    /// The position of the first element among all parameters.
    pub offset: usize,
}

impl Tensor {
    /// The notebook's name: `W1`, `b1`, `W2`, `b2`, …
    pub fn name(&self) -> String {
        let letter = match self.kind {
            Kind::Weights => 'W',
            Kind::Bias => 'b',
        };
        format!("{letter}{}", self.layer.saturating_add(1))
    }

    /// The elements' positions among all parameters.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset.saturating_add(self.rows.saturating_mul(self.columns))
    }
}

/// Where each tensor of a network lies: W1, b1, W2, b2, … one after another. Clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    tensors: Arc<[Tensor]>,
}

impl Layout {
    /// The layout for the widths from the inputs to the output, such as `[2, 4, 1]`.
    pub fn new(widths: &[usize]) -> Self {
        let (mut tensors, mut offset) = (Vec::new(), 0);
        for (layer, pair) in widths.windows(2).enumerate() {
            for (kind, rows, columns) in [(Kind::Weights, pair[1], pair[0]), (Kind::Bias, pair[1], 1)] {
                let tensor = Tensor { kind, layer, rows, columns, offset };
                offset = tensor.range().end;
                tensors.push(tensor);
            }
        }
        Self { tensors: tensors.into() }
    }

    /// All tensors in their order.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// The number of layers, including the output layer.
    pub fn layers(&self) -> usize {
        self.tensors.len() / 2
    }

    /// W of layer 0 (nearest the inputs), 1, …; an empty tensor if there is no such layer.
    pub fn weights(&self, layer: usize) -> Tensor {
        self.tensor(Kind::Weights, layer)
    }

    /// b of layer 0 (nearest the inputs), 1, …; an empty tensor if there is no such layer.
    pub fn bias(&self, layer: usize) -> Tensor {
        self.tensor(Kind::Bias, layer)
    }

    fn tensor(&self, kind: Kind, layer: usize) -> Tensor {
        let of_layer = self.tensors.chunks_exact(2).nth(layer).unwrap_or_default();
        let found = of_layer.iter().find(|tensor| tensor.kind == kind);
        found.copied().unwrap_or(Tensor { kind, layer, rows: 0, columns: 0, offset: 0 })
    }

    /// The number of parameters.
    pub fn parameters(&self) -> usize {
        self.tensors.last().map_or(0, |last| last.range().end)
    }
}

/// The parameters of one network, or their gradients. `f64` holds those of an `f32` device without loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters<T = f64> {
    layout: Layout,
    values: Vec<T>,
}

impl<T: Real> Parameters<T> {
    /// Zeros.
    pub fn zeros(network: &Network) -> Self {
        let layout = network.layout().clone();
        Self { values: vec![T::ZERO; layout.parameters()], layout }
    }

    /// From all values, in the order W1, b1, W2, b2, …, each row-major.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if their number is not that of the network.
    pub fn from_values(network: &Network, values: Vec<T>) -> Result<Self> {
        let layout = network.layout().clone();
        if values.len() != layout.parameters() {
            let (widths, wanted) = (network.widths(), layout.parameters());
            return Err(Error::Mismatch(format!("{widths:?} has {wanted} parameters, not {}", values.len())));
        }
        Ok(Self { layout, values })
    }

    /// Where each tensor lies.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All values, in the order W1, b1, W2, b2, …
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All values, mutable.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// W of layer 0 (nearest the inputs), 1, …: row-major (units × units below); empty if there is no such layer.
    pub fn weights(&self, layer: usize) -> &[T] {
        &self.values[self.layout.weights(layer).range()]
    }

    /// b of layer 0 (nearest the inputs), 1, …: one per unit; empty if there is no such layer.
    pub fn bias(&self, layer: usize) -> &[T] {
        &self.values[self.layout.bias(layer).range()]
    }

    /// W of a layer, mutable.
    pub fn weights_mut(&mut self, layer: usize) -> &mut [T] {
        &mut self.values[self.layout.weights(layer).range()]
    }

    /// b of a layer, mutable.
    pub fn bias_mut(&mut self, layer: usize) -> &mut [T] {
        &mut self.values[self.layout.bias(layer).range()]
    }

    /// The same in another precision.
    pub fn cast<U: Real>(&self) -> Parameters<U> {
        let values = self.values.iter().map(|value| U::from_f64(value.to_f64())).collect();
        Parameters { layout: self.layout.clone(), values }
    }

    /// Whether no value is infinite or NaN.
    pub fn is_finite(&self) -> bool {
        self.values.iter().all(|value| is_finite(value.to_f64()))
    }
}

impl Parameters {
    /// The notebook's start: `W = randn·scale` from NumPy's generator, W1 drawn before W2, biases 0. The scale is a number, or
    /// by the inputs of each layer.
    ///
    /// ```
    /// use planar::model::{Activation, Network, Parameters};
    /// let network = Network::one_hidden(2, 4, Activation::Tanh)?;
    /// let start = Parameters::initial(&network, 2, 0.01);
    /// assert_eq!(start.weights(0)[0], -0.004167578474054706); // np.random.seed(2); np.random.randn(4, 2) * 0.01
    /// assert_eq!(start.bias(0), [0.0; 4]);
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn initial(network: &Network, seed: u32, scale: impl Into<InitScale>) -> Self {
        let (mut random, of) = (NumpyRandom::new(seed), scale.into());
        let mut parameters = Self::zeros(network);
        for layer in 0..parameters.layout.layers() {
            let scale = of.of(parameters.layout.weights(layer).columns);
            parameters.weights_mut(layer).fill_with(|| random.standard_normal() * scale);
        }
        parameters
    }
}
