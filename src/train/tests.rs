//! Whole trainings against a fake device and a fake clock.

use std::ops::ControlFlow;
use std::time::Duration;

use super::fake::{Fake, drive, go_on};
use super::{CostAt, Event, Request, Schedule, Status, Training};
use crate::Error;
use crate::backend::{CHUNK_LIMIT, Chunk, Evaluation};
use crate::model::{Activation, Network, Parameters};

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
        Some(Chunk {
            iterations,
            costs: vec![vec![0.5; costs]; networks],
            parameters,
            moments: vec![Vec::new(); networks],
        })
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

#[test]
fn a_wrong_answer_changes_nothing_and_a_network_that_is_not_there_cannot_be_retired() {
    let mut device = Fake::new(2, 0, |_| 0.01);
    let mut training = Training::new(&[schedule(17, 1); 2], 1).unwrap();
    training.submitted(1).unwrap();
    device.queued.push_back(1);
    let right = device.collect().unwrap();
    let wrong: [fn(&mut Chunk); 6] = [
        |chunk| chunk.costs.truncate(1),
        |chunk| chunk.parameters.truncate(1),
        |chunk| chunk.costs.push(vec![0.5]),
        |chunk| chunk.costs[1].clear(),
        |chunk| chunk.costs[1].push(0.5),
        |chunk| chunk.iterations = 2,
    ];
    for (n, spoil) in wrong.into_iter().enumerate() {
        let mut chunk = right.clone();
        spoil(&mut chunk);
        let error = training.collected(Some(chunk), Duration::from_secs(9)).unwrap_err();
        assert!(matches!(error, Error::Mismatch(_) | Error::Incomplete { .. }), "{n}: {error}");
        assert_eq!(training.next(), Request::Collect, "{n}");
    }
    training.collected(Some(right), Duration::from_millis(10)).unwrap();
    assert_eq!(training.next(), Request::Submit(4), "asked for by the time of the right answer");
    for network in [0, 1, 2, usize::MAX] {
        assert!(matches!(training.retired(network), Err(Error::Mismatch(_))), "network {network}");
    }
}

#[test]
fn divergence_is_found_wherever_it_is_in_a_chunk() {
    // chunks end at 1, 5, 21, 85, 341
    for (at, before) in [(0, None), (1, Some(1)), (3, Some(1)), (17, Some(5)), (277, Some(85))] {
        let mut device = Fake::new(1, 0, |_| 1e-5);
        device.not_finite[0].0 = Some(at);
        let outcome = drive(&mut device, &[schedule(400, 1)], 1, go_on).unwrap().swap_remove(0);
        assert_eq!((outcome.status, outcome.iterations), (Status::Diverged, at));
        assert_eq!(iterations(&outcome.costs), (0..=at).collect::<Vec<_>>());
        assert_eq!(outcome.last_finite().map(|(at, _)| at), before, "{at}");
    }
    // the forward pass at the end
    let mut device = Fake::new(1, 0, |_| 1e-5);
    device.not_finite[0].0 = Some(17);
    let outcome = drive(&mut device, &[schedule(17, 3)], 1, go_on).unwrap().swap_remove(0);
    assert_eq!((outcome.status, outcome.last_finite().map(|(at, _)| at)), (Status::Diverged, Some(17)));
}

#[test]
fn a_listener_that_breaks_when_a_network_ends_interrupts_the_others_there() {
    let mut device = Fake::new(3, 0, |_| 1e-3);
    let outcomes = drive(&mut device, &[400, 17, 277].map(|length| schedule(length, 10)), 2, |event| match event {
        Event::Ended { .. } => ControlFlow::Break(()),
        Event::Advanced { .. } => ControlFlow::Continue(()),
    });
    let found: Vec<_> = outcomes.unwrap().iter().map(|outcome| (outcome.status, outcome.iterations)).collect();
    assert_eq!(found, [(Status::Interrupted, 17), (Status::Finished, 17), (Status::Interrupted, 17)]);
    device.retired.sort_unstable();
    assert_eq!(device.retired, [0, 1, 2]);
}

#[test]
fn a_training_stopped_before_it_began_submits_nothing() {
    let mut training = Training::new(&[schedule(17, 1)], 2).unwrap();
    training.stop();
    assert_eq!(training.next(), Request::Evaluate);
    training.evaluated(vec![Evaluation { cost: 0.5, logits: Vec::new() }]).unwrap();
    assert_eq!(training.next(), Request::Retire(0));
    training.retired(0).unwrap();
    assert_eq!(training.next(), Request::Done);
    let outcome = training.into_outcomes().swap_remove(0);
    assert_eq!((outcome.status, outcome.iterations, outcome.last_finite()), (Status::Interrupted, 0, None));
}

#[test]
fn a_network_that_is_stopped_ends_with_the_last_chunk_collected_and_the_others_go_on() {
    for depth in [1, 2] {
        let mut device = Fake::new(3, 0, |_| 1e-3);
        let mut training = Training::new(&[schedule(100, 1).with_stops(10); 3], depth).unwrap();
        let mut asked = None;
        loop {
            match training.next() {
                Request::Submit(iterations) => {
                    device.submit(iterations);
                    training.submitted(iterations).unwrap();
                }
                Request::Collect => {
                    let chunk = device.collect();
                    training.collected(chunk, Duration::from_secs_f64(device.now)).unwrap();
                }
                Request::Evaluate => training.evaluated(device.evaluate()).unwrap(),
                Request::Retire(network) => {
                    device.retired.push(network);
                    training.retired(network).unwrap();
                }
                Request::Done => break,
            }
            training.tell(go_on_by_value);
            if asked.is_none() && device.done >= 30 {
                asked = Some(device.done);
                training.stop_network(1);
                training.stop_network(7); // there is no such network
            }
        }
        let outcomes = training.into_outcomes();
        let ends: Vec<_> = outcomes.iter().map(|outcome| (outcome.status, outcome.iterations)).collect();
        let finished = (Status::Finished, 100);
        assert_eq!(ends, [finished, (Status::Stopped, asked.unwrap()), finished], "{depth} in the queue");
        assert_eq!(outcomes[1].last_finite().map(|(at, _)| at), asked);
        assert_eq!(device.retired, [1, 0, 2]);
    }
}

fn go_on_by_value(_: Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
