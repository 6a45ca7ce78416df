//! The CPU reference against figures that NumPy made in float64, and against central differences.

mod common;

use common::{GoldenCurve, GoldenStep, assert_each_within, assert_gradients_within_f32_bound, costs_of, golden, run};
use planar::backend::{Backend, Run};
use planar::cpu::Reference;
use planar::model::{Activation, Parameters};

#[test]
fn f64_matches_numpys_first_step_for_every_activation_width_and_scale() {
    let data = common::golden_flower();
    for step in golden::<Vec<GoldenStep>>("one_step.json") {
        let what = format!("{} n_h={} scale={}", step.activation, step.hidden, step.init_scale);
        let mut session = Reference::<f64>::new().load(&data, &[step.run()]).unwrap();

        let terms = step.sum_abs_terms.values();
        let want = step.gradients.values();
        let bound = |i: usize| (1e-9 * want[i].abs()).max(1e-12 * terms[i]);
        assert_each_within(&what, session.gradients().unwrap()[0].values(), &want, bound);

        let evaluation = &session.evaluate().unwrap()[0];
        assert_each_within(&what, &[evaluation.cost], &[step.cost], |_| 1e-9 * step.cost);
        assert_eq!(data.accuracy(&evaluation.logits), step.accuracy, "{what}: accuracy");
    }
}

#[test]
fn f64_follows_numpys_cost_curves() {
    let data = common::golden_flower();
    for curve in golden::<Vec<GoldenCurve>>("curves.json") {
        let what = format!("{} n_h={} seed={}", curve.activation, curve.hidden, curve.init_seed);
        let mut session = Reference::<f64>::new().load(&data, &[curve.run()]).unwrap();
        let costs: Vec<f64> =
            costs_of(session.as_mut(), curve.iterations, 1000).into_iter().step_by(curve.every).collect();
        assert_each_within(&what, &costs, &curve.costs, |i| 1e-9 * curve.costs[i]);
        assert_eq!(data.accuracy(&session.evaluate().unwrap()[0].logits), curve.final_accuracy, "{what}: accuracy");
    }
}

#[test]
fn f32_gradients_stay_within_the_bound_that_devices_are_held_to() {
    let data = common::golden_flower();
    for step in golden::<Vec<GoldenStep>>("one_step.json") {
        let what = format!("{} n_h={} scale={}", step.activation, step.hidden, step.init_scale);
        let mut session = Reference::<f32>::new().load(&data, &[step.run()]).unwrap();
        assert_gradients_within_f32_bound(&what, session.gradients().unwrap()[0].values(), &step);
    }
}

#[test]
fn gradients_of_one_to_three_hidden_layers_match_central_differences() {
    let data = common::golden_flower();
    for hidden in [&[3][..], &[4, 3], &[3, 5, 2]] {
        // a ReLU whose inputs are all dead sits at its kink
        for activation in Activation::ALL.into_iter().filter(|activation| *activation != Activation::Relu) {
            let start = run(hidden, &activation.to_string(), 1.0, 2, 0.5);
            let gradients = Reference::<f64>::new().load(&data, std::slice::from_ref(&start)).unwrap().gradients();
            let gradients = gradients.unwrap()[0].values().to_vec();
            let numeric: Vec<f64> = (0..gradients.len()).map(|i| central_difference(&data, &start, i)).collect();
            assert_each_within(&format!("{activation} {hidden:?}"), &gradients, &numeric, |_| 1e-7);
        }
    }
}

fn central_difference(data: &planar::data::Dataset, start: &Run, i: usize) -> f64 {
    const STEP: f64 = 1e-6;
    let cost_at = |shift: f64| {
        let mut values = start.parameters.values().to_vec();
        values[i] += shift;
        let parameters = Parameters::from_values(&start.network, values).unwrap();
        let mut session = Reference::<f64>::new().load(data, &[Run { parameters, ..start.clone() }]).unwrap();
        session.evaluate().unwrap()[0].cost
    };
    (cost_at(STEP) - cost_at(-STEP)) / (2.0 * STEP)
}

