//! What a linear model reaches: logistic regression, in `f64`.

use serde::Serialize;

use super::standard::factors;
use crate::data::Dataset;
use crate::model::activation::sigmoid;
use crate::model::loss::logit_loss;

/// The penalty ½λ‖w‖² on the mean loss: it keeps the weights of separable classes finite.
const PENALTY: f64 = 1e-4;
/// Newton steps.
const STEPS: usize = 30;
/// The most multiply-adds of a Newton step.
const MOST_WORK: usize = 1 << 26;

/// What logistic regression reaches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Linear {
    /// The mean loss.
    pub cost: f64,
    /// The share of samples classified correctly.
    pub accuracy: f64,
}

/// Logistic regression on standardised features by Newton's method, each step halved until the cost falls; none if the
/// data are too large for it.
pub(super) fn linear(data: &Dataset) -> Option<Linear> {
    let (m, n) = (data.samples(), data.features() + 1);
    if m.saturating_mul(n).saturating_mul(n) > MOST_WORK {
        return None;
    }
    let factors = factors(data);
    let row = |sample: usize| -> Vec<f64> {
        data.point(sample).zip(&factors).map(|(x, (offset, factor))| (x - offset) * factor).chain([1.0]).collect()
    };
    let rows: Vec<Vec<f64>> = (0..m).map(row).collect();
    let logit = |theta: &[f64], x: &[f64]| theta.iter().zip(x).map(|(t, x)| t * x).sum::<f64>();
    let loss = |theta: &[f64]| -> f64 {
        let of = |(x, label): (&Vec<f64>, &u8)| logit_loss(logit(theta, x), f64::from(*label));
        rows.iter().zip(data.labels()).map(of).sum::<f64>() / m as f64
    };
    let objective = |theta: &[f64]| loss(theta) + 0.5 * PENALTY * theta[..n - 1].iter().map(|w| w * w).sum::<f64>();
    let mut theta = vec![0.0; n];
    let mut best = objective(&theta);
    for _ in 0..STEPS {
        let mut gradient: Vec<f64> = theta.iter().map(|w| PENALTY * w).collect();
        gradient[n - 1] = 0.0;
        let mut hessian = vec![vec![0.0; n]; n];
        (0..n).for_each(|i| hessian[i][i] = PENALTY);
        for (x, label) in rows.iter().zip(data.labels()) {
            let p = sigmoid(logit(&theta, x));
            let (error, curvature) = ((p - f64::from(*label)) / m as f64, p * (1.0 - p) / m as f64);
            for i in 0..n {
                gradient[i] += error * x[i];
                let scaled = curvature * x[i];
                hessian[i].iter_mut().zip(x).for_each(|(h, x)| *h += scaled * x);
            }
        }
        let step = solve(hessian, gradient);
        let shorter = (0..12).map(|halvings| 0.5_f64.powi(halvings));
        let moved = shorter.map(|share| -> Vec<f64> { theta.iter().zip(&step).map(|(t, s)| t - share * s).collect() });
        let Some(next) = moved.into_iter().find(|next| objective(next) < best - 1e-12) else { break };
        (best, theta) = (objective(&next), next);
    }
    let logits: Vec<f64> = rows.iter().map(|x| logit(&theta, x)).collect();
    Some(Linear { cost: loss(&theta), accuracy: data.accuracy(&logits) })
}

/// x of A·x = b for a positive definite A, by elimination.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for pivot in 0..n {
        let of_pivot = a[pivot].clone();
        for row in pivot + 1..n {
            let factor = a[row][pivot] / of_pivot[pivot];
            a[row].iter_mut().zip(&of_pivot).for_each(|(a, pivot)| *a -= factor * pivot);
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
    use crate::data::flower;

    #[test]
    fn the_flower_is_no_linear_problem_and_two_sides_of_a_line_are() {
        let of_flower = linear(&flower(400, 1).unwrap()).unwrap();
        assert!((0.4..0.6).contains(&of_flower.accuracy) && (0.67..0.68).contains(&of_flower.cost), "{of_flower:?}");
        let points: Vec<f64> = (0..40).map(|k| 1e5 + f64::from(k)).collect();
        let sides = Dataset::from_points("sides", None, 1, &points, (0..40).map(|k| u8::from(k > 19)).collect());
        let of_sides = linear(&sides.unwrap()).unwrap();
        assert!(of_sides.accuracy == 1.0 && of_sides.cost < 0.1, "{of_sides:?}");
    }
}
