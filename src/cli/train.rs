//! `planar train`: from flags to a summary or one JSON object.

use std::ops::ControlFlow;
use std::time::Instant;

use planar::checkpoint::{Description, State};
use planar::cpu::accuracy_on;
use planar::train::{CostAt, Event, Outcome, Schedule, Status, train_all};
use planar::{Error, Result};

use super::arguments::{DataArguments, NetworkArguments};
use super::checkpoint::CheckpointArguments;
use super::device::DeviceArguments;
use super::metrics::{Accuracy, MetricsArguments};
use super::picture::PictureArguments;
use super::progress::{self, Progress};
use super::{Ending, Verbosity};
use crate::report::train::{Seconds, TrainReport, Training};

const EXAMPLES: &str = "Examples:
  planar train --preview                 the notebook, drawn on the terminal
  planar train --hidden 277 --activation leaky-relu --learning-rate 0.073
  planar train --data points.csv --label class --plot run.svg
  planar train --iterations 1000000 --checkpoint run.safetensors
  planar train --iterations 1000000 --resume run.safetensors    after a stop
Exit codes: 0 done, 1 failure, 2 wrong input, 3 no such adapter, 5 diverged, 130 interrupted.";

/// Train a network and print its costs and accuracy.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    device: DeviceArguments,

    #[command(flatten)]
    checkpoint: CheckpointArguments,
    #[command(flatten)]
    picture: PictureArguments,

    /// Log the cost every N iterations [default: a tenth of the run]
    #[arg(long, value_name = "N", help_heading = "Output", allow_negative_numbers = true)]
    log_every: Option<u64>,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    metrics: MetricsArguments,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let (start, verbosity) = (Instant::now(), arguments.verbosity);
    verbosity.start_log();
    arguments.network.warn(verbosity);
    let NetworkArguments { learning_rate, iterations, init_seed, init_scale, .. } = arguments.network;
    let printed = Schedule::new(iterations, arguments.log_every)?;
    let schedule = Schedule::new(iterations, Some(arguments.picture.log_every(iterations, printed.log_every())))?;
    let (data, test) = arguments.data.load_split()?;
    arguments.picture.check(&data)?;
    let mut run = arguments.network.run(&data)?;
    let precision = arguments.device.precision.name();
    let description = Description::new(&data, &run.network, run.learning_rate, precision);
    let resumed = arguments.checkpoint.resumed(&description, &mut run, schedule)?;
    let schedule = arguments.checkpoint.schedule(schedule, resumed.as_ref())?;
    let init = resumed.as_ref().map(|state| state.start.clone()).or_else(|| arguments.network.init());
    let before = resumed.as_ref().map_or(0, |state| state.iteration);
    let (mut frames, schedule) = arguments.picture.frames(schedule, before, &run.parameters);
    let mut metrics = arguments.metrics.open(before, printed.log_every())?;
    let backend = arguments.device.open(&data, std::slice::from_ref(&run), iterations, verbosity);
    let backend = backend.map_err(|error| arguments.checkpoint.without_device(error, resumed.as_ref()))?;
    let mut session = backend.load(&data, std::slice::from_ref(&run))?;
    let setup = start.elapsed();
    log::debug!("plan {} on {}, set up in {setup:.3?}", session.plan(), backend.device().name);

    let device = backend.device();
    if let Some(state) = &resumed {
        verbosity.say(format_args!("going on at iteration {}", state.iteration));
        if (state.device.as_str(), state.plan.as_str()) != (device.name.as_str(), session.plan()) {
            let (there, plan) = (&state.device, &state.plan);
            verbosity.say(format_args!("it ran on {there}, plan {plan}: another device rounds in its own way"));
        }
    }
    let history: Vec<CostAt> = resumed.map_or(Vec::new(), |state| state.costs);
    let from = init.clone().unwrap_or_else(|| format!("seed {init_seed}, scale {init_scale}"));
    let mut state = State::new(description, from, device.name.clone(), session.plan());
    state.costs.clone_from(&history);
    let mut keeper = arguments.checkpoint.keeper(state);

    progress::stop_on_ctrl_c();
    metrics.begin()?;
    log::debug!("training begins");
    let bar = Progress::new(schedule.iterations(), verbosity.quiet);
    let outcomes = train_all(session.as_mut(), &[schedule], |event| match event {
        Event::Advanced { iteration, costs, parameters, logged } => {
            if let Some(frames) = &mut frames {
                frames.advanced(iteration, &parameters[0]);
            }
            // the metrics first: a checkpoint without its lines would leave a gap where it goes on after a kill
            let may_go_on = metrics.advanced(logged[0]) & keeper.advanced(iteration, &parameters[0], logged[0]);
            let shown = bar.show(CostAt { iteration, cost: costs[0] });
            if may_go_on { shown } else { ControlFlow::Break(()) }
        }
        Event::Ended { .. } => ControlFlow::Continue(()),
    });
    bar.finish();
    let mut outcome = match outcomes.and_then(only) {
        Ok(outcome) => outcome,
        Err(error) => {
            keeper.rescue();
            return Err(error.into());
        }
    };
    keeper.end(&outcome.costs)?;
    outcome.costs.splice(..0, history);
    let curve = outcome.costs.clone();
    let last = curve.last().map_or(0, |at| at.iteration);
    outcome.costs.retain(|at| at.iteration.is_multiple_of(printed.log_every()) || at.iteration == last);

    let test_accuracy = match (&test, &outcome.parameters, outcome.status) {
        (Some(test), Some(parameters), status) if status != Status::Diverged => {
            Some(accuracy_on(test, &run.network, parameters)?)
        }
        _ => None,
    };
    let accuracy = (outcome.status == Status::Finished)
        .then(|| Accuracy { accuracy: data.accuracy(&outcome.evaluation.logits), test_accuracy });
    metrics.end(&curve, accuracy)?;
    let report = TrainReport {
        held_out: test.as_ref().map(|test| (test.samples(), test_accuracy)),
        device: backend.device(),
        plan: session.plan(),
        data: &data,
        network: &run.network,
        training: Training { learning_rate, iterations, init_seed, init_scale, precision },
        init: init.as_deref(),
        before,
        outcome: &outcome,
        seconds: Seconds::new(setup, start.elapsed()),
    };
    if arguments.json {
        super::print_json(&report.json())?;
    } else {
        super::print(&report.summary())?;
    }
    if let Some(frames) = frames {
        frames.write(&data, &run, &outcome)?;
    }
    arguments.picture.draw(&data, &run.network, outcome.parameters.as_ref(), &curve, &report.title())?;
    Ok(match outcome.status {
        Status::Finished => Ending::Done,
        Status::Interrupted => Ending::Interrupted,
        Status::Diverged => {
            let at = outcome.iterations;
            let resumed_from = init.as_deref().filter(|_| arguments.network.init().is_none());
            let file = resumed_from.and_then(|start| start.strip_prefix("from "));
            super::tell(format_args!(
                "diverged: not finite from iteration {at} on; this says why: {}",
                super::diagnose::command(std::env::args_os().skip(1), file)
            ));
            Ending::Diverged
        }
    })
}

/// What the only network of a session left behind.
fn only(outcomes: Vec<Outcome>) -> Result<Outcome> {
    outcomes.into_iter().next().ok_or_else(|| Error::invalid("the number of networks", "at least 1", 0))
}
