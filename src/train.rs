//! The training loop: chunks paced to short submits, the cost history, divergence, and stopping when asked to.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use serde::{Deserialize, Deserializer, Serialize};

use crate::backend::{CHUNK_LIMIT, Chunk, Evaluation, Session};
use crate::model::Parameters;
use crate::model::params::is_finite;
use crate::{Error, Result};

/// How long a chunk should take: short enough for drivers that end long submits, and for a quick answer to Ctrl-C.
const CHUNK_TIME: Duration = Duration::from_millis(50);
/// The first chunk, before the device's speed is known: one iteration of a large network may take a weak GPU long.
const FIRST_CHUNK: u32 = 1;
/// The most iterations: 2⁵³, up to which every reader of JSON counts exactly.
const MOST_ITERATIONS: u64 = 1 << 53;
/// The most costs that a run may log.
const LOG_LIMIT: u64 = 10_000_000;

/// How long to train and how often to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    iterations: u64,
    log_every: u64,
    /// Updates done before, by a run that this one goes on with.
    start: u64,
    /// A chunk ends at each multiple of it.
    stops: Option<u64>,
    /// A chunk ends at each of so many moments.
    moments: u64,
}

impl Schedule {
    /// `iterations` updates, logging the cost every `log_every` of them, or ten times if none is given.
    ///
    /// # Errors
    /// [`Error::Invalid`] where either is 0, over 2⁵³ iterations, or where more than ten million costs would be logged.
    pub fn new(iterations: u64, log_every: Option<u64>) -> Result<Self> {
        if iterations == 0 {
            return Err(Error::invalid("the number of iterations", "at least 1", 0));
        }
        if iterations > MOST_ITERATIONS {
            return Err(Error::invalid("the number of iterations", format!("at most {MOST_ITERATIONS}"), iterations));
        }
        let log_every = log_every.unwrap_or((iterations / 10).max(1));
        if log_every == 0 {
            return Err(Error::invalid("the logging interval", "at least 1 iteration", 0));
        }
        if iterations / log_every > LOG_LIMIT {
            let wanted = format!("at least {} for {iterations} iterations", iterations.div_ceil(LOG_LIMIT));
            return Err(Error::invalid("the logging interval", wanted, log_every));
        }
        Ok(Self { iterations, log_every, start: 0, stops: None, moments: 0 })
    }

    /// The rest of a run of which so many updates are done: iterations are counted on from there.
    pub fn after(self, done: u64) -> Self {
        Self { start: done, ..self }
    }

    /// A chunk ends at each multiple of `every` updates (0 is taken for 1), so that what is there can be kept.
    pub fn with_stops(self, every: u64) -> Self {
        Self { stops: Some(every.max(1)), ..self }
    }

    /// A chunk ends at each of so many [`moments`](Self::moments), so that what is there can be shown.
    pub fn with_moments(self, count: u64) -> Self {
        Self { moments: count, ..self }
    }

    /// Snapshots of the run.
    pub fn with_snapshots(self, count: u64) -> Self {
        self.with_moments(count)
    }
    /// Snapshots of the run.
    pub fn snapshots(self) -> impl Iterator<Item = u64> {
        self.moments()
    }

    /// The updates done at each of n moments, closer together early on, when most changes: start + ⌈rest·(k/n)²⌉ for
    /// k = 1 … n. The last is the end.
    pub fn moments(self) -> impl Iterator<Item = u64> {
        let rest = self.iterations.saturating_sub(self.start) as f64;
        (1..=self.moments).map(move |k| {
            let share = k as f64 / self.moments as f64;
            self.start + (rest * share * share).ceil() as u64
        })
    }

    /// Where the chunk after so many updates must end at the latest.
    fn next_stop(self, done: u64) -> Option<u64> {
        let multiple = self.stops.map(|every| (done / every).saturating_add(1).saturating_mul(every));
        let moment = self.moments().find(|moment| *moment > done);
        multiple.into_iter().chain(moment).min()
    }

    /// Updates to do, with those done before.
    pub fn iterations(self) -> u64 {
        self.iterations
    }

    /// Updates from one logged cost to the next.
    pub fn log_every(self) -> u64 {
        self.log_every
    }
}

