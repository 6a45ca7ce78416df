//! Sets of changes that would undo what a suspect does. Each set is trained as a whole.

use super::change::Change;
use super::rate::rounded;
use crate::backend::Run;
use crate::model::{Activation, Hidden, InitScale, Network};
use crate::optim::{Optimizer, Recipe};

/// Sets of changes.
pub(super) type Sets = Vec<Vec<Change>>;

/// β of momentum, and β₁ of Adam, from which on gradients are remembered for long.
const LONG_MEMORY: f64 = 0.95;
/// β that they usually have.
const USUAL_MEMORY: f64 = 0.9;
/// A share of dropped units that most networks bear.
const USUAL_DROPOUT: f64 = 0.2;

/// Random weights from three seeds: of three scales, or of several hidden layers of those that suit the widths.
pub(super) fn starts(network: &Network) -> Sets {
    let scales = match network.hidden().len() {
        1 => [0.01, 0.3, 1.0].map(InitScale::Fixed).to_vec(),
        _ => vec![InitScale::HE, InitScale::XAVIER],
    };
    let of = |scale| [1, 2, 3].map(|seed| vec![Change::Start { seed, scale }]);
    scales.into_iter().flat_map(of).collect()
}

/// Networks that are wider, each from weights of two scales.
pub(super) fn wider(network: &Network) -> Sets {
    let depth = network.hidden().len();
    let narrowest = network.hidden().iter().copied().min().unwrap_or(1);
    let scales = match depth {
        1 => [InitScale::Fixed(0.01), InitScale::Fixed(1.0)],
        _ => [InitScale::HE, InitScale::XAVIER],
    };
    let of = |units: usize| {
        scales.map(|scale| vec![Change::Hidden(Hidden::from(vec![units; depth])), Change::Start { seed: 2, scale }])
    };
    [8, 32, 128].into_iter().filter(|units| *units >= 2 * narrowest).flat_map(of).collect()
}

/// Networks of the first hidden layer, and of the first two.
pub(super) fn shallower(network: &Network) -> Sets {
    let hidden = network.hidden();
    let of = |layers: usize| {
        let hidden = Hidden::from(hidden[..layers].to_vec());
        vec![Change::Hidden(hidden), Change::Start { seed: 2, scale: InitScale::XAVIER }]
    };
    (1..=2).filter(|layers| *layers < hidden.len()).map(of).collect()
}

/// Activations whose slope is about 1 over half of their range or all of it, from weights that suit them.
pub(super) fn livelier(g: Activation) -> Sets {
    let pairs = [(Activation::Relu, InitScale::HE), (Activation::Tanh, InitScale::XAVIER)];
    let others = pairs.into_iter().filter(|(other, _)| *other != g);
    others.map(|(other, scale)| vec![Change::Activation(other), Change::Start { seed: 2, scale }]).collect()
}

/// Smaller learning rates, rounded before they are tried.
pub(super) fn lower(rate: f64) -> Sets {
    let by = [2.0, 3.0, 6.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e6];
    by.into_iter().map(|by| vec![Change::LearningRate(rounded(rate / by))]).collect()
}

/// Larger learning rates.
pub(super) fn higher(rate: f64) -> Sets {
    let by = [2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e5, 1e6];
    by.into_iter().map(|by| vec![Change::LearningRate(rounded(rate * by))]).collect()
}

/// Steps that suit most networks of several hidden layers: much smaller ones, and Adam's at its usual rates.
pub(super) fn gentler(rate: f64) -> Sets {
    let smaller = [10.0, 100.0].map(|by| vec![Change::LearningRate(rounded(rate / by))]);
    let adam = [0.001, 0.01].map(|rate| vec![Change::Optimizer(Optimizer::ALL[3]), Change::LearningRate(rate)]);
    smaller.into_iter().chain(adam).collect()
}

/// Gradients of a bounded norm, smaller ones than the run has already.
pub(super) fn clipped(run: &Run) -> Sets {
    let own = run.recipe.clip_norm.unwrap_or(f64::INFINITY);
    [1.0, 0.1].into_iter().filter(|norm| *norm < own).map(|norm| vec![Change::ClipNorm(norm)]).collect()
}

/// Less of L2, of weight decay and of dropout, each alone, and none of them; no sets if there is nothing of the kind.
pub(super) fn weaker(run: &Run) -> Sets {
    let (mut without, mut less) = (Vec::new(), Vec::new());
    let Recipe { l2, dropout, optimizer, .. } = run.recipe;
    if l2 > 0.0 {
        without.push(Change::L2(0.0));
        less.push(Change::L2(rounded(l2 / 100.0)));
    }
    if dropout.rate > 0.0 {
        without.push(Change::Dropout(0.0));
        less.extend((dropout.rate > USUAL_DROPOUT).then_some(Change::Dropout(USUAL_DROPOUT)));
    }
    if let Optimizer::Adam { betas, epsilon, decay } = optimizer
        && decay > 0.0
    {
        without.push(Change::Optimizer(Optimizer::Adam { betas, epsilon, decay: 0.0 }));
    }
    let alone = without.iter().chain(&less).map(|change| vec![change.clone()]);
    alone.chain((without.len() > 1).then(|| without.clone())).collect()
}

/// The usual momentum, if the run's is longer.
pub(super) fn shorter_memory(run: &Run) -> Sets {
    let usual = match run.recipe.optimizer {
        Optimizer::Momentum { beta } if beta > LONG_MEMORY => Optimizer::Momentum { beta: USUAL_MEMORY },
        Optimizer::Nesterov { beta } if beta > LONG_MEMORY => Optimizer::Nesterov { beta: USUAL_MEMORY },
        Optimizer::Adam { betas: [b1, b2], epsilon, decay } if b1 > LONG_MEMORY => {
            Optimizer::Adam { betas: [USUAL_MEMORY, b2], epsilon, decay }
        }
        _ => return Vec::new(),
    };
    vec![vec![Change::Optimizer(usual)]]
}

/// Each of these sets with a first few changes before.
pub(super) fn each(first: &[Change], sets: Sets) -> Sets {
    sets.into_iter().map(|set| [first, &set].concat()).collect()
}

/// Some of the pairs of these sets: those of the first four and of the sets whose start is of scale 0.3 or more.
pub(super) fn each_of(rates: Sets, others: Sets) -> Sets {
    let is_small =
        |change: &Change| matches!(change, Change::Start { scale: InitScale::Fixed(scale), .. } if *scale < 0.1);
    let some: Vec<&Vec<Change>> = others.iter().filter(|set| !set.iter().any(is_small)).take(4).collect();
    rates.iter().take(4).flat_map(|rate| some.iter().map(move |other| [rate.as_slice(), other].concat())).collect()
}
