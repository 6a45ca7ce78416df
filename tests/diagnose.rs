//! `planar diagnose`: the thread's bug, iteration by iteration as measured, and the causes that it distinguishes.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::time::Duration;

use common::command::ended;
use planar::backend::{Backend, Run};
use planar::cpu::Engine;
use planar::data::Dataset;
use planar::diagnose::{Case, Cause, Change, diagnose, examine_without, replay};
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
        assert_eq!(code, 4, "{stderr}");
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
    assert_eq!(of(&data, &common::run(&[4], "tanh", 1.2, 2, 0.01), 1000).cause, Cause::Healthy);
    // 100 iterations leave it at 59.5 %
    assert_eq!(of(&data, &common::run(&[4], "tanh", 1.2, 2, 0.01), 100).cause, Cause::LearningRateTooSmall);

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

    let mut dying = common::run(&[3], "relu", 0.1, 2, 0.5);
    dying.parameters.bias_mut(0).fill(-1000.0);
    let found = of(&data, &dying, 1000);
    assert_eq!((found.cause, found.replay.dead.unwrap().units), (Cause::DeadUnits, 3), "{}", found.verdict);
    // one dead unit of twenty changes little
    let mut lively = common::run(&[20], "relu", 0.5, 2, 0.5);
    lively.parameters.bias_mut(0)[1] = -1000.0;
    let found = of(&data, &lively, 5000);
    assert_eq!((found.cause.is_failure(), found.replay.dead.unwrap().units), (false, 1), "{}", found.verdict);

    // two points far from the boundary between them: σ(Z2) rounds to 1, and rightly so
    let sure = Dataset::from_points("sure", None, 1, &[-90.0, 90.0], vec![0, 1]).unwrap();
    let network = planar::model::Network::one_hidden(1, 3, "leaky-relu".parse().unwrap()).unwrap();
    let parameters = planar::model::Parameters::initial(&network, 2, 1.0);
    let found = of(&sure, &Run::new(network, parameters, 0.01), 50);
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
    assert_eq!(code, 4);
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
    assert_eq!(code, 4, "{stderr}");
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
    let found = diagnose(&common::golden_flower(), &steep, 1_000_000, None, Duration::ZERO).unwrap();
    assert_eq!(found.cause, Cause::LearningRateTooLarge, "{}", found.verdict);
    assert_eq!((found.largest_rate, found.rate_search_out_of_time), (None, Some(true)));
    assert!(found.trials_out_of_time && found.remedy.is_none());
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

