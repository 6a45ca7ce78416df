//! Proof that the checks can fail: shaders broken on purpose, each caught by a check that a right shader passes.

use planar::gpu::kernel::Sources;
use planar::gpu::{Adapter, Gpu};

use crate::Check;
use crate::limits::NamedOnAdapter;
use crate::{kernels, training};

/// A change of a shader's text: file, what stands there, what is put in its place, and what that breaks.
const MUTATIONS: [(&str, &str, &str, &str); 9] = [
    ("output_delta", "a[i] - y[sample]", "a[i] + y[sample]", "the sign of the output delta"),
    ("update", "- networks", "+ networks", "the sign of the update"),
    ("matmul", "sum * product.scale", "sum", "1/m in dW"),
    ("bias_sum", "sum * sums.scale", "sum", "1/m in db"),
    ("cost", "sum * cost_shape.scale", "sum", "1/m in the cost"),
    ("matmul", "column * product.inner + k", "k * product.columns + column", "B transposed"),
    ("matmul", "row < product.rows && column", "row + 1u < product.rows && column", "the last row of a tile"),
    ("lib/activation", "return 4.0 * sigmoid_derivative(2.0 * z)", "return sigmoid_derivative(z)", "tanh's derivative"),
    ("lib/loss", "- z * y", "+ z * y", "a sign in the loss"),
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
        let of_kernels = kernels::checks().into_iter().find_map(|(name, check)| check(&gpu).err().map(|_| name));
        let steps =
            [training::gradients_match_numpy, training::updates_match_numpy, training::evaluation_matches_numpy];
        let of_steps = steps.iter().any(|check| check(&gpu).is_err());
        if of_kernels.is_none() {
            return Err(format!("no kernel's check sees that {what} is broken"));
        }
        if !of_steps {
            return Err(format!("no step's check sees that {what} is broken"));
        }
    }
    Ok(())
}
