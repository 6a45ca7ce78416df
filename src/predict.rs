//! Prediction: the probabilities of each sample's classes or labels, or its numbers, from trained weights.

use serde::Serialize;

use crate::backend::Backend;
use crate::cpu::operations;
use crate::data::table::SampleTable;
use crate::data::{Columns, Dataset, largest};
use crate::model::activation::sigmoid;
use crate::model::{Network, Output, Parameters};
use crate::scores::AnyScores;
use crate::{Error, Result};

/// What a network predicts for one sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Prediction {
    /// Of two classes, from one logit.
    Two {
        /// σ(logit), of class 1.
        probability: f64,
        /// 1 if the logit is above 0, that is, if the probability is above a half.
        class: u8,
    },
    /// Of several classes, from a logit for each.
    Class {
        /// exp(logit) / Σ exp, of each class.
        probabilities: Vec<f64>,
        /// The class with the largest, the first of equal ones.
        class: u8,
    },
    /// Of several labels of yes or no.
    Labels {
        /// σ(logit), of each label.
        probabilities: Vec<f64>,
        /// 1 for each that is above a half, else 0.
        labels: Vec<u8>,
    },
    /// Numbers.
    Numbers {
        /// One per target, in its own unit.
        values: Vec<f64>,
    },
}

impl Prediction {
    /// From the logits of one sample.
    fn of(network: &Network, columns: &Columns, z: &[f64]) -> Self {
        let output = network.output();
        let probabilities = || output.predictions(z);
        match output {
            Output::Logistic if columns.targets.is_empty() && z.len() == 1 => {
                Self::Two { probability: sigmoid(z[0]), class: u8::from(z[0] > 0.0) }
            }
            Output::Logistic => {
                let labels = z.iter().map(|z| u8::from(*z > 0.0)).collect();
                Self::Labels { probabilities: probabilities(), labels }
            }
            Output::Softmax => Self::Class { probabilities: probabilities(), class: largest(z) as u8 },
            Output::Squares => {
                let own = |(at, z): (usize, &f64)| columns.targets.get(at).map_or(*z, |target| target.unscaled(*z));
                Self::Numbers { values: z.iter().enumerate().map(own).collect() }
            }
        }
    }

    /// The number of the class, if classes are predicted.
    pub fn class(&self) -> Option<u8> {
        match self {
            Self::Two { class, .. } | Self::Class { class, .. } => Some(*class),
            Self::Labels { .. } | Self::Numbers { .. } => None,
        }
    }
}

/// What a network predicts for samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// The plan that computed them.
    pub plan: &'static str,
    /// One per sample, in their order.
    pub samples: Vec<Prediction>,
    /// The share of samples whose class is the label, if there are labels; of numbers R².
    pub accuracy: Option<f64>,
    /// The mean of the loss over the samples, if there are labels.
    pub cost: Option<f64>,
    /// What they are worth, if there are labels.
    pub scores: Option<AnyScores>,
}

/// The forward pass of a network over samples.
///
/// # Errors
/// Those of [`Backend::forward`]; [`Error::Mismatch`] if the samples have another number of features than the network
/// has inputs, or if weights and samples are so large that a logit is not a number.
///
/// ```
/// use planar::cpu::Engine;
/// use planar::data::table::{Input, TableOptions, samples};
/// use planar::model::{Network, Parameters};
///
/// let network = Network::one_hidden(1, 1, "relu".parse()?)?;
/// // W1, b1, W2, b2: the logit is 2·max(x, 0) − 1
/// let parameters = Parameters::from_values(&network, vec![1.0, 0.0, 2.0, -1.0])?;
/// let file = Input::Bytes("x.csv".as_ref(), b"x\n-3\n1\n");
/// let samples = samples(file, 1, None, &TableOptions::default(), &mut |_| ())?;
/// let said = planar::predict::predict(&Engine::new(None)?, &network, &parameters, &samples)?;
/// assert_eq!(said.samples.iter().map(|sample| sample.class()).collect::<Vec<_>>(), [Some(0), Some(1)]);
/// let planar::predict::Prediction::Two { probability, .. } = said.samples[1] else { panic!("two classes") };
/// assert!((probability - 0.731_058_578_630_004_9).abs() < 1e-6);
/// # Ok::<(), planar::Error>(())
/// ```
pub fn predict(
    backend: &dyn Backend,
    network: &Network,
    parameters: &Parameters,
    samples: &SampleTable,
) -> Result<Predictions> {
    let SampleTable { data, is_labelled, .. } = samples;
    check(data, *is_labelled, network)?;
    let logits = backend.forward(network, parameters, &data.points())?;
    let outputs = network.outputs();
    if let Some(at) = logits.iter().position(|logit| logit.is_nan()) {
        let sample = at / outputs + 1;
        let message = format!("the network predicts nothing for sample {sample}: its weights overflow there");
        return Err(Error::Mismatch(message));
    }
    Ok(Predictions {
        plan: backend.forward_plan(network, data.samples())?,
        samples: logits.chunks(outputs).map(|z| Prediction::of(network, data.columns(), z)).collect(),
        accuracy: is_labelled.then(|| data.accuracy(&logits)),
        cost: is_labelled.then(|| cost(data, network, &logits)),
        scores: is_labelled.then(|| AnyScores::of(data, &logits)).transpose()?,
    })
}

/// Whether a network takes samples with this many features, and answers as their labels do, if there are any.
fn check(data: &Dataset, is_labelled: bool, network: &Network) -> Result<()> {
    let (inputs, features) = (network.inputs(), data.features());
    if inputs != features {
        return Err(Error::Mismatch(format!("a network of {inputs} inputs cannot take {features} features")));
    }
    let outputs = network.outputs();
    match is_labelled.then(|| data.outputs(network.output())).transpose()? {
        Some(wanted) if wanted != outputs => {
            let problem = format!("{} has {wanted} to be predicted, and the network {outputs} outputs", data.name());
            Err(Error::Mismatch(problem))
        }
        _ => Ok(()),
    }
}

/// The mean of the loss, in `f64`; for two classes with the bits of the reference.
fn cost(data: &Dataset, network: &Network, logits: &[f64]) -> f64 {
    if !network.tells_two_classes() || data.weights().is_some() || data.labels().is_empty() {
        return data.mean_loss(network.output(), logits);
    }
    let y: Vec<f64> = data.labels().iter().map(|label| f64::from(*label)).collect();
    operations::cost(logits, &y, 1.0 / y.len() as f64)
}
