//! Shapes, weights and chunks drawn at random, and what must hold of each on any backend.

use planar::backend::{Backend, Run, Session};
use planar::compare::{Bounds, compare_step};
use planar::cpu::Reference;
use planar::data::Dataset;
use planar::model::{Activation, Network, Parameters};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// A network on random data, and the chunks that it is trained in.
#[derive(Clone, Debug)]
pub struct Case {
    pub inputs: usize,
    pub hidden: usize,
    pub samples: usize,
    pub activation: Activation,
    pub seed: u32,
    /// Of the initial weights, before it is divided by √inputs.
    pub scale: f64,
    pub chunks: Vec<u32>,
}

/// Any shape up to this many features, 70 units and 70 samples, any activation, any slope.
pub fn cases(features: usize) -> impl Strategy<Value = Case> {
    let activation = prop_oneof![
        Just(Activation::Tanh),
        Just(Activation::Sigmoid),
        Just(Activation::Relu),
        (-1.0..1.5_f64).prop_map(|slope| Activation::LeakyRelu { slope: f64::from(slope as f32) }),
    ];
    let chunks = prop::collection::vec(1..=9_u32, 1..=5);
    (1..=features, 1..=70_usize, 1..=70_usize, activation, 0..1000_u32, 0.001..0.5_f64, chunks).prop_map(
        |(inputs, hidden, samples, activation, seed, scale, chunks)| Case {
            inputs,
            hidden,
            samples,
            activation,
            seed,
            scale,
            chunks,
        },
    )
}

impl Case {
    /// Normally distributed points with random labels, exact in `f32`.
    fn data(&self) -> Dataset {
        let network = Network::one_hidden(self.inputs, self.samples, Activation::Tanh).unwrap();
        let values = Parameters::initial(&network, self.seed, 1.0).cast::<f32>().cast::<f64>();
        let labels = values.weights(1).iter().map(|value| u8::from(*value > 0.2)).collect();
        Dataset::from_points("random", None, self.inputs, values.weights(0), labels).unwrap()
    }

    /// Every weight and bias random, exact in `f32`.
    fn run(&self) -> Run {
        let network = Network::one_hidden(self.inputs, self.hidden, self.activation).unwrap();
        let mut parameters = Parameters::initial(&network, self.seed + 1, self.scale / (self.inputs as f64).sqrt());
        let noise = Network::one_hidden(1, self.hidden + 1, Activation::Tanh).unwrap();
        let noise = Parameters::initial(&noise, self.seed + 2, self.scale);
        parameters.bias_mut(0).copy_from_slice(&noise.weights(0)[..self.hidden]);
        parameters.bias_mut(1)[0] = noise.weights(1)[0];
        Run::new(network, parameters.cast::<f32>().cast(), 0.125)
    }
}

/// Logits, cost, gradients and an update are the reference's, to 1e-5·Σ|terms| + 1e-9.
pub fn one_step_is_the_references(backend: &dyn Backend, case: &Case) -> Result<(), String> {
    let sides: [&dyn Backend; 2] = [&Reference::<f64>::new(), backend];
    let step = compare_step(sides, &case.data(), &case.run(), 0, Bounds::F32_TO_F64).map_err(|e| e.to_string())?;
    match step.differences.iter().find(|difference| !difference.agrees) {
        Some(apart) => Err(format!("{apart:?}")),
        None => Ok(()),
    }
}

/// Trained in its chunks or in one, it has the same costs, weights and logits, bit for bit.
pub fn chunks_change_no_bit(backend: &dyn Backend, case: &Case) -> Result<(), String> {
    let (data, run) = (case.data(), case.run());
    let train = |chunks: &[u32]| -> planar::Result<Vec<u64>> {
        let mut session: Box<dyn Session> = backend.load(&data, std::slice::from_ref(&run))?;
        let (mut costs, mut weights) = (Vec::new(), Vec::new());
        for chunk in chunks {
            session.advance(*chunk)?;
            let chunk = session.collect()?.ok_or_else(|| planar::Error::Device("no chunk".into()))?;
            costs.extend_from_slice(&chunk.costs[0]);
            weights = chunk.parameters[0].values().to_vec();
        }
        let end = session.evaluate()?.swap_remove(0);
        Ok(costs.iter().chain(&weights).chain(&end.logits).chain([&end.cost]).map(|value| value.to_bits()).collect())
    };
    let whole = train(&[case.chunks.iter().sum()]).map_err(|error| error.to_string())?;
    let parts = train(&case.chunks).map_err(|error| error.to_string())?;
    if whole == parts { Ok(()) } else { Err("the chunks change bits".into()) }
}

/// This many cases, the same ones in every run; what fails is made as small as it can be.
pub fn hold<S: Strategy>(
    count: u32,
    strategy: S,
    check: impl Fn(&S::Value) -> Result<(), String>,
) -> Result<(), String> {
    let config = Config { cases: count, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    match runner.run(&strategy, |case| check(&case).map_err(TestCaseError::fail)) {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, case)) => Err(format!("{case:?}: {reason}")),
        Err(error) => Err(error.to_string()),
    }
}
