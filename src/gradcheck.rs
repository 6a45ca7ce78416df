//! Whether the backward pass is the derivative of the cost: its gradients against central differences, in `f64`.
//!
//! For each parameter θ: (J(θ + h) − J(θ − h)) / 2h with h = ∛ε·max(1, |θ|), which balances the error of the formula,
//! of order h², and the rounding of the cost over h. For a first-layer weight, h is divided by the largest |x| of its
//! feature if that is above 1, since the weight moves Z by h·x. If a ReLU's Z changes sign between the two points,
//! there is a kink between them and no derivative: such elements are counted and left out.

use serde::Serialize;

use crate::backend::{Run, check_runs};
use crate::cpu::textbook::Batch;
use crate::cpu::trainee::Trainee;
use crate::data::Dataset;
use crate::model::params::is_finite;
use crate::model::{Derivative, Network};
use crate::optim::Recipe;
use crate::{Error, Result};

/// The largest relative error of a correct tensor: correct ones of this network err by 1e-11 to 1e-8, wrong ones by 0.4
/// to 1.
pub const BOUND: f64 = 1e-5;
/// The assumed rounding of a cost, in units of ε·max(1, |J|).
const COST_ROUNDING: f64 = 4.0;
/// The most parameters: each takes two forward passes.
pub const MAX_PARAMETERS: usize = 20_000;

/// A gradient's tensor against central differences.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorCheck {
    /// `dW1`, `db1`, `dW2`, …
    pub tensor: String,
    /// ‖analytic − numeric‖ / (‖analytic‖ + ‖numeric‖), as the exercise's course has it: Euclidean norms over the
    /// elements that are not at a kink; 0 if both are 0.
    pub relative_error: f64,
    /// Elements that were compared.
    pub elements: usize,
    /// Elements at a kink, which were not compared.
    pub kinks: usize,
    /// Row and column, from 0, of the element that is furthest off.
    pub at: [usize; 2],
    /// That element as the backward pass computes it.
    pub analytic: f64,
    /// That element by central differences.
    pub numeric: f64,
    /// The largest ‖analytic − numeric‖ that the rounding of the central differences alone explains.
    pub rounding: f64,
    /// Whether any element was compared, and the relative error is at most [`BOUND`] or the difference at most `rounding`.
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

impl TensorCheck {
    /// Whether any element was compared: not if all lie at a kink.
    pub fn is_checked(&self) -> bool {
        self.elements > 0
    }
}

impl GradientCheck {
    /// Whether elements were compared and found wrong.
    pub fn is_wrong(&self) -> bool {
        self.tensors.iter().any(|tensor| tensor.is_checked() && !tensor.passed)
    }

    /// The tensor with the largest error, among those that were compared and did not pass if there are any.
    pub fn worst(&self) -> Option<&TensorCheck> {
        let order = |a: &&TensorCheck, b: &&TensorCheck| {
            b.passed.cmp(&a.passed).then(a.relative_error.total_cmp(&b.relative_error))
        };
        self.tensors.iter().filter(|tensor| tensor.is_checked()).max_by(order)
    }

    /// In plain words: whether the backward pass fits the forward pass, and which pair does not.
    pub fn verdict(&self, derivative: Derivative) -> String {
        let Derivative { activation, borrowed } = derivative;
        let is_wrong = self.is_wrong();
        let unchecked = self.tensors.iter().filter(|tensor| !tensor.is_checked());
        let unchecked: Vec<&str> = unchecked.map(|tensor| tensor.tensor.as_str()).collect();
        match (self.worst(), borrowed) {
            (Some(worst), Some(borrowed)) if is_wrong => format!(
                "the backward pass uses {borrowed}'s derivative with {activation}'s forward pass: relative error {}, most in {}",
                said(self.relative_error),
                worst.tensor
            ),
            (Some(worst), None) if is_wrong => format!(
                "the backward pass is not the derivative of the cost: relative error {:.1e} in {}",
                worst.relative_error, worst.tensor
            ),
            _ if !unchecked.is_empty() => format!(
                "not checked: every element of {} lies at a kink of {activation}, where there is no derivative; other \
                 weights or samples have one",
                unchecked.join(", ")
            ),
            _ => format!("the backward pass is the derivative of the cost, to {BOUND:e} or rounding in every tensor"),
        }
    }
}

/// A relative error with enough digits to tell it from 0.
fn said(relative: f64) -> String {
    if relative < 0.01 { format!("{relative:.1e}") } else { format!("{relative:.2}") }
}

