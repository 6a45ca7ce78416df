//! The verdicts of `planar diagnose` on trainings whose cause is known by construction, and what its advice is worth.

mod exam;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use exam::{Training, trainings};
use planar::diagnose::{Case, Diagnosis, examine};

/// As the command has it, and more on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn diagnosed(training: &Training) -> Diagnosis {
    let Training { data, held_out, run, iterations, .. } = training;
    let case = Case { data, held_out: held_out.as_ref(), run, iterations: *iterations };
    examine(&case, None, PATIENCE, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
}

#[test]
fn verdicts_are_right() {
    let trainings = trainings();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(training) = trainings.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begun = Instant::now();
                    let diagnosis = diagnosed(training);
                    found.lock().unwrap().insert(training.name, (diagnosis, begun.elapsed()));
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    for training in &trainings {
        let (diagnosis, took) = &found[training.name];
        let is_right = diagnosis.cause == training.cause || (training.cause == planar::diagnose::Cause::Healthy && !diagnosis.cause.is_failure());
        let right = if is_right { "     " } else { "WRONG" };
        if training.name.contains("30 features") {
            println!("{:?} {:?}", diagnosis.units.iter().map(|u| (u.iteration, u.test_cost, u.test_accuracy)).collect::<Vec<_>>(), diagnosis.device);
        }
        println!(
            "{right} {:24} {:40} {:.1} s {} | {} | {:?}",
            training.cause.name(),
            training.name,
            took.as_secs_f64(),
            diagnosis.cause.name(),
            diagnosis.verdict,
            diagnosis.remedy.as_ref().map(|r| (&r.changes, r.cost, r.accuracy))
        );
    }
}
