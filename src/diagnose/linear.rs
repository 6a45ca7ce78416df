//! What a linear model reaches, in `f64`: logistic regression for two classes and for each label, softmax regression for
//! more classes, least squares for numbers.

use serde::Serialize;

use super::softmax::softmax;
use super::standard::factors;
use crate::data::Dataset;
use crate::model::activation::sigmoid;
use crate::model::loss::logit_loss;
use crate::model::{Network, Output};

/// The penalty ½λ‖w‖² on the mean loss: it keeps the weights of separable classes finite.
pub(super) const PENALTY: f64 = 1e-4;
/// Newton steps.
const STEPS: usize = 30;
/// The most multiply-adds of a Newton step.
pub(super) const MOST_WORK: usize = 1 << 26;

/// What a linear model reaches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Linear {
    /// The mean loss.
    pub cost: f64,
    /// The share of samples classified correctly, of labels told correctly; R² of numbers.
    pub accuracy: f64,
}

/// Standardised features, with a 1 behind those of each sample, and how much the samples count, 1 in all.
pub(super) struct Design {
    pub rows: Vec<Vec<f64>>,
    pub weights: Vec<f64>,
}

impl Design {
    fn new(data: &Dataset) -> Self {
        let factors = factors(data);
        let row = |sample: usize| -> Vec<f64> {
            data.point(sample).zip(&factors).map(|(x, (offset, factor))| (x - offset) * factor).chain([1.0]).collect()
        };
        let total = data.total_weight();
        let samples = || 0..data.samples();
        Self { rows: samples().map(row).collect(), weights: samples().map(|s| data.weight(s) / total).collect() }
    }

    /// Features, and the 1.
    pub fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// Σ c·x·xᵀ over the samples, and the penalty on its diagonal: the curvature of a cost, by that of each sample's loss.
    pub fn curvature(&self, of: impl Fn(usize) -> f64) -> Vec<Vec<f64>> {
        let n = self.width();
        let mut sum = vec![vec![0.0; n]; n];
        (0..n).for_each(|i| sum[i][i] = PENALTY);
        for (sample, x) in self.rows.iter().enumerate() {
            let c = of(sample);
            for i in 0..n {
                let scaled = c * x[i];
                sum[i].iter_mut().zip(x).for_each(|(sum, x)| *sum += scaled * x);
            }
        }
        sum
    }

    /// Σ c·x over the samples.
    pub fn sum(&self, of: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sum = vec![0.0; self.width()];
        for (sample, x) in self.rows.iter().enumerate() {
            let c = of(sample);
            sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += c * x);
        }
        sum
    }
}

/// θᵀx.
pub(super) fn logit(theta: &[f64], x: &[f64]) -> f64 {
    theta.iter().zip(x).map(|(t, x)| t * x).sum()
}

/// ½λ‖w‖², which leaves the bias, the last, out.
pub(super) fn penalty(theta: &[f64]) -> f64 {
    0.5 * PENALTY * theta[..theta.len() - 1].iter().map(|w| w * w).sum::<f64>()
}

/// The best linear model on standardised features; none if the data are too large for it.
pub(super) fn linear(data: &Dataset, network: &Network) -> Option<Linear> {
    let (m, n) = (data.samples(), data.features() + 1);
    if m.saturating_mul(n).saturating_mul(n) > MOST_WORK {
        return None;
    }
    let (design, output) = (Design::new(data), network.output());
    let target = |row: usize| move |sample: usize| data.target(output, row, sample);
    let each_output = 0..network.outputs();
    let models: Vec<Vec<f64>> = match output {
        Output::Logistic => each_output.map(|row| logistic(&design, target(row))).collect(),
        Output::Squares => each_output.map(|row| least_squares(&design, target(row))).collect(),
        Output::Softmax => softmax(&design, network.outputs(), data.labels())?,
    };
    let logits: Vec<f64> = design.rows.iter().flat_map(|x| models.iter().map(move |theta| logit(theta, x))).collect();
    Some(Linear { cost: data.mean_loss(output, &logits), accuracy: data.accuracy(&logits) })
}

/// Logistic regression by Newton's method, each step halved until the cost falls.
fn logistic(design: &Design, y: impl Fn(usize) -> f64) -> Vec<f64> {
    let Design { rows, weights } = design;
    let objective = |theta: &[f64]| {
        let of = |(sample, x): (usize, &Vec<f64>)| weights[sample] * logit_loss(logit(theta, x), y(sample));
        rows.iter().enumerate().map(of).sum::<f64>() + penalty(theta)
    };
    let n = design.width();
    let mut theta = vec![0.0; n];
    let mut best = objective(&theta);
    for _ in 0..STEPS {
        let p: Vec<f64> = rows.iter().map(|x| sigmoid(logit(&theta, x))).collect();
        let mut gradient = design.sum(|sample| weights[sample] * (p[sample] - y(sample)));
        gradient[..n - 1].iter_mut().zip(&theta).for_each(|(g, w)| *g += PENALTY * w);
        let step = solve(design.curvature(|sample| weights[sample] * p[sample] * (1.0 - p[sample])), gradient);
        let shorter = (0..12).map(|halvings| 0.5_f64.powi(halvings));
        let moved = shorter.map(|share| -> Vec<f64> { theta.iter().zip(&step).map(|(t, s)| t - share * s).collect() });
        let Some(next) = moved.into_iter().find(|next| objective(next) < best - 1e-12) else { break };
        (best, theta) = (objective(&next), next);
    }
    theta
}

