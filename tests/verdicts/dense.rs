//! Trainings of dense networks whose cause is known by construction: of any depth, output, optimiser and batch.

use planar::backend::Run;
use planar::data::numpy_random::NumpyRandom;
use planar::data::{Dataset, flower};
use planar::diagnose::Cause;
use planar::model::{InitScale, Network};
use planar::optim::{Dropout, Recipe};

use super::exam::Training;

/// One of the tables of `tests/golden/data`, with features that are scaled; `digits` with every third sample alone.
fn table(name: &str) -> Dataset {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/data/{name}-scaled.csv"));
    let text = std::fs::read_to_string(path).unwrap();
    let cells = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect::<Vec<f64>>();
    let step = if name == "digits" { 3 } else { 1 };
    let rows: Vec<Vec<f64>> = text.lines().skip(1).step_by(step).map(cells).collect();
    let features = rows[0].len() - 1;
    let points: Vec<f64> = rows.iter().flat_map(|row| row[..features].to_vec()).collect();
    let targets: Vec<f64> = rows.iter().map(|row| row[features]).collect();
    if name == "diabetes" {
        return Dataset::from_numbers(name, None, features, &points, 1, &targets).unwrap();
    }
    let most = targets.iter().fold(0.0_f64, |most, class| most.max(*class)) as u8;
    let names = (0..=most).map(|class| class.to_string()).collect();
    let labels = targets.iter().map(|class| *class as u8).collect();
    Dataset::from_classes(name, None, features, &points, names, labels).unwrap()
}

/// Points of two normal features.
fn normal(samples: usize, seed: u32) -> Vec<f64> {
    let mut random = NumpyRandom::new(seed);
    (0..2 * samples).map(|_| random.standard_normal()).collect()
}

/// sin 2a + ½ab, in another unit and from another zero.
fn waves(unit: f64, zero: f64) -> Dataset {
    let points = normal(300, 21);
    let of = |x: &[f64]| zero + unit * ((2.0 * x[0]).sin() + 0.5 * x[0] * x[1]);
    let numbers: Vec<f64> = points.chunks(2).map(of).collect();
    Dataset::from_numbers("waves", None, 2, &points, 1, &numbers).unwrap()
}

/// A plane with noise as large as half of what the plane explains.
fn noisy_plane() -> Dataset {
    let (points, mut random) = (normal(200, 22), NumpyRandom::new(23));
    let numbers: Vec<f64> = points.chunks(2).map(|x| x[0] - x[1] + random.standard_normal()).collect();
    Dataset::from_numbers("plane", None, 2, &points, 1, &numbers).unwrap()
}

/// Three questions of yes or no: of one sign, near 0, far to the right, which is rare.
fn questions() -> Dataset {
    let points = normal(300, 24);
    let of = |x: &[f64]| [x[0] * x[1] > 0.0, x[0].hypot(x[1]) < 1.0, x[0] > 1.5].map(u8::from);
    let labels: Vec<u8> = points.chunks(2).flat_map(of).collect();
    Dataset::from_label_rows("questions", None, 2, &points, 3, &labels).unwrap()
}

/// How a network is trained, as flags say it.
struct How {
    hidden: &'static [usize],
    g: &'static str,
    scale: InitScale,
    optimizer: &'static str,
    rate: f64,
    recipe: Recipe,
}

/// Two layers of tanh from weights that suit them, by gradient descent at a rate of 0.1.
fn how() -> How {
    How {
        hidden: &[16, 16],
        g: "tanh",
        scale: InitScale::XAVIER,
        optimizer: "gd",
        rate: 0.1,
        recipe: Recipe::default(),
    }
}

fn batches(size: usize) -> Recipe {
    Recipe { batch_size: Some(size), shuffle: Some(1), ..Recipe::default() }
}

