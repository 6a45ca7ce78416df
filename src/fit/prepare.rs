//! A training before a device is opened: its data, network and schedule, at its start or where a checkpoint left off.

use super::{Note, Observer, Settings, Snapshots};
use crate::backend::Run;
use crate::checkpoint::{Checkpoint, Description, MOST_COSTS, State};
use crate::data::Dataset;
use crate::train::Schedule;
use crate::{Error, Result};

/// Everything that can be known, and refused, before a device is opened.
pub(super) struct Prepared {
    pub data: Dataset,
    pub held_out: Option<Dataset>,
    pub run: Run,
    pub description: Description,
    /// The run that this one resumes.
    pub resumed: Option<State>,
    pub schedule: Schedule,
    pub snapshots: Option<Snapshots>,
}

impl Prepared {
    /// Loads the data and makes the network; the observer may refuse the data.
    pub fn new(settings: &Settings, observer: &mut dyn Observer) -> Result<Self> {
        let (iterations, files) = (settings.iterations, &settings.files);
        let mut schedule = Schedule::new(iterations, settings.log_every)?.with_curve();
        let loaded = settings.data.prepare(&mut |at| observer.reading(at))?;
        let (data, held_out) = (loaded.data, loaded.held_out);
        loaded.notices.into_iter().map(Note::Data).for_each(|note| observer.note(note));
        observer.loaded(&data)?;
        let mut run = settings.run.run(&data)?;
        let precision = settings.device.precision.name();
        let description = Description::new(&data, &run.network, run.learning_rate, precision);
        let resumed = resumed(settings, &description, &mut run)?;
        let every = schedule.log_every();
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
        Ok(Self { data, held_out, run, description, resumed, schedule, snapshots })
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