/// Least squares with the penalty, which lets features depend on one another.
fn least_squares(design: &Design, y: impl Fn(usize) -> f64) -> Vec<f64> {
    let (weights, bias) = (&design.weights, design.width() - 1);
    let mut curvature = design.curvature(|sample| weights[sample]);
    curvature[bias][bias] -= PENALTY; // targets may lie far from 0
    solve(curvature, design.sum(|sample| weights[sample] * y(sample)))
}

/// x of A·x = b for a positive definite A, by elimination.
pub(super) fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for pivot in 0..n {
        let of_pivot = a[pivot].clone();
        for row in pivot + 1..n {
            let factor = a[row][pivot] / of_pivot[pivot];
            a[row][pivot..].iter_mut().zip(&of_pivot[pivot..]).for_each(|(a, pivot)| *a -= factor * pivot);
            b[row] -= factor * b[pivot];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|column| a[row][column] * b[column]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, flower};
    use crate::model::Activation;

    fn of(data: &Dataset) -> Linear {
        let output = data.output();
        let network = Network::one_hidden(data.features(), 2, Activation::Tanh).unwrap();
        linear(data, &network.with_output(output, data.outputs(output).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn the_flower_is_no_linear_problem_and_two_sides_of_a_line_are() {
        let of_flower = of(&flower(400, 1).unwrap());
        assert!((0.4..0.6).contains(&of_flower.accuracy) && (0.67..0.68).contains(&of_flower.cost), "{of_flower:?}");
        let points: Vec<f64> = (0..40).map(|k| 1e5 + f64::from(k)).collect();
        let sides = Dataset::from_points("sides", None, 1, &points, (0..40).map(|k| u8::from(k > 19)).collect());
        let of_sides = of(&sides.unwrap());
        assert!(of_sides.accuracy == 1.0 && of_sides.cost < 0.1, "{of_sides:?}");
    }

    /// Two classes as a softmax are logistic regression, at half the penalty.
    #[test]
    fn softmax_regression_of_two_classes_is_logistic_regression_and_three_sectors_are_told_apart() {
        let flower = flower(400, 1).unwrap();
        let network = Network::one_hidden(2, 2, Activation::Tanh).unwrap().with_output(Output::Softmax, 2).unwrap();
        let [as_two, as_one] = [linear(&flower, &network).unwrap(), of(&flower)];
        assert!(
            (as_two.cost - as_one.cost).abs() < 1e-5 && as_two.accuracy == as_one.accuracy,
            "{as_two:?} {as_one:?}"
        );
        let angle = |k: usize| k as f64 / 90.0 * std::f64::consts::TAU;
        let points: Vec<f64> = (0..90).flat_map(|k| [angle(k).cos(), angle(k).sin()]).collect();
        let (names, labels) = (["a", "b", "c"].map(String::from), (0..90).map(|k| k / 30));
        let sectors = Dataset::from_classes("sectors", None, 2, &points, names.into(), labels.collect()).unwrap();
        let of_sectors = of(&sectors);
        assert!(of_sectors.accuracy == 1.0 && of_sectors.cost < 0.1, "{of_sectors:?}");
    }

    #[test]
    fn numbers_on_a_plane_are_met_and_each_label_has_its_own_line() {
        let points: Vec<f64> = (0..50).flat_map(|k| [f64::from(k), f64::from(k * k % 7)]).collect();
        let of_point = |x: &[f64]| [3e3 + 2.0 * x[0] - 5.0 * x[1], -x[0]];
        let numbers: Vec<f64> = points.chunks(2).flat_map(of_point).collect();
        let plane = of(&Dataset::from_numbers("plane", None, 2, &points, 2, &numbers).unwrap());
        assert!(plane.accuracy > 1.0 - 1e-6, "{plane:?}");
        let parity: Vec<f64> = points.chunks(2).map(|x| x[0] % 2.0).collect();
        let parity = of(&Dataset::from_numbers("parity", None, 2, &points, 1, &parity).unwrap());
        assert!((0.0..0.1).contains(&parity.accuracy), "{parity:?}");
        let labels: Vec<u8> = points.chunks(2).flat_map(|x| [u8::from(x[0] > 20.0), u8::from(x[1] > 2.0)]).collect();
        let labels = of(&Dataset::from_label_rows("labels", None, 2, &points, 2, &labels).unwrap());
        assert!(labels.accuracy == 1.0 && labels.cost < 0.2, "{labels:?}");
    }
}
