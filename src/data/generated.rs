//! What the generated sets share: the check of the sample count, NumPy's `linspace`, and rows made into a data set.

use super::Dataset;
use crate::{Error, Result, memory};

/// The most samples a generated set may have: with more, the points alone take gigabytes.
pub const MAX_SAMPLES: usize = 100_000_000;

/// What a sample takes while a set is made, apart from its features: its row, and its label.
const BYTES_PER_SAMPLE: usize = 24 + 1;
/// What a feature of it takes: drawn, as a point, and in X.
const BYTES_PER_FEATURE: usize = 3 * 8;

/// A point of the plane and its class.
pub(super) type Row = ([f64; 2], u8);

/// The number of samples in each of the two halves.
///
/// # Errors
/// [`Error::Invalid`] if `samples` is odd, 0 or over [`MAX_SAMPLES`].
pub(super) fn half(samples: usize) -> Result<usize> {
    const NAME: &str = "the number of samples";
    if samples == 0 || !samples.is_multiple_of(2) {
        return Err(Error::invalid(NAME, "an even number of at least 2", samples));
    }
    if samples > MAX_SAMPLES {
        return Err(Error::invalid(NAME, format!("at most {MAX_SAMPLES}"), samples));
    }
    Ok(samples / 2)
}

/// Refuses a number of samples that there is no memory for, rather than abort halfway.
///
/// # Errors
/// [`Error::Invalid`].
pub(super) fn room_for(samples: usize, features: usize) -> Result<()> {
    let each = features.saturating_mul(BYTES_PER_FEATURE).saturating_add(BYTES_PER_SAMPLE);
    match memory::holds(samples.saturating_mul(each)) {
        true => Ok(()),
        false => Err(Error::invalid("the number of samples", "one that there is enough memory for", samples)),
    }
}

/// `np.linspace(start, stop, count)`: start + k·step, with the last one set to stop (but a single one is start).
pub(super) fn linspace(start: f64, stop: f64, count: usize) -> impl Iterator<Item = f64> {
    let step = if count > 1 { (stop - start) / (count - 1) as f64 } else { 0.0 };
    (0..count).map(move |k| if k > 0 && k + 1 == count { stop } else { k as f64 * step + start })
}

/// A data set of the plane from its rows.
pub(super) fn dataset(name: &str, seed: u32, rows: &[Row]) -> Result<Dataset> {
    let points: Vec<f64> = rows.iter().flat_map(|(point, _)| *point).collect();
    let labels = rows.iter().map(|(_, label)| *label).collect();
    Dataset::from_points(name, Some(seed), 2, &points, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linspace_of_one_is_its_start_and_of_two_its_ends() {
        assert_eq!(linspace(3.0, 5.0, 1).collect::<Vec<_>>(), [3.0]);
        assert_eq!(linspace(3.0, 5.0, 2).collect::<Vec<_>>(), [3.0, 5.0]);
    }

    #[test]
    fn linspace_ends_exactly_at_its_stop() {
        // 49 steps of 1/49 add up to 0.9999999999999999.
        assert_eq!(linspace(0.0, 1.0, 50).last(), Some(1.0));
        assert_eq!(49.0 * (1.0 / 49.0), 0.9999999999999999);
    }

    #[test]
    fn a_sample_count_has_two_equal_halves_and_a_bound() {
        assert!(matches!((half(2), half(400), half(MAX_SAMPLES)), (Ok(1), Ok(200), Ok(50_000_000))));
        let message = |samples| half(samples).map_err(|error| error.to_string());
        for samples in [0, 1, 401] {
            let wanted = format!("the number of samples must be an even number of at least 2, not {samples}");
            assert_eq!(message(samples), Err(wanted));
        }
        assert_eq!(message(100_000_002), Err("the number of samples must be at most 100000000, not 100000002".into()));
    }
}
