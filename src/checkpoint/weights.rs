//! Weights from a safetensors file, written by planar or anything else, checked before they are used.

use std::borrow::Cow;
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors, View};

use super::layers::layers;
use super::{BEST, MOMENT, State, can_hold, moment};
use crate::model::{Activation, Network, Output, Parameters};
use crate::{Error, Result};

/// What an error says of weights that fit only as [`Weights::read_transposed`] reads them.
pub const FITS_TRANSPOSED: &str = "it fits if its weights are read as (inputs × units)";
/// What an error says of weights that fit only as [`Weights::read`] reads them.
pub const FITS_AS_IT_IS: &str = "it fits if its weights are read as (units × inputs)";

/// The tensors of a file, and planar's state if it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// W1, b1, W2, b2, …
    pub parameters: Parameters,
    /// The widths from the inputs to the output, according to the shapes.
    pub widths: Vec<usize>,
    /// The optimiser's moments: the first of every parameter, then the second. Only planar's own files have some.
    pub moments: Vec<f64>,
    /// The best weights of a run that stops early, and their moments.
    pub best: Option<(Parameters, Vec<f64>)>,
    /// The run that they belong to, if planar wrote the file.
    pub state: Option<State>,
}

impl Weights {
    /// Reads the layers of a file, each with weights (units × inputs) and a bias (units, or units × 1), as `F16`, `BF16`,
    /// `F32` or `F64`. Metadata is not needed.
    ///
    /// The tensors are called `W1`, `b1`, `W2`, `b2`, …, or after PyTorch's modules, such as `fc1.weight`, `fc1.bias`,
    /// `net.0.weight`. Modules follow one another by their numbers; where their names differ in more than that, by their
    /// shapes.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Checkpoint`] if it is not a safetensors file, if a tensor
    /// is missing, unknown, or of another type or shape, if the order of the layers cannot be told, or if a value is not
    /// finite in `f32`.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_laid_out(path, false)
    }

    /// [`read`](Self::read) of a file whose weights are (inputs × units), as Keras has its kernels: `dense/kernel` and
    /// `dense/bias`, or any names that [`read`](Self::read) knows. Shapes alone never decide this.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_transposed(path: &Path) -> Result<Self> {
        Self::read_laid_out(path, true)
    }

    /// [`read_transposed`](Self::read_transposed) if the weights are said to be (inputs × units), else
    /// [`read`](Self::read).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_laid_out(path: &Path, transposed: bool) -> Result<Self> {
        Self::laid_out(path, &crate::files::read(path)?, transposed)
    }

    /// [`read`](Self::read) of a file's bytes; `path` is for errors.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] as [`read`](Self::read).
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        Self::laid_out(path, bytes, false)
    }

    /// [`read_transposed`](Self::read_transposed) of a file's bytes; `path` is for errors.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] as [`read`](Self::read).
    pub fn parse_transposed(path: &Path, bytes: &[u8]) -> Result<Self> {
        Self::laid_out(path, bytes, true)
    }

    /// [`read_laid_out`](Self::read_laid_out) of what a new run starts from: weights alone. What a file holds of moments,
    /// and of the best weights of a run, is not looked at.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_start(path: &Path, transposed: bool) -> Result<Self> {
        Self::start_of(path, &crate::files::read(path)?, transposed)
    }

    fn laid_out(path: &Path, bytes: &[u8], transposed: bool) -> Result<Self> {
        let start = Self::start_of(path, bytes, transposed)?;
        let refuse = |problem: String| Error::Checkpoint { path: path.into(), problem };
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| refuse(said(&error)))?;
        let network = network_of(&start.widths).map_err(|error| refuse(format!("holds no network: {error}")))?;
        let moments = |prefix: &str| moments(&tensors, &network, prefix).map_err(refuse);
        let best = match named(&tensors, &network, BEST).map_err(refuse)? {
            Some(values) => Some((Parameters::from_values(&network, values)?, moments(BEST)?)),
            None => None,
        };
        Ok(Self { moments: moments("")?, best, ..start })
    }

    fn start_of(path: &Path, bytes: &[u8], transposed: bool) -> Result<Self> {
        let refuse = |problem: String| Error::Checkpoint { path: path.into(), problem };
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| refuse(said(&error)))?;
        let state = super::state(path, bytes)?;
        let (widths, values) = collect(&tensors, transposed).map_err(|problem| {
            refuse(match (collect(&tensors, !transposed), transposed) {
                (Ok(_), false) => format!("{problem}: {FITS_TRANSPOSED}"),
                (Ok(_), true) => format!("{problem}: {FITS_AS_IT_IS}"),
                (Err(_), _) => problem,
            })
        })?;
        let network = network_of(&widths).map_err(|error| refuse(format!("holds no network: {error}")))?;
        let parameters = Parameters::from_values(&network, values)?;
        Ok(Self { parameters, widths, moments: Vec::new(), best: None, state })
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
        let moments = description.recipe.optimizer.moments() * self.parameters.values().len();
        let of_best = self.best.as_ref().map_or(0, |(_, moments)| moments.len());
        if [self.moments.len(), of_best].into_iter().any(|found| found != 0 && found != moments) {
            return damaged("its moments are not those of the optimiser that it names");
        }
        match description.precision.as_str() {
            _ if description.widths != self.widths => damaged("its weights are not those of the network that it names"),
            "f32" if !self.parameters.values().iter().all(is_f32) => damaged("its weights are not f32, as it says"),
            "f32" | "f64" => Ok(()),
            _ => damaged("it names a precision that is neither f32 nor f64"),
        }
    }

    /// The network that they belong to: its activation and its output are those of the state. If there is no state, they
    /// are those given; without an output, several outputs are a softmax.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if nothing names the activation, if state and arguments differ, and if the state has other
    /// widths; [`Error::Invalid`] if the output cannot have as many values as the file has.
    pub fn network(&self, path: &Path, activation: Option<Activation>, output: Option<Output>) -> Result<Network> {
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
        let [inputs, hidden @ .., outputs] = self.widths.as_slice() else {
            return Err(refuse(format!("is of no network: its widths are {:?}", self.widths)));
        };
        let output = match (&self.state, output) {
            (Some(state), given) => {
                let named = state.description.output;
                if let Some(given) = given.filter(|given| *given != named) {
                    return Err(refuse(format!("is of a network whose output is {named}, and {given} is given")));
                }
                named
            }
            (None, Some(given)) => given,
            (None, None) if *outputs > 1 => Output::Softmax,
            (None, None) => Output::Logistic,
        };
        Network::new(*inputs, hidden, activation)?.with_output(output, *outputs)
    }
}

