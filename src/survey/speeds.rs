//! How fast every plan and layout trains, beside the CPU engine.

use std::time::Duration;

use serde::Serialize;

use super::Deadline;
use super::checks::run;
use crate::Result;
use crate::backend::{LayoutChoice, Layouts, Run};
use crate::cpu::Engine;
use crate::data::{Dataset, flower};
use crate::gpu::Gpu;
use crate::gpu::plan::PlanChoice;
use crate::measure::speed;

/// Hidden units and samples of one network.
const SIZES: [(usize, usize); 4] = [(4, 400), (40, 400), (277, 400), (1024, 10_000)];
/// The activations that each size is measured with.
const ACTIVATIONS: [&str; 2] = ["tanh", "leaky-relu"];
/// Networks side by side, of four units on 400 samples.
const MANY: [u32; 2] = [64, 1024];
/// The tuner trains this many times as long as a figure is measured, so that it reaches a choice.
const TUNING: u32 = 3;

/// One size: the CPU engine and each plan.
#[derive(Clone, Debug, Serialize)]
pub struct Speeds {
    /// Networks side by side; times are for all of them together.
    pub networks: u32,
    /// Hidden units.
    pub hidden: usize,
    /// Samples.
    pub samples: usize,
    /// The activation.
    pub activation: String,
    /// Microseconds that the CPU engine takes for an iteration.
    pub cpu_us: Option<f64>,
    /// Why the CPU engine was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_note: Option<String>,
    /// The adapter's plans.
    pub plans: Vec<PlanSpeed>,
}

/// A plan whose layout the tuner chose.
#[derive(Clone, Debug, Serialize)]
pub struct PlanSpeed {
    /// `split`, `resident` or `layered`.
    pub plan: &'static str,
    /// The layout that trained in the end.
    pub chosen: Option<String>,
    /// Whether the tuner measured before it chose; otherwise it is the likeliest.
    pub tuned: bool,
    /// Microseconds for an iteration.
    pub us: Option<f64>,
    /// Of these, microseconds that the host takes to record and submit it.
    pub host_us: Option<f64>,
    /// Each layout that the plan offers, by itself.
    pub layouts: Vec<LayoutSpeed>,
    /// Why it was not measured, or why its layouts were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A layout by itself.
#[derive(Clone, Debug, Serialize)]
pub struct LayoutSpeed {
    /// Its name, as `--layout` takes it.
    pub name: String,
    /// Microseconds for an iteration.
    pub us: Option<f64>,
    /// Why it was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Speeds {
    /// The fastest plan and its microseconds for an iteration.
    pub fn fastest(&self) -> Option<(&'static str, f64)> {
        let times = self.plans.iter().filter_map(|plan| Some((plan.plan, plan.us?)));
        times.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

impl PlanSpeed {
    /// The fastest layout by itself.
    pub fn best(&self) -> Option<(&str, f64)> {
        let times = self.layouts.iter().filter_map(|layout| Some((layout.name.as_str(), layout.us?)));
        times.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// The time of the chosen layout by itself over that of the best one: 1 if the choice is the best.
    pub fn of_best(&self) -> Option<f64> {
        let chosen = self.layouts.iter().find(|layout| Some(&layout.name) == self.chosen.as_ref())?;
        Some(chosen.us? / self.best()?.1)
    }
}

/// One network, at every size with every activation.
pub(super) fn of_one(gpu: &Gpu, engine: &Engine, patience: Duration, deadline: Deadline) -> Vec<Speeds> {
    let sizes = SIZES.iter().flat_map(|size| ACTIVATIONS.map(|activation| (size, activation)));
    sizes
        .map(|((hidden, samples), activation)| {
            of_size(gpu, engine, (1, *hidden, *samples, activation), patience, deadline)
        })
        .collect()
}

/// Many small networks side by side.
pub(super) fn of_many(gpu: &Gpu, engine: &Engine, patience: Duration, deadline: Deadline) -> Vec<Speeds> {
    MANY.map(|networks| of_size(gpu, engine, (networks, 4, 400, "tanh"), patience, deadline)).into()
}

fn of_size(
    gpu: &Gpu,
    engine: &Engine,
    (networks, hidden, samples, activation): (u32, usize, usize, &str),
    patience: Duration,
    deadline: Deadline,
) -> Speeds {
    let mut speeds = Speeds {
        networks,
        hidden,
        samples,
        activation: activation.into(),
        cpu_us: None,
        cpu_note: None,
        plans: Vec::new(),
    };
    let runs = || (2..2 + networks).map(|seed| run(hidden, activation, seed)).collect::<Result<Vec<Run>>>();
    let loaded = deadline.before(|| Ok((flower(samples, 1)?, runs()?)));
    match loaded {
        Ok((data, runs)) => {
            match deadline.before(|| speed(engine, &data, &runs, patience)) {
                Ok(speed) => speeds.cpu_us = Some(1e6 * speed.iteration),
                Err(said) => speeds.cpu_note = Some(said),
            }
            let plan = |plan| of_plan(&gpu.clone().with_plan(plan), plan, &data, &runs, patience, deadline);
            speeds.plans = PlanChoice::ALL.map(plan).into();
        }
        Err(said) => speeds.cpu_note = Some(said),
    }
    speeds
}

fn of_plan(
    gpu: &Gpu,
    plan: PlanChoice,
    data: &Dataset,
    runs: &[Run],
    patience: Duration,
    deadline: Deadline,
) -> PlanSpeed {
    let mut found = PlanSpeed {
        plan: plan.name(),
        chosen: None,
        tuned: false,
        us: None,
        host_us: None,
        layouts: Vec::new(),
        note: None,
    };
    let tuned = match deadline.before(|| speed(gpu, data, runs, TUNING * patience)) {
        Ok(tuned) => tuned,
        Err(said) => {
            found.note = Some(said);
            return found;
        }
    };
    (found.us, found.host_us) = (Some(1e6 * tuned.iteration), Some(1e6 * tuned.host));
    let Layouts { chosen, measured } = tuned.layouts.unwrap_or_default();
    found.tuned = measured.iter().any(|(_, time)| time.is_some());
    found.chosen = Some(chosen);
    if tuned.iteration > patience.as_secs_f64() {
        found.note = Some(format!("layouts not measured: an iteration takes {:.2} s", tuned.iteration));
        return found;
    }
    let alone = |name: String| {
        let laid = gpu.clone().with_layout(LayoutChoice::Named(name.clone()));
        match deadline.before(|| speed(&laid, data, runs, patience)) {
            Ok(speed) => LayoutSpeed { name, us: Some(1e6 * speed.iteration), note: None },
            Err(said) => LayoutSpeed { name, us: None, note: Some(said) },
        }
    };
    found.layouts = measured.into_iter().map(|(name, _)| alone(name)).collect();
    found
}
