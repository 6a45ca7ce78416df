//! `planar sweep`: what it trains, what it keeps, and what it refuses. No adapter is visible to it.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use assert_cmd::Command;
use common::command::{json, planar, refused, run, with_files};
use planar::sweep::results::{self, Results};
use serde_json::Value;
use tempfile::TempDir;

fn with_file(arguments: &str, file: &Path) -> Command {
    let mut command = planar(arguments);
    command.arg("--out").arg(file);
    command
}

/// The results regardless of their order, one line each.
fn results(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let mut lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
    lines.sort();
    lines
}

const GRID: &str = "sweep -q --hidden 1,3,20 --activation tanh,leaky-relu:0.1,leaky-relu:0.3 --init-seed 2..4 --iterations 40,7 --learning-rate 0.5";

#[test]
fn every_network_ends_with_the_very_numbers_of_train() {
    let report = json(planar(&format!("{GRID} --json")));
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), 3 * 3 * 3 * 2);
    for result in results.iter().step_by(5) {
        let of = |key: &str| result[key].to_string().replace('"', "");
        let trained = json(planar(&format!(
            "train --json -q --hidden {} --activation {} --init-seed {} --iterations {} --learning-rate {}",
            of("hidden"),
            of("activation"),
            of("init_seed"),
            of("iterations"),
            of("learning_rate"),
        )));
        assert_eq!(result["cost"], trained["final"]["cost"], "{result}");
        assert_eq!(result["accuracy"], trained["final"]["accuracy"]);
        assert_eq!(result["costs"], trained["costs"]);
    }
}

#[test]
fn configurations_span_their_seeds_and_the_best_comes_first() {
    let report = json(planar(&format!("{GRID} --json")));
    let configurations = report["configurations"].as_array().unwrap();
    assert_eq!(configurations.len(), 3 * 3 * 2);
    let medians: Vec<f64> = configurations.iter().map(|of| of["accuracy"]["median"].as_f64().unwrap()).collect();
    assert!(medians.is_sorted_by(|a, b| a >= b), "{medians:?}");
    for of in configurations {
        let [min, median, max] = ["min", "median", "max"].map(|part| of["cost"][part].as_f64().unwrap());
        assert!(min <= median && median <= max && of["networks"] == 3 && of["diverged"] == 0, "{of}");
    }
    let (table, _, code) = run(planar(GRID));
    assert_eq!((code, table.lines().count()), (0, 2 + 18 + 3));
    assert!(table.lines().nth(21).unwrap().starts_with("best: "), "{table}");
}

#[test]
fn a_network_that_diverges_is_marked_and_the_others_go_on() {
    let report =
        json(planar("sweep -q --json --activation relu --learning-rate 0.5,1e20 --hidden 4,9 --iterations 30"));
    for result in report["results"].as_array().unwrap() {
        let diverges = result["learning_rate"].as_f64().unwrap() > 1.0;
        assert_eq!(result["status"], if diverges { "diverged" } else { "finished" });
        assert_eq!(result["cost"].is_null(), diverges);
        assert_eq!(result["done"].as_u64().unwrap() < 30, diverges, "{result}");
    }
    let diverged: u64 =
        report["configurations"].as_array().unwrap().iter().map(|of| of["diverged"].as_u64().unwrap()).sum();
    assert_eq!(diverged, 2);
}

#[test]
fn a_resumed_sweep_runs_nothing_twice_and_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole.jsonl"), folder.path().join("cut.jsonl"));
    assert_eq!(run(with_file(GRID, &whole)).2, 0);
    let text = fs::read_to_string(&whole).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 54);
    // as if killed while writing the 21st result
    fs::write(&cut, lines[..21].join("\n") + "\n" + &lines[21][..30]).unwrap();
    let (_, stderr, code) = run(with_file(&format!("{} --resume", GRID.replace(" -q", "")), &cut));
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("cut off"), "{stderr}");
    assert_eq!(results(&cut), results(&whole));
    assert!(fs::read_to_string(&cut).unwrap().starts_with(&lines[..21].join("\n")), "what was there stays");
    // run once more, it has nothing left to do
    let before = fs::read(&cut).unwrap();
    assert_eq!(run(with_file(&format!("{GRID} --resume"), &cut)).2, 0);
    assert_eq!(fs::read(&cut).unwrap(), before);
}

