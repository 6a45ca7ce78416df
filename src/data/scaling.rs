//! Scaling: x′ = (x − offset)·factor per feature, from the training samples alone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::table::Notice;
use super::{Dataset, Targets};
use crate::{Error, Result};

// Where the default training (tanh, four units, weights of 0.01, rate 1.2) still learns two classes that are easy to tell
// apart, of 200 samples in 2 to 8 dimensions: with deviations of 0.1 to 8 around 0, and of 1 around a mean of length 4.
// Beyond these bounds its accuracy falls, in the end to the share of the largest class.

/// The most that the root mean square of a feature may be: logits saturate in the first updates, and gradients vanish.
const LARGE: f64 = 10.0;
/// The longest that the mean may be, over the features that lie to one side of 0: all that a unit sees of them is where
/// they lie.
const FAR: f64 = 4.0;
/// How many deviations from 0 a mean is to one side.
const ASIDE: f64 = 1.25;
/// The deviation up to which features are too small to move small weights within a run.
const SMALL: f64 = 0.03;

/// How the features of a data set are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// [`Standard`](Self::Standard) for a file whose features would otherwise stop this network, else
    /// [`None`](Self::None); a generated set is not scaled.
    Auto,
    /// Mean 0 and standard deviation 1.
    Standard,
    /// From 0 to 1.
    MinMax,
    /// As they are.
    #[default]
    None,
}

impl Scale {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Standard, Self::MinMax, Self::None];

    /// `auto`, `standard`, `minmax` or `none`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Standard => "standard",
            Self::MinMax => "minmax",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scale {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let named = Self::ALL.into_iter().find(|scale| scale.name() == text);
        named.ok_or_else(|| Error::invalid("the scaling", "auto, standard, minmax or none", format_args!("'{text}'")))
    }
}

/// What a feature's values are like.
struct Spread {
    mean: f64,
    /// √(Σ(x − mean)²/m)
    deviation: f64,
    low: f64,
    high: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let m = values.len() as f64;
        let mean = values.iter().sum::<f64>() / m;
        let deviation = (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / m).sqrt();
        let (low, high) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
        Self { mean, deviation, low, high }
    }

    fn is_large(&self) -> bool {
        self.mean.hypot(self.deviation) > LARGE
    }

    fn is_aside(&self) -> bool {
        self.mean.abs() > ASIDE * self.deviation
    }

    /// The value that is furthest from 0.
    fn furthest(&self) -> f64 {
        if self.high.abs() >= self.low.abs() { self.high } else { self.low }
    }
}

/// Why features would stop this network, if they would: the first or worst of them, what it does, and how many more do.
fn stops(spreads: &[Spread]) -> Option<(usize, String, usize)> {
    let of = |is: fn(&Spread) -> bool| -> Vec<usize> { (0..spreads.len()).filter(|k| is(&spreads[*k])).collect() };
    let large = of(Spread::is_large);
    if let Some(first) = large.first() {
        return Some((*first, format!("reaches {}", short(spreads[*first].furthest())), large.len() - 1));
    }
    let aside = of(Spread::is_aside);
    let furthest = aside.iter().max_by(|a, b| spreads[**a].mean.abs().total_cmp(&spreads[**b].mean.abs()));
    let length = aside.iter().map(|k| spreads[*k].mean.powi(2)).sum::<f64>().sqrt();
    if let Some(worst) = furthest.filter(|_| length > FAR) {
        let Spread { mean, deviation, .. } = &spreads[*worst];
        let why = format!("lies around {}, give or take {}", short(*mean), short(*deviation));
        return Some((*worst, why, aside.len() - 1));
    }
    let are_small = spreads.iter().all(|of| of.deviation < SMALL && of.deviation > 0.0);
    are_small.then(|| (0, format!("varies by no more than {}", short(spreads[0].deviation)), spreads.len() - 1))
}

impl Dataset {
    /// The same samples with their features scaled by what these very samples are like.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a scaled feature leaves the range of `f32`.
    ///
    /// ```
    /// use planar::data::{Dataset, Scale};
    /// let data = Dataset::from_points("two", None, 1, &[1.0, 5.0], vec![0, 1])?.scaled(Scale::Standard)?;
    /// assert_eq!(data.inputs(), [-1.0, 1.0]);
    /// assert_eq!((data.columns().features[0].offset, data.columns().features[0].factor), (3.0, 0.5));
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn scaled(self, scale: Scale) -> Result<Self> {
        let (scale, factors, _) = self.scaling(scale);
        if scale == Scale::None { Ok(self) } else { self.with_scaling(scale, &factors) }
    }

