//! The boundary in characters: half blocks in colour, otherwise shading where the network predicts 1, and the classes
//! of the samples.

use plotters::style::RGBColor;

use super::super::{Boundary, colour};
use super::{Cell, Picture, Rgb, at_axis, draw_axes};

/// The most letters of an axis's name.
const MOST_NAME: usize = 12;
/// Samples of class 0 and of class 1 without colour.
const SAMPLES: [char; 2] = ['o', '+'];
/// Where the network predicts 0 and where it predicts 1, without colour: light, so that samples stand out.
const REGIONS: [char; 2] = [' ', '░'];
/// A row's share of the columns: a cell is twice as high as it is wide, and a picture 1 to 0.8.
const HEIGHT: f64 = 0.4;

/// The boundary in this many columns, and as many rows as its shape takes.
pub fn drawn(boundary: &Boundary, columns: usize, coloured: bool) -> Picture {
    let Boundary { x, y, names, .. } = boundary;
    let [left_end, right_end, lower_end, upper_end] = [x.start, x.end, y.start, y.end].map(at_axis);
    let names = names.each_ref().map(|name| name.chars().take(MOST_NAME).collect::<String>());
    let name = &names[1];
    let left = [&lower_end, &upper_end, name].map(|label| label.chars().count()).into_iter().max().unwrap_or(0) + 1;
    let wide = columns.saturating_sub(left).max(1);
    let rows = (HEIGHT * wide as f64).round().max(4.0) as usize;
    let mut picture = Picture::new(columns, rows + 3);
    draw_legend(&mut picture, left, &boundary.classes, coloured);
    draw_axes(&mut picture, left, rows, [&lower_end, &upper_end], [&left_end, &right_end], &names[0]);
    picture.write_before(left - 1, 1 + rows / 2, name);
    let cells = if coloured { half_blocks(boundary, wide, rows) } else { letters(boundary, wide, rows) };
    for (k, cell) in cells.into_iter().enumerate() {
        picture.put(left + k % wide, 1 + k / wide, cell);
    }
    picture
}

fn draw_legend(picture: &mut Picture, left: usize, classes: &[String; 2], coloured: bool) {
    let mut column = left;
    for (class, name) in classes.iter().enumerate() {
        let cell = match coloured {
            true => Cell { symbol: '●', ink: Some(rgb(colour::CLASSES[class])), paper: Some(certain(class)) },
            false => Cell { symbol: SAMPLES[class], ..Cell::EMPTY },
        };
        picture.put(column, 0, cell);
        picture.write(column + 2, 0, name, None);
        column += 4 + name.chars().count();
    }
    if !coloured {
        let says = classes[1].strip_prefix("y = ").unwrap_or(&classes[1]);
        let legend = format!("░ says {says}");
        // long names leave no room for it, and a part of it would say something else
        if column + legend.chars().count() <= picture.columns {
            picture.write(column, 0, &legend, None);
        }
    }
}

/// The shade where the network is certain of a class.
fn certain(class: usize) -> Rgb {
    rgb(colour::of_probability(class as f64))
}

/// Two pixels per cell: the shade of the probability, or the colour of the samples there.
fn half_blocks(boundary: &Boundary, columns: usize, rows: usize) -> Vec<Cell> {
    let classes = classes(boundary, columns, 2 * rows);
    let pixel = |column: usize, row: usize| {
        let shade = colour::of_probability(probability(boundary, (column, columns), (row, 2 * rows)));
        rgb(classes[row * columns + column].map_or(shade, |class| colour::CLASSES[class]))
    };
    let cell = |k: usize| {
        let (column, row) = (k % columns, k / columns);
        Cell { symbol: '▀', ink: Some(pixel(column, 2 * row)), paper: Some(pixel(column, 2 * row + 1)) }
    };
    (0..columns * rows).map(cell).collect()
}

/// One character per cell: the class of the samples there, or of the network's prediction.
fn letters(boundary: &Boundary, columns: usize, rows: usize) -> Vec<Cell> {
    let classes = classes(boundary, columns, rows);
    let cell = |k: usize| {
        let said = usize::from(probability(boundary, (k % columns, columns), (k / columns, rows)) > 0.5);
        Cell { symbol: classes[k].map_or(REGIONS[said], |class| SAMPLES[class]), ..Cell::EMPTY }
    };
    (0..columns * rows).map(cell).collect()
}

/// The probability of class 1 in the middle of a pixel: (index, count) across and down.
fn probability(boundary: &Boundary, across: (usize, usize), down: (usize, usize)) -> f64 {
    let share = |(pixel, pixels): (usize, usize)| (pixel as f64 + 0.5) / pixels as f64;
    boundary.probability(share(across), 1.0 - share(down))
}

/// The class of most samples in each pixel, row by row from the upper left; in a tie, the class that the network does
/// not predict, since that is worth seeing.
fn classes(boundary: &Boundary, columns: usize, rows: usize) -> Vec<Option<usize>> {
    let mut counts = vec![[0; 2]; columns * rows];
    let share = |at: f64, of: &std::ops::Range<f64>| (at - of.start) / (of.end - of.start);
    for (x, y, class) in &boundary.points {
        let column = (share(*x, &boundary.x) * columns as f64) as usize;
        let row = ((1.0 - share(*y, &boundary.y)) * rows as f64) as usize;
        counts[row.min(rows - 1) * columns + column.min(columns - 1)][usize::from(*class)] += 1;
    }
    let most = |(k, [zeros, ones]): (usize, [usize; 2])| match zeros.cmp(&ones) {
        _ if zeros + ones == 0 => None,
        std::cmp::Ordering::Greater => Some(0),
        std::cmp::Ordering::Less => Some(1),
        std::cmp::Ordering::Equal => {
            Some(usize::from(probability(boundary, (k % columns, columns), (k / columns, rows)) <= 0.5))
        }
    };
    counts.into_iter().enumerate().map(most).collect()
}

fn rgb(RGBColor(red, green, blue): RGBColor) -> Rgb {
    [red, green, blue]
}
