//! Stratified folds, for cross-validation: every sample is held out once, and every fold has the classes' shares.

use std::mem::discriminant;

use super::numpy_random::NumpyRandom;
use super::prepared::{Loaded, Prepared};
use super::table::{Notice, Progress};
use super::{Columns, Dataset, Options, Source, Targets};
use crate::{Error, Result};

/// A data set that is divided into folds, each of which can be held out in turn.
#[derive(Clone, Debug)]
pub struct Folds {
    loaded: Loaded,
    /// The fold of each sample, from 0.
    of: Vec<usize>,
    count: usize,
    options: Options,
}

impl Dataset {
    /// The fold of each sample, from 0: those of scikit-learn's `StratifiedKFold(count, shuffle=True, random_state=seed)`.
    /// The counts of each class differ by at most 1 from fold to fold, and so do those of all samples. Targets that are no
    /// classes are divided as `KFold` does, with the same arguments.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there are not at least 2 folds, or more than samples of the smallest class;
    /// [`Error::Mismatch`] if that has one sample.
    ///
    /// ```
    /// let folds = planar::data::noisy_moons(200, 1)?.folds(5, 1)?;
    /// assert_eq!(folds.iter().filter(|fold| **fold == 4).count(), 40);
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn folds(&self, count: usize, seed: u32) -> Result<Vec<usize>> {
        draw(self.targets(), self.columns(), count, seed)
    }
}

impl Source {
    /// Makes or reads the data set, once, and divides it as [`Dataset::folds`] does.
    ///
    /// # Errors
    /// Those of [`Source::load`] and [`Dataset::folds`]; [`Error::Csv`] if a file has one class alone.
    pub fn folds(
        &self,
        options: &Options,
        count: usize,
        seed: u32,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Folds> {
        let loaded = Loaded::new(self, options, progress)?;
        let of = draw(loaded.targets(), loaded.columns(), count, seed)?;
        Ok(Folds { loaded, of, count, options: options.clone() })
    }
}

impl Folds {
    /// K, the number of folds.
    pub fn count(&self) -> usize {
        self.count
    }

    /// All samples to train on, and none held out.
    ///
    /// # Errors
    /// Those of [`Source::prepare`].
    pub fn whole(&self) -> Result<Prepared> {
        self.loaded.clone().divide(None, &self.options)
    }

