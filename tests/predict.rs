//! `planar predict` and `planar plot`: their results match the training's, and what they cannot read is reported.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::fs;
use std::process::{Command, Stdio};

use common::command::{refused_with as assert_refused, run, with_files as planar};
use planar::checkpoint::Weights;
use planar::cpu::logits_at;
use planar::data::noisy_moons;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The moons as a table with a header, their labels first, last or left out.
fn moons(label: Option<usize>) -> String {
    let data = noisy_moons(200, 1).unwrap();
    let mut rows = vec![vec!["x".to_owned(), "y".to_owned()]];
    rows.extend((0..200).map(|s| data.point(s).map(|value| value.to_string()).collect()));
    if let Some(at) = label {
        let labels = ["class".to_owned()].into_iter().chain(data.labels().iter().map(u8::to_string));
        rows.iter_mut().zip(labels).for_each(|(row, label)| row.insert(at, label));
    }
    rows.iter().map(|row| format!("{}\n", row.join(","))).collect()
}

/// A checkpoint of a training on the moons, and the training's report.
fn trained(folder: &TempDir) -> (std::path::PathBuf, Value) {
    let path = folder.path().join("moons.safetensors");
    let train = "train --json -q --device cpu --data noisy-moons --activation leaky-relu:0.1 --iterations 800";
    let (stdout, stderr, code) = run(planar(&format!("{train} --checkpoint"), &[&path]));
    assert_eq!(code, 0, "{stderr}");
    (path, serde_json::from_str(&stdout).unwrap())
}

/// W1, b1, W2, b2 by the format's documented layout, without metadata: the logit is 2·g(x) − 1.
fn anyones() -> Vec<u8> {
    let tensor =
        |shape: Value, at: usize| json!({"dtype": "F32", "shape": shape, "data_offsets": [4 * at, 4 * at + 4]});
    let header = json!({
        "W1": tensor(json!([1, 1]), 0), "b1": tensor(json!([1]), 1),
        "W2": tensor(json!([1, 1]), 2), "b2": tensor(json!([1]), 3),
    })
    .to_string();
    let values = [1.0_f32, 0.0, 2.0, -1.0].into_iter().flat_map(f32::to_le_bytes).collect::<Vec<_>>();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &values].concat()
}

/// Probability and class of each row below the header.
fn table(stdout: &str) -> Vec<(f64, u8)> {
    let mut lines = stdout.lines();
    assert_eq!(lines.next(), Some("probability,class"));
    let row = |line: &str| {
        let (probability, class) = line.split_once(',').unwrap();
        (probability.parse().unwrap(), class.parse().unwrap())
    };
    lines.map(row).collect()
}

#[test]
fn what_training_reported_is_predicted_again_with_labels_first_last_or_left_out() {
    let folder = TempDir::new().unwrap();
    let (path, trained) = trained(&folder);
    let file = folder.path().join("moons.csv");
    let mut tables = Vec::new();
    for (flags, label) in [("", Some(2)), ("--label class", Some(0)), ("", None)] {
        fs::write(&file, moons(label)).unwrap();
        let (stdout, stderr, code) = run(planar(&format!("predict --device cpu {flags}"), &[&path, &file]));
        assert_eq!(code, 0, "{stderr}");
        let accuracy = trained["final"]["accuracy"].as_f64().unwrap();
        let told =
            label.map_or(String::new(), |_| format!("planar: accuracy {:.2} % of 200 samples\n", 100. * accuracy));
        assert_eq!(stderr, told);
        let (stdout_json, _, code) = run(planar(&format!("predict --json {flags}"), &[&path, &file]));
        let report: Value = serde_json::from_str(&stdout_json).unwrap();
        assert_eq!((code, report["samples"].as_u64()), (0, Some(200)));
        assert_eq!(report.get("accuracy"), label.map(|_| &trained["final"]["accuracy"]));
        // training sums the losses in f32, prediction in f64
        let cost = |report: &Value| report["cost"].as_f64();
        let [cost, want] = [cost(&report), label.and_then(|_| cost(&trained["final"]))];
        assert_eq!(cost.is_some(), want.is_some());
        for (cost, want) in cost.into_iter().zip(want) {
            assert!((cost - want).abs() <= 1e-6 * want, "{cost}, not {want}");
        }
        let rows = report["predictions"].as_array().unwrap().iter();
        let rows = rows.map(|row| (row["probability"].as_f64().unwrap(), row["class"].as_u64().unwrap() as u8));
        assert_eq!(rows.collect::<Vec<_>>(), table(&stdout));
        tables.push(stdout);
    }
    assert!(tables.iter().all(|table| *table == tables[0]));
}

