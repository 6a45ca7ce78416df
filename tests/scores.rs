//! Scores are scikit-learn's (`tests/golden/scores.py`), and what is not defined is none.

use std::collections::BTreeMap;

use planar::scores::{Confusion, LargestClass, Scores};
use serde::Deserialize;

/// What scikit-learn says of labels and logits.
#[derive(Deserialize)]
struct Figures {
    labels: Vec<u8>,
    logits: Vec<f64>,
    true_negatives: usize,
    false_positives: usize,
    false_negatives: usize,
    true_positives: usize,
    accuracy: f64,
    precision: Option<f64>,
    recall: Option<f64>,
    f1: Option<f64>,
    roc_auc: Option<f64>,
    log_loss: f64,
}

#[track_caller]
fn assert_near(what: &str, got: Option<f64>, wanted: Option<f64>) {
    let is_near = match (got, wanted) {
        (Some(got), Some(wanted)) => (got - wanted).abs() <= 1e-13 * wanted.abs().max(1.0),
        (got, wanted) => got == wanted,
    };
    assert!(is_near, "{what}: {got:?}, not {wanted:?}");
}

#[test]
fn every_score_is_scikit_learns() {
    let all: BTreeMap<String, Figures> = serde_json::from_str(include_str!("golden/scores.json")).unwrap();
    assert_eq!(all.len(), 18);
    for (name, wanted) in &all {
        let got = Scores::new(&wanted.labels, &wanted.logits).unwrap();
        let confusion = Confusion {
            true_negatives: wanted.true_negatives,
            false_positives: wanted.false_positives,
            false_negatives: wanted.false_negatives,
            true_positives: wanted.true_positives,
        };
        assert_eq!((got.samples, got.confusion), (wanted.labels.len(), confusion), "{name}");
        for (what, got, wanted) in [
            ("accuracy", Some(got.accuracy), Some(wanted.accuracy)),
            ("precision", got.precision, wanted.precision),
            ("recall", got.recall, wanted.recall),
            ("F1", got.f1, wanted.f1),
            ("ROC AUC", got.roc_auc, wanted.roc_auc),
            ("log loss", Some(got.log_loss), Some(wanted.log_loss)),
        ] {
            assert_near(&format!("{what} of {name}"), got, wanted);
        }
    }
}

#[test]
fn the_largest_class_is_beaten_only_by_a_higher_accuracy() {
    for (labels, logits, class, share, beats) in [
        (&[0, 0, 1][..], &[-1.0, -1.0, -1.0][..], 0, 2.0 / 3.0, false),
        (&[0, 0, 1], &[-1.0, -1.0, 1.0], 0, 2.0 / 3.0, true),
        (&[1, 1, 0], &[1.0, -1.0, 1.0], 1, 2.0 / 3.0, false),
        (&[0, 1], &[1.0, 1.0], 0, 0.5, false),
        // nothing beats a class that is alone
        (&[1, 1], &[1.0, 1.0], 1, 1.0, false),
    ] {
        let scores = Scores::new(labels, logits).unwrap();
        assert_eq!((scores.largest_class, scores.beats_largest_class), (LargestClass { class, share }, beats));
    }
    assert_eq!(LargestClass::of(&[]), LargestClass { class: 0, share: 0.0 });
}

/// By hand: −ln σ(z) is −z far below 0 and exp(−z) far above.
#[test]
fn the_log_loss_keeps_its_digits_at_any_logit() {
    let loss = |label, logit| Scores::new(&[label], &[logit]).unwrap().log_loss;
    assert_eq!((loss(1, -800.0), loss(0, 1e300)), (800.0, 1e300));
    assert_eq!((loss(0, f64::INFINITY), loss(1, f64::INFINITY), loss(0, f64::NEG_INFINITY)), (f64::INFINITY, 0.0, 0.0));
    assert_near("at 40", Some(loss(1, 40.0) / (-40.0_f64).exp()), Some(1.0));
}

#[test]
fn the_area_under_the_curve_is_exact_with_a_hundred_thousand_ties() {
    // every pair of (1, 0) ties, but those with the 1,000 samples of class 1 at the top
    let labels: Vec<u8> = (0..101_000).map(|k| u8::from(k >= 50_000)).collect();
    let logits: Vec<f64> = (0..101_000).map(|k| if k < 100_000 { 0.1 } else { 0.2 }).collect();
    let area = (50_000.0 * 0.5 + 1_000.0) / 51_000.0;
    assert_eq!(Scores::new(&labels, &logits).unwrap().roc_auc, Some(area));
}

#[test]
fn what_cannot_be_scored_is_refused() {
    for (labels, logits, wanted) in [
        (&[][..], &[][..], "the number of samples must be at least 1, not 0"),
        (&[0, 1], &[1.0], "1 logits do not belong to 2 labels"),
        (&[0, 2], &[1.0, 1.0], "a label must be 0 or 1, not 2"),
        (&[0, 1], &[1.0, f64::NAN], "a logit must be a number, not NaN, as of sample 2"),
    ] {
        assert_eq!(Scores::new(labels, logits).unwrap_err().to_string(), wanted);
    }
}

#[test]
fn what_is_not_defined_is_null_in_json() {
    let json = serde_json::to_value(Scores::new(&[0], &[-1.0]).unwrap()).unwrap();
    for undefined in ["precision", "recall", "f1", "roc_auc"] {
        assert!(json[undefined].is_null(), "{undefined}");
    }
    assert_eq!((json["accuracy"].as_f64(), json["confusion"]["true_negatives"].as_u64()), (Some(1.0), Some(1)));
}
