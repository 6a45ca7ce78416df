//! The cost in characters: a curve of braille dots.

use super::super::cost::{is_diverged, pieces, thinned};
use super::super::{CostPlot, colour, thousands, three_digits};
use super::{Cell, Picture, Rgb, draw_axes};
use crate::Result;

/// Parts of a long curve, more than a terminal has dots across.
const PARTS: usize = 400;
/// The dots of a cell, across and down.
const DOTS: [usize; 2] = [2, 4];
/// The first braille character, and what each dot adds to it, by row, left and right.
const BRAILLE: u32 = 0x2800;
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// The curves in this many columns and rows.
pub fn drawn(costs: &CostPlot, columns: usize, rows: usize, coloured: bool) -> Result<Picture> {
    let (low, high) = costs.bounds()?;
    let bottom = if costs.log { low } else { low.min(0.0) };
    let ([lowest, highest], end) = ([bottom, high].map(three_digits), costs.end());
    let left = lowest.chars().count().max(highest.chars().count()) + 1;
    let (wide, down) = (columns.saturating_sub(left).max(1), rows.saturating_sub(3).max(1));
    let mut picture = Picture::new(columns, rows);
    let diverged = costs.curves.iter().find(|curve| is_diverged(curve)).and_then(|curve| curve.costs.last());
    let title = match diverged {
        Some(at) => format!("cost, diverged at {}", thousands(at.iteration as f64)),
        None if costs.log => "cost (logarithmic)".into(),
        None => "cost".into(),
    };
    picture.write(left, 0, &title, None);
    let mut column = left + title.chars().count() + 2;
    for (k, curve) in costs.curves.iter().enumerate().filter(|(_, curve)| !curve.label.is_empty()) {
        picture.write(column, 0, &curve.label, ink(costs, k, coloured));
        column += curve.label.chars().count() + 2;
    }
    draw_axes(&mut picture, left, down, [&lowest, &highest], ["0", &thousands(end as f64)], "iteration");

    let scale = |cost: f64| if costs.log { cost.max(low).ln() } else { cost };
    let height = (scale(high) - scale(bottom)).max(f64::MIN_POSITIVE);
    let last = [DOTS[0] * wide - 1, DOTS[1] * down - 1].map(|last| last as f64);
    for (k, curve) in costs.curves.iter().enumerate() {
        let mut dots = vec![0; wide * down];
        for piece in pieces(curve.costs) {
            let places = thinned(piece, PARTS).map(|at| {
                let share = (scale(at.cost.clamp(low, high)) - scale(bottom)) / height;
                [at.iteration as f64 / end as f64 * last[0], (1.0 - share) * last[1]]
            });
            let mut before = None;
            for place in places {
                set_line(&mut dots, wide, before.unwrap_or(place), place);
                before = Some(place);
            }
        }
        let ink = ink(costs, k, coloured);
        for (k, bits) in dots.into_iter().enumerate().filter(|(_, bits)| *bits != 0) {
            let symbol = char::from_u32(BRAILLE + u32::from(bits)).unwrap_or(' ');
            picture.put(left + k % wide, 1 + k / wide, Cell { symbol, ink, paper: None });
        }
    }
    Ok(picture)
}

/// The colour of a curve; a single one has the terminal's own, which is visible on any background.
fn ink(costs: &CostPlot, curve: usize, coloured: bool) -> Option<Rgb> {
    let plotters::style::RGBColor(red, green, blue) = colour::of_curve(curve);
    (coloured && costs.curves.len() > 1).then_some([red, green, blue])
}

/// Sets the dots from one place to another, with this many cells per row.
fn set_line(dots: &mut [u8], columns: usize, from: [f64; 2], to: [f64; 2]) {
    let steps = (to[0] - from[0]).abs().max((to[1] - from[1]).abs()).ceil().max(1.0);
    for k in 0..=steps as usize {
        let at = |axis: usize| (from[axis] + (to[axis] - from[axis]) * k as f64 / steps).round() as usize;
        let (column, row) = (at(0), at(1));
        if let Some(cell) = dots.get_mut(row / DOTS[1] * columns + column / DOTS[0]) {
            *cell |= BITS[row % DOTS[1]][column % DOTS[0]];
        }
    }
}
