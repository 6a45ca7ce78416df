//! What a session and a backend promise beyond training: a new start, inference without labels, and a budget of memory.

use planar::Error;
use planar::backend::{Backend, Run, Session};
use planar::compare::check_first_logits;
use planar::data::{Dataset, flower};
use planar::gpu::plan::{Limits, Plan, PlanChoice};
use planar::gpu::testing::{Fault, Sources};
use planar::gpu::{Adapter, Gpu};
use planar::model::Parameters;
use planar::optim::{Optimizer, Recipe};

use crate::Check;
use crate::common::run;
use crate::limits::NamedOnAdapter;

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("a_session_that_starts_again_trains_as_a_fresh_one_bit_for_bit".into(), starts_again),
        ("a_session_starts_again_on_another_device_if_its_own_is_lost".into(), starts_again_elsewhere),
        ("inference_gives_the_logits_of_training_bit_for_bit_at_any_block".into(), predicts_as_it_trains),
        ("inference_takes_no_gradients_and_no_history".into(), takes_no_more_than_it_needs),
        ("inference_goes_on_elsewhere_if_its_device_is_lost".into(), predicts_elsewhere),
        ("a_front_that_does_not_block_gets_the_same_bits".into(), same_bits_without_blocking),
        ("a_result_that_is_not_written_is_noticed".into(), dropped_work_is_noticed),
        ("a_device_that_computes_wrong_is_not_trusted_to_predict".into(), wrong_is_not_trusted),
        ("a_sum_of_buffers_is_held_to_a_budget_and_not_to_the_largest_buffer".into(), budget_of_memory),
    ]
}

fn said(error: Error) -> String {
    error.to_string()
}

/// Three networks, the second of which diverges at once.
fn runs() -> Vec<Run> {
    [(4, 0.5), (17, 1e30), (3, 0.1)]
        .iter()
        .zip(1..)
        .map(|((n, rate), seed)| run(&[*n], "relu", *rate, seed, 0.3))
        .collect()
}

fn starts(runs: &[Run]) -> Vec<Parameters> {
    runs.iter().map(|run| run.parameters.clone()).collect()
}

/// The bits of 20 iterations in two chunks and of the forward pass after them.
fn bits(session: &mut dyn Session) -> planar::Result<Vec<u64>> {
    let mut bits = Vec::new();
    for iterations in [7, 13] {
        session.advance(iterations)?;
        let chunk = session.collect()?.ok_or_else(|| Error::Mismatch("a queued chunk is missing".into()))?;
        bits.extend(chunk.costs.concat().into_iter().map(f64::to_bits));
        bits.extend(chunk.parameters.iter().flat_map(|of| of.values().to_vec()).map(f64::to_bits));
    }
    for evaluation in session.evaluate()? {
        bits.push(evaluation.cost.to_bits());
        bits.extend(evaluation.logits.into_iter().map(f64::to_bits));
    }
    Ok(bits)
}

fn starts_again(_: &Adapter, gpu: &Gpu) -> Check {
    let (data, runs) = (flower(100, 1).map_err(said)?, runs());
    for plan in PlanChoice::ALL {
        let gpu = gpu.clone().with_plan(plan);
        let want = bits(gpu.load(&data, &runs).map_err(said)?.as_mut()).map_err(said)?;
        let mut session = gpu.load(&data, &runs).map_err(said)?;
        // some chunks are collected and some are not, two networks are retired
        let used = |session: &mut dyn Session| -> planar::Result<()> {
            session.advance(5)?;
            session.collect()?;
            session.retire(1)?;
            session.advance(3)?;
            session.retire(2)?;
            session.advance(1)?;
            session.restart(&starts(&runs))
        };
        used(session.as_mut()).map_err(said)?;
        if session.collect().map_err(said)?.is_some() {
            return Err(format!("{plan}: a chunk is queued after a new start"));
        }
        if bits(session.as_mut()).map_err(said)? != want {
            return Err(format!("{plan}: other bits"));
        }
        match session.restart(&starts(&runs[..2])) {
            Err(Error::Mismatch(_)) => {}
            other => return Err(format!("{plan}: two starts for three networks: {other:?}")),
        }
    }
    Ok(())
}

fn starts_again_elsewhere(adapter: &Adapter, _: &Gpu) -> Check {
    let (data, runs) = (flower(100, 1).map_err(said)?, runs());
    for (plan, fault) in PlanChoice::ALL.into_iter().flat_map(|plan| [(plan, Fault::Destroyed), (plan, Fault::Lost)]) {
        let gpu = Gpu::open(adapter).map_err(said)?.with_plan(plan);
        let mut session = gpu.load(&data, &runs).map_err(said)?;
        let want = bits(session.as_mut()).map_err(said)?;
        session.retire(0).map_err(said)?;
        gpu.fail(fault);
        session.restart(&starts(&runs)).map_err(said)?;
        if bits(session.as_mut()).map_err(said)? != want {
            return Err(format!("{plan}, {fault:?}: other bits"));
        }
    }
    Ok(())
}

