//! A run as an animation: the decision boundary at each snapshot.

use std::path::Path;

use super::format::put;
use super::origin::marked;
use super::{Boundary, gif, of_held_out, pixels, svg, told};
use crate::Result;
use crate::checkpoint::Origin;
use crate::cpu::evaluate_on;
use crate::data::Dataset;
use crate::model::{Network, Parameters};

/// Width and height of a frame in pixels.
const SIZE: (u32, u32) = (480, 400);
/// Points of the boundary's grid along each axis: a third of a picture's work, and no less smooth at this size.
const GRID: usize = 81;

/// Draws the boundary over the features `axes` (counted from 0) after each of some numbers of updates, as an animated GIF
/// of 480 × 400 pixels that says which run it shows, over the samples that were learnt and those held out. `diverged` is the
/// iteration at which the run diverged after the last of them, if it did.
///
/// # Errors
/// Those of [`Boundary::new`] and [`write_gif`](super::write_gif).
pub fn film(
    path: &Path,
    origin: &Origin,
    (data, held_out): (&Dataset, Option<&Dataset>),
    network: &Network,
    snapshots: &[(u64, Parameters)],
    axes: [usize; 2],
    diverged: Option<u64>,
) -> Result<()> {
    let mut frames = Vec::with_capacity(snapshots.len());
    for (k, (iteration, parameters)) in snapshots.iter().enumerate() {
        let boundary = Boundary::on_grid((data, held_out), network, parameters, axes, GRID)?;
        let (cost, accuracy) = evaluate_on(data, network, parameters)?;
        let is_last = k + 1 == snapshots.len();
        let end = match diverged.filter(|_| is_last) {
            Some(at) => format!("diverged at {at}"),
            None => {
                let test = held_out.map(|test| evaluate_on(test, network, parameters)).transpose()?;
                let test = test.map_or(String::new(), |(_, test)| format!(", held out {}", of_held_out(data, test)));
                format!("{}{test}", told(data, accuracy))
            }
        };
        let title = format!("iteration {iteration}: cost {cost:.4}, {end}");
        frames.push(pixels(&svg(SIZE, |area| boundary.draw(area, &title))?)?);
    }
    put(path, &marked(gif(SIZE, &frames)?, origin)?)
}