/// A network of these widths.
fn network_of(widths: &[usize]) -> Result<Network> {
    let [inputs, hidden @ .., outputs] = widths else {
        return Err(Error::invalid("the number of layers", "at least 2", widths.len().saturating_sub(1)));
    };
    Network::new(*inputs, hidden, Activation::Tanh)?.with_output(Output::Squares, *outputs)
}

/// The widths, and all values in the order W1, b1, W2, b2, …; `transposed` if weights are (inputs × units).
fn collect(tensors: &SafeTensors, transposed: bool) -> std::result::Result<(Vec<usize>, Vec<f64>), String> {
    let turned = |[rows, columns]: [usize; 2]| if transposed { [columns, rows] } else { [rows, columns] };
    let units = |name: &str| match *tensors.tensor(name).ok()?.shape() {
        [rows, columns] => Some(turned([rows, columns])),
        _ => None,
    };
    let is_own = |name: &&str| !name.starts_with(MOMENT) && !name.starts_with(BEST);
    let names: Vec<&str> = tensors.names().into_iter().filter(is_own).collect();
    let layers = layers(&names, transposed, units)?;
    let (mut widths, mut values) = (Vec::new(), Vec::new());
    for (k, layer) in layers.iter().enumerate() {
        let get = |name: &str| tensors.tensor(name).map_err(|_| format!("lacks the tensor {name}"));
        let (w, b) = (get(&layer.weights)?, get(&layer.bias)?);
        let Some([rows, columns]) = units(&layer.weights) else {
            return Err(format!("has {} of shape {:?}, which should have two sides", layer.weights, w.shape()));
        };
        let (below, is_last) = (*widths.last().unwrap_or(&columns), k + 1 == layers.len());
        if columns != below {
            let units = if is_last { "outputs".into() } else { format!("n_h{}", k + 1) };
            let [first, second] = if transposed { [below.to_string(), units] } else { [units, below.to_string()] };
            return Err(format!("has {} of shape {:?}, not ({first}, {second})", layer.weights, w.shape()));
        }
        if b.shape() != [rows, 1] && b.shape() != [rows] {
            return Err(format!("has {} of shape {:?}, not ({rows}, 1)", layer.bias, b.shape()));
        }
        if k == 0 {
            widths.push(columns);
        }
        widths.push(rows);
        let w = numbers(&layer.weights, &w)?;
        match transposed {
            true => values.extend((0..rows).flat_map(|row| w.iter().skip(row).step_by(rows))),
            false => values.extend(w),
        }
        values.extend(numbers(&layer.bias, &b)?);
    }
    Ok((widths, values))
}

