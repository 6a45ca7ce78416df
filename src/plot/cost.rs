//! Cost curves: one or several over the iterations.

use plotters::coord::combinators::BindKeyPoints;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::{ChartBuilder, Circle, Cross, DashedLineSeries, IntoLogRange, LineSeries, Ranged};
use plotters::style::{Color, RGBColor};

use super::legend::{Entry, Mark, below};
use super::{Area, colour, failed, is_small, px, short, size, text, thousands, titled};
use crate::train::CostAt;
use crate::{Error, Result};

/// The most parts that a long curve is cut into; the lowest and the highest cost of each are drawn.
const PARTS: usize = 400;
/// The most parts of all curves together, so that a picture of many stays small.
const POINTS: usize = 4000;
/// Costs above this many times the first are outside the picture, so that a diverging run does not flatten it.
const TOP: f64 = 3.0;

/// A curve and what it is called.
#[derive(Clone, Debug)]
pub struct Curve<'a> {
    /// Its name in the legend; an empty one is not shown.
    pub label: String,
    /// The costs as training logged them. If the last one is not finite, it is marked: there the run diverged.
    pub costs: &'a [CostAt],
}

/// Curves on the same axes.
#[derive(Clone, Debug, Default)]
pub struct CostPlot<'a> {
    /// What is drawn.
    pub curves: Vec<Curve<'a>>,
    /// Whether the cost's axis is logarithmic.
    pub log: bool,
}

impl<'a> CostPlot<'a> {
    /// The cost of a run, beside that of the samples held out if it was watched.
    pub fn of_run(costs: &'a [CostAt], held_out: &'a [CostAt], log: bool) -> Self {
        let curve = |label: &str, costs| Curve { label: label.into(), costs };
        let curves = match held_out {
            [] => vec![curve("", costs)],
            _ => vec![curve("training", costs), curve("held out", held_out)],
        };
        Self { curves, log }
    }

    /// Draws it.
    ///
    /// # Errors
    /// [`Error::Plot`] if no cost is finite, or if the area cannot hold it.
    pub fn draw(&self, area: &Area, title: &str) -> Result<()> {
        let (low, high) = self.bounds()?;
        if self.log {
            let (from, to) = (low / 1.15, high * 1.15);
            let range = (from..to).log_scale().with_key_points(decade_steps(from, to));
            return self.draw_on(area, title, (low, high), range);
        }
        self.draw_on(area, title, (low, high), low.min(0.0)..high * 1.05)
    }

    /// The lowest and the highest cost that are drawn; others are clamped to them.
    pub(super) fn bounds(&self) -> Result<(f64, f64)> {
        let finite = || self.curves.iter().flat_map(|curve| curve.costs).map(|at| at.cost).filter(|c| c.is_finite());
        let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        if low > high {
            return Err(Error::Plot("there is no finite cost to draw".into()));
        }
        if self.log {
            // 0 has no logarithm: such a cost is drawn at the bottom
            let low = finite().filter(|cost| *cost > 0.0).fold(high.max(1e-300), f64::min).max(1e-300);
            return Ok((low, high.max(low)));
        }
        let starts = self.curves.iter().filter_map(|curve| curve.costs.iter().find(|at| at.cost.is_finite()));
        let top = high.min(TOP * starts.map(|at| at.cost).fold(low, f64::max)).max(low + 1e-9);
        Ok((low, top))
    }

    /// The last iteration of all curves, at least 1.
    pub(super) fn end(&self) -> u64 {
        self.curves.iter().flat_map(|curve| curve.costs).map(|at| at.iteration).max().unwrap_or(0).max(1)
    }

    /// Draws with this axis of the cost, on which costs are clamped to the bounds.
    fn draw_on<Y>(&self, area: &Area, title: &str, (low, top): (f64, f64), y: Y) -> Result<()>
    where
        Y: AsRangedCoord<Value = f64>,
        Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let small = is_small(area);
        let area = titled(area, title)?;
        let area = if small { area } else { below(&area, self.legend())? };
        let mut builder = ChartBuilder::on(&area);
        builder.margin_top(size(6)).margin_right(size(if small { 16 } else { 26 })).margin_bottom(size(4));
        builder.margin_left(size(if small { 2 } else { 12 }));
        builder.x_label_area_size(size(if small { 16 } else { 40 })).y_label_area_size(size(if small {
            26
        } else {
            50
        }));
        let mut chart = builder.build_cartesian_2d(0.0..self.end() as f64, y).map_err(failed)?;
        let mut mesh = chart.configure_mesh();
        mesh.axis_style(colour::AXIS).bold_line_style(colour::GRID).light_line_style(RGBColor(255, 255, 255));
        mesh.max_light_lines(0).x_labels(if small { 3 } else { 6 }).y_labels(if small { 3 } else { 8 });
        mesh.label_style(text(if small { 8.0 } else { 11.0 }, colour::TEXT));
        let (iteration, cost) = (|at: &f64| thousands(*at), |cost: &f64| short(*cost));
        mesh.x_label_formatter(&iteration).y_label_formatter(&cost);
        if !small {
            mesh.x_desc("iteration").y_desc(if self.log { "cost (logarithmic)" } else { "cost" });
            mesh.axis_desc_style(text(12.0, colour::TEXT));
        }
        mesh.draw().map_err(failed)?;

