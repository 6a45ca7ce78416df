//! The networks of a sweep that are in training, in a safetensors file beside its results. A sweep that was killed goes on
//! from there, to the same bits.
//!
//! The tensors are named by the network's number: `17.W1`, `17.b1`, `17.W2`, `17.b2` in the device's precision,
//! `17.moment1.W1` and so on of an optimiser with moments, `17.best.W1` of one that may stop early, and
//! `17.costs`, a row of iteration and cost for each logged cost. The metadata holds a [`State`] under `planar`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::grid::Job;
use super::results::{JobResult, JobStatus, difference};
use crate::checkpoint::weights::{Raw, numbers, said};
use crate::checkpoint::{BEST, Best, KEY, moment, moment_tensors, state_of, tensors};
use crate::files::{self, replace};
use crate::model::{Network, Parameters};
use crate::train::{CostAt, CostCurve};
use crate::{Error, Result};

/// The version of the layout of the file; files of another are refused.
const FORMAT: u32 = 1;
/// The most costs of a result's curve: over half as many, enough for a picture, take about 5 KB of a file.
const CURVE: usize = 400;
/// What the file's name adds to that of the results.
pub const SUFFIX: &str = ".batch.safetensors";

/// The file beside a results file.
pub fn path_of(results: &Path) -> PathBuf {
    let mut name = results.as_os_str().to_owned();
    name.push(SUFFIX);
    name.into()
}

/// A network that has been trained for a while.
#[derive(Clone, Debug)]
pub struct Begun {
    /// How far, and where.
    pub about: About,
    /// The costs logged before its iteration.
    pub costs: Vec<CostAt>,
    /// Its weights after its iterations.
    pub parameters: Parameters,
    /// Its optimiser's moments then, as [`optim::State`](crate::optim::State) has them.
    pub moments: Vec<f64>,
    /// Its weights with the lowest held-out cost, if it may stop early.
    pub best: Option<Best>,
}

/// What the metadata holds of a network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// Its number in the sweep.
    pub job: u64,
    /// Iterations done.
    pub iteration: u64,
    /// The device that did them.
    pub device: String,
    /// The plan that it followed.
    pub plan: String,
    /// The cost that it is ranked by at each rung of a halving.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rungs: Vec<CostAt>,
    /// The cost of the held-out samples at logged iterations, if it may stop early.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_costs: Vec<CostAt>,
    /// The updates that made its best weights, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<u64>,
    /// What it has reached, if it waits at a rung.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// Its costs for a picture; empty if the sweep keeps no curves.
    #[serde(default, skip_serializing_if = "CostCurve::is_empty")]
    pub curve: CostCurve,
}

/// What a network has reached; nothing if it has diverged.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Standing {
    /// The cost of the training samples.
    pub cost: Option<f64>,
    /// The share of the training samples that are classified correctly.
    pub accuracy: Option<f64>,
    /// The share of the held-out samples.
    pub test_accuracy: Option<f64>,
    /// R² of the training samples, where the targets are numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// R² of the held-out samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_r2: Option<f64>,
}

impl Begun {
    /// The result of the network if it goes no further: `last` is its cost there, `standing` that of its best weights if it
    /// may stop early.
    pub fn ended(self, job: &Job, status: JobStatus, standing: Standing, last: Option<f64>) -> JobResult {
        let Self { about, mut costs, .. } = self;
        costs.push(CostAt { iteration: about.iteration, cost: last.unwrap_or(f64::NAN) });
        JobResult {
            job: job.clone(),
            status,
            done: about.iteration,
            best_iteration: about.best,
            cost: standing.cost,
            accuracy: standing.accuracy,
            test_accuracy: standing.test_accuracy,
            r2: standing.r2,
            test_r2: standing.test_r2,
            rungs: about.rungs,
            costs,
            test_costs: about.test_costs,
            device: about.device,
            plan: about.plan,
            curve: about.curve.thinned(CURVE),
            parameters: None,
        }
    }
}

/// The metadata.
#[derive(Serialize, Deserialize)]
struct State {
    format: u32,
    version: String,
    sweep: Value,
    networks: Vec<About>,
}

