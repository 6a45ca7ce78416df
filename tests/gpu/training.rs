//! Whole iterations on the GPU against NumPy's float64 figures, and against themselves.

use planar::backend::{Backend, Run, Session};
use planar::compare::{Bounds, check_backend, compare_step};
use planar::cpu::Reference;
use planar::data::flower;
use planar::gpu::Gpu;
use planar::gpu::plan::PlanChoice;
use planar::selftest::testing::{layouts, of_any_depth, of_many_features};

use crate::Check;
use crate::common::{GoldenCurve, GoldenFeatures, GoldenStep, costs_of, ends_as_alone, golden, golden_flower, run};
use crate::support::{Named, OnGpu, compare, few_features_are_demanded, one_hidden_refuses};

pub fn checks() -> Vec<Named> {
    let every_plan: [(&str, OnGpu); 9] = [
        ("gradients_of_one_step_match_numpy_for_every_activation_width_and_scale", gradients_match_numpy),
        ("one_update_matches_numpy_for_every_activation", updates_match_numpy),
        ("cost_and_accuracy_of_one_step_match_numpy", evaluation_matches_numpy),
        ("cost_curves_follow_numpys_before_the_horizon", curves_follow_numpy),
        ("chunks_of_1_and_of_500_give_the_same_bits", chunks_do_not_matter),
        ("seven_networks_side_by_side_train_as_each_does_alone_bit_for_bit", networks_do_not_matter),
        ("a_borrowed_derivative_gives_the_references_gradients", borrowed_derivatives_match_the_reference),
        ("sums_by_slabs_match_the_reference", slabs_match_the_reference),
        ("networks_that_end_early_or_diverge_leave_the_others_as_they_are_alone", |gpu| {
            ["tanh", "relu"].iter().try_for_each(|activation| ends_as_alone(gpu, activation))
        }),
    ];
    let of_plan = |plan: PlanChoice| {
        every_plan.into_iter().map(move |(name, check)| -> Named {
            (format!("{plan}_{name}"), Box::new(move |gpu| check(&gpu.clone().with_plan(plan))))
        })
    };
    let mut checks: Vec<Named> =
        [PlanChoice::Layered, PlanChoice::Split, PlanChoice::Resident].into_iter().flat_map(of_plan).collect();
    let more: [(&str, OnGpu); 7] = [
        ("two_and_three_hidden_layers_match_the_reference", deep_networks_match_the_reference),
        ("every_layout_of_split_and_resident_gives_the_same_bits", layouts_do_not_matter),
        ("every_layout_of_layered_gives_the_same_bits", layouts_of_any_depth_do_not_matter),
        ("split_refuses_several_hidden_layers_and_auto_takes_resident", one_hidden_refuses),
        ("split_refuses_more_than_16_features_and_auto_takes_layered", few_features_are_demanded),
        ("many_features_match_numpy", many_features_match_numpy),
        ("many_features_match_the_reference", |gpu| of_many_features(gpu).map(|_| ()).map_err(|failure| failure.0)),
    ];
    checks.extend(more.map(|(name, check)| -> Named { (name.into(), Box::new(check)) }));
    checks
}

/// The bound of a gradient's element: 1e-5·Σ|terms| + 1e-9.
fn bound(step: &GoldenStep) -> impl Fn(usize) -> f64 + use<> {
    let terms = step.sum_abs_terms.values();
    move |i| 1e-5 * terms[i] + 1e-9
}

fn what(step: &GoldenStep) -> String {
    format!("{} n_h={} scale={}", step.activation, step.hidden, step.init_scale)
}

