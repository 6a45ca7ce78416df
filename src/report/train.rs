//! What `planar train` reports.

use std::time::Duration;

use serde::Serialize;

use planar::backend::DeviceInfo;
use planar::data::Dataset;
use planar::model::Network;
use planar::train::{CostAt, Outcome, Status};

/// A finished training and what it came from.
#[derive(Clone, Debug)]
pub struct TrainReport<'a> {
    /// What computed.
    pub device: DeviceInfo,
    /// The plan it followed.
    pub plan: &'static str,
    /// What was learnt.
    pub data: &'a Dataset,
    /// What was trained.
    pub network: &'a Network,
    /// The samples held out of training, and the accuracy on them, where some were.
    pub held_out: Option<(usize, Option<f64>)>,
    /// How it was trained.
    pub training: Training,
    /// Where the weights came from, where they are not the seed's alone: of a file, or of the run that was gone on with.
    pub init: Option<&'a str>,
    /// Updates done before, by the run that was gone on with.
    pub before: u64,
    /// What came out.
    pub outcome: &'a Outcome,
    /// How long it took.
    pub seconds: Seconds,
}

/// The settings of a training.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Training {
    /// α.
    pub learning_rate: f64,
    /// Iterations asked for.
    pub iterations: u64,
    /// Seed of the initial weights.
    pub init_seed: u32,
    /// Scale of the initial weights.
    pub init_scale: f64,
    /// `f32` or `f64`.
    pub precision: &'static str,
}

/// Wall-clock times, in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Seconds {
    /// Data, device, shaders and buffers.
    pub setup: f64,
    /// The iterations.
    pub training: f64,
    /// Both.
    pub total: f64,
}

impl Seconds {
    /// From the time of the setup and the time of everything.
    pub fn new(setup: Duration, total: Duration) -> Self {
        let (setup, total) = (setup.as_secs_f64(), total.as_secs_f64());
        Self { setup, training: total - setup, total }
    }
}

/// The object that `planar train --json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct TrainJson<'a> {
    version: &'static str,
    status: Status,
    device: &'a DeviceInfo,
    plan: &'static str,
    data: DataJson<'a>,
    network: NetworkJson,
    training: Training,
    #[serde(skip_serializing_if = "Option::is_none")]
    init: Option<&'a str>,
    costs: &'a [CostAt],
    #[serde(rename = "final")]
    last: FinalJson,
    seconds: Seconds,
}

#[derive(Clone, Debug, Serialize)]
struct DataJson<'a> {
    name: &'a str,
    samples: usize,
    features: usize,
    seed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_samples: Option<usize>,
}

#[derive(Clone, Debug, Serialize)]
struct NetworkJson {
    inputs: usize,
    hidden: usize,
    activation: String,
    /// Whose derivative the backward pass took, where that was a bug on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    backward_activation: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct FinalJson {
    cost: Option<f64>,
    accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_accuracy: Option<f64>,
}

impl TrainReport<'_> {
    /// For programs.
    pub fn json(&self) -> TrainJson<'_> {
        let data = self.data;
        TrainJson {
            version: env!("CARGO_PKG_VERSION"),
            status: self.outcome.status,
            device: &self.device,
            plan: self.plan,
            data: DataJson {
                name: data.name(),
                samples: data.samples(),
                features: data.features(),
                seed: data.seed(),
                test_samples: self.held_out.map(|(samples, _)| samples),
            },
            network: NetworkJson {
                inputs: self.network.inputs(),
                hidden: self.network.hidden()[0],
                activation: self.network.activation().to_string(),
                backward_activation: self.network.derivative().borrowed.map(|borrowed| borrowed.to_string()),
            },
            training: self.training,
            init: self.init,
            costs: &self.outcome.costs,
            last: self.last(),
            seconds: self.seconds,
        }
    }

    /// For people: what was trained on what, the logged costs, the result.
    pub fn summary(&self) -> String {
        let Self { device, plan, data, network, training, init, outcome, seconds, held_out, before } = self;
        let mut rows = vec![vec!["iteration".to_owned(), "cost".to_owned()]];
        rows.extend(outcome.costs.iter().map(|at| vec![at.iteration.to_string(), format!("{:.6}", at.cost)]));
        let seed = data.seed().map_or(String::new(), |seed| format!(", seed {seed}"));
        let rate = outcome.iterations.saturating_sub(*before) as f64 / seconds.training;
        let result = match (self.last(), outcome.status) {
            (FinalJson { cost: Some(cost), accuracy: Some(accuracy), .. }, Status::Finished) => {
                format!("cost {cost:.6}, accuracy {:.2} %", 100.0 * accuracy)
            }
            (FinalJson { cost: Some(cost), accuracy: Some(accuracy), .. }, _) => {
                let done = outcome.iterations;
                format!("interrupted after {done} iterations: cost {cost:.6}, accuracy {:.2} %", 100.0 * accuracy)
            }
            _ => format!("diverged at iteration {}", outcome.iterations),
        };
        let held_out = held_out.map(|(samples, accuracy)| match accuracy {
            Some(accuracy) => format!("{:.2} % of {samples} samples", 100.0 * accuracy),
            None => format!("{samples} samples"),
        });
        let mut about = vec![
            vec!["data".into(), format!("{}, {} × {}{seed}", data.name(), data.samples(), data.features())],
            vec!["network".into(), format!("{:?}, {}", network.widths(), network.derivative())],
            vec![
                "weights".into(),
                match init {
                    Some(init) => format!("{init}, {}", training.precision),
                    None => {
                        format!("seed {}, scale {}, {}", training.init_seed, training.init_scale, training.precision)
                    }
                },
            ],
            vec!["learning rate".into(), training.learning_rate.to_string()],
            vec!["device".into(), format!("{}, plan {plan}", device.name)],
            vec!["time".into(), format!("{:.2} s, {rate:.0} iterations/s", seconds.total)],
            vec!["result".into(), result],
        ];
        about.extend(held_out.map(|held_out| vec!["held out".into(), held_out]));
        format!("{}\n{}", super::columns(rows), super::columns(about))
    }

    /// One line for above a picture: what was trained on what, and the result.
    pub fn title(&self) -> String {
        let Self { data, network, training, outcome, .. } = self;
        let widths: Vec<String> = network.widths().iter().map(usize::to_string).collect();
        let (widths, rate, done) = (widths.join("–"), training.learning_rate, outcome.iterations);
        let result = match self.last() {
            FinalJson { cost: Some(cost), accuracy: Some(accuracy), .. } => {
                format!("{done} iterations: cost {cost:.4}, accuracy {:.2} %", 100.0 * accuracy)
            }
            _ => format!("diverged at iteration {done}"),
        };
        let name = data.name().rsplit(['/', '\\']).next().unwrap_or_default();
        format!("{name}, {widths}, {}, rate {rate}, {result}", network.activation())
    }

    fn last(&self) -> FinalJson {
        let evaluation = &self.outcome.evaluation;
        let finite = self.outcome.status != Status::Diverged;
        FinalJson {
            cost: finite.then_some(evaluation.cost),
            accuracy: finite.then(|| self.data.accuracy(&evaluation.logits)),
            test_accuracy: self.held_out.and_then(|(_, accuracy)| accuracy),
        }
    }
}
