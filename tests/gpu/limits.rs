//! The largest sizes that the adapter accepts: trained right, and the next larger refused by the limit's name.

use planar::backend::{Backend, Run};
use planar::compare::{Bounds, compare_step};
use planar::cpu::{Engine, Reference};
use planar::data::{Dataset, flower};
use planar::gpu::plan::{LOOP_BUDGET, PlanChoice};
use planar::gpu::{Adapter, Gpu};
use planar::model::{Network, Parameters};

use crate::Check;
use crate::common::run;
use crate::loops::{most_turns, plan};
use crate::support::compare;

/// A named check that opens the adapter itself.
pub type NamedOnAdapter = (String, fn(&Adapter, &Gpu) -> Check);

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("no_kernel_turns_over_the_loop_cap_at_the_largest_accepted_sizes".into(), budgets_hold),
        ("the_longest_accepted_sums_over_samples_are_right".into(), longest_sums_over_samples),
        ("the_longest_accepted_sums_over_units_are_right".into(), longest_sums_over_units),
        ("the_most_units_times_samples_are_right_and_more_are_refused".into(), largest_product),
        ("sums_over_a_million_samples_stay_within_their_bound".into(), a_million_samples),
        ("a_network_too_large_is_refused_by_the_limits_name".into(), too_large_is_refused),
    ]
}

/// The largest number from 1 up to 2³¹ that fits, where all smaller ones do.
fn largest(fits: impl Fn(u32) -> bool) -> u32 {
    let (mut good, mut bad) = (1, 1 << 31);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if fits(middle) { good = middle } else { bad = middle }
    }
    good
}

fn most_samples(gpu: &Gpu, choice: PlanChoice) -> u32 {
    largest(|samples| plan(gpu, choice, 2, 1, samples).is_ok())
}

fn most_units(gpu: &Gpu, choice: PlanChoice) -> u32 {
    largest(|units| plan(gpu, choice, 2, units, 3).is_ok())
}

fn budgets_hold(_: &Adapter, gpu: &Gpu) -> Check {
    for choice in PlanChoice::ALL {
        for (inputs, units, samples) in
            [(2, 1, most_samples(gpu, choice)), (2, most_units(gpu, choice), 3), (16, 100, 20_000)]
        {
            let turns = most_turns(&plan(gpu, choice, inputs, units, samples).map_err(|error| error.to_string())?);
            if turns == 0 || turns > LOOP_BUDGET {
                return Err(format!("{choice}: {turns} turns"));
            }
        }
    }
    Ok(())
}

fn longest_sums_over_samples(_: &Adapter, gpu: &Gpu) -> Check {
    PlanChoice::ALL
        .into_iter()
        .try_for_each(|choice| longest_sums(&gpu.clone().with_plan(choice), 1, most_samples(gpu, choice)))
}

fn longest_sums_over_units(_: &Adapter, gpu: &Gpu) -> Check {
    PlanChoice::ALL
        .into_iter()
        .try_for_each(|choice| longest_sums(&gpu.clone().with_plan(choice), most_units(gpu, choice), 3))
}

