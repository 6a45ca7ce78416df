//! Gradient descent on the `f64` reference, observed one iteration at a time.

use std::time::Duration;

use web_time::Instant;

use serde::Serialize;

use super::broken::{Broken, Watch};
use super::norms::{Course, NormsAt};
use crate::Result;
use crate::backend::{Run, check_runs};
use crate::cpu::textbook::{Batch, Forward, Model};
use crate::cpu::trainee::Trainee;
use crate::data::Dataset;
use crate::model::{Activation, Output};

/// What the replay saw. Iteration k is the forward pass after k updates.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Replay {
    /// The iteration that it started from.
    pub first: u64,
    /// The last iteration that it saw.
    pub last: u64,
    /// Whether it ran out of time before the end of the run.
    pub cut_short: bool,
    /// The cost, from the logit, at the first iteration.
    pub first_cost: f64,
    /// The cost, from the logit, at the last iteration.
    pub last_cost: f64,
    /// The first |A1| > 1, which tanh and σ never reach and their derivatives in terms of A1 do not expect.
    pub activation_above_one: Option<u64>,
    /// The first cost, from the logit, above 1; the initial cost is ln 2.
    pub cost_above_one: Option<u64>,
    /// The first cost, from the logit, that is not finite.
    pub cost_not_finite: Option<u64>,
    /// The first at which −Σ[y·ln A2 + (1 − y)·ln(1 − A2)] is NaN.
    pub notebook_nan: Option<u64>,
    /// The same, with A2 computed in `f32`.
    pub notebook_nan_f32: Option<u64>,
    /// The first at which W1 holds a NaN.
    pub weights_nan: Option<u64>,
    /// The first at which all of A1 is NaN.
    pub activations_all_nan: Option<u64>,
    /// The first element of each tensor that is not finite, in the order of their breaking.
    pub broken: Vec<Broken>,
    /// ReLU units that fire on no sample at the end; none for other activations.
    pub dead: Option<DeadUnits>,
    /// Weights and gradients of each layer at the first iteration, 1, 2, 4, … after it, and at the last that was finite.
    pub norms: Vec<NormsAt>,
}

/// Units of the first hidden layer whose Z1 is above 0 for no sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DeadUnits {
    /// How many at the end.
    pub units: usize,
    /// The iteration since which the first of them has been dead.
    pub since: u64,
}

impl Replay {
    /// The first iteration at which a tensor is not finite.
    pub fn diverged(&self) -> Option<u64> {
        self.broken.first().map(|broken| broken.iteration)
    }

    /// Whether the cost ends above its start by more than rounding.
    pub fn rises(&self) -> bool {
        self.last_cost > self.first_cost * (1.0 + 1e-9)
    }
}

/// Whether costs in training are not those of the network over all samples: they are of batches, or with units dropped.
pub(super) fn is_noisy(run: &Run, data: &Dataset) -> bool {
    !run.recipe.batches(data.samples()).are_whole() || !run.recipe.dropout.is_none()
}

/// Replays a run from its weights, those after `first` updates, until `last` updates are done, all that can break has
/// broken, or `patience` has passed.
///
/// # Errors
/// Those of [`check_runs`].
pub fn replay(data: &Dataset, run: &Run, first: u64, last: u64, patience: Duration) -> Result<Replay> {
    check_runs(data, std::slice::from_ref(run))?;
    let started = Instant::now();
    let mut trainee = Trainee::<f64>::new(data, run)?;
    let is_relu = run.network.activation() == Activation::Relu;
    let mut alive = vec![first; run.network.hidden()[0]];
    let (mut watch, mut course) = (Watch::new(run), Course::default());
    let mut seen = Replay { first, ..Replay::default() };
    let whole = trainee.takes_all(data).then(|| trainee.batch(data));
    let all = is_noisy(run, data).then(|| Batch::all(data, &run.network));
    for iteration in first..=last {
        let next;
        let batch = match &whole {
            Some(whole) => whole,
            None => {
                next = trainee.batch(data);
                &next
            }
        };
        let pass = trainee.forward(batch);
        let gradients = trainee.backward(&pass, batch);
        seen.look(iteration, &pass, &trainee.model, batch);
        watch.look(iteration, &trainee.model, &pass, &gradients, batch);
        course.look(iteration - first, iteration, &trainee.model.parameters, &gradients);
        for (unit, z) in pass.z[0].chunks_exact(batch.samples).enumerate() {
            if z.iter().any(|z| *z > 0.0) {
                alive[unit] = iteration + 1;
            }
        }
        // a batch's cost says little of the run's
        let cost = |trainee: &Trainee<f64>| all.as_ref().map_or(pass.cost, |all| trainee.evaluate(all).cost);
        seen.last = iteration;
        if iteration == first {
            seen.first_cost = cost(&trainee);
        }
        // behind a ReLU, a NaN stays in Z1 and W1, and the cost breaks later
        let all_over = seen.cost_not_finite.is_some_and(|at| iteration > at + 20);
        if all_over || iteration == last || started.elapsed() > patience {
            seen.last_cost = cost(&trainee);
            seen.cut_short = iteration < last && !all_over;
            break;
        }
        trainee.update(&gradients);
    }
    (seen.broken, seen.norms) = (watch.broken, course.end());
    let dead: Vec<u64> = alive.into_iter().filter(|alive| *alive <= seen.last).collect();
    seen.dead = is_relu.then(|| DeadUnits { units: dead.len(), since: dead.into_iter().min().unwrap_or(0) });
    Ok(seen)
}

impl Replay {
    fn look(&mut self, at: u64, pass: &Forward<f64>, model: &Model<f64>, batch: &Batch<f64>) {
        let note = |first: &mut Option<u64>, is_so: &dyn Fn() -> bool| {
            if first.is_none() && is_so() {
                *first = Some(at);
            }
        };
        let a1 = &pass.a[0];
        note(&mut self.activation_above_one, &|| a1.iter().any(|a| a.abs() > 1.0));
        note(&mut self.cost_above_one, &|| pass.cost > 1.0);
        note(&mut self.cost_not_finite, &|| !pass.cost.is_finite());
        note(&mut self.weights_nan, &|| model.parameters.weights(0).iter().any(|w| w.is_nan()));
        note(&mut self.activations_all_nan, &|| a1.iter().all(|a| a.is_nan()));
        if model.network.output() != Output::Logistic {
            return; // the notebook's formula is of logits
        }
        note(&mut self.notebook_nan, &|| notebook_cost(pass.logits(), &batch.y, |z| 1.0 / (1.0 + (-z).exp())).is_nan());
        note(&mut self.notebook_nan_f32, &|| {
            notebook_cost(pass.logits(), &batch.y, |z| f64::from(1.0 / (1.0 + (-z as f32).exp()))).is_nan()
        });
    }
}

/// Σ −[y·ln A2 + (1 − y)·ln(1 − A2)] with A2 = 1 / (1 + e^−z), as in the notebook, computed by `sigmoid`.
fn notebook_cost(logits: &[f64], y: &[f64], sigmoid: impl Fn(f64) -> f64) -> f64 {
    let term = |(z, y): (&f64, &f64)| {
        let a = sigmoid(*z);
        -(y * a.ln() + (1.0 - y) * (1.0 - a).ln())
    };
    logits.iter().zip(y).map(term).sum()
}
