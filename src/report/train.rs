//! What `planar train` prints for people.

use planar::data::Scale;
use planar::fit::{ClassReport, DataReport, Final, Fitted, TrainingReport};
use planar::model::Network;
use planar::train::Status;

use super::cost;
use super::scores::any;

/// The logged costs, what was trained on what, the result, and the scores of samples held out.
pub fn summary(fitted: &Fitted) -> String {
    let Fitted { report, outcome, run, .. } = fitted;
    let mut rows = vec![vec!["iteration".to_owned(), "cost".to_owned()]];
    rows.extend(report.costs.iter().map(|at| vec![at.iteration.to_string(), cost(at.cost, 6)]));
    let (data, training, seconds) = (&report.data, &report.training, &report.seconds);
    let rate = match outcome.iterations.saturating_sub(fitted.before) {
        0 => String::new(),
        done => format!(", {:.0} iterations/s", done as f64 / seconds.training),
    };
    let time = format!("set-up {}, training {}{rate}", short(seconds.setup), short(seconds.training));
    let reached = report.last.cost.map(|of| format!("cost {}{}", cost(of, 6), told(&report.last)));
    let result = match (reached, report.status, report.last.best_iteration) {
        (Some(reached), Status::Finished, None) => reached,
        (Some(reached), Status::Finished, Some(best)) => format!("the best, of iteration {best}: {reached}"),
        (Some(reached), Status::Stopped, best) => {
            let best = best.map_or(String::new(), |best| format!(", the best at {best}"));
            format!("stopped after {} iterations{best}: {reached}", outcome.iterations)
        }
        (Some(reached), ..) => format!("interrupted after {} iterations: {reached}", outcome.iterations),
        (None, ..) => format!("diverged at iteration {}", outcome.iterations),
    };
    let mut about = about(data, &run.network, training, report.init.as_deref());
    about.extend([
        vec!["device".into(), format!("{}, plan {}", report.device.name, report.plan)],
        vec!["time".into(), time],
        vec!["result".into(), result],
    ]);
    if let Some(samples) = data.test_samples {
        let of = data.test_file.as_ref().map_or(String::new(), |file| format!(" of {file}"));
        let held_out = match (report.last.test_accuracy, report.last.test_r2) {
            (Some(accuracy), _) => format!("{:.2} % of {samples} samples{of}", 100.0 * accuracy),
            (None, Some(r2)) => format!("R² {r2:.4} of {samples} samples{of}"),
            (None, None) => format!("{samples} samples{of}"),
        };
        about.push(vec!["held out".into(), held_out]);
    }
    let classes = [0, 1].map(|class| fitted.data.columns().class(class));
    let held_out = report.last.test_scores.as_ref().map(|scores| format!("\n{}", any("held out", scores, classes)));
    format!("{}\n{}{}", super::columns(rows), super::columns(about), held_out.unwrap_or_default())
}

/// How good a network is on the samples that it was trained on, behind its cost.
fn told(last: &Final) -> String {
    match (last.accuracy, last.r2) {
        (Some(accuracy), _) => format!(", accuracy {:.2} %", 100.0 * accuracy),
        (None, Some(r2)) => format!(", R² {r2:.4}"),
        (None, None) => String::new(),
    }
}

/// A time in milliseconds up to a second.
fn short(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", 1e3 * seconds) } else { format!("{seconds:.2} s") }
}

/// What was trained on what, and from which weights.
pub(super) fn about(
    data: &DataReport,
    network: &Network,
    training: &TrainingReport,
    init: Option<&str>,
) -> Vec<Vec<String>> {
    let seed = data.seed.map_or(String::new(), |seed| format!(", seed {seed}"));
    let seeded = || format!("seed {}, scale {}", training.init_seed, training.init_scale);
    let start = init.map_or_else(seeded, String::from);
    let mut rows = vec![vec!["data".into(), format!("{}, {} × {}{seed}", data.name, data.samples, data.features)]];
    rows.extend(of_file(data));
    rows.extend([
        vec!["network".into(), format!("{:?}, {}", network.widths(), network.derivative())],
        vec!["weights".into(), format!("{start}, {}", training.precision)],
        vec!["learning rate".into(), training.learning_rate.to_string()],
    ]);
    if !network.tells_two_classes() {
        rows.push(vec!["output".into(), network.output().to_string()]);
    }
    if !training.recipe.is_plain() {
        rows.push(vec!["training".into(), training.recipe.to_string()]);
    }
    rows
}

/// What a file's columns are: the label and the share of each class, what is left out, and how the rest is scaled.
fn of_file(data: &DataReport) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    if let Some(label) = &data.label {
        let share = |class: &ClassReport| format!("{} {:.2} %", class.name, 100.0 * class.share);
        let shares: Vec<String> = data.classes.iter().map(share).collect();
        let shares = if shares.is_empty() { String::new() } else { format!(": {}", list(&shares)) };
        rows.push(vec!["label".into(), format!("{label}{shares}")]);
    }
    if !data.feature_names.is_empty() {
        rows.push(vec!["features".into(), list(&data.feature_names)]);
    }
    if !data.dropped.is_empty() {
        rows.push(vec!["left out".into(), list(&data.dropped)]);
    }
    if let Some(by) = &data.weighted_by {
        rows.push(vec!["samples count".into(), format!("by {by}")]);
    }
    if data.scale != Scale::None {
        rows.push(vec!["scaling".into(), data.scale.to_string()]);
    }
    rows
}

/// The first few names, and how many more there are.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 4;
    match names.len() {
        more if more > SHOWN + 1 => format!("{} and {} more", names[..SHOWN].join(", "), more - SHOWN),
        _ => names.join(", "),
    }
}

/// One line to put above a picture: what was trained on what, and the result.
#[cfg(feature = "plot")]
pub fn title(fitted: &Fitted) -> String {
    let Fitted { report, outcome, run, .. } = fitted;
    let widths: Vec<String> = run.network.widths().iter().map(usize::to_string).collect();
    let (widths, rate, done) = (widths.join("–"), report.training.learning_rate, outcome.iterations);
    let test = report.last.test_accuracy.map(|test| format!(", held out {:.2} %", 100.0 * test));
    let test = test.or(report.last.test_r2.map(|r2| format!(", held out R² {r2:.4}"))).unwrap_or_default();
    let result = match report.last.cost {
        Some(last) => format!("{done} iterations: cost {}{}{test}", cost(last, 4), told(&report.last)),
        None => format!("diverged at iteration {done}"),
    };
    let name = report.data.name.rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{name}, {widths}, {}, rate {rate}, {result}", run.network.activation())
}
