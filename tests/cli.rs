//! The command line as users see it: what it prints where, and how it ends on bad input.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::fs;

use assert_cmd::Command;
use common::command::{ended, planar, run, with_files};
use planar::data::Dataset;
use serde_json::Value;
use tempfile::TempDir;

fn json(arguments: &str) -> Value {
    let (stdout, stderr, code) = run(planar(arguments));
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

/// Fails unless the command ends with the code, prints one line with all the words on stderr, and prints nothing on
/// stdout.
fn assert_refused(command: Command, code: i32, words: &[&str]) {
    let what = format!("{command:?}");
    let (stdout, stderr, got) = run(command);
    assert_eq!(got, code, "{what}: {stderr}");
    assert_eq!(stdout, "", "{what}");
    assert_eq!(stderr.lines().count(), 1, "{what}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{what}: no '{word}' in: {stderr}");
    }
}

#[test]
fn with_nothing_given_it_is_the_notebook() {
    let report = json("train --json -q");
    let expect = |pointer: &str, want: Value| assert_eq!(report.pointer(pointer), Some(&want), "{pointer}");
    expect("/status", "finished".into());
    expect("/data/name", "flower".into());
    expect("/data/samples", 400.into());
    expect("/data/features", 2.into());
    expect("/data/seed", 1.into());
    expect("/network/inputs", 2.into());
    expect("/network/hidden", 4.into());
    expect("/network/activation", "tanh".into());
    expect("/training/learning_rate", 1.2.into());
    expect("/training/iterations", 10_000.into());
    expect("/training/init_seed", 2.into());
    expect("/training/init_scale", 0.01.into());
    expect("/training/precision", "f32".into());
    expect("/device/kind", "cpu".into());
    // edition A's published costs, for the iterations before chaos separates f32 from f64
    let published = [0.693048, 0.288083, 0.254385, 0.233864, 0.226792, 0.222644, 0.219731, 0.217504];
    let costs = report["costs"].as_array().unwrap();
    assert_eq!(costs.len(), 11);
    for (k, want) in published.iter().enumerate() {
        assert_eq!(costs[k]["iteration"], 1000 * k);
        let got = costs[k]["cost"].as_f64().unwrap();
        assert!((got - want).abs() <= 1e-3 * want, "iteration {}: {got}, not {want}", 1000 * k);
    }
    let accuracy = report["final"]["accuracy"].as_f64().unwrap();
    assert!((0.895..=0.92).contains(&accuracy), "{accuracy}");
    let version = report["version"].as_str().unwrap();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    for part in ["setup", "training", "total"] {
        assert!(report["seconds"][part].as_f64().unwrap() >= 0.0, "{part}");
    }
}

#[test]
fn f64_prints_the_notebooks_costs() {
    let report = json("train --json -q --precision f64");
    let printed: Vec<String> = report["costs"].as_array().unwrap()[..8]
        .iter()
        .map(|at| format!("{:.6}", at["cost"].as_f64().unwrap()))
        .collect();
    let published = ["0.693048", "0.288083", "0.254385", "0.233864", "0.226792", "0.222644", "0.219731", "0.217504"];
    assert_eq!(printed, published);
    // past the horizon (iteration 7852) even float64 ends differently on each machine, hence a band
    let accuracy = report["final"]["accuracy"].as_f64().unwrap();
    assert!((0.9..=0.915).contains(&accuracy), "{accuracy}");
    assert_eq!(report["training"]["precision"], "f64");
}

