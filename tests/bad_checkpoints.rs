//! Bad files of weights: every command that reads such a file refuses it in one line that says what is wrong with it.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::fs;
use std::path::Path;

use common::command::{planar, run};
use common::tensors::{file, plain};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The header of a file, and the bytes after it.
fn parts(file: &[u8]) -> (Value, &[u8]) {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    (serde_json::from_slice(&file[8..8 + length]).unwrap(), &file[8 + length..])
}

/// A file with its header changed.
fn changed(bytes: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    let (mut header, data) = parts(bytes);
    change(&mut header);
    file(&header, data)
}

/// A file with planar's state in it changed.
fn with_state(bytes: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    changed(bytes, |header| {
        let text = &mut header["__metadata__"]["planar"];
        let mut state: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
        change(&mut state);
        *text = state.to_string().into();
    })
}

/// Fails unless the command refuses the file: exit code 2, nothing on stdout, one line with these words.
fn assert_refused(command: &str, file: &Path, words: &[&str]) {
    let mut command = planar(command);
    command.arg(file).write_stdin("0,0\n");
    let (stdout, stderr, code) = run(command);
    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{words:?}: {stderr}");
    for word in words.iter().chain(&["bad.safetensors"]) {
        assert!(stderr.contains(word), "no '{word}' in: {stderr}");
    }
}

/// Commands that resume a run or use its network.
const READERS: [&str; 3] = ["train -q --device cpu --hidden 3 --resume", "predict", "plot --out bad.svg"];
/// Commands that use only the weights.
const INIT: &str = "train -q --device cpu --hidden 3 --init";