/// The weights at which a network is checked: the notebook's with scale 1, so that no activation saturates and
/// not every Z of a ReLU lies next to its kink.
pub fn start(network: &Network, seed: u32) -> Run {
    Run::initial(network.clone(), seed, 1.0, 1.0)
}

/// Checks the gradients of a run at its weights.
///
/// # Errors
/// Those of [`check_runs`], and [`Error::Invalid`] for a network of over [`MAX_PARAMETERS`] or a cost that is not finite at its
/// weights or next to them.
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
    // the cost's own gradient: what clipping makes of it is not the derivative of anything
    let run = Run { recipe: Recipe { clip_norm: None, ..run.recipe }, ..run.clone() };
    let mut trainee = Trainee::<f64>::new(data, &run)?;
    let batch = trainee.batch(data);
    let pass = trainee.forward(&batch);
    if !is_finite(pass.cost) {
        return Err(not_finite(pass.cost));
    }
    let analytic = trainee.backward(&pass, &batch);
    // J is rounded by about ε·max(1, |J|), and by a few times that as a sum over samples; the difference of two over 2h
    // then errs by that over h. Over n elements with the same h, the norm is √n times as large.
    let cost_rounding = COST_ROUNDING * f64::EPSILON * pass.cost.abs().max(1.0);
    let largest: Vec<f64> = batch
        .x
        .chunks_exact(batch.samples)
        .map(|row| row.iter().fold(1.0_f64, |largest, x| largest.max(x.abs())))
        .collect();
    let first_layer = run.parameters.layout().weights(0).range();
    let (mut tensors, mut all) = (Vec::new(), Norms::default());
    for tensor in run.parameters.layout().tensors() {
        let (mut norms, mut rounding) = (Norms::default(), 0.0_f64);
        let (mut worst, mut elements, mut kinks) = (-1.0, 0, 0);
        let mut found = (0, 0.0, 0.0);
        for i in tensor.range() {
            // d²J/dw² grows with x², so the step that suits b is too long for w by a factor of x
            let scale = if first_layer.contains(&i) { largest[i % largest.len()] } else { 1.0 };
            let theta = trainee.model.parameters.values()[i].abs();
            let h = (f64::EPSILON.cbrt() * theta.max(1.0) / scale).max(4.0 * f64::EPSILON * theta);
            let Some(numeric) = central_difference(&mut trainee, i, h, &batch) else {
                kinks += 1;
                continue;
            };
            if !is_finite(numeric) {
                return Err(not_finite(numeric));
            }
            rounding = rounding.hypot(cost_rounding / h);
            let analytic = analytic.values()[i];
            elements += 1;
            norms.add(Norms {
                difference: (analytic - numeric).powi(2),
                analytic: analytic * analytic,
                numeric: numeric * numeric,
            });
            if (analytic - numeric).abs() > worst {
                worst = (analytic - numeric).abs();
                found = (i - tensor.offset, analytic, numeric);
            }
        }
        let relative_error = norms.relative_error();
        all.add(norms);
        tensors.push(TensorCheck {
            tensor: format!("d{}", tensor.name()),
            relative_error,
            elements,
            kinks,
            at: [found.0 / tensor.columns, found.0 % tensor.columns],
            analytic: found.1,
            numeric: found.2,
            rounding,
            passed: elements > 0 && (relative_error <= BOUND || norms.difference.sqrt() <= rounding),
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

fn not_finite(found: f64) -> Error {
    Error::invalid("the cost at the weights to check", "finite, as of weights of a smaller scale", found)
}

/// (J(θ + h) − J(θ − h)) / 2h for one parameter; none if a kink lies between the two points.
fn central_difference(trainee: &mut Trainee<f64>, i: usize, h: f64, batch: &Batch<f64>) -> Option<f64> {
    let theta = trainee.model.parameters.values()[i];
    let (above, below) = (theta + h, theta - h);
    let mut at = |theta: f64| {
        trainee.model.parameters.values_mut()[i] = theta;
        trainee.forward(batch)
    };
    let (right, left) = (at(above), at(below));
    trainee.model.parameters.values_mut()[i] = theta;
    let hidden = right.z.len() - 1;
    let mut signs = right.z[..hidden].iter().flatten().zip(left.z[..hidden].iter().flatten());
    let kinked = trainee.model.network.activation().has_kink();
    if kinked && signs.any(|(right, left)| (*right > 0.0) != (*left > 0.0)) {
        return None;
    }
    Some((right.cost - left.cost) / (above - below))
}
