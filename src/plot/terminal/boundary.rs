//! The boundary in characters: half blocks in colour, otherwise shading by what the network says, and the classes of the
//! samples.

use plotters::style::RGBColor;

use super::super::field::Meaning;
use super::super::{Boundary, colour, three_digits};
use super::{Cell, Picture, Rgb, draw_axes};

/// The most letters of an axis's name.
const MOST_NAME: usize = 12;
/// Samples of class 0, class 1, … without colour; of more than ten classes, they repeat.
const SAMPLES: [char; 10] = ['o', '+', 'x', '*', '#', '%', '@', '&', '=', '~'];
/// Where the network says class 0, class 1, … without colour, or a number from low to high: light first, so that samples
/// stand out.
const REGIONS: [char; 4] = [' ', '░', '▒', '▓'];
/// A row's share of the columns: a cell is twice as high as it is wide, and a picture 1 to 0.8.
const HEIGHT: f64 = 0.4;

/// The boundary in this many columns, and as many rows as its shape takes.
pub fn drawn(boundary: &Boundary, columns: usize, coloured: bool) -> Picture {
    let Boundary { x, y, names, .. } = boundary;
    let [left_end, right_end, lower_end, upper_end] = [x.start, x.end, y.start, y.end].map(three_digits);
    let names = names.each_ref().map(|name| name.chars().take(MOST_NAME).collect::<String>());
    let name = &names[1];
    let left = [&lower_end, &upper_end, name].map(|label| label.chars().count()).into_iter().max().unwrap_or(0) + 1;
    let wide = columns.saturating_sub(left).max(1);
    let rows = (HEIGHT * wide as f64).round().max(4.0) as usize;
    let mut picture = Picture::new(columns, rows + 3);
    draw_legend(&mut picture, left, boundary, coloured);
    draw_axes(&mut picture, left, rows, [&lower_end, &upper_end], [&left_end, &right_end], &names[0]);
    picture.write_before(left - 1, 1 + rows / 2, name);
    let cells = if coloured { half_blocks(boundary, wide, rows) } else { letters(boundary, wide, rows) };
    for (k, cell) in cells.into_iter().enumerate() {
        picture.put(left + k % wide, 1 + k / wide, cell);
    }
    picture
}

fn draw_legend(picture: &mut Picture, left: usize, boundary: &Boundary, coloured: bool) {
    let (meaning, classes) = (boundary.field.meaning, &boundary.classes);
    if let Meaning::Number { low, high } = meaning {
        let shades = if coloured { "colour" } else { "░ ▒ ▓" };
        picture.write(
            left,
            0,
            &format!("{shades}: {} from {} to {}", classes[0], three_digits(low), three_digits(high)),
            None,
        );
        return;
    }
    let mut column = left;
    for (class, name) in classes.iter().enumerate() {
        // a part of a name would say something else
        if column + 2 + name.chars().count() > picture.columns {
            picture.write(column, 0, "…", None);
            return;
        }
        let cell = match coloured {
            true => {
                Cell {
                    symbol: '●', ink: Some(rgb(meaning.colour(class as f64))), paper: Some(certain(meaning, class))
                }
            }
            false => Cell { symbol: symbol(class), ..Cell::EMPTY },
        };
        picture.put(column, 0, cell);
        picture.write(column + 2, 0, name, None);
        column += 4 + name.chars().count();
    }
    if !coloured {
        let says = |class: usize| {
            let name = &classes[class];
            format!("{} says {}", region(class), name.strip_prefix("y = ").unwrap_or(name))
        };
        let legend: Vec<String> = (1..classes.len()).map(says).collect();
        let legend = legend.join("  ");
        // long names leave no room for it
        if column + legend.chars().count() <= picture.columns {
            picture.write(column, 0, &legend, None);
        }
    }
}

/// A sample of a class, without colour.
fn symbol(class: usize) -> char {
    SAMPLES[class % SAMPLES.len()]
}

