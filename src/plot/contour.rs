//! The line along which a function on a grid is 0, by marching squares.

use std::collections::HashMap;

/// An edge of the grid: from point (column, row) to the right (`false`) or upwards (`true`).
type Edge = (usize, usize, bool);

/// Lines of points (column, row), in units of the grid, along which row-major `values` are 0. Cells with a NaN have no
/// line.
pub fn zero_lines(values: &[f64], columns: usize, rows: usize) -> Vec<Vec<(f64, f64)>> {
    let mut neighbours: HashMap<Edge, Vec<Edge>> = HashMap::new();
    let mut order = Vec::new();
    for row in 0..rows.saturating_sub(1) {
        for column in 0..columns.saturating_sub(1) {
            for (from, to) in segments(values, columns, column, row) {
                for (here, there) in [(from, to), (to, from)] {
                    neighbours.entry(here).or_insert_with(|| {
                        order.push(here);
                        Vec::new()
                    });
                    neighbours.entry(here).and_modify(|edges| edges.push(there));
                }
            }
        }
    }
    // first the open lines from their ends, then the closed ones
    let ends: Vec<Edge> = order.iter().filter(|edge| neighbours[*edge].len() == 1).copied().collect();
    let mut lines = Vec::new();
    for start in ends.into_iter().chain(order) {
        let mut line = vec![start];
        let mut here = start;
        while let Some(there) = neighbours.get_mut(&here).and_then(Vec::pop) {
            if let Some(back) = neighbours.get_mut(&there) {
                back.retain(|edge| *edge != here);
            }
            line.push(there);
            here = there;
        }
        if line.len() > 1 {
            lines.push(line.into_iter().map(|edge| crossing(values, columns, edge)).collect());
        }
    }
    lines
}

/// The segments of one cell, each between two of its edges. A saddle is cut according to the sign at its middle.
fn segments(values: &[f64], columns: usize, column: usize, row: usize) -> Vec<(Edge, Edge)> {
    let at = |c: usize, r: usize| values[r * columns + c];
    let corners = [at(column, row), at(column + 1, row), at(column + 1, row + 1), at(column, row + 1)];
    if corners.iter().any(|value| value.is_nan()) {
        return Vec::new();
    }
    let edges = [(column, row, false), (column + 1, row, true), (column, row + 1, false), (column, row, true)];
    let positive = corners.map(|value| value > 0.0);
    // edge k lies between corners k and k + 1
    let crossed: Vec<Edge> = (0..4).filter(|k| positive[*k] != positive[(k + 1) % 4]).map(|k| edges[k]).collect();
    match crossed[..] {
        [a, b] => vec![(a, b)],
        [a, b, c, d] if (corners.iter().sum::<f64>() > 0.0) == positive[0] => vec![(a, b), (c, d)],
        [a, b, c, d] => vec![(d, a), (b, c)],
        _ => Vec::new(),
    }
}

/// Where on an edge the value is 0, if it is linear between the ends.
fn crossing(values: &[f64], columns: usize, (column, row, upwards): Edge) -> (f64, f64) {
    let from = values[row * columns + column];
    let to = if upwards { values[(row + 1) * columns + column] } else { values[row * columns + column + 1] };
    let share = if (from - to).is_finite() { from / (from - to) } else { 0.5 };
    if upwards { (column as f64, row as f64 + share) } else { (column as f64 + share, row as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(f: impl Fn(f64, f64) -> f64) -> Vec<Vec<(f64, f64)>> {
        let values: Vec<f64> = (0..21 * 31).map(|k| f((k % 21) as f64, (k / 21) as f64)).collect();
        zero_lines(&values, 21, 31)
    }

    #[test]
    fn a_circle_is_one_closed_line_on_the_circle() {
        let lines = lines_of(|x, y| (x - 10.0).hypot(y - 15.0) - 7.3);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        for (x, y) in &lines[0] {
            assert!(((x - 10.0).hypot(y - 15.0) - 7.3).abs() < 0.05, "{x} {y}");
        }
    }

    #[test]
    fn a_line_through_the_grid_goes_from_border_to_border() {
        let lines = lines_of(|x, y| x + 0.25 * y - 9.6);
        assert_eq!(lines.len(), 1);
        let mut ends = [lines[0][0].1, lines[0][lines[0].len() - 1].1];
        ends.sort_by(f64::total_cmp);
        assert_eq!(ends, [0.0, 30.0]);
    }

    #[test]
    fn a_saddle_gives_two_lines_and_a_nan_or_one_sign_none() {
        assert_eq!(lines_of(|x, y| (x - 9.5) * (y - 14.5) + 0.1).len(), 2);
        assert!(lines_of(|_, _| f64::NAN).is_empty());
        assert!(lines_of(|_, _| 1.0).is_empty());
    }
}
