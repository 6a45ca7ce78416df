//! Why a training goes wrong: the gradient check, a replay on the `f64` reference that names the first element of each
//! tensor that is not finite and the operation that made it, dead units, the scale of the data, and the largest
//! learning rate that trains.

mod broken;
mod on_device;
mod rate;
mod replay;

use std::time::Duration;

use serde::Serialize;

use crate::Result;
use crate::backend::Run;
use crate::data::Dataset;
use crate::gradcheck::{self, GradientCheck};
use crate::model::Network;
pub use broken::Broken;
pub use on_device::{activations_all_nan, on_device};
pub use rate::{LargestRate, largest_rate, round_down};
pub use replay::{DeadUnits, Replay, replay};

/// A feature beyond this is badly scaled: with the notebook's initial weights, its Z1 lies far outside the bend of any
/// activation.
const LARGE_FEATURE: f64 = 100.0;
/// The hidden units of the network that is checked instead of one too large for a gradient check.
const NARROWER: usize = 100;

/// What is wrong, most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The backward pass is not the derivative of the forward pass.
    WrongDerivative,
    /// Features of a size that no learning rate suits.
    BadlyScaledData,
    /// Gradient descent overshoots until numbers overflow, or ends at a cost above the initial one.
    LearningRateTooLarge,
    /// ReLU units that fire on no sample and so no longer learn.
    DeadUnits,
    /// σ rounds to 0 or 1: the notebook's formula is NaN, the cost from the logit is not, and training is healthy.
    SaturatedCost,
    /// Nothing found.
    Healthy,
}

/// How the chosen device's training ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceRun {
    /// What computed.
    pub name: String,
    /// The first iteration that was not finite; none if all were.
    pub diverged: Option<u64>,
    /// The iteration of the last weights that are known to be finite.
    pub last_finite: u64,
    /// The first iteration at which all of A1 is NaN; none if that did not happen.
    pub activations_all_nan: Option<u64>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The cause.
    pub cause: Cause,
    /// In plain words, with what to do about it.
    pub verdict: String,
    /// The gradient check at weights of scale 1, on standardised features if they are large, and with one hidden
    /// layer of 100 units if the network is too large; none if the cost is not finite there.
    pub gradients: Option<GradientCheck>,
    /// The hidden layers of the network whose gradients were checked.
    pub checked_hidden: Vec<usize>,
    /// The replay in `f64`.
    pub replay: Replay,
    /// The chosen device.
    pub device: Option<DeviceRun>,
    /// The largest |x| of the data.
    pub largest_feature: f64,
    /// The largest learning rate found that trains for as long, if the one given does not.
    pub largest_rate: Option<f64>,
    /// Whether the search for it ran out of time; none if there was no search.
    pub rate_search_out_of_time: Option<bool>,
}

/// Diagnoses a run of `iterations`, in about `patience` for the replay and as much again for the learning rate.
/// `device` is how the device's run ended, with its last finite weights: the replay starts from them if replaying from
/// the beginning would take longer than `patience`.
///
/// # Errors
/// Those of [`gradcheck::check`] except for a cost that is not finite, and those of the sessions.
///
/// ```
/// use std::time::Duration;
/// use planar::backend::Run;
/// use planar::data::flower;
/// use planar::diagnose::{Cause, diagnose};
/// use planar::model::{Network, Parameters};
///
/// let network = Network::one_hidden(2, 4, "relu".parse()?)?.with_backward("tanh".parse()?);
/// let run = Run { parameters: Parameters::initial(&network, 2, 0.01), network, learning_rate: 1.2 };
/// let diagnosis = diagnose(&flower(400, 1)?, &run, 100, None, Duration::from_secs(5))?;
/// assert_eq!(diagnosis.cause, Cause::WrongDerivative);
/// assert_eq!(diagnosis.replay.cost_above_one, Some(43));
/// # Ok::<(), planar::Error>(())
/// ```
pub fn diagnose(
    data: &Dataset,
    run: &Run,
    iterations: u64,
    device: Option<(DeviceRun, Option<crate::model::Parameters>)>,
    patience: Duration,
) -> Result<Diagnosis> {
    let largest_feature = data.inputs().iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    let is_large = largest_feature > LARGE_FEATURE;
    // g′ is right or wrong whatever the data, but on large features rounding could suggest otherwise
    let standard = if is_large { Some(standardised(data)?) } else { None };
    let network = checked(&run.network)?;
    let checked_hidden = network.hidden().to_vec();
    let gradients = match gradcheck::check(standard.as_ref().unwrap_or(data), &gradcheck::start(&network, 2)) {
        Ok(check) => Some(check),
        Err(crate::Error::Invalid { .. }) => None,
        Err(error) => return Err(error),
    };
    let (device, weights) = device.map_or((None, None), |(device, weights)| (Some(device), weights));
    let mut replayed = replay(data, run, 0, iterations, patience)?;
    if let (Some(DeviceRun { diverged: Some(_), last_finite, .. }), Some(parameters)) = (&device, weights)
        && replayed.diverged().is_none()
        && *last_finite > replayed.last
    {
        let there = Run { parameters, ..run.clone() };
        replayed = replay(data, &there, *last_finite, iterations, patience)?;
    }
    let wrong = gradients.as_ref().is_some_and(|check| !check.passed);
    let diverged = replayed.diverged().or(device.as_ref().and_then(|device| device.diverged));
    let cause = match diverged {
        _ if wrong => Cause::WrongDerivative,
        Some(_) if is_large => Cause::BadlyScaledData,
        Some(_) => Cause::LearningRateTooLarge,
        None if replayed.rises() && is_large => Cause::BadlyScaledData,
        None if replayed.rises() => Cause::LearningRateTooLarge,
        None if replayed.dead.as_ref().is_some_and(|dead| dead.units > 0) => Cause::DeadUnits,
        None if replayed.notebook_nan.or(replayed.notebook_nan_f32).is_some() => Cause::SaturatedCost,
        None if is_large => Cause::BadlyScaledData,
        None => Cause::Healthy,
    };
    let largest_rate = match cause {
        Cause::LearningRateTooLarge | Cause::BadlyScaledData if diverged.is_some() || replayed.rises() => {
            largest_rate(data, run, iterations, patience)?
        }
        _ => None,
    };
    let mut diagnosis = Diagnosis {
        cause,
        verdict: String::new(),
        gradients,
        checked_hidden,
        replay: replayed,
        device,
        largest_feature,
        largest_rate: largest_rate.and_then(|found| found.rate),
        rate_search_out_of_time: largest_rate.map(|found| found.out_of_time),
    };
    diagnosis.verdict = diagnosis.in_words(run);
    Ok(diagnosis)
}

