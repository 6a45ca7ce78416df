//! `planar devices`: the adapters, and which one `auto` takes.

use planar::backend::DeviceInfo;
use planar::gpu::adapter::looked_through;
use planar::gpu::{Adapter, Choice};
use serde::Serialize;

use super::{Ending, Verbosity};
use crate::report;

const EXAMPLES: &str = "Examples:
  planar devices                        all adapters with their numbers
  WGPU_BACKEND=vulkan planar devices    through Vulkan only
  planar devices --json                 with the limits, in bytes and counts
Exit codes: 0 done, with or without an adapter, 1 failure.";

/// List the adapters, and which one `--device auto` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

#[derive(Serialize)]
struct Devices {
    adapters: Vec<AdapterReport>,
    auto: Auto,
}

#[derive(Serialize)]
struct AdapterReport {
    number: usize,
    #[serde(flatten)]
    device: DeviceInfo,
    limits: std::collections::BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Auto {
    takes: String,
    because: String,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.verbosity.start_log();
    let adapters = Adapter::all();
    let auto = auto(&adapters);
    if arguments.json {
        let report = |adapter: &Adapter| AdapterReport {
            number: adapter.number(),
            device: adapter.device_info(),
            limits: adapter.limits().into_iter().collect(),
        };
        super::print_json(&Devices { adapters: adapters.iter().map(report).collect(), auto })?;
        return Ok(Ending::Done);
    }
    let mut text = String::new();
    if adapters.is_empty() {
        text += &format!("No GPU adapter answers through {}.\n", looked_through());
    }
    for adapter in &adapters {
        let device = adapter.device_info();
        let mut rows = vec![
            vec!["  type".into(), device.kind],
            vec!["  backend".into(), device.backend],
            vec!["  driver".into(), device.driver],
        ];
        rows.extend(adapter.limits().into_iter().map(|(name, limit)| vec![format!("  {name}"), limit.to_string()]));
        text += &format!("{}: {}\n{}", adapter.number(), device.name, report::columns(rows));
    }
    text += &format!("\n--device auto takes {}: {}.\n", auto.takes, auto.because);
    super::print(&text)?;
    Ok(Ending::Done)
}

/// What `--device auto` takes, and why.
fn auto(adapters: &[Adapter]) -> Auto {
    match Adapter::choose(adapters, &Choice::Hardware) {
        Ok(adapter) => Auto {
            takes: format!("the faster of the CPU engine and {adapter}"),
            because: "train measures both on the network at hand".into(),
        },
        Err(_) => {
            let because = match std::env::var("WGPU_ADAPTER_NAME") {
                _ if adapters.is_empty() => "there is no GPU adapter".into(),
                Ok(name) if !name.is_empty() => format!("no hardware adapter is named like WGPU_ADAPTER_NAME={name}"),
                _ => "no adapter is hardware".into(),
            };
            Auto { takes: "the CPU".into(), because }
        }
    }
}
