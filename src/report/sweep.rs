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
    let held_out = configurations.iter().any(|of| of.test_accuracy.is_some());
    let shown = &configurations[..configurations.len().min(SHOWN)];
    let settings: Vec<[String; 7]> = shown.iter().map(settings).collect();
    let varies = |column: usize| settings.iter().any(|row| row[column] != settings[0][column]);
    let (varying, alike): (Vec<usize>, Vec<usize>) = (0..SETTINGS.len()).partition(|column| varies(*column));

    let percent =
        |of: Option<Spread>| of.map_or("–".into(), |of| spread(of, |share| format!("{:.1}", 100.0 * share)));
    let heading = varying.iter().map(|column| SETTINGS[*column]).chain(["accuracy %"]);
    let heading = heading.chain(held_out.then_some("held out %")).chain(["cost"]);
    let mut rows = vec![heading.map(str::to_owned).collect::<Vec<_>>()];
    for (of, settings) in shown.iter().zip(&settings) {
        let mut row: Vec<String> = varying.iter().map(|column| settings[*column].clone()).collect();
        row.push(percent(of.accuracy));
        row.extend(held_out.then(|| match of.over_folds {
            Some(accuracy) => over_folds(accuracy),
            None => percent(of.test_accuracy),
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
    let accuracy = match (of.test_accuracy, of.accuracy) {
        (Some(_), _) if job.fold.is_some() => String::new(),
        (Some(share), _) => format!(", held out {:.2} %", 100.0 * share),
        (None, share) => share.map_or(String::new(), |share| format!(", accuracy {:.2} %", 100.0 * share)),
    };
    let activation = trained(&job.activation, &job.recipe);
    let what = format!("{}, n_h {}, {activation}, rate {}", job.data, job.hidden, job.learning_rate);
    format!("{what}, seed {}{accuracy}", job.init_seed)
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

/// Mean ± standard deviation in percent.
fn over_folds(Estimate { mean, deviation, .. }: Estimate) -> String {
    let deviation = deviation.map_or(String::new(), |deviation| format!(" ± {:.1}", 100.0 * deviation));
    format!("{:.1}{deviation}", 100.0 * mean)
}
