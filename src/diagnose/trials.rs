//! Changes to a run that are tried before they are advised: trained as the run was, on the same device.

use std::ops::ControlFlow;
use std::time::Duration;

use serde::Serialize;
use web_time::Instant;

use super::standard::standardised;
use super::{Case, Listen, Step};
use crate::Result;
use crate::backend::{Backend, Run, check_learning_rate};
use crate::cpu::evaluate_on;
use crate::data::Dataset;
use crate::model::{Activation, Network, Parameters};
use crate::train::{Event, Outcome, Schedule, Status, train, train_all};

/// The share of samples that nothing is learnt from, to see what holds for samples unseen.
const UNSEEN: f64 = 0.3;
/// The fewest of them that tell.
const FEWEST: usize = 12;
/// How much lower a cost is much lower: a tenth of that of knowing nothing of two classes.
const CHEAPER: f64 = 0.07;

/// One change to a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The features at mean 0 and deviation 1.
    Standardised,
    /// Another learning rate.
    LearningRate(f64),
    /// Random weights, with NumPy's seed and a factor on `randn`.
    Start {
        /// NumPy's seed.
        seed: u32,
        /// The factor.
        scale: f64,
    },
    /// Another number of units in each hidden layer; always with a [`Start`](Self::Start).
    Hidden(usize),
    /// Another g.
    Activation(#[serde(serialize_with = "by_name")] Activation),
    /// g's own derivative in the backward pass.
    OwnDerivative,
    /// Another number of iterations.
    Iterations(u64),
    /// The CPU in place of the device.
    OnCpu,
}

fn by_name<S: serde::Serializer>(g: &Activation, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.collect_str(g)
}

/// What a changed run reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// What was changed.
    pub changes: Vec<Change>,
    /// How it ended; interrupted if time ran out.
    pub status: Status,
    /// Updates done; if it diverged, until then.
    pub iterations: u64,
    /// The cost before the first update.
    pub first_cost: Option<f64>,
    /// The cost at the end; none if it diverged.
    pub cost: Option<f64>,
    /// The accuracy at the end; none if it diverged.
    pub accuracy: Option<f64>,
    /// The cost on the samples held out, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_cost: Option<f64>,
    /// The accuracy on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// Whether it is much better than the run.
    pub helps: bool,
}

/// Where changes are tried: a device, and the time that is left.
pub(super) struct Bench<'a> {
    case: &'a Case<'a>,
    backend: &'a dyn Backend,
    deadline: Option<Instant>,
    standard: Option<(Dataset, Option<Dataset>)>,
    listen: Listen<'a>,
    /// All that was tried.
    pub trials: Vec<Trial>,
    /// Whether time ran out before all was tried.
    pub out_of_time: bool,
    /// Whether the listener broke.
    pub is_interrupted: bool,
}

impl<'a> Bench<'a> {
    pub fn new(case: &'a Case<'a>, backend: &'a dyn Backend, patience: Duration, listen: Listen<'a>) -> Self {
        let deadline = Instant::now().checked_add(patience);
        Self {
            case,
            backend,
            deadline,
            standard: None,
            listen,
            trials: Vec::new(),
            out_of_time: false,
            is_interrupted: false,
        }
    }

    /// Tries each set of changes that was not tried before, those that can train side by side at once.
    pub fn try_all(&mut self, sets: &[Vec<Change>]) -> Result<()> {
        let mut left: Vec<&Vec<Change>> = Vec::new();
        for changes in sets {
            if !self.is_tried(changes) && !left.contains(&changes) {
                left.push(changes);
            }
        }
        while let Some(first) = left.first().copied() {
            let (together, apart) = left.into_iter().partition(|changes| are_alike(first, changes));
            self.train(together)?;
            left = apart;
        }
        Ok(())
    }

    /// What became of a set of changes.
    pub fn of(&self, changes: &[Change]) -> Option<&Trial> {
        self.trials.iter().find(|trial| trial.changes == changes)
    }

    /// Whether a set of changes does better on samples that it has not seen, and so has learnt no noise by heart: both the
    /// run and the changed one train on seven of ten samples, and are asked about the rest. True if there are too few.
    pub fn generalises(&mut self, changes: &[Change]) -> Result<bool> {
        let case = self.case;
        let Ok((data, rest)) = case.data.split(UNSEEN, 1) else { return Ok(true) };
        if rest.samples() < FEWEST || self.is_late() {
            return Ok(true);
        }
        let (standard, standard_rest) = standardised(&data, Some(&rest))?;
        let is_standard = changes.contains(&Change::Standardised);
        let (of_changed, rest_of_changed) = match standard_rest {
            Some(standard_rest) if is_standard => (&standard, standard_rest),
            _ => (&data, rest.clone()),
        };
        let Some(changed) = changed(case.run, changes) else { return Ok(true) };
        let of = [(&data, &rest, case.run), (of_changed, &rest_of_changed, &changed)].map(|(data, rest, run)| {
            let mut session = self.backend.load(data, std::slice::from_ref(run))?;
            let schedule = Schedule::new(iterations_of(changes).unwrap_or(case.iterations), None)?;
            let outcome = train(session.as_mut(), schedule, |_| ControlFlow::Continue(()))?;
            match outcome.parameters.filter(|_| outcome.status == Status::Finished) {
                Some(theta) => evaluate_on(rest, &run.network, &theta),
                None => Ok((f64::INFINITY, 0.0)),
            }
        });
        let [of_run, of_changed] = of;
        let ((cost, right), (cost_of_changed, right_of_changed)) = (of_run?, of_changed?);
        let [wrong, wrong_of_changed] = [right, right_of_changed].map(|right| (1.0 - right) * rest.samples() as f64);
        // fewer are wrong by more than the throw of a coin moves them, or as few at a much lower cost
        let are_fewer = wrong - wrong_of_changed >= wrong.sqrt().max(0.5) && wrong_of_changed <= 0.8 * wrong;
        Ok(are_fewer || (wrong_of_changed <= wrong && cost_of_changed < cost - CHEAPER))
    }

