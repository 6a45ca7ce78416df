//! In the place of `whole` in the module that is fetched first: the worker asks another one.

use std::rc::Rc;

use planar::backend::Run;
use planar::data::{Options, Prepared};
use planar::{Error, Result};
use serde_json::json;

use crate::kept::Loaded;
use crate::object::Object;
use crate::samples::Samples;
use crate::settings::Settings;

fn missing<T>() -> Result<T> {
    Err(Error::Mismatch("this part of the program has not been fetched".into()))
}

pub fn table(_: &str, _: &[u8], _: &Options, _: Option<(f64, u32)>) -> Result<Prepared> {
    missing()
}

pub fn load(_: &str, _: &[u8], _: Option<(Settings, Rc<Samples>)>) -> Result<Loaded> {
    missing()
}

/// What the other module is told beside settings and samples.
pub fn why(_: &Settings, _: &Samples, _: &Run, on_gpu: bool) -> Result<Object> {
    Ok(Object::new(json!({ "is": "elsewhere", "onGpu": on_gpu })))
}