/// The moments of an optimiser, `moment1.W1`, … behind a prefix: as many sets as there are of W1, each of all tensors.
fn moments(tensors: &SafeTensors, network: &Network, prefix: &str) -> std::result::Result<Vec<f64>, String> {
    let mut values = Vec::new();
    for number in 1.. {
        match named(tensors, network, &format!("{prefix}{}", moment(number, "")))? {
            Some(more) => values.extend(more),
            None => break,
        }
    }
    Ok(values)
}

/// The values of a network's tensors with this before their names; none if there is no such W1.
fn named(tensors: &SafeTensors, network: &Network, prefix: &str) -> std::result::Result<Option<Vec<f64>>, String> {
    if tensors.tensor(&format!("{prefix}W1")).is_err() {
        return Ok(None);
    }
    let mut values = Vec::new();
    for tensor in network.layout().tensors() {
        let name = format!("{prefix}{}", tensor.name());
        let found = tensors.tensor(&name).map_err(|_| format!("lacks the tensor {name}"))?;
        if found.shape() != [tensor.rows, tensor.columns] {
            let (there, wanted) = (found.shape(), [tensor.rows, tensor.columns]);
            return Err(format!("has {name} of shape {there:?}, not {wanted:?}"));
        }
        values.extend(numbers(&name, &found)?);
    }
    Ok(Some(values))
}

/// The values of a tensor, each of which it can hold.
pub fn numbers(name: &str, tensor: &TensorView) -> std::result::Result<Vec<f64>, String> {
    let values = any_numbers(tensor).ok_or_else(|| {
        let other = tensor.dtype();
        format!("has {name} of type {other:?}, not F16, BF16, F32 or F64")
    })?;
    match values.iter().position(|value| !can_hold(name, *value)) {
        Some(at) => Err(format!("has {} as element {at} of {name}, which no network can have", values[at])),
        None => Ok(values),
    }
}

/// The values of a tensor of floating-point numbers, whatever they are; none of another.
pub(super) fn any_numbers(tensor: &TensorView) -> Option<Vec<f64>> {
    let data = tensor.data();
    let halves = || data.as_chunks::<2>().0.iter().copied();
    Some(match tensor.dtype() {
        Dtype::F16 => halves().map(|bytes| f16::from_le_bytes(bytes).to_f64()).collect(),
        Dtype::BF16 => halves().map(|bytes| bf16::from_le_bytes(bytes).to_f64()).collect(),
        Dtype::F32 => data.as_chunks::<4>().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect(),
        Dtype::F64 => data.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        _ => return None,
    })
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
