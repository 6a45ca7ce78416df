//! The flags that say how a network is trained, all but its learning rate.

use planar::Error;
use planar::Result;
use planar::optim::{Decay, Dropout, Optimizer, Rate, Recipe};
use planar::sweep::range;

use super::arguments::TRAINING;

/// The flags that train one network in some way.
#[derive(Clone, Debug, clap::Args)]
pub struct RecipeArguments {
    /// gd, momentum:BETA, nesterov:BETA, adam:BETA1:BETA2:EPS or adamw:BETA1:BETA2:EPS:DECAY, as PyTorch's
    #[arg(long, value_name = "NAME", default_value = "gd", help_heading = TRAINING)]
    optimizer: Optimizer,
    /// Add LAMBDA/2m times the sum of all squared weights to the cost, biases left out
    #[arg(long, value_name = "LAMBDA", default_value_t = 0.0, allow_negative_numbers = true, hide_default_value = true, help_heading = TRAINING)]
    l2: f64,
    /// Leave out each hidden unit with this probability
    #[arg(long, value_name = "P", default_value_t = 0.0, allow_negative_numbers = true, hide_default_value = true, help_heading = TRAINING)]
    dropout: f64,
    /// Seed of the units that are left out [default: 1]
    #[arg(long, value_name = "SEED", allow_negative_numbers = true, requires = "dropout", value_parser = dropout_seed, help_heading = TRAINING)]
    dropout_seed: Option<u32>,
    #[command(flatten)]
    common: CommonArguments,
}

/// The flags that train many networks, each in its own way.
#[derive(Clone, Debug, clap::Args)]
pub struct RecipeLists {
    /// Optimisers, as gd,momentum:0.9,adam [default: gd]
    #[arg(long, value_name = "LIST", help_heading = TRAINING)]
    pub optimizer: Option<String>,
    /// LAMBDA in LAMBDA/2m times the sum of all squared weights, which the cost gets: a list [default: 0]
    #[arg(long, value_name = "LIST", allow_hyphen_values = true, help_heading = TRAINING)]
    pub l2: Option<String>,
    /// Probabilities of leaving out each hidden unit: a list [default: 0]
    #[arg(long, value_name = "LIST", allow_hyphen_values = true, help_heading = TRAINING)]
    pub dropout: Option<String>,
    /// Seeds of the units that are left out: a list with ranges [default: 1]
    #[arg(long, value_name = "LIST", allow_hyphen_values = true, requires = "dropout", help_heading = TRAINING)]
    pub dropout_seed: Option<String>,
    #[command(flatten)]
    common: CommonArguments,
}

/// What the networks of a sweep share.
#[derive(Clone, Debug, clap::Args)]
struct CommonArguments {
    /// Samples of a batch [default: all]
    #[arg(long, value_name = "B", allow_negative_numbers = true, value_parser = batch_size, help_heading = TRAINING)]
    batch_size: Option<usize>,
    /// Seed that shuffles the samples each epoch, or none for their order [default: 1 with --batch-size]
    #[arg(long, value_name = "SEED|none", allow_negative_numbers = true, value_parser = shuffle, help_heading = TRAINING)]
    shuffle: Option<Shuffle>,
    /// The learning rate over time: constant, cosine, step:EVERY:FACTOR or inverse:EVERY:GROWTH:POWER
    #[arg(long, value_name = "NAME", default_value = "constant", help_heading = TRAINING)]
    schedule: Decay,
    /// Raise the learning rate over the first N updates
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, hide_default_value = true, value_parser = warmup, help_heading = TRAINING)]
    warmup: u64,
    /// Scale gradients down to this Euclidean norm
    #[arg(long, value_name = "NORM", allow_negative_numbers = true, help_heading = TRAINING)]
    clip_norm: Option<f64>,
}

/// How samples are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shuffle {
    By(u32),
    No,
}

impl RecipeArguments {
    /// The recipe that these flags give.
    pub fn recipe(&self) -> Recipe {
        let dropout = Dropout::new(self.dropout, self.dropout_seed.unwrap_or(1));
        Recipe { optimizer: self.optimizer, l2: self.l2, dropout, ..self.common.recipe() }
    }
}

impl RecipeLists {
    /// The recipe that the lists are put into.
    pub fn recipe(&self) -> Recipe {
        let seed = u32::from(self.dropout.is_some());
        Recipe { dropout: Dropout { rate: 0.0, seed }, ..self.common.recipe() }
    }
}

impl CommonArguments {
    fn recipe(&self) -> Recipe {
        let shuffle = self.shuffle.unwrap_or(if self.batch_size.is_some() { Shuffle::By(1) } else { Shuffle::No });
        Recipe {
            rate: Rate { decay: self.schedule, warmup: self.warmup, updates: 0 },
            clip_norm: self.clip_norm,
            batch_size: self.batch_size,
            shuffle: if let Shuffle::By(seed) = shuffle { Some(seed) } else { None },
            ..Recipe::default()
        }
    }
}

fn batch_size(text: &str) -> Result<usize> {
    match text.parse() {
        Ok(size) if size > 0 => Ok(size),
        _ => Err(Error::invalid("the batch size", "a whole number of samples, at least 1", format_args!("'{text}'"))),
    }
}

fn warmup(text: &str) -> Result<u64> {
    range::whole("the warm-up", text)
}

fn dropout_seed(text: &str) -> Result<u32> {
    let wanted = "one whole number from 0 to 4294967295";
    text.parse().map_err(|_| Error::invalid("the seed of the dropout", wanted, format_args!("'{text}'")))
}

fn shuffle(text: &str) -> Result<Shuffle> {
    match text.parse() {
        Ok(seed) => Ok(Shuffle::By(seed)),
        Err(_) if text == "none" => Ok(Shuffle::No),
        Err(_) => {
            let wanted = "a whole number from 0 to 4294967295, or none";
            Err(Error::invalid("the seed of the shuffle", wanted, format_args!("'{text}'")))
        }
    }
}
