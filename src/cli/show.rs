//! `planar show`: what a file of weights holds.

use std::path::PathBuf;

use planar::checkpoint::Contents;

use super::{Ending, Verbosity};

const EXAMPLES: &str = "Examples:
  planar show run.safetensors                    shapes, settings and costs
  planar show run.safetensors | jq .metadata.planar.learning_rate
Exit codes: 0 done, 1 failure, 2 wrong input.";

/// Print what a checkpoint or any safetensors file holds, as JSON: shapes, settings, costs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The file: a planar checkpoint, or any file of weights
    #[arg(value_name = "FILE.safetensors")]
    file: PathBuf,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.verbosity.start_log();
    super::print_json(&Contents::read(&arguments.file)?)?;
    Ok(Ending::Done)
}
