//! `planar diagnose`: the thread's bug, iteration by iteration as measured, and the causes that it distinguishes.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::time::Duration;

use common::command::ended;
use planar::backend::{Backend, Run};
use planar::cpu::Engine;
use planar::data::Dataset;
use planar::diagnose::{Cause, diagnose, largest_rate, replay};
use planar::train::{Schedule, Status, train};
use serde_json::Value;

/// The replays here end long before it, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(1200);

fn bug(activation: &str, seed: u32) -> Run {
    let start = common::run(&[4], activation, 1.2, seed, 0.01);
    let network = start.network.clone().with_backward("tanh".parse().unwrap());
    Run { network, ..start }
}

#[test]
fn the_threads_bug_breaks_iteration_by_iteration_as_measured() {
    let data = common::golden_flower();
    for (seed, [above, cost, notebook, weights, all]) in [(2, [17, 43, 44, 50, 51]), (3, [23, 50, 51, 57, 58])] {
        let seen = replay(&data, &bug("leaky-relu", seed), 0, 200, PATIENCE).unwrap();
        assert_eq!(seen.activation_above_one, Some(above));
        assert_eq!(seen.cost_above_one, Some(cost));
        assert_eq!(seen.notebook_nan, Some(notebook));
        assert_eq!((seen.weights_nan, seen.cost_not_finite), (Some(weights), Some(weights)));
        assert_eq!(seen.activations_all_nan, Some(all));
        let first = &seen.broken[0];
        assert_eq!((first.iteration, first.tensor.as_str()), (weights - 1, "db1"), "{first:?}");
        assert!(first.operation.contains("g′(Z1)"), "{first:?}");
    }
    for (seed, weights, cost) in [(2, 50, 60), (3, 57, 68)] {
        let seen = replay(&data, &bug("relu", seed), 0, 200, PATIENCE).unwrap();
        assert_eq!((seen.weights_nan, seen.cost_not_finite), (Some(weights), Some(cost)));
        assert_eq!(seen.activations_all_nan, None, "ReLU hides it");
        assert!(seen.broken.iter().all(|broken| broken.tensor != "A1"));
        let z2 = seen.broken.iter().find(|broken| broken.tensor == "Z2").unwrap();
        assert_eq!((z2.iteration, z2.operation.as_str()), (cost, "W2·A1 + b2: a term is infinite"));
    }
}

#[test]
fn on_f32_devices_all_of_a1_is_nan_when_numpys_f32_has_it() {
    for (seed, [cost, all]) in [(2, [48, 49]), (3, [54, 56])] {
        let (stdout, stderr, code) = ended(&format!(
            "diagnose -q --json --device cpu --activation leaky-relu --backward-activation tanh --init-seed {seed}"
        ));
        assert_eq!(code, 0, "{stderr}");
        let report: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(
            (&report["device"]["diverged"], &report["device"]["activations_all_nan"]),
            (&cost.into(), &all.into())
        );
    }
}

#[test]
fn a_notebook_in_f32_prints_nan_while_training_is_healthy() {
    // NumPy's f32 run of n_h = 50 has its first A2 of 1 at iteration 1788
    let found = replay(&common::golden_flower(), &common::run(&[50], "tanh", 1.2, 2, 0.01), 0, 1800, PATIENCE).unwrap();
    assert_eq!((found.notebook_nan, found.notebook_nan_f32, found.cost_above_one), (None, Some(1788), None));
}

