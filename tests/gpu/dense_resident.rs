//! The resident plan for any depth: it has the layered plan's bits, in every layout, whatever the recipe; and what is checked of
//! dense networks holds under it.

use planar::backend::{Backend, LayoutChoice, Run};
use planar::gpu::Gpu;
use planar::gpu::plan::{PlanChoice, Problem};
use planar::gpu::testing::Kernel;
use planar::model::{Activation, Output};
use planar::optim::{Dropout, Recipe};

use crate::Check;
use crate::dense::{
    OnAdapter, advanced, chunks_do_not_matter, curves_match, data, layered, losing_the_device_does_not_matter,
    neighbours_do_not_matter, optimizer, recipes, resuming_does_not_matter, run, text, three, under_way, updates_match,
};
use crate::dense_golden::curves_follow_numpy;
use crate::limits::NamedOnAdapter;

pub fn checks() -> Vec<NamedOnAdapter> {
    let all: [(&str, OnAdapter); 12] = [
        ("has_the_bits_of_the_layered_plan", |_, gpu| bits_are_layereds(gpu)),
        ("has_them_in_every_layout_and_memory", |_, gpu| layouts_do_not_matter(gpu)),
        ("has_them_for_plain_gradient_descent", |_, gpu| plain_bits_are_layereds(gpu)),
        ("has_them_in_the_longest_dispatches", |_, gpu| longest_dispatches_are_whole(gpu)),
        ("trains_a_thousand_networks_in_one_dispatch_per_chunk", |_, gpu| a_thousand_are_one_dispatch(gpu)),
        ("one_update_matches_the_reference", |_, gpu| updates_match(&resident(gpu))),
        ("curves_follow_the_reference", |_, gpu| curves_match(&resident(gpu))),
        ("curves_follow_numpys", |_, gpu| curves_follow_numpy(&resident(gpu))),
        ("chunks_of_1_7_and_64_give_the_same_bits", |_, gpu| chunks_do_not_matter(&resident(gpu))),
        ("neighbours_change_no_bit", |_, gpu| neighbours_do_not_matter(&resident(gpu))),
        ("a_training_that_goes_on_ends_with_the_same_bits", |_, gpu| resuming_does_not_matter(&resident(gpu))),
        ("a_device_lost_in_the_middle_changes_no_bit", |adapter, _| {
            losing_the_device_does_not_matter(adapter, PlanChoice::Resident)
        }),
    ];
    all.map(|(name, check)| -> NamedOnAdapter { (format!("resident_dense_{name}"), check) }).into()
}

pub fn resident(gpu: &Gpu) -> Gpu {
    gpu.clone().with_plan(PlanChoice::Resident)
}

/// What some updates leave behind, bit for bit, with the plan that was followed.
fn trained(gpu: &Gpu, data: &planar::data::Dataset, runs: &[Run], updates: u32) -> Result<[Vec<u64>; 3], String> {
    let mut session = gpu.load(data, runs).map_err(text)?;
    let chunk = advanced(session.as_mut(), updates).map_err(text)?;
    let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect::<Vec<u64>>();
    let parameters = chunk.parameters.iter().flat_map(|of| of.values().to_vec()).collect();
    Ok([chunk.costs.concat(), parameters, chunk.moments.concat()].map(bits))
}

fn same_bits(what: &str, gpus: [&Gpu; 2], data: &planar::data::Dataset, runs: &[Run], updates: u32) -> Check {
    let [want, got] = gpus.map(|gpu| trained(gpu, data, runs, updates).map_err(|said| format!("{what}: {said}")));
    let (want, got) = (want?, got?);
    for (part, (want, got)) in ["costs", "weights", "moments"].iter().zip(want.iter().zip(&got)) {
        if let Some(at) = (0..want.len()).find(|at| want[*at] != got[*at]) {
            let [want, got] = [want, got].map(|bits| f64::from_bits(bits[at]));
            return Err(format!("{what}: number {at} of the {part} is {got:e}, not {want:e}"));
        }
    }
    Ok(())
}

/// Each activation with each output, at odd sizes, in batches and not, with dropped units and not, optimisers in turn: that
/// each of them matches the reference with each is `one_update_matches_the_reference`.
fn bits_are_layereds(gpu: &Gpu) -> Check {
    let (layered, resident) = (layered(gpu), resident(gpu));
    let optimizers = ["gd", "momentum", "nesterov:0.8", "adam:0.9:0.99:1e-3", "adamw:0.8:0.99:1e-3:0.1"];
    let sizes = [(1, &[1][..], 1_usize), (3, &[17, 3], 17), (17, &[77], 130), (2, &[3, 1, 17], 277), (5, &[300, 6], 9)];
    let outputs = [(Output::Logistic, 1), (Output::Softmax, 3), (Output::Squares, 2), (Output::Logistic, 4)];
    for (i, activation) in Activation::ALL.iter().enumerate() {
        for (j, output) in outputs.into_iter().enumerate() {
            let (features, hidden, samples) = sizes[(i + 2 * j) % sizes.len()];
            let recipe = Recipe {
                optimizer: optimizer(optimizers[(i + j) % optimizers.len()]),
                batch_size: [None, Some(samples.div_ceil(2)), Some(samples.min(13))][(i + j) % 3],
                shuffle: [None, Some(3)][j % 2],
                dropout: [Dropout::default(), Dropout { rate: 0.3, seed: 5 }][(i + j / 2) % 2],
                l2: [0.0, 0.3][j / 2],
                ..Recipe::default()
            };
            let start = under_way(run(features, hidden, &activation.to_string(), output, recipe), 5);
            let what = format!("{activation}, {output:?}, {recipe}, {hidden:?}");
            same_bits(&what, [&layered, &resident], &data(features, samples, output), &[start], 3)?;
        }
    }
    Ok(())
}

