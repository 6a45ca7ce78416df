//! An update of networks of any depth on the CPU engine, with one thread and with two: `cargo bench --bench dense`. An
//! element is one update of one network: time/elements is what it costs.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use planar::backend::{Backend, Run};
use planar::cpu::Engine;
use planar::data::{Dataset, flower, gaussian_quantiles_of};
use planar::model::{Activation, InitScale, Network, Output};
use planar::optim::Recipe;

mod common;

/// A network, and how it is trained on which data.
struct Case {
    name: &'static str,
    data: Dataset,
    network: Network,
    recipe: Recipe,
    /// Networks side by side.
    count: u32,
}

fn cases() -> planar::Result<Vec<Case>> {
    let case = |name, data: &Dataset, hidden: &[usize], activation, outputs, batch_size, count| {
        let output = if outputs > 1 { Output::Softmax } else { Output::Logistic };
        let network = Network::new(data.features(), hidden, activation)?.with_output(output, outputs)?;
        let adam = Recipe { optimizer: "adam".parse()?, batch_size, shuffle: Some(1), ..Recipe::default() };
        let recipe = if batch_size.is_some() { adam } else { Recipe::default() };
        Ok(Case { name, data: data.clone(), network, recipe, count })
    };
    // as many numbers as these sets have; which numbers changes no time
    let (digits, images) = (ten_classes(64, 1797)?, ten_classes(784, 2048)?);
    let (cancer, flower) = (gaussian_quantiles_of(30, 569, 1)?, flower(400, 1)?);
    let relu = Activation::Relu;
    Ok(vec![
        case("digits 64-128-64-10, Adam, batch 64", &digits, &[128, 64], relu, 10, Some(64), 1)?,
        case("digits 64-128-64-10, Adam, batch 64, 64 networks", &digits, &[128, 64], relu, 10, Some(64), 64)?,
        case("cancer 30-32-1, Adam, batch 64", &cancer, &[32], relu, 1, Some(64), 1)?,
        case("cancer 30-32-1, Adam, batch 64, 256 networks", &cancer, &[32], relu, 1, Some(64), 256)?,
        case("flower 2-20-10-1, tanh", &flower, &[20, 10], Activation::Tanh, 1, None, 1)?,
        case("images 784-256-128-10, Adam, batch 128", &images, &[256, 128], relu, 10, Some(128), 1)?,
    ])
}

/// Random points of ten classes.
fn ten_classes(features: usize, samples: usize) -> planar::Result<Dataset> {
    let points = gaussian_quantiles_of(features, samples, 1)?.points();
    let names = (0..10).map(|class| class.to_string()).collect();
    let labels = (0..samples).map(|sample| (sample % 10) as u8).collect();
    Dataset::from_classes("ten classes", None, features, &points, names, labels)
}

fn dense(criterion: &mut Criterion) {
    for case in cases().expect("the cases are well formed") {
        let run = |seed| Run::initial(case.network.clone(), seed, InitScale::HE, 0.001).with_recipe(case.recipe);
        let runs: Vec<Run> = (0..case.count).map(run).collect();
        let mut group = criterion.benchmark_group(format!("dense/{}", case.name));
        group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
        group.throughput(Throughput::Elements(case.count.into()));
        for threads in [1, 2] {
            let engine = Engine::new(Some(threads)).expect("the engine starts");
            let mut session = engine.load(&case.data, &runs).expect("they fit");
            group.bench_function(BenchmarkId::new("threads", threads), |bencher| {
                bencher.iter_custom(|times| common::advance(session.as_mut(), times).expect("it advances"));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, dense);
criterion_main!(benches);
