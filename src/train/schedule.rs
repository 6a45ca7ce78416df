//! How long to train, how often to log, and where chunks must end.

use crate::{Error, Result};

/// The most iterations: 2⁵³, up to which every reader of JSON counts exactly.
const MOST_ITERATIONS: u64 = 1 << 53;
/// The most costs that a run may log.
pub const LOG_LIMIT: u64 = 10_000_000;

/// How long to train and how often to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    iterations: u64,
    log_every: u64,
    /// Updates done before, by a run that this one goes on with.
    start: u64,
    /// A chunk ends at each multiple of either.
    stops: [Option<u64>; 2],
    /// A chunk ends at each of this many snapshots.
    snapshots: u64,
    has_curve: bool,
}

impl Schedule {
    /// `iterations` updates, logging the cost every `log_every` of them, or ten times if none is given.
    ///
    /// # Errors
    /// [`Error::Invalid`] if either is 0, for more than 2⁵³ iterations, or if more than ten million costs would be logged.
    pub fn new(iterations: u64, log_every: Option<u64>) -> Result<Self> {
        if iterations == 0 {
            return Err(Error::invalid("the number of iterations", "at least 1", 0));
        }
        if iterations > MOST_ITERATIONS {
            return Err(Error::invalid("the number of iterations", format!("at most {MOST_ITERATIONS}"), iterations));
        }
        let log_every = log_every.unwrap_or((iterations / 10).max(1));
        if log_every == 0 {
            return Err(Error::invalid("the logging interval", "at least 1 iteration", 0));
        }
        if iterations / log_every > LOG_LIMIT {
            let wanted = format!("at least {} for {iterations} iterations", iterations.div_ceil(LOG_LIMIT));
            return Err(Error::invalid("the logging interval", wanted, log_every));
        }
        Ok(Self { iterations, log_every, start: 0, stops: [None; 2], snapshots: 0, has_curve: false })
    }

    /// The rest of a run of which `done` updates are done: iterations are counted on from there.
    pub fn after(self, done: u64) -> Self {
        Self { start: done, ..self }
    }

    /// A chunk ends at each multiple of `every` updates (0 is taken for 1), so that the parameters then can be kept.
    /// Of several, the last two count.
    pub fn with_stops(self, every: u64) -> Self {
        Self { stops: [Some(every.max(1)), self.stops[0]], ..self }
    }

    /// Costs are kept for a [`CostCurve`](super::CostCurve) beside those that are logged.
    pub fn with_curve(self) -> Self {
        Self { has_curve: true, ..self }
    }

    /// A chunk ends at each of `count` [`snapshots`](Self::snapshots), so that the parameters then can be shown.
    pub fn with_snapshots(self, count: u64) -> Self {
        Self { snapshots: count, ..self }
    }

    /// The updates done at each of n snapshots, closer together early on, when most changes: start + ⌈rest·(k/n)²⌉ for
    /// k = 1 … n. The last is the end.
    pub fn snapshots(self) -> impl Iterator<Item = u64> {
        let rest = self.iterations.saturating_sub(self.start) as f64;
        (1..=self.snapshots).map(move |k| {
            let share = k as f64 / self.snapshots as f64;
            self.start.saturating_add((rest * share * share).ceil() as u64)
        })
    }

    /// Updates to do, with those done before.
    pub fn iterations(self) -> u64 {
        self.iterations
    }

    /// Updates from one logged cost to the next.
    pub fn log_every(self) -> u64 {
        self.log_every
    }

    /// Whether costs are kept for a curve.
    pub(super) fn has_curve(self) -> bool {
        self.has_curve
    }

    /// Updates done before.
    pub(super) fn start(self) -> u64 {
        self.start
    }

    /// The latest end of the chunk that begins after `done` updates, if stops or snapshots set one.
    pub(super) fn next_stop(self, done: u64) -> Option<u64> {
        let next = |every: u64| (done / every).saturating_add(1).saturating_mul(every);
        let multiple = self.stops.into_iter().flatten().map(next).min();
        let snapshot = self.snapshots().find(|snapshot| *snapshot > done);
        multiple.into_iter().chain(snapshot).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_closer_together_at_first_and_end_with_the_run() {
        let schedule = Schedule::new(100, None).unwrap().with_snapshots(4);
        assert_eq!(schedule.snapshots().collect::<Vec<_>>(), [7, 25, 57, 100]);
        assert_eq!(schedule.after(90).snapshots().collect::<Vec<_>>(), [91, 93, 96, 100]);
        let stops = [0, 7, 30, 99, 100].map(|done| schedule.with_stops(40).next_stop(done));
        assert_eq!(stops, [Some(7), Some(25), Some(40), Some(100), Some(120)]);
    }
}
