//! The network: its inputs, its hidden layers and their activation. The output is one logit.

use super::Activation;
use crate::{Error, Result};

/// The most units a hidden layer may have.
pub const MAX_WIDTH: usize = 1 << 24;

/// A fully connected network for two classes: inputs → hidden layers with an activation → one sigmoid unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    inputs: usize,
    hidden: Vec<usize>,
    activation: Activation,
}

impl Network {
    /// A network with one hidden layer, the exercise's: inputs → hidden → 1.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a width is 0 or over [`MAX_WIDTH`].
    pub fn one_hidden(inputs: usize, hidden: usize, activation: Activation) -> Result<Self> {
        Self::new(inputs, &[hidden], activation)
    }

    /// A network with several hidden layers, from the one nearest the inputs.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a width is 0 or over [`MAX_WIDTH`], or there is no hidden layer.
    pub fn new(inputs: usize, hidden: &[usize], activation: Activation) -> Result<Self> {
        if inputs == 0 {
            return Err(Error::invalid("the number of inputs", "at least 1", 0));
        }
        if hidden.is_empty() {
            return Err(Error::invalid("the number of hidden layers", "at least 1", 0));
        }
        if let Some(width) = hidden.iter().find(|width| !(1..=MAX_WIDTH).contains(*width)) {
            let wanted = format!("between 1 and {MAX_WIDTH}");
            return Err(Error::invalid("the number of hidden units", wanted, width));
        }
        Ok(Self { inputs, hidden: hidden.to_vec(), activation })
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

    /// The widths from the inputs to the output: `[2, 4, 1]` for the notebook's network.
    pub fn widths(&self) -> Vec<usize> {
        [&[self.inputs], self.hidden.as_slice(), &[1]].concat()
    }
}
