//! Proof that the checks of dense networks can fail: shaders and plans broken on purpose, each caught by the kernel's own
//! check and by the one that is named for it.

use planar::backend::Backend;
use planar::gpu::plan::{Plan, PlanChoice, Problem};
use planar::gpu::testing::{Kernel, Sources};
use planar::gpu::{Adapter, Gpu};
use planar::model::Output;
use planar::optim::Recipe;
use planar::selftest::testing::check_of;

use crate::Check;
use crate::dense::{advanced, curves_match, data, dropped_units_match, run, text, updates_match};
use crate::limits::NamedOnAdapter;

/// A change of a shader's text.
struct OfShader {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// The kernel whose own check must see it, but for what only whole updates show.
    kernel: Option<Kernel>,
    plan: PlanChoice,
    by: fn(&Gpu) -> Check,
}

const fn of(
    file: &'static str,
    [from, to]: [&'static str; 2],
    kernel: Option<Kernel>,
    by: fn(&Gpu) -> Check,
) -> OfShader {
    OfShader { file, from, to, kernel, plan: PlanChoice::Layered, by }
}

/// The same of the kernel of the resident plan.
const fn held(file: &'static str, change: [&'static str; 2], by: fn(&Gpu) -> Check) -> OfShader {
    OfShader { plan: PlanChoice::Resident, ..of(file, change, Some(Kernel::ResidentLayers), by) }
}

const GATHER: Option<Kernel> = Some(Kernel::Gather);
const OUTPUT: Option<Kernel> = Some(Kernel::OutputDelta);
const NORMS: Option<Kernel> = Some(Kernel::Norms);
const UPDATE: Option<Kernel> = Some(Kernel::Update);

#[rustfmt::skip]
const OF_SHADERS: [OfShader; 48] = [
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
    of("lib/dropout", ["turn.key ^ layer", "turn.key"], None, dropped_units_match),
    of("lib/forward", ["activated *= mask", "activated += 0.0 * mask"], None, dropped_units_match),
    of("lib/delta", ["values *= mask", "values += 0.0 * mask"], None, dropped_units_match),
    of("lib/optimizer", ["recipe.rest * g)", "g)"], UPDATE, updates_match),
    of("lib/optimizer", ["fma(beta, v, g), before", "v, before"], UPDATE, updates_match),
    of("lib/optimizer", ["fma(rate, v, before", "fma(rate, g, before"], UPDATE, updates_match),
    of("lib/optimizer", ["before.theta * turn.keep", "before.theta"], UPDATE, updates_match),
    of("lib/optimizer", ["sqrt(v * turn.second)", "sqrt(v)"], UPDATE, updates_match),
    of("norms", ["0.5 * penalty", "penalty"], NORMS, curves_match),
    of("lib/optimizer", ["factor < 1.0", "factor > 1.0"], NORMS, curves_match),
    of("norms", ["fma(of_bias, of_bias, total.y)", "total.y"], NORMS, curves_match),
    of("update", ["g = factor * select", "g = select"], UPDATE, curves_match),
    of("update", ["steps[network] + 1u", "steps[network]"], UPDATE, updates_match),
    of("gather", ["bitcast<f32>(table[place + 1u])", "1.0"], GATHER, curves_match),
    of("gather", ["inputs[row * batch.samples + sample]", "inputs[row * batch.samples + id.x]"], GATHER, curves_match),
    of("gather", ["(steps[batch.networks] % batch.updates)", "0u"], GATHER, curves_match),
    held("lib/passes", ["let z = sums + bias_of", "let z = sums - bias_of"], curves_match),
    held("lib/passes", ["network).derivative", "network).value"], updates_match),
    held("lib/passes", ["a *= mask", "a += 0.0 * mask"], curves_match),
    held("lib/passes", ["dz *= mask", "dz += 0.0 * mask"], curves_match),
    held("lib/passes", ["of_row.dz * weights", "of_row.dz"], updates_match),
    held("lib/passes", ["loss * weights);", "loss);"], updates_match),
    held("lib/passes", ["min(k + 1u, last), group", "k, group"], updates_match),
    held("lib/passes", ["min(slab + SLAB, above.units)", "min(slab + SLAB, above.units - 1u)"], updates_match),
    held("lib/passes", ["activate(z, trainees", "activate(-z, trainees"], updates_match),
    held("lib/step", ["min(slab + SLAB / 4u, end)", "min(slab + SLAB / 4u, max(end, 2u) - 1u)"], updates_match),
    held("lib/step", ["vec4<f32>(1.0), column == layer.inputs", "a, column == layer.inputs"], updates_match),
    held("lib/step", ["row, vector, after.theta", "row, vector, before.theta"], updates_match),
    held("lib/step", ["1u, row, vector, after.first", "1u, row, vector, before.first"], updates_match),
    held("lib/step", ["0.5 * turn.penalty", "turn.penalty"], curves_match),
    held("lib/step", ["factor * select", "select"], curves_match),
    held("lib/step", ["part += panel_at(first + row).xy", "part = panel_at(first + row).xy"], curves_match),
    held("lib/told", ["2u * places_at(group) + 1u", "2u * places_at(group)"], curves_match),
    held("lib/told", ["row_of_table = step % held.updates", "row_of_table = 0u"], curves_match),
    held("lib/held", ["kind * held.parameters", "0u"], updates_match),
    held("lib/held", ["if bias > 1u", "if bias > 2u"], updates_match),
    held("resident_layers", ["steps[workgroup.x] = step + 1u", "steps[workgroup.x] = step"], updates_match),
];

