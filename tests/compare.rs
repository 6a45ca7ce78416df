//! What `compare` says: correct backends agree, however chaotic the run, and broken ones do not.
//!
//! 240 runs: five data sets, four activations, rates of 1.2, 5 and 20, two widths and two seeds. A third of them part from
//! `f64` within 100 iterations, some at once.

use std::ops::ControlFlow;

use planar::backend::{Backend, Chunk, DeviceInfo, Evaluation, Run, Session};
use planar::compare::{Bounds, Comparison, compare, compare_while};
use planar::cpu::{Engine, Reference};
use planar::data::{Dataset, Options, Source};
use planar::model::{Activation, Network, Parameters};
use planar::{Error, Result};

const DATA: [&str; 5] = ["flower", "noisy-circles", "noisy-moons", "blobs", "gaussian-quantiles"];
const ACTIVATIONS: [&str; 4] = ["tanh", "relu", "leaky-relu:0.01", "sigmoid"];

fn dataset(name: &str) -> Dataset {
    name.parse::<Source>().unwrap().prepare(&Options::default(), None, &mut |_| ()).unwrap().data
}

fn run(activation: &str, hidden: usize, seed: u32, learning_rate: f64) -> Run {
    let network = Network::one_hidden(2, hidden, activation.parse().unwrap()).unwrap();
    Run::initial(network, seed, 0.01, learning_rate)
}

/// Calls with every run, and returns how many there are.
fn each_run(mut call: impl FnMut(&str, &Dataset, &Run)) -> usize {
    let mut count = 0;
    for name in DATA {
        let data = dataset(name);
        for activation in ACTIVATIONS {
            for rate in [1.2, 5.0, 20.0] {
                for (hidden, seed) in [(4, 2), (4, 3), (40, 2), (40, 3)] {
                    let about = format!("{name} {activation} rate {rate} n_h {hidden} seed {seed}");
                    call(&about, &data, &run(activation, hidden, seed, rate));
                    count += 1;
                }
            }
        }
    }
    count
}

fn compared(backend: &dyn Backend, data: &Dataset, run: &Run) -> Comparison {
    compare([&Reference::<f64>::new(), backend], data, run, 100, Bounds::F32_TO_F64, |_| {}).unwrap()
}

#[test]
fn the_engine_and_the_reference_in_f32_agree_with_f64_in_all_240_runs() {
    let engine = Engine::new(Some(1)).unwrap();
    let mut parted = 0;
    let count = each_run(|about, data, run| {
        for backend in [&engine as &dyn Backend, &Reference::<f32>::new()] {
            let comparison = compared(backend, data, run);
            let broken = comparison.steps.iter().flat_map(|step| step.differences.iter().filter(|of| !of.agrees));
            assert!(comparison.agrees(), "{about}, {}: {:?}", backend.device().name, broken.collect::<Vec<_>>());
            assert!(comparison.curves.agrees);
            parted += usize::from(comparison.curves.parted.is_some());
        }
    });
    assert_eq!(count, 240);
    assert!(parted > 100, "too few runs are chaotic to show anything: {parted}");
}

/// A run in which `f64` parts from itself an iteration after the engine does: a bug by the curves, and none by the steps.
#[test]
fn a_parting_before_that_of_f64_is_no_bug_if_the_steps_agree() {
    let comparison = compared(&Engine::new(Some(1)).unwrap(), &dataset("blobs"), &run("relu", 40, 3, 1.2));
    assert!(comparison.agrees(), "{:?}", comparison.curves);
    let at = comparison.curves.parted.expect("the curves part");
    assert!(comparison.steps.iter().any(|step| step.iteration == at - 1), "the step before is looked at");
}

/// The reference in `f32` with something wrong in it.
struct Broken(fn(Wrong) -> Wrong);

/// What is wrong.
#[derive(Clone, Copy, Default)]
struct Wrong {
    /// Added to every cost at this iteration.
    cost: Option<(u64, f64)>,
    /// Factors on the learning rate, from this iteration on.
    rate: Option<(u64, f64)>,
    /// The last iteration of a chunk of several is left out.
    is_short: bool,
    /// From this iteration on, the weights stay as they are.
    stale: Option<u64>,
    /// The weight of this number is never updated.
    fixed: Option<usize>,
    /// The backward pass uses another activation's derivative.
    derivative: Option<Activation>,
}

struct BrokenSession {
    inner: Box<dyn Session>,
    slow: Box<dyn Session>,
    wrong: Wrong,
    done: u64,
    queued: u32,
    parameters: Parameters,
}

impl Broken {
    fn wrong(&self) -> Wrong {
        self.0(Wrong::default())
    }
}

