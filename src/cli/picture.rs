//! The flags that draw a run: boundary and cost curve on one sheet or on the terminal, and a film of the boundary.

use std::path::{Path, PathBuf};

use planar::checkpoint::Origin;
use planar::data::Dataset;
use planar::files::{Lock, check_writable, may_write};
use planar::fit::Fitted;
use planar::plot::{Boundary, CostPlot, Format, check_axes, difference, film, find_axes, sheet, write_of};
use planar::train::Status;
use planar::{Error, Result};

use super::arguments::in_a_folder;
use super::preview;
use super::table::names;
use crate::report::train::title;

/// Width and height of a sheet in pixels.
pub const SHEET: (u32, u32) = (1000, 460);

/// The pictures of a run.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pictures", group = clap::ArgGroup::new("drawn").multiple(true))]
#[command(group = clap::ArgGroup::new("drawn_with_costs").multiple(true))]
pub struct PictureArguments {
    /// Draw the decision boundary and the cost curve side by side, 1000 × 460 pixels
    #[arg(long, value_name = "FILE.svg|FILE.png", groups = ["drawn", "drawn_with_costs"], value_parser = picture)]
    plot: Option<PathBuf>,
    /// Print both below the summary, as wide as the terminal; no colour in a pipe or with NO_COLOR
    #[arg(long, groups = ["drawn", "drawn_with_costs"], conflicts_with = "json")]
    preview: bool,
    /// Animate the decision boundary over the run, up to 60 frames of 480 × 400 pixels
    #[arg(long, value_name = "FILE.gif", group = "drawn", value_parser = animation)]
    animate: Option<PathBuf>,
    /// Draw the cost on a logarithmic axis
    #[arg(long, requires = "drawn_with_costs")]
    log_cost: bool,
    /// The two features on the axes, by name or number; the others are at their mean [default: 1,2]
    #[arg(long, value_name = "NAME,NAME", requires = "drawn", value_parser = axes)]
    axes: Option<Axes>,
}

impl PictureArguments {
    /// Fails if the data cannot be drawn; called before training.
    pub fn check(&self, data: &Dataset) -> Result<()> {
        if self.has_curve() || self.has_film() { of_axes(self.axes.as_ref(), data).map(drop) } else { Ok(()) }
    }

    /// Tries the files and locks them, before any work.
    pub fn lock(&self) -> Result<Vec<Lock>> {
        self.files().try_for_each(|path| check_writable(path))?;
        Ok(self.files().map(|path| Lock::take(path)).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Fails if a file is there that shows anything else than this run; called before training.
    pub fn may_draw(&self, origin: &Origin, overwrite: bool) -> Result<()> {
        self.files().try_for_each(|path| may_write(path, overwrite, || difference(path, origin)))
    }

    /// The files that are drawn.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.plot.iter().chain(&self.animate)
    }

    /// Whether a cost curve is drawn.
    fn has_curve(&self) -> bool {
        self.plot.is_some() || self.preview
    }

    /// Whether the boundary is drawn over time.
    pub fn has_film(&self) -> bool {
        self.animate.is_some()
    }

    /// Draws the requested pictures. A run that diverged at once has no weights to draw.
    pub fn draw(&self, fitted: &Fitted) -> anyhow::Result<()> {
        let Fitted { outcome, run, data, held_out, .. } = fitted;
        let samples = (data, held_out.as_ref());
        match (&self.animate, &fitted.snapshots) {
            (Some(path), Some(snapshots)) => {
                let diverged = (outcome.status == Status::Diverged).then_some(outcome.iterations);
                let axes = of_axes(self.axes.as_ref(), data)?;
                film(path, &fitted.origin, samples, &run.network, &snapshots.kept, axes, diverged)?;
            }
            (Some(path), None) if !path.exists() => {
                let said = format!("{} can only be drawn while the network trains", path.display());
                return Err(Error::Plot(said).into());
            }
            _ => {}
        }
        let Some(parameters) = outcome.parameters.as_ref().filter(|_| self.has_curve()) else { return Ok(()) };
        let boundary = Boundary::new(samples, &run.network, parameters, of_axes(self.axes.as_ref(), data)?)?;
        let costs = outcome.curve.with_logged(&outcome.costs);
        let costs = CostPlot::of_run(&costs, fitted.test_curve(), self.log_cost);
        if self.preview {
            // the summary above takes the place of a title
            super::print("\n")?;
            preview::print("", &boundary, &costs)?;
        }
        if let Some(file) = &self.plot {
            write_of(&fitted.origin, file, SHEET, |area| sheet(area, &title(fitted), &boundary, &costs))?;
        }
        Ok(())
    }
}

/// A picture's file: of a known format, in a folder that exists.
pub fn picture(text: &str) -> Result<PathBuf> {
    Format::of(Path::new(text))?;
    in_a_folder("the picture", text)
}

/// An animation's file: a GIF in a folder that exists.
fn animation(text: &str) -> Result<PathBuf> {
    let path = in_a_folder("the animation", text)?;
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("gif") => Ok(path),
        _ => Err(Error::invalid("the animation", "a FILE.gif", format_args!("'{text}'"))),
    }
}

/// Two features by name or number.
#[derive(Clone, Debug)]
pub struct Axes([String; 2]);

/// Two names or numbers, as a list of columns has them.
pub fn axes(text: &str) -> Result<Axes> {
    let wanted = || Error::invalid("the axes", "two features by name or number, as in 1,2", format_args!("'{text}'"));
    let two = names(text).try_into().map_err(|_| wanted())?;
    Ok(Axes(two))
}

/// The features that were asked for, or the first two; fails if the data cannot be drawn over them.
pub fn of_axes(axes: Option<&Axes>, data: &Dataset) -> Result<[usize; 2]> {
    match axes {
        Some(Axes(names)) => find_axes(data, names),
        None => check_axes(data, [0, 1]).map(|()| [0, 1]),
    }
}
