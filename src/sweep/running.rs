//! The training of a sweep: all of what is left, or rung by rung.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::batch::Leg;
use super::grid::Job;
use super::halving::Reached;
use super::keeper::Keeper;
use super::progress::Counter;
use super::results::{JobResult, JobStatus};
use super::{Opened, Sweep, SweepEvent, SweepProgress, batches};
use crate::Result;
use crate::backend::Backend;

/// What changes while a sweep runs.
struct Running<'a, L> {
    opened: &'a mut Opened,
    keeper: Keeper<'a>,
    counter: Counter,
    listen: L,
}

impl Sweep {
    /// Trains what `opened` lacks, and adds each result to it as its network ends. `listen` is told how far the sweep is
    /// after every chunk of iterations and every network; if it breaks, the sweep returns `false`. However it ends, the
    /// results are in `opened`, in the networks' order.
    ///
    /// # Errors
    /// Those of [`run`](super::run) and of writing the file.
    pub fn run(
        &self,
        opened: &mut Opened,
        listen: impl FnMut(SweepProgress) -> ControlFlow<()> + Send,
    ) -> Result<bool> {
        let begun = std::mem::take(&mut opened.begun);
        let ended = opened.results.iter().map(|result| self.counted(&result.job, result.done));
        let [done, under_way] = [
            ended.fold(0, u64::saturating_add),
            begun.values().map(|begun| begun.about.iteration).fold(0, u64::saturating_add),
        ];
        let lanes = self.backends.len();
        let counter = Counter::new(self.jobs.len(), lanes, opened.results.len(), done, under_way);
        let path = opened.under_way.clone();
        let keeper = Keeper::new(path, &self.description, self.checkpoint_every, begun, lanes);
        let mut running = Running { opened, keeper, counter, listen };
        let finished = self.climb(&mut running);
        if matches!(finished, Ok(true)) {
            running.keeper.finish();
        }
        let Running { opened, keeper, .. } = running;
        opened.begun = keeper.begun().clone();
        opened.results.sort_by_key(|result| result.job.job);
        finished
    }

    /// The iterations that a network counts as that ended after `done` of them. One that diverged counts as its whole length,
    /// but of a halving, only some train so long.
    fn counted(&self, job: &Job, done: u64) -> u64 {
        if self.halving.is_some() { done } else { job.iterations }
    }

    /// Trains up to each rung, of which there is one without a halving, and retires the networks that go no further.
    fn climb(&self, running: &mut Running<impl FnMut(SweepProgress) -> ControlFlow<()> + Send>) -> Result<bool> {
        for rung in 0..self.halving.map_or(1, |halving| halving.rungs()) {
            if !self.leg(rung, running)? {
                return Ok(false);
            }
            self.retire(rung, running)?;
        }
        Ok(true)
    }

    /// Trains all networks that have not ended up to a rung.
    fn leg(
        &self,
        rung: u32,
        running: &mut Running<impl FnMut(SweepProgress) -> ControlFlow<()> + Send>,
    ) -> Result<bool> {
        let until = |job: &Job| self.halving.map_or(job.iterations, |halving| halving.until(job, rung));
        let begun = running.keeper.begun().clone();
        let ended: HashSet<u64> = running.opened.results.iter().map(|result| result.job.job).collect();
        let alive: Vec<&Job> = self.jobs.iter().filter(|job| !ended.contains(&job.job)).collect();
        // how far a network is, and whether it waits there
        let at = |job: &Job| {
            begun.get(&job.job).map_or((0, false), |begun| (begun.about.iteration, begun.about.standing.is_some()))
        };
        let is_below = |job: &&&Job| {
            let (iteration, waits) = at(job);
            iteration < until(job) || iteration == until(job) && !waits
        };
        let below: Vec<&Job> = alive.iter().filter(is_below).copied().collect();
        let left = below.iter().map(|job| until(job) - at(job).0).fold(0, u64::saturating_add);
        let later = self.halving.map_or(0, |halving| halving.left(&alive, rung));
        running.counter.plan(left.saturating_add(later));

        let leg = Leg { begun: &begun, until: &until, is_ranked: self.halving.is_some() };
        let backends: Vec<&dyn Backend> = self.backends.iter().map(AsRef::as_ref).collect();
        let finished = batches::go_on(&backends, below.into_iter(), &leg, &self.data, &self.common, |event| {
            let now = match event {
                SweepEvent::Batch { lane, networks, iteration } => {
                    running.keeper.batch(lane);
                    running.counter.batch(lane, networks, iteration)
                }
                SweepEvent::Advanced(networks) => {
                    running.keeper.advanced(&networks)?;
                    running.counter.advanced(networks.lane, networks.iteration, networks.cost)
                }
                SweepEvent::Stopped(networks) => {
                    running.keeper.keep(&networks)?;
                    running.counter.advanced(networks.lane, networks.iteration, None)
                }
                SweepEvent::Paused(paused) => {
                    let iteration = paused.begun.about.iteration;
                    running.keeper.paused(paused.begun)?;
                    running.counter.paused(paused.lane, iteration)
                }
                SweepEvent::Ended { lane, result } => {
                    let counted = self.counted(&result.job, result.done);
                    running.ended(JobResult { parameters: None, ..*result })?;
                    running.counter.ended(lane, counted)
                }
            };
            Ok((running.listen)(now))
        });
        // whatever ended the leg: what waits is kept
        let flushed = running.keeper.flush();
        finished.and_then(|finished| flushed.map(|()| finished))
    }

    /// Ends the networks that wait at a rung and do not go on from it.
    fn retire(&self, rung: u32, running: &mut Running<impl FnMut(SweepProgress) -> ControlFlow<()>>) -> Result<()> {
        let Some(halving) = self.halving else { return Ok(()) };
        let reached = Reached::new(&running.opened.results, running.keeper.begun());
        let climbed = halving.climbed(&self.jobs, &reached);
        let waiting: Vec<u64> = running.keeper.begun().keys().copied().collect();
        for number in waiting {
            let Some(begun) = running.keeper.begun().get(&number) else { continue };
            let Ok(at) = self.jobs.binary_search_by_key(&number, |job| job.job) else { continue };
            let job = &self.jobs[at];
            let (iteration, standing) = (begun.about.iteration, begun.about.standing);
            let Some(standing) = standing.filter(|_| iteration == halving.until(job, rung)) else { continue };
            if halving.goes_on(job, rung, &climbed) {
                continue;
            }
            let result = begun.clone().ended(job, JobStatus::Retired, standing, standing.cost);
            running.ended(result)?;
            let now = running.counter.retired(iteration);
            // it is done: there is nothing to stop
            let _ = (running.listen)(now);
        }
        Ok(())
    }
}

impl<L> Running<'_, L> {
    /// Keeps the result of a network that has ended.
    fn ended(&mut self, result: JobResult) -> Result<()> {
        let added = self.opened.file.as_mut().map_or(Ok(()), |file| file.add(&result));
        let job = result.job.job;
        self.opened.results.push(result);
        added?;
        self.keeper.ended(job);
        Ok(())
    }
}
