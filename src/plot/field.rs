//! What a network says over the plane of two features: one of two classes, one of several, or a number.

use plotters::style::RGBColor;

use super::colour;
use super::contour::zero_lines;
use crate::cpu::logits_at;
use crate::data::{Dataset, Targets};
use crate::model::activation::sigmoid;
use crate::model::{Network, Output, Parameters};
use crate::{Error, Result};

/// What the values of a [`Field`] mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// The logit of class 1.
    TwoClasses,
    /// The logits of this many classes.
    Classes(usize),
    /// A number in the target's own unit; those of the samples are between these two.
    Number { low: f64, high: f64 },
}

impl Meaning {
    /// What a network says of the samples of these data sets.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for several numbers or labels, which no single picture shows.
    pub fn of<'a>(network: &Network, all: impl Iterator<Item = &'a Dataset> + Clone) -> Result<Self> {
        match (network.output(), network.outputs()) {
            (Output::Logistic, 1) | (Output::Softmax, 2) => Ok(Self::TwoClasses),
            (Output::Softmax, classes) => Ok(Self::Classes(classes)),
            (Output::Squares, 1) => {
                let numbers = all.flat_map(|data| (0..data.samples()).map(|sample| sample_of(data, network, sample)));
                let ends = |(low, high): (f64, f64), y: f64| (low.min(y), high.max(y));
                let (low, high) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
                Ok(Self::Number { low, high })
            }
            (_, outputs) => Err(one_answer(&format!("the network gives {outputs}"))),
        }
    }

    /// How far a number is from the lowest to the highest of the samples, between 0 and 1.
    pub fn share(self, number: f64) -> f64 {
        match self {
            Self::Number { low, high } if high > low => ((number - low) / (high - low)).clamp(0.0, 1.0),
            _ => 0.5,
        }
    }

    /// The colour of a sample: of its class, or of its number.
    pub fn colour(self, sample: f64) -> RGBColor {
        match self {
            Self::TwoClasses => colour::of_class(sample as usize, 2),
            Self::Classes(classes) => colour::of_class(sample as usize, classes),
            Self::Number { .. } => colour::of_share(self.share(sample)).0,
        }
    }
}

/// The refusal of what has several answers.
pub(super) fn one_answer(given: &str) -> Error {
    Error::Mismatch(format!("a picture shows classes or one number, and {given}"))
}

/// The class of a sample, or its number in its own unit.
pub(super) fn sample_of(data: &Dataset, network: &Network, sample: usize) -> f64 {
    match (data.targets(), network.output()) {
        (Targets::Classes(classes), _) => f64::from(classes[sample]),
        (targets, output) => {
            let y = targets.value(output, 0, sample);
            data.columns().targets.first().map_or(y, |target| target.unscaled(y))
        }
    }
}

/// A network's outputs on a grid of points.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub meaning: Meaning,
    /// Points along each axis.
    grid: usize,
    /// Row-major (grid·grid × values of a point), from the lowest y.
    values: Vec<f64>,
}

impl Field {
    /// The outputs at the points of a grid, row-major (grid·grid × features); `data` has the numbers' unit.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if network, parameters and points do not fit together.
    pub fn new(
        meaning: Meaning,
        grid: usize,
        data: &Dataset,
        network: &Network,
        parameters: &Parameters,
        at: &[f64],
    ) -> Result<Self> {
        let mut values = logits_at(network, parameters, at)?;
        match meaning {
            // σ(z₁ − z₀) is the softmax of class 1
            Meaning::TwoClasses if network.output() == Output::Softmax => {
                values = values.chunks_exact(2).map(|z| z[1] - z[0]).collect();
            }
            Meaning::Number { .. } => {
                if let Some(target) = data.columns().targets.first() {
                    values.iter_mut().for_each(|y| *y = target.unscaled(*y));
                }
            }
            _ => {}
        }
        Ok(Self { meaning, grid, values })
    }

    /// Values of each point.
    fn each(&self) -> usize {
        if let Meaning::Classes(classes) = self.meaning { classes } else { 1 }
    }

    /// The values at shares of the two axes, bilinear between the points of the grid.
    fn at(&self, right: f64, up: f64) -> impl Iterator<Item = f64> {
        let (last, each) = (self.grid - 1, self.each());
        let place = move |share: f64| {
            let at = share * last as f64;
            let cell = (at as usize).min(last - 1);
            (cell, at - cell as f64)
        };
        let ((c, right), (r, up)) = (place(right), place(up));
        (0..each).map(move |k| {
            let at = |c: usize, r: usize| self.values[(r * self.grid + c) * each + k];
            let low = at(c, r) * (1.0 - right) + at(c + 1, r) * right;
            let high = at(c, r + 1) * (1.0 - right) + at(c + 1, r + 1) * right;
            low * (1.0 - up) + high * up
        })
    }

    /// The shade at shares of the two axes: of the probability, of the likeliest class by its probability, or of the number.
    pub fn shade(&self, right: f64, up: f64) -> RGBColor {
        match self.meaning {
            Meaning::TwoClasses => colour::of_probability(sigmoid(self.first(right, up))),
            Meaning::Classes(classes) => {
                let (class, highest) = self.likeliest(right, up);
                let sum: f64 = self.at(right, up).map(|z| (z - highest).exp()).sum();
                colour::of_certainty(class, classes, 1.0 / sum)
            }
            Meaning::Number { .. } => match self.first(right, up) {
                number if number.is_nan() => colour::UNKNOWN,
                number => colour::of_share(self.meaning.share(number)).0,
            },
        }
    }

    /// The class that the network says at shares of the two axes.
    pub fn class(&self, right: f64, up: f64) -> usize {
        match self.meaning {
            Meaning::TwoClasses => usize::from(self.first(right, up) > 0.0),
            _ => self.likeliest(right, up).0,
        }
    }

    /// The only value at shares of the two axes.
    pub fn first(&self, right: f64, up: f64) -> f64 {
        self.at(right, up).next().unwrap_or(f64::NAN)
    }

    /// The class with the largest logit, the first of equal ones, and the logit.
    fn likeliest(&self, right: f64, up: f64) -> (usize, f64) {
        let larger =
            |best: (usize, f64), next: (usize, f64)| if next.1 > best.1 || best.1.is_nan() { next } else { best };
        self.at(right, up).enumerate().reduce(larger).unwrap_or((0, f64::NAN))
    }

    /// The lines on which two classes are equally likely and no other is likelier, as shares of the axes.
    pub fn lines(&self) -> Vec<Vec<(f64, f64)>> {
        let lines = match self.meaning {
            Meaning::TwoClasses => zero_lines(&self.values, self.grid, self.grid),
            // where a class is as likely as the likeliest other: each line is found from both of its sides
            Meaning::Classes(classes) => (0..classes).flat_map(|class| self.edges_of(class)).collect(),
            Meaning::Number { .. } => Vec::new(),
        };
        let share = |at: f64| at / (self.grid - 1) as f64;
        lines.into_iter().map(|line| line.into_iter().map(|(x, y)| (share(x), share(y))).collect()).collect()
    }

    /// The lines on which a class is as likely as the likeliest of the others.
    fn edges_of(&self, class: usize) -> Vec<Vec<(f64, f64)>> {
        let lead = |z: &[f64]| {
            let others = z.iter().enumerate().filter(|(other, _)| *other != class).map(|(_, z)| *z);
            z[class] - others.fold(f64::NEG_INFINITY, f64::max)
        };
        let leads: Vec<f64> = self.values.chunks_exact(self.each()).map(lead).collect();
        zero_lines(&leads, self.grid, self.grid)
    }
}
