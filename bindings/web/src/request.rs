//! What the page asks for.

use planar::{Error, Result};
use serde::Deserialize;

use crate::samples::Brought;
use crate::settings::Settings;

/// What several networks differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vary {
    /// The seed of the initial weights.
    Seed,
    /// The learning rate.
    Rate,
}

/// A request with all that comes with it.
pub enum Request {
    /// Opens an experiment; samples of one's own are kept from one to the next.
    Open { settings: Settings, brought: Option<Brought> },
    /// Trains to the end.
    Play,
    /// Trains no further.
    Pause,
    /// Trains for so many iterations.
    Step { iterations: u64 },
    /// Goes back to the initial weights.
    Reset,
    /// Trains so fast, or as fast as the device can.
    Pace { per_second: Option<f64> },
    /// Shows so much.
    View { grid: usize, units: usize, layer: usize },
    /// Finds out why the training fails.
    Why,
    /// Compares the device with the reference.
    Compare { iterations: u64 },
    /// Trains several networks side by side.
    Many { vary: Vary, count: usize, grid: usize },
    /// Goes back to the one network.
    One,
    /// Makes a checkpoint.
    Save,
    /// Opens a checkpoint.
    Load { name: String, bytes: Vec<u8> },
    /// Makes a table of the costs.
    Costs,
    /// Destroys the GPU, for tests.
    Lose,
}

/// A request as it is written. Fields that no request has are no error, as the page numbers its requests.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum Written {
    Open {
        #[serde(default)]
        settings: Settings,
        #[serde(default)]
        table: Option<Table>,
        #[serde(default)]
        bounds: Option<[f64; 4]>,
    },
    Play,
    Pause,
    Step {
        #[serde(default = "one")]
        iterations: u64,
    },
    Reset,
    Pace {
        #[serde(default)]
        per_second: Option<f64>,
    },
    View {
        #[serde(default)]
        grid: usize,
        #[serde(default)]
        units: usize,
        #[serde(default)]
        layer: usize,
    },
    Why,
    Compare {
        #[serde(default = "compared")]
        iterations: u64,
    },
    Many {
        #[serde(default = "seed")]
        vary: Vary,
        #[serde(default = "sixteen")]
        count: usize,
        #[serde(default = "cells")]
        grid: usize,
    },
    One,
    Save,
    Load {
        #[serde(default)]
        name: String,
    },
    Costs,
    Lose,
}

#[derive(Deserialize)]
struct Table {
    name: String,
    #[serde(default)]
    label: Option<String>,
}

fn one() -> u64 {
    1
}

fn compared() -> u64 {
    200
}

fn seed() -> Vary {
    Vary::Seed
}

fn sixteen() -> usize {
    16
}

fn cells() -> usize {
    40
}

/// Reads a request, beside which come points or the bytes of a file.
///
/// # Errors
/// [`Error::Mismatch`] if it does not read.
pub fn read(text: &str, points: Option<Vec<f32>>, bytes: Option<Vec<u8>>) -> Result<Request> {
    let written: Written = serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        // where in the text it is helps nobody who did not write it
        Error::Mismatch(said.split(" at line ").next().unwrap_or(&said).to_owned())
    })?;
    Ok(match written {
        Written::Open { settings, table, bounds } => {
            let brought = match (table, bytes, points) {
                (Some(table), Some(bytes), _) => {
                    Some(Brought { table: Some((table.name, bytes, table.label)), ..Brought::default() })
                }
                (_, _, Some(points)) => Some(Brought { points, bounds, table: None }),
                _ => None,
            };
            Request::Open { settings, brought }
        }
        Written::Play => Request::Play,
        Written::Pause => Request::Pause,
        Written::Step { iterations } => Request::Step { iterations },
        Written::Reset => Request::Reset,
        Written::Pace { per_second } => Request::Pace { per_second },
        Written::View { grid, units, layer } => Request::View { grid, units, layer },
        Written::Why => Request::Why,
        Written::Compare { iterations } => Request::Compare { iterations },
        Written::Many { vary, count, grid } => Request::Many { vary, count, grid },
        Written::One => Request::One,
        Written::Save => Request::Save,
        Written::Load { name } => Request::Load { name, bytes: bytes.unwrap_or_default() },
        Written::Costs => Request::Costs,
        Written::Lose => Request::Lose,
    })
}
