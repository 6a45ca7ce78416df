//! Checkpoints: a run that was stopped continues as if it had not been, and a wrong file is reported.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use common::command::{self, run};
use common::tensors::plain;
use planar::checkpoint::{Checkpoint, Weights};
use serde_json::{Value, json};
use tempfile::TempDir;

fn planar(arguments: &str, files: &[(&str, &Path)]) -> Command {
    let mut command = command::planar(arguments);
    for (flag, file) in files {
        command.arg(flag).arg(file);
    }
    command
}

fn report(command: Command) -> Value {
    let (stdout, stderr, code) = run(command);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

fn assert_refused(command: Command, words: &[&str]) {
    let (stdout, stderr, code) = run(command);
    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{words:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "no '{word}' in: {stderr}");
    }
}

/// Name, shape and values of each tensor, and planar's state, read by the documented layout.
fn by_hand(bytes: &[u8]) -> (BTreeMap<String, (Value, Vec<f32>)>, Value) {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let data = &bytes[8 + length..];
    let mut tensors = BTreeMap::new();
    for (name, of) in header.as_object().unwrap().iter().filter(|(name, _)| *name != "__metadata__") {
        assert_eq!(of["dtype"], "F32");
        let at = |k: usize| of["data_offsets"][k].as_u64().unwrap() as usize;
        let words = data[at(0)..at(1)].chunks_exact(4);
        let values = words.map(|word| f32::from_le_bytes(word.try_into().unwrap())).collect();
        tensors.insert(name.clone(), (of["shape"].clone(), values));
    }
    let state = header["__metadata__"]["planar"].as_str().unwrap();
    (tensors, serde_json::from_str(state).unwrap())
}

const RUN: &str = "train --json -q --device cpu --hidden 21 --activation leaky-relu:0.03 --learning-rate 0.7";

#[test]
fn a_resumed_run_ends_with_the_very_bits_of_one_that_never_stopped() {
    for precision in ["f32", "f64"] {
        let folder = TempDir::new().unwrap();
        let (whole, part) = (folder.path().join("whole.safetensors"), folder.path().join("part.safetensors"));
        let train = format!("{RUN} --precision {precision} --log-every 70");
        let want = report(planar(&format!("{train} --iterations 1500"), &[("--checkpoint", &whole)]));
        for iterations in [371, 1201] {
            let flag = if iterations == 371 { "--checkpoint" } else { "--resume" };
            report(planar(&format!("{train} --iterations {iterations}"), &[(flag, &part)]));
            assert_eq!(Checkpoint::read(&part).unwrap().state.iteration, iterations);
        }
        let got = report(planar(&format!("{train} --iterations 1500"), &[("--resume", &part)]));
        assert_eq!((&got["costs"], &got["final"]), (&want["costs"], &want["final"]), "{precision}");
        assert_eq!(fs::read(&part).unwrap(), fs::read(&whole).unwrap(), "{precision}");
        assert_eq!(got["init"], "seed 2, scale 0.01");
    }
}

#[test]
fn writing_on_the_way_changes_no_bit_and_comes_when_it_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run.safetensors");
    let plain = report(planar(&format!("{RUN} --iterations 500"), &[]));
    let train = format!("{RUN} -v --iterations 500 --checkpoint-every 150").replace(" -q", "");
    let (stdout, stderr, code) = run(planar(&train, &[("--checkpoint", &path)]));
    assert_eq!(code, 0, "{stderr}");
    let kept: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&kept["costs"], &kept["final"]), (&plain["costs"], &plain["final"]));
    let written: Vec<&str> = stderr.lines().filter_map(|line| line.split("checkpoint at iteration ").nth(1)).collect();
    assert_eq!(written, ["150", "300", "450", "500"]);
}

