//! A backend trains again, in other chunks, and each iteration by itself: to the same bits, if single steps are what a run
//! is made of.

use super::advance;
use crate::Result;
use crate::backend::{Backend, Run};
use crate::data::Dataset;
use crate::model::Parameters;
use crate::optim::State;

/// The first iterations are run one by one, each beside a step by itself from the same weights.
pub(super) const ONE_BY_ONE: u64 = 64;
/// The length of the chunks after them: a prime, so that they end elsewhere.
const CHUNK: u64 = 97;

/// What a backend came to.
pub(super) struct Again {
    /// Whether all costs are those of the run before, and each single step that of a run, bit for bit.
    pub is_same: bool,
    /// The weights before the iteration at which the curves parted, if they did.
    pub before_last: Option<Parameters>,
}

/// Trains a run again for the first iterations, and up to where the curves part; `costs` are those that it had there.
pub(super) fn again(
    backend: &dyn Backend,
    data: &Dataset,
    run: &Run,
    costs: &[f64],
    parted: Option<u64>,
) -> Result<Again> {
    let load = || backend.load(data, std::slice::from_ref(run));
    let (mut session, mut alone) = ([load()?], [load()?]);
    let mut moments = run.state.moments.clone();
    let first = ONE_BY_ONE.min(costs.len() as u64);
    let end = parted.map_or(first, |parted| first.max(parted + 1));
    let last_but_one = parted.map(|parted| parted.saturating_sub(1));
    let (mut done, mut is_same) = (0, true);
    let mut weights = run.parameters.clone();
    let mut before_last = last_but_one.filter(|at| *at == 0).map(|_| run.parameters.clone());
    while done < end {
        let next = if done < ONE_BY_ONE { done + 1 } else { done + CHUNK };
        // a chunk ends before the curves part
        let stop = last_but_one.filter(|stop| *stop > done).unwrap_or(end);
        let chunk = next.min(stop).min(end) - done;
        let [ran] = advance(&mut session, chunk as u32)?;
        let had = &costs[done as usize..(done + chunk) as usize];
        is_same &= are_same(&ran.costs, had);
        if chunk == 1 && weights.is_finite() {
            if run.recipe.is_plain() {
                alone[0].restart(std::slice::from_ref(&weights))?;
            } else {
                let state = State { updates: run.state.updates + done, moments: moments.clone() };
                let there = Run { parameters: weights.clone(), state, ..run.clone() };
                alone = [backend.load(data, std::slice::from_ref(&there))?];
            }
            let [step] = advance(&mut alone, 1)?;
            is_same &= are_same(&step.costs, &ran.costs) && are_same(step.parameters.values(), ran.parameters.values());
        }
        done += chunk;
        (weights, moments) = (ran.parameters, ran.moments);
        if Some(done) == last_but_one {
            before_last = Some(weights.clone());
        }
    }
    Ok(Again { is_same, before_last })
}

/// Whether numbers are the same, bit for bit; a NaN is the same as any other.
fn are_same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()))
}
