//! The table of `planar sweep`.

use planar::fit::Estimate;
use planar::optim::Recipe;
use planar::sweep::halving::Rung;
use planar::sweep::results::JobResult;
use planar::sweep::summary::{Configuration, Spread};

use super::{columns, cost};

/// The most configurations in the table for people.
const SHOWN: usize = 40;

/// What a configuration is: the columns that stand above the table if they are alike in all rows.
const SETTINGS: [&str; 7] = ["data", "n_h", "activation", "rate", "iterations", "networks", "diverged"];

/// For people: one row per configuration. Figures are min / median / max over its seeds and folds, or one number if that
/// is all there is; of what folds held out, mean ± deviation. What is the same in all rows stands above them.
pub fn table(configurations: &[Configuration]) -> String {
    let held_out = configurations.iter().any(|of| of.held_out().is_some());
    let are_classes = configurations.iter().any(|of| of.accuracy.is_some());
    let shown = &configurations[..configurations.len().min(SHOWN)];
    let settings: Vec<[String; 7]> = shown.iter().map(settings).collect();
    let varies = |column: usize| settings.iter().any(|row| row[column] != settings[0][column]);
    let (varying, alike): (Vec<usize>, Vec<usize>) = (0..SETTINGS.len()).partition(|column| varies(*column));

    let [on_train, on_test] = match (configurations.iter().any(Configuration::is_of_numbers), are_classes) {
        (false, _) => ["accuracy %", "held out %"],
        (true, false) => ["R²", "held out R²"],
        (true, true) => ["accuracy % or R²", "held out"],
    };
    let heading = varying.iter().map(|column| SETTINGS[*column]).chain([on_train]);
    let heading = heading.chain(held_out.then_some(on_test)).chain(["cost"]);
    let mut rows = vec![heading.map(str::to_owned).collect::<Vec<_>>()];
    for (of, settings) in shown.iter().zip(&settings) {
        let mut row: Vec<String> = varying.iter().map(|column| settings[*column].clone()).collect();
        let are_numbers = of.is_of_numbers();
        let figures = |of: Option<Spread>| of.map_or("–".into(), |of| spread(of, |score| cell(score, are_numbers)));
        row.push(figures(of.accuracy.or(of.r2)));
        row.extend(held_out.then(|| match of.over_folds {
            Some(estimate) => over_folds(estimate, are_numbers),
            None => figures(of.held_out()),
        }));
        row.push(of.cost.map_or("–".into(), |of| spread(of, |of| cost(of, 4))));
        rows.push(row);
    }
    let mut text = String::new();
    if let (Some(first), false) = (settings.first(), alike.is_empty()) {
        let alike: Vec<String> =
            alike.iter().map(|column| format!("{} {}", SETTINGS[*column], first[*column])).collect();
        text += &format!("{}\n", alike.join(", "));
    }
    text += &columns(rows);
    if configurations.len() > SHOWN {
        text += &format!("… and {} more configurations: --json lists all\n", configurations.len() - SHOWN);
    }
    text
}

/// For people: what happened at each rung of a halving.
pub fn rungs(rungs: &[Rung], is_held_out: bool) -> String {
    if rungs.is_empty() {
        return String::new();
    }
    let has_several = rungs.iter().any(|of| of.data != rungs[0].data);
    let lowest = if is_held_out { "held-out cost: lowest" } else { "cost: lowest" };
    let heading = ["rung", "iterations", "networks", "diverged", "go on", lowest, "median"];
    let heading = has_several.then_some("data").into_iter().chain(heading).map(str::to_owned);
    let row = |of: &Rung| {
        let [fewest, most] = of.iterations;
        let iterations = if fewest == most { most.to_string() } else { format!("{fewest}–{most}") };
        let of_spread = |figure: fn(Spread) -> f64| of.cost.map_or("–".into(), |of| cost(figure(of), 4));
        let counts = [of.candidates, of.diverged, of.goes_on].map(|count| count.to_string());
        let cells = [of.rung.to_string(), iterations].into_iter().chain(counts);
        let cells = cells.chain([of_spread(|of| of.min), of_spread(|of| of.median)]);
        has_several.then(|| of.data.clone()).into_iter().chain(cells).collect()
    };
    columns(std::iter::once(heading.collect()).chain(rungs.iter().map(row)).collect())
}

/// One network and what it reached, in a line.
pub fn of_network(of: &JobResult) -> String {
    let job = &of.job;
    let told = match of.held_out() {
        Some(_) if job.fold.is_some() => String::new(),
        Some(held_out) => format!(", held out {}", score(held_out, of.r2.is_some())),
        None => match (of.accuracy, of.r2) {
            (Some(share), _) => format!(", accuracy {}", score(share, false)),
            (None, r2) => r2.map_or(String::new(), |r2| format!(", {}", score(r2, true))),
        },
    };
    let activation = trained(&job.activation, &job.recipe);
    let what = format!("{}, n_h {}, {activation}, rate {}", job.data, job.hidden, job.learning_rate);
    format!("{what}, seed {}{told}", job.init_seed)
}

fn settings(of: &Configuration) -> [String; 7] {
    let rate = match of.learning_rate {
        small if small < 1e-3 => format!("{small:.3e}"),
        rate => ((rate * 1e6).round() / 1e6).to_string(),
    };
    let done = spread(of.done, |done| done.to_string());
    let (networks, diverged) = (of.networks.to_string(), of.diverged.to_string());
    let activation = trained(&of.activation, &of.recipe);
    [of.data.clone(), of.hidden.to_string(), activation, rate, done, networks, diverged]
}

/// The activation, with the recipe behind it if it is not plain gradient descent.
fn trained(activation: &str, recipe: &Recipe) -> String {
    if recipe.is_plain() { activation.to_owned() } else { format!("{activation}, {recipe}") }
}

/// The smallest, the median and the largest, or one number if they are the same.
fn spread(of: Spread, shown: impl Fn(f64) -> String) -> String {
    match of {
        Spread { min, max, .. } if min == max => shown(max),
        Spread { min, median, max } => [min, median, max].map(shown).join(" / "),
    }
}

/// An accuracy or R² with its unit or name.
fn score(of: f64, is_of_numbers: bool) -> String {
    if is_of_numbers { format!("R² {of:.4}") } else { format!("{:.2} %", 100.0 * of) }
}

/// A cell of accuracies in percent, or of R².
fn cell(of: f64, are_numbers: bool) -> String {
    if are_numbers { format!("{of:.4}") } else { format!("{:.1}", 100.0 * of) }
}

/// Mean ± standard deviation of accuracies in percent, or of R².
fn over_folds(Estimate { mean, deviation, .. }: Estimate, are_numbers: bool) -> String {
    let deviation = deviation.map_or(String::new(), |of| format!(" ± {}", cell(of, are_numbers)));
    format!("{}{deviation}", cell(mean, are_numbers))
}