/// Writes networks, so that the file is complete at every moment.
pub fn write<'a>(path: &Path, sweep: &Value, networks: impl Iterator<Item = &'a Begun> + Clone) -> Result<()> {
    let refuse = |error: &dyn std::fmt::Display| Error::Checkpoint {
        path: path.into(),
        problem: format!("cannot be made: {error}"),
    };
    let state = State {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        sweep: sweep.clone(),
        networks: networks.clone().map(|of| of.about.clone()).collect(),
    };
    let json = serde_json::to_string(&state).map_err(|error| refuse(&error))?;
    let is_wide = sweep["precision"] == "f64";
    let all = networks.flat_map(|of| {
        let rows = of.costs.iter().flat_map(|at| [at.iteration as f64, at.cost]);
        let bytes = rows.flat_map(f64::to_le_bytes).collect();
        let costs = Raw { dtype: Dtype::F64, shape: [of.costs.len(), 2], bytes };
        let prefix = format!("{}.", of.about.job);
        let (layout, values) = (of.parameters.layout(), of.parameters.values());
        let own = tensors(layout, values, prefix.clone(), is_wide);
        let moments = moment_tensors(layout, &of.moments, &prefix, is_wide);
        let best = of.best.iter().flat_map(|best| {
            tensors(layout, best.parameters.values(), format!("{prefix}{BEST}"), is_wide).collect::<Vec<_>>()
        });
        own.chain(moments).chain(best).chain([(format!("{prefix}costs"), costs)]).collect::<Vec<_>>()
    });
    let metadata = HashMap::from([(KEY.to_owned(), json)]);
    let bytes = safetensors::serialize(all, Some(metadata)).map_err(|error| refuse(&error))?;
    replace(path, &bytes)
}

/// Reads the networks that were in training; none if there is no file. `network` makes that of a job; `jobs` are in the
/// order of their numbers.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::Checkpoint`] if it is damaged, of another sweep or of another format.
pub fn read(
    path: &Path,
    sweep: &Value,
    jobs: &[Job],
    network: impl Fn(&Job) -> Result<Network>,
) -> Result<BTreeMap<u64, Begun>> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let refuse = |problem: String| Error::Checkpoint { path: path.into(), problem };
    let damaged = |problem: String| refuse(format!("is damaged: {problem}"));
    let bytes = files::read(path)?;
    let there = SafeTensors::deserialize(&bytes).map_err(|error| refuse(said(&error)))?;
    let state: Option<State> = state_of(path, &bytes, FORMAT)?;
    let state = state.ok_or_else(|| refuse("holds no networks of a sweep".into()))?;
    if let Some(difference) = difference(&state.sweep, sweep) {
        return Err(refuse(format!("is of another sweep: {difference}")));
    }
    let mut networks = BTreeMap::new();
    for about in state.networks {
        let number = about.job;
        let job = jobs.binary_search_by_key(&number, |job| job.job).map(|at| &jobs[at]);
        let job = job.map_err(|_| damaged(format!("network {number} is none of the sweep's")))?;
        if !(1..=job.iterations).contains(&about.iteration) {
            let problem = format!("network {number} has done {} of {} iterations", about.iteration, job.iterations);
            return Err(damaged(problem));
        }
        let values = |name: &str, shape: [usize; 2]| {
            let name = format!("{number}.{name}");
            let tensor = there.tensor(&name).map_err(|_| format!("it lacks the tensor {name}"))?;
            match tensor.shape() == shape || (name.ends_with(".costs") && tensor.shape().get(1) == Some(&2)) {
                true => numbers(&name, &tensor),
                false => Err(format!("{name} is of shape {:?}, not {shape:?}", tensor.shape())),
            }
        };
        let network = network(job)?;
        let mut theta = Vec::with_capacity(network.layout().parameters());
        for tensor in network.layout().tensors() {
            theta.extend(values(&tensor.name(), [tensor.rows, tensor.columns]).map_err(damaged)?);
        }
        let mut moments = Vec::new();
        for number in 1..=job.recipe.optimizer.moments() {
            for tensor in network.layout().tensors() {
                let name = moment(number, &tensor.name());
                moments.extend(values(&name, [tensor.rows, tensor.columns]).map_err(damaged)?);
            }
        }
        let best = about.best.map(|iteration| {
            let mut theta = Vec::with_capacity(network.layout().parameters());
            for tensor in network.layout().tensors() {
                theta.extend(
                    values(&format!("{BEST}{}", tensor.name()), [tensor.rows, tensor.columns]).map_err(damaged)?,
                );
            }
            Ok(Best { iteration, parameters: Parameters::from_values(&network, theta)?, moments: Vec::new() })
        });
        let best = best.transpose()?;
        let costs = values("costs", [0, 2]).map_err(damaged)?;
        let costs: Vec<CostAt> =
            costs.as_chunks::<2>().0.iter().map(|[at, cost]| CostAt { iteration: *at as u64, cost: *cost }).collect();
        let is_rising = costs.is_sorted_by(|a, b| a.iteration < b.iteration);
        if !is_rising || costs.last().is_some_and(|last| last.iteration >= about.iteration) {
            return Err(damaged(format!("the costs of network {number} are not in the order of its iterations")));
        }
        let parameters = Parameters::from_values(&network, theta)?;
        networks.insert(number, Begun { costs, parameters, moments, best, about });
    }
    Ok(networks)
}

/// The iterations that a job has done before.
pub fn start_of(begun: &BTreeMap<u64, Begun>, job: &Job) -> u64 {
    begun.get(&job.job).map_or(0, |begun| begun.about.iteration)
}