/// The cost of the weights after so many updates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostAt {
    /// Updates done.
    pub iteration: u64,
    /// The mean loss; `null` in JSON where it is not finite.
    #[serde(deserialize_with = "null_as_nan")]
    pub cost: f64,
}

fn null_as_nan<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<f64, D::Error> {
    Option::<f64>::deserialize(from).map(|cost| cost.unwrap_or(f64::NAN))
}

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All iterations are done.
    Finished,
    /// The cost or a parameter stopped being finite.
    Diverged,
    /// The listener asked to stop.
    Interrupted,
}

/// What training left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// Updates done; where it diverged, the updates after which the first cost was not finite.
    pub iterations: u64,
    /// The cost at iteration 0, at every logged one, and at the last.
    pub costs: Vec<CostAt>,
    /// The parameters at the end; where it diverged, those of the last chunk that ended finite, if there was one.
    pub parameters: Option<Parameters>,
    /// The updates that made those parameters: a chunk's end.
    pub parameters_at: u64,
    /// The forward pass at the end; a NaN and no logits where it diverged.
    pub evaluation: Evaluation,
}

impl Outcome {
    /// The last parameters that are known to be finite, and the updates that made them.
    pub fn last_finite(&self) -> Option<(u64, &Parameters)> {
        self.parameters.as_ref().map(|parameters| (self.parameters_at, parameters))
    }
}

/// What happens in training, as it happens.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A chunk is done.
    Advanced {
        /// Updates done.
        iteration: u64,
        /// The last cost of each network; NaN where it has ended.
        costs: &'a [f64],
        /// The parameters of each network after the chunk; those of one that has ended mean nothing.
        parameters: &'a [Parameters],
        /// The costs that each network has logged so far, each before `iteration`; none of one that has ended.
        logged: &'a [&'a [CostAt]],
    },
    /// A network has ended: it is done, has diverged, or was interrupted.
    Ended {
        /// Its number in the session.
        network: usize,
        /// What it left behind.
        outcome: &'a Outcome,
    },
}

/// Trains the session's only network, and tells `listen` after every chunk how far it is.
/// Where `listen` breaks, what is queued is finished and training stops.
///
/// # Errors
/// Those of [`Session::advance`] and [`Session::collect`].
///
/// ```
/// use std::ops::ControlFlow;
/// use planar::backend::{Backend, Run};
/// use planar::cpu::Reference;
/// use planar::data::flower;
/// use planar::model::{Activation, Network, Parameters};
/// use planar::train::{Schedule, train};
///
/// let data = flower(400, 1)?;
/// let network = Network::one_hidden(2, 4, Activation::Tanh)?;
/// let parameters = Parameters::initial(&network, 2, 0.01);
/// let mut session = Reference::<f64>::new().load(&data, &[Run { network, parameters, learning_rate: 1.2 }])?;
/// let outcome = train(session.as_mut(), Schedule::new(2000, Some(1000))?, |_| ControlFlow::Continue(()))?;
/// let costs: Vec<String> = outcome.costs.iter().map(|at| format!("{:.6}", at.cost)).collect();
/// assert_eq!(costs, ["0.693048", "0.288083", "0.254385"]); // as the notebook prints them
/// # Ok::<(), planar::Error>(())
/// ```
pub fn train(
    session: &mut dyn Session,
    schedule: Schedule,
    mut listen: impl FnMut(CostAt) -> ControlFlow<()>,
) -> Result<Outcome> {
    let outcomes = train_all(session, &[schedule], |event| match event {
        Event::Advanced { iteration, costs, .. } => listen(CostAt { iteration, cost: costs[0] }),
        Event::Ended { .. } => ControlFlow::Continue(()),
    })?;
    outcomes.into_iter().next().ok_or_else(|| Error::invalid("the number of networks", "at least 1", 0))
}

