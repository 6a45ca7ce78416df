//! The notebook's flower: two classes on petals that overlap near the centre.

use super::Dataset;
use super::exact;
use super::generated::{self, Row};
use super::numpy_random::NumpyRandom;
use crate::Result;

/// The angle, in radians, that the petals of one class span. It is not quite π: the notebook says 3.12.
const SPAN: f64 = 3.12;
/// How far the petals reach, the notebook's `a`.
const PETAL: f64 = 4.0;
/// The standard deviation of both noises.
const NOISE: f64 = 0.2;

/// The notebook's `load_planar_dataset` after `np.random.seed(seed)`, which uses 400 samples and seed 1. That set is
/// NumPy's bit for bit; with another seed, a few values can differ by the last bit of a sine (see
/// [`numpy_random`](super::numpy_random)). The first half of the samples is of class 0, the second of class 1.
///
/// With N as half the number of samples, class j is `t = linspace(j·3.12, (j+1)·3.12, N) + randn(N)·0.2`, then
/// `r = 4·sin(4t) + randn(N)·0.2`, at `(r·sin t, r·cos t)`.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if `samples` is odd, 0 or over
/// [`MAX_SAMPLES`](super::MAX_SAMPLES).
///
/// ```
/// let flower = planar::data::flower(400, 1)?;
/// assert_eq!((flower.features(), flower.samples()), (2, 400));
/// assert_eq!(flower.point(0).collect::<Vec<_>>(), [1.204442292254319, 3.5761141481288448]);
/// # Ok::<(), planar::Error>(())
/// ```
pub fn flower(samples: usize, seed: u32) -> Result<Dataset> {
    let half = generated::half(samples)?;
    let mut random = NumpyRandom::new(seed);
    let mut rows: Vec<Row> = Vec::with_capacity(samples);
    for label in [0, 1] {
        let start = f64::from(label) * SPAN;
        let stop = (f64::from(label) + 1.0) * SPAN;
        // All angles of a class are drawn before its first radius.
        let angles: Vec<f64> =
            generated::linspace(start, stop, half).map(|t| t + random.standard_normal() * NOISE).collect();
        rows.extend(angles.iter().map(|t| {
            let r = PETAL * exact::sin(4.0 * t) + random.standard_normal() * NOISE;
            ([r * exact::sin(*t), r * exact::cos(*t)], label)
        }));
    }
    generated::dataset("flower", seed, &rows)
}
