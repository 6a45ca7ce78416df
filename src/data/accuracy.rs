//! How right a network's answers are: the mean loss, and one more number for whatever was to be learnt.

use super::{Dataset, Targets};
use crate::model::Output;

impl Dataset {
    /// The mean loss of Z of a last layer, row-major (samples × outputs), over the samples' weights; NaN if some are missing.
    pub fn mean_loss(&self, output: Output, logits: &[f64]) -> f64 {
        let outputs = logits.len() / self.samples();
        if outputs == 0 {
            return f64::NAN;
        }
        let loss = |(sample, z): (usize, &[f64])| {
            let y: Vec<f64> = (0..outputs).map(|row| self.target(output, row, sample)).collect();
            output.loss(z, &y) * self.weight(sample)
        };
        logits.chunks_exact(outputs).enumerate().map(loss).sum::<f64>() / self.total_weight()
    }

    /// How good Z of a last layer is, row-major (samples × outputs): the share of samples whose class it tells, which is 1
    /// if the only logit is above 0 (that is, A2 > 0.5), or the class of the largest logit, the first of equal ones; of
    /// labels, the share that it tells; of numbers, R² = 1 − ΣΣ(z − y)² / ΣΣ(y − ȳ)², ȳ being the mean of each. Samples
    /// without logits count as missed. If samples have weights, each counts as much as its own.
    pub fn accuracy(&self, logits: &[f64]) -> f64 {
        let m = self.samples();
        let k = (logits.len() / m).max(1);
        let hits = |right: &dyn Fn(usize, &[f64]) -> f64| {
            let each = logits.chunks(k).take(m).enumerate();
            each.map(|(sample, z)| self.weight(sample) * right(sample, z)).sum::<f64>() / self.total_weight()
        };
        match self.targets() {
            Targets::Classes(labels) if k == 1 => hits(&|sample, z| f64::from((z[0] > 0.0) == (labels[sample] == 1))),
            Targets::Classes(labels) => hits(&|sample, z| f64::from(largest(z) == usize::from(labels[sample]))),
            Targets::Labels { values, outputs } => hits(&|sample, z| {
                let is_told = |row: &usize| z.get(*row).is_some_and(|z| (*z > 0.0) == (values[row * m + sample] == 1));
                (0..*outputs).filter(is_told).count() as f64 / *outputs as f64
            }),
            Targets::Numbers { values, .. } => self.r2(values, k, logits),
        }
    }

    /// 1 − ΣΣ(z − y)² / ΣΣ(y − ȳ)².
    fn r2(&self, values: &[f64], k: usize, logits: &[f64]) -> f64 {
        let m = self.samples();
        let (mut unexplained, mut varies) = (0.0, 0.0);
        for (row, y) in values.chunks(m).enumerate() {
            let sum = |f: &dyn Fn(usize) -> f64| (0..m).map(|sample| self.weight(sample) * f(sample)).sum::<f64>();
            let mean = sum(&|sample| y[sample]) / self.total_weight();
            let z = |sample: usize| logits.get(sample * k + row).copied().unwrap_or(f64::NAN);
            unexplained += sum(&|sample| (z(sample) - y[sample]).powi(2));
            varies += sum(&|sample| (y[sample] - mean).powi(2));
        }
        r2(unexplained, varies)
    }

    /// How much a sample counts: 1 if nothing else is said.
    pub(crate) fn weight(&self, sample: usize) -> f64 {
        self.weights().map_or(1.0, |weights| weights[sample])
    }
}

/// R² = 1 − Σ(z − y)² / Σ(y − ȳ)² from the two sums; if y does not vary, 1 where it is met, and 0 where not.
pub(crate) fn r2(unexplained: f64, varies: f64) -> f64 {
    if varies > 0.0 { 1.0 - unexplained / varies } else { f64::from(unexplained == 0.0) }
}

/// The place of the largest number, the first of equal ones.
pub(crate) fn largest(numbers: &[f64]) -> usize {
    (1..numbers.len()).fold(0, |best, at| if numbers[at] > numbers[best] { at } else { best })
}
