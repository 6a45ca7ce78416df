//! The weights over a run, kept for an animation.

use crate::model::Parameters;
use crate::train::Schedule;

/// The most snapshots, including the one before the first iteration.
const MOST: u64 = 60;
/// The most parameters that all snapshots hold together (256 MiB): larger networks have fewer snapshots.
const MOST_PARAMETERS: usize = 1 << 25;

/// The parameters after various numbers of updates, closer together early in the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshots {
    due: Vec<u64>,
    /// Updates done, and the parameters then.
    pub kept: Vec<(u64, Parameters)>,
}

impl Snapshots {
    /// The snapshots of a run that starts after `before` updates, and a schedule with a chunk that ends at each.
    pub(super) fn new(schedule: Schedule, before: u64, start: &Parameters) -> (Self, Schedule) {
        let count = (MOST_PARAMETERS / start.values().len().max(1)).clamp(2, MOST as usize) as u64;
        let schedule = schedule.with_snapshots(count - 1);
        (Self { due: schedule.snapshots().collect(), kept: vec![(before, start.clone())] }, schedule)
    }

    /// After a chunk: keeps the parameters if they are due.
    pub(super) fn advanced(&mut self, iteration: u64, parameters: &Parameters) {
        if self.due.contains(&iteration) {
            self.kept.push((iteration, parameters.clone()));
        }
    }

    /// After training, however it ended: keeps the last finite parameters too.
    pub(super) fn end(&mut self, last: Option<(u64, &Parameters)>) {
        if let Some((iteration, parameters)) = last
            && self.kept.last().is_none_or(|(kept, _)| *kept < iteration)
        {
            self.kept.push((iteration, parameters.clone()));
        }
    }
}
