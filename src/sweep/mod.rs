//! Many networks: grids and random draws of widths, activations, learning rates and seeds, trained side by side.

pub mod grid;
pub mod range;
pub mod results;
pub mod summary;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Instant;

use crate::backend::{Backend, Run};
use crate::cpu::accuracy_on;
use crate::data::{Dataset, Options};
use crate::train::{self, Outcome, Schedule, Status, train_all};
use crate::{Error, Result};
use grid::Job;
use results::Ended;

/// How long an iteration of a batch should take at most: a submit is one or more of them.
const ITERATION_TIME: f64 = 0.05;
/// Pairs of a hidden unit and a sample in an iteration of the first batch, before the device's speed is known.
const FIRST_BATCH: f64 = 5e7;

/// What all networks of a sweep have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Common {
    /// Size, seed and label of the data sets, where they apply.
    pub options: Options,
    /// The share held out of training, and the seed by which it is drawn.
    pub held_out: Option<(f64, u32)>,
    /// Scale of the initial weights.
    pub init_scale: f64,
    /// How often costs are kept.
    pub log_every: Option<u64>,
    /// Bytes that a batch may take on the device.
    pub memory: u64,
}

/// What a sweep tells while it runs.
#[derive(Clone, Debug)]
pub enum Progress {
    /// A batch of so many networks begins.
    Batch(usize),
    /// A batch has got so far; nothing else has happened.
    Advanced(u64),
    /// A network has ended.
    Ended(Box<Ended>),
}

/// Trains all jobs in batches of one session each: what shares a data set and an activation trains side by side, as far
/// as `memory` and the time of an iteration allow. Each result is what [`train`](train::train) gives for that network.
/// Where `listen` breaks, networks under way are not told of, and the sweep ends with `false`.
///
/// # Errors
/// Those of loading the data, of [`Backend::load`] and of training, and what `listen` returns.
pub fn run(
    backend: &dyn Backend,
    jobs: &[Job],
    common: &Common,
    mut listen: impl FnMut(Progress) -> Result<ControlFlow<()>>,
) -> Result<bool> {
    let mut pairs = FIRST_BATCH;
    for mut group in groups(jobs) {
        let data = group[0].load(&common.options)?;
        let (data, test) = match common.held_out {
            Some((fraction, seed)) => data.split(fraction, seed).map(|(train, test)| (train, Some(test)))?,
            None => (data, None),
        };
        while !group.is_empty() {
            let count = batch(backend, &data, &group, common, pairs)?;
            let batch: Vec<Job> = group.drain(..count).collect();
            let units: usize = batch.iter().map(|job| job.hidden).sum();
            let start = Instant::now();
            let Some(iterations) = train_batch(backend, &data, test.as_ref(), &batch, common, &mut listen)? else {
                return Ok(false);
            };
            let work = units as f64 * data.samples() as f64;
            let seconds = start.elapsed().as_secs_f64() / iterations as f64;
            pairs = (work * ITERATION_TIME / seconds).clamp(pairs / 8.0, pairs * 8.0);
        }
    }
    Ok(true)
}

/// Sees before anything is trained that all of it can be: data sets load and can be split, costs can be logged, and each
/// network fits alone.
///
/// # Errors
/// Those of loading and splitting the data, [`Error::Invalid`] for an interval of 0, and [`Error::Mismatch`] where a
/// network takes more than `memory`.
pub fn check(backend: &dyn Backend, jobs: &[Job], common: &Common) -> Result<()> {
    for group in &groups(jobs) {
        let data = group[0].load(&common.options)?;
        if let Some((fraction, seed)) = common.held_out {
            data.split(fraction, seed)?;
        }
        for job in group {
            Schedule::new(job.iterations, common.log_every)?;
        }
        let widest = group.iter().max_by_key(|job| job.hidden).unwrap_or(&group[0]);
        let needed = backend.memory(&data, &widest.run(&data, 0.0)?.network, 1)?;
        if needed > common.memory {
            let (needed, hidden, allowed) = (needed.div_ceil(1 << 20), widest.hidden, common.memory >> 20);
            let message =
                format!("a network of {hidden} hidden units takes {needed} MiB, and --memory allows {allowed}");
            return Err(Error::Mismatch(message));
        }
    }
    Ok(())
}

/// The jobs by what may train side by side; in a group those of like length and width stand together.
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

/// How many of the first jobs make a batch: the most, doubling from one, that memory and time allow.
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

/// Trains a batch; the iterations of its longest, or none where it was stopped.
fn train_batch(
    backend: &dyn Backend,
    data: &Dataset,
    test: Option<&Dataset>,
    batch: &[Job],
    common: &Common,
    listen: &mut impl FnMut(Progress) -> Result<ControlFlow<()>>,
) -> Result<Option<u64>> {
    let runs = batch.iter().map(|job| job.run(data, common.init_scale)).collect::<Result<Vec<_>>>()?;
    let schedules =
        batch.iter().map(|job| Schedule::new(job.iterations, common.log_every)).collect::<Result<Vec<_>>>()?;
    let mut session = backend.load(data, &runs)?;
    if listen(Progress::Batch(batch.len()))?.is_break() {
        return Ok(None);
    }
    let (mut failure, mut stopped, mut longest) = (None, false, 1);
    train_all(session.as_mut(), &schedules, |event| {
        let told = match event {
            train::Event::Advanced { iteration, .. } => listen(Progress::Advanced(iteration)),
            // an interrupted one is run again another time
            train::Event::Ended { outcome, .. } if outcome.status == Status::Interrupted => Ok(ControlFlow::Break(())),
            train::Event::Ended { network, outcome } => {
                longest = outcome.iterations.max(longest);
                ended(&batch[network], &runs[network], outcome, data, test)
                    .and_then(|ended| listen(Progress::Ended(Box::new(ended))))
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

/// What is kept of a network that has ended.
fn ended(job: &Job, run: &Run, outcome: &Outcome, data: &Dataset, test: Option<&Dataset>) -> Result<Ended> {
    let finite = outcome.status != Status::Diverged;
    let test_accuracy = match (test, &outcome.parameters) {
        (Some(test), Some(parameters)) if finite => Some(accuracy_on(test, &run.network, parameters)?),
        _ => None,
    };
    Ok(Ended {
        job: job.clone(),
        status: outcome.status,
        done: outcome.iterations,
        cost: finite.then_some(outcome.evaluation.cost),
        accuracy: finite.then(|| data.accuracy(&outcome.evaluation.logits)),
        test_accuracy,
        costs: outcome.costs.clone(),
        parameters: outcome.parameters.clone().filter(|_| finite),
    })
}