#[test]
fn causes_are_told_apart() {
    let data = common::golden_flower();
    let of = |data: &Dataset, run: &Run, iterations| diagnose(data, run, iterations, None, PATIENCE).unwrap();
    assert_eq!(of(&data, &bug("relu", 3), 100).cause, Cause::WrongDerivative);
    assert_eq!(of(&data, &common::run(&[4], "tanh", 1.2, 2, 0.01), 100).cause, Cause::Healthy);

    let steep = of(&data, &common::run(&[5], "leaky-relu:0.3", 50.0, 2, 0.01), 300);
    assert_eq!(steep.cause, Cause::LearningRateTooLarge, "{}", steep.verdict);
    let largest = steep.largest_rate.unwrap();
    let trains = |rate| {
        let run = common::run(&[5], "leaky-relu:0.3", rate, 2, 0.01);
        let mut session = Engine::new(None).unwrap().load(&data, &[run]).unwrap();
        let outcome =
            train(session.as_mut(), Schedule::new(300, None).unwrap(), |_| std::ops::ControlFlow::Continue(()));
        outcome.unwrap().status == Status::Finished
    };
    assert!(trains(largest) && largest < 50.0, "{largest}");

    let points: Vec<f64> = data.inputs().iter().map(|x| 1e4 * x).collect();
    let points: Vec<f64> = (0..400).flat_map(|s| [points[s], points[400 + s]]).collect();
    let large = Dataset::from_points("large", None, 2, &points, data.labels().to_vec()).unwrap();
    let found = of(&large, &common::run(&[5], "leaky-relu:0.3", 1.2, 2, 0.01), 100);
    assert_eq!(found.cause, Cause::BadlyScaledData, "{}", found.verdict);

    let mut dying = common::run(&[3], "relu", 0.01, 2, 0.5);
    dying.parameters.bias_mut(0)[1] = -1000.0;
    let found = of(&data, &dying, 20);
    assert_eq!((found.cause, found.replay.dead.unwrap().units), (Cause::DeadUnits, 1), "{}", found.verdict);

    // two points far from the boundary between them: σ(Z2) rounds to 1, and rightly so
    let sure = Dataset::from_points("sure", None, 1, &[-90.0, 90.0], vec![0, 1]).unwrap();
    let network = planar::model::Network::one_hidden(1, 3, "leaky-relu".parse().unwrap()).unwrap();
    let parameters = planar::model::Parameters::initial(&network, 2, 1.0);
    let found = of(&sure, &Run { network, parameters, learning_rate: 0.01 }, 50);
    assert_eq!(found.cause, Cause::SaturatedCost, "{}", found.verdict);
}

#[test]
fn training_keeps_the_last_finite_weights() {
    let mut session = Engine::new(None).unwrap().load(&common::golden_flower(), &[bug("leaky-relu", 2)]).unwrap();
    let outcome = train(session.as_mut(), Schedule::new(200, None).unwrap(), |_| std::ops::ControlFlow::Continue(()));
    let outcome = outcome.unwrap();
    let (at, parameters) = outcome.last_finite().unwrap();
    assert!(outcome.status == Status::Diverged && at < outcome.iterations && parameters.is_finite(), "{at}");
    assert!((45..=55).contains(&outcome.iterations), "f32 diverges where f64 does: {}", outcome.iterations);
}

#[test]
fn the_command_that_train_offers_names_the_pair() {
    let (_, stderr, code) =
        ended("train -q --json --device cpu --log-every 7 --activation leaky-relu --backward-activation tanh");
    assert_eq!(code, 5);
    let offered = stderr.trim().split_once("planar diagnose ").unwrap().1;
    assert_eq!(offered, "--device cpu --activation leaky-relu --backward-activation tanh");
    let (stdout, _, code) = ended(&format!("diagnose -q {offered}"));
    assert_eq!(code, 0);
    let verdict = stdout.lines().next().unwrap();
    assert!(verdict.starts_with("the backward pass uses tanh's derivative with leaky-relu:0.01's"), "{verdict}");
    let (stdout, _, _) = ended(&format!("diagnose -q --json {offered}"));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&report["cause"], &report["replay"]["cost_above_one"]), (&"wrong-derivative".into(), &43.into()));
}

