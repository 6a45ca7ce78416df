//! Early stopping where networks train in number: each of a sweep and each fold stops where it would alone, with the best
//! weights that it would have. No adapter is visible.
#![cfg(all(feature = "cli", feature = "gpu"))]

mod common;

use common::command::{json, planar, refused};
use serde_json::Value;

/// Networks that learn noise by heart.
const NOISE: &str = "-q --json --device cpu --data gaussian-quantiles --samples 60 --optimizer adam --init-scale he \
                     --iterations 3000 --log-every 10 --early-stopping 5";

fn results(report: &Value) -> &Vec<Value> {
    report["results"].as_array().unwrap()
}

#[test]
fn each_network_of_a_sweep_stops_where_it_stops_alone_with_the_same_best_weights() {
    let hold_out = "--test-fraction 0.5";
    let sweep =
        json(planar(&format!("sweep {NOISE} {hold_out} --hidden 1,17,40 --learning-rate 0.05,0.0001 --init-seed 2,5")));
    let mut stopped = Vec::new();
    for of in results(&sweep) {
        let alone = json(planar(&format!(
            "train {NOISE} {hold_out} --hidden {} --learning-rate {} --init-seed {}",
            of["hidden"], of["learning_rate"], of["init_seed"]
        )));
        assert_eq!(of["status"], alone["status"], "{of}");
        assert_eq!(of["best_iteration"], alone["final"]["best_iteration"], "{of}");
        assert_eq!(of["test_costs"], alone["test_costs"]);
        for figure in ["cost", "accuracy", "test_accuracy"] {
            assert_eq!(of[figure], alone["final"][figure], "{figure} of {of}");
        }
        assert_eq!(of["costs"], alone["costs"]);
        assert_eq!(of["done"], alone["costs"].as_array().unwrap().last().unwrap()["iteration"]);
        if of["status"] == "stopped" {
            stopped.push(of["done"].as_u64().unwrap());
            assert_eq!(stopped[stopped.len() - 1] - of["best_iteration"].as_u64().unwrap(), 50);
        }
    }
    stopped.sort_unstable();
    stopped.dedup();
    assert!(stopped.len() >= 3, "networks stopped at {stopped:?}");
    assert!(results(&sweep).iter().any(|of| of["status"] == "finished"));
}

#[test]
fn each_fold_stops_by_its_own_samples_alone_as_in_a_sweep() {
    let folds = json(planar(&format!("train {NOISE} --folds 3 --hidden 40 --learning-rate 0.05")));
    let sweep = json(planar(&format!("sweep {NOISE} --folds 3 --hidden 40 --learning-rate 0.05 --init-seed 2")));
    let folds = folds["folds"].as_array().unwrap();
    assert_eq!((folds.len(), results(&sweep).len()), (3, 3));
    let mut best = Vec::new();
    for (fold, of) in folds.iter().zip(results(&sweep)) {
        assert_eq!((&fold["status"], &of["status"]), (&"stopped".into(), &"stopped".into()));
        assert_eq!((&fold["iterations"], &fold["final"]["best_iteration"]), (&of["done"], &of["best_iteration"]));
        for figure in ["cost", "accuracy", "test_accuracy"] {
            assert_eq!(fold["final"][figure], of[figure]);
        }
        best.push(of["best_iteration"].as_u64().unwrap());
    }
    best.dedup();
    assert!(best.len() > 1, "each fold has its own best: {best:?}");
}

#[test]
fn a_sweep_that_cannot_stop_early_is_refused() {
    for (flags, words) in [
        ("--early-stopping 3", &["early stopping", "held out", "--test-fraction"][..]),
        ("--early-stopping 0 --test-fraction 0.2", &["patience", "at least 1", "'0'"]),
        ("--early-stopping 2 --halving 2 --test-fraction 0.2", &["--early-stopping", "--halving", "cannot be used"]),
    ] {
        refused(planar(&format!("sweep -q --device cpu --hidden 1,2 {flags}")), words);
    }
}
