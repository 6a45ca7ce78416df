//! The network: its inputs, its hidden layers and their activation. The output is one logit.

use super::{Activation, Derivative, params::Layout};
use crate::{Error, Result};

/// The most units a layer may have, and the most inputs.
pub const MAX_WIDTH: usize = 1 << 24;

/// The most weights and biases: 8 GiB of `f64`.
pub const MAX_PARAMETERS: usize = 1 << 30;

/// A fully connected network for two classes: inputs → hidden layers with an activation → one sigmoid unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    inputs: usize,
    hidden: Vec<usize>,
    layout: Layout,
    activation: Activation,
    /// The activation whose derivative the backward pass takes instead of g's.
    borrowed: Option<Activation>,
}

impl Network {
    /// A network with one hidden layer, the exercise's: inputs → hidden → 1.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a width is 0 or over [`MAX_WIDTH`], or there are over [`MAX_PARAMETERS`].
    pub fn one_hidden(inputs: usize, hidden: usize, activation: Activation) -> Result<Self> {
        Self::new(inputs, &[hidden], activation)
    }

    /// A network with several hidden layers, from the one nearest the inputs.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a width is 0 or over [`MAX_WIDTH`], there is no hidden layer, or there are over
    /// [`MAX_PARAMETERS`].
    pub fn new(inputs: usize, hidden: &[usize], activation: Activation) -> Result<Self> {
        if !(1..=MAX_WIDTH).contains(&inputs) {
            return Err(Error::invalid("the number of inputs", format!("between 1 and {MAX_WIDTH}"), inputs));
        }
        if hidden.is_empty() {
            return Err(Error::invalid("the number of hidden layers", "at least 1", 0));
        }
        if let Some(width) = hidden.iter().find(|width| !(1..=MAX_WIDTH).contains(*width)) {
            let wanted = format!("between 1 and {MAX_WIDTH}");
            return Err(Error::invalid("the number of hidden units", wanted, width));
        }
        let layout = Layout::new(&[&[inputs], hidden, &[1]].concat());
        let parameters = layout.parameters();
        if parameters > MAX_PARAMETERS {
            return Err(Error::invalid("the number of parameters", format!("at most {MAX_PARAMETERS}"), parameters));
        }
        Ok(Self { inputs, hidden: hidden.to_vec(), layout, activation, borrowed: None })
    }

    /// n_x, the number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// n_h of each hidden layer, from the one nearest the inputs.
    pub fn hidden(&self) -> &[usize] {
        &self.hidden
    }

    /// g of the hidden layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The same network with a deliberate bug: the backward pass takes the derivative of `activation` instead of
    /// g′, in terms of A = g(Z) as a notebook writes it: 1 − A² for tanh, A·(1 − A) for sigmoid, where(Z > 0, 1, slope)
    /// for the ReLUs. With g itself, the network has no bug.
    ///
    /// ```
    /// use planar::model::Network;
    /// let network = Network::one_hidden(2, 4, "relu".parse()?)?.with_backward("tanh".parse()?);
    /// assert_eq!(network.derivative().to_string(), "relu with tanh's derivative");
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn with_backward(self, activation: Activation) -> Self {
        Self { borrowed: Some(activation).filter(|activation| *activation != self.activation), ..self }
    }

    /// What stands for g′ in the backward pass.
    pub fn derivative(&self) -> Derivative {
        Derivative { activation: self.activation, borrowed: self.borrowed }
    }

    /// Where each tensor of its parameters lies.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The widths from the inputs to the output: `[2, 4, 1]` for the notebook's network.
    pub fn widths(&self) -> Vec<usize> {
        [&[self.inputs], self.hidden.as_slice(), &[1]].concat()
    }
}
