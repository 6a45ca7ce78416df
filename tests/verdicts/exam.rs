//! The trainings whose cause is known by construction: what is wrong was put there.

use planar::backend::Run;
use planar::data::numpy_random::NumpyRandom;
use planar::data::{
    Dataset, blobs, flower, gaussian_quantiles, gaussian_quantiles_of, noisy_circles, noisy_moons, spirals, xor,
};
use planar::diagnose::Cause;
use planar::model::{Network, Parameters};

/// A training, and what is wrong with it.
pub struct Training {
    pub name: &'static str,
    pub data: Dataset,
    pub held_out: Option<Dataset>,
    pub run: Run,
    pub iterations: u64,
    pub cause: Cause,
}

fn training(
    cause: Cause,
    name: &'static str,
    data: &Dataset,
    (g, hidden): (&str, usize),
    rate: f64,
    iterations: u64,
) -> Training {
    let network = Network::one_hidden(data.features(), hidden, g.parse().unwrap()).unwrap();
    let run = Run::initial(network, 2, 0.01, rate);
    Training { name, data: data.clone(), held_out: None, run, iterations, cause }
}

impl Training {
    /// From weights of another scale.
    fn scale(mut self, scale: f64) -> Self {
        self.run.parameters = Parameters::initial(&self.run.network, 2, scale);
        self
    }

    /// From weights that are changed.
    fn start(mut self, change: impl FnOnce(&mut Parameters)) -> Self {
        change(&mut self.run.parameters);
        self
    }

    /// With another activation's derivative.
    fn backward(mut self, g: &str) -> Self {
        self.run.network = self.run.network.with_backward(g.parse().unwrap());
        self
    }

    /// With a share of the samples held out.
    fn split(mut self, share: f64) -> Self {
        let (data, held_out) = self.data.split(share, 1).unwrap();
        (self.data, self.held_out) = (data, Some(held_out));
        self
    }
}

/// The same labels, and each feature as `f` makes it of its number and value.
fn with_features(data: &Dataset, f: impl Fn(usize, f64) -> f64) -> Dataset {
    let points = (0..data.samples()).flat_map(|s| data.point(s).enumerate().map(|(k, x)| f(k, x)).collect::<Vec<_>>());
    Dataset::from_points(data.name(), None, data.features(), &points.collect::<Vec<_>>(), data.labels().to_vec())
        .unwrap()
}

/// The same samples, and each label as `f` makes it of the sample's number and label.
fn with_labels(data: &Dataset, f: impl FnMut((usize, &u8)) -> u8) -> Dataset {
    let labels = data.labels().iter().enumerate().map(f).collect();
    Dataset::from_points(data.name(), None, data.features(), &data.points(), labels).unwrap()
}

/// Two normal clouds of deviation 1 whose means are `gap` apart in every feature; the first `share` is of class 0.
fn clouds(samples: usize, features: usize, gap: f64, share: f64, seed: u32) -> Dataset {
    let mut random = NumpyRandom::new(seed);
    let labels: Vec<u8> = (0..samples).map(|s| u8::from(s as f64 >= share * samples as f64)).collect();
    let shift = |label: u8| if label == 1 { 0.5 * gap } else { -0.5 * gap };
    let points: Vec<f64> = labels
        .iter()
        .flat_map(|label| (0..features).map(|_| random.standard_normal() + shift(*label)).collect::<Vec<_>>())
        .collect();
    Dataset::from_points("clouds", None, features, &points, labels).unwrap()
}

/// Points on a line whose class changes each unit.
fn stripes(samples: usize, stripes: usize) -> Dataset {
    let at = |s: usize| (s as f64 + 0.5) / samples as f64 * stripes as f64;
    let points: Vec<f64> = (0..samples).map(|s| at(s) - 0.5 * stripes as f64).collect();
    let labels = (0..samples).map(|s| u8::from(at(s) as usize % 2 == 1)).collect();
    Dataset::from_points("stripes", None, 1, &points, labels).unwrap()
}

/// The four corners of XOR.
fn corners() -> Dataset {
    Dataset::from_points("corners", None, 2, &[0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0]).unwrap()
}

