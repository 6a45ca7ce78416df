//! Against the figures in `tests/golden`, bit for bit: see its README for how they were made.

use std::collections::BTreeMap;

use planar::data::{self, Dataset};
use planar::model::{Activation, Network, Parameters};
use serde::Deserialize;

#[derive(Deserialize)]
struct Points {
    seed: u32,
    /// Samples × 2.
    points: Vec<[f64; 2]>,
    labels: Vec<u8>,
}

#[derive(Deserialize)]
struct Weights {
    hidden: usize,
    seed: u32,
    w1: Vec<Vec<f64>>,
    w2: Vec<Vec<f64>>,
}

/// The figures of every seed of one data set.
fn figures(name: &str) -> Vec<Points> {
    let all: BTreeMap<String, Points> = serde_json::from_str(include_str!("../golden/datasets.json")).unwrap();
    all.into_iter().filter(|(key, _)| key.split('@').next() == Some(name)).map(|(_, points)| points).collect()
}

#[track_caller]
fn assert_same(made: &Dataset, wanted: &Points) {
    assert_eq!((made.features(), made.samples()), (2, wanted.points.len()));
    assert_eq!(made.labels(), wanted.labels);
    for (sample, wanted) in wanted.points.iter().enumerate() {
        assert_eq!(made.point(sample).collect::<Vec<_>>(), wanted, "sample {sample} of {}", made.name());
    }
}

#[test]
fn flower_is_numpys_bit_for_bit() {
    let figures = figures("flower");
    assert_eq!(figures.len(), 1);
    for wanted in &figures {
        let made = data::flower(400, wanted.seed).unwrap();
        assert_eq!((made.name(), made.seed()), ("flower", Some(wanted.seed)));
        assert_same(&made, wanted);
    }
}

#[test]
fn noisy_circles_are_scikit_learns_bit_for_bit() {
    assert_two_seeds("noisy_circles", |seed| data::noisy_circles(200, seed));
}

#[test]
fn noisy_moons_are_scikit_learns_bit_for_bit() {
    assert_two_seeds("noisy_moons", |seed| data::noisy_moons(200, seed));
}

#[test]
fn gaussian_quantiles_are_scikit_learns_bit_for_bit() {
    assert_two_seeds("gaussian_quantiles", |seed| data::gaussian_quantiles(200, seed));
}

#[test]
fn spirals_are_numpys_bit_for_bit() {
    assert_two_seeds("spirals", |seed| data::spirals(200, seed));
}

#[test]
fn xor_is_numpys_bit_for_bit() {
    assert_two_seeds("xor", |seed| data::xor(200, seed));
}

#[track_caller]
fn assert_two_seeds(name: &str, make: impl Fn(u32) -> planar::Result<Dataset>) {
    let figures = figures(name);
    assert_eq!(figures.len(), 2);
    for wanted in &figures {
        let made = make(wanted.seed).unwrap();
        assert_eq!((made.name(), made.seed()), (&*name.replace('_', "-"), Some(wanted.seed)));
        assert_same(&made, wanted);
    }
}

#[test]
fn blobs_are_scikit_learns_bit_for_bit_of_seed_5_and_of_others() {
    let figures = figures("blobs");
    assert_eq!(figures.iter().map(|wanted| wanted.seed).collect::<Vec<_>>(), [0, 1, 5]);
    for wanted in &figures {
        let made = data::blobs(200, wanted.seed).unwrap();
        assert_eq!((made.name(), made.seed()), ("blobs", Some(wanted.seed)));
        assert_same(&made, wanted);
    }
}

/// Figures of two samples from NumPy 2.4.6 and scikit-learn 1.9.1: `make_blobs(2, random_state=5, centers=6)` and so on.
#[test]
fn the_smallest_sets_are_numpys_too() {
    let points = |set: planar::Result<Dataset>| -> Vec<Vec<f64>> {
        let set = set.unwrap();
        (0..set.samples()).map(|sample| set.point(sample).collect()).collect()
    };
    assert_eq!(
        points(data::flower(2, 1)),
        [[1.1909804714447174, 3.5361446052405032], [-0.2745123057461879, 2.146003174328526]]
    );
    assert_eq!(
        points(data::noisy_circles(2, 1)),
        [[0.8350761470020466, -0.4208618145507355], [0.974825690247703, -0.31354404909447736]]
    );
    assert_eq!(
        points(data::noisy_moons(2, 1)),
        [[0.890050764668031, -0.28057454303382373], [0.31655046016513544, 0.29097063393701506]]
    );
    assert_eq!(
        points(data::blobs(2, 5)),
        [[-6.752901190627016, 7.20976961295994], [-6.224445840212715, 8.975689761367928]]
    );
    assert_eq!(
        points(data::gaussian_quantiles(2, 1)),
        [[1.1485856216352068, -0.4325771085263309], [-0.37347382765667075, -0.7587033887270147]]
    );
    assert_eq!(data::gaussian_quantiles(2, 1).unwrap().labels(), [1, 0]);
}

/// Figures from scikit-learn 1.9.1: `make_blobs(8, random_state=5, centers=6)`, and 202.
#[test]
fn blobs_that_do_not_divide_by_six_give_the_rest_to_the_first_ones() {
    let eight = data::blobs(8, 5).unwrap();
    assert_eq!(eight.labels(), [1, 0, 0, 1, 0, 1, 1, 0]);
    assert_eq!(eight.point(7).collect::<Vec<_>>(), [-1.7429557817917825, 2.8797247689456933]);
    let more = data::blobs(202, 5).unwrap();
    assert_eq!(more.point(0).collect::<Vec<_>>(), [-6.137649811436618, 8.566850893923203]);
    assert_eq!(more.point(201).collect::<Vec<_>>(), [-5.119889943179016, 9.149125749881444]);
}

#[test]
fn initial_weights_are_numpys_bit_for_bit() {
    let all: BTreeMap<String, Weights> = serde_json::from_str(include_str!("../golden/init.json")).unwrap();
    assert_eq!(all.len(), 4);
    for (name, wanted) in &all {
        let network = Network::one_hidden(2, wanted.hidden, Activation::Tanh).unwrap();
        let made = Parameters::initial(&network, wanted.seed, 0.01);
        assert_eq!(made.weights(0), wanted.w1.concat(), "W1 of {name}");
        assert_eq!(made.weights(1), wanted.w2.concat(), "W2 of {name}");
        assert!(made.bias(0).iter().chain(made.bias(1)).all(|&bias| bias == 0.0), "{name}");
    }
}

#[derive(Deserialize)]
struct Drawn {
    seed: u32,
    count: usize,
    labels: Vec<u8>,
    /// The fold of each sample.
    folds: Vec<usize>,
}

#[test]
fn folds_are_those_of_scikit_learn() {
    let all: Vec<Drawn> = serde_json::from_str(include_str!("../golden/folds.json")).unwrap();
    assert_eq!(all.len(), 4);
    for Drawn { seed, count, labels, folds } in all {
        let places: Vec<f64> = (0..labels.len()).map(|sample| sample as f64).collect();
        let data = Dataset::from_points("places", None, 1, &places, labels).unwrap();
        assert_eq!(data.folds(count, seed).unwrap(), folds, "seed {seed}");
    }
}
