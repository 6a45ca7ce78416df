//! Proof that the checks can fail: shaders and plans broken on purpose, each caught by the check that is named for it.

use planar::compare::check_backend;
use planar::gpu::plan::{KernelCall, Plan, PlanChoice};
use planar::gpu::testing::Kernel;
use planar::gpu::testing::Sources;
use planar::gpu::{Adapter, Gpu};
use planar::selftest::testing::check_of;

use crate::common::{golden_flower, run};
use crate::limits::NamedOnAdapter;
use crate::support::OnGpu;
use crate::{Check, training};

/// The checks of whole steps.
const GRADIENTS: (&str, OnGpu) = ("gradients_match_numpy", training::gradients_match_numpy);
const UPDATES: (&str, OnGpu) = ("updates_match_numpy", training::updates_match_numpy);
const SLABS: (&str, OnGpu) = ("slabs_match_the_reference", training::slabs_match_the_reference);
const COST: (&str, OnGpu) = ("evaluation_matches_numpy", training::evaluation_matches_numpy);
const BORROWED: (&str, OnGpu) =
    ("borrowed_derivatives_match_the_reference", training::borrowed_derivatives_match_the_reference);

/// A change that shows in no step of two features: the kernel's own check alone sees it.
const KERNEL_ALONE: (&str, OnGpu) = ("the kernel's own", |_| Err("not looked at".into()));

