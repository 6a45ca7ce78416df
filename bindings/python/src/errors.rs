//! The library's errors as exception classes of Python, which `planar/_errors.py` defines.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use planar::Error;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::breakable::breakable;

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

/// The exception for an error. One of the system's has its `errno` too.
pub fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let raised = exception(py, class(error), error.to_string());
    let number = match error {
        Error::Io { source, .. } => source.raw_os_error(),
        _ => None,
    };
    match number.map(|number| raised.value(py).setattr("errno", number)) {
        Some(Err(error)) => error,
        _ => raised,
    }
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

/// The boundary to Python, which no panic crosses: it becomes [`Panic`](class), and PyO3's own exception, which `except
/// Exception` would not catch, is never seen. Everything that is more than a look at a field works within.
pub fn guarded<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(of_panic(py, panic.as_ref())))
}

/// Works without the GIL, so that other threads of Python go on, and within the boundary.
pub fn without_gil<T: Send>(py: Python<'_>, work: impl FnOnce() -> planar::Result<T> + Send) -> PyResult<T> {
    guarded(py, || py.detach(work).or_raise(py))
}

/// The exception for a panic.
pub fn of_panic(py: Python<'_>, panic: &(dyn Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let said = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gives no reason");
    exception(py, "Panic", format!("planar itself failed: {said}"))
}

/// Panics in one of the three ways of the extension's functions, so that a test sees what becomes of it.
#[pyfunction]
pub fn panic(py: Python<'_>, way: &str) -> PyResult<()> {
    match way {
        "with the GIL" => guarded(py, || panic!("on purpose")),
        "without" => without_gil(py, || panic!("on purpose")),
        _ => breakable(py, |_| -> planar::Result<()> { panic!("on purpose") }),
    }
}