        let parts = (POINTS / self.curves.len().max(1)).clamp(50, PARTS);
        for (k, curve) in self.curves.iter().enumerate() {
            let style = colour::of_curve(k).stroke_width(size(if small { 1 } else { 2 }));
            for piece in pieces(curve.costs) {
                let points: Vec<(f64, f64)> =
                    thinned(piece, parts).map(|at| (at.iteration as f64, at.cost.clamp(low, top))).collect();
                match points.as_slice() {
                    // a line to nowhere would not be seen
                    [one] => chart.draw_series([Circle::new(*one, px(2), style.filled())]).map_err(failed)?,
                    _ => chart.draw_series(LineSeries::new(points, style)).map_err(failed)?,
                };
            }
        }
        for (k, curve) in self.curves.iter().enumerate() {
            let Some(at) = curve.costs.last().filter(|at| !at.cost.is_finite()) else { continue };
            let style = colour::of_curve(k).stroke_width(size(2));
            let end = (at.iteration as f64, top);
            if let Some(last) = curve.costs.iter().rev().find(|at| at.cost.is_finite()) {
                let from = (last.iteration as f64, last.cost.clamp(low, top));
                let away = DashedLineSeries::new([from, end], size(5), size(4), style);
                chart.draw_series(away).map_err(failed)?;
            }
            chart.draw_series([Cross::new(end, px(5), style)]).map_err(failed)?;
        }
        Ok(())
    }

    /// The curves that have names, and where some diverged.
    fn legend(&self) -> Vec<Entry> {
        let entries = self.curves.iter().enumerate().flat_map(|(k, curve)| {
            let named = (!curve.label.is_empty()).then(|| (Mark::Line(colour::of_curve(k)), curve.label.clone()));
            let at = curve.costs.last().filter(|at| !at.cost.is_finite());
            let diverged = at.map(|at| {
                let said = format!("diverged at iteration {}", thousands(at.iteration as f64));
                (Mark::Cross(colour::of_curve(k)), said)
            });
            named.into_iter().chain(diverged)
        });
        entries.collect()
    }
}

/// The parts of a curve between costs that are not finite.
pub(super) fn pieces(costs: &[CostAt]) -> impl Iterator<Item = &[CostAt]> {
    costs.split(|at| !at.cost.is_finite()).filter(|piece| !piece.is_empty())
}

pub(super) fn is_diverged(curve: &Curve) -> bool {
    curve.costs.last().is_some_and(|at| !at.cost.is_finite())
}

/// Marks on a logarithmic axis: tenths within one decade, otherwise 1, 2 and 5 times the powers of ten, or the powers
/// alone over many decades.
pub(super) fn decade_steps(low: f64, high: f64) -> Vec<f64> {
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let steps: &[f64] = match high / low {
        ratio if ratio < 10.0 => &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
        ratio if ratio < 1e5 => &[1.0, 2.0, 5.0],
        _ => &[1.0],
    };
    let every = (decades.clone().count() / 8).max(1);
    let all = decades.step_by(every).flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
    all.filter(|step| (low..=high).contains(step)).collect()
}

/// A piece of a curve in at most this many parts: the lowest and the highest cost of each, and the last.
pub(super) fn thinned(costs: &[CostAt], parts: usize) -> impl Iterator<Item = CostAt> {
    let part = costs.len().div_ceil(parts).max(1);
    let mut kept = Vec::new();
    for part in costs.chunks(part) {
        let by_cost = |a: &&CostAt, b: &&CostAt| a.cost.total_cmp(&b.cost);
        let mut ends: Vec<CostAt> =
            part.iter().min_by(by_cost).into_iter().chain(part.iter().max_by(by_cost)).copied().collect();
        ends.sort_by_key(|at| at.iteration);
        ends.dedup();
        kept.extend(ends);
    }
    kept.extend(costs.last().filter(|last| kept.last().is_none_or(|at: &CostAt| at.iteration < last.iteration)));
    kept.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_axis_has_marks_within_a_decade_and_not_too_many_over_thirty() {
        assert_eq!(decade_steps(0.15, 1.1).len(), 9);
        assert!((4..=12).contains(&decade_steps(1e-20, 1e12).len()));
    }

    #[test]
    fn a_long_curve_keeps_its_peaks() {
        let costs: Vec<CostAt> = (0..50_000)
            .map(|k| CostAt { iteration: k, cost: if k == 31_234 { 9.0 } else { 1.0 / (k + 1) as f64 } })
            .collect();
        let kept: Vec<CostAt> = thinned(&costs, PARTS).collect();
        assert!(kept.len() <= 2 * PARTS + 1 && kept.iter().any(|at| at.cost == 9.0), "{}", kept.len());
        assert!(kept.is_sorted_by_key(|at| at.iteration));
    }
}
