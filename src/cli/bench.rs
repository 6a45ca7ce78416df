//! `planar bench`: every backend on this machine, at the size of the thread's network or any other.

use std::time::Duration;

use planar::backend::{Layouts, Run};
use planar::cpu::Engine;
use planar::data::{DEFAULT_SEED, Options, Source, gaussian_quantiles_of};
use planar::fit::{Candidate, every, require_adapter};
use planar::model::{Activation, Network};
use planar::{Error, measure};
use serde::Serialize;

use super::arguments::seconds;
use super::{Ending, Verbosity};
use crate::report::columns;

/// Iterations of the thread's training: its time is easier to picture than that of one.
const THREAD_ITERATIONS: f64 = 50_000.0;

/// Seconds for each backend.
const SECONDS: f64 = 1.0;
/// Seconds for each figure of a report, which has some 250 of them for each adapter.
#[cfg(feature = "gpu")]
const SECONDS_PER_FIGURE: f64 = 0.3;

const EXAMPLES: &str = "Examples:
  planar bench                                       the thread's network
  planar bench --hidden 4 --networks 64 --only engine,split
  planar bench --features 30 --hidden 64 --samples 569
  planar bench --activation tanh --samples 10000 --seconds 5 --json
  planar bench --report adapter.md                   survey the adapters
Exit codes: 0 done, 1 failure, 2 wrong input.";

/// Measure every backend on this machine: the CPU engine, the reference, each adapter with each plan.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Number of hidden units
    #[arg(long, value_name = "N", default_value_t = 277, allow_negative_numbers = true, help_heading = "Network")]
    hidden: usize,
    /// tanh, sigmoid, relu, or leaky-relu:SLOPE
    #[arg(long, value_name = "NAME", default_value = "leaky-relu", help_heading = "Network")]
    activation: Activation,
    /// Number of features: 2 are the flower's, which has an even number of samples; others a Gaussian cloud's
    #[arg(long, value_name = "N", default_value_t = 2, allow_negative_numbers = true, help_heading = "Data")]
    features: usize,
    /// Number of samples
    #[arg(long, value_name = "M", default_value_t = 400, allow_negative_numbers = true, help_heading = "Data")]
    samples: usize,
    /// Networks trained side by side; times are for all of them together
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000), allow_negative_numbers = true, help_heading = "Network")]
    networks: u32,
    /// Threads of the CPU engine, 1 to 1024 [default: one per core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Device")]
    threads: Option<usize>,
    /// Measure only these: engine, reference, split, resident, layered [default: all]
    #[arg(long, value_name = "PLAN,…", value_delimiter = ',', value_parser = plan, help_heading = "Device")]
    only: Vec<&'static str>,
    /// Seconds to spend on each backend [default: 1], or on each figure of a report [default: 0.3]
    #[arg(long, value_name = "S", value_parser = seconds, allow_negative_numbers = true, help_heading = "Measurement")]
    seconds: Option<f64>,
    /// Survey the adapters instead, in under ten minutes: checks, set-up, every plan and layout; JSON goes beside the file
    #[cfg(feature = "gpu")]
    #[arg(long, value_name = "FILE.md", value_parser = super::survey::file, help_heading = "Output", conflicts_with_all = ["hidden", "features", "activation", "samples", "networks", "threads", "only", "json"])]
    report: Option<std::path::PathBuf>,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

#[derive(Serialize)]
struct Bench {
    version: &'static str,
    features: usize,
    hidden: usize,
    samples: usize,
    activation: String,
    networks: u32,
    operations_per_iteration: f64,
    cpu_peak_gflops: f64,
    fastest: Option<String>,
    results: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    plan: String,
    /// Why it could not be measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    us_per_iteration: Option<f64>,
    /// The part that the host takes to record and submit an iteration; none if the host itself computes.
    host_us_per_iteration: Option<f64>,
    setup_ms: Option<f64>,
    gflops: Option<f64>,
    /// The layout that trained in the end, and every one on offer, whose time is null if it was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    layouts: Option<Layouts>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.verbosity.start_log();
    #[cfg(feature = "gpu")]
    if let Some(path) = &arguments.report {
        let patience = Duration::from_secs_f64(arguments.seconds.unwrap_or(SECONDS_PER_FIGURE));
        return super::survey::run(path, patience, arguments.verbosity);
    }
    let data = match arguments.features {
        2 => Source::Flower.load(&Options { samples: Some(arguments.samples), ..Options::default() })?,
        features => gaussian_quantiles_of(features, arguments.samples, DEFAULT_SEED)?,
    };
    let network = Network::one_hidden(data.features(), arguments.hidden, arguments.activation)?;
    let runs: Vec<Run> = (2..2 + arguments.networks).map(|seed| measure::run(&network, seed)).collect();
    let operations = measure::operations(&network, data.samples()) * runs.len() as f64;