fn load(gpu: &Gpu, runs: &[Run]) -> Result<Box<dyn Session>, String> {
    gpu.load(&golden_flower(), runs).map_err(|error| error.to_string())
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

pub fn gradients_match_numpy(gpu: &Gpu) -> Check {
    for step in golden::<Vec<GoldenStep>>("one_step.json") {
        let gradients = load(gpu, &[step.run()])?.gradients().map_err(|error| error.to_string())?;
        compare(&what(&step), &narrow(gradients[0].values()), &step.gradients.values(), bound(&step))?;
    }
    Ok(())
}

pub fn updates_match_numpy(gpu: &Gpu) -> Check {
    for step in golden::<Vec<GoldenStep>>("one_step.json") {
        // a rate of 1024 scales the update without rounding it, so that it is not lost beside the weights
        let start = Run { learning_rate: 1024.0, ..step.run() };
        let mut session = load(gpu, std::slice::from_ref(&start))?;
        session.advance(1).map_err(|error| error.to_string())?;
        let chunk = session.collect().map_err(|error| error.to_string())?.ok_or("no chunk")?;
        let theta = start.parameters.values();
        let want: Vec<f64> = theta.iter().zip(step.gradients.values()).map(|(t, g)| t - 1024.0 * g).collect();
        let bound = bound(&step);
        let rounding = |i: usize| 1e-7 * (theta[i].abs() + want[i].abs());
        compare(&what(&step), &narrow(chunk.parameters[0].values()), &want, |i| 1024.0 * bound(i) + rounding(i))?;
        compare(&what(&step), &narrow(&chunk.costs[0]), &[step.cost], |_| 2e-6 * step.cost)?;
    }
    Ok(())
}

pub fn evaluation_matches_numpy(gpu: &Gpu) -> Check {
    for step in golden::<Vec<GoldenStep>>("one_step.json") {
        let evaluation = load(gpu, &[step.run()])?.evaluate().map_err(|error| error.to_string())?.swap_remove(0);
        compare(&what(&step), &[evaluation.cost as f32], &[step.cost], |_| 2e-6 * step.cost)?;
        let accuracy = golden_flower().accuracy(&evaluation.logits);
        if accuracy != step.accuracy {
            return Err(format!("{}: accuracy {accuracy}, not {}", what(&step), step.accuracy));
        }
    }
    Ok(())
}

fn curves_follow_numpy(gpu: &Gpu) -> Check {
    for curve in golden::<Vec<GoldenCurve>>("curves.json") {
        // the rest of a long curve tells no more, and a software adapter would take minutes for it
        let iterations = curve.iterations.min(if curve.hidden > 100 { 100 } else { 1000 });
        let mut session = load(gpu, &[curve.run()])?;
        let costs = costs_of(session.as_mut(), iterations, 250);
        let costs: Vec<f32> = narrow(&costs).into_iter().step_by(curve.every).collect();
        let what = format!("{} n_h={} seed={}", curve.activation, curve.hidden, curve.init_seed);
        compare(&what, &costs, &curve.costs[..costs.len()], |i| 1e-3 * curve.costs[i])?;
    }
    Ok(())
}

/// Every activation with every other's derivative, and the look before training passes.
pub fn borrowed_derivatives_match_the_reference(gpu: &Gpu) -> Check {
    let names = ["tanh", "sigmoid", "relu", "leaky-relu:0.1"];
    for (name, borrowed) in names.into_iter().flat_map(|name| names.map(|borrowed| (name, borrowed))) {
        let start = run(&[17], name, 0.5, 2, 0.3);
        let network = start.network.with_backward(borrowed.parse().map_err(|error: planar::Error| error.to_string())?);
        let parameters = start.parameters.cast::<f32>().cast();
        let start = Run { network, parameters, ..start };
        let step = compare_step([&Reference::<f64>::new(), gpu], &golden_flower(), &start, 0, Bounds::F32_TO_F64)
            .map_err(|error| error.to_string())?;
        if let Some(apart) = step.differences.iter().find(|difference| !difference.agrees) {
            return Err(format!("{name} with {borrowed}'s derivative: {apart:?}"));
        }
        check_backend(gpu, &golden_flower(), &start).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn chunks_do_not_matter(gpu: &Gpu) -> Check {
    for activation in ["tanh", "leaky-relu"] {
        let train = |chunk: u32| -> Result<_, String> {
            let mut session = load(gpu, &[run(&[17], activation, 0.5, 2, 0.1)])?;
            let costs = costs_of(session.as_mut(), 501, chunk);
            let gradients = session.gradients().map_err(|error| error.to_string())?;
            Ok((costs, gradients))
        };
        let whole = train(500)?;
        for chunk in [1, 7] {
            if train(chunk)? != whole {
                return Err(format!("{activation}: chunks of {chunk} and of 500 differ"));
            }
        }
        if whole.0[500] >= whole.0[0] {
            return Err(format!("{activation}: 500 iterations did not lower the cost"));
        }
    }
    Ok(())
}

fn networks_do_not_matter(gpu: &Gpu) -> Check {
    for activation in ["tanh", "sigmoid", "relu", "leaky-relu"] {
        let widths = [4, 1, 17, 3, 40, 2, 33];
        let named =
            |i: usize| if activation == "leaky-relu" { format!("leaky-relu:0.{i}1") } else { activation.into() };
        let runs: Vec<Run> = widths
            .iter()
            .enumerate()
            .map(|(i, width)| run(&[*width], &named(i), 0.1 * (i + 1) as f64, i as u32, 0.1))
            .collect();
        let train = |runs: &[Run]| -> Result<_, String> {
            let mut session = load(gpu, runs)?;
            session.advance(30).map_err(|error| error.to_string())?;
            let chunk = session.collect().map_err(|error| error.to_string())?.ok_or("no chunk")?;
            Ok((chunk, session.evaluate().map_err(|error| error.to_string())?))
        };
        let (together, evaluations) = train(&runs)?;
        for (i, run) in runs.iter().enumerate() {
            let (alone, evaluation) = train(std::slice::from_ref(run))?;
            let same = together.costs[i] == alone.costs[0]
                && together.parameters[i] == alone.parameters[0]
                && evaluations[i] == evaluation[0];
            if !same {
                return Err(format!("network {i} ({} units, {}) differs", widths[i], run.network.activation()));
            }
        }
    }
    Ok(())
}

fn deep_networks_match_the_reference(gpu: &Gpu) -> Check {
    let data = golden_flower();
    for hidden in [&[5, 3][..], &[17, 1, 33]] {
        for activation in ["tanh", "sigmoid", "leaky-relu:0.2"] {
            let start = run(hidden, activation, 0.5, 2, 0.5);
            let mut reference = Reference::<f64>::new().load(&data, std::slice::from_ref(&start)).unwrap();
            let want = reference.gradients().unwrap().swap_remove(0);
            let got = load(gpu, &[start])?.gradients().map_err(|error| error.to_string())?.swap_remove(0);
            let largest = want.values().iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            compare(&format!("{activation} {hidden:?}"), &narrow(got.values()), want.values(), |_| 1e-5 * largest)?;
        }
    }
    Ok(())
}

/// Three slabs: 5 iterations on 2,500 samples.
pub fn slabs_match_the_reference(gpu: &Gpu) -> Check {
    let data = flower(2500, 3).unwrap();
    for activation in ["tanh", "leaky-relu:0.2"] {
        let start = run(&[17], activation, 0.5, 2, 0.5);
        let mut reference = Reference::<f64>::new().load(&data, std::slice::from_ref(&start)).unwrap();
        let want = costs_of(reference.as_mut(), 5, 5);
        let mut session = gpu.load(&data, &[start]).map_err(|error| error.to_string())?;
        let got = costs_of(session.as_mut(), 5, 3);
        compare(activation, &narrow(&got), &want, |i| 1e-5 * want[i])?;
    }
    Ok(())
}

fn many_features_match_numpy(gpu: &Gpu) -> Check {
    for case in golden::<Vec<GoldenFeatures>>("many_features.json") {
        let worst = case.worst(gpu);
        if !worst.iter().all(|share| *share <= 1.0) {
            return Err(format!("{} features: {worst:?} times what is allowed", case.features));
        }
    }
    Ok(())
}

/// The order of every sum follows from the shape alone: every layout of every plan for one hidden layer gives the same bits,
/// with neighbours of other widths.
fn layouts_do_not_matter(gpu: &Gpu) -> Check {
    for (widths, activation, samples) in
        [([3, 1, 2], "tanh", 278), ([17, 3, 40], "sigmoid", 400), ([33, 277, 1], "leaky-relu:0.1", 2502)]
    {
        let data = flower(samples, 1).unwrap();
        let runs = widths.map(|hidden| run(&[hidden], activation, 0.5, 2, 0.1));
        let train = |gpu: &Gpu| {
            let mut session = gpu.load(&data, &runs)?;
            session.advance(12)?;
            session.collect()
        };
        let mut first = None;
        let mut counts = [0, 0];
        for laid in layouts() {
            let chunk = match train(&laid.on(gpu)) {
                Ok(chunk) => chunk,
                // wider than one pass takes, or too much for one workgroup's memory
                Err(planar::Error::Mismatch(_) | planar::Error::Limit { .. }) => continue,
                Err(error) => return Err(format!("{}: {error}", laid.layout)),
            };
            counts[usize::from(laid.plan == PlanChoice::Resident)] += 1;
            if *first.get_or_insert_with(|| chunk.clone()) != chunk {
                return Err(format!("{activation}, {widths:?}: {} has other bits", laid.layout));
            }
        }
        if counts.iter().any(|layouts| *layouts < 8) {
            return Err(format!("{activation}, {widths:?}: only {counts:?} layouts of split and resident"));
        }
    }
    Ok(())
}

/// The same of the layered plan, at several depths.
fn layouts_of_any_depth_do_not_matter(gpu: &Gpu) -> Check {
    for (widths, activation, samples) in [
        ([&[17, 3][..], &[1, 40], &[5, 5]], "tanh", 278),
        ([&[277], &[17], &[3]], "leaky-relu:0.1", 400),
        ([&[3, 17, 1], &[70, 65, 33], &[2, 2, 2]], "sigmoid", 2502),
    ] {
        let data = flower(samples, 1).unwrap();
        let runs = widths.map(|hidden| run(hidden, activation, 0.5, 2, 0.5));
        let mut first = None;
        // plain descent with one hidden layer is resident in layouts of its own, and a driver limits the turns of its loops
        let is_resident = widths.iter().any(|hidden| hidden.len() > 1) && samples < 1000;
        for laid in of_any_depth().filter(|laid| is_resident || laid.plan == PlanChoice::Layered) {
            let train = |gpu: &Gpu| {
                let mut session = gpu.load(&data, &runs)?;
                session.advance(7)?;
                session.collect()
            };
            let chunk = train(&laid.on(gpu)).map_err(|error: planar::Error| format!("{}: {error}", laid.layout))?;
            if *first.get_or_insert_with(|| chunk.clone()) != chunk {
                return Err(format!("{activation}, {widths:?}: {} has other bits", laid.layout));
            }
        }
    }
    match of_any_depth().count() {
        8.. => Ok(()),
        few => Err(format!("only {few} layouts")),
    }
}
