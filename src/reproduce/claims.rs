//! What the notebook publishes and what the thread claims, each with the trainings that test it and the rule by which
//! it holds. The rules come from the words of the claims, not from the results: a percentage is met from half a point
//! below it on, since it is rounded to whole percents; "similar" means within 2 points, "about" within a factor of 2.

use crate::data::Source;

/// The seeds of the weights in the two editions of the notebook.
pub const EDITIONS: [u32; 2] = [2, 3];

/// A training that is part of a claim's test. Weights are `randn`·0.01.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The data set, of the notebook's size, seed 1.
    pub data: Source,
    /// Hidden units.
    pub hidden: usize,
    /// g.
    pub activation: &'static str,
    /// α.
    pub learning_rate: f64,
    /// Updates.
    pub iterations: u64,
}

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// The accuracy in percent of each trial.
    Accuracy(Vec<Trial>),
    /// The first iteration at which all of A1 is NaN, with an activation and tanh's derivative, in the `f64` replay.
    Bug(&'static str),
    /// The notebook's costs in `f64` at iterations 0, 1000, …, 9000: how many of the ten match the published
    /// ones to six digits, edition by edition.
    Costs([[f64; 10]; 2]),
    /// The accuracy in percent of a fit without a hidden layer.
    Logistic,
}

/// A claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its name: `1` to `11` for the claims of the thread, of which 1 has two parts, and a word for those of the
    /// notebook.
    pub name: &'static str,
    /// What was claimed.
    pub claimed: &'static str,
    /// What is measured.
    pub test: Test,
    /// The rule in words.
    pub rule: &'static str,
    /// The rule: whether the measured values of one seed, in the order of the test, satisfy it. A training that
    /// diverged is NaN.
    pub holds: fn(&[f64]) -> bool,
    /// The seeds for which it is claimed.
    pub seeds: Seeds,
}

/// The seeds for which a claim is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// Published figures of the first edition.
    FirstEdition,
    /// Published figures of both editions.
    Editions,
    /// Any seed.
    All,
}

fn trial(data: Source, hidden: usize, activation: &'static str, learning_rate: f64, iterations: u64) -> Trial {
    Trial { data, hidden, activation, learning_rate, iterations }
}

/// The notebook's network with another activation or width.
fn notebook(hidden: usize, activation: &'static str, iterations: u64) -> Trial {
    trial(Source::Flower, hidden, activation, 1.2, iterations)
}

/// tanh and ReLU in the notebook's setting on another data set.
fn both_on(data: Source) -> Test {
    Test::Accuracy(["tanh", "relu"].map(|g| trial(data.clone(), 4, g, 1.2, 10_000)).into())
}

fn all_at_least(values: &[f64], percent: f64) -> bool {
    values.iter().all(|value| *value >= percent - 0.5)
}

/// The largest minus the smallest; NaN if a value is NaN.
fn spread(values: &[f64]) -> f64 {
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    if values.iter().any(|value| value.is_nan()) { f64::NAN } else { high - low }
}

/// The accuracies that the notebook publishes for n_h = 1, 2, 3, 4, 5, 20, 50.
const WIDTHS: [(usize, f64); 7] = [(1, 67.5), (2, 67.25), (3, 90.75), (4, 90.5), (5, 91.25), (20, 90.0), (50, 90.25)];

/// The thread's bug, with one of its two activations.
fn bug(activation: &'static str, claimed: &'static str) -> Claim {
    Claim {
        name: "1",
        claimed,
        test: Test::Bug(activation),
        rule: "all of A1 is NaN between iterations 25 and 100",
        holds: |first| (25.0..=100.0).contains(&first[0]),
        seeds: Seeds::All,
    }
}