/// Trains all networks of a session side by side, each for as long as its own schedule says. One that ends or diverges
/// is retired, so that it costs nothing, and the others go on. `listen` is told what happens; where it breaks, what is
/// queued is finished and the networks that are left are interrupted.
///
/// # Errors
/// [`Error::Mismatch`] where the schedules are not as many as the networks, or start differently, and those of
/// [`Session`].
pub fn train_all(
    session: &mut dyn Session,
    schedules: &[Schedule],
    mut listen: impl FnMut(Event) -> ControlFlow<()>,
) -> Result<Vec<Outcome>> {
    let mut networks: Vec<Network> = schedules.iter().map(|schedule| Network::new(*schedule)).collect();
    let mut pace = Pace::new();
    let start = schedules.first().map_or(0, |schedule| schedule.start);
    if schedules.iter().any(|schedule| schedule.start != start) {
        return Err(Error::Mismatch("networks trained side by side must go on from the same iteration".into()));
    }
    let next_stop = |submitted: u64| schedules.iter().filter_map(|schedule| schedule.next_stop(submitted)).min();
    let (mut submitted, mut queued, mut done, mut stopped) = (start, 0, start, false);
    while let Some(next_end) = networks.iter().filter(|n| n.is_training()).map(|n| n.schedule.iterations).min() {
        // nothing is queued behind the first chunk: its time says how long the next may be
        let depth = if done == start { 1 } else { session.queue_depth() };
        while !stopped && queued < depth && submitted < next_end {
            let end = next_stop(submitted).map_or(next_end, |stop| stop.min(next_end));
            let chunk = u64::from(pace.chunk()).min(end - submitted);
            session.advance(chunk as u32)?;
            submitted += chunk;
            queued += 1;
        }
        let Some(chunk) = session.collect()? else {
            // all that was queued is done: either networks are at their end, or training was stopped
            let evaluations = session.evaluate()?;
            as_many(evaluations.len(), networks.len())?;
            for (n, (network, evaluation)) in networks.iter_mut().zip(evaluations).enumerate() {
                if network.is_training() && (stopped || network.schedule.iterations <= done) {
                    let outcome = network.end(done, evaluation);
                    session.retire(n)?;
                    stopped |= listen(Event::Ended { network: n, outcome }).is_break();
                }
            }
            continue;
        };
        queued -= 1;
        as_many(chunk.costs.len(), networks.len())?;
        as_many(chunk.parameters.len(), networks.len())?;
        pace.collected(chunk.iterations);
        let first = done;
        done += u64::from(chunk.iterations);
        let mut costs = vec![f64::NAN; networks.len()];
        for (n, network) in networks.iter_mut().enumerate().filter(|(_, network)| network.is_training()) {
            network.log.add(&chunk, first, n);
            match first_not_finite(&chunk, n).map(|k| first + k) {
                None => {
                    costs[n] = chunk.costs[n].last().copied().unwrap_or(f64::NAN);
                    (network.parameters, network.parameters_at) = (Some(chunk.parameters[n].clone()), done);
                }
                Some(iteration) => {
                    let outcome = network.diverge(iteration);
                    session.retire(n)?;
                    stopped |= listen(Event::Ended { network: n, outcome }).is_break();
                }
            }
        }
        if costs.iter().any(|cost| cost.is_finite()) {
            let logged: Vec<&[CostAt]> = networks.iter().map(|network| network.log.costs.as_slice()).collect();
            let event =
                Event::Advanced { iteration: done, costs: &costs, parameters: &chunk.parameters, logged: &logged };
            stopped |= listen(event).is_break();
        }
    }
    // a network that diverged last may have left chunks behind
    while session.collect()?.is_some() {}
    Ok(networks.into_iter().filter_map(|network| network.outcome).collect())
}

/// Whether a session trains as many networks as there are schedules.
fn as_many(trained: usize, scheduled: usize) -> Result<()> {
    match trained == scheduled {
        true => Ok(()),
        false => Err(Error::Mismatch(format!("{trained} networks are trained, and {scheduled} scheduled"))),
    }
}

/// A network in training, and then what it left behind.
struct Network {
    schedule: Schedule,
    log: Log,
    parameters: Option<Parameters>,
    parameters_at: u64,
    outcome: Option<Outcome>,
}

impl Network {
    fn new(schedule: Schedule) -> Self {
        let log = Log { every: schedule.log_every, costs: Vec::new() };
        Self { schedule, log, parameters: None, parameters_at: 0, outcome: None }
    }

    fn is_training(&self) -> bool {
        self.outcome.is_none()
    }

    /// Ends after so many updates, by its schedule or before.
    fn end(&mut self, done: u64, evaluation: Evaluation) -> &Outcome {
        let status = match done {
            _ if !evaluation.cost.is_finite() => Status::Diverged,
            done if done < self.schedule.iterations => Status::Interrupted,
            _ => Status::Finished,
        };
        self.close(done, status, evaluation)
    }

