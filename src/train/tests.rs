//! Whole trainings against a fake device and a fake clock.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;

use proptest::prelude::*;

use super::{CostAt, Event, Outcome, Request, Schedule, Status, Training};
use crate::backend::{CHUNK_LIMIT, Chunk, Evaluation};
use crate::model::{Activation, Network, Parameters};
use crate::{Error, Result};

/// A device of networks whose cost after k updates is 1 / (1 + k), on a clock of its own.
struct Fake {
    /// Seconds per iteration after this many updates.
    seconds: fn(u64) -> f64,
    /// From which update on the cost, or a parameter alone, of each network is not finite.
    not_finite: Vec<(Option<u64>, Option<u64>)>,
    now: f64,
    done: u64,
    submitted: u64,
    queued: VecDeque<u32>,
    /// What was asked for, in order.
    chunks: Vec<u32>,
    deepest: usize,
    retired: Vec<usize>,
}

impl Fake {
    fn new(networks: usize, start: u64, seconds: fn(u64) -> f64) -> Self {
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

    fn collect(&mut self) -> Option<Chunk> {
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
            parameters: networks.map(|network| self.parameters(network)).collect(),
        })
    }

    fn evaluate(&self) -> Vec<Evaluation> {
        assert!(self.queued.is_empty(), "evaluated with chunks queued");
        let of = |network| Evaluation { cost: self.cost(network, self.done), logits: vec![0.5] };
        (0..self.not_finite.len()).map(of).collect()
    }
}

