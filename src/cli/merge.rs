//! `planar sweep merge`: the parts of a sharded sweep, joined.

use std::path::PathBuf;
use std::time::Instant;

use planar::sweep::grid::Job;
use planar::sweep::halving::Halving;
use planar::sweep::merge::{Merged, merge};
use planar::sweep::results::{Results, devices};
use planar::sweep::summary::best;

use super::advice::Advise;
use super::best::Best;
use super::sweep::{self, Below, advice};
use super::sweep_pictures::Pictures;
use super::{Ending, Verbosity};

const EXAMPLES: &str = "Examples:
  planar sweep merge part*.jsonl                        the merged table
  planar sweep merge part*.jsonl --out seeds.jsonl --heatmap seeds.svg
Exit codes: 0 done, 1 failure, 2 wrong input, such as a part that is missing.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The results files of the parts
    #[arg(required = true, value_name = "FILE.jsonl")]
    parts: Vec<PathBuf>,
    /// Show what is there, even if networks are missing
    #[arg(long, help_heading = "Output")]
    partial: bool,
    /// Refuse parts that were trained on different devices
    #[arg(long, help_heading = "Output")]
    same_device: bool,
    /// Write the merged results to this file
    #[arg(long, value_name = "FILE.jsonl", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Overwrite --out even if it holds anything else
    #[arg(long, requires = "out", help_heading = "Output")]
    force: bool,
    #[command(flatten)]
    pictures: Pictures,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let start = Instant::now();
    arguments.verbosity.start_log();
    let merged = merge(&arguments.parts, arguments.partial).advise(advice)?;
    if arguments.same_device {
        merged.check_device()?;
    }
    let Merged { sweep, results, networks } = merged;
    if let Some(out) = &arguments.out {
        Results::write(out, &sweep, &results, arguments.force).advise(advice)?;
    }
    let is_whole = results.len() as u64 == networks;
    if !is_whole {
        arguments.verbosity.say(format_args!("{} of {networks} networks have ended", results.len()));
    }
    let several: Vec<&str> = devices(&results).into_iter().collect();
    if several.len() > 1 {
        arguments.verbosity.say(format_args!(
            "trained on several devices, each of which rounds in its own way: {}",
            several.join("; ")
        ));
    }
    let jobs: Vec<Job> = results.iter().map(|ended| ended.job.clone()).collect();
    let halving = Halving::of(&sweep, &jobs).filter(|_| is_whole);
    let rungs = halving.map_or_else(Vec::new, |halving| halving.of_results(&jobs, &results));
    let best = best(&results).filter(|_| is_whole).map(|of| Best::new(&sweep, of, None));
    sweep::print(&sweep, &results, &Below { rungs, best }, arguments.json, start)?;
    if !results.is_empty() {
        arguments.pictures.draw(&results)?;
    }
    Ok(Ending::Done)
}