#[test]
fn the_bug_on_purpose_is_warned_of_and_diverges() {
    let (stdout, stderr, code) =
        run(planar("train --json --device cpu --activation leaky-relu --backward-activation tanh --iterations 200"));
    assert_eq!(code, 5);
    assert!(stderr.lines().next().unwrap().contains("the backward pass takes tanh's derivative"), "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["network"]["backward_activation"], "tanh");
    assert_eq!(report["status"], "diverged");
    // naming its own derivative is no bug
    let own = json("train --json --device cpu -q --iterations 50 --backward-activation tanh");
    assert_eq!(own["network"].get("backward_activation"), None);
    assert_eq!(own["final"], json("train --json --device cpu -q --iterations 50")["final"]);
}

#[test]
fn costs_hold_iteration_0_every_logged_one_and_the_last() {
    let report = json("train --json -q --iterations 25 --log-every 10");
    let iterations: Vec<u64> =
        report["costs"].as_array().unwrap().iter().map(|at| at["iteration"].as_u64().unwrap()).collect();
    assert_eq!(iterations, [0, 10, 20, 25]);
    assert_eq!(report["final"]["cost"], report["costs"][3]["cost"]);
}

#[test]
fn every_data_set_trains_from_the_command_line() {
    for (data, samples, name) in [
        ("flower --samples 100", 100, "flower"),
        ("noisy-circles", 200, "noisy-circles"),
        ("noisy-moons --data-seed 3", 200, "noisy-moons"),
        ("blobs", 200, "blobs"),
        ("gaussian-quantiles", 200, "gaussian-quantiles"),
        ("spirals --samples 300", 300, "spirals"),
        ("xor", 200, "xor"),
        ("make_moons", 200, "noisy-moons"),
    ] {
        let report = json(&format!("train --json -q --iterations 300 --data {data}"));
        assert_eq!(report["data"]["name"], name);
        assert_eq!(report["data"]["samples"], samples);
        let costs = report["costs"].as_array().unwrap();
        let (first, last) = (costs[0]["cost"].as_f64().unwrap(), report["final"]["cost"].as_f64().unwrap());
        assert!(last < first, "{name}: the cost went from {first} to {last}");
    }
}

#[test]
fn a_csv_file_trains_with_its_label_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("and gate.csv");
    fs::write(&file, "class,x,y,z\n0,0,0,1\n0,0,1,1\n0,1,0,1\n1,1,1,1\n").unwrap();
    let mut command = planar("train --json -q --label class --iterations 2000 --data");
    command.arg(&file);
    let (stdout, stderr, code) = run(command);
    assert_eq!(code, 0, "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["data"]["name"], "and gate.csv");
    // z is the same in every row
    assert_eq!((&report["data"]["features"], &report["data"]["dropped"]), (&2.into(), &serde_json::json!(["z"])));
    assert_eq!(report["data"]["seed"], Value::Null);
    assert_eq!(report["final"]["accuracy"], 1.0);
}

#[test]
fn names_and_numbers_mean_the_same_however_they_are_typed() {
    let cost = |arguments: &str| json(&format!("train --json -q --device cpu {arguments}"))["final"]["cost"].clone();
    for (typed, plain) in [
        ("--activation ReLU", "--activation relu"),
        ("--activation LeakyReLU:0.2", "--activation leaky-relu:0.2"),
        ("--activation leaky_relu", "--activation leaky-relu:0.01"),
        ("--activation Tanh", ""),
        ("--activation logistic", "--activation sigmoid"),
        ("--data moons", "--data noisy-moons"),
        ("--data Quantiles", "--data gaussian-quantiles"),
        ("--lr 0.5", "--learning-rate 0.5"),
    ] {
        assert_eq!(cost(&format!("--iterations 40 {typed}")), cost(&format!("--iterations 40 {plain}")), "{typed}");
    }
    assert_eq!(cost("--epochs 1.5e2 --log-every 1e1"), cost("--iterations 150"));
    let swept = json("sweep --json -q --device cpu --epochs 1e1,40 --lr 0.5");
    let iterations = swept["results"].as_array().unwrap().iter().map(|result| result["iterations"].as_u64().unwrap());
    assert_eq!(iterations.collect::<Vec<_>>(), [10, 40]);
}

#[test]
fn a_file_comes_before_a_spelling_of_a_set_and_a_sets_own_name_before_a_file() {
    let folder = TempDir::new().unwrap();
    for (file, features) in [("moons", 1), ("flower", 2)] {
        fs::write(folder.path().join(file), "1,0\n2,1\n").unwrap();
        let mut command = planar(&format!("train --json -q --device cpu --iterations 5 --data {file}"));
        command.current_dir(folder.path());
        let (stdout, stderr, code) = run(command);
        assert_eq!(code, 0, "{stderr}");
        let report: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((&report["data"]["name"], &report["data"]["features"]), (&file.into(), &features.into()));
    }
}

#[test]
fn samples_held_out_get_their_scores() {
    let train = "train -q --device cpu --data moons --iterations 200 --test-fraction 0.25";
    let last = &json(&format!("{train} --json"))["final"];
    let scores = &last["test_scores"];
    assert_eq!((&scores["samples"], &scores["accuracy"]), (&50.into(), &last["test_accuracy"]));
    let (stdout, _, _) = run(planar(train));
    let (_, block) = stdout.split_once("\n\nheld out  said 0  said 1\n").unwrap();
    for score in ["roc_auc", "precision", "recall", "f1"] {
        let printed = format!("  {:.4}\n", scores[score].as_f64().unwrap());
        assert!(block.contains(&printed), "{score}: no {printed} in {block}");
    }
    assert_eq!(json("train -q --json --device cpu --iterations 20")["final"].get("test_scores"), None);
}

#[test]
fn a_result_no_better_than_the_largest_class_is_said_with_the_command_that_finds_out_why() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("rare.csv");
    let train = |rows: &str, flags: &str| {
        fs::write(&file, rows).unwrap();
        let mut command = planar(&format!("train --device cpu {flags} --data"));
        command.arg(&file);
        let (_, stderr, code) = run(command);
        assert_eq!(code, 0, "{stderr}");
        stderr
    };
    let rare = "0,0\n1,0\n2,0\n3,1\n";
    let said = train(rare, "--learning-rate 1e-6 --iterations 5 --log-every 1");
    let wanted = format!(
        "planar: 75.00 % is the share of the largest class; to find out why it is not beaten: planar diagnose --device \
         cpu --learning-rate 1e-6 --iterations 5 --data {}\n",
        file.display()
    );
    assert_eq!(said, wanted);
    assert_eq!(train(rare, "--learning-rate 1e-6 --iterations 5 -q"), "");
    assert_eq!(train(rare, "--iterations 2000"), "");
    // the samples held out lie where the other class was in training: which they are depends on labels and seed alone
    let labels: Vec<u8> = (0..40).map(|k| u8::from(k % 4 == 0)).collect();
    let places: Vec<f64> = (0..40).map(f64::from).collect();
    let (_, held_out) =
        Dataset::from_points("places", None, 1, &places, labels.clone()).unwrap().split(0.2, 1).unwrap();
    let row = |(place, label): (&f64, &u8)| {
        let x = if held_out.inputs().contains(place) { 1 - label } else { *label };
        format!("{x},{label}\n")
    };
    let swapped: String = places.iter().zip(&labels).map(row).collect();
    let said = train(&swapped, "--test-fraction 0.2 --iterations 500");
    let wanted = "planar: 75.00 % is the share of the largest class among the samples held out: what was learnt does not hold for them\n";
    assert_eq!(said, wanted);
    // a fifth of two samples is none
    let few: String = (0..22).map(|k| format!("{},{}\n", k / 20, k / 20)).collect();
    let said = train(&few, "--test-fraction 0.2 --iterations 500");
    let wanted = "planar: every sample held out is of class 0: they do not show whether the classes are told apart\n";
    assert_eq!(said, wanted);
    // half of one sample is one
    let alone = train("0,0\n1,0\n2,0\n3,0\n4,0\n5,0\n6,1\n", "--test-fraction 0.5 --iterations 5");
    assert_eq!(alone, "planar: every sample is of class 0: there is nothing to tell apart\n");
}

