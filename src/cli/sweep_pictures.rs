//! The pictures of a sweep: of its results, and of networks that are trained again for their weights.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use planar::Result;
use planar::backend::Backend;
use planar::data::Dataset;
use planar::model::Parameters;
use planar::plot::{self, Boundary};
use planar::sweep::grid::Job;
use planar::sweep::results::Ended;
use planar::sweep::summary::{Configuration, configurations};
use planar::sweep::{self, Common, Progress};

use super::Verbosity;
use super::picture::picture;
use super::progress;

/// Points along each axis of a small decision boundary.
const GRID: usize = 101;

/// Pictures that results alone can give.
#[derive(Debug, clap::Args)]
pub struct Pictures {
    /// Draw the accuracy over hidden units and learning rate, 1200 × 800 pixels
    #[arg(long, value_name = "FILE.svg|FILE.png", value_parser = picture, help_heading = "Pictures")]
    heatmap: Option<PathBuf>,
    /// Draw the best configurations' cost curves, 900 × 600 pixels
    #[arg(long, value_name = "FILE.svg|FILE.png", value_parser = picture, help_heading = "Pictures")]
    curves: Option<PathBuf>,
}

impl Pictures {
    /// Draws what is asked for.
    pub fn draw(&self, results: &[Ended]) -> Result<()> {
        if let Some(path) = &self.heatmap {
            plot::write(path, (1200, 800), |area| plot::sweep::heat_maps(area, results))?;
        }
        if let Some(path) = &self.curves {
            plot::write(path, (900, 600), |area| plot::sweep::curves(area, results))?;
        }
        Ok(())
    }
}

/// The picture for which networks are trained again.
#[derive(Debug, clap::Args)]
pub struct BoundaryPicture {
    /// Draw the best configurations' decision boundaries, 1180 × 900 pixels
    #[arg(long, value_name = "FILE.svg|FILE.png", value_parser = picture, help_heading = "Pictures")]
    boundaries: Option<PathBuf>,
}

impl BoundaryPicture {
    /// Whether the data can be drawn, asked before training.
    pub fn check(&self, data: &[Dataset]) -> Result<()> {
        self.boundaries.as_ref().map_or(Ok(()), |_| data.iter().try_for_each(|data| plot::check_axes(data, [0, 1])))
    }

    /// Draws the boundaries, unless that is interrupted.
    pub fn draw(&self, backend: &dyn Backend, common: &Common, results: &[Ended], verbosity: Verbosity) -> Result<()> {
        self.boundaries.as_ref().map_or(Ok(()), |path| draw_boundaries(path, backend, common, results, verbosity))
    }
}

/// Trains a network of each of the best configurations again, to the same bits, for its weights, and draws them.
fn draw_boundaries(
    path: &Path,
    backend: &dyn Backend,
    common: &Common,
    results: &[Ended],
    verbosity: Verbosity,
) -> Result<()> {
    let of_results = configurations(results).into_iter();
    let typical = of_results.filter_map(|of| of.typical(results).map(|ended| (of, ended)));
    let (best, typical): (Vec<Configuration>, Vec<&Ended>) = typical.take(plot::sweep::BOUNDARIES).unzip();
    if best.is_empty() {
        verbosity.say("all networks diverged: there is no boundary to draw");
        return Ok(());
    }
    let jobs: Vec<Job> = typical.iter().map(|ended| ended.job.clone()).collect();
    let mut parameters: HashMap<u64, Parameters> = HashMap::new();
    let finished = sweep::run(backend, &jobs, common, |progress| {
        if let Progress::Ended(ended) = progress {
            parameters.extend(ended.parameters.map(|parameters| (ended.job.job, parameters)));
        }
        Ok(if progress::is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    if !finished {
        return Ok(());
    }
    let mut networks = Vec::new();
    for (name, ended) in plot::sweep::names(&best).into_iter().zip(typical) {
        let Some(parameters) = parameters.get(&ended.job.job) else { continue };
        let data = ended.job.load(&common.options)?;
        let network = ended.job.run(&data, common.init_scale)?.network;
        let accuracy = ended.test_accuracy.or(ended.accuracy).unwrap_or_default();
        let title = format!("{name}: {:.1} %", 100.0 * accuracy);
        networks.push((title, Boundary::on_grid(&data, &network, parameters, [0, 1], GRID)?));
    }
    plot::write(path, (1180, 900), |area| plot::sweep::boundaries(area, &networks))
}