/// Marks of two exams, 0 to 100: passed if their sum is above 100.
fn marks(samples: usize, seed: u32) -> Dataset {
    let mut random = NumpyRandom::new(seed);
    let points: Vec<f64> = (0..2 * samples).map(|_| 100.0 * random.uniform()).collect();
    let labels = points.chunks(2).map(|marks| u8::from(marks[0] + marks[1] > 100.0)).collect();
    Dataset::from_points("marks", None, 2, &points, labels).unwrap()
}

/// Labels by the throw of a coin.
fn thrown(data: &Dataset, seed: u32) -> Dataset {
    let mut random = NumpyRandom::new(seed);
    with_labels(data, |_| u8::from(random.uniform() < 0.5))
}

/// Some labels the other way round.
fn noisy(data: &Dataset, share: f64, seed: u32) -> Dataset {
    let mut random = NumpyRandom::new(seed);
    with_labels(data, |(_, label)| if random.uniform() < share { 1 - label } else { *label })
}

/// All trainings.
pub fn trainings() -> Vec<Training> {
    use Cause::*;
    let flower = flower(400, 1).unwrap();
    let moons = noisy_moons(200, 1).unwrap();
    let circles = noisy_circles(200, 1).unwrap();
    let blobs = blobs(200, 5).unwrap();
    let quantiles = gaussian_quantiles(200, 1).unwrap();
    let squares = xor(200, 1).unwrap();
    let near = clouds(300, 3, 1.0, 0.5, 3);
    let far = clouds(200, 2, 4.0, 0.5, 4);
    let marks = marks(200, 7);
    let many = gaussian_quantiles_of(8, 400, 2).unwrap();
    let one = |theta: &mut Parameters| theta.values_mut()[0] = f64::NAN;
    vec![
        // as they should be
        training(Healthy, "the notebook", &flower, ("tanh", 4), 1.2, 10_000),
        training(Healthy, "flower, 20 tanh", &flower, ("tanh", 20), 1.2, 5000),
        training(Healthy, "flower, sigmoid", &flower, ("sigmoid", 4), 1.2, 10_000),
        training(Healthy, "flower, leaky", &flower, ("leaky-relu", 40), 0.3, 10_000),
        training(Healthy, "flower, relu", &flower, ("relu", 40), 0.6, 12_000),
        training(Healthy, "flower, 1,000 iterations", &flower, ("tanh", 4), 1.2, 1000),
        training(Healthy, "moons, tanh", &moons, ("tanh", 4), 1.2, 5000),
        training(Healthy, "moons, relu", &moons, ("relu", 20), 0.5, 5000),
        training(Healthy, "moons, sigmoid", &moons, ("sigmoid", 8), 2.0, 10_000),
        training(Healthy, "circles, tanh", &circles, ("tanh", 5), 1.2, 5000),
        training(Healthy, "circles, relu", &circles, ("relu", 20), 0.5, 5000),
        training(Healthy, "circles, leaky", &circles, ("leaky-relu:0.1", 10), 0.5, 5000),
        training(Healthy, "blobs, tanh", &blobs, ("tanh", 5), 0.5, 5000),
        training(Healthy, "blobs, relu", &blobs, ("relu", 20), 0.1, 5000),
        training(Healthy, "quantiles, tanh", &quantiles, ("tanh", 5), 1.2, 5000),
        training(Healthy, "quantiles, relu", &quantiles, ("relu", 10), 0.5, 5000),
        training(Healthy, "squares, tanh", &squares, ("tanh", 8), 0.5, 5000),
        training(Healthy, "clouds that overlap, tanh", &near, ("tanh", 4), 0.5, 3000),
        training(Healthy, "clouds that overlap, sigmoid", &near, ("sigmoid", 6), 0.5, 3000),
        training(Healthy, "clouds apart, a linear activation", &far, ("leaky-relu:1", 4), 0.5, 2000),
        training(Healthy, "clouds apart, relu", &far, ("relu", 6), 0.3, 2000),
        training(Healthy, "eight features", &many, ("tanh", 20), 0.5, 5000),
        training(Healthy, "four of five of one class", &clouds(300, 2, 2.0, 0.8, 5), ("tanh", 4), 0.5, 3000),
        training(Healthy, "moons, a fifth held out", &moons, ("tanh", 4), 1.2, 2000).split(0.2),
        training(Healthy, "a tenth of the labels wrong", &noisy(&moons, 0.1, 3), ("tanh", 6), 1.2, 10_000),
        training(Healthy, "a rise at the end", &flower, ("tanh", 4), 1.2, 10_000)
            .start(|theta| theta.bias_mut(1)[0] = 0.1),
        // a wrong derivative
        training(WrongDerivative, "relu, tanh's derivative", &flower, ("relu", 4), 1.2, 500).backward("tanh"),
        training(WrongDerivative, "leaky, tanh's derivative", &flower, ("leaky-relu", 4), 1.2, 500).backward("tanh"),
        training(WrongDerivative, "sigmoid, tanh's derivative", &moons, ("sigmoid", 4), 1.2, 1000).backward("tanh"),
        training(WrongDerivative, "tanh, sigmoid's derivative", &circles, ("tanh", 5), 0.5, 1000).backward("sigmoid"),
        training(WrongDerivative, "tanh, relu's derivative", &blobs, ("tanh", 5), 0.5, 1000).backward("relu"),
        // learning rates
        training(LearningRateTooLarge, "leaky, rate 50", &flower, ("leaky-relu:0.3", 5), 50.0, 2000),
        training(LearningRateTooLarge, "leaky, rate 30", &flower, ("leaky-relu", 40), 30.0, 5000),
        training(LearningRateTooLarge, "tanh, rate 50", &flower, ("tanh", 4), 50.0, 10_000),
        training(LearningRateTooLarge, "tanh, rate 1,000", &flower, ("tanh", 4), 1000.0, 2000),
        training(LearningRateTooLarge, "sigmoid, rate 3,000", &moons, ("sigmoid", 6), 3000.0, 2000),
        training(LearningRateTooLarge, "circles, leaky, rate 20", &circles, ("leaky-relu", 10), 20.0, 3000),
        training(LearningRateTooLarge, "clouds, tanh, rate 200", &near, ("tanh", 6), 200.0, 3000),
        training(LearningRateTooLarge, "quantiles, leaky, rate 100", &quantiles, ("leaky-relu", 10), 100.0, 2000),
        training(LearningRateTooSmall, "flower, rate 0.0001", &flower, ("tanh", 4), 1e-4, 10_000),
        training(LearningRateTooSmall, "flower, rate 0.01", &flower, ("tanh", 4), 0.01, 10_000),
        training(LearningRateTooSmall, "flower, 100 iterations", &flower, ("tanh", 4), 1.2, 100),
        training(LearningRateTooSmall, "moons, rate 0.001", &moons, ("relu", 20), 1e-3, 2000),
        training(LearningRateTooSmall, "circles, rate 0.001", &circles, ("tanh", 5), 1e-3, 5000),
        training(LearningRateTooSmall, "quantiles, rate 0.01", &quantiles, ("sigmoid", 8), 0.01, 5000),
        training(LearningRateTooSmall, "clouds, rate 0.00001", &far, ("tanh", 4), 1e-5, 5000),
        training(LearningRateTooSmall, "blobs, rate 0.00001", &blobs, ("relu", 20), 1e-5, 5000),
        // starts
        training(EqualUnits, "equal weights, tanh", &flower, ("tanh", 4), 1.2, 5000).start(|theta| {
            theta.weights_mut(0).fill(0.5);
            theta.weights_mut(1).fill(0.5);
        }),
        training(EqualUnits, "equal weights, sigmoid", &circles, ("sigmoid", 8), 1.2, 5000).start(|theta| {
            theta.weights_mut(0).fill(-0.1);
            theta.weights_mut(1).fill(0.3);
        }),
        training(EqualUnits, "no weights, tanh", &flower, ("tanh", 4), 1.2, 5000)
            .start(|theta| theta.values_mut().fill(0.0)),
        training(EqualUnits, "no weights, sigmoid", &quantiles, ("sigmoid", 6), 1.2, 5000).scale(0.0),
        training(EqualUnits, "no weights, relu", &moons, ("relu", 10), 0.5, 5000).scale(0.0),
        training(StartTooLarge, "scale 100, tanh", &flower, ("tanh", 4), 1.2, 3000).scale(100.0),
        training(StartTooLarge, "scale 300, sigmoid", &circles, ("sigmoid", 8), 0.5, 3000).scale(300.0),
        training(StartTooLarge, "biases of 50", &moons, ("tanh", 6), 1.2, 3000)
            .start(|theta| theta.bias_mut(0).fill(50.0)),
        training(StartTooLarge, "output bias of 10,000", &flower, ("tanh", 4), 1.2, 5000)
            .start(|theta| theta.bias_mut(1)[0] = 1e4),
        training(StartTooLarge, "output bias of -3,000", &far, ("tanh", 6), 0.3, 2000)
            .start(|theta| theta.bias_mut(1)[0] = -3e3),
        training(StartTooLarge, "scale 1,000, leaky", &near, ("leaky-relu", 6), 0.1, 2000).scale(1000.0),
        training(StartNotFinite, "a NaN", &flower, ("tanh", 4), 1.2, 1000).start(one),
        training(StartNotFinite, "infinite weights", &moons, ("relu", 6), 0.5, 1000)
            .start(|theta| theta.weights_mut(1)[0] = f64::INFINITY),
        training(StartNotFinite, "scale 1e30, relu", &flower, ("relu", 4), 1.2, 1000).scale(1e30),
        // units
        training(DeadUnits, "biases of -100", &flower, ("relu", 4), 1.2, 3000)
            .start(|theta| theta.bias_mut(0).fill(-100.0)),
        training(DeadUnits, "biases of -20", &circles, ("relu", 20), 0.5, 3000)
            .start(|theta| theta.bias_mut(0).fill(-20.0)),
        training(DeadUnits, "all but one dead", &circles, ("relu", 20), 0.5, 5000)
            .start(|theta| theta.bias_mut(0)[1..].fill(-20.0)),
        training(DeadUnits, "killed at rate 8", &flower, ("relu", 4), 8.0, 5000),
        training(DeadUnits, "killed at rate 20", &circles, ("relu", 5), 20.0, 3000),
        training(DeadUnits, "killed at rate 30", &moons, ("relu", 6), 30.0, 3000),
        // features
        training(BadlyScaledData, "marks", &marks, ("tanh", 4), 1.2, 5000),
        training(BadlyScaledData, "marks, leaky", &marks, ("leaky-relu", 20), 5.0, 5000),
        training(
            BadlyScaledData,
            "10,000 times the flower",
            &with_features(&flower, |_, x| 1e4 * x),
            ("tanh", 4),
            1.2,
            5000,
        ),
        training(
            BadlyScaledData,
            "10,000 times the flower, leaky",
            &with_features(&flower, |_, x| 1e4 * x),
            ("leaky-relu:0.3", 20),
            0.1,
            5000,
        ),
        training(
            BadlyScaledData,
            "a thousandth of the moons",
            &with_features(&moons, |_, x| 1e-3 * x),
            ("tanh", 4),
            1.2,
            5000,
        ),
        training(
            BadlyScaledData,
            "circles around 300",
            &with_features(&circles, |_, x| x + 300.0),
            ("tanh", 5),
            1.2,
            5000,
        ),
        training(
            BadlyScaledData,
            "moons around 6",
            &with_features(&moons, |_, x| 0.3 * x + 6.0),
            ("sigmoid", 6),
            0.5,
            3000,
        ),
        training(
            BadlyScaledData,
            "one of two 1,000 times as large",
            &with_features(&flower, |k, x| if k == 1 { 1e3 * x } else { x }),
            ("tanh", 4),
            1.2,
            5000,
        ),
        training(
            BadlyScaledData,
            "one of two a hundredth",
            &with_features(&circles, |k, x| if k == 1 { 0.01 * x } else { x }),
            ("tanh", 6),
            0.5,
            3000,
        ),
        training(
            BadlyScaledData,
            "features that never vary",
            &with_features(&moons, |k, _| k as f64),
            ("tanh", 4),
            1.2,
            1000,
        ),
        training(
            BadlyScaledData,
            "age and salary",
            &with_features(&far, |k, x| if k == 0 { 40.0 + 10.0 * x } else { 5e4 + 2e4 * x }),
            ("relu", 6),
            0.01,
            3000,
        ),
        // plateaus
        training(Plateau, "corners, sigmoid", &corners(), ("sigmoid", 2), 1.2, 10_000),
        training(Plateau, "corners, four sigmoid", &corners(), ("sigmoid", 4), 0.5, 10_000).scale(0.001),
        training(Plateau, "corners, tanh", &corners(), ("tanh", 3), 0.3, 2000).scale(1e-4),
        // too small networks
        training(TooLittleCapacity, "flower, one unit", &flower, ("tanh", 1), 1.2, 5000),
        training(TooLittleCapacity, "flower, two units", &flower, ("tanh", 2), 1.2, 5000),
        training(TooLittleCapacity, "flower, linear", &flower, ("leaky-relu:1", 8), 0.1, 5000),
        training(TooLittleCapacity, "circles, linear", &circles, ("leaky-relu:1", 8), 0.3, 3000),
        training(TooLittleCapacity, "moons, linear", &moons, ("leaky-relu:1", 8), 0.3, 5000),
        training(TooLittleCapacity, "quantiles, one relu", &quantiles, ("relu", 1), 0.5, 5000),
        training(TooLittleCapacity, "quantiles, one tanh", &quantiles, ("tanh", 1), 0.5, 5000),
        training(TooLittleCapacity, "stripes, two units", &stripes(240, 6), ("tanh", 2), 1.0, 10_000),
        // labels
        training(OneClass, "one class", &with_labels(&moons, |_| 1), ("tanh", 4), 1.2, 500),
        training(
            RareClass,
            "three of 300 anywhere",
            &with_labels(&near, |(s, _)| u8::from(s % 100 == 7)),
            ("tanh", 4),
            1.2,
            2000,
        ),
        training(RareClass, "five of 200 near the others", &clouds(200, 2, 0.8, 0.975, 6), ("relu", 4), 0.5, 2000),
        training(
            ContradictingLabels,
            "each point with both labels",
            &with_labels(&with_features(&flower, |_, x| (x / 2.0).round()), |(s, _)| (s % 2) as u8),
            ("tanh", 4),
            1.2,
            3000,
        ),
        training(ContradictingLabels, "twice each, a quarter the other way", &twice(&far), ("tanh", 4), 0.5, 3000),
        training(NothingLearnt, "thrown labels", &thrown(&clouds(1000, 2, 0.0, 0.5, 8), 9), ("tanh", 4), 0.5, 3000),
        training(
            NothingLearnt,
            "thrown labels, relu",
            &thrown(&clouds(1000, 3, 0.0, 0.5, 10), 11),
            ("relu", 6),
            0.3,
            3000,
        ),
        // held out
        training(
            Overfitting,
            "60 noisy samples, 100 units",
            &noisy(&noisy_moons(100, 3).unwrap(), 0.2, 5),
            ("tanh", 100),
            1.2,
            20_000,
        )
        .split(0.4)
        .scale(1.0),
        training(
            Overfitting,
            "30 features of noise",
            &noisy(&clouds(120, 30, 0.3, 0.5, 12), 0.1, 6),
            ("tanh", 20),
            0.5,
            5000,
        )
        .split(0.5),
        training(
            Overfitting,
            "flower of few samples",
            &noisy(&planar::data::flower(120, 4).unwrap(), 0.2, 7),
            ("relu", 100),
            0.3,
            20_000,
        )
        .split(0.5)
        .scale(0.3),
        // only the notebook's formula
        training(
            SaturatedCost,
            "far from the boundary",
            &Dataset::from_points("sure", None, 1, &[-9.0, 9.0, -8.0, 8.0], vec![0, 1, 0, 1]).unwrap(),
            ("leaky-relu", 3),
            0.01,
            500,
        )
        .scale(3.0),
        training(SaturatedCost, "flower, 50 tanh", &flower, ("tanh", 50), 1.2, 5000),
        training(Healthy, "spirals, tanh", &spirals(200, 1).unwrap(), ("tanh", 20), 0.3, 20_000).scale(0.5),
    ]
}

/// Each point twice, every fourth pair with one label the other way round.
fn twice(data: &Dataset) -> Dataset {
    let points: Vec<f64> = (0..data.samples()).flat_map(|s| [data.point(s), data.point(s)]).flatten().collect();
    let labels = data.labels().iter().enumerate().flat_map(|(s, label)| [*label, label ^ u8::from(s % 4 == 0)]);
    Dataset::from_points("twice", None, data.features(), &points, labels.collect()).unwrap()
}
