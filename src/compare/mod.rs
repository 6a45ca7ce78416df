//! Whether two backends compute the same: one step from the same weights, element by element, and the cost curves.
//!
//! A gradient's element is a sum that may cancel, so its difference is judged by the sum of its terms' absolute values,
//! Σ|terms|: |Δ| ≤ 1e-5·Σ|terms| + 1e-9 for `f32` against `f64`. Over a run, two correct backends drift apart, since
//! gradient descent on this exercise is chaotic, and a rounding that moves one sample across a ReLU's kink is enough. So
//! the verdict rests on steps from the same weights: at iterations 0, 1, 10, 100, …, at the end, and just before the
//! curves part; and on each side training again, in other chunks, to the same bits, so that what one step computes is
//! what a run is made of.

mod again;
mod curves;
mod difference;
mod first_gradient;
mod first_logits;
mod magnitudes;

use std::ops::ControlFlow;

use serde::Serialize;

use crate::backend::{Backend, Chunk, Evaluation, Run, Session};
use crate::data::Dataset;
use crate::model::Parameters;
use crate::model::params::Tensor;
use crate::optim::Optimizer;
use crate::{Error, Result};
use again::again;
use curves::Running;
pub use curves::{CURVE_BOUND, Curves};
pub use difference::Difference;
use difference::difference;
pub use first_gradient::{check_backend, check_first_gradient, check_first_gradient_against, check_first_step};
pub use first_logits::check_first_logits;
pub(crate) use magnitudes::Magnitudes;

/// What σ and tanh of `f32` may be off by, relative to 1: two units in the last place.
pub(crate) const ROUNDED: f64 = 2.0 * f32::EPSILON as f64;

/// How far two results may be apart: relative·Σ|terms| + absolute.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bounds {
    /// The factor of Σ|terms|.
    pub relative: f64,
    /// What is added to it.
    pub absolute: f64,
}

impl Bounds {
    /// An `f32` result against an `f64` one.
    pub const F32_TO_F64: Self = Self { relative: 1e-5, absolute: 1e-9 };
    /// Two `f32` results: each may be off by that much.
    pub const F32_TO_F32: Self = Self { relative: 2e-5, absolute: 2e-9 };

    fn of(self, scale: f64) -> f64 {
        self.relative * scale + self.absolute
    }
}

/// One step from the same weights.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepComparison {
    /// Updates of the left side that led to these weights.
    pub iteration: u64,
    /// Tensor by tensor.
    pub differences: Vec<Difference>,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// One step at iterations 0, 1, 10, 100, … and the last, and before the curves part.
    pub steps: Vec<StepComparison>,
    /// Whether each side, left and right, trains again to the same bits in other chunks.
    pub repeats: [bool; 2],
    /// The whole run.
    pub curves: Curves,
}

impl Comparison {
    /// Whether everything keeps its bound.
    pub fn agrees(&self) -> bool {
        self.repeats == [true; 2] && self.steps.iter().all(StepComparison::agrees)
    }
}

impl StepComparison {
    /// Whether every tensor keeps its bound.
    pub fn agrees(&self) -> bool {
        self.differences.iter().all(|difference| difference.agrees)
    }
}

/// Compares two backends on a run of `iterations`. `listen` is told how many are done.
///
/// # Errors
/// Those of [`Backend::load`] and of the sessions.
///
/// ```
/// use planar::backend::Run;
/// use planar::compare::{Bounds, compare};
/// use planar::cpu::{Engine, Reference};
/// use planar::data::flower;
/// use planar::model::{Network, Parameters};
///
/// let network = Network::one_hidden(2, 17, "tanh".parse()?)?;
/// let run = Run::initial(network, 2, 0.01, 1.2);
/// let (left, right) = (Reference::<f64>::new(), Engine::new(None)?);
/// let comparison = compare([&left, &right], &flower(400, 1)?, &run, 100, Bounds::F32_TO_F64, |_| {})?;
/// assert!(comparison.agrees());
/// # Ok::<(), planar::Error>(())
/// ```
pub fn compare(
    sides: [&dyn Backend; 2],
    data: &Dataset,
    run: &Run,
    iterations: u64,
    bounds: Bounds,
    mut listen: impl FnMut(u64),
) -> Result<Comparison> {
    let comparison = compare_while(sides, data, run, iterations, bounds, |done| {
        listen(done);
        ControlFlow::Continue(())
    })?;
    comparison.ok_or_else(|| crate::Error::Mismatch("a comparison that nobody broke off has ended early".into()))
}

