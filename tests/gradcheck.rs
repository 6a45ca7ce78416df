//! The gradient check: right pairs of activation and derivative pass, wrong ones do not, at iteration 0.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use common::command::ended;
use common::dense::cases;
use planar::backend::Run;
use planar::gradcheck::{BOUND, TensorCheck, check, start};
use planar::model::{Activation, InitScale, Network};
use planar::optim::{Dropout, Recipe};
use serde_json::Value;

const NAMES: [&str; 5] = ["tanh", "sigmoid", "relu", "leaky-relu:0.01", "leaky-relu:0.2"];

#[test]
fn right_pairs_pass_and_wrong_ones_err_by_nearly_half_or_more() {
    let data = common::golden_flower();
    for (g, other) in NAMES.into_iter().flat_map(|g| NAMES.map(|other| (g, other))) {
        for (hidden, seed) in [(&[4][..], 2), (&[17], 3), (&[3, 5], 2)] {
            let network = Network::new(2, hidden, g.parse().unwrap()).unwrap().with_backward(other.parse().unwrap());
            let found = check(&data, &start(&network, seed)).unwrap();
            let what = format!("{g}, derivative of {other}, {hidden:?}: {found:?}");
            assert_eq!(found.is_wrong(), g != other, "{what}");
            // where the first ReLUs are silent, Z2 is b2 = 0, at the kink: nothing of db2 is compared
            let is_checked = found.tensors.iter().all(TensorCheck::is_checked);
            assert_eq!(found.passed, g == other && is_checked, "{what}");
            assert!(is_checked || (g == "relu" && hidden.len() > 1), "{what}");
            let both_relu = g.contains("relu") && other.contains("relu"); // slopes of 0, 0.01 and 0.2 are close
            if g == other {
                assert!(found.relative_error <= 2e-7, "{what}");
            } else if !both_relu && hidden.len() == 1 {
                let of_w1 = &found.tensors[0];
                assert!(of_w1.tensor == "dW1" && (0.4..=1.0).contains(&of_w1.relative_error), "{what}");
                assert!(found.tensors[2..].iter().all(|of_output| of_output.passed), "{what}");
            }
        }
    }
}

/// Two and more outputs, samples that count differently, L2, and units that are dropped.
#[test]
fn every_activation_has_the_derivative_of_every_cost() {
    let mut kinds = 0;
    for (n, case) in cases().into_iter().enumerate().filter(|(_, case)| case.data != "digits") {
        let data = case.samples();
        for (k, activation) in Activation::ALL.into_iter().enumerate().filter(|(k, _)| (n + k) % 3 == 0) {
            let run = case.run(&data);
            let network = Network::new(data.features(), &[5, 3], activation).unwrap();
            let network = network.with_output(run.network.output(), run.network.outputs()).unwrap();
            let recipe =
                Recipe { l2: [0.0, 3.0][n % 2], dropout: Dropout { rate: [0.0, 0.25][k % 2], seed: 1 }, ..run.recipe };
            let start = Run::initial(network.clone(), 3, InitScale::XAVIER, 1.0).with_recipe(recipe);
            let what = format!("{activation}, {}", case.name());
            let found = check(&data, &start).unwrap();
            // a layer of ReLUs without inputs lies at its kink: nothing is compared there
            let is_right = if activation == Activation::Relu { !found.is_wrong() } else { found.passed };
            assert!(is_right, "{what}: {found:?}");
            kinds += 1;
            // a derivative that is nowhere the right one
            if matches!(activation, Activation::Sigmoid | Activation::Softplus) {
                let wrong = Run { network: network.with_backward(Activation::Relu), ..start };
                assert!(check(&data, &wrong).unwrap().is_wrong(), "{what}");
            }
        }
    }
    assert!(kinds > 80, "{kinds}");
}

/// The thread's figures: 0.97 for tanh's derivative with a ReLU, 0.65 with σ.
#[test]
fn wrong_pairs_err_as_was_measured() {
    for (g, measured) in [("relu", 0.967), ("leaky-relu", 0.967), ("sigmoid", 0.655)] {
        let network = Network::one_hidden(2, 4, g.parse().unwrap()).unwrap().with_backward("tanh".parse().unwrap());
        let found = check(&common::golden_flower(), &start(&network, 2)).unwrap();
        assert!((found.relative_error - measured).abs() < 1e-3, "{g}: {}", found.relative_error);
    }
}

