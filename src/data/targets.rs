//! What a network is to answer for each sample: its class, yes or no to several questions, or numbers.

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::is_usable;
use crate::model::Output;
use crate::{Error, Result};

/// What a network is to answer, for each of m samples.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// The number of the class of each sample, m of them. The classes have their names in
    /// [`Columns::classes`](super::Columns::classes).
    Classes(Arc<[u8]>),
    /// The answers to several questions of yes or no, each 1 or 0.
    Labels {
        /// Y, row-major (outputs × m).
        values: Arc<[u8]>,
        /// The number of questions.
        outputs: usize,
    },
    /// Numbers.
    Numbers {
        /// Y, row-major (outputs × m).
        values: Arc<[f64]>,
        /// How many each sample has.
        outputs: usize,
    },
}

impl Targets {
    /// m, the number of samples.
    pub fn samples(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Labels { values, outputs } => values.len() / outputs.max(&1),
            Self::Numbers { values, outputs } => values.len() / outputs.max(&1),
        }
    }

    /// Whether they are numbers, which R² judges in the place of the accuracy.
    pub fn are_numbers(&self) -> bool {
        matches!(self, Self::Numbers { .. })
    }

    /// The output that suits them if none is requested, with this many classes: logistic for two and for labels, softmax
    /// for more, squares for numbers.
    pub fn output(&self, classes: usize) -> Output {
        match self {
            Self::Classes(_) if classes > 2 => Output::Softmax,
            Self::Classes(_) | Self::Labels { .. } => Output::Logistic,
            Self::Numbers { .. } => Output::Squares,
        }
    }

    /// How many outputs a network has that answers with `output`, with this many classes.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if such an output cannot give these targets; the message says which can.
    ///
    /// ```
    /// use planar::{data::Targets, model::Output};
    /// let classes = Targets::Classes([0, 2, 1, 2].into());
    /// assert_eq!((classes.output(3), classes.outputs(Output::Softmax, 3)?), (Output::Softmax, 3));
    /// assert!(classes.outputs(Output::Logistic, 3).is_err());
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn outputs(&self, output: Output, classes: usize) -> Result<usize> {
        let refuse = |problem: String| Err(Error::Mismatch(problem));
        match (self, output) {
            (Self::Classes(_), Output::Logistic | Output::Squares) if classes <= 2 => Ok(1),
            (Self::Classes(_), Output::Softmax) if classes >= 2 => Ok(classes),
            (Self::Classes(_), Output::Softmax) => {
                refuse(format!("softmax tells at least two classes apart, and there is {classes}"))
            }
            (Self::Classes(_), Output::Logistic) => {
                refuse(format!("logistic tells two classes apart, and there are {classes}: softmax fits"))
            }
            (Self::Classes(_), Output::Squares) => {
                refuse(format!("squares are for numbers, and there are {classes} classes: softmax fits"))
            }
            (Self::Labels { outputs, .. }, Output::Logistic | Output::Squares) => Ok(*outputs),
            (Self::Labels { outputs, .. }, Output::Softmax) => refuse(format!(
                "softmax gives a sample one class of several, and there are {outputs} labels of yes or no: logistic fits"
            )),
            (Self::Numbers { outputs, .. }, Output::Squares) => Ok(*outputs),
            (Self::Numbers { .. }, output) => {
                refuse(format!("{output} is for classes, and the targets are numbers: squares fit"))
            }
        }
    }

    /// y of one output (`row`) for one sample; NaN if there is no such one. With softmax the row is that of a class, and
    /// y is 1 for the sample's own and 0 for others.
    pub fn value(&self, output: Output, row: usize, sample: usize) -> f64 {
        let at = row * self.samples() + sample;
        match self {
            _ if sample >= self.samples() => f64::NAN,
            Self::Classes(classes) if output == Output::Softmax => f64::from(usize::from(classes[sample]) == row),
            Self::Classes(classes) => f64::from(classes[sample]),
            Self::Labels { values, .. } => values.get(at).map_or(f64::NAN, |value| f64::from(*value)),
            Self::Numbers { values, .. } => values.get(at).copied().unwrap_or(f64::NAN),
        }
    }

    /// Those of some samples, in this order.
    pub(crate) fn select(&self, samples: &[usize]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(picked(classes, 1, samples)),
            Self::Labels { values, outputs } => {
                Self::Labels { values: picked(values, *outputs, samples), outputs: *outputs }
            }
            Self::Numbers { values, outputs } => {
                Self::Numbers { values: picked(values, *outputs, samples), outputs: *outputs }
            }
        }
    }

    /// What samples are drawn by, so that each part has its share of each: the class, or one for all.
    pub(super) fn strata(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Classes(classes) => Cow::Borrowed(classes),
            _ => Cow::Owned(vec![0; self.samples()]),
        }
    }

    /// Refuses what is no answer: the number of a class that there is not, a label that is neither 0 nor 1, a number that
    /// is not finite.
    pub(super) fn check(&self, classes: usize) -> Result<()> {
        match self {
            Self::Classes(labels) => {
                let wanted = || if classes == 2 { "0 or 1".into() } else { format!("below {classes}") };
                let other = labels.iter().find(|label| usize::from(**label) >= classes);
                other.map_or(Ok(()), |label| Err(Error::invalid("a label", wanted(), label)))
            }
            Self::Labels { values, .. } => {
                let other = values.iter().find(|label| **label > 1);
                other.map_or(Ok(()), |label| Err(Error::invalid("a label", "0 or 1", label)))
            }
            Self::Numbers { values, .. } => {
                let other = values.iter().find(|value| !is_usable(**value));
                let wanted = "a finite number in the range of f32";
                other.map_or(Ok(()), |value| Err(Error::invalid("a target", wanted, value)))
            }
        }
    }

    /// Adds them to the sum that tells data sets apart: classes as their bytes, others with what they are before them.
    pub(super) fn hash(&self, sha: &mut Sha256) {
        match self {
            Self::Classes(classes) => sha.update(classes),
            Self::Labels { values, outputs } => {
                sha.update(b"labels");
                sha.update((*outputs as u64).to_le_bytes());
                sha.update(values);
            }
            Self::Numbers { values, outputs } => {
                sha.update(b"numbers");
                sha.update((*outputs as u64).to_le_bytes());
                values.iter().for_each(|value| sha.update(value.to_le_bytes()));
            }
        }
    }
}

