//! Whether two backends compute the same: one step from the same weights, element by element, and the cost curves.
//!
//! A gradient's element is a sum that may cancel, so its difference is judged by the sum of its terms' absolute values,
//! Σ|terms|: |Δ| ≤ 1e-5·Σ|terms| + 1e-9 for `f32` against `f64`. Over a run, two correct backends drift apart, since
//! gradient descent on this exercise is chaotic. The iteration at which `f64` parts from itself, started one unit in
//! the last place away, tells how much of a difference is chaos.

mod difference;
mod first_gradient;
mod first_logits;
mod magnitudes;

use serde::Serialize;

use crate::Result;
use crate::backend::{Backend, CHUNK_LIMIT, Run, Session};
use crate::cpu::Reference;
use crate::data::Dataset;
pub use difference::Difference;
use difference::difference;
pub use first_gradient::{check_backend, check_first_gradient, check_first_gradient_against, check_first_step};
pub use first_logits::check_first_logits;
use magnitudes::Magnitudes;

/// The iterations over which the cost curves must agree to [`CURVE_BOUND`].
const CURVE: u64 = 50;
/// The relative difference of costs beyond which two curves count as parted.
pub const CURVE_BOUND: f64 = 1e-4;
/// The longest chunk, so that progress is shown.
const CHUNK: u64 = 256;

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

/// Two cost curves from the same start.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curves {
    /// Iterations that were run.
    pub iterations: u64,
    /// The first iteration at which the relative difference of the costs exceeds [`CURVE_BOUND`], or only one is
    /// finite.
    pub parted: Option<u64>,
    /// The first at which `f64` parts from itself in this way, started one unit in the last place away.
    pub horizon: Option<u64>,
    /// Whether they stay together over the first 50 iterations, or for as long as `f64` does.
    pub agrees: bool,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// One step at iterations 0, 1, 10, 100, … and the last.
    pub steps: Vec<StepComparison>,
    /// The whole run.
    pub curves: Curves,
}