#[test]
fn shards_merge_to_the_whole() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    assert_eq!(run(with_file(GRID, &file("whole.jsonl"))).2, 0);
    for part in 1..=4 {
        assert_eq!(run(with_file(&format!("{GRID} --shard {part}/4"), &file(&format!("part{part}.jsonl")))).2, 0);
    }
    let parts = |parts: &[u32]| {
        let mut command = planar("sweep merge");
        command.args(parts.iter().map(|part| file(&format!("part{part}.jsonl"))));
        command
    };
    let mut merge = parts(&[3, 1, 2, 4]);
    merge.arg("--out").arg(file("merged.jsonl"));
    let (table, stderr, code) = run(merge);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(table, run(planar(GRID)).0);
    assert_eq!(results(&file("merged.jsonl")), results(&file("whole.jsonl")));
    let (_, stderr, code) = run(parts(&[1, 2, 4]));
    assert_eq!(code, 2);
    assert!(stderr.contains("40 of the 54 networks") || stderr.contains("41 of the 54 networks"), "{stderr}");
    assert_eq!(run(with_file("sweep -q --init-seed 1..3 --iterations 5", &file("part4b.jsonl"))).2, 0);
    let mut other = parts(&[1]);
    other.arg(file("part4b.jsonl"));
    let (_, stderr, code) = run(other);
    assert_eq!(code, 2);
    assert!(stderr.contains("another sweep"), "{stderr}");
}

#[test]
fn drawn_networks_are_drawn_alike_by_the_same_seed() {
    let draw = |seed: u32| {
        json(planar(&format!(
            "sweep -q --json --random 12 --sweep-seed {seed} --hidden 2..30 --learning-rate 0.01:1:log --iterations 5"
        )))["results"]
            .clone()
    };
    assert_eq!(draw(3), draw(3));
    assert_ne!(draw(3), draw(4));
}

#[test]
fn what_is_held_out_is_not_trained_on_and_ranks() {
    let report = json(planar("sweep -q --json --hidden 4,40 --iterations 300 --test-fraction 0.25 --test-seed 3"));
    let trained = json(planar("train -q --json --hidden 40 --iterations 300 --test-fraction 0.25 --test-seed 3"));
    assert_eq!(trained["data"]["samples"], 300);
    assert_eq!(trained["data"]["test_samples"], 100);
    let results = report["results"].as_array().unwrap();
    assert_eq!(results[1]["test_accuracy"], trained["final"]["test_accuracy"]);
    assert_eq!(results[1]["accuracy"], trained["final"]["accuracy"]);
    let best = &report["configurations"][0]["test_accuracy"]["median"];
    assert!(results.iter().all(|result| result["test_accuracy"].as_f64() <= best.as_f64()));
}

const FOLDS: &str =
    "sweep -q --data moons --samples 100 --hidden 3,8 --init-seed 2,5 --iterations 100 --folds 3 --test-seed 2";