#[test]
fn a_diverged_run_ends_with_5_and_says_from_when_on() {
    let (stdout, stderr, code) = run(planar("train --json -q --activation relu --learning-rate 1e6"));
    assert_eq!(code, 5, "{stderr}");
    assert!(stderr.contains("diverged: not finite from iteration"), "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["status"], "diverged");
    assert_eq!(report["final"]["cost"], Value::Null);
    let last = report["costs"].as_array().unwrap().last().unwrap();
    assert_eq!(last["cost"], Value::Null);
    assert!(last["iteration"].as_u64().unwrap() < 100, "{last}");
}

#[test]
fn without_json_a_summary_goes_to_stdout_and_the_choice_of_device_to_stderr() {
    let (stdout, stderr, code) = run(planar("train --iterations 100"));
    assert_eq!(code, 0, "{stderr}");
    for word in ["iteration", "cost", "accuracy", "flower, 400 × 2, seed 1", "tanh"] {
        assert!(stdout.contains(word), "no '{word}' in: {stdout}");
    }
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("training on the CPU: there is no hardware GPU"), "{stderr}");
    let (_, stderr, _) = run(planar("train --iterations 100 -q"));
    assert_eq!(stderr, "");
    let (_, stderr, _) = run(planar("train --iterations 100 -v"));
    assert!(stderr.lines().count() > 1, "{stderr}");
}

