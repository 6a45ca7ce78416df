//! A picture on the terminal: as wide as the terminal, in as many colours as it has.

use std::fmt::Write;

use console::{Style, Term, measure_text_width, truncate_str};
use planar::plot::terminal::{Cell, LEAST_COLUMNS, Picture, Rgb, preview};
use planar::plot::{Boundary, CostPlot};
use planar::text::visible;

use crate::report::width;

/// Levels of red, green and blue in the 6 × 6 × 6 cube of a terminal with 256 colours.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Prints boundary and costs to stdout, under a title if there is one.
pub fn print(title: &str, boundary: &Boundary, costs: &CostPlot) -> anyhow::Result<()> {
    let terminal = Term::stdout();
    let (columns, features) = (width(), terminal.features());
    if columns < LEAST_COLUMNS {
        super::tell(format_args!("a preview needs at least {LEAST_COLUMNS} columns, and there are {columns}"));
        return Ok(());
    }
    let coloured = features.colors_supported();
    let picture = preview(boundary, costs, columns, coloured)?;
    let picture = match coloured {
        true => coloured_text(&picture, features.true_colors_supported()),
        false => picture.to_string(),
    };
    super::print_as_it_is(&format!("{}{picture}", wrapped(&visible(title), columns)))
}

/// The picture with an escape code at each change of colour.
fn coloured_text(picture: &Picture, is_true: bool) -> String {
    let mut text = String::new();
    for row in picture.rows() {
        for alike in row.chunk_by(|a, b| (a.ink, a.paper) == (b.ink, b.paper)) {
            let symbols: String = alike.iter().map(|cell| cell.symbol).collect();
            // writing to a string cannot fail
            let _ = write!(text, "{}", style(&alike[0], is_true).apply_to(symbols));
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

fn style(cell: &Cell, is_true: bool) -> Style {
    let mut style = Style::new().force_styling(true);
    if let Some([red, green, blue]) = cell.ink {
        style = if is_true { style.true_color(red, green, blue) } else { style.color256(nearest(cell.ink)) };
    }
    if let Some([red, green, blue]) = cell.paper {
        style = if is_true { style.on_true_color(red, green, blue) } else { style.on_color256(nearest(cell.paper)) };
    }
    style
}

/// The number of the nearest among 256 colours: 16 + 36·red + 6·green + blue.
fn nearest(colour: Option<Rgb>) -> u8 {
    let level = |part: u8| (0..6).min_by_key(|k| LEVELS[usize::from(*k)].abs_diff(part)).unwrap_or(0);
    let [red, green, blue] = colour.unwrap_or_default().map(level);
    16 + 36 * red + 6 * green + blue
}

/// Breaks the text into lines of whole words; a word that is too long is cut.
fn wrapped(title: &str, columns: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in title.split(' ').filter(|word| !word.is_empty()) {
        let word = truncate_str(word, columns, "…");
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 1 + measure_text_width(&word) <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word.into_owned()),
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}
