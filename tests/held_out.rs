//! Samples held out in a file of their own: read as new samples are, and no part of the training.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::command::{refused, run, with_files as planar};
use serde_json::Value;
use tempfile::TempDir;

const TRAIN: &str = "train --device cpu --iterations 300 --missing mean";

/// Breast cancer in two files, `train.csv` and `test.csv`, by the text that `of_test` makes of a test row's cells.
fn files(of_test: impl Fn(Vec<&str>) -> String) -> (TempDir, PathBuf, PathBuf) {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data/breast-cancer.csv"));
    let text = text.unwrap();
    let folder = TempDir::new().unwrap();
    let [train, test] = ["train.csv", "test.csv"].map(|name| folder.path().join(name));
    let (mut learnt, mut unseen) = (String::new(), String::new());
    for (k, line) in text.lines().enumerate() {
        if k == 0 || k % 4 != 0 {
            learnt += &format!("{line}\n");
        }
        if k % 4 == 0 {
            unseen += &format!("{}\n", of_test(line.split(',').collect()));
        }
    }
    fs::write(&train, learnt).unwrap();
    fs::write(&test, unseen).unwrap();
    (folder, train, test)
}

/// As the rows are.
fn same(cells: Vec<&str>) -> String {
    cells.join(",")
}

/// Stdout of a command that ends well.
#[track_caller]
fn done(arguments: &str, files: &[&Path]) -> String {
    let (stdout, stderr, code) = run(planar(arguments, files));
    assert_eq!(code, 0, "{stderr}");
    stdout
}

#[test]
fn a_test_file_gets_the_scores_that_predict_gives_it_with_the_run_s_checkpoint() {
    // the label first, an unknown column, semicolons, and cells to be filled with the means of training
    let odd = |mut cells: Vec<&str>| {
        let label = cells.pop().unwrap();
        if cells[3].ends_with('1') {
            cells[3] = "?";
        }
        format!("{label};{};7", cells.join(";"))
    };
    let as_named =
        |cells: Vec<&str>| if cells.contains(&"target") { odd(cells).replace(";7", ";room") } else { odd(cells) };
    let (folder, train, test) = files(as_named);
    let checkpoint = folder.path().join("run.safetensors");
    let also = ["--checkpoint".as_ref(), checkpoint.as_path(), "--test".as_ref(), &test, "--data".as_ref(), &train];
    let (summary, told, code) = run(planar(TRAIN, &also));
    assert_eq!(code, 0, "{told}");
    for wanted in ["test.csv: columns that were not learnt are ignored: room", "test.csv: ", "filled with the mean"] {
        assert!(told.contains(wanted), "no '{wanted}' in {told}");
    }
    let (about, block) = summary.split_once("\n\nheld out ").unwrap();
    assert!(about.ends_with(" % of 142 samples of test.csv"), "{about}");
    let scores = done("predict -q --metrics --precision f64", &[&checkpoint, &test]);
    let figures = |text: &str| text.split_once("\n\n").unwrap().1.to_owned();
    assert_eq!(figures(block), figures(&scores));
    let counts = |text: &str| -> Vec<u32> { text.split_whitespace().filter_map(|word| word.parse().ok()).collect() };
    assert_eq!(counts(block.split_once("\n\n").unwrap().0), counts(scores.split_once("\n\n").unwrap().0));

    let report: Value = serde_json::from_str(&done(&format!("{TRAIN} -q --json"), &also[2..])).unwrap();
    let data = &report["data"];
    assert_eq!((&data["test_file"], &data["test_samples"]), (&"test.csv".into(), &142.into()));
    assert_eq!(data["samples"], 427);
}

#[test]
fn a_test_file_has_no_say_in_training_or_in_what_a_checkpoint_holds() {
    let (folder, train, test) = files(same);
    let [alone, tested, resumed] = ["alone", "tested", "resumed"].map(|name| folder.path().join(name));
    let data: [&Path; 2] = ["--data".as_ref(), &train];
    done(&format!("{TRAIN} -q --checkpoint"), &[[alone.as_path()].as_slice(), &data].concat());
    done(
        &format!("{TRAIN} -q --checkpoint"),
        &[[tested.as_path(), "--test".as_ref(), &test].as_slice(), &data].concat(),
    );
    assert!(fs::read(&alone).unwrap() == fs::read(&tested).unwrap());
    // a run with a test file goes on where one without it stopped
    let more = TRAIN.replace("300", "500");
    let half = [alone.as_path(), "--test".as_ref(), &test, "--checkpoint".as_ref(), &resumed];
    let text = done(&format!("{more} -q --resume"), &[half.as_slice(), &data].concat());
    assert!(text.contains("of 142 samples of test.csv"), "{text}");
}

#[test]
fn a_generated_set_is_tested_on_a_file_of_points() {
    let folder = TempDir::new().unwrap();
    let test = folder.path().join("points.csv");
    fs::write(&test, "0,1,0\n1,-0.5,1\n-1,0,0\n2,0,1\n").unwrap();
    let text = done("train -q --device cpu --data moons --iterations 2000 --scale standard --test", &[&test]);
    assert!(text.contains("held out       100.00 % of 4 samples of points.csv"), "{text}");
}

#[test]
fn a_test_file_that_cannot_be_judged_is_told_in_one_line() {
    let (folder, train, test) = files(same);
    let trained = |flags: &str| planar(&format!("train {flags} --data"), &[&train, "--test".as_ref(), &test]);
    refused(trained("--test-fraction 0.2"), &["--test <FILE.csv>", "cannot be used with", "--test-fraction"]);
    let rows = fs::read_to_string(&test).unwrap();
    let unlabelled: String = rows.lines().map(|row| format!("{}\n", row.rsplit_once(',').unwrap().0)).collect();
    for (text, words) in [
        (unlabelled.as_str(), &["test.csv: there are no labels, which are expected in target"][..]),
        (&rows.replacen("benign", "unclear", 1), &["\"unclear\", the label of sample", "\"benign\", \"malignant\""]),
        (&rows.replacen("mean_radius", "radius", 1), &["no column \"mean_radius\"", "trained on"]),
        (&rows.replacen("benign", "?", 1), &["where a label is expected", "--missing drop"]),
        ("", &["test.csv: the file is empty"]),
    ] {
        fs::write(&test, text).unwrap();
        refused(trained("-q"), words);
    }
    refused(planar("train --test", &[&folder.path().join("none.csv")]), &["none.csv", "No such file"]);
    refused(planar("train --data - --test -", &[]), &["stdin cannot hold both"]);
}
