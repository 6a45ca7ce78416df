//! What the page asks for.

use planar::{Error, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::samples::Brought;
use crate::settings::Settings;

/// What several networks differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vary {
    /// The seed of the initial weights.
    Seed,
    /// The learning rate.
    Rate,
}

/// A request with all that comes with it.
pub enum Request {
    /// Opens an experiment; samples of one's own are kept from one to the next.
    Open { settings: Box<Settings>, brought: Option<Brought> },
    /// Trains to the end.
    Play,
    /// Trains no further.
    Pause,
    /// Trains for this many iterations.
    Step { iterations: u64 },
    /// Goes back to the initial weights.
    Reset,
    /// Trains so fast, or as fast as the device can.
    Pace { per_second: Option<f64> },
    /// Shows so much.
    View { grid: usize, units: usize, layer: usize },
    /// Finds out why the training fails; or, of what another module trains, of these settings and samples, and whether a GPU
    /// trains them.
    Why { other: Option<(Box<Settings>, Brought, bool)> },
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

/// Reads settings, and the samples that come with them.
fn opened(
    written: &mut Value,
    points: Option<Vec<f32>>,
    bytes: Option<Vec<u8>>,
) -> Result<(Box<Settings>, Option<Brought>)> {
    let settings = match written["settings"].take() {
        Value::Null => Settings::default(),
        settings => Settings::deserialize(settings).map_err(|error| Error::Mismatch(error.to_string()))?,
    };
    let table = &written["table"];
    let brought = match (words(&table["name"]), bytes, points) {
        (Some(name), Some(bytes), _) => {
            Some(Brought { table: Some((name, bytes, words(&table["label"]))), ..Brought::default() })
        }
        (_, _, Some(points)) => {
            let bounds = written["bounds"].as_array().map(|bounds| bounds.iter().filter_map(Value::as_f64));
            let bounds = bounds.and_then(|bounds| bounds.collect::<Vec<f64>>().try_into().ok());
            Some(Brought { points, bounds, table: None })
        }
        _ => None,
    };
    Ok((Box::new(settings), brought))
}

fn words(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Reads a request, beside which come points or the bytes of a file. Fields that it does not have are ignored, but those of
/// the settings.
///
/// # Errors
/// [`Error::Mismatch`] if it does not read.
pub fn read(text: &str, points: Option<Vec<f32>>, bytes: Option<Vec<u8>>) -> Result<Request> {
    let mut written: Value = serde_json::from_str(text).map_err(|error| Error::Mismatch(error.to_string()))?;
    let number = |name: &str, usual: u64| match &written[name] {
        Value::Null => Ok(usual),
        value => value.as_u64().ok_or_else(|| Error::Mismatch(format!("{name} must be a whole number, not {value}"))),
    };
    let count = |name: &str, usual: u64| number(name, usual).map(|value| usize::try_from(value).unwrap_or(usize::MAX));
    Ok(match written["do"].as_str().unwrap_or_default() {
        "open" => {
            let (settings, brought) = opened(&mut written, points, bytes)?;
            Request::Open { settings, brought }
        }
        "play" => Request::Play,
        "pause" => Request::Pause,
        "step" => Request::Step { iterations: number("iterations", 1)? },
        "reset" => Request::Reset,
        "pace" => Request::Pace { per_second: written["perSecond"].as_f64() },
        "view" => Request::View { grid: count("grid", 0)?, units: count("units", 0)?, layer: count("layer", 0)? },
        "why" => {
            let on_gpu = written["onGpu"].as_bool();
            let of = |on_gpu| {
                opened(&mut written, points, bytes)
                    .map(|(settings, brought)| (settings, brought.unwrap_or_default(), on_gpu))
            };
            Request::Why { other: on_gpu.map(of).transpose()? }
        }
        "compare" => Request::Compare { iterations: number("iterations", 200)? },
        "many" => {
            let vary = match written["vary"].as_str() {
                None | Some("seed") => Vary::Seed,
                Some("rate") => Vary::Rate,
                Some(other) => {
                    return Err(Error::invalid("what networks differ in", "seed or rate", format_args!("'{other}'")));
                }
            };
            Request::Many { vary, count: count("count", 16)?, grid: count("grid", 40)? }
        }
        "one" => Request::One,
        "save" => Request::Save,
        "load" => Request::Load { name: words(&written["name"]).unwrap_or_default(), bytes: bytes.unwrap_or_default() },
        "costs" => Request::Costs,
        "lose" => Request::Lose,
        other => return Err(Error::Mismatch(format!("there is no request '{other}'"))),
    })
}
