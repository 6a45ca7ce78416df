//! The kernel of the resident plan for any depth against the `f64` reference: one update of three networks of other widths,
//! recipes and seeds, and the costs of two more. Momentum that begins with nothing is the gradient itself, so that each of its numbers is held to its bound.

use super::layouts::{LAYERS, in_each};
use super::{Check, Failure, Worst};
use crate::Result;
use crate::backend::{Backend, Run, Session};
use crate::compare::{Bounds, Magnitudes, ROUNDED};
use crate::cpu::Reference;
use crate::data::Dataset;
use crate::data::numpy_random::NumpyRandom;
use crate::gpu::Gpu;
use crate::model::{InitScale, Network, Output};
use crate::optim::{Dropout, Optimizer, Recipe};

/// Features, the widths of three networks in each hidden layer, outputs, samples, of which this many make a batch.
type Sizes = (usize, &'static [[usize; 3]], (Output, usize), usize, Option<usize>);

/// Sizes at and beyond a vector, a workgroup and a slab.
const CASES: [Sizes; 8] = [
    (2, &[[8, 3, 17]], (Output::Logistic, 1), 130, Some(64)),
    (1, &[[1, 1, 1]], (Output::Squares, 1), 1, None),
    (3, &[[5, 9, 33], [17, 3, 8]], (Output::Softmax, 10), 131, Some(17)),
    (17, &[[40, 77, 17]], (Output::Squares, 3), 277, None),
    (5, &[[300, 3, 270], [3, 260, 1]], (Output::Logistic, 4), 70, Some(69)),
    (70, &[[3, 8, 2]], (Output::Softmax, 2), 1100, None),
    (2, &[[1, 2, 60]], (Output::Softmax, 77), 19, Some(5)),
    (4, &[[4, 4, 1], [2, 9, 4], [5, 1, 3]], (Output::Logistic, 1), 300, Some(257)),
];

/// `resident_layers`: the gradient, the weights and the cost of one update, and the costs behind it.
pub fn one_update(gpu: &Gpu) -> Check {
    in_each(gpu, &LAYERS, &CASES, |gpu, cases| {
        let mut worst = Worst::default();
        for (number, case) in cases.iter().enumerate() {
            update(gpu, *case, number, &mut worst)?;
        }
        Ok(worst)
    })
}

fn update(gpu: &Gpu, case: Sizes, number: usize, worst: &mut Worst) -> std::result::Result<(), Failure> {
    let (features, widths, output, samples, batch_size) = case;
    let (data, runs) = (samples_for(features, samples, output)?, runs(&case, number)?);
    let two = |backend: &dyn Backend| -> Result<_> {
        let mut session: Box<dyn Session> = backend.load(&data, &runs)?;
        let gradients = session.gradients()?;
        session.advance(1)?;
        session.advance(2)?;
        Ok((gradients, session.collect()?, session.collect()?))
    };
    let (Some(first), Some(second)) = (match two(gpu) {
        // more turns than a dispatch may take
        Err(crate::Error::Limit { .. } | crate::Error::Mismatch(_)) => return Ok(()),
        other => other.map(|(_, first, second)| (first, second))?,
    }) else {
        return Err(Failure("no chunk".into()));
    };
    let (gradients, Some(want), Some(want_second)) = two(&Reference::<f64>::new())? else {
        return Err(Failure("the reference has no chunk".into()));
    };
    let bounds = Bounds::F32_TO_F64;
    for (network, run) in runs.iter().enumerate() {
        let what =
            format!("{features} features, {widths:?}, {output:?}, {batch_size:?} of {samples}, network {network}");
        let narrow = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
        let magnitudes = Magnitudes::new(&data, run, ROUNDED / bounds.relative);
        let bound = |i: usize| bounds.relative * magnitudes.gradients[i] + bounds.absolute;
        let wanted = gradients[network].values();
        worst.compare(&format!("{what}, the gradient"), &narrow(&first.moments[network]), wanted, bound)?;
        let after = want.parameters[network].values();
        let of_theta = |i: usize| run.learning_rate * bound(i) + 2e-7 * (after[i].abs() + 0.1);
        worst.compare(&format!("{what}, θ"), &narrow(first.parameters[network].values()), after, of_theta)?;
        for (which, got, want) in [("", &first, &want), (" behind it", &second, &want_second)] {
            let (got, want) = (&got.costs[network], &want.costs[network]);
            worst.compare(&format!("{what}, the cost{which}"), &narrow(got), want, |i| 2e-5 * want[i] + 1e-6)?;
        }
    }
    Ok(())
}

/// Three networks; λ, clipping and dropped units differ from network to network, and from case to case which activation they
/// have.
fn runs(&(features, widths, (output, outputs), _, batch_size): &Sizes, number: usize) -> Result<Vec<Run>> {
    let activation = ["tanh", "sigmoid", "elu", "leaky-relu:0.1", "softplus", "silu"][number % 6];
    let (regularises, drops) = (number.is_multiple_of(2), number.is_multiple_of(3));
    let run = |i: usize| -> Result<Run> {
        let hidden: Vec<usize> = widths.iter().map(|of_layer| of_layer[i]).collect();
        let network = Network::new(features, &hidden, activation.parse()?)?.with_output(output, outputs)?;
        let recipe = Recipe {
            optimizer: Optimizer::Momentum { beta: 0.5 },
            l2: if regularises { [0.0, 0.7, 0.1][i] } else { 0.0 },
            clip_norm: [None, Some(0.05), Some(1e6)][i].filter(|_| regularises),
            dropout: if drops { Dropout { rate: 0.4, seed: i as u32 } } else { Dropout::default() },
            batch_size,
            shuffle: batch_size.map(|_| 7),
            ..Recipe::default()
        };
        let start = Run::initial(network, i as u32 + 1, InitScale::HE, 0.25);
        Ok(Run { parameters: start.parameters.cast::<f32>().cast(), ..start }.with_recipe(recipe))
    };
    (0..3).map(run).collect()
}

/// Random samples of this many features, with what such outputs are to answer; more than a hundred count differently.
///
/// # Errors
/// Those of the constructors of [`Dataset`].
pub fn samples_for(features: usize, samples: usize, (output, outputs): (Output, usize)) -> Result<Dataset> {
    let mut random = NumpyRandom::new((features + samples) as u32);
    let mut some = |count: usize| (0..count).map(|_| f64::from(random.standard_normal() as f32)).collect::<Vec<f64>>();
    let (points, answers) = (some(features * samples), some(outputs * samples));
    let yes = |answer: &f64| u8::from(*answer > 0.3);
    let data = match output {
        Output::Squares => Dataset::from_numbers("numbers", None, features, &points, outputs, &answers),
        Output::Logistic if outputs == 1 => {
            Dataset::from_points("classes", None, features, &points, answers.iter().map(yes).collect())
        }
        Output::Logistic => {
            let labels: Vec<u8> = answers.iter().map(yes).collect();
            Dataset::from_label_rows("labels", None, features, &points, outputs, &labels)
        }
        Output::Softmax => {
            let names = (0..outputs).map(|class| class.to_string()).collect();
            let classes = answers[..samples].iter().map(|answer| (answer.abs() * 1e4) as usize % outputs);
            Dataset::from_classes("classes", None, features, &points, names, classes.map(|c| c as u8).collect())
        }
    }?;
    match samples > 100 {
        true => data.with_weights((0..samples).map(|sample| (sample % 4) as f64 * 0.5 + 0.25).collect()),
        false => Ok(data),
    }
}
