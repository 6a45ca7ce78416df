//! Takes the place of pictures if the command is built without the feature `plot`: it has no flags and draws nothing.

use std::path::PathBuf;

use planar::Result;
use planar::checkpoint::Origin;
use planar::data::Dataset;
use planar::files::Lock;
use planar::fit::Fitted;
use planar::sweep::Sweep;
use planar::sweep::results::JobResult;

use super::Verbosity;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("drawn").multiple(true))]
pub struct PictureArguments {}

#[derive(Debug, clap::Args)]
pub struct Pictures {}

#[derive(Debug, clap::Args)]
pub struct BoundaryPicture {}

impl PictureArguments {
    pub fn check(&self, _: &Dataset) -> Result<()> {
        Ok(())
    }

    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        std::iter::empty()
    }

    pub fn lock(&self) -> Result<Vec<Lock>> {
        Ok(Vec::new())
    }

    pub fn may_draw(&self, _: &Origin, _: bool) -> Result<()> {
        Ok(())
    }

    pub fn has_film(&self) -> bool {
        false
    }

    pub fn draw(&self, _: &Fitted) -> anyhow::Result<()> {
        Ok(())
    }
}

impl Pictures {
    pub fn has_curves(&self) -> bool {
        false
    }

    pub fn draw(&self, _: &[JobResult]) -> Result<()> {
        Ok(())
    }
}

impl BoundaryPicture {
    pub fn check(&self, _: &Sweep) -> Result<()> {
        Ok(())
    }

    pub fn draw(&self, _: &Sweep, _: &[JobResult], _: Verbosity) -> Result<()> {
        Ok(())
    }
}
