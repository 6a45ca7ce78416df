//! The loops of every kernel, counted on the GPU: the plan's budget is what the shader does.

use planar::cpu::operations::Transpose;
use planar::gpu::plan::{KernelCall, Plan, PlanChoice, Slot};
use planar::gpu::testing::Kernel;
use planar::gpu::testing::Sources;
use planar::gpu::testing::call::{self, slabs};
use planar::gpu::testing::uniforms::{BiasSum, Product, SumSlabs};
use planar::gpu::{Adapter, Gpu};
use planar::model::Activation;
use planar::selftest::testing::LAYOUTS;

use crate::Check;
use crate::limits::NamedOnAdapter;
use crate::support::{random_case, run, sizes};

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![("every_kernel_turns_its_loops_as_often_as_its_plan_says".into(), turns_are_counted)]
}

/// A step of every kernel of the layered plan, with sums of more than one slab.
fn step_of(kernel: Kernel) -> Option<KernelCall> {
    let sizes = sizes(2, 3, 3000);
    Some(match kernel {
        Kernel::Matmul => {
            let inner = 3000;
            let product =
                Product { rows: 3, inner, columns: 2, slabs: slabs(inner), c_stride: 18, ..Default::default() };
            call::matmul(product, Transpose::B, 1, [Slot::Inputs, Slot::Labels, Slot::Gradients])
        }
        Kernel::BiasActivation => call::bias_activation(&sizes, 0, Activation::Tanh),
        Kernel::OutputDelta => call::output_delta(&sizes, 1),
        Kernel::HiddenDelta => call::hidden_delta(&sizes, 0),
        Kernel::BiasSum => {
            let sums = BiasSum { units: 3, samples: 3000, offset: 0, stride: 9, scale: 1.0 };
            call::bias_sum(sums, 1, [Slot::Inputs, Slot::Labels])
        }
        Kernel::SumSlabs => {
            let shape = SumSlabs { length: 3, slabs: 3000, offset: 0, stride: 3 };
            call::sum_slabs(shape, 1, [Slot::Inputs, Slot::Labels])
        }
        Kernel::Update => call::update(&sizes),
        Kernel::Cost => call::cost(&sizes, 1),
        Kernel::Record => call::record(&sizes),
        _ => return None,
    })
}

fn turns_are_counted(adapter: &Adapter, gpu: &Gpu) -> Check {
    let of_layered = Kernel::ALL.into_iter().filter_map(|kernel| step_of(kernel).map(|step| (kernel, step)));
    // one slab, which ends in the backward pass, and several
    let of_fused = [277, 3000].into_iter().flat_map(|samples| {
        LAYOUTS.map(|layout| random_case(&gpu.clone().with_plans_for(layout), samples).iteration).concat()
    });
    let steps = of_layered.chain(of_fused.map(|step| (step.kernel, step))).collect::<Vec<_>>();
    // the probes of the driver count their own turns
    let trains = |kernel: &&Kernel| !kernel.is_probe();
    let is_missing = |kernel: &&Kernel| steps.iter().all(|(other, _)| other != *kernel);
    if let Some(missing) = Kernel::ALL.iter().filter(trains).find(is_missing) {
        return Err(format!("{} is not counted", missing.name()));
    }
    for (kernel, step) in steps {
        let mut sources = Sources::embedded();
        let text = sources.text(kernel.name()).to_owned();
        let loops = text.matches("for (").count() + text.matches("while ").count() + text.matches("loop {").count();
        if loops == 0 {
            if step.turns != 0 {
                return Err(format!("{} has no loop, and its plan says {}", kernel.name(), step.turns));
            }
            continue;
        }
        sources.replace(kernel.name(), counting(&text));
        let gpu = Gpu::open_with(adapter, sources).map_err(|error| error.to_string())?;
        // every network is 9 units wide, where the kernel asks
        let words =
            |slot: &Slot| if matches!(slot, Slot::Networks(_)) { [9, 0, 0, 0].repeat(3) } else { vec![0; 9000] };
        let contents: Vec<Vec<u32>> = step.buffers.iter().map(words).collect();
        let contents: Vec<Vec<f32>> =
            contents.into_iter().map(|words| words.into_iter().map(f32::from_bits).collect()).collect();
        let contents: Vec<&[f32]> = contents.iter().map(Vec::as_slice).collect();
        let counted = run(&gpu, &step, &contents)?.concat().into_iter().fold(0.0, f32::max);
        if f64::from(counted) != step.turns as f64 {
            return Err(format!("{} turns {counted} times, and its plan says {}", kernel.name(), step.turns));
        }
    }
    Ok(())
}

/// The kernel with a counter in every loop, which it writes instead of its sum.
fn counting(text: &str) -> String {
    let text = text
        .replace("logits[i] = z2;", "logits[i] = vec4<f32>(f32(turns));")
        .replace("partial[part + at_k] = sums_k;", "partial[part + at_k] = vec4<f32>(f32(turns));")
        .replace("descend_unit(at, theta, sums, learning_rate);", "gradients[at] = vec4<f32>(f32(turns));");
    let line = |line: &str| {
        let is_store = |at: &usize| line[..*at].ends_with("] ") || line[..*at].ends_with("].x ");
        let store = line.find("= sum").filter(is_store);
        match store {
            Some(at) => format!("{}= f32(turns);\n", &line[..at]),
            None if line.trim_start().starts_with("for (") => format!("{line} turns++;\n"),
            None => format!("{line}\n"),
        }
    };
    format!("var<private> turns: u32 = 0u;\n{}", text.lines().map(line).collect::<String>())
}

/// The most turns of any step of a plan.
pub fn most_turns(plan: &Plan) -> u64 {
    plan.steps().map(|step| step.turns).max().unwrap_or(0)
}

/// The plan of one network, where the adapter accepts it.
pub fn plan(gpu: &Gpu, choice: PlanChoice, inputs: usize, units: u32, samples: u32) -> planar::Result<Plan> {
    let sizes = planar::gpu::plan::Problem { networks: 1, ..sizes(inputs, units, samples) };
    gpu.clone().with_plan(choice).plan(&sizes)
}
