//! One training, from settings to a report. The command and every other front end call it.
//!
//! [`fit`] loads the data, makes the network, chooses the device, trains, keeps checkpoints and metrics on the way, and
//! evaluates the result on the training samples and on those held out. It prints nothing: an [`Observer`] is told about
//! the progress, and the result is a value, [`Fitted`], whose [`Report`] has a JSON form.
//!
//! ```
//! use planar::data::{HeldOut, Options, Source};
//! use planar::fit::{DataSettings, DeviceSettings, Files, RunSettings, Settings, Start, fit};
//! use planar::model::Activation;
//!
//! let settings = Settings {
//!     data: DataSettings {
//!         source: Source::Flower,
//!         options: Options::default(),
//!         held_out: Some(HeldOut::Fraction { share: 0.2, seed: 1 }),
//!     },
//!     run: RunSettings {
//!         hidden: vec![4],
//!         activation: Activation::Tanh,
//!         backward_activation: None,
//!         learning_rate: 1.2,
//!         start: Start::default(),
//!         ..RunSettings::default()
//!     },
//!     iterations: 2000,
//!     epochs: None,
//!     log_every: None,
//!     early_stopping: None,
//!     device: DeviceSettings::default(),
//!     files: Files::default(),
//!     snapshots: false,
//! };
//! let fitted = fit(&settings, &mut ())?;
//! assert!(fitted.report.last.test_accuracy.is_some_and(|accuracy| accuracy > 0.8));
//! # Ok::<(), planar::Error>(())
//! ```

mod device;
mod folds;
mod keeper;
mod observer;
mod prepare;
mod report;
mod settings;
mod snapshots;
pub(crate) mod watch;

use std::ops::ControlFlow;

use web_time::Instant;

pub use device::{
    Anew, Candidate, Chosen, DeviceChoice, DeviceSettings, Gpus, by_name, check_samples, choose, choose_all,
    choose_among, choose_for_inference, every, require_adapter,
};
pub use folds::{CrossValidated, Drawn, Estimate, Estimates, FoldReport, FoldSettings, FoldsReport, cross_validate};
pub use observer::{Advanced, Note, Observer};
pub use prepare::{OF_THIS_RUN, go_on_from};
pub use report::{ClassReport, DataReport, Final, NetworkReport, Report, Seconds, TrainingReport};
pub use settings::{DataSettings, Files, Precision, RunSettings, Settings, Start, TRANSPOSED};
pub use snapshots::Snapshots;
pub use watch::NOTHING_HELD_OUT;

use crate::backend::{Backend, PlanChoice, Run, is_plain};
use crate::checkpoint::{Best, Origin, State};
use crate::cpu::logits_at;
use crate::data::Dataset;
use crate::metrics::Metrics;
use crate::scores::AnyScores;
use crate::train::{CostAt, Event, Outcome, Status, train_each};
use crate::{Error, Result};
use keeper::Keeper;
use prepare::Prepared;
use watch::{HeldOutPoints, Watch, evaluation, is_watched};

/// A training that has ended, with all that a front end may print, draw or return.
#[derive(Debug)]
pub struct Fitted {
    /// What was trained on what, and the results.
    pub report: Report,
    /// Final weights, logits and status. Its costs and its curve are those of the whole run, including what was before a checkpoint.
    pub outcome: Outcome,
    /// The network and the weights that it started from.
    pub run: Run,
    /// The samples that it was trained on.
    pub data: Dataset,
    /// Which run it is, as it stands in every file of the run.
    pub origin: Origin,
    /// The samples that were held out.
    pub held_out: Option<Dataset>,
    /// Updates done by the run that was resumed.
    pub before: u64,
    /// The weights over the run, if they were requested.
    pub snapshots: Option<Snapshots>,
    /// Whether the files of the run have the cost of the samples held out.
    keeps_test_costs: bool,
    /// What failed after training. The result stands; a front end reports these once it has shown the result.
    pub failures: Vec<Error>,
}

impl Fitted {
    /// The cost of the samples held out, for a picture: it is there if a checkpoint of the run has it too.
    pub fn test_curve(&self) -> &[CostAt] {
        if self.keeps_test_costs { &self.report.test_costs } else { &[] }
    }
}

