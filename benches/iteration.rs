//! One iteration of the CPU engine and of each plan on each adapter, over widths, samples and activations: `cargo bench
//! --bench iteration`. An iteration that takes too long is skipped, with a message.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use planar::backend::{Backend, Session};
use planar::cpu::Engine;
use planar::data::{Dataset, flower};
use planar::gpu::plan::PlanChoice;
use planar::gpu::{Adapter, Gpu};
use planar::measure;
use planar::model::Network;

mod common;

/// If the first iteration takes longer than this, the case is skipped.
const PATIENCE: Duration = Duration::from_secs(1);

fn backends() -> Vec<(String, Box<dyn Backend>)> {
    let mut backends: Vec<(String, Box<dyn Backend>)> =
        vec![("engine".into(), Box::new(Engine::new(None).expect("the engine starts")))];
    for adapter in Adapter::all() {
        for plan in PlanChoice::ALL {
            let gpu = Gpu::open(&adapter).expect("the adapter opens").with_plan(plan);
            backends.push((format!("{plan} on {}", gpu.device().name), Box::new(gpu)));
        }
    }
    backends
}

fn load(backend: &dyn Backend, hidden: usize, activation: &str, data: &Dataset) -> planar::Result<Box<dyn Session>> {
    let network = Network::one_hidden(2, hidden, activation.parse()?)?;
    backend.load(data, &[measure::run(&network, 2)])
}

fn iteration(criterion: &mut Criterion) {
    let backends = backends();
    for activation in ["tanh", "leaky-relu"] {
        for samples in [400, 10_000, 100_000] {
            let data = flower(samples, 1).expect("a flower");
            let mut group = criterion.benchmark_group(format!("iteration/{activation}/m={samples}"));
            group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
            for hidden in [4, 40, 277, 1024, 4096] {
                for (name, backend) in &backends {
                    let mut session = match load(backend.as_ref(), hidden, activation, &data) {
                        Ok(session) => session,
                        Err(error) => {
                            eprintln!("{name}, n_h = {hidden}: {error}");
                            continue;
                        }
                    };
                    let _compiled = common::advance(session.as_mut(), 1).expect("it advances");
                    let first = common::advance(session.as_mut(), 1).expect("it advances");
                    if first > PATIENCE {
                        eprintln!("{name}, n_h = {hidden}, m = {samples}: left out, {first:.1?} per iteration");
                        continue;
                    }
                    group.bench_function(BenchmarkId::new(name, hidden), |bencher| {
                        bencher.iter_custom(|times| common::advance(session.as_mut(), times).expect("it advances"));
                    });
                }
            }
            group.finish();
        }
    }
}

criterion_group!(benches, iteration);
criterion_main!(benches);
