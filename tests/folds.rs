//! Cross-validation: each fold is judged by a network that has not seen it, and the figures are those of all folds.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::fs;
use std::path::Path;

use common::command::{ended, planar, run};
use planar::data::{Options, Source};
use serde_json::Value;
use tempfile::TempDir;

const TRAIN: &str = "train -q --json --device cpu --iterations 200";

#[track_caller]
fn json(arguments: &str, files: &[&Path]) -> Value {
    let mut command = planar(arguments);
    command.args(files);
    let (stdout, stderr, code) = run(command);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

/// 61 rows of two features far from 0, of which the second decides, in most of them.
fn rows() -> Vec<String> {
    let row = |k: u32| {
        let (area, price) = (40 + k * 37 % 100, 100 + k * 7919 % 101);
        format!("{area},{price},{}\n", if price > 140 || k.is_multiple_of(9) { "dear" } else { "cheap" })
    };
    (0..61).map(row).collect()
}

#[test]
fn each_fold_is_what_train_gives_for_its_samples() {
    let folder = TempDir::new().unwrap();
    let [all, learnt, unseen] = ["all.csv", "learnt.csv", "unseen.csv"].map(|name| folder.path().join(name));
    fs::write(&all, rows().concat()).unwrap();
    let report = json(&format!("{TRAIN} --folds 4 --test-seed 3 --data"), &[&all]);
    let fold_of = Source::Csv(all.clone()).load(&Options::default()).unwrap().folds(4, 3).unwrap();
    assert_eq!(report["folds"].as_array().unwrap().len(), 4);
    for (fold, got) in report["folds"].as_array().unwrap().iter().enumerate() {
        let part = |is_wanted: fn(usize, usize) -> bool| -> String {
            let rows = rows().into_iter().zip(&fold_of).filter(|(_, of)| is_wanted(**of, fold));
            rows.map(|(row, _)| row).collect()
        };
        fs::write(&learnt, part(|of, fold| of != fold)).unwrap();
        fs::write(&unseen, part(|of, fold| of == fold)).unwrap();
        let want = json(TRAIN, &["--data".as_ref(), &learnt, "--test".as_ref(), &unseen]);
        assert_eq!((&got["fold"], &got["final"]), (&(fold + 1).into(), &want["final"]), "fold {fold}");
        assert_eq!(got["samples"], want["data"]["samples"]);
        assert_eq!(got["test_samples"], want["data"]["test_samples"]);
        assert_eq!(got["scale"], want["data"]["scale"]);
    }
    assert_eq!((&report["data"]["samples"], &report["status"]), (&61.into(), &"finished".into()));
}

#[test]
fn folds_of_numbers_have_r2_and_those_of_many_classes_a_log_loss() {
    let data = |name: &str| Path::new("tests/golden/data").join(name);
    let train = "train -q --device cpu --iterations 200 --folds 3 --lr 0.05";
    let mut numbers = planar(&format!("{train} --scale-targets standard --data"));
    numbers.arg(data("diabetes.csv"));
    let (stdout, stderr, code) = run(numbers);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("held out R²") && !stdout.contains("accuracy") && !stdout.contains("log loss"), "{stdout}");
    let report = json(&format!("{train} --json --scale-targets standard --data"), &[&data("diabetes.csv")]);
    let folds: Vec<f64> =
        report["folds"].as_array().unwrap().iter().map(|fold| fold["final"]["test_r2"].as_f64().unwrap()).collect();
    let mean = report["estimates"]["test_r2"]["mean"].as_f64().unwrap();
    assert!((mean - folds.iter().sum::<f64>() / 3.0).abs() < 1e-12 && mean > 0.3, "{folds:?} {mean}");
    assert!(report["estimates"]["accuracy"].is_null());
    let report = json(&format!("{train} --json --data"), &[&data("iris.csv")]);
    let of_first = report["folds"][0]["final"]["test_scores"]["log_loss"].as_f64().unwrap();
    assert!(of_first > 0.0 && report["estimates"]["test_log_loss"]["mean"].as_f64().unwrap() > 0.0);
    assert!(report["estimates"]["r2"].is_null());
}