#[test]
fn networks_side_by_side_train_as_each_does_alone() {
    let data = common::golden_flower();
    let runs: Vec<Run> = [1, 3, 17].map(|hidden| run(&[hidden], "leaky-relu:0.1", 0.1 * hidden as f64, 2, 0.5)).into();
    let mut together = Reference::<f32>::new().load(&data, &runs).unwrap();
    together.advance(50).unwrap();
    let together = together.collect().unwrap().unwrap();
    for (i, run) in runs.iter().enumerate() {
        let mut alone = Reference::<f32>::new().load(&data, std::slice::from_ref(run)).unwrap();
        alone.advance(50).unwrap();
        let alone = alone.collect().unwrap().unwrap();
        assert_eq!(alone.costs[0], together.costs[i]);
        assert_eq!(alone.parameters[0], together.parameters[i]);
    }
}

/// The thread's bug, tanh's derivative kept with another activation: the iterations that NumPy measured.
#[test]
fn the_threads_bug_ends_when_it_was_measured_to_end() {
    let data = common::golden_flower();
    for (activation, seed, above_one, not_finite) in
        [("leaky-relu", 2, 43, 50), ("leaky-relu", 3, 50, 57), ("relu", 2, 43, 60), ("relu", 3, 50, 68)]
    {
        let start = run(&[4], activation, 1.2, seed, 0.01);
        let network = start.network.clone().with_backward("tanh".parse().unwrap());
        let mut session = Reference::<f64>::new().load(&data, &[Run { network, ..start }]).unwrap();
        let costs = costs_of(session.as_mut(), 80, 7);
        let what = format!("{activation}, seed {seed}");
        assert_eq!(costs.iter().position(|cost| *cost > 1.0), Some(above_one), "{what}: cost over 1");
        assert_eq!(costs.iter().position(|cost| !cost.is_finite()), Some(not_finite), "{what}: cost not finite");
    }
}

#[test]
fn a_forward_pass_gives_the_bits_of_evaluate_on_any_number_of_points() {
    for (hidden, samples) in [(&[1][..], 2), (&[3], 18), (&[17, 3], 400), (&[4], 10_002), (&[400, 277], 4000)] {
        for activation in ["tanh", "leaky-relu:0.2"] {
            let (data, start) = (planar::data::flower(samples, 3).unwrap(), run(hidden, activation, 1.0, 2, 0.5));
            let points: Vec<f64> = (0..samples).flat_map(|sample| data.point(sample)).collect();
            let both: [&dyn Backend; 2] = [&Reference::<f32>::new(), &Reference::<f64>::new()];
            for reference in both {
                let mut session = reference.load(&data, std::slice::from_ref(&start)).unwrap();
                let want = session.evaluate().unwrap().swap_remove(0).logits;
                let got = reference.forward(&start.network, &start.parameters, &points).unwrap();
                assert!(got == want, "{activation} {hidden:?} {samples}");
            }
        }
    }
}

/// 16,385 units × 16,386 samples are more than 2^28 numbers, more than the reference stores for training.
#[test]
fn accuracy_is_found_where_units_times_samples_are_too_many_to_be_stored() {
    let data = planar::data::flower(16_386, 1).unwrap();
    let start = run(&[16_385], "relu", 1.0, 2, 0.01);
    assert!(Reference::<f64>::new().load(&data, std::slice::from_ref(&start)).is_err());
    let accuracy = planar::cpu::accuracy_on(&data, &start.network, &start.parameters).unwrap();
    let mut engine = planar::cpu::Engine::new(None).unwrap().load(&data, &[start]).unwrap();
    let want = data.accuracy(&engine.evaluate().unwrap()[0].logits);
    assert!((accuracy - want).abs() < 1e-3, "{accuracy}, not {want}");
}
