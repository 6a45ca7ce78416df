//! The decision boundary: the probability of class 1 over two features, the line at 0.5, and the samples.

use std::ops::Range;

use plotters::prelude::{ChartBuilder, Circle, DrawingBackend, PathElement, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor};
use plotters_backend::{BackendCoord, DrawingErrorKind};

use super::axes::check_axes;
use super::contour::zero_lines;
use super::legend::{Entry, Mark, below, cut};
use super::{Area, colour, dimensions, failed, is_small, px, short, size, text, titled};
use crate::cpu::logits_at;
use crate::data::Dataset;
use crate::model::activation::sigmoid;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// Points of the grid along each axis.
const GRID: usize = 161;
/// The most points along each axis: a picture has no more pixels, and each point costs a forward pass.
const MOST_GRID: usize = 4096;
/// The margin that the notebook leaves around the data.
const MARGIN: f64 = 1.0;
/// The most samples that are drawn, so that a picture stays small.
const MOST_POINTS: usize = 1000;

/// The most letters of a class's name in the legend.
const MOST_NAME: usize = 12;

/// What a boundary is drawn over: samples that were learnt, and perhaps samples that were held out, drawn hollow.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    /// Those that were learnt.
    pub data: &'a Dataset,
    /// Those that were held out.
    pub held_out: Option<&'a Dataset>,
}

impl<'a> From<&'a Dataset> for Samples<'a> {
    fn from(data: &'a Dataset) -> Self {
        Self { data, held_out: None }
    }
}

impl<'a> From<(&'a Dataset, Option<&'a Dataset>)> for Samples<'a> {
    fn from((data, held_out): (&'a Dataset, Option<&'a Dataset>)) -> Self {
        Self { data, held_out }
    }
}

/// The values of a feature, one per sample.
fn values(data: &Dataset, feature: usize) -> &[f64] {
    let m = data.samples();
    &data.inputs()[feature * m..(feature + 1) * m]
}

/// The logits of a network over two features of a data set, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Boundary {
    pub(super) x: Range<f64>,
    pub(super) y: Range<f64>,
    /// Points of the grid along each axis.
    grid: usize,
    /// Row-major (grid × grid), from the lowest y.
    logits: Vec<f64>,
    /// Each sample's place and class: those that were learnt, and those held out.
    pub(super) points: Vec<(f64, f64, u8)>,
    held_out: Vec<(f64, f64, u8)>,
    samples: usize,
    /// The names of the two axes and of the two classes.
    pub(super) names: [String; 2],
    pub(super) classes: [String; 2],
}

