//! Rates as they are printed: rounded before they are tried, so that what is printed is what was tried.

/// A number in 3 significant digits.
///
/// ```
/// assert_eq!(planar::diagnose::rounded(0.000_136_9).to_string(), "0.000137");
/// ```
pub fn rounded(value: f64) -> f64 {
    // parsed from decimals: digits·10^exponent in binary would print more digits
    format!("{value:.2e}").parse().unwrap_or(value)
}