/// A change of a shader's text.
struct OfShader {
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// The step's check that must see it; the kernel's own must too.
    by: (&'static str, OnGpu),
}

/// A change of a plan.
struct OfPlan {
    what: &'static str,
    plan: PlanChoice,
    change: fn(&mut Plan),
    /// The check that must see it.
    by: (&'static str, OnGpu),
}

#[rustfmt::skip]
const OF_SHADERS: [OfShader; 27] = [
    OfShader { what: "the sign of the output delta", file: "output_delta", from: "a[i] - y[sample]", to: "a[i] + y[sample]", by: GRADIENTS },
    OfShader { what: "the sign of the update", file: "update", from: "- networks", to: "+ networks", by: UPDATES },
    OfShader { what: "1/m in dW", file: "matmul", from: "sum * product.scale", to: "sum", by: GRADIENTS },
    OfShader { what: "1/m in db", file: "bias_sum", from: "sum * sums.scale", to: "sum", by: GRADIENTS },
    OfShader { what: "1/m in the cost", file: "cost", from: "sum * cost_shape.scale", to: "sum", by: COST },
    OfShader { what: "B transposed", file: "matmul", from: "column * product.inner + k", to: "k * product.columns + column", by: GRADIENTS },
    OfShader { what: "the last row of a tile", file: "matmul", from: "row < product.rows && column", to: "row + 1u < product.rows && column", by: GRADIENTS },
    OfShader { what: "a barrier's tile read before it is written", file: "matmul", from: "sum += a_tile[local.y][k]", to: "sum += a_tile[local.x][k]", by: GRADIENTS },
    OfShader { what: "tanh's derivative", file: "lib/activation", from: "Activated(value, 4.0 * e * r * r)", to: "Activated(value, e * r * r)", by: GRADIENTS },
    OfShader { what: "a borrowed derivative", file: "lib/activation", from: "1.0 - a * a", to: "1.0 + a * a", by: BORROWED },
    OfShader { what: "a sign in the loss", file: "lib/loss", from: "- z * y", to: "+ z * y", by: COST },
    OfShader { what: "the bias of a layer", file: "bias_activation", from: "let biased = z[i] + parameters", to: "let biased = z[i] - parameters", by: SLABS },
    OfShader { what: "g′ of a hidden layer", file: "hidden_delta", from: ".derivative.x", to: ".value.x", by: GRADIENTS },
    OfShader { what: "the last slab of a sum", file: "sum_slabs", from: "slab < slabs.slabs", to: "slab + 1u < slabs.slabs", by: SLABS },
    OfShader { what: "the counter of steps", file: "record", from: "step + 1u", to: "step + 2u", by: UPDATES },
    OfShader { what: "the last slab of a fused sum", file: "fused_update", from: "slab < fused.slabs;", to: "slab + 1u < fused.slabs;", by: SLABS },
    OfShader { what: "1/m in the further features of the fused update", file: "fused_update", from: "sums_r * (fused.mean * theta.y)", to: "sums_r * theta.y", by: KERNEL_ALONE },
    OfShader { what: "the sign of dZ2", file: "fused_forward", from: "sigmoid(z2).value - y", to: "sigmoid(z2).value + y", by: GRADIENTS },
    OfShader { what: "W2 in the output", file: "fused_forward", from: "theta.y * activate", to: "theta.x * activate", by: COST },
    OfShader { what: "the last group of samples", file: "fused_forward", from: "fused.groups - first", to: "fused.groups - first - 1u", by: COST },
    OfShader { what: "the features in dW1", file: "fused_backward", from: "t_k * x)", to: "t_k * x.yx)", by: GRADIENTS },
    OfShader { what: "the derivative in dZ1", file: "fused_backward", from: "dz2 * a_k.derivative", to: "dz2 * a_k.value", by: GRADIENTS },
    OfShader { what: "the last unit", file: "fused_backward", from: "width - first", to: "width - first - 1u", by: UPDATES },
    OfShader { what: "the sign of the fused update", file: "lib/descend", from: "theta - learning_rate", to: "theta + learning_rate", by: UPDATES },
    OfShader { what: "1/m in dW2", file: "lib/descend", from: "vec4<f32>(scale, fused.mean, scale, scale)", to: "vec4<f32>(scale)", by: GRADIENTS },
    OfShader { what: "networks that share a workgroup", file: "lib/fused", from: "NETWORKS + local / ACROSS", to: "NETWORKS", by: KERNEL_ALONE },
    OfShader { what: "1/m in the fused cost", file: "lib/descend", from: "sums.y * fused.mean", to: "sums.y", by: COST },
];

#[rustfmt::skip]
const OF_PLANS: [OfPlan; 8] = [
    OfPlan { what: "a stale A1", plan: PlanChoice::Layered, by: UPDATES, change: |plan| remove(&mut plan.iteration, Kernel::BiasActivation) },
    OfPlan { what: "the update before the gradient is done", plan: PlanChoice::Layered, by: UPDATES, change: |plan| to_front(&mut plan.iteration, Kernel::Update) },
    OfPlan { what: "a swapped binding", plan: PlanChoice::Layered, by: GRADIENTS, change: |plan| swap_operands(&mut plan.gradients) },
    OfPlan { what: "the last workgroup", plan: PlanChoice::Layered, by: GRADIENTS, change: |plan| shorten(&mut plan.gradients, Kernel::HiddenDelta) },
    OfPlan { what: "tanh's derivative for the others", plan: PlanChoice::Layered, by: GRADIENTS, change: |plan| with_tanh(&mut plan.gradients, Kernel::HiddenDelta) },
    OfPlan { what: "a backward pass before the forward pass", plan: PlanChoice::Split, by: UPDATES, change: |plan| plan.iteration.swap(0, 1) },
    OfPlan { what: "the last workgroup of fused", plan: PlanChoice::Split, by: GRADIENTS, change: |plan| shorten(&mut plan.gradients, Kernel::FusedForward) },
    OfPlan { what: "tanh's derivative for the others in fused", plan: PlanChoice::Split, by: GRADIENTS, change: |plan| with_tanh(&mut plan.gradients, Kernel::FusedBackward) },
];

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("broken_shaders_are_caught_by_the_checks_that_are_named".into(), every_broken_shader_is_caught),
        ("a_device_that_computes_wrong_is_not_trusted".into(), wrong_is_not_trusted),
        ("broken_plans_are_caught_by_the_checks_that_are_named".into(), every_broken_plan_is_caught),
    ]
}

