//! The fast way to train on the CPU: f32, vector instructions and threads, storing only parameters and samples.

#![allow(clippy::needless_range_loop, reason = "a kernel's loops run over the indices of its formula")]

mod activation;
mod forward;
mod instructions;
mod kernel;
mod line;
mod math;
mod narrow;
mod narrow_tiles;
mod peak;
mod pool;
mod session;
mod shape;
mod specialise;
mod tiles;
mod trainee;
mod units;

use std::num::NonZero;

pub use instructions::Instructions;
use instructions::Token;
use session::EngineSession;
use shape::Shape;

use crate::backend::{Backend, DeviceInfo, Run, Session, check_points, check_runs, is_plain};
use crate::data::Dataset;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// The most threads.
pub const MAX_THREADS: usize = 1024;

/// Trains networks of one hidden layer by full-batch gradient descent in f32.
///
/// The result depends on the instruction set, but not on the number of threads, the chunks or the networks trained
/// alongside.
///
/// ```
/// use planar::backend::{Backend, Run};
/// use planar::cpu::Engine;
/// use planar::data::Dataset;
/// use planar::model::{Activation, Network, Parameters};
///
/// let xor = Dataset::from_points("xor", None, 2, &[0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0])?;
/// let network = Network::one_hidden(2, 4, Activation::Tanh)?;
/// let parameters = Parameters::initial(&network, 2, 1.0);
/// let mut session = Engine::new(None)?.load(&xor, &[Run::new(network, parameters, 1.0)])?;
/// session.advance(500)?;
/// let logits = session.evaluate()?.remove(0).logits;
/// assert_eq!(xor.accuracy(&logits), 1.0);
/// # Ok::<(), planar::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    instructions: Instructions,
    token: Token,
    threads: usize,
}

impl Engine {
    /// The engine on `threads` threads, by default one per core that the system grants, with the widest instructions.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0 or over [`MAX_THREADS`] threads.
    pub fn new(threads: Option<usize>) -> Result<Self> {
        let given = || std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
        let threads = threads.unwrap_or_else(given);
        if !(1..=MAX_THREADS).contains(&threads) {
            return Err(Error::invalid("the number of threads", format!("between 1 and {MAX_THREADS}"), threads));
        }
        let instructions = Instructions::best();
        Ok(Self { instructions, token: Token::new(instructions)?, threads })
    }

    /// The same engine with other instructions, for tests and comparisons.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the CPU lacks them.
    pub fn with_instructions(self, instructions: Instructions) -> Result<Self> {
        Ok(Self { instructions, token: Token::new(instructions)?, threads: self.threads })
    }

    /// The measured peak of its threads together, in floating-point operations per second: multiply-adds and additions
    /// on registers alone. It takes about half a second.
    pub fn peak(&self) -> f64 {
        peak::peak(self.token, self.threads)
    }
}

impl Backend for Engine {
    fn device(&self) -> DeviceInfo {
        DeviceInfo {
            kind: "cpu".into(),
            name: format!("CPU engine, f32, {}", self.instructions),
            backend: "engine".into(),
            driver: if self.threads == 1 { "1 thread".into() } else { format!("{} threads", self.threads) },
        }
    }

    fn forward(&self, network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>> {
        check_points(network, parameters, points)?;
        check(network)?;
        Ok(forward::logits(self.token, self.threads, network, parameters, points))
    }

    fn forward_plan(&self, _: &Network, _: usize) -> Result<&'static str> {
        Ok(session::PLAN)
    }

    /// For each network: its parameters, one gradient per part, and one logit per sample.
    fn memory(&self, data: &Dataset, network: &Network, count: usize) -> Result<u64> {
        let shape = Shape::new(network, self.token.lanes());
        let of_one = 4 * (shape.len() * (1 + shape.most_parts()) + data.samples()) as u64;
        let of_data = 4 * (data.samples() * (data.features() + 1)) as u64;
        Ok(of_one.saturating_mul(count as u64).saturating_add(of_data))
    }

    fn memory_limit(&self) -> u64 {
        super::MEMORY
    }

    fn load(&self, data: &Dataset, runs: &[Run]) -> Result<Box<dyn Session>> {
        check_runs(data, runs)?;
        runs.iter().try_for_each(|run| check_run(data, run))?;
        super::check_room(self, data, runs)?;
        Ok(Box::new(EngineSession::new(self.token, self.threads, data, runs)?))
    }
}

/// Whether the engine can train this run.
fn check_run(data: &Dataset, run: &Run) -> Result<()> {
    check(&run.network)?;
    match is_plain(data, run) {
        true => Ok(()),
        false => Err(Error::Mismatch("the CPU engine trains by plain gradient descent over all samples".into())),
    }
}

/// Whether the engine can compute this network.
fn check(network: &Network) -> Result<()> {
    if network.hidden().len() > 1 {
        let message = "the CPU engine trains one hidden layer; the reference and the layered plan train several";
        return Err(Error::Mismatch(message.into()));
    }
    if !(network.tells_two_classes() && network.activation().is_of_the_exercise()) {
        let message = "the CPU engine trains networks of tanh, sigmoid or ReLU units for two classes";
        return Err(Error::Mismatch(message.into()));
    }
    Ok(())
}
