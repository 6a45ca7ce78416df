//! How many iterations the next chunk takes.

use crate::backend::CHUNK_LIMIT;

/// How many seconds a chunk should take: short enough for drivers that end long submits, and for a quick answer to Ctrl-C.
const CHUNK_SECONDS: f64 = 0.05;
/// The first chunk, before the device's speed is known: one iteration of a large network may take a weak GPU long.
const FIRST_CHUNK: f64 = 1.0;
/// The most by which a chunk is longer or shorter than the one before.
const MOST_CHANGE: f64 = 4.0;
/// What a chunk takes at least, in seconds: clocks are coarse, and some stand still for a while.
const SHORTEST: f64 = 1e-6;

/// The length of chunks, so that each lasts about as long as wanted.
#[derive(Debug)]
pub(super) struct Pace {
    /// Seconds that a chunk should take.
    seconds: f64,
    /// Iterations of the next chunk, before they are rounded down.
    next: f64,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { seconds: CHUNK_SECONDS, next: FIRST_CHUNK }
    }

    /// The same, with chunks of this many seconds.
    pub(super) fn of(self, seconds: f64) -> Self {
        Self { seconds, ..self }
    }

    /// Iterations of the next chunk: 1 to [`CHUNK_LIMIT`].
    pub(super) fn chunk(&self) -> u32 {
        self.next as u32
    }

    /// Learns that a chunk of this many iterations took this many seconds.
    pub(super) fn learn(&mut self, iterations: u32, seconds: f64) {
        let ideal = f64::from(iterations) * self.seconds / seconds.max(SHORTEST);
        self.next =
            ideal.clamp(self.next / MOST_CHANGE, self.next * MOST_CHANGE).clamp(FIRST_CHUNK, CHUNK_LIMIT.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_grow_at_most_fourfold_and_shrink_when_they_last_too_long() {
        let mut pace = Pace::new();
        assert_eq!(pace.chunk(), 1, "nothing is known of the device yet");
        for _ in 0..20 {
            let before = pace.chunk();
            pace.learn(before, 0.0);
            assert!(pace.chunk() <= 4 * before && pace.chunk() <= CHUNK_LIMIT);
        }
        assert_eq!(pace.chunk(), CHUNK_LIMIT, "an instant device gets the longest chunks");
        pace.learn(CHUNK_LIMIT, 10.0 * CHUNK_SECONDS);
        assert_eq!(pace.chunk(), CHUNK_LIMIT / 4, "a tenth is due, and a quarter at once");
        pace.learn(CHUNK_LIMIT, 10.0 * CHUNK_SECONDS);
        assert_eq!(pace.chunk(), CHUNK_LIMIT / 10);
    }

    #[test]
    fn chunks_last_as_long_as_wanted() {
        let mut pace = Pace::new().of(0.01);
        for _ in 0..20 {
            let iterations = pace.chunk();
            pace.learn(iterations, f64::from(iterations) * 1e-4);
        }
        assert_eq!(pace.chunk(), 100);
    }

    #[test]
    fn a_chunk_has_at_least_one_iteration_however_slow_the_device() {
        let mut pace = Pace::new();
        for seconds in [3.0, 1e9, f64::INFINITY] {
            pace.learn(1, seconds);
            assert_eq!(pace.chunk(), 1);
        }
    }
}
