//! A retired network costs nothing: no kernel of any plan writes anything for it, and the others do not notice.

use planar::backend::{Backend, Run};
use planar::data::flower;
use planar::gpu::Gpu;
use planar::gpu::plan::{Plan, PlanChoice, Problem, Slot};
use planar::gpu::testing::uniforms::{NetworkRecord, TraineeRecord};
use planar::optim::{Dropout, Optimizer, Recipe};

use crate::Check;
use crate::common::run;
use crate::support::{Named, OnGpu};

pub fn checks() -> Vec<Named> {
    let all: [(&str, OnGpu); 2] = [
        ("no_kernel_of_any_plan_writes_for_a_retired_network", no_kernel_writes),
        ("a_retired_network_keeps_its_parameters_and_the_others_train_as_alone", the_others_train_on),
    ];
    all.map(|(name, check)| -> Named { (name.into(), Box::new(check)) }).into()
}

/// Three networks, the second of which is retired.
fn runs(hidden: &[usize]) -> Vec<Run> {
    (1..4).map(|seed| run(hidden, "tanh", 0.3, seed, 0.5)).collect()
}

const RETIRED: usize = 1;
/// What a buffer holds before a step: no step writes just this.
const BEFORE: u32 = 0x3f12_3456;

fn no_kernel_writes(gpu: &Gpu) -> Check {
    let all = Recipe {
        optimizer: Optimizer::ALL[3],
        dropout: Dropout { rate: 0.5, seed: 1 },
        l2: 0.1,
        batch_size: Some(64),
        ..Recipe::default()
    };
    for (hidden, samples, plans, recipe) in [
        (&[1][..], 1, &PlanChoice::ALL[..], Recipe::default()),
        (&[17], 277, &PlanChoice::ALL, Recipe::default()),
        (&[3], 2500, &PlanChoice::ALL, Recipe::default()), // sums by slabs
        (&[5, 3], 400, &[PlanChoice::Layered, PlanChoice::Resident], Recipe::default()),
        (&[5, 3], 400, &[PlanChoice::Layered, PlanChoice::Resident], all),
    ] {
        let points = vec![0.5; 2 * samples];
        let data = planar::data::Dataset::from_points("points", None, 2, &points, vec![1; samples]);
        let data = data.map_err(|error| error.to_string())?;
        let runs: Vec<Run> = runs(hidden).into_iter().map(|run| run.with_recipe(recipe)).collect();
        for choice in plans {
            let gpu = gpu.clone().with_plan(*choice);
            let problem = Problem::new(&data, &runs).map_err(|error| error.to_string())?;
            let plan = gpu.plan(&problem).map_err(|error| error.to_string())?;
            for step in plan.steps() {
                let contents: Vec<Vec<u32>> = step.buffers.iter().map(|slot| contents(&plan, &runs, *slot)).collect();
                let results = |contents: &[Vec<u32>]| gpu.alone(step, contents).and_then(|alone| alone.results());
                let after = results(&contents).map_err(|error| error.to_string())?;
                let in_training: Vec<Vec<u32>> =
                    step.buffers.iter().map(|slot| in_training(&plan, &runs, *slot)).collect();
                let all = results(&in_training).map_err(|error| error.to_string())?;
                for ((slot, words), all) in step.buffers.iter().zip(&after).zip(&all) {
                    let written = |words: &[u32]| words.iter().filter(|word| **word != BEFORE).count();
                    let is_partial = *slot == Slot::PartialSums;
                    if is_partial && 3 * written(words) != 2 * written(all) {
                        let (two, three) = (written(words), written(all));
                        return Err(format!(
                            "{}: {two} words of {slot:?}, and {three} of all three",
                            step.kernel.name()
                        ));
                    }
                    if let Some(at) = of_retired(*slot, words.len()).find(|at| words[*at] != BEFORE) {
                        let kernel = step.kernel.name();
                        return Err(format!("{choice}, {hidden:?}, {samples}: {kernel} writes word {at} of {slot:?}"));
                    }
                }
            }
        }
    }
    Ok(())
}

