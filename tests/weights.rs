//! Weights that planar did not write: half precision, PyTorch's names, Keras's kernels; and what `planar show` prints.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::path::{Path, PathBuf};
use std::{fs, iter};

use common::command::{run, with_files as planar};
use common::tensors::{file, plain};
use planar::checkpoint::Weights;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A file of `F32` tensors: name, shape, values.
fn named(tensors: &[(&str, Value, &[f32])]) -> Vec<u8> {
    let (mut header, mut data) = (Map::new(), Vec::new());
    for (name, shape, values) in tensors {
        let from = data.len();
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        header.insert((*name).into(), json!({"dtype": "F32", "shape": shape, "data_offsets": [from, data.len()]}));
    }
    file(&header.into(), &data)
}

const W1: [f32; 6] = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0];
const W1_TRANSPOSED: [f32; 6] = [0.5, 1.5, 2.5, 1.0, 2.0, 3.0];
const B1: [f32; 3] = [3.5, 4.0, 4.5];
const W2: [f32; 3] = [5.0, 5.5, 6.0];
const B2: [f32; 1] = [6.5];

/// The network of [`plain`] with these names of its layers and of their weights, (units × inputs).
fn of_modules(first: &str, second: &str) -> Vec<u8> {
    named(&[
        (&format!("{second}.weight"), json!([1, 3]), &W2),
        (&format!("{second}.bias"), json!([1]), &B2),
        (&format!("{first}.bias"), json!([3]), &B1),
        (&format!("{first}.weight"), json!([3, 2]), &W1),
    ])
}

/// The same with kernels, (inputs × units).
fn of_kernels(first: &str, second: &str) -> Vec<u8> {
    let names = |layer: &str| ["kernel", "bias"].map(|part| layer.replace('#', part));
    let ([w1, b1], [w2, b2]) = (names(first), names(second));
    named(&[
        (&w1, json!([2, 3]), &W1_TRANSPOSED),
        (&b1, json!([3]), &B1),
        (&w2, json!([3, 1]), &W2),
        (&b2, json!([1]), &B2),
    ])
}

/// The values of a file's network, in the order W1, b1, W2, b2.
fn read(bytes: &[u8], transposed: bool) -> Result<Vec<f64>, String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mine.safetensors");
    fs::write(&path, bytes).unwrap();
    let weights = if transposed { Weights::read_transposed(&path) } else { Weights::read(&path) };
    let problem = |error: planar::Error| error.to_string().split_once("mine.safetensors ").unwrap().1.to_owned();
    weights.map(|weights| weights.parameters.values().to_vec()).map_err(problem)
}

/// 0.5, 1.0, 1.5, …, 6.5, the values of [`plain`].
fn wanted() -> Vec<f64> {
    (1..=13).map(|k| 0.5 * f64::from(k)).collect()
}

/// IEEE 754's bits of 1, −2, the largest and the smallest half; and of the first and last of bfloat16.
#[test]
fn half_precision_is_read_exactly() {
    for (dtype, bits, values) in [
        ("F16", [0x3c00_u16, 0xc000, 0x7bff, 0x0001], [1.0, -2.0, 65504.0, f64::powi(2.0, -24)]),
        ("BF16", [0x3f80, 0xc000, 0x4049, 0x0080], [1.0, -2.0, 3.140625, f64::powi(2.0, -126)]),
    ] {
        let tensor =
            |shape: &[usize], at: usize| json!({"dtype": dtype, "shape": shape, "data_offsets": [2 * at, 2 * at + 2]});
        let header = json!({
            "W1": tensor(&[1, 1], 0), "b1": tensor(&[1], 1), "W2": tensor(&[1, 1], 2), "b2": tensor(&[1], 3),
        });
        let data: Vec<u8> = bits.into_iter().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&file(&header, &data), false), Ok(values.to_vec()), "{dtype}");
        let infinity: [u8; 2] = if dtype == "F16" { [0x00, 0x7c] } else { [0x80, 0x7f] };
        let infinite = [&data[..4], &infinity, &data[6..]].concat();
        assert_eq!(
            read(&file(&header, &infinite), false),
            Err("has inf as element 0 of W2, which no network can have".into())
        );
    }
}

#[test]
fn layers_are_read_by_pytorchs_names_in_the_order_of_their_numbers() {
    assert_eq!(read(&plain("F32", json!([3, 1])), false), Ok(wanted()));
    for (first, second) in [
        ("fc1", "fc2"),
        ("0", "2"),
        ("net.0", "net.2"),
        ("net.9", "net.10"),
        ("module.layers.0.linear", "module.layers.1.linear"),
        ("dense", "dense_1"),
        // by their shapes, since the names have no order
        ("hidden", "out"),
        ("input", "head"),
        ("fc1", "out"),
    ] {
        assert_eq!(read(&of_modules(first, second), false), Ok(wanted()), "{first}, {second}");
    }
}