#[test]
fn the_command_that_train_offers_starts_from_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let [weights, run] = ["weights", "run"].map(|name| folder.path().join(format!("{name}.safetensors")));
    let (weights, run) = (weights.display(), run.display());
    ended(&format!("train -q --device cpu --iterations 500 --checkpoint {weights}"));
    let bug = "--device cpu --activation relu --backward-activation tanh";
    let (stdout, stderr, code) = ended(&format!("train -q --json {bug} --init {weights} --checkpoint {run}"));
    assert_eq!(code, 5, "{stderr}");
    let trained: Value = serde_json::from_str(&stdout).unwrap();
    let offered = stderr.trim().split_once("planar diagnose ").unwrap().1;
    assert_eq!(offered, format!("{bug} --init {weights}"));
    let (stdout, stderr, code) = ended(&format!("diagnose -q --json {offered}"));
    assert_eq!(code, 0, "{stderr}");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    let first = |cost: &Value| cost.as_f64().unwrap();
    let (replayed, cost) = (first(&found["replay"]["first_cost"]), first(&trained["costs"][0]["cost"]));
    assert!((replayed - cost).abs() < 1e-3 * cost, "{replayed} {cost}");
    // a checkpoint of that run names the weights if the command line does not
    let (_, stderr, code) = ended(&format!("train -q {bug} --resume {run}"));
    assert_eq!(code, 5, "{stderr}");
    assert!(stderr.trim().ends_with(&format!("planar diagnose {bug} --init {weights}")), "{stderr}");
}

#[test]
fn a_cost_that_ends_above_its_start_is_no_healthy_training() {
    let data = common::golden_flower();
    let found = diagnose(&data, &common::run(&[4], "tanh", 1000.0, 2, 0.01), 1000, None, PATIENCE).unwrap();
    assert_eq!(found.cause, Cause::LearningRateTooLarge, "{}", found.verdict);
    assert!(found.verdict.contains("the cost rises from 0.6930 to "), "{}", found.verdict);
    let largest = found.largest_rate.unwrap();
    // judged as the search does: by the engine, in f32
    let mut session = Engine::new(None).unwrap().load(&data, &[common::run(&[4], "tanh", largest, 2, 0.01)]).unwrap();
    let outcome = train(session.as_mut(), Schedule::new(1000, None).unwrap(), |_| std::ops::ControlFlow::Continue(()));
    let outcome = outcome.unwrap();
    assert!(largest < 1000.0 && outcome.evaluation.cost < outcome.costs[0].cost, "{largest}: {:?}", outcome.costs);
}

#[test]
fn large_features_are_no_wrong_derivative() {
    let flower = common::golden_flower();
    let points: Vec<f64> = (0..400).flat_map(|s| flower.point(s).map(|x| 1e4 * x).collect::<Vec<_>>()).collect();
    let data = Dataset::from_points("large", None, 2, &points, flower.labels().to_vec()).unwrap();
    let found = diagnose(&data, &common::run(&[4], "tanh", 1.2, 2, 0.01), 100, None, PATIENCE).unwrap();
    assert_ne!(found.cause, Cause::WrongDerivative, "{}", found.verdict);
    assert!(found.gradients.unwrap().passed);
    assert_eq!(diagnose(&data, &bug("relu", 2), 20, None, PATIENCE).unwrap().cause, Cause::WrongDerivative);
}

#[test]
fn a_network_too_large_for_a_check_is_checked_with_fewer_units() {
    let wide = common::run(&[10_000], "relu", 1.2, 2, 0.01);
    let bug = Run { network: wide.network.clone().with_backward("tanh".parse().unwrap()), ..wide };
    let found = diagnose(&common::golden_flower(), &bug, 2, None, PATIENCE).unwrap();
    assert_eq!((found.cause, found.checked_hidden), (Cause::WrongDerivative, vec![100]), "{}", found.verdict);
}

#[test]
fn a_search_that_runs_out_of_time_says_so() {
    let steep = common::run(&[5], "leaky-relu:0.3", 50.0, 2, 0.01);
    let found = largest_rate(&common::golden_flower(), &steep, 1_000_000, Duration::ZERO).unwrap().unwrap();
    assert_eq!((found.rate, found.out_of_time), (None, true));
}

#[cfg(unix)]
#[test]
fn ctrl_c_in_training_ends_the_diagnosis_with_130() {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("planar"))
        .args(["diagnose", "-q", "--device", "cpu", "--iterations", "400000000"])
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(2));
    common::command::interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