/// The columns of a row-major matrix of this many rows that belong to some samples.
fn picked<T: Copy>(values: &[T], rows: usize, samples: &[usize]) -> Arc<[T]> {
    let width = (values.len() / rows.max(1)).max(1);
    values.chunks(width).flat_map(|row| samples.iter().map(|sample| row[*sample])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Targets {
        Targets::Labels { values: [0, 1, 1, 1, 0, 0].into(), outputs: 2 }
    }

    fn numbers() -> Targets {
        Targets::Numbers { values: [0.5, -1.0, 2.0, 3.0, 4.0, 5.0].into(), outputs: 2 }
    }

    #[test]
    fn each_output_takes_the_targets_that_it_can_give() {
        let classes = Targets::Classes([0, 1, 1].into());
        let counts = |of: &Targets, classes| Output::ALL.map(|output| of.outputs(output, classes).ok());
        assert_eq!(counts(&classes, 2), [Some(1), Some(2), Some(1)]);
        assert_eq!(counts(&classes, 5), [None, Some(5), None]);
        assert_eq!(counts(&classes, 1), [Some(1), None, Some(1)]);
        assert_eq!(counts(&labels(), 2), [Some(2), None, Some(2)]);
        assert_eq!(counts(&numbers(), 0), [None, None, Some(2)]);
        for (of, classes) in [(&classes, 2), (&classes, 5), (&labels(), 2), (&numbers(), 0)] {
            assert!(of.outputs(of.output(classes), classes).is_ok(), "{of:?}");
        }
    }

    #[test]
    fn an_output_that_does_not_fit_is_refused_with_one_that_does() {
        let classes = Targets::Classes([0, 1, 1].into());
        for (of, output, count, wanted) in [
            (&classes, Output::Softmax, 1, "softmax tells at least two classes apart, and there is 1"),
            (&classes, Output::Logistic, 3, "logistic tells two classes apart, and there are 3: softmax fits"),
            (&classes, Output::Squares, 3, "squares are for numbers, and there are 3 classes: softmax fits"),
            (&numbers(), Output::Logistic, 0, "logistic is for classes, and the targets are numbers: squares fit"),
        ] {
            assert_eq!(of.outputs(output, count).unwrap_err().to_string(), wanted);
        }
        let refused = labels().outputs(Output::Softmax, 2).unwrap_err().to_string();
        assert!(refused.ends_with("there are 2 labels of yes or no: logistic fits"), "{refused}");
    }

    #[test]
    fn a_value_is_that_of_its_output_and_sample_also_where_some_are_left_out() {
        let classes = Targets::Classes([0, 2, 1].into());
        let row = |of: &Targets, output, row| [0, 1, 2].map(|sample| of.value(output, row, sample));
        assert_eq!(row(&classes, Output::Softmax, 2), [0.0, 1.0, 0.0]);
        assert_eq!(row(&classes, Output::Logistic, 0), [0.0, 2.0, 1.0]);
        assert_eq!(row(&labels(), Output::Logistic, 1), [1.0, 0.0, 0.0]);
        assert_eq!(row(&numbers(), Output::Squares, 1), [3.0, 4.0, 5.0]);
        assert!(numbers().value(Output::Squares, 2, 0).is_nan() && numbers().value(Output::Squares, 0, 3).is_nan());
        for of in [classes, labels(), numbers()] {
            let some = of.select(&[2, 0]);
            assert_eq!(some.samples(), 2);
            for (to, from) in [(0, 2), (1, 0)] {
                let output = of.output(3);
                assert_eq!(some.value(output, 0, to), of.value(output, 0, from));
                assert_eq!(some.value(output, 1, to), of.value(output, 1, from));
            }
        }
    }
}