#[test]
fn the_folds_of_a_configuration_end_with_the_very_numbers_of_train_and_rank_by_their_mean() {
    let report = json(planar(&format!("{FOLDS} --json")));
    let results = report["results"].as_array().unwrap();
    assert_eq!((results.len(), &report["sweep"]["folds"]), (2 * 2 * 3, &3.into()));
    for (hidden, seed) in [(3, 2), (8, 5)] {
        let train = "train --json -q --data moons --samples 100 --iterations 100 --folds 3 --test-seed 2";
        let trained = json(planar(&format!("{train} --hidden {hidden} --init-seed {seed}")));
        let of = results.iter().filter(|of| of["hidden"] == hidden && of["init_seed"] == seed);
        for (of, fold) in of.zip(trained["folds"].as_array().unwrap()) {
            assert_eq!(of["fold"], fold["fold"]);
            for figure in ["cost", "accuracy", "test_accuracy"] {
                assert_eq!(of[figure], fold["final"][figure], "{of}");
            }
        }
    }
    let means: Vec<f64> = report["configurations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["over_folds"]["mean"].as_f64().unwrap())
        .collect();
    assert!(means.is_sorted_by(|a, b| a >= b), "{means:?}");
    for of in report["configurations"].as_array().unwrap() {
        let folds = results.iter().filter(|result| result["hidden"] == of["hidden"]);
        let figures: Vec<f64> = folds.map(|result| result["test_accuracy"].as_f64().unwrap()).collect();
        assert_eq!((of["networks"].as_u64(), figures.len()), (Some(6), 6));
        let mean = figures.iter().sum::<f64>() / 6.0;
        let deviation = (figures.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 5.0).sqrt();
        let over = &of["over_folds"];
        assert!((over["mean"].as_f64().unwrap() - mean).abs() < 1e-12, "{over}");
        assert!((over["deviation"].as_f64().unwrap() - deviation).abs() < 1e-12, "{over}");
    }
    let (table, _, _) = run(planar(FOLDS));
    let best = &report["configurations"][0]["over_folds"];
    let [mean, deviation] = ["mean", "deviation"].map(|of| 100.0 * best[of].as_f64().unwrap());
    assert!(table.lines().nth(2).unwrap().contains(&format!("{mean:.1} ± {deviation:.1}")), "{table}");
}

#[test]
fn a_sweep_over_folds_is_resumed_and_merged_and_kept_from_one_without() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    assert_eq!(run(with_file(FOLDS, &file("whole.jsonl"))).2, 0);
    let text = fs::read_to_string(file("whole.jsonl")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 12);
    fs::write(
        file("cut.jsonl"),
        lines[..6].join(
            "
",
        ) + "
",
    )
    .unwrap();
    assert_eq!(run(with_file(&format!("{FOLDS} --resume"), &file("cut.jsonl"))).2, 0);
    assert_eq!(results(&file("cut.jsonl")), results(&file("whole.jsonl")));
    for part in 1..=2 {
        assert_eq!(run(with_file(&format!("{FOLDS} --shard {part}/2"), &file(&format!("part{part}.jsonl")))).2, 0);
    }
    let mut merge = planar("sweep merge");
    merge.arg(file("part2.jsonl")).arg(file("part1.jsonl"));
    assert_eq!(run(merge).0, run(planar(FOLDS)).0);
    let other = FOLDS.replace("--folds 3 --test-seed 2", "--resume");
    let (_, stderr, code) = run(with_file(&other, &file("whole.jsonl")));
    assert_eq!(code, 2);
    assert!(stderr.contains("another sweep") && stderr.contains("folds"), "{stderr}");
    let boundaries = file("b.svg");
    let mut drawn = planar(FOLDS);
    drawn.arg("--boundaries").arg(&boundaries);
    assert_eq!(run(drawn).2, 0);
    assert!(boundaries.exists());
}

#[test]
fn memory_makes_batches_and_changes_nothing() {
    let sweep = "sweep -q --json --hidden 100..140 --iterations 3 --samples 2000";
    let results = |command| json(command)["results"].clone();
    assert_eq!(results(planar(&format!("{sweep} --memory 1"))), results(planar(sweep)));
}

