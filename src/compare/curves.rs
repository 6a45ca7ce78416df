//! The cost curves of two backends over a whole run, and how long `f64` stays together with itself.

use std::ops::ControlFlow;

use serde::Serialize;

use super::advance;
use super::again::ONE_BY_ONE;
use crate::Result;
use crate::backend::{Backend, CHUNK_LIMIT, Run, Session};
use crate::cpu::Reference;
use crate::data::Dataset;
use crate::model::Parameters;

/// The relative difference of costs beyond which two curves count as parted.
pub const CURVE_BOUND: f64 = 1e-4;
/// The longest chunk, so that progress is shown.
const CHUNK: u64 = 256;
/// How many references there are: in `f64`, in `f32`, and twice in `f64` from weights that are rounded otherwise.
const REFERENCES: usize = 4;

/// Two cost curves from the same start.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curves {
    /// Iterations that were run.
    pub iterations: u64,
    /// The first iteration at which the relative difference of the costs exceeds [`CURVE_BOUND`], or only one is
    /// finite.
    pub parted: Option<u64>,
    /// The first at which the reference parts from itself in this way if it is only rounded otherwise: computed in `f32`,
    /// or in `f64` from weights that are up to half a unit of `f32` in their last place away.
    pub horizon: Option<u64>,
    /// Whether they stay together, or part from nothing but rounding: the steps before it agree.
    pub agrees: bool,
}

/// Two backends side by side, beside references that are rounded otherwise.
pub(super) struct Running {
    sides: [Box<dyn Session>; 2],
    /// The reference in `f64`, and those that are rounded otherwise.
    references: [Box<dyn Session>; REFERENCES],
    done: u64,
    /// The left side's weights after the iterations that are done.
    parameters: Parameters,
    /// The costs of each side, up to where they part, and of the first iterations in any case.
    pub costs: [Vec<f64>; 2],
    pub parted: Option<u64>,
    horizon: Option<u64>,
}

impl Running {
    pub fn new(sides: [&dyn Backend; 2], data: &Dataset, start: &Run) -> Result<Self> {
        let load = |backend: &dyn Backend, run: &Run| backend.load(data, std::slice::from_ref(run));
        let reference = Reference::<f64>::new();
        Ok(Self {
            sides: [load(sides[0], start)?, load(sides[1], start)?],
            references: [
                load(&reference, start)?,
                load(&Reference::<f32>::new(), start)?,
                load(&reference, &perturbed(start, 0))?,
                load(&reference, &perturbed(start, 1))?,
            ],
            done: 0,
            parameters: start.parameters.clone(),
            costs: [Vec::new(), Vec::new()],
            parted: None,
            horizon: None,
        })
    }

    /// Trains up to an iteration, and returns the left side's weights there; none if `listen` breaks.
    pub fn advance_to(
        &mut self,
        iteration: u64,
        listen: &mut impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Option<Parameters>> {
        while self.done < iteration {
            let chunk = (iteration - self.done).min(CHUNK).min(CHUNK_LIMIT.into());
            let [left, right] = advance(&mut self.sides, chunk as u32)?;
            if self.parted.is_none() {
                self.parted = first_apart(&left.costs, &right.costs).map(|k| self.done + k);
            }
            // with the first cost that is apart
            let kept = self.parted.map_or(u64::MAX, |parted| (parted + 1).max(ONE_BY_ONE));
            let kept = kept.saturating_sub(self.done).min(chunk) as usize;
            self.costs[0].extend(&left.costs[..kept]);
            self.costs[1].extend(&right.costs[..kept]);
            self.parameters = left.parameters;
            self.look_for_horizon(chunk)?;
            self.done += chunk;
            if listen(self.done).is_break() {
                return Ok(None);
            }
        }
        Ok(Some(self.parameters.clone()))
    }

    /// Advances the references, until one parts from the first.
    fn look_for_horizon(&mut self, chunk: u64) -> Result<()> {
        if self.horizon.is_none() {
            let [first, others @ ..] = advance(&mut self.references, chunk as u32)?;
            let apart = others.iter().filter_map(|other| first_apart(&first.costs, &other.costs)).min();
            self.horizon = apart.map(|k| self.done + k);
        }
        Ok(())
    }

    /// What was found; `explained` is whether a parting is one of rounding.
    pub fn end(self, iterations: u64, explained: bool) -> Curves {
        let (parted, horizon) = (self.parted, self.horizon);
        Curves { iterations, parted, horizon, agrees: parted.is_none() || explained }
    }
}

/// The same run with each weight up to half a unit of `f32` in its last place away.
fn perturbed(run: &Run, seed: u64) -> Run {
    let mut run = run.clone();
    // multiples of the golden ratio, modulo 1, are spread evenly
    let share = |k: usize| ((k as f64 + 1.0 + 1000.0 * seed as f64) * 0.618_033_988_749_894_9).fract() - 0.5;
    for (k, weight) in run.parameters.values_mut().iter_mut().enumerate() {
        *weight *= 1.0 + share(k) * f64::from(f32::EPSILON);
    }
    run
}

/// The first index at which two curves are apart.
fn first_apart(left: &[f64], right: &[f64]) -> Option<u64> {
    let apart = |(left, right): (&f64, &f64)| match (left.is_finite(), right.is_finite()) {
        (true, true) => (left - right).abs() > CURVE_BOUND * left.abs(),
        (left, right) => left != right,
    };
    left.iter().zip(right).position(apart).map(|k| k as u64)
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
}
