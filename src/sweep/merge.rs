//! The parts of a sweep, joined.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::results::{JobResult, devices, difference, read};
use crate::{Error, Result};

/// How an error ends if parts are missing.
pub const REST_MISSING: &str = "run the rest first";

/// A sweep of which the results come from several files.
#[derive(Clone, Debug)]
pub struct Merged {
    /// What the sweep is.
    pub sweep: Value,
    /// The networks that have ended, each once, in order.
    pub results: Vec<JobResult>,
    /// The networks of the whole sweep.
    pub networks: u64,
}

/// Merges the parts of a sweep. A network that several parts hold with the same result counts once, whatever devices they
/// name. With `partial`, networks may be missing.
///
/// # Errors
/// Those of [`read`]; [`Error::Results`] if a part is given twice or is of another sweep, if a network ended differently in
/// two parts, or if networks are missing.
pub fn merge(parts: &[PathBuf], partial: bool) -> Result<Merged> {
    let refuse = |path: &Path, problem: String| Err(Error::Results { path: path.into(), problem });
    let (mut whole, mut ended): (Option<Value>, Vec<(JobResult, &Path)>) = (None, Vec::new());
    for (k, path) in parts.iter().enumerate() {
        let is_same = |other: &PathBuf| matches!((other.canonicalize(), path.canonicalize()), (Ok(a), Ok(b)) if a == b);
        if parts[..k].iter().any(is_same) {
            return refuse(path, "is given twice".into());
        }
        let (mut sweep, found, _) = read(path)?;
        sweep["shard"] = Value::Null;
        let first = whole.get_or_insert_with(|| sweep.clone());
        if let Some(difference) = difference(first, &sweep) {
            return refuse(path, format!("is of another sweep than {}: {difference}", parts[0].display()));
        }
        let networks = first["networks"].as_u64().unwrap_or(0);
        if let Some((foreign, line)) = found.ended.iter().zip(2..).find(|(ended, _)| ended.job.job >= networks) {
            let problem = format!("line {line}: network {} is none of the sweep's {networks}", foreign.job.job);
            return refuse(path, problem);
        }
        ended.extend(found.ended.into_iter().map(|ended| (ended, path.as_path())));
    }
    let sweep = whole.ok_or_else(|| Error::invalid("the parts", "at least one file", "none"))?;
    ended.sort_by_key(|(ended, _)| ended.job.job);
    for pair in ended.windows(2) {
        let [(first, there), (second, path)] = pair else { continue };
        if first.job.job == second.job.job
            && let Some(difference) = differently(first, second)
        {
            let problem = format!("holds network {}, which {} holds too: {difference}", first.job.job, there.display());
            return refuse(path, problem);
        }
    }
    ended.dedup_by_key(|(ended, _)| ended.job.job);
    let results: Vec<JobResult> = ended.into_iter().map(|(ended, _)| ended).collect();
    let networks = sweep["networks"].as_u64().unwrap_or(0);
    if results.len() as u64 != networks && !partial {
        let there = if parts.len() == 1 { "holds" } else { "and the other parts hold" };
        return refuse(&parts[0], format!("{there} {} of the {networks} networks: {REST_MISSING}", results.len()));
    }
    Ok(Merged { sweep, results, networks })
}

/// How the results of the same network differ, in words.
fn differently(first: &JobResult, second: &JobResult) -> Option<String> {
    let [first, second] = [second, first].map(|ended| serde_json::to_value(ended).unwrap_or_default());
    difference(&first, &second)
}

impl Merged {
    /// Whether one device trained all networks.
    ///
    /// # Errors
    /// [`Error::Mismatch`] naming the devices otherwise.
    pub fn check_device(&self) -> Result<()> {
        let devices: Vec<&str> = devices(&self.results).into_iter().collect();
        match devices.len() {
            0 | 1 => Ok(()),
            _ => Err(Error::Mismatch(format!("the parts are of several devices: {}", devices.join("; ")))),
        }
    }
}
