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
    /// Widened to f64.
    Single(PyReadonlyArray2<'py, f32>),
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

    /// Row-major (samples × features). Doubles that lie so are not copied.
    pub fn values(&self) -> Cow<'_, [f64]> {
        match self {
            Self::Double(points) if points.is_c_contiguous() => {
                points.as_slice().map_or_else(|_| Cow::Owned(Vec::new()), Cow::Borrowed)
            }
            Self::Double(points) => Cow::Owned(points.as_array().iter().copied().collect()),
            Self::Single(points) => Cow::Owned(points.as_array().iter().map(|value| f64::from(*value)).collect()),
        }
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
            let values = points.values();
            match answers {
                Answers::Classes(labels) => {
                    let (labels, classes) = (labels.as_array().to_vec(), classes.unwrap_or_default());
                    without_gil(py, || treated(Dataset::from_classes(name, None, features, &values, classes, labels)))
                }
                Answers::Labels(labels) => {
                    let (of, labels) = (labels.shape()[1], rows(&labels));
                    without_gil(py, || treated(Dataset::from_label_rows(name, None, features, &values, of, &labels)))
                }
                Answers::Numbers(numbers) => {
                    let (of, numbers) = (numbers.shape()[1], rows(&numbers));
                    without_gil(py, || treated(Dataset::from_numbers(name, None, features, &values, of, &numbers)))
                }
            }
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
