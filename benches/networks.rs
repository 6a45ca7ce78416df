//! From 1 to 4,096 networks side by side, n_h = 4, m = 400, on the CPU engine and on each adapter with the plans
//! `split` and `resident`: `cargo bench --bench networks`. An element is one iteration of one network: time/elements is the
//! cost of a network.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use planar::backend::{Backend, Run};
use planar::cpu::Engine;
use planar::data::flower;
use planar::gpu::plan::PlanChoice;
use planar::gpu::{Adapter, Gpu};
use planar::measure;
use planar::model::Network;

mod common;

fn networks(criterion: &mut Criterion) {
    let data = flower(400, 1).expect("a flower");
    let mut backends: Vec<(String, Box<dyn Backend>)> =
        vec![("engine".into(), Box::new(Engine::new(None).expect("the engine starts")))];
    for adapter in Adapter::all() {
        for plan in [PlanChoice::Split, PlanChoice::Resident] {
            let gpu = Gpu::open(&adapter).expect("the adapter opens").with_plan(plan);
            backends.push((format!("{plan} on {}", gpu.device().name), Box::new(gpu)));
        }
    }
    for activation in ["tanh", "leaky-relu"] {
        let run = |seed: u32| {
            let network = Network::one_hidden(2, 4, activation.parse().expect("it is one")).expect("a network");
            measure::run(&network, seed)
        };
        let mut group = criterion.benchmark_group(format!("networks/{activation}"));
        group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
        for count in [1, 4, 16, 64, 256, 1024, 4096] {
            let runs: Vec<Run> = (0..count).map(run).collect();
            group.throughput(Throughput::Elements(count.into()));
            for (name, backend) in &backends {
                let mut session = backend.load(&data, &runs).expect("they fit");
                common::advance(session.as_mut(), 1).expect("it advances");
                group.bench_function(BenchmarkId::new(name, count), |bencher| {
                    bencher.iter_custom(|times| common::advance(session.as_mut(), times).expect("it advances"));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, networks);
criterion_main!(benches);
