//! What a frame shows: costs and accuracies, the boundary, each unit's own map, and the weights.

use planar::Result;
use planar::backend::{Backend, Run};
use planar::cpu::Engine;
use planar::data::Dataset;
use planar::model::{Network, Output, Parameters};
use planar::train::CostAt;
use serde_json::{Map, Value, json};

use crate::experiment::Experiment;
use crate::object::Object;
use crate::samples::Samples;
use crate::stand::Stand;

/// The most units whose maps are sent.
const MOST_UNITS: usize = 64;
/// The most weights that are sent: more are no drawing.
const MOST_WEIGHTS: usize = 20_000;

/// The most multiply-adds of a picture, the points of a grid times the parameters: a few frames' time on one thread.
const MOST_WORK: usize = 1 << 26;

/// What the page wants to see.
#[derive(Clone, Copy, Debug, Default)]
pub struct View {
    /// Cells a side of the boundary.
    pub grid: usize,
    /// Cells a side of each unit's map.
    pub units: usize,
    /// The hidden layer of the maps, counted from 0.
    pub layer: usize,
}

/// Cost and accuracy of a network over samples, row-major points beside them; L2 is in the cost.
fn judged(engine: &Engine, data: &Dataset, points: &[f64], run: &Run, stand: &Stand) -> Result<(f64, f64)> {
    let logits = engine.forward(&run.network, &stand.parameters, points)?;
    let penalty = run.recipe.penalty(&stand.parameters, data.samples());
    Ok((data.mean_loss(run.network.output(), &logits) + penalty, data.accuracy(&logits)))
}

/// The frame of an experiment; its fields but for the arrays are those of `said`.
///
/// # Errors
/// Those of the engine's forward pass.
pub fn frame(
    engine: &Engine,
    experiment: &mut Experiment,
    values: &[f64],
    view: View,
    mut said: Map<String, Value>,
) -> Result<Object> {
    let samples = experiment.samples.clone();
    let (data, [points, held_out_points]) = (samples.data(), &samples.points);
    let held_out = samples.prepared.held_out.as_ref();
    let (run, stand) = (&experiment.starts[0], &experiment.stands[0]);
    let (cost, accuracy) = judged(engine, data, points, run, stand)?;
    let is_one = experiment.stands.len() == 1;
    let held_out = held_out.filter(|_| is_one && !stand.has_diverged());
    let tested = held_out.map(|held_out| judged(engine, held_out, held_out_points, run, stand)).transpose()?;
    said.insert("iteration".into(), json!(experiment.iteration()));
    said.insert("cost".into(), json!(cost));
    said.insert("accuracy".into(), json!(accuracy));
    said.insert("heldOutCost".into(), json!(tested.map(|(cost, _)| cost)));
    said.insert("heldOutAccuracy".into(), json!(tested.map(|(_, accuracy)| accuracy)));
    said.insert("widths".into(), json!(run.network.widths()));
    said.insert("layer".into(), json!(shown_layer(&run.network, view)));
    let parameters = run.network.layout().parameters();
    let grid = samples.grid(coarser(view.grid, parameters * experiment.stands.len()));
    let mut many = Vec::new();
    if !is_one {
        for ((run, stand), value) in experiment.starts.iter().zip(&experiment.stands).zip(values) {
            let (cost, accuracy) = judged(engine, data, points, run, stand)?;
            let said = json!({ "value": value, "cost": cost, "accuracy": accuracy, "status": stand.status(),
                "iteration": stand.at() });
            many.push(Object::new(said).floats("grid", &narrow(&logits(engine, run, stand, &grid)?)));
        }
    }
    let iteration = stand.iteration;
    let costs = &mut experiment.costs;
    if let Some((cost, _)) = tested {
        costs.add_held_out(CostAt { iteration, cost });
    }
    let pairs = |costs: &[CostAt]| costs.iter().flat_map(|at| [at.iteration as f64, at.cost]).collect::<Vec<_>>();
    let frame = Object::new(Value::Object(said))
        .doubles("costs", &pairs(&costs.all[costs.sent[0]..]))
        .doubles("heldOutCosts", &pairs(&costs.held_out[costs.sent[1]..]));
    costs.sent = [costs.all.len(), costs.held_out.len()];
    if !many.is_empty() {
        return Ok(frame.list("many", many));
    }
    let (run, stand) = (&experiment.starts[0], &experiment.stands[0]);
    let weights = stand.parameters.values();
    let weights = if weights.len() <= MOST_WEIGHTS { narrow(weights) } else { Vec::new() };
    Ok(frame
        .floats("grid", &narrow(&logits(engine, run, stand, &grid)?))
        .floats("units", &units(engine, &samples, run, &stand.parameters, view)?)
        .floats("weights", &weights))
}

/// As many points a side, or fewer where a network is wide: all of them together take a bounded time.
fn coarser(side: usize, parameters: usize) -> usize {
    side.min(((MOST_WORK / parameters.max(1)) as f64).sqrt().max(2.0) as usize)
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

fn logits(engine: &Engine, run: &Run, stand: &Stand, points: &[f64]) -> Result<Vec<f64>> {
    if points.is_empty() { Ok(Vec::new()) } else { engine.forward(&run.network, &stand.parameters, points) }
}

/// The hidden layer whose units are shown, counted from 0.
fn shown_layer(network: &Network, view: View) -> usize {
    view.layer.min(network.hidden().len() - 1)
}

/// A of the first units of a hidden layer over the plane, (units × cells).
fn units(engine: &Engine, samples: &Samples, run: &Run, parameters: &Parameters, view: View) -> Result<Vec<f32>> {
    let layer = shown_layer(&run.network, view);
    let below = if layer == 0 { 0 } else { parameters.values().len() };
    let points = samples.grid(coarser(view.units, below));
    if points.is_empty() {
        return Ok(Vec::new());
    }
    let (hidden, g) = (run.network.hidden(), run.network.activation());
    let shown = hidden[layer].min(MOST_UNITS);
    // Z of the layer, row-major (cells × units): that of the inputs' own layer is one product
    let z: Vec<f64> = match layer {
        0 => {
            let rows = || parameters.weights(0).chunks_exact(2).zip(parameters.bias(0));
            points.chunks_exact(2).flat_map(|x| rows().map(move |(w, b)| w[0] * x[0] + w[1] * x[1] + b)).collect()
        }
        _ => {
            let below = Network::new(run.network.inputs(), &hidden[..layer], g)?;
            let below = below.with_output(Output::Squares, hidden[layer])?;
            let values = parameters.values()[..below.layout().parameters()].to_vec();
            engine.forward(&below, &Parameters::from_values(&below, values)?, &points)?
        }
    };
    let of_unit = |unit: usize| z.iter().skip(unit).step_by(hidden[layer]).map(|z| g.apply(*z) as f32);
    Ok((0..shown).flat_map(of_unit).collect())
}
