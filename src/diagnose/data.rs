//! What the samples alone tell: features that no start suits, classes, and labels that contradict each other.

use serde::Serialize;

use crate::data::{Dataset, Targets};
use crate::model::{Network, Output};

/// The most that the root mean square of a feature may be: beyond, weights of any usual size saturate.
const LARGE: f64 = 10.0;
/// The least that the largest deviation of all features may be, for weights of a usual size and rate to move.
const TINY: f64 = 0.1;
/// How many deviations a mean may be from 0, and how far in all: beyond, all that a unit sees is where the samples lie.
const ASIDE: f64 = 3.0;
const FAR: f64 = 2.0;
/// The largest ratio of two features' deviations for which one learning rate suits both.
const UNEQUAL: f64 = 30.0;

/// What is wrong with a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// It counts the samples.
    Index,
    /// It has one value.
    Constant,
    /// Its root mean square is above 10.
    Large,
    /// It varies by less than 0.1, as all others do.
    Tiny,
    /// It lies on one side of 0.
    Offset,
    /// It varies by less than a thirtieth of what another does.
    Unequal,
}

/// A feature that is not as gradient descent wants it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FeatureFault {
    /// Its name.
    pub feature: String,
    /// What is wrong.
    pub fault: Fault,
    /// The mean over the samples.
    pub mean: f64,
    /// √(Σ(x − mean)²/m).
    pub deviation: f64,
}

/// What the samples alone tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataLook {
    /// The accuracy of the best constant: the share of the largest class; of labels, the mean over them; of numbers 0,
    /// their R².
    pub largest_share: f64,
    /// The cost of the best constant, such as −Σ p·ln p over the classes; of numbers, half their variance.
    pub constant_cost: f64,
    /// The cost of a network whose outputs are 0.
    #[serde(skip)]
    pub idle_cost: f64,
    /// The accuracy that no network can pass: the best answer to each point.
    pub ceiling: f64,
    /// The cost that no network can go below: that of the best answer to each point.
    pub floor: f64,
    /// Samples at points that have several labels.
    pub contradicting: usize,
    /// Features that are not as gradient descent wants them; a constant one among others does no harm.
    pub faults: Vec<FeatureFault>,
    /// Targets that are large: numbers whose root mean square is above 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_faults: Vec<FeatureFault>,
    /// Whether no feature varies at all.
    pub is_constant: bool,
    #[serde(skip)]
    features: usize,
}

/// −p·ln p − (1 − p)·ln(1 − p): the least cost where a share p is of class 1.
pub(super) fn entropy(p: f64) -> f64 {
    information(p) + information(1.0 - p)
}

/// −p·ln p.
fn information(p: f64) -> f64 {
    if p > 0.0 { -p * p.ln() } else { 0.0 }
}

/// The best answer that is the same for some samples.
struct Answer {
    /// How much the samples count.
    weight: f64,
    /// Their mean loss.
    cost: f64,
    /// The share that it gets right; of numbers 0.
    right: f64,
}

impl Answer {
    /// The shares p of the classes cost −Σ p·ln p, the mean of numbers costs half their variance.
    fn to(samples: &[usize], data: &Dataset, network: &Network) -> Self {
        let (output, weight_of) = (network.output(), |sample: &usize| data.weight(*sample));
        let weight: f64 = samples.iter().map(weight_of).sum();
        if weight <= 0.0 {
            return Self { weight: 0.0, cost: 0.0, right: 0.0 };
        }
        let mean = |of: &dyn Fn(usize) -> f64| samples.iter().map(|s| weight_of(s) * of(*s)).sum::<f64>() / weight;
        let means: Vec<f64> = (0..network.outputs()).map(|row| mean(&|s| data.target(output, row, s))).collect();
        let costs = means.iter().enumerate().map(|(row, y)| match output {
            Output::Logistic => entropy(*y),
            Output::Softmax => information(*y),
            Output::Squares => 0.5 * mean(&|s| (data.target(output, row, s) - y).powi(2)),
        });
        let cost = costs.sum();
        let right = match data.targets() {
            Targets::Numbers { .. } => 0.0,
            _ if output == Output::Softmax => means.iter().copied().fold(0.0, f64::max),
            _ => means.iter().map(|p| p.max(1.0 - p)).sum::<f64>() / means.len() as f64,
        };
        Self { weight, cost, right }
    }
}

/// The samples of each point, −0 being 0.
fn points(data: &Dataset) -> Vec<Vec<usize>> {
    let point = |sample: &usize| data.point(*sample).map(|x| (x + 0.0).to_bits());
    let mut order: Vec<usize> = (0..data.samples()).collect();
    order.sort_by(|a, b| point(a).cmp(point(b)));
    order.chunk_by(|a, b| point(a).eq(point(b))).map(<[usize]>::to_vec).collect()
}

impl DataLook {
    pub(super) fn new(data: &Dataset, network: &Network) -> Self {
        let all: Vec<usize> = (0..data.samples()).collect();
        let constant = Answer::to(&all, data, network);
        let (mut floor, mut lost, mut contradicting) = (0.0, 0.0, 0);
        for samples in points(data).iter().filter(|samples| samples.len() > 1) {
            let best = Answer::to(samples, data, network);
            if best.cost > 0.0 {
                floor += best.weight / constant.weight * best.cost;
                lost += best.weight / constant.weight * (1.0 - best.right);
                contradicting += samples.len();
            }
        }
        let are_numbers = data.targets().are_numbers();
        if are_numbers {
            // of R², what varies at one point is lost
            lost = if floor > 0.0 { floor / constant.cost } else { 0.0 };
        }
        let faults = faults(data);
        let constant_features = faults.iter().filter(|fault| fault.fault == Fault::Constant).count();
        Self {
            largest_share: constant.right,
            constant_cost: constant.cost,
            idle_cost: data.mean_loss(network.output(), &vec![0.0; data.samples() * network.outputs()]),
            ceiling: 1.0 - lost,
            floor,
            contradicting,
            is_constant: constant_features == data.features(),
            target_faults: target_faults(data),
            features: data.features(),
            faults,
        }
    }

