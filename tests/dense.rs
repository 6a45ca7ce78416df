//! Deep networks, classes, numbers, optimisers and batches on the CPU, against the trainings that NumPy made in f64.

mod common;

use common::dense::cases;
use planar::cpu::{Engine, Reference};

/// What f32 may be off by, relative, after this many updates.
fn of_f32(updates: usize) -> f64 {
    if updates <= 50 { 1e-4 } else { 1e-3 }
}

#[test]
fn the_reference_in_f64_follows_every_training_to_1e_9() {
    for case in cases() {
        case.check(&Reference::<f64>::new(), |_| 1e-9);
    }
}

#[test]
fn the_reference_in_f32_follows_every_training() {
    for case in cases() {
        case.check(&Reference::<f32>::new(), of_f32);
    }
}

#[test]
fn the_engine_follows_every_training_on_one_thread_and_on_two() {
    for threads in [1, 2] {
        for case in cases() {
            case.check(&Engine::new(Some(threads)).unwrap(), of_f32);
        }
    }
}
