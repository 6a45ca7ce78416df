//! Every layout of every plan: each kernel is checked in its own, and all of a plan must give the same bits.

use super::{Check, Failure, Worst};
use crate::backend::{Backend, Chunk, LayoutChoice, Run};
use crate::data::flower;
use crate::gpu::Gpu;
use crate::gpu::plan::{Limits, PlanChoice, Software};
use crate::model::Network;
use crate::{Error, Result};

/// A plan in a layout, made for an adapter of some kind.
#[derive(Clone, Copy, Debug)]
pub struct Laid {
    /// The plan.
    pub plan: PlanChoice,
    /// The layout's name.
    pub layout: &'static str,
    /// What it is made for.
    pub limits: fn(&mut Limits),
}

impl Laid {
    /// A device that follows the plan in this layout.
    pub fn on(&self, gpu: &Gpu) -> Gpu {
        gpu.clone().with_plan(self.plan).with_layout(LayoutChoice::Named(self.layout.into())).adapted(self.limits)
    }
}

const fn laid(plan: PlanChoice, layout: &'static str, limits: fn(&mut Limits)) -> Laid {
    Laid { plan, layout, limits }
}

fn as_it_is(_: &mut Limits) {}

fn hardware(limits: &mut Limits) {
    limits.software = None;
}

fn software<const LANES: u32>(limits: &mut Limits) {
    limits.software = Some(Software { lanes: LANES, threads: 2 });
}

/// All but what a barrier takes.
fn without_workgroup_memory(limits: &mut Limits) {
    limits.workgroup_storage = 48;
}

fn without_uniforms(limits: &mut Limits) {
    limits.uniform_size = 0;
}

/// The split plan with whole sums per invocation.
pub const SERIAL: [Laid; 5] = [
    laid(PlanChoice::Split, "serial-2-4", as_it_is),
    laid(PlanChoice::Split, "serial-1-1", hardware),
    laid(PlanChoice::Split, "serial-2-2", software::<4>),
    laid(PlanChoice::Split, "serial-1-4", software::<8>),
    laid(PlanChoice::Split, "serial-2-1", without_uniforms),
];

/// The split plan with the parts of sums shared out in a workgroup.
pub const PARTS: [Laid; 7] = [
    laid(PlanChoice::Split, "32x8-8x32", hardware),
    laid(PlanChoice::Split, "64x4-16x16", hardware),
    laid(PlanChoice::Split, "16x16-8x8", hardware),
    laid(PlanChoice::Split, "8x16-4x32", as_it_is),
    laid(PlanChoice::Split, "8x1-1x8", as_it_is),
    laid(PlanChoice::Split, "1x16-1x32", hardware),
    laid(PlanChoice::Split, "64x1-32x2", hardware),
];

/// The resident plan in one pass, for up to four units.
pub const ONE_PASS: [Laid; 4] = [
    laid(PlanChoice::Resident, "one-pass-8", as_it_is),
    laid(PlanChoice::Resident, "one-pass-32", hardware),
    laid(PlanChoice::Resident, "one-pass-1", without_uniforms),
    laid(PlanChoice::Resident, "one-pass-64", hardware),
];

/// The resident plan in two passes.
pub const TWO_PASSES: [Laid; 13] = [
    laid(PlanChoice::Resident, "whole-8", as_it_is),
    laid(PlanChoice::Resident, "whole-256", hardware),
    laid(PlanChoice::Resident, "whole-64", without_uniforms),
    laid(PlanChoice::Resident, "whole-3", hardware),
    laid(PlanChoice::Resident, "whole-128", hardware),
    laid(PlanChoice::Resident, "whole-8-7-5", as_it_is),
    laid(PlanChoice::Resident, "whole-16-2-3", without_uniforms),
    laid(PlanChoice::Resident, "whole-32-1-2", hardware),
    laid(PlanChoice::Resident, "whole-17-3-1", as_it_is),
    laid(PlanChoice::Resident, "sliced-256", hardware),
    laid(PlanChoice::Resident, "sliced-128", hardware),
    laid(PlanChoice::Resident, "sliced-32", as_it_is),
    laid(PlanChoice::Resident, "sliced-7", hardware),
];

/// The layered plan with a block per invocation.
pub const BLOCKS: [Laid; 5] = [
    laid(PlanChoice::Layered, "4x4-8", as_it_is),
    laid(PlanChoice::Layered, "4x4-1", hardware),
    laid(PlanChoice::Layered, "4x4-64", hardware),
    laid(PlanChoice::Layered, "4x4-3", as_it_is),
    laid(PlanChoice::Layered, "4x4-256", hardware),
];