fn predicts_as_it_trains(_: &Adapter, gpu: &Gpu) -> Check {
    // limits that allow but a few points at a time
    let narrow: fn(&mut Limits) = |limits| limits.binding_size = 6 << 10;
    for (hidden, samples, plans) in [
        (&[1][..], 1, &PlanChoice::ALL[..]),
        (&[3], 17, &PlanChoice::ALL),
        (&[277], 400, &PlanChoice::ALL),
        (&[17], 2500, &PlanChoice::ALL),
        (&[5, 3], 277, &[PlanChoice::Layered]),
        (&[33, 17, 5], 400, &[PlanChoice::Layered]),
    ] {
        let points: Vec<f64> = (0..2 * samples).map(|k| ((k * k + 7 * k) % 101) as f64 / 50.0 - 1.0).collect();
        let data = Dataset::from_points("points", None, 2, &points, vec![1; samples]).map_err(said)?;
        for plan in plans {
            for g in ["tanh", "leaky-relu:0.3"] {
                let run = run(hidden, g, 1.0, 2, 0.5);
                let gpu = gpu.clone().with_plan(*plan);
                let mut session = gpu.load(&data, std::slice::from_ref(&run)).map_err(said)?;
                let want = session.evaluate().map_err(said)?.swap_remove(0).logits;
                for (what, gpu) in [("one block", gpu.clone()), ("small blocks", gpu.with_plans_for(narrow))] {
                    let got = gpu.forward(&run.network, &run.parameters, &points).map_err(said)?;
                    if got.iter().map(|z| z.to_bits()).ne(want.iter().map(|z| z.to_bits())) {
                        return Err(format!("{hidden:?}, {samples} points, {g}, {plan}, {what}: other bits"));
                    }
                }
            }
        }
    }
    Ok(())
}

fn takes_no_more_than_it_needs(_: &Adapter, gpu: &Gpu) -> Check {
    let run = run(&[300], "tanh", 1.0, 2, 0.5);
    for plan in PlanChoice::ALL {
        let gpu = gpu.clone().with_plan(plan);
        let problem = planar::gpu::plan::Problem::of_inference(&run.network, 4000).map_err(said)?;
        let (whole, forward) = (gpu.plan(&problem).map_err(said)?, gpu.plan(&problem).map_err(said)?.forward_alone());
        let kernels = |plan: &Plan| plan.steps().map(|step| step.kernel.name()).collect::<Vec<_>>();
        let backward = ["serial_backward", "split_backward", "resident", "resident_narrow", "update", "record", "cost"];
        if kernels(&forward).iter().any(|name| backward.contains(name)) || forward.bytes() >= whole.bytes() {
            return Err(format!("{plan}: {:?}, {} of {} bytes", kernels(&forward), forward.bytes(), whole.bytes()));
        }
    }
    Ok(())
}

fn predicts_elsewhere(adapter: &Adapter, _: &Gpu) -> Check {
    let run = run(&[17], "tanh", 1.0, 2, 0.5);
    let points: Vec<f64> = (0..2 * 277).map(|k| f64::from(k) / 277.0 - 1.0).collect();
    for (plan, fault) in PlanChoice::ALL.into_iter().flat_map(|plan| [(plan, Fault::Destroyed), (plan, Fault::Lost)]) {
        let gpu = Gpu::open(adapter).map_err(said)?.with_plan(plan);
        let want = gpu.forward(&run.network, &run.parameters, &points).map_err(said)?;
        gpu.fail(fault);
        let got = gpu.forward(&run.network, &run.parameters, &points).map_err(said)?;
        if got.iter().map(|z| z.to_bits()).ne(want.iter().map(|z| z.to_bits())) {
            return Err(format!("{plan}, {fault:?}: other bits"));
        }
        gpu.fail(fault);
        match gpu.forward(&run.network, &run.parameters, &points) {
            Err(Error::Lost(reason)) if reason.contains("for the second time") => {}
            other => return Err(format!("{plan}, {fault:?}, a second loss: {:?}", other.map(|logits| logits.len()))),
        }
    }
    Ok(())
}

