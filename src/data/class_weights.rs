//! Weights of classes: how much each counts, so that small ones are not drowned by large ones.

use std::fmt;
use std::str::FromStr;

use super::{Dataset, Targets};
use crate::{Error, Result};

/// How much the samples of each class count.
///
/// ```
/// use planar::data::{ClassWeights, Dataset};
/// let names = ["a", "b"].map(String::from).into();
/// let data = Dataset::from_classes("few", None, 1, &[0., 1., 2., 3.], names, vec![0, 0, 0, 1])?;
/// let weights = ClassWeights::Balanced.of(&data)?;
/// assert_eq!(weights, [4.0 / 6.0, 2.0]); // m / (K·count)
/// assert_eq!("b=3".parse::<ClassWeights>()?.of(&data)?, [1.0, 3.0]);
/// # Ok::<(), planar::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum ClassWeights {
    /// m / (K·count), of m samples in K classes: all classes count alike. It is what scikit-learn calls `balanced`.
    Balanced,
    /// Classes by name, with the weight of each; others have 1.
    Named(Vec<(String, f64)>),
}

impl ClassWeights {
    /// The weight of each class of a data set. A class without samples has 1, and does not count among the K.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the data set has no classes, or none with such a name.
    pub fn of(&self, data: &Dataset) -> Result<Vec<f64>> {
        let classes = &data.columns().classes;
        if !matches!(data.targets(), Targets::Classes(_)) {
            return Err(Error::Mismatch(format!(
                "weights of classes do not apply to {}: it has no classes",
                data.name()
            )));
        }
        match self {
            Self::Balanced => {
                let counts = data.class_counts();
                let (m, k) = (data.samples() as f64, counts.iter().filter(|count| **count > 0).count() as f64);
                Ok(counts.iter().map(|count| if *count > 0 { m / (k * *count as f64) } else { 1.0 }).collect())
            }
            Self::Named(named) => {
                if let Some((name, _)) = named.iter().find(|(name, _)| !classes.contains(name)) {
                    let there = super::table::list(classes);
                    return Err(Error::Mismatch(format!("no class is called {name}; there are {there}")));
                }
                let of =
                    |class: &String| named.iter().find(|(name, _)| name == class).map_or(1.0, |(_, weight)| *weight);
                Ok(classes.iter().map(of).collect())
            }
        }
    }
}

impl Dataset {
    /// The same samples, the weight of each multiplied by that of its class.
    ///
    /// # Errors
    /// Those of [`ClassWeights::of`], and [`Error::Invalid`] if all samples come to weigh nothing.
    pub fn with_class_weights(self, weights: &ClassWeights) -> Result<Self> {
        let of_class = weights.of(&self)?;
        let weighed = |(sample, class): (usize, &u8)| self.weight(sample) * of_class[usize::from(*class)];
        let weights = self.labels().iter().enumerate().map(weighed).collect();
        self.with_weights(weights)
    }
}

impl fmt::Display for ClassWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balanced => f.write_str("balanced"),
            Self::Named(named) => {
                let each: Vec<String> = named.iter().map(|(name, weight)| format!("{name}={weight}")).collect();
                f.write_str(&each.join(","))
            }
        }
    }
}

impl FromStr for ClassWeights {
    type Err = Error;

    /// `balanced`, or `NAME=WEIGHT` for one class or several, with commas between them.
    fn from_str(text: &str) -> Result<Self> {
        if text == "balanced" {
            return Ok(Self::Balanced);
        }
        let refuse = |wanted: &str| Error::invalid("the weights of classes", wanted, format_args!("'{text}'"));
        let mut named: Vec<(String, f64)> = Vec::new();
        for one in text.split(',') {
            let form = "balanced, or classes with their weights, as in no=1,yes=2.5";
            let (name, weight) = one.rsplit_once('=').ok_or_else(|| refuse(form))?;
            let (name, weight) = (name.trim(), weight.trim().parse::<f64>());
            let weight = weight.ok().filter(|weight| *weight >= 0.0 && (*weight as f32).is_finite());
            let weight = weight.ok_or_else(|| refuse("finite numbers of at least 0"))?;
            if named.iter().any(|(other, _)| other == name) {
                return Err(refuse("one for each class"));
            }
            named.push((name.into(), weight));
        }
        Ok(Self::Named(named))
    }
}
