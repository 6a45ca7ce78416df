//! The loops of every kernel, counted on the GPU: the plan's budget is what the shader does.

use std::collections::BTreeSet;

use planar::backend::Run;
use planar::data::flower;
use planar::gpu::plan::{KernelCall, Plan, PlanChoice, Problem, Slot};
use planar::gpu::testing::uniforms::{NetworkRecord, TraineeRecord};
use planar::gpu::testing::{Binding, Kernel, Sources};
use planar::gpu::{Adapter, Gpu};
use planar::model::{Output, Parameters};
use planar::optim::{Dropout, Optimizer, Recipe};
use planar::selftest::testing::{layouts, of_any_depth};

use crate::Check;
use crate::common::run;
use crate::limits::NamedOnAdapter;
use crate::support::problem;

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![("every_kernel_turns_its_loops_as_often_as_its_plan_says".into(), turns_are_counted)]
}

/// Hidden layers and samples: widths of both forms of the resident plan, one slice of the layered plan's sums and several.
const SIZES: [(&[usize], usize); 5] = [(&[9], 276), (&[9], 3000), (&[3], 3000), (&[5, 33], 3000), (&[17, 16_500], 18)];

/// The recipes of these sizes: plain, and all that the layered plan can.
fn recipes() -> [Recipe; 2] {
    let optimizer = Optimizer::ALL[3];
    let dropout = Dropout { rate: 0.5, seed: 1 };
    [Recipe::default(), Recipe { optimizer, dropout, l2: 0.1, batch_size: Some(17), ..Recipe::default() }]
}

fn turns_are_counted(adapter: &Adapter, gpu: &Gpu) -> Check {
    let mut counted = BTreeSet::new();
    for ((hidden, samples), recipe) in SIZES.into_iter().flat_map(|size| recipes().map(|recipe| (size, recipe))) {
        let data = flower(samples, 1).map_err(|error| error.to_string())?;
        let several = |run: Run| -> planar::Result<Run> {
            let network = if recipe.is_plain() { run.network } else { run.network.with_output(Output::Softmax, 5)? };
            let parameters = Parameters::zeros(&network);
            Ok(Run { network, parameters, ..run }.with_recipe(recipe))
        };
        let runs = (1..4).map(|seed| several(run(hidden, "tanh", 0.3, seed, 0.5)));
        let runs = runs.collect::<planar::Result<Vec<Run>>>().map_err(|error| error.to_string())?;
        let problem = Problem::new(&data, &runs).map_err(|error| error.to_string())?;
        let plans = layouts().chain(of_any_depth()).map(|laid| laid.on(gpu).plan(&problem));
        // a layout for fewer units, or a plan for one hidden layer
        for plan in plans.flatten() {
            for call in plan.iteration.iter().chain(&plan.evaluation) {
                let turns = count(adapter, &plan, &runs, call)?;
                if turns != call.turns {
                    let (kernel, layout) = (call.kernel.name(), &plan.layout);
                    let said = format!("{kernel} of {layout} turns {turns} times, and its plan says {}", call.turns);
                    return Err(format!("{hidden:?}, m = {samples}: {said}"));
                }
                counted.insert(call.kernel.name());
            }
        }
    }
    // the probes of the driver count their own turns
    let is_missing = |kernel: &&Kernel| !kernel.is_probe() && !counted.contains(kernel.name());
    match Kernel::ALL.iter().find(is_missing) {
        Some(missing) => Err(format!("{} is not counted", missing.name())),
        None => Ok(()),
    }
}

/// The most turns of an invocation in a call, all loops of its kernel and of the files that it uses added up.
fn count(adapter: &Adapter, plan: &Plan, runs: &[Run], call: &KernelCall) -> Result<u64, String> {
    let mut sources = Sources::embedded();
    let files: Vec<String> = sources.files(call.kernel).into_iter().map(str::to_owned).collect();
    for file in files {
        let text = sources.text(&file).lines().map(counting).collect();
        sources.replace(&file, text);
    }
    let written = call.kernel.bindings().iter().position(|(name, kind)| {
        *kind == Binding::ReadWrite && element(&sources, call.kernel, name).is_some_and(|of| of.contains("f32"))
    });
    let written = written.ok_or_else(|| format!("{} writes no numbers", call.kernel.name()))?;
    sources.replace(call.kernel.name(), storing(&sources, call.kernel, call.kernel.bindings()[written].0));
    let gpu = Gpu::open_with(adapter, sources).map_err(|error| error.to_string())?;

    let mut contents: Vec<Vec<u32>> = call.buffers.iter().map(|slot| contents(plan, runs, *slot)).collect();
    contents[written - 1].resize(2 * FIRST, 0);
    let results = gpu.alone(call, &contents).and_then(|alone| alone.results()).map_err(|error| error.to_string())?;
    let most = results[written - 1][FIRST..].iter().map(|word| f32::from_bits(*word)).fold(0.0, f32::max);
    Ok(most as u64)
}

