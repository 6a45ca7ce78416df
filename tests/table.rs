//! Tables as people have them, from file to prediction: what trains, what is told, and what is refused. The files of
//! `tests/cases` are ones that have failed.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::command::{refused, run, with_files as planar};
use serde_json::Value;
use tempfile::TempDir;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data").join(name)
}

/// The report of a training on a file, and what was told meanwhile of the file.
#[track_caller]
fn trained(flags: &str, file: &Path) -> (Value, Vec<String>) {
    let (stdout, stderr, code) = run(planar(&format!("train --json --device cpu {flags} --data"), &[file]));
    assert_eq!(code, 0, "{}: {stderr}", file.display());
    let of_file = |line: &&str| !line.contains("share of the largest class");
    (serde_json::from_str(&stdout).unwrap(), stderr.lines().filter(of_file).map(String::from).collect())
}

fn accuracy(report: &Value) -> f64 {
    report["final"]["accuracy"].as_f64().unwrap()
}

/// A file in a folder of its own, which lasts as long as the first value.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

/// 200 rows of two features far from 0, of which the second decides.
fn prices() -> String {
    let row = |k: u32| {
        let (area, price) = (40 + k * 37 % 100, 100_000 + k * 7919 % 100_000);
        format!("{area},{price},{}\n", if price > 150_000 { "dear" } else { "cheap" })
    };
    std::iter::once("area,price,kind\n".to_owned()).chain((0..200).map(row)).collect()
}

#[test]
fn an_odd_cell_in_the_first_row_is_an_error_with_its_place() {
    for (name, words) in [
        ("q_first.csv", ["line 1, column 1", "\"?\" stands for a missing value", "--missing drop"]),
        ("na_first.csv", ["line 1, column 1", "\"NA\" stands for a missing value", "--missing mean"]),
        ("typo_first.csv", ["line 1, column 1", "\"1.O5\" is not a number", "--header yes"]),
    ] {
        refused(planar("train --data", &[&case(name)]), &words);
    }
    let (report, told) = trained("--iterations 10 --missing drop", &case("q_first.csv"));
    assert_eq!((report["data"]["samples"].as_u64(), told.len()), (Some(40), 1));
    assert!(told[0].contains("1 of 41 rows are left out"), "{told:?}");
    let (report, told) = trained("--iterations 10 --missing mean", &case("q_first.csv"));
    assert_eq!(report["data"]["samples"].as_u64(), Some(41));
    assert!(told[0].contains("1 missing cell in x1 is filled with the mean"), "{told:?}");
}

#[test]
fn the_index_of_pandas_is_dropped_and_told() {
    let (report, told) = trained("", &case("pandas_index.csv"));
    assert_eq!(report["data"]["features"], 2);
    assert_eq!(report["data"]["dropped"], serde_json::json!(["column 1"]));
    assert_eq!(accuracy(&report), 1.0);
    assert_eq!(told, ["planar: the first column has no name and counts 0, 1, …: it is dropped"]);
}

#[test]
fn summary_and_json_name_the_label_and_the_share_of_each_class() {
    let file = case("target_first_binary.csv");
    let (report, told) = trained("--iterations 10", &file);
    let data = &report["data"];
    assert_eq!((&data["label"], &data["feature_names"]), (&"smoker".into(), &serde_json::json!(["target", "height"])));
    let want = [("0", 71), ("1", 49)];
    for (class, (name, samples)) in data["classes"].as_array().unwrap().iter().zip(want) {
        assert_eq!((&class["name"], &class["samples"]), (&name.into(), &samples.into()));
        assert_eq!(class["share"].as_f64(), Some(f64::from(samples) / 120.0));
    }
    assert!(told[0].contains("the label is smoker") && told[0].contains("--label target"), "{told:?}");
    let (stdout, _, code) = run(planar("train --device cpu --iterations 10 --label target --data", &[&file]));
    assert_eq!(code, 0);
    assert!(stdout.contains("label          target: 0 "), "{stdout}");
}

#[test]
fn a_label_in_the_first_column_is_named_by_its_number() {
    let (report, _) = trained("--label 1", &case("label_first_nohdr.csv"));
    assert_eq!((&report["data"]["label"], accuracy(&report)), (&"column 1".into(), 1.0));
}