#[test]
fn a_wrong_setting_is_refused_in_one_line() {
    for (arguments, words) in [
        ("--hidden 5..4", &["hidden units", "'5..4'"][..]),
        ("--hidden 4,,5", &["hidden units", "'4,,5'"]),
        ("--hidden 0", &["hidden units", "not 0"]),
        ("--activation tanh,swish", &["activations", "'swish'"]),
        ("--learning-rate 1:0.1:log4", &["learning rates", "'1:0.1:log4'"]),
        ("--learning-rate 0.1:1:log", &["learning rates", "log8", "drawn at random"]),
        ("--learning-rate -1", &["learning rate", "above 0"]),
        ("--iterations 0", &["iterations", "at least 1"]),
        ("--init-seed 1..2000000", &["initial seeds", "1..2000000"]),
        ("--init-seed 1..1000 --hidden 1..1001", &["1001000", "--yes"]),
        ("--random 0", &["number of networks", "at least 1"]),
        ("--sweep-seed 3", &["--random"]),
        ("--shard 0/8", &["shard", "'0/8'"]),
        ("--shard 9/8", &["shard", "'9/8'"]),
        ("--shard 2", &["shard", "'2'"]),
        ("--shard 2/2", &["shards", "at most 1"]),
        ("--test-fraction 1", &["test fraction", "between 0 and 1"]),
        ("--test-seed 1", &["--test-fraction"]),
        ("--folds 1", &["the number of folds must be at least 2, not 1"]),
        ("--folds 201", &["the number of folds must be from 2 to 200, the samples of class 0", "not 201"]),
        ("--folds 2 --test-fraction 0.5", &["--folds", "cannot be used with", "--test-fraction"]),
        ("--resume", &["--out"]),
        ("--memory 0", &["--memory", "0"]),
    ] {
        let (stdout, stderr, code) = run(planar(&format!("sweep -q {arguments}")));
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{arguments}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{arguments}: no '{word}' in: {stderr}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_gone_on_with_is_refused_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sweep.jsonl");
    assert_eq!(run(with_file("sweep -q --init-seed 1..3 --iterations 5", &file)).2, 0);
    let refused = |command: Command, words: &[&str]| {
        let before = fs::read(&file).unwrap();
        let (stdout, stderr, code) = run(command);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
        for word in words {
            assert!(stderr.contains(word), "no '{word}' in: {stderr}");
        }
        assert_eq!(fs::read(&file).unwrap(), before);
    };
    refused(with_file("sweep -q --init-seed 1..3 --iterations 5", &file), &["there already", "--resume"]);
    let other = "sweep -q --init-seed 1..3 --iterations 6 --resume";
    refused(with_file(other, &file), &["another sweep", "iterations", "\"5\"", "\"6\""]);
    // a damaged line in the middle is not dropped silently
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&file, format!("{}\n{}\n{}\n", lines[0], &lines[1][..20], lines[2])).unwrap();
    refused(with_file("sweep -q --init-seed 1..3 --iterations 5 --resume", &file), &["line 2"]);
    OpenOptions::new().write(true).truncate(true).open(&file).unwrap().write_all(b"x,y\n1,2\n").unwrap();
    refused(with_file("sweep -q --init-seed 1..3 --iterations 5 --resume", &file), &["no results file"]);
}

#[test]
fn pictures_are_drawn_of_the_results_and_again_from_the_file() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let draw = |command: &str, files: &[(&str, &str)]| {
        let mut command = planar(command);
        files.iter().for_each(|(flag, file)| {
            command.arg(flag).arg(at(file));
        });
        let (_, stderr, code) = run(command);
        assert_eq!((code, stderr.as_str()), (0, ""), "{files:?}");
    };
    let sweep =
        "sweep -q --hidden 1,3,17 --learning-rate 0.1:1:log2 --activation tanh,relu --iterations 50 --init-seed 1..3";
    let files = [("--out", "s.jsonl"), ("--heatmap", "h.svg"), ("--curves", "c.svg"), ("--boundaries", "b.png")];
    draw(sweep, &files);
    let heat_map = fs::read_to_string(at("h.svg")).unwrap();
    // an axis, one title per map, and a number in each of 3 widths × 2 rates × 2 activations
    for text in ["learning rate", "flower, tanh", "flower, relu"] {
        assert!(heat_map.contains(text), "{text}");
    }
    assert!(fs::read_to_string(at("c.svg")).unwrap().contains("the best 7 of 12 configurations"));
    assert!(fs::read(at("b.png")).unwrap().starts_with(b"\x89PNG"));

    let file = at("s.jsonl");
    let merge = format!("sweep merge {}", file.to_str().unwrap());
    draw(&merge, &[("--heatmap", "h2.svg"), ("--curves", "c2.svg")]);
    assert_eq!(fs::read_to_string(at("h2.svg")).unwrap(), heat_map);

    let (_, stderr, code) = run(planar("sweep -q --heatmap h.gif"));
    assert_eq!((code, stderr.lines().count()), (2, 1));
    assert!(stderr.contains(".svg") && stderr.contains("h.gif"), "{stderr}");
}

