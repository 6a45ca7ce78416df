//! What `planar train --folds` prints for people.

use planar::fit::{CrossValidated, Estimate, FoldReport};
use planar::train::Status;

use super::train::about;
use super::{columns, cost};

/// A row per fold, what was trained on what, and each figure over all folds.
pub fn summary(validated: &CrossValidated) -> String {
    let CrossValidated { report, run, .. } = validated;
    let heading = ["fold", "samples", "held out", "cost", "accuracy %", "held out %", "log loss", "ROC AUC"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(report.folds.iter().map(row));
    let (data, training, drawn) = (&report.data, &report.training, &report.drawn);
    let mut about = about(data, &run.network, training, report.init.as_deref());
    about.extend([
        vec!["iterations".into(), format!("{} for each of {} folds", training.iterations, drawn.folds)],
        vec!["device".into(), format!("{}, plan {}", report.device.name, report.plan)],
        vec!["time".into(), format!("{:.2} s", report.seconds.total)],
    ]);
    let judged = report.folds.iter().filter(|fold| fold.status == Status::Finished).count();
    let over = if judged < drawn.folds { format!("{judged} of {}", drawn.folds) } else { judged.to_string() };
    let mut figures = vec![vec![format!("over {over} folds"), "mean ± standard deviation".into()]];
    let of = report.estimates;
    let percent = |estimate| of_figure(estimate, 100.0, 2, " %");
    figures.extend([
        vec!["cost".into(), of_cost(of.cost)],
        vec!["accuracy".into(), percent(of.accuracy)],
        vec!["held out".into(), percent(of.test_accuracy)],
        vec!["log loss".into(), of_cost(of.test_log_loss)],
        vec!["ROC AUC".into(), of_figure(of.test_roc_auc, 1.0, 4, "")],
    ]);
    format!("{}\n{}\n{}", columns(rows), columns(about), columns(figures))
}

fn row(fold: &FoldReport) -> Vec<String> {
    let shown = |figure: Option<f64>, digits: usize| figure.map_or("–".into(), |x| format!("{x:.digits$}"));
    let last = &fold.last;
    let cost = match fold.status {
        Status::Diverged => format!("diverged at {}", fold.iterations),
        _ => last.cost.map_or("–".into(), |last| cost(last, 6)),
    };
    let mut cells = vec![fold.fold.to_string(), fold.samples.to_string(), fold.test_samples.to_string(), cost];
    cells.extend([last.accuracy, last.test_accuracy].map(|share| shown(share.map(|share| 100.0 * share), 2)));
    let scores = last.two();
    cells.push(scores.map_or("–".into(), |scores| super::cost(scores.log_loss, 6)));
    cells.push(shown(scores.and_then(|scores| scores.roc_auc), 4));
    cells
}

/// A mean cost with its deviation.
fn of_cost(estimate: Option<Estimate>) -> String {
    let Some(Estimate { mean, deviation, .. }) = estimate else { return "–".into() };
    let deviation = deviation.map_or(String::new(), |deviation| format!(" ± {}", cost(deviation, 6)));
    format!("{}{deviation}", cost(mean, 6))
}

/// A mean with its deviation, times a factor, with this many digits.
fn of_figure(estimate: Option<Estimate>, factor: f64, digits: usize, unit: &str) -> String {
    let Some(Estimate { mean, deviation, .. }) = estimate else { return "–".into() };
    let mean = factor * mean;
    match deviation.map(|deviation| factor * deviation) {
        Some(deviation) => format!("{mean:.digits$} ± {deviation:.digits$}{unit}"),
        None => format!("{mean:.digits$}{unit}"),
    }
}