/// Everything that waits, as a front calls it that must not block.
fn same_bits_without_blocking(adapter: &Adapter, _: &Gpu) -> Check {
    let runs: Vec<Run> = [4, 17, 3].iter().zip(1..).map(|(n, seed)| run(&[*n], "tanh", 0.5, seed, 0.3)).collect();
    let data = flower(100, 1).map_err(said)?;
    for plan in PlanChoice::ALL {
        let unblocked = async {
            let adapters = Adapter::find_all().await;
            if !adapters.iter().any(|other| other.device_info() == adapter.device_info()) {
                return Err(Error::NoAdapter(format!("{adapter} is not found again")));
            }
            let gpu = Gpu::open_async(adapter).await?.with_plan(plan);
            let mut session = gpu.load_async(&data, &runs).await?;
            session.advance(7).await?;
            session.retire(1).await?;
            session.restart(&starts(&runs)).await?;
            session.advance(7).await?;
            let chunk = session.collect().await?;
            let (evaluations, gradients) = (session.evaluate().await?, session.gradients().await?);
            let logits = gpu.forward_async(&runs[0].network, &runs[0].parameters, &data.points()).await?;
            Ok((chunk, evaluations, gradients, logits))
        };
        let got = pollster::block_on(unblocked).map_err(said)?;
        let gpu = Gpu::open(adapter).map_err(said)?.with_plan(plan);
        let blocked = || -> planar::Result<_> {
            let mut session = gpu.load(&data, &runs)?;
            session.advance(7)?;
            let chunk = session.collect()?;
            let (evaluations, gradients) = (session.evaluate()?, session.gradients()?);
            let logits = gpu.forward(&runs[0].network, &runs[0].parameters, &data.points())?;
            Ok((chunk, evaluations, gradients, logits))
        };
        if blocked().map_err(said)? != got {
            return Err(format!("{plan}: other bits"));
        }
    }
    Ok(())
}

fn dropped_work_is_noticed(_: &Adapter, gpu: &Gpu) -> Check {
    let run = run(&[9], "tanh", 1.0, 2, 0.5);
    let points: Vec<f64> = (0..2 * 277).map(f64::from).collect();
    let drop_last: fn(&mut Plan) =
        |plan| plan.forward.iter_mut().rev().take(1).for_each(|step| step.workgroups = [0; 3]);
    for plan in PlanChoice::ALL {
        let gpu = gpu.clone().with_plan(plan).with_changed_plans(drop_last);
        match gpu.forward(&run.network, &run.parameters, &points) {
            Err(Error::Incomplete { .. }) => {}
            other => return Err(format!("{plan}: {:?}", other.map(|logits| logits.len()))),
        }
    }
    Ok(())
}

fn wrong_is_not_trusted(adapter: &Adapter, gpu: &Gpu) -> Check {
    let points = flower(400, 1).map_err(said)?.points();
    let run = run(&[17], "tanh", 1.0, 2, 0.5);
    check_first_logits(gpu, &run.network, &run.parameters, &points).map_err(said)?;
    let mut sources = Sources::embedded();
    let broken = sources.text("lib/activation").replace("let far = (1.0 - e) * r;", "let far = (1.0 + e) * r;");
    if broken == sources.text("lib/activation") {
        return Err("lib/activation.wgsl has no such line".into());
    }
    sources.replace("lib/activation", broken);
    let wrong = Gpu::open_with(adapter, sources).map_err(said)?;
    match check_first_logits(&wrong, &run.network, &run.parameters, &points) {
        Err(Error::Wrong(_)) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

fn budget_of_memory(_: &Adapter, gpu: &Gpu) -> Check {
    let (data, network) = (flower(400, 1).map_err(said)?, run(&[4], "tanh", 1.0, 2, 0.5).network);
    // all buffers together pass what the largest of them may be, and the budget still allows them
    let tight: fn(&mut Limits) = |limits| limits.buffer_size = 1 << 20;
    let count = 30;
    let needed = gpu.clone().with_plans_for(tight).memory(&data, &network, count).map_err(said)?;
    if !(1 << 20..gpu.memory_limit()).contains(&needed) {
        return Err(format!("{needed} bytes of {}", gpu.memory_limit()));
    }
    // two moments of each parameter of a network of 4 units, and Z, A and dZ of all samples, which split does not store
    let adam = Recipe { optimizer: Optimizer::ALL[3], ..Recipe::default() };
    let adam = run(&[4], "tanh", 1.0, 2, 0.5).with_recipe(adam);
    let (plain, with_adam) = (needed, gpu.memory_for(&data, &adam, count).map_err(said)?);
    if with_adam < plain + 4 * 30 * (2 * 17 + 3 * 4 * 400) {
        return Err(format!("{with_adam} bytes with Adam, and {plain} without"));
    }
    match gpu.clone().with_memory(5 << 20).memory_limit() {
        given if given == 5 << 20 => Ok(()),
        other => Err(format!("{other} bytes, not those that were given")),
    }
}
