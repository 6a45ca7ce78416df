//! The cost curves of dense networks against NumPy's in float64, which were checked against JAX and optax
//! (`tests/golden/dense.json`).

use std::path::Path;

use planar::backend::{Backend, Run};
use planar::data::Dataset;
use planar::gpu::Gpu;
use planar::model::{Network, Output};
use planar::optim::Recipe;
use serde::Deserialize;

use crate::Check;
use crate::common::{costs_of, golden, golden_flower};
use crate::limits::NamedOnAdapter;
use crate::support::compare;

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![("dense_curves_follow_numpys".into(), |_, gpu| curves_follow_numpy(gpu))]
}

/// One training: `costs[i]` is the cost after `i · every` updates.
#[derive(Deserialize)]
struct Case {
    data: String,
    hidden: Vec<usize>,
    activation: String,
    output: String,
    optimizer: String,
    learning_rate: f64,
    iterations: u32,
    init_seed: u32,
    init_scale: serde_json::Value,
    every: usize,
    batch_size: Option<usize>,
    l2: f64,
    costs: Vec<f64>,
    #[serde(rename = "final")]
    end: End,
}

#[derive(Deserialize)]
struct End {
    cost: f64,
}

/// A CSV file of `tests/golden/data/` with scaled features and the target last.
fn table(name: &str, output: Output) -> Result<Dataset, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/data/{name}-scaled.csv"));
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let number = |field: &str| field.trim().parse::<f64>().map_err(|error| format!("{field}: {error}"));
    let row = |line: &str| line.split(',').map(number).collect::<Result<Vec<f64>, String>>();
    let rows = text.lines().skip(1).map(row).collect::<Result<Vec<_>, String>>()?;
    let features = rows.first().map_or(0, Vec::len).saturating_sub(1);
    let points: Vec<f64> = rows.iter().flat_map(|row| row[..features].to_vec()).collect();
    let targets: Vec<f64> = rows.iter().map(|row| row[features]).collect();
    let labels: Vec<u8> = targets.iter().map(|target| *target as u8).collect();
    let classes = 1 + labels.iter().copied().max().map_or(0, usize::from);
    let data = match output {
        Output::Squares => Dataset::from_numbers(name, None, features, &points, 1, &targets),
        Output::Logistic => Dataset::from_points(name, None, features, &points, labels),
        Output::Softmax => {
            let names = (0..classes).map(|class| class.to_string()).collect();
            Dataset::from_classes(name, None, features, &points, names, labels)
        }
    };
    data.map_err(|error| error.to_string())
}

impl Case {
    fn data(&self) -> Result<Dataset, String> {
        let output = self.output.parse().map_err(|error: planar::Error| error.to_string())?;
        if self.data == "flower" { Ok(golden_flower()) } else { table(&self.data, output) }
    }

    fn run(&self, data: &Dataset) -> planar::Result<Run> {
        let output: Output = self.output.parse()?;
        let outputs = data.targets().outputs(output, data.class_counts().len())?;
        let network = Network::new(data.features(), &self.hidden, self.activation.parse()?)?;
        let network = network.with_output(output, outputs)?;
        let scale: planar::model::InitScale = self.init_scale.to_string().trim_matches('"').parse()?;
        let recipe = Recipe {
            optimizer: self.optimizer.parse()?,
            batch_size: self.batch_size,
            l2: self.l2,
            ..Recipe::default()
        };
        Ok(Run::initial(network, self.init_seed, scale, self.learning_rate).with_recipe(recipe))
    }
}

/// To 1e-4 in the first 50 updates, then to 1e-3.
fn curves_follow_numpy(gpu: &Gpu) -> Check {
    let cases = golden::<Vec<Case>>("dense.json");
    for case in &cases {
        let what = format!("{} {:?} {} {} {}", case.data, case.hidden, case.activation, case.output, case.optimizer);
        let error = |error: planar::Error| format!("{what}: {error}");
        let data = case.data()?;
        let run = case.run(&data).map_err(error)?;
        let mut session = gpu.load(&data, &[run]).map_err(error)?;
        let mut costs = costs_of(session.as_mut(), case.iterations, 64);
        let end = costs.pop().unwrap_or(f64::NAN);
        let got: Vec<f32> = costs.iter().step_by(case.every).map(|cost| *cost as f32).collect();
        let bound = |i: usize| if i * case.every < 50 { 1e-4 } else { 1e-3 };
        compare(&what, &got, &case.costs, |i| bound(i) * case.costs[i])?;
        compare(&format!("{what}, the end"), &[end as f32], &[case.end.cost], |_| 1e-3 * case.end.cost)?;
    }
    if cases.len() >= 23 { Ok(()) } else { Err(format!("only {} cases", cases.len())) }
}
