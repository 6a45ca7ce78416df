//! A device that computes nothing, with its own clock: costs and parameters are known functions of the updates done.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;

use super::{Event, Outcome, Request, Schedule, Training};
use crate::Result;
use crate::backend::{Chunk, Evaluation, Session};
use crate::model::{Activation, Network, Parameters};

/// Where a network of a [`Fake`] stops being finite.
#[derive(Clone, Copy, Debug)]
pub enum Break {
    /// The cost after this many updates, and all later ones, are NaN.
    Cost(u64),
    /// The parameters after this many updates, and all later ones, are infinite; costs do not show it.
    Parameters(u64),
}

/// Networks whose cost after k updates is [`cost`], and whose first parameter is k.
pub struct Fake {
    /// Updates done by all chunks collected.
    pub done: u64,
    /// The time now: only chunks take any.
    pub now: f64,
    /// Seconds per iteration, by the updates done.
    pub seconds: Box<dyn Fn(u64) -> f64 + Send>,
    pub depth: usize,
    /// One per network.
    pub breaks: Vec<Option<Break>>,
    queued: VecDeque<u32>,
    /// The lengths of all chunks, as they were submitted.
    pub chunks: Vec<u32>,
    /// The most chunks that were queued at once.
    pub most_queued: usize,
    pub retired: Vec<usize>,
    pub evaluations: usize,
}

/// The cost of network n after k updates: a different number for each, exact in f64.
pub fn cost(network: usize, k: u64) -> f64 {
    network as f64 + 1.0 / (k + 1) as f64
}

impl Fake {
    /// This many networks on a device that takes 10 µs per iteration.
    pub fn new(networks: usize) -> Self {
        Self {
            done: 0,
            now: 0.0,
            seconds: Box::new(|_| 10e-6),
            depth: 1,
            breaks: vec![None; networks],
            queued: VecDeque::new(),
            chunks: Vec::new(),
            most_queued: 0,
            retired: Vec::new(),
            evaluations: 0,
        }
    }

    /// The same, taking these seconds per iteration.
    pub fn with_seconds(self, seconds: impl Fn(u64) -> f64 + Send + 'static) -> Self {
        Self { seconds: Box::new(seconds), ..self }
    }

    /// The same, with this many chunks queued at once.
    pub fn with_depth(self, depth: usize) -> Self {
        Self { depth, ..self }
    }

    /// The same, with a network that stops being finite.
    pub fn with_break(mut self, network: usize, at: Break) -> Self {
        self.breaks[network] = Some(at);
        self
    }

    /// How many chunks are queued.
    pub fn queued(&self) -> usize {
        self.queued.len()
    }

    /// The updates done at the end of each chunk, counted from `start`.
    pub fn ends(&self, start: u64) -> Vec<u64> {
        self.chunks
            .iter()
            .scan(start, |done, chunk| Some(std::mem::replace(done, *done + u64::from(*chunk)) + u64::from(*chunk)))
            .collect()
    }

    fn cost(&self, network: usize, k: u64) -> f64 {
        match self.breaks[network] {
            Some(Break::Cost(at)) if k >= at => f64::NAN,
            _ => cost(network, k),
        }
    }

    fn parameters(&self, network: usize) -> Parameters {
        let shape = Network::one_hidden(1, 1, Activation::Tanh).unwrap();
        let mut parameters = Parameters::zeros(&shape);
        parameters.values_mut()[0] = match self.breaks[network] {
            Some(Break::Parameters(at)) if self.done >= at => f64::INFINITY,
            _ => self.done as f64,
        };
        parameters
    }

    /// Trains on this device by its own clock.
    pub fn train(
        &mut self,
        schedules: &[Schedule],
        mut listen: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<Vec<Outcome>> {
        let mut training = Training::new(schedules, self.depth)?;
        loop {
            let request = training.next();
            assert_eq!(training.next(), request, "asking changes nothing");
            match request {
                Request::Submit(iterations) => {
                    self.advance(iterations)?;
                    training.submitted(iterations)?;
                }
                Request::Collect => training.collected(self.collect()?, Duration::from_secs_f64(self.now))?,
                Request::Evaluate => training.evaluated(self.evaluate()?)?,
                Request::Retire(network) => {
                    self.retire(network)?;
                    training.retired(network)?;
                }
                Request::Done => return Ok(training.into_outcomes()),
            }
            training.tell(&mut listen);
        }
    }
}

impl Session for Fake {
    fn plan(&self) -> &'static str {
        "fake"
    }

    fn queue_depth(&self) -> usize {
        self.depth
    }

    fn advance(&mut self, iterations: u32) -> Result<()> {
        crate::backend::check_chunk(iterations)?;
        self.queued.push_back(iterations);
        self.chunks.push(iterations);
        self.most_queued = self.most_queued.max(self.queued.len());
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<Chunk>> {
        let Some(iterations) = self.queued.pop_front() else { return Ok(None) };
        let first = self.done;
        self.done += u64::from(iterations);
        self.now += (first..self.done).map(|k| (self.seconds)(k)).sum::<f64>();
        let networks = 0..self.breaks.len();
        let costs = networks.clone().map(|n| (first..self.done).map(|k| self.cost(n, k)).collect()).collect();
        Ok(Some(Chunk { iterations, costs, parameters: networks.map(|n| self.parameters(n)).collect() }))
    }

    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        assert!(self.queued.is_empty(), "the networks are evaluated after the last chunk is collected");
        self.evaluations += 1;
        let evaluation = |n| Evaluation { cost: self.cost(n, self.done), logits: vec![self.done as f64] };
        Ok((0..self.breaks.len()).map(evaluation).collect())
    }

    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        Ok(Vec::new())
    }

    fn retire(&mut self, network: usize) -> Result<()> {
        self.retired.push(network);
        Ok(())
    }

    fn restart(&mut self, _: &[Parameters]) -> Result<()> {
        Ok(())
    }
}