impl Comparison {
    /// Whether everything keeps its bound.
    pub fn agrees(&self) -> bool {
        self.curves.agrees && self.steps.iter().all(StepComparison::agrees)
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
/// let run = Run { parameters: Parameters::initial(&network, 2, 0.01), network, learning_rate: 1.2 };
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
    let start = rounded(run);
    let away = one_ulp_away(&start);
    let load = |backend: &dyn Backend, run: &Run| backend.load(data, std::slice::from_ref(run));
    let reference = Reference::<f64>::new();
    let mut sessions =
        [load(sides[0], &start)?, load(sides[1], &start)?, load(&reference, &start)?, load(&reference, &away)?];

    let mut steps = vec![compare_step(sides, data, &start, 0, bounds)?];
    let (mut done, mut parted, mut horizon) = (0, None, None);
    for checkpoint in checkpoints(iterations) {
        let mut parameters = start.parameters.clone();
        while done < checkpoint {
            let chunk = (checkpoint - done).min(CHUNK).min(CHUNK_LIMIT.into());
            let [left, right, one, other] = advance(&mut sessions, chunk as u32)?;
            parted = parted.or(first_apart(&left.costs, &right.costs).map(|k| done + k));
            horizon = horizon.or(first_apart(&one.costs, &other.costs).map(|k| done + k));
            parameters = left.parameters;
            done += chunk;
            listen(done);
        }
        let there = rounded(&Run { parameters: parameters.clone(), ..run.clone() });
        if there.parameters.is_finite() {
            steps.push(compare_step(sides, data, &there, done, bounds)?);
        }
    }
    let agrees = parted.is_none_or(|at| at > CURVE || horizon.is_some_and(|horizon| horizon <= at));
    Ok(Comparison { steps, curves: Curves { iterations: done, parted, horizon, agrees } })
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
    let [left, right] = [step(sides[0], data, run)?, step(sides[1], data, run)?];
    let magnitudes = Magnitudes::new(data, run);
    let (samples, of_logits) = (data.samples(), &magnitudes.logits);
    let mut differences = vec![
        difference("logits", samples, [&left.logits, &right.logits], of_logits, |scale| bounds.of(scale)),
        difference("cost", 1, [&[left.cost], &[right.cost]], &[magnitudes.cost], |scale| bounds.of(scale)),
    ];
    for tensor in run.parameters.layout().tensors() {
        let part = |values: &[f64]| values[tensor.range()].to_vec();
        let (sides, scales) = ([part(&left.gradients), part(&right.gradients)], part(&magnitudes.gradients));
        let name = format!("d{}", tensor.name());
        differences.push(difference(&name, tensor.columns, [&sides[0], &sides[1]], &scales, |scale| bounds.of(scale)));
    }
    // θ − α·dθ is off by α times what dθ may be off by, and by its own rounding
    let rate = run.learning_rate;
    for tensor in run.parameters.layout().tensors() {
        let part = |values: &[f64]| values[tensor.range()].to_vec();
        let sides = [part(&left.updated), part(&right.updated)];
        let scale = |(theta, gradient): (f64, f64)| theta.abs() + rate * gradient;
        let scales: Vec<f64> =
            part(run.parameters.values()).into_iter().zip(part(&magnitudes.gradients)).map(scale).collect();
        let absolute = rate.max(1.0) * bounds.absolute;
        let bound = |scale: f64| Bounds { absolute, ..bounds }.of(scale);
        differences.push(difference(&tensor.name(), tensor.columns, [&sides[0], &sides[1]], &scales, bound));
    }
    Ok(StepComparison { iteration, differences })
}

/// What one backend computes in one step.
struct Step {
    logits: Vec<f64>,
    cost: f64,
    gradients: Vec<f64>,
    updated: Vec<f64>,
}

fn step(backend: &dyn Backend, data: &Dataset, run: &Run) -> Result<Step> {
    let mut session = backend.load(data, std::slice::from_ref(run))?;
    let evaluation = session.evaluate()?.swap_remove(0);
    let gradients = session.gradients()?.swap_remove(0).values().to_vec();
    let [chunk] = advance(&mut [session], 1)?;
    let updated = chunk.parameters.values().to_vec();
    Ok(Step { logits: evaluation.logits, cost: evaluation.cost, gradients, updated })
}

/// What a chunk left behind, in a session of one network.
struct Advanced {
    costs: Vec<f64>,
    parameters: crate::model::Parameters,
}

/// Advances sessions side by side.
fn advance<const N: usize>(sessions: &mut [Box<dyn Session>; N], iterations: u32) -> Result<[Advanced; N]> {
    for session in sessions.iter_mut() {
        session.advance(iterations)?;
    }
    let mut chunks = Vec::with_capacity(N);
    for session in sessions.iter_mut() {
        let chunk = session.collect()?.map(|mut chunk| Advanced {
            costs: chunk.costs.swap_remove(0),
            parameters: chunk.parameters.swap_remove(0),
        });
        chunks.extend(chunk);
    }
    chunks.try_into().map_err(|_| crate::Error::Device("a queued chunk is missing".into()))
}

/// The first index at which two curves are apart.
fn first_apart(left: &[f64], right: &[f64]) -> Option<u64> {
    let apart = |(left, right): (&f64, &f64)| match (left.is_finite(), right.is_finite()) {
        (true, true) => (left - right).abs() > CURVE_BOUND * left.abs(),
        (left, right) => left != right,
    };
    left.iter().zip(right).position(apart).map(|k| k as u64)
}

/// 1, 10, 100, … and the last.
fn checkpoints(iterations: u64) -> Vec<u64> {
    let powers = std::iter::successors(Some(1_u64), |at| at.checked_mul(10));
    powers.take_while(|at| *at < iterations).chain([iterations]).collect()
}

/// The same run with parameters that `f32` holds exactly, so that both sides start from the same values.
fn rounded(run: &Run) -> Run {
    Run { parameters: run.parameters.cast::<f32>().cast(), ..run.clone() }
}

/// The same run with the first weight one unit in the last place of `f64` away.
fn one_ulp_away(run: &Run) -> Run {
    let mut run = run.clone();
    let first = &mut run.parameters.values_mut()[0];
    *first = f64::from_bits(first.to_bits().wrapping_add(1));
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_part_where_one_alone_is_finite() {
        assert_eq!(first_apart(&[1.0, 1.0, f64::NAN], &[1.0, 1.00001, 2.0]), Some(2));
        assert_eq!(first_apart(&[1.0, 1.0], &[1.0, 1.1]), Some(1));
        assert_eq!(first_apart(&[f64::NAN], &[f64::INFINITY]), None);
    }

    #[test]
    fn checkpoints_are_powers_of_ten_and_the_last() {
        assert_eq!(checkpoints(1), [1]);
        assert_eq!(checkpoints(100), [1, 10, 100]);
        assert_eq!(checkpoints(2500), [1, 10, 100, 1000, 2500]);
    }
}
