//! Two sets of TensorFlow Playground, after `classifySpiralData` and `classifyXORData` in its
//! [`dataset.ts`](https://github.com/tensorflow/playground/blob/master/src/dataset.ts), drawn from NumPy's generator.

use std::f64::consts::PI;

use super::Dataset;
use super::exact;
use super::generated::{self, Row};
use super::numpy_random::NumpyRandom;
use crate::Result;

/// How far the spirals reach, and the half width of the square of `xor` before padding.
const RADIUS: f64 = 5.0;
/// Turns of each spiral.
const TURNS: f64 = 1.75;
/// The most that noise moves a coordinate of a spiral: 10 on Playground's slider.
const NOISE: f64 = 0.1;
/// The half width of the empty cross between the classes of `xor`.
const PADDING: f64 = 0.3;

/// Two spirals, one half a turn ahead of the other; the first half of the samples is of class 1.
///
/// With n as half the number of samples and i from 0 to n − 1, `r = i/n·5` and `t = 1.75·i/n·2π + Δt`, at
/// `(r·sin t + noise, r·cos t + noise)`. Δt is 0 for class 1 and π for class 0; the noise is uniform in [−0.1, 0.1).
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if `samples` is odd, 0 or over
/// [`MAX_SAMPLES`](super::MAX_SAMPLES).
pub fn spirals(samples: usize, seed: u32) -> Result<Dataset> {
    let half = generated::half(samples)?;
    let n = half as f64;
    let mut random = NumpyRandom::new(seed);
    let mut noise = || random.uniform_in(-1.0, 1.0) * NOISE;
    let mut rows: Vec<Row> = Vec::with_capacity(samples);
    for (offset, label) in [(0.0, 1), (PI, 0)] {
        rows.extend((0..half).map(|k| {
            let i = k as f64;
            let r = i / n * RADIUS;
            let t = TURNS * i / n * 2.0 * PI + offset;
            ([r * exact::sin(t) + noise(), r * exact::cos(t) + noise()], label)
        }));
    }
    generated::dataset("spirals", seed, &rows)
}

/// Points uniform in [−5, 5)² and then 0.3 further from both axes; of class 1 where x·y ≥ 0.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if `samples` is odd, 0 or over
/// [`MAX_SAMPLES`](super::MAX_SAMPLES).
///
/// ```
/// let xor = planar::data::xor(200, 1)?;
/// assert!((0..200).all(|s| (xor.point(s).product::<f64>() >= 0.0) == (xor.labels()[s] == 1)));
/// # Ok::<(), planar::Error>(())
/// ```
pub fn xor(samples: usize, seed: u32) -> Result<Dataset> {
    generated::half(samples)?;
    let mut random = NumpyRandom::new(seed);
    let mut coordinate = || {
        let value = random.uniform_in(-RADIUS, RADIUS);
        value + if value > 0.0 { PADDING } else { -PADDING }
    };
    let row = |_| {
        let point = [coordinate(), coordinate()];
        (point, u8::from(point[0] * point[1] >= 0.0))
    };
    let rows: Vec<Row> = (0..samples).map(row).collect();
    generated::dataset("xor", seed, &rows)
}
