//! Trains the networks of a sweep in batches: each is one session of networks that train side by side.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::time::Duration;

use web_time::Instant;

use super::DataSets;
use super::grid::Job;
use super::pace::{MOST_AT_ONCE, Pace, work, work_left};
use super::results::JobResult;
use super::under_way::{About, Begun, start_of};
use crate::backend::{Backend, Run};
use crate::cpu::accuracy_on;
use crate::data::Dataset;
use crate::model::Parameters;
use crate::train::{CostAt, CostCurve, Event, Outcome, Schedule, Status, train_all};
use crate::{Error, Result};

/// The name of a batch's memory in an [`Error::Limit`].
pub const BATCH_MEMORY: &str = "MiB per batch";
/// The most costs of a result's curve: over half as many, enough for a picture, take about 5 KB of a file.
const CURVE: usize = 400;

/// What the networks of a sweep have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Common {
    /// Scale of the initial weights.
    pub init_scale: f64,
    /// The cost is kept every this many iterations; ten times per run if none is given.
    pub log_every: Option<u64>,
    /// Whether each result has a curve of its costs.
    pub curves: bool,
    /// Bytes that a batch may take on the device.
    pub memory: u64,
    /// About how long a batch may take, so that results come steadily.
    pub batch_time: Duration,
}

/// What a sweep reports while it runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SweepEvent<'a> {
    /// A batch begins.
    Batch {
        /// Its networks.
        networks: usize,
        /// Iterations that each of them has done before.
        iteration: u64,
    },
    /// The networks of the batch that are in training have done more iterations.
    Advanced(InTraining<'a>),
    /// The sweep is stopped, and these networks of the batch have not ended.
    Stopped(InTraining<'a>),
    /// A network has ended.
    Ended(Box<JobResult>),
}

/// The networks of a batch that are in training, after the same number of iterations.
#[derive(Clone, Debug)]
pub struct InTraining<'a> {
    /// Iterations done.
    pub iteration: u64,
    /// The lowest of their costs, if they are known.
    pub cost: Option<f64>,
    networks: Vec<Snapshot<'a>>,
    device: &'a str,
    plan: &'static str,
}

/// A network that is in training.
#[derive(Clone, Copy, Debug)]
struct Snapshot<'a> {
    job: &'a Job,
    /// The network as it was when this process went on with it.
    before: Option<&'a Begun>,
    /// The costs that were logged since.
    costs: &'a [CostAt],
    /// Their curve, if one is kept.
    curve: &'a CostCurve,
    parameters: &'a Parameters,
}

impl InTraining<'_> {
    /// Copies of the networks.
    pub(super) fn to_begun(&self) -> Vec<Begun> {
        let begun = |of: &Snapshot| Begun {
            about: About {
                job: of.job.job,
                iteration: self.iteration,
                device: then(of.before.map(|before| &*before.about.device), self.device),
                plan: then(of.before.map(|before| &*before.about.plan), self.plan),
                curve: of.before.map_or_else(|| of.curve.clone(), |before| before.about.curve.joined(of.curve)),
            },
            costs: of.before.map_or(&[][..], |before| &before.costs).iter().chain(of.costs).copied().collect(),
            parameters: of.parameters.clone(),
        };
        self.networks.iter().map(begun).collect()
    }
}

/// The name of what trained a network, after what began it.
fn then(before: Option<&str>, here: &str) -> String {
    match before.filter(|before| !before.is_empty()) {
        Some(before) if before != here && !before.ends_with(&format!(", then {here}")) => {
            format!("{before}, then {here}")
        }
        Some(before) => before.into(),
        None => here.into(),
    }
}

/// Trains all jobs in batches of one session each: networks that share a data set and an activation train side by side,
/// as far as `memory` and the time per iteration allow. Each result is what [`train`](crate::train::train) gives for
/// that network. If `listen` breaks, unfinished networks are not reported, and the sweep returns `false`.
///
/// # Errors
/// Those of [`Backend::load`] and of training, and what `listen` returns. If the accuracy on the samples held out cannot
/// be computed, the results lack it, and the error comes once all networks are done.
pub fn run(
    backend: &dyn Backend,
    jobs: &[Job],
    data: &DataSets,
    common: &Common,
    listen: impl FnMut(SweepEvent) -> Result<ControlFlow<()>>,
) -> Result<bool> {
    go_on(backend, jobs.iter(), &BTreeMap::new(), data, common, listen)
}

