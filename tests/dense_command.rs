//! The command with networks of any depth, output and optimiser: what it trains, what it keeps, and what it refuses.

mod common;

use std::path::{Path, PathBuf};

use common::command::{json, planar, refused, run, timeless, with_files};
use planar::checkpoint::Checkpoint;
use serde_json::Value;
use tempfile::TempDir;

/// A file of a folder that the test cleans up.
fn at(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

fn golden(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data").join(name).to_string_lossy().into_owned()
}

const QUICK: &str = "--device cpu --iterations 40 --hidden 5 --optimizer adam --batch-size 32 --lr 0.01";

#[test]
fn numbers_outside_their_range_are_refused_with_what_would_be_right() {
    for (flags, words) in [
        ("--lr -0.1", &["learning rate", "above 0", "-0.1"][..]),
        ("--optimizer momentum:1", &["β", "at least 0 and below 1", "1"]),
        ("--optimizer adam:0.9:1.5", &["β", "below 1", "1.5"]),
        ("--optimizer adam:0.9:0.99:0", &["ε", "above 0", "0"]),
        ("--optimizer rmsprop", &["optimiser", "gd, momentum", "'rmsprop'"]),
        ("--l2 -1", &["λ", "at least 0", "-1"]),
        ("--dropout 1", &["dropout", "below 1", "1"]),
        ("--dropout -0.5", &["dropout", "at least 0", "-0.5"]),
        ("--clip-norm 0", &["norm", "above 0", "0"]),
        ("--schedule step:0:0.5", &["step", "at least 1", "0"]),
        ("--schedule step:10:0", &["factor", "above 0", "0"]),
        ("--schedule linear", &["schedule", "constant, cosine", "'linear'"]),
        ("--early-stopping 0 --test-fraction 0.2", &["patience", "at least 1", "'0'"]),
        ("--batch-size 0", &["batch size", "at least 1", "'0'"]),
        ("--batch-size 401", &["batch size", "between 1 and the 400 samples", "401"]),
        ("--batch-size 321 --test-fraction 0.2", &["batch size", "320 samples", "321"]),
        ("--epochs 3 --iterations 4", &["--epochs", "--iterations", "cannot be used"]),
        ("--hidden 4x0", &["hidden units", "between 1 and", "0"]),
        ("--hidden 4x", &["hidden units", "64x32", "'4x'"]),
        ("--init-scale big", &["scale", "he or xavier", "'big'"]),
        ("--early-stopping 3", &["early stopping", "held out", "--test-fraction"]),
    ] {
        refused(planar(&format!("train --device cpu {flags}")), words);
    }
    let thirty = vec!["3"; 30].join("x");
    refused(planar(&format!("train --hidden {thirty}")), &["hidden layers", "at most 24", "30"]);
}

#[test]
fn an_output_that_does_not_fit_the_data_is_refused() {
    let folder = TempDir::new().unwrap();
    let (one, text) = (at(&folder, "one.csv"), at(&folder, "text.csv"));
    std::fs::write(&one, "x,y\n1,a\n2,a\n3,a\n").unwrap();
    std::fs::write(&text, "x,y\n1,0.5\n2,many\n3,0.25\n").unwrap();
    let train = |flags: &str, file: &Path| with_files(&format!("train --device cpu {flags} --data"), &[file]);
    refused(train("--output softmax", &one), &["class"]);
    refused(train("--output squares", &text), &["text.csv", "line 3", "many"]);
    refused(planar("train --output softmux"), &["output", "logistic, softmax or squares", "'softmux'"]);
}

#[test]
fn a_checkpoint_goes_on_to_the_same_bits_and_refuses_another_optimiser() {
    let folder = TempDir::new().unwrap();
    let [whole, part] = ["whole", "part"].map(|name| at(&folder, &format!("{name}.safetensors")));
    let train = |iterations: u32, flag: &str, file: &Path| {
        let flags = "--optimizer adam --batch-size 48 --dropout 0.2 --l2 0.1 --hidden 6x5 --activation silu --lr 0.01";
        let iterations = format!("train --json -q --device cpu {flags} --iterations {iterations} {flag}");
        json(with_files(&iterations, &[file]))
    };
    let all = train(90, "--checkpoint", &whole);
    train(37, "--checkpoint", &part);
    let rest = train(90, "--resume", &part);
    assert_eq!(rest["final"], all["final"]);
    let [whole, there] = [&whole, &part].map(|path| Checkpoint::read(path).unwrap());
    assert_eq!((there.parameters.values(), &there.moments), (whole.parameters.values(), &whole.moments));
    assert_eq!(there.moments.len(), 2 * there.parameters.values().len());
    assert!(there.moments.iter().any(|moment| *moment != 0.0));
    let other = "train --device cpu --optimizer nesterov:0.9 --batch-size 48 --dropout 0.2 --l2 0.1 --hidden 6x5 \
                 --activation silu --lr 0.01 --iterations 200 --resume";
    refused(with_files(other, &[&part]), &["another run", "optimizer is adam, not nesterov:0.9"]);
}

#[test]
fn a_nan_in_a_moment_of_the_third_layer_is_named() {
    let folder = TempDir::new().unwrap();
    let path = at(&folder, "run.safetensors");
    let flags = "train -q --device cpu --optimizer adam --hidden 3x4 --lr 0.01 --iterations 20";
    let (_, stderr, code) = run(with_files(&format!("{flags} --checkpoint"), &[&path]));
    assert_eq!(code, 0, "{stderr}");
    let mut there = Checkpoint::read(&path).unwrap();
    let third = there.parameters.layout().weights(2).offset;
    there.moments[third] = f64::NAN;
    there.write(&path).unwrap();
    let more = "train -q --device cpu --optimizer adam --hidden 3x4 --lr 0.01 --iterations 40 --resume";
    refused(with_files(more, &[&path]), &["run.safetensors", "NaN", "moment1.W3", "no network can have"]);
}

#[test]
fn training_stops_where_the_held_out_cost_no_longer_falls_and_keeps_the_best_weights() {
    let folder = TempDir::new().unwrap();
    let (metrics, kept) = (at(&folder, "costs.jsonl"), at(&folder, "best.safetensors"));
    // a network that learns noise by heart
    let flags = "train --json -q --device cpu --data gaussian-quantiles --samples 60 --hidden 40 --test-fraction 0.5 \
                 --optimizer adam --lr 0.05 --init-scale he --iterations 4000 --log-every 10 --early-stopping 5";
    let found = json(with_files(&format!("{flags} --checkpoint {} --metrics", kept.display()), &[&metrics]));
    assert_eq!(found["status"], "stopped");
    let costs: Vec<(u64, f64)> = found["test_costs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|at| (at["iteration"].as_u64().unwrap(), at["cost"].as_f64().unwrap()))
        .collect();
    let best = costs.iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    let last = costs.last().unwrap();
    assert_eq!(found["final"]["best_iteration"], best.0);
    assert_eq!(last.0 - best.0, 50, "five looks without a lower cost");
    let test_cost = found["final"]["test_cost"].as_f64().unwrap();
    assert!((test_cost - best.1).abs() <= 1e-5 * best.1, "{test_cost} is not the best cost, {}", best.1);
    assert_eq!(Checkpoint::read(&kept).unwrap().state.iteration, best.0);
    let lines = timeless(&metrics);
    let of_lines: Vec<Value> = lines.iter().filter_map(|line| line.get("test_cost").cloned()).collect();
    assert!(of_lines.len() >= costs.len() - 1, "{} of {} costs are in the metrics", of_lines.len(), costs.len());
}

#[test]
fn a_run_that_stops_early_ends_the_same_if_it_was_stopped_before() {
    let folder = TempDir::new().unwrap();
    let path = at(&folder, "run.safetensors");
    let flags = "train --json -q --device cpu --data gaussian-quantiles --samples 60 --hidden 40 --test-fraction 0.5 \
                 --optimizer adam --lr 0.05 --init-scale he --log-every 10";
    let whole = json(planar(&format!("{flags} --iterations 4000 --early-stopping 5")));
    let best = whole["final"]["best_iteration"].as_u64().unwrap();
    // a run that ends a little behind the best, before it would stop, and goes on from its file
    let first =
        json(with_files(&format!("{flags} --iterations {} --early-stopping 5 --checkpoint", best + 20), &[&path]));
    assert_eq!((&first["status"], &first["final"]), (&"finished".into(), &whole["final"]));
    let rest = json(with_files(&format!("{flags} --iterations 4000 --early-stopping 5 --resume"), &[&path]));
    assert_eq!((&rest["status"], &rest["final"]), (&whole["status"], &whole["final"]));
    assert_eq!(rest["test_costs"], whole["test_costs"]);
}

#[test]
fn digits_and_numbers_are_learnt_from_their_tables() {
    let digits = golden("digits-scaled.csv");
    let flags = "train --json -q --device cpu --hidden 64 --activation relu --optimizer adam --lr 0.003 \
                 --batch-size 64 --epochs 12 --init-scale he --scale none --test-fraction 0.2 --data";
    let found = json(with_files(flags, &[Path::new(&digits)]));
    assert_eq!((&found["network"]["output"], &found["network"]["outputs"]), (&"softmax".into(), &10.into()));
    assert!(found["final"]["test_accuracy"].as_f64().unwrap() > 0.95, "{}", found["final"]);
    let diabetes = golden("diabetes-scaled.csv");
    let flags = format!("train --json -q {QUICK} --activation relu --init-scale he --output squares --data");
    let found = json(with_files(&flags, &[Path::new(&diabetes)]));
    assert_eq!(found["network"]["output"], "squares");
    assert!(found["final"]["r2"].as_f64().unwrap() > 0.2, "{}", found["final"]);
    assert!(found["final"]["accuracy"].is_null());
}

#[test]
fn a_sweep_trains_optimisers_side_by_side_to_the_bits_of_each_alone() {
    let sweep = json(planar(
        "sweep --json -q --device cpu --hidden 4,6x3 --optimizer gd,momentum:0.9,adam --l2 0,0.5 --dropout 0,0.25 \
         --lr 0.02 --iterations 30 --batch-size 50 --init-seed 2,3",
    ));
    let results = sweep["results"].as_array().unwrap();
    assert_eq!(results.len(), 2 * 3 * 2 * 2 * 2);
    for result in results.iter().step_by(5) {
        let hidden = result["hidden"].as_str().map_or_else(|| result["hidden"].to_string(), String::from);
        let text = |key: &str, usual: &str| result[key].as_str().map_or_else(|| usual.to_owned(), String::from);
        let number = |key: &str| result[key].as_f64().unwrap_or(0.0);
        let alone = json(planar(&format!(
            "train --json -q --device cpu --hidden {hidden} --optimizer {} --l2 {} --dropout {} --lr 0.02 \
             --iterations 30 --batch-size 50 --init-seed {}",
            text("optimizer", "gd"),
            number("l2"),
            number("dropout"),
            result["init_seed"],
        )));
        assert_eq!(alone["final"]["cost"], result["cost"], "{result}");
    }
}

/// R² may be below 0, and then the results of a sweep are read again all the same.
#[test]
fn a_sweep_of_numbers_is_judged_by_r2() {
    let folder = TempDir::new().unwrap();
    let (diabetes, out) = (golden("diabetes-scaled.csv"), at(&folder, "numbers.jsonl"));
    let recipe = "--device cpu --activation relu --init-scale he --output squares --hidden 8 --test-fraction 0.2";
    let sweep = |flags: &str| {
        let flags = format!("sweep -q {recipe} --lr 1e-9,0.1 --iterations 60 {flags} --data {diabetes} --out");
        with_files(&flags, &[&out])
    };
    let (table, stderr, code) = run(sweep(""));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(table.contains("held out R²") && !table.contains('%'), "{table}");
    let again = json(sweep("--resume --json"));
    let results = again["results"].as_array().unwrap();
    assert!(results[0]["test_r2"].as_f64().unwrap() < 0.0, "{}", results[0]);
    let (best, first) = (&again["best"], &again["configurations"][0]);
    assert_eq!((&first["learning_rate"], &best["job"]), (&0.1.into(), &results[1]["job"]), "{again}");
    let alone = json(planar(&format!("train --json -q {recipe} --lr 0.1 --iterations 60 --data {diabetes}")));
    for key in ["r2", "test_r2"] {
        assert_eq!((&alone["final"][key], &results[1]["accuracy"]), (&results[1][key], &Value::Null), "{key}");
        assert_eq!(first[key]["median"], results[1][key], "{key}");
    }
    let (folds, ..) = run(planar(&format!(
        "sweep -q --device cpu --output squares --hidden 8 --lr 0.1 --iterations 60 --folds 3 --data {diabetes}"
    )));
    assert!(folds.contains("held out R²") && folds.contains(" ± 0.") && !folds.contains('%'), "{folds}");
}

#[test]
fn a_whole_number_that_is_none_is_refused_with_its_name() {
    for (flags, words) in [
        ("--warmup -1", &["warm-up", "a whole number", "'-1'"][..]),
        ("--dropout 0.5 --dropout-seed 1,2", &["seed of the dropout", "one whole number", "'1,2'"]),
        ("--epochs 1.5", &["number of epochs", "a whole number", "'1.5'"]),
        ("--epochs 0", &["number of epochs", "at least 1", "0"]),
    ] {
        refused(planar(&format!("train --device cpu {flags}")), words);
    }
}

#[test]
fn a_run_tells_r2_in_its_metrics_and_what_its_samples_count_by() {
    let folder = TempDir::new().unwrap();
    let (metrics, table) = (at(&folder, "costs.jsonl"), at(&folder, "counted.csv"));
    let diabetes = golden("diabetes-scaled.csv");
    let flags = format!("train --json -q {QUICK} --output squares --test-fraction 0.2 --data {diabetes} --metrics");
    let found = json(with_files(&flags, &[&metrics]));
    let lines = std::fs::read_to_string(&metrics).unwrap();
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert!(last["r2"].is_f64() && last["test_r2"].is_f64() && last["accuracy"].is_null(), "{last}");
    assert_eq!((&last["r2"], &last["test_r2"]), (&found["final"]["r2"], &found["final"]["test_r2"]));
    std::fs::write(&table, "x,w,y\n1,1,a\n2,0.5,a\n3,2,b\n4,1,b\n").unwrap();
    for (flags, words) in [("--weights w", "by column w"), ("--drop w --class-weights balanced", "by class")] {
        let (stdout, stderr, code) =
            run(with_files(&format!("train -q --device cpu --iterations 3 {flags} --data"), &[&table]));
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.lines().any(|line| line.starts_with("samples count") && line.ends_with(words)), "{stdout}");
    }
}

#[test]
fn a_sweep_drops_other_units_by_other_seeds() {
    let flags = "--device cpu --dropout 0.5 --iterations 20 --dropout-seed";
    let found = json(planar(&format!("sweep --json -q {flags} 1..3")));
    let costs: Vec<&Value> = found["results"].as_array().unwrap().iter().map(|result| &result["cost"]).collect();
    assert!(costs.len() == 3 && costs[0] != costs[1] && costs[1] != costs[2], "{costs:?}");
    for (seed, cost) in (1..).zip(costs) {
        assert_eq!(json(planar(&format!("train --json -q {flags} {seed}")))["final"]["cost"], *cost, "seed {seed}");
    }
    let without = json(planar("sweep --json -q --device cpu --dropout 0,0.5 --iterations 2 --dropout-seed 1..3"));
    assert_eq!(without["results"].as_array().unwrap().len(), 4, "nothing is dropped once alone");
}

#[test]
fn more_combinations_than_a_sweep_may_have_are_refused_before_they_are_made() {
    let lists = "--l2 0:1:lin100000 --dropout 0:0.5:lin10000";
    refused(planar(&format!("sweep --device cpu {lists}")), &["combinations", "at most 1000000", "1000000000"]);
}
