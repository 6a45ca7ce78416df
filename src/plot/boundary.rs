//! The decision boundary: what a network says over two features, the lines between classes, and the samples.

use std::ops::Range;

use plotters::prelude::{ChartBuilder, Circle, DrawingBackend, PathElement};
use plotters::style::{Color, RGBColor};
use plotters_backend::{BackendCoord, DrawingErrorKind};

use super::axes::check_axes;
use super::bar::draw_bar;
use super::field::{Field, Meaning, sample_of};
use super::legend::{Entry, Mark, below, cut};
use super::{Area, colour, dimensions, failed, is_small, px, short, size, text, titled};
use crate::data::Dataset;
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

/// A sample's place, and its class or number.
type Point = (f64, f64, f64);

/// What a network says over two features of a data set, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Boundary {
    pub(super) x: Range<f64>,
    pub(super) y: Range<f64>,
    pub(super) field: Field,
    /// The samples that were learnt, and those held out.
    pub(super) points: Vec<Point>,
    held_out: Vec<Point>,
    samples: usize,
    /// The names of the two axes.
    pub(super) names: [String; 2],
    /// The names of the classes; of a number its own.
    pub(super) classes: Vec<String>,
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
        let meaning = Meaning::of(network, std::iter::once(data).chain(held_out))?;
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
        let points = |data: &Dataset| -> Vec<Point> {
            let point = |s: usize| {
                let [x, y] = [0, 1].map(|k| of[k].unscaled(values(data, axes[k])[s]));
                (x, y, sample_of(data, network, s))
            };
            (0..data.samples()).step_by(every).map(point).collect()
        };
        let (points, held_out) = (points(data), held_out.map_or_else(Vec::new, points));
        let [x, y] = [(x, of[0]), (y, of[1])].map(|(range, of)| of.unscaled(range.start)..of.unscaled(range.end));
        let named = |class: usize| match columns.classes.get(class).filter(|_| !columns.has_plain_classes()) {
            Some(name) => cut(name, MOST_NAME),
            None => format!("y = {class}"),
        };
        let names = of.map(|feature| feature.name.clone());
        let classes = match meaning {
            Meaning::TwoClasses => [0, 1].map(named).into(),
            Meaning::Classes(classes) => (0..classes).map(named).collect(),
            Meaning::Number { .. } => {
                vec![columns.targets.first().map_or("y".into(), |target| cut(&target.name, MOST_NAME))]
            }
        };
        let field = Field::new(meaning, grid, data, network, parameters, &at)?;
        Ok(Self { x, y, field, points, held_out, samples, names, classes })
    }

    /// Draws it: shading, the lines between classes, the samples by class or number; axes, legend and colour bar if there is
    /// room.
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
            let plot = match draw_bar(&right, self)? {
                true => plot,
                false => area,
            };
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

        let to_data = |(right, up): (f64, f64)| {
            let x = self.x.start + (self.x.end - self.x.start) * right;
            (x, self.y.start + (self.y.end - self.y.start) * up)
        };
        let lines = self.field.lines().into_iter().map(|line| {
            let points: Vec<_> = line.into_iter().map(to_data).collect();
            PathElement::new(points, colour::TEXT.stroke_width(size(if small { 1 } else { 2 })))
        });
        chart.draw_series(lines).map_err(failed)?;
        let radius = px(if small { 1 } else { 3 });
        // below the others, which are what was learnt
        let of = |sample: f64| self.field.meaning.colour(sample);
        for (x, y, sample) in &self.held_out {
            let fill = Circle::new((*x, *y), radius, RGBColor(255, 255, 255).filled());
            chart.draw_series([fill]).map_err(failed)?;
            let ring = Circle::new((*x, *y), radius, of(*sample).stroke_width(size(if small { 1 } else { 2 })));
            chart.draw_series([ring]).map_err(failed)?;
        }
        if !small {
            let rim = |(x, y, _): &Point| Circle::new((*x, *y), radius + px(1), RGBColor(255, 255, 255).filled());
            chart.draw_series(self.points.iter().map(rim)).map_err(failed)?;
        }
        let dot = |(x, y, sample): &Point| Circle::new((*x, *y), radius, of(*sample).filled());
        chart.draw_series(self.points.iter().map(dot)).map_err(failed)?;
        Ok(())
    }

    /// What the picture shows.
    pub(super) fn what(&self) -> &'static str {
        match self.field.meaning {
            Meaning::Number { .. } => "prediction",
            _ => "decision boundary",
        }
    }

    /// The shade of each pixel, as RGB from the upper left.
    fn shading(&self, width: u32, height: u32) -> Vec<u8> {
        let share = |pixel: u32, pixels: u32| (f64::from(pixel) + 0.5) / f64::from(pixels);
        let mut rgb = Vec::with_capacity((3 * width * height) as usize);
        for row in 0..height {
            for column in 0..width {
                let RGBColor(red, green, blue) =
                    self.field.shade(share(column, width), share(height - 1 - row, height));
                rgb.extend([red, green, blue]);
            }
        }
        rgb
    }

    /// The classes, the line, what was held out, and the number of samples drawn if not all are.
    fn legend(&self) -> Vec<Entry> {
        let meaning = self.field.meaning;
        let classes = self.classes.iter().enumerate().map(|(class, name)| match meaning {
            Meaning::Number { .. } => (Mark::None, format!("colour: {name}")),
            _ => (Mark::Dot(meaning.colour(class as f64)), name.clone()),
        });
        let mut entries: Vec<Entry> = classes.collect();
        if !self.held_out.is_empty() {
            entries.push((Mark::Ring(colour::TEXT), "held out".into()));
        }
        match meaning {
            Meaning::TwoClasses => entries.push((Mark::Line(colour::TEXT), "P = 0.5".into())),
            Meaning::Classes(_) => entries.push((Mark::Line(colour::TEXT), "equally likely".into())),
            Meaning::Number { .. } => {}
        }
        let drawn = self.points.len() + self.held_out.len();
        if drawn < self.samples {
            entries.push((Mark::None, format!("{drawn} of {} samples", self.samples)));
        }
        entries
    }
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
