//! Cross-validation: a network for each fold, trained on the other folds and judged by that one.

mod estimate;
mod report;

pub use estimate::Estimate;
pub use report::{Drawn, Estimates, FoldReport, FoldsReport};

use std::ops::ControlFlow;

use web_time::Instant;

use super::report::{DataReport, Final, NetworkReport, Seconds, TrainingReport};
use super::watch::{HeldOutPoints, Watch, check_patience, often};
use super::{Advanced, Chosen, DeviceSettings, Note, Observer, RunSettings, choose};
use crate::backend::{Backend, Run, Session};
use crate::data::table::Notice;
use crate::data::{Folds, Options, Prepared, Source, untold};
use crate::train::{CostAt, Event, Outcome, Schedule, Status, train_each};
use crate::{Error, Result};

/// Everything that a cross-validation depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldSettings {
    /// Where the samples come from.
    pub source: Source,
    /// Size and seed, or how a file is read, as far as they apply; and how features are scaled.
    pub options: Options,
    /// K, the number of folds: from 2 to the number of samples of the smallest class.
    pub folds: usize,
    /// The seed that draws them, as [`Dataset::folds`](crate::data::Dataset::folds) does.
    pub seed: u32,
    /// The network, its initial weights and its learning rate: the same for each fold.
    pub run: RunSettings,
    /// Updates of the weights for each fold.
    pub iterations: u64,
    /// Epochs in their place, of the first fold's samples.
    pub epochs: Option<u64>,
    /// The cost is logged, and the held-out samples are looked at, every this many iterations.
    pub log_every: Option<u64>,
    /// Each fold's training stops after this many looks at its held-out samples without a lower cost, and its best weights are
    /// kept.
    pub early_stopping: Option<u64>,
    /// The device.
    pub device: DeviceSettings,
}

/// A cross-validation that has ended.
#[derive(Debug)]
pub struct CrossValidated {
    /// What was trained on what, and the results.
    pub report: FoldsReport,
    /// The network and the weights that it started from in each fold.
    pub run: Run,
    /// What failed after training. The results stand; a front end reports these once it has shown the results.
    pub failures: Vec<Error>,
}

/// Trains one network per fold, one after another on the same device, each from the same weights. Missing cells are
/// filled and features scaled by each network's own training samples. The observer is told of the iterations of all
/// folds together; if it interrupts, the folds that are done are reported. Divergence is no error either.
///
/// # Errors
/// Those of [`Source::folds`], of the network and of the device.
///
/// ```
/// use planar::data::{Options, Source};
/// use planar::fit::{DeviceSettings, FoldSettings, RunSettings, Start, cross_validate};
/// use planar::model::Activation;
///
/// let start = Start::default();
/// let settings = FoldSettings {
///     source: Source::NoisyMoons,
///     options: Options::default(),
///     folds: 5,
///     seed: 1,
///     run: RunSettings {
///         hidden: vec![4],
///         activation: Activation::Tanh,
///         backward_activation: None,
///         learning_rate: 1.2,
///         start,
///         ..RunSettings::default()
///     },
///     iterations: 500,
///     epochs: None,
///     log_every: None,
///     early_stopping: None,
///     device: DeviceSettings::default(),
/// };
/// let report = cross_validate(&settings, &mut ())?.report;
/// let accuracy = report.estimates.test_accuracy.ok_or("no fold is judged")?;
/// assert_eq!((report.folds.len(), accuracy.folds), (5, 5));
/// assert!(accuracy.mean > 0.8, "{accuracy:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cross_validate(settings: &FoldSettings, observer: &mut dyn Observer) -> Result<CrossValidated> {
    let started = Instant::now();
    let (source, options) = (&settings.source, &settings.options);
    let folds = source.folds(options, settings.folds, settings.seed, &mut |at| observer.reading(at))?;
    let whole = folds.whole()?.data;
    let first = folds.prepare(0)?;
    let iterations = settings.epochs.map_or(settings.iterations, |epochs| settings.run.updates(epochs, &first.data));
    check_patience(settings.early_stopping, true)?;
    let often = || often(settings.run.updates(1, &first.data), iterations);
    let log_every = settings.log_every.or_else(|| settings.early_stopping.map(|_| often()));
    let mut schedule = Schedule::new(iterations, log_every)?;
    if settings.early_stopping.is_some() {
        schedule = schedule.with_stops(schedule.log_every());
    }
    let run = settings.run.over(iterations).run(&whole)?;
    first.notices.iter().cloned().map(Note::Data).for_each(|note| observer.note(note));
    observer.loaded(&whole)?;
    let total = iterations.saturating_mul(folds.count() as u64);
    let chosen = choose(&settings.device, &first.data, std::slice::from_ref(&run), total)?;
    let (device, plan, setup) = (chosen.backend.device(), chosen.session.plan_name(), started.elapsed());
    chosen.notes.iter().cloned().map(Note::Device).for_each(|note| observer.note(note));

    observer.begins(total);
    log::debug!("training begins");
    let patience = settings.early_stopping;
    let mut training =
        Training { folds: &folds, run: &run, schedule, patience, notices: Vec::new(), failures: Vec::new() };
    let trained = training.all(first, chosen, observer);
    observer.ends();
    let Training { notices, failures, .. } = training;
    notices.into_iter().map(Note::Data).for_each(|note| observer.note(note));
    let reports = trained?;
    let has_diverged = reports.iter().any(|fold| fold.status == Status::Diverged);
    let report = FoldsReport {
        version: env!("CARGO_PKG_VERSION"),
        status: match reports.len() < folds.count() {
            true => Status::Interrupted,
            false if has_diverged => Status::Diverged,
            false => Status::Finished,
        },
        device,
        plan,
        data: DataReport::new(&whole, None, None),
        network: NetworkReport::new(&run.network),
        training: TrainingReport::new(&run, &settings.run.start, iterations, settings.device.precision),
        init: settings.run.start.from_file(),
        drawn: Drawn { folds: folds.count(), seed: settings.seed },
        estimates: Estimates::over(&reports),
        folds: reports,
        seconds: {
            let total = started.elapsed();
            let training = (total - setup).as_secs_f64();
            Seconds { setup: setup.as_secs_f64(), training, total: total.as_secs_f64() }
        },
    };
    Ok(CrossValidated { report, run, failures })
}

