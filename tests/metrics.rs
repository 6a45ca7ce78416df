//! `planar train --metrics`: every logged cost is on a line of its own while the network trains, and a file that cannot
//! be written is reported before training begins.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use assert_cmd::cargo::CommandCargoExt as _;
use serde_json::Value;
use tempfile::TempDir;

fn arguments<'a>(flags: &'a str, files: &'a [(&str, &Path)]) -> impl Iterator<Item = std::ffi::OsString> + 'a {
    let files = files.iter().flat_map(|(flag, file)| [flag.into(), file.as_os_str().to_owned()]);
    format!("train --device cpu {flags}")
        .split_whitespace()
        .map(Into::into)
        .chain(files)
        .collect::<Vec<_>>()
        .into_iter()
}

/// Stdout, stderr and the exit code of a training.
fn train(flags: &str, files: &[(&str, &Path)]) -> (String, String, i32) {
    let mut command = Command::cargo_bin("planar").unwrap();
    // a run that should have been refused fails the test instead of training on
    let output = command.args(arguments(flags, files)).timeout(Duration::from_secs(600)).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().expect("it did not end within a minute"))
}

fn report(flags: &str, files: &[(&str, &Path)]) -> Value {
    let (stdout, stderr, code) = train(&format!("{flags} --json -q"), files);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

fn lines(file: &Path) -> Vec<Value> {
    fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines without the seconds, which are never the same.
fn timeless(file: &Path) -> Vec<Value> {
    let mut lines = lines(file);
    for line in &mut lines {
        assert!(line.as_object_mut().unwrap().remove("seconds").unwrap().as_f64().unwrap() >= 0.0);
    }
    lines
}

#[test]
fn each_logged_cost_has_a_line_and_the_last_of_a_finished_run_the_accuracies() {
    let folder = TempDir::new().unwrap();
    let (file, picture) = (folder.path().join("costs.jsonl"), folder.path().join("run.svg"));
    let flags = "--iterations 2050 --log-every 100 --test-fraction 0.2";
    for files in [vec![("--metrics", file.as_path())], vec![("--metrics", &file), ("--plot", &picture)]] {
        let report = report(flags, &files);
        let lines = lines(&file);
        let costs = report["costs"].as_array().unwrap();
        assert_eq!(lines.len(), 22);
        assert_eq!(lines.len(), costs.len());
        for (line, at) in lines.iter().zip(costs) {
            assert_eq!((&line["iteration"], &line["cost"]), (&at["iteration"], &at["cost"]));
        }
        let (last, before) = lines.split_last().unwrap();
        assert_eq!(last["accuracy"], report["final"]["accuracy"]);
        assert_eq!(last["test_accuracy"], report["final"]["test_accuracy"]);
        assert!(last["test_accuracy"].is_f64());
        for (k, line) in before.iter().enumerate() {
            let names: Vec<&String> = line.as_object().unwrap().keys().filter(|name| k > 0 || *name != "run").collect();
            assert_eq!(names, ["cost", "iteration", "seconds", "test_cost"]);
        }
        assert_eq!(lines[0]["run"]["start"], "seed 2, scale 0.01");
        let seconds: Vec<f64> = lines.iter().map(|line| line["seconds"].as_f64().unwrap()).collect();
        assert!(seconds.is_sorted() && seconds[0] >= 0.0, "{seconds:?}");
    }
}

#[test]
fn a_cost_that_is_not_finite_is_null_and_the_last() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("costs.jsonl");
    let flags = "--activation leaky-relu --backward-activation tanh --iterations 200 --log-every 10 -q";
    let (_, stderr, code) = train(flags, &[("--metrics", &file)]);
    assert_eq!(code, 5, "{stderr}");
    let lines = lines(&file);
    let (last, before) = lines.split_last().unwrap();
    assert!(last["cost"].is_null() && last["iteration"].as_u64().unwrap() > 10, "{last}");
    assert_eq!(last.get("accuracy"), None);
    assert!(!before.is_empty() && before.iter().all(|line| line["cost"].is_f64()), "{before:?}");
}

#[test]
fn a_resumed_run_leaves_the_file_of_one_that_never_stopped() {
    let folder = TempDir::new().unwrap();
    let [whole, part, kept] = ["whole.jsonl", "part.jsonl", "run.safetensors"].map(|name| folder.path().join(name));
    report("--iterations 1500 --log-every 70", &[("--metrics", &whole)]);
    report("--iterations 371 --log-every 70", &[("--metrics", &part), ("--checkpoint", &kept)]);
    // killed after the checkpoint was written: more lines; or within the line at the checkpoint
    let text = fs::read_to_string(&part).unwrap();
    let more = format!("{text}{{\"iteration\":420,\"cost\":7,\"seconds\":0.1}}\n{{\"iter");
    let torn = text[..text.find("{\"iteration\":371").unwrap() + 9].to_owned();
    let checkpoint = fs::read(&kept).unwrap();
    for text in [more, torn] {
        fs::write(&part, text).unwrap();
        fs::write(&kept, &checkpoint).unwrap();
        report("--iterations 1500 --log-every 70", &[("--metrics", &part), ("--resume", &kept)]);
        assert_eq!(timeless(&part), timeless(&whole));
    }
    // and a new file begins where the run resumes
    let new = folder.path().join("new.jsonl");
    report("--iterations 1600 --log-every 70", &[("--metrics", &new), ("--resume", &kept)]);
    assert_eq!(lines(&new)[0]["iteration"], 1540);
}

#[test]
fn a_new_run_does_not_go_on_with_an_old_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("costs.jsonl");
    report("--iterations 900 --log-every 10", &[("--metrics", &file)]);
    report("--iterations 20 --log-every 10", &[("--metrics", &file)]);
    assert_eq!(lines(&file).len(), 3);
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_training_and_none_is_spoilt() {
    let folder = TempDir::new().unwrap();
    let [missing, table, kept] =
        ["no/costs.jsonl", "table.csv", "run.safetensors"].map(|name| folder.path().join(name));
    let refused = |flags: &str, files: &[(&str, &Path)], words: &[&str]| {
        let begun = Instant::now();
        let (stdout, stderr, code) = train(flags, files);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{stderr}");
        assert!(begun.elapsed() < Duration::from_secs(300), "it trained first");
    };
    let forever = "--iterations 4000000000";
    refused(forever, &[("--metrics", &missing)], &["the file of metrics", "in a folder that exists", "no/costs.jsonl"]);
    refused(forever, &[("--metrics", folder.path())], &[&folder.path().display().to_string(), "irectory"]);

    report("--iterations 50", &[("--checkpoint", &kept)]);
    for (text, line) in [("x,y,class\n0,1,1\n", "line 1"), ("x,y", "line 1"), ("{\"iteration\":0}\n0,1\n", "line 2")] {
        fs::write(&table, text).unwrap();
        let problem = ["table.csv", "no file of metrics", line];
        refused("--iterations 60", &[("--metrics", &table), ("--resume", &kept)], &problem);
        assert_eq!(fs::read_to_string(&table).unwrap(), text);
    }
    // a run that is refused for another reason does not empty it either
    let mut command = Command::cargo_bin("planar").unwrap();
    let mine = folder.path().join("mine.jsonl");
    report("--iterations 50", &[("--metrics", &mine)]);
    command.env("WGPU_BACKEND", "gl").args(["train", "--device", "no such GPU", "--metrics"]).arg(&mine);
    assert_eq!(command.output().unwrap().status.code(), Some(3));
    assert_eq!(lines(&mine).len(), 11);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_ends_training_with_one_line() {
    let (stdout, stderr, code) = train("--iterations 4000000000 -q", &[("--metrics", Path::new("/dev/full"))]);
    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
    assert!(stderr.contains("/dev/full") && stderr.contains("space"), "{stderr}");
}

/// Ends the run even if the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_lines_are_there_while_training_goes_on() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("costs.jsonl");
    let mut command = std::process::Command::cargo_bin("planar").unwrap();
    command.args(arguments("--iterations 4000000000 --log-every 50000 -q", &[("--metrics", &file)]));
    let mut running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let begun = Instant::now();
    let seen = || fs::read_to_string(&file).map_or(0, |text| text.lines().count());
    while seen() < 3 {
        assert!(begun.elapsed() < Duration::from_secs(600), "no lines after ten minutes");
        assert!(running.0.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    // one after another, not a bufferful at a time
    assert!(seen() < 60, "{} at once", seen());
}
