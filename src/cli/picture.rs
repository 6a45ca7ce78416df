//! The flags that draw a run: the boundary and the cost curve on one sheet.

use std::path::{Path, PathBuf};

use planar::data::Dataset;
use planar::model::{Network, Parameters};
use planar::plot::{Boundary, CostPlot, Curve, Format, check_axes, sheet, write};
use planar::train::CostAt;
use planar::{Error, Result};

use super::arguments::in_a_folder;

/// Width and height of a sheet in pixels.
pub const SHEET: (u32, u32) = (1000, 460);
/// The most costs that a curve is drawn through.
const POINTS: u64 = 1000;

/// What is drawn of a run.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pictures")]
pub struct PictureArguments {
    /// Draw the decision boundary and the cost curve on one sheet
    #[arg(long, value_name = "FILE.svg|FILE.png", value_parser = picture)]
    plot: Option<PathBuf>,
    /// Draw the cost on a logarithmic axis
    #[arg(long, requires = "plot")]
    log_cost: bool,
    /// The two features that the boundary is drawn over, counted from 1; others are at their mean [default: 1,2]
    #[arg(long, value_name = "I,J", requires = "plot", value_parser = axes)]
    axes: Option<[usize; 2]>,
}

impl PictureArguments {
    /// Whether the data can be drawn, asked before training.
    pub fn check(&self, data: &Dataset) -> Result<()> {
        self.plot.as_ref().map_or(Ok(()), |_| check_axes(data, self.axes()))
    }

    /// How often the cost is kept where it is printed every `every` iterations: that, or a whole part of it that makes
    /// the curve smooth.
    pub fn log_every(&self, iterations: u64, every: u64) -> u64 {
        if self.plot.is_none() {
            return every;
        }
        let parts = (1..=POINTS).rev().filter(|parts| every.is_multiple_of(*parts)).map(|parts| every / parts);
        parts.into_iter().find(|every| iterations / every <= POINTS).unwrap_or(every)
    }

    /// Draws the sheet. Without parameters, of a run that diverged at once, there is nothing to draw.
    pub fn draw(
        &self,
        data: &Dataset,
        network: &Network,
        parameters: Option<&Parameters>,
        costs: &[CostAt],
        title: &str,
    ) -> Result<()> {
        let (Some(file), Some(parameters)) = (&self.plot, parameters) else { return Ok(()) };
        let boundary = Boundary::new(data, network, parameters, self.axes())?;
        let curves = vec![Curve { label: String::new(), costs }];
        let costs = CostPlot { curves, log: self.log_cost };
        write(file, SHEET, |area| sheet(area, title, &boundary, &costs))
    }

    fn axes(&self) -> [usize; 2] {
        self.axes.unwrap_or([0, 1])
    }
}

/// A picture's file: of a known format, in a folder that is there.
pub fn picture(text: &str) -> Result<PathBuf> {
    Format::of(Path::new(text))?;
    in_a_folder("the picture", text)
}

/// Two features counted from 1, as counted from 0.
pub fn axes(text: &str) -> Result<[usize; 2]> {
    let wanted = || Error::invalid("the axes", "two features counted from 1, as in 1,2", format_args!("'{text}'"));
    let (first, second) = text.split_once(',').ok_or_else(wanted)?;
    let feature = |text: &str| text.trim().parse::<usize>().ok().and_then(|k| k.checked_sub(1)).ok_or_else(wanted);
    Ok([feature(first)?, feature(second)?])
}
