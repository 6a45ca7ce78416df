//! Networks with more features than the plane has, against NumPy's figures, on the CPU; and what is refused.

mod common;

use common::{GoldenFeatures, golden};
use planar::Error;
use planar::backend::Backend;
use planar::cpu::engine::Instructions;
use planar::cpu::{Engine, Reference};
use planar::data::{Dataset, MAX_NUMBERS, gaussian_quantiles, gaussian_quantiles_of};
use planar::model::{Activation, Network};

fn cases() -> Vec<GoldenFeatures> {
    golden("many_features.json")
}

#[test]
fn gaussian_quantiles_of_any_number_of_features_are_scikit_learns() {
    for case in cases() {
        assert_eq!((case.data().features(), case.data().samples()), (case.features, case.samples));
    }
    assert_eq!(gaussian_quantiles_of(2, 200, 1).unwrap(), gaussian_quantiles(200, 1).unwrap());
}

#[test]
fn the_reference_takes_numpys_step_and_follows_its_costs() {
    for case in cases() {
        let [gradients, costs] = case.worst(&Reference::<f64>::new());
        // both bounds are for f32
        assert!(gradients <= 1e-6 && costs <= 1e-6, "{} features: {gradients}, {costs}", case.features);
        let [gradients, costs] = case.worst(&Reference::<f32>::new());
        assert!(gradients <= 1.0 && costs <= 1.0, "{} features: {gradients}, {costs}", case.features);
    }
}

#[test]
fn the_engine_takes_numpys_step_and_follows_its_costs_with_every_instruction_set() {
    for case in cases() {
        for instructions in Instructions::available() {
            let engine = Engine::new(Some(2)).unwrap().with_instructions(instructions).unwrap();
            let [gradients, costs] = case.worst(&engine);
            assert!(gradients <= 1.0 && costs <= 1.0, "{} features: {gradients}, {costs}", case.features);
            let logits = engine.load(&case.data(), &[case.run()]).unwrap().evaluate().unwrap().remove(0).logits;
            // a logit may lie on the border
            let missed = (case.data().accuracy(&logits) - case.accuracy).abs() * case.samples as f64;
            assert!(missed <= 1.01, "{} features: {missed} samples are of another class", case.features);
        }
    }
}

#[test]
fn the_engine_says_how_much_memory_many_features_take() {
    let data = gaussian_quantiles_of(1000, 40, 1).unwrap();
    let network = Network::one_hidden(1000, 64, Activation::Tanh).unwrap();
    let engine = Engine::new(Some(2)).unwrap();
    let [one, ten] = [1, 10].map(|count| engine.memory(&data, &network, count).unwrap());
    let parameters = network.layout().parameters() as u64;
    assert!(one >= 4 * (2 * parameters + 40 * 1000) && ten > 9 * (one - 4 * 40 * 1001), "{one}, {ten}");
    // a gradient of 2 GiB is not kept once for each of 32 parts
    let large = Network::one_hidden(1 << 19, 1 << 10, Activation::Tanh).unwrap();
    let most = engine.memory(&data, &large, 1).unwrap();
    assert!(most < 5 << 30, "{most}");
}

#[test]
fn no_features_and_more_numbers_than_memory_holds_are_refused() {
    for (features, samples, wanted) in [
        (0, 4, "the number of features must be at least 1, not 0".to_owned()),
        (30, 1, "the number of samples must be between 2 and 100000000, not 1".to_owned()),
        (1 << 20, 1 << 20, format!("samples × features must be at most {MAX_NUMBERS}, not {}", 1_u64 << 40)),
    ] {
        let error = gaussian_quantiles_of(features, samples, 1).unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }) && error.to_string() == wanted, "{error}");
    }
    let error = Dataset::from_points("none", None, 0, &[0.0; 0], vec![1]).unwrap_err();
    assert_eq!(error.to_string(), "the number of features must be at least 1, not 0");
    let error = Dataset::from_points("few", None, usize::MAX, &[1.0], vec![1, 0]).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
}
