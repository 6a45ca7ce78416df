//! The tuner at work: it changes no bit, keeps its choice, and leaves out what fails or computes something else.

use planar::backend::{Backend, LayoutChoice, Layouts, Session};
use planar::gpu::plan::{Plan, PlanChoice};
use planar::gpu::testing::Constant;
use planar::gpu::{Adapter, Gpu};

use crate::Check;
use crate::common::{golden_flower, run};
use crate::limits::NamedOnAdapter;

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("measuring_layouts_changes_no_bit_and_is_kept".into(), changes_no_bit),
        ("a_layout_that_fails_or_parts_is_left_out".into(), bad_layouts_are_left_out),
    ]
}

/// A choice takes far fewer.
const MOST_CHUNKS: usize = 20_000;
/// Iterations of a chunk.
const CHUNK: u32 = 300;

/// Wide enough that a share of a chunk is long enough to be measured.
fn load(gpu: &Gpu) -> Result<Box<dyn Session>, String> {
    let run = run(&[100], "tanh", 0.1, 2, 0.1);
    gpu.load(&golden_flower(), &[run]).map_err(|error| error.to_string())
}

fn layouts(session: &dyn Session) -> Result<Layouts, String> {
    session.layouts().ok_or_else(|| "a session on a GPU has a layout".into())
}

fn costs(session: &mut dyn Session, chunks: usize) -> Result<Vec<f64>, String> {
    let mut costs = Vec::new();
    for _ in 0..chunks {
        session.advance(CHUNK).map_err(|error| error.to_string())?;
        let chunk = session.collect().map_err(|error| error.to_string())?.ok_or("no chunk")?;
        costs.extend(&chunk.costs[0]);
    }
    Ok(costs)
}

/// Trains until a choice was made. Returns all costs and what was measured.
fn tuned(gpu: &Gpu) -> Result<(Vec<f64>, Layouts), String> {
    let (mut session, mut chunks) = (load(gpu)?, 0);
    let mut all = Vec::new();
    while layouts(session.as_ref())?.measured.iter().filter(|(_, time)| time.is_some()).count() < 1 || all.is_empty() {
        if chunks == MOST_CHUNKS {
            return Err(format!("no choice in {MOST_CHUNKS} chunks: {:?}", layouts(session.as_ref())?));
        }
        chunks += 1;
        all.extend(costs(session.as_mut(), 1)?);
    }
    all.extend(costs(session.as_mut(), 30)?);
    let report = layouts(session.as_ref())?;
    Ok((all, report))
}

/// The costs of as many chunks in the likeliest layout.
fn untuned(gpu: &Gpu, iterations: usize) -> Result<Vec<f64>, String> {
    let gpu = gpu.clone().with_layout(LayoutChoice::Likeliest);
    costs(load(&gpu)?.as_mut(), iterations / CHUNK as usize)
}

fn changes_no_bit(adapter: &Adapter, _: &Gpu) -> Check {
    for plan in [PlanChoice::Split, PlanChoice::Resident] {
        let gpu = Gpu::open(adapter).map_err(|error| error.to_string())?.with_plan(plan);
        let (got, report) = tuned(&gpu)?;
        if got != untuned(&gpu, got.len())? {
            return Err(format!("{plan}: other bits than without measuring, {report:?}"));
        }
        let next = layouts(load(&gpu)?.as_ref())?;
        if next != report
            || report.measured.len() < 2
            || !report.measured.iter().any(|(name, _)| *name == report.chosen)
        {
            return Err(format!("{plan}: {report:?}, and the next session begins with {next:?}"));
        }
    }
    Ok(())
}

/// Whether it is the first layout on offer, on software adapters or on hardware: it stays as it is.
fn is_first(plan: &Plan) -> bool {
    ["serial-2-4", "32x8-8x32"].contains(&plan.layout.as_str())
}

fn bad_layouts_are_left_out(adapter: &Adapter, gpu: &Gpu) -> Check {
    let changes: [fn(&mut Plan); 2] = [
        // no shader can be made of it
        |plan| {
            let is_first = is_first(plan);
            for call in &mut plan.iteration {
                call.constants.retain(|(name, _)| is_first || *name != "ACTIVATION");
            }
        },
        // relu's derivative
        |plan| {
            let is_first = is_first(plan);
            for (name, value) in plan.iteration.iter_mut().flat_map(|call| &mut call.constants) {
                if *name == "DERIVATIVE" && !is_first {
                    *value = Constant::U32(2);
                }
            }
        },
    ];
    let is_another =
        |(name, time): &(String, Option<f64>)| time.is_some() && !["serial-2-4", "32x8-8x32"].contains(&name.as_str());
    let right = untuned(&gpu.clone().with_plan(PlanChoice::Split), 40 * CHUNK as usize)?;
    for (kind, change) in changes.into_iter().enumerate() {
        let gpu = Gpu::open(adapter).map_err(|error| error.to_string())?.with_plan(PlanChoice::Split);
        let gpu = gpu.with_changed_plans(change);
        let mut session = load(&gpu)?;
        let got = costs(session.as_mut(), 40)?;
        let report = layouts(session.as_ref())?;
        if got != right || report.measured.len() < 2 || report.measured.iter().any(is_another) {
            return Err(format!("change {kind}: {report:?}, or other bits"));
        }
    }
    Ok(())
}