#[test]
fn what_cannot_be_trained_is_told_before_anything_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sweep.jsonl");
    for (arguments, words) in [
        ("--data flower,nope.csv,blobs", &["nope.csv"][..]),
        ("--test-fraction 0.0001", &["test fraction"]),
        ("--log-every 0", &["logging interval"]),
        ("--heatmap no/such/folder/h.svg", &["folder that exists"]),
        ("--memory 1 --hidden 20000 --samples 2000", &["20000 hidden units", "--memory allows 1"]),
        ("--hidden 1..1000000 --init-seed 1..1000000 --yes", &["20000000", "1000000000000"]),
        ("--random 1000000000000 --yes", &["20000000", "1000000000000"]),
    ] {
        let (stdout, stderr, code) = run(with_file(&format!("sweep -q --iterations 5 {arguments}"), &file));
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{arguments}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{arguments}: no '{word}' in: {stderr}");
        }
        assert!(!file.exists(), "{arguments}");
    }
}

#[test]
fn a_file_cut_off_anywhere_goes_on_and_changed_data_is_refused() {
    let folder = TempDir::new().unwrap();
    let (file, data) = (folder.path().join("sweep.jsonl"), folder.path().join("blümchen.csv"));
    fs::write(&data, "x,y,label\n1,2,0\n2,1,1\n-1,1,0\n1,-1,1\n").unwrap();
    let sweep = |resume: &str| {
        let mut command = with_file(&format!("sweep -q --json --iterations 5 --init-seed 1..3 {resume}"), &file);
        command.arg("--data").arg(&data);
        command
    };
    let whole = json(sweep(""))["results"].clone();
    let bytes = fs::read(&file).unwrap();
    let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    let in_a_letter = last + bytes[last..].windows(2).position(|two| two == "ü".as_bytes()).unwrap() + 1;
    for cut in [0, 1, 20, last, last + 1, in_a_letter, bytes.len() - 1] {
        fs::write(&file, &bytes[..cut]).unwrap();
        assert_eq!(json(sweep("--resume"))["results"], whole, "cut at {cut}");
        assert_eq!(fs::read(&file).unwrap(), bytes, "cut at {cut}");
    }
    fs::write(&data, "x,y,label\n1,2,0\n2,1,1\n-1,1,0\n1,-2,1\n").unwrap();
    let (_, stderr, code) = run(sweep("--resume"));
    assert_eq!((code, stderr.lines().count()), (2, 1), "{stderr}");
    assert!(stderr.contains("data_sha256"), "{stderr}");
}

#[test]
fn all_that_diverged_are_tabled_without_a_boundary() {
    let folder = TempDir::new().unwrap();
    let picture = folder.path().join("b.svg");
    let mut command = planar("sweep --json --activation leaky-relu:0.3 --learning-rate 1000 --iterations 500");
    command.arg("--boundaries").arg(&picture);
    let (stdout, stderr, code) = run(command);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("\"diverged\"") && stderr.contains("no boundary to draw") && !picture.exists(), "{stderr}");
}

/// A pipe can be read once: a second look at the data would wait for ever.
#[cfg(unix)]
#[test]
fn a_data_set_is_read_once() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("points.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let text = "x,y,class\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n";
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, text)
    });
    let mut command = planar("sweep --json -q --device cpu --init-seed 1..3 --iterations 20 --data");
    command.arg(&pipe).timeout(std::time::Duration::from_secs(600));
    let (stdout, stderr, code) = run(command);
    assert_eq!(code, 0, "{stderr}");
    writer.join().unwrap().unwrap();
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["results"].as_array().unwrap().len(), 3);
}

