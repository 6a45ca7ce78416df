//! The blocking driver: a [`Training`] on a [`Session`], with the clock.

use std::ops::ControlFlow;

use web_time::Instant;

use super::{CostAt, Event, Outcome, Request, Schedule, Training};
use crate::backend::Session;
use crate::{Error, Result};

/// Trains the session's only network, and tells `listen` after every chunk how far it is.
/// If `listen` breaks, what is queued is finished and training stops.
///
/// # Errors
/// Those of [`train_all`].
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
/// let mut session = Reference::<f64>::new().load(&data, &[Run::new(network, parameters, 1.2)])?;
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

/// [`train_each`] with a listener that stops all networks or none.
///
/// # Errors
/// Those of [`train_each`].
pub fn train_all(
    session: &mut dyn Session,
    schedules: &[Schedule],
    mut listen: impl FnMut(Event) -> ControlFlow<()>,
) -> Result<Vec<Outcome>> {
    train_each(session, schedules, &[], |event, _| listen(event))
}

/// Trains all networks of a session side by side, each for as long as its own schedule says. One that ends or diverges
/// is retired, so that it costs nothing, and the others go on. `listen` is told what happens; if it breaks, what is
/// queued is finished and the networks that are left are interrupted. A network whose number it adds to its list is
/// [stopped](super::Status::Stopped) alone; those of `stopped` are before their first update.
///
/// # Errors
/// [`Error::Mismatch`] if there are not as many schedules as networks, or if they start differently, and those of
/// [`Session`]. A device that returns something other than what it was asked for is an error too: [`Error::Incomplete`] or
/// [`Error::Mismatch`].
pub fn train_each(
    session: &mut dyn Session,
    schedules: &[Schedule],
    stopped: &[usize],
    mut listen: impl FnMut(Event, &mut Vec<usize>) -> ControlFlow<()>,
) -> Result<Vec<Outcome>> {
    let mut stopping = Vec::new();
    let mut training = Training::new(schedules, session.queue_depth())?;
    stopped.iter().for_each(|network| training.stop_network(*network));
    let begun = Instant::now();
    loop {
        match training.next() {
            Request::Submit(iterations) => {
                session.advance(iterations)?;
                training.submitted(iterations)?;
            }
            Request::Collect => training.collected(session.collect()?, begun.elapsed())?,
            Request::Evaluate => training.evaluated(session.evaluate()?)?,
            Request::Retire(network) => {
                session.retire(network)?;
                training.retired(network)?;
            }
            Request::Done => return Ok(training.into_outcomes()),
        }
        training.tell(|event| listen(event, &mut stopping));
        stopping.drain(..).for_each(|network| training.stop_network(network));
    }
}
