//! `planar sweep --halving` and `--best`: who goes on, what is kept, and the best network as a checkpoint. No adapter is
//! visible.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use assert_cmd::Command;
use common::command::{json, planar, refused, run};
use planar::checkpoint::Checkpoint;
use serde_json::Value;
use tempfile::TempDir;

fn with_file(arguments: &str, flag: &str, file: &Path) -> Command {
    let mut command = planar(arguments);
    command.arg(flag).arg(file);
    command
}

const SWEEP: &str = "sweep -q --hidden 1,3,17 --learning-rate 0.05,0.6,2 --init-seed 2,5 --test-fraction 0.3";

/// 18 networks, η = 3: 18, 6 and 2 of them, after ⌈700/9⌉, ⌈700/3⌉ and 700 iterations.
#[test]
fn a_third_goes_on_at_each_rung_by_the_log_loss_that_train_has_on_the_held_out_samples() {
    let halved = json(planar(&format!("{SWEEP} --iterations 700 --halving 3 --json")));
    let results = halved["results"].as_array().unwrap();
    let reached = |result: &Value| result["done"].as_u64().unwrap();
    let mut left: BTreeSet<u64> = (0..18).collect();
    for (rung, iterations) in [78, 234, 700].into_iter().enumerate() {
        // the same networks, each trained alone so far
        let mut losses: Vec<(f64, u64)> = Vec::new();
        for number in &left {
            let job = &results[*number as usize];
            let of = |key: &str| job[key].to_string().replace('"', "");
            let trained = json(planar(&format!(
                "train -q --json --device cpu --test-fraction 0.3 --hidden {} --learning-rate {} --init-seed {} --iterations {iterations}",
                of("hidden"),
                of("learning_rate"),
                of("init_seed"),
            )));
            let loss = trained["final"]["test_scores"]["log_loss"].as_f64().unwrap();
            let kept = job["rungs"][rung]["cost"].as_f64().unwrap();
            assert!(
                (loss - kept).abs() <= 1e-12 * loss && job["rungs"][rung]["iteration"] == iterations,
                "{loss} {job}"
            );
            losses.push((loss, *number));
        }
        losses.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let go_on = if rung == 2 { left.len() } else { left.len().div_ceil(3) };
        let row = &halved["rungs"][rung];
        assert_eq!(
            (&row["candidates"], &row["goes_on"], &row["diverged"]),
            (&left.len().into(), &go_on.into(), &0.into())
        );
        assert_eq!(row["cost"]["min"], losses[0].0);
        let chosen: BTreeSet<u64> = losses.iter().take(go_on).map(|(_, number)| *number).collect();
        for number in left.difference(&chosen) {
            let job = &results[*number as usize];
            assert_eq!((job["status"].as_str(), reached(job)), (Some("retired"), iterations), "{job}");
        }
        left = chosen;
    }
    assert_eq!((halved["rungs"].as_array().unwrap().len(), left.len()), (3, 2));
    assert!(left.iter().all(|number| results[*number as usize]["status"] == "finished"));
}

#[test]
fn those_that_reach_the_end_have_the_bits_of_a_sweep_without_a_halving() {
    let [halved, whole] =
        ["--halving 2", ""].map(|halving| json(planar(&format!("{SWEEP} --iterations 240 {halving} --json"))));
    let mut finished = 0;
    for (halved, whole) in halved["results"].as_array().unwrap().iter().zip(whole["results"].as_array().unwrap()) {
        // a network that was retired has the beginning of its costs
        let costs = |of: &Value| of["costs"].as_array().unwrap().clone();
        let (some, all) = (costs(halved), costs(whole));
        let before_last = &some[..some.len() - 1];
        assert_eq!(before_last, &all[..before_last.len()]);
        if halved["status"] == "finished" {
            finished += 1;
            for key in ["cost", "accuracy", "test_accuracy", "costs", "done"] {
                assert_eq!(halved[key], whole[key], "{key}");
            }
        }
    }
    // 18, 9, 5, 3, 2
    assert_eq!(finished, 2);
}

