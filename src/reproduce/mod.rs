//! The notebook's figures and the thread's claims, tested again over many seeds: what holds, for which seeds, and why
//! not.

mod claims;
mod logistic;

use std::ops::ControlFlow;
use std::time::Duration;

use serde::Serialize;
use web_time::Instant;

pub use claims::{Claim, EDITIONS, Seeds, Test, Trial, claims};
pub use logistic::logistic_accuracy;

use crate::Result;
use crate::backend::{Backend, Run};
use crate::cpu::Reference;
use crate::data::{Dataset, Options, flower};
use crate::diagnose::replay;
use crate::model::{Network, Parameters};
use crate::sweep::summary::Spread;
use crate::train::{CostAt, Event, Outcome, Schedule, Status, train, train_all};

/// The notebook's scale of the initial weights.
const SCALE: f64 = 0.01;
/// Points of a cost curve.
const CURVE: u64 = 100;
/// Iterations of the replay of the thread's bug: twice what "about 50" allows.
const REPLAYED: u64 = 200;
/// Iterations of the notebook's published costs.
const PUBLISHED: u64 = 9_000;

/// Whether a claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// For every seed for which it is claimed.
    Holds,
    /// For some of them.
    HoldsForSomeSeeds,
    /// For none of them.
    DoesNotHold,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::HoldsForSomeSeeds => "holds for some seeds",
            Self::DoesNotHold => "does not hold",
        })
    }
}

/// The values of one measured quantity over the seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// What was measured, such as `tanh, n_h = 4`.
    pub what: String,
    /// One value per edition, in the order of [`EDITIONS`]; null if it diverged or has no such iteration.
    pub editions: Vec<Option<f64>>,
    /// The values over the further seeds without those that diverged; none if there are no further seeds.
    pub further: Option<Spread>,
}

/// A claim and what came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reproduced {
    /// The claim's name.
    pub name: String,
    /// What was claimed.
    pub claimed: String,
    /// The rule by which it holds.
    pub rule: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// The result in a sentence.
    pub why: String,
    /// The values, trial by trial.
    pub measured: Vec<Measured>,
    /// What computed.
    pub device: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// The networks of the editions, for pictures; none if no network was trained.
    #[serde(skip)]
    pub shown: Vec<Shown>,
}

/// A trained network.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// What it is, and its accuracy.
    pub title: String,
    /// What it was trained on.
    pub data: Dataset,
    /// The network.
    pub network: Network,
    /// Its weights at the end; none if it diverged.
    pub parameters: Option<Parameters>,
    /// Its costs.
    pub costs: Vec<CostAt>,
}