    fn is_tried(&self, changes: &[Change]) -> bool {
        self.of(changes).is_some()
    }

    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Trains changed runs side by side: they differ in start, rate and width alone.
    fn train(&mut self, sets: Vec<&Vec<Change>>) -> Result<()> {
        if self.is_late() || self.is_interrupted {
            self.out_of_time = true;
            return Ok(());
        }
        let case = self.case;
        if sets[0].contains(&Change::Standardised) && self.standard.is_none() {
            self.standard = Some(standardised(case.data, case.held_out)?);
        }
        let (data, held_out) = match &self.standard {
            Some((data, held_out)) if sets[0].contains(&Change::Standardised) => (data, held_out.as_ref()),
            _ => (case.data, case.held_out),
        };
        let iterations = iterations_of(sets[0]).unwrap_or(case.iterations);
        let changed = |changes: &Vec<Change>| changed(case.run, changes).map(|run| (changes.clone(), run));
        let (sets, runs): (Vec<Vec<Change>>, Vec<Run>) = sets.into_iter().filter_map(changed).unzip();
        // what the device is too small for is not advised
        let Ok(mut session) = self.backend.load(data, &runs) else { return Ok(()) };
        let schedules = vec![Schedule::new(iterations, None)?; runs.len()];
        let (mut is_late, mut is_interrupted, deadline) = (false, false, self.deadline);
        let of = runs.len() as u64;
        let mut ended = 0;
        let listen = &mut *self.listen;
        let outcomes = train_all(session.as_mut(), &schedules, |event| {
            let at = match event {
                Event::Ended { .. } => {
                    ended += 1;
                    return ControlFlow::Continue(());
                }
                Event::Advanced { iteration, .. } => iteration,
            };
            is_late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            is_interrupted = listen(Step::Trying { iteration: at, of: iterations, networks: [ended, of] }).is_break();
            if is_late || is_interrupted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        self.is_interrupted |= is_interrupted;
        for ((changes, run), outcome) in sets.into_iter().zip(&runs).zip(outcomes) {
            self.out_of_time |= outcome.status == Status::Interrupted;
            let trial = trial(changes, run, data, held_out, &outcome)?;
            self.trials.push(trial);
        }
        Ok(())
    }
}

fn iterations_of(changes: &[Change]) -> Option<u64> {
    changes.iter().find_map(|change| match change {
        Change::Iterations(iterations) => Some(*iterations),
        _ => None,
    })
}

/// Whether runs with these changes can train in one session.
fn are_alike(a: &[Change], b: &[Change]) -> bool {
    let shared = |changes: &[Change]| -> Vec<Change> {
        let is_own =
            |change: &&Change| matches!(change, Change::LearningRate(_) | Change::Start { .. } | Change::Hidden(_));
        changes.iter().filter(|change| !is_own(change)).copied().collect()
    };
    shared(a) == shared(b)
}

/// The run with these changes; none if there is no such run.
fn changed(run: &Run, changes: &[Change]) -> Option<Run> {
    let derivative = run.network.derivative();
    let (mut hidden, mut g, mut borrowed) = (run.network.hidden().to_vec(), derivative.activation, derivative.borrowed);
    let (mut rate, mut start) = (run.learning_rate, None);
    for change in changes {
        match *change {
            Change::LearningRate(other) => rate = other,
            Change::Start { seed, scale } => start = Some((seed, scale)),
            Change::Hidden(units) => hidden.fill(units),
            Change::Activation(other) => g = other,
            Change::OwnDerivative => borrowed = None,
            Change::Standardised | Change::Iterations(_) | Change::OnCpu => {}
        }
    }
    check_learning_rate(rate).ok()?;
    let network = Network::new(run.network.inputs(), &hidden, g).ok()?;
    let network = borrowed.into_iter().fold(network, Network::with_backward);
    let parameters = match start {
        Some((seed, scale)) => Parameters::initial(&network, seed, scale),
        None if network.layout() == run.parameters.layout() => run.parameters.clone(),
        None => return None,
    };
    Some(Run::new(network, parameters, rate))
}

fn trial(
    changes: Vec<Change>,
    run: &Run,
    data: &Dataset,
    held_out: Option<&Dataset>,
    outcome: &Outcome,
) -> Result<Trial> {
    let is_there = outcome.status == Status::Finished;
    let test = held_out.zip(outcome.parameters.as_ref()).filter(|_| is_there);
    let test = test.map(|(test, theta)| evaluate_on(test, &run.network, theta)).transpose()?;
    let first = outcome.costs.first().filter(|at| at.iteration == 0 && at.cost.is_finite());
    Ok(Trial {
        changes,
        status: outcome.status,
        iterations: outcome.iterations,
        first_cost: first.map(|at| at.cost),
        cost: is_there.then_some(outcome.evaluation.cost),
        accuracy: is_there.then(|| data.accuracy(&outcome.evaluation.logits)),
        test_cost: test.map(|(cost, _)| cost),
        test_accuracy: test.map(|(_, accuracy)| accuracy),
        helps: false,
    })
}