/// One step at the largest size against float64: a loop that a driver left early would show.
fn longest_sums(gpu: &Gpu, units: u32, samples: u32) -> Check {
    let (units, samples) = (units as usize, samples as usize);
    eprintln!("the largest accepted: {units} units × {samples} samples");
    // the first feature differs from sample to sample; the second is 1, so that no sum cancels
    let points: Vec<f64> = (0..samples).flat_map(|i| [0.5 + (i % 7) as f64 / 8.0, 1.0]).collect();
    let data = Dataset::from_points("ramp", None, 2, &points, vec![0; samples]).unwrap();
    let network = Network::one_hidden(2, units, "leaky-relu".parse().unwrap()).unwrap();
    let mut parameters = Parameters::zeros(&network);
    for (i, weight) in parameters.weights_mut(0).iter_mut().enumerate() {
        *weight = 0.5 + (i % 5) as f64 / 8.0;
    }
    parameters.weights_mut(1).fill(1.0 / units as f64);
    let run = Run::new(network, parameters, 1.0);

    let want = Reference::<f64>::new().load(&data, std::slice::from_ref(&run)).unwrap();
    let (want, got) = (want, gpu.load(&data, &[run]).map_err(|error| error.to_string())?);
    let (mut want, mut got) = (want, got);
    let cost = got.evaluate().map_err(|error| error.to_string())?[0].cost;
    compare("cost", &[cost as f32], &[want.evaluate().unwrap()[0].cost], |_| 1e-5)?;
    // no term changes its sign, so the sum of their absolute values is the gradient's own
    let want = want.gradients().unwrap().swap_remove(0);
    let got = got.gradients().map_err(|error| error.to_string())?.swap_remove(0);
    let got: Vec<f32> = got.values().iter().map(|value| *value as f32).collect();
    compare("gradients", &got, want.values(), |i| 1e-5 * want.values()[i].abs() + 1e-9)
}

/// Z and A are units × samples only in the layered plan. Trained at an eighth of the limit, which takes seconds.
fn largest_product(_: &Adapter, gpu: &Gpu) -> Check {
    let (units, choice) = (1024, PlanChoice::Layered);
    let eighth = gpu.clone().with_plan(choice).with_plans_for(|allowed| allowed.binding_size /= 8);
    for (gpu, trains) in [(&eighth, true), (gpu, false)] {
        let samples = largest(|samples| plan(gpu, choice, 2, units, samples).is_ok());
        if trains {
            longest_sums(gpu, units, samples)?;
        }
        match plan(gpu, choice, 2, units, samples + 1) {
            Err(planar::Error::Limit { limit: "maxStorageBufferBindingSize" | "maxBufferSize", .. }) => {}
            other => return Err(format!("{units} × {}: {other:?}", samples + 1)),
        }
    }
    Ok(())
}

fn a_million_samples(_: &Adapter, gpu: &Gpu) -> Check {
    let even = flower(1_000_004, 1).map_err(|error| error.to_string())?;
    let points: Vec<f64> = (0..1_000_003).flat_map(|s| even.point(s)).collect();
    let data = Dataset::from_points("odd", None, 2, &points, even.labels()[..1_000_003].to_vec());
    let data = data.map_err(|error| error.to_string())?;
    let start = run(&[3], "tanh", 1.0, 2, 0.5);
    let start = Run { parameters: start.parameters.cast::<f32>().cast(), ..start };
    let engine = Engine::new(None).map_err(|error| error.to_string())?;
    let split = gpu.clone().with_plan(PlanChoice::Split);
    for backend in [&split as &dyn Backend, &engine] {
        let step = compare_step([&Reference::<f64>::new(), backend], &data, &start, 0, Bounds::F32_TO_F64);
        let step = step.map_err(|error| error.to_string())?;
        if let Some(apart) = step.differences.iter().find(|difference| !difference.agrees) {
            return Err(format!("{}: {apart:?}", backend.device().name));
        }
    }
    Ok(())
}

fn too_large_is_refused(_: &Adapter, gpu: &Gpu) -> Check {
    for choice in PlanChoice::ALL {
        for (units, samples) in [(1, most_samples(gpu, choice) + 1), (most_units(gpu, choice) + 1, 3)] {
            match plan(gpu, choice, 2, units, samples) {
                Err(planar::Error::Limit { limit, needed, allowed, .. })
                    if needed > allowed && (limit.starts_with("max") || limit.starts_with("loop turns")) => {}
                Err(planar::Error::Mismatch(said)) if choice != PlanChoice::Layered && said.contains("layered") => {}
                other => return Err(format!("{choice}, {units} × {samples}: {other:?}")),
            }
        }
    }
    Ok(())
}