/// [`run`], in which the networks that have `begun` go on from there.
pub(super) fn go_on<'a>(
    backend: &dyn Backend,
    jobs: impl Iterator<Item = &'a Job>,
    begun: &BTreeMap<u64, Begun>,
    data: &DataSets,
    common: &Common,
    mut listen: impl FnMut(SweepEvent) -> Result<ControlFlow<()>>,
) -> Result<bool> {
    let (mut pace, mut failure) = (Pace::new(backend, common), None);
    for mut group in groups(jobs, begun) {
        let (data, test) = data.get(&group[0].data, group[0].fold)?;
        let start = start_of(begun, group[0]);
        while !group.is_empty() {
            let count = batch(backend, data, &group, start, common, &pace)?;
            let batch: Vec<&Job> = group.drain(..count).collect();
            let began = Instant::now();
            let trained = train_batch(backend, (data, test), (&batch, begun), common, &mut failure, &mut listen)?;
            let Some(longest) = trained else {
                return Ok(false);
            };
            pace.learn(work(&batch, data), longest.saturating_sub(start), work_left(&batch, data, start), began);
        }
    }
    failure.map_or(Ok(true), Err)
}

/// Checks, before anything is trained, that everything can be: costs can be logged, and each network fits the device by
/// itself.
///
/// # Errors
/// [`Error::Invalid`] for an interval of 0, [`Error::Limit`] if a network takes more than `memory`, and those of
/// [`Backend::memory`].
pub fn check(backend: &dyn Backend, jobs: &[Job], data: &DataSets, common: &Common) -> Result<()> {
    for group in &groups(jobs.iter(), &BTreeMap::new()) {
        let (data, _) = data.get(&group[0].data, group[0].fold)?;
        for job in group {
            Schedule::new(job.iterations, common.log_every)?;
        }
        let widest = group.iter().max_by_key(|job| job.hidden).unwrap_or(&group[0]);
        let needed = backend.memory(data, &widest.run(data, 0.0)?.network, 1)?;
        if needed > common.memory {
            return Err(Error::Limit {
                what: format!("a network of {} hidden units", widest.hidden),
                needed: needed.div_ceil(1 << 20),
                limit: BATCH_MEMORY,
                allowed: common.memory >> 20,
                adapter: "the sweep".into(),
            });
        }
    }
    Ok(())
}

/// Groups the jobs that may train side by side; within a group, jobs of similar length and width are neighbours. Those that
/// have begun come first.
fn groups<'a>(jobs: impl Iterator<Item = &'a Job>, begun: &BTreeMap<u64, Begun>) -> Vec<VecDeque<&'a Job>> {
    let start = |job: &Job| start_of(begun, job);
    let mut groups: Vec<VecDeque<&Job>> = Vec::new();
    for job in jobs {
        let is_beside = |other: &Job| other.group() == job.group() && start(other) == start(job);
        match groups.iter_mut().find(|group| is_beside(group[0])) {
            Some(group) => group.push_back(job),
            None => groups.push(VecDeque::from([job])),
        }
    }
    for group in &mut groups {
        group.make_contiguous().sort_by_key(|job| (job.iterations, job.hidden, job.job));
    }
    groups.sort_by_key(|group| start(group[0]) == 0);
    groups
}

