//! An iteration of the CPU engine over widths, samples and activations: `cargo bench --bench engine`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use planar::backend::{Backend, Run, Session};
use planar::cpu::Engine;
use planar::data::Dataset;
use planar::model::{Activation, Network, Parameters};

/// Petals, as in the flower data set, without its noise.
fn petals(samples: usize) -> Dataset {
    let angle = |sample: usize| 6.24 * sample as f64 / samples as f64;
    let points: Vec<f64> = (0..samples)
        .flat_map(|sample| {
            let (sin, cos) = angle(sample).sin_cos();
            let radius = 4.0 * (4.0 * angle(sample)).sin();
            [radius * sin, radius * cos]
        })
        .collect();
    let labels = (0..samples).map(|sample| u8::from(2 * sample >= samples)).collect();
    Dataset::from_points("petals", None, 2, &points, labels).expect("petals are a data set")
}

fn load(hidden: usize, activation: Activation, data: &Dataset) -> planar::Result<Box<dyn Session>> {
    let network = Network::one_hidden(2, hidden, activation)?;
    let parameters = Parameters::initial(&network, 2, 0.01);
    Engine::new(None)?.load(data, &[Run { network, parameters, learning_rate: 0.073 }])
}

fn iteration(criterion: &mut Criterion) {
    for activation in ["tanh", "leaky-relu"] {
        let mut group = criterion.benchmark_group(format!("engine/{activation}"));
        group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
        for samples in [400, 10_000, 100_000] {
            let data = petals(samples);
            for hidden in [4, 40, 277, 1024, 4096] {
                let activation = activation.parse().expect("an activation");
                let mut session = load(hidden, activation, &data).expect("the engine takes this shape");
                group.bench_function(BenchmarkId::new(format!("m={samples}"), hidden), |bencher| {
                    bencher.iter_custom(|iterations| {
                        let start = Instant::now();
                        for chunk in (0..iterations).step_by(1000) {
                            session.advance((iterations - chunk).min(1000) as u32).expect("it advances");
                            black_box(session.collect().expect("it collects"));
                        }
                        start.elapsed()
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, iteration);
criterion_main!(benches);
