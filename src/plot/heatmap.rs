//! A heat map: a value over two axes, with numbers in the cells.

use plotters::prelude::Rectangle;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, RGBColor};

use super::{Area, FINE, colour, dimensions, failed, is_small, px, size, text, titled};
use crate::{Error, Result};

/// The digits that an `f64` has.
const MOST_DIGITS: usize = 17;
/// The width of the colour bar with its numbers and its name.
const BAR: u32 = 84;

/// Cells along an axis, and what stands at it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What it is, such as `n_h`.
    pub name: String,
    /// The number of cells.
    pub cells: usize,
    /// Marks: places counted in cells from the start of the axis, and their names.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// One cell for each of these names, which stand at the cells' middles.
    pub fn of(name: &str, names: impl IntoIterator<Item = String>) -> Self {
        let ticks: Vec<(f64, String)> = (0..).map(|k| f64::from(k) + 0.5).zip(names).collect();
        Self { name: name.into(), cells: ticks.len(), ticks }
    }
}

/// A value for each cell. Dark is low and bright is high, told apart with any colour vision.
#[derive(Clone, Debug, Default)]
pub struct HeatMap {
    /// The columns, from the left.
    pub x: Axis,
    /// The rows, from below.
    pub y: Axis,
    /// Row-major (rows × columns), from the lowest row; a cell without a value is blank, one of NaN grey.
    pub values: Vec<Option<f64>>,
    /// What the values are, at the colour bar.
    pub label: String,
    /// Digits after the decimal point in the cells, at most 17.
    pub digits: usize,
    /// The values of the darkest and the brightest shade, if several maps share them; none for the map's own range.
    pub scale: Option<[f64; 2]>,
}

impl HeatMap {
    /// Draws it, with numbers in the cells if they fit, and a colour bar if there is room.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the number of values is not that of the cells, [`Error::Plot`] if the area cannot hold it.
    pub fn draw(&self, area: &Area, title: &str) -> Result<()> {
        let area = if is_small(area) { area.clone() } else { self.beside_bar(area)? };
        self.draw_cells(&area, title)
    }

