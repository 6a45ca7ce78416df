//! Checkpoints in the command's format, and the costs as a table.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use planar::Result;
use planar::backend::Run;
use planar::checkpoint::{Checkpoint, Description, State};
use planar::model::Hidden;
use planar::train::{CostAt, Status};
use serde_json::json;

use crate::costs::{Costs, every};
use crate::experiment::Experiment;
use crate::object::Object;
use crate::samples::Samples;
use crate::settings::Settings;

/// The precision of all devices here.
pub const PRECISION: &str = "f32";

/// The run of a checkpoint that was opened, as far as it goes into the next one.
pub struct Kept {
    /// Where its first weights came from, in words.
    pub start: String,
    pub iteration: u64,
    pub state: State,
}

/// A checkpoint with samples that are its own.
pub struct Loaded {
    pub settings: Settings,
    pub samples: Rc<Samples>,
    pub run: Run,
    pub kept: Kept,
}

impl Kept {
    /// Its costs, with which those of the run that goes on begin.
    pub fn costs(&self) -> Costs {
        let all = self.state.curve.with_logged(&self.state.costs);
        let all = all.into_iter().filter(|at| at.iteration < self.iteration).collect();
        Costs {
            all,
            logged: self.state.costs.clone(),
            curves: [self.state.curve.clone(), Default::default()],
            held_out: self.state.test_costs.clone(),
            sent: [0, 0],
        }
    }
}

/// The checkpoint of an experiment where it stands.
///
/// # Errors
/// Those of [`Checkpoint::to_bytes`].
pub fn save(experiment: &Experiment, kept: Option<&Kept>) -> Result<Object> {
    let (data, run, stand) = (experiment.data(), &experiment.starts[0], &experiment.stands[0]);
    let description = Description::new(data, &run.network, run.learning_rate, PRECISION).with_recipe(run.recipe);
    let start = kept.map_or_else(|| experiment.origin.clone(), |kept| kept.start.clone());
    let mut state = State::new(description, start, experiment.device.info().name, experiment.plan);
    state.iteration = stand.iteration;
    state.columns = Some(data.columns().clone()).filter(|columns| !columns.are_plain());
    state.costs = experiment.costs.logged.iter().filter(|at| at.iteration < stand.iteration).copied().collect();
    let [before, since] = &experiment.costs.curves;
    state.curve = before.joined(since);
    if stand.iteration > 0
        && stand.cost.is_finite()
        && stand.ended.is_some_and(|(status, _)| status == Status::Finished)
    {
        state.curve.end(CostAt { iteration: stand.iteration, cost: stand.cost });
    }
    let name =
        format!("{}-{}.safetensors", data.name().trim_end_matches(".csv"), Hidden::from(run.network.hidden().to_vec()));
    let checkpoint =
        Checkpoint { state, parameters: stand.parameters.clone(), moments: stand.moments.clone(), best: None };
    let bytes = checkpoint.to_bytes(Path::new(&name))?;
    Ok(Object::new(json!({ "is": "saved", "name": name })).bytes("bytes", &bytes))
}

/// The costs as a table: a header alone if there are none.
pub fn costs(experiment: &Experiment) -> Object {
    let costs = &experiment.costs;
    let has_held_out = !costs.held_out.is_empty();
    // where only the samples held out were looked at, there is no cost of the others
    let mut rows: BTreeMap<u64, [Option<f64>; 2]> = BTreeMap::new();
    for (column, of) in [&costs.all, &costs.held_out].into_iter().enumerate() {
        of.iter().for_each(|at| rows.entry(at.iteration).or_default()[column] = Some(at.cost));
    }
    let mut csv = String::from(if has_held_out { "iteration,cost,held_out_cost\n" } else { "iteration,cost\n" });
    let shown = |cost: Option<f64>| cost.map_or_else(String::new, |cost| cost.to_string());
    for (iteration, [cost, held_out]) in rows {
        csv += &format!("{iteration},{}", shown(cost));
        if has_held_out {
            csv += &format!(",{}", shown(held_out));
        }
        csv.push('\n');
    }
    let name = format!("{}-costs.csv", experiment.data().name().trim_end_matches(".csv"));
    Object::new(json!({ "is": "costs", "name": name, "csv": csv, "every": every(experiment.settings.iterations) }))
}
