//! How fast a backend trains: seconds an iteration, and the arithmetic in it.

use std::time::{Duration, Instant};

use crate::Result;
use crate::backend::{Backend, CHUNK_LIMIT, Run, Session};
use crate::data::Dataset;
use crate::model::Network;

/// How fast a backend trains one network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Seconds from `load` to the end of the first iteration, shaders compiled and buffers filled.
    pub setup: f64,
    /// Seconds an iteration: the fastest of several chunks, since other work on the machine only ever adds time.
    pub iteration: f64,
    /// Of these, seconds that the host takes to queue an iteration; where the host computes itself, all of them.
    pub host: f64,
}

/// Loads the network, trains it for about `patience`, and forgets it.
///
/// # Errors
/// Those of [`Backend::load`] and [`Session`].
pub fn speed(backend: &dyn Backend, data: &Dataset, run: &Run, patience: Duration) -> Result<Speed> {
    let start = Instant::now();
    let mut session = backend.load(data, std::slice::from_ref(run))?;
    time(session.as_mut(), 1)?;
    let setup = start.elapsed().as_secs_f64();

    // chunks double until one takes a sixth of the time that is left for them, and a few of that size follow
    let (mut chunk, mut fastest, mut host) = (1, f64::INFINITY, f64::INFINITY);
    while start.elapsed() < patience || fastest.is_infinite() {
        let [queueing, seconds] = time(session.as_mut(), chunk)?;
        fastest = fastest.min(seconds / f64::from(chunk));
        host = host.min(queueing / f64::from(chunk));
        if seconds < patience.as_secs_f64() / 6.0 {
            chunk = (chunk * 2).min(CHUNK_LIMIT);
        }
    }
    Ok(Speed { setup, iteration: fastest, host })
}

/// Seconds for a chunk until it is queued, and until its costs are there.
fn time(session: &mut dyn Session, iterations: u32) -> Result<[f64; 2]> {
    let start = Instant::now();
    session.advance(iterations)?;
    let queued = start.elapsed().as_secs_f64();
    session.collect()?;
    Ok([queued, start.elapsed().as_secs_f64()])
}

/// Floating-point operations of one iteration of a network with one hidden layer, a fused multiply-add counted as two
/// and the activation as one: forward 2·n_x + 3 a unit and sample, backward (Z1 not recomputed) 2·n_x + 5.
///
/// ```
/// use planar::measure::operations;
/// use planar::model::{Activation, Network};
/// let network = Network::one_hidden(2, 277, Activation::Relu)?;
/// assert_eq!(operations(&network, 400), 277.0 * 400.0 * 16.0);
/// # Ok::<(), planar::Error>(())
/// ```
pub fn operations(network: &Network, samples: usize) -> f64 {
    let widths = network.widths();
    let pairs: usize = widths.windows(2).take(widths.len() - 2).map(|pair| pair[1] * (4 * pair[0] + 8)).sum();
    pairs as f64 * samples as f64
}
