//! A heat map: a value over two axes, with numbers in the cells.

use plotters::prelude::Rectangle;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, RGBColor};

use super::{Area, FINE, colour, failed, is_small, px, text, titled};
use crate::{Error, Result};

/// The digits that an `f64` has.
const MOST_DIGITS: usize = 17;

/// A value for each of the columns and rows. Dark is low and bright is high, told apart with any colour vision.
#[derive(Clone, Debug, Default)]
pub struct HeatMap {
    /// What the columns are, such as `n_h`.
    pub x: String,
    /// What the rows are.
    pub y: String,
    /// The columns, from the left.
    pub columns: Vec<String>,
    /// The rows, from the top.
    pub rows: Vec<String>,
    /// Row-major (rows × columns); a cell without a value is grey.
    pub values: Vec<Option<f64>>,
    /// Digits after the decimal point in the cells, at most 17.
    pub digits: usize,
    /// The values of the darkest and the brightest shade, if several maps share them; none for the map's own range.
    pub scale: Option<[f64; 2]>,
}

impl HeatMap {
    /// Draws it, with numbers in the cells if they fit.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the number of values is not that of the cells, [`Error::Plot`] if the area cannot hold it.
    pub fn draw(&self, area: &Area, title: &str) -> Result<()> {
        let (columns, rows) = (self.columns.len(), self.rows.len());
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
        let longest = self.rows.iter().map(|row| row.chars().count()).max().unwrap_or(0);
        let (axis, bar) = if small { (px(2), px(4)) } else { (px(20), px(70)) };
        let left = axis + (longest as f64 * 0.62 * size) as i32 + px(12);
        let bottom = axis + size as i32 + px(14);
        let (right, lower) = (width as i32 - bar, height as i32 - bottom);
        if right <= left + columns as i32 || lower <= rows as i32 {
            return Err(Error::Plot(format!("{width} × {height} pixels cannot hold {rows} rows of {columns} cells")));
        }
        let finite = || self.values.iter().flatten().copied().filter(|value| value.is_finite());
        let own = || [finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max)];
        let [low, high] = self.scale.unwrap_or_else(own);
        let share = |value: f64| if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
        let x = |column: usize| left + (right - left) * column as i32 / columns as i32;
        let y = |row: usize| px(4) + (lower - px(4)) * row as i32 / rows as i32;
        let centre = Pos::new(HPos::Center, VPos::Center);
        let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.digits$}"));
        let longest = self.values.iter().map(|value| number(*value).chars().count()).max().unwrap_or(1) as f64;
        let (cell_width, cell_height) = ((right - left) / columns as i32 - px(4), (lower - px(4)) / rows as i32);
        let fitting = height_of_text.min(f64::from(cell_width) / fine / (0.64 * longest));
        let fits = fitting >= 6.0 && f64::from(cell_height) / fine >= fitting + 2.0;

        for (cell, value) in self.values.iter().enumerate() {
            let (row, column) = (cell / columns, cell % columns);
            let (from, to) = ((x(column), y(row)), (x(column + 1) - px(1), y(row + 1) - px(1)));
            let value = value.filter(|value| value.is_finite());
            let (fill, light) = value.map_or((RGBColor(215, 215, 215), false), |value| colour::of_share(share(value)));
            area.draw(&Rectangle::new([from, to], fill.filled())).map_err(failed)?;
            if fits {
                let ink = if light { RGBColor(255, 255, 255) } else { colour::TEXT };
                let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
                area.draw_text(&number(value), &text(fitting, ink).pos(centre), middle).map_err(failed)?;
            }
        }

        let label = text(height_of_text, colour::TEXT);
        // only as many names as fit side by side
        let widest =
            self.columns.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64 * 0.62 * size + 6.0 * fine;
        let every = (widest * columns as f64 / f64::from(right - left)).ceil().max(1.0) as usize;
        for (column, name) in self.columns.iter().enumerate().step_by(every) {
            let style = label.pos(Pos::new(HPos::Center, VPos::Top));
            area.draw_text(name, &style, ((x(column) + x(column + 1)) / 2, lower + px(5))).map_err(failed)?;
        }
        let every = ((size + 2.0 * fine) * rows as f64 / f64::from(lower - px(4))).ceil().max(1.0) as usize;
        for (row, name) in self.rows.iter().enumerate().step_by(every) {
            let style = label.pos(Pos::new(HPos::Right, VPos::Center));
            area.draw_text(name, &style, (left - px(6), (y(row) + y(row + 1)) / 2)).map_err(failed)?;
        }
        if small || low > high {
            return Ok(());
        }
        let named = text(12.0, colour::TEXT).pos(centre);
        area.draw_text(&self.x, &named, ((left + right) / 2, height as i32 - px(10))).map_err(failed)?;
        let upright = named.transform(FontTransform::Rotate270);
        area.draw_text(&self.y, &upright, (px(10), lower / 2)).map_err(failed)?;
        self.draw_bar(&area, right + px(10), lower, [low, high])
    }

    /// The shade of each value.
    fn draw_bar(&self, area: &Area, x: i32, lower: i32, [low, high]: [f64; 2]) -> Result<()> {
        let (top, steps) = (px(10), 40);
        let y = |step: i32| lower - px(6) - (lower - px(6) - top) * step / steps;
        for step in 0..steps {
            let (fill, _) = colour::of_share((f64::from(step) + 0.5) / f64::from(steps));
            area.draw(&Rectangle::new([(x, y(step + 1)), (x + px(12), y(step))], fill.filled())).map_err(failed)?;
        }
        let style = text(10.0, colour::TEXT).pos(Pos::new(HPos::Left, VPos::Center));
        for (value, at) in [(high, y(steps)), (low, y(0))] {
            area.draw_text(&format!("{value:.*}", self.digits.min(MOST_DIGITS)), &style, (x + px(16), at))
                .map_err(failed)?;
        }
        Ok(())
    }
}
