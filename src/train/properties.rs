//! What holds of any schedules, queue and clock: drawn at random, the same in every run.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::fake::{Break, Fake, cost};
use super::{Event, Schedule, Status};
use crate::backend::CHUNK_LIMIT;

/// A network: iterations, logging interval, stops, snapshots, and where its cost stops being finite.
type Drawn = (u64, u64, Option<u64>, u64, Option<u64>);

fn networks() -> impl Strategy<Value = Vec<Drawn>> {
    let stops = prop::option::of(1..2000_u64);
    let breaks = prop::option::weighted(0.2, 0..6000_u64);
    prop::collection::vec((1..6000_u64, 1..7000_u64, stops, 0..20_u64, breaks), 1..6)
}

#[test]
fn any_schedules_queue_and_clock_do_each_iteration_once_and_log_the_same_costs() {
    // powers of ten of the seconds per iteration, a new one every 100 iterations
    let clock = prop::collection::vec(-9..2_i32, 1..10);
    let drawn = (networks(), 0..5_u64, 0..6_usize, clock);
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let holds = |(networks, start, depth, clock): (Vec<Drawn>, u64, usize, Vec<i32>)| {
        let schedules: Vec<Schedule> = networks
            .iter()
            .map(|&(iterations, every, stops, snapshots, _)| {
                let schedule = Schedule::new(iterations, Some(every)).unwrap().after(start).with_snapshots(snapshots);
                stops.map_or(schedule, |every| schedule.with_stops(every))
            })
            .collect();
        let seconds = move |k: u64| 10_f64.powi(clock[(k / 100) as usize % clock.len()]);
        let mut device = Fake::new(networks.len()).with_depth(depth).with_seconds(seconds);
        device.done = start;
        device.breaks = networks.iter().map(|drawn| drawn.4.map(Break::Cost)).collect();
        let mut advanced = start;
        let outcomes = device.train(&schedules, |event| {
            if let Event::Advanced { iteration, .. } = event {
                assert!(iteration > advanced);
                advanced = iteration;
            }
            ControlFlow::Continue(())
        });
        for (n, (outcome, &(iterations, every, .., breaks))) in outcomes.unwrap().iter().zip(&networks).enumerate() {
            let end = iterations.max(start);
            // a network that is loaded broken has no cost that is finite
            let broken = breaks.map(|at| at.max(start)).filter(|at| *at <= end);
            let last = broken.unwrap_or(end);
            prop_assert_eq!(outcome.status, if broken.is_some() { Status::Diverged } else { Status::Finished });
            prop_assert_eq!(outcome.iterations, last);
            let due = (start..last).filter(|k| k.is_multiple_of(every)).map(|k| (k, cost(n, k)));
            let logged: Vec<(u64, f64)> = outcome.costs.iter().map(|at| (at.iteration, at.cost)).collect();
            let (ending, before) = logged.split_last().unwrap();
            prop_assert!(due.eq(before.iter().copied()), "network {}: {:?}", n, before);
            prop_assert_eq!(ending.0, last);
            let wanted = if broken.is_some() { f64::NAN } else { cost(n, last) };
            prop_assert_eq!(ending.1.to_bits(), wanted.to_bits());
        }
        let submitted: u64 = device.chunks.iter().map(|chunk| u64::from(*chunk)).sum();
        prop_assert_eq!((device.done, device.queued()), (start + submitted, 0), "what was submitted was collected");
        prop_assert!(device.chunks.iter().all(|chunk| (1..=CHUNK_LIMIT).contains(chunk)));
        prop_assert!(device.most_queued <= depth.max(1));
        let retired: BTreeSet<usize> = device.retired.iter().copied().collect();
        prop_assert_eq!((retired.len(), device.retired.len()), (networks.len(), networks.len()), "each once");
        Ok(())
    };
    TestRunner::new_with_rng(config, rng).run(&drawn, holds).unwrap();
}