/// A sample at 0 has Z = 0 with the initial biases, so every change of b1 crosses the kink.
#[test]
fn an_element_at_a_kink_is_counted_and_left_out() {
    let data = planar::data::Dataset::from_points("zero", None, 2, &[0.0, 0.0, 1.0, 2.0], vec![0, 1]).unwrap();
    let found = check(&data, &start(&Network::one_hidden(2, 3, "relu".parse().unwrap()).unwrap(), 2)).unwrap();
    let kinks: Vec<usize> = found.tensors.iter().map(|tensor| tensor.kinks).collect();
    // nothing of db1 was compared, and what is not compared does not pass
    assert_eq!((kinks, found.passed, found.is_wrong()), (vec![0, 3, 0, 0], false, false));
    assert_eq!((found.tensors[1].elements, found.tensors[1].passed), (0, false));
    let verdict = found.verdict("relu".parse().map(planar::model::Derivative::of).unwrap());
    assert!(verdict.starts_with("not checked: every element of db1"), "{verdict}");
    let smooth = check(&data, &start(&Network::one_hidden(2, 3, "tanh".parse().unwrap()).unwrap(), 2)).unwrap();
    assert!(smooth.tensors.iter().all(|tensor| tensor.kinks == 0));
}

#[test]
fn the_command_names_the_pair_and_ends_with_4() {
    let (stdout, stderr, code) = ended("gradcheck --activation relu --backward-activation tanh --json");
    assert_eq!((code, stderr.as_str()), (4, ""));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let verdict = report["verdict"].as_str().unwrap();
    assert!(verdict.starts_with("the backward pass uses tanh's derivative with relu's forward pass"), "{verdict}");
    assert_eq!(report["bound"], BOUND);
    let (stdout, _, code) = ended("gradcheck --activation leaky-relu:0.2 --hidden 3 --data noisy-moons");
    assert_eq!((code, stdout.matches("right").count()), (0, 4), "{stdout}");
    let iris = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/data/iris.csv");
    let (stdout, _, code) =
        ended(&format!("gradcheck --activation gelu --l2 2 --dropout 0.3 --hidden 5x3 --data {iris}"));
    assert_eq!((code, stdout.matches("right").count()), (0, 6), "{stdout}");
    let (_, stderr, code) = ended("gradcheck --dropout 1");
    assert_eq!((code, stderr.lines().count()), (2, 1), "{stderr}");
    let (stdout, stderr, code) = ended("gradcheck --hidden 9999");
    assert_eq!((stdout.as_str(), code, stderr.lines().count()), ("", 2, 1), "{stderr}");
}

#[test]
fn a_right_derivative_is_right_on_large_features() {
    for scale in [1e3, 1e4] {
        let inputs = common::golden_flower();
        let points: Vec<f64> = (0..400).flat_map(|s| inputs.point(s).map(|x| scale * x).collect::<Vec<_>>()).collect();
        let data = planar::data::Dataset::from_points("k", None, 2, &points, inputs.labels().to_vec()).unwrap();
        for g in NAMES {
            let found = check(&data, &start(&Network::one_hidden(2, 4, g.parse().unwrap()).unwrap(), 2)).unwrap();
            assert!(found.passed, "{scale}, {g}: {found:?}");
        }
    }
}

#[test]
fn a_gradient_of_0_is_right_to_rounding_and_a_cost_that_is_not_finite_is_refused() {
    let (stdout, stderr, code) = ended("gradcheck --init-scale 0");
    assert_eq!((code, stdout.matches("WRONG").count()), (0, 0), "{stdout}{stderr}");
    let (stdout, stderr, code) = ended("gradcheck --init-scale 1e300");
    assert!(code != 4 && !stdout.contains("WRONG"), "{stdout}{stderr}");
    let (stdout, stderr, code) = ended("gradcheck --init-scale 1e300 --activation relu");
    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
    assert!(stderr.contains("finite"), "{stderr}");
}

#[test]
fn a_small_error_that_is_wrong_is_not_printed_as_0() {
    let (stdout, _, code) = ended("gradcheck --activation leaky-relu:0.2 --backward-activation leaky-relu:0.2001");
    assert!(code == 4 && !stdout.contains("relative error 0.00,"), "{stdout}");
    assert!(stdout.lines().next().is_some_and(|line| line.contains("e-")), "{stdout}");
}
