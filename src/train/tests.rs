//! Whole trainings against a fake device and a fake clock.

use std::ops::ControlFlow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::fake::{Break, Fake, cost};
use super::{CostAt, Event, Outcome, Request, Schedule, Status, Training, train, train_all};
use crate::backend::{CHUNK_LIMIT, Chunk, Evaluation, Session};
use crate::{Error, Result};

fn schedule(iterations: u64, log_every: u64) -> Schedule {
    Schedule::new(iterations, Some(log_every)).unwrap()
}

fn goes_on(_: Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The costs that a network logs that ends after `last` updates, NaN if it diverges there.
fn logged(network: usize, every: u64, last: u64, diverges: bool) -> Vec<(u64, u64)> {
    let at = |k| (k, cost(network, k).to_bits());
    let end = if diverges { (last, f64::NAN.to_bits()) } else { at(last) };
    (0..last).filter(|k| k.is_multiple_of(every)).map(at).chain([end]).collect()
}

fn bits(costs: &[CostAt]) -> Vec<(u64, u64)> {
    costs.iter().map(|at| (at.iteration, at.cost.to_bits())).collect()
}

/// What of an outcome depends on no chunk.
fn ended(outcome: &Outcome) -> (Status, u64, Vec<(u64, u64)>) {
    (outcome.status, outcome.iterations, bits(&outcome.costs))
}

#[test]
fn chunks_of_a_quick_device_grow_fourfold_to_the_limit() {
    let mut device = Fake::new(1);
    device.train(&[schedule(20_000, 1000)], goes_on).unwrap();
    // 50 ms / 10 µs are 5000 iterations: more than the limit
    assert_eq!(device.chunks, [1, 4, 16, 64, 256, 1024, 4096, 4096, 4096, 4096, 2251]);
    assert!(device.chunks.iter().all(|chunk| *chunk <= CHUNK_LIMIT));
}

#[test]
fn chunks_of_a_slow_device_stay_single_iterations() {
    let mut device = Fake::new(1).with_seconds(|_| 3.0).with_depth(2);
    device.train(&[schedule(17, 3)], goes_on).unwrap();
    assert_eq!(device.chunks, [1; 17]);
}

#[test]
fn chunks_last_fifty_milliseconds_and_shrink_at_most_fourfold_when_a_device_slows_down() {
    let mut device = Fake::new(1).with_seconds(|k| if k < 1000 { 0.001 } else { 0.1 });
    device.train(&[schedule(1100, 100)], goes_on).unwrap();
    let slow = device.ends(0).iter().position(|end| *end > 1000).unwrap();
    assert_eq!(device.chunks[..4], [1, 4, 16, 50], "50 iterations of 1 ms are 50 ms");
    assert!(device.chunks[3..slow].iter().all(|chunk| (49..=50).contains(chunk)), "{:?}", device.chunks);
    let after: Vec<u32> = device.chunks[slow + 1..].iter().take(4).copied().collect();
    assert_eq!(after, [12, 3, 1, 1], "{:?}", device.chunks);
}

#[test]
fn nothing_is_queued_behind_the_first_chunk_and_then_as_much_as_the_device_asks_for() {
    for depth in [0, 1, 2, 5] {
        let mut training = Training::new(&[schedule(400, 40)], depth).unwrap();
        let mut device = Fake::new(1).with_depth(depth);
        assert_eq!(training.next(), Request::Submit(1));
        training.submitted(1).unwrap();
        device.advance(1).unwrap();
        assert_eq!(training.next(), Request::Collect, "the first chunk's time says how long the next may be");
        training.collected(device.collect().unwrap(), Duration::from_millis(10)).unwrap();
        for _ in 0..depth.max(1) {
            assert_eq!(training.next(), Request::Submit(4));
            training.submitted(4).unwrap();
        }
        assert_eq!(training.next(), Request::Collect);

        let mut device = Fake::new(1).with_depth(depth);
        device.train(&[schedule(2000, 277)], goes_on).unwrap();
        assert_eq!(device.most_queued, depth.max(1));
    }
}

#[test]
fn trainings_of_odd_lengths_log_each_due_cost_and_the_last() {
    for iterations in [1, 3, 17, 277, 400] {
        for every in [1, 3, 17, 277, 400] {
            let mut device = Fake::new(1).with_depth(2).with_seconds(|_| 1e-3);
            let outcome = device.train(&[schedule(iterations, every)], goes_on).unwrap().remove(0);
            assert_eq!(ended(&outcome), (Status::Finished, iterations, logged(0, every, iterations, false)));
            assert_eq!(outcome.last_finite().map(|(at, p)| (at, p.values()[0])), Some((iterations, iterations as f64)));
            assert_eq!(outcome.evaluation.logits, [iterations as f64]);
            assert_eq!((device.done, device.evaluations, device.retired), (iterations, 1, vec![0]));
        }
    }
}

#[test]
fn divergence_in_the_middle_of_a_chunk_ends_at_the_first_cost_that_is_not_finite() {
    // chunks end at 1, 5, 21, 85, 341
    let chunks = [(0, None), (1, Some(1)), (3, Some(1)), (17, Some(5)), (277, Some(85))];
    for (at, before) in chunks {
        let mut device = Fake::new(1).with_depth(2).with_break(0, Break::Cost(at));
        let outcome = device.train(&[schedule(10_000, 7)], goes_on).unwrap().remove(0);
        assert_eq!(ended(&outcome), (Status::Diverged, at, logged(0, 7, at, true)), "{at}");
        let last = outcome.last_finite().map(|(at, parameters)| (at, parameters.values()[0] as u64));
        assert_eq!(last, before.map(|before| (before, before)), "{at}");
        assert!(outcome.evaluation.cost.is_nan() && outcome.evaluation.logits.is_empty());
        assert_eq!((device.queued(), device.retired.as_slice(), device.evaluations), (0, [0].as_slice(), 0));
    }
}

#[test]
fn divergence_of_parameters_alone_ends_at_the_end_of_their_chunk() {
    for (at, end, before) in [(1, 1, None), (3, 5, Some(1)), (17, 21, Some(5)), (277, 341, Some(85))] {
        let mut device = Fake::new(1).with_break(0, Break::Parameters(at));
        let outcome = device.train(&[schedule(400, 400)], goes_on).unwrap().remove(0);
        assert_eq!(ended(&outcome), (Status::Diverged, end, logged(0, 400, end, true)), "{at}");
        assert_eq!(outcome.last_finite().map(|(at, _)| at), before, "{at}");
        assert_eq!(outcome.parameters_at, before.unwrap_or(0));
    }
}

#[test]
fn an_end_whose_evaluation_is_not_finite_has_diverged() {
    let mut device = Fake::new(1).with_break(0, Break::Cost(17));
    let outcome = device.train(&[schedule(17, 3)], goes_on).unwrap().remove(0);
    assert_eq!(ended(&outcome), (Status::Diverged, 17, logged(0, 3, 17, true)));
    assert_eq!(outcome.last_finite().map(|(at, _)| at), Some(17));
}

#[test]
fn chunks_left_behind_by_a_network_that_diverged_last_are_collected() {
    let mut device = Fake::new(1).with_depth(3).with_break(0, Break::Cost(30)).with_seconds(|_| 1e-3);
    let mut advanced = Vec::new();
    device
        .train(&[schedule(400, 1)], |event| {
            advanced.extend(matches!(event, Event::Advanced { .. }).then_some(()));
            ControlFlow::Continue(())
        })
        .unwrap();
    let chunk = device.ends(0).iter().position(|end| *end > 30).unwrap();
    assert!(device.chunks.len() > chunk + 1, "chunks were queued behind the one that diverged");
    assert_eq!((device.queued(), device.done), (0, *device.ends(0).last().unwrap()));
    assert_eq!(advanced.len(), chunk, "nothing is told of them");
}

/// Networks of different lengths, of which number 2 diverges.
fn many() -> (Fake, Vec<Schedule>) {
    let device = Fake::new(5).with_depth(2).with_break(2, Break::Cost(100)).with_seconds(|_| 2e-3);
    (device, [277, 3, 400, 17, 400].map(|iterations| schedule(iterations, 10)).to_vec())
}

#[test]
fn networks_end_each_at_its_own_length_and_are_retired_once() {
    let (mut device, schedules) = many();
    let (mut order, mut advanced) = (Vec::new(), Vec::new());
    let outcomes = device
        .train(&schedules, |event| {
            match event {
                Event::Ended { network, outcome } => order.push((network, outcome.iterations)),
                Event::Advanced { iteration, costs, parameters, logged } => {
                    let ended: Vec<usize> = order.iter().map(|(network, _)| *network).collect();
                    for n in 0..5 {
                        assert_eq!(costs[n].is_nan(), ended.contains(&n), "network {n} at {iteration}");
                        assert_eq!(logged[n].is_empty(), ended.contains(&n), "network {n} at {iteration}");
                        assert!(logged[n].iter().all(|at| at.iteration < iteration));
                        assert!(costs[n].is_nan() || costs[n] == cost(n, iteration - 1));
                        assert!(costs[n].is_nan() || parameters[n].values()[0] as u64 == iteration);
                    }
                    advanced.push(iteration);
                }
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    let lengths = [277, 3, 100, 17, 400];
    for (n, outcome) in outcomes.iter().enumerate() {
        let status = if n == 2 { Status::Diverged } else { Status::Finished };
        assert_eq!(ended(outcome), (status, lengths[n], logged(n, 10, lengths[n], n == 2)), "network {n}");
    }
    assert_eq!(order, [(1, 3), (3, 17), (2, 100), (0, 277), (4, 400)]);
    assert_eq!(device.retired, [1, 3, 2, 0, 4]);
    assert_eq!(advanced, device.ends(0));
    assert!([3, 17, 277, 400].iter().all(|end| advanced.contains(end)), "a chunk ends with each network");
}

#[test]
fn a_training_that_is_interrupted_finishes_what_is_queued_and_no_more() {
    for depth in [1, 2, 5] {
        let mut device = Fake::new(2).with_depth(depth).with_seconds(|_| 1e-3);
        let mut submitted_then = None;
        let schedules = [schedule(400, 3), schedule(5000, 3)];
        let outcomes = device
            .train(&schedules, |event| match event {
                Event::Advanced { iteration, .. } if iteration >= 17 => {
                    submitted_then.get_or_insert(iteration);
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            })
            .unwrap();
        // at depth d, d − 1 chunks are queued when the one that ends at 21 or later is told of
        let told = device.ends(0).iter().position(|end| Some(*end) == submitted_then).unwrap();
        assert_eq!(device.chunks.len(), told + depth, "depth {depth}: {:?}", device.chunks);
        for (n, outcome) in outcomes.iter().enumerate() {
            assert_eq!(ended(outcome), (Status::Interrupted, device.done, logged(n, 3, device.done, false)));
            assert_eq!(outcome.parameters_at, device.done);
        }
        assert_eq!((device.queued(), device.evaluations, device.retired), (0, 1, vec![0, 1]));
    }
}

#[test]
fn a_listener_that_breaks_when_a_network_ends_interrupts_the_others() {
    let mut device = Fake::new(3);
    let schedules = [400, 17, 277].map(|iterations| schedule(iterations, 10));
    let outcomes = device
        .train(&schedules, |event| match event {
            Event::Ended { .. } => ControlFlow::Break(()),
            Event::Advanced { .. } => ControlFlow::Continue(()),
        })
        .unwrap();
    let statuses: Vec<Status> = outcomes.iter().map(|outcome| outcome.status).collect();
    assert_eq!(statuses, [Status::Interrupted, Status::Finished, Status::Interrupted]);
    assert!(outcomes.iter().all(|outcome| outcome.iterations == 17));
    let mut retired = device.retired.clone();
    retired.sort_unstable();
    assert_eq!(retired, [0, 1, 2], "each once");
}

#[test]
fn a_training_stopped_before_it_began_does_nothing() {
    let mut training = Training::new(&[schedule(17, 1)], 2).unwrap();
    training.stop();
    assert_eq!(training.next(), Request::Evaluate);
    training.evaluated(vec![Evaluation { cost: 0.5, logits: vec![] }]).unwrap();
    assert_eq!(training.next(), Request::Retire(0));
    training.retired(0).unwrap();
    assert_eq!(training.next(), Request::Done);
    let outcome = training.into_outcomes().remove(0);
    assert_eq!((outcome.status, outcome.iterations, outcome.last_finite()), (Status::Interrupted, 0, None));
}

#[test]
fn a_training_that_goes_on_counts_from_where_it_was() {
    for done in [1, 3, 17, 277, 399] {
        let mut device = Fake::new(1).with_depth(2);
        device.done = done;
        let outcome = device.train(&[schedule(400, 7).after(done)], goes_on).unwrap().remove(0);
        let whole = logged(0, 7, 400, false);
        let rest: Vec<(u64, u64)> = whole.into_iter().filter(|(k, _)| *k >= done).collect();
        assert_eq!(ended(&outcome), (Status::Finished, 400, rest), "after {done}");
        assert_eq!(device.chunks.iter().map(|chunk| u64::from(*chunk)).sum::<u64>(), 400 - done);
        assert_eq!(device.chunks[0], 1, "the device's speed is not known again");
    }
    for done in [400, 401, u64::MAX] {
        let mut device = Fake::new(1);
        let outcome = device.train(&[schedule(400, 7).after(done)], goes_on).unwrap().remove(0);
        assert_eq!((outcome.status, outcome.iterations, device.chunks.len()), (Status::Finished, done, 0));
    }
}

#[test]
fn chunks_end_at_stops_and_snapshots() {
    for (every, count) in [(1, 0), (3, 1), (17, 3), (277, 17), (400, 60)] {
        let schedule = schedule(2000, 100).with_stops(every).with_snapshots(count);
        let mut device = Fake::new(1).with_depth(2);
        let outcome = device.train(&[schedule], goes_on).unwrap().remove(0);
        let ends = device.ends(0);
        let stops = (1..=2000 / every).map(|k| k * every).chain(schedule.snapshots());
        assert!(stops.into_iter().all(|stop| ends.contains(&stop)), "{every}, {count}: {ends:?}");
        assert_eq!(ended(&outcome), (Status::Finished, 2000, logged(0, 100, 2000, false)));
    }
}

#[test]
fn networks_that_start_apart_are_refused_and_none_are_done_at_once() {
    assert!(matches!(Training::new(&[schedule(3, 1), schedule(3, 1).after(1)], 1), Err(Error::Mismatch(_))));
    assert_eq!(Training::new(&[], 1).unwrap().next(), Request::Done);
}

/// A training of two networks with a chunk of 1 iteration queued.
fn queued() -> Training {
    let mut training = Training::new(&[schedule(17, 1); 2], 1).unwrap();
    training.submitted(1).unwrap();
    training
}

#[test]
fn a_wrong_reply_is_an_error_and_changes_nothing() {
    let mut device = Fake::new(2);
    device.advance(1).unwrap();
    let right = device.collect().unwrap().unwrap();
    let wrong: [(&str, fn(&mut Chunk)); 6] = [
        ("a network's costs are missing", |chunk| chunk.costs.truncate(1)),
        ("a network's parameters are missing", |chunk| chunk.parameters.truncate(1)),
        ("a network too many", |chunk| chunk.costs.push(vec![0.5])),
        ("a cost is missing", |chunk| chunk.costs[1].clear()),
        ("a cost too many", |chunk| chunk.costs[1].push(0.5)),
        ("more iterations than asked", |chunk| chunk.iterations = 2),
    ];
    for (what, spoil) in wrong {
        let (mut training, mut chunk) = (queued(), right.clone());
        spoil(&mut chunk);
        let error = training.collected(Some(chunk), Duration::ZERO).unwrap_err();
        assert!(matches!(error, Error::Mismatch(_) | Error::Incomplete { .. }), "{what}: {error}");
        assert_eq!(training.next(), Request::Collect, "{what}");
        training.collected(Some(right.clone()), Duration::ZERO).unwrap();
    }
    let mut training = queued();
    assert!(matches!(training.collected(None, Duration::ZERO), Err(Error::Incomplete { asked: 1, done: 0 })));
    assert!(matches!(training.evaluated(device.evaluate().unwrap()), Err(Error::Mismatch(_))), "a chunk is queued");
    training.collected(Some(right.clone()), Duration::ZERO).unwrap();
    assert!(matches!(training.collected(Some(right), Duration::ZERO), Err(Error::Mismatch(_))), "none was submitted");
    assert!(matches!(training.submitted(CHUNK_LIMIT), Err(Error::Mismatch(_))), "not asked for");
    assert!(matches!(training.evaluated(Vec::new()), Err(Error::Mismatch(_))));
    for network in [0, 1, 2, usize::MAX] {
        assert!(matches!(training.retired(network), Err(Error::Mismatch(_))), "it has not ended");
    }
    assert_eq!(training.next(), Request::Submit(4));
}

#[test]
fn the_blocking_driver_trains_as_the_training_says() {
    let (mut device, schedules) = many();
    let wanted = device.train(&schedules, goes_on).unwrap();
    let (mut device, _) = many();
    let outcomes = train_all(&mut device, &schedules, goes_on).unwrap();
    assert!(outcomes.iter().map(ended).eq(wanted.iter().map(ended)));
    let mut device = Fake::new(1);
    let outcome = train(&mut device, schedule(277, 3), |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(ended(&outcome), (Status::Finished, 277, logged(0, 3, 277, false)));
    assert!(train(&mut Fake::new(2), schedule(3, 1), |_| ControlFlow::Continue(())).is_err());
}

/// A device whose every answer is waited for, as in a browser.
struct Page(Fake);

impl Page {
    async fn answer<T>(&mut self, answer: impl FnOnce(&mut Fake) -> T) -> T {
        let mut is_ready = false;
        std::future::poll_fn(|_| match std::mem::replace(&mut is_ready, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        answer(&mut self.0)
    }
}

/// The driver that waits without blocking.
async fn train_on_page(page: &mut Page, schedules: &[Schedule]) -> Result<Vec<Outcome>> {
    let mut training = Training::new(schedules, page.0.depth)?;
    loop {
        match training.next() {
            Request::Submit(iterations) => {
                page.0.advance(iterations)?;
                training.submitted(iterations)?;
            }
            Request::Collect => {
                let chunk = page.answer(Fake::collect).await?;
                training.collected(chunk, Duration::from_secs_f64(page.0.now))?;
            }
            Request::Evaluate => training.evaluated(page.answer(Fake::evaluate).await?)?,
            Request::Retire(network) => {
                page.0.retire(network)?;
                training.retired(network)?;
            }
            Request::Done => return Ok(training.into_outcomes()),
        }
        training.tell(goes_on);
    }
}

#[test]
fn a_driver_that_waits_without_blocking_trains_the_same() {
    let (mut device, schedules) = many();
    let wanted = device.train(&schedules, goes_on).unwrap();
    let mut page = Page(many().0);
    let (outcomes, waits) = {
        let (mut training, mut waits) = (pin!(train_on_page(&mut page, &schedules)), 0);
        loop {
            match training.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(outcomes) => break (outcomes.unwrap(), waits),
                Poll::Pending => waits += 1,
            }
        }
    };
    assert_eq!(format!("{outcomes:?}"), format!("{wanted:?}"));
    assert_eq!(page.0.chunks, device.chunks);
    assert_eq!(waits, device.chunks.len() + device.evaluations, "one wait per answer, and none else");
}
