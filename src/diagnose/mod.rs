//! Why a training goes wrong, and what would mend it.
//!
//! The run is trained on its device and replayed on the `f64` reference, which names the first element of each tensor that
//! is not finite and the operation that made it. Start, data, units and the gradients of each layer are looked at, and the
//! best that a constant and a linear model reach ([`DataLook`], [`Linear`], [`UnitsLook`], [`LayerNorms`]). All of it is
//! plain numbers, from which `verdict.rs` lists suspects. A change that would undo a suspect's doing is trained, on the same
//! device, before it is advised: it convicts the suspect if it is much better than the run. [`Cause`] lists what is told
//! apart.

mod because;
mod broken;
mod cause;
mod change;
mod data;
mod digits;
mod evidence;
mod instead;
mod linear;
mod norms;
mod on_device;
mod rate;
mod remedies;
mod replay;
mod softmax;
mod standard;
mod trials;
mod units;
mod verdict;
mod words;

use std::ops::ControlFlow;
use std::time::Duration;

use serde::Serialize;
use web_time::Instant;

use crate::Result;
use crate::backend::Run;
use crate::data::Dataset;
use crate::fit::{Chosen, DeviceSettings};
use crate::gradcheck::{self, GradientCheck};
use crate::model::{InitScale, Network};
use crate::train::CostAt;
pub use broken::Broken;
pub use cause::Cause;
pub use change::Change;
pub use data::{DataLook, Fault, FeatureFault};
use evidence::Evidence;
pub use instead::{Stopped, examine_file, examine_without, stopped};
pub use linear::Linear;
pub use norms::{LayerNorms, NormsAt};
pub use on_device::{DeviceRun, activations_all_nan};
pub use rate::rounded;
pub use replay::{DeadUnits, Replay, replay};
use standard::standardised;
use trials::Bench;
pub use trials::Trial;
pub use units::{LayerLook, UnitsLook};

/// The hidden units of the network that is checked instead of one too large for a gradient check.
const NARROWER: usize = 100;
/// The most samples on which gradients are checked.
const CHECKED_SAMPLES: usize = 400;
/// The fewest, where the network is large.
const FEWEST_CHECKED: usize = 20;
/// The most multiply-adds of a gradient check, which takes two forward passes a parameter: about a second's work.
const CHECKED_WORK: usize = 400_000_000;
/// As many runs as what is tried may take the time of.
const PER_RUN: u32 = 4;
/// The share of the patience that the replay takes.
const REPLAY: u32 = 4;
/// The most time that it takes.
const LONGEST_REPLAY: Duration = Duration::from_secs(10);

/// What is diagnosed.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The samples that are trained on.
    pub data: &'a Dataset,
    /// The samples that are held out, if there are any.
    pub held_out: Option<&'a Dataset>,
    /// The network, its start and its learning rate.
    pub run: &'a Run,
    /// Iterations of gradient descent.
    pub iterations: u64,
}

/// How far a diagnosis is.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The run trains on its device.
    Training(CostAt),
    /// Changed runs are tried.
    Trying {
        /// Updates done by each.
        iteration: u64,
        /// Updates to do.
        of: u64,
        /// How many of them have ended, and how many there are.
        networks: [u64; 2],
    },
}

/// Who is told how far a diagnosis is, and may break it off.
pub type Listen<'a> = &'a mut dyn FnMut(Step) -> ControlFlow<()>;

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The cause.
    pub cause: Cause,
    /// In plain words, in a line.
    pub verdict: String,
    /// The numbers that show it, a line each.
    pub because: Vec<String>,
    /// Everything that was tried, in its order.
    pub trials: Vec<Trial>,
    /// Of that what helps most, if anything helps.
    pub remedy: Option<Trial>,
    /// Whether time ran out before all was tried.
    pub trials_out_of_time: bool,
    /// The gradient check at weights of scale 1, on standardised features if they are badly scaled, and with one hidden
    /// layer of 100 units if the network is too large; none if the cost is not finite there.
    pub gradients: Option<GradientCheck>,
    /// The hidden layers of the network whose gradients were checked.
    pub checked_hidden: Vec<usize>,
    /// The replay in `f64`.
    pub replay: Replay,
    /// The run on the device.
    pub device: Option<DeviceRun>,
    /// What the samples alone tell.
    pub data: DataLook,
    /// What a linear model reaches; none if the data are too large for it.
    pub linear: Option<Linear>,
    /// The units and the gradient over the run, from the start on.
    pub units: Vec<UnitsLook>,
    /// The largest |x| of the data.
    pub largest_feature: f64,
    /// The largest learning rate that was tried and trains, if the one given is too large.
    pub largest_rate: Option<f64>,
    /// Whether the search for it ran out of time; none if there was no search.
    pub rate_search_out_of_time: Option<bool>,
}

