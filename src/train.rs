//! The training loop: chunks paced to short submits, the cost history, divergence, and stopping when asked to.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::backend::{CHUNK_LIMIT, Chunk, Evaluation, Session};
use crate::model::Parameters;
use crate::{Error, Result};

/// How long a chunk should take: short enough for drivers that end long submits, and for a quick answer to Ctrl-C.
const CHUNK_TIME: Duration = Duration::from_millis(50);
/// The first chunk, before the device's speed is known: one iteration of a large network may take a weak GPU long.
const FIRST_CHUNK: u32 = 1;
/// The most costs that a run may log.
const LOG_LIMIT: u64 = 10_000_000;

/// How long to train and how often to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    iterations: u64,
    log_every: u64,
}

impl Schedule {
    /// `iterations` updates, logging the cost every `log_every` of them, or ten times if none is given.
    ///
    /// # Errors
    /// [`Error::Invalid`] where either is 0, or where more than ten million costs would be logged.
    pub fn new(iterations: u64, log_every: Option<u64>) -> Result<Self> {
        if iterations == 0 {
            return Err(Error::invalid("the number of iterations", "at least 1", 0));
        }
        let log_every = log_every.unwrap_or((iterations / 10).max(1));
        if log_every == 0 {
            return Err(Error::invalid("the logging interval", "at least 1 iteration", 0));
        }
        if iterations / log_every > LOG_LIMIT {
            let wanted = format!("at least {} for {iterations} iterations", iterations.div_ceil(LOG_LIMIT));
            return Err(Error::invalid("the logging interval", wanted, log_every));
        }
        Ok(Self { iterations, log_every })
    }

    /// Updates to do.
    pub fn iterations(self) -> u64 {
        self.iterations
    }
}

/// The cost of the weights after so many updates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CostAt {
    /// Updates done.
    pub iteration: u64,
    /// The mean loss; `null` in JSON where it is not finite.
    pub cost: f64,
}

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
    /// The forward pass at the end.
    pub evaluation: Evaluation,
}

/// Trains the session's first network, and tells `listen` after every chunk how far it is.
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
    let mut log = Log { every: schedule.log_every, costs: Vec::new() };
    let mut pace = Pace::new();
    let (mut submitted, mut queued, mut done) = (0, 0, 0);
    let (mut status, mut parameters) = (Status::Finished, None);
    loop {
        // nothing is queued behind the first chunk: its time says how long the next may be
        let depth = if done == 0 { 1 } else { session.queue_depth() };
        while status == Status::Finished && queued < depth && submitted < schedule.iterations {
            let chunk = u64::from(pace.chunk()).min(schedule.iterations - submitted);
            session.advance(chunk as u32)?;
            submitted += chunk;
            queued += 1;
        }
        let Some(chunk) = session.collect()? else { break };
        queued -= 1;
        pace.collected(chunk.iterations);
        if status == Status::Diverged {
            continue; // what was queued before it was seen
        }
        log.add(&chunk);
        done = chunk.first_iteration + u64::from(chunk.iterations);
        match first_not_finite(&chunk) {
            None => {
                let cost = chunk.costs[0].last().copied().unwrap_or(f64::NAN);
                parameters = chunk.parameters.into_iter().next();
                if listen(CostAt { iteration: done, cost }).is_break() {
                    status = Status::Interrupted;
                }
            }
            Some(iteration) => {
                status = Status::Diverged;
                done = iteration;
            }
        }
    }
    let evaluation = session.evaluate()?.swap_remove(0);
    if status == Status::Interrupted && done == schedule.iterations {
        status = Status::Finished;
    }
    if status != Status::Diverged && !evaluation.cost.is_finite() {
        status = Status::Diverged;
    }
    log.close(done, status, evaluation.cost);
    Ok(Outcome { status, iterations: done, costs: log.costs, parameters, evaluation })
}

/// The first iteration whose cost is not finite, or the chunk's end where a parameter is not: a ReLU hides a NaN in
/// its weights from the cost.
fn first_not_finite(chunk: &Chunk) -> Option<u64> {
    let at = chunk.costs[0].iter().position(|cost| !cost.is_finite());
    let end = (!chunk.parameters[0].is_finite()).then_some(u64::from(chunk.iterations));
    at.map(|k| k as u64).or(end).map(|k| chunk.first_iteration + k)
}

/// The costs that are kept.
struct Log {
    every: u64,
    costs: Vec<CostAt>,
}

impl Log {
    /// Keeps the costs at multiples of the interval.
    fn add(&mut self, chunk: &Chunk) {
        let skip = chunk.first_iteration.next_multiple_of(self.every) - chunk.first_iteration;
        for k in (skip..u64::from(chunk.iterations)).step_by(self.every as usize) {
            self.costs.push(CostAt { iteration: chunk.first_iteration + k, cost: chunk.costs[0][k as usize] });
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