fn every_broken_shader_is_caught(adapter: &Adapter, _: &Gpu) -> Check {
    for OfShader { what, file, from, to, by: (name, check) } in OF_SHADERS {
        let mut sources = Sources::embedded();
        let text = sources.text(file).to_owned();
        if text.matches(from).count() != 1 {
            return Err(format!("shaders/{file}.wgsl should hold '{from}' once"));
        }
        sources.replace(file, text.replace(from, to));
        let gpu = Gpu::open_with(adapter, sources).map_err(|error| error.to_string())?;
        let uses = |kernel: &Kernel| Sources::embedded().files(*kernel).contains(&file);
        let kernels: Vec<Kernel> = Kernel::ALL.into_iter().filter(uses).collect();
        if !kernels.iter().any(|kernel| check_of(*kernel)(&gpu).is_err()) {
            return Err(format!("no kernel's check sees that {what} is broken"));
        }
        for plan in [PlanChoice::Layered, PlanChoice::Split] {
            let of_plan = |kernel: &Kernel| match plan {
                PlanChoice::Split => kernel.name().starts_with("fused"),
                _ => !kernel.name().starts_with("fused") && !kernel.name().starts_with("probe"),
            };
            if kernels.iter().any(of_plan) && check(&gpu.clone().with_plan(plan)).is_ok() {
                return Err(format!("{name} does not see that {what} is broken in the {plan} plan"));
            }
        }
    }
    Ok(())
}

/// The look before training refuses a loop cut short and a wrong derivative, and nothing else.
fn wrong_is_not_trusted(adapter: &Adapter, gpu: &Gpu) -> Check {
    let data = golden_flower();
    for plan in [PlanChoice::Split, PlanChoice::Layered] {
        for activation in ["tanh", "sigmoid", "relu", "leaky-relu:-0.3"] {
            for (hidden, scale) in [(1, 0.01), (277, 0.01), (40, 1.0)] {
                let run = run(&[hidden], activation, 1.2, 3, scale);
                check_backend(&gpu.clone().with_plan(plan), &data, &run).map_err(|error| error.to_string())?;
            }
        }
    }
    for (file, from, to) in [
        ("fused_backward", "group < min(span + SPAN, end)", "group < min(span + SPAN, end - 1u)"),
        ("lib/activation", "4.0 * e * r * r", "3.9 * e * r * r"),
    ] {
        let mut sources = Sources::embedded();
        let broken = sources.text(file).replace(from, to);
        if broken == sources.text(file) {
            return Err(format!("shaders/{file}.wgsl should hold '{from}'"));
        }
        sources.replace(file, broken);
        let gpu = Gpu::open_with(adapter, sources).map_err(|error| error.to_string())?.with_plan(PlanChoice::Split);
        match check_backend(&gpu, &data, &run(&[17], "tanh", 1.2, 2, 0.1)) {
            Err(planar::Error::Wrong(_)) => {}
            other => return Err(format!("{to}: {other:?}")),
        }
    }
    Ok(())
}

fn every_broken_plan_is_caught(_: &Adapter, gpu: &Gpu) -> Check {
    for OfPlan { what, plan, change, by: (name, check) } in OF_PLANS {
        if check(&gpu.clone().with_plan(plan).with_changed_plans(change)).is_ok() {
            return Err(format!("{name} does not see that {what} is broken"));
        }
    }
    Ok(())
}

fn first(steps: &mut [KernelCall], kernel: Kernel) -> &mut KernelCall {
    steps.iter_mut().find(|step| step.kernel == kernel).expect("the plan has the kernel")
}

fn remove(steps: &mut Vec<KernelCall>, kernel: Kernel) {
    let at = steps.iter().position(|step| step.kernel == kernel).expect("the plan has the kernel");
    steps.remove(at);
}

fn to_front(steps: &mut Vec<KernelCall>, kernel: Kernel) {
    let at = steps.iter().position(|step| step.kernel == kernel).expect("the plan has the kernel");
    let step = steps.remove(at);
    steps.insert(0, step);
}

fn swap_operands(steps: &mut [KernelCall]) {
    let last = steps.iter_mut().rev().find(|step| step.kernel == Kernel::Matmul).expect("the plan has a matmul");
    last.buffers.swap(0, 1);
}

fn shorten(steps: &mut [KernelCall], kernel: Kernel) {
    first(steps, kernel).workgroups[0] -= 1;
}

fn with_tanh(steps: &mut [KernelCall], kernel: Kernel) {
    let constants = &mut first(steps, kernel).constants;
    let tanh = constants.iter().find(|(name, _)| *name == "TANH").expect("the activations are numbered").1;
    for (name, value) in constants {
        if *name == "ACTIVATION" {
            *value = tanh;
        }
    }
}
