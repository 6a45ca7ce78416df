//! Killed at any moment, a training resumes from its last checkpoint and ends with the very bits of an undisturbed one,
//! with every line of its metrics; a sweep loses no result and has none twice.
#![cfg(all(unix, feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::command::{planar, run, timeless};
use planar::checkpoint::{Checkpoint, Contents};
use planar::sweep::results;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use tempfile::TempDir;

/// When kills happened: before the run had written anything, while it ran, and after it had ended by itself.
#[derive(Debug, Default)]
struct Kills {
    before: usize,
    within: usize,
    after: usize,
    /// How many of those during the run left a temporary file or a line that was cut off.
    torn: usize,
}

impl Kills {
    fn count(&self) -> usize {
        self.before + self.within + self.after
    }

    /// Prints the counts, and fails if too few kills show anything.
    fn judge(&self, what: &str, seed: u64) {
        println!("{what}, seed {seed}: {self:?}");
        assert!(self.within * 3 >= self.count(), "{what}: too few kills within the run: {self:?}");
    }
}

/// The moments to kill at, different in every run of this test; PLANAR_KILL_SEED repeats those of a run.
fn moments() -> (ChaCha8Rng, u64) {
    let given = std::env::var("PLANAR_KILL_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = given.unwrap_or_else(|| u64::from(std::process::id()));
    println!("PLANAR_KILL_SEED={seed}");
    (ChaCha8Rng::seed_from_u64(seed), seed)
}

/// Starts planar and kills it after a pause. Returns whether it had already ended successfully.
fn killed_after(arguments: &str, files: &[(&str, &Path)], pause: Duration) -> bool {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("planar"));
    command.args(arguments.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
    files.iter().for_each(|(flag, file)| {
        command.arg(flag).arg(file);
    });
    let mut child = command.spawn().unwrap();
    std::thread::sleep(pause);
    child.kill().unwrap();
    match child.wait().unwrap().code() {
        Some(code) => code == 0 || panic!("it failed by itself: exit code {code}"),
        None => false,
    }
}

/// The temporary files in a folder, which the next run removes. It removes its locks when it ends.
fn temporary(folder: &TempDir, known: &[&str]) -> Vec<String> {
    others(folder, known).into_iter().filter(|name| !name.ends_with(".lock")).collect()
}

/// The files in a folder other than these.
fn others(folder: &TempDir, known: &[&str]) -> Vec<String> {
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !known.contains(&name.as_str())).collect()
}

const TRAIN: &str = "train --json -q --device cpu --hidden 21 --activation leaky-relu:0.03 --learning-rate 0.7 \
                     --iterations 1600 --log-every 7 --checkpoint-every 5";

#[test]
fn a_training_killed_120_times_ends_with_the_very_bits_of_one_that_was_not() {
    let (mut random, seed) = moments();
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let ended = |flag: &str, checkpoint: &str, metrics: &str| -> Value {
        let mut command = planar(TRAIN);
        command.arg(flag).arg(at(checkpoint)).arg("--metrics").arg(at(metrics));
        let (stdout, stderr, code) = run(command);
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).unwrap()
    };
    let start = Instant::now();
    let want = ended("--checkpoint", "whole.safetensors", "whole.jsonl");
    // an eighth of a run at this machine's speed, plus the time to start
    let longest = (start.elapsed() / 8).as_micros() as u64 + 40_000;
    let (path, metrics) = (at("run.safetensors"), at("run.jsonl"));
    let known = ["whole.safetensors", "whole.jsonl", "run.safetensors", "run.jsonl"];
    let mut kills = Kills::default();
    let mut done = 0;
    while kills.count() < 120 {
        let flag = if path.exists() { "--resume" } else { "--checkpoint" };
        let pause = Duration::from_micros(random.random_range(2_000..longest));
        let was_over = killed_after(TRAIN, &[(flag, &path), ("--metrics", &metrics)], pause);
        let now = if path.exists() { Checkpoint::read(&path).unwrap().state.iteration } else { 0 };
        assert!(now >= done, "iteration {now} after {done}");
        let temporary = temporary(&folder, &known);
        assert!(temporary.len() <= 1, "what the last one left was not removed: {temporary:?}");
        match now > done {
            _ if was_over => kills.after += 1,
            true => kills.within += 1,
            false => kills.before += 1,
        }
        kills.torn += temporary.len();
        done = now;
        // near the end: run the rest in one go, then begin again from the start
        if was_over || now > 1500 {
            if !was_over && now < 1600 {
                let got = ended("--resume", "run.safetensors", "run.jsonl");
                assert_eq!((&got["costs"], &got["final"]), (&want["costs"], &want["final"]));
            }
            assert_eq!(fs::read(&path).unwrap(), fs::read(at("whole.safetensors")).unwrap());
            if now < 1600 {
                assert_eq!(timeless(&metrics), timeless(&at("whole.jsonl")));
                assert_eq!(others(&folder, &known), Vec::<String>::new());
            }
            fs::remove_file(&path).unwrap();
            fs::remove_file(&metrics).unwrap();
            done = 0;
        }
    }
    kills.judge("training", seed);
}