/// A change of every plan, and the check that must see it.
type OfPlan = (&'static str, PlanChoice, fn(&mut Plan), fn(&Gpu) -> Check);

const OF_PLANS: [OfPlan; 5] = [
    (
        "norms that are not taken",
        PlanChoice::Layered,
        |plan| plan.iteration.retain(|call| call.kernel != Kernel::Norms),
        curves_match,
    ),
    ("a batch that is gathered too late", PlanChoice::Layered, |plan| plan.iteration.swap(0, 1), curves_match),
    (
        "an update that is left out",
        PlanChoice::Layered,
        |plan| plan.iteration.truncate(plan.iteration.len() - 1),
        updates_match,
    ),
    (
        "units that are not dropped",
        PlanChoice::Layered,
        |plan| plan.gradients[..2].clone_from_slice(&plan.evaluation[..2]),
        dropped_units_match,
    ),
    ("updates that a dispatch leaves out", PlanChoice::Resident, |plan| plan.at_once += 1, every_update_counts),
];

/// A chunk as long as two dispatches.
fn every_update_counts(gpu: &Gpu) -> Check {
    let output = (Output::Logistic, 1);
    let (data, run) = (data(2, 40, output), run(2, &[9, 5], "tanh", output, Recipe::default()));
    let recipe = Recipe { batch_size: Some(16), ..run.recipe };
    let runs = [run.with_recipe(recipe)];
    let plan = gpu.plan(&Problem::new(&data, &runs).map_err(text)?).map_err(text)?;
    let mut session = gpu.load(&data, &runs).map_err(text)?;
    advanced(session.as_mut(), 2 * plan.at_once).map_err(text).map(|_| ())
}

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("dense_broken_shaders_are_caught".into(), every_broken_shader_is_caught),
        ("dense_broken_plans_are_caught".into(), every_broken_plan_is_caught),
    ]
}

fn every_broken_shader_is_caught(adapter: &Adapter, _: &Gpu) -> Check {
    for OfShader { file, from, to, kernel, plan, by } in OF_SHADERS {
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
        if by(&gpu.with_plan(plan)).is_ok() {
            return Err(format!("no update shows '{to}' in {file}"));
        }
    }
    Ok(())
}

fn every_broken_plan_is_caught(_: &Adapter, gpu: &Gpu) -> Check {
    for (what, plan, change, by) in OF_PLANS {
        if by(&gpu.clone().with_plan(plan).with_changed_plans(change)).is_ok() {
            return Err(format!("nobody sees {what}"));
        }
    }
    Ok(())
}
