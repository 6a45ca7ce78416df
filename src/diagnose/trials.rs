//! Changes to a run that are tried before they are advised: trained as the run was, on the same device.

use std::ops::ControlFlow;
use std::time::Duration;

use serde::Serialize;
use web_time::Instant;

use super::change::{Change, changed};
use super::replay::is_noisy;
use super::standard::as_changed;
use super::{Case, Listen, Step};
use crate::Result;
use crate::backend::{Backend, Run};
use crate::cpu::evaluate_on;
use crate::data::Dataset;
use crate::optim::Recipe;
use crate::train::{Event, Outcome, Schedule, Status, train, train_all};

/// The share of samples that nothing is learnt from, to see what holds for samples unseen.
const UNSEEN: f64 = 0.3;
/// The fewest of them that tell.
const FEWEST: usize = 12;
/// How much lower a cost is much lower, in units of the evidence: a tenth of that of knowing nothing of two classes.
const CHEAPER: f64 = 0.07;

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
    listen: Listen<'a>,
    /// The seconds that a run takes.
    seconds: f64,
    /// What a cost is measured by.
    unit: f64,
    /// All that was tried.
    pub trials: Vec<Trial>,
    /// Whether time ran out before all was tried.
    pub out_of_time: bool,
    /// Whether the listener broke.
    pub is_interrupted: bool,
}

impl<'a> Bench<'a> {
    /// For trials that end before `patience` has passed, where the run itself took `own`; `unit` measures costs.
    pub fn new(
        case: &'a Case<'a>,
        backend: &'a dyn Backend,
        [patience, own]: [Duration; 2],
        unit: f64,
        listen: Listen<'a>,
    ) -> Self {
        let deadline = Instant::now().checked_add(patience);
        Self {
            case,
            backend,
            deadline,
            listen,
            seconds: own.as_secs_f64(),
            unit,
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
            let (mut together, apart): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|changes| are_alike(first, changes));
            while !together.is_empty() {
                let later = together.split_off(self.room().min(together.len()));
                self.train(together)?;
                together = later;
            }
            left = apart;
        }
        Ok(())
    }

    /// How many runs can train side by side in the time that is left, if they take as long as one after another; at least 1.
    fn room(&self) -> usize {
        let left = self.deadline.map_or(f64::INFINITY, |at| at.saturating_duration_since(Instant::now()).as_secs_f64());
        ((left / self.seconds) as usize).max(1)
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
        let (of_changed, rest_of_changed) = as_changed(&data, Some(&rest), changes)?;
        let rest_of_changed = rest_of_changed.unwrap_or_else(|| rest.clone());
        let Some(changed) = changed(case.run, case.iterations, changes) else { return Ok(true) };
        let of = [(&data, &rest, case.run), (&of_changed, &rest_of_changed, &changed)].map(|(data, rest, run)| {
            let batch_size = run.recipe.batch_size.map(|size| size.min(data.samples()));
            let run = Run { recipe: Recipe { batch_size, ..run.recipe }, ..run.clone() };
            let mut session = self.backend.load(data, std::slice::from_ref(&run))?;
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
        Ok(are_fewer || (wrong_of_changed <= wrong && cost_of_changed < cost - CHEAPER * self.unit))
    }

    fn is_tried(&self, changes: &[Change]) -> bool {
        self.of(changes).is_some()
    }

    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Trains changed runs side by side: they differ in what each network of a session has of its own.
    fn train(&mut self, sets: Vec<&Vec<Change>>) -> Result<()> {
        if self.is_late() || self.is_interrupted {
            self.out_of_time = true;
            return Ok(());
        }
        let (case, begun) = (self.case, Instant::now());
        let (data, held_out) = as_changed(case.data, case.held_out, sets[0])?;
        let iterations = iterations_of(sets[0]).unwrap_or(case.iterations);
        let changed =
            |changes: &Vec<Change>| changed(case.run, case.iterations, changes).map(|run| (changes.clone(), run));
        let (sets, runs): (Vec<Vec<Change>>, Vec<Run>) = sets.into_iter().filter_map(changed).unzip();
        // what the device is too small for is not advised
        let Ok(mut session) = self.backend.load(&data, &runs) else { return Ok(()) };
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
        self.seconds = begun.elapsed().as_secs_f64() / of.max(1) as f64;
        self.is_interrupted |= is_interrupted;
        for ((changes, run), outcome) in sets.into_iter().zip(&runs).zip(outcomes) {
            self.out_of_time |= outcome.status == Status::Interrupted;
            let trial = trial(changes, run, &data, held_out.as_ref(), &outcome)?;
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
    let shared =
        |changes: &[Change]| -> Vec<Change> { changes.iter().filter(|change| !change.is_own()).cloned().collect() };
    let depth = |changes: &[Change]| {
        changes.iter().find_map(|change| match change {
            Change::Hidden(hidden) => Some(hidden.layers().len()),
            _ => None,
        })
    };
    shared(a) == shared(b) && depth(a) == depth(b)
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
    let first = match is_noisy(run, data) {
        true => {
            evaluate_on(data, &run.network, &run.parameters)?.0 + run.recipe.penalty(&run.parameters, data.samples())
        }
        false => outcome.costs.first().filter(|at| at.iteration == 0).map_or(f64::NAN, |at| at.cost),
    };
    Ok(Trial {
        changes,
        status: outcome.status,
        iterations: outcome.iterations,
        first_cost: Some(first).filter(|cost| cost.is_finite()),
        cost: is_there.then_some(outcome.evaluation.cost),
        accuracy: is_there.then(|| data.accuracy(&outcome.evaluation.logits)),
        test_cost: test.map(|(cost, _)| cost),
        test_accuracy: test.map(|(_, accuracy)| accuracy),
        helps: false,
    })
}
