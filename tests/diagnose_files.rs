//! `planar diagnose` of checkpoints: one that holds NaN or infinity is explained by the tensor and the layer, a whole one is
//! gone on with; and the flags of `train` that say what was trained.

mod common;

use std::path::{Path, PathBuf};

use common::command::{json, planar, refused, run, with_files};
use planar::checkpoint::Checkpoint;
use serde_json::Value;
use tempfile::TempDir;

const FLAGS: &str = "-q --device cpu --optimizer adam --hidden 6x5 --init-scale xavier --lr 0.01";

/// A checkpoint after 300 updates, changed.
fn checkpoint(folder: &TempDir, change: impl FnOnce(&mut Checkpoint)) -> PathBuf {
    let path = folder.path().join("run.safetensors");
    json(with_files(&format!("train --json {FLAGS} --iterations 300 --checkpoint"), &[&path]));
    let mut there = Checkpoint::read(&path).unwrap();
    change(&mut there);
    there.write(&path).unwrap();
    path
}

/// The report of a diagnosis that ends with this code, and what it says on stderr.
fn diagnosed(flags: &str, file: &Path, code: i32) -> (Value, String) {
    let (stdout, stderr, got) = run(with_files(&format!("diagnose --json {flags}"), &[file]));
    let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{flags}: {stderr}"));
    assert_eq!(got, code, "{}", report["verdict"]);
    (report, stderr)
}

/// What the report's command reaches is what it promises.
fn follow(report: &Value) {
    let command = report["command"].as_str().unwrap().strip_prefix("planar ").unwrap();
    let trained = json(planar(&format!("{command} -q --json")));
    assert_eq!(trained["final"]["cost"], report["remedy"]["cost"], "{command}");
}