#[test]
fn any_two_labels_are_mapped_and_told() {
    for (name, classes) in [
        ("labels_str.csv", ["blue", "red"]),
        ("labels_bool.csv", ["False", "True"]),
        ("labels_pm1.csv", ["-1", "1"]),
        ("labels_12.csv", ["1", "2"]),
    ] {
        let (report, told) = trained("", &case(name));
        let [zero, one] = classes;
        let line = format!("planar: {zero} is class 0, {one} is class 1: --positive names class 1");
        assert_eq!(told, [line], "{name}");
        assert_eq!(report["data"]["classes"][1]["name"], one);
        assert!(accuracy(&report) >= 0.97, "{name}");
        let (report, told) = trained(&format!("--iterations 10 --positive {zero}"), &case(name));
        assert!(told[0].contains(&format!("{one} is class 0, {zero} is class 1")), "{told:?}");
        assert_eq!(report["data"]["classes"][1]["name"], zero);
    }
}

#[test]
fn every_separator_is_found() {
    for name in [
        "semicolon.csv",
        "semicolon_decimal_comma.csv",
        "semicolon_decimal_comma_nohdr.csv",
        "tab.tsv",
        "space.txt",
        "sep_line.csv",
    ] {
        let (report, told) = trained("", &case(name));
        assert_eq!((report["data"]["samples"].as_u64(), accuracy(&report)), (Some(40), 1.0), "{name}");
        let wanted = usize::from(name.contains("comma"));
        assert_eq!(told.len(), wanted, "{told:?}");
    }
}

#[test]
fn lines_of_number_signs_are_skipped_before_the_first_row_alone() {
    for name in ["comment_first.csv", "savetxt_header.csv"] {
        let (report, told) = trained("", &case(name));
        assert_eq!((accuracy(&report), told.len()), (1.0, 1), "{told:?}");
        assert!(told[0].contains("1 line of #"), "{told:?}");
    }
    refused(planar("train --data", &[&case("comment_mid.csv")]), &["line 5", "a line of #"]);
}

#[test]
fn features_that_would_stop_the_network_are_standardised_and_told() {
    for (name, least) in [("exam.csv", 0.99), ("percent.csv", 0.98), ("salary2.csv", 0.99)] {
        let (report, told) = trained("", &case(name));
        assert_eq!(report["data"]["scale"], "standard", "{name}");
        assert!(accuracy(&report) >= least, "{name}: {}", accuracy(&report));
        assert!(told[0].contains("are standardised") && told[0].contains("--scale none"), "{told:?}");
        let (report, told) = trained("--scale none", &case(name));
        assert_eq!((&report["data"]["scale"], told.len()), (&"none".into(), 0), "{told:?}");
        assert!(accuracy(&report) < least - 0.2, "{name} needs no scaling: {}", accuracy(&report));
    }
    let (report, _) = trained("--scale minmax", &case("exam.csv"));
    assert_eq!(report["data"]["scale"], "minmax");
    assert!(accuracy(&report) >= 0.97, "{}", accuracy(&report));
}

#[test]
fn small_features_and_generated_sets_stay_as_they_are() {
    let (report, told) = trained("--iterations 10", &case("tab.tsv"));
    assert_eq!((&report["data"]["scale"], told.len()), (&"none".into(), 0));
    let json = |flags: &str| -> Value {
        let (stdout, stderr, code) = run(planar(&format!("train --json --device cpu --iterations 100 {flags}"), &[]));
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).unwrap()
    };
    assert_eq!(json("")["costs"], json("--scale none")["costs"]);
    assert_ne!(json("")["costs"], json("--scale standard")["costs"]);
    assert_eq!(json("--data blobs --scale standard")["data"]["scale"], "standard");
}

#[test]
fn more_than_two_classes_are_named_with_the_way_out() {
    let iris = golden("iris.csv");
    let words = ["3 classes", "target", "setosa 50, versicolor 50, virginica 50", "--positive CLASS"];
    for command in ["train", "sweep", "compare", "diagnose", "gradcheck"] {
        refused(planar(&format!("{command} --output logistic --scale none --data"), &[&iris]), &words);
    }
    refused(
        planar("train --output logistic --scale none --data", &[&golden("wine.csv")]),
        &["3 classes", "class_0 59, class_1 71, class_2 48"],
    );
    let (report, told) = trained("--positive setosa", &iris);
    assert_eq!((accuracy(&report), &report["data"]["classes"][0]["name"]), (1.0, &"not setosa".into()));
    assert!(told[0].contains("setosa is class 1, and 2 other labels are class 0"), "{told:?}");
}

