//! In the place of `whole` in the module that is fetched first: the worker asks another one.

use std::rc::Rc;

use planar::data::{Options, Prepared};
use planar::{Error, Result};

use crate::experiment::Experiment;
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

pub fn why(_: &Experiment) -> Result<Object> {
    missing()
}