fn training(cause: Cause, name: &'static str, data: &Dataset, iterations: u64, how: &How) -> Training {
    let output = data.output();
    let network = Network::new(data.features(), how.hidden, how.g.parse().unwrap()).unwrap();
    let network = network.with_output(output, data.outputs(output).unwrap()).unwrap();
    let recipe = Recipe { optimizer: how.optimizer.parse().unwrap(), ..how.recipe };
    let run = Run::initial(network, 2, how.scale, how.rate).with_recipe(recipe);
    Training { name, data: data.clone(), held_out: None, run, iterations, cause }
}

/// All of them.
pub fn trainings() -> Vec<Training> {
    use Cause::*;
    let (flower, digits, iris) = (flower(400, 1).unwrap(), table("digits"), table("iris"));
    let (wine, cancer, diabetes) = (table("wine"), table("breast-cancer"), table("diabetes"));
    let (waves, thousands, plane, questions) = (waves(1.0, 0.0), waves(2000.0, 5000.0), noisy_plane(), questions());
    let relu = || How { g: "relu", scale: InitScale::HE, ..how() };
    let adam = |rate| How { optimizer: "adam", rate, ..how() };
    let fixed = InitScale::Fixed;
    vec![
        // as they should be
        training(
            Healthy,
            "digits, adam, batches",
            &digits,
            300,
            &How { recipe: batches(32), hidden: &[32], ..adam(0.01) },
        ),
        training(Healthy, "digits, relu, gd", &digits, 300, &How { hidden: &[32], rate: 0.5, ..relu() }),
        training(
            Healthy,
            "digits, dropout",
            &digits,
            300,
            &How {
                recipe: Recipe { dropout: Dropout { rate: 0.2, seed: 1 }, ..batches(32) },
                hidden: &[64],
                optimizer: "adam",
                rate: 0.01,
                ..relu()
            },
        ),
        training(Healthy, "iris, tanh", &iris, 1000, &How { hidden: &[8], rate: 0.5, ..how() }),
        training(Healthy, "iris, batches of 1", &iris, 3000, &How { recipe: batches(1), rate: 0.02, ..how() }),
        training(
            Healthy,
            "wine, momentum, batches",
            &wine,
            600,
            &How { recipe: batches(16), optimizer: "momentum:0.9", rate: 0.02, ..how() },
        ),
        training(
            Healthy,
            "cancer, L2",
            &cancer,
            500,
            &How { recipe: Recipe { l2: 0.5, ..Recipe::default() }, ..how() },
        ),
        training(Healthy, "flower, gelu, adam", &flower, 800, &How { hidden: &[10, 10], g: "gelu", ..adam(0.02) }),
        training(
            Healthy,
            "flower, relu, three layers",
            &flower,
            1500,
            &How { hidden: &[12, 12, 12], rate: 0.1, ..relu() },
        ),
        training(Healthy, "flower, batches of 1", &flower, 20_000, &How { recipe: batches(1), rate: 0.02, ..how() }),
        training(Healthy, "waves, adam", &waves, 1500, &adam(0.01)),
        training(Healthy, "a noisy plane", &plane, 500, &How { hidden: &[8], rate: 0.05, ..how() }),
        training(Healthy, "diabetes", &diabetes, 500, &How { hidden: &[8], rate: 0.05, ..how() }),
        training(Healthy, "three labels", &questions, 1500, &adam(0.01)),
        // gradients
        training(
            VanishingGradients,
            "relu, scale 0.01",
            &flower,
            2000,
            &How { hidden: &[20, 20, 20], scale: fixed(0.01), ..relu() },
        ),
        training(
            VanishingGradients,
            "ten layers of sigmoid",
            &flower,
            1500,
            &How { hidden: &[10; 10], g: "sigmoid", rate: 1.0, ..how() },
        ),
        training(
            VanishingGradients,
            "twenty layers of sigmoid, adam",
            &iris,
            500,
            &How { hidden: &[8; 20], g: "sigmoid", ..adam(0.001) },
        ),
        training(
            VanishingGradients,
            "digits, five layers, scale 0.01",
            &digits,
            300,
            &How { hidden: &[20; 5], scale: fixed(0.01), recipe: batches(32), ..relu() },
        ),
        training(
            VanishingGradients,
            "waves, tanh, scale 0.01",
            &waves,
            1000,
            &How { hidden: &[16; 4], scale: fixed(0.01), ..how() },
        ),
        training(
            ExplodingGradients,
            "relu, scale 10",
            &flower,
            1500,
            &How { hidden: &[20, 20, 20], scale: fixed(10.0), ..relu() },
        ),
        training(
            ExplodingGradients,
            "digits, five layers, scale 1",
            &digits,
            200,
            &How { hidden: &[32; 5], scale: fixed(1.0), ..relu() },
        ),
        training(
            ExplodingGradients,
            "waves, relu, rate 3",
            &waves,
            1000,
            &How { hidden: &[16, 16, 16], rate: 3.0, ..relu() },
        ),
        training(
            ExplodingGradients,
            "flower, leaky, momentum, rate 5",
            &flower,
            1000,
            &How { hidden: &[20, 20, 20], g: "leaky-relu", optimizer: "momentum:0.9", rate: 5.0, ..relu() },
        ),
        // rates
        training(LearningRateTooLarge, "digits, rate 100", &digits, 200, &How { hidden: &[32], rate: 100.0, ..how() }),
        training(
            LearningRateTooLarge,
            "flower, batches of 1, rate 3",
            &flower,
            20_000,
            &How { hidden: &[8], recipe: batches(1), rate: 3.0, ..how() },
        ),
        training(LearningRateTooLarge, "flower, adam, rate 10", &flower, 1500, &How { hidden: &[8], ..adam(10.0) }),
        training(
            LearningRateTooLarge,
            "three labels, rate 300",
            &questions,
            1000,
            &How { hidden: &[16], rate: 300.0, ..how() },
        ),
        training(
            LearningRateTooLarge,
            "waves, one layer, rate 2",
            &waves,
            1000,
            &How { hidden: &[16], rate: 2.0, ..how() },
        ),
        training(LearningRateTooSmall, "digits, rate 0.00001", &digits, 200, &How { rate: 1e-5, ..how() }),
        training(LearningRateTooSmall, "three labels, rate 0.0001", &questions, 1000, &How { rate: 1e-4, ..how() }),
        training(LearningRateTooSmall, "waves, rate 0.00001", &waves, 1000, &How { rate: 1e-5, ..how() }),
        // recipes
        training(
            TooMuchRegularisation,
            "flower, dropout 0.95",
            &flower,
            2000,
            &How {
                recipe: Recipe { dropout: Dropout { rate: 0.95, seed: 1 }, ..Recipe::default() },
                hidden: &[20],
                rate: 1.0,
                ..how()
            },
        ),
        training(
            TooMuchRegularisation,
            "digits, L2 of 100",
            &digits,
            300,
            &How { recipe: Recipe { l2: 100.0, ..batches(32) }, optimizer: "adam", rate: 0.01, ..relu() },
        ),
        training(
            TooMuchRegularisation,
            "waves, L2 of 1,000",
            &waves,
            1000,
            &How { recipe: Recipe { l2: 1000.0, ..Recipe::default() }, ..how() },
        ),
        training(
            TooMuchMomentum,
            "digits, momentum 0.999",
            &digits,
            100,
            &How { recipe: batches(64), hidden: &[32], optimizer: "momentum:0.999", rate: 0.1, ..relu() },
        ),
        // targets and capacity
        training(BadlyScaledTargets, "thousands, rate 0.1", &thousands, 1000, &how()),
        training(BadlyScaledTargets, "thousands, adam, rate 0.001", &thousands, 1000, &adam(0.001)),
        training(
            TooLittleCapacity,
            "waves, two layers of the identity",
            &waves,
            1000,
            &How { g: "identity", rate: 0.05, ..how() },
        ),
    ]
}
