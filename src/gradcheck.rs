//! Whether the backward pass is the derivative of the cost: its gradients against central differences, in `f64`.
//!
//! For each parameter θ: (J(θ + h) − J(θ − h)) / 2h with h = ∛ε·max(1, |θ|), at which the error of the formula, of order
//! h², and the cost's rounding over h are alike. Where a ReLU's Z changes its sign between the two, there is a kink in
//! between and no derivative: such elements are counted and left out.

use serde::Serialize;

use crate::backend::{Run, check_runs};
use crate::cpu::reference::{Model, samples};
use crate::data::Dataset;
use crate::model::{Activation, Network, Parameters};
use crate::{Error, Result};

/// The largest relative error of a right tensor: those of this network err by 1e-11 to 1e-8, wrong ones by 0.4 to 1.
pub const BOUND: f64 = 1e-5;
/// The most parameters: each takes two forward passes.
pub const MAX_PARAMETERS: usize = 20_000;

/// A gradient's tensor against central differences.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorCheck {
    /// `dW1`, `db1`, `dW2`, …
    pub tensor: String,
    /// ‖analytic − numeric‖ / (‖analytic‖ + ‖numeric‖), as the exercise's course has it: Euclidean norms over the
    /// elements that are no kinks; 0 where both are 0.
    pub relative_error: f64,
    /// Elements that were compared.
    pub elements: usize,
    /// Elements at a kink, which were not.
    pub kinks: usize,
    /// Row and column, from 0, of the element that is furthest off.
    pub at: [usize; 2],
    /// That element as the backward pass has it.
    pub analytic: f64,
    /// That element by central differences.
    pub numeric: f64,
    /// Whether the relative error is at most [`BOUND`].
    pub passed: bool,
}

/// What a gradient check found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GradientCheck {
    /// Tensor by tensor.
    pub tensors: Vec<TensorCheck>,
    /// The relative error of all tensors together.
    pub relative_error: f64,
    /// Whether all passed.
    pub passed: bool,
}

impl GradientCheck {
    /// The tensor that errs most.
    pub fn worst(&self) -> Option<&TensorCheck> {
        self.tensors.iter().max_by(|a, b| a.relative_error.total_cmp(&b.relative_error))
    }
}

/// The weights at which a network is checked: the notebook's with scale 1, so that neither does an activation saturate
/// nor do all Z of a ReLU lie beside its kink.
pub fn start(network: &Network, seed: u32) -> Run {
    Run { parameters: Parameters::initial(network, seed, 1.0), network: network.clone(), learning_rate: 1.0 }
}

/// Checks the gradients of a run at its weights.
///
/// # Errors
/// Those of [`check_runs`], and [`Error::Invalid`] for a network of over [`MAX_PARAMETERS`].
///
/// ```
/// use planar::data::flower;
/// use planar::gradcheck::{check, start};
/// use planar::model::Network;
///
/// let network = Network::one_hidden(2, 3, "relu".parse()?)?;
/// let data = flower(400, 1)?;
/// assert!(check(&data, &start(&network, 2))?.passed);
/// let bug = network.with_backward("tanh".parse()?);
/// assert!(!check(&data, &start(&bug, 2))?.passed);
/// # Ok::<(), planar::Error>(())
/// ```
pub fn check(data: &Dataset, run: &Run) -> Result<GradientCheck> {
    check_runs(data, std::slice::from_ref(run))?;
    let count = run.parameters.values().len();
    if count > MAX_PARAMETERS {
        let wanted = format!("at most {MAX_PARAMETERS} for a gradient check");
        return Err(Error::invalid("the number of parameters", wanted, count));
    }
    let (x, y) = samples::<f64>(data);
    let mut model = Model::<f64>::new(run);
    let analytic = model.backward(&model.forward(&x, &y), &x, &y);
    let (mut tensors, mut all) = (Vec::new(), Norms::default());
    for tensor in run.parameters.layout().tensors() {
        let (mut difference, mut analytic_norm, mut numeric_norm) = (0.0, 0.0, 0.0);
        let (mut worst, mut elements, mut kinks) = (-1.0, 0, 0);
        let mut found = (0, 0.0, 0.0);
        for i in tensor.range() {
            let Some(numeric) = central_difference(&mut model, i, &x, &y) else {
                kinks += 1;
                continue;
            };
            let analytic = analytic.values()[i];
            elements += 1;
            difference += (analytic - numeric).powi(2);
            analytic_norm += analytic * analytic;
            numeric_norm += numeric * numeric;
            if (analytic - numeric).abs() > worst {
                worst = (analytic - numeric).abs();
                found = (i - tensor.offset, analytic, numeric);
            }
        }
        let norms = Norms { difference, analytic: analytic_norm, numeric: numeric_norm };
        let relative_error = norms.relative_error();
        all.add(norms);
        tensors.push(TensorCheck {
            tensor: format!("d{}", tensor.name),
            relative_error,
            elements,
            kinks,
            at: [found.0 / tensor.columns, found.0 % tensor.columns],
            analytic: found.1,
            numeric: found.2,
            passed: relative_error <= BOUND,
        });
    }
    let passed = tensors.iter().all(|tensor| tensor.passed);
    Ok(GradientCheck { tensors, relative_error: all.relative_error(), passed })
}

/// Squares of Euclidean norms.
#[derive(Clone, Copy, Default)]
struct Norms {
    difference: f64,
    analytic: f64,
    numeric: f64,
}

impl Norms {
    fn add(&mut self, more: Self) {
        self.difference += more.difference;
        self.analytic += more.analytic;
        self.numeric += more.numeric;
    }

    fn relative_error(self) -> f64 {
        let sum = self.analytic.sqrt() + self.numeric.sqrt();
        if self.difference == 0.0 { 0.0 } else { self.difference.sqrt() / sum }
    }
}

/// (J(θ + h) − J(θ − h)) / 2h for one parameter; none where a kink lies between.
fn central_difference(model: &mut Model<f64>, i: usize, x: &[f64], y: &[f64]) -> Option<f64> {
    let theta = model.parameters.values()[i];
    let h = f64::EPSILON.cbrt() * theta.abs().max(1.0);
    let (above, below) = (theta + h, theta - h);
    let mut at = |theta: f64| {
        model.parameters.values_mut()[i] = theta;
        model.forward(x, y)
    };
    let (right, left) = (at(above), at(below));
    model.parameters.values_mut()[i] = theta;
    let hidden = right.z.len() - 1;
    let mut signs = right.z[..hidden].iter().flatten().zip(left.z[..hidden].iter().flatten());
    let kinked = matches!(model.network.activation(), Activation::Relu | Activation::LeakyRelu { .. });
    if kinked && signs.any(|(right, left)| (*right > 0.0) != (*left > 0.0)) {
        return None;
    }
    Some((right.cost - left.cost) / (above - below))
}
