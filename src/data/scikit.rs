//! The notebook's four extra sets, as scikit-learn's `make_circles`, `make_moons`, `make_blobs` and
//! `make_gaussian_quantiles` make them from a `RandomState(seed)`.

use std::f64::consts::PI;

use super::exact;
use super::generated::{self, MAX_SAMPLES, Row};
use super::numpy_random::NumpyRandom;
use super::{Dataset, check_size};
use crate::{Error, Result};

/// The seed of the blobs if none is given, the notebook's.
pub const BLOBS_SEED: u32 = 5;
/// The blobs; those with an odd number are of class 1.
const BLOB_CENTERS: usize = 6;

/// `make_circles(samples, factor=.5, noise=.3)`: class 0 around the unit circle, class 1 around one half as wide.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if `samples` is odd, 0 or over
/// [`MAX_SAMPLES`](super::MAX_SAMPLES).
pub fn noisy_circles(samples: usize, seed: u32) -> Result<Dataset> {
    let half = generated::half(samples)?;
    // linspace(0, 2π, half, endpoint=False)
    let step = 2.0 * PI / half as f64;
    let circle = |factor: f64, label| {
        (0..half).map(move |k| {
            let angle = k as f64 * step;
            ([exact::cos(angle) * factor, exact::sin(angle) * factor], label)
        })
    };
    let mut rows: Vec<Row> = circle(1.0, 0).chain(circle(0.5, 1)).collect();
    let mut random = NumpyRandom::new(seed);
    random.shuffle(&mut rows);
    add_noise(&mut rows, 0.3, &mut random);
    generated::dataset("noisy-circles", seed, &rows)
}

/// `make_moons(samples, noise=.2)`: two interleaving half circles, the upper one of class 0.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if `samples` is odd, 0 or over
/// [`MAX_SAMPLES`](super::MAX_SAMPLES).
pub fn noisy_moons(samples: usize, seed: u32) -> Result<Dataset> {
    let half = generated::half(samples)?;
    let upper = generated::linspace(0.0, PI, half).map(|t| ([exact::cos(t), exact::sin(t)], 0));
    let lower = generated::linspace(0.0, PI, half).map(|t| ([1.0 - exact::cos(t), 1.0 - exact::sin(t) - 0.5], 1));
    let mut rows: Vec<Row> = upper.chain(lower).collect();
    let mut random = NumpyRandom::new(seed);
    random.shuffle(&mut rows);
    add_noise(&mut rows, 0.2, &mut random);
    generated::dataset("noisy-moons", seed, &rows)
}

/// `make_blobs(samples, random_state=seed, centers=6)`, labels modulo 2: round clouds of deviation 1, their centres
/// uniform in [−10, 10)². The notebook's seed is [`BLOBS_SEED`].
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if `samples` is odd, 0 or over
/// [`MAX_SAMPLES`](super::MAX_SAMPLES).
///
/// ```
/// let notebook = planar::data::blobs(200, planar::data::BLOBS_SEED)?;
/// assert_eq!((notebook.samples(), notebook.seed()), (200, Some(5)));
/// # Ok::<(), planar::Error>(())
/// ```
pub fn blobs(samples: usize, seed: u32) -> Result<Dataset> {
    generated::half(samples)?;
    let mut random = NumpyRandom::new(seed);
    let centers: [[f64; 2]; BLOB_CENTERS] =
        [(); BLOB_CENTERS].map(|()| [(); 2].map(|()| random.uniform_in(-10.0, 10.0)));
    let mut rows: Vec<Row> = Vec::with_capacity(samples);
    for (blob, center) in centers.iter().enumerate() {
        // The remainder of the division by 6 goes to the first blobs: 200 make 34, 34, 33, 33, 33 and 33.
        let count = samples / BLOB_CENTERS + usize::from(blob < samples % BLOB_CENTERS);
        rows.extend((0..count).map(|_| (center.map(|mean| random.normal(mean, 1.0)), (blob % 2) as u8)));
    }
    random.shuffle(&mut rows);
    generated::dataset("blobs", seed, &rows)
}

/// `make_gaussian_quantiles(cov=.5, n_samples=samples, n_classes=2)`: one round cloud, the half nearest the origin of
/// class 0, the rest of class 1.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if `samples` is odd, 0 or over
/// [`MAX_SAMPLES`](super::MAX_SAMPLES).
pub fn gaussian_quantiles(samples: usize, seed: u32) -> Result<Dataset> {
    generated::half(samples)?;
    gaussian_quantiles_of(2, samples, seed)
}

/// [`gaussian_quantiles`] with any number of features, and any number of samples: if it is odd, class 1
/// has one more.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if there are no features, under 2 or over
/// [`MAX_SAMPLES`](super::MAX_SAMPLES) samples, or over [`MAX_NUMBERS`](super::MAX_NUMBERS) values.
///
/// ```
/// let ball = planar::data::gaussian_quantiles_of(30, 569, 1)?;
/// assert_eq!((ball.features(), ball.samples()), (30, 569));
/// # Ok::<(), planar::Error>(())
/// ```
pub fn gaussian_quantiles_of(features: usize, samples: usize, seed: u32) -> Result<Dataset> {
    if !(2..=MAX_SAMPLES).contains(&samples) {
        return Err(Error::invalid("the number of samples", format!("between 2 and {MAX_SAMPLES}"), samples));
    }
    check_size(samples, features)?;
    generated::room_for(samples, features)?;
    let mut random = NumpyRandom::new(seed);
    let deviation = 0.5_f64.sqrt();
    let cloud: Vec<f64> = (0..samples * features).map(|_| deviation * random.standard_normal()).collect();
    let point = |sample: usize| &cloud[sample * features..][..features];
    let distance = |sample| point(sample).iter().map(|x| x * x).sum::<f64>();
    let mut order: Vec<(f64, usize)> = (0..samples).map(|sample| (distance(sample), sample)).collect();
    order.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let class = |place| u8::from(place >= samples / 2);
    let mut rows: Vec<(usize, u8)> = order.iter().enumerate().map(|(place, (_, of))| (*of, class(place))).collect();
    random.shuffle(&mut rows);
    let points: Vec<f64> = rows.iter().flat_map(|(sample, _)| point(*sample)).copied().collect();
    let labels = rows.into_iter().map(|(_, class)| class).collect();
    Dataset::from_points("gaussian-quantiles", Some(seed), features, &points, labels)
}

/// `X += normal(scale=deviation, size=X.shape)`, drawn row-major.
fn add_noise(rows: &mut [Row], deviation: f64, random: &mut NumpyRandom) {
    for (point, _) in rows {
        for value in point {
            *value += random.normal(0.0, deviation);
        }
    }
}
