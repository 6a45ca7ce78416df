//! Memory stays flat and results stay right over many sessions and long runs. The long ones are run by `tests/soak`.
//!
//! The checks run one at a time, since each watches the memory of the whole process.

mod common;

use std::ops::ControlFlow;
use std::time::Instant;

use common::run;
use libtest_mimic::{Arguments, Failed, Trial};
use planar::backend::Backend;
use planar::cpu::Engine;
use planar::data::flower;
use planar::gpu::{Adapter, Choice, Gpu};
use planar::train::{Schedule, Status, train};

type Check = Result<(), Failed>;

/// How much a process may grow from a tenth of the way to its end, in bytes.
const FLAT: u64 = 16 << 20;

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let required = std::env::var("REQUIRE_GPU").is_ok_and(|value| value == "1");
    let is_missing = Adapter::choose(&Adapter::all(), &Choice::Any).is_err();
    let on_gpu = |trial: Trial| trial.with_ignored_flag(is_missing && !required);
    let trials = vec![
        on_gpu(Trial::test("sessions_dropped_on_the_gpu_free_their_memory", || dropped(&gpu()?, 1000))),
        Trial::test("sessions_dropped_on_the_cpu_free_their_memory_and_threads", || {
            dropped(&Engine::new(Some(4))?, 1000)
        }),
        Trial::test("soak_10_000_sessions_on_the_gpu", || dropped(&gpu()?, 10_000)).with_ignored_flag(true),
        Trial::test("soak_10_000_sessions_on_the_cpu", || dropped(&Engine::new(Some(4))?, 10_000))
            .with_ignored_flag(true),
        Trial::test("soak_200_000_iterations_on_the_gpu", || long_run(&gpu()?, 200_000)).with_ignored_flag(true),
        Trial::test("soak_5_000_000_iterations_on_the_cpu", || long_run(&Engine::new(None)?, 5_000_000))
            .with_ignored_flag(true),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

fn gpu() -> planar::Result<Gpu> {
    Gpu::open(Adapter::choose(&Adapter::all(), &Choice::Any)?)
}

/// Bytes of memory and number of threads of this process; 0 if the system does not tell.
fn usage() -> (u64, usize) {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()));
    let threads = std::fs::read_dir("/proc/self/task").map_or(0, |tasks| tasks.count());
    (4096 * pages.unwrap_or(0), threads)
}

/// Checks that memory and threads have not grown between `before` and the end.
fn flat(what: &str, start: Instant, before: (u64, usize)) -> Check {
    let (mib, after) = (|bytes: u64| bytes as f64 / f64::from(1 << 20), usage());
    eprintln!(
        "{what}: {:.1} MiB and {} threads after a tenth, {:.1} MiB and {} at the end, {:.1} s",
        mib(before.0),
        before.1,
        mib(after.0),
        after.1,
        start.elapsed().as_secs_f64()
    );
    if after.0 > before.0 + FLAT || after.1 > before.1 {
        return Err("memory or threads grow".into());
    }
    Ok(())
}

/// Sessions dropped with a chunk in flight: half a megabyte each, so that a leak of one in a hundred would show.
fn dropped(backend: &dyn Backend, cycles: u32) -> Check {
    let (data, runs) = (flower(10_000, 1)?, [run(&[7], "tanh", 0.5, 1, 0.1), run(&[40], "tanh", 0.5, 2, 0.1)]);
    let (start, mut before) = (Instant::now(), (0, 0));
    for cycle in 0..cycles {
        let mut session = backend.load(&data, &runs)?;
        session.advance(1)?;
        if cycle.is_multiple_of(2) {
            session.collect()?;
        }
        session.advance(1)?;
        drop(session);
        if cycle == cycles / 10 {
            before = usage();
        }
    }
    flat(&format!("{cycles} sessions"), start, before)
}

/// The notebook's network, n_h = 4: a fresh session at the final weights has the last cost, and a fresh run has the
/// first tenth of all costs.
fn long_run(backend: &dyn Backend, iterations: u64) -> Check {
    let (data, first) = (flower(400, 1)?, run(&[4], "tanh", 0.5, 2, 0.01));
    let (start, mut before) = (Instant::now(), (0, 0));
    let mut session = backend.load(&data, std::slice::from_ref(&first))?;
    let schedule = Schedule::new(iterations, Some(iterations / 100))?;
    let outcome = train(session.as_mut(), schedule, |at| {
        if before.0 == 0 && at.iteration >= iterations / 10 {
            before = usage();
        }
        ControlFlow::Continue(())
    })?;
    flat(&format!("{iterations} iterations"), start, before)?;
    let last = outcome.costs.last().copied().ok_or("no costs")?;
    let whole = outcome.status == Status::Finished && outcome.costs.len() == 101 && last.iteration == iterations;
    let parameters = outcome.parameters.clone().ok_or("no parameters")?;
    let evaluated = backend.load(&data, &[planar::backend::Run { parameters, ..first.clone() }])?.evaluate()?[0].cost;
    if !whole || last.cost != evaluated || last.cost >= outcome.costs[0].cost {
        return Err(format!("{last:?}, evaluated {evaluated}, {} costs", outcome.costs.len()).into());
    }
    let mut fresh = backend.load(&data, &[first])?;
    let again =
        train(fresh.as_mut(), Schedule::new(iterations / 10, Some(iterations / 100))?, |_| ControlFlow::Continue(()))?;
    if again.costs[..10] != outcome.costs[..10] {
        return Err("a fresh run has other costs".into());
    }
    eprintln!("the cost ends at {}", last.cost);
    Ok(())
}
