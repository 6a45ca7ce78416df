//! `planar reproduce`: whether the notebook's figures and the thread's claims can be reproduced.

use std::path::PathBuf;
use std::time::Instant;

use planar::Error;
use planar::files::check_writable;
use planar::files::replace;
use planar::fit::by_name;
use planar::reproduce::{claims, reproduce};

use super::device::device_name;
use super::progress::{At, Progress};
use super::{Ending, Verbosity, signals};
use crate::report::reproduce::ReproduceReport;

const EXAMPLES: &str = "Examples:
  planar reproduce                                  every claim, over 22 seeds
  planar reproduce --only 3 --only widths --seeds 100 --html claims.html
Exit codes: 0 done, whatever the verdicts, 1 failure, 2 wrong input, 3 no such adapter, 
128 + signal where stopped.";

/// Try to reproduce the notebook's figures and the thread's claims over many seeds. Nothing is tuned.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Check only this claim: 1 to 11, costs, accuracy, widths or logistic; may be repeated
    #[arg(long, value_name = "CLAIM", value_delimiter = ',', help_heading = "Claims")]
    only: Vec<String>,
    /// Number of weight seeds besides the two editions' own, 2 and 3
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = seeds, allow_negative_numbers = true, help_heading = "Claims")]
    seeds: u32,
    /// The backend: cpu, reference-f64, gpu[:PLAN], or an adapter's number or name[:PLAN]
    #[arg(long, value_name = "BACKEND", default_value = "cpu", value_parser = device_name, help_heading = "Device")]
    device: String,
    /// Write a Markdown table of the claims
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    markdown: Option<PathBuf>,
    #[cfg(feature = "plot")]
    /// Write an HTML page with the decision boundaries and the cost curves, in one file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    html: Option<PathBuf>,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

impl Arguments {
    /// The files to write.
    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let files = self.markdown.iter();
        #[cfg(feature = "plot")]
        let files = files.chain(&self.html);
        files
    }
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let (started, verbosity) = (Instant::now(), arguments.verbosity);
    verbosity.start_log();
    let all = claims();
    for name in &arguments.only {
        if all.iter().all(|claim| claim.name != name) {
            let mut names: Vec<&str> = all.iter().map(|claim| claim.name).collect();
            names.dedup();
            return Err(Error::invalid("--only", format!("one of {}", names.join(", ")), format!("'{name}'")).into());
        }
    }
    let is_wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    let wanted: Vec<_> = all.into_iter().filter(|claim| is_wanted(claim.name)).collect();
    let backend = by_name(&arguments.device)?;
    arguments.files().try_for_each(|path| check_writable(path))?;
    signals::listen();
    let iterations = wanted.iter().map(|claim| claim.iterations(arguments.seeds)).sum();
    let (mut bar, mut done, mut found) = (Progress::new(iterations, 0, verbosity.quiet), 0, Vec::new());
    for claim in &wanted {
        let reproduced = reproduce(claim, arguments.seeds, backend.as_ref(), |further| {
            done += further;
            bar.show(At { iterations: done, ..At::default() })
        })?;
        found.extend(reproduced);
        if signals::came().is_some() {
            break;
        }
    }
    bar.finish();
    let report = ReproduceReport {
        version: env!("CARGO_PKG_VERSION"),
        further_seeds: arguments.seeds,
        claims: found,
        seconds: started.elapsed().as_secs_f64(),
    };
    if arguments.json {
        super::print_json(&report)?;
    } else {
        super::print(&report.summary())?;
    }
    if let Some(path) = &arguments.markdown {
        replace(path, report.markdown().as_bytes())?;
    }
    #[cfg(feature = "plot")]
    if let Some(path) = &arguments.html {
        replace(path, report.html()?.as_bytes())?;
    }
    Ok(if signals::came().is_some() { Ending::Interrupted } else { Ending::Done })
}

/// Few enough seeds that one session holds all their networks.
fn seeds(text: &str) -> planar::Result<u32> {
    match text.parse() {
        Ok(seeds) if seeds <= 1000 => Ok(seeds),
        _ => Err(Error::invalid("the number of seeds", "a whole number up to 1000", format_args!("'{text}'"))),
    }
}