#[test]
fn a_file_that_holds_no_weights_is_refused_with_the_reason() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bad.safetensors");
    let good = plain("F32", json!([3, 1]));
    let (header, data) = parts(&good);
    let with_value = |dtype: &str, value: f64| {
        let good = plain(dtype, json!([3, 1]));
        let (header, data) = parts(&good);
        let mut data = data.to_vec();
        match dtype {
            "F64" => data[32..40].copy_from_slice(&value.to_le_bytes()),
            _ => data[16..20].copy_from_slice(&(value as f32).to_le_bytes()),
        }
        file(&header, &data)
    };
    let state = |state: &str| changed(&good, |header| header["__metadata__"] = json!({"planar": state}));
    let tensor = |name: &str, key: &str, value: Value| changed(&good, |header| header[name][key] = value.clone());
    let renamed = |from: &str, to: &str| {
        changed(&good, |header| {
            let tensor = header.as_object_mut().unwrap().remove(from).unwrap();
            header[to] = tensor;
        })
    };
    let huge = 1_u64 << 60;
    for (bytes, words) in [
        // no such file
        (Vec::new(), &["no safetensors file", "too small"][..]),
        (b"x,y\n1,2\n".to_vec(), &["no safetensors file"]),
        (vec![0; 8], &["no safetensors file"]),
        (good[..20].to_vec(), &["no safetensors file"]),
        (file(&json!([1, 2]), data), &["no safetensors file"]),
        // lengths, absurd ones too
        (u64::MAX.to_le_bytes().to_vec(), &["no safetensors file", "too large"]),
        ([&huge.to_le_bytes()[..], b"{}"].concat(), &["no safetensors file", "too large"]),
        (good[..good.len() - 1].to_vec(), &["no safetensors file", "incomplete"]),
        ([&good[..], b"x"].concat(), &["no safetensors file", "incomplete"]),
        (tensor("b1", "shape", json!([huge, huge])), &["no safetensors file"]),
        (tensor("b1", "shape", json!([huge, 1])), &["no safetensors file"]),
        (tensor("b2", "data_offsets", json!([48, huge])), &["no safetensors file"]),
        (tensor("b2", "data_offsets", json!([52, 48])), &["no safetensors file"]),
        (tensor("b2", "data_offsets", json!([0, 4])), &["no safetensors file"]),
        (tensor("b2", "data_offsets", json!([-4, 52])), &["no safetensors file"]),
        // keys
        (file(&json!({}), b""), &["lacks the tensor W1"]),
        (renamed("W1", "w1"), &["lacks the tensor W1"]),
        (renamed("W2", "W3"), &["lacks the tensor W2"]),
        (renamed("b1", "b3"), &["'b3'"]),
        (renamed("b2", "b3"), &["'b3'"]),
        (renamed("b2", "b\n2"), &["'b\\n2'"]),
        // shapes
        (tensor("W1", "shape", json!([2, 3])), &["b1", "[3, 1]", "(2, 1)"]),
        (tensor("W1", "shape", json!([6])), &["W1", "[6]"]),
        (tensor("W1", "shape", json!([3, 2, 1])), &["W1", "[3, 2, 1]"]),
        (tensor("W2", "shape", json!([3, 1])), &["W2", "[3, 1]", "(outputs, 3)"]),
        (tensor("b2", "shape", json!([])), &["b2", "[]", "(1, 1)"]),
        // types
        (tensor("b1", "dtype", json!("I32")), &["b1", "I32", "F32 or F64"]),
        (tensor("W1", "dtype", json!("F8")), &["no safetensors file"]),
        (tensor("W1", "dtype", json!("F64")), &["no safetensors file"]),
        // values
        (with_value("F32", f64::NAN), &["NaN", "element 4 of W1"]),
        (with_value("F32", f64::INFINITY), &["inf", "element 4 of W1"]),
        (with_value("F64", f64::NAN), &["NaN", "element 4 of W1"]),
        (with_value("F64", -1e300), &["-1000", "element 4 of W1"]),
        // another version, and states that cannot be read
        (state(r#"{"format": 2, "version": "9.9.9"}"#), &["format 2", "planar 9.9.9", "reads 1"]),
        (state(r#"{"format": 2, "version": "9\n9"}"#), &["format 2", "planar 9\\n9", "reads 1"]),
        (state(r#"{"format": "1"}"#), &["format \"1\"", "of no version", "reads 1"]),
        (state(r#"{"format": 1}"#), &["damaged", "missing field"]),
        (state("[]"), &["format null"]),
        (state("{"), &["damaged"]),
        (file(&header, &data[..4]), &["no safetensors file", "incomplete"]),
    ] {
        fs::write(&path, &bytes).unwrap();
        for reader in READERS.into_iter().chain([INIT]) {
            assert_refused(reader, &path, words);
        }
    }
    assert!(!Path::new("bad.svg").exists());
}

#[test]
fn a_checkpoint_whose_state_is_not_that_of_its_weights_is_refused_with_the_reason() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bad.safetensors");
    let mut train = planar("train -q --device cpu --hidden 3 --iterations 20 --checkpoint");
    train.arg(&path);
    assert_eq!(run(train).2, 0);
    let good = fs::read(&path).unwrap();
    let keys = "version iteration data samples data_hash widths activation derivative learning_rate precision start \
                device plan costs";
    for key in keys.split_whitespace() {
        fs::write(&path, with_state(&good, |state| drop(state.as_object_mut().unwrap().remove(key)))).unwrap();
        let missing = format!("missing field `{key}`");
        READERS.iter().for_each(|reader| assert_refused(reader, &path, &["damaged", &missing]));
    }
    let set = |key: &str, value: Value| with_state(&good, |state| state[key] = value.clone());
    let wide = |precision: &str| {
        let (old, _) = parts(&good);
        let narrow = plain("F64", json!([3, 1]));
        let (mut header, data) = parts(&narrow);
        header["__metadata__"] = old["__metadata__"].clone();
        let tenth = [&0.1_f64.to_le_bytes(), &data[8..]].concat();
        with_state(&file(&header, &tenth), |state| state["precision"] = json!(precision))
    };
    for (bytes, words) in [
        (set("widths", json!([2, 4, 1])), &["damaged", "its weights are not those of the network"][..]),
        (set("widths", json!([])), &["damaged", "its weights are not those of the network"]),
        (set("widths", json!("2, 3, 1")), &["damaged", "expected a sequence"]),
        (set("precision", json!("f16")), &["damaged", "neither f32 nor f64"]),
        (wide("f32"), &["damaged", "its weights are not f32"]),
        (set("activation", json!("swish")), &["swish"]),
        (set("iteration", json!(-1)), &["damaged", "-1"]),
        (set("iteration", json!(1e30)), &["damaged", "1e+30"]),
        (set("samples", json!(0.5)), &["damaged", "0.5"]),
        (set("costs", json!([{"iteration": 0}])), &["damaged", "missing field `cost`"]),
        (set("costs", json!([{"iteration": 0, "cost": "low"}])), &["damaged", "low"]),
        (set("learning_rate", Value::Null), &["damaged", "null"]),
    ] {
        fs::write(&path, bytes).unwrap();
        READERS.iter().for_each(|reader| assert_refused(reader, &path, words));
    }
    // a file without such faults is used
    fs::write(&path, wide("f64")).unwrap();
    let mut predict = planar("predict");
    predict.arg(&path).write_stdin("0,0\n");
    assert_eq!(run(predict).2, 0);
}
