//! The library's errors as exception classes of Python, which `planar/_errors.py` defines.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use planar::Error;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The name of the class for an error.
fn class(error: &Error) -> &'static str {
    match error {
        Error::Invalid { .. } => "Invalid",
        Error::Mismatch(_) => "Mismatch",
        Error::Conflict(_) => "Conflict",
        Error::Io { .. } => "Io",
        Error::Csv { .. } | Error::Text { .. } => "Csv",
        Error::Results { .. } => "Results",
        Error::Checkpoint { .. } => "Checkpoint",
        Error::Overwrite { .. } => "Overwrite",
        Error::Busy { .. } => "Busy",
        Error::Plot(_) => "Plot",
        Error::NoAdapter(_) => "NoAdapter",
        Error::Limit { .. } => "Limit",
        Error::Shader(_) => "Shader",
        Error::Lost(_) => "Lost",
        Error::Device(_) | Error::Thread(_) => "Device",
        Error::Wrong(_) => "Wrong",
        Error::Incomplete { .. } => "Incomplete",
        _ => "Error",
    }
}

/// An exception of planar's with this message.
fn exception(py: Python<'_>, class: &str, message: String) -> PyErr {
    let found = py.import("planar._errors").and_then(|module| Ok(module.getattr(class)?.cast_into::<PyType>()?));
    match found {
        Ok(class) => PyErr::from_type(class, message),
        Err(error) => error,
    }
}

/// The exception for an error.
pub fn raised(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, class(error), error.to_string())
}

/// The library's results as Python's.
pub trait OrRaise<T> {
    /// The value, or the error as an exception.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for planar::Result<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| raised(py, &error))
    }
}

/// Works without the GIL, so that other threads of Python go on. A panic becomes an exception too.
pub fn without_gil<T: Send>(py: Python<'_>, work: impl FnOnce() -> planar::Result<T> + Send) -> PyResult<T> {
    match py.detach(|| catch_unwind(AssertUnwindSafe(work))) {
        Ok(done) => done.or_raise(py),
        Err(panic) => Err(exception(py, "Panic", format!("planar itself failed: {}", said(panic.as_ref())))),
    }
}

/// What a panic says.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gives no reason")
}

/// Panics, so that a test sees what becomes of it.
#[pyfunction]
pub fn panic(py: Python<'_>) -> PyResult<()> {
    without_gil(py, || panic!("on purpose"))
}