#[test]
fn all_folds_of_a_candidate_stay_together_and_those_of_one_that_diverges_are_retired() {
    let halved = json(planar(
        "sweep -q --hidden 4 --activation relu --learning-rate 0.1,0.5,1e25 --init-seed 1,2 --folds 3 --iterations 90 --halving 2 --json",
    ));
    let mut candidates: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    for result in halved["results"].as_array().unwrap() {
        candidates.entry(result["job"].as_u64().unwrap() / 3).or_default().push(result);
    }
    assert_eq!(candidates.len(), 6);
    for folds in candidates.values() {
        let ended: BTreeSet<_> = folds.iter().map(|of| (of["done"].as_u64(), of["status"].as_str())).collect();
        let diverges = folds[0]["learning_rate"].as_f64().unwrap() > 1.0;
        assert!(folds.len() == 3 && (diverges || ended.len() == 1), "{ended:?}");
        assert!(!diverges || ended.iter().all(|(_, status)| *status != Some("finished")), "{ended:?}");
    }
    let counts: Vec<[u64; 3]> = halved["rungs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rung| ["candidates", "diverged", "goes_on"].map(|key| rung[key].as_u64().unwrap()))
        .collect();
    assert_eq!(counts, [[6, 2, 3], [3, 0, 2], [2, 0, 2]]);
}

#[test]
fn a_halving_that_leaves_no_network_says_so_and_keeps_what_there_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sweep.jsonl");
    let all_diverge =
        "sweep -q --hidden 2..5 --activation relu --learning-rate 1e30 --init-scale 10 --halving 2 --iterations 80";
    let (stdout, stderr, code) = run(with_file(all_diverge, "--out", &file));
    assert_eq!((code, stderr.lines().count()), (5, 1), "{stderr}");
    assert!(stderr.contains("no network is left after rung 1") && stdout.contains("diverged 1"), "{stdout}{stderr}");
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 5);
    // again: there is nothing to do, and the same is said
    assert_eq!(run(with_file(&format!("{all_diverge} --resume"), "--out", &file)), (stdout, stderr, 5));
}