    /// Draws the colour bar on the right of an area; returns the rest of the area.
    pub(super) fn beside_bar<'a>(&self, area: &Area<'a>) -> Result<Area<'a>> {
        let (width, _) = dimensions(area);
        let (rest, bar) = area.split_horizontally(size(width.saturating_sub(BAR)));
        let [low, high] = self.range();
        if low <= high {
            self.draw_bar(&bar, [low, high])?;
        }
        Ok(rest)
    }

    /// The values of the darkest and the brightest shade.
    fn range(&self) -> [f64; 2] {
        let finite = || self.values.iter().flatten().copied().filter(|value| value.is_finite());
        let own = || [finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max)];
        self.scale.unwrap_or_else(own)
    }

    /// Draws cells and axes.
    pub(super) fn draw_cells(&self, area: &Area, title: &str) -> Result<()> {
        let (columns, rows) = (self.x.cells, self.y.cells);
        if self.values.len() != columns * rows || self.values.is_empty() {
            let values = self.values.len();
            return Err(Error::Mismatch(format!("{values} values do not fill {rows} rows of {columns} cells")));
        }
        let digits = self.digits.min(MOST_DIGITS);
        let small = is_small(area);
        let area = titled(area, title)?;
        let (width, height) = area.dim_in_pixel();
        let (height_of_text, fine): (f64, _) = (if small { 8.0 } else { 11.0 }, f64::from(FINE));
        let size = height_of_text * fine;
        let widest = |axis: &Axis| {
            let longest = axis.ticks.iter().map(|(_, name)| name.chars().count()).max().unwrap_or(0);
            longest as f64 * 0.62 * size
        };
        let axis = if small { px(14) } else { px(20) };
        let left = axis + widest(&self.y) as i32 + px(12);
        let bottom = axis + size as i32 + px(14);
        let (right, lower) = (width as i32 - px(if small { 4 } else { 12 }), height as i32 - bottom);
        if right <= left + columns as i32 || lower <= px(4) + rows as i32 {
            return Err(Error::Plot(format!("{width} × {height} pixels cannot hold {rows} rows of {columns} cells")));
        }
        let [low, high] = self.range();
        let share = |value: f64| if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
        // places along the axes, in cells
        let x = |at: f64| left + (f64::from(right - left) * at / columns as f64).round() as i32;
        let y = |at: f64| lower - (f64::from(lower - px(4)) * at / rows as f64).round() as i32;
        let centre = Pos::new(HPos::Center, VPos::Center);
        let number = |value: f64| if value.is_finite() { format!("{value:.digits$}") } else { "–".to_owned() };
        let longest =
            self.values.iter().flatten().map(|value| number(*value).chars().count()).max().unwrap_or(1) as f64;
        let (cell_width, cell_height) = ((right - left) / columns as i32 - px(4), (lower - px(4)) / rows as i32);
        let fitting = height_of_text.min(f64::from(cell_width) / fine / (0.64 * longest));
        let fits = fitting >= 6.0 && f64::from(cell_height) / fine >= fitting + 2.0;
        // small cells touch
        let gap = if cell_width.min(cell_height) > px(12) { px(1) } else { 0 };

        for (cell, value) in self.values.iter().enumerate() {
            let Some(value) = *value else { continue };
            let (row, column) = ((cell / columns) as f64, (cell % columns) as f64);
            let (from, to) = ((x(column), y(row + 1.0)), (x(column + 1.0) - gap, y(row) - gap));
            let (fill, light) = match value.is_finite() {
                true => colour::of_share(share(value)),
                false => (RGBColor(215, 215, 215), false),
            };
            area.draw(&Rectangle::new([from, to], fill.filled())).map_err(failed)?;
            if fits {
                let ink = if light { RGBColor(255, 255, 255) } else { colour::TEXT };
                let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
                area.draw_text(&number(value), &text(fitting, ink).pos(centre), middle).map_err(failed)?;
            }
        }

        let label = text(height_of_text, colour::TEXT);
        // only as many names as fit side by side
        let every = every(&self.x, f64::from(right - left), widest(&self.x) + 6.0 * fine);
        for (at, name) in self.x.ticks.iter().step_by(every) {
            let style = label.pos(Pos::new(HPos::Center, VPos::Top));
            area.draw_text(name, &style, (x(*at), lower + px(5))).map_err(failed)?;
        }
        let every = self::every(&self.y, f64::from(lower - px(4)), size + 2.0 * fine);
        for (at, name) in self.y.ticks.iter().step_by(every) {
            let style = label.pos(Pos::new(HPos::Right, VPos::Center));
            area.draw_text(name, &style, (left - px(6), y(*at))).map_err(failed)?;
        }
        let named = text(height_of_text + 1.0, colour::TEXT).pos(centre);
        area.draw_text(&self.x.name, &named, ((left + right) / 2, height as i32 - px(8))).map_err(failed)?;
        let upright = named.transform(FontTransform::Rotate270);
        area.draw_text(&self.y.name, &upright, (px(8), lower / 2)).map_err(failed)
    }

    /// The shade of each value, the ends of the scale, and what the values are.
    fn draw_bar(&self, area: &Area, [low, high]: [f64; 2]) -> Result<()> {
        let (_, height) = area.dim_in_pixel();
        let (top, lower, steps) = (px(40), height as i32 - px(46), 40);
        let y = |step: i32| lower - (lower - top) * step / steps;
        for step in 0..steps {
            let (fill, _) = colour::of_share((f64::from(step) + 0.5) / f64::from(steps));
            area.draw(&Rectangle::new([(px(10), y(step + 1)), (px(22), y(step))], fill.filled())).map_err(failed)?;
        }
        let style = text(10.0, colour::TEXT).pos(Pos::new(HPos::Left, VPos::Center));
        for (value, at) in [(high, y(steps)), (low, y(0))] {
            let number = format!("{value:.*}", self.digits.min(MOST_DIGITS));
            area.draw_text(&number, &style, (px(26), at)).map_err(failed)?;
        }
        let upright = text(11.0, colour::TEXT).pos(Pos::new(HPos::Center, VPos::Center));
        let upright = upright.transform(FontTransform::Rotate270);
        area.draw_text(&self.label, &upright, (px(36), (top + lower) / 2)).map_err(failed)
    }
}

/// Every how many marks a name of this length along the axis fits.
fn every(axis: &Axis, length: f64, name: f64) -> usize {
    (name * axis.ticks.len() as f64 / length).ceil().max(1.0) as usize
}
