//! One batch: a session of networks that train side by side.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::Common;
use super::events::{InTraining, On, Paused, Snapshot, SweepEvent};
use super::grid::Job;
use super::results::{JobResult, JobStatus};
use super::under_way::{Begun, Standing, start_of};
use crate::backend::{Backend, Evaluation, Run};
use crate::cpu::evaluate_on;
use crate::data::Dataset;
use crate::fit::watch::{HeldOutPoints, Watch, evaluation};
use crate::model::Parameters;
use crate::optim::State;
use crate::train::{Event, Outcome, Schedule, Status, train_each};
use crate::{Error, Result};

/// How far networks are trained, and from where.
pub struct Leg<'a> {
    /// The networks that have begun.
    pub begun: &'a BTreeMap<u64, Begun>,
    /// Up to how many iterations a network is trained: its own, or a rung of a halving.
    pub until: &'a (dyn Fn(&Job) -> u64 + Sync),
    /// Whether each network's cost at the end is kept, to rank it by.
    pub is_ranked: bool,
}

/// A device, and its place among those of the sweep.
#[derive(Clone, Copy)]
pub struct Lane<'a> {
    pub number: usize,
    pub backend: &'a dyn Backend,
}

/// Networks of the same data set and activation that have done the same number of iterations, and what they train on.
pub struct Batch<'a> {
    pub jobs: Vec<&'a Job>,
    pub data: &'a Dataset,
    pub test: Option<&'a Dataset>,
}

/// How a batch ended.
pub struct Trained {
    /// The iterations of its longest network; none if it was stopped.
    pub longest: Option<u64>,
    /// Why the held-out samples of a network could not be evaluated.
    pub unjudged: Option<Error>,
}

/// Trains a batch, and tells `listen` what happens.
pub fn train_batch(
    lane: Lane,
    leg: &Leg,
    batch: &Batch,
    common: &Common,
    mut listen: impl FnMut(SweepEvent) -> Result<ControlFlow<()>>,
) -> Result<Trained> {
    let Batch { jobs, data, .. } = batch;
    let before: Vec<Option<&Begun>> = jobs.iter().map(|job| leg.begun.get(&job.job)).collect();
    let start = start_of(leg.begun, jobs[0]);
    let run = |(job, before): (&&Job, &Option<&Begun>)| {
        let run = job.run(data, common.init_scale, common.output)?;
        Ok(match before {
            Some(Begun { about, parameters, moments, .. }) => {
                let state = State { updates: about.iteration, moments: moments.clone() };
                Run { parameters: parameters.clone(), state, ..run }
            }
            None => run,
        })
    };
    let runs = jobs.iter().zip(&before).map(run).collect::<Result<Vec<_>>>()?;
    let schedule = |job: &&Job| {
        // what is logged depends on the whole length alone
        let (own, until) = (common.schedule(job, data)?, (leg.until)(job));
        let is_whole = until == job.iterations;
        let schedule = if is_whole { own } else { Schedule::new(until, Some(own.log_every()))? }.after(start);
        Ok(if common.curves { schedule.with_curve() } else { schedule })
    };
    let schedules = jobs.iter().map(schedule).collect::<Result<Vec<_>>>()?;
    let watched = batch.test.filter(|_| common.early_stopping.is_some());
    let watched = watched.map(HeldOutPoints::new);
    let watch = |((run, schedule), before): ((_, &Schedule), &Option<&Begun>)| {
        let run: &Run = run;
        let (every, patience) = (schedule.log_every(), common.early_stopping);
        let costs = before.map_or_else(Vec::new, |before| before.about.test_costs.clone());
        let best = before.and_then(|before| before.best.clone());
        Watch::new(lane.backend, &run.network, watched.as_ref(), every, patience, start, costs, best)
    };
    let mut watches: Vec<Watch> = runs.iter().zip(&schedules).zip(&before).map(watch).collect();
    let mut stopped_before = Vec::new();
    for (n, (watch, run)) in watches.iter_mut().zip(&runs).enumerate() {
        if watch.look(start, &run.parameters, &[])?.is_break() {
            stopped_before.push(n);
        }
    }
    let mut session = lane.backend.load(data, &runs)?;
    let (backend, device, plan) = (lane.backend, lane.backend.device().name, session.plan_name());
    let (on, lane) = (On { device: &device, plan }, lane.number);
    let mut trained = Trained { longest: None, unjudged: None };
    if listen(SweepEvent::Batch { lane, networks: jobs.len(), iteration: start })?.is_break() {
        return Ok(trained);
    }
    let (mut failure, mut stopped, mut longest) = (None, false, 1);
    let outcomes = train_each(session.as_mut(), &schedules, &stopped_before, |event, stopping| {
        let told = match event {
            Event::Advanced { iteration, costs, parameters, moments, logged, curves } => {
                let is_training = |n: &usize| !costs[*n].is_nan();
                for n in (0..jobs.len()).filter(is_training) {
                    match watches[n].look(iteration, &parameters[n], &[]) {
                        Ok(ControlFlow::Continue(())) => {}
                        Ok(ControlFlow::Break(())) => stopping.push(n),
                        Err(error) => {
                            failure.get_or_insert(error);
                            return ControlFlow::Break(());
                        }
                    }
                }
                let snapshot = |n: usize| Snapshot {
                    job: jobs[n],
                    before: before[n],
                    costs: logged[n],
                    curve: curves[n],
                    parameters: &parameters[n],
                    moments: &moments[n],
                    test_costs: &watches[n].costs,
                    best: watches[n].best.as_ref(),
                };
                let networks = (0..jobs.len()).filter(is_training).map(snapshot).collect();
                let cost = costs.iter().copied().filter(|cost| cost.is_finite()).min_by(f64::total_cmp);
                listen(SweepEvent::Advanced(InTraining { lane, iteration, cost, networks, on }))
            }
            // an interrupted network goes on when the sweep is resumed
            Event::Ended { outcome, .. } if outcome.status == Status::Interrupted => Ok(ControlFlow::Break(())),
            Event::Ended { network, outcome } => {
                longest = outcome.iterations.max(longest);
                let run = &runs[network];
                let snapshot = snapshot(jobs[network], before[network], outcome, run, &watches[network]);
                let status = match outcome.status {
                    Status::Diverged => JobStatus::Diverged,
                    Status::Stopped => JobStatus::Stopped,
                    _ => JobStatus::Finished,
                };
                let is_finished = status.is_complete();
                let reached = Reached::new(backend, run, snapshot, outcome, data);
                let reached = match reached {
                    Ok(reached) => reached,
                    Err(error) => {
                        failure.get_or_insert(error);
                        return ControlFlow::Break(());
                    }
                };
                let (standing, judged) = reached.standing(run, batch);
                let cost = judged.unwrap_or_else(|error| {
                    trained.unjudged.get_or_insert(error);
                    f64::NAN
                });
                let ranked = (leg.is_ranked && is_finished).then_some((cost, standing));
                let begun = snapshot.to_begun(outcome.iterations, on, ranked);
                listen(if status == JobStatus::Finished && outcome.iterations < snapshot.job.iterations {
                    SweepEvent::Paused(Box::new(Paused { lane, begun }))
                } else {
                    let parameters = is_finished.then(|| reached.parameters.clone());
                    let result = begun.ended(snapshot.job, status, standing, reached.last);
                    SweepEvent::Ended { lane, result: Box::new(JobResult { parameters, ..result }) }
                })
            }
        };
        let told = told.unwrap_or_else(|error| {
            failure.get_or_insert(error);
            ControlFlow::Break(())
        });
        stopped |= told.is_break();
        told
    })?;
    if let Some(error) = failure {
        return Err(error);
    }
    if !stopped {
        return Ok(Trained { longest: Some(longest), ..trained });
    }
    let left = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.status == Status::Interrupted);
    let left = left.filter(|(_, outcome)| outcome.parameters.is_some());
    let networks: Vec<Snapshot> =
        left.clone().map(|(n, outcome)| snapshot(jobs[n], before[n], outcome, &runs[n], &watches[n])).collect();
    if let Some(Outcome { iterations, .. }) = left.map(|(_, outcome)| outcome).next() {
        // there is nothing left to stop
        let _ = listen(SweepEvent::Stopped(InTraining { lane, iteration: *iterations, cost: None, networks, on }))?;
    }
    Ok(trained)
}