/// The network whose gradients are checked: a narrower one with the same derivative if two forward passes per parameter
/// would take too long.
fn checked(network: &Network) -> Result<Network> {
    if network.layout().parameters() <= gradcheck::MAX_PARAMETERS {
        return Ok(network.clone());
    }
    let narrower = Network::one_hidden(network.inputs(), NARROWER, network.activation())?;
    Ok(network.derivative().borrowed.into_iter().fold(narrower, Network::with_backward))
}

/// (x − mean) / deviation, feature by feature; a constant feature becomes 0.
fn standardised(data: &Dataset) -> Result<Dataset> {
    let m = data.samples();
    let mut points = vec![0.0; data.inputs().len()];
    for (f, row) in data.inputs().chunks_exact(m).enumerate() {
        let mean = row.iter().sum::<f64>() / m as f64;
        let deviation = (row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / m as f64).sqrt();
        for (s, x) in row.iter().enumerate() {
            points[s * data.features() + f] = if deviation > 0.0 { (x - mean) / deviation } else { 0.0 };
        }
    }
    Dataset::from_points(data.name(), data.seed(), data.features(), &points, data.labels().to_vec())
}

impl Diagnosis {
    fn in_words(&self, run: &Run) -> String {
        let (rate, derivative) = (run.learning_rate, run.network.derivative());
        let at = self.replay.diverged().or(self.device.as_ref().and_then(|device| device.diverged));
        let smaller = match self.largest_rate {
            Some(largest) => {
                let rate = round_down(largest);
                let time = if self.rate_search_out_of_time == Some(true) { " before time ran out" } else { "" };
                format!("; {rate} is the largest learning rate found that trains as long{time}")
            }
            None => match self.rate_search_out_of_time {
                Some(true) => "; time ran out before a learning rate was found that trains as long".into(),
                Some(false) => "; no learning rate was found that trains as long".into(),
                None => String::new(),
            },
        };
        match self.cause {
            Cause::WrongDerivative => {
                let check = self.gradients.as_ref();
                let said = check.map_or(String::new(), |check| check.verdict(derivative));
                let g = derivative.activation;
                said + &format!(". Put {g}'s own derivative into dZ1 = W2ᵀ·dZ2 ∘ g′(Z1); no learning rate mends this.")
            }
            Cause::BadlyScaledData => {
                let largest = self.largest_feature;
                format!(
                    "features reach {largest:.3e}: subtract their mean and divide by their deviation first{smaller}."
                )
            }
            Cause::LearningRateTooLarge => {
                let how = match at {
                    Some(at) => format!("not finite from iteration {at} on"),
                    None => {
                        let Replay { first_cost, last_cost, .. } = self.replay;
                        format!("the cost rises from {first_cost:.4} to {last_cost:.4}")
                    }
                };
                format!("the learning rate {rate} is too large: {how}{smaller}.")
            }
            Cause::DeadUnits => {
                let dead = self.replay.dead.as_ref().map_or((0, 0), |dead| (dead.units, dead.since));
                let all = run.network.hidden()[0];
                let (dead, since) = dead;
                format!(
                    "{dead} of {all} units fire on no sample since iteration {since}: they learn nothing any more. A \
                     smaller learning rate, another seed or leaky-relu keeps them alive."
                )
            }
            Cause::SaturatedCost => {
                let (at, precision) = match (self.replay.notebook_nan, self.replay.notebook_nan_f32) {
                    (Some(at), _) => (at, "f64"),
                    (None, at) => (at.unwrap_or(0), "f32"),
                };
                format!(
                    "training is healthy: only the notebook's cost formula is NaN, from iteration {at} on in {precision}, \
                     where σ(Z2) rounds to 0 or 1. The cost from the logit, max(z, 0) − z·y + ln(1 + e^−|z|), is finite."
                )
            }
            Cause::Healthy => {
                let last = self.replay.last;
                let gradients = match &self.gradients {
                    None => "the gradients were not checked, but".to_owned(),
                    Some(_) if self.checked_hidden == run.network.hidden() => "the gradients are right and".into(),
                    Some(_) => format!("the gradients are right, checked with {NARROWER} hidden units, and"),
                };
                format!("nothing is wrong: {gradients} all is finite through iteration {last}.")
            }
        }
    }
}
