//! The loop without I/O: a state machine that asks for work, and is told results and times.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;

use super::network::{At, Network, first_not_finite};
use super::pace::Pace;
use super::{CostAt, CostCurve, Event, Outcome, Schedule};
use crate::backend::{Chunk, Evaluation};
use crate::model::Parameters;
use crate::{Error, Result};

/// What a [`Training`] asks for. Whoever drives it does that, and tells it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Queue this many iterations, then call [`Training::submitted`].
    Submit(u32),
    /// Wait for the oldest queued chunk, then call [`Training::collected`].
    Collect,
    /// Evaluate all networks, then call [`Training::evaluated`]. Nothing is queued.
    Evaluate,
    /// Retire this network, then call [`Training::retired`].
    Retire(usize),
    /// Nothing is left to do: [`Training::into_outcomes`].
    Done,
}

/// Networks in training side by side, each for as long as its own schedule says: what the loop knows, and nothing of the
/// device or the clock. A driver does what [`next`](Self::next) asks for, tells the answer, and lets the training
/// [`tell`](Self::tell) its listener, until it is done.
///
/// ```
/// use std::ops::ControlFlow;
/// use std::time::Instant;
/// use planar::backend::{Backend, Run};
/// use planar::cpu::Reference;
/// use planar::data::flower;
/// use planar::model::{Activation, Network, Parameters};
/// use planar::train::{Request, Schedule, Training};
///
/// let data = flower(400, 1)?;
/// let network = Network::one_hidden(2, 4, Activation::Tanh)?;
/// let parameters = Parameters::initial(&network, 2, 0.01);
/// let mut session = Reference::<f64>::new().load(&data, &[Run::new(network, parameters, 1.2)])?;
/// let mut training = Training::new(&[Schedule::new(2000, Some(1000))?], session.queue_depth())?;
/// let begun = Instant::now();
/// loop {
///     match training.next() {
///         Request::Submit(iterations) => {
///             session.advance(iterations)?;
///             training.submitted(iterations)?;
///         }
///         Request::Collect => training.collected(session.collect()?, begun.elapsed())?,
///         Request::Evaluate => training.evaluated(session.evaluate()?)?,
///         Request::Retire(network) => {
///             session.retire(network)?;
///             training.retired(network)?;
///         }
///         Request::Done => break,
///     }
///     training.tell(|_| ControlFlow::Continue(()));
/// }
/// let outcomes = training.into_outcomes();
/// assert_eq!(format!("{:.6}", outcomes[0].evaluation.cost), "0.254385"); // as the notebook prints it
/// # Ok::<(), planar::Error>(())
/// ```
#[derive(Debug)]
pub struct Training {
    networks: Vec<Network>,
    pace: Pace,
    queue_depth: usize,
    /// Updates before the first chunk.
    start: u64,
    /// Updates done, by the chunks collected.
    done: u64,
    /// The lengths of the chunks submitted and not collected, the oldest first.
    queued: VecDeque<u32>,
    /// When the last chunk was collected.
    last: Duration,
    /// The last chunk's last cost of each network; NaN if it has ended.
    costs: Vec<f64>,
    /// The parameters after the last chunk; none before the first.
    parameters: Vec<Parameters>,
    /// The optimisers' moments after it.
    moments: Vec<Vec<f64>>,
    /// Networks that have diverged and are to be retired.
    diverged: VecDeque<usize>,
    /// Networks that stop early and are to be retired.
    stopping: VecDeque<usize>,
    /// The forward passes of networks after `done` updates; those that are at their end are to be retired.
    evaluated: VecDeque<(usize, Evaluation)>,
    /// Networks that have ended, of which the listener is to be told.
    ended: VecDeque<usize>,
    /// Whether the listener is to be told of the last chunk.
    has_advanced: bool,
    is_stopped: bool,
}

impl Training {
    /// A training of one network per schedule. `queue_depth` chunks are queued at once, as
    /// [`Session::queue_depth`](crate::backend::Session::queue_depth) says.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the schedules start after different numbers of updates.
    pub fn new(schedules: &[Schedule], queue_depth: usize) -> Result<Self> {
        let start = schedules.first().map_or(0, |schedule| schedule.start());
        if schedules.iter().any(|schedule| schedule.start() != start) {
            return Err(Error::Mismatch("networks trained side by side must go on from the same iteration".into()));
        }
        Ok(Self {
            networks: schedules.iter().map(|schedule| Network::new(*schedule)).collect(),
            pace: Pace::new(),
            queue_depth: queue_depth.max(1),
            start,
            done: start,
            queued: VecDeque::new(),
            last: Duration::ZERO,
            costs: Vec::new(),
            parameters: Vec::new(),
            moments: Vec::new(),
            diverged: VecDeque::new(),
            stopping: VecDeque::new(),
            evaluated: VecDeque::new(),
            ended: VecDeque::new(),
            has_advanced: false,
            is_stopped: false,
        })
    }

