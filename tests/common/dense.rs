//! `dense.json` and `recipes.json`: trainings of any depth, output and recipe, and the tables that they train on.

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
    pub learning_rate: f64,
    pub iterations: u32,
    pub init_seed: u32,
    pub init_scale: InitScale,
    pub every: usize,
    #[serde(flatten)]
    pub recipe: Recipe,
    /// Those of the first samples, which repeat; all are 1 without.
    #[serde(default)]
    pub weights: Vec<f64>,
    /// Labels of yes or no if there are two: the class, and whether the first feature is above 0.
    #[serde(default)]
    pub labels: usize,
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
    ["dense.json", "recipes.json"].into_iter().flat_map(golden::<Vec<DenseCase>>).collect()
}

impl DenseCase {
    pub fn name(&self) -> String {
        let Self { data, hidden, activation, recipe, .. } = self;
        format!("{data} {hidden:?} {activation} {} {recipe} batch {:?}", recipe.optimizer, recipe.batch_size)
    }

    pub fn samples(&self) -> Dataset {
        let data = self.unweighted();
        if self.weights.is_empty() {
            return data;
        }
        let weights = self.weights.iter().copied().cycle().take(data.samples()).collect();
        data.with_weights(weights).unwrap()
    }

    fn unweighted(&self) -> Dataset {
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
        if self.labels == 2 {
            let first = points.iter().step_by(features).map(|x| u8::from(*x > 0.0));
            let rows: Vec<u8> = labels.into_iter().zip(first).flat_map(|(class, first)| [class, first]).collect();
            return Dataset::from_label_rows(name, None, features, &points, 2, &rows).unwrap();
        }
        let classes = (0..=*labels.iter().max().unwrap()).map(|class| class.to_string()).collect();
        Dataset::from_classes(name, None, features, &points, classes, labels).unwrap()
    }

    pub fn run(&self, data: &Dataset) -> Run {
        let network = Network::new(data.features(), &self.hidden, self.activation.parse().unwrap()).unwrap();
        let network = network.with_output(self.output, data.outputs(self.output).unwrap()).unwrap();
        Run::initial(network, self.init_seed, self.init_scale, self.learning_rate).with_recipe(self.recipe)
    }

    /// Trains the case: its costs must be within `at(updates)` of NumPy's, relative, and the end within that of the last.
    pub fn check(&self, backend: &dyn Backend, at: impl Fn(usize) -> f64) {
        let data = self.samples();
        let mut session = backend.load(&data, &[self.run(&data)]).unwrap();
        let (costs, theta) = train(session.as_mut(), self.iterations);
        let name = self.name();
        for (i, want) in self.costs.iter().enumerate() {
            let (got, bound) = (costs[i * self.every], at(i * self.every));
            assert!((got - want).abs() <= bound * want.abs(), "{name}: cost {i} is {got}, not {want}");
        }
        let bound = at(self.iterations as usize);
        let sum_of = |of: fn(f64) -> f64| theta.iter().map(|theta| of(*theta)).sum::<f64>();
        let (sum, terms) = (sum_of(|theta| theta), sum_of(f64::abs));
        let off = (sum - self.theta_sum).abs();
        assert!(off <= bound * terms, "{name}: the parameters add up to {sum}, not {}", self.theta_sum);
        let evaluation = session.evaluate().unwrap().remove(0);
        let last = self.last;
        let off = (evaluation.cost - last.cost).abs();
        assert!(off <= bound * last.cost.abs(), "{name}: the cost ends at {}, not {}", evaluation.cost, last.cost);
        // a sample whose logits are alike may be told either way
        let told = data.accuracy(&evaluation.logits);
        let one = if self.output == Output::Squares { 2.0 * bound } else { 1.0 / data.samples() as f64 + 1e-12 };
        let slack = if bound < 1e-6 { 1e-9 } else { one };
        assert!((told - last.accuracy_or_r2).abs() <= slack, "{name}: {told}, not {}", last.accuracy_or_r2);
    }
}

/// The costs of this many updates, in chunks of odd lengths, and the parameters behind them.
fn train(session: &mut dyn Session, updates: u32) -> (Vec<f64>, Vec<f64>) {
    let (mut costs, mut theta) = (Vec::new(), Vec::new());
    while costs.len() < updates as usize {
        session.advance(17.min(updates - costs.len() as u32)).unwrap();
        let chunk = session.collect().unwrap().unwrap();
        costs.extend(&chunk.costs[0]);
        theta = chunk.parameters[0].values().to_vec();
    }
    (costs, theta)
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
