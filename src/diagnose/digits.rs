//! Numbers in words: with as many digits as a reader wants.

/// A share in per cent, of at most two decimals.
pub(super) fn percent(share: f64) -> String {
    let rounded: f64 = format!("{:.2}", 100.0 * share).parse().unwrap_or(share);
    format!("{rounded} %")
}

/// A number in four digits.
pub(super) fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.3e}").parse().unwrap_or(number);
    if rounded != 0.0 && !(1e-4..1e7).contains(&rounded.abs()) { format!("{rounded:e}") } else { rounded.to_string() }
}