/// Tests a claim with the seeds of the editions and `further` more. `listen` is told how many more iterations
/// are done, over all networks; if it breaks, the result is none.
///
/// # Errors
/// Those of the data, of [`Backend::load`] and of the sessions.
///
/// ```
/// use std::ops::ControlFlow;
/// use planar::cpu::Engine;
/// use planar::reproduce::{Verdict, claims, reproduce};
///
/// let logistic = claims().into_iter().find(|claim| claim.name == "logistic").expect("there is one");
/// let found = reproduce(&logistic, 5, &Engine::new(None)?, |_| ControlFlow::Continue(()))?.expect("nothing broke");
/// assert_eq!(found.verdict, Verdict::Holds);
/// # Ok::<(), planar::Error>(())
/// ```
pub fn reproduce(
    claim: &Claim,
    further: u32,
    backend: &dyn Backend,
    mut listen: impl FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<Reproduced>> {
    let started = Instant::now();
    let seeds = claim.all_seeds(further);
    let reference = || "CPU reference, f64".to_owned();
    let mut shown = Vec::new();
    let (device, what, values) = match &claim.test {
        Test::Accuracy(trials) => {
            let mut values = Vec::new();
            for trial in trials {
                let Some(of_trial) = accuracies(trial, &seeds, backend, &mut listen)? else { return Ok(None) };
                let (of_trial, of_editions) = of_trial;
                values.push(of_trial);
                shown.extend(of_editions);
            }
            (backend.device().name, trials.iter().map(Trial::to_string).collect(), values)
        }
        Test::Bug(activation) => {
            let what = format!("{activation} with tanh's derivative: A1 all NaN at iteration");
            shown = EDITIONS.into_iter().map(|seed| shown_bug(activation, seed)).collect::<Result<_>>()?;
            (reference(), vec![what], vec![bugs(activation, &seeds)?])
        }
        Test::Costs(published) => {
            shown = EDITIONS.into_iter().map(shown_costs).collect::<Result<_>>()?;
            let equal = published.iter().zip(&shown).map(|(costs, shown)| equal_costs(costs, &shown.costs)).collect();
            (reference(), vec!["costs equal, of ten".into()], vec![equal])
        }
        Test::Logistic => {
            let percent = 100.0 * logistic_accuracy(&flower(400, 1)?);
            ("Newton's method, f64".into(), vec!["no hidden layer".into()], vec![vec![percent]])
        }
    };
    if listen(claim.untold(further)).is_break() {
        return Ok(None);
    }
    let of_seed = |seed: usize| values.iter().map(|of_trial| of_trial[seed]).collect::<Vec<f64>>();
    let kept: Vec<bool> = (0..seeds.len()).map(|seed| (claim.holds)(&of_seed(seed))).collect();
    let keeping = kept.iter().filter(|kept| **kept).count();
    let verdict = match keeping {
        0 => Verdict::DoesNotHold,
        all if all == kept.len() => Verdict::Holds,
        _ => Verdict::HoldsForSomeSeeds,
    };
    let editions = seeds.iter().filter(|seed| EDITIONS.contains(seed)).count();
    let measured = what.into_iter().zip(&values).map(|(what, values): (String, _)| Measured {
        what,
        editions: values[..editions].iter().map(|value| Some(*value).filter(|value| value.is_finite())).collect(),
        further: Spread::of(values[editions..].iter().copied().filter(|value| value.is_finite())),
    });
    let measured: Vec<Measured> = measured.collect();
    let why = why(claim, &kept, &values);
    Ok(Some(Reproduced {
        name: claim.name.into(),
        claimed: claim.claimed.into(),
        rule: claim.rule.into(),
        verdict,
        why,
        measured,
        device,
        seconds: started.elapsed().as_secs_f64(),
        shown,
    }))
}

/// How many seeds satisfy the rule, and the values of the first that does not.
fn why(claim: &Claim, kept: &[bool], values: &[Vec<f64>]) -> String {
    let keeping = kept.iter().filter(|kept| **kept).count();
    let counted = match (keeping, kept.len()) {
        (_, 1) => format!("the rule is {}", claim.rule),
        (keeping, all) => format!("{keeping} of {all} seeds keep the rule, {}", claim.rule),
    };
    let Some(broken) = kept.iter().position(|kept| !*kept) else { return counted };
    let shown = |value: f64| if value.is_nan() { "none".into() } else { format!("{}", (1e4 * value).round() / 1e4) };
    let values: Vec<String> = values.iter().map(|of_trial| shown(of_trial[broken])).collect();
    let note = match claim.test {
        Test::Costs(_) => "; past iteration 6,000 or so rounding alone parts f64 from itself",
        Test::Bug("relu") => "; where(z > 0, z, 0) maps NaN to 0, so a ReLU's A1 hides what is in Z1 and W1",
        _ => "",
    };
    format!("{counted}; seed {} gives {}{note}", claim.all_seeds(kept.len() as u32)[broken], values.join(", "))
}

impl Claim {
    /// The seeds of the editions for which it is claimed, then the further ones.
    pub fn all_seeds(&self, further: u32) -> Vec<u32> {
        let first = EDITIONS[1] + 1;
        match self.seeds {
            Seeds::FirstEdition => EDITIONS[..1].to_vec(),
            Seeds::Editions => EDITIONS.to_vec(),
            Seeds::All => EDITIONS.into_iter().chain(first..first + further).collect(),
        }
    }

    /// The iterations of all networks that it trains.
    pub fn iterations(&self, further: u32) -> u64 {
        let of_seed: u64 = match &self.test {
            Test::Accuracy(trials) => trials.iter().map(|trial| trial.iterations).sum(),
            Test::Bug(_) => REPLAYED,
            Test::Costs(_) => PUBLISHED,
            Test::Logistic => 0,
        };
        of_seed * self.all_seeds(further).len() as u64
    }

    /// The iterations that are not reported as they are done.
    fn untold(&self, further: u32) -> u64 {
        if matches!(self.test, Test::Accuracy(_)) { 0 } else { self.iterations(further) }
    }
}

impl std::fmt::Display for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { hidden, activation, learning_rate, iterations, .. } = self;
        write!(f, "{activation}, n_h = {hidden}, α = {learning_rate}, {iterations} iterations: accuracy %")
    }
}

/// The notebook's start on a data set.
fn run(data: &Dataset, hidden: usize, activation: &str, learning_rate: f64, seed: u32) -> Result<Run> {
    let network = Network::one_hidden(data.features(), hidden, activation.parse()?)?;
    Ok(Run::initial(network, seed, SCALE, learning_rate))
}