/// Drives a training as a front of its own would.
fn drive(
    device: &mut Fake,
    schedules: &[Schedule],
    depth: usize,
    mut listen: impl FnMut(&Event) -> ControlFlow<()>,
) -> Result<Vec<Outcome>> {
    let mut training = Training::new(schedules, depth)?;
    loop {
        match training.next() {
            Request::Submit(iterations) => {
                assert!((1..=CHUNK_LIMIT).contains(&iterations));
                device.chunks.push(iterations);
                device.queued.push_back(iterations);
                device.submitted += u64::from(iterations);
                device.deepest = device.deepest.max(device.queued.len());
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

fn go_on(_: &Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn schedule(iterations: u64, log_every: u64) -> Schedule {
    Schedule::new(iterations, Some(log_every)).unwrap()
}

fn iterations(costs: &[CostAt]) -> Vec<u64> {
    costs.iter().map(|at| at.iteration).collect()
}

#[test]
fn every_iteration_is_done_once_and_the_costs_are_logged_at_odd_lengths() {
    for length in [1, 3, 17, 277, 400] {
        let mut device = Fake::new(1, 0, |_| 1e-3);
        let outcome = drive(&mut device, &[schedule(length, 7)], 2, go_on).unwrap().swap_remove(0);
        assert_eq!((outcome.status, outcome.iterations, device.done), (Status::Finished, length, length));
        let mut want: Vec<u64> = (0..length).step_by(7).collect();
        want.push(length);
        assert_eq!(iterations(&outcome.costs), want, "{length}");
        assert!(outcome.costs.iter().all(|at| at.cost == 1.0 / (1.0 + at.iteration as f64)));
        assert_eq!(outcome.last_finite().map(|(at, _)| at), Some(length));
    }
}

#[test]
fn chunks_aim_at_50_ms_begin_with_one_iteration_alone_and_keep_to_the_queue() {
    // 10 µs per iteration: 4,096 of them are shorter than 50 ms
    let mut fast = Fake::new(1, 0, |_| 1e-5);
    drive(&mut fast, &[schedule(50_000, 50_000)], 2, go_on).unwrap();
    assert_eq!(fast.chunks[..4], [1, 4, 4, 16], "two chunks are queued before the first of them is timed");
    assert_eq!(fast.chunks.iter().max(), Some(&CHUNK_LIMIT));
    assert_eq!(fast.deepest, 2);
    // 1 ms: 50 iterations
    let mut middling = Fake::new(1, 0, |_| 1e-3);
    drive(&mut middling, &[schedule(2000, 2000)], 1, go_on).unwrap();
    assert_eq!(middling.chunks[..5], [1, 4, 16, 50, 50]);
    assert_eq!(middling.deepest, 1);
    // 3 s: one at a time
    let mut slow = Fake::new(1, 0, |_| 3.0);
    drive(&mut slow, &[schedule(17, 17)], 2, go_on).unwrap();
    assert_eq!(slow.chunks, [1; 17]);
}

#[test]
fn a_device_that_slows_down_gets_shorter_chunks() {
    let mut device = Fake::new(1, 0, |done| if done < 10_000 { 1e-5 } else { 1e-2 });
    drive(&mut device, &[schedule(20_000, 20_000)], 1, go_on).unwrap();
    let longest = device.chunks.iter().position(|chunk| *chunk == CHUNK_LIMIT).unwrap();
    assert_eq!(device.chunks[device.chunks.len() - 3..device.chunks.len() - 1], [5, 5], "50 ms at 10 ms each");
    assert!(device.chunks[longest..].windows(2).all(|pair| pair[1] >= pair[0] / 4), "{:?}", device.chunks);
}

#[test]
fn a_network_diverges_at_its_first_cost_that_is_not_finite_or_at_the_end_of_a_chunk_whose_parameters_are_not() {
    let mut device = Fake::new(1, 0, |_| 1e-3);
    device.not_finite[0].0 = Some(100);
    let outcome = drive(&mut device, &[schedule(1000, 10)], 2, go_on).unwrap().swap_remove(0);
    assert_eq!((outcome.status, outcome.iterations), (Status::Diverged, 100));
    assert_eq!(outcome.costs.len(), 11);
    assert!(outcome.costs[10].cost.is_nan() && outcome.costs[9].cost.is_finite());
    let (at, parameters) = outcome.last_finite().unwrap();
    assert!(at <= 100 && parameters.values()[0] == at as f64, "the last chunk's end before it");
    assert_eq!((device.retired.as_slice(), device.queued.len()), (&[0][..], 0), "nothing is left behind");

    let mut device = Fake::new(1, 0, |_| 1e-3);
    device.not_finite[0].1 = Some(100);
    let outcome = drive(&mut device, &[schedule(1000, 10).with_stops(30)], 1, go_on).unwrap().swap_remove(0);
    assert_eq!((outcome.status, outcome.iterations), (Status::Diverged, 120), "the end of the chunk");
    assert_eq!(outcome.parameters_at % 30, 0);
}

#[test]
fn networks_of_different_lengths_end_each_by_itself_and_are_retired_once() {
    let lengths = [400, 3, 277, 1, 17];
    let mut device = Fake::new(5, 0, |_| 1e-3);
    device.not_finite[2].0 = Some(50);
    let schedules = lengths.map(|length| schedule(length, 5));
    let mut ended = Vec::new();
    let outcomes = drive(&mut device, &schedules, 2, |event| {
        if let Event::Ended { network, .. } = event {
            ended.push(*network);
        }
        ControlFlow::Continue(())
    });
    let found: Vec<_> = outcomes.unwrap().iter().map(|outcome| (outcome.status, outcome.iterations)).collect();
    let want =
        [400, 3, 50, 1, 17].map(|done| if done == 50 { (Status::Diverged, done) } else { (Status::Finished, done) });
    assert_eq!(found, want);
    assert_eq!((ended.as_slice(), &device.retired), (&[3, 1, 4, 2, 0][..], &ended));
}

#[test]
fn a_training_that_is_stopped_finishes_what_is_queued() {
    let mut device = Fake::new(2, 0, |_| 1e-3);
    let outcomes = drive(&mut device, &[schedule(100_000, 1000), schedule(70_000, 1000)], 2, |event| match event {
        Event::Advanced { iteration, .. } if *iteration >= 500 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let outcomes = outcomes.unwrap();
    assert_eq!(device.done, device.submitted, "all that was queued is done");
    for outcome in &outcomes {
        assert_eq!((outcome.status, outcome.iterations), (Status::Interrupted, device.done));
        assert_eq!(outcome.last_finite().map(|(at, _)| at), Some(device.done));
    }
    assert!((500..1000).contains(&device.done), "{}", device.done);
}

#[test]
fn a_run_that_goes_on_counts_from_where_it_was() {
    let mut device = Fake::new(1, 130, |_| 1e-3);
    let outcome = drive(&mut device, &[schedule(400, 100).after(130)], 2, go_on).unwrap().swap_remove(0);
    assert_eq!((outcome.iterations, device.done), (400, 400));
    assert_eq!(iterations(&outcome.costs), [200, 300, 400]);
    assert_eq!(device.chunks[0], 1, "nothing is known of the device yet");
    let apart = [schedule(400, 100).after(130), schedule(400, 100)];
    assert!(matches!(Training::new(&apart, 1), Err(Error::Mismatch(_))));
}

#[test]
fn chunks_end_at_every_stop_and_snapshot() {
    let schedule = schedule(277, 277).with_stops(40).with_snapshots(4);
    let mut wanted: Vec<u64> = schedule.snapshots().chain((40..277).step_by(40)).collect();
    let mut device = Fake::new(1, 0, |_| 1e-5);
    drive(&mut device, &[schedule], 2, |event| {
        if let Event::Advanced { iteration, .. } = event {
            wanted.retain(|at| at != iteration);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(wanted.is_empty(), "no chunk ends at {wanted:?}");
}

#[test]
fn a_device_that_answers_wrong_is_an_error_and_no_panic() {
    let chunk = |iterations, costs: usize, networks: usize| {
        let shape = Network::one_hidden(1, 1, Activation::Tanh).unwrap();
        let parameters = vec![Parameters::zeros(&shape); networks];
        Some(Chunk { iterations, costs: vec![vec![0.5; costs]; networks], parameters })
    };
    let submitted = || {
        let mut training = Training::new(&[schedule(10, 1)], 1).unwrap();
        assert_eq!(training.next(), Request::Submit(1));
        training.submitted(1).unwrap();
        training
    };
    let answer = |chunk| submitted().collected(chunk, Duration::ZERO);
    assert!(answer(chunk(1, 1, 1)).is_ok());
    assert!(matches!(answer(None), Err(Error::Incomplete { asked: 1, done: 0 })));
    assert!(matches!(answer(chunk(2, 2, 1)), Err(Error::Incomplete { asked: 1, done: 2 })));
    assert!(matches!(answer(chunk(1, 0, 1)), Err(Error::Mismatch(_))));
    assert!(matches!(answer(chunk(1, 1, 2)), Err(Error::Mismatch(_))));
    let mut training = Training::new(&[schedule(10, 1)], 1).unwrap();
    assert!(matches!(training.collected(chunk(1, 1, 1), Duration::ZERO), Err(Error::Mismatch(_))));
    assert!(matches!(training.submitted(3), Err(Error::Mismatch(_))));
    assert!(matches!(training.retired(0), Err(Error::Mismatch(_))));
    assert!(matches!(submitted().evaluated(Vec::new()), Err(Error::Mismatch(_))));
}

proptest! {
    #[test]
    fn whatever_the_clock_the_queue_and_the_stops_the_costs_are_the_same(
        length in 1_u64..600,
        every in 1_u64..70,
        stops in proptest::option::of(1_u64..90),
        snapshots in 0_u64..9,
        depth in 1_usize..4,
        pace in 0_usize..4,
    ) {
        let clocks: [fn(u64) -> f64; 4] =
            [|_| 0.0, |_| 1e-3, |_| 2.0, |done| if done.is_multiple_of(5) { 1.0 } else { 1e-6 }];
        let plain = schedule(length, every);
        let wanted = drive(&mut Fake::new(1, 0, clocks[0]), &[plain], 1, go_on).unwrap();
        let with_stops = stops.map_or(plain, |every| plain.with_stops(every)).with_snapshots(snapshots);
        let mut device = Fake::new(1, 0, clocks[pace]);
        let outcomes = drive(&mut device, &[with_stops], depth, go_on).unwrap();
        prop_assert_eq!(outcomes, wanted);
        prop_assert_eq!(device.chunks.iter().map(|chunk| u64::from(*chunk)).sum::<u64>(), length);
        prop_assert!(device.deepest <= depth);
    }
}
