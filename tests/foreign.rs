//! Foreign text reaches neither the terminal nor a picture as it is: names of files and columns, a checkpoint's state, a
//! results file, what was typed.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::fs;

use common::command::{planar, run, with_files};
use serde_json::Value;
use tempfile::TempDir;

/// A bell, a colour, a carriage return, a C1 control sequence, a right-to-left override and an end of line.
const HOSTILE: &str = "a\u{7}b\u{1b}[31mc\rd\u{9b}2Je\u{202e}f\u{2028}g";

/// Whether a text could steer a terminal: anything but line feeds that is a control character or turns a line around.
fn steers(text: &str) -> bool {
    text.chars().any(|c| (c.is_control() && c != '\n') || ('\u{2028}'..='\u{202e}').contains(&c))
}

#[test]
fn what_is_typed_or_stands_in_a_file_is_told_with_its_control_characters_as_escapes() {
    let folder = TempDir::new().unwrap();
    let table = folder.path().join(format!("{}.csv", HOSTILE.replace('\r', "")));
    fs::write(&table, "x,y\n1,word\n2,other\n").unwrap();
    let missing = folder.path().join(HOSTILE);
    let mut typed = planar("train");
    typed.args(["--device", HOSTILE]);
    let mut flag = planar("train");
    flag.arg(format!("--{HOSTILE}"));
    let mut man = planar("man");
    man.arg(HOSTILE);
    for (command, codes) in [
        (typed, [3, 3]),
        (flag, [2, 2]),
        (man, [2, 2]),
        (with_files("predict", &[&missing]), [2, 2]),
        (with_files("show", &[&missing]), [2, 2]),
        (with_files("train -v --iterations 1 --data", &[&table]), [0, 2]),
        (with_files("sweep merge", &[&table]), [2, 2]),
    ] {
        let (stdout, stderr, code) = run(command);
        assert!(codes.contains(&code), "{code}: {stderr:?}");
        assert!(!steers(&stdout) && !steers(&stderr), "{stdout:?}\n{stderr:?}");
        assert!(format!("{stdout}{stderr}").contains("\\u{202e}"), "{stdout:?}\n{stderr:?}");
    }
}

#[test]
fn a_checkpoints_names_are_told_as_escapes_in_tables_json_and_pictures() {
    let folder = TempDir::new().unwrap();
    let [table, checkpoint, picture] = ["t.csv", "c.safetensors", "p.svg"].map(|name| folder.path().join(name));
    let name = "h\u{202e}\u{2028}\u{7f}";
    let rows = (0..20).map(|k| format!("{k},{},{}{name}\n", k * k % 7, ["a", "b"][usize::from(k > 9)]));
    fs::write(&table, format!("{name}1,{name}2,class\n{}", rows.collect::<String>())).unwrap();
    let train = "train --device cpu --iterations 20 --plot";
    let mut command = with_files(train, &[&picture]);
    command.arg("--data").arg(&table).arg("--checkpoint").arg(&checkpoint).arg("--preview");
    let (stdout, stderr, code) = run(command);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("\\u{202e}") && !steers(&stdout) && !steers(&stderr), "{stdout:?}\n{stderr:?}");
    let drawn = fs::read_to_string(&picture).unwrap();
    assert!(drawn.contains("\\u{202e}") && !steers(&drawn), "{drawn:?}");

    // JSON means the same, and has no such character
    let (stdout, _, code) = run(with_files("show", &[&checkpoint]));
    let shown: Value = serde_json::from_str(&stdout).unwrap();
    assert!(code == 0 && !steers(&stdout), "{stdout:?}");
    assert!(shown.to_string().contains('\u{202e}'), "{shown}");
    // a pipe gets the names of classes as they are
    let (stdout, _, code) = run(with_files("predict", &[&checkpoint, &table]));
    assert!(code == 0 && stdout.contains('\u{202e}'), "{stdout:?}");
}
