//! One step and a short run of networks of any depth and output, against the `f64` reference.

use super::steps::{judge, judge_all};
use super::{Check, Worst};
use crate::Result;
use crate::backend::Run;
use crate::compare::{Bounds, compare, compare_step};
use crate::cpu::Reference;
use crate::data::{Dataset, gaussian_quantiles_of};
use crate::gpu::Gpu;
use crate::gpu::plan::PlanChoice;
use crate::model::{Activation, InitScale, Network, Output, Parameters};
use crate::optim::{Dropout, Recipe};

/// The plans that take networks of any depth, and how many values they answer with.
pub const CASES: [(PlanChoice, Output, usize); 8] = [
    (PlanChoice::Resident, Output::Logistic, 1),
    (PlanChoice::Resident, Output::Logistic, 2),
    (PlanChoice::Resident, Output::Softmax, 3),
    (PlanChoice::Resident, Output::Squares, 2),
    (PlanChoice::Layered, Output::Logistic, 1),
    (PlanChoice::Layered, Output::Logistic, 2),
    (PlanChoice::Layered, Output::Softmax, 3),
    (PlanChoice::Layered, Output::Squares, 2),
];

/// The activations, of which each output has its turn with three, so that every one is checked under either plan.
fn activations(output: Output, outputs: usize) -> impl Iterator<Item = Activation> {
    let turn = CASES.iter().position(|(_, of, count)| (*of, *count) == (output, outputs)).unwrap_or(0);
    Activation::ALL.into_iter().cycle().skip(3 * turn).take(3)
}

/// One step on 101 samples of 5 features through layers of odd widths.
pub fn one_step(gpu: &Gpu, plan: PlanChoice, output: Output, outputs: usize) -> Check {
    let gpu = gpu.clone().with_plan(plan);
    let data = samples(output, outputs)?;
    let mut worst = Worst::default();
    for (activation, hidden) in activations(output, outputs).zip([&[17, 3][..], &[1, 6, 5], &[33]]) {
        let run = run(hidden, activation, output, outputs)?;
        let step = compare_step([&Reference::<f64>::new(), &gpu], &data, &run, 0, Bounds::F32_TO_F64)?;
        judge(&mut worst, &format!("{hidden:?}, {activation}"), &step)?;
    }
    Ok(worst)
}

/// 50 updates of Adam in shuffled batches, with L2, dropout and a clipped norm: costs to 1e-4, and steps on the way.
pub fn short_run(gpu: &Gpu, plan: PlanChoice) -> Check {
    let gpu = gpu.clone().with_plan(plan);
    let (output, outputs) = (Output::Softmax, 3);
    let (data, run) = (samples(output, outputs)?, run(&[9, 4], Activation::Tanh, output, outputs)?);
    let run = run.with_recipe(Recipe {
        optimizer: "adam".parse()?,
        l2: 0.1,
        clip_norm: Some(1.0),
        dropout: Dropout { rate: 0.2, seed: 1 },
        batch_size: Some(32),
        shuffle: Some(1),
        ..Recipe::default()
    });
    let run = Run { learning_rate: 0.01, ..run };
    judge_all(&compare([&Reference::<f64>::new(), &gpu], &data, &run, 50, Bounds::F32_TO_F64, |_| {})?)
}

/// Gaussian points with targets that follow from them: the classes by the largest of the first features, labels by their
/// signs, numbers as they are.
fn samples(output: Output, outputs: usize) -> Result<Dataset> {
    let points = gaussian_quantiles_of(5, 101, 1)?;
    let rows: Vec<f64> = (0..101).flat_map(|sample| points.point(sample)).collect();
    let told = || rows.chunks_exact(5).map(|row| &row[..outputs]);
    match output {
        Output::Logistic if outputs == 1 => Ok(points),
        Output::Logistic => {
            let labels: Vec<u8> = told().flatten().map(|x| u8::from(*x > 0.0)).collect();
            Dataset::from_label_rows("labels", None, 5, &rows, outputs, &labels)
        }
        Output::Softmax => {
            let names = (0..outputs).map(|class| class.to_string()).collect();
            let largest = |row: &[f64]| (1..outputs).fold(0, |best, k| if row[k] > row[best] { k } else { best });
            let classes = told().map(|row| largest(row) as u8).collect();
            Dataset::from_classes("classes", None, 5, &rows, names, classes)
        }
        Output::Squares => {
            let numbers: Vec<f64> = told().flatten().copied().collect();
            Dataset::from_numbers("numbers", None, 5, &rows, outputs, &numbers)
        }
    }
}

/// Weights of the notebook's generator at √(1/n), exact in `f32`.
fn run(hidden: &[usize], activation: Activation, output: Output, outputs: usize) -> Result<Run> {
    let network = Network::new(5, hidden, activation)?.with_output(output, outputs)?;
    let parameters = Parameters::initial(&network, 2, InitScale::XAVIER).cast::<f32>().cast();
    Ok(Run::new(network, parameters, 0.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_activation_has_its_turn_under_either_plan() {
        for plan in [PlanChoice::Resident, PlanChoice::Layered] {
            let own = CASES.into_iter().filter(|(of, ..)| *of == plan);
            let turns: Vec<Activation> = own.flat_map(|(_, output, outputs)| activations(output, outputs)).collect();
            assert!(Activation::ALL.iter().all(|activation| turns.contains(activation)), "{plan}: {turns:?}");
        }
    }
}
