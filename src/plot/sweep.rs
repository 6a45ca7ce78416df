//! Pictures of a sweep: accuracy over width and rate, cost curves by configuration, and decision boundaries side by
//! side.

use std::collections::BTreeMap;

use super::bins::Bins;
use super::{Area, Boundary, CostPlot, Curve, HeatMap, dimensions, is_small, titled};
use crate::sweep::results::JobResult;
use crate::sweep::summary::{Configuration, Spread, configurations};
use crate::train::CostAt;
use crate::{Error, Result};

/// The smallest side of a cell of a heat map in pixels, margins included: if there are more widths or rates, they share
/// cells.
const CELL: u32 = 8;
/// The networks that share a cell on average if they are drawn at random: fewer would leave many cells blank.
const PER_CELL: f64 = 3.0;
/// The most heat maps on a sheet and the most curves on one pair of axes.
const MAPS: usize = 12;
const CURVES: usize = 7;
/// The most boundaries on a sheet: those of the best configurations.
pub const BOUNDARIES: usize = 12;

/// The accuracy in percent, or R² where the targets are numbers, over hidden units and learning rate, one map per data set and activation: the median over
/// all networks of a cell, on held-out samples if there are any. If there are many widths or rates, neighbours share a
/// cell, as the title then says. A cell without networks is blank; one in which all diverged is grey.
///
/// # Errors
/// [`Error::Plot`] if there is no result, or if the area cannot hold the maps.
pub fn heat_maps(area: &Area, results: &[JobResult]) -> Result<()> {
    let mut maps: BTreeMap<(&str, &str), Vec<&JobResult>> = BTreeMap::new();
    for ended in results {
        maps.entry((&ended.job.data, &ended.job.activation)).or_default().push(ended);
    }
    if maps.is_empty() {
        return Err(Error::Plot("no network has ended yet".into()));
    }
    let held_out = results.iter().any(|ended| ended.held_out().is_some());
    let are_numbers = results.iter().any(|ended| ended.r2.is_some());
    let shown = maps.len().min(MAPS);
    let (width, height) = dimensions(area);
    let (down, across) = tiles(shown);
    let fitting = [width / across as u32, height / down as u32].map(|pixels| (pixels / CELL) as usize);
    let networks = maps.values().map(Vec::len).max().unwrap_or(0);
    let (widths, rates) = bins(results, networks, fitting);

    let what = match (are_numbers, held_out) {
        (false, false) => "accuracy %",
        (false, true) => "held-out accuracy %",
        (true, false) => "R²",
        (true, true) => "held-out R²",
    };
    let told = [widths.told("numbers of hidden units"), rates.told("learning rates")].into_iter().flatten();
    let left_out = (maps.len() > shown).then(|| format!("{shown} of {} maps", maps.len()));
    let said: Vec<String> =
        [format!("{what}, median of a cell's networks")].into_iter().chain(told).chain(left_out).collect();
    let area = titled(area, &said.join("; "))?;
    let mut drawn: Vec<_> = maps
        .into_iter()
        .take(shown)
        .map(|(name, ended)| (name, heat_map(&ended, &widths, &rates, what, are_numbers)))
        .collect();
    let finite =
        drawn.iter().flat_map(|(_, map)| map.values.iter().flatten().copied()).filter(|value| value.is_finite());
    let scale = Spread::of(finite).map(|values| [values.min, values.max]);
    drawn.iter_mut().for_each(|(_, map)| map.scale = scale);
    // all maps share the scale, so one bar stands for them
    let area = match drawn.first() {
        Some((_, map)) if !is_small(&area) => map.beside_bar(&area)?,
        _ => area,
    };
    for ((name, map), tile) in drawn.iter().zip(area.split_evenly(tiles(shown))) {
        map.draw_cells(&tile, &format!("{}, {}", name.0, name.1))?;
    }
    Ok(())
}

/// The cells of widths and of rates, at most as many as fit: one for each value of a grid, and for random draws so few that
/// [`PER_CELL`] networks share one on average.
fn bins(results: &[JobResult], networks: usize, [across, down]: [usize; 2]) -> (Bins, Bins) {
    let width = |ended: &JobResult| ended.job.hidden.units() as f64;
    let rate = |ended: &JobResult| ended.job.learning_rate;
    let (widths, rates) = (results.iter().map(width), results.iter().map(rate));
    let count = |bins: Bins| bins.len();
    let all = [count(Bins::of(widths.clone(), usize::MAX)), count(Bins::of(rates.clone(), usize::MAX))];
    let most = if all[0] * all[1] <= 2 * networks {
        all
    } else {
        let cells = networks as f64 / PER_CELL;
        let side = cells.sqrt();
        match all.map(|count| count as f64) {
            [widths, _] if widths <= side => [all[0], (cells / widths) as usize],
            [_, rates] if rates <= side => [(cells / rates) as usize, all[1]],
            _ => [side as usize; 2],
        }
    };
    (Bins::of(widths, most[0].max(2).min(across)), Bins::of(rates, most[1].max(2).min(down)))
}