#[test]
fn kernels_are_read_only_where_they_are_said_to_be_transposed() {
    for (first, second) in
        [("dense/#", "dense_1/#"), ("dense_7/#:0", "dense_8/#:0"), ("params.Dense_0.#", "params.Dense_1.#")]
    {
        let file = of_kernels(first, second);
        assert_eq!(read(&file, true), Ok(wanted()), "{first}");
        let refused = read(&file, false).unwrap_err();
        assert!(refused.contains("a kernel as Keras has it") && refused.contains("(inputs × units)"), "{refused}");
    }
    let modules = read(&of_modules("fc1", "fc2"), true).unwrap_err();
    assert_eq!(modules, "has fc1.bias of shape [3], not (2, 1): it fits if its weights are read as (units × inputs)");
}

/// A square matrix fits both ways: what its user says decides, not its shape.
#[test]
fn a_square_matrix_is_read_as_its_user_says() {
    let tensors = |last: Value| {
        named(&[
            ("0.weight", json!([2, 2]), &[1.0, 2.0, 3.0, 4.0]),
            ("0.bias", json!([2]), &[5.0, 6.0]),
            ("1.weight", last, &[7.0, 8.0]),
            ("1.bias", json!([1]), &[9.0]),
        ])
    };
    let [rows, columns] = [tensors(json!([1, 2])), tensors(json!([2, 1]))];
    assert_eq!(read(&rows, false).unwrap(), [1., 2., 3., 4., 5., 6., 7., 8., 9.]);
    assert_eq!(read(&columns, true).unwrap(), [1., 3., 2., 4., 5., 6., 7., 8., 9.]);
    let other = "has 1.weight of shape [2, 1], not (outputs, 2): it fits if its weights are read as (inputs × units)";
    assert_eq!(read(&columns, false), Err(other.into()));
    assert!(read(&rows, true).is_err());
}

/// Two inputs, hidden layers of two units and one output: any order of the hidden layers fits their shapes.
fn deep(names: &[&str]) -> Vec<u8> {
    let names: Vec<[String; 2]> = names.iter().map(|name| [format!("{name}.weight"), format!("{name}.bias")]).collect();
    let (last, squares) = names.split_last().unwrap();
    let values: Vec<[f32; 4]> = (0..squares.len()).map(|k| [k as f32; 4]).collect();
    let mut tensors: Vec<(&str, Value, &[f32])> = Vec::new();
    for ([weights, bias], values) in squares.iter().zip(&values) {
        tensors.push((weights, json!([2, 2]), values));
        tensors.push((bias, json!([2]), &values[..2]));
    }
    tensors.push((&last[0], json!([1, 2]), &[7.0, 8.0]));
    tensors.push((&last[1], json!([1]), &[9.0]));
    named(&tensors)
}

#[test]
fn an_order_that_neither_names_nor_shapes_tell_is_refused() {
    let wanted: Vec<f64> = iter::repeat_n(0.0, 6).chain(iter::repeat_n(1.0, 6)).chain([7.0, 8.0, 9.0]).collect();
    for names in [["fc1", "fc2", "fc3"], ["fc9", "fc10", "fc11"], ["fc1", "fc2", "out"], ["a.2.b.7", "a.10.b.1", "out"]]
    {
        assert_eq!(read(&deep(&names), false).as_ref(), Ok(&wanted), "{names:?}");
    }
    for (names, listed) in
        [(["encoder", "decoder", "out"], "'decoder', 'encoder'"), (["fc1", "fc01", "out"], "'fc01', 'fc1'")]
    {
        let refused = read(&deep(&names), false).unwrap_err();
        assert_eq!(refused, format!("holds {listed}, whose order neither names nor shapes tell"));
    }
}

#[test]
fn what_is_no_pair_of_a_dense_layer_is_refused_by_its_name() {
    let good = || {
        vec![
            ("a.weight", json!([3, 2]), &W1[..]),
            ("a.bias", json!([3]), &B1),
            ("b.weight", json!([1, 3]), &W2),
            ("b.bias", json!([1]), &B2),
        ]
    };
    let without = |name: &str| good().into_iter().filter(|(other, ..)| *other != name).collect::<Vec<_>>();
    let with = |name: &'static str| good().into_iter().chain([(name, json!([3]), &B1[..])]).collect::<Vec<_>>();
    for (tensors, problem) in [
        (without("a.bias"), "lacks the bias of 'a'; a layer without one has zeros"),
        (without("b.weight"), "lacks the weights of 'b'"),
        (with("bn.running_mean"), "holds 'bn.running_mean', which is neither weights nor bias of a dense layer"),
        (with("W1"), "holds 'W1', which is neither weights nor bias of a dense layer"),
        (with("a/bias"), "holds both 'a.bias' and 'a/bias' for one layer"),
        (with("norm.weight"), "lacks the bias of 'norm'; a layer without one has zeros"),
        (good()[..2].to_vec(), "holds one layer, 'a', where at least two are wanted"),
        (
            vec![("b.weight", json!([3]), &B1[..]), ("b.bias", json!([3]), &B1), good()[0].clone(), good()[1].clone()],
            "holds layers that do not follow one another: none of 'a', 'b' has one unit",
        ),
    ] {
        assert_eq!(read(&named(&tensors), false).unwrap_err(), problem);
    }
}

