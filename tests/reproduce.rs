//! `planar reproduce`: it reproduces the thread's figures, and the rules judge them as written.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use common::command::ended;
use planar::reproduce::claims;
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn the_threads_figures_come_out_in_f64() {
    let (stdout, stderr, code) =
        ended("reproduce -q --json --device reference-f64 --seeds 0 --only costs,accuracy,widths,logistic --only 1,10");
    assert_eq!(code, 0, "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let of = |name: &str, part: usize| -> Vec<Option<f64>> {
        let claims = report["claims"].as_array().unwrap();
        let all = claims.iter().filter(|claim| claim["name"] == name);
        let measured: Vec<&Value> = all.flat_map(|claim| claim["measured"].as_array().unwrap()).collect();
        measured[part]["editions"].as_array().unwrap().iter().map(Value::as_f64).collect()
    };
    for (name, part, want) in [
        ("costs", 0, &[8.0, 7.0][..]),
        ("accuracy", 0, &[90.75, 90.75]),
        ("widths", 0, &[67.5]),
        ("widths", 1, &[67.25]),
        ("widths", 2, &[90.75]),
        ("widths", 3, &[90.5]),
        ("widths", 4, &[91.25]),
        ("logistic", 0, &[47.0]),
        ("1", 0, &[51.0, 58.0]),
        ("10", 0, &[83.0, 83.0]),
        ("10", 1, &[83.0, 83.0]),
    ] {
        let got = of(name, part);
        assert_eq!(got.len(), want.len());
        // 10,000 iterations are past the horizon: allow one sample more or less
        let bound = if name == "accuracy" { 0.5 } else { 0.0 };
        for (got, want) in got.into_iter().zip(want) {
            assert!((got.unwrap() - want).abs() <= bound, "{name}, {part}: {got:?}, not {want}");
        }
    }
    assert_eq!(of("1", 1), [None, None], "a ReLU's A1 hides its NaN");
}

#[test]
fn rules_judge_what_was_claimed() {
    let of = |name: &str, values: &[f64]| {
        let claim = claims().into_iter().find(|claim| claim.name == name).unwrap();
        (claim.holds)(values)
    };
    for (name, values, holds) in [
        ("costs", &[10.0][..], true),
        ("costs", &[9.0], false),
        ("1", &[51.0], true),
        ("1", &[101.0], false),
        ("1", &[f64::NAN], false),
        ("2", &[71.25], true),
        ("2", &[72.0], false),
        ("2", &[f64::NAN], false),
        ("3", &[84.5], true),
        ("3", &[84.25], false),
        ("5", &[77.75, 67.5, 74.0], false),
        ("5", &[84.0, 83.0, 85.0], true),
        ("5", &[84.0, f64::NAN, 84.0], false),
        ("7", &[95.0, 91.0], false),
        ("8", &[80.0, 76.0], true),
        ("8", &[80.0, 81.0], false),
        ("9", &[98.5, 87.0], false),
        ("11", &[98.5, 99.5], true),
        ("widths", &[67.5, 67.25, 90.75, 90.5, 91.25, 90.5, 90.75], true),
        ("widths", &[67.5, 67.25, 90.75, 90.5, 91.25, 90.0, 91.0], false),
    ] {
        assert_eq!(of(name, values), holds, "{name}: {values:?}");
    }
}

#[test]
fn a_claim_alone_is_tabled_over_its_seeds() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("claims.md");
    let (stdout, stderr, code) =
        ended(&format!("reproduce -q --only 9 --only 10 --seeds 3 --markdown {}", file.display()));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("of 5 seeds keep the rule") && stdout.contains("2 claims in"), "{stdout}");
    let table = std::fs::read_to_string(file).unwrap();
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.lines().all(|line| line.matches('|').count() == 7), "{table}");
    for (arguments, words) in [
        ("--only 12", &["--only", "'12'", "logistic"][..]),
        ("--seeds -1", &["number of seeds", "'-1'"]),
        ("--only 10 --seeds 0 --markdown /nowhere/x.md", &["/nowhere/x.md"]),
    ] {
        let (stdout, stderr, code) = ended(&format!("reproduce -q {arguments}"));
        assert_eq!((stdout.as_str(), code, stderr.lines().count()), ("", 2, 1), "{stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{stderr}");
    }
}

#[test]
fn the_page_holds_the_verdicts_and_the_pictures_and_needs_no_other_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("claims.html");
    let (_, stderr, code) =
        ended(&format!("reproduce -q --seeds 1 --only 1,2,logistic --html {}", file.to_str().unwrap()));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let page = std::fs::read_to_string(&file).unwrap();
    // claim 1 has only curves, since it diverges; claim 2 has curves and one boundary per edition
    assert_eq!(page.matches("<svg").count(), 2 + 2 + 1);
    for words in ["does not hold", "seed 2: 70.25 %", "where(z &gt; 0", "data:image/png;base64,"] {
        assert!(page.contains(words), "{words}");
    }
    for outside in ["src=\"http", "href=\"http", "<script", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let (_, stderr, code) = ended("reproduce -q --only logistic --html no/such/folder/claims.html");
    assert_eq!((code, stderr.lines().count()), (2, 1), "{stderr}");
}
