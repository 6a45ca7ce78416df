//! What the host tells a device of the updates of dense networks: rows of the table that the kernel `gather` reads. All that
//! differs from update to update is worked out here, in `f64`, so that nothing waits for the host within a chunk.

use bytemuck::cast_slice;

use crate::backend::Run;
use crate::data::Dataset;
use crate::gpu::plan::Table;
use crate::gpu::shader::uniforms::Turn;
use crate::optim::{Batches, Order, Recipe};

/// The updates of networks that take the same batches.
pub struct Updates {
    table: Table,
    recipes: Vec<(f64, Recipe)>,
    batches: Batches,
    order: Order,
    /// What each sample counts; 1 if nothing is said.
    weights: Option<Vec<f64>>,
    samples: usize,
    total_weight: f64,
    /// Updates done and queued.
    next: u64,
}

impl Updates {
    /// The updates of runs from the states that they begin with.
    pub fn new(table: Table, data: &Dataset, runs: &[Run]) -> Self {
        let samples = data.samples();
        let recipe = runs.first().map_or(Recipe::default(), |run| run.recipe);
        let batches = recipe.batches(samples);
        Self {
            table,
            recipes: runs.iter().map(|run| (run.learning_rate, run.recipe)).collect(),
            batches,
            order: Order::new(batches),
            weights: data.weights().map(<[f64]>::to_vec),
            samples,
            total_weight: data.total_weight(),
            next: runs.first().map_or(0, |run| run.state.updates),
        }
    }

    /// Updates that fit into the table.
    pub fn room(&self) -> u32 {
        self.table.updates
    }

    /// So many more are queued.
    pub fn queued(&mut self, iterations: u32) {
        self.next += u64::from(iterations);
    }

    /// Begins again behind this many updates.
    pub fn restart(&mut self, updates: u64) {
        self.next = updates;
    }

    /// The rows of the next updates.
    pub fn next(&mut self, count: u32) -> Vec<u32> {
        self.after(0, count)
    }

    /// The rows of this many updates from the one on that is `first` behind the next.
    pub fn after(&mut self, first: u32, count: u32) -> Vec<u32> {
        let mut words = Vec::new();
        for update in (self.next + u64::from(first)..).take(count as usize) {
            let (_, places) = self.batches.place(update);
            let turn = |(rate, recipe): &(f64, Recipe)| Turn::of(recipe, *rate, update, places.len());
            let turns: Vec<Turn> = self.recipes.iter().map(turn).collect();
            words.extend_from_slice(cast_slice(&turns));
            if let Some(batch) = self.table.batch {
                let samples = self.order.batch(update);
                let total = samples.iter().map(|sample| weight(self.weights.as_deref(), *sample)).sum();
                push_places(&mut words, samples, batch, self.weights.as_deref(), total);
            }
        }
        words
    }

    /// Blocks of an evaluation of all samples.
    pub fn blocks(&self) -> usize {
        self.samples.div_ceil(self.places())
    }

    /// The row of a block, its places, and how many of them hold samples: its share of the mean over all samples, with no
    /// unit dropped.
    pub fn block(&self, block: usize) -> (Vec<u32>, usize, usize) {
        let places = self.places();
        let first = block * places;
        let count = places.min(self.samples - first);
        let nothing = Turn { factor: 1.0, ..Turn::default() };
        let mut words = cast_slice(&vec![nothing; self.recipes.len()]).to_vec();
        if let Some(batch) = self.table.batch {
            let samples: Vec<u32> = (first as u32..).take(count).collect();
            push_places(&mut words, &samples, batch, self.weights.as_deref(), self.total_weight);
        }
        (words, places, count)
    }

    fn places(&self) -> usize {
        self.table.batch.map_or(self.samples, |batch| batch as usize)
    }
}

fn weight(weights: Option<&[f64]>, sample: u32) -> f64 {
    weights.map_or(1.0, |weights| weights[sample as usize])
}

/// The samples of a batch, each with its share of the total weight; places beyond the last hold the last one, of weight 0.
fn push_places(words: &mut Vec<u32>, samples: &[u32], batch: u32, weights: Option<&[f64]>, total: f64) {
    for sample in samples {
        words.extend([*sample, ((weight(weights, *sample) / total) as f32).to_bits()]);
    }
    let last = samples.last().copied().unwrap_or(0);
    for _ in samples.len()..batch as usize {
        words.extend([last, 0]);
    }
}
