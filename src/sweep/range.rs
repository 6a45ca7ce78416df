//! Lists and ranges of values, as written on the command line: `4,20,40`, `1..50`, `0.01:1.2:log8`.

use std::fmt::Display;
use std::str::FromStr;

use crate::{Error, Result};

/// The most values that a list or a range may have.
const MOST_VALUES: u64 = 1_000_000;

/// Values to try: a list, or an interval to draw numbers from.
#[derive(Clone, Debug, PartialEq)]
pub enum Values<T> {
    /// Each of these.
    List(Vec<T>),
    /// Any number from the first to the second, uniform in its logarithm: `0.01:1.2:log`. Only for drawing.
    Log(f64, f64),
    /// Any number from the first to the second, uniform: `0.01:1.2:lin`. Only for drawing.
    Linear(f64, f64),
}

/// A list of whole numbers or names, `4,20,40`. Whole numbers may also be ranges that include both ends, `1..50`.
///
/// # Errors
/// [`Error::Invalid`] for an empty list or range, or a value that `T` cannot be parsed from.
pub fn list<T: FromStr<Err: Display> + Clone>(name: &'static str, text: &str) -> Result<Vec<T>> {
    let mut values = Vec::new();
    for part in text.split(',').map(str::trim) {
        let read = |text: &str| {
            text.parse::<T>().map_err(|error| Error::invalid(name, format!("a list of values ({error})"), quoted(text)))
        };
        let ends = part.split_once("..").map(|(first, last)| (first.parse::<u64>(), last.parse::<u64>()));
        match ends {
            Some((Ok(first), Ok(last)))
                if first <= last && last - first < MOST_VALUES.saturating_sub(values.len() as u64) =>
            {
                for value in first..=last {
                    values.push(read(&value.to_string())?);
                }
            }
            Some((Ok(_), Ok(_))) => {
                let wanted =
                    format!("a range from a number up to one not smaller, of at most {MOST_VALUES}, as in 1..50");
                return Err(Error::invalid(name, wanted, quoted(part)));
            }
            _ if part.is_empty() => {
                return Err(Error::invalid(name, "a list with a value at each place", quoted(text)));
            }
            _ => values.push(read(part)?),
        }
    }
    Ok(values)
}

/// Numbers: a list; `A:B:logN` or `A:B:linN` for N of them from A to B, including both ends; or the same without N for
/// numbers to be drawn between A and B.
///
/// # Errors
/// [`Error::Invalid`] for an empty list or range, ends that are not numbers, and a `log` range that is not above 0.
pub fn numbers(name: &'static str, text: &str) -> Result<Values<f64>> {
    let Some((ends, scale)) = text.rsplit_once(':') else { return list(name, text).map(Values::List) };
    let wanted = "a list, or a range as in 0.01:1.2:log8 or 0.1:1:lin4, from a number up to a larger one";
    let wrong = || Error::invalid(name, wanted, quoted(text));
    let (first, last) = ends.split_once(':').ok_or_else(wrong)?;
    let (first, last): (f64, f64) = (first.parse().map_err(|_| wrong())?, last.parse().map_err(|_| wrong())?);
    let is_log = scale.starts_with("log");
    let count = scale.strip_prefix("log").or(scale.strip_prefix("lin")).ok_or_else(wrong)?;
    if !(first.is_finite() && last.is_finite() && first < last) || (is_log && first <= 0.0) {
        return Err(wrong());
    }
    if count.is_empty() {
        return Ok(if is_log { Values::Log(first, last) } else { Values::Linear(first, last) });
    }
    let count: u64 = count.parse().map_err(|_| wrong())?;
    if !(2..=MOST_VALUES).contains(&count) {
        return Err(Error::invalid(name, format!("a range of 2 to {MOST_VALUES} values"), quoted(text)));
    }
    let at = |k: u64| match k {
        0 => first,
        _ if k + 1 == count => last,
        _ => between(first, last, k as f64 / (count - 1) as f64, is_log),
    };
    Ok(Values::List((0..count).map(at).collect()))
}

