//! How far a sweep is.

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
    /// Iterations of all networks; of a halving, about as many as will be done.
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
    /// Iterations of the networks that have begun and are in no batch.
    waiting: u64,
    /// What each device trains.
    lanes: Vec<InTraining>,
}

/// The networks of a batch that are in training.
#[derive(Clone, Copy, Default)]
struct InTraining {
    networks: u64,
    /// Iterations that each has done.
    iteration: u64,
    /// The lowest of their costs.
    cost: Option<f64>,
}

impl Counter {
    /// A sweep of this many networks on this many devices. Some networks have ended before, after `done` iterations in
    /// total, and others, which go on, had done `begun`.
    pub fn new(networks: usize, lanes: usize, ended: usize, done: u64, begun: u64) -> Self {
        let before = done.saturating_add(begun);
        let now = SweepProgress { ended, networks, iterations: before, of: before, before, cost: None };
        Self { now, ended: done, waiting: begun, lanes: vec![InTraining::default(); lanes] }
    }

    /// This many iterations are left to do.
    pub fn plan(&mut self, left: u64) {
        self.now.of = self.now().iterations.saturating_add(left);
    }

    /// A batch of this many networks begins on a device, each of which has done this many iterations before.
    pub fn batch(&mut self, lane: usize, networks: usize, iteration: u64) -> SweepProgress {
        self.lanes[lane] = InTraining { networks: networks as u64, iteration, cost: None };
        self.waiting = self.waiting.saturating_sub(iteration.saturating_mul(networks as u64));
        self.now()
    }

    /// The networks of the batch that are in training have done this many iterations.
    pub fn advanced(&mut self, lane: usize, iteration: u64, cost: Option<f64>) -> SweepProgress {
        self.lanes[lane] = InTraining { iteration, cost, ..self.lanes[lane] };
        self.now()
    }

    /// A network of the batch waits for others.
    pub fn paused(&mut self, lane: usize, iteration: u64) -> SweepProgress {
        self.leave(lane);
        self.waiting = self.waiting.saturating_add(iteration);
        self.now()
    }

    /// A network that waited goes no further.
    pub fn retired(&mut self, iteration: u64) -> SweepProgress {
        self.waiting = self.waiting.saturating_sub(iteration);
        self.end(iteration)
    }

    /// A network of the batch has ended, and counts as this many iterations.
    pub fn ended(&mut self, lane: usize, iterations: u64) -> SweepProgress {
        self.leave(lane);
        self.end(iterations)
    }

    fn leave(&mut self, lane: usize) {
        self.lanes[lane].networks = self.lanes[lane].networks.saturating_sub(1);
    }

    fn end(&mut self, iterations: u64) -> SweepProgress {
        self.now.ended += 1;
        self.ended = self.ended.saturating_add(iterations);
        self.now()
    }

    fn now(&mut self) -> SweepProgress {
        let in_training = self.lanes.iter().map(|lane| lane.networks.saturating_mul(lane.iteration));
        let done = self.ended.saturating_add(self.waiting);
        self.now.iterations = in_training.fold(done, u64::saturating_add);
        self.now.cost = self.lanes.iter().filter_map(|lane| lane.cost).min_by(f64::total_cmp);
        self.now
    }
}
