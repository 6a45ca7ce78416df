//! Trains the networks of a sweep in batches: each is one session of networks that train side by side.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use web_time::Instant;

use super::DataSets;
use super::grid::Job;
use super::results::JobResult;
use crate::backend::{Backend, Run};
use crate::cpu::accuracy_on;
use crate::data::Dataset;
use crate::train::{Event, Outcome, Schedule, Status, train_all};
use crate::{Error, Result};

/// The name of a batch's memory in an [`Error::Limit`].
pub const BATCH_MEMORY: &str = "MiB per batch";
/// The longest that one iteration of a batch should take: a submit holds at least one.
const ITERATION_TIME: f64 = 0.05;
/// Hidden units times samples per iteration of the first batch, before the device's speed is known.
const FIRST_BATCH: f64 = 5e7;

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
}

/// What a sweep reports while it runs.
#[derive(Clone, Debug)]
pub enum SweepEvent {
    /// A batch of this many networks begins.
    Batch(usize),
    /// The batch has done this many iterations; nothing else has happened.
    Advanced(u64),
    /// A network has ended.
    Ended(Box<JobResult>),
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
    mut listen: impl FnMut(SweepEvent) -> Result<ControlFlow<()>>,
) -> Result<bool> {
    let (mut pairs, mut failure) = (FIRST_BATCH, None);
    for mut group in groups(jobs) {
        let (data, test) = data.get(&group[0].data, group[0].fold)?;
        while !group.is_empty() {
            let count = batch(backend, data, &group, common, pairs)?;
            let batch: Vec<Job> = group.drain(..count).collect();
            let units: usize = batch.iter().map(|job| job.hidden).sum();
            let start = Instant::now();
            let trained = train_batch(backend, (data, test), &batch, common, &mut failure, &mut listen)?;
            let Some(iterations) = trained else {
                return Ok(false);
            };
            let work = units as f64 * data.samples() as f64;
            let seconds = start.elapsed().as_secs_f64() / iterations as f64;
            pairs = (work * ITERATION_TIME / seconds).clamp(pairs / 8.0, pairs * 8.0);
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
    for group in &groups(jobs) {
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

/// Groups the jobs that may train side by side; within a group, jobs of similar length and width are neighbours.
fn groups(jobs: &[Job]) -> Vec<VecDeque<Job>> {
    let mut groups: Vec<VecDeque<Job>> = Vec::new();
    for job in jobs {
        match groups.iter_mut().find(|group| group[0].group() == job.group()) {
            Some(group) => group.push_back(job.clone()),
            None => groups.push(VecDeque::from([job.clone()])),
        }
    }
    for group in &mut groups {
        group.make_contiguous().sort_by_key(|job| (job.iterations, job.hidden, job.job));
    }
    groups
}

/// How many of the first jobs form a batch: the largest power of two that memory and time allow, or all of them.
fn batch(backend: &dyn Backend, data: &Dataset, group: &VecDeque<Job>, common: &Common, pairs: f64) -> Result<usize> {
    let fits = |count: usize| -> Result<bool> {
        let widest = group.iter().take(count).max_by_key(|job| job.hidden).unwrap_or(&group[0]);
        let network = widest.run(data, 0.0)?.network;
        let work = group.iter().take(count).map(|job| job.hidden as f64).sum::<f64>() * data.samples() as f64;
        Ok(work <= pairs && backend.memory(data, &network, count)? <= common.memory)
    };
    let mut count = 1;
    while count < group.len() {
        let next = (2 * count).min(group.len());
        match fits(next) {
            Ok(true) => count = next,
            Ok(false) | Err(Error::Limit { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// Trains a batch. Returns the iterations of its longest network, or none if it was stopped. If the held-out samples of
/// a network cannot be evaluated, the error goes to `unjudged`.
fn train_batch(
    backend: &dyn Backend,
    (data, test): (&Dataset, Option<&Dataset>),
    batch: &[Job],
    common: &Common,
    unjudged: &mut Option<Error>,
    listen: &mut impl FnMut(SweepEvent) -> Result<ControlFlow<()>>,
) -> Result<Option<u64>> {
    let runs = batch.iter().map(|job| job.run(data, common.init_scale)).collect::<Result<Vec<_>>>()?;
    let schedule = |job: &Job| {
        let schedule = Schedule::new(job.iterations, common.log_every)?;
        Ok(if common.curves { schedule.with_curve() } else { schedule })
    };
    let schedules = batch.iter().map(schedule).collect::<Result<Vec<_>>>()?;
    let mut session = backend.load(data, &runs)?;
    if listen(SweepEvent::Batch(batch.len()))?.is_break() {
        return Ok(None);
    }
    let (mut failure, mut stopped, mut longest) = (None, false, 1);
    train_all(session.as_mut(), &schedules, |event| {
        let told = match event {
            Event::Advanced { iteration, .. } => listen(SweepEvent::Advanced(iteration)),
            // an interrupted network is trained again when the sweep is resumed
            Event::Ended { outcome, .. } if outcome.status == Status::Interrupted => Ok(ControlFlow::Break(())),
            Event::Ended { network, outcome } => {
                longest = outcome.iterations.max(longest);
                let (result, error) = result(&batch[network], &runs[network], outcome, data, test);
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
    match failure {
        Some(error) => Err(error),
        None if stopped => Ok(None),
        None => Ok(Some(longest)),
    }
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
    let judged = test.zip(outcome.parameters.as_ref()).filter(|_| finite);
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
        curve: outcome.curve.clone().thinned(CURVE),
        parameters: outcome.parameters.clone().filter(|_| finite),
    };
    (result, error)
}