#[test]
fn devices_works_where_there_is_none() {
    let (stdout, stderr, code) = run(planar("devices"));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("No GPU adapter answers"), "{stdout}");
    assert!(stdout.contains("auto takes the CPU: there is no GPU adapter"), "{stdout}");
    let report = json("devices --json");
    assert_eq!(report["adapters"], Value::Array(Vec::new()));
    assert_eq!(report["auto"]["takes"], "the CPU");
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in ["--help", "train --help", "devices --help", "--version"] {
        let (stdout, stderr, code) = run(planar(arguments));
        assert_eq!((code, stderr.as_str()), (0, ""), "{arguments}");
        assert!(stdout.contains("planar"), "{stdout}");
    }
}

#[test]
fn a_wrong_setting_is_refused_in_one_line() {
    for (arguments, words) in [
        ("--activation swish", &["'swish'", "tanh, sigmoid, relu, leaky-relu:SLOPE, identity"][..]),
        ("--activation leaky-relu:steep", &["slope", "finite number", "'steep'"]),
        ("--activation leaky-relu:nan", &["slope", "finite number", "'nan'"]),
        ("--data flowr", &["'flowr'", "flower, noisy-circles", "FILE.csv"]),
        ("--hidden 0", &["hidden units", "between 1 and", "not 0"]),
        ("--hidden -3", &["--hidden", "-3"]),
        ("--hidden 4,5", &["hidden units", "one number", "planar sweep --hidden 4,5", "'4,5'"]),
        ("--hidden 1..20", &["hidden units", "one number", "planar sweep --hidden 1..20"]),
        ("--lr 0.1:1:log3", &["learning rate", "one number", "planar sweep --learning-rate 0.1:1:log3"]),
        ("--epochs 10,20", &["number of epochs", "one number", "planar sweep --epochs 10,20"]),
        ("--epochs 1.5", &["number of epochs", "a whole number", "1e4", "'1.5'"]),
        ("--iterations 1e-3", &["number of iterations", "a whole number", "'1e-3'"]),
        ("--log-every 2.5", &["logging interval", "a whole number", "'2.5'"]),
        ("--hidden 99999999999", &["hidden units", "between 1 and"]),
        ("--iterations 0", &["iterations", "at least 1", "not 0"]),
        ("--iterations ten", &["--iterations", "'ten'"]),
        ("--log-every 0", &["logging interval", "at least 1"]),
        ("--learning-rate -1", &["learning rate", "above 0", "not -1"]),
        ("--learning-rate 0", &["learning rate", "above 0", "not 0"]),
        ("--learning-rate 1e300", &["learning rate", "not 1e300"]),
        ("--learning-rate NaN", &["learning rate", "finite", "not NaN"]),
        ("--learning-rate inf", &["learning rate", "finite", "not inf"]),
        ("--learning-rate 1e-60", &["learning rate", "range of f32"]),
        ("--init-scale nan", &["scale", "finite number", "'nan'"]),
        ("--init-seed -1", &["--init-seed", "-1"]),
        ("--samples 401", &["samples", "even number", "not 401"]),
        ("--samples 0", &["samples", "even number", "not 0"]),
        ("--precision f16", &["precision", "f32 or f64", "'f16'"]),
        ("--plan quick", &["plan", "'quick'"]),
        ("--device cpu --plan layered", &["--plan layered", "GPU"]),
        ("--device gpu --precision f64", &["f64", "CPU", "--precision f32"]),
        ("--threads 0", &["threads", "between 1 and 1024", "not 0"]),
        ("--threads 1025", &["threads", "between 1 and 1024", "not 1025"]),
        ("--device gpu --threads 2", &["--threads", "CPU engine"]),
        ("--precision f64 --threads 2", &["--threads", "reference"]),
        ("--label class", &["label", "flower", "CSV"]),
        ("--hiden 3", &["--hiden", "--hidden"]),
        ("-q -v", &["quiet", "verbose"]),
    ] {
        assert_refused(planar(&format!("train {arguments}")), 2, words);
    }
    assert_refused(planar("trian"), 2, &["trian", "train"]);
}