/// How many of the first jobs form a batch: the largest power of two that memory and time allow, or all of them.
fn batch(
    backend: &dyn Backend,
    data: &Dataset,
    group: &VecDeque<&Job>,
    start: u64,
    common: &Common,
    pace: &Pace,
) -> Result<usize> {
    let jobs: Vec<&Job> = group.iter().take(MOST_AT_ONCE).copied().collect();
    let fits = |count: usize| -> Result<bool> {
        let widest = jobs[..count].iter().max_by_key(|job| job.hidden).unwrap_or(&jobs[0]);
        let network = widest.run(data, 0.0)?.network;
        let is_short = pace.allows(&jobs[..count], data, start);
        Ok(is_short && backend.memory(data, &network, count)? <= common.memory)
    };
    let mut count = 1;
    while count < jobs.len() {
        let next = (2 * count).min(jobs.len());
        match fits(next) {
            Ok(true) => count = next,
            Ok(false) | Err(Error::Limit { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// Trains a batch, of which all networks or none have begun. Returns the iterations of its longest network, or none if it was
/// stopped. If the held-out samples of a network cannot be evaluated, the error goes to `unjudged`.
fn train_batch(
    backend: &dyn Backend,
    (data, test): (&Dataset, Option<&Dataset>),
    (batch, begun): (&[&Job], &BTreeMap<u64, Begun>),
    common: &Common,
    unjudged: &mut Option<Error>,
    listen: &mut impl FnMut(SweepEvent) -> Result<ControlFlow<()>>,
) -> Result<Option<u64>> {
    let before: Vec<Option<&Begun>> = batch.iter().map(|job| begun.get(&job.job)).collect();
    let start = start_of(begun, batch[0]);
    let run = |(job, before): (&&Job, &Option<&Begun>)| {
        let run = job.run(data, common.init_scale)?;
        Ok(Run { parameters: before.map_or(run.parameters, |before| before.parameters.clone()), ..run })
    };
    let runs = batch.iter().zip(&before).map(run).collect::<Result<Vec<_>>>()?;
    let schedule = |job: &&Job| {
        let schedule = Schedule::new(job.iterations, common.log_every)?.after(start);
        Ok(if common.curves { schedule.with_curve() } else { schedule })
    };
    let schedules = batch.iter().map(schedule).collect::<Result<Vec<_>>>()?;
    let mut session = backend.load(data, &runs)?;
    let (device, plan) = (backend.device().name, session.plan_name());
    if listen(SweepEvent::Batch { networks: batch.len(), iteration: start })?.is_break() {
        return Ok(None);
    }
    let (mut failure, mut stopped, mut longest) = (None, false, 1);
    let outcomes = train_all(session.as_mut(), &schedules, |event| {
        let told = match event {
            Event::Advanced { iteration, costs, parameters, logged, curves } => {
                let is_training = |n: &usize| !costs[*n].is_nan();
                let snapshot = |n: usize| Snapshot {
                    job: batch[n],
                    before: before[n],
                    costs: logged[n],
                    curve: curves[n],
                    parameters: &parameters[n],
                };
                let networks = (0..batch.len()).filter(is_training).map(snapshot).collect();
                let cost = costs.iter().copied().filter(|cost| cost.is_finite()).min_by(f64::total_cmp);
                listen(SweepEvent::Advanced(InTraining { iteration, cost, networks, device: &device, plan }))
            }
            // an interrupted network goes on when the sweep is resumed
            Event::Ended { outcome, .. } if outcome.status == Status::Interrupted => Ok(ControlFlow::Break(())),
            Event::Ended { network, outcome } => {
                longest = outcome.iterations.max(longest);
                let (mut result, error) = result(batch[network], &runs[network], outcome, data, test);
                result.device = then(before[network].map(|before| &*before.about.device), &device);
                result.plan = then(before[network].map(|before| &*before.about.plan), plan);
                result.costs.splice(..0, before[network].into_iter().flat_map(|before| before.costs.iter().copied()));
                if let Some(before) = before[network] {
                    result.curve = before.about.curve.joined(&result.curve);
                }
                result.curve = result.curve.thinned(CURVE);
                *unjudged = unjudged.take().or(error);
                listen(SweepEvent::Ended(Box::new(result)))
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
        return Ok(Some(longest));
    }
    let (mut networks, mut iteration) = (Vec::new(), start);
    for (n, outcome) in outcomes.iter().enumerate().filter(|(_, outcome)| outcome.status == Status::Interrupted) {
        let Some(parameters) = &outcome.parameters else { continue };
        // the last cost is that of its last iteration, and is logged again if it is due when it goes on
        let costs = &outcome.costs[..outcome.costs.len().saturating_sub(1)];
        networks.push(Snapshot { job: batch[n], before: before[n], costs, curve: &outcome.curve, parameters });
        iteration = outcome.iterations;
    }
    if !networks.is_empty() {
        // there is nothing left to stop
        let _ = listen(SweepEvent::Stopped(InTraining { iteration, cost: None, networks, device: &device, plan }))?;
    }
    Ok(None)
}

/// The result of a network that has ended, and the error if the held-out samples could not be evaluated.
fn result(
    job: &Job,
    run: &Run,
    outcome: &Outcome,
    data: &Dataset,
    test: Option<&Dataset>,
) -> (JobResult, Option<Error>) {
    let finite = outcome.status != Status::Diverged;
    // a network that goes on from its end has the parameters that it began with
    let parameters = outcome.parameters.as_ref().unwrap_or(&run.parameters);
    let judged = test.map(|test| (test, parameters)).filter(|_| finite);
    let judged = judged.map(|(test, parameters)| accuracy_on(test, &run.network, parameters)).transpose();
    let (test_accuracy, error) = match judged {
        Ok(accuracy) => (accuracy, None),
        Err(error) => (None, Some(error)),
    };
    let result = JobResult {
        job: job.clone(),
        status: outcome.status,
        done: outcome.iterations,
        cost: finite.then_some(outcome.evaluation.cost),
        accuracy: finite.then(|| data.accuracy(&outcome.evaluation.logits)),
        test_accuracy,
        costs: outcome.costs.clone(),
        device: String::new(),
        plan: String::new(),
        curve: outcome.curve.clone(),
        parameters: finite.then(|| parameters.clone()),
    };
    (result, error)
}
