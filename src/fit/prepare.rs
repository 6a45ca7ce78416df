//! A training before a device is opened: its data, network and schedule, at its start or where a checkpoint left off.

use super::{Note, Observer, Settings, Snapshots};
use crate::backend::Run;
use crate::checkpoint::{Checkpoint, Description, MOST_COSTS, State};
use crate::data::{Dataset, HeldOut};
use crate::train::Schedule;
use crate::{Error, Result};

/// The most costs that a smooth curve is drawn from.
const CURVE_POINTS: u64 = 1000;

/// Everything that can be known, and refused, before a device is opened.
pub(super) struct Prepared {
    pub data: Dataset,
    pub held_out: Option<Dataset>,
    pub run: Run,
    pub description: Description,
    /// The run that this one resumes.
    pub resumed: Option<State>,
    pub schedule: Schedule,
    /// Iterations from one reported cost to the next; for a curve, the schedule may log more often.
    pub log_every: u64,
    pub snapshots: Option<Snapshots>,
}

impl Prepared {
    /// Loads the data and makes the network; the observer may refuse the data.
    pub fn new(settings: &Settings, observer: &mut dyn Observer) -> Result<Self> {
        let (iterations, files) = (settings.iterations, &settings.files);
        let log_every = Schedule::new(iterations, settings.log_every)?.log_every();
        let every = if settings.smooth_curve { smooth(iterations, log_every) } else { log_every };
        let mut schedule = Schedule::new(iterations, Some(every))?;
        if let Some(samples) = settings.data.options.samples {
            let share = settings.data.held_out.as_ref().map_or(0.0, HeldOut::share);
            settings.device.check_samples((samples as f64 * (1.0 - share)) as usize)?;
        }
        let loaded = settings.data.prepare(&mut |at| observer.reading(at))?;
        let (data, held_out) = (loaded.data, loaded.held_out);
        loaded.notices.into_iter().map(Note::Data).for_each(|note| observer.note(note));
        observer.loaded(&data)?;
        let mut run = settings.run.run(&data)?;
        let precision = settings.device.precision.name();
        let description = Description::new(&data, &run.network, run.learning_rate, precision);
        let resumed = resumed(settings, &description, &mut run)?;
        if files.kept().is_some() && iterations / every > MOST_COSTS {
            let wanted = format!("such that at most {MOST_COSTS} costs go into each checkpoint");
            return Err(Error::invalid("the logging interval", wanted, every));
        }
        let before = resumed.as_ref().map_or(0, |state| state.iteration);
        schedule = schedule.after(before);
        if let Some(every) = files.checkpoint_every {
            schedule = schedule.with_stops(every);
        }
        let mut snapshots = None;
        if settings.snapshots {
            let (first, with_snapshots) = Snapshots::new(schedule, before, &run.parameters);
            (snapshots, schedule) = (Some(first), with_snapshots);
        }
        Ok(Self { data, held_out, run, description, resumed, schedule, log_every, snapshots })
    }

    /// Updates done by the run that this one resumes.
    pub fn before(&self) -> u64 {
        self.resumed.as_ref().map_or(0, |state| state.iteration)
    }
}

/// Reads the checkpoint to resume, which must be of this very run, and puts its weights into the run.
fn resumed(settings: &Settings, here: &Description, run: &mut Run) -> Result<Option<State>> {
    let Some(path) = &settings.files.resume else { return Ok(None) };
    let checkpoint = Checkpoint::read(path)?;
    checkpoint.check(path, here)?;
    let Checkpoint { state, parameters } = checkpoint;
    if state.iteration >= settings.iterations {
        let wanted = format!("over the {} that {} has done", state.iteration, path.display());
        return Err(Error::invalid("the number of iterations", wanted, settings.iterations));
    }
    run.parameters = parameters;
    Ok(Some(state))
}

/// How often the cost is kept for a smooth curve if it is reported every `every` iterations: a divisor of that.
fn smooth(iterations: u64, every: u64) -> u64 {
    let parts = (1..=CURVE_POINTS).rev().filter(|parts| every.is_multiple_of(*parts)).map(|parts| every / parts);
    parts.into_iter().find(|every| iterations / every <= CURVE_POINTS).unwrap_or(every)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smooth_curve_has_at_most_a_thousand_points_and_all_reported_costs() {
        for (iterations, every) in [(1, 1), (3, 1), (17, 2), (277, 27), (10_000, 1000), (50_000, 5000), (400, 7)] {
            let finer = smooth(iterations, every);
            assert!(every.is_multiple_of(finer), "{every} is no multiple of {finer}");
            assert!(finer == every || iterations / finer <= CURVE_POINTS, "{iterations} every {finer}");
        }
        assert_eq!(smooth(10_000, 1000), 10);
        assert_eq!(smooth(1_000_000, 7), 7, "more would be drawn than asked for, not fewer");
    }
}
