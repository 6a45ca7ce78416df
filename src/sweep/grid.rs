//! Which networks a sweep trains: every combination of the given values, or some drawn at random.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::range::{Values, between};
use crate::backend::check_learning_rate;
use crate::data::{Dataset, Source};
use crate::fit::{RunSettings, Start};
use crate::model::{Activation, Hidden, InitScale, Network, Output};
use crate::optim::Recipe;
use crate::{Error, Result, backend::Run, memory};

/// The most networks that a grid may have unless more are explicitly allowed.
pub const MOST_NETWORKS: u64 = 1_000_000;

/// The most networks that any sweep may have: each is held in memory until it ends.
pub const MOST_EVER: u64 = 20_000_000;

/// What a network takes in memory, nearly: its place in the list, its names, and its result with ten logged costs.
const BYTES_EACH: usize = 1024;

/// The values to try.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// Data sets.
    pub data: Vec<Source>,
    /// Hidden units.
    pub hidden: Vec<Hidden>,
    /// Activations.
    pub activations: Vec<Activation>,
    /// What makes an update besides the learning rate.
    pub recipes: Vec<Recipe>,
    /// Learning rates.
    pub learning_rates: Values<f64>,
    /// Iterations.
    pub iterations: Vec<u64>,
    /// Seeds of the initial weights.
    pub init_seeds: Vec<u32>,
    /// The number of folds, each of which is held out of a network of its own; none if samples are not divided so.
    pub folds: Option<usize>,
}

/// One network to train. Its JSON form, with the settings that a sweep's networks share, names all that it depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its number in the sweep.
    pub job: u64,
    /// The data set, as on the command line.
    pub data: String,
    /// Hidden units.
    pub hidden: Hidden,
    /// The activation, as on the command line.
    pub activation: String,
    /// α.
    pub learning_rate: f64,
    /// Iterations requested.
    pub iterations: u64,
    /// Seed of the initial weights.
    pub init_seed: u32,
    /// The fold that is held out, counted from 1, if samples are divided into folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<usize>,
    /// What makes an update besides the learning rate; nothing of plain gradient descent.
    #[serde(flatten)]
    pub recipe: Recipe,
}

impl Space {
    /// The networks of the whole grid, over all folds.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a learning rate can only be drawn.
    pub fn count(&self) -> Result<u64> {
        let Values::List(rates) = &self.learning_rates else {
            let wanted =
                "a list or a range with a number of values, as in 0.01:1.2:log8, unless networks are drawn at random";
            return Err(Error::invalid("the learning rates", wanted, "a range without"));
        };
        let of_networks = [self.data.len(), self.hidden.len(), self.activations.len()];
        let lengths = of_networks.into_iter().chain([self.recipes.len(), rates.len(), self.iterations.len()]);
        let count = lengths.fold(self.init_seeds.len() as u64, |count, n| count.saturating_mul(n as u64));
        Ok(self.times_folds(count))
    }

    /// So many networks, each trained for every fold.
    pub fn times_folds(&self, networks: u64) -> u64 {
        networks.saturating_mul(self.folds.unwrap_or(1) as u64)
    }

    /// Each network once for every fold.
    fn over_folds(&self, jobs: Vec<Job>) -> Vec<Job> {
        let Some(folds) = self.folds else { return jobs };
        let of_each = |job: Job| (1..=folds).map(move |fold| Job { fold: Some(fold), ..job.clone() });
        (0..).zip(jobs.into_iter().flat_map(of_each)).map(|(number, job)| Job { job: number, ..job }).collect()
    }

