//! The golden figures of `tests/golden/`, which NumPy and scikit-learn made, and how closeness to them is judged.
#![allow(dead_code)] // each test binary uses its own part

pub mod command;
pub mod dense;
pub mod plain;
pub mod scales;
pub mod tensors;

use std::path::Path;

use planar::backend::Run;
use planar::data::Dataset;
use planar::model::{Activation, Network, Parameters};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Whether a missing adapter fails the tests that need one.
pub fn required() -> bool {
    std::env::var("REQUIRE_GPU").is_ok_and(|value| value == "1")
}

/// One file of `tests/golden/`.
pub fn golden<T: DeserializeOwned>(file: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// `datasets.json`, one entry.
#[derive(Deserialize)]
pub struct GoldenData {
    pub seed: u32,
    pub points: Vec<Vec<f64>>,
    pub labels: Vec<u8>,
}

/// The flower data set as NumPy made it, independent of our own generator.
pub fn golden_flower() -> Dataset {
    let mut sets: std::collections::HashMap<String, GoldenData> = golden("datasets.json");
    let flower = sets.remove("flower").unwrap();
    Dataset::from_points("flower", Some(flower.seed), 2, &flower.points.concat(), flower.labels).unwrap()
}

/// The four tensors of a network with one hidden layer, flattened row-major.
#[derive(Deserialize)]
pub struct Tensors {
    pub w1: Vec<f64>,
    pub b1: Vec<f64>,
    pub w2: Vec<f64>,
    pub b2: Vec<f64>,
}

impl Tensors {
    /// In the order of [`Parameters::values`].
    pub fn values(&self) -> Vec<f64> {
        [&self.w1, &self.b1, &self.w2, &self.b2].into_iter().flatten().copied().collect()
    }
}

/// `one_step.json`, one entry: the first forward and backward pass on the flower data.
#[derive(Deserialize)]
pub struct GoldenStep {
    pub activation: String,
    pub hidden: usize,
    pub init_seed: u32,
    pub init_scale: f64,
    pub cost: f64,
    pub accuracy: f64,
    pub gradients: Tensors,
    /// Of each gradient element, the sum of the absolute values of its terms.
    pub sum_abs_terms: Tensors,
}

impl GoldenStep {
    pub fn run(&self) -> Run {
        run(&[self.hidden], &self.activation, 1.2, self.init_seed, self.init_scale)
    }
}

/// `curves.json`, one entry: `costs[i]` is the cost after `i * every` updates.
#[derive(Deserialize)]
pub struct GoldenCurve {
    pub hidden: usize,
    pub activation: String,
    pub learning_rate: f64,
    pub init_seed: u32,
    pub init_scale: f64,
    pub iterations: u32,
    pub every: usize,
    pub costs: Vec<f64>,
    pub final_accuracy: f64,
}

impl GoldenCurve {
    pub fn run(&self) -> Run {
        run(&[self.hidden], &self.activation, self.learning_rate, self.init_seed, self.init_scale)
    }
}

/// `many_features.json`, one entry: a data set of more than two features, its first step and its first costs.
#[derive(Deserialize)]
pub struct GoldenFeatures {
    pub features: usize,
    pub hidden: usize,
    pub samples: usize,
    pub activation: String,
    pub data_seed: u32,
    pub init_seed: u32,
    pub init_scale: f64,
    pub learning_rate: f64,
    pub last_point: Vec<f64>,
    pub labels: Vec<u8>,
    pub accuracy: f64,
    pub gradients: Tensors,
    pub sum_abs_terms: Tensors,
    /// After 0, 1, … updates.
    pub costs: Vec<f64>,
}

impl GoldenFeatures {
    /// The data set, which is NumPy's.
    pub fn data(&self) -> Dataset {
        let data = planar::data::gaussian_quantiles_of(self.features, self.samples, self.data_seed).unwrap();
        assert_eq!(data.point(self.samples - 1).collect::<Vec<_>>(), self.last_point);
        assert_eq!(data.labels(), self.labels);
        data
    }

    pub fn run(&self) -> Run {
        let network = Network::one_hidden(self.features, self.hidden, self.activation.parse().unwrap()).unwrap();
        let parameters = Parameters::initial(&network, self.init_seed, self.init_scale);
        Run::new(network, parameters, self.learning_rate)
    }

    /// How far the first step and the costs of a backend are from NumPy's, as shares of `1e-5·Σ|terms| + 1e-9` and of a
    /// thousandth of the cost.
    pub fn worst(&self, backend: &dyn planar::backend::Backend) -> [f64; 2] {
        let mut session = backend.load(&self.data(), &[self.run()]).unwrap();
        let gradients = session.gradients().unwrap().remove(0);
        let (want, terms) = (self.gradients.values(), self.sum_abs_terms.values());
        let worst = |shares: &mut dyn Iterator<Item = f64>| {
            shares.fold(0.0, |worst: f64, share| if share.is_nan() { f64::INFINITY } else { worst.max(share) })
        };
        assert_eq!((gradients.values().len(), want.len()), (want.len(), terms.len()));
        let off = |i: usize| (gradients.values()[i] - want[i]).abs() / (1e-5 * terms[i] + 1e-9);
        let costs = costs_of(session.as_mut(), self.costs.len() as u32 - 1, 7);
        assert_eq!(costs.len(), self.costs.len());
        let mut of_costs = costs.iter().zip(&self.costs).map(|(got, want)| (got - want).abs() / (1e-3 * want));
        [worst(&mut (0..want.len()).map(off)), worst(&mut of_costs)]
    }
}

/// A run of a network on two features, with NumPy's initial weights.
pub fn run(hidden: &[usize], activation: &str, learning_rate: f64, seed: u32, scale: f64) -> Run {
    let network = Network::new(2, hidden, activation.parse::<Activation>().unwrap()).unwrap();
    Run::initial(network, seed, scale, learning_rate)
}

/// Fails where an element is further from the golden one than its bound; a NaN is further than any bound.
pub fn assert_each_within(what: &str, got: &[f64], want: &[f64], bound: impl Fn(usize) -> f64) {
    assert_eq!(got.len(), want.len(), "{what}: {} values, not {}", got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let difference = (got - want).abs();
        let bound = bound(i);
        assert!(
            difference <= bound,
            "{what}: element {i} is {got}, not {want}: off by {difference:e}, bound {bound:e}"
        );
    }
}

/// Fails where an f32 gradient is further than 1e-5·Σ|terms| + 1e-9 from the golden f64 one.
pub fn assert_gradients_within_f32_bound(what: &str, got: &[f64], step: &GoldenStep) {
    let terms = step.sum_abs_terms.values();
    assert_each_within(what, got, &step.gradients.values(), |i| 1e-5 * terms[i] + 1e-9);
}

/// All costs of the first `iterations` iterations and the one after them, trained in chunks of `chunk`.
pub fn costs_of(session: &mut dyn planar::backend::Session, iterations: u32, chunk: u32) -> Vec<f64> {
    let (mut costs, mut left) = (Vec::new(), iterations);
    while left > 0 {
        let next = left.min(chunk);
        session.advance(next).unwrap();
        costs.append(&mut session.collect().unwrap().unwrap().costs[0]);
        left -= next;
    }
    costs.push(session.evaluate().unwrap()[0].cost);
    costs
}

/// Networks of different widths, rates and lengths, of which one diverges, trained side by side: whether each ends just
/// as it does alone.
pub fn ends_as_alone(backend: &dyn planar::backend::Backend, activation: &str) -> Result<(), String> {
    use planar::train::{Schedule, Status, train, train_all};
    use std::ops::ControlFlow;

    let data = golden_flower();
    let of: [(usize, f64, u64); 5] = [(4, 0.5, 60), (17, 1e9, 100), (3, 0.1, 25), (33, 0.2, 100), (1, 1.0, 1)];
    let runs: Vec<Run> =
        of.iter().zip(0..).map(|((hidden, rate, _), i)| run(&[*hidden], activation, *rate, i, 0.1)).collect();
    let schedules: Vec<Schedule> =
        of.iter().map(|(_, _, iterations)| Schedule::new(*iterations, Some(10)).unwrap()).collect();
    let error = |error: planar::Error| error.to_string();
    let mut session = backend.load(&data, &runs).map_err(error)?;
    let together = train_all(session.as_mut(), &schedules, |_| ControlFlow::Continue(())).map_err(error)?;
    for (i, run) in runs.iter().enumerate() {
        let mut session = backend.load(&data, std::slice::from_ref(run)).map_err(error)?;
        let alone = train(session.as_mut(), schedules[i], |_| ControlFlow::Continue(())).map_err(error)?;
        let bits = |outcome: &planar::train::Outcome| -> Vec<u64> {
            let costs = outcome.costs.iter().map(|at| at.cost.to_bits());
            // where it diverged, which chunk was the last good one depends on the pace
            let finished = outcome.status == Status::Finished;
            let parameters = outcome.parameters.iter().filter(|_| finished).flat_map(|p| p.values().to_vec());
            costs
                .chain(parameters.map(f64::to_bits))
                .chain(outcome.evaluation.logits.iter().map(|z| z.to_bits()))
                .collect()
        };
        if (alone.status, alone.iterations) != (together[i].status, together[i].iterations)
            || bits(&alone) != bits(&together[i])
        {
            return Err(format!(
                "network {i}: alone {:?} at {}, together {:?} at {}",
                alone.status, alone.iterations, together[i].status, together[i].iterations
            ));
        }
    }
    let diverged: Vec<bool> = together.iter().map(|outcome| outcome.status == Status::Diverged).collect();
    // tanh and sigmoid cannot overflow so fast
    let expected = if activation.contains("relu") { [false, true, false, false, false] } else { [false; 5] };
    if diverged == expected { Ok(()) } else { Err(format!("diverged: {diverged:?}")) }
}
