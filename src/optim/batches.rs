//! Which samples each update is taken over.

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The batches of an epoch, in which every sample has its turn once: as many as fit, and a shorter one with the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    samples: usize,
    size: usize,
    shuffle: Option<u32>,
}

impl Batches {
    /// Batches of `size` out of this many samples, in the order of the data or shuffled anew each epoch by a seed.
    pub fn new(samples: usize, size: usize, shuffle: Option<u32>) -> Self {
        Self { samples, size: size.clamp(1, samples.max(1)), shuffle }
    }

    /// Samples of a batch, but for the last one of an epoch.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether each update takes all samples in the order of the data.
    pub fn are_whole(&self) -> bool {
        self.size == self.samples && self.shuffle.is_none()
    }

    /// Updates of an epoch.
    pub fn per_epoch(&self) -> u64 {
        self.samples.div_ceil(self.size) as u64
    }

    /// The epoch of an update, both counted from 0, and the places in that epoch's order that its samples have.
    pub fn place(&self, update: u64) -> (u64, Range<usize>) {
        let batch = (update % self.per_epoch()) as usize;
        let first = batch * self.size;
        (update / self.per_epoch(), first..self.samples.min(first + self.size))
    }

    /// The samples of an epoch in their order: a permutation by Fisher and Yates from ChaCha8 with the seed as its key and
    /// the epoch as its stream, so that every epoch can be had without those before it.
    ///
    /// ```
    /// use planar::optim::Batches;
    /// assert_eq!(Batches::new(5, 2, None).order(7), [0, 1, 2, 3, 4]);
    /// let shuffled = Batches::new(5, 2, Some(1));
    /// assert_ne!(shuffled.order(0), shuffled.order(1));
    /// assert_eq!(shuffled.order(1), shuffled.order(1));
    /// ```
    pub fn order(&self, epoch: u64) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.samples as u32).collect();
        if let Some(seed) = self.shuffle {
            let mut key = [0; 32];
            key[..4].copy_from_slice(&seed.to_le_bytes());
            let mut random = ChaCha8Rng::from_seed(key);
            random.set_stream(epoch);
            for left in (1..order.len()).rev() {
                let chosen = (u64::from(random.next_u32()) * (left as u64 + 1)) >> 32;
                order.swap(left, chosen as usize);
            }
        }
        order
    }
}

/// The order of samples at any update, of which the present epoch's is kept.
#[derive(Clone, Debug)]
pub struct Order {
    batches: Batches,
    epoch: Option<u64>,
    order: Vec<u32>,
}

impl Order {
    /// The order of these batches.
    pub fn new(batches: Batches) -> Self {
        Self { batches, epoch: None, order: Vec::new() }
    }

    /// The samples of an update, counted from 0.
    pub fn batch(&mut self, update: u64) -> &[u32] {
        let (epoch, places) = self.batches.place(update);
        if self.epoch != Some(epoch) {
            (self.epoch, self.order) = (Some(epoch), self.batches.order(epoch));
        }
        &self.order[places]
    }
}
