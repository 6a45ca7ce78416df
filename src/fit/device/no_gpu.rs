//! Takes the place of GPUs if planar is built without its feature `gpu`.

use super::Candidate;
use super::settings::{Chosen, DeviceSettings};
use crate::backend::{Backend, Run};
use crate::data::Dataset;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// There is nothing to be found or opened.
pub trait Gpus {}

/// No GPUs.
pub struct Anew;

impl Gpus for Anew {}

pub fn auto(_: &dyn Gpus, settings: &DeviceSettings, data: &Dataset, runs: &[Run], _: u64) -> Result<Chosen> {
    Chosen::load(settings.cpu()?, data, runs)
}

pub fn named(_: &dyn Gpus, _: &DeviceSettings, _: Option<&str>, _: &Dataset, _: &[Run]) -> Result<Chosen> {
    Err(without())
}

pub fn all(_: &DeviceSettings, _: &Dataset, _: &[Run]) -> Result<Vec<(String, Result<Chosen>)>> {
    Ok(Vec::new())
}

pub fn check_samples(_: Option<&str>, _: usize) -> Result<()> {
    Err(without())
}

pub fn for_inference(
    _: &DeviceSettings,
    _: Option<&str>,
    _: &Network,
    _: &Parameters,
    _: &[f64],
) -> Result<(Box<dyn Backend>, Vec<String>)> {
    Err(without())
}

pub fn by_name(_: &str) -> Result<Box<dyn Backend>> {
    Err(without())
}

pub fn every() -> Vec<Candidate> {
    Vec::new()
}

pub fn require() -> Result<()> {
    Err(without())
}

fn without() -> Error {
    Error::NoAdapter("this planar was built without its feature gpu, and trains on the CPU only".into())
}
