//! A training before a device is opened: its data, network and schedule, at its start or where a checkpoint left off.

use std::path::Path;

use super::device::check_samples;
use super::watch::{check_patience, is_watched, often};
use super::{Files, Note, Observer, Precision, Settings, Snapshots};
use crate::backend::Run;
use crate::checkpoint::{Best, Checkpoint, Description, MOST_COSTS, Origin, State};
use crate::data::{Dataset, HeldOut};
use crate::files::may_write;
use crate::train::Schedule;
use crate::{Error, Result};

/// How [`Error::Overwrite`] ends if the file is a checkpoint of the run that would begin anew.
pub const OF_THIS_RUN: &str = "iterations of this run";

/// Everything that can be known, and refused, before a device is opened.
pub(super) struct Prepared {
    pub data: Dataset,
    pub held_out: Option<Dataset>,
    pub run: Run,
    pub origin: Origin,
    /// The run that this one resumes.
    pub resumed: Option<State>,
    /// Its best weights so far, if it stops early.
    pub best: Option<Best>,
    pub schedule: Schedule,
    pub snapshots: Option<Snapshots>,
}

impl Prepared {
    /// Loads the data and makes the network; the observer may refuse the data.
    pub fn new(settings: &Settings, observer: &mut dyn Observer) -> Result<Self> {
        let files = &settings.files;
        Schedule::new(settings.epochs.unwrap_or(settings.iterations), settings.log_every)?;
        if let Some(samples) = settings.data.options.samples {
            let share = settings.data.held_out.as_ref().map_or(0.0, HeldOut::share);
            check_samples(&settings.device, samples, share)?;
        }
        let loaded = settings.data.prepare(&mut |at| observer.reading(at))?;
        let (data, held_out) = (loaded.data, loaded.held_out);
        loaded.notices.into_iter().map(Note::Data).for_each(|note| observer.note(note));
        observer.loaded(&data)?;
        let epochs = settings.epochs.map(|epochs| settings.run.updates(epochs, &data));
        let iterations = epochs.unwrap_or(settings.iterations);
        check_patience(settings.early_stopping, held_out.is_some())?;
        let often = || often(settings.run.updates(1, &data), iterations);
        let log_every = settings.log_every.or_else(|| settings.early_stopping.map(|_| often()));
        let mut schedule = Schedule::new(iterations, log_every)?.with_curve();
        let mut run = settings.run.over(iterations).run(&data)?;
        let precision = settings.device.precision.name();
        let description = Description::new(&data, &run.network, run.learning_rate, precision).with_recipe(run.recipe);
        let mut origin = Origin { description, start: settings.run.start.to_string() };
        let (resumed, best) = resumed(settings, iterations, &origin, &mut run)?.unzip();
        let best = best.flatten();
        if let Some(state) = &resumed {
            origin.start.clone_from(&state.start);
        }
        observer.prepared(&origin)?;
        let every = schedule.log_every();
        if files.kept().is_some() && iterations / every > MOST_COSTS {
            let wanted = format!("such that at most {MOST_COSTS} costs go into each checkpoint");
            return Err(Error::invalid("the logging interval", wanted, every));
        }
        let before = resumed.as_ref().map_or(0, |state| state.iteration);
        schedule = schedule.after(before);
        if held_out.is_some() && is_watched(iterations, every, settings.early_stopping) {
            schedule = schedule.with_stops(every);
        }
        if let Some(every) = files.checkpoint_every {
            schedule = schedule.with_stops(every);
        }
        let mut snapshots = None;
        if settings.snapshots {
            let (first, with_snapshots) = Snapshots::new(schedule, before, &run.parameters);
            (snapshots, schedule) = (Some(first), with_snapshots);
        }
        Ok(Self { data, held_out, run, origin, resumed, best, schedule, snapshots })
    }

    /// Whether nothing is left to train.
    pub fn is_finished(&self) -> bool {
        self.before() == self.schedule.iterations()
    }

    /// Updates done by the run that this one resumes.
    pub fn before(&self) -> u64 {
        self.resumed.as_ref().map_or(0, |state| state.iteration)
    }
}

/// Reads the checkpoint that the run goes on with, which must be of this very run, and puts its weights into the run.
fn resumed(
    settings: &Settings,
    iterations: u64,
    here: &Origin,
    run: &mut Run,
) -> Result<Option<(State, Option<Best>)>> {
    let Files { checkpoint, resume, overwrite, .. } = &settings.files;
    let in_place = settings.files.begins_or_goes_on();
    let (path, found) = match (resume, checkpoint) {
        (Some(path), _) if in_place && !path.exists() => return Ok(None),
        (Some(path), _) => (path, Checkpoint::read(path)?),
        // all that was asked for is there
        (None, Some(path)) if !overwrite => match Checkpoint::read(path) {
            Ok(found) if is_all(&found, here, iterations) => (path, found),
            _ => return may_write(path, false, || held(path, here)).map(|()| None),
        },
        (None, _) => return Ok(None),
    };
    // another file is written: the run may go on with other data, and loses nothing
    let goes_elsewhere = checkpoint.is_some() && resume.is_some() && !in_place;
    found.check(path, &here.description, goes_elsewhere)?;
    let Checkpoint { state, parameters, moments, best } = found;
    let origin = Origin::from(&state);
    if let Some(difference) = origin.difference(here).filter(|_| in_place) {
        let problem = format!("is of another run: {difference}");
        return Err(Error::Checkpoint { path: path.clone(), problem });
    }
    if let Some(other) = checkpoint.as_ref().filter(|_| resume.is_some() && !in_place) {
        may_write(other, *overwrite, || held(other, &origin))?;
    }
    if state.iteration > iterations {
        let wanted = format!("at least the {} that {} has done", state.iteration, path.display());
        return Err(Error::invalid("the number of iterations", wanted, iterations));
    }
    (run.parameters, run.state) = (parameters, crate::optim::State { updates: state.iteration, moments });
    Ok(Some((state, best)))
}

/// Puts the weights and the state of a checkpoint, which must be of this very run, into the run; the updates done.
///
/// # Errors
/// [`Error::Io`] and [`Error::Checkpoint`] if there is no such checkpoint.
pub fn go_on_from(path: &Path, data: &Dataset, precision: Precision, run: &mut Run) -> Result<u64> {
    let found = Checkpoint::read(path)?;
    let here = Description::new(data, &run.network, run.learning_rate, precision.name()).with_recipe(run.recipe);
    found.check(path, &here, false)?;
    let Checkpoint { state, parameters, moments, .. } = found;
    (run.parameters, run.state) = (parameters, crate::optim::State { updates: state.iteration, moments });
    Ok(state.iteration)
}

/// Whether a checkpoint holds this very run after all of its iterations.
fn is_all(found: &Checkpoint, here: &Origin, iterations: u64) -> bool {
    found.state.iteration == iterations && Origin::from(&found.state).difference(here).is_none()
}

/// What a file holds in the place of a new checkpoint of this run. Even this run is not begun anew in silence.
fn held(path: &Path, here: &Origin) -> Result<Option<String>> {
    match Checkpoint::read(path) {
        Ok(Checkpoint { state, .. }) => Ok(Some(match Origin::from(&state).difference(here) {
            Some(difference) => format!("it is of another run: {difference}"),
            None => format!("it holds {} {OF_THIS_RUN}", state.iteration),
        })),
        Err(Error::Checkpoint { problem, .. }) => Ok(Some(format!("it {problem}"))),
        Err(error) => Err(error),
    }
}
