//! What `planar train --folds` prints for people.

use planar::fit::{CrossValidated, Estimate, Estimates, Final, FoldReport};
use planar::model::{Network, Output};
use planar::scores::AnyScores;
use planar::train::Status;

use super::train::about;
use super::{columns, cost};

/// What is told of each fold besides its cost, and over all folds: the figures that the answers have.
struct Figure {
    /// Above the column of the folds.
    heading: &'static str,
    of_fold: fn(&Final) -> Option<f64>,
    /// Before the mean over the folds.
    name: &'static str,
    over_folds: fn(&Estimates) -> Option<Estimate>,
    shown: Shown,
}

#[derive(Clone, Copy)]
enum Shown {
    Percent,
    Cost,
    FourDigits,
}

const ACCURACY: Figure = Figure {
    heading: "accuracy %",
    of_fold: |last| last.accuracy,
    name: "accuracy",
    over_folds: |of| of.accuracy,
    shown: Shown::Percent,
};
const HELD_OUT: Figure = Figure {
    heading: "held out %",
    of_fold: |last| last.test_accuracy,
    name: "held out",
    over_folds: |of| of.test_accuracy,
    shown: Shown::Percent,
};
const R2: Figure =
    Figure { heading: "R²", of_fold: |last| last.r2, name: "R²", over_folds: |of| of.r2, shown: Shown::FourDigits };
const HELD_OUT_R2: Figure = Figure {
    heading: "held out R²",
    of_fold: |last| last.test_r2,
    name: "held out R²",
    over_folds: |of| of.test_r2,
    shown: Shown::FourDigits,
};
const LOG_LOSS: Figure = Figure {
    heading: "log loss",
    of_fold: |last| last.test_scores.as_ref().and_then(AnyScores::log_loss),
    name: "log loss",
    over_folds: |of| of.test_log_loss,
    shown: Shown::Cost,
};
const ROC_AUC: Figure = Figure {
    heading: "ROC AUC",
    of_fold: |last| last.two().and_then(|scores| scores.roc_auc),
    name: "ROC AUC",
    over_folds: |of| of.test_roc_auc,
    shown: Shown::FourDigits,
};

/// Those of a network's answers.
fn figures(network: &Network) -> &'static [Figure] {
    match (network.output(), network.outputs()) {
        (Output::Squares, _) => &[R2, HELD_OUT_R2],
        (Output::Logistic, 1) | (Output::Softmax, 2) => &[ACCURACY, HELD_OUT, LOG_LOSS, ROC_AUC],
        (Output::Softmax, _) => &[ACCURACY, HELD_OUT, LOG_LOSS],
        (Output::Logistic, _) => &[ACCURACY, HELD_OUT],
    }
}

/// A row per fold, what was trained on what, and each figure over all folds.
pub fn summary(validated: &CrossValidated) -> String {
    let CrossValidated { report, run, .. } = validated;
    let told = figures(&run.network);
    let heading = ["fold", "samples", "held out", "cost"].into_iter().chain(told.iter().map(|figure| figure.heading));
    let mut rows = vec![heading.map(str::to_owned).collect()];
    rows.extend(report.folds.iter().map(|fold| row(fold, told)));
    let (data, training, drawn) = (&report.data, &report.training, &report.drawn);
    let mut about = about(data, &run.network, training, report.init.as_deref());
    about.extend([
        vec!["iterations".into(), format!("{} for each of {} folds", training.iterations, drawn.folds)],
        vec!["device".into(), format!("{}, plan {}", report.device.name, report.plan)],
        vec!["time".into(), format!("{:.2} s", report.seconds.total)],
    ]);
    let judged = report.folds.iter().filter(|fold| fold.status == Status::Finished).count();
    let over = if judged < drawn.folds { format!("{judged} of {}", drawn.folds) } else { judged.to_string() };
    let mut means = vec![vec![format!("over {over} folds"), "mean ± standard deviation".into()]];
    means.push(vec!["cost".into(), of_cost(report.estimates.cost)]);
    means.extend(told.iter().map(|figure| {
        let estimate = (figure.over_folds)(&report.estimates);
        let mean = match figure.shown {
            Shown::Percent => of_figure(estimate, 100.0, 2, " %"),
            Shown::Cost => of_cost(estimate),
            Shown::FourDigits => of_figure(estimate, 1.0, 4, ""),
        };
        vec![figure.name.into(), mean]
    }));
    format!("{}\n{}\n{}", columns(rows), columns(about), columns(means))
}

fn row(fold: &FoldReport, told: &[Figure]) -> Vec<String> {
    let last = &fold.last;
    let end = match fold.status {
        Status::Diverged => format!("diverged at {}", fold.iterations),
        _ => last.cost.map_or("–".into(), |last| cost(last, 6)),
    };
    let mut cells = vec![fold.fold.to_string(), fold.samples.to_string(), fold.test_samples.to_string(), end];
    cells.extend(told.iter().map(|figure| match ((figure.of_fold)(last), figure.shown) {
        (None, _) => "–".into(),
        (Some(share), Shown::Percent) => format!("{:.2}", 100.0 * share),
        (Some(loss), Shown::Cost) => cost(loss, 6),
        (Some(score), Shown::FourDigits) => format!("{score:.4}"),
    }));
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
