//! Softmax regression, for the best that a linear model does on several classes.

use super::linear::{Design, MOST_WORK, PENALTY, logit, penalty, solve};
use crate::model::Output;

/// Steps.
const STEPS: usize = 200;
/// A step that lowers the cost by less than this share of it is the last.
const STILL: f64 = 1e-7;

/// Weights and bias of each class; none if that is too much work.
///
/// The curvature of the cost is never more than ½·Σ x·xᵀ in each class (Böhning, 1992), so that Θ − (½·Σ x·xᵀ)⁻¹·dΘ always
/// lowers it. Nesterov's momentum speeds that up, and begins anew where the cost rises.
pub(super) fn softmax(design: &Design, classes: usize, labels: &[u8]) -> Option<Vec<Vec<f64>>> {
    let (m, n) = (design.rows.len(), design.width());
    if m.saturating_mul(n).saturating_mul(classes).saturating_mul(STEPS) > 8 * MOST_WORK {
        return None;
    }
    let bound = design.curvature(|sample| 0.5 * design.weights[sample]);
    let mut theta = vec![vec![0.0; n]; classes];
    let (mut ahead, mut lowest, mut momentum) = (theta.clone(), cost(design, &theta, labels), 1.0_f64);
    for _ in 0..STEPS {
        let gradients = gradients(design, &ahead, labels);
        let step = |(v, gradient): (&Vec<f64>, Vec<f64>)| -> Vec<f64> {
            v.iter().zip(solve(bound.clone(), gradient)).map(|(v, s)| v - s).collect()
        };
        let next: Vec<Vec<f64>> = ahead.iter().zip(gradients).map(step).collect();
        let reached = cost(design, &next, labels);
        if reached > lowest {
            if momentum == 1.0 {
                break;
            }
            (ahead, momentum) = (theta.clone(), 1.0);
            continue;
        }
        let following = 0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt());
        let share = (momentum - 1.0) / following;
        let beyond = |(next, last): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
            next.iter().zip(last).map(|(next, last)| next + share * (next - last)).collect()
        };
        ahead = next.iter().zip(&theta).map(beyond).collect();
        let is_still = lowest - reached < STILL * lowest;
        (theta, lowest, momentum) = (next, reached, following);
        if is_still {
            break;
        }
    }
    Some(theta)
}

/// Θ·x of one sample.
fn logits(theta: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    theta.iter().map(|theta| logit(theta, x)).collect()
}

/// 1 for the class of the sample, else 0.
fn indicator(classes: usize, label: u8) -> Vec<f64> {
    (0..classes).map(|class| f64::from(class == usize::from(label))).collect()
}

fn cost(design: &Design, theta: &[Vec<f64>], labels: &[u8]) -> f64 {
    let loss = |(sample, x): (usize, &Vec<f64>)| {
        let y = indicator(theta.len(), labels[sample]);
        design.weights[sample] * Output::Softmax.loss(&logits(theta, x), &y)
    };
    let losses: f64 = design.rows.iter().enumerate().map(loss).sum();
    losses + theta.iter().map(|theta| penalty(theta)).sum::<f64>()
}

/// dΘ of the cost: Σ (prediction − y)·x, and that of the penalty.
fn gradients(design: &Design, theta: &[Vec<f64>], labels: &[u8]) -> Vec<Vec<f64>> {
    let delta = |(sample, x): (usize, &Vec<f64>)| {
        Output::Softmax.delta(&logits(theta, x), &indicator(theta.len(), labels[sample]))
    };
    let deltas: Vec<Vec<f64>> = design.rows.iter().enumerate().map(delta).collect();
    let of_class = |(class, theta): (usize, &Vec<f64>)| {
        let mut gradient = design.sum(|sample| design.weights[sample] * deltas[sample][class]);
        let weights = theta.len() - 1;
        gradient[..weights].iter_mut().zip(theta).for_each(|(gradient, w)| *gradient += PENALTY * w);
        gradient
    };
    theta.iter().enumerate().map(of_class).collect()
}