/// Networks beside each other, under every recipe, in every layout, with little workgroup memory and with none for θ.
fn layouts_do_not_matter(gpu: &Gpu) -> Check {
    let data = data(4, 131, (Output::Softmax, 3));
    let layered = layered(gpu);
    for layout in ["layers-1", "layers-3", "layers-8", "layers-16", "layers-64", "layers-256"] {
        let laid = resident(gpu).with_layout(LayoutChoice::Named(layout.into()));
        let with_none = laid.clone().with_plans_for(|limits| limits.workgroup_storage = 48);
        let with_some = laid.clone().with_plans_for(|limits| limits.workgroup_storage = 12 << 10);
        for (memory, gpu) in [("16 KiB", &laid), ("48 bytes", &with_none), ("12 KiB", &with_some)] {
            same_bits(&format!("{layout}, {memory}"), [&layered, gpu], &data, &three(), 12)?;
        }
    }
    for recipe in recipes() {
        let runs = [&[9, 4][..], &[3, 8]].map(|hidden| run(4, hidden, "elu", (Output::Softmax, 3), recipe));
        same_bits(&recipe.to_string(), [&layered, &resident(gpu)], &data, &runs, 20)?;
    }
    Ok(())
}

/// Networks of several layers, or of many features, that the plain layered plan trains.
pub fn plain_bits_are_layereds(gpu: &Gpu) -> Check {
    let layered = layered(gpu);
    for (features, hidden, samples, g) in [
        (2, &[20, 10][..], 100, "tanh"),
        (17, &[5], 33, "sigmoid"),
        (3, &[1, 2, 9], 7, "relu"),
        (20, &[4], 100, "gelu"),
    ] {
        let runs = [hidden.to_vec(), hidden.iter().map(|width| width + 3).collect()];
        let runs = runs.map(|hidden| run(features, &hidden, g, (Output::Logistic, 1), Recipe::default()));
        let data = data(features, samples, (Output::Logistic, 1));
        same_bits(&format!("{features}, {hidden:?}, {g}"), [&layered, &resident(gpu)], &data, &runs, 25)?;
    }
    Ok(())
}

/// As many updates as a dispatch may do: a driver that ends loops early would be seen.
fn longest_dispatches_are_whole(gpu: &Gpu) -> Check {
    let all = Recipe { batch_size: Some(17), dropout: Dropout { rate: 0.5, seed: 1 }, ..recipes()[0] };
    for (hidden, samples, output, recipe) in [
        (&[20, 10][..], 400, (Output::Logistic, 1), Recipe::default()),
        (&[9], 131, (Output::Softmax, 5), all),
        (&[9, 3, 40], 1100, (Output::Squares, 2), Recipe { batch_size: None, ..all }),
        (&[1], 5, (Output::Logistic, 1), Recipe { batch_size: Some(2), ..Recipe::default() }),
    ] {
        for layout in ["layers-8", "layers-32"] {
            let gpu = resident(gpu).with_layout(LayoutChoice::Named(layout.into()));
            let (data, runs) = (data(2, samples, output), [run(2, hidden, "tanh", output, recipe)]);
            let plan = gpu.plan(&Problem::new(&data, &runs).map_err(text)?).map_err(text)?;
            let what = format!("{} updates of {hidden:?} in {layout}", plan.at_once);
            same_bits(&what, [&layered(&gpu).with_layout(LayoutChoice::Likeliest), &gpu], &data, &runs, plan.at_once)?;
        }
    }
    Ok(())
}

/// What `auto` makes of a sweep over small Adam networks.
fn a_thousand_are_one_dispatch(gpu: &Gpu) -> Check {
    let data = data(2, 400, (Output::Logistic, 1));
    let recipe = Recipe { optimizer: optimizer("adam"), batch_size: Some(64), shuffle: Some(1), ..Recipe::default() };
    let one = run(2, &[8], "tanh", (Output::Logistic, 1), recipe);
    let of = |number: usize| Run { learning_rate: 1e-5 * (number + 1) as f64, ..one.clone() };
    let runs: Vec<Run> = (0..1000).map(of).collect();
    let plan = gpu.plan(&Problem::new(&data, &runs).map_err(text)?).map_err(text)?;
    let kernels: Vec<Kernel> = plan.iteration.iter().map(|call| call.kernel).collect();
    if kernels != [Kernel::ResidentLayers] || plan.iteration[0].workgroups != [1000, 1, 1] {
        return Err(format!("{} takes {kernels:?}", plan.name));
    }
    let table = plan.table.map_or(0, |table| table.updates);
    if plan.at_once < 100 || table < 100 {
        return Err(format!("a dispatch does {} updates, and a table holds {table}", plan.at_once));
    }
    same_bits("a thousand", [&layered(gpu), gpu], &data, &runs, 5)
}
