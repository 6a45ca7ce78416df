//! What the command line has in place of GPUs where it is built without the feature `gpu`.

use planar::backend::{Backend, Run};
use planar::data::Dataset;
use planar::{Error, Result};

use super::Verbosity;
use super::device::{DeviceArguments, Measurable};

/// No GPU has a name.
pub fn named(_: &str) -> Result<Box<dyn Backend>> {
    Err(without())
}

/// No adapter, no plan.
pub fn measurable() -> Vec<Measurable> {
    Vec::new()
}

/// There is no adapter.
pub fn require() -> Result<()> {
    Err(without())
}

fn without() -> Error {
    Error::NoAdapter("this planar was built without its feature gpu; --device cpu trains".into())
}

impl DeviceArguments {
    pub fn auto(&self, _: &Dataset, _: &[Run], _: u64, _: Verbosity) -> Result<Box<dyn Backend>> {
        self.cpu()
    }

    pub fn gpu(&self, _: &str, _: &Dataset, _: &Run, _: &str, _: Verbosity) -> Result<Box<dyn Backend>> {
        Err(without())
    }

    pub fn plan(&self) -> &'static str {
        "auto"
    }

    pub fn refuse_plan(&self) -> Result<()> {
        Ok(())
    }
}