/// The word from which on the counters are stored, behind all that kernels write at these sizes.
const FIRST: usize = 1 << 18;

/// A line with the counter, if a loop begins in it.
fn counting(line: &str) -> String {
    match line.trim_start().starts_with("for (") {
        true => format!("{line} loop_turns++;\n"),
        false => format!("{line}\n"),
    }
}

/// The elements of a kernel's binding: `vec4<f32>` of `array<vec4<f32>>`.
fn element(sources: &Sources, kernel: Kernel, name: &str) -> Option<String> {
    let declared = format!("read_write> {name}: array<");
    let of_file = |file: &&str| sources.text(file).split_once(&declared).map(|(_, rest)| rest.to_owned());
    let rest = sources.files(kernel).iter().find_map(of_file)?;
    rest.split_once(">;").map(|(element, _)| element.to_owned())
}

/// The kernel within another of its name, which stores what each invocation has counted.
fn storing(sources: &Sources, kernel: Kernel, into: &str) -> String {
    let name = kernel.name();
    let text = sources.text(name);
    let (before, rest) = text.split_once("@compute ").expect("a kernel is a compute shader");
    let (size, rest) = rest.split_once(&format!("fn {name}(")).expect("its function has its name");
    let (parameters, body) = rest.split_once(") {").expect("its parameters end");
    let builtin = |parameter: &str| {
        let name =
            parameter.trim().strip_prefix("@builtin(").and_then(|rest| rest.split_once(") ")).expect("a builtin");
        (name.0.to_owned(), name.1.to_owned())
    };
    let own: Vec<_> = parameters.split(", ").map(builtin).collect();
    let taken: Vec<_> = own.iter().map(|(_, parameter)| parameter.as_str()).collect();
    let given: Vec<_> = own.iter().map(|(builtin, _)| builtin.as_str()).collect();
    let of_element = element(sources, kernel, into).expect("a storage buffer");
    let (lanes, first_lane) = if of_element.contains("vec4") { (4, ".x") } else { (1, "") };
    format!(
        "{before}var<private> loop_turns: u32 = 0u;
fn counted({}) {{{body}
@compute {size}fn {name}(
    @builtin(workgroup_id) workgroup_id: vec3<u32>,
    @builtin(num_workgroups) num_workgroups: vec3<u32>,
    @builtin(global_invocation_id) global_invocation_id: vec3<u32>,
    @builtin(local_invocation_id) local_invocation_id: vec3<u32>,
    @builtin(local_invocation_index) local_invocation_index: u32,
) {{
    counted({});
    let of_workgroup = (workgroup_id.z * num_workgroups.y + workgroup_id.y) * num_workgroups.x + workgroup_id.x;
    // of invocations that share a word, the one with the most turns counts
    let word = {}u + (of_workgroup * 256u + local_invocation_index) % {}u;
    if f32(loop_turns) > {into}[word]{first_lane} {{
        {into}[word] = {of_element}(f32(loop_turns));
    }}
}}
",
        taken.join(", "),
        given.join(", "),
        FIRST / lanes,
        FIRST / lanes,
    )
}

/// What a slot holds before a step: three networks in training, one chunk as long as a dispatch may be.
fn contents(plan: &Plan, runs: &[Run], slot: Slot) -> Vec<u32> {
    match slot {
        Slot::Networks(layer) => bytemuck::cast_slice(&NetworkRecord::of_layer(runs, layer)).to_vec(),
        Slot::Trainees => bytemuck::cast_slice(&TraineeRecord::of_all(runs)).to_vec(),
        Slot::Asked => vec![plan.at_once],
        _ => vec![0; plan.slots[&slot] as usize],
    }
}

/// The most turns of any step of a plan.
pub fn most_turns(plan: &Plan) -> u64 {
    plan.steps().map(|step| step.turns).max().unwrap_or(0)
}

/// The plan of one network, where the adapter accepts it.
pub fn plan(gpu: &Gpu, choice: PlanChoice, inputs: usize, units: u32, samples: u32) -> planar::Result<Plan> {
    let problem = Problem { networks: 1, ..problem(inputs, units, samples) };
    gpu.clone().with_plan(choice).plan(&problem)
}
