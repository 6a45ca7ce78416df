//! Random shapes on every plan: the reference's numbers, and the same bits in any chunks.

use planar::gpu::Gpu;
use planar::gpu::plan::PlanChoice;

#[path = "../common/properties.rs"]
mod shared;

use crate::Check;
use crate::support::Named;
use shared::{cases, chunks_change_no_bit, hold, one_step_is_the_references};

/// Cases of each property on each plan.
const CASES: u32 = 64;

pub fn checks() -> Vec<Named> {
    let of_plan = |plan: PlanChoice| -> [Named; 2] {
        let features = if plan == PlanChoice::Layered { 70 } else { 16 };
        let step = move |gpu: &Gpu| -> Check {
            hold(CASES, cases(features), |case| one_step_is_the_references(&gpu.clone().with_plan(plan), case))
        };
        let chunks = move |gpu: &Gpu| -> Check {
            hold(CASES, cases(features), |case| chunks_change_no_bit(&gpu.clone().with_plan(plan), case))
        };
        [
            (format!("{plan}_takes_the_references_step_in_64_random_shapes"), Box::new(step)),
            (format!("{plan}_gives_the_same_bits_in_64_random_chunkings"), Box::new(chunks)),
        ]
    };
    [PlanChoice::Layered, PlanChoice::Split, PlanChoice::Resident].into_iter().flat_map(of_plan).collect()
}
