//! The fast way to train on the CPU: f32, vector instructions and threads, storing only parameters and samples.

#![allow(clippy::needless_range_loop, reason = "a kernel's loops run over the indices of its formula")]

mod activation;
mod dense;
mod forward;
mod instructions;
mod kernel;
mod line;
mod math;
mod mixed;
mod narrow;
mod narrow_tiles;
mod peak;
mod pool;
mod session;
mod shape;
mod sharing;
mod specialise;
mod tiles;
mod trainee;
mod units;

use std::num::NonZero;

use dense::session::DenseSession;
pub use instructions::Instructions;
use instructions::Token;
use mixed::Mixed;
use session::EngineSession;
use shape::Shape;

use crate::backend::{Backend, DeviceInfo, Run, Session, check_points, check_runs, is_plain};
use crate::data::Dataset;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// The most threads.
pub const MAX_THREADS: usize = 1024;

/// Trains dense networks in f32: those of one hidden layer by full-batch gradient descent in fused kernels, all others layer by
/// layer.
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
        let logits = if is_fused(network) { forward::logits } else { dense::forward::logits };
        Ok(logits(self.token, self.threads, network, parameters, points))
    }

    fn forward_plan(&self, _: &Network, _: usize) -> Result<&'static str> {
        Ok(session::PLAN)
    }

    /// For each network its parameters with two moments, one gradient per part, and its logits; of those that the fused kernels
    /// take, without moments.
    fn memory(&self, data: &Dataset, network: &Network, count: usize) -> Result<u64> {
        let samples = data.samples();
        let of_one = match is_fused(network) {
            true => {
                let shape = Shape::new(network, self.token.lanes());
                4 * (shape.len() * (1 + shape.most_parts()) + samples) as u64
            }
            false => dense::bytes(network, samples, self.threads),
        };
        let of_data = 4 * samples.saturating_mul(data.features() + network.outputs()) as u64;
        Ok(of_one.saturating_mul(count as u64).saturating_add(of_data))
    }

    fn memory_limit(&self) -> u64 {
        super::MEMORY
    }

    fn load(&self, data: &Dataset, runs: &[Run]) -> Result<Box<dyn Session>> {
        check_runs(data, runs)?;
        super::check_room(self, data, runs)?;
        let is_fused = |run: &Run| is_plain(data, run) && is_fused(&run.network);
        // with moments, a network takes more than memory() says where the fused kernels take it without
        let bytes =
            |run: &Run| if is_fused(run) { 0 } else { dense::bytes(&run.network, data.samples(), self.threads) };
        super::check_bytes(runs.iter().map(bytes).fold(0, u64::saturating_add))?;
        let fused = |runs: &[Run]| EngineSession::new(self.token, self.threads, data, runs);
        let others = |runs: &[Run]| DenseSession::new(self.token, self.threads, data, runs);
        let of: Vec<usize> = runs.iter().map(|run| usize::from(!is_fused(run))).collect();
        if !of.contains(&1) {
            return Ok(Box::new(fused(runs)?));
        } else if !of.contains(&0) {
            return Ok(Box::new(others(runs)?));
        }
        let (first, second): (Vec<Run>, Vec<Run>) = runs.iter().cloned().partition(is_fused);
        Ok(Box::new(Mixed::new([Box::new(fused(&first)?), Box::new(others(&second)?)], of)))
    }
}

/// Whether the fused kernels can compute a network: one hidden layer of the exercise's units, and one logit.
fn is_fused(network: &Network) -> bool {
    let is_of_exercise = network.tells_two_classes() && network.activation().is_of_the_exercise();
    network.hidden().len() == 1 && is_of_exercise && specialise::is_compiled(network)
}
