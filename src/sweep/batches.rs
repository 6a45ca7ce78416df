//! Divides the networks of a sweep into batches, and gives each to the next device that is free.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use web_time::Instant;

use super::DataSets;
use super::batch::{Batch, Lane, Leg, train_batch};
use super::events::SweepEvent;
use super::grid::Job;
use super::pace::{MOST_AT_ONCE, Pace, work, work_left};
use super::under_way::{Begun, start_of};
use crate::backend::Backend;
use crate::data::Dataset;
use crate::fit::watch::often;
use crate::model::{InitScale, Output};
use crate::train::Schedule;
use crate::{Error, Result};

/// The name of a batch's memory in an [`Error::Limit`].
pub const BATCH_MEMORY: &str = "MiB per batch";

/// What the networks of a sweep have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Common {
    /// Scale of the initial weights.
    pub init_scale: InitScale,
    /// What the outputs mean; what suits the data if none is given.
    pub output: Option<Output>,
    /// The cost is kept every this many iterations; ten times per run if none is given.
    pub log_every: Option<u64>,
    /// The patience of early stopping.
    pub early_stopping: Option<u64>,
    /// Whether each result has a curve of its costs.
    pub curves: bool,
    /// Bytes that a batch may take on the device; half of what a device has for a session if none is given.
    pub memory: Option<u64>,
    /// About how long a batch may take, so that results come steadily.
    pub batch_time: Duration,
}

impl Common {
    /// How a network is trained and logged that has its whole length.
    pub fn schedule(&self, job: &Job, data: &Dataset) -> Result<Schedule> {
        let often = || often(job.recipe.batches(data.samples()).per_epoch(), job.iterations);
        let schedule = Schedule::new(job.iterations, self.log_every.or_else(|| self.early_stopping.map(|_| often())))?;
        Ok(match self.early_stopping {
            Some(_) => schedule.with_stops(schedule.log_every()),
            None => schedule,
        })
    }

    /// Bytes that a batch may take on this device.
    fn memory_on(&self, backend: &dyn Backend) -> u64 {
        self.memory.unwrap_or_else(|| backend.memory_limit() / 2)
    }
}

/// Trains all jobs in batches of one session each: networks that share a data set and an activation train side by side,
/// as far as memory and the time per iteration allow. Each result is what [`train`](crate::train::train) gives for
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
    listen: impl FnMut(SweepEvent) -> Result<ControlFlow<()>> + Send,
) -> Result<bool> {
    let leg = Leg { begun: &BTreeMap::new(), until: &|job| job.iterations, is_ranked: false };
    go_on(&[backend], jobs.iter(), &leg, data, common, listen)
}

/// [`run`] on several devices, each of which takes the next batch when it is free; networks go on from where they are to
/// where the leg ends.
pub(super) fn go_on<'a>(
    backends: &[&dyn Backend],
    jobs: impl Iterator<Item = &'a Job>,
    leg: &Leg,
    data: &DataSets,
    common: &Common,
    listen: impl FnMut(SweepEvent) -> Result<ControlFlow<()>> + Send,
) -> Result<bool> {
    let queue = Queue {
        groups: Mutex::new(groups(jobs, leg.begun).into()),
        lanes: backends.len(),
        is_stopped: AtomicBool::new(false),
        leg,
        data,
        common,
        listen: Mutex::new(listen),
    };
    let lanes: Vec<Lane> = (0..).zip(backends).map(|(number, backend)| Lane { number, backend: *backend }).collect();
    let [first, others @ ..] = lanes.as_slice() else { return Ok(true) };
    let ended = thread::scope(|scope| {
        let mut started = Vec::new();
        for lane in others {
            let name = format!("lane {}", lane.number);
            started.push(thread::Builder::new().name(name).spawn_scoped(scope, || queue.work(*lane)));
        }
        let mut ended = vec![queue.work(*first)];
        // a thread that cannot be started leaves its work to the others
        ended.extend(
            started.into_iter().flatten().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic))),
        );
        ended
    });
    let mut unjudged = None;
    for lane in ended {
        unjudged = unjudged.or(lane?);
    }
    match unjudged {
        _ if queue.is_stopped.load(Relaxed) => Ok(false),
        None => Ok(true),
        Some(error) => Err(error),
    }
}

/// The networks that no device has taken yet.
struct Queue<'a, L> {
    groups: Mutex<VecDeque<VecDeque<&'a Job>>>,
    /// The number of devices.
    lanes: usize,
    /// Whether no more batches are to be taken, and those in training are to stop.
    is_stopped: AtomicBool,
    leg: &'a Leg<'a>,
    data: &'a DataSets,
    common: &'a Common,
    listen: Mutex<L>,
}