    /// The same in chunks that aim at this time, in the place of 50 ms: a front that draws after each wants them as short as
    /// its frames. Chunks change no bit.
    #[must_use]
    pub fn with_chunks_of(self, time: Duration) -> Self {
        Self { pace: self.pace.of(time.as_secs_f64()), ..self }
    }

    /// What to do next. Asking changes nothing.
    pub fn next(&self) -> Request {
        if let Some(network) = self.diverged.front().or(self.stopping.front()) {
            return Request::Retire(*network);
        }
        if let Some((network, _)) = self.evaluated.iter().find(|(network, _)| self.is_at_end(*network)) {
            return Request::Retire(*network);
        }
        let is_training = self.networks.iter().any(Network::is_training);
        match self.chunk() {
            Some(iterations) if !self.is_stopped => Request::Submit(iterations),
            // a network that diverged last may have left chunks behind
            _ if !self.queued.is_empty() => Request::Collect,
            // all that was queued is done: networks are at their end, or training was stopped
            _ if is_training => Request::Evaluate,
            _ => Request::Done,
        }
    }

    /// The chunk is queued on the device.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a chunk that was not asked for.
    pub fn submitted(&mut self, iterations: u32) -> Result<()> {
        if self.chunk() != Some(iterations) {
            return Err(Error::Mismatch(format!("a chunk of {iterations} iterations was not asked for")));
        }
        self.evaluated.clear();
        self.queued.push_back(iterations);
        Ok(())
    }

    /// The oldest chunk, `now` after training began. (From another origin of time, the second chunk is as short as the first.)
    ///
    /// # Errors
    /// [`Error::Incomplete`] if no chunk came, or one of another length than was submitted. [`Error::Mismatch`] if none was
    /// submitted, or if costs or networks are missing. The training then stays as it was.
    pub fn collected(&mut self, chunk: Option<Chunk>, now: Duration) -> Result<()> {
        let chunk = self.check(chunk)?;
        self.queued.pop_front();
        self.pace.learn(chunk.iterations, now.saturating_sub(self.last).as_secs_f64());
        self.last = now;
        let first = self.done;
        self.done += u64::from(chunk.iterations);
        self.costs = vec![f64::NAN; self.networks.len()];
        for (n, network) in self.networks.iter_mut().enumerate().filter(|(_, network)| network.is_training()) {
            network.log(first, &chunk.costs[n]);
            if let Some(k) = first_not_finite(&chunk, n) {
                let before = self.parameters.get(n).zip(self.moments.get(n));
                network.diverge(first + k, before.map(|(before, moments)| (first, before.clone(), moments.clone())));
                self.diverged.push_back(n);
            } else if let Some(last) = chunk.costs[n].last() {
                self.costs[n] = *last;
            }
        }
        (self.parameters, self.moments) = (chunk.parameters, chunk.moments);
        self.has_advanced = self.costs.iter().any(|cost| cost.is_finite());
        Ok(())
    }

    /// The forward pass of each network, with nothing queued.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if networks are missing, or if chunks are queued. The training then stays as it was.
    pub fn evaluated(&mut self, evaluations: Vec<Evaluation>) -> Result<()> {
        self.check_count(evaluations.len())?;
        if !self.queued.is_empty() {
            return Err(Error::Mismatch("networks are evaluated while chunks are queued".into()));
        }
        self.evaluated = evaluations.into_iter().enumerate().collect();
        Ok(())
    }

    /// The device has retired the network.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a network that has not ended.
    pub fn retired(&mut self, network: usize) -> Result<()> {
        if let Some(at) = self.diverged.iter().position(|n| *n == network) {
            self.diverged.remove(at);
        } else if let Some(at) = self.stopping.iter().position(|n| *n == network) {
            self.stopping.remove(at);
            let last = self.parameters.get(network).zip(self.moments.get(network));
            let parameters: At = last.map(|(parameters, moments)| (self.done, parameters.clone(), moments.clone()));
            self.networks[network].stop(self.done, parameters);
        } else if self.is_at_end(network)
            && let Some(at) = self.evaluated.iter().position(|(n, _)| *n == network)
            && let Some((_, evaluation)) = self.evaluated.drain(..=at).next_back()
        {
            let last = self.parameters.get(network).zip(self.moments.get(network));
            let parameters: At = last.map(|(parameters, moments)| (self.done, parameters.clone(), moments.clone()));
            self.networks[network].end(self.done, parameters, evaluation);
        } else {
            return Err(Error::Mismatch(format!("network {network} is retired and has not ended")));
        }
        self.ended.push_back(network);
        Ok(())
    }

