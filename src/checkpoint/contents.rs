//! What a safetensors file holds, as it says itself: the tensors and the metadata, for people to read.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::SafeTensors;
use serde::Serialize;
use serde_json::Value;

use super::{KEY, weights};
use crate::{Error, Result};

/// The tensors and the metadata of a file, whatever they are; it need hold no network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contents {
    /// The tensors by their names.
    pub tensors: BTreeMap<String, TensorOf>,
    /// The number of elements of all tensors.
    pub parameters: usize,
    /// The metadata. That of planar, under `planar`, is the state of a run: settings, costs, and all else that it holds,
    /// but of the curve for pictures only how long it is.
    pub metadata: BTreeMap<String, Value>,
}

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TensorOf {
    /// The type of its elements in the format's words, such as `F32`.
    pub dtype: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

impl Contents {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::Checkpoint`] if it is not a safetensors file.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(path, &crate::files::read(path)?)
    }

    /// [`read`](Self::read) of a file's bytes; `path` is for errors.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if it is not a safetensors file.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let refuse = |error| Error::Checkpoint { path: path.into(), problem: weights::said(&error) };
        let tensors = SafeTensors::deserialize(bytes).map_err(refuse)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(refuse)?;
        let of = |view: &safetensors::tensor::TensorView| TensorOf {
            dtype: format!("{:?}", view.dtype()),
            shape: view.shape().to_vec(),
        };
        let read = |(key, text): (&String, &String)| {
            // what does not read is shown as the text that it is
            let value: Option<Value> =
                Some(text).filter(|_| key == KEY).and_then(|text| serde_json::from_str(text).ok());
            (key.clone(), value.map_or_else(|| text.clone().into(), readable))
        };
        Ok(Self {
            parameters: tensors.iter().map(|(_, view)| view.shape().iter().product::<usize>()).sum(),
            tensors: tensors.iter().map(|(name, view)| (name.to_owned(), of(&view))).collect(),
            metadata: header.metadata().iter().flatten().map(read).collect(),
        })
    }
}

/// The state of a run without the hundreds of costs that only a picture needs.
fn readable(mut state: Value) -> Value {
    if let Some(count) = state["curve"]["costs"].as_array().map(Vec::len) {
        state["curve"]["costs"] = format!("{count} costs").into();
    }
    state
}
