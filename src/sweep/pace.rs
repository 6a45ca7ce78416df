//! How large a batch may be, learnt from how fast the batches before it were.

use web_time::Instant;

use super::Common;
use super::grid::Job;
use crate::backend::Backend;
use crate::data::Dataset;

/// The longest that one iteration of a batch should take: a submit holds at least one.
const ITERATION_TIME: f64 = 0.05;
/// Hidden units times samples per iteration of the first batch, before the device's speed is known.
const FIRST_BATCH: f64 = 5e7;
/// The same, times iterations, per second: what a core does, nearly, so that the first batch is not too long on any device.
const FIRST_RATE: f64 = 1e9;
/// The most networks of a batch, so that the file of those under way stays small enough to be written twice a minute.
pub const MOST_AT_ONCE: usize = 1 << 15;

/// Hidden units times samples of these networks: the work of an iteration.
pub fn work(batch: &[&Job], data: &Dataset) -> f64 {
    batch.iter().map(|job| job.hidden.work() as f64).sum::<f64>() * data.samples() as f64
}

/// Up to how many iterations a network is trained.
type Until<'a> = &'a dyn Fn(&Job) -> u64;

/// The same, times the iterations that each has left.
pub fn work_left(batch: &[&Job], data: &Dataset, start: u64, until: Until) -> f64 {
    let of = |job: &&Job| job.hidden.work() as f64 * until(job).saturating_sub(start) as f64;
    batch.iter().map(of).sum::<f64>() * data.samples() as f64
}

/// How much work a batch may be, learnt from the batches before it.
pub struct Pace {
    /// Work of an iteration.
    pairs: f64,
    /// Work per second.
    rate: f64,
    /// Seconds that a batch may take.
    seconds: f64,
    /// Networks that are trained at once in any case: fewer would leave the device idle.
    at_once: usize,
}

impl Pace {
    /// A pace that is not known yet.
    pub fn new(backend: &dyn Backend, common: &Common) -> Self {
        let threads = || std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = match backend.device().kind.as_str() {
            "cpu" | "software-gpu" => threads(),
            _ => 64,
        };
        Self { pairs: FIRST_BATCH, rate: FIRST_RATE, seconds: common.batch_time.as_secs_f64(), at_once }
    }

    /// Whether these networks, which begin after `start` iterations, make a batch that is short enough.
    pub fn allows(&self, batch: &[&Job], data: &Dataset, start: u64, until: Until) -> bool {
        let is_short = || work_left(batch, data, start, until) <= self.rate * self.seconds;
        batch.len() <= MOST_AT_ONCE && work(batch, data) <= self.pairs && (batch.len() <= self.at_once || is_short())
    }

    /// A batch has done this many iterations of this work each, and this work in total.
    pub fn learn(&mut self, work: f64, iterations: u64, total: f64, began: Instant) {
        let seconds = began.elapsed().as_secs_f64().max(1e-6);
        let pairs = work * ITERATION_TIME * iterations.max(1) as f64 / seconds;
        self.pairs = pairs.clamp(self.pairs / 8.0, self.pairs * 8.0);
        self.rate = (total / seconds).clamp(self.rate / 8.0, self.rate * 8.0);
    }
}