#[test]
fn a_halving_that_cannot_be_is_refused() {
    for (arguments, words) in [
        ("--hidden 2,3 --halving 3", "from 2 to 2"),
        ("--hidden 2,3 --halving 1", "from 2 to 2"),
        ("--hidden 2,3 --halving 0", "from 2 to 2"),
        ("--hidden 2 --halving 2", "at least 2"),
        ("--hidden 2,3 --folds 2 --halving 3", "from 2 to 2"),
        ("--hidden 2..9 --iterations 2 --halving 3", "at least 3"),
        ("--hidden 2..9 --halving 2 --shard 1/2", "--shard"),
        ("--hidden 2..9 --halving two", "two"),
        ("--init-seed 1..40000 --halving 2", "at most 32768"),
    ] {
        refused(planar(&format!("sweep -q {arguments}")), &[words]);
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sweep.jsonl");
    let sweep = "sweep -q --hidden 2..5 --iterations 20";
    assert_eq!(run(with_file(&format!("{sweep} --halving 2"), "--out", &file)).2, 0);
    refused(with_file(&format!("{sweep} --resume"), "--out", &file), &["another sweep", "halving is 2"]);
    refused(with_file(&format!("{sweep} --halving 4 --resume"), "--out", &file), &["halving is 2, not 4"]);
}

/// The command at the end of the table, run as a shell would, and the file that `--best` wrote.
#[cfg(unix)]
#[test]
fn the_best_network_is_that_of_the_command_at_the_end_of_the_table_to_the_byte() {
    let folder = TempDir::new().unwrap();
    let best = folder.path().join("the best.safetensors");
    let table = folder.path().join("a table;with 'quotes'.csv");
    let row = |k: u32| format!("{k},{},{},{}\n", k * k % 7, k % 5, ["a", "b"][(k % 3 % 2) as usize]);
    std::fs::write(&table, format!("id,\"x, y\",z,class\n{}", (0..60).map(row).collect::<String>())).unwrap();
    for sweep in [
        format!("{SWEEP} --iterations 90 --halving 3"),
        "sweep -q --hidden 2,4 --data noisy-moons --samples 100 --data-seed 3 --folds 3 --iterations 60 --precision f64".into(),
        "sweep -q --hidden 2 --activation leaky-relu:0.03 --learning-rate 0.01:1:log3 --iterations 50 --init-scale 0.5 --log-every 7".into(),
        "sweep -q --hidden 8,40 --data gaussian-quantiles --samples 60 --test-fraction 0.5 --optimizer adam --lr 0.05 --iterations 900 --early-stopping 4".into(),
        "sweep -q --hidden 8,40 --data gaussian-quantiles --samples 60 --folds 2 --optimizer adam --lr 0.05 --iterations 900 --early-stopping 4".into(),
        "sweep -q --hidden 2,3 --iterations 40 --drop id --positive a --header yes --scale minmax --test-fraction 0.2 --test-seed 4 --data".into(),
    ] {
        let command = || {
            let mut command = planar(&sweep);
            if sweep.ends_with("--data") {
                command.arg(&table);
            }
            command.arg("--best").arg(&best);
            command
        };
        let (stdout, stderr, code) = run(command());
        assert_eq!((code, stderr.as_str()), (0, ""), "{sweep}");
        let line = stdout.lines().last().unwrap();
        assert!(line.starts_with("planar train ") && stdout.lines().rev().nth(1).unwrap().starts_with("best: "), "{stdout}");
        let written = std::fs::read(&best).unwrap();
        std::fs::remove_file(&best).unwrap();
        let binary = assert_cmd::cargo::cargo_bin!("planar").to_string_lossy().into_owned();
        let typed = line.replacen("planar", &format!("'{binary}'"), 1);
        let mut shell = std::process::Command::new("sh");
        let ended = shell.args(["-c", &typed]).env("WGPU_BACKEND", "gl").output().unwrap();
        assert!(ended.status.success(), "{typed}: {}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(std::fs::read(&best).unwrap(), written, "{typed}");
        // the same sweep again may write the file again
        assert_eq!(run(command()).2, 0);
        std::fs::remove_file(&best).unwrap();
    }
}

#[test]
fn the_best_of_several_has_the_highest_held_out_accuracy_then_the_lowest_cost() {
    let swept = json(planar(&format!("{SWEEP} --iterations 90 --json")));
    let standing = |of: &Value| (-of["test_accuracy"].as_f64().unwrap(), of["cost"].as_f64().unwrap());
    let best =
        swept["results"].as_array().unwrap().iter().min_by(|a, b| standing(a).partial_cmp(&standing(b)).unwrap());
    assert_eq!(swept["best"]["job"], best.unwrap()["job"]);
}

#[test]
fn a_file_that_is_no_network_of_the_sweep_is_not_overwritten_by_the_best() {
    let folder = TempDir::new().unwrap();
    let best = folder.path().join("best.safetensors");
    let sweep = "sweep -q --hidden 2,3 --iterations 30";
    assert_eq!(run(with_file("train -q --iterations 9 --hidden 5 --device cpu", "--checkpoint", &best)).2, 0);
    let before = std::fs::read(&best).unwrap();
    refused(with_file(sweep, "--best", &best), &["none of the sweep's networks", "--force"]);
    assert_eq!(std::fs::read(&best).unwrap(), before);
    // the same network on other samples is another, too
    assert_eq!(
        run(with_file("train -q --iterations 9 --hidden 3 --samples 300 --force --device cpu", "--checkpoint", &best))
            .2,
        0
    );
    refused(with_file(sweep, "--best", &best), &["none of the sweep's networks", "300"]);
    std::fs::write(&best, "no checkpoint").unwrap();
    refused(with_file(sweep, "--best", &best), &["--force"]);
    assert_eq!(run(with_file(&format!("{sweep} --force"), "--best", &best)).2, 0);
    assert_eq!(Checkpoint::read(&best).unwrap().state.iteration, 30);
    refused(with_file(sweep, "--best", &folder.path().join("none/best.safetensors")), &["none"]);
    let diverges = "sweep -q --activation relu --learning-rate 1e30 --init-scale 10 --iterations 20";
    let (_, stderr, code) = run(with_file(diverges, "--best", &folder.path().join("b.safetensors")));
    assert!(code == 5 && stderr.contains("no best one"), "{code} {stderr}");
}