#[test]
fn probabilities_are_those_of_the_reference_and_the_class_is_1_above_a_half() {
    let folder = TempDir::new().unwrap();
    let (path, _) = trained(&folder);
    let weights = Weights::read(&path).unwrap();
    let network = weights.network(&path, None, None).unwrap();
    let data = noisy_moons(200, 1).unwrap();
    let points: Vec<f64> = (0..200).flat_map(|s| data.point(s).collect::<Vec<_>>()).collect();
    let logits = logits_at(&network, &weights.parameters, &points).unwrap();
    for (flags, bound) in [("", 1e-5), ("--precision f64", 1e-12)] {
        let mut command = planar(&format!("predict {flags}"), &[&path]);
        command.write_stdin(moons(None));
        let rows = table(&run(command).0);
        assert_eq!(rows.len(), 200);
        for ((probability, class), logit) in rows.into_iter().zip(&logits) {
            let want = 1.0 / (1.0 + (-logit).exp());
            assert!((probability - want).abs() <= bound, "{probability}, not {want}");
            assert_eq!(class == 1, probability > 0.5);
        }
    }
}

#[test]
fn metrics_are_printed_instead_of_the_predictions_and_need_labels() {
    let folder = TempDir::new().unwrap();
    let weights = folder.path().join("mine.safetensors");
    fs::write(&weights, anyones()).unwrap();
    // the logit is 2·max(x, 0) − 1: above 0 from x = 0.5 on
    let predict = |flags: &str, table: &str| {
        let mut command = planar(&format!("predict --device cpu --activation relu {flags}"), &[&weights]);
        command.write_stdin(table.to_owned());
        command
    };
    let labelled = "x,class\n-1,0\n0,0\n1,0\n0.75,1\n2,1\n0,1\n3,1\n";
    let (stdout, stderr, code) = run(predict("--metrics", labelled));
    // by hand: of the 12 pairs, 8 are won and 2 are tied (−1 and 0 have the same logit)
    let wanted = "      said 0  said 1
is 0       2       1
is 1       1       3

accuracy       71.43 %
largest class  57.14 %, class 1
precision      0.7500
recall         0.7500
F1             0.7500
ROC AUC        0.7500
";
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.starts_with(wanted), "{stdout}");
    let json: Value = serde_json::from_str(&run(predict("--json", labelled)).0).unwrap();
    assert_eq!(json["scores"]["confusion"]["true_positives"], 3);
    assert_eq!((&json["scores"]["accuracy"], json["scores"]["roc_auc"].as_f64()), (&json["accuracy"], Some(0.75)));
    assert_refused(predict("--metrics", "x\n1\n"), 2, &["stdin", "no labels", "--metrics"]);
    let unlabelled: Value = serde_json::from_str(&run(predict("--json", "x\n1\n")).0).unwrap();
    assert_eq!(unlabelled.get("scores"), None);
}

#[test]
fn anyones_weights_predict_where_the_activation_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mine.safetensors");
    fs::write(&path, anyones()).unwrap();
    for (flags, input) in [("--activation relu", "-3\n1\n"), ("--activation relu -", "x\n\n-3\n1\n")] {
        let (before, last) = flags.split_at("--activation relu".len());
        let mut command = planar(&format!("predict {before}"), &[&path]);
        command.args(last.split_whitespace()).write_stdin(input);
        let (stdout, stderr, code) = run(command);
        assert_eq!((code, stderr.as_str()), (0, ""));
        let rows = table(&stdout);
        assert_eq!((rows[0].1, rows[1].1), (0, 1));
        assert!((rows[0].0 - 0.2689414).abs() < 1e-6 && (rows[1].0 - 0.7310586).abs() < 1e-6, "{rows:?}");
    }
    assert_refused(planar("predict", &[&path]), 2, &["mine.safetensors", "activation", "--activation tanh"]);
}

/// Weights by the format's documented layout, without metadata: the logits of an identity are x1, x2 and x1 + x2 − ½.
fn anyones_three(folder: &TempDir) -> std::path::PathBuf {
    let path = folder.path().join("three.safetensors");
    let shapes = [("W1", json!([2, 2]), 4), ("b1", json!([2]), 2), ("W2", json!([3, 2]), 6), ("b2", json!([3]), 3)];
    let mut at = 0;
    let mut header = serde_json::Map::new();
    for (name, shape, count) in shapes {
        header.insert(name.into(), json!({"dtype": "F32", "shape": shape, "data_offsets": [at, at + 4 * count]}));
        at += 4 * count;
    }
    let header = Value::Object(header).to_string();
    let values = [1.0_f32, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, -0.5];
    let values: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(&path, [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &values].concat()).unwrap();
    path
}