fn heat_map(results: &[&JobResult], widths: &Bins, rates: &Bins, what: &str, are_numbers: bool) -> HeatMap {
    let (unit, digits) = if are_numbers { (1.0, 3) } else { (100.0, 1) };
    let mut cells = vec![Vec::new(); widths.len() * rates.len()];
    for ended in results {
        let cell = rates.bin(ended.job.learning_rate) * widths.len() + widths.bin(ended.job.hidden.units() as f64);
        cells[cell].push(ended.score());
    }
    let median = |cell: Vec<Option<f64>>| {
        let of = Spread::of(cell.iter().flatten().copied()).map_or(f64::NAN, |spread| unit * spread.median);
        (!cell.is_empty()).then_some(of)
    };
    HeatMap {
        x: widths.axis("hidden units"),
        y: rates.axis("learning rate"),
        values: cells.into_iter().map(median).collect(),
        label: what.into(),
        digits,
        scale: None,
    }
}

/// The cost over the iterations, one curve per configuration, the best first: at each logged iteration the median over
/// the seeds that got that far.
///
/// # Errors
/// [`Error::Plot`] if no cost is finite, or if the area cannot hold it.
pub fn curves(area: &Area, results: &[JobResult]) -> Result<()> {
    let all = configurations(results);
    let best = &all[..all.len().min(CURVES)];
    let costs: Vec<Vec<CostAt>> = best.iter().map(|of| median_curve(results, of)).collect();
    let names = names(best, &all);
    let curves = names.iter().zip(&costs).map(|(label, costs)| Curve { label: label.clone(), costs }).collect();
    let which = if all.len() > best.len() {
        format!("the best {} of {} configurations", best.len(), all.len())
    } else {
        "by configuration".into()
    };
    CostPlot { curves, log: true }.draw(area, &format!("cost, median over the seeds, {which}"))
}

/// At each iteration the median over the seeds that got that far.
fn median_curve(results: &[JobResult], of: &Configuration) -> Vec<CostAt> {
    let networks: Vec<&JobResult> = results.iter().filter(|ended| of.holds(&ended.job)).collect();
    let have_curves = networks.iter().all(|ended| !ended.curve.is_empty());
    // a run that ended early keeps its costs at smaller steps, which the others lack
    let every = networks.iter().map(|ended| ended.curve.every()).max().unwrap_or(1);
    let mut by_iteration: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for ended in networks {
        let last = ended.costs.last().map_or(0, |at| at.iteration);
        let shared = |at: &CostAt| at.iteration.is_multiple_of(every) || at.iteration == last;
        let costs = if have_curves { ended.curve.costs().filter(shared).collect() } else { ended.costs.clone() };
        for at in costs {
            by_iteration.entry(at.iteration).or_default().extend(at.cost.is_finite().then_some(at.cost));
        }
    }
    let median =
        |(iteration, costs): (u64, Vec<f64>)| Spread::of(costs).map(|of| CostAt { iteration, cost: of.median });
    by_iteration.into_iter().filter_map(median).collect()
}

/// Short names of some of a sweep's configurations: whatever differs within the sweep.
pub fn names(some: &[Configuration], all: &[Configuration]) -> Vec<String> {
    let parts = |of: &Configuration| {
        [
            of.data.clone(),
            format!("n_h {}", of.hidden),
            of.activation.clone(),
            format!("rate {}", super::short(of.learning_rate)),
            format!("{} iterations", super::thousands(of.iterations as f64)),
        ]
    };
    let first = all.first().map(parts);
    let differs = |part: usize| all.iter().any(|of| first.as_ref().is_some_and(|first| parts(of)[part] != first[part]));
    let shown: Vec<usize> = (0..5).filter(|part| differs(*part)).collect();
    // a single one is named by its width and activation
    let shown = if shown.is_empty() { vec![1, 2] } else { shown };
    some.iter()
        .map(parts)
        .map(|parts| shown.iter().map(|part| parts[*part].as_str()).collect::<Vec<_>>().join(", "))
        .collect()
}

/// Decision boundaries with their titles, side by side.
///
/// # Errors
/// Those of [`Boundary::draw`]; [`Error::Plot`] if there are none.
pub fn boundaries(area: &Area, networks: &[(String, Boundary)]) -> Result<()> {
    if networks.is_empty() {
        return Err(Error::Plot("no network was trained to its end".into()));
    }
    let area = titled(area, "the best configurations, each as its middle seed has it")?;
    for ((title, boundary), tile) in networks.iter().zip(area.split_evenly(tiles(networks.len()))) {
        boundary.draw(&tile, title)?;
    }
    Ok(())
}

/// Rows and columns of a sheet of this many pictures: about as many of each, rather more columns.
fn tiles(count: usize) -> (usize, usize) {
    let columns = (1..=count).find(|columns| columns * columns >= count).unwrap_or(1);
    (count.div_ceil(columns), columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_hold_all() {
        for (count, expected) in [(1, (1, 1)), (2, (1, 2)), (3, (2, 2)), (5, (2, 3)), (12, (3, 4))] {
            assert_eq!(tiles(count), expected);
        }
    }
}