/// The layered plan with a tile per workgroup.
pub const TILES: [Laid; 3] = [
    laid(PlanChoice::Layered, "tile64", hardware),
    laid(PlanChoice::Layered, "tile32", hardware),
    laid(PlanChoice::Layered, "tile16", as_it_is),
];

/// The resident plan for any depth, with room in workgroup memory and without.
pub const LAYERS: [Laid; 5] = [
    laid(PlanChoice::Resident, "layers-8", as_it_is),
    laid(PlanChoice::Resident, "layers-64", hardware),
    laid(PlanChoice::Resident, "layers-3", without_workgroup_memory),
    laid(PlanChoice::Resident, "layers-256", hardware),
    laid(PlanChoice::Resident, "layers-1", as_it_is),
];

/// All of the plans for any depth.
pub fn of_any_depth() -> impl Iterator<Item = Laid> {
    BLOCKS.into_iter().chain(TILES).chain(LAYERS)
}

/// All of the plans for one hidden layer.
pub fn all() -> impl Iterator<Item = Laid> {
    SERIAL.into_iter().chain(PARTS).chain(ONE_PASS).chain(TWO_PASSES)
}

/// A kernel's check in each of its layouts. The first sees all cases; the others share them out in turn, since each takes
/// a compilation.
pub fn in_each<C: Copy>(gpu: &Gpu, layouts: &[Laid], cases: &[C], check: impl Fn(&Gpu, &[C]) -> Check) -> Check {
    let mut worst = Worst::default();
    for (number, laid) in layouts.iter().enumerate() {
        let shared = cases.iter().enumerate().filter(|(case, _)| number == 0 || (case + number) % 3 == 0);
        let cases: Vec<C> = shared.map(|(_, case)| *case).collect();
        let share =
            check(&laid.on(gpu), &cases).map_err(|Failure(said)| Failure(format!("{}: {said}", laid.layout)))?;
        worst.0 = worst.0.max(share.0);
    }
    Ok(worst)
}

/// Hidden layers, samples and activation of networks that are trained in every layout.
const TRAINED: [(&[usize], usize, &str); 8] = [
    (&[1], 2, "tanh"),
    (&[2], 400, "leaky-relu:0.1"),
    (&[3], 18, "relu"),
    (&[4], 400, "tanh"),
    (&[17], 278, "sigmoid"),
    (&[40], 400, "leaky-relu:0.1"),
    (&[277], 402, "tanh"),
    (&[33, 65], 1026, "sigmoid"),
];

/// Iterations of each.
const ITERATIONS: u32 = 12;

/// Costs and weights of a few iterations have the same bits in every layout: those of split and resident together, and those
/// of layered. Those that part are named.
pub fn same_bits(gpu: &Gpu) -> std::result::Result<String, Failure> {
    let mut compared = 0;
    let mut parted: Vec<String> = Vec::new();
    for (hidden, samples, activation) in TRAINED {
        let data = flower(samples, 1)?;
        let network = Network::new(2, hidden, activation.parse()?)?;
        let run = Run::initial(network, 2, 0.5, 0.3);
        let train = |gpu: &Gpu| -> Result<Option<Chunk>> {
            let mut session = gpu.load(&data, std::slice::from_ref(&run))?;
            session.advance(ITERATIONS)?;
            session.collect()
        };
        for family in [all().collect::<Vec<_>>(), of_any_depth().collect()] {
            let mut first: Option<(&str, Option<Chunk>)> = None;
            for laid in &family {
                match (train(&laid.on(gpu)), &first) {
                    (Ok(got), None) => first = Some((laid.layout, got)),
                    (Ok(got), Some((_, want))) if got == *want => compared += 1,
                    (Ok(_), Some((than, _))) => {
                        parted.push(format!("{} than {than} at n_h = {hidden:?}, m = {samples}", laid.layout));
                    }
                    // several layers, wider than one pass takes, or more than the adapter allows
                    (Err(Error::Mismatch(_) | Error::Limit { .. }), _) => {}
                    (Err(error), _) => return Err(error.into()),
                }
            }
        }
    }
    match parted.is_empty() {
        true => Ok(format!("the same bits in {compared} trainings")),
        false => Err(Failure(format!("other bits: {}", parted.join("; ")))),
    }
}
