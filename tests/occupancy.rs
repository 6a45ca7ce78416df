//! Whether the plans fill a large chip: workgroups, invocations and the longest loop of each dispatch, from the plan alone. The
//! figures wanted are worked out by hand for workgroups of 32 groups of four samples × 8 parts of the units forward, and 8
//! units × 32 parts of the samples backward.

use planar::Error;
use planar::gpu::plan::{Limits, Plan, PlanChoice, Problem, Software};
use planar::model::Activation;
use planar::model::params::Layout;

/// What wgpu reports on adapters like these: (invocations of a workgroup, bytes of its memory, bytes of a binding).
const ADAPTERS: [(&str, u64, u64, u64); 3] =
    [("H100", 1024, 48 << 10, 2 << 30), ("M2", 1024, 32 << 10, 4 << 30), ("Iris Xe", 1024, 32 << 10, 1 << 30)];

fn problem(networks: u32, units: usize, samples: u32) -> Problem {
    let layout = Layout::new(&[2, units, 1]);
    Problem { networks, samples, activation: Activation::Tanh, borrowed: None, layout, dense: None }
}

/// The plan that each of these adapters takes first.
fn plans(networks: u32, units: usize, samples: u32) -> Vec<(&'static str, Plan)> {
    let problem = problem(networks, units, samples);
    let plan = |(name, invocations, workgroup_storage, binding_size)| {
        let limits = Limits { invocations, workgroup_storage, binding_size, ..Limits::webgpu() };
        (name, Plan::new(PlanChoice::Auto, &problem, &limits).unwrap())
    };
    ADAPTERS.into_iter().map(plan).collect()
}

/// At least so many workgroups and invocations, and at most so many turns of a loop in one iteration, dispatch by dispatch.
fn offers(plans: &[(&str, Plan)], name: &str, wanted: &[(u64, u64, u64)]) {
    for (adapter, plan) in plans {
        assert_eq!((plan.name, plan.iteration.len()), (name, wanted.len()), "{adapter}");
        for (call, (workgroups, invocations, turns)) in plan.iteration.iter().zip(wanted) {
            let offered: u64 = call.workgroups.iter().product();
            let what = format!("{adapter}, {} of {}", call.kernel.name(), plan.layout);
            assert!(offered >= *workgroups, "{what}: {offered} workgroups");
            assert!(offered * call.invocations >= *invocations, "{what}: {} invocations", offered * call.invocations);
            let of_one = call.turns / u64::from(plan.at_once);
            assert!(of_one <= *turns, "{what}: {of_one} turns, {} at once", plan.at_once);
            // WebGPU's default limits
            assert!(call.invocations <= 256 && call.workgroup_storage <= 16 << 10 && call.buffers.len() <= 8, "{what}");
        }
    }
}

#[test]
fn split_fills_the_chip_at_277_units_and_400_samples() {
    // 100 groups of samples in 4 workgroups of 32, 277 units in 35 of 8. An eighth of the units, two spans of 18, and 16 spans
    // to add; a slab of up to 8 groups, and up to 25 slabs to add.
    offers(&plans(1, 277, 400), "split", &[(4, 4 * 256, 60), (35, 35 * 256, 40)]);
}

#[test]
fn split_fills_the_chip_at_1024_units_and_10000_samples() {
    // 2,500 groups in 79 workgroups, 1,024 units in 128. Two spans of 64, and 16 to add; a slab of 79 groups, and 32 to add.
    offers(&plans(1, 1024, 10_000), "split", &[(79, 79 * 256, 150), (128, 128 * 256, 120)]);
}

#[test]
fn resident_gives_each_of_64_networks_a_workgroup() {
    // 32 invocations share 13 to 32 slabs of the 100 groups, and a few add them for each unit
    offers(&plans(64, 4, 400), "resident", &[(64, 64 * 32, 60)]);
}

#[test]
fn resident_is_refused_where_one_iteration_takes_more_turns_than_a_dispatch_may() {
    // 8 invocations share 2,500 groups and 1,024 units, 8 at a time: 40 · 1,024 turns forward, 16 · 2,500 backward
    let software = Some(Software { lanes: 8, threads: 2 });
    for workgroup_storage in [16 << 10, 32 << 10, 48 << 10, 64 << 10] {
        let limits = Limits { workgroup_storage, software, ..Limits::webgpu() };
        let refused = Plan::new(PlanChoice::Resident, &problem(1, 1024, 10_000), &limits);
        let layout = refused.as_ref().map(|plan| &plan.layout);
        assert!(matches!(refused, Err(Error::Limit { .. })), "{workgroup_storage} bytes: {layout:?}");
    }
}