#[test]
fn a_csv_file_that_is_no_data_set_is_refused_with_its_place() {
    let folder = TempDir::new().unwrap();
    for (name, content, words) in [
        ("empty.csv", "", &["empty"][..]),
        ("ragged.csv", "1,2,0\n1,2\n", &["line 2", "2 cells", "3 are expected"]),
        ("text.csv", "x,y,class\n1,2,0\n3,four,1\n", &["line 3, column 2", "four", "not a number"]),
        ("label.csv", "1,2,0\n2,3,\n", &["line 2, column 3", "empty", "a label"]),
        ("nan.csv", "1,2,0\nnan,2,1\n", &["line 2, column 1", "nan", "a missing value"]),
        ("infinite.csv", "1,inf,0\n", &["line 1, column 2", "inf", "finite"]),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, content).unwrap();
        let mut command = planar("train --data");
        command.arg(&file);
        assert_refused(command, 2, &[&[name], words].concat());
    }
    let mut command = planar("train --data");
    command.arg(folder.path().join("missing.csv"));
    assert_refused(command, 2, &["missing.csv"]);
    let mut command = planar("train --label colour --data");
    command.arg(folder.path().join("text.csv"));
    assert_refused(command, 2, &["colour", "class"]);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 6, "nothing is written beside the data");
}

#[test]
fn bench_measures_what_is_asked_for() {
    let report = json("bench --json -q --only engine,reference --hidden 3 --samples 50 --seconds 0.05");
    let results = report["results"].as_array().unwrap();
    let plans: Vec<&str> = results.iter().map(|result| result["plan"].as_str().unwrap()).collect();
    assert_eq!(plans, ["engine", "reference", "reference"]);
    for result in results {
        assert!(result["us_per_iteration"].as_f64().unwrap() > 0.0, "{result}");
    }
    assert_eq!(report["hidden"], 3);
    assert!(report["cpu_peak_gflops"].as_f64().unwrap() > 0.0);
    assert!(report["fastest"].as_str().unwrap().contains("engine"), "{report}");
}

#[test]
fn bench_takes_any_number_of_features_and_then_an_odd_number_of_samples() {
    let report = json("bench --json -q --only engine --features 30 --hidden 3 --samples 51 --seconds 0.05");
    assert_eq!((&report["features"], &report["samples"]), (&30.into(), &51.into()));
    let want = (4 * 30 + 8) * 3 * 51;
    assert_eq!(report["operations_per_iteration"].as_f64(), Some(f64::from(want)));
    let (stdout, stderr, code) =
        run(planar("bench -q --only engine --features 30 --hidden 3 --samples 51 --seconds 0.05"));
    assert!(code == 0 && stdout.contains("n_x = 30, n_h = 3, m = 51"), "{stdout}{stderr}");
    assert_refused(planar("bench -q --features 0"), 2, &["features", "at least 1"]);
}

#[test]
fn a_table_of_thirty_features_trains_and_is_predicted() {
    let folder = TempDir::new().unwrap();
    let [table, weights] = ["table.csv", "weights.safetensors"].map(|name| folder.path().join(name));
    let row = |k: usize| {
        let cells: String = (0..30).map(|f| format!("{},", ((k * 7 + f * 13) % 17) as f64 - 8.0)).collect();
        format!("{cells}{}\n", u8::from(k.is_multiple_of(3_usize)))
    };
    fs::write(&table, (0..51).map(row).collect::<String>()).unwrap();
    let mut command = planar("train --json -q --hidden 5 --learning-rate 0.1 --iterations 50");
    command.arg("--data").arg(&table).arg("--checkpoint").arg(&weights);
    let (stdout, stderr, code) = run(command);
    let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{code}: {stderr}"));
    assert_eq!((&report["data"]["features"], &report["network"]["inputs"]), (&30.into(), &30.into()));
    let mut command = planar("predict --json -q");
    command.arg(&weights).arg(&table);
    let (stdout, stderr, code) = run(command);
    assert_eq!(code, 0, "{stderr}");
    let predicted: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(predicted["accuracy"], report["final"]["accuracy"], "{predicted}");
}

