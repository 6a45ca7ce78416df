//! `planar selftest`: whether an adapter and its driver compute correctly.

use planar::gpu::{Adapter, Choice, Gpu};
use planar::selftest;

use super::device::device_name;
use super::{Ending, Verbosity};
use crate::report::selftest::SelftestReport;

const EXAMPLES: &str = "Examples:
  planar selftest                       every adapter
  planar selftest --device gpu --json   the first adapter, as JSON for programs
The report can be pasted into an issue.
Exit codes: 0 all passed, 4 a check failed, 1 failure, 3 no such adapter.";

/// Check an adapter and its driver: known faults, every kernel, one step per plan, a short run.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// all, gpu (the first adapter), or part of an adapter's name
    #[arg(long, value_name = "all|gpu|NAME", default_value = "all", value_parser = device_name, help_heading = "Device")]
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
        name => vec![Adapter::choose(&adapters, &Choice::Named(name.into()))?],
    };
    let mut reports = Vec::new();
    for adapter in chosen {
        arguments.verbosity.say(format_args!("checking {adapter}: about a minute on a software adapter"));
        let gpu = Gpu::open(adapter)?;
        let findings = selftest::run(&gpu, |check| log::debug!("{check}"));
        reports.push(SelftestReport::new(adapter.device_info(), findings));
    }
    let passed = reports.iter().all(|report| report.passed);
    if arguments.json {
        super::print_json(&reports)?;
    } else {
        super::print(&reports.iter().map(SelftestReport::summary).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(if passed { Ending::Done } else { Ending::Disagrees })
}
