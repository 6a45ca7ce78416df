//! A part of a data set held out of training, to see how well a network does on samples it has not seen.

use super::Dataset;
use super::numpy_random::NumpyRandom;
use crate::{Error, Result};

impl Dataset {
    /// The data set without a share of each class, and that share: drawn by NumPy's shuffle with this seed, separately
    /// for each class (stratified), and rounded to whole samples. Targets that are no classes are drawn from all samples
    /// alike. Both keep the order of the samples.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the fraction is not between 0 and 1, or leaves nothing to train on or to test with.
    ///
    /// ```
    /// let (train, test) = planar::data::flower(400, 1)?.split(0.2, 0)?;
    /// assert_eq!((train.samples(), test.samples()), (320, 80));
    /// assert_eq!(test.labels().iter().filter(|label| **label == 1).count(), 40);
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn split(&self, test_fraction: f64, seed: u32) -> Result<(Self, Self)> {
        let held_out = held_out(&self.targets().strata(), test_fraction, seed)?;
        Ok((self.select(|sample| !held_out[sample])?, self.select(|sample| held_out[sample])?))
    }

    /// At most this many samples, evenly spaced.
    pub(crate) fn evenly(&self, count: usize) -> Result<Self> {
        match self.samples().div_ceil(count) {
            0 | 1 => Ok(self.clone()),
            step => self.select(|sample| sample.is_multiple_of(step)),
        }
    }

    /// The samples that are wanted, in their order.
    pub(super) fn select(&self, is_wanted: impl Fn(usize) -> bool) -> Result<Self> {
        let samples: Vec<usize> = (0..self.samples()).filter(|sample| is_wanted(*sample)).collect();
        let rows = self.inputs().chunks(self.samples());
        let inputs = rows.flat_map(|values| samples.iter().map(|sample| values[*sample])).collect();
        let targets = self.targets().select(&samples);
        let selected = Self::assemble(self.name().into(), self.seed(), inputs, targets, self.columns().clone())?;
        match self.weights() {
            Some(weights) => selected.with_weights(samples.iter().map(|sample| weights[*sample]).collect()),
            None => Ok(selected),
        }
    }
}

/// Which samples [`Dataset::split`] holds out.
pub(super) fn held_out(labels: &[u8], test_fraction: f64, seed: u32) -> Result<Vec<bool>> {
    if !(test_fraction > 0.0 && test_fraction < 1.0) {
        return Err(Error::invalid("the test fraction", "between 0 and 1", test_fraction));
    }
    let samples = labels.len();
    let mut random = NumpyRandom::new(seed);
    let mut held_out = vec![false; samples];
    for class in 0..=labels.iter().copied().max().unwrap_or_default() {
        let mut of_class: Vec<usize> = (0..samples).filter(|sample| labels[*sample] == class).collect();
        random.shuffle(&mut of_class);
        let count = (of_class.len() as f64 * test_fraction).round() as usize;
        of_class[..count].iter().for_each(|sample| held_out[*sample] = true);
    }
    let count = held_out.iter().filter(|held_out| **held_out).count();
    if count == 0 || count == samples {
        let wanted = format!("such that some of the {samples} samples are left to train on and some to test");
        return Err(Error::invalid("the test fraction", wanted, test_fraction));
    }
    Ok(held_out)
}

#[cfg(test)]
mod tests {
    use super::super::noisy_moons;
    use super::*;

    #[test]
    fn a_split_loses_and_repeats_no_sample_and_keeps_the_classes_shares() {
        let data = noisy_moons(200, 3).unwrap();
        for (fraction, tested) in [(0.1, 20), (0.25, 50), (0.5, 100)] {
            let (train, test) = data.split(fraction, 7).unwrap();
            assert_eq!((train.samples(), test.samples()), (200 - tested, tested));
            let ones = |data: &Dataset| data.labels().iter().filter(|label| **label == 1).count();
            assert_eq!(2 * ones(&test), tested);
            let points = |data: &Dataset| -> Vec<Vec<u64>> {
                (0..data.samples()).map(|s| data.point(s).map(f64::to_bits).collect()).collect()
            };
            let mut all = [points(&train), points(&test)].concat();
            let mut want = points(&data);
            all.sort();
            want.sort();
            assert_eq!(all, want);
        }
    }

    #[test]
    fn the_seed_decides_what_is_held_out() {
        let data = noisy_moons(200, 3).unwrap();
        assert_eq!(data.split(0.2, 1).unwrap(), data.split(0.2, 1).unwrap());
        assert_ne!(data.split(0.2, 1).unwrap(), data.split(0.2, 2).unwrap());
    }

    #[test]
    fn a_fraction_that_leaves_nothing_is_refused() {
        let data = noisy_moons(4, 1).unwrap();
        for fraction in [0.0, 1.0, -0.1, f64::NAN, 0.1, 0.9] {
            assert!(matches!(data.split(fraction, 1), Err(Error::Invalid { .. })), "{fraction}");
        }
    }
}
