//! What the command line has in place of pictures where it is built without the feature `plot`: no flag, nothing drawn.

use planar::Result;
use planar::backend::{Backend, Run};
use planar::data::Dataset;
use planar::model::{Network, Parameters};
use planar::sweep::Common;
use planar::sweep::results::Ended;
use planar::train::{CostAt, Outcome, Schedule};

use super::Verbosity;

#[derive(Debug, clap::Args)]
pub struct PictureArguments {}

#[derive(Debug, clap::Args)]
pub struct Pictures {}

#[derive(Debug, clap::Args)]
pub struct BoundaryPicture {}

/// The frames of an animation, of which there is none.
pub enum Frames {}

impl Frames {
    pub fn advanced(&mut self, _: u64, _: &Parameters) {}

    pub fn write(self, _: &Dataset, _: &Run, _: &Outcome) -> Result<()> {
        Ok(())
    }
}

impl PictureArguments {
    pub fn check(&self, _: &Dataset) -> Result<()> {
        Ok(())
    }

    pub fn frames(&self, schedule: Schedule, _: u64, _: &Parameters) -> (Option<Frames>, Schedule) {
        (None, schedule)
    }

    pub fn log_every(&self, _: u64, every: u64) -> u64 {
        every
    }

    pub fn draw(&self, _: &Dataset, _: &Network, _: Option<&Parameters>, _: &[CostAt], _: &str) -> anyhow::Result<()> {
        Ok(())
    }
}

impl Pictures {
    pub fn draw(&self, _: &[Ended]) -> Result<()> {
        Ok(())
    }
}

impl BoundaryPicture {
    pub fn check(&self, _: &[Dataset]) -> Result<()> {
        Ok(())
    }

    pub fn draw(&self, _: &dyn Backend, _: &Common, _: &[Ended], _: Verbosity) -> Result<()> {
        Ok(())
    }
}
