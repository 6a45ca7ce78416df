//! A run on one sheet: the boundary and the cost curve side by side.

use super::{Area, Boundary, CostPlot, titled};
use crate::Result;

/// Draws the boundary on the left and the cost on the right.
///
/// # Errors
/// Those of [`Boundary::draw`] and [`CostPlot::draw`].
pub fn sheet(area: &Area, title: &str, boundary: &Boundary, costs: &CostPlot) -> Result<()> {
    let area = titled(area, title)?;
    let (width, _) = area.dim_in_pixel();
    let (left, right) = area.split_horizontally(width * 53 / 100);
    boundary.draw(&left, boundary.what())?;
    costs.draw(&right, "cost")
}
