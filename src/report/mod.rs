//! Results for people and for programs: tables and JSON.

pub mod compare;
pub mod diagnose;
pub mod folds;
pub mod gradcheck;
#[cfg(feature = "plot")]
mod page;
pub mod predict;
pub mod reproduce;
pub mod scores;
#[cfg(feature = "gpu")]
pub mod selftest;
#[cfg(feature = "gpu")]
pub mod survey;
pub mod sweep;
pub mod train;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use console::{Term, measure_text_width};

/// The width if neither the terminal nor `COLUMNS` gives one.
const COLUMNS: usize = 80;
/// Blanks between two columns.
const PADDING: usize = 2;

/// The terminal's width; for a pipe, the value of `COLUMNS`.
pub fn width() -> usize {
    let terminal = Term::stdout();
    let size = terminal.is_term().then(|| terminal.size_checked()).flatten();
    let said = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    size.map(|(_, columns)| columns.into()).or_else(said).unwrap_or(COLUMNS)
}

/// A cost with this many decimals, or in scientific notation if it is above 1e6 or below 1e-4.
pub fn cost(cost: f64, decimals: usize) -> String {
    let magnitude = cost.abs();
    match magnitude > 1e6 || (magnitude > 0.0 && magnitude < 1e-4) {
        true => format!("{cost:.decimals$e}"),
        false => format!("{cost:.decimals$}"),
    }
}

/// Rows of cells as aligned columns without lines; each row ends with a line feed. Columns that hold only numbers below
/// their heading are aligned to the right. What is wider than the terminal continues on further lines of its cell.
pub fn columns(rows: Vec<Vec<String>>) -> String {
    within(width(), rows)
}

/// [`columns`] within this many.
fn within(width: usize, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    // the last column's padding is cut off below
    table.set_width(u16::try_from(width + PADDING).unwrap_or(u16::MAX));
    let numeric = |column: usize| {
        let mut cells =
            rows.iter().skip(1).filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.replace([',', '%'], "").trim().parse::<f64>().is_ok())
    };
    let right: Vec<usize> = (0..rows.iter().map(Vec::len).max().unwrap_or(0)).filter(|c| numeric(*c)).collect();
    // no word is broken, unless it takes half of the width
    let longest = |column: usize| {
        let words = rows.iter().filter_map(|row| row.get(column)).flat_map(|cell| cell.split(' '));
        words.map(measure_text_width).max().unwrap_or(0).min(width / 2)
    };
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let least: Vec<usize> = (0..count).map(longest).collect();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).flat_map(|cell| cell.lines());
        cells.map(measure_text_width).max().unwrap_or(0)
    };
    // what fits as it is needs no arrangement
    if (0..count).map(|column| widest(column) + PADDING).sum::<usize>() <= width + PADDING {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table.add_rows(rows);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, PADDING as u16));
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed((least[at] + PADDING) as u16)));
        if right.contains(&at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let text = table.to_string();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notebooks_costs_keep_six_decimals_and_others_are_scientific() {
        assert_eq!(
            [0.693_048, 1.0, 1e6, 0.0].map(|of| cost(of, 6)),
            ["0.693048", "1.000000", "1000000.000000", "0.000000"]
        );
        assert_eq!([6.101_220_711e23, 0.000_012_3].map(|of| cost(of, 4)), ["6.1012e23", "1.2300e-5"]);
    }

    #[test]
    fn a_table_fits_the_width_breaks_no_word_and_changes_nothing_that_fits() {
        let cells = |row: [&str; 3]| row.map(str::to_owned).to_vec();
        let rows = vec![
            cells(["backend", "µs", "found"]),
            cells(["a device with a long name", "12.5", "one two three four five six seven eight nine ten"]),
        ];
        let wide = within(100, rows.clone());
        assert_eq!(wide.lines().count(), 2, "{wide}");
        for width in [30, 40, 60] {
            let text = within(width, rows.clone());
            assert!(text.lines().all(|line| measure_text_width(line) <= width), "{width}:\n{text}");
            let words: Vec<&str> = rows.iter().flatten().flat_map(|cell| cell.split(' ')).collect();
            assert!(words.iter().all(|word| text.contains(word)), "{text}");
        }
    }
}
