//! The largest differences of two results of one tensor.

use serde::Serialize;

/// The largest differences of one tensor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// `logits`, `cost`, `dW1` … `db2` for gradients, `W1` … `b2` for the parameters after one update.
    pub tensor: String,
    /// The largest |left − right|.
    pub absolute: f64,
    /// The largest |left − right| / |left|.
    pub relative: f64,
    /// The largest |left − right| / Σ|terms|.
    pub scaled: f64,
    /// Row and column, from 0, of the element that comes nearest its bound or passes it furthest.
    pub at: [usize; 2],
    /// The left value of that element.
    pub left: f64,
    /// The right value of that element.
    pub right: f64,
    /// How far its two values may be apart.
    pub bound: f64,
    /// Whether every element keeps its bound.
    pub agrees: bool,
}

/// The largest differences of two sides of a tensor with this many columns, each element held to the bound for its
/// scale. A sum whose terms reach the range may be anything: what overflows is infinite on one device,
/// NaN on another, and a number where that loses NaN.
pub(super) fn difference(
    name: &str,
    columns: usize,
    sides: [&[f64]; 2],
    scales: &[f64],
    range: f64,
    bound: impl Fn(f64) -> f64,
) -> Difference {
    let mut found = Difference {
        tensor: name.to_owned(),
        absolute: 0.0,
        relative: 0.0,
        scaled: 0.0,
        at: [0, 0],
        left: sides[0][0],
        right: sides[1][0],
        bound: bound(scales[0]),
        agrees: sides[0].len() == sides[1].len(),
    };
    let mut worst = -1.0;
    for (i, ((left, right), scale)) in sides[0].iter().zip(sides[1]).zip(scales).enumerate() {
        // a value that is not finite agrees only with the same value: NaN with NaN, an infinity with itself
        let same = left == right || (left.is_nan() && right.is_nan()) || *scale >= range;
        let apart = if same { 0.0 } else { (left - right).abs() };
        let share = |of: f64| if apart == 0.0 { 0.0 } else { apart / of };
        let beyond = if apart.is_nan() { f64::INFINITY } else { share(bound(*scale)) };
        found.absolute = most(found.absolute, apart);
        found.relative = most(found.relative, share(left.abs()));
        found.scaled = most(found.scaled, share(*scale));
        found.agrees &= beyond <= 1.0;
        if beyond > worst {
            worst = beyond;
            (found.at, found.left, found.right) = ([i / columns, i % columns], *left, *right);
            found.bound = bound(*scale);
        }
    }
    found
}

/// The larger, or the one that is NaN.
fn most(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(left: &[f64], right: &[f64]) -> Difference {
        difference("W1", left.len() / 2, [left, right], &vec![1.0; left.len()], 1e38, |scale| 1e-5 * scale)
    }

    #[test]
    fn the_worst_element_is_named_by_row_and_column() {
        let found = of(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.5, 4.1]);
        assert_eq!((found.at, found.absolute, found.agrees), ([1, 0], 0.5, false));
        assert_eq!(found.relative, 0.5 / 3.0);
    }

    #[test]
    fn what_is_not_finite_on_one_side_alone_is_a_mismatch() {
        let nan = f64::NAN;
        let inf = f64::INFINITY;
        for (left, right, agrees) in [
            (nan, 1.0, false),
            (1.0, nan, false),
            (inf, 1.0, false),
            (inf, -inf, false),
            (nan, nan, true),
            (inf, inf, true),
            (nan, inf, false),
        ] {
            assert_eq!(of(&[0.0, left], &[0.0, right]).agrees, agrees, "{left} and {right}");
        }
    }

    #[test]
    fn only_a_sum_beyond_the_range_may_be_anything() {
        let of =
            |right: f64, scale: f64| difference("cost", 1, [&[1e36], &[right]], &[scale], 1e36, |scale| 1e-5 * scale);
        for right in [f64::INFINITY, f64::NAN, 2e36] {
            assert!(of(right, 2e36).agrees && !of(right, 5e35).agrees, "{right}");
        }
    }
}
