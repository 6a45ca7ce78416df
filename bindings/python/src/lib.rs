//! The library for Python: arrays in, arrays out. What scikit-learn expects of an estimator stands in `python/planar/`.

mod breakable;
mod checkpoint;
mod data;
mod device;
mod errors;
mod fitted;
mod insight;
mod network;
mod predict;
mod train;
mod watch;

use pyo3::prelude::*;

#[pymodule]
fn _planar(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("has_gpu", cfg!(feature = "gpu"))?;
    module.add_class::<data::Data>()?;
    module.add_class::<fitted::Fitted>()?;
    module.add_class::<predict::Objective>()?;
    module.add_function(wrap_pyfunction!(checkpoint::read, module)?)?;
    module.add_function(wrap_pyfunction!(checkpoint::write, module)?)?;
    module.add_function(wrap_pyfunction!(data::generated, module)?)?;
    module.add_function(wrap_pyfunction!(device::adapters, module)?)?;
    module.add_function(wrap_pyfunction!(device::close, module)?)?;
    module.add_function(wrap_pyfunction!(device::has_opened, module)?)?;
    module.add_function(wrap_pyfunction!(errors::panic, module)?)?;
    module.add_function(wrap_pyfunction!(insight::compare, module)?)?;
    module.add_function(wrap_pyfunction!(insight::diagnose, module)?)?;
    module.add_function(wrap_pyfunction!(predict::forward, module)?)?;
    module.add_function(wrap_pyfunction!(train::train, module)?)
}
