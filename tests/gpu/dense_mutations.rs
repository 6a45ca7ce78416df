//! Proof that the checks of dense networks can fail: shaders and plans broken on purpose, each caught by the kernel's own
//! check and by the one that is named for it.

use planar::gpu::plan::Plan;
use planar::gpu::testing::{Kernel, Sources};
use planar::gpu::{Adapter, Gpu};
use planar::selftest::testing::check_of;

use crate::Check;
use crate::dense::{OnAdapter, curves_match, dropped_units_match, updates_match};
use crate::limits::NamedOnAdapter;

/// A change of a shader's text.
struct OfShader {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// The kernel whose own check must see it, but for what only whole updates show.
    kernel: Option<Kernel>,
    by: OnAdapter,
}

const fn of(file: &'static str, [from, to]: [&'static str; 2], kernel: Option<Kernel>, by: OnAdapter) -> OfShader {
    OfShader { file, from, to, kernel, by }
}

const GATHER: Option<Kernel> = Some(Kernel::Gather);
const OUTPUT: Option<Kernel> = Some(Kernel::OutputDelta);
const NORMS: Option<Kernel> = Some(Kernel::Norms);
const UPDATE: Option<Kernel> = Some(Kernel::Update);

#[rustfmt::skip]
const OF_SHADERS: [OfShader; 27] = [
    of("lib/output", ["(1.0 - y) - classes", "(1.0 - y) + classes"], OUTPUT, updates_match),
    of("lib/output", ["let apart = z - y", "let apart = z + y"], OUTPUT, updates_match),
    of("lib/output", ["0.5 * apart", "apart"], OUTPUT, updates_match),
    of("lib/output", [") - classes.right", ") + classes.right"], OUTPUT, updates_match),
    of("lib/output", ["vec4<u32>(row), is_larger", "classes.row, is_larger"], OUTPUT, updates_match),
    of("lib/loss", ["0.69314718", "0.69"], OUTPUT, curves_match),
    of("output_delta", ["column, loss * weight", "column, loss"], OUTPUT, updates_match),
    of("output_delta", ["delta * weight", "delta"], OUTPUT, updates_match),
    of("output_delta", ["of_row.dz * weight", "of_row.dz"], OUTPUT, updates_match),
    of("output_delta", ["steps[shape.networks] + 1u", "steps[shape.networks]"], OUTPUT, curves_match),
    of("lib/dropout", ["0x846ca68bu", "0x846ca68du"], None, dropped_units_match),
    of("lib/dropout", ["turn.key ^ LAYER", "turn.key"], None, dropped_units_match),
    of("lib/forward", ["activated *= mask", "activated += 0.0 * mask"], None, dropped_units_match),
    of("lib/delta", ["values *= mask", "values += 0.0 * mask"], None, dropped_units_match),
    of("lib/optimizer", ["recipe.rest * g)", "g)"], UPDATE, updates_match),
    of("lib/optimizer", ["fma(beta, v, g), before", "v, before"], UPDATE, updates_match),
    of("lib/optimizer", ["fma(rate, v, before", "fma(rate, g, before"], UPDATE, updates_match),
    of("lib/optimizer", ["before.theta * turn.keep", "before.theta"], UPDATE, updates_match),
    of("lib/optimizer", ["sqrt(v * turn.second)", "sqrt(v)"], UPDATE, updates_match),
    of("norms", ["0.5 * penalty", "penalty"], NORMS, curves_match),
    of("norms", ["factor < 1.0", "factor > 1.0"], NORMS, curves_match),
    of("norms", ["fma(of_bias, of_bias, total.y)", "total.y"], NORMS, curves_match),
    of("update", ["g = factor * select", "g = select"], UPDATE, curves_match),
    of("update", ["steps[network] + 1u", "steps[network]"], UPDATE, updates_match),
    of("gather", ["bitcast<f32>(table[place + 1u])", "1.0"], GATHER, curves_match),
    of("gather", ["inputs[row * batch.samples + sample]", "inputs[row * batch.samples + id.x]"], GATHER, curves_match),
    of("gather", ["(steps[batch.networks] % batch.updates)", "0u"], GATHER, curves_match),
];

/// A change of every plan, and the check that must see it.
type OfPlan = (&'static str, fn(&mut Plan), OnAdapter);

const OF_PLANS: [OfPlan; 4] = [
    ("norms that are not taken", |plan| plan.iteration.retain(|call| call.kernel != Kernel::Norms), curves_match),
    ("a batch that is gathered too late", |plan| plan.iteration.swap(0, 1), curves_match),
    ("an update that is left out", |plan| plan.iteration.truncate(plan.iteration.len() - 1), updates_match),
    (
        "units that are not dropped",
        |plan| plan.gradients[..2].clone_from_slice(&plan.evaluation[..2]),
        dropped_units_match,
    ),
];

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("dense_broken_shaders_are_caught".into(), every_broken_shader_is_caught),
        ("dense_broken_plans_are_caught".into(), every_broken_plan_is_caught),
    ]
}

fn every_broken_shader_is_caught(adapter: &Adapter, _: &Gpu) -> Check {
    for OfShader { file, from, to, kernel, by } in OF_SHADERS {
        let mut sources = Sources::embedded();
        let text = sources.text(file).to_owned();
        if text.matches(from).count() != 1 {
            return Err(format!("shaders/{file}.wgsl should hold '{from}' once"));
        }
        sources.replace(file, text.replace(from, to));
        let gpu = Gpu::open_with(adapter, sources).map_err(|error| error.to_string())?;
        if let Some(kernel) = kernel.filter(|kernel| check_of(*kernel)(&gpu).is_ok()) {
            return Err(format!("the check of {} does not see '{to}' in {file}", kernel.name()));
        }
        if by(adapter, &gpu).is_ok() {
            return Err(format!("no update shows '{to}' in {file}"));
        }
    }
    Ok(())
}

fn every_broken_plan_is_caught(adapter: &Adapter, gpu: &Gpu) -> Check {
    for (what, change, by) in OF_PLANS {
        if by(adapter, &gpu.clone().with_changed_plans(change)).is_ok() {
            return Err(format!("nobody sees {what}"));
        }
    }
    Ok(())
}