#[test]
fn anyones_weights_answer_with_classes_labels_or_numbers_as_output_says() {
    let folder = TempDir::new().unwrap();
    let path = anyones_three(&folder);
    let predict = |flags: &str, input: &'static str| {
        let mut command = planar(&format!("predict --device cpu --activation identity {flags}"), &[&path]);
        command.write_stdin(input);
        command
    };
    // named classes are those of the labels, sorted: the largest logits are x2, x1 and their sum
    let (stdout, stderr, code) = run(predict("--label of", "x1,x2,of\n-2,0,b\n2,-3,a\n1,1,c\n"));
    assert_eq!((code, stderr.lines().last()), (0, Some("planar: accuracy 100.00 % of 3 samples")), "{stdout}{stderr}");
    assert!(stdout.lines().map(|line| line.rsplit(',').next().unwrap()).eq(["class", "b", "a", "c"]), "{stdout}");
    let (stdout, _, code) = run(predict("", "x1,x2,of\n-2,0,1\n2,-3,0\n1,1,2\n"));
    assert_eq!((code, stdout.lines().last().and_then(|line| line.rsplit(',').next())), (0, Some("2")), "{stdout}");
    let (stdout, stderr, code) = run(predict("--output squares", "1,2,1,2,2.5\n0,1,0,1,0.5\n"));
    assert_eq!((code, stdout.as_str()), (0, "y1,y2,y3\n1.0,2.0,2.5\n0.0,1.0,0.5\n"), "{stderr}");
    assert!(stderr.starts_with("planar: R² 1.0000"), "{stderr}");
    let (stdout, stderr, code) = run(predict("--output logistic", "0,2,0,1,1\n-9,0,0,0,0\n"));
    assert!(code == 0 && stdout.starts_with("y1,y2,y3\n0.5,0.8"), "{stdout}{stderr}");
    assert!(stderr.starts_with("planar: accuracy 100.00 %"), "{stderr}");
    assert_refused(predict("--output softmax", "1,2,3,4,5\n"), 2, &["5 columns", "2 inputs", "a label"]);
    assert_refused(predict("--output squares", "1,2,3\n"), 2, &["3 columns", "2 inputs", "3 labels"]);
    let (moons, _) = trained(&folder);
    let mut command = planar("predict --output squares", &[&moons]);
    command.write_stdin("1,2\n");
    assert_refused(command, 2, &["output is logistic", "squares is given", "leave out --output squares"]);
}

#[test]
fn weights_of_several_hidden_layers_predict_with_nothing_said_of_the_device() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("deep.safetensors");
    let tensor = |at: usize| json!({"dtype": "F32", "shape": [1, 1], "data_offsets": [4 * at, 4 * at + 4]});
    let names = ["W1", "b1", "W2", "b2", "W3", "b3"].into_iter().enumerate();
    let header = Value::Object(names.map(|(at, name)| (name.to_owned(), tensor(at))).collect()).to_string();
    // the logit is 2·g(3·g(x) + 1) − 8
    let values = [1.0_f32, 0.0, 3.0, 1.0, 2.0, -8.0].into_iter().flat_map(f32::to_le_bytes).collect::<Vec<_>>();
    fs::write(&path, [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &values].concat()).unwrap();
    let mut command = planar("predict --activation relu", &[&path]);
    command.write_stdin("1\n2\n");
    let (stdout, stderr, code) = run(command);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let want = [(0.0_f64, 0), (6.0, 1)].map(|(logit, class)| (1.0 / (1.0 + (-logit).exp()), class));
    for (got, want) in table(&stdout).into_iter().zip(want) {
        assert!((got.0 - want.0).abs() <= 1e-6 && got.1 == want.1, "{got:?}, not {want:?}");
    }
    let mut command = planar("predict --activation relu --device cpu", &[&path]);
    command.write_stdin("1\n2\n");
    let (of_engine, stderr, code) = run(command);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for (got, want) in table(&of_engine).into_iter().zip(want) {
        assert!((got.0 - want.0).abs() <= 1e-6 && got.1 == want.1, "{got:?}, not {want:?}");
    }
}

