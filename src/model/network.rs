//! The network: its inputs, its hidden layers and their activation, and its outputs.

use super::{Activation, Derivative, Output, params::Layout};
use crate::{Error, Result};

/// The most units a layer may have, and the most inputs.
pub const MAX_WIDTH: usize = 1 << 24;

/// The most hidden layers: deeper plain networks do not train.
pub const MAX_HIDDEN_LAYERS: usize = 24;

/// The most weights and biases: 8 GiB of `f64`.
pub const MAX_PARAMETERS: usize = 1 << 30;

/// A fully connected network: inputs → hidden layers with an activation → outputs, which are one logit for two classes if
/// nothing else is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    inputs: usize,
    hidden: Vec<usize>,
    outputs: usize,
    output: Output,
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
    /// [`Error::Invalid`] if a width is 0 or over [`MAX_WIDTH`], there is no hidden layer or there are over
    /// [`MAX_HIDDEN_LAYERS`], or there are over [`MAX_PARAMETERS`].
    pub fn new(inputs: usize, hidden: &[usize], activation: Activation) -> Result<Self> {
        if !(1..=MAX_WIDTH).contains(&inputs) {
            return Err(Error::invalid("the number of inputs", format!("between 1 and {MAX_WIDTH}"), inputs));
        }
        if hidden.is_empty() {
            return Err(Error::invalid("the number of hidden layers", "at least 1", 0));
        }
        if hidden.len() > MAX_HIDDEN_LAYERS {
            let wanted = format!("at most {MAX_HIDDEN_LAYERS}");
            return Err(Error::invalid("the number of hidden layers", wanted, hidden.len()));
        }
        if let Some(width) = hidden.iter().find(|width| !(1..=MAX_WIDTH).contains(*width)) {
            let wanted = format!("between 1 and {MAX_WIDTH}");
            return Err(Error::invalid("the number of hidden units", wanted, width));
        }
        let (outputs, output) = (1, Output::Logistic);
        let layout = layout(inputs, hidden, outputs)?;
        Ok(Self { inputs, hidden: hidden.to_vec(), outputs, output, layout, activation, borrowed: None })
    }

    /// The same network with other outputs.
    ///
    /// ```
    /// use planar::model::{Activation, Network, Output};
    /// let network = Network::new(64, &[128, 64], Activation::Relu)?.with_output(Output::Softmax, 10)?;
    /// assert_eq!(network.widths(), [64, 128, 64, 10]);
    /// # Ok::<(), planar::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0 or over [`MAX_WIDTH`] outputs, a softmax of one, or over [`MAX_PARAMETERS`].
    pub fn with_output(self, output: Output, outputs: usize) -> Result<Self> {
        if !(1..=MAX_WIDTH).contains(&outputs) {
            return Err(Error::invalid("the number of outputs", format!("between 1 and {MAX_WIDTH}"), outputs));
        }
        if output == Output::Softmax && outputs == 1 {
            return Err(Error::invalid("the number of softmax's classes", "at least 2", outputs));
        }
        let layout = layout(self.inputs, &self.hidden, outputs)?;
        Ok(Self { outputs, output, layout, ..self })
    }

    /// n_x, the number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// n_h of each hidden layer, from the one nearest the inputs.
    pub fn hidden(&self) -> &[usize] {
        &self.hidden
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// What the outputs mean.
    pub fn output(&self) -> Output {
        self.output
    }

    /// Whether it has one output that is a logit for two classes, as the exercise's.
    pub fn tells_two_classes(&self) -> bool {
        self.output == Output::Logistic && self.outputs == 1
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
        [&[self.inputs], self.hidden.as_slice(), &[self.outputs]].concat()
    }
}

/// Where the tensors of a network of these widths lie, if there are not too many.
fn layout(inputs: usize, hidden: &[usize], outputs: usize) -> Result<Layout> {
    let layout = Layout::new(&[&[inputs], hidden, &[outputs]].concat());
    match layout.parameters() {
        parameters if parameters > MAX_PARAMETERS => {
            Err(Error::invalid("the number of parameters", format!("at most {MAX_PARAMETERS}"), parameters))
        }
        _ => Ok(layout),
    }
}