#[test]
fn the_figures_over_all_folds_are_their_means_and_standard_deviations() {
    let report = json(&format!("{TRAIN} --data moons --samples 100 --folds 3"), &[]);
    for (name, place) in [
        ("cost", "/final/cost"),
        ("accuracy", "/final/accuracy"),
        ("test_accuracy", "/final/test_accuracy"),
        ("test_log_loss", "/final/test_scores/log_loss"),
        ("test_roc_auc", "/final/test_scores/roc_auc"),
    ] {
        let folds = report["folds"].as_array().unwrap();
        let x: Vec<f64> = folds.iter().map(|fold| fold.pointer(place).unwrap().as_f64().unwrap()).collect();
        let mean = (x[0] + x[1] + x[2]) / 3.0;
        let deviation = (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
        let got = &report["estimates"][name];
        assert!((got["mean"].as_f64().unwrap() - mean).abs() < 1e-12, "{name}: {got}");
        assert!((got["deviation"].as_f64().unwrap() - deviation).abs() < 1e-12, "{name}: {got}");
        assert_eq!(got["folds"], 3);
    }
    let (text, _, code) = ended(&format!("{} --data moons --samples 100 --folds 3", TRAIN.replace("--json ", "")));
    assert_eq!(code, 0);
    let heading = text.lines().next().unwrap();
    let words: Vec<&str> = heading.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
    assert_eq!(words, ["fold", "samples", "held out", "cost", "accuracy %", "held out %", "log loss", "ROC AUC"]);
    let held_out = &report["estimates"]["test_accuracy"];
    let [mean, deviation] = ["mean", "deviation"].map(|of| 100.0 * held_out[of].as_f64().unwrap());
    assert!(text.contains(&format!("held out      {mean:.2} ± {deviation:.2} %\n")), "{text}");
    assert!(text.contains("over 3 folds  mean ± standard deviation\n"), "{text}");
}

#[test]
fn the_seed_decides_the_folds_and_nothing_else_does() {
    let drawn = |seed: &str| json(&format!("{TRAIN} --data moons --folds 2 {seed}"), &[])["folds"].clone();
    assert_eq!(drawn(""), drawn("--test-seed 1"));
    assert_ne!(drawn(""), drawn("--test-seed 2"));
}

#[test]
fn folds_that_diverge_have_no_figures_and_the_run_ends_with_5() {
    let arguments = "train --device cpu --activation relu --learning-rate 1e6 --test-seed 4 --folds 3 --iterations 50";
    let (stdout, stderr, code) = ended(arguments);
    assert_eq!(code, 5, "{stderr}");
    assert_eq!((stdout.matches("diverged").count(), stdout.matches("at 4").count()), (3, 3), "{stdout}");
    assert!(stdout.contains("over 0 of 3 folds"), "{stdout}");
    let wanted = "planar: diverged in folds 1, 2, 3; to find out why: planar diagnose --device cpu --activation relu \
                  --learning-rate 1e6 --iterations 50\n";
    assert_eq!(stderr, wanted);
}

#[test]
fn a_result_no_better_than_the_largest_class_is_said() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("points.csv");
    fs::write(&path, rows().concat()).unwrap();
    let mut command = planar("train --scale none --device cpu --iterations 5 --learning-rate 1e-6 --folds 3 --data");
    command.arg(&path);
    let (_, stderr, code) = run(command);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("is the share of the largest class, which samples held out do not beat"), "{stderr}");
    assert!(stderr.contains("planar diagnose --scale none") && !stderr.contains("--folds"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_all_folds_and_shows_those_that_are_done() {
    use std::process::{Command, Stdio};

    use common::command::{interrupt, training};

    let flags = "train -v --json --device cpu --hidden 200 --iterations 1000000 --folds 3";
    let mut command = Command::new(env!("CARGO_BIN_EXE_planar"));
    command.args(flags.split_whitespace()).env("WGPU_BACKEND", "gl").stdout(Stdio::piped());
    let child = training(&mut command);
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["status"], &report["folds"]), (&"interrupted".into(), &serde_json::json!([])));
}

#[test]
fn what_cannot_be_cross_validated_is_told_in_one_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rare.csv");
    fs::write(&path, "0,a\n1,a\n2,a\n3,b\n4,b\n5,b\n6,b\n").unwrap();
    let range = "the number of folds must be from 2 to 3, the samples of class a, which has the fewest, not";
    for (flags, words) in [
        ("--folds 1", &[range, "not 1"][..]),
        ("--folds 4", &[range, "not 4"]),
        ("--folds 2 --test-fraction 0.5", &["--folds", "cannot be used with", "--test-fraction"]),
        ("--folds 2 --test unseen.csv", &["--folds", "cannot be used with", "--test"]),
        ("--folds 2 --checkpoint run.safetensors", &["--folds", "cannot be used with", "--checkpoint"]),
        ("--folds 2 --resume run.safetensors", &["--folds", "cannot be used with", "--resume"]),
        ("--folds 2 --metrics costs.jsonl", &["--folds", "cannot be used with", "--metrics"]),
        ("--folds 2 --plot run.svg", &["--folds", "cannot be used with", "--plot"]),
        ("--folds 2 --preview", &["--folds", "cannot be used with", "--preview"]),
        ("--folds 2 --animate run.gif", &["--folds", "cannot be used with", "--animate"]),
        ("--folds 2 --log-every 5", &["--folds", "cannot be used with", "--log-every"]),
        ("--folds two", &["--folds", "'two'"]),
        ("--test-seed 2", &["--test-fraction", "--folds"]),
    ] {
        let mut command = planar(&format!("train {flags} --data"));
        command.arg(&path);
        let (stdout, stderr, code) = run(command);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{flags}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{flags}: no '{word}' in: {stderr}");
        }
    }
}

#[test]
fn what_is_told_of_one_fold_is_not_told_of_the_others() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("points.csv");
    fs::write(&path, rows().concat()).unwrap();
    for command in ["train", "sweep"] {
        let mut command = planar(&format!("{command} --device cpu --iterations 50 --folds 5 --data"));
        command.arg(&path);
        let (_, stderr, code) = run(command);
        assert_eq!((code, stderr.matches("are standardised").count()), (0, 1), "{stderr}");
        assert_eq!(stderr.matches("cheap is class 0").count(), 1, "{stderr}");
    }
}
