//! `planar compare`: two backends from the same weights, step by step and over a whole run.

use planar::backend::Backend;
use planar::compare::{Bounds, compare};
use planar::fit::{DataSettings, by_name, choose};

use super::advice::{Advise, of_device, of_training};
use super::arguments::{DataArguments, NetworkArguments};
use super::device::{DeviceArguments, device_name};
use super::progress::{At, Progress};
use super::{Ending, Verbosity, table};
use crate::report::compare::{CompareReport, Side};

const EXAMPLES: &str = "Examples:
  planar compare --device gpu                 a GPU against the f64 reference
  planar compare --device gpu --plan layered --hidden 277 --iterations 100
  planar compare --left cpu --right gpu:split         any two backends
Exit codes: 0 they agree, 4 a bound is broken, 1 failure, 2 wrong input, 3 no such adapter.";

/// Compare a device with the f64 reference, or any two backends, tensor by tensor.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// One side: reference-f64, reference-f32, cpu, gpu[:PLAN], or an adapter's number or name[:PLAN]
    #[arg(long, value_name = "BACKEND", default_value = "reference-f64", help_heading = "Device", value_parser = device_name)]
    left: String,
    /// The other side, named the same way [default: the one --device selects]
    #[arg(long, value_name = "BACKEND", help_heading = "Device", conflicts_with_all = ["device", "plan"], value_parser = device_name)]
    right: Option<String>,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let verbosity = arguments.verbosity;
    verbosity.start_log();
    arguments.network.warn(verbosity);
    if arguments.network.iterations == 0 {
        return Err(planar::Error::invalid("the number of iterations", "at least 1", 0).into());
    }
    let data = table::prepare(&DataSettings { held_out: None, ..arguments.data.settings() }, verbosity)?.data;
    let iterations = arguments.network.updates(&data);
    let settings = arguments.network.settings(arguments.data.output()).over(iterations);
    let run = settings.run(&data).advise(of_training)?;
    let left = by_name(&arguments.left)?;
    let right = match &arguments.right {
        Some(name) => by_name(name)?,
        None => {
            let settings = arguments.device.settings();
            let chosen = choose(&settings, &data, std::slice::from_ref(&run), iterations).advise(of_device)?;
            chosen.notes.iter().for_each(|note| verbosity.say(note));
            chosen.backend
        }
    };
    let sides: [&dyn Backend; 2] = [left.as_ref(), right.as_ref()];
    let exact = sides.iter().any(|side| side.device().name.ends_with("f64"));
    let bounds = if exact { Bounds::F32_TO_F64 } else { Bounds::F32_TO_F32 };

    let mut bar = Progress::new(iterations, 0, verbosity.quiet);
    let comparison = compare(sides, &data, &run, iterations, bounds, |iteration| {
        let _ = bar.show(At { iterations: iteration, ..At::default() });
    });
    bar.finish();
    let comparison = comparison?;

    let side = |backend: &dyn Backend| -> planar::Result<Side> {
        let plan = backend.load(&data, std::slice::from_ref(&run))?.plan_name();
        Ok(Side { device: backend.device(), plan })
    };
    let agrees = comparison.agrees();
    let report = CompareReport {
        version: env!("CARGO_PKG_VERSION"),
        agrees,
        left: side(sides[0])?,
        right: side(sides[1])?,
        data: data.name().into(),
        network: format!("{:?}, {}", run.network.widths(), run.network.derivative()),
        bounds,
        comparison,
    };
    if arguments.json {
        super::print_json(&report)?;
    } else {
        super::print(&report.summary())?;
    }
    Ok(if agrees { Ending::Done } else { Ending::Disagrees })
}
