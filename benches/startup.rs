//! From opening an adapter to the end of the first iteration, with shader compilation: `cargo bench --bench startup`.
//! Drivers keep compiled shaders on disk; with Mesa, MESA_SHADER_CACHE_DISABLE=true measures a very first start.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use planar::backend::Backend;
use planar::data::flower;
use planar::gpu::plan::PlanChoice;
use planar::gpu::{Adapter, Gpu};
use planar::measure;
use planar::model::Network;

fn startup(criterion: &mut Criterion) {
    let data = flower(400, 1).expect("a flower");
    for adapter in Adapter::all() {
        let mut group = criterion.benchmark_group(format!("startup on {adapter}"));
        group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
        for plan in PlanChoice::ALL {
            for (hidden, activation) in [(4, "tanh"), (277, "leaky-relu")] {
                let network = Network::one_hidden(2, hidden, activation.parse().expect("a name")).expect("a network");
                let run = [measure::run(&network, 2)];
                group.bench_function(BenchmarkId::new(plan.to_string(), hidden), |bencher| {
                    bencher.iter(|| {
                        let gpu = Gpu::open(&adapter).expect("the adapter opens").with_plan(plan);
                        let mut session = gpu.load(&data, &run).expect("it loads");
                        session.advance(1).expect("it advances");
                        session.collect().expect("it collects")
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, startup);
criterion_main!(benches);
