//! The samples of an experiment: a generated set, points that were drawn on the page, or a table that was dropped on it.

use planar::data::{Dataset, Prepared, Targets};
use planar::{Error, Result};

use crate::settings::{OWN, Settings};
use crate::whole;

/// The margin that the notebook leaves around the data, in units of what the network sees.
const MARGIN: f64 = 1.0;
/// The largest table: a browser's tab has little memory, and all of it is read at once.
const MOST_BYTES: usize = 32 << 20;

/// What the page brings.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// Points as x₁, x₂ and the number of the class.
    pub points: Vec<f32>,
    /// The smallest and the largest x₁ and x₂ of the picture, while they are drawn.
    pub bounds: Option<[f64; 4]>,
    /// A table, by its name and the column of its label if that is not the last.
    pub table: Option<(String, Vec<u8>, Option<String>)>,
}

/// Samples to train on, those held out, and how the plane is shown.
pub struct Samples {
    pub prepared: Prepared,
    /// Row-major (samples × features), of those trained on and those held out.
    pub points: [Vec<f64>; 2],
    /// The smallest and the largest x₁ and x₂ of the picture, as the network sees them; none if there are not two features.
    plane: Option<[f64; 4]>,
}

impl Samples {
    /// Makes or reads them.
    pub fn new(settings: &Settings, brought: &Brought) -> Result<Self> {
        let (options, held_out) = (settings.options()?, settings.held_out());
        let prepared = match (settings.source()?, &brought.table) {
            (Some(source), _) => Prepared::of_samples(source.generate(&options)?, &options, held_out)?,
            (None, Some((name, bytes, label))) => {
                if bytes.len() > MOST_BYTES {
                    let (most, given) = (MOST_BYTES >> 20, bytes.len() >> 20);
                    let wanted = format!("at most {most} MB in a browser");
                    return Err(Error::invalid("the size of a table", wanted, format_args!("{given} MB")));
                }
                let mut options = options;
                options.table.label.clone_from(label);
                whole::table(name, bytes, &options, held_out)?
            }
            (None, None) => Prepared::of_samples(drawn(&brought.points)?, &options, held_out)?,
        };
        let mut samples = Self::of(prepared);
        if let Some(bounds) = brought.bounds.filter(|_| settings.data == OWN && brought.table.is_none()) {
            let [x1_low, x1_high, x2_low, x2_high] = bounds;
            if !(x1_low < x1_high && x2_low < x2_high && bounds.iter().all(|bound| bound.is_finite())) {
                return Err(Error::invalid("the bounds of the picture", "an area", format_args!("{bounds:?}")));
            }
            let features = &samples.data().columns().features;
            samples.plane = Some([0, 1, 2, 3].map(|at| features[at / 2].scaled(bounds[at])));
        }
        Ok(samples)
    }

    fn of(prepared: Prepared) -> Self {
        let (data, held_out) = (&prepared.data, prepared.held_out.as_ref());
        let all = || std::iter::once(data).chain(held_out);
        let range = |feature: usize| {
            let values = all().flat_map(|data| &data.inputs()[feature * data.samples()..][..data.samples()]);
            let wide = |(low, high): (f64, f64), x: &f64| (low.min(*x), high.max(*x));
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), wide);
            [low - MARGIN, high + MARGIN]
        };
        let plane = (data.features() == 2).then(|| {
            let [[x1_low, x1_high], [x2_low, x2_high]] = [range(0), range(1)];
            [x1_low, x1_high, x2_low, x2_high]
        });
        let points = [data.points(), held_out.map_or(Vec::new(), Dataset::points)];
        Self { prepared, points, plane }
    }

    /// Those that are trained on.
    pub fn data(&self) -> &Dataset {
        &self.prepared.data
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.data().samples() + self.prepared.held_out.as_ref().map_or(0, Dataset::samples)
    }

    /// x₁, x₂ and the class, or the first number to be learnt, of each sample in the units of the picture.
    pub fn shown(&self) -> Vec<f32> {
        if self.plane.is_none() {
            return Vec::new();
        }
        let of = |data: &Dataset| -> Vec<f32> {
            let features = &data.columns().features;
            let answer = |sample: usize| match data.targets() {
                Targets::Classes(classes) => f64::from(classes[sample]),
                Targets::Labels { values, .. } => f64::from(values[sample]),
                Targets::Numbers { values, .. } => values[sample],
            };
            let row = |sample: usize| {
                let place = data.point(sample).zip(features).map(|(x, feature)| feature.unscaled(x));
                place.chain([answer(sample)]).map(|x| x as f32).collect::<Vec<_>>()
            };
            (0..data.samples()).flat_map(row).collect()
        };
        [Some(self.data()), self.prepared.held_out.as_ref()].into_iter().flatten().flat_map(of).collect()
    }

    /// The smallest and the largest x₁ and x₂ of the picture, in its units; empty without a picture.
    pub fn bounds(&self) -> Vec<f64> {
        let features = &self.data().columns().features;
        let of = |(at, bound): (usize, f64)| features[at / 2].unscaled(bound);
        self.plane.into_iter().flatten().enumerate().map(of).collect()
    }

    /// n × n points of the plane as the network sees them, row-major, the largest x₂ first; the outermost lie on the bounds.
    /// Empty without a picture.
    pub fn grid(&self, n: usize) -> Vec<f64> {
        let Some([x1_low, x1_high, x2_low, x2_high]) = self.plane else { return Vec::new() };
        let at = |from: f64, to: f64, k: usize| from + (to - from) * k as f64 / n.saturating_sub(1).max(1) as f64;
        let row = |i: usize| (0..n).flat_map(move |j| [at(x1_low, x1_high, j), at(x2_high, x2_low, i)]);
        (0..n).flat_map(row).collect()
    }
}

/// Points that were drawn.
fn drawn(points: &[f32]) -> Result<Dataset> {
    if points.is_empty() {
        return Err(Error::invalid("the number of points", "at least 2", 0));
    }
    if !points.len().is_multiple_of(3) {
        return Err(Error::Mismatch(format!("{} numbers are no points of x1, x2 and a class", points.len())));
    }
    let place: Vec<f64> = points.chunks_exact(3).flat_map(|point| [point[0].into(), point[1].into()]).collect();
    let mut labels = Vec::with_capacity(points.len() / 3);
    for class in points.iter().skip(2).step_by(3) {
        if !(0.0..=9.0).contains(class) || class.fract() != 0.0 {
            return Err(Error::invalid("the class of a point", "a whole number from 0 to 9", class));
        }
        labels.push(*class as u8);
    }
    let most = labels.iter().copied().max().unwrap_or(0).max(1);
    let classes = (0..=most).map(|class| class.to_string()).collect();
    if labels.iter().all(|label| *label == labels[0]) {
        let said = format!("every point is of class {}, and there is nothing to tell apart", labels[0]);
        return Err(Error::Mismatch(said));
    }
    Dataset::from_classes(OWN, None, 2, &place, classes, labels)
}