    /// Ends at the first iteration that was not finite.
    fn diverge(&mut self, iteration: u64) -> &Outcome {
        self.close(iteration, Status::Diverged, Evaluation { cost: f64::NAN, logits: Vec::new() })
    }

    fn close(&mut self, iterations: u64, status: Status, evaluation: Evaluation) -> &Outcome {
        self.log.close(iterations, status, evaluation.cost);
        let (costs, parameters) = (std::mem::take(&mut self.log.costs), self.parameters.take());
        self.outcome.insert(Outcome {
            status,
            iterations,
            costs,
            parameters,
            parameters_at: self.parameters_at,
            evaluation,
        })
    }
}

/// The first iteration of a chunk whose cost is not finite, or the chunk's end where a parameter is not: a ReLU hides a NaN in
/// its weights from the cost.
fn first_not_finite(chunk: &Chunk, network: usize) -> Option<u64> {
    let at = chunk.costs[network].iter().position(|cost| !is_finite(*cost));
    let end = (!chunk.parameters[network].is_finite()).then_some(u64::from(chunk.iterations));
    at.map(|k| k as u64).or(end)
}

/// The costs that are kept.
struct Log {
    every: u64,
    costs: Vec<CostAt>,
}

impl Log {
    /// Keeps the costs at multiples of the interval.
    fn add(&mut self, chunk: &Chunk, first: u64, network: usize) {
        let skip = first.next_multiple_of(self.every) - first;
        for k in (skip..u64::from(chunk.iterations)).step_by(self.every as usize) {
            self.costs.push(CostAt { iteration: first + k, cost: chunk.costs[network][k as usize] });
        }
    }

    /// Ends with the last iteration, or with the first at which the run had diverged.
    fn close(&mut self, last: u64, status: Status, cost: f64) {
        self.costs.retain(|at| at.iteration < last);
        let cost = if status == Status::Diverged { f64::NAN } else { cost };
        self.costs.push(CostAt { iteration: last, cost });
    }
}

/// How many iterations the next chunk takes, so that it lasts about [`CHUNK_TIME`].
struct Pace {
    next: f64,
    last: Instant,
}

impl Pace {
    fn new() -> Self {
        Self { next: FIRST_CHUNK.into(), last: Instant::now() }
    }

    fn chunk(&self) -> u32 {
        self.next as u32
    }

    /// Learns from a chunk: the device computes one after another, so it took the time since the last one.
    fn collected(&mut self, iterations: u32) {
        let now = Instant::now();
        let seconds = (now - self.last).as_secs_f64().max(1e-6);
        self.last = now;
        let ideal = f64::from(iterations) * CHUNK_TIME.as_secs_f64() / seconds;
        self.next = ideal.clamp(self.next / 4.0, self.next * 4.0).clamp(1.0, CHUNK_LIMIT.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_closer_together_at_first_and_end_with_the_run() {
        let schedule = Schedule::new(100, None).unwrap().with_moments(4);
        assert_eq!(schedule.moments().collect::<Vec<_>>(), [7, 25, 57, 100]);
        assert_eq!(schedule.after(90).moments().collect::<Vec<_>>(), [91, 93, 96, 100]);
        let stops = [0, 7, 30, 99, 100].map(|done| schedule.with_stops(40).next_stop(done));
        assert_eq!(stops, [Some(7), Some(25), Some(40), Some(100), Some(120)]);
    }

    #[test]
    fn chunks_grow_at_most_fourfold_and_shrink_when_they_last_too_long() {
        let mut pace = Pace::new();
        assert_eq!(pace.chunk(), 1, "nothing is known of the device yet");
        for _ in 0..20 {
            let before = pace.chunk();
            pace.collected(before);
            assert!(pace.chunk() <= 4 * before && pace.chunk() <= CHUNK_LIMIT);
        }
        assert_eq!(pace.chunk(), CHUNK_LIMIT, "an instant device gets the longest chunks");
        pace.last = Instant::now() - 10 * CHUNK_TIME;
        pace.collected(CHUNK_LIMIT);
        assert!(pace.chunk() <= CHUNK_LIMIT / 4 + 1, "a tenth is due, and a quarter at once");
    }
}