const SWEEP: &str = "sweep -q --device cpu --threads 1 --hidden 2..9 --init-seed 1..2 --iterations 600,2400 \
                     --checkpoint-time 0.02 --batch-time 1";

/// Networks in training when it is killed go on from the file beside the results, which is never older than its interval.
#[test]
fn a_sweep_killed_200_times_loses_no_result_has_none_twice_and_goes_on_within_a_batch() {
    sweep_killed(SWEEP, 200, 8 * 2 * 2);
}

/// What waits at a rung is kept as well, and the same networks go on from it.
#[test]
fn a_halving_killed_80_times_ends_with_the_networks_of_one_that_was_not() {
    // most networks end early, so that it takes longer trainings to be as long
    let sweep = SWEEP.replace("600,2400", "6000,24000");
    sweep_killed(&format!("{sweep} --halving 3 --test-fraction 0.2"), 80, 8 * 2 * 2);
}

/// The best weights so far are kept with the last ones.
#[test]
fn a_sweep_that_stops_early_killed_60_times_ends_with_the_networks_of_one_that_was_not() {
    let sweep = SWEEP.replace("600,2400", "6000,24000");
    sweep_killed(&format!("{sweep} --early-stopping 40 --log-every 100 --test-fraction 0.2"), 60, 8 * 2 * 2);
}

fn sweep_killed(sweep: &str, times: usize, networks: usize) {
    let (mut random, seed) = moments();
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let ended = |flags: &str, file: &str| {
        let mut command = planar(&format!("{sweep} {flags} --out"));
        command.arg(at(file));
        let (_, stderr, code) = run(command);
        assert_eq!(code, 0, "{stderr}");
    };
    let sorted = |file: &str| {
        let mut lines: Vec<String> = fs::read_to_string(at(file)).unwrap().lines().map(str::to_owned).collect();
        lines[1..].sort();
        lines
    };
    // the networks under way, each with its iterations
    let begun = || -> BTreeMap<u64, u64> {
        let file = at("run.jsonl.batch.safetensors");
        let Ok(contents) = Contents::read(&file) else { return BTreeMap::new() };
        let networks = contents.metadata["planar"]["networks"].as_array().unwrap().clone();
        networks.iter().map(|of| (of["job"].as_u64().unwrap(), of["iteration"].as_u64().unwrap())).collect()
    };
    let start = Instant::now();
    ended("", "whole.jsonl");
    let longest = (start.elapsed().as_micros() as u64 / 2).max(60_000);
    let path = at("run.jsonl");
    let (mut kills, mut before, mut within_a_batch) = (Kills::default(), Vec::new(), 0);
    let mut was_begun = BTreeMap::new();
    for kill in 1..=times {
        let pause = Duration::from_micros(random.random_range(2_000..longest));
        let was_over = killed_after(&format!("{sweep} --resume"), &[("--out", &path)], pause);
        let bytes = fs::read(&path).unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        kills.torn += usize::from(whole < bytes.len());
        assert!(bytes.starts_with(&before), "results that were there are gone");
        let now = begun();
        // no network that was under way is behind where it was
        for (job, iteration) in &was_begun {
            assert!(now.get(job).is_none_or(|now| now >= iteration), "network {job} fell behind {iteration}");
        }
        within_a_batch += usize::from(now.iter().any(|(job, now)| was_begun.get(job).is_none_or(|was| was < now)));
        match whole > before.len() || now != was_begun {
            _ if was_over => kills.after += 1,
            true => kills.within += 1,
            false => kills.before += 1,
        }
        (before, was_begun) = (bytes[..whole].to_vec(), now);
        if was_over || kill % 20 == 0 {
            ended("--resume", "run.jsonl");
            assert_eq!(sorted("run.jsonl"), sorted("whole.jsonl"));
            let (_, found, _) = results::read(&path).unwrap();
            assert!(!found.dropped && found.ended.len() == networks);
            assert_eq!(others(&folder, &["whole.jsonl", "run.jsonl"]), Vec::<String>::new());
            fs::remove_file(&path).unwrap();
            before.clear();
            was_begun.clear();
        }
    }
    println!("{within_a_batch} of {times} kills left a batch further than the one before");
    assert!(within_a_batch * 5 >= times, "too few kills within a batch: {within_a_batch}");
    kills.judge(sweep, seed);
}
