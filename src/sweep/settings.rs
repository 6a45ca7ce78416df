//! What a sweep is to train, as lists and ranges in text.

use std::str::FromStr;
use std::time::Duration;

use serde_json::{Value, json};

use super::grid::{Job, MOST_EVER, MOST_NETWORKS, Space};
use super::range::Values;
use super::{DataSets, range};
use crate::data::table::TableOptions;
use crate::data::{HeldOut, Options, Scale, Source};
use crate::fit::{DeviceSettings, check_samples};
use crate::model::{Activation, InitScale, Output};
use crate::optim::{Dropout, Optimizer, Recipe};
use crate::{Error, Result};

/// Which networks to train, as lists and ranges in text, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepSettings {
    /// Data sets: a list of [`Source`]s.
    pub data: String,
    /// Size, seed and label column of the data sets, as far as they apply.
    pub options: Options,
    /// The share of each class to hold out.
    pub test_fraction: Option<f64>,
    /// The number of folds to divide each data set into, and to hold out in turn; not with a share to hold out.
    pub folds: Option<usize>,
    /// The seed that chooses the held-out samples; 1 if none is given.
    pub test_seed: Option<u32>,
    /// Hidden units: a list with ranges.
    pub hidden: String,
    /// Activations: a list.
    pub activation: String,
    /// What the outputs mean; what suits the data if none is given.
    pub output: Option<Output>,
    /// What makes an update, where the lists that follow do not say otherwise.
    pub recipe: Recipe,
    /// Optimisers: a list; that of the recipe if none is given.
    pub optimizer: Option<String>,
    /// λ of L2: a list or a range with a number of values; that of the recipe if none is given.
    pub l2: Option<String>,
    /// Probabilities of dropout: a list or a range with a number of values; that of the recipe if none is given.
    pub dropout: Option<String>,
    /// Seeds of dropout: a list with ranges; that of the recipe if none is given.
    pub dropout_seed: Option<String>,
    /// Learning rates: a list or a range.
    pub learning_rate: String,
    /// Iterations: a list with ranges.
    pub iterations: String,
    /// Whether these are epochs, in each of which every sample has its turn once.
    pub in_epochs: bool,
    /// Seeds of the initial weights: a list with ranges.
    pub init_seed: String,
    /// Scale of the initial weights.
    pub init_scale: InitScale,
    /// The number of networks to draw at random instead of the whole grid.
    pub random: Option<u64>,
    /// The seed of the draw; 1 if none is given.
    pub sweep_seed: Option<u64>,
    /// Whether a grid may have more than a million networks.
    pub allow_many: bool,
    /// The part of the networks to train here.
    pub shard: Option<Shard>,
    /// η of a successive [`Halving`](super::halving::Halving), if there is to be one.
    pub halving: Option<u64>,
    /// The device.
    pub device: DeviceSettings,
    /// Bytes that a batch may take on the device; half of what the device has for a session if none is given.
    pub memory: Option<u64>,
    /// Each training stops after this many looks at its held-out samples, one at each logged cost, without a lower cost, and its
    /// best weights count; not with a halving.
    pub early_stopping: Option<u64>,
    /// The cost is kept every this many iterations.
    pub log_every: Option<u64>,
    /// Whether a results file of another device is refused.
    pub same_device: bool,
    /// About how long a batch may take.
    pub batch_time: Duration,
    /// How often the networks under way are written beside the results file.
    pub checkpoint_every: Duration,
    /// Whether each result also has the curve of its costs, for a picture.
    pub curves: bool,
}

/// Every `of`th network from the `this`th on, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    pub(super) this: u64,
    pub(super) of: u64,
}

impl FromStr for Shard {
    type Err = Error;

    /// Reads `K/N`, with K from 1 to N.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("the shard", "K/N with K from 1 to N, as in 2/8", format_args!("'{text}'"));
        let (this, of) = text.split_once('/').ok_or_else(wrong)?;
        let (this, of) = (this.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?);
        if (1..=of).contains(&this) { Ok(Self { this, of }) } else { Err(wrong()) }
    }
}

impl SweepSettings {
    /// The networks of the whole sweep.
    pub(super) fn jobs(&self) -> Result<Vec<Job>> {
        let iterations = range::list::<String>("the iterations", &self.iterations)?;
        let space = Space {
            data: range::list::<Source>("the data sets", &self.data)?,
            hidden: range::list("the hidden units", &self.hidden)?,
            activations: range::list::<Activation>("the activations", &self.activation)?,
            recipes: self.recipes()?,
            learning_rates: range::numbers("the learning rates", &self.learning_rate)?,
            iterations: iterations.iter().map(|text| range::whole("the iterations", text)).collect::<Result<_>>()?,
            init_seeds: range::list("the initial seeds", &self.init_seed)?,
            folds: self.folds,
        };
        space.check()?;
        let count = self.random.map_or_else(|| space.count(), |drawn| Ok(space.times_folds(drawn)))?;
        let refuse = |wanted: String| Error::invalid("the number of networks", wanted, count);
        if count == 0 {
            return Err(refuse("at least 1".into()));
        }
        if count > MOST_EVER {
            return Err(refuse(format!("at most {MOST_EVER}: divide it into several sweeps")));
        }
        if count > MOST_NETWORKS && !self.allow_many {
            return Err(refuse(format!("at most {MOST_NETWORKS} unless more are allowed")));
        }
        match self.random {
            Some(drawn) => space.random(drawn, self.sweep_seed.unwrap_or(1)),
            None => space.grid(),
        }
    }