/// Trains one network according to the settings. Divergence and interruption are not errors: the report says so.
///
/// # Errors
/// Before training, those of the data, the network, the device and the files; during training, those of the device and
/// of files that cannot be written. In the latter case the last weights go into the checkpoint, if there is one, and
/// the observer is told.
pub fn fit(settings: &Settings, observer: &mut dyn Observer) -> Result<Fitted> {
    let started = Instant::now();
    let _locks = settings.lock()?;
    let prepared = Prepared::new(settings, observer)?;
    let (before, is_finished) = (prepared.before(), prepared.is_finished());
    let metrics = settings.files.metrics.as_deref().filter(|_| !is_finished);
    let log_every = prepared.schedule.log_every();
    let (run_of_lines, overwrite) = (prepared.origin.clone(), settings.files.overwrite);
    let mut metrics = Metrics::open(metrics, before, run_of_lines, overwrite)?;
    let Prepared { data, held_out, run, origin, resumed, best, schedule, mut snapshots } = prepared;
    let iterations = schedule.iterations();
    let chosen = choose(&settings.device, &data, std::slice::from_ref(&run), iterations);
    let Chosen { backend, mut session, notes } = chosen.map_err(|error| without_device(error, resumed.as_ref()))?;
    let (device, plan, setup) = (backend.device(), session.plan_name(), started.elapsed());
    log::debug!("plan {plan} on {}, set up in {setup:.3?}", device.name);
    notes.into_iter().map(Note::Device).for_each(|note| observer.note(note));
    if let Some(state) = &resumed {
        observer.note(match is_finished {
            true => Note::Finished { iterations: before },
            false => Note::GoesOn { iteration: before },
        });
        if is_finished {
            snapshots = None;
        } else if state.device != device.name || !PlanChoice::are_alike(&state.plan, plan, &data, &run) {
            observer.note(Note::OtherDevice { device: state.device.clone(), plan: state.plan.clone() });
        }
    }
    let start = resumed.as_ref().map(|state| state.start.clone()).or_else(|| settings.run.start.from_file());
    let (earlier, earlier_curve, test_costs, front) =
        resumed.map_or_else(Default::default, |state| (state.costs, state.curve, state.test_costs, state.front));
    let mut state = State::new(origin.description.clone(), origin.start.clone(), device.name.clone(), plan);
    state.columns = Some(data.columns().clone()).filter(|columns| !columns.are_plain());
    state.costs.clone_from(&earlier);
    state.curve.clone_from(&earlier_curve);
    state.front = front;
    let mut keeper =
        Keeper::new(settings.files.kept().map(AsRef::as_ref), settings.files.checkpoint_every, iterations, state);

    let watched = held_out.as_ref().filter(|_| is_watched(iterations, log_every, settings.early_stopping));
    let watched = watched.map(HeldOutPoints::new);
    let (patience, network) = (settings.early_stopping, &run.network);
    let mut watch =
        Watch::new(backend.as_ref(), network, watched.as_ref(), log_every, patience, before, test_costs, best);
    let mut stopped_before = Vec::new();
    if !is_finished && watch.look(before, &run.parameters, &run.state.moments)?.is_break() {
        stopped_before.push(0);
    }
    // files of the exercise's training stay as they were before there were such costs
    let keeps_test_costs = patience.is_some() || !is_plain(&data, &run);
    if keeps_test_costs {
        keeper.watched(&watch);
    }
    metrics.begin()?;
    observer.begins(schedule.iterations());
    log::debug!("training begins");
    let mut failure = None;
    let outcomes = train_each(session.as_mut(), &[schedule], &stopped_before, |event, stopping| {
        let Event::Advanced { iteration, costs, parameters, moments, logged, curves } = event else {
            return ControlFlow::Continue(());
        };
        let (parameters, logged) = (&parameters[0], logged[0]);
        if let Some(snapshots) = &mut snapshots {
            snapshots.advanced(iteration, parameters);
        }
        let watched = watch.look(iteration, parameters, &moments[0]);
        if watched.as_ref().is_ok_and(ControlFlow::is_break) {
            stopping.push(0);
        }
        if keeps_test_costs {
            keeper.watched(&watch);
        }
        // the metrics first: if the run is killed, a checkpoint without its lines would leave a gap when it is resumed
        let written = metrics.advanced(logged, &watch.costs);
        let kept = keeper.advanced(iteration, parameters, &moments[0], logged, curves[0]);
        failure = failure.take().or(watched.err()).or(written.err()).or(kept.err());
        let at = CostAt { iteration, cost: costs[0] };
        let told = observer.advanced(Advanced { at, parameters, logged });
        if failure.is_some() { ControlFlow::Break(()) } else { told }
    });
    observer.ends();
    let only = |outcomes: Vec<Outcome>| outcomes.into_iter().next();
    let mut outcome = match (outcomes, failure) {
        (Ok(outcomes), None) => only(outcomes).ok_or_else(|| Error::Mismatch("no network was trained".into()))?,
        (Ok(_), Some(error)) => {
            // one file cannot be written; if the checkpoint cannot either, that is not reported as a second error
            let _ = keeper.write();
            return Err(error);
        }
        (Err(error), _) => {
            rescue(&mut keeper, observer);
            return Err(error);
        }
    };
    let trained = started.elapsed();

    if outcome.status == Status::Stopped {
        let last = outcome.parameters.as_ref().unwrap_or(&run.parameters);
        let cost = evaluation(backend.as_ref(), &run, last, &data)?.cost;
        outcome.end(cost);
    }
    let mut best_iteration = None;
    if patience.is_some() && (watch.has_stopped || outcome.status == Status::Finished) && !is_finished {
        if let Some(best) = &watch.best {
            keep_best(&mut outcome, best, backend.as_ref(), &data, &run)?;
            best_iteration = Some(best.iteration);
        }
        keeper.keep_best();
    }
    let test_costs = watch.costs;
    let mut failures: Vec<Error> = keeper.ended(&outcome).err().into_iter().collect();
    outcome.costs.splice(..0, earlier);
    if is_finished {
        (outcome.parameters, outcome.parameters_at) = (Some(run.parameters.clone()), before);
    }
    outcome.curve = earlier_curve.joined(&outcome.curve);
    let last = last(&outcome, &data, held_out.as_ref(), &run, &mut failures);
    let last = Final { best_iteration, ..last };
    let accuracies = last.accuracies().filter(|_| matches!(outcome.status, Status::Finished | Status::Stopped));
    failures.extend(metrics.end(&outcome.costs, &test_costs, accuracies).err());
    let total = started.elapsed();
    if let Some(snapshots) = &mut snapshots {
        snapshots.end(outcome.last_finite());
    }
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        status: outcome.status,
        device,
        plan,
        data: DataReport::new(&data, held_out.as_ref(), settings.data.held_out.as_ref()),
        network: NetworkReport::new(&run.network),
        training: TrainingReport::new(&run, &settings.run.start, iterations, settings.device.precision),
        init: start,
        costs: reported(&outcome.costs, log_every),
        test_costs,
        last,
        seconds: Seconds {
            setup: setup.as_secs_f64(),
            training: (trained - setup).as_secs_f64(),
            total: total.as_secs_f64(),
        },
    };
    Ok(Fitted { report, outcome, run, data, held_out, origin, before, snapshots, keeps_test_costs, failures })
}