/// The accuracies in percent of a trial, seed by seed, trained side by side, NaN if one diverged; and the networks of
/// the editions. None if `listen` breaks.
fn accuracies(
    trial: &Trial,
    seeds: &[u32],
    backend: &dyn Backend,
    listen: &mut impl FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<(Vec<f64>, Vec<Shown>)>> {
    let data = trial.data.load(&Options::default())?;
    let of_seed = |seed: &u32| run(&data, trial.hidden, trial.activation, trial.learning_rate, *seed);
    let runs = seeds.iter().map(of_seed).collect::<Result<Vec<_>>>()?;
    let schedules = vec![Schedule::new(trial.iterations, Some((trial.iterations / CURVE).max(1)))?; runs.len()];
    let mut session = backend.load(&data, &runs)?;
    let (count, mut told) = (runs.len() as u64, 0);
    let outcomes = train_all(session.as_mut(), &schedules, |event| {
        let done = if let Event::Advanced { iteration, .. } = event { count * iteration } else { told };
        let further = done - told;
        told = done;
        listen(further)
    })?;
    if outcomes.iter().any(|outcome| outcome.status == Status::Interrupted) {
        return Ok(None);
    }
    let percent = |outcome: &Outcome| match outcome.status {
        Status::Diverged => f64::NAN,
        _ => 100.0 * data.accuracy(&outcome.evaluation.logits),
    };
    let of_edition = |((seed, run), outcome): ((&u32, &Run), &Outcome)| {
        let Trial { data: source, hidden, activation, .. } = trial;
        let title = format!("{source}, {activation}, n_h = {hidden}, seed {seed}: {:.2} %", percent(outcome));
        shown(title, &data, run, outcome)
    };
    let all = seeds.iter().zip(&runs).zip(&outcomes);
    let editions = all.filter(|((seed, _), _)| EDITIONS.contains(seed)).map(of_edition).collect();
    Ok(Some((outcomes.iter().map(percent).collect(), editions)))
}

fn shown(title: String, data: &Dataset, run: &Run, outcome: &Outcome) -> Shown {
    Shown {
        title,
        data: data.clone(),
        network: run.network.clone(),
        parameters: outcome.parameters.clone().filter(|_| outcome.status != Status::Diverged),
        costs: outcome.costs.clone(),
    }
}

/// When all of A1 is NaN under the thread's bug, seed by seed.
fn bugs(activation: &str, seeds: &[u32]) -> Result<Vec<f64>> {
    let data = flower(400, 1)?;
    let first = |seed: &u32| {
        let start = run(&data, 4, activation, 1.2, *seed)?;
        let network = start.network.with_backward("tanh".parse()?);
        let seen = replay(&data, &Run { network, ..start }, 0, REPLAYED, Duration::from_secs(60))?;
        Ok(seen.activations_all_nan.map_or(f64::NAN, |at| at as f64))
    };
    seeds.iter().map(first).collect()
}

/// The thread's bug in the reference, until it diverges.
fn shown_bug(activation: &str, seed: u32) -> Result<Shown> {
    let data = flower(400, 1)?;
    let start = run(&data, 4, activation, 1.2, seed)?;
    let start = Run { network: start.network.with_backward("tanh".parse()?), ..start };
    let outcome = in_f64(&data, &start, Schedule::new(REPLAYED, Some(1))?)?;
    Ok(shown(format!("{activation} with tanh's derivative, seed {seed}"), &data, &start, &outcome))
}

/// The notebook's training in the reference.
fn shown_costs(seed: u32) -> Result<Shown> {
    let data = flower(400, 1)?;
    let start = run(&data, 4, "tanh", 1.2, seed)?;
    let outcome = in_f64(&data, &start, Schedule::new(PUBLISHED, Some(1_000))?)?;
    Ok(shown(format!("the notebook, seed {seed}, in f64"), &data, &start, &outcome))
}

fn in_f64(data: &Dataset, run: &Run, schedule: Schedule) -> Result<Outcome> {
    let mut session = Reference::<f64>::new().load(data, std::slice::from_ref(run))?;
    train(session.as_mut(), schedule, |_| ControlFlow::Continue(()))
}

/// How many costs of an edition match to six digits.
fn equal_costs(published: &[f64; 10], costs: &[CostAt]) -> f64 {
    costs.iter().zip(published).filter(|(at, published)| (at.cost - *published).abs() <= 0.5e-6).count() as f64
}