/// The file is locked before anything is read or cut off; PLANAR_ROUNDS says how many rounds there are.
#[test]
fn six_that_continue_one_file_at_once_lose_nothing() {
    let rounds = std::env::var("PLANAR_ROUNDS").map_or(60, |rounds| rounds.parse().unwrap());
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sweep.jsonl");
    assert_eq!(run(with_file("sweep -q --init-seed 1..6 --iterations 5", &file)).2, 0);
    let (sweep, whole, _) = results::read(&file).unwrap();
    let mut refused = 0;
    for round in 0..rounds {
        fs::remove_file(&file).unwrap();
        let barrier = std::sync::Barrier::new(6);
        let written: Vec<u64> = std::thread::scope(|scope| {
            let resume = |own: &results::JobResult| {
                barrier.wait();
                let (mut there, _) = match Results::resume(&file, &sweep, |_| Ok(())) {
                    Ok(opened) => opened,
                    Err(error) => {
                        assert!(error.to_string().ends_with("is being written to by another planar"), "{error}");
                        return None;
                    }
                };
                there.add(own).unwrap();
                Some(own.job.job)
            };
            let threads: Vec<_> = whole.ended.iter().map(|own| scope.spawn(move || resume(own))).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        let (_, found, _) = results::read(&file).unwrap();
        let mut there: Vec<u64> = found.ended.iter().map(|ended| ended.job.job).collect();
        there.sort_unstable();
        assert_eq!(there, written, "round {round}");
        refused += 6 - written.len();
    }
    assert!(refused > rounds, "they never met: {refused} of {rounds} rounds");
}

#[test]
fn a_second_sweep_on_one_file_is_told_at_once() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sweep.jsonl");
    assert_eq!(run(with_file("sweep -q --init-seed 1..3 --iterations 5", &file)).2, 0);
    let (sweep, _, _) = results::read(&file).unwrap();
    let held = Results::resume(&file, &sweep, |_| Ok(())).unwrap();
    let before = fs::read(&file).unwrap();
    refused(with_file("sweep -q --init-seed 1..3 --iterations 5 --resume", &file), &["another planar"]);
    assert_eq!(fs::read(&file).unwrap(), before);
    drop(held);
}

/// A file that a sweep of three networks left, with one line changed.
fn changed(file: &Path, line: usize, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(lines[line - 1].contains(from), "{}", lines[line - 1]);
    lines[line - 1] = lines[line - 1].replacen(from, to, 1);
    fs::write(file, lines.join("\n") + "\n").unwrap();
}

#[test]
fn lines_that_no_network_of_the_sweep_left_are_named_and_kept() {
    let folder = TempDir::new().unwrap();
    let (whole, file) = (folder.path().join("whole.jsonl"), folder.path().join("sweep.jsonl"));
    let sweep = "sweep -q --init-seed 1..3 --iterations 50 --test-fraction 0.25";
    assert_eq!(run(with_file(sweep, &whole)).2, 0);
    let text = fs::read_to_string(&whole).unwrap();
    let third: Value = serde_json::from_str(text.lines().nth(2).unwrap()).unwrap();
    let accuracy = |name: &str| format!("\"{name}\":{}", third[name]);
    let lines: [(String, String, &str); 13] = [
        (accuracy("accuracy"), "\"accuracy\":1.5".into(), "accuracy must be from 0 to 1, not 1.5"),
        (accuracy("accuracy"), "\"accuracy\":-0.1".into(), "accuracy must be from 0 to 1, not -0.1"),
        (accuracy("test_accuracy"), "\"test_accuracy\":2".into(), "test_accuracy must be from 0 to 1, not 2"),
        ("\"done\":50".into(), "\"done\":51".into(), "at most its iterations, 50, not 51"),
        ("\"iteration\":5}".into(), "\"iteration\":15}".into(), "10 follows 15"),
        ("\"iteration\":50}".into(), "\"iteration\":50000}".into(), "a cost at iteration 50000, and 50 are done"),
        ("\"iterations\":50".into(), "\"iterations\":60".into(), "its iterations is 60, not 50"),
        ("\"hidden\":4".into(), "\"hidden\":5".into(), "its hidden is 5, not 4"),
        ("\"init_seed\":2".into(), "\"init_seed\":9".into(), "its init_seed is 9, not 2"),
        ("\"learning_rate\":1.2".into(), "\"learning_rate\":1.25".into(), "its learning_rate is 1.25, not 1.2"),
        ("\"job\":1".into(), "\"job\":0".into(), "network 0 is there twice"),
        ("\"job\":1".into(), "\"job\":7".into(), "network 7 is none of the sweep's"),
        ("\"status\":\"finished\"".into(), "\"status\":\"interrupted\"".into(), "interrupted"),
    ];
    for (from, to, words) in lines {
        fs::copy(&whole, &file).unwrap();
        changed(&file, 3, &from, &to);
        let before = fs::read(&file).unwrap();
        refused(with_file(&format!("{sweep} --resume"), &file), &["line 3", words]);
        assert_eq!(fs::read(&file).unwrap(), before);
    }
    fs::write(&file, format!("{text}\n \r\n\n")).unwrap();
    assert_eq!(run(with_file(&format!("{sweep} --resume"), &file)), (run(planar(sweep)).0, String::new(), 0));
    assert_eq!(fs::read_to_string(&file).unwrap().trim_end(), text.trim_end());
    for (flag, words) in
        [("--init-scale 0.02", "its init_scale is 0.01, not 0.02"), ("--init-seed 1,2,4", "\"1..3\", not \"1,2,4\"")]
    {
        let other =
            sweep.replace("--init-seed 1..3", if flag.starts_with("--init-seed") { "" } else { "--init-seed 1..3" });
        refused(with_file(&format!("{other} {flag} --resume"), &file), &["another sweep", words]);
    }
}

#[test]
fn parts_of_other_devices_are_continued_and_merged_and_refused_on_demand() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let sweep = "sweep --device cpu --init-seed 1..4 --iterations 50";
    for part in 1..=2 {
        let part_of = format!("{sweep} -q --shard {part}/2");
        assert_eq!(run(with_file(&part_of, &at(&format!("part{part}.jsonl")))).2, 0);
    }
    let (_, found, _) = results::read(&at("part1.jsonl")).unwrap();
    let here = found.ended[0].device.clone();
    assert!(here.starts_with("CPU engine") && found.ended.iter().all(|ended| ended.plan == "engine"), "{here}");

    // as an older planar on another machine wrote it: the header alone names a device
    let text = fs::read_to_string(at("part2.jsonl")).unwrap();
    let made = format!(",\"device\":\"{here}\"");
    let lines: Vec<String> =
        text.lines().map(|line| line.replace("\"plan\":\"engine\",", "").replace(",\"plan\":\"engine\"", "")).collect();
    let header = lines[0].replace(&here, "Old GPU");
    assert_eq!(lines[1].matches(&here).count(), 1);
    let without = |line: &String| line.replace(&made, "").replace(&format!("\"device\":\"{here}\","), "");
    fs::write(at("part2.jsonl"), [header, without(&lines[1])].join("\n") + "\n").unwrap();
    let (_, found, _) = results::read(&at("part2.jsonl")).unwrap();
    assert_eq!(found.ended[0].device, "Old GPU");

    let resume = format!("{sweep} --shard 2/2 --resume");
    refused(with_file(&format!("{resume} -q --same-device"), &at("part2.jsonl")), &["Old GPU", &here, "--same-device"]);
    let (_, stderr, code) = run(with_file(&resume, &at("part2.jsonl")));
    assert_eq!((code, stderr.matches("Old GPU").count()), (0, 1), "{stderr}");
    let (_, found, _) = results::read(&at("part2.jsonl")).unwrap();
    assert_eq!(found.ended.iter().map(|ended| &*ended.device).collect::<Vec<_>>(), ["Old GPU", &here]);

    let merge = |flags: &str, parts: &[&str]| {
        let parts: Vec<_> = parts.iter().map(|part| at(part)).collect();
        with_files(&format!("sweep merge {flags}"), &parts.iter().map(|part| part.as_path()).collect::<Vec<_>>())
    };
    let (table, stderr, code) = run(merge("", &["part1.jsonl", "part2.jsonl"]));
    assert_eq!((code, table, stderr.lines().count()), (0, run(planar(&format!("{sweep} -q"))).0, 1), "{stderr}");
    assert!(stderr.contains("Old GPU") && stderr.contains(&here), "{stderr}");
    refused(merge("--same-device", &["part1.jsonl", "part2.jsonl"]), &["Old GPU", &here]);

    refused(merge("", &["part1.jsonl"]), &["2 of the 4 networks", "--partial"]);
    let (table, stderr, code) = run(merge("--partial", &["part1.jsonl"]));
    assert_eq!((code, table.lines().count()), (0, 3), "{stderr}");
    assert!(stderr.contains("2 of 4 networks"), "{stderr}");

    refused(merge("", &["part1.jsonl", "part2.jsonl", "part1.jsonl"]), &["part1.jsonl", "given twice"]);
    // the same network with the same result counts once, with another it is named
    fs::copy(at("part1.jsonl"), at("again.jsonl")).unwrap();
    assert_eq!(run(merge("", &["part1.jsonl", "part2.jsonl", "again.jsonl"])).2, 0);
    changed(&at("again.jsonl"), 3, "\"done\":50", "\"done\":49");
    changed(&at("again.jsonl"), 3, "\"iteration\":50}", "\"iteration\":49}");
    let words = ["network 2", "part1.jsonl", "again.jsonl", "done is 49, not 50"];
    refused(merge("", &["part1.jsonl", "part2.jsonl", "again.jsonl"]), &words);
}

