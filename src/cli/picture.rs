//! The flags that draw a run: the boundary and the cost curve on one sheet or on the terminal, and the boundary over time.

use std::path::{Path, PathBuf};

use planar::data::Dataset;
use planar::model::{Network, Parameters};
use planar::plot::{Boundary, CostPlot, Curve, Format, check_axes, sheet, write};
use planar::train::{CostAt, Schedule};
use planar::{Error, Result};

use super::animate::{Frames, animation};
use super::arguments::in_a_folder;
use super::preview;

/// Width and height of a sheet in pixels.
pub const SHEET: (u32, u32) = (1000, 460);
/// The most costs that a curve is drawn through.
const POINTS: u64 = 1000;

/// What is drawn of a run.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pictures", group = clap::ArgGroup::new("drawn").multiple(true))]
#[command(group = clap::ArgGroup::new("drawn_with_costs").multiple(true))]
pub struct PictureArguments {
    /// Draw the decision boundary and the cost curve side by side, 1000 × 460 pixels
    #[arg(long, value_name = "FILE.svg|FILE.png", groups = ["drawn", "drawn_with_costs"], value_parser = picture)]
    plot: Option<PathBuf>,
    /// Print both below the summary, as wide as the terminal; without colour for a pipe or NO_COLOR
    #[arg(long, groups = ["drawn", "drawn_with_costs"], conflicts_with = "json")]
    preview: bool,
    /// Animate the decision boundary over the run, up to 60 frames of 480 × 400 pixels
    #[arg(long, value_name = "FILE.gif", group = "drawn", value_parser = animation)]
    animate: Option<PathBuf>,
    /// Draw the cost on a logarithmic axis
    #[arg(long, requires = "drawn_with_costs")]
    log_cost: bool,
    /// The features that the boundary is drawn over, from 1; others at their mean [default: 1,2]
    #[arg(long, value_name = "I,J", requires = "drawn", value_parser = axes)]
    axes: Option<[usize; 2]>,
}

impl PictureArguments {
    /// Whether the data can be drawn, asked before training.
    pub fn check(&self, data: &Dataset) -> Result<()> {
        let is_drawn = self.plot.is_some() || self.preview || self.animate.is_some();
        if is_drawn { check_axes(data, self.axes()) } else { Ok(()) }
    }

    /// The frames of the animation, where one is asked for, and the schedule whose chunks end at each.
    pub fn frames(&self, schedule: Schedule, before: u64, start: &Parameters) -> (Option<Frames>, Schedule) {
        let Some(path) = &self.animate else { return (None, schedule) };
        let (frames, schedule) = Frames::new(path.clone(), self.axes(), schedule, before, start);
        (Some(frames), schedule)
    }

    /// How often the cost is kept where it is printed every `every` iterations: that, or a whole part of it that makes
    /// the curve smooth.
    pub fn log_every(&self, iterations: u64, every: u64) -> u64 {
        if self.plot.is_none() && !self.preview {
            return every;
        }
        let parts = (1..=POINTS).rev().filter(|parts| every.is_multiple_of(*parts)).map(|parts| every / parts);
        parts.into_iter().find(|every| iterations / every <= POINTS).unwrap_or(every)
    }

    /// Draws the sheet and the preview. Without parameters, of a run that diverged at once, there is nothing to draw.
    pub fn draw(
        &self,
        data: &Dataset,
        network: &Network,
        parameters: Option<&Parameters>,
        costs: &[CostAt],
        title: &str,
    ) -> anyhow::Result<()> {
        let Some(parameters) = parameters.filter(|_| self.preview || self.plot.is_some()) else { return Ok(()) };
        let boundary = Boundary::new(data, network, parameters, self.axes())?;
        let costs = CostPlot { curves: vec![Curve { label: String::new(), costs }], log: self.log_cost };
        if self.preview {
            // the summary above it says what a title would
            super::print("\n")?;
            preview::print("", &boundary, &costs)?;
        }
        if let Some(file) = &self.plot {
            write(file, SHEET, |area| sheet(area, title, &boundary, &costs))?;
        }
        Ok(())
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