impl Boundary {
    /// A network over the features `axes` (counted from 0) of a data set, a margin of 1 around it; the other features
    /// are at their mean.
    ///
    /// # Errors
    /// As [`check_axes`], and [`Error::Mismatch`] if network, parameters and data do not fit together.
    pub fn new<'a>(
        samples: impl Into<Samples<'a>>,
        network: &Network,
        parameters: &Parameters,
        axes: [usize; 2],
    ) -> Result<Self> {
        Self::on_grid(samples, network, parameters, axes, GRID)
    }

    /// [`new`](Self::new) on a grid of this many points (2 to 4096) along each axis: fewer are faster.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::Invalid`] for another grid.
    pub fn on_grid<'a>(
        samples: impl Into<Samples<'a>>,
        network: &Network,
        parameters: &Parameters,
        axes: [usize; 2],
        grid: usize,
    ) -> Result<Self> {
        let Samples { data, held_out } = samples.into();
        check_axes(data, axes)?;
        if network.inputs() != data.features() {
            let (inputs, features) = (network.inputs(), data.features());
            return Err(Error::Mismatch(format!(
                "a network of {inputs} inputs has no boundary on {features} features"
            )));
        }
        if !(2..=MOST_GRID).contains(&grid) {
            return Err(Error::invalid("the grid of a boundary", format!("2 to {MOST_GRID} points"), grid));
        }
        if let Some(test) = held_out.filter(|test| test.features() != data.features()) {
            let (there, here) = (test.features(), data.features());
            return Err(Error::Mismatch(format!("{there} features were held out of {here}")));
        }
        let m = data.samples();
        let feature = |k: usize| values(data, k);
        let around = |k: usize| {
            let (low, high) = feature(k)
                .iter()
                .chain(held_out.map_or(&[][..], |test| values(test, k)))
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
            low - MARGIN..high + MARGIN
        };
        let (x, y) = (around(axes[0]), around(axes[1]));
        let step =
            |range: &Range<f64>, k: usize| range.start + (range.end - range.start) * k as f64 / (grid - 1) as f64;
        let mean: Vec<f64> = (0..data.features()).map(|k| feature(k).iter().sum::<f64>() / m as f64).collect();
        let mut at = Vec::with_capacity(grid * grid * mean.len());
        for row in 0..grid {
            for column in 0..grid {
                let first = at.len();
                at.extend_from_slice(&mean);
                at[first + axes[0]] = step(&x, column);
                at[first + axes[1]] = step(&y, row);
            }
        }
        let samples = m + held_out.map_or(0, Dataset::samples);
        let every = samples.div_ceil(MOST_POINTS);
        // what is drawn is in the features' own units
        let columns = data.columns();
        let of = axes.map(|axis| &columns.features[axis]);
        let points = |data: &Dataset| -> Vec<(f64, f64, u8)> {
            let point = |s: usize| {
                let [x, y] = [0, 1].map(|k| of[k].unscaled(values(data, axes[k])[s]));
                (x, y, data.labels()[s])
            };
            (0..data.samples()).step_by(every).map(point).collect()
        };
        let (points, held_out) = (points(data), held_out.map_or_else(Vec::new, points));
        let [x, y] = [(x, of[0]), (y, of[1])].map(|(range, of)| of.unscaled(range.start)..of.unscaled(range.end));
        let named = |class: usize| match columns.classes.get(class).filter(|_| !columns.has_plain_classes()) {
            Some(name) => cut(name, MOST_NAME),
            None => format!("y = {class}"),
        };
        let (names, classes) = (of.map(|feature| feature.name.clone()), [0, 1].map(named));
        Ok(Self { x, y, grid, logits: logits_at(network, parameters, &at)?, points, held_out, samples, names, classes })
    }

    /// Draws it: shading, the line at 0.5, the samples by class; axes, legend and colour bar if there is room.
    ///
    /// # Errors
    /// [`Error::Plot`] if the area cannot hold it.
    pub fn draw(&self, area: &Area, title: &str) -> Result<()> {
        let small = is_small(area);
        let area = titled(area, title)?;
        let (width, _) = dimensions(&area);
        let area = if small {
            area
        } else {
            let (plot, right) = area.split_horizontally(size(width.saturating_sub(64)));
            self.draw_bar(&right)?;
            below(&plot, self.legend())?
        };
        let mut builder = ChartBuilder::on(&area);
        builder.margin_top(size(if small { 2 } else { 6 })).margin_right(size(8)).margin_left(size(if small {
            2
        } else {
            12
        }));
        builder.x_label_area_size(size(if small { 14 } else { 38 })).y_label_area_size(size(if small {
            16
        } else {
            38
        }));
        let mut chart = builder.build_cartesian_2d(self.x.clone(), self.y.clone()).map_err(failed)?;

        let (wide, high) = chart.plotting_area().dim_in_pixel();
        let image = Image { at: (self.x.start, self.y.end), size: (wide, high), rgb: self.shading(wide, high) };
        chart.draw_series([image]).map_err(failed)?;
        let number = |value: &f64| short(*value);
        let mut mesh = chart.configure_mesh();
        mesh.disable_mesh().axis_style(colour::AXIS).x_labels(5).y_labels(5);
        mesh.x_label_formatter(&number).y_label_formatter(&number);
        mesh.label_style(text(if small { 8.0 } else { 11.0 }, colour::TEXT));
        if !small {
            mesh.x_desc(&self.names[0]).y_desc(&self.names[1]).axis_desc_style(text(12.0, colour::TEXT));
        }
        mesh.draw().map_err(failed)?;

        let to_data = |(column, row): (f64, f64)| {
            let share = 1.0 / (self.grid - 1) as f64;
            let x = self.x.start + (self.x.end - self.x.start) * column * share;
            (x, self.y.start + (self.y.end - self.y.start) * row * share)
        };
        let lines = zero_lines(&self.logits, self.grid, self.grid).into_iter().map(|line| {
            let points: Vec<_> = line.into_iter().map(to_data).collect();
            PathElement::new(points, colour::TEXT.stroke_width(size(if small { 1 } else { 2 })))
        });
        chart.draw_series(lines).map_err(failed)?;
        let radius = px(if small { 1 } else { 3 });
        // below the others, which are what was learnt
        for (x, y, class) in &self.held_out {
            let of = of_class(*class);
            let fill = Circle::new((*x, *y), radius, RGBColor(255, 255, 255).filled());
            chart.draw_series([fill]).map_err(failed)?;
            let ring = Circle::new((*x, *y), radius, of.stroke_width(size(if small { 1 } else { 2 })));
            chart.draw_series([ring]).map_err(failed)?;
        }
        if !small {
            let rim =
                |(x, y, _): &(f64, f64, u8)| Circle::new((*x, *y), radius + px(1), RGBColor(255, 255, 255).filled());
            chart.draw_series(self.points.iter().map(rim)).map_err(failed)?;
        }
        let dot = |(x, y, class): &(f64, f64, u8)| Circle::new((*x, *y), radius, of_class(*class).filled());
        chart.draw_series(self.points.iter().map(dot)).map_err(failed)?;
        Ok(())
    }

    /// The shade of the probability at each pixel, as RGB from the upper left.
    fn shading(&self, width: u32, height: u32) -> Vec<u8> {
        let share = |pixel: u32, pixels: u32| (f64::from(pixel) + 0.5) / f64::from(pixels);
        let mut rgb = Vec::with_capacity((3 * width * height) as usize);
        for row in 0..height {
            for column in 0..width {
                let probability = self.probability(share(column, width), share(height - 1 - row, height));
                let RGBColor(red, green, blue) = colour::of_probability(probability);
                rgb.extend([red, green, blue]);
            }
        }
        rgb
    }

    /// σ of the logit at shares of the two axes, bilinear between the points of the grid.
    pub(super) fn probability(&self, right: f64, up: f64) -> f64 {
        let last = self.grid - 1;
        let place = |share: f64| {
            let at = share * last as f64;
            let cell = (at as usize).min(last - 1);
            (cell, at - cell as f64)
        };
        let ((c, right), (r, up)) = (place(right), place(up));
        let at = |c: usize, r: usize| self.logits[r * self.grid + c];
        let low = at(c, r) * (1.0 - right) + at(c + 1, r) * right;
        let high = at(c, r + 1) * (1.0 - right) + at(c + 1, r + 1) * right;
        sigmoid(low * (1.0 - up) + high * up)
    }

    /// The classes, the line, what was held out, and the number of samples drawn if not all are.
    fn legend(&self) -> Vec<Entry> {
        let classes = colour::CLASSES.iter().zip(&self.classes).map(|(of, name)| (Mark::Dot(*of), name.clone()));
        let mut entries: Vec<Entry> = classes.collect();
        if !self.held_out.is_empty() {
            entries.push((Mark::Ring(colour::TEXT), "held out".into()));
        }
        entries.push((Mark::Line(colour::TEXT), "P = 0.5".into()));
        let drawn = self.points.len() + self.held_out.len();
        if drawn < self.samples {
            entries.push((Mark::None, format!("{drawn} of {} samples", self.samples)));
        }
        entries
    }

    /// The shade of each probability.
    fn draw_bar(&self, area: &Area) -> Result<()> {
        let (_, height) = area.dim_in_pixel();
        let (top, bottom) = (px(24), (height as i32 - px(72)).max(px(32)));
        let steps = 20;
        for k in 0..steps {
            let y = |k: i32| bottom - (bottom - top) * k / steps;
            let shade = colour::of_probability((f64::from(k) + 0.5) / f64::from(steps));
            area.draw(&Rectangle::new([(px(6), y(k + 1)), (px(18), y(k))], shade.filled())).map_err(failed)?;
        }
        let style = text(10.0, colour::TEXT).pos(Pos::new(HPos::Left, VPos::Center));
        for (label, y) in [("1", top), ("0.5", (top + bottom) / 2), ("0", bottom)] {
            area.draw_text(label, &style, (px(23), y)).map_err(failed)?;
        }
        area.draw_text("P(y = 1)", &style, (px(2), top - px(14))).map_err(failed)
    }
}

fn of_class(class: u8) -> RGBColor {
    colour::CLASSES[usize::from(class)]
}

/// RGB pixels with their upper left at a point of the data.
struct Image {
    at: (f64, f64),
    size: (u32, u32),
    rgb: Vec<u8>,
}

impl<'a> plotters::element::PointCollection<'a, (f64, f64)> for &'a Image {
    type Point = &'a (f64, f64);
    type IntoIter = std::iter::Once<&'a (f64, f64)>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl<D: DrawingBackend> plotters::element::Drawable<D> for Image {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut at: I,
        backend: &mut D,
        _: (u32, u32),
    ) -> std::result::Result<(), DrawingErrorKind<D::ErrorType>> {
        at.next().map_or(Ok(()), |at| backend.blit_bitmap(at, self.size, &self.rgb))
    }
}
