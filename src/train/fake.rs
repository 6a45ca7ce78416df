//! A device that computes nothing, on a clock of its own, and a driver for it.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;

use super::{Event, Outcome, Request, Schedule, Training};
use crate::Result;
use crate::backend::{CHUNK_LIMIT, Chunk, Evaluation};
use crate::model::{Activation, Network, Parameters};

/// A device of networks whose cost after k updates is 1 / (1 + k), on a clock of its own.
pub(super) struct Fake {
    /// Seconds per iteration after this many updates.
    pub(super) seconds: fn(u64) -> f64,
    /// From which update on the cost, or a parameter alone, of each network is not finite.
    pub(super) not_finite: Vec<(Option<u64>, Option<u64>)>,
    pub(super) now: f64,
    pub(super) done: u64,
    pub(super) submitted: u64,
    pub(super) queued: VecDeque<u32>,
    /// What was asked for, in order.
    pub(super) chunks: Vec<u32>,
    pub(super) deepest: usize,
    pub(super) retired: Vec<usize>,
}

impl Fake {
    /// This many networks after `start` updates, none of which diverges.
    pub(super) fn new(networks: usize, start: u64, seconds: fn(u64) -> f64) -> Self {
        Self {
            seconds,
            not_finite: vec![(None, None); networks],
            now: 0.0,
            done: start,
            submitted: start,
            queued: VecDeque::new(),
            chunks: Vec::new(),
            deepest: 0,
            retired: Vec::new(),
        }
    }

    fn cost(&self, network: usize, iteration: u64) -> f64 {
        match self.not_finite[network].0 {
            Some(from) if iteration >= from => f64::INFINITY,
            _ => 1.0 / (1.0 + iteration as f64),
        }
    }

    fn parameters(&self, network: usize) -> Parameters {
        let shape = Network::one_hidden(1, 1, Activation::Tanh).unwrap();
        let is_finite = self.not_finite[network].1.is_none_or(|from| self.done < from);
        let value = if is_finite { self.done as f64 } else { f64::NAN };
        Parameters::from_values(&shape, vec![value; 4]).unwrap()
    }

    pub(super) fn submit(&mut self, iterations: u32) {
        assert!((1..=CHUNK_LIMIT).contains(&iterations));
        self.chunks.push(iterations);
        self.queued.push_back(iterations);
        self.submitted += u64::from(iterations);
        self.deepest = self.deepest.max(self.queued.len());
    }

    pub(super) fn collect(&mut self) -> Option<Chunk> {
        let iterations = self.queued.pop_front()?;
        let first = self.done;
        self.done += u64::from(iterations);
        self.now += f64::from(iterations) * (self.seconds)(first);
        let networks = 0..self.not_finite.len();
        // a retired network's numbers mean nothing
        let costs = networks.clone().map(|n| match self.retired.contains(&n) {
            true => Vec::new(),
            false => (0..u64::from(iterations)).map(|k| self.cost(n, first + k)).collect(),
        });
        Some(Chunk {
            iterations,
            costs: costs.collect(),
            parameters: networks.clone().map(|network| self.parameters(network)).collect(),
            moments: networks.map(|_| Vec::new()).collect(),
        })
    }

    pub(super) fn evaluate(&self) -> Vec<Evaluation> {
        assert!(self.queued.is_empty(), "evaluated with chunks queued");
        let of = |network| Evaluation { cost: self.cost(network, self.done), logits: vec![0.5] };
        (0..self.not_finite.len()).map(of).collect()
    }
}

/// Drives a training as a front of its own would.
pub(super) fn drive(
    device: &mut Fake,
    schedules: &[Schedule],
    depth: usize,
    mut listen: impl FnMut(&Event) -> ControlFlow<()>,
) -> Result<Vec<Outcome>> {
    let mut training = Training::new(schedules, depth)?;
    loop {
        let request = training.next();
        assert_eq!(training.next(), request, "asking changes nothing");
        match request {
            Request::Submit(iterations) => {
                device.submit(iterations);
                training.submitted(iterations)?;
            }
            Request::Collect => {
                let chunk = device.collect();
                training.collected(chunk, Duration::from_secs_f64(device.now))?;
            }
            Request::Evaluate => training.evaluated(device.evaluate())?,
            Request::Retire(network) => {
                assert!(!device.retired.contains(&network), "network {network} is retired twice");
                device.retired.push(network);
                training.retired(network)?;
            }
            Request::Done => return Ok(training.into_outcomes()),
        }
        training.tell(|event| listen(&event));
    }
}

pub(super) fn go_on(_: &Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
