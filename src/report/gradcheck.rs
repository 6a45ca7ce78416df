//! What `planar gradcheck` reports.

use serde::Serialize;

use crate::gradcheck::{BOUND, GradientCheck};
use crate::model::Derivative;

/// A gradient check and what was checked.
#[derive(Clone, Debug, Serialize)]
pub struct GradcheckReport {
    /// planar's version.
    pub version: &'static str,
    /// The data set's name.
    pub data: String,
    /// The widths from the inputs to the output.
    pub widths: Vec<usize>,
    /// g.
    pub activation: String,
    /// Whose derivative the backward pass takes.
    pub backward_activation: String,
    /// The largest relative error that is right.
    pub bound: f64,
    /// In plain words.
    pub verdict: String,
    /// What was found.
    #[serde(flatten)]
    pub check: GradientCheck,
}

/// In plain words: whether the backward pass fits the forward pass, and which pair does not.
pub fn verdict(check: &GradientCheck, derivative: Derivative) -> String {
    let Derivative { activation, borrowed } = derivative;
    match (check.worst(), borrowed) {
        (Some(worst), Some(borrowed)) if !check.passed => format!(
            "the backward pass uses {borrowed}'s derivative with {activation}'s forward pass: relative error {}, most in {}",
            error(check.relative_error),
            worst.tensor
        ),
        (Some(worst), None) if !check.passed => format!(
            "the backward pass is not the derivative of the cost: relative error {:.1e} in {}",
            worst.relative_error, worst.tensor
        ),
        _ => format!("the backward pass is the derivative of the cost, to {BOUND:e} or rounding in every tensor"),
    }
}

/// A relative error with the digits that tell it from 0.
fn error(relative: f64) -> String {
    if relative < 0.01 { format!("{relative:.1e}") } else { format!("{relative:.2}") }
}

impl GradcheckReport {
    /// For people: the verdict, then tensor by tensor.
    pub fn summary(&self) -> String {
        let heading = ["tensor", "relative error", "elements", "at a kink", "worst at", "backward", "difference", ""];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        rows.extend(self.check.tensors.iter().map(|tensor| {
            let [row, column] = tensor.at;
            vec![
                tensor.tensor.clone(),
                format!("{:.1e}", tensor.relative_error),
                tensor.elements.to_string(),
                tensor.kinks.to_string(),
                format!("[{row}, {column}]"),
                format!("{:.6e}", tensor.analytic),
                format!("{:.6e}", tensor.numeric),
                if tensor.passed { "right".into() } else { "WRONG".into() },
            ]
        }));
        format!("{}\n\n{}", self.verdict, super::columns(rows))
    }
}