/// [`compare`], which `listen` may break off; none if it does.
///
/// # Errors
/// Those of [`compare`].
pub fn compare_while(
    sides: [&dyn Backend; 2],
    data: &Dataset,
    run: &Run,
    iterations: u64,
    bounds: Bounds,
    mut listen: impl FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<Comparison>> {
    let start = rounded(run);
    let mut curves = Running::new(sides, data, &start)?;
    let mut steps = vec![compare_step(sides, data, &start, 0, bounds)?];
    for checkpoint in checkpoints(iterations) {
        let Some(parameters) = curves.advance_to(checkpoint, &mut listen)? else { return Ok(None) };
        let there = Run { parameters, ..run.clone() };
        steps.extend(step_at(sides, data, &there, checkpoint, bounds)?);
    }
    let (mut repeats, mut before) = ([true; 2], None);
    for (side, backend) in sides.into_iter().enumerate() {
        let again = again(backend, data, &start, &curves.costs[side], curves.parted)?;
        (repeats[side], before) = (again.is_same, again.before_last);
    }
    // where the curves part, the weights that the right side had come to
    if let (Some(parted), Some(parameters)) = (curves.parted.filter(|parted| *parted > 0), before) {
        let there = Run { parameters, ..run.clone() };
        steps.extend(step_at(sides, data, &there, parted - 1, bounds)?);
        steps.sort_by_key(|step| step.iteration);
    }
    let explained = repeats == [true; 2] && steps.iter().all(StepComparison::agrees);
    Ok(Some(Comparison { steps, repeats, curves: curves.end(iterations, explained) }))
}

/// One step from these weights, unless they are beyond the range of `f32`.
fn step_at(
    sides: [&dyn Backend; 2],
    data: &Dataset,
    run: &Run,
    iteration: u64,
    bounds: Bounds,
) -> Result<Option<StepComparison>> {
    let there = rounded(run);
    let is_finite = there.parameters.is_finite();
    is_finite.then(|| compare_step(sides, data, &there, iteration, bounds)).transpose()
}

/// One step from the same weights on both sides.
///
/// # Errors
/// Those of [`Backend::load`] and of the sessions.
pub fn compare_step(
    sides: [&dyn Backend; 2],
    data: &Dataset,
    run: &Run,
    iteration: u64,
    bounds: Bounds,
) -> Result<StepComparison> {
    let [left, right] = [Step::of(sides[0], data, run)?, Step::of(sides[1], data, run)?];
    judge([&left, &right], data, run, iteration, bounds)
}

/// What two sides computed in one step from the same weights, held to the bounds: [`compare_step`] for whoever has the steps
/// already, such as a front that must not block.
///
/// # Errors
/// [`Error::Mismatch`] if the moments are not those of the optimiser, or if numbers are missing.
pub fn judge(
    [left, right]: [&Step; 2],
    data: &Dataset,
    run: &Run,
    iteration: u64,
    bounds: Bounds,
) -> Result<StepComparison> {
    for side in [left, right] {
        side.check(data, run)?;
    }
    let magnitudes = Magnitudes::new(data, run, ROUNDED / bounds.relative);
    let (samples, of_logits) = (data.samples(), &magnitudes.logits);
    // a sum over the samples may leave the range of f32 before it is divided by their number
    let range = f64::from(f32::MAX) / samples as f64;
    // and from a logit that did, NaN spreads to everything, or what the device makes of it
    let of_rest = if of_logits.iter().any(|scale| *scale > range) { 0.0 } else { range };
    // one logit per sample is a row, several are a row per sample
    let columns = if run.network.outputs() == 1 { samples } else { run.network.outputs() };
    let mut differences = vec![
        difference("logits", columns, [&left.logits, &right.logits], of_logits, range, |scale| bounds.of(scale)),
        difference("cost", 1, [&[left.cost], &[right.cost]], &[magnitudes.cost], of_rest, |scale| bounds.of(scale)),
    ];
    for tensor in run.parameters.layout().tensors() {
        let part = |values: &[f64]| values[tensor.range()].to_vec();
        let (sides, scales) = ([part(&left.gradients), part(&right.gradients)], part(&magnitudes.gradients));
        let name = format!("d{}", tensor.name());
        differences.push(difference(&name, tensor.columns, [&sides[0], &sides[1]], &scales, of_rest, |scale| {
            bounds.of(scale)
        }));
    }
    if run.recipe.optimizer != Optimizer::Descent {
        differences.extend(updates(run, [left, right], &magnitudes, bounds, of_rest)?);
        return Ok(StepComparison { iteration, differences });
    }
    // θ − α·dθ is off by α times what dθ may be off by, and by its own rounding
    let rate = run.learning_rate * run.recipe.rate.factor(run.state.updates);
    for tensor in run.parameters.layout().tensors() {
        let part = |values: &[f64]| values[tensor.range()].to_vec();
        let sides = [part(&left.updated), part(&right.updated)];
        let scale = |(theta, gradient): (f64, f64)| theta.abs() + rate * gradient;
        let scales: Vec<f64> =
            part(run.parameters.values()).into_iter().zip(part(&magnitudes.gradients)).map(scale).collect();
        let absolute = rate.max(1.0) * bounds.absolute;
        let bound = |scale: f64| Bounds { absolute, ..bounds }.of(scale);
        differences.push(difference(&tensor.name(), tensor.columns, [&sides[0], &sides[1]], &scales, of_rest, bound));
    }
    Ok(StepComparison { iteration, differences })
}

/// The parameters after one update by an optimiser with moments. What it makes of a gradient need not be small where the
/// gradient is: each element is off by what the ends of its gradient's interval make of it, and by its own rounding.
fn updates(
    run: &Run,
    [left, right]: [&Step; 2],
    magnitudes: &Magnitudes,
    bounds: Bounds,
    range: f64,
) -> Result<Vec<Difference>> {
    let after = |sign: f64| -> Result<Vec<f64>> {
        let off = left.gradients.iter().zip(&magnitudes.gradients);
        let gradients: Vec<f64> = off.map(|(gradient, scale)| gradient + sign * bounds.of(*scale)).collect();
        let (optimizer, mut theta) = (run.recipe.optimizer, run.parameters.values().to_vec());
        let mut moments = run.state.moments_for(&run.network, optimizer)?;
        let step = run.recipe.step(run.learning_rate, run.state.updates);
        optimizer.update(&step, &mut theta, &gradients, &mut moments);
        Ok(theta)
    };
    let (low, high) = (after(-1.0)?, after(1.0)?);
    // a weight of 0 becomes one as large as the update, and is rounded then
    let own = run.parameters.values().iter().zip(&left.updated).map(|(theta, updated)| theta.abs().max(updated.abs()));
    let slack = low.iter().zip(&high).zip(own);
    let slack: Vec<f64> = slack.map(|((low, high), own)| (low - high).abs() + bounds.of(own)).collect();
    let of_tensor = |tensor: &Tensor| {
        let part = |values: &[f64]| values[tensor.range()].to_vec();
        let (sides, scales) = ([part(&left.updated), part(&right.updated)], part(&slack));
        difference(&tensor.name(), tensor.columns, [&sides[0], &sides[1]], &scales, range, |slack| slack)
    };
    Ok(run.parameters.layout().tensors().iter().map(of_tensor).collect())
}

/// What one side computes in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Z of the last layer, row-major (samples × outputs).
    pub logits: Vec<f64>,
    /// The cost.
    pub cost: f64,
    /// The gradient, in the order of the parameters.
    pub gradients: Vec<f64>,
    /// The parameters after one update.
    pub updated: Vec<f64>,
}

