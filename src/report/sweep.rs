//! The table of `planar sweep`.

use planar::fit::Estimate;
use planar::sweep::summary::{Configuration, Spread};

/// The most configurations in the table for people.
const SHOWN: usize = 40;

/// For people: one row per configuration, min/median/max over its seeds and folds; of what folds held out, mean ± deviation.
pub fn table(configurations: &[Configuration]) -> String {
    let held_out = configurations.iter().any(|of| of.test_accuracy.is_some());
    let mut heading = vec!["data", "n_h", "activation", "rate", "iterations", "networks", "diverged", "accuracy %"];
    heading.extend(held_out.then_some("held out %"));
    heading.push("cost");
    let mut rows = vec![heading.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    let percent = |spread: Option<Spread>| {
        spread
            .map_or("–".into(), |s| format!("{:.1} / {:.1} / {:.1}", 100.0 * s.min, 100.0 * s.median, 100.0 * s.max))
    };
    for of in configurations.iter().take(SHOWN) {
        let done = match of.done {
            Spread { min, max, .. } if min == max => format!("{max}"),
            Spread { min, median, max } => format!("{min} / {median} / {max}"),
        };
        let cost = of.cost.map_or("–".into(), |s| format!("{:.4} / {:.4} / {:.4}", s.min, s.median, s.max));
        let rate = match of.learning_rate {
            small if small < 1e-3 => format!("{small:.3e}"),
            rate => ((rate * 1e6).round() / 1e6).to_string(),
        };
        let mut row = vec![of.data.clone(), of.hidden.to_string(), of.activation.clone(), rate, done];
        row.extend([of.networks.to_string(), of.diverged.to_string(), percent(of.accuracy)]);
        row.extend(held_out.then(|| match of.over_folds {
            Some(accuracy) => over_folds(accuracy),
            None => percent(of.test_accuracy),
        }));
        row.push(cost);
        rows.push(row);
    }
    let mut text = super::columns(rows);
    if configurations.len() > SHOWN {
        text += &format!("… and {} more configurations: --json lists all\n", configurations.len() - SHOWN);
    }
    text
}

/// Mean ± standard deviation in percent.
fn over_folds(Estimate { mean, deviation, .. }: Estimate) -> String {
    let deviation = deviation.map_or(String::new(), |deviation| format!(" ± {:.1}", 100.0 * deviation));
    format!("{:.1}{deviation}", 100.0 * mean)
}