    /// Every combination; folds vary fastest, then seeds.
    ///
    /// # Errors
    /// Those of [`count`](Self::count), and [`Error::Invalid`] for more than [`MOST_EVER`] networks.
    pub fn grid(&self) -> Result<Vec<Job>> {
        check_count(self.count()?)?;
        let mut jobs = Vec::new();
        let Values::List(rates) = &self.learning_rates else { return Ok(jobs) };
        for data in &self.data {
            for activation in &self.activations {
                for hidden in &self.hidden {
                    for recipe in &self.recipes {
                        for learning_rate in rates {
                            for iterations in &self.iterations {
                                for init_seed in &self.init_seeds {
                                    jobs.push(Job {
                                        job: jobs.len() as u64,
                                        data: data.to_string(),
                                        hidden: hidden.clone(),
                                        activation: activation.to_string(),
                                        learning_rate: *learning_rate,
                                        iterations: *iterations,
                                        init_seed: *init_seed,
                                        fold: None,
                                        recipe: *recipe,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
        Ok(self.over_folds(jobs))
    }

    /// This many networks, each drawn at random from the given values, over all folds; the same seed draws the same.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than [`MOST_EVER`] networks, or if there is nothing to draw from.
    pub fn random(&self, count: u64, seed: u64) -> Result<Vec<Job>> {
        check_count(self.times_folds(count))?;
        let rates = matches!(&self.learning_rates, Values::List(rates) if rates.is_empty());
        let lengths = [self.data.len(), self.hidden.len(), self.activations.len(), self.iterations.len()];
        let lengths = [&lengths[..], &[self.recipes.len()]].concat();
        if rates || self.init_seeds.is_empty() || lengths.contains(&0) {
            return Err(Error::invalid("the values to draw from", "at least one of each kind", "none"));
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let draw = |job: u64| {
            let learning_rate = match &self.learning_rates {
                Values::List(rates) => rates[random.random_range(0..rates.len())],
                Values::Log(first, last) => between(*first, *last, random.random(), true),
                Values::Linear(first, last) => between(*first, *last, random.random(), false),
            };
            Job {
                job,
                data: self.data[random.random_range(0..self.data.len())].to_string(),
                hidden: self.hidden[random.random_range(0..self.hidden.len())].clone(),
                activation: self.activations[random.random_range(0..self.activations.len())].to_string(),
                learning_rate,
                iterations: self.iterations[random.random_range(0..self.iterations.len())],
                init_seed: self.init_seeds[random.random_range(0..self.init_seeds.len())],
                fold: None,
                // one recipe takes nothing from the draw
                recipe: match self.recipes.as_slice() {
                    [only] => *only,
                    recipes => recipes[random.random_range(0..recipes.len())],
                },
            }
        };
        Ok(self.over_folds((0..count).map(draw).collect()))
    }

    /// Checks that every value can be used for training.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first that cannot be used.
    pub fn check(&self) -> Result<()> {
        let rates = match &self.learning_rates {
            Values::List(rates) => rates.clone(),
            Values::Log(first, last) | Values::Linear(first, last) => vec![*first, *last],
        };
        rates.into_iter().try_for_each(check_learning_rate)?;
        for hidden in &self.hidden {
            Network::new(1, hidden.layers(), Activation::Tanh)?;
        }
        if let Some(folds) = self.folds.filter(|folds| *folds < 2) {
            return Err(Error::invalid("the number of folds", "at least 2", folds));
        }
        match self.iterations.iter().find(|iterations| **iterations == 0) {
            Some(_) => Err(Error::invalid("the number of iterations", "at least 1", 0)),
            None => Ok(()),
        }
    }
}

/// Checks that this many networks can be held in memory: the system is asked for it, and it is given back.
fn check_count(count: u64) -> Result<()> {
    if count > MOST_EVER {
        return Err(Error::invalid("the number of networks", format!("at most {MOST_EVER}"), count));
    }
    let bytes = usize::try_from(count).ok().and_then(|count| count.checked_mul(BYTES_EACH));
    match bytes {
        Some(bytes) if memory::holds(bytes) => Ok(()),
        _ => {
            let wanted = format!("at most what the memory holds, at {BYTES_EACH} bytes each");
            Err(Error::invalid("the number of networks", wanted, count))
        }
    }
}

impl Job {
    /// The network for its data set, with its initial weights.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a width or an activation that is not valid.
    pub fn run(&self, data: &Dataset, init_scale: InitScale, output: Option<Output>) -> Result<Run> {
        let settings = RunSettings {
            hidden: self.hidden.layers().to_vec(),
            activation: self.activation.parse()?,
            backward_activation: None,
            output,
            learning_rate: self.learning_rate,
            recipe: self.recipe,
            start: Start { seed: self.init_seed, scale: init_scale, ..Start::default() },
        };
        settings.over(self.iterations).run(data)
    }

    /// What all networks of one session share: the data set and its fold, the activation without its slope, the number of
    /// layers, the batches, and whether they are trained by plain gradient descent.
    pub fn group(&self) -> impl PartialEq + '_ {
        let network = (self.activation.split(':').next().unwrap_or_default(), self.hidden.layers().len());
        let recipe = &self.recipe;
        // a GPU trains plain descent in kernels of its own, alone as beside others
        (&self.data, self.fold, network, recipe.batch_size, recipe.shuffle, recipe.is_plain())
    }

    /// The configuration: all that its seeds and folds share.
    pub(super) fn configuration(&self) -> (&str, &Hidden, &str, u64, u64, String) {
        configuration(&self.data, &self.hidden, &self.activation, self.learning_rate, self.iterations, &self.recipe)
    }
}

/// What tells configurations apart.
pub(super) fn configuration<'a>(
    data: &'a str,
    hidden: &'a Hidden,
    activation: &'a str,
    learning_rate: f64,
    iterations: u64,
    recipe: &Recipe,
) -> (&'a str, &'a Hidden, &'a str, u64, u64, String) {
    (data, hidden, activation, learning_rate.to_bits(), iterations, recipe.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        Space {
            data: vec![Source::Flower, Source::Blobs],
            hidden: vec![4.into(), 17.into()],
            recipes: vec![Recipe::default(), Recipe { l2: 0.5, ..Recipe::default() }],
            activations: vec![Activation::Tanh, Activation::LeakyRelu { slope: 0.2 }],
            learning_rates: Values::List(vec![0.1, 1.2]),
            iterations: vec![10],
            init_seeds: vec![2, 3, 4],
            folds: None,
        }
    }

    #[test]
    fn a_grid_has_every_combination_once() {
        let jobs = space().grid().unwrap();
        assert_eq!((jobs.len() as u64, space().count().unwrap()), (96, 96));
        for (i, job) in jobs.iter().enumerate() {
            assert_eq!(job.job, i as u64);
            let same = |other: &&Job| Job { job: 0, ..(*other).clone() } == Job { job: 0, ..job.clone() };
            assert_eq!(jobs.iter().filter(same).count(), 1);
        }
    }

    #[test]
    fn every_network_of_a_grid_and_of_a_draw_is_trained_for_each_fold() {
        let space = Space { folds: Some(3), ..space() };
        assert_eq!(space.count().unwrap(), 3 * 96);
        for (jobs, plain) in [
            (space.grid().unwrap(), Space { folds: None, ..space.clone() }.grid().unwrap()),
            (space.random(20, 7).unwrap(), Space { folds: None, ..space.clone() }.random(20, 7).unwrap()),
        ] {
            assert_eq!(jobs.len(), 3 * plain.len());
            for (number, job) in (0..).zip(&jobs) {
                let (of, fold) = (&plain[number as usize / 3], number as usize % 3 + 1);
                assert_eq!(*job, Job { job: number, fold: Some(fold), ..of.clone() });
            }
        }
    }

    #[test]
    fn a_seed_draws_the_same_networks_and_another_others() {
        let space = Space { learning_rates: Values::Log(0.01, 1.0), ..space() };
        assert!(space.count().is_err());
        let jobs = space.random(50, 7).unwrap();
        assert_eq!(jobs, space.random(50, 7).unwrap());
        assert_ne!(jobs, space.random(50, 8).unwrap());
        assert!(jobs.iter().all(|job| (0.01..=1.0).contains(&job.learning_rate)));
        let small = jobs.iter().filter(|job| job.learning_rate < 0.1).count();
        assert!((10..40).contains(&small), "{small} of 50 in the lower decade");
    }
}
