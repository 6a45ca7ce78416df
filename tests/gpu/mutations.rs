//! Proof that the checks can fail: shaders and plans broken on purpose, each caught by the check that is named for it.

use planar::backend::{Backend, LayoutChoice};
use planar::compare::check_backend;
use planar::gpu::plan::{KernelCall, Plan, PlanChoice};
use planar::gpu::testing::{Constant, Kernel, Sources};
use planar::gpu::{Adapter, Gpu};
use planar::selftest::testing::check_of;

use crate::common::{golden_flower, run};
use crate::limits::NamedOnAdapter;
use crate::support::{OnGpu, problem};
use crate::{Check, training};

/// A check of whole steps: its name, itself, and the calls of a plan that it looks at.
type Named = (&'static str, OnGpu, fn(&Plan) -> &[KernelCall]);

const GRADIENTS: Named = ("gradients_match_numpy", training::gradients_match_numpy, |plan| &plan.gradients);
const UPDATES: Named = ("updates_match_numpy", training::updates_match_numpy, |plan| &plan.iteration);
const SLABS: Named = ("slabs_match_the_reference", training::slabs_match_the_reference, |plan| &plan.iteration);
const COST: Named = ("evaluation_matches_numpy", training::evaluation_matches_numpy, |plan| &plan.evaluation);
const BORROWED: Named =
    ("borrowed_derivatives_match_the_reference", training::borrowed_derivatives_match_the_reference, |plan| {
        &plan.gradients
    });

/// A change that shows in no step of two features on 400 samples, or only where a workgroup is wider than the lanes: the
/// kernel's own check alone sees it.
const KERNEL_ALONE: Named = ("the kernel's own", |_| Err("not looked at".into()), |_| &[]);

/// A chunk of three iterations, all of which must be counted.
const COUNTED: Named = (
    "the count of a chunk's steps",
    |gpu| {
        let run = run(&[3], "tanh", 1.2, 2, 0.1);
        let mut session = gpu.load(&golden_flower(), &[run]).map_err(|error| error.to_string())?;
        session.advance(3).and_then(|()| session.collect()).map(|_| ()).map_err(|error| error.to_string())
    },
    |plan| &plan.iteration,
);

/// A change of a shader's text.
struct OfShader {
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// The step's check that must see it in every plan whose kernels use the file; the kernel's own must too.
    by: Named,
}

/// A change of a plan.
struct OfPlan {
    what: &'static str,
    plan: PlanChoice,
    change: fn(&mut Plan),
    /// The check that must see it.
    by: Named,
}

#[rustfmt::skip]
const OF_SHADERS: [OfShader; 50] = [
    OfShader { what: "the sign of the output delta", file: "lib/output", from: "sigmoid(z).value - y", to: "sigmoid(z).value + y", by: GRADIENTS },
    OfShader { what: "the bias of a layer", file: "lib/forward", from: "let of_z = sums + a[", to: "let of_z = sums - a[", by: SLABS },
    OfShader { what: "the last column of a block", file: "lib/forward", from: "samples { z[at + 3u]", to: "samples { z[at + 2u]", by: COST },
    OfShader { what: "the loss of a row", file: "lib/forward", from: "dz_at + samples", to: "dz_at", by: COST },
    OfShader { what: "g′ of a hidden layer", file: "lib/delta", from: ".derivative", to: ".value", by: GRADIENTS },
    OfShader { what: "the sign of the update", file: "lib/gradient", from: "fma(-networks", to: "fma(networks", by: UPDATES },
    OfShader { what: "1/m in the gradient", file: "lib/gradient", from: "let gradient = sum * product.mean", to: "let gradient = sum", by: GRADIENTS },
    OfShader { what: "1/m in the cost", file: "lib/gradient", from: "] = sum * product.mean", to: "] = sum", by: COST },
    OfShader { what: "the place of the bias", file: "lib/gradient", from: "product.bias + row", to: "product.bias", by: GRADIENTS },
    OfShader { what: "a step that is not counted", file: "lib/gradient", from: "step + 1u", to: "step", by: UPDATES },
    OfShader { what: "the column of ones", file: "lib/product", from: "vec4<f32>(1.0), column", to: "vec4<f32>(0.0), column", by: GRADIENTS },
    OfShader { what: "B transposed", file: "lib/product", from: "select(1u, product.inner, TRANSPOSE_B)", to: "1u", by: GRADIENTS },
    OfShader { what: "A transposed", file: "lib/product", from: "select(product.inner, 1u, TRANSPOSE_A)", to: "product.inner", by: KERNEL_ALONE },
    OfShader { what: "a column beyond the end", file: "lib/gradient", from: "if column > of_bias", to: "if column > product.columns", by: UPDATES },
    OfShader { what: "the bound of a slab", file: "lib/product_block", from: "min(slab + SLAB, end)", to: "min(slab + SLAB, end - 1u)", by: GRADIENTS },
    OfShader { what: "a slice that is left out", file: "lib/product_block", from: "min(first + SLAB, product.slices)", to: "min(first + SLAB, product.slices - 1u)", by: SLABS },
    OfShader { what: "the barrier before a tile is read", file: "lib/product_tile", from: "workgroupBarrier();\n            for (var k", to: "for (var k", by: GRADIENTS },
    OfShader { what: "a term of a tile that is added twice", file: "lib/product_tile", from: "a_tile[k * SIDE + local / SIDE], b", to: "a_tile[(k / 2u) * SIDE + local / SIDE], b", by: GRADIENTS },
    OfShader { what: "tanh's derivative", file: "lib/activation", from: "Activated(value, 4.0 * e * r * r)", to: "Activated(value, e * r * r)", by: GRADIENTS },
    OfShader { what: "a borrowed derivative", file: "lib/activation", from: "fma(-a, a,", to: "fma(a, a,", by: BORROWED },
    OfShader { what: "a sign in the loss", file: "lib/loss", from: "fma(-z, y,", to: "fma(z, y,", by: COST },
    OfShader { what: "which of a group are samples", file: "lib/output_unit", from: "let is_sample = are_samples(group)", to: "let is_sample = !are_samples(group)", by: UPDATES },
    OfShader { what: "a row beyond the end", file: "lib/one_hidden", from: "< vec4<u32>(shape.samples)", to: "<= vec4<u32>(shape.samples)", by: KERNEL_ALONE },
    OfShader { what: "the sign of the update", file: "lib/one_hidden", from: "vec4<f32>(-learning_rate)", to: "vec4<f32>(learning_rate)", by: UPDATES },
    OfShader { what: "1/m in dW2", file: "lib/one_hidden", from: "vec4<f32>(scale, shape.mean, scale, scale)", to: "vec4<f32>(scale)", by: UPDATES },
    OfShader { what: "a feature beyond the second", file: "lib/one_hidden", from: "plus_dot(sums.z, t, x[2])", to: "plus_dot(sums.z, t, x[3])", by: KERNEL_ALONE },
    OfShader { what: "networks that share a workgroup", file: "lib/place", from: "NETWORKS + local / ACROSS", to: "NETWORKS", by: KERNEL_ALONE },
    OfShader { what: "1/m in the cost", file: "lib/descend", from: "sums.y * shape.mean", to: "sums.y", by: COST },
    OfShader { what: "a step that is not counted", file: "lib/descend", from: "step + 1u", to: "step", by: UPDATES },
    OfShader { what: "W2 in the output", file: "serial_forward", from: "vec4<f32>(theta.y), activate", to: "vec4<f32>(theta.x), activate", by: COST },
    OfShader { what: "the last group of samples", file: "serial_forward", from: "shape.groups - first)", to: "shape.groups - first - 1u)", by: COST },
    OfShader { what: "the features in dW1", file: "serial_backward", from: "a_k.value, t_k, x)", to: "a_k.value, t_k, mat2x4<f32>(x[1], x[0]))", by: GRADIENTS },
    OfShader { what: "the derivative in dZ1", file: "serial_backward", from: "dz2 * a_k.derivative", to: "dz2 * a_k.value", by: GRADIENTS },
    OfShader { what: "the last unit", file: "serial_backward", from: "width - first)", to: "width - first - 1u)", by: UPDATES },
    OfShader { what: "the bound of a slab", file: "serial_backward", from: "min(slab + shape.slab, end)", to: "min(slab + shape.slab, end - 1u)", by: GRADIENTS },
    OfShader { what: "1/m in the further features", file: "serial_backward", from: "sums_r * (shape.mean * theta.y)", to: "sums_r * theta.y", by: KERNEL_ALONE },
    OfShader { what: "the barrier before spans are added", file: "split_forward", from: "workgroupBarrier();\n        if local < ACROSS", to: "if local < ACROSS", by: COST },
    OfShader { what: "a span that is added twice", file: "split_forward", from: "span < count; span++) {\n                z2 += spans[span * ACROSS", to: "span <= count; span++) {\n                z2 += spans[min(span, count - 1u) * ACROSS", by: COST },
    OfShader { what: "the bound of a span", file: "split_forward", from: "min(first + length, end)", to: "min(first + length, end - 1u)", by: COST },
    OfShader { what: "the barrier before slabs are added", file: "split_backward", from: "workgroupBarrier();\n        if adds_unit", to: "if adds_unit", by: GRADIENTS },
    OfShader { what: "the bound of a slab", file: "split_backward", from: "min(first + shape.slab, end)", to: "min(first + shape.slab, end - 1u)", by: GRADIENTS },
    OfShader { what: "a slab that is added twice", file: "split_backward", from: "slab < count; slab++) {\n                let part = (slab * ACROSS", to: "slab <= count; slab++) {\n                let part = (min(slab, count - 1u) * ACROSS", by: GRADIENTS },
    OfShader { what: "a step that is not counted", file: "lib/resident", from: "step + 1u", to: "step", by: UPDATES },
    OfShader { what: "parameters that stay stale in their buffer", file: "lib/resident", from: "parameters[vectors_of(network, 0u) + at] = theta[at];", to: "_ = theta[at];", by: UPDATES },
    OfShader { what: "1/m in the cost", file: "lib/resident", from: "sums.y * shape.mean", to: "sums.y", by: UPDATES },
    OfShader { what: "the barrier before slabs are added", file: "resident_narrow", from: "workgroupBarrier();\n        for (var unit", to: "for (var unit", by: KERNEL_ALONE },
    OfShader { what: "a unit that is never updated", file: "resident_narrow", from: "} else if unit < width {", to: "} else if unit + 1u < width {", by: UPDATES },
    OfShader { what: "the barrier between the passes", file: "resident", from: "barrier();\n        for (var item", to: "for (var item", by: KERNEL_ALONE },
    OfShader { what: "the bound of a slab", file: "resident", from: "min((slab + 1u) * shape.slab, shape.groups)", to: "min((slab + 1u) * shape.slab, shape.groups - 1u)", by: UPDATES },
    OfShader { what: "a slab of the cost that is added twice", file: "resident", from: "slab < shape.slabs; slab++) {\n                output += outputs[slab];", to: "slab <= shape.slabs; slab++) {\n                output += outputs[min(slab, shape.slabs - 1u)];", by: UPDATES },
];

#[rustfmt::skip]
const OF_PLANS: [OfPlan; 9] = [
    OfPlan { what: "a stale A1", plan: PlanChoice::Layered, by: UPDATES, change: |plan| { plan.iteration.remove(0); } },
    OfPlan { what: "the update before the gradient is done", plan: PlanChoice::Layered, by: UPDATES, change: |plan| plan.iteration.swap(2, 4) },
    OfPlan { what: "a swapped binding", plan: PlanChoice::Layered, by: GRADIENTS, change: |plan| plan.gradients[2].buffers.swap(1, 2) },
    OfPlan { what: "the last workgroup", plan: PlanChoice::Layered, by: GRADIENTS, change: |plan| plan.gradients[2].workgroups[0] -= 1 },
    OfPlan { what: "tanh's derivative for the others", plan: PlanChoice::Layered, by: GRADIENTS, change: |plan| with_tanh(&mut plan.gradients[2]) },
    OfPlan { what: "a backward pass before the forward pass", plan: PlanChoice::Split, by: UPDATES, change: |plan| plan.iteration.swap(0, 1) },
    OfPlan { what: "the last workgroup of split", plan: PlanChoice::Split, by: GRADIENTS, change: |plan| plan.gradients[0].workgroups[0] -= 1 },
    OfPlan { what: "tanh's derivative for the others in split", plan: PlanChoice::Split, by: GRADIENTS, change: |plan| with_tanh(&mut plan.gradients[1]) },
    OfPlan { what: "iterations that a dispatch leaves out", plan: PlanChoice::Resident, by: COUNTED, change: |plan| of_one_iteration(&mut plan.iteration[0]) },
];

/// The plans whose whole steps are looked at; without a name in the layout that suits the adapter.
const LAID: [(PlanChoice, &str); 6] = [
    (PlanChoice::Layered, ""),
    (PlanChoice::Layered, "tile32"),
    (PlanChoice::Split, ""),
    (PlanChoice::Split, "32x8-8x32"),
    (PlanChoice::Resident, ""),
    (PlanChoice::Resident, "sliced-32"),
];

fn laid(gpu: &Gpu, plan: PlanChoice, layout: &str) -> Gpu {
    let gpu = gpu.clone().with_plan(plan);
    if layout.is_empty() { gpu } else { gpu.with_layout(LayoutChoice::Named(layout.into())) }
}

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("broken_shaders_are_caught_by_the_checks_that_are_named".into(), every_broken_shader_is_caught),
        ("a_device_that_computes_wrong_is_not_trusted".into(), wrong_is_not_trusted),
        ("broken_plans_are_caught_by_the_checks_that_are_named".into(), every_broken_plan_is_caught),
    ]
}