/// The folds in training, and what is to be told of them at the end.
struct Training<'a> {
    folds: &'a Folds,
    run: &'a Run,
    schedule: Schedule,
    patience: Option<u64>,
    notices: Vec<Notice>,
    failures: Vec<Error>,
}

impl Training<'_> {
    /// Trains all folds, of which the first is loaded already, up to one that is interrupted.
    fn all(&mut self, first: Prepared, chosen: Chosen, observer: &mut dyn Observer) -> Result<Vec<FoldReport>> {
        let Chosen { backend, session, .. } = chosen;
        // what is told of the first fold is not told again of the others
        let mut told = first.notices.clone();
        let mut loaded = Some((first, session));
        let mut reports = Vec::new();
        for fold in 0..self.folds.count() {
            let (prepared, mut session) = match loaded.take() {
                Some(loaded) => loaded,
                None => {
                    let prepared = self.folds.prepare(fold)?;
                    let session = backend.load(&prepared.data, std::slice::from_ref(self.run))?;
                    (prepared, session)
                }
            };
            let further = untold(&prepared.notices, &told);
            self.notices.extend(further.clone());
            told.extend(further);
            let (outcome, best) = self.one(fold, &prepared, backend.as_ref(), session.as_mut(), observer)?;
            if outcome.status == Status::Interrupted {
                break;
            }
            let last = super::last(&outcome, &prepared.data, prepared.held_out.as_ref(), self.run, &mut self.failures);
            let last = Final { best_iteration: best, ..last };
            reports.push(FoldReport::new(fold, &prepared, &outcome, last));
        }
        Ok(reports)
    }

    /// Trains one fold, and tells the observer how far all of them are; returns the iteration of the best weights too, if it
    /// stops early.
    fn one(
        &self,
        fold: usize,
        prepared: &Prepared,
        backend: &dyn Backend,
        session: &mut dyn Session,
        observer: &mut dyn Observer,
    ) -> Result<(Outcome, Option<u64>)> {
        let before = self.schedule.iterations().saturating_mul(fold as u64);
        let held_out = prepared.held_out.as_ref().filter(|_| self.patience.is_some());
        let held_out = held_out.map(HeldOutPoints::new);
        let every = self.schedule.log_every();
        let mut watch =
            Watch::new(backend, &self.run.network, held_out.as_ref(), every, self.patience, 0, Vec::new(), None);
        let _ = watch.look(0, &self.run.parameters, &self.run.state.moments)?;
        let mut failure = None;
        let outcomes = train_each(session, &[self.schedule], &[], |event, stopping| {
            let Event::Advanced { iteration, costs, parameters, moments, logged, .. } = event else {
                return ControlFlow::Continue(());
            };
            match watch.look(iteration, &parameters[0], &moments[0]) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => stopping.push(0),
                Err(error) => {
                    failure = Some(error);
                    return ControlFlow::Break(());
                }
            }
            let at = CostAt { iteration: before.saturating_add(iteration), cost: costs[0] };
            observer.advanced(Advanced { at, parameters: &parameters[0], logged: logged[0] })
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        let none = || Error::Mismatch("no network was trained".into());
        let mut outcome = outcomes.into_iter().next().ok_or_else(none)?;
        let best = watch.best.filter(|_| matches!(outcome.status, Status::Finished | Status::Stopped));
        if let Some(best) = &best {
            super::keep_best(&mut outcome, best, backend, &prepared.data, self.run)?;
        }
        Ok((outcome, best.map(|best| best.iteration)))
    }
}