/// What a slot holds before a step if no network is retired.
fn in_training(plan: &Plan, runs: &[Run], slot: Slot) -> Vec<u32> {
    match slot {
        Slot::Networks(layer) => bytemuck::cast_slice(&NetworkRecord::of_layer(runs, layer)).to_vec(),
        Slot::Trainees => bytemuck::cast_slice(&TraineeRecord::of_all(runs)).to_vec(),
        Slot::Steps => vec![0; plan.slots[&slot] as usize],
        other => contents(plan, runs, other),
    }
}

/// What a slot holds before a step.
fn contents(plan: &Plan, runs: &[Run], slot: Slot) -> Vec<u32> {
    match slot {
        Slot::Networks(layer) => {
            let mut records = NetworkRecord::of_layer(runs, layer);
            records[RETIRED].width = 0;
            bytemuck::cast_slice(&records).to_vec()
        }
        Slot::Trainees => {
            let mut records = TraineeRecord::of_all(runs);
            records[RETIRED].network.width = 0;
            bytemuck::cast_slice(&records).to_vec()
        }
        // counters are places in the history
        Slot::Steps => [0, BEFORE, 0, 0][..plan.slots[&slot] as usize].to_vec(),
        Slot::Asked => vec![2],
        // the samples of a batch
        Slot::Table => vec![0; plan.slots[&slot] as usize],
        _ => vec![BEFORE; plan.slots[&slot] as usize],
    }
}

/// The words of a slot that are the retired network's.
fn of_retired(slot: Slot, words: usize) -> Box<dyn Iterator<Item = usize>> {
    match slot {
        Slot::Inputs | Slot::Labels | Slot::Networks(_) | Slot::Trainees | Slot::Asked => Box::new(0..0),
        // shared
        Slot::Table | Slot::BatchInputs | Slot::BatchLabels => Box::new(0..0),
        // behind the counters stands one of all
        Slot::Steps => Box::new(RETIRED..=RETIRED),
        // a row per step
        Slot::History => Box::new((RETIRED..words).step_by(3)),
        // a row is as long as each kernel needs: what is written is counted instead
        Slot::PartialSums => Box::new(0..0),
        _ => Box::new(RETIRED * words / 3..(RETIRED + 1) * words / 3),
    }
}

fn the_others_train_on(gpu: &Gpu) -> Check {
    let data = flower(400, 1).map_err(|error| error.to_string())?;
    for (hidden, plans) in [(&[17][..], &PlanChoice::ALL[..]), (&[5, 3], &[PlanChoice::Layered, PlanChoice::Resident])]
    {
        for plan in plans {
            let gpu = gpu.clone().with_plan(*plan);
            let runs = runs(hidden);
            let trained = |runs: &[Run], retired: Option<usize>| -> planar::Result<Vec<Vec<f64>>> {
                let mut session = gpu.load(&data, runs)?;
                session.advance(3)?;
                let before = session.collect()?.map(|chunk| chunk.parameters);
                retired.into_iter().try_for_each(|network| session.retire(network))?;
                session.advance(5)?;
                let after = session.collect()?.map(|chunk| chunk.parameters).unwrap_or_default();
                if let (Some(network), Some(before)) = (retired, before) {
                    assert_eq!(before[network], after[network], "{plan}: the retired network was updated");
                }
                Ok(after.iter().map(|of| of.values().to_vec()).collect())
            };
            let together = trained(&runs, Some(RETIRED)).map_err(|error| error.to_string())?;
            for network in [0, 2] {
                let alone = trained(&runs[network..=network], None).map_err(|error| error.to_string())?;
                if alone[0] != together[network] {
                    return Err(format!("{plan}, {hidden:?}: network {network} has other bits than alone"));
                }
            }
        }
    }
    Ok(())
}
