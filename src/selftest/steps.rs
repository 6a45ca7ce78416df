//! One step of every activation under every plan, and a short run, against the `f64` reference.

use super::{Check, Failure, Worst};
use crate::Result;
use crate::backend::Run;
use crate::compare::{Bounds, Comparison, StepComparison, compare, compare_step};
use crate::cpu::Reference;
use crate::data::{flower, gaussian_quantiles_of};
use crate::gpu::Gpu;
use crate::gpu::plan::PlanChoice;
use crate::model::{Network, Parameters};

/// Every plan with every activation.
pub const CASES: [(PlanChoice, &str); 12] = [
    (PlanChoice::Split, "tanh"),
    (PlanChoice::Split, "sigmoid"),
    (PlanChoice::Split, "relu"),
    (PlanChoice::Split, "leaky-relu:0.2"),
    (PlanChoice::Resident, "tanh"),
    (PlanChoice::Resident, "sigmoid"),
    (PlanChoice::Resident, "relu"),
    (PlanChoice::Resident, "leaky-relu:0.2"),
    (PlanChoice::Layered, "tanh"),
    (PlanChoice::Layered, "sigmoid"),
    (PlanChoice::Layered, "relu"),
    (PlanChoice::Layered, "leaky-relu:0.2"),
];

/// One step on the flower: at widths beyond a workgroup, from small weights and from large ones; and, so that the samples
/// come in slabs, on 2,500 of them.
pub fn one(gpu: &Gpu, plan: PlanChoice, activation: &str) -> Check {
    let gpu = gpu.clone().with_plan(plan);
    let mut worst = Worst::default();
    for (hidden, scale, samples) in [(4, 0.01, 400), (17, 1.0, 400), (277, 0.01, 400), (33, 0.5, 2500)] {
        let data = flower(samples, 1)?;
        let run = run(2, hidden, activation, scale)?;
        let reference = Reference::<f64>::new();
        let step = compare_step([&reference, &gpu], &data, &run, 0, Bounds::F32_TO_F64)?;
        judge(&mut worst, &format!("n_h = {hidden}, scale {scale}, m = {samples}"), &step)?;
    }
    Ok(worst)
}

/// One step on more features than the plans for one hidden layer take, under the plan that is left.
pub fn of_many_features(gpu: &Gpu) -> Check {
    let mut worst = Worst::default();
    let activations = ["tanh", "sigmoid", "relu", "leaky-relu:0.2"];
    for (features, activation) in [17, 30, 64, 100].into_iter().zip(activations) {
        let data = gaussian_quantiles_of(features, 401, 1)?;
        for (hidden, scale) in [(5, 0.5), (64, 0.1)] {
            let run = Run { learning_rate: 0.1, ..run(features, hidden, activation, scale)? };
            let step = compare_step([&Reference::<f64>::new(), gpu], &data, &run, 0, Bounds::F32_TO_F64)?;
            judge(&mut worst, &format!("{features} features, n_h = {hidden}, {activation}"), &step)?;
        }
    }
    Ok(worst)
}

/// 50 iterations of the notebook's network: costs to 1e-4, and steps on the way.
pub fn short_run(gpu: &Gpu, plan: PlanChoice) -> Check {
    let gpu = gpu.clone().with_plan(plan);
    let (data, run) = (flower(400, 1)?, run(2, 4, "tanh", 0.01)?);
    let reference = Reference::<f64>::new();
    judge_all(&compare([&reference, &gpu], &data, &run, 50, Bounds::F32_TO_F64, |_| {})?)
}

/// Fails if a step on the way is further off than its bound, or if the costs part.
pub(super) fn judge_all(comparison: &Comparison) -> Check {
    let mut worst = Worst::default();
    for step in &comparison.steps {
        judge(&mut worst, &format!("iteration {}", step.iteration), step)?;
    }
    match comparison.curves.parted {
        Some(at) if !comparison.curves.agrees => Err(Failure(format!("the costs part at iteration {at}"))),
        _ => Ok(worst),
    }
}

/// A run with the notebook's initial weights; they and the rate are exact in `f32`.
fn run(features: usize, hidden: usize, activation: &str, scale: f64) -> Result<Run> {
    let network = Network::one_hidden(features, hidden, activation.parse()?)?;
    let parameters = Parameters::initial(&network, 2, scale).cast::<f32>().cast();
    Ok(Run::new(network, parameters, 1.2))
}

/// Fails if a tensor is further off than its bound.
pub(super) fn judge(worst: &mut Worst, what: &str, step: &StepComparison) -> std::result::Result<(), Failure> {
    for difference in &step.differences {
        let apart = (difference.left - difference.right).abs();
        if !difference.agrees {
            let [row, column] = difference.at;
            let (tensor, left, right, bound) =
                (&difference.tensor, difference.left, difference.right, difference.bound);
            let place = format!("{what}: {tensor}[{row}, {column}]");
            return Err(Failure(format!("{place} is {right}, not {left}: off by {apart:.1e}, bound {bound:.1e}")));
        }
        worst.0 = worst.0.max(apart / difference.bound);
    }
    Ok(())
}