/// The notebook's figures and the thread's claims.
pub fn claims() -> Vec<Claim> {
    let a = [0.693048, 0.288083, 0.254385, 0.233864, 0.226792, 0.222644, 0.219731, 0.217504, 0.219454, 0.218607];
    let b = [0.693162, 0.258625, 0.239334, 0.230802, 0.225528, 0.221845, 0.219094, 0.220661, 0.219409, 0.218485];
    let wide = |slope| trial(Source::Flower, 40, slope, 0.6, 12_000);
    vec![
        Claim {
            name: "costs",
            claimed: "the notebook's ten costs, tanh, n_h = 4",
            test: Test::Costs([a, b]),
            rule: "all ten equal to six digits",
            holds: |equal| equal[0] == 10.0,
            seeds: Seeds::Editions,
        },
        Claim {
            name: "accuracy",
            claimed: "the notebook: 90 %",
            test: Test::Accuracy(vec![notebook(4, "tanh", 10_000)]),
            rule: "at least 90 %",
            holds: |percent| all_at_least(percent, 90.0),
            seeds: Seeds::All,
        },
        Claim {
            name: "widths",
            claimed: "the notebook, n_h = 1, 2, 3, 4, 5, 20, 50: 67.5, 67.25, 90.75, 90.5, 91.25, 90, 90.25 %",
            test: Test::Accuracy(WIDTHS.map(|(hidden, _)| notebook(hidden, "tanh", 5_000)).into()),
            rule: "each within half a point",
            holds: |percent| percent.iter().zip(WIDTHS).all(|(got, (_, published))| (got - published).abs() <= 0.5),
            seeds: Seeds::FirstEdition,
        },
        Claim {
            name: "logistic",
            claimed: "logistic regression: 47 %",
            test: Test::Logistic,
            rule: "within half a point of 47 %",
            holds: |percent| (percent[0] - 47.0).abs() <= 0.5,
            seeds: Seeds::FirstEdition,
        },
        bug("leaky-relu", "leaky ReLU in the forward pass only: A1 is NaN after about 50 iterations"),
        bug("relu", "ReLU in the forward pass only: A1 is NaN after about 50 iterations"),
        Claim {
            name: "2",
            claimed: "with leaky ReLU's own derivative: 71 % at most, n_h = 4",
            test: Test::Accuracy(vec![notebook(4, "leaky-relu", 10_000)]),
            rule: "trains, to at most 71 %",
            holds: |percent| percent[0] < 71.5,
            seeds: Seeds::All,
        },
        Claim {
            name: "3",
            claimed: "leaky ReLU, n_h = 277, α = 0.073, 50,000 iterations: 85 %, in a couple of hours",
            test: Test::Accuracy(vec![trial(Source::Flower, 277, "leaky-relu", 0.073, 50_000)]),
            rule: "at least 85 %",
            holds: |percent| all_at_least(percent, 85.0),
            seeds: Seeds::All,
        },
        Claim {
            name: "4",
            claimed: "ReLU, n_h = 40, α = 0.6, 12,000 iterations: 81 %, then 85 %",
            test: Test::Accuracy(vec![wide("relu")]),
            rule: "at least 81 %",
            holds: |percent| all_at_least(percent, 81.0),
            seeds: Seeds::All,
        },
        Claim {
            name: "5",
            claimed: "leaky slopes 0.2, 0.1, 0.05: similar accuracies",
            test: Test::Accuracy(["leaky-relu:0.2", "leaky-relu:0.1", "leaky-relu:0.05"].map(wide).into()),
            rule: "within 2 points of one another",
            holds: |percent| spread(percent) <= 2.0,
            seeds: Seeds::All,
        },
        Claim {
            name: "6",
            claimed: "tanh or sigmoid, default setting: 89 %",
            test: Test::Accuracy(["tanh", "sigmoid"].map(|g| notebook(4, g, 10_000)).into()),
            rule: "both at least 89 %",
            holds: |percent| all_at_least(percent, 89.0),
            seeds: Seeds::All,
        },
        Claim {
            name: "7",
            claimed: "tanh, n_h = 20 and 40, more iterations (50,000): over 91 %",
            test: Test::Accuracy([20, 40].map(|hidden| notebook(hidden, "tanh", 50_000)).into()),
            rule: "both over 91 %",
            holds: |percent| percent.iter().all(|percent| *percent > 91.0),
            seeds: Seeds::All,
        },
        Claim {
            name: "8",
            claimed: "noisy circles: tanh 80 %, ReLU a little lower",
            test: both_on(Source::NoisyCircles),
            rule: "tanh at least 80 %, ReLU below it by at most 5 points",
            holds: |percent| percent[0] >= 79.5 && (0.0..=5.0).contains(&(percent[0] - percent[1])),
            seeds: Seeds::All,
        },
        Claim {
            name: "9",
            claimed: "noisy moons: tanh 97 %, ReLU similar",
            test: both_on(Source::NoisyMoons),
            rule: "tanh at least 97 %, ReLU within 2 points",
            holds: |percent| percent[0] >= 96.5 && spread(percent) <= 2.0,
            seeds: Seeds::All,
        },
        Claim {
            name: "10",
            claimed: "blobs: 83 %, ReLU similar",
            test: both_on(Source::Blobs),
            rule: "tanh at least 83 %, ReLU within 2 points",
            holds: |percent| percent[0] >= 82.5 && spread(percent) <= 2.0,
            seeds: Seeds::All,
        },
        Claim {
            name: "11",
            claimed: "gaussian quantiles: tanh 99 %, ReLU 100 %",
            test: both_on(Source::GaussianQuantiles),
            rule: "tanh at least 99 %, ReLU at least 100 %, both to half a point",
            holds: |percent| percent[0] >= 98.5 && percent[1] >= 99.5,
            seeds: Seeds::All,
        },
    ]
}
