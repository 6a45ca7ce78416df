//! Training: networks side by side on one data set, each to its own end.

use std::ops::ControlFlow;

use planar::backend::Run;
use planar::data::Dataset;
use planar::fit::Chosen;
use planar::train::{Event, LOG_LIMIT, Schedule, train_each};
use planar::{Error, Result};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

use crate::checkpoint::Origin;
use crate::data::Data;
use crate::device;
use crate::errors::{guarded, without_gil};
use crate::fitted::Fitted;
use crate::network::{Settings, Stand, going_on};
use crate::watch::{At, Rule, Test, Watch};

/// The share of a device's memory that networks side by side may take together.
const SHARE: u64 = 2;

/// A network that is to be trained, and what becomes of it.
pub struct Trainee {
    run: Run,
    /// The origin of its first weights, in words.
    start: String,
    /// The number of the last update.
    end: u64,
    watch: Watch,
    result: Option<Fitted>,
}

/// Trains networks side by side for as many epochs each as `epochs` says, or until their rules stop them. The last score of
/// `held_out` decides if there are such samples. `stands` are where networks go on; `callback` is told the updates done,
/// the mean loss of the last epoch that each network has ended (NaN before the first), and the share that is done of all
/// updates of all networks. Returns what each has become, and the KeyboardInterrupt that ended it early, if one did.
#[pyfunction]
#[pyo3(signature = (data, networks, epochs, device="auto", threads=None, rules=None, held_out=None, stands=None, callback=None))]
#[allow(clippy::too_many_arguments, reason = "Python names them")]
pub fn train(
    py: Python<'_>,
    data: &Data,
    networks: Vec<Settings>,
    epochs: Vec<u64>,
    device: &str,
    threads: Option<usize>,
    rules: Option<Vec<Option<Rule>>>,
    held_out: Option<&Data>,
    stands: Option<Vec<Stand<'_>>>,
    callback: Option<Py<PyAny>>,
) -> PyResult<(Vec<Fitted>, Option<PyErr>)> {
    let stands =
        stands.map(|stands| guarded(py, || Ok(stands.iter().map(Stand::read).collect::<Vec<_>>()))).transpose()?;
    let held_out = held_out.map(|data| &data.inner);
    let mut raised: Option<PyErr> = None;
    let told = |updates: u64, losses: &[f64], share: f64| {
        let said = Python::attach(|py| {
            py.check_signals()?;
            callback.as_ref().map_or(Ok(()), |callback| callback.call1(py, (updates, losses.to_vec(), share)).map(drop))
        });
        match said {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                raised = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    let fitted = without_gil(py, move || {
        let mut trainees = Vec::with_capacity(networks.len());
        let stands = stands.into_iter().flatten().map(Some).chain(std::iter::repeat_with(|| None));
        let rules = rules.into_iter().flatten().chain(std::iter::repeat(None));
        for (((settings, epochs), stand), rule) in networks.iter().zip(epochs).zip(stands).zip(rules) {
            let settings = settings.read(&data.inner, epochs)?;
            let (run, mut start) = (settings.run(&data.inner)?, settings.start.to_string());
            let run = match stand {
                Some(stand) => {
                    start = "the weights of an estimator".into();
                    going_on(run, stand?)?
                }
                None => run,
            };
            trainees.push(Trainee::new(run, start, epochs, rule, &data.inner)?);
        }
        let updates = trainees.iter().map(|trainee| trainee.updates() as f64).sum();
        let mut group = Group { data, held_out, device, threads, updates, done: 0.0, told };
        group.all(&mut trainees)?;
        trainees.into_iter().map(|trainee| trainee.result.ok_or_else(nothing)).collect()
    });
    match raised {
        Some(error) if error.is_instance_of::<PyKeyboardInterrupt>(py) => Ok((fitted?, Some(error))),
        Some(error) => Err(error),
        None => Ok((fitted?, None)),
    }
}

fn nothing() -> Error {
    Error::Mismatch("a network was not trained".into())
}

impl Trainee {
    /// An epoch begins with the first batch of an order: updates that another number of samples left off within one are
    /// rounded up.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more updates than a run may log the costs of.
    fn new(mut run: Run, start: String, epochs: u64, rule: Option<Rule>, data: &Dataset) -> Result<Self> {
        let watch = Watch::new(rule, run.recipe.batches(data.samples()));
        let per_epoch = watch.per_epoch();
        run.state.updates = run.state.updates.next_multiple_of(per_epoch);
        let most = LOG_LIMIT.saturating_sub(run.state.updates) / per_epoch;
        if epochs > most {
            let wanted = format!("at most {most} ({LOG_LIMIT} updates, {per_epoch} an epoch)");
            return Err(Error::invalid("max_iter", wanted, epochs));
        }
        let end = run.state.updates + epochs * per_epoch;
        Ok(Self { run, start, end, watch, result: None })
    }

    /// The updates from its beginning to its end.
    fn updates(&self) -> u64 {
        self.end - self.run.state.updates
    }

    /// Those that are done in a session that has come to this one, or that will not be done any more.
    fn done(&self, iteration: u64, is_over: bool) -> f64 {
        let done = if is_over { self.end } else { iteration.min(self.end) };
        done.saturating_sub(self.run.state.updates) as f64
    }

    /// What networks of one session have in common.
    fn kind(&self) -> impl PartialEq {
        let (network, recipe) = (&self.run.network, &self.run.recipe);
        let borrowed = network.derivative().borrowed.map(|borrowed| borrowed.name());
        let depth = (network.hidden().len(), network.outputs(), network.output());
        let batches = (recipe.batch_size, recipe.shuffle, self.run.state.updates);
        (network.activation().name(), borrowed, depth, batches)
    }

    /// A chunk ends with each epoch where something is decided there.
    fn schedule(&self) -> Result<Schedule> {
        let schedule = Schedule::new(self.end, Some(1))?.after(self.run.state.updates);
        let is_watched = self.watch.has_rule();
        Ok(if is_watched { schedule.with_stops(self.watch.per_epoch()) } else { schedule })
    }
}

/// What trainees have in common.
struct Group<'a, T> {
    data: &'a Data,
    held_out: Option<&'a Dataset>,
    device: &'a str,
    threads: Option<usize>,
    /// The updates of all of them.
    updates: f64,
    /// Those of the sessions that have ended.
    done: f64,
    told: T,
}

impl<T: FnMut(u64, &[f64], f64) -> ControlFlow<()>> Group<'_, T> {
    /// Trains all, in as few sessions as their kinds and the device's memory allow.
    fn all(&mut self, trainees: &mut [Trainee]) -> Result<()> {
        let mut left: Vec<usize> = (0..trainees.len()).collect();
        let mut goes_on = ControlFlow::Continue(());
        while let Some(first) = left.first().copied() {
            let alike = |at: &usize| trainees[*at].kind() == trainees[first].kind();
            let (session, others): (Vec<usize>, Vec<usize>) = left.into_iter().partition(alike);
            left = others;
            let most = if session.len() == 1 { 1 } else { self.most(&trainees[first])? };
            for batch in session.chunks(most) {
                let mut batch = Batch::new(batch, trainees);
                // after an interrupt, the networks that are left are made as they begin
                if goes_on.is_continue() {
                    goes_on = batch.train(self)?;
                } else {
                    batch.leave();
                }
            }
        }
        Ok(())
    }

    /// How many networks like this one a session may hold.
    fn most(&self, trainee: &Trainee) -> Result<usize> {
        let backend = device::open(self.device, self.threads)?;
        let of = |count| backend.memory_for(&self.data.inner, &trainee.run, count);
        let each = of(2)?.saturating_sub(of(1)?).max(1);
        Ok((backend.memory_limit() / SHARE / each).clamp(1, 1 << 16) as usize)
    }
}