/// Where the network says a class, without colour.
fn region(class: usize) -> char {
    REGIONS[class % REGIONS.len()]
}

/// The shade where the network is certain of a class.
fn certain(meaning: Meaning, class: usize) -> Rgb {
    rgb(match meaning {
        Meaning::Classes(classes) => colour::of_certainty(class, classes, 1.0),
        _ => colour::of_probability(class as f64),
    })
}

/// Two pixels per cell: the shade of what the network says, or the colour of the samples there.
fn half_blocks(boundary: &Boundary, columns: usize, rows: usize) -> Vec<Cell> {
    let samples = samples(boundary, columns, 2 * rows);
    let pixel = |column: usize, row: usize| {
        let (right, up) = middle((column, columns), (row, 2 * rows));
        let shade = || boundary.field.shade(right, up);
        rgb(samples[row * columns + column].map_or_else(shade, |sample| boundary.field.meaning.colour(sample)))
    };
    let cell = |k: usize| {
        let (column, row) = (k % columns, k / columns);
        Cell { symbol: '▀', ink: Some(pixel(column, 2 * row)), paper: Some(pixel(column, 2 * row + 1)) }
    };
    (0..columns * rows).map(cell).collect()
}

/// One character per cell: the class of the samples there, or what the network says.
fn letters(boundary: &Boundary, columns: usize, rows: usize) -> Vec<Cell> {
    let meaning = boundary.field.meaning;
    let samples = samples(boundary, columns, rows);
    let cell = |k: usize| {
        let (right, up) = middle((k % columns, columns), (k / columns, rows));
        let symbol = match meaning {
            Meaning::Number { .. } => {
                let share = meaning.share(boundary.field.first(right, up));
                REGIONS[((share * REGIONS.len() as f64) as usize).min(REGIONS.len() - 1)]
            }
            _ => samples[k].map_or_else(|| region(boundary.field.class(right, up)), |sample| symbol(sample as usize)),
        };
        Cell { symbol, ..Cell::EMPTY }
    };
    (0..columns * rows).map(cell).collect()
}

/// The middle of a pixel, (index, count) across and down, as shares of the axes.
fn middle(across: (usize, usize), down: (usize, usize)) -> (f64, f64) {
    let share = |(pixel, pixels): (usize, usize)| (pixel as f64 + 0.5) / pixels as f64;
    (share(across), 1.0 - share(down))
}

/// What the samples in each pixel are, row by row from the upper left: the class of most of them, in a tie one that the network
/// does not say, since that is worth seeing; the mean of their numbers.
fn samples(boundary: &Boundary, columns: usize, rows: usize) -> Vec<Option<f64>> {
    let mut inside = vec![Vec::new(); columns * rows];
    let share = |at: f64, of: &std::ops::Range<f64>| (at - of.start) / (of.end - of.start);
    for (x, y, sample) in &boundary.points {
        let column = (share(*x, &boundary.x) * columns as f64) as usize;
        let row = ((1.0 - share(*y, &boundary.y)) * rows as f64) as usize;
        inside[row.min(rows - 1) * columns + column.min(columns - 1)].push(*sample);
    }
    let of_pixel = |(k, samples): (usize, Vec<f64>)| match boundary.field.meaning {
        _ if samples.is_empty() => None,
        Meaning::Number { .. } => Some(samples.iter().sum::<f64>() / samples.len() as f64),
        _ => {
            let (right, up) = middle((k % columns, columns), (k / columns, rows));
            let said = boundary.field.class(right, up) as f64;
            let count = |class: f64| samples.iter().filter(|sample| **sample == class).count();
            samples.iter().copied().max_by_key(|class| (count(*class), *class != said))
        }
    };
    inside.into_iter().enumerate().map(of_pixel).collect()
}

fn rgb(RGBColor(red, green, blue): RGBColor) -> Rgb {
    [red, green, blue]
}
