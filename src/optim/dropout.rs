//! Which units are dropped, by bits that follow from where they are alone: the same on every device, in every order.
//! `shaders/lib/dropout.wgsl` holds the same formulas.

use serde::{Deserialize, Serialize};

use super::rate::is_default;
use crate::model::Real;
use crate::{Error, Result};

/// Units of the hidden layers that are left out of an update, each with this probability. What is left is multiplied by
/// 1 / (1 − rate), so that nothing has to change for predictions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dropout {
    /// The probability; 0 for none.
    #[serde(rename = "dropout", skip_serializing_if = "is_default")]
    pub rate: f64,
    /// The seed of the bits.
    #[serde(rename = "dropout_seed", skip_serializing_if = "is_default")]
    pub seed: u32,
}

impl Dropout {
    /// Units left out at a rate by a seed, which means nothing and is 0 where none is left out.
    pub fn new(rate: f64, seed: u32) -> Self {
        Self { rate, seed: if rate == 0.0 { 0 } else { seed } }
    }

    /// Whether nothing is dropped.
    pub fn is_none(&self) -> bool {
        self.rate == 0.0
    }

    /// The mask of a unit, counted from 0 in its layer, at an update, counted from 0.
    pub fn mask(&self, update: u64, layer: usize, unit: usize) -> Mask {
        // the parts are mixed in one after another, each with all bits of those before it
        let key = [layer as u32, unit as u32].into_iter().fold(self.key(update), |key, part| mix(key ^ part));
        Mask { key, below: self.threshold() }
    }

    /// What the masks of an update, counted from 0, have in common.
    pub fn key(&self, update: u64) -> u32 {
        mix(mix(self.seed) ^ update as u32)
    }

    /// The numbers of 32 bits of which as many are smaller as units are dropped.
    pub fn threshold(&self) -> u32 {
        (self.rate * 4_294_967_296.0) as u32
    }

    /// 1 / (1 − rate).
    pub fn factor<T: Real>(&self) -> T {
        T::from_f64(1.0 / (1.0 - self.rate))
    }

    /// # Errors
    /// [`Error::Invalid`] for a rate outside [0, 1).
    pub(super) fn check(&self) -> Result<()> {
        match (0.0..1.0).contains(&self.rate) && (self.rate as f32) < 1.0 {
            true => Ok(()),
            false => Err(Error::invalid("the dropout", "at least 0 and below 1", self.rate)),
        }
    }
}

/// Whether a unit is dropped for each sample of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Mask {
    key: u32,
    below: u32,
}

impl Mask {
    /// Whether it is kept for the sample at this place of the batch.
    #[inline(always)]
    pub fn keeps(&self, place: usize) -> bool {
        mix(self.key ^ place as u32) >= self.below
    }
}

/// A bijection of 32 bits in which each bit of the result depends on all: a constant added, so that 0 does not stay 0, then
/// `lowbias32` of Chris Wellons' hash-prospector.
#[inline(always)]
fn mix(x: u32) -> u32 {
    let mut x = x.wrapping_add(0x9e37_79b9);
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}
