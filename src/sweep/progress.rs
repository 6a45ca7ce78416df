//! How far a sweep is.

use super::results::JobResult;

/// How far a sweep is, in networks and in iterations over all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SweepProgress {
    /// Networks that have ended.
    pub ended: usize,
    /// Networks of the sweep, or of its shard.
    pub networks: usize,
    /// Iterations done, over all networks, in this process and before. A network that diverged counts as its whole
    /// length, since nothing of it is left to do.
    pub iterations: u64,
    /// Iterations of all networks.
    pub of: u64,
    /// Iterations done before this process began.
    pub before: u64,
    /// The lowest cost among the networks in training; none if no batch is under way.
    pub cost: Option<f64>,
}

/// Counts what a sweep has done.
pub(super) struct Counter {
    now: SweepProgress,
    /// Iterations of the networks that have ended.
    ended: u64,
    /// Iterations of the networks that had begun before and wait for their batch.
    waiting: u64,
    /// Networks of the batch that are in training, each with this many iterations done.
    in_training: (u64, u64),
}

impl Counter {
    /// A sweep of this many networks, with `of` iterations in total. Some networks have ended before, and others, which go on,
    /// had done `begun` iterations in total.
    pub fn new(networks: usize, of: u64, results: &[JobResult], begun: u64) -> Self {
        let ended = results.iter().map(|result| result.job.iterations).fold(0, u64::saturating_add);
        let before = ended.saturating_add(begun);
        let now = SweepProgress { ended: results.len(), networks, iterations: before, of, before, cost: None };
        Self { now, ended, waiting: begun, in_training: (0, 0) }
    }

    /// A batch of this many networks begins, each of which has done this many iterations before.
    pub fn batch(&mut self, networks: usize, iteration: u64) -> SweepProgress {
        self.in_training = (networks as u64, iteration);
        self.waiting = self.waiting.saturating_sub(iteration.saturating_mul(networks as u64));
        self.now.cost = None;
        self.now()
    }

    /// The networks of the batch that are in training have done this many iterations.
    pub fn advanced(&mut self, iteration: u64, cost: Option<f64>) -> SweepProgress {
        self.in_training.1 = iteration;
        self.now.cost = cost;
        self.now()
    }

    /// A network of the batch has ended.
    pub fn ended(&mut self, iterations: u64) -> SweepProgress {
        self.now.ended += 1;
        self.ended = self.ended.saturating_add(iterations);
        self.in_training.0 = self.in_training.0.saturating_sub(1);
        self.now()
    }

    fn now(&mut self) -> SweepProgress {
        let (networks, iteration) = self.in_training;
        let done = self.ended.saturating_add(self.waiting);
        self.now.iterations = done.saturating_add(networks.saturating_mul(iteration));
        self.now
    }
}