fn every_broken_shader_is_caught(adapter: &Adapter, _: &Gpu) -> Check {
    for OfShader { what, file, from, to, by: (name, check, looks_at) } in OF_SHADERS {
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
        for (plan, layout) in LAID {
            let gpu = laid(&gpu, plan, layout);
            let is_used = |units: u32| -> Result<bool, String> {
                let plan = gpu.plan(&problem(2, units, 400)).map_err(|error| error.to_string())?;
                Ok(looks_at(&plan).iter().any(|call| kernels.contains(&call.kernel)))
            };
            if (is_used(3)? || is_used(9)?) && check(&gpu).is_ok() {
                return Err(format!("{name} does not see that {what} is broken in the {plan} plan, {layout}"));
            }
        }
    }
    Ok(())
}

/// The look before training refuses a loop cut short and a wrong derivative, and nothing else.
fn wrong_is_not_trusted(adapter: &Adapter, gpu: &Gpu) -> Check {
    let data = golden_flower();
    for plan in PlanChoice::ALL {
        for activation in ["tanh", "sigmoid", "relu", "leaky-relu:-0.3"] {
            for (hidden, scale) in [(1, 0.01), (277, 0.01), (40, 1.0)] {
                let run = run(&[hidden], activation, 1.2, 3, scale);
                check_backend(&gpu.clone().with_plan(plan), &data, &run).map_err(|error| error.to_string())?;
            }
        }
    }
    for (plan, file, from, to) in [
        (PlanChoice::Split, "serial_backward", "min(slab + shape.slab, end)", "min(slab + shape.slab, end - 1u)"),
        (PlanChoice::Split, "lib/activation", "4.0 * e * r * r", "3.9 * e * r * r"),
        (PlanChoice::Resident, "resident", "shape.groups); group++", "shape.groups - 1u); group++"),
        (PlanChoice::Resident, "lib/one_hidden", "vec4<f32>(-learning_rate)", "vec4<f32>(-0.9 * learning_rate)"),
    ] {
        let mut sources = Sources::embedded();
        let broken = sources.text(file).replace(from, to);
        if broken == sources.text(file) {
            return Err(format!("shaders/{file}.wgsl should hold '{from}'"));
        }
        sources.replace(file, broken);
        let gpu = Gpu::open_with(adapter, sources).map_err(|error| error.to_string())?.with_plan(plan);
        match check_backend(&gpu, &data, &run(&[17], "tanh", 1.2, 2, 0.1)) {
            Err(planar::Error::Wrong(_)) => {}
            other => return Err(format!("{to}: {other:?}")),
        }
    }
    Ok(())
}

fn every_broken_plan_is_caught(_: &Adapter, gpu: &Gpu) -> Check {
    for OfPlan { what, plan, change, by: (name, check, _) } in OF_PLANS {
        if check(&gpu.clone().with_plan(plan).with_changed_plans(change)).is_ok() {
            return Err(format!("{name} does not see that {what} is broken"));
        }
    }
    Ok(())
}

fn with_tanh(KernelCall { constants, .. }: &mut KernelCall) {
    let tanh = constants.iter().find(|(name, _)| *name == "TANH").expect("the activations are numbered").1;
    for (name, value) in constants {
        if *name == "ACTIVATION" {
            *value = tanh;
        }
    }
}

fn of_one_iteration(call: &mut KernelCall) {
    for (name, value) in &mut call.constants {
        if *name == "ITERATIONS" {
            *value = Constant::U32(1);
        }
    }
}