#[test]
fn bench_that_measures_nothing_says_why() {
    assert_refused(planar("bench --only split -q"), 3, &["no GPU adapter"]);
    for (arguments, words) in [
        ("--only fast", &["plan", "engine, reference, split, resident or layered", "'fast'"][..]),
        ("--seconds 0", &["seconds", "above 0"]),
        ("--threads 0", &["threads", "between 1 and 1024"]),
        ("--samples 3", &["samples", "even"]),
        ("--hidden 0", &["hidden units"]),
    ] {
        assert_refused(planar(&format!("bench -q {arguments}")), 2, words);
    }
}

#[test]
fn compare_agrees_with_itself_and_lists_every_tensor() {
    let report = json("compare --json -q --iterations 20 --hidden 5 --left reference-f64 --right cpu");
    assert_eq!(report["agrees"], true);
    let steps = report["steps"].as_array().unwrap();
    let iterations: Vec<u64> = steps.iter().map(|step| step["iteration"].as_u64().unwrap()).collect();
    assert_eq!(iterations, [0, 1, 10, 20]);
    for step in steps {
        let differences = step["differences"].as_array().unwrap();
        let tensors: Vec<&str> = differences.iter().map(|of| of["tensor"].as_str().unwrap()).collect();
        assert_eq!(tensors, ["logits", "cost", "dW1", "db1", "dW2", "db2", "W1", "b1", "W2", "b2"]);
        assert!(differences.iter().all(|of| of["agrees"] == true && of["bound"].as_f64().unwrap() > 0.0));
    }
    assert_eq!(report["curves"]["iterations"], 20);
    let (stdout, stderr, code) = run(planar("compare --iterations 3 --device cpu"));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("verdict  agree") && stdout.contains("dW1"), "{stdout}");
}

/// f64 goes on where a sum leaves the range of f32: that is told, and is no bug of either.
#[test]
fn compare_tells_an_overflow_of_f32_from_a_bug() {
    let arguments = "compare --json -q --right reference-f32 --activation relu --learning-rate 1e22 --iterations 5";
    let report = json(arguments);
    assert_eq!((&report["agrees"], &report["repeats"]), (&true.into(), &serde_json::json!([true, true])));
    assert!(report["curves"]["parted"].as_u64().unwrap() < 5, "{}", report["curves"]);
    assert!(report["curves"]["horizon"].as_u64().unwrap() < 5, "{}", report["curves"]);
}

#[test]
fn compare_and_selftest_refuse_what_they_do_not_know() {
    assert_refused(planar("compare -q --right GeForce"), 3, &["'GeForce'", "there is none"]);
    assert_refused(planar("compare -q --right gpu:quick"), 2, &["plan", "'quick'"]);
    assert_refused(planar("compare -q --right cpu --device gpu"), 2, &["--right", "--device"]);
    assert_refused(planar("compare -q --iterations 0"), 2, &["iterations", "at least 1"]);
    assert_refused(planar("selftest -q"), 3, &["no GPU adapter"]);
    let mut empty = planar("train -q");
    empty.args(["--device", ""]);
    assert_refused(empty, 2, &["device", "an adapter's number or part of its name"]);
}

#[test]
fn no_adapter_ends_with_3_and_says_what_was_looked_for() {
    assert_refused(planar("train --device gpu"), 3, &["no GPU adapter", "looked for", "there is none"]);
    assert_refused(planar("train --device GeForce"), 3, &["'GeForce'", "there is none"]);
}

