//! Prediction: each sample's probability of class 1, from trained weights.

use serde::Serialize;

use crate::backend::{Backend, check_inputs};
use crate::cpu::operations;
use crate::data::table::SampleTable;
use crate::model::activation::sigmoid;
use crate::model::{Network, Parameters};
use crate::scores::Scores;
use crate::{Error, Result};

/// What a network predicts for one sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// σ(logit), of class 1.
    pub probability: f64,
    /// 1 if the logit is above 0, that is, if the probability is above a half.
    pub class: u8,
}

/// What a network predicts for samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// The plan that computed them.
    pub plan: &'static str,
    /// One per sample, in their order.
    pub samples: Vec<Prediction>,
    /// The share of samples whose class is the label, if there are labels.
    pub accuracy: Option<f64>,
    /// The mean of the loss over the samples, if there are labels.
    pub cost: Option<f64>,
    /// How well they tell the classes apart, if there are labels.
    pub scores: Option<Scores>,
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
/// assert_eq!(said.samples.iter().map(|sample| sample.class).collect::<Vec<_>>(), [0, 1]);
/// assert!((said.samples[1].probability - 0.731_058_578_630_004_9).abs() < 1e-6);
/// # Ok::<(), planar::Error>(())
/// ```
pub fn predict(
    backend: &dyn Backend,
    network: &Network,
    parameters: &Parameters,
    samples: &SampleTable,
) -> Result<Predictions> {
    let SampleTable { data, is_labelled, .. } = samples;
    check_inputs(data, network)?;
    let logits = backend.forward(network, parameters, &data.points())?;
    if let Some(at) = logits.iter().position(|logit| logit.is_nan()) {
        let message = format!("the network predicts nothing for sample {}: its weights overflow there", at + 1);
        return Err(Error::Mismatch(message));
    }
    let of_logit = |logit: &f64| Prediction { probability: sigmoid(*logit), class: u8::from(*logit > 0.0) };
    Ok(Predictions {
        plan: backend.forward_plan(network, data.samples())?,
        samples: logits.iter().map(of_logit).collect(),
        accuracy: is_labelled.then(|| data.accuracy(&logits)),
        cost: is_labelled.then(|| cost(&logits, data.labels())),
        scores: is_labelled.then(|| Scores::new(data.labels(), &logits)).transpose()?,
    })
}

/// The mean of the loss, in `f64`, with the bits of the reference.
fn cost(logits: &[f64], labels: &[u8]) -> f64 {
    let y: Vec<f64> = labels.iter().map(|label| f64::from(*label)).collect();
    operations::cost(logits, &y, 1.0 / y.len() as f64)
}