/// A whole number, written in full or with an exponent: `10000`, `1e4`, `2.5e3`.
///
/// # Errors
/// [`Error::Invalid`] for anything else, such as `1.5` and `1e-3`.
///
/// ```
/// use planar::sweep::range::whole;
/// assert_eq!(whole("the number of iterations", "2.5e3")?, 2500);
/// # Ok::<(), planar::Error>(())
/// ```
pub fn whole(name: &'static str, text: &str) -> Result<u64> {
    let number = text.parse().ok().or_else(|| scientific(text));
    number.ok_or_else(|| Error::invalid(name, "a whole number, as in 10000 or 1e4", quoted(text)))
}

/// The value of `digits.decimals` times ten to an exponent, if it is whole, without any rounding.
fn scientific(text: &str) -> Option<u64> {
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (digits, decimals) = number.split_once('.').unwrap_or((number, ""));
    let decimals = decimals.trim_end_matches('0');
    let all = format!("{digits}{decimals}");
    let value: u64 = all.parse().ok().filter(|_| all.bytes().all(|byte| byte.is_ascii_digit()))?;
    let exponent = exponent.parse::<i32>().ok()?.checked_sub_unsigned(decimals.len().try_into().ok()?)?;
    let power = 10_u64.checked_pow(exponent.unsigned_abs())?;
    if exponent >= 0 { value.checked_mul(power) } else { Some(value / power).filter(|_| value.is_multiple_of(power)) }
}

/// The number at this fraction of the way from the first to the second, linearly or in the logarithm.
pub fn between(first: f64, last: f64, share: f64, by_logarithm: bool) -> f64 {
    if by_logarithm { first * (last / first).powf(share) } else { first + (last - first) * share }
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges_are_read_in_their_order() {
        assert_eq!(list::<usize>("n", "4, 20,1..3").unwrap(), [4, 20, 1, 2, 3]);
        assert_eq!(numbers("rate", "0.5,1").unwrap(), Values::List(vec![0.5, 1.0]));
        assert_eq!(numbers("rate", "0:1:lin3").unwrap(), Values::List(vec![0.0, 0.5, 1.0]));
        let Values::List(log) = numbers("rate", "0.01:1:log3").unwrap() else { panic!() };
        assert!((log[1] - 0.1).abs() < 1e-15 && (log[0], log[2]) == (0.01, 1.0), "{log:?}");
        assert_eq!(numbers("rate", "0.01:1:log").unwrap(), Values::Log(0.01, 1.0));
    }

    #[test]
    fn a_whole_number_may_have_an_exponent_and_is_never_rounded() {
        for (text, value) in [
            ("10000", 10_000),
            ("1e4", 10_000),
            ("1E4", 10_000),
            ("2.5e3", 2500),
            ("1.50e1", 15),
            ("2500e-2", 25),
            ("7.0", 7),
            ("0e5", 0),
            ("9007199254740993e0", 9_007_199_254_740_993),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(whole("n", text).unwrap(), value, "{text}");
        }
        for text in [
            "",
            "e4",
            "1e",
            ".",
            "1.5",
            "1e-3",
            "2.55e1",
            "-1e4",
            "1e20",
            "1e99999999999",
            "ten",
            "1 e4",
            "1.+5e2",
            "inf",
        ] {
            let error = whole("n", text).unwrap_err().to_string();
            assert_eq!(error, format!("n must be a whole number, as in 10000 or 1e4, not '{text}'"));
        }
    }

    #[test]
    fn what_is_empty_or_backwards_is_refused() {
        for text in ["", "4,,5", "5..4", "1..9999999", "x", "1..", "-1"] {
            assert!(list::<usize>("n", text).is_err(), "{text}");
        }
        for text in ["", "1:0:lin3", "0:1:log3", "0:1:lin1", "0:1:cube3", "0:1", "nan:1:lin3", "0:1:lin-2"] {
            assert!(numbers("rate", text).is_err(), "{text}");
        }
    }
}
