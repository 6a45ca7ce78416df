//! The kernels of the resident plan against their CPU twin: one iteration at odd sizes, with several networks side by side.

use super::one_hidden::{CASES, Case, Sizes, gradients_and_terms};
use super::{Check, Failure, Worst, layouts};
use crate::cpu::operations as twin;
use crate::gpu::Gpu;
use crate::gpu::plan::Slot;

/// Networks that one pass takes.
const NARROW: [Sizes; 9] = [
    (2, [4, 1, 3], 400, "tanh"),
    (2, [1, 1, 1], 1, "sigmoid"),
    (3, [2, 4, 1], 3, "tanh"),
    (1, [3, 2, 4], 17, "relu"),
    (16, [4, 2, 1], 277, "leaky-relu:0.1"),
    (2, [4, 3, 2], 401, "relu/tanh"),
    (7, [1, 4, 2], 2503, "sigmoid"),
    (2, [2, 2, 2], 2500, "tanh/sigmoid"),
    (2, [3, 1, 2], 70_001, "leaky-relu:-0.5"),
];

/// `resident_narrow`: weights and cost of one iteration.
pub fn narrow(gpu: &Gpu) -> Check {
    layouts::in_each(gpu, &layouts::ONE_PASS, &NARROW, iteration_of)
}

/// `resident`: the same.
pub fn two_passes(gpu: &Gpu) -> Check {
    layouts::in_each(gpu, &layouts::TWO_PASSES, &CASES, iteration_of)
}

fn iteration_of(gpu: &Gpu, cases: &[Sizes]) -> Check {
    let mut worst = Worst::default();
    for case in cases {
        let case = match Case::new(gpu, *case) {
            // more than workgroup memory holds, or more turns than a dispatch may take
            Err(crate::Error::Limit { .. } | crate::Error::Mismatch(_)) => continue,
            other => other?,
        };
        let (x, y) = case.rounded();
        let asked = vec![f32::from_bits(1)];
        let got = case.run(gpu, &case.plan.iteration[0], &[(Slot::Asked, asked)])?;
        let after = case.plan.packing.unpack(&case.networks(), got.bits(Slot::Parameters));
        for (network, run) in case.runs.iter().enumerate() {
            let what = format!("{}, network {network}", case.what);
            let (derivative, rate) = (run.network.derivative(), f64::from(run.learning_rate as f32));
            let (theta, cost) = twin::resident(&run.parameters, derivative, &x, &y, rate);
            let [_, dz2, _] = twin::split_forward(&run.parameters, derivative.activation, &x, &y);
            let [_, terms] = gradients_and_terms(run, &x, &dz2);
            let bound = |i: usize| {
                let before = run.parameters.values()[i].abs();
                rate * (1e-5 * terms.values()[i].abs() + 1e-9) + 1e-7 * (before + theta.values()[i].abs())
            };
            let values: Vec<f32> = after[network].values().iter().map(|value| *value as f32).collect();
            worst.compare(&what, &values, theta.values(), bound)?;
            let of_network = got.values(Slot::History)[network];
            worst.compare(&format!("{what}, cost"), &[of_network], &[cost], |_| 1e-5 * cost + 1e-6)?;
            if got.bits(Slot::Steps)[network] != 1 {
                return Err(Failure(format!("{what}: {} steps are counted, not 1", got.bits(Slot::Steps)[network])));
            }
        }
    }
    Ok(worst)
}
