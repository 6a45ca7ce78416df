//! Whether a step is right at sizes in use, and how long the first one takes to come.

use serde::Serialize;
use web_time::Instant;

use super::{Deadline, TOO_LATE};
use crate::Result;
use crate::backend::{Backend, Run};
use crate::compare::{Bounds, compare_step};
use crate::cpu::Reference;
use crate::data::flower;
use crate::gpu::{Adapter, Gpu};
use crate::measure;
use crate::model::Network;

/// Hidden units, samples and activation of the steps that are compared.
const STEPS: [(usize, usize, &str); 4] =
    [(4, 400, "tanh"), (40, 400, "leaky-relu"), (277, 400, "leaky-relu"), (1024, 10_000, "tanh")];
/// The sizes that are set up.
const SET_UPS: [(usize, usize, &str); 2] = [(4, 400, "tanh"), (277, 400, "leaky-relu")];

/// One step from the same weights as the `f64` reference, with the plan that `auto` takes.
#[derive(Clone, Debug, Serialize)]
pub struct Agreement {
    /// Hidden units.
    pub hidden: usize,
    /// Samples.
    pub samples: usize,
    /// The activation.
    pub activation: String,
    /// Whether every element keeps its bound, 1e-5·Σ|terms| + 1e-9; none if it was not compared.
    pub agrees: Option<bool>,
    /// The largest difference as a share of Σ|terms|, over all tensors.
    pub worst: Option<f64>,
    /// The tensor in which it was found.
    pub tensor: Option<String>,
    /// Why it could not be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why it was not compared, though nothing failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
}

/// From nothing to the end of the first iteration, with the plan that `auto` takes.
#[derive(Clone, Debug, Serialize)]
pub struct SetUp {
    /// Hidden units.
    pub hidden: usize,
    /// Samples.
    pub samples: usize,
    /// The activation.
    pub activation: String,
    /// Milliseconds with the adapter to be opened and the kernels to be compiled. The driver may have them on the disk.
    pub cold_ms: Option<f64>,
    /// Milliseconds once more on the same opened adapter.
    pub warm_ms: Option<f64>,
    /// Why it could not be measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

pub(super) fn agreement(gpu: &Gpu, deadline: Deadline) -> Vec<Agreement> {
    let step = |(hidden, samples, activation): (usize, usize, &str)| {
        let compared = deadline.before(|| {
            let data = flower(samples, 1)?;
            let run = run(hidden, activation, 2)?;
            // both sides start from what f32 holds
            let run = Run { parameters: run.parameters.cast::<f32>().cast(), ..run };
            compare_step([&Reference::<f64>::new(), gpu], &data, &run, 0, Bounds::F32_TO_F64)
        });
        let mut found = Agreement {
            hidden,
            samples,
            activation: activation.into(),
            agrees: None,
            worst: None,
            tensor: None,
            error: None,
            skipped: None,
        };
        match compared {
            Ok(step) => {
                found.agrees = Some(step.agrees());
                let worst = step.differences.into_iter().max_by(|a, b| a.scaled.total_cmp(&b.scaled));
                (found.worst, found.tensor) = worst.map(|worst| (worst.scaled, worst.tensor)).unzip();
            }
            Err(said) if said == TOO_LATE => found.skipped = Some(said),
            Err(said) => found.error = Some(said),
        }
        found
    };
    STEPS.map(step).into()
}

/// Opens the adapter anew for each size, and returns it as it was opened last.
pub(super) fn set_up(adapter: &Adapter) -> Result<(Gpu, Vec<SetUp>)> {
    let (_, small) = first_iterations(adapter, SET_UPS[0])?;
    let (gpu, wide) = first_iterations(adapter, SET_UPS[1])?;
    Ok((gpu, vec![small, wide]))
}

/// How long the first iteration takes on an adapter that is not open, and again now that it is.
fn first_iterations(adapter: &Adapter, (hidden, samples, activation): (usize, usize, &str)) -> Result<(Gpu, SetUp)> {
    let (data, runs) = (flower(samples, 1)?, [run(hidden, activation, 2)?]);
    let begun = Instant::now();
    let gpu = Gpu::open(adapter)?;
    let until_done = |begun: Instant| -> Result<f64> {
        let mut session = gpu.load(&data, &runs)?;
        session.advance(1)?;
        session.collect()?;
        Ok(1e3 * begun.elapsed().as_secs_f64())
    };
    let times = until_done(begun).and_then(|cold| Ok([cold, until_done(Instant::now())?]));
    let (times, error) = match times {
        Ok(times) => (times.map(Some), None),
        Err(error) => ([None; 2], Some(error.to_string())),
    };
    let [cold_ms, warm_ms] = times;
    Ok((gpu, SetUp { hidden, samples, activation: activation.into(), cold_ms, warm_ms, error }))
}

/// A network of one hidden layer at its start.
pub(super) fn run(hidden: usize, activation: &str, seed: u32) -> Result<Run> {
    Ok(measure::run(&Network::one_hidden(2, hidden, activation.parse()?)?, seed))
}
