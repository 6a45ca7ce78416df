//! What `planar diagnose` reports.

use serde::Serialize;

use planar::diagnose::{Diagnosis, Trial};
use planar::train::Status;

use super::cost;

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
    /// Whether the targets are numbers, whose accuracy is R².
    #[serde(skip)]
    pub are_numbers: bool,
    /// What was found.
    #[serde(flatten)]
    pub diagnosis: Diagnosis,
    /// The command that trains with what helps most, if anything does.
    pub command: Option<String>,
    /// Everything that was tried, as flags, in the order of the trials.
    pub flags: Vec<String>,
}

/// The most trials that are shown.
const SHOWN: usize = 12;

impl DiagnoseReport {
    /// For people: the verdict, what shows it, what was tried, the iteration of each event, and what broke first.
    pub fn summary(&self) -> String {
        let Diagnosis { verdict, because, .. } = &self.diagnosis;
        let because: String = because.iter().map(|line| format!("  {line}\n")).collect();
        format!("{verdict}\n{because}{}{}\n{}", self.layers(), self.tried(), self.details())
    }

    /// A row for each layer at the start and at the end of the run, if there are several hidden layers.
    fn layers(&self) -> String {
        let looks = &self.diagnosis.units;
        let (Some(first), Some(last)) = (looks.first(), looks.last()) else { return String::new() };
        if first.layers.len() < 2 {
            return String::new();
        }
        let (start, end) = (0, last.iteration);
        let heading = ["layer", "units", "|W|", "|dW|", "|dZ|", "|W|", "|dW|", "|dZ|", "dead", "saturated"];
        let above = ["", "", &format!("at {start}"), "", "", &format!("at {end}"), "", "", "", ""];
        let row = |layer: usize| {
            let numbers = [first, last].map(|look| {
                let (norms, signal) = (look.norms[layer], look.signals[layer]);
                [norms.weights, norms.gradient, signal].map(|norm| format!("{norm:.1e}"))
            });
            let hidden = last.layers.get(layer);
            let units = hidden.map_or("output".into(), |of| of.units.to_string());
            let dead = hidden.map_or(String::new(), |of| of.dead.to_string());
            let saturated = hidden.map_or(String::new(), |of| format!("{:.0} %", 100.0 * of.saturated));
            let mut row = vec![format!("  {}", layer + 1), units];
            row.extend(numbers.concat());
            row.extend([dead, saturated]);
            row
        };
        let words = |row: &[&str]| row.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let rows = [words(&above), words(&heading)].into_iter().chain((0..first.norms.len()).map(row));
        format!("\n{}", super::columns(rows.collect()))
    }

    /// What was tried, the best first, and the command to go on with.
    fn tried(&self) -> String {
        let Diagnosis { trials, remedy, trials_out_of_time, .. } = &self.diagnosis;
        if trials.is_empty() {
            return String::new();
        }
        let mut order: Vec<(&Trial, &String)> = trials.iter().zip(&self.flags).collect();
        let rank = |trial: &Trial| {
            let is_remedy = remedy.as_ref().is_some_and(|remedy| remedy.changes == trial.changes);
            (!is_remedy, !trial.helps, trial.cost.unwrap_or(f64::INFINITY))
        };
        order.sort_by(|(a, _), (b, _)| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal));
        let rows = order.iter().take(SHOWN).map(|(trial, flags)| {
            vec![
                format!("  {flags}"),
                ended(trial, self.are_numbers),
                if trial.helps { "helps".into() } else { String::new() },
            ]
        });
        let heading = vec!["tried".to_owned(), String::new(), String::new()];
        let more = trials.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("  and {more} more, in --json\n") } else { String::new() };
        let late = if *trials_out_of_time { "  time ran out before all was tried\n" } else { "" };
        let advice = match &self.command {
            Some(command) => format!("to train with what helped: {command}\n"),
            None if self.diagnosis.cause.is_failure() => "nothing that was tried helps\n".into(),
            None => "nothing that was tried is much better\n".into(),
        };
        let rows = super::columns([heading].into_iter().chain(rows).collect());
        format!("\n{rows}{more}{late}{advice}")
    }

    fn details(&self) -> String {
        let Diagnosis { replay, device, gradients, largest_rate, .. } = &self.diagnosis;
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
            rows.push(vec!["the largest learning rate that trains".into(), rate.to_string()]);
        }
        if let Some(check) = gradients {
            rows.push(vec!["gradient check, relative error".into(), format!("{:.1e}", check.relative_error)]);
        }
        let mut text = super::columns(rows);
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

/// `cost 0.2178, 90.75 %`, or how it ended before.
fn ended(trial: &Trial, are_numbers: bool) -> String {
    let told = |accuracy: f64| match are_numbers {
        true => format!("R² {accuracy:.4}"),
        false => format!("{:.2} %", 100.0 * accuracy),
    };
    let of = |which: &str, of: Option<f64>, accuracy: Option<f64>| {
        let both = of.zip(accuracy);
        both.map(|(of, accuracy)| format!("{which}cost {}, {}", cost(of, 6), told(accuracy)))
    };
    match (trial.status, of("", trial.cost, trial.accuracy)) {
        (Status::Finished, Some(train)) => match of("held out ", trial.test_cost, trial.test_accuracy) {
            Some(test) => format!("{train}; {test}"),
            None => train,
        },
        (Status::Diverged, _) => format!("not finite from iteration {} on", trial.iterations),
        _ => format!("interrupted after {} iterations", trial.iterations),
    }
}