#[test]
fn two_classes_of_wine_are_told_apart_on_rows_that_were_held_out() {
    let text = fs::read_to_string(golden("wine.csv")).unwrap();
    let two: String = text.lines().filter(|line| !line.ends_with("class_2")).map(|line| format!("{line}\n")).collect();
    let (_folder, path) = file("wine.csv", two);
    let (report, told) = trained("--test-fraction 0.3", &path);
    assert!(report["final"]["test_accuracy"].as_f64().unwrap() >= 0.95, "{report}");
    assert_eq!(report["data"]["scale"], "standard");
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn scaling_is_of_the_training_samples_alone() {
    let (_folder, path) = file("prices.csv", prices());
    let checkpoint = path.with_file_name("run.safetensors");
    let columns = |flags: &str| -> Value {
        let train = format!("train -q --device cpu --iterations 5 {flags} --force --checkpoint");
        assert_eq!(run(planar(&train, &[&checkpoint, "--data".as_ref(), &path])).2, 0);
        planar_state(&checkpoint)["columns"].clone()
    };
    let (all, some) = (columns(""), columns("--test-fraction 0.5"));
    let mean = |columns: &Value| columns["features"][1]["offset"].as_f64().unwrap();
    let text = prices();
    let values: Vec<f64> = text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect();
    let whole = values.iter().sum::<f64>() / 200.0;
    assert!((mean(&all) - whole).abs() < 1e-9 * whole, "{} {whole}", mean(&all));
    assert!((mean(&some) - whole).abs() > 1e-3, "{}", mean(&some));
    assert_eq!(all["classes"], serde_json::json!(["cheap", "dear"]));
    assert_eq!(all["label"]["name"], "kind");
}

/// The state in a checkpoint's metadata.
fn planar_state(checkpoint: &Path) -> Value {
    let bytes = fs::read(checkpoint).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    serde_json::from_str(header["__metadata__"]["planar"].as_str().unwrap()).unwrap()
}

#[test]
fn predictions_are_scaled_named_and_in_the_order_of_the_rows() {
    let (folder, path) = file("prices.csv", prices());
    let checkpoint = folder.path().join("run.safetensors");
    let train = "train -q --json --device cpu --iterations 2000 --checkpoint";
    let (stdout, stderr, code) = run(planar(train, &[&checkpoint, "--data".as_ref(), &path]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let told = format!("planar: accuracy {:.2} % of 200 samples\n", 100.0 * accuracy(&report));
    let (table, stderr, code) = run(planar("predict", &[&checkpoint, &path]));
    assert_eq!((code, stderr), (0, told));
    let classes: Vec<&str> = table.lines().skip(1).map(|line| line.split_once(',').unwrap().1).collect();
    let labels: Vec<String> = prices().lines().skip(1).map(|line| line.rsplit(',').next().unwrap().into()).collect();
    let right = classes.iter().zip(&labels).filter(|(class, label)| *class == label).count();
    assert_eq!(right as f64 / 200.0, accuracy(&report));
    assert!(right > 190, "{right}");

    // columns in another order, one more, and no label
    let other: String = prices()
        .lines()
        .enumerate()
        .map(|(k, line)| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{};{};{}\n", cells[1], if k == 0 { "note".into() } else { format!("row {k}") }, cells[0])
        })
        .collect();
    let mut command = planar("predict", &[&checkpoint, "-".as_ref()]);
    command.write_stdin(other);
    let ignored = "planar: columns that were not learnt are ignored: note\n";
    assert_eq!(run(command), (table.clone(), ignored.to_owned(), 0));

    // gzip
    let packed = folder.path().join("prices.csv.gz");
    let mut gzip = flate2::write::GzEncoder::new(fs::File::create(&packed).unwrap(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, prices().as_bytes()).unwrap();
    gzip.finish().unwrap();
    assert_eq!(run(planar("predict -q", &[&checkpoint, &packed])).0, table);

    // the probability of each class
    let (proba, _, _) = run(planar("predict -q --proba", &[&checkpoint, &path]));
    assert_eq!(proba.lines().next(), Some("cheap,dear,class"));
    for (both, one) in proba.lines().zip(table.lines()).skip(1) {
        let both: Vec<&str> = both.split(',').collect();
        let number = |text: &str| text.parse::<f64>().unwrap();
        assert_eq!(one, format!("{},{}", both[1], both[2]));
        assert!((number(both[0]) + number(both[1]) - 1.0).abs() < 1e-12, "{both:?}");
    }
    let (json, _, _) = run(planar("predict -q --json", &[&checkpoint, &path]));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["classes"], serde_json::json!(["cheap", "dear"]));
    let named: Vec<&str> =
        json["predictions"].as_array().unwrap().iter().map(|row| row["label"].as_str().unwrap()).collect();
    assert_eq!(named, classes);
}

#[test]
fn a_checkpoint_whose_columns_do_not_fit_the_file_is_refused() {
    let (folder, path) = file("prices.csv", prices());
    let checkpoint = folder.path().join("run.safetensors");
    let train = "train -q --device cpu --iterations 5 --checkpoint";
    assert_eq!(run(planar(train, &[&checkpoint, "--data".as_ref(), &path])).2, 0);
    let fails = |text: &str, words: &[&str]| {
        let other = folder.path().join("other.csv");
        fs::write(&other, text).unwrap();
        refused(planar("predict", &[&checkpoint, &other]), words);
    };
    fails("area,cost\n1,2\n", &["other.csv", "no column \"price\"", "\"area\", \"cost\"", "--header no"]);
    fails("1\n", &["1 column", "the network's 2 inputs"]);
    fails("1,2,3,4\n", &["4 columns", "the network's 2 inputs"]);
    fails("area,price\n1,\n", &["line 2, column 2", "the cell is empty", "--missing mean"]);
    fails("area,price\n1,much\n2,3\n4,5\n", &["line 2, column 2", "\"much\" is not a number"]);
    fails("area,price,kind\n1,2,odd\n", &["column 3", "\"odd\"", "\"cheap\", \"dear\""]);
    refused(planar("predict --missing drop", &[&checkpoint, &path]), &["--missing", "each row of the file"]);
}

/// A copy of a checkpoint whose state is changed.
fn with_state(checkpoint: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    let bytes = fs::read(checkpoint).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let mut state = planar_state(checkpoint);
    change(&mut state);
    header["__metadata__"]["planar"] = state.to_string().into();
    let header = header.to_string();
    let changed = checkpoint.with_file_name("changed.safetensors");
    let start = (header.len() as u64).to_le_bytes();
    fs::write(&changed, [&start, header.as_bytes(), &bytes[8 + length..]].concat()).unwrap();
    changed
}

/// A checkpoint of a short run on [`prices`], beside them.
fn of_prices() -> (TempDir, PathBuf, PathBuf) {
    let (folder, path) = file("prices.csv", prices());
    let checkpoint = folder.path().join("run.safetensors");
    let train = "train -q --device cpu --iterations 5 --checkpoint";
    assert_eq!(run(planar(train, &[&checkpoint, "--data".as_ref(), &path])).2, 0);
    (folder, path, checkpoint)
}

#[test]
fn a_damaged_scaling_in_a_checkpoint_is_refused() {
    let (_folder, path, checkpoint) = of_prices();
    let damage = |damage: &dyn Fn(&mut Value)| {
        let damaged = with_state(&checkpoint, |state| damage(&mut state["columns"]));
        refused(planar("predict", &[&damaged, &path]), &["changed.safetensors", "is damaged"]);
    };
    damage(&|columns| columns["features"][0]["factor"] = 0.0.into());
    damage(&|columns| columns["features"][0]["factor"] = (-1.0).into());
    damage(&|columns| columns["features"] = serde_json::json!([]));
    damage(&|columns| columns["classes"] = serde_json::json!([]));
    damage(&|columns| columns["features"][0]["column"] = 0.into());
    damage(&|columns| columns["features"][0]["column"] = 4.into());
    damage(&|columns| columns["features"][0]["column"] = 2.into());
    damage(&|columns| columns["features"][0]["name"] = "price".into());
    damage(&|columns| columns["label"]["column"] = 1.into());
}

#[test]
fn a_checkpoint_from_before_columns_were_kept_predicts_by_their_places() {
    let (_folder, _, checkpoint) = of_prices();
    let older = with_state(&checkpoint, |state| drop(state.as_object_mut().unwrap().remove("columns")));
    for input in ["0.5,1\n-0.5,2\n", "any,name\n0.5,1\n-0.5,2\n", "0.5,1,1\n-0.5,2,0\n"] {
        let mut command = planar("predict", &[&older]);
        command.write_stdin(input);
        let (table, stderr, code) = run(command);
        assert_eq!((code, table.lines().count()), (0, 3), "{stderr}");
        assert!(table.lines().skip(1).all(|line| line.ends_with(",0") || line.ends_with(",1")), "{table}");
    }
}

#[test]
fn missing_cells_are_filled_at_prediction_as_in_training() {
    let text = prices().replacen("\n40,", "\n?,", 1);
    let (folder, path) = file("prices.csv", text);
    let checkpoint = folder.path().join("run.safetensors");
    let train = "train --device cpu --iterations 5 --missing mean --checkpoint";
    let (_, stderr, code) = run(planar(train, &[&checkpoint, "--data".as_ref(), &path]));
    assert_eq!(code, 0, "{stderr}");
    let (table, stderr, code) = run(planar("predict", &[&checkpoint, &path]));
    assert_eq!((code, table.lines().count()), (0, 201), "{stderr}");
    assert!(stderr.contains("1 missing cell in area is filled with the mean"), "{stderr}");
}

#[test]
fn a_run_on_a_scaled_file_is_resumed_to_the_same_bits() {
    let (folder, path) = file("prices.csv", prices());
    let at = |name: &str| folder.path().join(name);
    let train = |flags: &str, to: &Path| {
        let flags = format!("train -q --json --device cpu --test-fraction 0.2 {flags} --force --checkpoint");
        let (stdout, stderr, code) = run(planar(&flags, &[to, "--data".as_ref(), &path]));
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str::<Value>(&stdout).unwrap()
    };
    let whole = train("--iterations 200", &at("whole.safetensors"));
    train("--iterations 100 --log-every 20", &at("half.safetensors"));
    let resume = format!("--iterations 200 --log-every 20 --resume {}", at("half.safetensors").display());
    assert_eq!(train(&resume, &at("half.safetensors"))["final"], whole["final"]);
}

#[test]
fn pictures_are_in_the_units_and_names_of_the_file() {
    let (folder, path) = file("prices.csv", prices());
    let (checkpoint, picture) = (folder.path().join("run.safetensors"), folder.path().join("run.svg"));
    let train = "train --device cpu -q --iterations 500 --preview --test-fraction 0.2 --checkpoint";
    let (stdout, stderr, code) =
        run(planar(train, &[&checkpoint, "--plot".as_ref(), &picture, "--data".as_ref(), &path]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    for word in ["o cheap", "+ dear", "says dear", "area", "price"] {
        assert!(stdout.contains(word), "no '{word}' in {stdout}");
    }
    let drawn = fs::read_to_string(&picture).unwrap();
    for word in ["cheap", "dear", "area", "price", "1.5e5"] {
        assert!(drawn.contains(word), "no '{word}' in the picture");
    }
    let (_, stderr, code) =
        run(planar("plot --test-fraction 0.2 --out", &[&picture, &checkpoint, "--data".as_ref(), &path]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let again = fs::read_to_string(&picture).unwrap();
    let field = |text: &str| text.split("<image").nth(1).map(|image| image.split("/>").next().unwrap().to_owned());
    assert_eq!(field(&again), field(&drawn));
}

#[test]
fn a_table_comes_from_stdin_for_every_command() {
    // five iterations are too few, which diagnose says
    let commands =
        [("train --iterations 5", 0), ("compare --iterations 5", 0), ("diagnose --iterations 5", 4), ("gradcheck", 0)];
    for (command, ends) in commands {
        let mut command = planar(&format!("{command} -q --data -"), &[]);
        command.write_stdin("x,y,class\n1,2,0\n2,1,1\n0,1,0\n");
        let (_, stderr, code) = run(command);
        assert_eq!((code, stderr.as_str()), (ends, ""));
    }
}

#[test]
fn bad_tables_are_told_in_one_line_with_the_way_out() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bad.csv");
    let one_class: String = (0..100).map(|row| format!("{row},{},yes\n", row * 7 % 11)).collect();
    for (flags, text, words) in [
        ("", one_class.as_str(), &["column 3", "every label in column 3 is yes", "two classes", "--label"][..]),
        ("--label z", "x,y\n1,0\n2,1\n", &["no column is named \"z\"", "\"x\", \"y\""]),
        ("--label x", "x,x,y\n1,0,3\n2,1,4\n", &["line 1, column 2", "named \"x\" too"]),
        ("--drop x", "x,y\n1,0\n2,1\n", &["no feature is left", "--drop"]),
        ("--delimiter ;", "x,y\n1,0\n2,1\n", &["no semicolon separates anything", "--delimiter"]),
        ("", "x|y\n1|0\n2|1\n", &["1 column", "--delimiter"]),
        ("", "x,y\n1,0\n2\n", &["line 3", "1 cell, where 2"]),
        ("", "x,y\n1,0\n2,1,1\n", &["line 3", "3 cells, where 2"]),
        ("", "x,y\n1,\"0\n2,1\n", &["line 2", "a quotation mark opens a cell that does not end"]),
        ("", "PK\u{3}\u{4}", &["zip", "gzip"]),
        ("", "n,name,y\n1,Ann,0\n2,Bob,1\n", &["line 2, column 2", "\"Ann\"", "--drop name"]),
        ("", "n,\"a, b\",y\n1,Ann,0\n2,Bob,1\n", &["--drop '\"a, b\"'"]),
        ("--output logistic", "n,y\n1,\u{1b}[31m\n2,b\n3,c\n", &["3 classes", "\\u{1b}[31m"]),
        ("--positive z", "n,y\n1,a\n2,b\n", &["no label is \"z\"", "\"a\", \"b\""]),
        ("--label 9", "n,y\n1,a\n2,b\n", &["no column 9", "there are 2"]),
    ] {
        fs::write(&path, text).unwrap();
        refused(planar(&format!("train {flags} --data"), &[&path]), words);
    }
    for (flags, words) in [
        ("--header maybe", &["yes, no or auto"][..]),
        ("--scale big", &["standard, minmax or none"]),
        ("--missing guess", &["refuse, drop or mean"]),
        ("--delimiter ab", &["comma, semicolon, tab, space"]),
        ("--drop ,", &["a list of columns"]),
        ("--drop x", &["flower", "only a CSV file"]),
    ] {
        refused(planar(&format!("train {flags}"), &[]), words);
    }
}

#[test]
fn class_names_of_any_kind_are_predicted_as_csv_and_never_raw() {
    let text = "x,class\n1,\"a, \"\"b\"\"\"\n2,\u{1b}[31mred\n1.1,\"a, \"\"b\"\"\"\n2.1,\u{1b}[31mred\n";
    let (folder, path) = file("odd.csv", text);
    let checkpoint = folder.path().join("run.safetensors");
    let train = "train --device cpu --iterations 3000 --checkpoint";
    let (stdout, stderr, code) = run(planar(train, &[&checkpoint, "--data".as_ref(), &path]));
    assert_eq!(code, 0, "{stderr}");
    let (table, told, code) = run(planar("predict", &[&checkpoint, &path]));
    assert_eq!(code, 0, "{told}");
    assert!(!format!("{stdout}{stderr}{table}{told}").contains('\u{1b}'));
    let classes: Vec<String> =
        csv::Reader::from_reader(table.as_bytes()).records().map(|row| row.unwrap()[1].into()).collect();
    assert_eq!(
        classes,
        ["\\u{1b}[31mred", "a, \"b\""].map(String::from).iter().rev().cycle().take(4).cloned().collect::<Vec<_>>()
    );
}

#[test]
fn a_sweep_trains_on_the_table_as_train_does() {
    let (folder, path) = file("prices.csv", prices());
    let out = folder.path().join("sweep.jsonl");
    let (_, stderr, code) = run(planar("sweep --device cpu --iterations 50 --out", &[&out, "--data".as_ref(), &path]));
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("are standardised"), "{stderr}");
    let line = fs::read_to_string(&out).unwrap().lines().nth(1).unwrap().to_owned();
    let result: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(result["accuracy"].as_f64().unwrap(), accuracy(&trained("--iterations 50", &path).0));
}
