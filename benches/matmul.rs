//! The tiled matmul, N × N, on each adapter: `cargo bench --bench matmul`. An element is one operation, and a
//! multiply-add is two, so Gelem/s are GFLOP/s.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use planar::cpu::operations::Transpose;
use planar::gpu::plan::Slot;
use planar::gpu::testing::call;
use planar::gpu::testing::uniforms::Product;
use planar::gpu::{Adapter, Gpu};

/// Products per submit: enough that submitting costs next to nothing, few enough that no driver takes it for a hang.
const BATCH: usize = 16;

fn matmul(criterion: &mut Criterion) {
    for adapter in Adapter::all() {
        let gpu = Gpu::open(&adapter).expect("the adapter opens");
        let mut group = criterion.benchmark_group(format!("matmul on {adapter}"));
        group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
        for n in [128_u32, 256, 512, 1024] {
            let product = Product { rows: n, inner: n, columns: n, slabs: 1, scale: 1.0, ..Default::default() };
            let step = call::matmul(product, Transpose::None, 1, [Slot::Inputs, Slot::Labels, Slot::Gradients]);
            let mut contents = vec![vec![1.0_f32.to_bits(); (n * n) as usize]; 3];
            contents.push(vec![1; 4]); // the record of a network in training
            let alone = gpu.alone(&step, &contents).expect("the step fits");
            group.throughput(Throughput::Elements(2 * u64::from(n).pow(3)));
            group.bench_function(BenchmarkId::from_parameter(n), |bencher| {
                bencher.iter_custom(|times| {
                    let start = Instant::now();
                    for done in (0..times).step_by(BATCH) {
                        alone.run((times - done).min(BATCH as u64) as u32).expect("it runs");
                    }
                    start.elapsed()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, matmul);
criterion_main!(benches);