#[test]
fn the_file_holds_what_the_notebook_names_in_its_shapes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run.safetensors");
    report(planar(&format!("{RUN} --iterations 40 --log-every 10"), &[("--checkpoint", &path)]));
    let bytes = fs::read(&path).unwrap();
    let (tensors, state) = by_hand(&bytes);
    let shapes: Vec<(&str, String)> =
        tensors.iter().map(|(name, (shape, _))| (name.as_str(), shape.to_string())).collect();
    let want = [("W1", "[21,2]"), ("W2", "[1,21]"), ("b1", "[21,1]"), ("b2", "[1,1]")];
    assert_eq!(shapes, want.map(|(name, shape)| (name, shape.to_owned())));
    let read = Checkpoint::read(&path).unwrap().parameters;
    for (layer, (w, b)) in [("W1", "b1"), ("W2", "b2")].into_iter().enumerate() {
        let wide = |name: &str| tensors[name].1.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
        assert_eq!((read.weights(layer), read.bias(layer)), (&wide(w)[..], &wide(b)[..]));
    }
    for (key, want) in [
        ("iteration", json!(40)),
        ("widths", json!([2, 21, 1])),
        ("activation", json!("leaky-relu:0.03")),
        ("learning_rate", json!(0.7)),
        ("data", json!("flower")),
        ("samples", json!(400)),
        ("start", json!("seed 2, scale 0.01")),
        ("plan", json!("engine")),
        ("precision", json!("f32")),
        ("version", json!(env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(state[key], want, "{key}");
    }
    assert_eq!(state["costs"].as_array().unwrap().len(), 4, "0, 10, 20 and 30");
}

#[test]
fn numpy_reads_it() {
    use std::process::Command;
    let interpreter = std::env::var_os("PYTHON").unwrap_or("python3".into());
    let python = |code: &str, file: &Path| Command::new(&interpreter).args(["-c", code]).arg(file).output();
    if !python("import numpy, safetensors.numpy", Path::new("")).is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("REQUIRE_PYTHON").is_none(), "Python with numpy and safetensors is not there");
        eprintln!("skipped: Python with numpy and safetensors is not there");
        return;
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run.safetensors");
    report(planar(&format!("{RUN} --iterations 40"), &[("--checkpoint", &path)]));
    let code = "import sys, json; from safetensors.numpy import load_file; \
                print(json.dumps({k: v.astype('float64').tolist() for k, v in load_file(sys.argv[1]).items()}))";
    let output = python(code, &path).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tensors: Value = serde_json::from_slice(&output.stdout).unwrap();
    let read = Checkpoint::read(&path).unwrap().parameters;
    for k in 0..21 {
        assert_eq!(tensors["W1"][k], json!(read.weights(0)[2 * k..2 * k + 2]));
        assert_eq!(tensors["W2"][0][k], json!(read.weights(1)[k]));
        assert_eq!(tensors["b1"][k][0], json!(read.bias(0)[k]));
    }
}

#[test]
fn a_run_of_something_else_is_refused_and_the_difference_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run.safetensors");
    report(planar("train --json -q --device cpu --iterations 50", &[("--checkpoint", &path)]));
    let before = fs::read(&path).unwrap();
    for (flags, words) in [
        ("--hidden 5", &["network", "[2, 4, 1]", "[2, 5, 1]"][..]),
        ("--activation relu", &["activation", "tanh", "relu"]),
        ("--learning-rate 1.3", &["learning rate", "1.2", "1.3"]),
        ("--backward-activation relu", &["derivative", "relu's"]),
        ("--precision f64", &["precision", "f32", "f64"]),
        ("--data noisy-moons", &["data set", "flower", "noisy-moons"]),
        ("--samples 300", &["number of samples", "400", "300"]),
        ("--data-seed 3", &["flower", "other values"]),
        ("--iterations 40", &["iterations", "at least the 50"]),
        ("--init w.safetensors", &["--init"]),
    ] {
        let train = format!("train -q --device cpu --iterations 80 {flags}").replace("80 --iterations", "");
        assert_refused(planar(&train, &[("--resume", &path)]), words);
        assert_eq!(fs::read(&path).unwrap(), before, "{flags}");
    }
    for (train, words) in [
        ("train -q --checkpoint-every 5", &["--checkpoint"][..]),
        ("train -q --checkpoint no/such/folder/a.safetensors", &["folder that exists"]),
        ("train -q --init a.safetensors --init-seed 4", &["--init", "--init-seed"]),
        ("train -q --resume no-such.safetensors", &["no-such.safetensors"]),
        ("train -q --iterations 1000000 --log-every 1 --checkpoint a.safetensors", &["logging interval", "100000"]),
    ] {
        assert_refused(planar(train, &[]), words);
    }
}

#[test]
fn a_run_that_diverges_leaves_its_last_finite_weights() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run.safetensors");
    let train = "train -q --device cpu --activation relu --learning-rate 300 --iterations 100 --checkpoint-every 2";
    let (_, stderr, code) = run(planar(train, &[("--checkpoint", &path)]));
    assert_eq!(code, 5, "{stderr}");
    let checkpoint = Checkpoint::read(&path).unwrap();
    assert!(checkpoint.parameters.is_finite());
    assert!((2..11).contains(&checkpoint.state.iteration), "{}", checkpoint.state.iteration);
}

#[test]
fn anyones_weights_start_a_run() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mine.safetensors");
    let mut ends = Vec::new();
    for (dtype, bias) in [("F32", json!([3, 1])), ("F64", json!([3]))] {
        fs::write(&path, plain(dtype, bias)).unwrap();
        let weights = Weights::read(&path).unwrap();
        assert_eq!((weights.widths, weights.state), (vec![2, 3, 1], None));
        assert_eq!(weights.parameters.values(), (1..=13).map(|k| 0.5 * f64::from(k)).collect::<Vec<_>>());
        let got = report(planar("train --json -q --device cpu --hidden 3 --iterations 9", &[("--init", &path)]));
        assert!(got["init"].as_str().unwrap().contains("mine.safetensors"));
        ends.push(got["costs"].clone());
    }
    assert_eq!(ends[0], ends[1]);
    let seeded = report(planar("train --json -q --device cpu --hidden 3 --iterations 9", &[]));
    assert_ne!(ends[0], seeded["costs"]);
    assert_refused(planar("train -q --device cpu", &[("--init", &path)]), &["[2, 3, 1]", "[2, 4, 1]", "--hidden"]);
    assert_refused(planar("train -q --device cpu --hidden 3", &[("--resume", &path)]), &["no run of planar's"]);
}