impl<'a, L: FnMut(SweepEvent) -> Result<ControlFlow<()>> + Send> Queue<'a, L> {
    /// Trains one batch after another until none is left, or the sweep is stopped. Returns why held-out samples could not be
    /// evaluated, if that was so.
    fn work(&self, lane: Lane) -> Result<Option<Error>> {
        let worked = self.batches(lane);
        if worked.is_err() {
            self.is_stopped.store(true, Relaxed);
        }
        worked
    }

    fn batches(&self, lane: Lane) -> Result<Option<Error>> {
        let (mut pace, mut unjudged) = (Pace::new(lane.backend, self.common), None);
        while let Some(batch) = self.next(lane, &pace)? {
            let (began, start) = (Instant::now(), start_of(self.leg.begun, batch.jobs[0]));
            let trained = train_batch(lane, self.leg, &batch, self.common, |event| self.tell(event))?;
            unjudged = unjudged.or(trained.unjudged);
            let Some(longest) = trained.longest else {
                self.is_stopped.store(true, Relaxed);
                break;
            };
            let left = work_left(&batch.jobs, batch.data, start, self.leg.until);
            pace.learn(work(&batch.jobs, batch.data), longest.saturating_sub(start), left, began);
        }
        Ok(unjudged)
    }

    /// Tells the listener; breaks if it does, or if the sweep is stopped by another device.
    fn tell(&self, event: SweepEvent) -> Result<ControlFlow<()>> {
        let told = self.listen.lock().unwrap_or_else(PoisonError::into_inner)(event)?;
        Ok(if self.is_stopped.load(Relaxed) { ControlFlow::Break(()) } else { told })
    }

    /// Takes the next batch for a device: the largest power of two of the first networks that memory and time allow, or all
    /// of them. Of several devices, none takes more than its share of what is left.
    fn next(&self, lane: Lane, pace: &Pace) -> Result<Option<Batch<'a>>> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        while groups.front().is_some_and(VecDeque::is_empty) {
            groups.pop_front();
        }
        let Some(group) = groups.front_mut().filter(|_| !self.is_stopped.load(Relaxed)) else { return Ok(None) };
        let (data, test) = self.data.get(&group[0].data, group[0].fold)?;
        let start = start_of(self.leg.begun, group[0]);
        let most = group.len().div_ceil(self.lanes).min(MOST_AT_ONCE);
        let jobs: Vec<&Job> = group.iter().take(most).copied().collect();
        let fits = |count: usize| -> Result<bool> {
            let widest = jobs[..count].iter().max_by_key(|job| job.hidden.work()).unwrap_or(&jobs[0]);
            let run = widest.run(data, 0.0.into(), self.common.output)?;
            let is_short = pace.allows(&jobs[..count], data, start, self.leg.until);
            let memory = self.common.memory_on(lane.backend);
            Ok(is_short && lane.backend.memory_for(data, &run, count)? <= memory)
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
        Ok(Some(Batch { jobs: group.drain(..count).collect(), data, test }))
    }
}

/// Checks, before anything is trained, that everything can be: costs can be logged, and each network fits the device by
/// itself.
///
/// # Errors
/// [`Error::Invalid`] for an interval of 0, [`Error::Limit`] if a network takes more than the memory of a batch, and those of
/// [`Backend::memory_for`].
pub fn check(backend: &dyn Backend, jobs: &[Job], data: &DataSets, common: &Common) -> Result<()> {
    let memory = common.memory_on(backend);
    for group in &groups(jobs.iter(), &BTreeMap::new()) {
        let (data, _) = data.get(&group[0].data, group[0].fold)?;
        for job in group {
            common.schedule(job, data)?;
        }
        let widest = group.iter().max_by_key(|job| job.hidden.work()).unwrap_or(&group[0]);
        let needed = backend.memory_for(data, &widest.run(data, 0.0.into(), common.output)?, 1)?;
        if needed > memory {
            return Err(Error::Limit {
                what: format!("a network of {} hidden units", widest.hidden),
                needed: needed.div_ceil(1 << 20),
                limit: BATCH_MEMORY,
                allowed: memory >> 20,
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
        group.make_contiguous().sort_by_key(|job| (job.iterations, job.hidden.work(), job.job));
    }
    groups.sort_by_key(|group| start(group[0]) == 0);
    groups
}
