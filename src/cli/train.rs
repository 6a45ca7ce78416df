//! `planar train`: from flags to a summary or one JSON object.

use std::time::Instant;

use planar::backend::Run;
use planar::cpu::accuracy_on;
use planar::report::train::{Seconds, TrainReport, Training};
use planar::train::{Schedule, Status, train};

use super::arguments::{DataArguments, NetworkArguments};
use super::device::DeviceArguments;
use super::picture::PictureArguments;
use super::progress::{self, Progress};
use super::{Ending, Verbosity};

const EXAMPLES: &str = "Examples:
  planar train                                  the notebook: flower, 4 hidden units, tanh, 10,000 iterations
  planar train --hidden 277 --activation leaky-relu --learning-rate 0.073 --iterations 50000
  planar train --data points.csv --label class --json
  planar train --hidden 20 --plot run.svg       the decision boundary and the cost curve
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
    picture: PictureArguments,

    /// Log the cost every N iterations [default: a tenth of the run]
    #[arg(long, value_name = "N", help_heading = "Output", allow_negative_numbers = true)]
    log_every: Option<u64>,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
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
    let run = arguments.network.run(&data)?;
    let backend = arguments.device.open(&data, std::slice::from_ref(&run), iterations, verbosity)?;
    let mut session = backend.load(&data, std::slice::from_ref(&run))?;
    let setup = start.elapsed();
    log::debug!("plan {} on {}, set up in {setup:.3?}", session.plan(), backend.device().name);

    progress::stop_on_ctrl_c();
    log::debug!("training begins");
    let bar = Progress::new(schedule.iterations(), verbosity.quiet);
    let outcome = train(session.as_mut(), schedule, |at| bar.show(at));
    bar.finish();
    let mut outcome = outcome?;
    let curve = outcome.costs.clone();
    let last = curve.last().map_or(0, |at| at.iteration);
    outcome.costs.retain(|at| at.iteration.is_multiple_of(printed.log_every()) || at.iteration == last);

    let test_accuracy = match (&test, &outcome.parameters, outcome.status) {
        (Some(test), Some(parameters), status) if status != Status::Diverged => {
            Some(accuracy_on(test, &Run { parameters: parameters.clone(), ..run.clone() })?)
        }
        _ => None,
    };
    let report = TrainReport {
        held_out: test.as_ref().map(|test| (test.samples(), test_accuracy)),
        device: backend.device(),
        plan: session.plan(),
        data: &data,
        network: &run.network,
        training: Training {
            learning_rate,
            iterations,
            init_seed,
            init_scale,
            precision: arguments.device.precision.name(),
        },
        outcome: &outcome,
        seconds: Seconds::new(setup, start.elapsed()),
    };
    if arguments.json {
        super::print_json(&report.json())?;
    } else {
        super::print(&report.summary())?;
    }
    arguments.picture.draw(&data, &run.network, outcome.parameters.as_ref(), &curve, &report.title())?;
    Ok(match outcome.status {
        Status::Finished => Ending::Done,
        Status::Interrupted => Ending::Interrupted,
        Status::Diverged => {
            let at = outcome.iterations;
            super::tell(format_args!(
                "diverged: not finite from iteration {at} on; this says why: {}",
                super::diagnose::command(std::env::args_os().skip(1))
            ));
            Ending::Diverged
        }
    })
}