/// Where the folder is gone, results stay in memory: the table is printed, and the command fails.
#[cfg(unix)]
#[test]
fn results_whose_folder_vanishes_are_still_tabled() {
    let folder = TempDir::new().unwrap();
    let (inner, gone) = (folder.path().join("inner"), folder.path().join("gone"));
    fs::create_dir(&inner).unwrap();
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("planar"));
    command.args(
        "sweep -q --device cpu --hidden 9 --init-seed 1..40 --iterations 20000 --batch-time 0.2 --out".split(' '),
    );
    command.arg(inner.join("sweep.jsonl")).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    while fs::read_to_string(inner.join("sweep.jsonl")).unwrap_or_default().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    fs::rename(&inner, &gone).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("sweep.jsonl"), "{stderr}");
    assert!(String::from_utf8(output.stdout).unwrap().lines().count() >= 2);
}

/// The file of the networks in training is refused if it cannot be gone on with, and nothing is changed.
#[cfg(unix)]
#[test]
fn a_batch_is_gone_on_with_to_the_same_bits_and_a_bad_file_of_one_is_refused() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (file, batch) = (at("sweep.jsonl"), at("sweep.jsonl.batch.safetensors"));
    let sweep = "sweep --device cpu --hidden 5 --init-seed 1..4 --iterations 20000 --checkpoint-time 0.01";
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("planar"));
    command.args(sweep.split(' ')).arg("-q").arg("--out").arg(&file);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    while !batch.exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let bytes = fs::read(&batch).unwrap();
    let resume = format!("{sweep} -q --resume");
    let bad = |bytes: &[u8], words: &[&str]| {
        fs::write(&batch, bytes).unwrap();
        let before = fs::read(&file).unwrap();
        refused(with_file(&resume, &file), &[words, &["batch.safetensors", "remove it"]].concat());
        assert_eq!((fs::read(&batch).unwrap(), fs::read(&file).unwrap()), (bytes.to_vec(), before));
    };
    let changed = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
    };
    bad(&bytes[..bytes.len() - 1], &["no safetensors file"]);
    bad(&bytes[..20], &["no safetensors file"]);
    bad(b"", &["no safetensors file"]);
    bad(&changed(r#"\"format\":1"#, r#"\"format\":7"#), &["format 7", "this one reads 1"]);
    bad(&changed(r#"\"iterations\":\"20000\""#, r#"\"iterations\":\"30000\""#), &["another sweep", "30000", "20000"]);
    fs::write(&batch, &bytes).unwrap();

    let (_, stderr, code) = run(with_file(&resume.replace(" -q", ""), &file));
    assert!(code == 0 && stderr.contains("4 networks in training go on"), "{stderr}");
    assert_eq!(run(with_file(&format!("{sweep} -q"), &at("whole.jsonl"))).2, 0);
    assert_eq!(results(&file), results(&at("whole.jsonl")));
    assert!(!batch.exists() && !at("whole.jsonl.batch.safetensors").exists());
}

/// Where memory cannot be had, a sweep is refused and not aborted.
#[cfg(target_os = "linux")]
#[test]
fn more_networks_than_memory_holds_are_refused() {
    let mut command = std::process::Command::new("sh");
    let limited = "ulimit -v 6000000; exec \"$0\" sweep -q --device cpu --hidden 1..20 --init-seed 1..1000000 --yes";
    command.args(["-c", limited]).arg(assert_cmd::cargo::cargo_bin!("planar")).env("WGPU_BACKEND", "gl");
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
    assert!(stderr.contains("20000000") && stderr.contains("memory"), "{stderr}");
}
