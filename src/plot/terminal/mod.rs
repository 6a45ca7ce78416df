//! A run in characters, for a terminal: boundary and cost side by side, or one below the other if it is narrow.
//!
//! A [`Picture`] knows no terminal: it is cells with colours; as text it has none.

mod boundary;
mod cost;

use std::fmt;

use super::{Boundary, CostPlot};
use crate::text::visible;
use crate::{Error, Result};

/// The fewest columns in which anything can be shown.
pub const LEAST_COLUMNS: usize = 24;
/// The most columns; more are left empty.
const MOST_COLUMNS: usize = 100;
/// From this many columns on, the cost is next to the boundary.
const SIDE_BY_SIDE: usize = 64;
/// Rows of a cost below a boundary.
const COST_ROWS: usize = 9;

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// A character of one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The character.
    pub symbol: char,
    /// Its colour; none is the terminal's own.
    pub ink: Option<Rgb>,
    /// The colour behind it.
    pub paper: Option<Rgb>,
}

impl Cell {
    const EMPTY: Self = Self { symbol: ' ', ink: None, paper: None };
}

/// Rows of cells. As text, it has no colours and no blanks at the ends of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    columns: usize,
    cells: Vec<Cell>,
}

impl Picture {
    fn new(columns: usize, rows: usize) -> Self {
        Self { columns, cells: vec![Cell::EMPTY; columns * rows] }
    }

    /// Its rows, from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks(self.columns)
    }

    /// Sets a cell if it is within the picture.
    fn put(&mut self, column: usize, row: usize, cell: Cell) {
        if column < self.columns
            && let Some(place) = self.cells.get_mut(row * self.columns + column)
        {
            *place = cell;
        }
    }

    /// Writes text from a column on.
    fn write(&mut self, column: usize, row: usize, text: &str, ink: Option<Rgb>) {
        for (k, symbol) in visible(text).chars().enumerate() {
            self.put(column + k, row, Cell { symbol, ink, paper: None });
        }
    }

    /// Writes text that ends just before a column.
    fn write_before(&mut self, column: usize, row: usize, text: &str) {
        self.write(column.saturating_sub(text.chars().count()), row, text, None);
    }

    /// Inserts another picture with its upper left corner at this place.
    fn paste(&mut self, column: usize, row: usize, other: &Self) {
        for (r, cells) in other.rows().enumerate() {
            for (c, cell) in cells.iter().enumerate() {
                self.put(column + c, row + r, *cell);
            }
        }
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for row in self.rows() {
            let text: String = row.iter().map(|cell| cell.symbol).collect();
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

/// The boundary, and the cost if there is a curve, within this many columns. In colour, a cell is two pixels, one above
/// the other; without colour, characters tell the classes apart.
///
/// # Errors
/// [`Error::Invalid`] below [`LEAST_COLUMNS`] columns, [`Error::Plot`] if no cost is finite.
///
/// ```
/// use planar::data::noisy_moons;
/// use planar::model::{Activation, Network, Parameters};
/// use planar::plot::{Boundary, CostPlot, terminal::preview};
///
/// let data = noisy_moons(200, 1)?;
/// let network = Network::one_hidden(2, 4, Activation::Tanh)?;
/// let boundary = Boundary::new(&data, &network, &Parameters::initial(&network, 2, 1.0), [0, 1])?;
/// print!("{}", preview(&boundary, &CostPlot::default(), 60, false)?);
/// # Ok::<(), planar::Error>(())
/// ```
pub fn preview(boundary: &Boundary, costs: &CostPlot, columns: usize, coloured: bool) -> Result<Picture> {
    if columns < LEAST_COLUMNS {
        return Err(Error::invalid("the width of a preview", format!("at least {LEAST_COLUMNS} columns"), columns));
    }
    let columns = columns.min(MOST_COLUMNS);
    if costs.curves.iter().all(|curve| curve.costs.is_empty()) {
        return Ok(boundary::drawn(boundary, columns.min(SIDE_BY_SIDE), coloured));
    }
    if columns < SIDE_BY_SIDE {
        let upper = boundary::drawn(boundary, columns, coloured);
        let height = upper.rows().count();
        let lower = cost::drawn(costs, columns, COST_ROWS, coloured)?;
        let mut both = Picture::new(columns, height + 1 + COST_ROWS);
        both.paste(0, 0, &upper);
        both.paste(0, height + 1, &lower);
        return Ok(both);
    }
    let wide = columns * 55 / 100;
    let left = boundary::drawn(boundary, wide, coloured);
    let height = left.rows().count();
    let right = cost::drawn(costs, columns - wide - 2, height, coloured)?;
    let mut both = Picture::new(columns, height);
    both.paste(0, 0, &left);
    both.paste(wide + 2, 0, &right);
    Ok(both)
}

/// Axes around a field of this many columns and rows whose upper left is at column `left` and row 1: marks at their
/// ends, and the name of the horizontal one.
fn draw_axes(picture: &mut Picture, left: usize, rows: usize, y: [&str; 2], x: [&str; 2], name: &str) {
    for row in 1..=rows {
        picture.write(left - 1, row, "│", None);
    }
    for (label, row) in [(y[1], 1), (y[0], rows)] {
        picture.write(left - 1, row, "┤", None);
        picture.write_before(left - 1, row, label);
    }
    let (right, below) = (picture.columns, rows + 1);
    picture.write(left - 1, below, &format!("└{}", "─".repeat(right - left)), None);
    picture.write(left, below + 1, x[0], None);
    picture.write_before(right, below + 1, x[1]);
    let middle = (left + right).saturating_sub(name.chars().count()) / 2;
    picture.write(middle, below + 1, name, None);
}
