//! Weights from a safetensors file, written by planar or anything else, checked before they are used.

use std::borrow::Cow;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors, View};

use super::State;
use crate::model::{Activation, Network, Parameters};
use crate::{Error, Result};

/// The tensors of a file, and planar's state if it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// W1, b1, W2, b2, …
    pub parameters: Parameters,
    /// The widths from the inputs to the output, according to the shapes.
    pub widths: Vec<usize>,
    /// The run that they belong to, if planar wrote the file.
    pub state: Option<State>,
}

impl Weights {
    /// Reads `W1` (n_h × n_x), `b1` (n_h × 1, or n_h), `W2`, `b2`, …, each `F32` or `F64`. Metadata is not needed.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Checkpoint`] if it is not a safetensors file, if a tensor
    /// is missing, unknown, or of another type or shape, or if a value is not finite in `f32`.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(path, &std::fs::read(path).map_err(|source| Error::Io { path: path.into(), source })?)
    }

    /// [`read`](Self::read) of a file's bytes; `path` is for errors.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] as [`read`](Self::read).
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let refuse = |problem: String| Error::Checkpoint { path: path.into(), problem };
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| refuse(said(&error)))?;
        let state = super::state(path, bytes)?;
        let (widths, values) = collect(&tensors).map_err(refuse)?;
        let network = Network::new(widths[0], &widths[1..widths.len() - 1], Activation::Tanh)
            .map_err(|error| refuse(format!("holds no network: {error}")))?;
        Ok(Self { parameters: Parameters::from_values(&network, values)?, widths, state })
    }

    /// Whether they have the widths and the precision that the state names, if there is one.
    pub(super) fn check_state(&self, path: &Path) -> Result<()> {
        let Some(State { description, columns, .. }) = &self.state else { return Ok(()) };
        let damaged =
            |problem: &str| Err(Error::Checkpoint { path: path.into(), problem: format!("is damaged: {problem}") });
        let is_f32 = |value: &f64| f64::from(*value as f32) == *value;
        if let Some(problem) = columns.as_ref().and_then(|columns| columns.problem(self.widths[0])) {
            return damaged(problem);
        }
        match description.precision.as_str() {
            _ if description.widths != self.widths => damaged("its weights are not those of the network that it names"),
            "f32" if !self.parameters.values().iter().all(is_f32) => damaged("its weights are not f32, as it says"),
            "f32" | "f64" => Ok(()),
            _ => damaged("it names a precision that is neither f32 nor f64"),
        }
    }

    /// The network that they belong to: its activation is that of the state, or the one given if there is no state.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if neither names one, if both do and differ, and if the state has other widths.
    pub fn network(&self, path: &Path, activation: Option<Activation>) -> Result<Network> {
        let refuse = |problem: String| Error::Checkpoint { path: path.into(), problem };
        self.check_state(path)?;
        let activation = match (&self.state, activation) {
            (Some(state), given) => {
                let named: Activation =
                    state.description.activation.parse().map_err(|error| refuse(format!("is damaged: {error}")))?;
                if let Some(given) = given.filter(|given| *given != named) {
                    return Err(refuse(format!("is of a network of {named}, and {given} is given")));
                }
                named
            }
            (None, Some(given)) => given,
            (None, None) => return Err(refuse("does not say its activation".into())),
        };
        let [inputs, hidden @ .., _] = self.widths.as_slice() else {
            return Err(refuse(format!("is of no network: its widths are {:?}", self.widths)));
        };
        Network::new(*inputs, hidden, activation)
    }
}

/// The widths, and all values in the order W1, b1, W2, b2, …
fn collect(tensors: &SafeTensors) -> std::result::Result<(Vec<usize>, Vec<f64>), String> {
    let layers = (1..).take_while(|layer| tensors.tensor(&format!("W{layer}")).is_ok()).count();
    if layers < 2 {
        return Err(format!("lacks the tensor W{}: W1, b1, W2 and b2 are wanted", layers + 1));
    }
    let wanted: Vec<String> = (1..=layers).flat_map(|layer| [format!("W{layer}"), format!("b{layer}")]).collect();
    if let Some(unknown) = tensors.names().into_iter().filter(|name| !wanted.iter().any(|of| of == name)).min() {
        return Err(format!("holds '{unknown}', which is no tensor of a network of {layers} layers"));
    }
    let (mut widths, mut values) = (Vec::new(), Vec::new());
    for (layer, pair) in wanted.chunks(2).enumerate() {
        let get = |name: &str| tensors.tensor(name).map_err(|_| format!("lacks the tensor {name}"));
        let (w, b) = (get(&pair[0])?, get(&pair[1])?);
        let &[rows, columns] = w.shape() else {
            return Err(format!("has {} of shape {:?}, which should have two sides", pair[0], w.shape()));
        };
        let below = *widths.last().unwrap_or(&columns);
        if columns != below || (layer + 1 == layers && rows != 1) {
            let units = if layer + 1 == layers { "1".into() } else { format!("n_h{}", layer + 1) };
            return Err(format!("has {} of shape {:?}, not ({units}, {below})", pair[0], w.shape()));
        }
        if b.shape() != [rows, 1] && b.shape() != [rows] {
            return Err(format!("has {} of shape {:?}, not ({rows}, 1)", pair[1], b.shape()));
        }
        if layer == 0 {
            widths.push(columns);
        }
        widths.push(rows);
        values.extend(numbers(&pair[0], &w)?);
        values.extend(numbers(&pair[1], &b)?);
    }
    Ok((widths, values))
}

/// The values of a tensor, each finite in `f32`, the precision of devices.
fn numbers(name: &str, tensor: &TensorView) -> std::result::Result<Vec<f64>, String> {
    let values: Vec<f64> = match tensor.dtype() {
        Dtype::F32 => {
            let words = tensor.data().as_chunks::<4>().0;
            words.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
        }
        Dtype::F64 => tensor.data().as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        other => return Err(format!("has {name} of type {other:?}, not F32 or F64")),
    };
    match values.iter().position(|value| !(*value as f32).is_finite()) {
        Some(at) => Err(format!("has {} as element {at} of {name}, which no network can have", values[at])),
        None => Ok(values),
    }
}

/// The message of the format's reader, in one line.
pub fn said(error: &SafeTensorError) -> String {
    let said = error.to_string();
    format!("is no safetensors file: {}", said.lines().map(str::trim).collect::<Vec<_>>().join(" "))
}

/// A tensor to be written.
pub struct Raw {
    pub dtype: Dtype,
    pub shape: [usize; 2],
    pub bytes: Vec<u8>,
}

impl View for Raw {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        (&self.bytes).into()
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