/// Diagnoses a run of `iterations`, on a device that has loaded it or on the CPU. The replay and what is tried take no
/// longer than `patience` or, if that is longer, than four times the run itself.
///
/// # Errors
/// Those of [`examine`].
///
/// ```
/// use std::time::Duration;
/// use planar::backend::Run;
/// use planar::data::flower;
/// use planar::diagnose::{Cause, diagnose};
/// use planar::model::{Network, Parameters};
///
/// let network = Network::one_hidden(2, 4, "relu".parse()?)?.with_backward("tanh".parse()?);
/// let run = Run::initial(network, 2, 0.01, 1.2);
/// let diagnosis = diagnose(&flower(400, 1)?, &run, 100, None, Duration::from_secs(5))?;
/// assert_eq!(diagnosis.cause, Cause::WrongDerivative);
/// assert_eq!(diagnosis.replay.cost_above_one, Some(43));
/// # Ok::<(), planar::Error>(())
/// ```
pub fn diagnose(
    data: &Dataset,
    run: &Run,
    iterations: u64,
    device: Option<Chosen>,
    patience: Duration,
) -> Result<Diagnosis> {
    let case = Case { data, held_out: None, run, iterations };
    let diagnosis = examine(&case, device, patience, &mut |_| ControlFlow::Continue(()))?;
    diagnosis.ok_or_else(|| crate::Error::Mismatch("a diagnosis that nobody broke off has ended early".into()))
}

/// [`diagnose`], told on the way to `listen`; none if it breaks.
///
/// # Errors
/// Those of [`gradcheck::check`] except for a cost that is not finite, and those of the backend and its sessions.
pub fn examine(
    case: &Case<'_>,
    device: Option<Chosen>,
    patience: Duration,
    listen: Listen<'_>,
) -> Result<Option<Diagnosis>> {
    let case = &Case { iterations: case.iterations.max(1), ..*case };
    let Case { data, run, iterations, .. } = *case;
    crate::backend::check_runs(data, std::slice::from_ref(run))?;
    let on_cpu = || Chosen::load(DeviceSettings::default().cpu()?, data, std::slice::from_ref(run));
    let Chosen { backend, mut session, .. } = device.map_or_else(on_cpu, Ok)?;
    let begun = Instant::now();
    let Some(watched) = on_device::watch(backend.as_ref(), session.as_mut(), case, &mut *listen)? else {
        return Ok(None);
    };
    drop(session);
    let own = begun.elapsed();
    let patience = patience.max(own.saturating_mul(PER_RUN));
    let of_replay = (patience / REPLAY).min(LONGEST_REPLAY);
    let seen = DataLook::new(data, &run.network);
    let (gradients, checked_hidden) = check_gradients(data, &seen, &run.network)?;
    let replay = replay_of(case, &watched.run, watched.there, of_replay)?;
    let seen = Evidence {
        run,
        data: seen,
        samples: data.samples(),
        are_numbers: data.targets().are_numbers(),
        tested: case.held_out.map_or(0, Dataset::samples),
        linear: linear::linear(data, &run.network),
        gradients,
        replay,
        device: watched.run,
        looks: watched.looks,
    };
    let left = patience.saturating_sub(of_replay);
    let mut bench = Bench::new(case, backend.as_ref(), [left, own], seen.unit(), listen);
    let (cause, changes) = verdict::decide(&seen, &mut bench)?;
    if bench.is_interrupted {
        return Ok(None);
    }
    let (trials, out_of_time) = (bench.trials, bench.out_of_time);
    let remedy = changes.and_then(|changes| trials.iter().find(|trial| trial.changes == changes).cloned());
    let rate_of = |trial: &Trial| match trial.changes[..] {
        [Change::LearningRate(rate)] if trial.helps && rate < run.learning_rate => Some(rate),
        _ => None,
    };
    let was_searched = matches!(cause, Cause::LearningRateTooLarge | Cause::BadlyScaledData);
    Ok(Some(Diagnosis {
        cause,
        verdict: words::verdict(cause, &seen, &checked_hidden, iterations),
        because: because::because(cause, &seen),
        remedy,
        trials_out_of_time: out_of_time,
        largest_feature: data.inputs().iter().fold(0.0_f64, |largest, x| largest.max(x.abs())),
        largest_rate: trials.iter().filter_map(rate_of).reduce(f64::max).filter(|_| was_searched),
        rate_search_out_of_time: was_searched.then_some(out_of_time),
        trials,
        gradients: seen.gradients,
        checked_hidden,
        replay: seen.replay,
        device: Some(seen.device),
        data: seen.data,
        linear: seen.linear,
        units: seen.looks,
    }))
}

