//! Proof that the checks can fail: shaders broken on purpose, each caught by the checks that a right shader passes.

use planar::gpu::kernel::Kernel;
use planar::gpu::plan::PlanChoice;
use planar::gpu::shader::Sources;
use planar::gpu::{Adapter, Gpu};

use crate::limits::NamedOnAdapter;
use crate::{Check, kernels, training};

/// A change of a shader's text: file, what stands there, what is put in its place, and what that breaks.
const MUTATIONS: [(&str, &str, &str, &str); 18] = [
    ("output_delta", "a[i] - y[sample]", "a[i] + y[sample]", "the sign of the output delta"),
    ("update", "- networks", "+ networks", "the sign of the update"),
    ("matmul", "sum * product.scale", "sum", "1/m in dW"),
    ("bias_sum", "sum * sums.scale", "sum", "1/m in db"),
    ("cost", "sum * cost_shape.scale", "sum", "1/m in the cost"),
    ("matmul", "column * product.inner + k", "k * product.columns + column", "B transposed"),
    ("matmul", "row < product.rows && column", "row + 1u < product.rows && column", "the last row of a tile"),
    ("lib/activation", "Activated(value, 4.0 * e * r * r)", "Activated(value, e * r * r)", "tanh's derivative"),
    ("lib/loss", "- z * y", "+ z * y", "a sign in the loss"),
    ("fused_forward", "sigmoid(z2).value - y", "sigmoid(z2).value + y", "the sign of dZ2"),
    ("fused_forward", "theta.y * activate", "theta.x * activate", "W2 in the output"),
    ("fused_forward", "fused.groups - first", "fused.groups - first - 1u", "the last group of samples"),
    ("fused_backward", "t_k * x)", "t_k * x.yx)", "the features in dW1"),
    ("fused_backward", "dz2 * a_k.derivative", "dz2 * a_k.value", "the derivative in dZ1"),
    ("fused_backward", "width - first", "width - first - 1u", "the last unit"),
    ("lib/descend", "theta - learning_rate", "theta + learning_rate", "the sign of the fused update"),
    ("lib/descend", "vec4<f32>(scale, fused.mean, scale, scale)", "vec4<f32>(scale)", "1/m in dW2"),
    ("lib/descend", "sums.y * fused.mean", "sums.y", "1/m in the fused cost"),
];

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![("broken_shaders_are_caught_by_the_checks".into(), every_mutation_is_caught)]
}

fn every_mutation_is_caught(adapter: &Adapter, _: &Gpu) -> Check {
    for (file, from, to, what) in MUTATIONS {
        let mut sources = Sources::embedded();
        let text = sources.text(file).to_owned();
        if text.matches(from).count() != 1 {
            return Err(format!("shaders/{file}.wgsl should hold '{from}' once"));
        }
        sources.replace(file, text.replace(from, to));
        let gpu = Gpu::open_with(adapter, sources).map_err(|error| error.to_string())?;
        let uses = |kernel: &Kernel| kernel.name() == file || kernel.libraries().contains(&file);
        let kernels: Vec<Kernel> = Kernel::ALL.into_iter().filter(uses).collect();
        if !kernels.iter().any(|kernel| kernels::check_of(*kernel)(&gpu).is_err()) {
            return Err(format!("no kernel's check sees that {what} is broken"));
        }
        for plan in [PlanChoice::Layered, PlanChoice::Fused] {
            let of_plan = |kernel: &Kernel| kernel.name().starts_with("fused") == (plan == PlanChoice::Fused);
            if !kernels.iter().any(of_plan) {
                continue;
            }
            let gpu = gpu.clone().with_plan(plan);
            let steps =
                [training::gradients_match_numpy, training::updates_match_numpy, training::evaluation_matches_numpy];
            if steps.iter().all(|check| check(&gpu).is_ok()) {
                return Err(format!("no step of the {plan} plan's checks sees that {what} is broken"));
            }
        }
    }
    Ok(())
}
