//! `planar selftest`: whether an adapter and its driver compute correctly.

use planar::gpu::{Adapter, Choice, Gpu};
use planar::selftest::{self, Finding};

use super::device::device_name;
use super::{Ending, Verbosity};
use crate::report::selftest::SelftestReport;

/// The check that an adapter fails if it cannot be opened: none of the others was tried.
const OPENING: &str = "opening the adapter";

const EXAMPLES: &str = "Examples:
  planar selftest                       every adapter
  planar selftest --device 0 --json     the first adapter, as JSON for programs
The report can be pasted into an issue.
Exit codes: 0 all passed, 4 a check failed, 1 an adapter cannot be opened, 3 no such adapter.";

/// Check an adapter and its driver: known faults, every kernel, one step per plan, a short run.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// all, gpu (the first adapter), an adapter's number or part of its name
    #[arg(long, value_name = "all|gpu|N|NAME", default_value = "all", value_parser = device_name, help_heading = "Device")]
    device: String,
    /// Print a JSON list of reports to stdout, one per adapter, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.verbosity.start_log();
    let adapters = Adapter::all();
    let chosen = match arguments.device.as_str() {
        "all" => Adapter::choose_all(&adapters, &Choice::Any)?,
        "gpu" => vec![Adapter::choose(&adapters, &Choice::Any)?],
        name => vec![Adapter::choose(&adapters, &Choice::of(name))?],
    };
    let (mut reports, mut unopened) = (Vec::new(), None);
    for adapter in chosen {
        arguments.verbosity.say(format_args!("checking {adapter}: about a minute on a software adapter"));
        let findings = match Gpu::open(adapter) {
            Ok(gpu) => selftest::run(&gpu, |check| log::debug!("{check}")),
            Err(error) => {
                let finding = Finding { check: OPENING.into(), passed: false, found: error.to_string(), seconds: 0.0 };
                unopened = unopened.or(Some(error));
                vec![finding]
            }
        };
        reports.push(SelftestReport::new(adapter, findings));
    }
    if arguments.json {
        super::print_json(&reports)?;
    } else {
        super::print(&reports.iter().map(SelftestReport::summary).collect::<Vec<_>>().join("\n"))?;
    }
    let disagrees =
        |report: &SelftestReport| report.findings.iter().any(|found| !found.passed && found.check != OPENING);
    match unopened {
        _ if reports.iter().any(disagrees) => Ok(Ending::Disagrees),
        Some(error) => Err(error.into()),
        None => Ok(Ending::Done),
    }
}
