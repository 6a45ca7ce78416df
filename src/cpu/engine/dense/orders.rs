//! The samples of each update, worked out for some epochs at once.

use super::samples::Batch;
use crate::optim::{Batches, Recipe};

/// The numbers of samples that are kept, unless an epoch has more.
const KEPT: usize = 1 << 20;

/// The orders of some epochs, one after another; none if it is always that of the data.
pub struct Orders {
    batches: Batches,
    is_shuffled: bool,
    samples: usize,
    first: u64,
    order: Vec<u32>,
}

impl Orders {
    /// The orders of a recipe's batches out of this many samples.
    pub fn new(recipe: &Recipe, samples: usize) -> Self {
        let is_shuffled = recipe.shuffle.is_some();
        Self { batches: recipe.batches(samples), is_shuffled, samples, first: 0, order: Vec::new() }
    }

    /// Works out the orders of updates after the first `done`; returns how many updates these are, at most `most`.
    pub fn prepare(&mut self, done: u64, most: u32) -> u32 {
        if !self.is_shuffled {
            return most;
        }
        let (first, _) = self.batches.place(done);
        let wanted = (KEPT / self.samples.max(1)).max(1) as u64;
        let last = self.batches.place(done + u64::from(most) - 1).0.min(first + wanted - 1);
        let kept = self.first..self.first + (self.order.len() / self.samples) as u64;
        if !(kept.contains(&first) && kept.contains(&last)) {
            self.order.clear();
            (first..=last).for_each(|epoch| self.order.extend(self.batches.order(epoch)));
            self.first = first;
        }
        let behind = (last + 1) * self.batches.per_epoch();
        most.min(u32::try_from(behind - done).unwrap_or(most))
    }

    /// The samples of an update, counted from 0, that is prepared.
    pub fn batch(&self, update: u64) -> Batch<'_> {
        let (epoch, places) = self.batches.place(update);
        let order = self.is_shuffled.then(|| {
            let first = (epoch - self.first) as usize * self.samples;
            &self.order[first..first + self.samples]
        });
        Batch { order, first: places.start, count: places.len() }
    }
}
