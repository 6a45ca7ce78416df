//! What holds of any schedules, queue and clock: drawn at random, the same in every run.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::fake::{Fake, drive, go_on};
use super::{Schedule, Status};

const CLOCKS: [fn(u64) -> f64; 4] =
    [|_| 0.0, |_| 1e-3, |_| 2.0, |done| if done.is_multiple_of(5) { 1.0 } else { 1e-6 }];

fn schedule(iterations: u64, log_every: u64) -> Schedule {
    Schedule::new(iterations, Some(log_every)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_the_clock_the_queue_and_the_stops_the_costs_are_the_same(
        length in 1_u64..600,
        every in 1_u64..70,
        stops in proptest::option::of(1_u64..90),
        snapshots in 0_u64..9,
        depth in 1_usize..4,
        pace in 0_usize..4,
    ) {
        let plain = schedule(length, every);
        let wanted = drive(&mut Fake::new(1, 0, CLOCKS[0]), &[plain], 1, go_on).unwrap();
        let with_stops = stops.map_or(plain, |every| plain.with_stops(every)).with_snapshots(snapshots);
        let mut device = Fake::new(1, 0, CLOCKS[pace]);
        let outcomes = drive(&mut device, &[with_stops], depth, go_on).unwrap();
        prop_assert_eq!(outcomes, wanted);
        prop_assert_eq!(device.chunks.iter().map(|chunk| u64::from(*chunk)).sum::<u64>(), length);
        prop_assert!(device.deepest <= depth);
    }

    #[test]
    fn networks_side_by_side_log_the_costs_that_each_has_alone(
        networks in prop::collection::vec((1_u64..600, 1_u64..700, prop::option::weighted(0.3, 0_u64..600)), 1..6),
        start in 0_u64..5,
        stops in 1_u64..90,
        depth in 0_usize..5,
        pace in 0_usize..4,
    ) {
        let schedules: Vec<Schedule> = networks
            .iter()
            .map(|(length, every, _)| schedule(*length, *every).after(start).with_stops(stops))
            .collect();
        let mut device = Fake::new(networks.len(), start, CLOCKS[pace]);
        device.not_finite = networks.iter().map(|(.., from)| (*from, None)).collect();
        let outcomes = drive(&mut device, &schedules, depth, go_on).unwrap();
        for (outcome, (length, every, from)) in outcomes.iter().zip(&networks) {
            let end = start.max(*length);
            let broken = from.map(|from| from.max(start)).filter(|from| *from <= end);
            let (status, last) = broken.map_or((Status::Finished, end), |from| (Status::Diverged, from));
            prop_assert_eq!((outcome.status, outcome.iterations), (status, last));
            let cost = |k: u64| if broken == Some(k) { f64::NAN } else { 1.0 / (1.0 + k as f64) };
            let due = (start..last).filter(|k| k.is_multiple_of(*every)).chain([last]);
            let wanted: Vec<(u64, u64)> = due.map(|k| (k, cost(k).to_bits())).collect();
            let logged: Vec<(u64, u64)> = outcome.costs.iter().map(|at| (at.iteration, at.cost.to_bits())).collect();
            prop_assert_eq!(logged, wanted);
        }
        prop_assert_eq!((device.done, device.queued.len()), (device.submitted, 0));
        prop_assert!(device.deepest <= depth.max(1));
        prop_assert_eq!(device.retired.iter().collect::<BTreeSet<_>>().len(), networks.len());
    }
}
