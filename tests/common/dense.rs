//! `dense.json`: trainings of any depth, output and optimiser, and the tables that they train on.

use std::path::Path;

use planar::backend::{Backend, Run, Session};
use planar::data::Dataset;
use planar::model::{InitScale, Network, Output};
use planar::optim::Recipe;
use serde::Deserialize;

use super::{golden, golden_flower};

/// A training by NumPy in f64. `costs[i]` is the cost of the weights after `i * every` updates on the batch of that update.
#[derive(Clone, Debug, Deserialize)]
pub struct DenseCase {
    pub data: String,
    pub hidden: Vec<usize>,
    pub activation: String,
    pub output: Output,
    pub optimizer: String,
    pub learning_rate: f64,
    pub iterations: u32,
    pub init_seed: u32,
    pub init_scale: InitScale,
    pub every: usize,
    pub batch_size: Option<usize>,
    pub l2: f64,
    pub costs: Vec<f64>,
    #[serde(rename = "final")]
    pub last: Last,
    pub theta_sum: f64,
}

/// Over all samples at the end.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Last {
    pub cost: f64,
    pub accuracy_or_r2: f64,
}

pub fn cases() -> Vec<DenseCase> {
    golden("dense.json")
}

impl DenseCase {
    pub fn name(&self) -> String {
        format!("{} {:?} {} {} batch {:?}", self.data, self.hidden, self.activation, self.optimizer, self.batch_size)
    }

    pub fn samples(&self) -> Dataset {
        if self.data == "flower" {
            return golden_flower();
        }
        let (points, targets) = table(&self.data);
        let features = points.len() / targets.len();
        let name = self.data.as_str();
        if self.output == Output::Squares {
            return Dataset::from_numbers(name, None, features, &points, 1, &targets).unwrap();
        }
        let labels: Vec<u8> = targets.iter().map(|target| *target as u8).collect();
        let classes = (0..=*labels.iter().max().unwrap()).map(|class| class.to_string()).collect();
        Dataset::from_classes(name, None, features, &points, classes, labels).unwrap()
    }

    pub fn run(&self, data: &Dataset) -> Run {
        let network = Network::new(data.features(), &self.hidden, self.activation.parse().unwrap()).unwrap();
        let network = network.with_output(self.output, data.outputs(self.output).unwrap()).unwrap();
        let optimizer = self.optimizer.parse().unwrap();
        let recipe = Recipe { optimizer, batch_size: self.batch_size, l2: self.l2, ..Recipe::default() };
        Run::initial(network, self.init_seed, self.init_scale, self.learning_rate).with_recipe(recipe)
    }

    /// Trains the case: its costs must be within `at(updates)` of NumPy's, relative, and the end within that of the last.
    pub fn check(&self, backend: &dyn Backend, at: impl Fn(usize) -> f64) {
        let data = self.samples();
        let mut session = backend.load(&data, &[self.run(&data)]).unwrap();
        let costs = train(session.as_mut(), self.iterations);
        let name = self.name();
        for (i, want) in self.costs.iter().enumerate() {
            let (got, bound) = (costs[i * self.every], at(i * self.every));
            assert!((got - want).abs() <= bound * want.abs(), "{name}: cost {i} is {got}, not {want}");
        }
        let evaluation = session.evaluate().unwrap().remove(0);
        let (bound, last) = (at(self.iterations as usize), self.last);
        let off = (evaluation.cost - last.cost).abs();
        assert!(off <= bound * last.cost.abs(), "{name}: the cost ends at {}, not {}", evaluation.cost, last.cost);
        // a sample whose logits are alike may be told either way
        let told = data.accuracy(&evaluation.logits);
        let one = if self.output == Output::Squares { 2.0 * bound } else { 1.0 / data.samples() as f64 + 1e-12 };
        let slack = if bound < 1e-6 { 1e-9 } else { one };
        assert!((told - last.accuracy_or_r2).abs() <= slack, "{name}: {told}, not {}", last.accuracy_or_r2);
    }
}

/// The costs of this many updates, in chunks of odd lengths.
fn train(session: &mut dyn Session, updates: u32) -> Vec<f64> {
    let mut costs = Vec::new();
    while costs.len() < updates as usize {
        session.advance(17.min(updates - costs.len() as u32)).unwrap();
        costs.extend(&session.collect().unwrap().unwrap().costs[0]);
    }
    costs
}

/// Points (samples × features) and the last column of a scaled table.
pub fn table(name: &str) -> (Vec<f64>, Vec<f64>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data");
    let text = std::fs::read_to_string(folder.join(format!("{name}-scaled.csv"))).unwrap();
    let (mut points, mut targets) = (Vec::new(), Vec::new());
    for line in text.lines().skip(1) {
        let mut row: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        targets.extend(row.pop());
        points.extend(row);
    }
    (points, targets)
}
