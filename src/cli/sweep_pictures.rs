//! The pictures of a sweep: those of its results, and those that need networks trained again for their weights.

use std::path::PathBuf;

use planar::Result;
use planar::plot::{self, Boundary};
use planar::sweep::Sweep;
use planar::sweep::results::JobResult;
use planar::sweep::summary::{Configuration, configurations};

use super::picture::picture;
use super::{Verbosity, signals};

/// Points along each axis of a small decision boundary.
const GRID: usize = 101;

/// Pictures that need only the results.
#[derive(Debug, clap::Args)]
pub struct Pictures {
    /// Draw the accuracy, or R² of numbers, over hidden units and learning rate, 1200 × 800 pixels
    #[arg(long, value_name = "FILE.svg|FILE.png", value_parser = picture, help_heading = "Pictures")]
    heatmap: Option<PathBuf>,
    /// Draw the cost curves of the best configurations, 900 × 600 pixels
    #[arg(long, value_name = "FILE.svg|FILE.png", value_parser = picture, help_heading = "Pictures")]
    curves: Option<PathBuf>,
}

impl Pictures {
    /// Whether cost curves are drawn.
    pub fn has_curves(&self) -> bool {
        self.curves.is_some()
    }

    /// Draws the requested pictures.
    pub fn draw(&self, results: &[JobResult]) -> Result<()> {
        if let Some(path) = &self.heatmap {
            plot::write(path, (1200, 800), |area| plot::sweep::heat_maps(area, results))?;
        }
        if let Some(path) = &self.curves {
            plot::write(path, (900, 600), |area| plot::sweep::curves(area, results))?;
        }
        Ok(())
    }
}

/// The picture that needs networks trained again.
#[derive(Debug, clap::Args)]
pub struct BoundaryPicture {
    /// Draw the decision boundaries of the best configurations, 1180 × 900 pixels
    #[arg(long, value_name = "FILE.svg|FILE.png", value_parser = picture, help_heading = "Pictures")]
    boundaries: Option<PathBuf>,
}

impl BoundaryPicture {
    /// Fails if the data cannot be drawn; called before training.
    pub fn check(&self, sweep: &Sweep) -> Result<()> {
        self.boundaries
            .as_ref()
            .map_or(Ok(()), |_| sweep.data.all().try_for_each(|data| plot::check_axes(data, [0, 1])))
    }

    /// Draws the boundaries, unless interrupted.
    pub fn draw(&self, sweep: &Sweep, results: &[JobResult], verbosity: Verbosity) -> Result<()> {
        let Some(path) = &self.boundaries else { return Ok(()) };
        let Some(networks) = best(sweep, results)? else { return Ok(()) };
        if networks.is_empty() {
            verbosity.say("all networks diverged: there is no boundary to draw");
            return Ok(());
        }
        plot::write(path, (1180, 900), |area| plot::sweep::boundaries(area, &networks))
    }
}

/// Boundaries of the best configurations. For each, a typical network is trained again, to the same bits, for its
/// weights. None if interrupted.
fn best(sweep: &Sweep, results: &[JobResult]) -> Result<Option<Vec<(String, Boundary)>>> {
    let all = configurations(results);
    let of_results = all.iter().cloned();
    let typical = of_results.filter_map(|of| of.typical(results).map(|result| (of, result)));
    let (best, typical): (Vec<Configuration>, Vec<&JobResult>) = typical.take(plot::sweep::BOUNDARIES).unzip();
    let Some(parameters) = sweep.train_again(&typical, signals::go_on)? else { return Ok(None) };
    let mut networks = Vec::new();
    for (name, result) in plot::sweep::names(&best, &all).into_iter().zip(typical) {
        let Some(parameters) = parameters.get(&result.job.job) else { continue };
        let samples = sweep.data.get(&result.job.data, result.job.fold)?;
        let network = result.job.run(samples.0, sweep.common.init_scale, sweep.common.output)?.network;
        let held_out = if result.held_out().is_some() { "held out " } else { "" };
        let score = result.score().unwrap_or_default();
        let told = if result.r2.is_some() { format!("R² {score:.3}") } else { format!("{:.1} %", 100.0 * score) };
        let title = format!("{name}: {held_out}{told}");
        networks.push((title, Boundary::on_grid(samples, &network, parameters, [0, 1], GRID)?));
    }
    Ok(Some(networks))
}