/// The report of a diagnosis, and how it ended.
fn diagnosed(arguments: &str) -> (Value, i32) {
    let (stdout, stderr, code) = ended(&format!("diagnose -q --json --device cpu {arguments}"));
    (serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{arguments}: {stderr}")), code)
}

/// What the report's command reaches, which must be what the remedy reached.
fn follow(report: &Value) -> (f64, f64) {
    let command = report["command"].as_str().unwrap().strip_prefix("planar ").unwrap();
    let (stdout, stderr, code) = ended(&format!("{command} -q --json"));
    assert_eq!(code, 0, "{command}: {stderr}");
    let trained: Value = serde_json::from_str(&stdout).unwrap();
    let of = |report: &Value| (report["cost"].as_f64().unwrap(), report["accuracy"].as_f64().unwrap());
    assert_eq!(of(&trained["final"]), of(&report["remedy"]), "{command}");
    of(&trained["final"])
}

#[test]
fn the_command_that_is_advised_reaches_what_it_promises() {
    for (arguments, cause, cost) in [
        ("--activation leaky-relu --hidden 40 --learning-rate 30", "learning-rate-too-large", 0.5),
        ("--activation relu --hidden 20 --learning-rate 10", "learning-rate-too-large", 0.6),
        ("--data tests/cases/exam.csv --scale none", "badly-scaled-data", 0.1),
        (
            "--data tests/cases/exam.csv --scale none --activation leaky-relu --hidden 20 --learning-rate 5",
            "badly-scaled-data",
            0.1,
        ),
        ("--hidden 4 --learning-rate 50", "learning-rate-too-large", 0.3),
        ("--learning-rate 0.001 --iterations 5000", "learning-rate-too-small", 0.4),
        ("--hidden=1", "too-little-capacity", 0.3),
        ("--backward-activation relu --iterations 2000", "wrong-derivative", 0.3),
        ("--data tests/cases/xor.csv --activation sigmoid --hidden 2", "plateau", 0.1),
    ] {
        let (report, code) = diagnosed(arguments);
        assert_eq!((report["cause"].as_str(), code), (Some(cause), 4), "{arguments}: {}", report["verdict"]);
        let (reached, _) = follow(&report);
        assert!(reached < cost, "{arguments}: {reached}");
    }
}

#[test]
fn a_healthy_training_ends_with_0_and_overfitting_is_shown_by_samples_held_out() {
    for arguments in ["", "--hidden 50 --iterations 2500", "--data noisy-moons --iterations 3000 --test-fraction 0.2"] {
        let (report, code) = diagnosed(arguments);
        let cause = report["cause"].as_str().unwrap();
        assert!(code == 0 && ["healthy", "saturated-cost"].contains(&cause), "{arguments}: {}", report["verdict"]);
        assert!(report["command"].is_null());
    }
    let few = "--data flower --samples 60 --hidden 100 --activation relu --learning-rate 0.3 --init-scale 0.3 \
               --test-fraction 0.5";
    let (report, code) = diagnosed(few);
    assert_eq!((report["cause"].as_str(), code), (Some("overfitting"), 4), "{}", report["verdict"]);
    let (_, accuracy) = follow(&report);
    assert!(accuracy > 0.5);
}

#[test]
fn an_adapter_that_computes_wrong_is_the_cause_and_the_cpu_what_mends_it() {
    let (data, run) = (common::golden_flower(), common::run(&[4], "tanh", 1.2, 2, 0.01));
    let case = Case { data: &data, held_out: None, run: &run, iterations: 1000 };
    let said = "dW1[0] of an adapter is 1e0, and the CPU's 2e0";
    let found = examine_without(&case, said, PATIENCE, &mut |_| std::ops::ControlFlow::Continue(())).unwrap().unwrap();
    assert_eq!((found.cause, found.verdict), (Cause::WrongAdapter, format!("the device computes wrong: {said}.")));
    let remedy = found.remedy.unwrap();
    assert!(remedy.changes == [Change::OnCpu] && remedy.cost.unwrap() < 0.3, "{remedy:?}");
    // what overflows on the CPU too accuses no adapter
    let run = common::run(&[4], "relu", 1.2, 2, 1e30);
    let case = Case { run: &run, ..case };
    let found = examine_without(&case, said, PATIENCE, &mut |_| std::ops::ControlFlow::Continue(())).unwrap().unwrap();
    assert_eq!(found.cause, Cause::StartNotFinite, "{}", found.verdict);
}

/// The verdict first, what shows it, what was tried, the command.
#[test]
fn the_summary_begins_with_the_verdict_and_says_what_was_tried() {
    let (stdout, _, code) = ended("diagnose -q --device cpu --hidden 1");
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(code, 4);
    assert!(
        lines[0].starts_with("too little capacity: 1 hidden unit is too few for these data; the cost ends at 0.63"),
        "{stdout}"
    );
    assert!(lines.iter().any(|line| line.starts_with("  a linear model: cost 0.673")), "{stdout}");
    assert!(lines.contains(&"tried"), "{stdout}");
    let wanted = "to train with what helped: planar train --device cpu --hidden ";
    assert!(lines.iter().any(|line| line.starts_with(wanted)), "{stdout}");
}

#[test]
fn every_cause_has_a_name_of_its_own_which_the_documentation_explains() {
    let text = include_str!("../docs/diagnose.md");
    for cause in Cause::ALL {
        assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
        assert!(text.contains(&format!("`{}`", cause.name())), "{}", cause.name());
    }
}

/// On a slow device, or with little patience, what was not tried acquits nobody.
#[test]
fn a_poor_result_is_not_called_healthy_because_time_ran_out() {
    let run = common::run(&[1], "tanh", 1.2, 2, 0.01);
    let found = diagnose(&common::golden_flower(), &run, 3000, None, Duration::ZERO).unwrap();
    assert!([Cause::Undecided, Cause::TooLittleCapacity].contains(&found.cause), "{}", found.verdict);
    assert!(found.trials_out_of_time && found.cause.is_failure());
}