/// The networks of one session.
struct Batch<'a> {
    trainees: Vec<&'a mut Trainee>,
}

impl<'a> Batch<'a> {
    /// Those at these places.
    fn new(places: &[usize], all: &'a mut [Trainee]) -> Self {
        let trainees = all.iter_mut().enumerate().filter(|(at, _)| places.contains(at)).map(|(_, trainee)| trainee);
        Self { trainees: trainees.collect() }
    }

    /// Trains them; breaks if the front broke it off.
    fn train<T>(&mut self, group: &mut Group<'_, T>) -> Result<ControlFlow<()>>
    where
        T: FnMut(u64, &[f64], f64) -> ControlFlow<()>,
    {
        let runs: Vec<Run> = self.trainees.iter().map(|trainee| trainee.run.clone()).collect();
        let schedules: Vec<Schedule> = self.trainees.iter().map(|trainee| trainee.schedule()).collect::<Result<_>>()?;
        let updates = self.trainees.iter().map(|trainee| trainee.updates()).fold(0, u64::saturating_add);
        let Chosen { backend, mut session, .. } =
            device::load(group.device, group.threads, &group.data.inner, &runs, updates)?;
        let (info, plan) = (backend.device(), session.plan_name());
        let test = |data| Test { backend: backend.as_ref(), data, points: Dataset::points(data) };
        let test = group.held_out.map(test);
        let (mut goes_on, mut failure) = (ControlFlow::Continue(()), None);
        let outcomes = train_each(session.as_mut(), &schedules, &[], |event, stopping| {
            match self.look(&event, test.as_ref(), stopping) {
                Ok(Some((iteration, costs))) => {
                    let each = self.trainees.iter().zip(costs);
                    let here: f64 = each.map(|(trainee, cost)| trainee.done(iteration, cost.is_nan())).sum();
                    let losses: Vec<f64> = self.trainees.iter().map(|trainee| trainee.watch.loss()).collect();
                    goes_on = (group.told)(iteration, &losses, (group.done + here) / group.updates.max(1.0));
                    goes_on
                }
                Ok(None) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failure.map_or(Ok(()), Err)?;
        group.done += updates as f64;
        for (trainee, outcome) in self.trainees.iter_mut().zip(outcomes) {
            let Trainee { run, start, watch, result, .. } = &mut **trainee;
            let origin = Origin { data: group.data, run, start, device: &info, plan };
            *result = Some(Fitted::new(&origin, watch, outcome)?);
        }
        Ok(goes_on)
    }

    /// Leaves them as they begin.
    fn leave(&mut self) {
        self.trainees.iter_mut().for_each(|trainee| trainee.result = Some(Fitted::untrained(&trainee.run)));
    }

    /// Takes an event in; of an advance, the updates done and the costs. `stopping` gets the networks that stop here.
    fn look<'e>(
        &mut self,
        event: &Event<'e>,
        test: Option<&Test<'_>>,
        stopping: &mut Vec<usize>,
    ) -> Result<Option<(u64, &'e [f64])>> {
        match *event {
            Event::Advanced { iteration, costs, parameters, moments, logged, .. } => {
                for (n, trainee) in self.trainees.iter_mut().enumerate().filter(|(n, _)| costs[*n].is_finite()) {
                    if !trainee.watch.log(logged[n]) || !trainee.watch.has_rule() {
                        continue;
                    }
                    let at = At { updates: iteration, parameters: &parameters[n], moments: &moments[n] };
                    if trainee.watch.look(&at, &trainee.run.network, test)? {
                        stopping.push(n);
                    }
                }
                Ok(Some((iteration, costs)))
            }
            Event::Ended { network, outcome } => {
                self.trainees[network].watch.log(&outcome.costs[..outcome.costs.len() - 1]);
                Ok(None)
            }
        }
    }
}
