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

use comfy_table::{CellAlignment, Table, presets};

/// Rows of cells as aligned columns without lines; each row ends with a line feed. Columns that hold only numbers below
/// their heading are aligned to the right.
pub fn columns(rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let numeric = |column: usize| {
        let mut cells =
            rows.iter().skip(1).filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.replace([',', '%'], "").trim().parse::<f64>().is_ok())
    };
    let right: Vec<usize> = (0..rows.iter().map(Vec::len).max().unwrap_or(0)).filter(|c| numeric(*c)).collect();
    table.add_rows(rows);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if right.contains(&at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let text = table.to_string();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