#[test]
fn train_draws_its_boundary_and_its_cost_and_prints_what_it_always_prints() {
    let folder = TempDir::new().unwrap();
    let plain = json("train --json -q --iterations 500 --hidden 5");
    for name in ["run.svg", "run.png"] {
        let mut command = planar("train --json -q --iterations 500 --hidden 5 --log-cost --axes 2,1 --plot");
        command.arg(folder.path().join(name));
        let (stdout, stderr, code) = run(command);
        assert_eq!((code, stderr.as_str()), (0, ""), "{name}");
        let report: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((&report["costs"], &report["final"]), (&plain["costs"], &plain["final"]));
    }
    let svg = fs::read_to_string(folder.path().join("run.svg")).unwrap();
    for words in ["flower, 2–5–1, tanh, rate 1.2, 500 iterations: cost 0.29", "decision boundary", "cost (logarithmic)"]
    {
        assert!(svg.contains(words), "{words}");
    }
    assert!(fs::read(folder.path().join("run.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_run_that_diverges_is_drawn_and_marked() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.svg");
    let mut command = planar("train -q --iterations 100 --activation relu --learning-rate 300 --plot");
    command.arg(&file);
    let (_, stderr, code) = run(command);
    assert_eq!(code, 5, "{stderr}");
    let svg = fs::read_to_string(file).unwrap();
    assert!(svg.contains("diverged at iteration"));
}

#[test]
fn a_picture_that_cannot_be_drawn_is_refused_before_training() {
    let folder = TempDir::new().unwrap();
    let line = folder.path().join("line.csv");
    fs::write(&line, "x,y\n0,0\n1,1\n2,1\n").unwrap();
    // an hour of training, if it began
    let long = "train --iterations 2000000000 --device cpu -q";
    for (arguments, words) in [
        ("--plot run.jpg", &["FILE.svg or FILE.png", "'run.jpg'"][..]),
        ("--plot no/such/folder/run.svg", &["folder that exists"]),
        ("--plot run.svg --axes 1,3", &["between 1 and 2", "1,3"]),
        ("--plot run.svg --axes 0,1", &["counted from 1", "'0,1'"]),
        ("--plot run.svg --axes 1", &["1,2", "'1'"]),
        ("--log-cost", &["--plot"]),
    ] {
        assert_refused(planar(&format!("{long} {arguments}")), 2, words);
    }
    let mut command = planar(&format!("{long} --plot run.svg --data"));
    command.arg(&line);
    assert_refused(command, 2, &["2 features", "has 1"]);
}

/// Z of 70,000 units on the held-out samples, or on a block of a picture's, is more than a textbook would store at once.
#[test]
fn a_wide_network_is_judged_by_what_was_held_out_and_drawn() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.svg");
    let wide = "--hidden 70000 --activation relu --samples 8000 --test-fraction 0.5 --learning-rate 0.001";
    let mut command = planar(&format!("train --json -q --device cpu --iterations 2 {wide} --plot"));
    command.arg(&file);
    let (stdout, stderr, code) = run(command);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert!(report["final"]["test_accuracy"].as_f64().unwrap() > 0.3, "{}", report["final"]);
    assert!(fs::read_to_string(file).unwrap().contains("decision boundary"));
}

/// Ctrl-C finishes the current chunk, reports what is done, and exits with 130.
#[cfg(unix)]
#[test]
fn ctrl_c_reports_what_is_done_and_ends_with_130() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("planar"));
    command.args(["train", "--iterations", "2000000000", "--device", "cpu", "--json", "-v"]);
    let child = common::command::training(command.stdout(Stdio::piped()));
    std::thread::sleep(Duration::from_millis(300));
    common::command::interrupt(&child);
    let asked = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(300));
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["status"], "interrupted");
    let last = report["costs"].as_array().unwrap().last().unwrap();
    assert!(last["iteration"].as_u64().unwrap() > 0);
    assert_eq!(report["final"]["cost"], last["cost"]);
}

#[test]
fn quiet_leaves_out_notes_and_no_result() {
    let folder = TempDir::new().unwrap();
    let [part, run_of] = ["part.jsonl", "run.safetensors"].map(|name| folder.path().join(name).display().to_string());
    for (arguments, file) in [
        ("sweep -q --init-seed 1..4 --iterations 20 --shard 1/2 --out", &part),
        ("train -q --iterations 20 --checkpoint", &run_of),
    ] {
        assert_eq!(run(with_files(arguments, &[file.as_ref()])).2, 0);
    }
    for (arguments, has_notes) in [
        (format!("sweep merge --partial {part}"), true),
        (format!("show {run_of}"), false),
        ("devices".into(), false),
        ("completions bash".into(), false),
        ("man train".into(), false),
    ] {
        let (stdout, stderr, code) = ended(&arguments);
        assert_eq!((code, stderr.is_empty()), (0, !has_notes), "{arguments}: {stderr}");
        assert_eq!(ended(&format!("{arguments} -q")), (stdout, String::new(), 0), "{arguments}");
    }
}
