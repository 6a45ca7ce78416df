//! What `planar gradcheck` reports.

use serde::Serialize;

use planar::gradcheck::GradientCheck;

/// A gradient check, with what was checked.
#[derive(Clone, Debug, Serialize)]
pub struct GradcheckReport {
    /// The version of planar.
    pub version: &'static str,
    /// The data set's name.
    pub data: String,
    /// The widths from the inputs to the output.
    pub widths: Vec<usize>,
    /// g.
    pub activation: String,
    /// The activation whose derivative the backward pass takes.
    pub backward_activation: String,
    /// λ of the cost's L2, if it has any.
    #[serde(skip_serializing_if = "is_0")]
    pub l2: f64,
    /// The share of hidden units that were left out, if any were.
    #[serde(skip_serializing_if = "is_0")]
    pub dropout: f64,
    /// The largest relative error that passes.
    pub bound: f64,
    /// The verdict in plain words.
    pub verdict: String,
    /// What was found.
    #[serde(flatten)]
    pub check: GradientCheck,
}

fn is_0(number: &f64) -> bool {
    *number == 0.0
}

impl GradcheckReport {
    /// For people: the verdict, then one row per tensor.
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
                match tensor.passed {
                    _ if !tensor.is_checked() => "not checked".into(),
                    true => "right".into(),
                    false => "WRONG".into(),
                },
            ]
        }));
        format!("{}\n\n{}", self.verdict, super::columns(rows))
    }
}
