//! The layered plan's forward product, N units on N inputs and N samples, in each layout on each adapter: `cargo bench --bench
//! matmul`. An element is one operation, and a multiply-add is two, so Gelem/s are GFLOP/s.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use planar::gpu::plan::{PlanChoice, Problem, Slot};
use planar::gpu::{Adapter, Gpu};
use planar::model::Activation;
use planar::model::params::Layout;
use planar::selftest::testing::of_any_depth;

/// Products per submit: enough that submitting costs next to nothing, few enough that no driver takes it for a hang.
const BATCH: usize = 16;

fn matmul(criterion: &mut Criterion) {
    for adapter in Adapter::all() {
        let gpu = Gpu::open(&adapter).expect("the adapter opens").with_plan(PlanChoice::Layered);
        let mut group = criterion.benchmark_group(format!("matmul on {adapter}"));
        group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
        for n in [128_u32, 256, 512, 1024] {
            let problem = Problem {
                networks: 1,
                samples: n,
                activation: Activation::Relu,
                borrowed: None,
                layout: Layout::new(&[n as usize, n as usize, 1]),
                dense: None,
            };
            group.throughput(Throughput::Elements(2 * u64::from(n).pow(3)));
            for laid in of_any_depth() {
                let plan = laid.on(&gpu).plan(&problem).expect("it fits");
                let call = &plan.forward[0];
                let contents = |slot: &Slot| vec![1_u32; plan.slots[slot] as usize];
                let contents: Vec<Vec<u32>> = call.buffers.iter().map(contents).collect();
                let alone = gpu.alone(call, &contents).expect("the call fits");
                group.bench_function(BenchmarkId::new(laid.layout, n), |bencher| {
                    bencher.iter_custom(|times| {
                        let start = Instant::now();
                        for done in (0..times).step_by(BATCH) {
                            alone.run((times - done).min(BATCH as u64) as u32).expect("it runs");
                        }
                        start.elapsed()
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, matmul);
criterion_main!(benches);