/// Cost and accuracies at the end. What cannot be computed is none, and its error is added to the failures.
fn last(outcome: &Outcome, data: &Dataset, held_out: Option<&Dataset>, run: &Run, failures: &mut Vec<Error>) -> Final {
    if outcome.status == Status::Diverged {
        return Final::default();
    }
    let network = &run.network;
    let test = held_out.zip(outcome.parameters.as_ref());
    let judged = test.map(|(test, parameters)| {
        let logits = logits_at(network, parameters, &test.points())?;
        let scores = AnyScores::of(test, &logits)?;
        Ok((test.mean_loss(network.output(), &logits), test.accuracy(&logits), scores))
    });
    let judged = judged.and_then(|judged: Result<_>| judged.map_err(|error| failures.push(error)).ok());
    let evaluation = &outcome.evaluation;
    let told = Some(data.accuracy(&evaluation.logits));
    let test_told = judged.as_ref().map(|(_, told, _)| *told);
    // of numbers it is R²
    let are_classes = !data.targets().are_numbers();
    Final {
        cost: Some(evaluation.cost),
        accuracy: told.filter(|_| are_classes),
        r2: told.filter(|_| !are_classes),
        test_cost: judged.as_ref().map(|(cost, ..)| *cost),
        test_accuracy: test_told.filter(|_| are_classes),
        test_r2: test_told.filter(|_| !are_classes),
        best_iteration: None,
        test_scores: judged.map(|(.., scores)| scores),
    }
}

/// The best weights in the place of the last, and their forward pass.
fn keep_best(outcome: &mut Outcome, best: &Best, backend: &dyn Backend, data: &Dataset, run: &Run) -> Result<()> {
    outcome.evaluation = evaluation(backend, run, &best.parameters, data)?;
    (outcome.parameters, outcome.parameters_at) = (Some(best.parameters.clone()), best.iteration);
    outcome.moments.clone_from(&best.moments);
    Ok(())
}

/// The costs at multiples of the interval, and the last one: a run that was resumed may have logged others before.
fn reported(costs: &[CostAt], log_every: u64) -> Vec<CostAt> {
    let last = costs.last().map_or(0, |at| at.iteration);
    let is_reported = |at: &&CostAt| at.iteration.is_multiple_of(log_every) || at.iteration == last;
    costs.iter().filter(is_reported).copied().collect()
}

/// After training has failed: still writes the last weights to the checkpoint.
fn rescue(keeper: &mut Keeper, observer: &mut dyn Observer) {
    let Some((iteration, path)) = keeper.kept().map(|(iteration, path)| (iteration, path.to_path_buf())) else {
        return;
    };
    observer.note(match keeper.write() {
        Ok(()) => Note::Rescued { iteration, path },
        Err(error) => Note::Lost(error),
    });
}

/// Adds the checkpoint's device to the error if there is no such adapter.
fn without_device(error: Error, resumed: Option<&State>) -> Error {
    match (error, resumed) {
        (Error::NoAdapter(said), Some(state)) => {
            Error::NoAdapter(format!("{said}; the checkpoint's was {}", state.device))
        }
        (error, _) => error,
    }
}