    /// Whether all that is wrong with the features is that fewer than half of them vary less than others: that slows a
    /// training down, and drives none too far.
    pub(super) fn is_harmless_to_steps(&self) -> bool {
        let varying = || self.faults.iter().filter(|fault| fault.fault != Fault::Constant);
        varying().all(|fault| fault.fault == Fault::Unequal) && 2 * varying().count() < self.features
    }

    /// Whether standardising could help.
    pub(super) fn is_badly_scaled(&self) -> bool {
        self.faults.iter().any(|fault| fault.fault != Fault::Constant)
    }
}

/// x: mean and deviation.
fn spread(values: &[f64]) -> (f64, f64) {
    let m = values.len() as f64;
    let mean = values.iter().sum::<f64>() / m;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / m).sqrt())
}

fn faults(data: &Dataset) -> Vec<FeatureFault> {
    let rows = || data.inputs().chunks_exact(data.samples());
    let spreads: Vec<(f64, f64)> = rows().map(spread).collect();
    let is_constant = |(mean, deviation): (f64, f64)| deviation <= 1e-12 * mean.abs();
    let varying = || spreads.iter().filter(|spread| !is_constant(**spread)).map(|(_, deviation)| *deviation);
    let widest = varying().fold(0.0, f64::max);
    let aside = |(mean, deviation): (f64, f64)| mean.abs() > ASIDE * deviation;
    let far = spreads.iter().filter(|spread| aside(**spread)).map(|(mean, _)| mean * mean).sum::<f64>().sqrt();
    let of = |(row, (mean, deviation)): (&[f64], (f64, f64))| {
        let is_index = row.len() > 9 && row.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
        match () {
            () if is_index => Some(Fault::Index),
            () if mean.hypot(deviation) > LARGE => Some(Fault::Large),
            () if is_constant((mean, deviation)) => Some(Fault::Constant),
            () if aside((mean, deviation)) && far > FAR => Some(Fault::Offset),
            () if widest < TINY => Some(Fault::Tiny),
            () if deviation * UNEQUAL < widest => Some(Fault::Unequal),
            () => None,
        }
    };
    let names = data.columns().features.iter().map(|feature| feature.name.clone());
    let each = rows().zip(spreads.iter().copied()).map(of);
    names
        .zip(each)
        .zip(&spreads)
        .filter_map(|((feature, fault), (mean, deviation))| {
            fault.map(|fault| FeatureFault { feature, fault, mean: *mean, deviation: *deviation })
        })
        .collect()
}

/// Numbers that are so large that their errors, which the gradient consists of, drive any usual step too far.
fn target_faults(data: &Dataset) -> Vec<FeatureFault> {
    let Targets::Numbers { values, .. } = data.targets() else { return Vec::new() };
    let names = data.columns().targets.iter().map(|target| target.name.clone());
    let spreads = values.chunks_exact(data.samples()).map(spread);
    let of = |(feature, (mean, deviation)): (String, (f64, f64))| FeatureFault {
        feature,
        fault: Fault::Large,
        mean,
        deviation,
    };
    names.zip(spreads).filter(|(_, (mean, deviation))| mean.hypot(*deviation) > LARGE).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(points: &[f64], labels: &[u8]) -> DataLook {
        let data = Dataset::from_points("any", None, points.len() / labels.len(), points, labels.to_vec()).unwrap();
        DataLook::new(&data, &Network::one_hidden(data.features(), 2, crate::model::Activation::Tanh).unwrap())
    }

    #[test]
    fn contradicting_samples_bound_the_accuracy_and_the_cost() {
        // three at 0 with labels 0, 0, 1; one at 1
        let seen = look(&[0.0, -0.0, 0.0, 1.0], &[0, 0, 1, 1]);
        assert_eq!((seen.contradicting, seen.ceiling, seen.largest_share), (3, 0.75, 0.5));
        assert!((seen.floor - 0.75 * entropy(1.0 / 3.0)).abs() < 1e-15);
        assert!((seen.constant_cost - std::f64::consts::LN_2).abs() < 1e-15);
    }

    #[test]
    fn each_fault_of_a_feature_has_its_name() {
        let wave: Vec<f64> = (0..20).map(|k| f64::from(k % 5) - 2.0).collect();
        let labels: Vec<u8> = (0..20).map(|k| k % 2).collect();
        let of = |second: &dyn Fn(usize) -> f64| {
            let points: Vec<f64> = (0..20).flat_map(|k| [wave[k], second(k)]).collect();
            look(&points, &labels).faults.iter().map(|fault| fault.fault).collect::<Vec<_>>()
        };
        assert_eq!(of(&|k| wave[(k + 1) % 5]), []);
        assert_eq!(of(&|k| 100.0 * wave[(k + 1) % 5]), [Fault::Unequal, Fault::Large]);
        assert_eq!(of(&|k| wave[(k + 1) % 5] + 8.0), [Fault::Offset]);
        assert_eq!(of(&|k| 0.01 * wave[(k + 1) % 5]), [Fault::Unequal]);
        assert_eq!(of(&|_| 1.0), [Fault::Constant]);
        assert_eq!(of(&|k| k as f64)[0], Fault::Index);
        let tiny: Vec<f64> = (0..20).map(|k| 0.01 * wave[k]).collect();
        assert_eq!(look(&tiny, &labels).faults[0].fault, Fault::Tiny);
        assert!(look(&[3.0; 20], &labels).is_constant);
    }
}