    /// One fold, counted from 0, held out, and the samples of all others to train on. Missing cells are filled and
    /// features scaled by what those others alone are like.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such fold, and those of [`Source::prepare`].
    pub fn prepare(&self, fold: usize) -> Result<Prepared> {
        let is_held_out: Vec<bool> = self.of.iter().map(|of| *of == fold).collect();
        self.loaded.clone().divide(Some(&is_held_out), &self.options)
    }
}

/// What is to be told of a further fold: notices of a kind that none told before is of.
pub(crate) fn untold(notices: &[Notice], told: &[Notice]) -> Vec<Notice> {
    let is_new = |notice: &&Notice| told.iter().all(|of| discriminant(of) != discriminant(*notice));
    notices.iter().filter(is_new).cloned().collect()
}

/// The fold of each sample.
fn draw(targets: &Targets, columns: &Columns, count: usize, seed: u32) -> Result<Vec<usize>> {
    match targets {
        Targets::Classes(labels) => draw_classes(labels, columns, count, seed),
        _ => draw_any(targets.samples(), count, seed),
    }
}

/// The fold of each of this many samples, which are shuffled and cut into runs of which the first have one more.
fn draw_any(samples: usize, count: usize, seed: u32) -> Result<Vec<usize>> {
    if !(2..=samples).contains(&count) {
        let wanted = format!("from 2 to {samples}, the number of samples");
        return Err(Error::invalid("the number of folds", wanted, count));
    }
    let mut order: Vec<usize> = (0..samples).collect();
    NumpyRandom::new(seed).shuffle(&mut order);
    let mut fold_of = vec![0; samples];
    let (each, more) = (samples / count, samples % count);
    let folds = (0..count).flat_map(|fold| std::iter::repeat_n(fold, each + usize::from(fold < more)));
    order.into_iter().zip(folds).for_each(|(sample, fold)| fold_of[sample] = fold);
    Ok(fold_of)
}

/// The fold of each sample, by its class.
fn draw_classes(labels: &[u8], columns: &Columns, count: usize, seed: u32) -> Result<Vec<usize>> {
    // scikit-learn's order of classes: that of their first samples
    let mut order = Vec::new();
    for label in labels {
        if !order.contains(label) {
            order.push(*label);
        }
    }
    let samples_of = |class: u8| -> Vec<usize> { (0..labels.len()).filter(|s| labels[*s] == class).collect() };
    let samples: Vec<Vec<usize>> = order.iter().map(|class| samples_of(*class)).collect();
    if let Some((class, samples)) = order.iter().zip(&samples).min_by_key(|(_, samples)| samples.len()) {
        check(count, samples.len(), columns.class(*class))?;
    }
    let mut random = NumpyRandom::new(seed);
    let mut fold_of = vec![0; labels.len()];
    let mut dealt = 0;
    for samples in samples {
        // one class after another, samples are dealt to the folds in turn; which of a class's goes where is shuffled
        let mut folds: Vec<usize> = (dealt..dealt + samples.len()).map(|place| place % count).collect();
        dealt += samples.len();
        folds.sort_unstable();
        random.shuffle(&mut folds);
        samples.into_iter().zip(folds).for_each(|(sample, fold)| fold_of[sample] = fold);
    }
    Ok(fold_of)
}

/// Refuses a number of folds that leaves one of them without a sample of the smallest class, or nothing to train on.
fn check(count: usize, least: usize, class: &str) -> Result<()> {
    match (count, least) {
        (_, 0 | 1) => {
            Err(Error::Mismatch(format!("class {class} has 1 sample, where folds need at least 2 of each class")))
        }
        (count, least) if (2..=least).contains(&count) => Ok(()),
        _ => {
            let wanted = format!("from 2 to {least}, the samples of class {class}, which has the fewest");
            Err(Error::invalid("the number of folds", wanted, count))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::noisy_moons;
    use super::*;

    /// Labels of classes 0, 1, … with these numbers of samples, in turn as long as there are some.
    fn labels(counts: &[usize]) -> Vec<u8> {
        let most = counts.iter().copied().max().unwrap();
        let turn = |turn: usize| (0..).zip(counts).filter(move |(_, count)| turn < **count).map(|(class, _)| class);
        (0..most).flat_map(turn).collect()
    }

    fn drawn(counts: &[usize], folds: usize, seed: u32) -> Result<Vec<usize>> {
        let classes = ["no", "yes", "maybe"].map(String::from).into();
        draw_classes(&labels(counts), &Columns { classes, ..Columns::plain(1) }, folds, seed)
    }

    fn range(numbers: impl Iterator<Item = usize> + Clone) -> usize {
        numbers.clone().max().unwrap() - numbers.min().unwrap()
    }

    #[test]
    fn every_sample_is_in_one_fold_and_the_folds_have_the_classes_shares() {
        for counts in [&[7, 11][..], &[3, 100], &[50, 51], &[5, 5], &[7, 8, 13]] {
            for count in [2, 3, 5].into_iter().filter(|count| counts.iter().all(|of| count <= of)) {
                for seed in 0..5 {
                    let (labels, folds) = (labels(counts), drawn(counts, count, seed).unwrap());
                    assert_eq!(folds.len(), labels.len());
                    assert!(folds.iter().all(|fold| *fold < count));
                    let size = |fold: usize| folds.iter().filter(|of| **of == fold).count();
                    assert!(range((0..count).map(size)) <= 1, "{counts:?} in {count}");
                    for class in 0..counts.len() as u8 {
                        let of_class = |fold: usize| {
                            folds.iter().zip(&labels).filter(|(of, label)| **of == fold && **label == class).count()
                        };
                        assert!(range((0..count).map(of_class)) <= 1, "class {class} of {counts:?} in {count}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_seed_decides_which_sample_is_in_which_fold() {
        let moons = noisy_moons(200, 3).unwrap();
        assert_eq!(moons.folds(5, 1).unwrap(), moons.folds(5, 1).unwrap());
        assert_ne!(moons.folds(5, 1).unwrap(), moons.folds(5, 2).unwrap());
    }

    #[test]
    fn one_fold_and_more_than_the_smallest_class_has_samples_are_refused() {
        for (counts, folds) in [([20, 7], 0), ([20, 7], 1), ([20, 7], 8), ([20, 7], usize::MAX)] {
            let error = drawn(&counts, folds, 1).unwrap_err();
            let wanted = "the number of folds must be from 2 to 7, the samples of class yes, which has the fewest";
            assert_eq!(error.to_string(), format!("{wanted}, not {folds}"));
        }
        let error = drawn(&[1, 20], 2, 1).unwrap_err();
        assert_eq!(error.to_string(), "class no has 1 sample, where folds need at least 2 of each class");
        assert!(drawn(&[7, 7], 7, 1).is_ok());
    }
}