    let peak = Engine::new(arguments.threads)?.peak();
    let mut results = Vec::new();
    let mut failure = None;
    for Candidate { name, plan, open } in every(arguments.threads)? {
        if !arguments.only.is_empty() && !arguments.only.contains(&plan) {
            continue;
        }
        arguments.verbosity.say(format_args!("measuring {name}, {plan}"));
        let backend = open();
        let patience = Duration::from_secs_f64(arguments.seconds.unwrap_or(SECONDS));
        let on_gpu = backend.as_ref().is_ok_and(|backend| backend.device().kind != "cpu");
        let speed = backend.and_then(|backend| measure::speed(backend.as_ref(), &data, &runs, patience));
        let (speed, error) = match speed {
            Ok(speed) => (Some(speed), None),
            Err(error) => {
                let said = error.to_string();
                failure = Some(error);
                (None, Some(said))
            }
        };
        results.push(Row {
            name,
            plan: plan.into(),
            error,
            us_per_iteration: speed.as_ref().map(|speed| 1e6 * speed.iteration),
            host_us_per_iteration: speed.as_ref().filter(|_| on_gpu).map(|speed| 1e6 * speed.host),
            setup_ms: speed.as_ref().map(|speed| 1e3 * speed.setup),
            gflops: speed.as_ref().map(|speed| 1e-9 * operations / speed.iteration),
            layouts: speed.and_then(|speed| speed.layouts),
        });
    }
    if results.iter().all(|result| result.us_per_iteration.is_none()) {
        if let Some(error) = failure {
            return Err(error.into());
        }
        require_adapter()?; // the requested plans need one
    }
    let times = results.iter().filter_map(|result| result.us_per_iteration.map(|time| (time, result)));
    let fastest =
        times.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, result)| format!("{}, {}", result.name, result.plan));
    let bench = Bench {
        version: env!("CARGO_PKG_VERSION"),
        features: data.features(),
        hidden: arguments.hidden,
        samples: data.samples(),
        activation: network.activation().to_string(),
        networks: arguments.networks,
        operations_per_iteration: operations,
        cpu_peak_gflops: 1e-9 * peak,
        fastest,
        results,
    };
    if arguments.json {
        super::print_json(&bench)?
    } else {
        super::print(&bench.table())?
    }
    Ok(Ending::Done)
}

impl Bench {
    fn table(&self) -> String {
        let heading = ["backend", "plan", "µs/iteration", "host µs", "50,000 take", "set-up", "GFLOP/s", "of CPU peak"];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        let mut notes = String::new();
        for result in &self.results {
            let mut row = vec![result.name.clone(), result.plan.clone()];
            if let (Some(time), Some(setup), Some(gflops)) = (result.us_per_iteration, result.setup_ms, result.gflops) {
                row.push(format!("{time:.1}"));
                row.push(result.host_us_per_iteration.map_or(String::new(), |host| format!("{host:.1}")));
                row.push(format!("{:.2} s", 1e-6 * time * THREAD_ITERATIONS));
                row.push(format!("{setup:.0} ms"));
                row.push(format!("{gflops:.1}"));
                if result.host_us_per_iteration.is_none() {
                    row.push(format!("{:.1} %", 100.0 * gflops / self.cpu_peak_gflops)); // a GPU's peak is another
                }
            }
            rows.push(row);
            if let Some(layouts) = &result.layouts {
                notes += &format!("{}, {}: {layouts}\n", result.name, result.plan);
            }
            if let Some(error) = &result.error {
                notes += &format!("{}, {}: {error}\n", result.name, result.plan);
            }
        }
        let Self { features, hidden, samples, activation, .. } = self;
        let networks =
            if self.networks > 1 { format!(", {} networks side by side", self.networks) } else { String::new() };
        let about = format!("n_x = {features}, n_h = {hidden}, m = {samples}, {activation}{networks}");
        let mut text = format!("{about}\n\n{}\n{notes}", columns(rows));
        if let Some(fastest) = &self.fastest {
            text += &format!("fastest: {fastest}\n");
        }
        let mega = 1e-6 * self.operations_per_iteration;
        let peak = self.cpu_peak_gflops;
        text + &format!("{mega:.2} MFLOP per iteration; the CPU's measured peak is {peak:.0} GFLOP/s (f32)\n")
    }
}

/// A plan's name, as in the results.
fn plan(text: &str) -> planar::Result<&'static str> {
    let plans = ["engine", "reference", "split", "resident", "layered"];
    let name = if text == "fused" { "split" } else { text }; // its older name
    let named = plans.into_iter().find(|plan| *plan == name);
    named.ok_or_else(|| {
        Error::invalid("the plan", "engine, reference, split, resident or layered", format_args!("'{text}'"))
    })
}
