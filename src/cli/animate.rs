//! `--animate`: the decision boundary over the run.

use std::path::PathBuf;

use planar::backend::{Backend, Run};
use planar::cpu::Engine;
use planar::data::Dataset;
use planar::model::Parameters;
use planar::plot::{Boundary, pixels, svg, write_gif};
use planar::train::{Outcome, Schedule, Status};
use planar::{Error, Result};

use super::arguments::in_a_folder;

/// The most frames of an animation, with the one before the first iteration.
const FRAMES: usize = 60;
/// Numbers of the parameters that all frames may hold: 256 MiB. Of larger networks there are fewer frames.
const KEPT: usize = 1 << 25;
/// Width and height of a frame in pixels.
const SIZE: (u32, u32) = (480, 400);
/// Points of the boundary's grid along each axis: a third of a picture's work, and no less smooth at this size.
const GRID: usize = 81;

/// The parameters at the moments that are shown.
pub struct Frames {
    path: PathBuf,
    axes: [usize; 2],
    moments: Vec<u64>,
    kept: Vec<(u64, Parameters)>,
}

impl Frames {
    /// Frames of a run from its parameters after so many updates on, and the schedule whose chunks end there.
    pub fn new(
        path: PathBuf,
        axes: [usize; 2],
        schedule: Schedule,
        before: u64,
        start: &Parameters,
    ) -> (Self, Schedule) {
        let count = (KEPT / start.values().len().max(1)).clamp(2, FRAMES) as u64;
        let schedule = schedule.with_moments(count - 1);
        let (moments, kept) = (schedule.moments().collect(), vec![(before, start.clone())]);
        (Self { path, axes, moments, kept }, schedule)
    }

    /// After a chunk: keeps the parameters where they are shown.
    pub fn advanced(&mut self, iteration: u64, parameters: &Parameters) {
        if self.moments.contains(&iteration) {
            self.kept.push((iteration, parameters.clone()));
        }
    }

    /// After training, ended in whatever way: draws what was kept and the last finite parameters.
    pub fn write(mut self, data: &Dataset, run: &Run, outcome: &Outcome) -> Result<()> {
        if let Some((iteration, parameters)) = outcome.last_finite()
            && self.kept.last().is_none_or(|(last, _)| *last < iteration)
        {
            self.kept.push((iteration, parameters.clone()));
        }
        let engine = Engine::new(None)?;
        let last = self.kept.len() - 1;
        let mut frames = Vec::with_capacity(self.kept.len());
        for (k, (iteration, parameters)) in self.kept.into_iter().enumerate() {
            let run = Run { parameters, ..run.clone() };
            let boundary = Boundary::on_grid(data, &run.network, &run.parameters, self.axes, GRID)?;
            let evaluation = engine.load(data, std::slice::from_ref(&run))?.evaluate()?.swap_remove(0);
            let (cost, accuracy) = (evaluation.cost, 100.0 * data.accuracy(&evaluation.logits));
            let mut title = format!("iteration {iteration}: cost {cost:.4}, accuracy {accuracy:.2} %");
            if k == last && outcome.status == Status::Diverged {
                title = format!("iteration {iteration}: cost {cost:.4}, diverged at {}", outcome.iterations);
            }
            frames.push(pixels(&svg(SIZE, |area| boundary.draw(area, &title))?)?);
        }
        write_gif(&self.path, SIZE, &frames)
    }
}

/// An animation's file: a GIF in a folder that is there.
pub fn animation(text: &str) -> Result<PathBuf> {
    let path = in_a_folder("the animation", text)?;
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("gif") => Ok(path),
        _ => Err(Error::invalid("the animation", "a FILE.gif", format_args!("'{text}'"))),
    }
}
