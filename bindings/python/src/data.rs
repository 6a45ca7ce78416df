//! Samples from NumPy's arrays.

use std::borrow::Cow;

use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods,
};
use planar::data::{Columns, Dataset, Label, Options, Scale, Source};
use pyo3::prelude::*;

use crate::errors::{guarded, without_gil};

/// Points (samples × features), in either precision and any order in memory.
#[derive(FromPyObject)]
pub enum Points<'py> {
    /// As the library takes them.
    Double(PyReadonlyArray2<'py, f64>),
    /// Read where they are.
    Single(PyReadonlyArray2<'py, f32>),
}

/// The values of points, row-major (samples × features).
pub enum Values<'a> {
    Double(Cow<'a, [f64]>),
    Single(Cow<'a, [f32]>),
}

impl Points<'_> {
    /// The number of features.
    pub fn features(&self) -> usize {
        match self {
            Self::Double(points) => points.shape()[1],
            Self::Single(points) => points.shape()[1],
        }
    }

    /// The number of samples.
    pub fn samples(&self) -> usize {
        match self {
            Self::Double(points) => points.shape()[0],
            Self::Single(points) => points.shape()[0],
        }
    }

    /// Their values, which are not copied if they lie row by row.
    pub fn values(&self) -> Values<'_> {
        match self {
            Self::Double(points) => Values::Double(in_rows(points)),
            Self::Single(points) => Values::Single(in_rows(points)),
        }
    }
}

/// A matrix in row-major order, as it is if it lies so.
fn in_rows<'a, T: numpy::Element + Copy>(matrix: &'a PyReadonlyArray2<'_, T>) -> Cow<'a, [T]> {
    match matrix.as_slice() {
        Ok(values) if matrix.is_c_contiguous() => Cow::Borrowed(values),
        _ => Cow::Owned(rows(matrix)),
    }
}

/// What is to be learnt: the class of each sample by number, yes (1) or no (0) to several questions, or numbers.
#[derive(FromPyObject)]
pub enum Answers<'py> {
    /// One class a sample.
    Classes(PyReadonlyArray1<'py, u8>),
    /// (samples × questions).
    Labels(PyReadonlyArray2<'py, u8>),
    /// (samples × numbers).
    Numbers(PyReadonlyArray2<'py, f64>),
}

/// What is to be learnt, once it has left Python.
enum Wanted {
    Classes { labels: Vec<u8>, names: Vec<String> },
    Labels { of: usize, values: Vec<u8> },
    Numbers { of: usize, values: Vec<f64> },
}

impl Wanted {
    fn new(answers: &Answers<'_>, classes: Option<Vec<String>>) -> Self {
        match answers {
            Answers::Classes(labels) => {
                Self::Classes { labels: labels.as_array().to_vec(), names: classes.unwrap_or_default() }
            }
            Answers::Labels(labels) => Self::Labels { of: labels.shape()[1], values: rows(labels) },
            Answers::Numbers(numbers) => Self::Numbers { of: numbers.shape()[1], values: rows(numbers) },
        }
    }

    /// With its points, row-major (samples × features).
    fn of(self, name: &str, features: usize, points: &[impl Copy + Into<f64>]) -> planar::Result<Dataset> {
        match self {
            Self::Classes { labels, names } => Dataset::from_classes(name, None, features, points, names, labels),
            Self::Labels { of, values } => Dataset::from_label_rows(name, None, features, points, of, &values),
            Self::Numbers { of, values } => Dataset::from_numbers(name, None, features, points, of, &values),
        }
    }
}

/// Samples in the library's form.
#[pyclass(frozen, module = "planar._planar")]
pub struct Data {
    pub inner: Dataset,
    /// The names of the features, if they have some.
    names: Option<Vec<String>>,
}

#[pymethods]
impl Data {
    /// Samples of classes, labels or numbers; `classes` names the classes. Features are scaled by the offsets and factors
    /// of `scaling` or, with `standardize`, to mean 0 and deviation 1.
    #[new]
    #[pyo3(signature = (points, answers, classes=None, weights=None, standardize=false, scaling=None, names=None, name="array"))]
    #[allow(clippy::too_many_arguments, reason = "Python names them")]
    fn new(
        py: Python<'_>,
        points: Points<'_>,
        answers: Answers<'_>,
        classes: Option<Vec<String>>,
        weights: Option<PyReadonlyArray1<'_, f64>>,
        standardize: bool,
        scaling: Option<(Vec<f64>, Vec<f64>)>,
        names: Option<Vec<String>>,
        name: &str,
    ) -> PyResult<Self> {
        let features = points.features();
        let weights = weights.map(|weights| weights.as_array().to_vec());
        let treated = |data: planar::Result<Dataset>| {
            let data = data?;
            let data = match weights {
                Some(weights) => data.with_weights(weights)?,
                None => data,
            };
            match scaling {
                Some((offsets, factors)) => {
                    let factors: Vec<(f64, f64)> = offsets.into_iter().zip(factors).collect();
                    data.with_scaling(Scale::Standard, &factors)
                }
                None if standardize => data.scaled(Scale::Standard),
                None => Ok(data),
            }
        };
        let data = guarded(py, || {
            let wanted = Wanted::new(&answers, classes);
            let values = points.values();
            without_gil(py, || {
                treated(match &values {
                    Values::Double(points) => wanted.of(name, features, points),
                    Values::Single(points) => wanted.of(name, features, points),
                })
            })
        });
        Ok(Self { inner: data?, names })
    }

    /// m, the number of samples.
    #[getter]
    fn samples(&self) -> usize {
        self.inner.samples()
    }

    /// What is subtracted from each feature, and what it is then multiplied by.
    #[getter]
    fn scaling(&self) -> (Vec<f64>, Vec<f64>) {
        self.inner.columns().features.iter().map(|feature| (feature.offset, feature.factor)).unzip()
    }
}

/// A matrix in row-major order.
pub fn rows<T: numpy::Element + Copy>(matrix: &PyReadonlyArray2<'_, T>) -> Vec<T> {
    matrix.as_array().iter().copied().collect()
}

/// Points (samples × features) and their labels.
type Labelled<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<u8>>);

/// The samples of the notebook's flower, or another of the library's generated sets by its name.
#[pyfunction]
pub fn generated<'py>(py: Python<'py>, name: &str) -> PyResult<Labelled<'py>> {
    let made = without_gil(py, || match name.parse::<Source>()? {
        Source::Csv(_) => {
            let wanted = "flower, noisy-circles, noisy-moons, blobs, gaussian-quantiles, spirals or xor";
            Err(planar::Error::invalid("the data set", wanted, format_args!("'{name}'")))
        }
        source => source.load(&Options::default()),
    })?;
    guarded(py, || {
        let points = made.points().into_pyarray(py).reshape([made.samples(), made.features()])?;
        Ok((points, made.labels().to_vec().into_pyarray(py)))
    })
}

impl Data {
    /// What a checkpoint says of features and classes. Named features are the first columns of a table, and what is learnt
    /// stands behind them.
    pub fn columns(&self) -> Columns {
        let mut columns = self.inner.columns().clone();
        if let Some(names) = &self.names {
            columns.features.iter_mut().zip(names).for_each(|(feature, name)| feature.name.clone_from(name));
            (columns.named, columns.width) = (true, names.len() + columns.targets.len().max(1));
            if columns.targets.is_empty() {
                columns.label = Some(Label { name: None, column: columns.width });
            }
        }
        columns
    }
}
