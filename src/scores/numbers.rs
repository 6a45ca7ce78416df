//! How near numbers come to those that were to be learnt.

use serde::Serialize;

use super::weigh::{Weigh, check};
use crate::Result;
use crate::data::r2;

/// What predicted numbers are worth. If samples have weights, each counts as much as its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumberScores {
    /// m, the number of samples.
    pub samples: usize,
    /// 1 − ΣΣ(z − y)² / ΣΣ(y − ȳ)² over all targets, ȳ being the mean of each. If every target is the same throughout, 1
    /// where each is met, and 0 where not.
    pub r2: f64,
    /// The mean of |z − y|, over all targets.
    pub mae: f64,
    /// √ of the mean of (z − y)², the mean of which is taken over the targets.
    pub rmse: f64,
    /// Each target alone.
    pub targets: Vec<OfTarget>,
}

/// How near one target is met.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfTarget {
    /// Its name.
    pub name: String,
    /// R² of it alone.
    pub r2: f64,
    /// The mean of |z − y|.
    pub mae: f64,
    /// √ of the mean of (z − y)².
    pub rmse: f64,
}

impl NumberScores {
    /// From the names of the targets, their values, row-major (targets × samples), and what was predicted, row-major
    /// (samples × targets).
    ///
    /// # Errors
    /// [`Error::Mismatch`](crate::Error::Mismatch) if these do not belong together;
    /// [`Error::Invalid`](crate::Error::Invalid) without samples, or with a prediction that is NaN.
    ///
    /// ```
    /// let scores = planar::scores::NumberScores::new(&["y".into()], &[1., 2., 3.], &[1., 2., 4.], None)?;
    /// assert_eq!((scores.r2, scores.mae), (0.5, 1.0 / 3.0));
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn new(names: &[String], values: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Result<Self> {
        let k = names.len();
        let m = values.len() / k.max(1);
        check(m, k, predicted, weights)?;
        let weigh = Weigh(weights);
        let (mut unexplained, mut varies, mut targets) = (0.0, 0.0, Vec::with_capacity(k));
        for (target, (name, y)) in names.iter().zip(values.chunks(m)).enumerate() {
            let error = |sample: usize| predicted[sample * k + target] - y[sample];
            let mean = weigh.mean(m, |sample| y[sample]);
            let squares = weigh.sum(m, |sample| error(sample).powi(2));
            let around = weigh.sum(m, |sample| (y[sample] - mean).powi(2));
            targets.push(OfTarget {
                name: name.clone(),
                r2: r2(squares, around),
                mae: weigh.mean(m, |sample| error(sample).abs()),
                rmse: (squares / weigh.total(m)).sqrt(),
            });
            (unexplained, varies) = (unexplained + squares, varies + around);
        }
        let mean = |of: fn(&OfTarget) -> f64| targets.iter().map(of).sum::<f64>() / k as f64;
        Ok(Self {
            samples: m,
            r2: r2(unexplained, varies),
            mae: mean(|target| target.mae),
            rmse: mean(|target| target.rmse),
            targets,
        })
    }
}