#[test]
fn what_it_cannot_use_is_refused_in_one_line() {
    let folder = TempDir::new().unwrap();
    let (path, _) = trained(&folder);
    for (flags, input, words) in [
        ("", "", &["stdin", "empty", "2 inputs"][..]),
        ("", "x,y\n", &["stdin", "no samples below the header"]),
        ("", "1\n", &["1 column", "2 inputs"]),
        ("", "1,2,0,1\n", &["4 columns", "2 inputs", "a label"]),
        ("", "1,2\n3\n", &["line 2", "1 cell"]),
        ("", "x,y\n1,?\n", &["line 2, column 2", "a missing value"]),
        ("", "1,2,3\n", &["column 3", "sample 1", "none of the network's", "\"0\", \"1\""]),
        ("--label class", "x,class\n1,0\n", &["2 columns", "2 inputs and the label \"class\""]),
        ("--label class", "x,y,z\n1,1,0\n", &["no column is named \"class\""]),
        ("--label class", "1,1,0\n", &["no header row"]),
        ("--activation tanh", "1,2\n", &["leaky-relu:0.1", "--activation tanh"]),
        ("--plan fused", "1,2\n", &["--plan split", "--device gpu"]),
    ] {
        let mut command = planar(&format!("predict {flags}"), &[&path]);
        command.write_stdin(input);
        assert_refused(command, 2, words);
    }
    let nowhere = folder.path().join("nowhere");
    assert_refused(planar("predict", &[&nowhere, &path]), 2, &["nowhere"]);
    assert_refused(planar("predict", &[&path, &nowhere]), 2, &["nowhere"]);
    assert_refused(planar("predict", &[&path, &path]), 2, &["moons.safetensors"]);
    assert_refused(planar("predict", &[]), 2, &["FILE.safetensors"]);
    let mut command = planar("predict --device gpu", &[&path]);
    command.write_stdin("1,2\n");
    assert_refused(command, 3, &["no GPU adapter"]);
}

/// `planar predict … | head -1` is not a failure.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = TempDir::new().unwrap();
    let (path, _) = trained(&folder);
    let file = folder.path().join("many.csv");
    fs::write(&file, "1,2\n".repeat(50_000)).unwrap();
    for flags in [&[][..], &["--json"]] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("planar"))
            .arg("predict")
            .args([&path, &file])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
    }
}

#[test]
fn a_checkpoint_is_drawn_with_its_costs_and_weights_alone_without() {
    let folder = TempDir::new().unwrap();
    let (path, trained) = trained(&folder);
    let file = folder.path().join("run.svg");
    let (stdout, stderr, code) = run(planar("plot --data noisy-moons --out", &[&file, &path]));
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""));
    let picture = fs::read_to_string(&file).unwrap();
    let accuracy = 100.0 * trained["final"]["accuracy"].as_f64().unwrap();
    let title = format!("noisy-moons, 2–4–1, leaky-relu:0.1, rate 1.2, 800 iterations: accuracy {accuracy:.2} %");
    for words in [title.as_str(), "decision boundary", ">cost<", "iteration"] {
        assert!(picture.replace('\n', "").contains(words), "no '{words}' in the picture");
    }
    let (_, stderr, code) = run(planar("plot --data noisy-moons --log-cost --axes 2,1 --out", &[&file, &path]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_ne!(fs::read_to_string(&file).unwrap(), picture);

    // W1, b1, W2, b2 alone
    let plain = folder.path().join("plain.safetensors");
    let bytes = fs::read(&path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    header.as_object_mut().unwrap().remove("__metadata__").unwrap();
    let header = header.to_string();
    let whole = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes[8 + length..]].concat();
    fs::write(&plain, whole).unwrap();
    let draw = "plot --activation leaky-relu:0.1 --data noisy-moons";
    let refused = planar(&format!("{draw} --out"), &[&file, &plain]);
    assert_refused(refused, 2, &["it shows another run", "seed 2", "from", "plain.safetensors", "--force"]);
    fs::remove_file(&file).unwrap();
    let (_, stderr, code) = run(planar(&format!("{draw} --out"), &[&file, &plain]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let picture = fs::read_to_string(&file).unwrap().replace('\n', "");
    assert!(picture.contains(&format!("leaky-relu:0.1: accuracy {accuracy:.2} %")) && !picture.contains(">cost<"));
    assert_refused(planar("plot --out", &[&file, &plain]), 2, &["--activation tanh"]);
    assert_refused(planar(&format!("{draw} --log-cost --out"), &[&file, &plain]), 2, &["no costs", "--log-cost"]);
}

#[test]
fn other_data_than_was_learnt_is_drawn_and_told() {
    let folder = TempDir::new().unwrap();
    let (path, _) = trained(&folder);
    let file = folder.path().join("run.png");
    for (data, words) in [
        ("", &["200 samples of noisy-moons", "400 samples of flower"][..]),
        ("--data noisy-moons --data-seed 2", &["other 200 samples of noisy-moons"]),
    ] {
        let (_, stderr, code) = run(planar(&format!("plot {data} --out"), &[&file, &path]));
        assert_eq!((code, stderr.lines().count()), (0, 1), "{stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{stderr}");
        assert_eq!(&fs::read(&file).unwrap()[..4], b"\x89PNG");
    }
    for (flags, words) in [
        ("--out run.jpg", &["run.jpg"][..]),
        ("--out run.svg --axes 1,3", &["axes"]),
        ("--out run.svg --activation relu", &["leaky-relu:0.1"]),
        ("", &["--out"]),
    ] {
        assert_refused(planar(&format!("plot {flags}"), &[&path]), 2, words);
    }
}