#[test]
fn every_command_takes_them_and_says_which_flag_is_missing() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str, bytes: Vec<u8>| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let own = at("own.safetensors", plain("F32", json!([3, 1])));
    let modules = at("modules.safetensors", of_modules("net.0", "net.2"));
    let kernels = at("kernels.safetensors", of_kernels("dense/#", "dense_1/#"));
    for command in [
        "predict --device cpu --activation tanh",
        "train --json -q --device cpu --hidden 3 --iterations 9 --init",
        "plot --activation tanh --preview",
    ] {
        let ended = |flags: &str, file: &Path| {
            let mut command = match command.strip_suffix(" --init") {
                Some(train) => planar(&format!("{train} {flags} --init"), &[file]),
                None => planar(&format!("{command} {flags}"), &[file]),
            };
            command.write_stdin("1,2\n-3,0.5\n");
            let (stdout, stderr, code) = run(command);
            let costs = serde_json::from_str::<Value>(&stdout).map(|report| report["costs"].to_string());
            (costs.unwrap_or(stdout), stderr, code)
        };
        let wanted = ended("", &own);
        assert_eq!(wanted.2, 0, "{}", wanted.1);
        assert_eq!(ended("", &modules), wanted, "{command}");
        assert_eq!(ended("--transposed", &kernels), wanted, "{command}");
        for (flags, file, advice) in
            [("", &kernels, "add --transposed\n"), ("--transposed", &own, "leave out --transposed\n")]
        {
            let (stdout, stderr, code) = ended(flags, file);
            assert_eq!((stdout.as_str(), stderr.lines().count(), code), ("", 1, 2), "{command}: {stderr}");
            assert!(stderr.ends_with(advice), "{command}: {stderr}");
        }
    }
    let (_, stderr, code) = run(planar("train --transposed", &[]));
    assert!(code == 2 && stderr.contains("--init"), "{stderr}");
}

#[test]
fn show_prints_shapes_settings_costs_and_all_other_metadata() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run.safetensors");
    let train = "train -q --device cpu --data moons --hidden 3 --lr 0.7 --iterations 40 --log-every 10 --checkpoint";
    assert_eq!(run(planar(train, &[&path])).2, 0);
    let show = || -> Value {
        let (stdout, stderr, code) = run(planar("show", &[&path]));
        assert_eq!((stderr.as_str(), code), ("", 0));
        assert!(stdout.starts_with("{\n  \""), "it is not pretty: {stdout}");
        serde_json::from_str(&stdout).unwrap()
    };
    let shown = show();
    assert_eq!(shown["tensors"]["W1"], json!({"dtype": "F32", "shape": [3, 2]}));
    assert_eq!((&shown["parameters"], shown["tensors"].as_object().unwrap().len()), (&json!(13), 4));
    let state = &shown["metadata"]["planar"];
    for (key, value) in [("data", json!("noisy-moons")), ("learning_rate", json!(0.7)), ("iteration", json!(40))] {
        assert_eq!(state[key], value);
    }
    assert_eq!(state["costs"].as_array().unwrap().len(), 4);

    // of any kind, and with what this version does not know
    let mut header = json!({"x": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]}});
    header["__metadata__"] = json!({"format": "pt", "planar": r#"{"format": 2, "classes": ["B", "M"]}"#});
    fs::write(&path, file(&header, &[0; 8])).unwrap();
    let shown = show();
    assert_eq!(shown["metadata"], json!({"format": "pt", "planar": {"format": 2, "classes": ["B", "M"]}}));
    assert_eq!(shown["tensors"]["x"], json!({"dtype": "I64", "shape": []}));
    fs::write(&path, "x,y\n").unwrap();
    let (stdout, stderr, code) = run(planar("show", &[&path]));
    assert_eq!((stdout.as_str(), stderr.lines().count(), code), ("", 1, 2), "{stderr}");
    assert!(stderr.contains("run.safetensors is no safetensors file"), "{stderr}");
}