    /// No more is submitted: what is queued is finished, and the networks that are left are interrupted.
    pub fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// Ends one network after the chunk that was collected last; the others go on. One that has ended, or
    /// that ends there anyway, stays as it is.
    pub fn stop_network(&mut self, network: usize) {
        let goes_on = |of: &Network| of.is_training() && self.done < of.schedule().iterations();
        let goes_on = self.networks.get(network).is_some_and(goes_on);
        if goes_on && !self.diverged.contains(&network) && !self.stopping.contains(&network) {
            self.stopping.push_back(network);
        }
    }

    /// Tells the listener what has happened since the last call; if it breaks, training [stops](Self::stop).
    pub fn tell(&mut self, mut listen: impl FnMut(Event) -> ControlFlow<()>) {
        while let Some(network) = self.ended.pop_front() {
            if let Some(outcome) = self.networks[network].outcome() {
                self.is_stopped |= listen(Event::Ended { network, outcome }).is_break();
            }
        }
        // those that diverged in a chunk end before the others advance
        if self.diverged.is_empty() && std::mem::take(&mut self.has_advanced) {
            let logged: Vec<&[CostAt]> = self.networks.iter().map(Network::logged).collect();
            let curves: Vec<&CostCurve> = self.networks.iter().map(Network::curve).collect();
            let event = Event::Advanced {
                iteration: self.done,
                costs: &self.costs,
                parameters: &self.parameters,
                moments: &self.moments,
                logged: &logged,
                curves: &curves,
            };
            self.is_stopped |= listen(event).is_break();
        }
    }

    /// What each network left behind, in order, once the training is [done](Request::Done); before that, of those that have
    /// ended.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        self.networks.into_iter().filter_map(Network::into_outcome).collect()
    }

    /// The next chunk, if it may be queued now: up to the end of the shortest network, a stop or a snapshot.
    fn chunk(&self) -> Option<u32> {
        // nothing is queued behind the first chunk: its time says how long the next may be
        let depth = if self.done == self.start { 1 } else { self.queue_depth };
        let submitted = self.done + self.queued.iter().map(|iterations| u64::from(*iterations)).sum::<u64>();
        let training = self.networks.iter().filter(|network| network.is_training());
        let next_end = training.map(|network| network.schedule().iterations()).min()?;
        let next_stop = self.networks.iter().filter_map(|network| network.schedule().next_stop(submitted)).min();
        let left = next_stop.map_or(next_end, |stop| stop.min(next_end)).saturating_sub(submitted);
        let chunk = u32::try_from(left).map_or(self.pace.chunk(), |left| left.min(self.pace.chunk()));
        (chunk > 0 && self.queued.len() < depth).then_some(chunk)
    }

    /// Whether a network that is in training has done its iterations, or those that it will do.
    fn is_at_end(&self, network: usize) -> bool {
        self.networks.get(network).is_some_and(|network| {
            network.is_training() && (self.is_stopped || network.schedule().iterations() <= self.done)
        })
    }

    /// Whether a chunk is the oldest one submitted, with all its costs and networks.
    fn check(&self, chunk: Option<Chunk>) -> Result<Chunk> {
        let Some(asked) = self.queued.front().copied() else {
            return Err(Error::Mismatch("a chunk is collected, and none was submitted".into()));
        };
        let done = chunk.as_ref().map_or(0, |chunk| chunk.iterations);
        let Some(chunk) = chunk.filter(|_| done == asked) else { return Err(Error::Incomplete { asked, done }) };
        self.check_count(chunk.costs.len())?;
        self.check_count(chunk.parameters.len())?;
        self.check_count(chunk.moments.len())?;
        let in_training = chunk.costs.iter().zip(&self.networks).filter(|(_, network)| network.is_training());
        let mut counts = in_training.map(|(costs, _)| costs.len());
        match counts.find(|count| u32::try_from(*count) != Ok(asked)) {
            Some(count) => Err(Error::Mismatch(format!("{count} costs are recorded of {asked} iterations"))),
            None => Ok(chunk),
        }
    }

    /// Whether as many networks are trained as there are schedules.
    fn check_count(&self, trained: usize) -> Result<()> {
        match (trained, self.networks.len()) {
            (trained, scheduled) if trained == scheduled => Ok(()),
            (trained, scheduled) => {
                Err(Error::Mismatch(format!("{trained} networks are trained, and {scheduled} scheduled")))
            }
        }
    }
}