    /// Every combination of what makes an update.
    fn recipes(&self) -> Result<Vec<Recipe>> {
        let numbers = |name: &'static str, text: &Option<String>, usual: f64| match text {
            None => Ok(vec![usual]),
            Some(text) => match range::numbers(name, text)? {
                Values::List(values) => Ok(values),
                _ => Err(Error::invalid(name, "a list or a range with a number of values", format_args!("'{text}'"))),
            },
        };
        let optimizers = match &self.optimizer {
            None => vec![self.recipe.optimizer],
            Some(text) => range::list::<Optimizer>("the optimisers", text)?,
        };
        let l2s = numbers("the values of λ", &self.l2, self.recipe.l2)?;
        let dropouts = numbers("the dropout", &self.dropout, self.recipe.dropout.rate)?;
        let seeds = match &self.dropout_seed {
            None => vec![self.recipe.dropout.seed],
            Some(text) => range::list("the seeds of the dropout", text)?,
        };
        let lengths = [optimizers.len(), l2s.len(), dropouts.len(), seeds.len()];
        let count = lengths.into_iter().fold(1_u64, |count, of| count.saturating_mul(of as u64));
        if count > MOST_NETWORKS {
            let wanted = format!("at most {MOST_NETWORKS}");
            return Err(Error::invalid("the combinations of optimiser, λ and dropout", wanted, count));
        }
        let mut recipes = Vec::new();
        for optimizer in optimizers {
            for l2 in &l2s {
                for rate in &dropouts {
                    // without dropout its seeds make no other network
                    for seed in seeds.iter().take(if *rate == 0.0 { 1 } else { seeds.len() }) {
                        let recipe = Recipe { optimizer, l2: *l2, dropout: Dropout::new(*rate, *seed), ..self.recipe };
                        recipe.check(usize::MAX)?;
                        recipes.push(recipe);
                    }
                }
            }
        }
        Ok(recipes)
    }

    /// The data sets, each with what is held out of it.
    pub(super) fn data_sets(&self) -> Result<DataSets> {
        let sources = range::list::<Source>("the data sets", &self.data)?;
        let seed = self.test_seed.unwrap_or(1);
        if let Some(samples) = self.options.samples {
            let share = self.test_fraction.or(self.folds.map(|folds| 1.0 / folds as f64)).unwrap_or(0.0);
            check_samples(&self.device, samples, share)?;
        }
        match (self.folds, self.test_fraction) {
            (Some(_), Some(_)) => Err(Error::Mismatch("folds and a share to hold out exclude each other".into())),
            (Some(count), None) => DataSets::load_folds(&sources, &self.options, count, seed),
            (None, share) => {
                let held_out = share.map(|share| HeldOut::Fraction { share, seed });
                DataSets::load(&sources, &self.options, held_out.as_ref())
            }
        }
    }

    pub(super) fn describe(&self, device: &str, networks: usize, data_sha256: &[String]) -> Value {
        let mut about = json!({
            "sweep": env!("CARGO_PKG_VERSION"),
            "networks": networks,
            "device": device,
            "plan": self.device.plan.name(),
            "precision": self.device.precision.name(),
            "data": self.data,
            "data_sha256": data_sha256,
            "samples": self.options.samples,
            "data_seed": self.options.seed,
            "label": self.options.table.label,
            "test_fraction": self.test_fraction,
            "test_seed": self.test_seed,
            "hidden": self.hidden,
            "activation": self.activation,
            "learning_rate": self.learning_rate,
            "iterations": self.iterations,
            "init_seed": self.init_seed,
            "init_scale": self.init_scale,
            "random": self.random,
            "sweep_seed": self.sweep_seed,
            "log_every": self.log_every,
            "shard": self.shard.map(|Shard { this, of }| format!("{this}/{of}")),
        });
        // what an older sweep did not have stands there only if it is asked for
        if let Some(folds) = self.folds {
            about["folds"] = json!(folds);
        }
        if self.in_epochs && self.recipe.batch_size.is_some() {
            about["in_epochs"] = json!(true);
        }
        if let Some(output) = self.output {
            about["output"] = json!(output);
        }
        if !self.recipe.is_plain() {
            about["recipe"] = json!(self.recipe);
        }
        let lists = [("optimizer", &self.optimizer), ("l2", &self.l2), ("dropout", &self.dropout)];
        for (name, list) in lists.into_iter().chain([("dropout_seed", &self.dropout_seed)]) {
            if let Some(list) = list {
                about[name] = json!(list);
            }
        }
        if let Some(patience) = self.early_stopping {
            about["early_stopping"] = json!(patience);
        }
        if let Some(factor) = self.halving {
            about["halving"] = json!(factor);
        }
        let table = TableOptions { label: None, ..self.options.table.clone() };
        if table != TableOptions::default() {
            about["table"] = json!(format!("{table:?}"));
            // the same, for a command that reads the table again
            about["table_options"] = json!(table);
        }
        if self.options.scale != Scale::Auto {
            about["scale"] = json!(self.options.scale);
        }
        if let Some(weights) = &self.options.class_weights {
            about["class_weights"] = json!(weights.to_string());
        }
        about
    }
}
