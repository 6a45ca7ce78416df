//! The costs of a run: for the page's curve, for a checkpoint, and of the samples held out.

use planar::train::{CostAt, CostCurve};

/// The most costs that the page is sent of a run, and that are kept of the samples held out.
const MOST_COSTS: u64 = 10_000;
/// How often a run logs a cost for its checkpoint, the command's default.
const LOGGED: u64 = 10;

/// The costs of a run.
#[derive(Default)]
pub struct Costs {
    /// Costs by iteration, at multiples of what a page can draw.
    pub all: Vec<CostAt>,
    /// As many of them as a checkpoint keeps.
    pub logged: Vec<CostAt>,
    /// The curve of a picture: of the run before this one, and of this one.
    pub curves: [CostCurve; 2],
    /// Of the samples held out, at each iteration with a picture.
    pub held_out: Vec<CostAt>,
    /// How many of them the page has.
    pub sent: [usize; 2],
}

impl Costs {
    /// Adds those of a chunk from iteration `first` on, of a run of this many iterations, up to the first that is not finite.
    pub fn add(&mut self, first: u64, costs: &[f64], iterations: u64) {
        let finite = costs.iter().take_while(|cost| cost.is_finite()).count();
        let costs = &costs[..finite];
        self.curves[1].add(first, costs);
        let every = every(iterations);
        let log_every = (iterations / LOGGED).max(1);
        for (iteration, cost) in (first..).zip(costs) {
            let at = CostAt { iteration, cost: *cost };
            if iteration.is_multiple_of(every) {
                self.all.push(at);
            }
            if iteration.is_multiple_of(log_every) {
                self.logged.push(at);
            }
        }
    }

    /// Adds the cost at the end of the run.
    pub fn end(&mut self, at: CostAt) {
        self.all.retain(|before| before.iteration < at.iteration);
        self.sent[0] = self.sent[0].min(self.all.len());
        self.all.push(at);
    }

    /// Adds a cost of the samples held out, which are looked at with each picture; of too many, every second is dropped.
    pub fn add_held_out(&mut self, at: CostAt) {
        if self.held_out.last().is_some_and(|last| last.iteration >= at.iteration) {
            return;
        }
        if self.held_out.len() as u64 >= MOST_COSTS {
            let mut is_kept = false;
            self.held_out.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.sent[1] = self.held_out.len();
        }
        self.held_out.push(at);
    }
}

/// Iterations from one cost that the page is sent to the next: a power of ten.
pub fn every(iterations: u64) -> u64 {
    let mut every = 1;
    while iterations / every > MOST_COSTS {
        every *= 10;
    }
    every
}