/// The gradient check, and the hidden layers of the network that was checked.
fn check_gradients(data: &Dataset, seen: &DataLook, network: &Network) -> Result<(Option<GradientCheck>, Vec<usize>)> {
    let few = data.evenly(CHECKED_SAMPLES)?;
    // g′ is right or wrong whatever the data, but on large features rounding could suggest otherwise
    let few = if seen.is_badly_scaled() { standardised(&few, None)?.0 } else { few };
    let most = |of: &Network| CHECKED_WORK / of.layout().parameters().saturating_pow(2).saturating_mul(2).max(1);
    let is_small = network.layout().parameters() <= gradcheck::MAX_PARAMETERS && few.samples() <= most(network);
    let checked = if is_small { network.clone() } else { narrower(network, |of| most(of) >= FEWEST_CHECKED)? };
    // of many inputs and outputs fewer samples tell as much
    let few = if is_small { few } else { few.evenly(most(&checked).max(FEWEST_CHECKED))? };
    // the wider a layer below, the smaller the weights that saturate no unit
    let scale = if checked.hidden().len() > 1 { InitScale::XAVIER } else { InitScale::Fixed(1.0) };
    let start = Run::initial(checked.clone(), 2, scale, 1.0);
    match gradcheck::check(&few, &start) {
        Ok(check) => Ok((Some(check), checked.hidden().to_vec())),
        Err(crate::Error::Invalid { .. }) => Ok((None, checked.hidden().to_vec())),
        Err(error) => Err(error),
    }
}

/// The network with one hidden layer, narrow enough to be checked.
fn narrower(network: &Network, is_narrow: impl Fn(&Network) -> bool) -> Result<Network> {
    let (mut units, fewest) = (NARROWER.min(network.hidden()[0]), 2);
    loop {
        let one = Network::one_hidden(network.inputs(), units, network.activation())?;
        let one = one.with_output(network.output(), network.outputs())?;
        if units <= fewest || is_narrow(&one) {
            return Ok(network.derivative().borrowed.into_iter().fold(one, Network::with_backward));
        }
        units = (units / 2).max(fewest);
    }
}

/// The replay in `f64`: from the device's last finite weights, if it diverged beyond what patience reaches.
fn replay_of(case: &Case<'_>, device: &DeviceRun, last: Option<Run>, patience: Duration) -> Result<Replay> {
    let replayed = replay(case.data, case.run, 0, case.iterations, patience)?;
    match last {
        Some(there)
            if device.diverged.is_some() && replayed.diverged().is_none() && device.last_finite > replayed.last =>
        {
            replay(case.data, &there, device.last_finite, case.iterations, patience)
        }
        _ => Ok(replayed),
    }
}
