//! A fit without a hidden layer: logistic regression by Newton's method.

use crate::data::Dataset;
use crate::model::activation::sigmoid;

/// Newton steps; the loss is convex and smooth, so they converge quadratically.
const STEPS: usize = 25;

/// The accuracy of logistic regression with scikit-learn's default penalty, ½‖w‖² added to the summed loss (C = 1),
/// with a free intercept.
///
/// ```
/// use planar::data::flower;
/// assert_eq!((100.0 * planar::reproduce::logistic_accuracy(&flower(400, 1)?)).round(), 47.0);
/// # Ok::<(), planar::Error>(())
/// ```
pub fn logistic_accuracy(data: &Dataset) -> f64 {
    let n = data.features() + 1;
    let row = |sample: usize| -> Vec<f64> { data.point(sample).chain([1.0]).collect() };
    let mut theta = vec![0.0; n];
    let logit = |theta: &[f64], x: &[f64]| theta.iter().zip(x).map(|(t, x)| t * x).sum::<f64>();
    for _ in 0..STEPS {
        let mut gradient: Vec<f64> = theta.clone();
        let mut hessian = vec![vec![0.0; n]; n];
        (0..n - 1).for_each(|i| hessian[i][i] = 1.0);
        gradient[n - 1] = 0.0;
        for sample in 0..data.samples() {
            let x = row(sample);
            let p = sigmoid(logit(&theta, &x));
            for i in 0..n {
                gradient[i] += (p - f64::from(data.labels()[sample])) * x[i];
                for j in 0..n {
                    hessian[i][j] += p * (1.0 - p) * x[i] * x[j];
                }
            }
        }
        theta.iter_mut().zip(solve(hessian, gradient)).for_each(|(theta, step)| *theta -= step);
    }
    let logits: Vec<f64> = (0..data.samples()).map(|sample| logit(&theta, &row(sample))).collect();
    data.accuracy(&logits)
}

/// x of A·x = b for a positive definite A, by elimination.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for pivot in 0..n {
        for row in pivot + 1..n {
            let factor = a[row][pivot] / a[pivot][pivot];
            let of_pivot = a[pivot].clone();
            a[row].iter_mut().zip(of_pivot).for_each(|(a, pivot)| *a -= factor * pivot);
            b[row] -= factor * b[pivot];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|column| a[row][column] * b[column]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    b
}