/// A network that has left its session, with the costs before its last iteration: that one's is logged again if it is due
/// when the network goes on.
fn snapshot<'a>(
    job: &'a Job,
    before: Option<&'a Begun>,
    outcome: &'a Outcome,
    run: &'a Run,
    watch: &'a Watch,
) -> Snapshot<'a> {
    // a network that goes on from its end has the parameters that it began with
    let (parameters, moments) = match &outcome.parameters {
        Some(parameters) => (parameters, &outcome.moments),
        None => (&run.parameters, &run.state.moments),
    };
    let costs = &outcome.costs[..outcome.costs.len().saturating_sub(1)];
    let (test_costs, best) = (&watch.costs[..], watch.best.as_ref());
    Snapshot { job, before, costs, curve: &outcome.curve, parameters, moments, test_costs, best }
}

/// The weights that count at the end of a network: the last ones, or the best if it may stop early.
struct Reached<'a> {
    parameters: &'a Parameters,
    /// Their forward pass over the training samples.
    evaluation: Cow<'a, Evaluation>,
    /// The cost of the last weights; none if it has diverged.
    last: Option<f64>,
}

impl<'a> Reached<'a> {
    fn new(backend: &dyn Backend, run: &Run, of: Snapshot<'a>, outcome: &'a Outcome, data: &Dataset) -> Result<Self> {
        let last = match outcome.status {
            Status::Diverged => None,
            Status::Stopped => Some(evaluation(backend, run, of.parameters, data)?.cost),
            _ => Some(outcome.evaluation.cost),
        };
        Ok(match of.best.filter(|_| last.is_some()) {
            Some(best) => {
                let evaluation = Cow::Owned(evaluation(backend, run, &best.parameters, data)?);
                Self { parameters: &best.parameters, evaluation, last }
            }
            None => Self { parameters: of.parameters, evaluation: Cow::Borrowed(&outcome.evaluation), last },
        })
    }

    /// What it has reached, and the cost to rank it by: that of the held-out samples, if there are any.
    fn standing(&self, run: &Run, batch: &Batch) -> (Standing, Result<f64>) {
        if self.last.is_none() {
            return (Standing::default(), Ok(f64::NAN));
        }
        let cost = self.evaluation.cost;
        let judged = batch.test.map(|test| evaluate_on(test, &run.network, self.parameters)).transpose();
        let told = Some(batch.data.accuracy(&self.evaluation.logits));
        let test_told = judged.as_ref().ok().copied().flatten().map(|(_, told)| told);
        let none = Standing { cost: Some(cost), ..Standing::default() };
        let standing = match batch.data.targets().are_numbers() {
            true => Standing { r2: told, test_r2: test_told, ..none },
            false => Standing { accuracy: told, test_accuracy: test_told, ..none },
        };
        (standing, judged.map(|judged| judged.map_or(cost, |(cost, _)| cost)))
    }
}