    /// The offset and the factor of each number to be learnt that scale this data set; none of other targets.
    pub(crate) fn target_scaling(&self, scale: Scale) -> Vec<(f64, f64)> {
        let Targets::Numbers { values, .. } = self.targets() else { return Vec::new() };
        let spreads = values.chunks(self.samples()).map(Spread::of);
        let of = |of: Spread| match scale {
            Scale::Standard | Scale::Auto => (of.mean, factor(of.deviation)),
            Scale::MinMax => (of.low, factor(of.high - of.low)),
            Scale::None => (0.0, 1.0),
        };
        spreads.map(of).collect()
    }

    /// The offset and the factor of each feature that scale this data set, and a notice if `auto` decided so.
    pub(crate) fn scaling(&self, scale: Scale) -> (Scale, Vec<(f64, f64)>, Option<Notice>) {
        let m = self.samples();
        let spreads: Vec<Spread> = self.inputs().chunks(m).map(Spread::of).collect();
        let standard = || spreads.iter().map(|of| (of.mean, factor(of.deviation))).collect();
        match scale {
            Scale::None => (Scale::None, Vec::new(), None),
            Scale::Standard => (Scale::Standard, standard(), None),
            Scale::MinMax => {
                (Scale::MinMax, spreads.iter().map(|of| (of.low, factor(of.high - of.low))).collect(), None)
            }
            Scale::Auto => match stops(&spreads) {
                Some((feature, why, others)) => {
                    let feature = self.columns().features[feature].name.clone();
                    (Scale::Standard, standard(), Some(Notice::Scaled { feature, why, others }))
                }
                None => (Scale::None, Vec::new(), None),
            },
        }
    }
}

/// 1 / width, or 1 of what does not vary.
fn factor(width: f64) -> f64 {
    if width > 0.0 && (1.0 / width).is_finite() { 1.0 / width } else { 1.0 }
}

/// A number in three digits.
fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.2e}").parse().unwrap_or(number);
    if rounded != 0.0 && !(1e-4..1e9).contains(&rounded.abs()) { format!("{rounded:e}") } else { rounded.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(points: &[f64], scale: Scale) -> (Scale, Vec<(f64, f64)>, Option<String>) {
        let labels = vec![0; points.len() / 2];
        let data = Dataset::from_points("any", None, 2, points, labels).unwrap();
        let (scale, factors, notice) = data.scaling(scale);
        (scale, factors, notice.map(|notice| notice.to_string()))
    }

    #[test]
    fn standard_gives_mean_0_and_deviation_1_and_minmax_goes_from_0_to_1() {
        let points = [1.0, 10.0, 3.0, 40.0, 5.0, 10.0];
        let data = Dataset::from_points("any", None, 2, &points, vec![0, 1, 0]).unwrap();
        let (scale, factors, _) = data.scaling(Scale::Standard);
        let standard = data.with_scaling(scale, &factors).unwrap();
        for values in standard.inputs().chunks(3) {
            let Spread { mean, deviation, .. } = Spread::of(values);
            assert!(mean.abs() < 1e-15 && (deviation - 1.0).abs() < 1e-15, "{mean} {deviation}");
        }
        let (scale, factors, _) = data.scaling(Scale::MinMax);
        let minmax = data.with_scaling(scale, &factors).unwrap();
        assert_eq!(minmax.inputs(), [0.0, 0.5, 1.0, 0.0, 1.0, 0.0]);
        for (feature, (scaled, own)) in
            minmax.columns().features.iter().zip(minmax.inputs().chunks(3).zip(data.inputs().chunks(3)))
        {
            assert!(scaled.iter().zip(own).all(|(scaled, own)| (feature.unscaled(*scaled) - own).abs() < 1e-12));
        }
    }

    #[test]
    fn auto_scales_what_is_large_far_from_0_or_small_and_nothing_else() {
        let near = [1.0, -2.0, -1.5, 0.5, 0.5, 1.5];
        assert_eq!(scaled(&near, Scale::Auto), (Scale::None, Vec::new(), None));
        for (points, why) in [
            (near.map(|x| 20.0 * x), "x1 reaches -30, and 1 other is like it"),
            (near.map(|x| x + 5.0), "x2 lies around 5, give or take 1.47, and 1 other is like it"),
            (near.map(|x| 0.01 * x), "x1 varies by no more than 0.0108, and 1 other is like it"),
        ] {
            let (scale, factors, notice) = scaled(&points, Scale::Auto);
            assert_eq!(notice.as_deref(), Some(format!("features are standardised, since {why}").as_str()));
            assert_eq!((scale, factors), (Scale::Standard, scaled(&points, Scale::Standard).1));
        }
    }

    #[test]
    fn a_feature_of_one_value_is_moved_and_not_divided_by_0() {
        for scale in [Scale::Standard, Scale::MinMax] {
            assert_eq!(scaled(&[7.0, 1.0, 7.0, 2.0], scale).1[0], (7.0, 1.0));
        }
    }
}
