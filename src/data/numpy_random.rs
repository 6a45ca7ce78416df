//! NumPy's frozen generator, `np.random.seed(n)`, so that data and weights are the notebook's bit for bit.
//!
//! The Mersenne Twister comes from `rand_mt`; this file holds what NumPy's legacy `RandomState` makes of its words.
//!
//! ln here, and sin and cos in the data sets, are rounded to the nearest number: `exact.rs`.

use rand_mt::Mt;

use super::exact;

/// NumPy's `RandomState(seed)`.
#[derive(Clone, Debug)]
pub struct NumpyRandom {
    words: Mt,
    /// The second number of the last polar pair.
    cached: Option<f64>,
}

impl NumpyRandom {
    /// `np.random.seed(seed)`.
    pub fn new(seed: u32) -> Self {
        Self { words: Mt::new(seed), cached: None }
    }

    /// `rand()`: uniform in [0, 1) with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        let high = f64::from(self.words.next_u32() >> 5);
        let low = f64::from(self.words.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// `uniform(low, high)`.
    pub fn uniform_in(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// `randn()`: Marsaglia's polar method. A pair is made at once; its second number is returned first.
    pub fn standard_normal(&mut self) -> f64 {
        if let Some(value) = self.cached.take() {
            return value;
        }
        loop {
            let x1 = 2.0 * self.uniform() - 1.0;
            let x2 = 2.0 * self.uniform() - 1.0;
            let square = x1 * x1 + x2 * x2;
            if square < 1.0 && square != 0.0 {
                let factor = (-2.0 * exact::ln(square) / square).sqrt();
                self.cached = Some(factor * x1);
                return factor * x2;
            }
        }
    }

    /// `normal(mean, deviation)`.
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        mean + deviation * self.standard_normal()
    }

    /// `shuffle(items)`: Fisher–Yates from the end, each index by masked rejection, one word per try.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index_to(last);
            items.swap(last, other);
        }
    }

    /// A uniform index in [0, last].
    fn index_to(&mut self, last: usize) -> usize {
        let mask = u32::MAX >> (last as u32).leading_zeros();
        loop {
            let candidate = (self.words.next_u32() & mask) as usize;
            if candidate <= last {
                return candidate;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffle_of_one_or_none_draws_nothing() {
        let mut random = NumpyRandom::new(1);
        random.shuffle::<u8>(&mut []);
        random.shuffle(&mut [7]);
        assert_eq!(random.uniform(), NumpyRandom::new(1).uniform());
    }
}