impl Step {
    /// The step of a backend from the weights of a run.
    ///
    /// # Errors
    /// Those of [`Backend::load`] and of the session.
    pub fn of(backend: &dyn Backend, data: &Dataset, run: &Run) -> Result<Self> {
        let mut session = backend.load(data, std::slice::from_ref(run))?;
        let (evaluations, gradients) = (session.evaluate()?, session.gradients()?);
        session.advance(1)?;
        Self::told(evaluations, gradients, session.collect()?)
    }

    /// The step of a session of one network from what it told: the evaluation and the gradient before an update, and the chunk of
    /// that update.
    ///
    /// # Errors
    /// [`Error::Device`] if one of them is missing.
    pub fn told(evaluations: Vec<Evaluation>, gradients: Vec<Parameters>, chunk: Option<Chunk>) -> Result<Self> {
        let told = evaluations.into_iter().next().zip(gradients.first()).zip(Advanced::first(chunk));
        let ((Evaluation { logits, cost }, gradients), chunk) = told.ok_or_else(missing)?;
        let [gradients, updated] = [gradients, &chunk.parameters].map(|values| values.values().to_vec());
        Ok(Self { logits, cost, gradients, updated })
    }

    /// Whether it has as many numbers as a step of the run on these samples.
    fn check(&self, data: &Dataset, run: &Run) -> Result<()> {
        let parameters = run.parameters.values().len();
        let wanted = [data.samples() * run.network.outputs(), parameters, parameters];
        match [&self.logits, &self.gradients, &self.updated].map(Vec::len) == wanted {
            true => Ok(()),
            false => Err(Error::Mismatch("a step that is compared lacks numbers".into())),
        }
    }
}