/// Ctrl-C writes what is done and exits with 130; the run continues from there.
#[cfg(unix)]
#[test]
fn iterations_are_counted_beyond_32_bits_and_bounded_at_53() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run.safetensors");
    let train = |iterations: u64, flag: &str| planar(&format!("{RUN} --iterations {iterations}"), &[(flag, &path)]);
    let whole = report(planar(&format!("{RUN} --log-every 1 --iterations 20"), &[]));
    report(train(10, "--checkpoint"));
    let mut checkpoint = Checkpoint::read(&path).unwrap();
    let start = (1_u64 << 32) - 5;
    checkpoint.state.iteration = start;
    checkpoint.write(&path).unwrap();
    let crossing = planar(&format!("{RUN} --log-every 1000 --iterations {}", start + 10), &[("--resume", &path)]);
    assert_refused(crossing, &["the logging interval", "100000"]);
    let crossing = planar(&format!("{RUN} --log-every 1431655765 --iterations {}", start + 10), &[("--resume", &path)]);
    let got = report(crossing);
    assert_eq!(got["final"], whole["final"]);
    let last = &got["costs"].as_array().unwrap()[1..];
    assert_eq!(last[0]["iteration"], 4_294_967_295_u64, "2³² − 1, which is 3 · 1431655765");
    assert_eq!(last[0]["cost"], whole["costs"][14]["cost"]);
    assert_eq!((&last[1]["iteration"], &last[1]["cost"]), (&json!(start + 10), &whole["costs"][20]["cost"]));
    assert_eq!(Checkpoint::read(&path).unwrap().state.iteration, start + 10);

    assert_refused(train(1 << 54, "--resume"), &["number of iterations", "at most 9007199254740992"]);
}

#[test]
fn ctrl_c_leaves_a_checkpoint_that_goes_on() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run.safetensors");
    let mut child = start(&path, "--checkpoint", "2000000000", "1000000000");
    command::interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let done = Checkpoint::read(&path).unwrap().state.iteration;
    assert!(done > 0);
    let train = format!("{RUN} --iterations {} --log-every 1000000000", done + 10);
    let got = report(planar(&train, &[("--resume", &path)]));
    assert_eq!(got["costs"].as_array().unwrap().last().unwrap()["iteration"], done + 10);
}

/// The next run removes what a killed run left behind, and no other files.
#[test]
fn what_a_killed_run_left_is_removed_and_nobody_elses() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in [".run.safetensors.4711.tmp", ".run.safetensors.mine.tmp", ".other.safetensors.4711.tmp"] {
        fs::write(at(name), "half").unwrap();
    }
    report(planar(&format!("{RUN} --iterations 10"), &[("--checkpoint", &at("run.safetensors"))]));
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".other.safetensors.4711.tmp", ".run.safetensors.mine.tmp", "run.safetensors"]);
}

/// A link stays a link, and the file that it points to is replaced.
#[cfg(unix)]
#[test]
fn a_link_to_a_checkpoint_stays_a_link() {
    let folder = TempDir::new().unwrap();
    let (path, link) = (folder.path().join("run.safetensors"), folder.path().join("last.safetensors"));
    fs::write(&path, "older").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for iterations in [10, 20] {
        report(planar(&format!("{RUN} --force --iterations {iterations}"), &[("--checkpoint", &link)]));
        assert_eq!(Checkpoint::read(&path).unwrap().state.iteration, iterations);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
    report(planar(&format!("{RUN} --iterations 10"), &[("--checkpoint", Path::new("/dev/null"))]));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

/// Starts a long run, and returns once it trains.
#[cfg(unix)]
fn start(path: &Path, flag: &str, iterations: &str, every: &str) -> std::process::Child {
    use std::process::{Command, Stdio};

    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("planar"));
    command
        .args(RUN.replace(" -q", " -v").split_whitespace())
        .args(["--iterations", iterations, "--checkpoint-every", every, "--log-every", "1000000000", flag])
        .arg(path);
    let child = command::training(command.stdout(Stdio::null()));
    std::thread::sleep(std::time::Duration::from_millis(100));
    child
}

#[test]
fn what_a_front_keeps_in_a_checkpoint_is_handed_on_by_who_goes_on_with_it() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.safetensors");
    let train = |iterations: &str, flag: &str| {
        let files = [(flag, file.as_path())];
        report(planar(&format!("{RUN} --iterations {iterations}"), &files));
    };
    train("20", "--checkpoint");
    let mut checkpoint = Checkpoint::read(&file).unwrap();
    assert_eq!(checkpoint.state.front, None);
    let front = json!({ "estimator": "PlanarClassifier", "classes": [0.5, 1.5] });
    checkpoint.state.front = Some(front.clone());
    checkpoint.write(&file).unwrap();
    train("40", "--resume");
    let state = Checkpoint::read(&file).unwrap().state;
    assert_eq!((state.iteration, state.front), (40, Some(front)));
}
