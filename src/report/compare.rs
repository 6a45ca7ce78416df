//! What `planar compare` reports.

use serde::Serialize;

use planar::backend::DeviceInfo;
use planar::compare::{Bounds, CURVE_BOUND, Comparison, Difference};

/// A comparison, with what was compared.
#[derive(Clone, Debug, Serialize)]
pub struct CompareReport {
    /// The version of planar.
    pub version: &'static str,
    /// Whether everything is within its bound.
    pub agrees: bool,
    /// The left side.
    pub left: Side,
    /// The right side.
    pub right: Side,
    /// The data set's name.
    pub data: String,
    /// The network, such as `[2, 4, 1], tanh`.
    pub network: String,
    /// The bounds on the differences: relative to Σ|terms|, and absolute.
    pub bounds: Bounds,
    /// What was found.
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// One of the two backends compared.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// The device.
    pub device: DeviceInfo,
    /// The plan that it follows.
    pub plan: &'static str,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, plan {}", self.device.name, self.plan)
    }
}

impl CompareReport {
    /// For people: one row per iteration and tensor, then the cost curves, then the verdict.
    pub fn summary(&self) -> String {
        let heading = ["iteration", "tensor", "absolute", "relative", "of Σ|terms|", "worst at", "bound there", ""];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        for step in &self.comparison.steps {
            rows.extend(step.differences.iter().map(|difference| row(step.iteration, difference)));
        }
        let curves = &self.comparison.curves;
        let stay = format!("the costs agree to {CURVE_BOUND:e} through iteration {}", curves.iterations);
        let parting = curves.parted.map_or(stay, |at| format!("the costs part by {CURVE_BOUND:e} at iteration {at}"));
        let horizon = match curves.horizon {
            Some(at) => format!("the reference, rounded otherwise, parts from itself at iteration {at}"),
            None => "the reference, rounded otherwise, never parts from itself".into(),
        };
        let is_early = curves.parted.is_some_and(|at| curves.horizon.is_none_or(|horizon| at < horizon));
        let why = match (curves.agrees, is_early) {
            (true, true) => "; every step agrees, so it is rounding that grew",
            _ => "",
        };
        let word = |agrees| if agrees { "agree" } else { "DISAGREE" };
        let about = vec![
            vec!["left".into(), self.left.to_string()],
            vec!["right".into(), self.right.to_string()],
            vec!["data".into(), self.data.clone()],
            vec!["network".into(), self.network.clone()],
            vec!["bound".into(), format!("{:e}·Σ|terms| + {:e}", self.bounds.relative, self.bounds.absolute)],
            vec!["curves".into(), format!("{}: {parting}; {horizon}{why}", word(curves.agrees))],
            vec!["again".into(), again(self.comparison.repeats)],
            vec!["verdict".into(), word(self.agrees).into()],
        ];
        format!("{}\n{}", super::columns(rows), super::columns(about))
    }
}

/// Whether each side trains again to the same bits.
fn again(repeats: [bool; 2]) -> String {
    match repeats {
        [true, true] => "each side trains again to the same bits, in other chunks".into(),
        [false, true] => "DISAGREE: the left side trains to other bits in other chunks".into(),
        [true, false] => "DISAGREE: the right side trains to other bits in other chunks".into(),
        [false, false] => "DISAGREE: both sides train to other bits in other chunks".into(),
    }
}

fn row(iteration: u64, difference: &Difference) -> Vec<String> {
    let Difference { tensor, absolute, relative, scaled, at: [row, column], bound, agrees, .. } = difference;
    let number = |value: f64| format!("{value:.1e}");
    vec![
        iteration.to_string(),
        tensor.clone(),
        number(*absolute),
        number(*relative),
        number(*scaled),
        format!("[{row}, {column}]"),
        number(*bound),
        if *agrees { "agrees" } else { "DISAGREES" }.into(),
    ]
}
