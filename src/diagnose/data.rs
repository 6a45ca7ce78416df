//! What the samples alone tell: features that no start suits, classes, and labels that contradict each other.

use std::collections::HashMap;

use serde::Serialize;

use crate::data::{Dataset, Targets};

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
    /// The share of the largest class: the accuracy of the best constant.
    pub largest_share: f64,
    /// The cost of the best constant: −Σ p·ln p over the two classes.
    pub constant_cost: f64,
    /// The accuracy that no network can pass: the larger class of each point.
    pub ceiling: f64,
    /// The cost that no network can go below: that of each point's share of class 1.
    pub floor: f64,
    /// Samples at points that have both labels.
    pub contradicting: usize,
    /// Features that are not as gradient descent wants them; a constant one among others does no harm.
    pub faults: Vec<FeatureFault>,
    /// Whether no feature varies at all.
    pub is_constant: bool,
}

/// −p·ln p − (1 − p)·ln(1 − p): the least cost where a share p is of class 1.
pub(super) fn entropy(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    term(p) + term(1.0 - p)
}

/// The least cost where samples are of classes in these numbers.
fn entropy_of(counts: &[usize]) -> f64 {
    let all = counts.iter().sum::<usize>() as f64;
    if let [_, ones] = counts {
        return entropy(*ones as f64 / all);
    }
    let share = |count: &usize| *count as f64 / all;
    counts.iter().map(share).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum()
}

/// The cost of the best answer that is the same for all samples.
fn constant_cost(data: &Dataset) -> f64 {
    let m = data.samples() as f64;
    match data.targets() {
        Targets::Classes(_) => entropy_of(&data.class_counts()),
        Targets::Labels { values, .. } => {
            let share = |row: &[u8]| row.iter().filter(|label| **label == 1).count() as f64 / m;
            values.chunks(data.samples()).map(share).map(entropy).sum()
        }
        Targets::Numbers { values, .. } => {
            let spread = |row: &[f64]| {
                let mean = row.iter().sum::<f64>() / m;
                row.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / m
            };
            0.5 * values.chunks(data.samples()).map(spread).sum::<f64>()
        }
    }
}

impl DataLook {
    pub(super) fn new(data: &Dataset) -> Self {
        let m = data.samples() as f64;
        let mut points = HashMap::<Vec<u64>, Vec<usize>>::new();
        let counts = data.class_counts();
        for (sample, label) in data.labels().iter().enumerate() {
            // −0 is 0
            let point = data.point(sample).map(|x| (x + 0.0).to_bits()).collect();
            points.entry(point).or_insert_with(|| vec![0; counts.len()])[usize::from(*label)] += 1;
        }
        let several = || points.values().filter(|counts| counts.iter().filter(|count| **count > 0).count() > 1);
        let most = |counts: &[usize]| counts.iter().copied().max().unwrap_or(0);
        let all = |counts: &[usize]| counts.iter().sum::<usize>();
        let lost: usize = several().map(|counts| all(counts) - most(counts)).sum();
        let floor = several().map(|counts| all(counts) as f64 / m * entropy_of(counts));
        let faults = faults(data);
        let constant = faults.iter().filter(|fault| fault.fault == Fault::Constant).count();
        Self {
            largest_share: most(&counts) as f64 / m,
            constant_cost: constant_cost(data),
            ceiling: 1.0 - lost as f64 / m,
            floor: floor.sum(),
            contradicting: several().map(|counts| all(counts)).sum(),
            is_constant: constant == data.features(),
            faults,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn look(points: &[f64], labels: &[u8]) -> DataLook {
        let features = points.len() / labels.len();
        DataLook::new(&Dataset::from_points("any", None, features, points, labels.to_vec()).unwrap())
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
