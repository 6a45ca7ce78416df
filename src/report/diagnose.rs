//! What `planar diagnose` reports.

use serde::Serialize;

use planar::diagnose::{Diagnosis, round_down};

/// A diagnosis, with what was diagnosed.
#[derive(Clone, Debug, Serialize)]
pub struct DiagnoseReport {
    /// The version of planar.
    pub version: &'static str,
    /// The data set's name.
    pub data: String,
    /// The network, such as `[2, 4, 1], relu with tanh's derivative`.
    pub network: String,
    /// α.
    pub learning_rate: f64,
    /// Iterations requested.
    pub iterations: u64,
    /// What was found.
    #[serde(flatten)]
    pub diagnosis: Diagnosis,
}

impl DiagnoseReport {
    /// For people: the verdict, the iteration of each event, and what broke first.
    pub fn summary(&self) -> String {
        let Diagnosis { verdict, replay, device, gradients, largest_rate, .. } = &self.diagnosis;
        let at = |at: Option<u64>| at.map_or("never".to_owned(), |at| at.to_string());
        let mut rows = vec![
            vec!["first iteration at which, in f64".to_owned(), String::new()],
            vec!["some |A1| > 1".into(), at(replay.activation_above_one)],
            vec!["the cost is above 1".into(), at(replay.cost_above_one)],
            vec!["the notebook's cost formula is NaN".into(), at(replay.notebook_nan)],
            vec!["… with A2 in f32".into(), at(replay.notebook_nan_f32)],
            vec!["W1 holds a NaN".into(), at(replay.weights_nan)],
            vec!["the cost from the logit is not finite".into(), at(replay.cost_not_finite)],
            vec!["all of A1 is NaN".into(), at(replay.activations_all_nan)],
        ];
        let how = if replay.cut_short { ", cut short" } else { "" };
        rows.push(vec!["(replayed)".into(), format!("{} to {}{how}", replay.first, replay.last)]);
        if let Some(dead) = replay.dead.filter(|dead| dead.units > 0) {
            rows.push(vec!["units that fire on no sample".into(), format!("{} since {}", dead.units, dead.since)]);
        }
        if let Some(device) = device {
            rows.push(vec![format!("not finite on {}", device.name), at(device.diverged)]);
            if device.diverged.is_some() {
                rows.push(vec!["… where all of A1 is NaN".into(), at(device.activations_all_nan)]);
            }
        }
        if let Some(rate) = largest_rate {
            rows.push(vec!["the largest learning rate that trains".into(), round_down(*rate).to_string()]);
        }
        if let Some(check) = gradients {
            rows.push(vec!["gradient check, relative error".into(), format!("{:.1e}", check.relative_error)]);
        }
        let mut text = format!("{verdict}\n\n{}", super::columns(rows));
        if !replay.broken.is_empty() {
            let mut rows = vec![["iteration", "tensor", "element", "is", "by"].map(str::to_owned).to_vec()];
            rows.extend(replay.broken.iter().map(|broken| {
                let [row, column] = broken.at;
                let (iteration, element) = (broken.iteration.to_string(), format!("[{row}, {column}]"));
                vec![iteration, broken.tensor.clone(), element, broken.value.clone(), broken.operation.clone()]
            }));
            text += &format!("\n{}", super::columns(rows));
        }
        text
    }
}
