//! How fast a backend trains: seconds per iteration, and the arithmetic in it.

use std::time::Duration;

use web_time::Instant;

use crate::Result;
use crate::backend::{Backend, CHUNK_LIMIT, Layouts, Run, Session};
use crate::data::Dataset;
use crate::model::Network;

/// How fast a backend trains its networks.
#[derive(Clone, Debug, PartialEq)]
pub struct Speed {
    /// Seconds from `load` to the end of the first iteration, shaders compiled and buffers filled; 0 if the session was
    /// loaded before.
    pub setup: f64,
    /// Seconds per iteration of all networks: the fastest of several chunks, since other work on the machine only ever adds time.
    pub iteration: f64,
    /// Of these, seconds that the host takes to queue an iteration; if the host computes itself, all of them.
    pub host: f64,
    /// How the plan was laid out in the end, and what that was chosen from; none if it has no layouts.
    pub layouts: Option<Layouts>,
}

/// A network to measure, at its start from this seed, with a rate so small that no number overflows, which would change
/// the time.
///
/// ```
/// use planar::measure::run;
/// use planar::model::{Activation, Network};
/// let run = run(&Network::one_hidden(2, 4, Activation::Tanh)?, 2);
/// assert_eq!((run.parameters.values().len(), run.learning_rate), (17, 0.073));
/// # Ok::<(), planar::Error>(())
/// ```
pub fn run(network: &Network, seed: u32) -> Run {
    Run::initial(network.clone(), seed, 0.01, 0.073)
}

/// Loads the networks, trains them side by side for about `patience`, the set-up not counted, and forgets them.
///
/// # Errors
/// Those of [`Backend::load`] and [`Session`].
pub fn speed(backend: &dyn Backend, data: &Dataset, runs: &[Run], patience: Duration) -> Result<Speed> {
    let start = Instant::now();
    let mut session = backend.load(data, runs)?;
    time(session.as_mut(), 1)?;
    let setup = start.elapsed().as_secs_f64();
    Ok(Speed { setup, ..speed_of(session.as_mut(), patience)? })
}

/// Trains the networks of a loaded session side by side for about `patience`. Nothing is left queued; the weights are
/// those after all iterations. The set-up is 0.
///
/// # Errors
/// Those of [`Session`].
pub fn speed_of(session: &mut dyn Session, patience: Duration) -> Result<Speed> {
    // Chunks double until one takes a sixth of the patience, so that submitting and reading back do not count; those of
    // that size are repeated while there is time.
    let (begun, mut chunk) = (Instant::now(), 1);
    let (mut fastest, mut host) = (f64::INFINITY, f64::INFINITY);
    loop {
        let [queueing, seconds] = time(session, chunk)?;
        fastest = fastest.min(seconds / f64::from(chunk));
        host = host.min(queueing / f64::from(chunk));
        let is_long = seconds >= patience.as_secs_f64() / 6.0 || chunk == CHUNK_LIMIT;
        if is_long && begun.elapsed() >= patience {
            return Ok(Speed { setup: 0.0, iteration: fastest, host, layouts: session.layouts() });
        }
        if !is_long {
            chunk = (chunk * 2).min(CHUNK_LIMIT);
        }
    }
}

/// Seconds for a chunk until it is queued, and until its costs are there and nothing is queued.
fn time(session: &mut dyn Session, iterations: u32) -> Result<[f64; 2]> {
    let start = Instant::now();
    session.advance(iterations)?;
    let queued = start.elapsed().as_secs_f64();
    while session.collect()?.is_some() {}
    Ok([queued, start.elapsed().as_secs_f64()])
}

/// Floating-point operations of one iteration of a network with one hidden layer, a fused multiply-add counted as two
/// and the activation as one: forward 2·n_x + 3 per unit and sample, backward (Z1 not recomputed) 2·n_x + 5.
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

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;
    use crate::backend::{Chunk, DeviceInfo, Evaluation};
    use crate::data::flower;
    use crate::model::Parameters;

    /// A device whose shaders take long to compile and whose submits cost, but whose iterations are quick.
    struct Slow;

    struct SlowSession {
        first: bool,
        queued: Option<u32>,
    }

    impl Backend for Slow {
        fn device(&self) -> DeviceInfo {
            DeviceInfo { kind: "cpu".into(), name: "slow".into(), backend: String::new(), driver: String::new() }
        }
        fn load(&self, _: &Dataset, _: &[Run]) -> Result<Box<dyn Session>> {
            Ok(Box::new(SlowSession { first: true, queued: None }))
        }
        fn forward(&self, _: &Network, _: &Parameters, _: &[f64]) -> Result<Vec<f64>> {
            Ok(Vec::new())
        }
        fn forward_plan(&self, _: &Network, _: usize) -> Result<&'static str> {
            Ok("slow")
        }
        fn memory(&self, _: &Dataset, _: &Network, _: usize) -> Result<u64> {
            Ok(0)
        }
        fn memory_limit(&self) -> u64 {
            0
        }
    }

    impl Session for SlowSession {
        fn plan_name(&self) -> &'static str {
            "slow"
        }
        fn advance(&mut self, iterations: u32) -> Result<()> {
            self.queued = Some(iterations);
            Ok(())
        }
        fn collect(&mut self) -> Result<Option<Chunk>> {
            let compile = if std::mem::take(&mut self.first) { Duration::from_millis(150) } else { Duration::ZERO };
            let iterations = self.queued.take().unwrap_or(0);
            sleep(compile + Duration::from_millis(1) + iterations * Duration::from_micros(20));
            Ok(None)
        }
        fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
            Ok(Vec::new())
        }
        fn gradients(&mut self) -> Result<Vec<Parameters>> {
            Ok(Vec::new())
        }
        fn retire(&mut self, _: usize) -> Result<()> {
            Ok(())
        }
        fn restart(&mut self, _: &[Parameters]) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn neither_the_set_up_nor_a_submit_counts_as_an_iteration() {
        let network = Network::one_hidden(2, 4, "tanh".parse().unwrap()).unwrap();
        let run = [Run::new(network.clone(), Parameters::zeros(&network), 1.0)];
        let speed = speed(&Slow, &flower(4, 1).unwrap(), &run, Duration::from_millis(60)).unwrap();
        assert!(speed.setup >= 0.15, "{speed:?}");
        // 20 µs, and of the submit's 1 ms no more than its share of a chunk of 10 ms
        assert!((20e-6..40e-6).contains(&speed.iteration), "{speed:?}");
    }
}