#[test]
fn a_nan_in_the_third_layers_moments_is_diagnosed_as_such_and_the_weights_are_gone_on_with() {
    let folder = TempDir::new().unwrap();
    let path = checkpoint(&folder, |there| {
        let third = there.parameters.layout().weights(2);
        there.moments[third.offset + 3..third.offset + 5].fill(f64::NAN);
        let second = there.parameters.layout().bias(1).offset + there.parameters.values().len();
        there.moments[second] = f64::INFINITY;
    });
    let more = format!("{FLAGS} --iterations 1500 --resume");
    let (report, _) = diagnosed(&more, &path, 4);
    assert_eq!(report["cause"], "not-finite-moments");
    let because: Vec<&str> = report["because"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(because[0], "moment2.b2 holds inf at row 0, column 0");
    assert_eq!(because[1], "moment1.W3 holds NaN at row 0, column 3, the first of 2 such elements");
    let verdict = report["verdict"].as_str().unwrap();
    assert!(verdict.contains("moment2.b2 holds inf at row 0, column 0, of layer 2 of 3"), "{verdict}");
    assert!(report["command"].as_str().unwrap().contains("--init"), "{}", report["command"]);
    follow(&report);
    refused(with_files(&format!("train {more}"), &[&path]), &["run.safetensors", "NaN", "moment1.W3"]);
    // a new run takes the weights alone
    let (report, stderr) = diagnosed("-q --device cpu --hidden 6x5 --lr 0.5 --iterations 1500 --init", &path, 0);
    assert_eq!((&report["cause"], stderr.as_str()), (&"healthy".into(), ""));
    let (_, stderr, _) = run(with_files("diagnose --device cpu --hidden 6x5 --iterations 100 --init", &[&path]));
    assert!(stderr.contains("moment1.W3 holds NaN at row 0, column 3"), "{stderr}");
}

#[test]
fn a_second_moment_below_0_is_refused_and_diagnosed_as_such() {
    let folder = TempDir::new().unwrap();
    let path = checkpoint(&folder, |there| {
        let third = there.parameters.layout().weights(2).offset + there.parameters.values().len();
        there.moments[third] = -1.0;
    });
    let more = format!("{FLAGS} --iterations 1500 --resume");
    let (report, _) = diagnosed(&more, &path, 4);
    assert_eq!(report["cause"], "not-finite-moments");
    assert_eq!(report["because"][0], "moment2.W3 holds -1 at row 0, column 0");
    refused(with_files(&format!("train {more}"), &[&path]), &["run.safetensors", "-1", "moment2.W3"]);
}

#[test]
fn weights_that_are_not_finite_are_named_and_random_ones_trained_in_their_place() {
    let folder = TempDir::new().unwrap();
    let path = checkpoint(&folder, |there| {
        let second = there.parameters.layout().weights(1).offset;
        there.parameters.values_mut()[second + 7] = f64::NEG_INFINITY;
    });
    for flag in ["--init", "--resume"] {
        let flags = if flag == "--init" { FLAGS.replace("--init-scale xavier", "") } else { FLAGS.into() };
        let (report, _) = diagnosed(&format!("{flags} --iterations 1500 {flag}"), &path, 4);
        assert_eq!(report["cause"], "start-not-finite");
        let verdict = report["verdict"].as_str().unwrap();
        assert!(verdict.contains("W2 holds -inf at row 1, column 1, of layer 2 of 3"), "{verdict}");
        follow(&report);
        refused(with_files(&format!("train {flags} {flag}"), &[&path]), &["run.safetensors", "-inf", "W2"]);
    }
}

#[test]
fn a_whole_checkpoint_is_gone_on_with_from_its_moments() {
    let folder = TempDir::new().unwrap();
    let path = checkpoint(&folder, |_| {});
    let (report, _) = diagnosed(&format!("{FLAGS} --iterations 2000 --resume"), &path, 0);
    let trained = json(with_files(&format!("train --json {FLAGS} --iterations 2000 --resume"), &[&path]));
    assert_eq!(report["device"]["cost"], trained["final"]["cost"]);
    assert_eq!(report["iterations"], 1700);
    let other = FLAGS.replace("0.01", "0.02");
    refused(with_files(&format!("diagnose {other} --resume"), &[&path]), &["another run", "learning rate is 0.01"]);
}

#[test]
fn what_train_was_told_of_data_and_recipe_is_diagnosed() {
    let folder = TempDir::new().unwrap();
    let (table, test) = (folder.path().join("table.csv"), folder.path().join("test.csv"));
    let row = |k: u32| {
        let (x, y) = (f64::from(k % 17) / 8.0 - 1.0, f64::from(k % 23) / 11.0 - 1.0);
        format!("{x:.3},{y:.3},{},{},{},{}\n", u8::from(x > y), u8::from(x * y > 0.0), 1 + k % 2, k % 3)
    };
    let rows = |of: std::ops::Range<u32>| format!("x,y,a,b,w,c\n{}", of.map(row).collect::<String>());
    std::fs::write(&table, rows(0..200)).unwrap();
    std::fs::write(&test, rows(200..260)).unwrap();
    let file = table.to_string_lossy();
    for flags in [
        "--label a,b --drop w,c --optimizer adam --lr 0.02 --batch-size 32",
        "--label a --drop b,c --weights w --class-weights balanced --lr 0.5 --dropout 0.1 --l2 0.1 --clip-norm 5",
        "--label a --drop b,c,w --output softmax --optimizer nesterov:0.9 --schedule cosine --warmup 10 --lr 0.1",
        "--label w --drop b,c,a --output squares --optimizer momentum --lr 0.02",
    ] {
        let both =
            format!("-q --device cpu --init-scale xavier --iterations 400 --hidden 8x8 --data {file} {flags} --test");
        let (stdout, stderr, _) = run(with_files(&format!("diagnose --json {both}"), &[&test]));
        let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{flags}: {stderr}"));
        let trained = json(with_files(&format!("train --json {both}"), &[&test]));
        assert_eq!(report["device"]["cost"], trained["final"]["cost"], "{flags}");
        let last = report["units"].as_array().unwrap().last().unwrap();
        assert!(last["test_cost"].as_f64().is_some(), "{flags}");
        assert_eq!((last["norms"].as_array().unwrap().len(), last["layers"].as_array().unwrap().len()), (3, 2));
    }
}

#[test]
fn targets_of_thousands_are_standardised_and_early_stopping_is_judged() {
    let folder = TempDir::new().unwrap();
    let table = folder.path().join("prices.csv");
    let row = |k: u32| {
        let (x, y) = (f64::from(k * 7 % 41) / 10.0 - 2.0, f64::from(k * 11 % 37) / 9.0 - 2.0);
        format!("{x:.2},{y:.2},{:.1}\n", 5000.0 + 2000.0 * (2.0 * x).sin() + 1000.0 * x * y)
    };
    std::fs::write(&table, format!("x,y,price\n{}", (0..300).map(row).collect::<String>())).unwrap();
    let flags = "-q --device cpu --init-scale xavier --hidden 16 --iterations 2000";
    for rate in ["0.1", "0.001"] {
        let (report, _) = diagnosed(&format!("{flags} --lr {rate} --output squares --data"), &table, 4);
        assert_eq!(report["cause"], "badly-scaled-targets", "{}", report["verdict"]);
        assert!(report["command"].as_str().unwrap().contains("--scale-targets standard"), "{}", report["command"]);
        assert!(report["remedy"]["accuracy"].as_f64().unwrap() > 0.8, "{}", report["remedy"]);
        follow(&report);
    }
    // a batch of 4 makes held-out costs rise now and then, and a patience of 1 ends the run at the first rise
    let flags =
        format!("{flags} --optimizer adam --lr 0.01 --scale-targets standard --batch-size 4 --test-fraction 0.3");
    let (report, _) =
        diagnosed(&format!("{flags} --early-stopping 1 --log-every 2 --output squares --data"), &table, 4);
    assert_eq!(report["cause"], "stopped-too-early", "{}", report["verdict"]);
    assert!(!report["command"].as_str().unwrap().contains("early"), "{}", report["command"]);
    follow(&report);
    let (report, _) =
        diagnosed(&format!("{flags} --early-stopping 1000 --log-every 2 --output squares --data"), &table, 0);
    assert_eq!(report["cause"], "healthy", "{}", report["verdict"]);
    refused(planar("diagnose --early-stopping 3"), &["early stopping", "held out", "--test-fraction"]);
}

#[test]
fn what_overfits_is_healthy_if_it_stops_in_time() {
    let flags = "-q --json --device cpu --data flower --samples 60 --hidden 100 --activation relu --lr 0.3 \
                 --init-scale 0.3 --test-fraction 0.5";
    for (more, cause) in [("", "overfitting"), ("--early-stopping 20", "healthy")] {
        let (stdout, stderr, _) = run(planar(&format!("diagnose {flags} {more}")));
        let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"));
        assert_eq!(report["cause"], cause, "{}", report["verdict"]);
    }
}