impl Backend for Broken {
    fn device(&self) -> DeviceInfo {
        Reference::<f32>::new().device()
    }
    fn load(&self, data: &Dataset, runs: &[Run]) -> Result<Box<dyn Session>> {
        let wrong = self.wrong();
        let mut run = runs[0].clone();
        if let Some(activation) = wrong.derivative {
            run.network = run.network.with_backward(activation);
        }
        let factor = wrong.rate.map_or(1.0, |(_, factor)| factor);
        let other = Run { learning_rate: run.learning_rate * factor, ..run.clone() };
        let load = |run: &Run| Reference::<f32>::new().load(data, std::slice::from_ref(run));
        let (inner, slow) = (load(&run)?, load(&other)?);
        Ok(Box::new(BrokenSession { inner, slow, wrong, done: 0, queued: 0, parameters: run.parameters }))
    }
    fn forward(&self, network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>> {
        Reference::<f32>::new().forward(network, parameters, points)
    }
    fn forward_plan(&self, network: &Network, points: usize) -> Result<&'static str> {
        Reference::<f32>::new().forward_plan(network, points)
    }
    fn memory(&self, data: &Dataset, network: &Network, networks: usize) -> Result<u64> {
        Reference::<f32>::new().memory(data, network, networks)
    }
    fn memory_limit(&self) -> u64 {
        Reference::<f32>::new().memory_limit()
    }
}

impl BrokenSession {
    /// One iteration, and the cost before it.
    fn step(&mut self) -> Result<f64> {
        let is_slow = self.wrong.rate.is_some_and(|(from, _)| self.done >= from);
        let session = if is_slow { &mut self.slow } else { &mut self.inner };
        session.restart(std::slice::from_ref(&self.parameters))?;
        session.advance(1)?;
        let chunk = session.collect()?.ok_or(Error::Incomplete { asked: 1, done: 0 })?;
        let (cost, mut next) = (chunk.costs[0][0], chunk.parameters[0].clone());
        if let Some(fixed) = self.wrong.fixed {
            next.values_mut()[fixed] = self.parameters.values()[fixed];
        }
        if self.wrong.stale.is_none_or(|from| self.done < from) {
            self.parameters = next;
        }
        let added = self.wrong.cost.filter(|(at, _)| *at == self.done).map_or(0.0, |(_, added)| added);
        self.done += 1;
        Ok(cost + added)
    }
}

impl Session for BrokenSession {
    fn plan_name(&self) -> &'static str {
        "broken"
    }
    fn advance(&mut self, iterations: u32) -> Result<()> {
        self.queued = iterations;
        Ok(())
    }
    fn collect(&mut self) -> Result<Option<Chunk>> {
        let iterations = std::mem::take(&mut self.queued);
        let mut costs = Vec::new();
        for k in 0..iterations {
            if self.wrong.is_short && k > 0 && k + 1 == iterations {
                costs.push(costs[k as usize - 1]);
                self.done += 1;
            } else {
                costs.push(self.step()?);
            }
        }
        Ok(Some(Chunk {
            iterations,
            costs: vec![costs],
            parameters: vec![self.parameters.clone()],
            moments: vec![Vec::new()],
        }))
    }
    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        self.inner.restart(std::slice::from_ref(&self.parameters))?;
        self.inner.evaluate()
    }
    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        self.inner.restart(std::slice::from_ref(&self.parameters))?;
        self.inner.gradients()
    }
    fn retire(&mut self, network: usize) -> Result<()> {
        self.inner.retire(network)
    }
    fn restart(&mut self, starts: &[Parameters]) -> Result<()> {
        (self.parameters, self.done) = (starts[0].clone(), 0);
        Ok(())
    }
}

const BROKEN: [(&str, Broken); 8] = [
    ("nothing", Broken(|of| of)),
    ("the rate, by 1 %", Broken(|of| Wrong { rate: Some((0, 1.01)), ..of })),
    ("the rate from iteration 30 on", Broken(|of| Wrong { rate: Some((30, 1.2)), ..of })),
    ("a cost at iteration 37", Broken(|of| Wrong { cost: Some((37, 0.01)), ..of })),
    ("an iteration that a chunk leaves out", Broken(|of| Wrong { is_short: true, ..of })),
    ("weights that stay from iteration 50 on", Broken(|of| Wrong { stale: Some(50), ..of })),
    ("a weight that is never updated", Broken(|of| Wrong { fixed: Some(3), ..of })),
    ("the derivative", Broken(|of| Wrong { derivative: Some(Activation::Sigmoid), ..of })),
];

#[test]
fn a_broken_backend_disagrees_on_every_data_set() {
    for (what, broken) in BROKEN {
        for name in DATA {
            let agrees = compared(&broken, &dataset(name), &run("tanh", 17, 2, 1.2)).agrees();
            assert_eq!(agrees, what == "nothing", "{what}, {name}");
        }
    }
}

#[test]
fn a_comparison_is_broken_off_where_its_listener_says_so() {
    let (data, run) = (dataset("flower"), run("tanh", 4, 2, 1.2));
    let sides: [&dyn Backend; 2] = [&Reference::<f64>::new(), &Engine::new(Some(1)).unwrap()];
    let mut told = Vec::new();
    let broken = compare_while(sides, &data, &run, 2000, Bounds::F32_TO_F64, |done| {
        told.push(done);
        if done >= 356 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(broken.unwrap(), None);
    assert_eq!(told, [1, 10, 100, 356], "chunks of at most 256, and none behind the break");
    let whole = compare_while(sides, &data, &run, 100, Bounds::F32_TO_F64, |_| ControlFlow::Continue(()));
    assert_eq!(whole.unwrap(), Some(compared(sides[1], &data, &run)));
}
