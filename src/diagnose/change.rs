//! What may be changed of a run.

use std::fmt;

use serde::Serialize;

use crate::backend::{Run, check_learning_rate};
use crate::model::{Activation, Hidden, InitScale, Network, Parameters};
use crate::optim::{Decay, Optimizer, Recipe, State};

/// One change to a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The features at mean 0 and deviation 1.
    Standardised,
    /// The numbers to be learnt at mean 0 and deviation 1.
    StandardisedTargets,
    /// Another learning rate.
    LearningRate(f64),
    /// Random weights, with NumPy's seed and a factor on `randn`.
    Start {
        /// NumPy's seed.
        seed: u32,
        /// The factor.
        scale: InitScale,
    },
    /// Other hidden layers; always with a [`Start`](Self::Start).
    Hidden(Hidden),
    /// Another g.
    Activation(#[serde(serialize_with = "by_name")] Activation),
    /// g's own derivative in the backward pass.
    OwnDerivative,
    /// Another number of iterations.
    Iterations(u64),
    /// Another rule of the update.
    Optimizer(Optimizer),
    /// Gradients scaled down to this norm.
    ClipNorm(f64),
    /// Another λ of L2.
    L2(f64),
    /// Another share of units that are left out.
    Dropout(f64),
    /// Moments of 0 in place of those of a file.
    FreshMoments,
    /// All iterations, where training would stop early.
    ToTheEnd,
    /// The CPU in place of the device.
    OnCpu,
}

fn by_name<S: serde::Serializer>(g: &Activation, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.collect_str(g)
}

impl Change {
    /// Whether runs with and without it can train side by side.
    pub(super) fn is_own(&self) -> bool {
        let is_shared = |change: &Self| {
            let is_of_data = matches!(change, Self::Standardised | Self::StandardisedTargets);
            is_of_data || matches!(change, Self::Activation(_) | Self::OwnDerivative | Self::Iterations(_))
        };
        !is_shared(self)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standardised => f.write_str("standardised features"),
            Self::StandardisedTargets => f.write_str("standardised targets"),
            Self::LearningRate(rate) => write!(f, "learning rate {rate}"),
            Self::Start { seed, scale } => write!(f, "weights of seed {seed}, scale {scale}"),
            Self::Hidden(units) => write!(f, "{units} hidden units"),
            Self::Optimizer(rule) => rule.fmt(f),
            Self::ClipNorm(norm) => write!(f, "gradients clipped to {norm}"),
            Self::L2(lambda) => write!(f, "L2 of {lambda}"),
            Self::Dropout(share) => write!(f, "dropout of {share}"),
            Self::Activation(g) => g.fmt(f),
            Self::OwnDerivative => f.write_str("the activation's own derivative"),
            Self::Iterations(iterations) => write!(f, "{iterations} iterations"),
            Self::FreshMoments => f.write_str("moments of 0"),
            Self::ToTheEnd => f.write_str("no early stopping"),
            Self::OnCpu => f.write_str("the CPU"),
        }
    }
}

/// The run of this many iterations with these changes, begun anew; none if there is no such run.
pub(super) fn changed(run: &Run, mut iterations: u64, changes: &[Change]) -> Option<Run> {
    let derivative = run.network.derivative();
    let (mut hidden, mut g, mut borrowed) = (run.network.hidden().to_vec(), derivative.activation, derivative.borrowed);
    let (mut rate, mut start, mut recipe) = (run.learning_rate, None, run.recipe);
    for change in changes {
        match change {
            Change::LearningRate(other) => rate = *other,
            Change::Start { seed, scale } => start = Some((*seed, *scale)),
            Change::Hidden(layers) => hidden = layers.layers().to_vec(),
            Change::Activation(other) => g = *other,
            Change::OwnDerivative => borrowed = None,
            Change::Optimizer(other) => recipe.optimizer = *other,
            Change::ClipNorm(norm) => recipe.clip_norm = Some(*norm),
            Change::L2(lambda) => recipe.l2 = *lambda,
            Change::Dropout(share) => recipe = without_units(recipe, *share),
            Change::Iterations(other) => iterations = *other,
            Change::Standardised
            | Change::StandardisedTargets
            | Change::FreshMoments
            | Change::ToTheEnd
            | Change::OnCpu => {}
        }
    }
    check_learning_rate(rate).ok()?;
    if recipe.rate.decay == Decay::Cosine {
        recipe.rate.updates = iterations;
    }
    let network = Network::new(run.network.inputs(), &hidden, g).ok()?;
    let network = network.with_output(run.network.output(), run.network.outputs()).ok()?;
    let network = borrowed.into_iter().fold(network, Network::with_backward);
    let parameters = match start {
        Some((seed, scale)) => Parameters::initial(&network, seed, scale),
        None if network.layout() == run.parameters.layout() => run.parameters.clone(),
        None => return None,
    };
    Some(Run { network, parameters, learning_rate: rate, recipe, state: State::default() })
}

/// A recipe that leaves out this share of units; without any, the seed that says which means nothing.
fn without_units(mut recipe: Recipe, share: f64) -> Recipe {
    recipe.dropout.rate = share;
    if share == 0.0 {
        recipe.dropout.seed = 0;
    }
    recipe
}