/// What a chunk left behind, in a session of one network.
struct Advanced {
    costs: Vec<f64>,
    parameters: Parameters,
    moments: Vec<f64>,
}

impl Advanced {
    /// Of a chunk of one network.
    fn first(chunk: Option<Chunk>) -> Option<Self> {
        let Chunk { mut costs, mut parameters, mut moments, .. } = chunk?;
        Some(Self { costs: costs.pop()?, parameters: parameters.pop()?, moments: moments.pop()? })
    }
}

/// Advances sessions side by side.
fn advance<const N: usize>(sessions: &mut [Box<dyn Session>; N], iterations: u32) -> Result<[Advanced; N]> {
    for session in sessions.iter_mut() {
        session.advance(iterations)?;
    }
    let mut chunks = Vec::with_capacity(N);
    for session in sessions.iter_mut() {
        chunks.extend(Advanced::first(session.collect()?));
    }
    chunks.try_into().map_err(|_| missing())
}

fn missing() -> Error {
    Error::Device("a queued chunk is missing".into())
}

/// The iterations at which steps are compared behind the first: 1, 10, 100, … and the last.
pub fn checkpoints(iterations: u64) -> Vec<u64> {
    let powers = std::iter::successors(Some(1_u64), |at| at.checked_mul(10));
    powers.take_while(|at| *at < iterations).chain([iterations]).collect()
}

/// The same run with parameters that `f32` holds exactly, so that both sides start from the same values.
pub fn rounded(run: &Run) -> Run {
    Run { parameters: run.parameters.cast::<f32>().cast(), ..run.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_powers_of_ten_and_the_last() {
        assert_eq!(checkpoints(1), [1]);
        assert_eq!(checkpoints(100), [1, 10, 100]);
        assert_eq!(checkpoints(2500), [1, 10, 100, 1000, 2500]);
    }
}
