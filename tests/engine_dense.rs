//! The CPU engine's general path against the `f64` reference, and against itself: any depth, activation, output, optimiser
//! and batch.

mod common;

use common::{assert_each_within, scales};
use planar::backend::{Backend, Chunk, Run};
use planar::cpu::engine::Instructions;
use planar::cpu::{Engine, Reference};
use planar::data::Dataset;
use planar::model::{Activation, Network, Output, Parameters};
use planar::optim::{Dropout, Optimizer, Rate, Recipe, State};

fn engine(threads: usize) -> Engine {
    Engine::new(Some(threads)).unwrap()
}

/// Random numbers around 0, exact in f32.
fn random(count: usize, seed: u32, scale: f64) -> Vec<f64> {
    let network = Network::one_hidden(1, count.max(1), Activation::Tanh).unwrap();
    let values = Parameters::initial(&network, seed, scale).cast::<f32>().cast::<f64>();
    values.weights(0)[..count].to_vec()
}

/// Random points whose targets suit the outputs, and weights of which some are 0 if they are `weighted`.
fn random_data(samples: usize, features: usize, output: Output, outputs: usize, weighted: bool) -> Dataset {
    let (points, values) = (random(samples * features, 5, 1.0), random(samples * outputs, 6, 1.0));
    let bits: Vec<u8> = values.iter().map(|value| u8::from(*value > 0.2)).collect();
    let data = match output {
        Output::Logistic if outputs == 1 => Dataset::from_points("random", None, features, &points, bits),
        Output::Logistic => Dataset::from_label_rows("random", None, features, &points, outputs, &bits),
        Output::Softmax => {
            let labels = values[..samples].iter().map(|value| (value.abs() * 1e4) as usize % outputs);
            let names = (0..outputs).map(|class| class.to_string()).collect();
            Dataset::from_classes("random", None, features, &points, names, labels.map(|label| label as u8).collect())
        }
        Output::Squares => Dataset::from_numbers("random", None, features, &points, outputs, &values),
    };
    let data = data.unwrap();
    if !weighted {
        return data;
    }
    let weights = (0..samples).map(|sample| [0.5, 2.0, 0.0, 1.0][sample % 4]).collect();
    data.with_weights(weights).unwrap()
}

/// A network with random weights and biases, z within about ±2, exact in f32.
fn random_run(widths: &[usize], activation: Activation, output: Output, seed: u32) -> Run {
    let (inputs, hidden, outputs) = (widths[0], &widths[1..widths.len() - 1], widths[widths.len() - 1]);
    let network = Network::new(inputs, hidden, activation).unwrap().with_output(output, outputs).unwrap();
    let mut parameters = Parameters::zeros(&network);
    for (layer, below) in widths[..hidden.len() + 1].iter().enumerate() {
        let (w, b) = (parameters.weights(layer).len(), parameters.bias(layer).len());
        parameters.weights_mut(layer).copy_from_slice(&random(
            w,
            seed + 2 * layer as u32,
            0.5 / (*below as f64).sqrt(),
        ));
        parameters.bias_mut(layer).copy_from_slice(&random(b, seed + 2 * layer as u32 + 1, 0.3));
    }
    let parameters = parameters.cast::<f32>().cast();
    Run::new(network, parameters, 0.1)
}

/// Trains in chunks.
fn train(engine: &Engine, data: &Dataset, runs: &[Run], updates: u32, chunk: u32) -> Vec<Chunk> {
    let mut session = engine.load(data, runs).unwrap();
    let mut chunks = Vec::new();
    for first in (0..updates).step_by(chunk as usize) {
        session.advance(chunk.min(updates - first)).unwrap();
        chunks.push(session.collect().unwrap().unwrap());
    }
    assert_eq!(session.collect().unwrap(), None);
    chunks
}

/// The bits of all costs, and of the final parameters and moments, of a network.
fn bits(chunks: &[Chunk], network: usize) -> Vec<u64> {
    let (costs, last) = (chunks.iter().flat_map(|chunk| &chunk.costs[network]), chunks.last().unwrap());
    let values = costs.chain(last.parameters[network].values()).chain(&last.moments[network]);
    values.map(|value| value.to_bits()).collect()
}

/// One step of the engine against the reference in f64, and the update that follows from it.
fn compare_with_f64(engine: &Engine, data: &Dataset, run: &Run, what: &str) {
    let mut scales = scales::of_gradients(data, run);
    let decay = run.recipe.l2 / data.samples() as f64;
    scales.iter_mut().zip(run.parameters.values()).for_each(|(scale, theta)| *scale += decay * theta.abs());
    let bound = |i: usize| 1e-5 * scales[i] + 1e-9;
    let mut reference = Reference::<f64>::new().load(data, std::slice::from_ref(run)).unwrap();
    let mut session = engine.load(data, std::slice::from_ref(run)).unwrap();
    let want = reference.gradients().unwrap().remove(0);
    assert_each_within(&format!("{what}: gradient"), session.gradients().unwrap()[0].values(), want.values(), bound);

    let (got, want) = (session.evaluate().unwrap().remove(0), reference.evaluate().unwrap().remove(0));
    assert_each_within(&format!("{what}: cost"), &[got.cost], &[want.cost], |_| 1e-5 * want.cost);
    assert_each_within(&format!("{what}: logits"), &got.logits, &want.logits, |i| 1e-4 * (1.0 + want.logits[i].abs()));
    let logits = engine.forward(&run.network, &run.parameters, &data.points()).unwrap();
    assert_each_within(&format!("{what}: forward"), &logits, &want.logits, |i| 1e-4 * (1.0 + want.logits[i].abs()));

    session.advance(1).unwrap();
    reference.advance(1).unwrap();
    let (got, want) = (session.collect().unwrap().unwrap(), reference.collect().unwrap().unwrap());
    assert_each_within(&format!("{what}: recorded cost"), &got.costs[0], &want.costs[0], |_| 1e-5 * want.costs[0][0]);
    // no rule makes more of a gradient's error than the rate itself, since the second moments are about 1
    let theta = |i: usize| 1e-6 * (1.0 + run.parameters.values()[i].abs()) + run.learning_rate * 2.0 * bound(i);
    assert_each_within(&format!("{what}: θ"), got.parameters[0].values(), want.parameters[0].values(), theta);
    let moment = |i: usize| 1e-6 * (1.0 + want.moments[0][i].abs()) + 2.0 * bound(i % scales.len());
    assert_each_within(&format!("{what}: moments"), &got.moments[0], &want.moments[0], moment);
}

/// A state in which the optimiser has come some way: first moments around 0, second ones around 1.
fn state(run: &Run, optimizer: Optimizer) -> State {
    let parameters = run.parameters.values().len();
    let mut moments = random(parameters * optimizer.moments(), 9, 0.1);
    moments.iter_mut().skip(parameters).for_each(|second| *second = 1.0 + second.abs());
    State { updates: 20, moments }
}

#[test]
fn one_step_of_each_activation_output_and_optimiser_matches_f64_at_odd_sizes() {
    let shapes: [&[usize]; 9] = [
        &[1, 1, 1],
        &[3, 17, 1],
        &[2, 20, 10, 1],
        &[17, 3, 1, 3],
        &[5, 277, 2],
        &[277, 3, 17, 5],
        &[64, 33, 16, 10],
        &[16, 4, 4, 4, 4, 3],
        &[300, 6, 270, 3],
    ];
    let mut case = 0;
    for activation in Activation::ALL {
        for output in Output::ALL {
            for optimizer in Optimizer::ALL {
                let shape = shapes[case % shapes.len()];
                let outputs =
                    if output == Output::Softmax { shape[shape.len() - 1].max(2) } else { shape[shape.len() - 1] };
                let widths = [&shape[..shape.len() - 1], &[outputs]].concat();
                let samples = [1, 3, 17, 64, 277][case / 2 % 5];
                let data = random_data(samples, shape[0], output, widths[widths.len() - 1], case % 3 == 0);
                let mut run = random_run(&widths, activation, output, 7 + case as u32);
                run.state = state(&run, optimizer);
                run.recipe = Recipe { optimizer, l2: [0.0, 0.3][case % 2], ..Recipe::default() };
                for instructions in Instructions::available() {
                    let what =
                        format!("{widths:?}, {samples} samples, {activation}, {output}, {optimizer}, {instructions}");
                    compare_with_f64(&engine(2).with_instructions(instructions).unwrap(), &data, &run, &what);
                }
                case += 1;
            }
        }
    }
}

/// Networks of several depths and widths, each trained in its own way, on the same batches.
fn crowd(batch: usize) -> Vec<Run> {
    let run = |seed: u32, widths: &[usize], optimizer: &str, l2, rate, clip_norm, decay: &str, warmup| {
        let mut run = random_run(widths, Activation::Silu, Output::Softmax, 3 + seed);
        run.learning_rate = 0.02;
        run.recipe = Recipe {
            optimizer: optimizer.parse().unwrap(),
            rate: Rate { decay: decay.parse().unwrap(), warmup, updates: 37 },
            l2,
            clip_norm,
            dropout: Dropout { rate, seed },
            batch_size: Some(batch),
            shuffle: Some(4),
        };
        run
    };
    vec![
        run(0, &[9, 33, 17, 3], "adam", 0.0, 0.0, None, "cosine", 0),
        run(1, &[9, 70, 5, 3], "momentum:0.8", 0.1, 0.3, Some(0.5), "step:6:0.5", 5),
        run(2, &[9, 1, 1, 3], "adamw", 0.5, 0.0, None, "constant", 18),
        run(3, &[9, 128, 64, 3], "nesterov", 0.0, 0.5, Some(0.01), "inverse:4:1:0.5", 0),
    ]
}

#[test]
fn threads_chunks_and_neighbours_change_no_bit() {
    let data = random_data(700, 9, Output::Softmax, 3, true);
    for batch in [2, 64, 333, 700] {
        let runs = crowd(batch);
        for instructions in Instructions::available() {
            let engine = |threads| engine(threads).with_instructions(instructions).unwrap();
            let together = train(&engine(1), &data, &runs, 23, 64);
            for (network, run) in runs.iter().enumerate() {
                let want = bits(&together, network);
                for (threads, chunk) in [(1, 1), (2, 7), (3, 64)] {
                    let alone = train(&engine(threads), &data, std::slice::from_ref(run), 23, chunk);
                    assert!(
                        want == bits(&alone, 0),
                        "batch {batch}, network {network}, {threads} threads, {instructions}"
                    );
                }
            }
            for threads in [2, 3, 5] {
                let others = train(&engine(threads), &data, &runs, 23, 5);
                let same = (0..runs.len()).all(|network| bits(&others, network) == bits(&together, network));
                assert!(same, "batch {batch}, {threads} threads, {instructions}");
            }
        }
    }
}

/// Threads that share a batch have some units of such a layer each, and the layers above by parts.
#[test]
fn a_first_layer_with_most_of_the_weights_has_the_same_bits_on_any_number_of_threads() {
    let data = random_data(450, 70, Output::Softmax, 3, true);
    for (batch, optimizer) in
        [(64, "adam"), (17, "gd"), (100, "nesterov"), (128, "adamw"), (200, "momentum"), (450, "adam")]
    {
        for widths in [&[70, 133, 5, 3][..], &[70, 96, 3]] {
            let mut run = random_run(widths, Activation::Silu, Output::Softmax, 4);
            run.recipe.optimizer = optimizer.parse().unwrap();
            (run.recipe.batch_size, run.recipe.shuffle) = (Some(batch), Some(3));
            run.recipe.dropout = Dropout { rate: if batch == 128 { 0.3 } else { 0.0 }, seed: 2 };
            for instructions in Instructions::available() {
                let engine = |threads| engine(threads).with_instructions(instructions).unwrap();
                let want = bits(&train(&engine(1), &data, std::slice::from_ref(&run), 130, 130), 0);
                for (threads, chunk) in [(2, 130), (3, 7), (4, 64)] {
                    let got = bits(&train(&engine(threads), &data, std::slice::from_ref(&run), 130, chunk), 0);
                    assert!(want == got, "{widths:?}, batch {batch}, {optimizer}, {threads} threads, {instructions}");
                }
            }
        }
    }
}

#[test]
fn two_such_layers_train_side_by_side_as_alone_and_start_again() {
    let data = random_data(300, 70, Output::Softmax, 3, false);
    let run = |widths: &[usize], seed| {
        let mut run = random_run(widths, Activation::Relu, Output::Softmax, seed);
        run.recipe.optimizer = "adam".parse().unwrap();
        (run.recipe.batch_size, run.recipe.shuffle) = (Some(128), Some(3));
        run
    };
    let runs = [run(&[70, 133, 5, 3], 1), run(&[70, 96, 9, 3], 2)];
    let alone: Vec<_> =
        runs.iter().map(|run| bits(&train(&engine(1), &data, std::slice::from_ref(run), 70, 35), 0)).collect();
    let mut session = engine(3).load(&data, &runs).unwrap();
    let start: Vec<Parameters> = runs.iter().map(|run| run.parameters.clone()).collect();
    for _ in 0..2 {
        let mut chunks = Vec::new();
        for _ in 0..2 {
            session.advance(35).unwrap();
            chunks.push(session.collect().unwrap().unwrap());
        }
        assert!((0..2).all(|network| bits(&chunks, network) == alone[network]));
        session.restart(&start).unwrap();
    }
    session.advance(35).unwrap();
    let first = session.collect().unwrap().unwrap();
    session.retire(0).unwrap();
    session.advance(35).unwrap();
    assert!(bits(&[first, session.collect().unwrap().unwrap()], 1) == alone[1]);
}

#[test]
fn batches_masks_and_clipping_are_those_of_the_reference() {
    let data = random_data(700, 9, Output::Softmax, 3, true);
    for batch in [64, 333, 700] {
        for run in crowd(batch) {
            let mut reference = Reference::<f64>::new().load(&data, std::slice::from_ref(&run)).unwrap();
            reference.advance(40).unwrap();
            let want = reference.collect().unwrap().unwrap();
            for instructions in Instructions::available() {
                let engine = engine(2).with_instructions(instructions).unwrap();
                let chunks = train(&engine, &data, std::slice::from_ref(&run), 40, 9);
                let costs: Vec<f64> = chunks.iter().flat_map(|chunk| chunk.costs[0].clone()).collect();
                let what = format!("batch {batch}, {}, {instructions}", run.recipe.optimizer);
                assert_each_within(&what, &costs, &want.costs[0], |i| 1e-4 * want.costs[0][i]);
            }
        }
    }
}

#[test]
fn a_run_goes_on_from_its_state_and_starts_again_to_the_same_bits() {
    let data = random_data(300, 9, Output::Softmax, 3, false);
    for run in crowd(64) {
        let runs = std::slice::from_ref(&run);
        let want = bits(&train(&engine(2), &data, runs, 30, 30), 0);
        let first = train(&engine(2), &data, runs, 13, 5);
        let last = first.last().unwrap();
        let mut later = run.clone();
        later.parameters = last.parameters[0].clone();
        later.state = State { updates: 13, moments: last.moments[0].clone() };
        let mut chunks = first.clone();
        chunks.extend(train(&engine(1), &data, &[later], 17, 4));
        assert!(bits(&chunks, 0) == want, "{} goes on", run.recipe.optimizer);

        let mut session = engine(2).load(&data, runs).unwrap();
        session.advance(7).unwrap();
        session.restart(std::slice::from_ref(&run.parameters)).unwrap();
        session.advance(30).unwrap();
        assert!(bits(&[session.collect().unwrap().unwrap()], 0) == want, "{} starts again", run.recipe.optimizer);
    }
}

#[test]
fn networks_of_the_fused_kernels_and_others_train_side_by_side_as_alone() {
    let data = random_data(200, 4, Output::Logistic, 1, false);
    let run = |optimizer: &str, seed| {
        let mut run = random_run(&[4, 20, 1], Activation::Tanh, Output::Logistic, seed);
        run.recipe.optimizer = optimizer.parse().unwrap();
        run
    };
    let runs = [run("adam", 1), run("gd", 2), run("momentum", 3), run("gd", 4), run("adam", 5)];
    let mut together = engine(2).load(&data, &runs).unwrap();
    together.advance(5).unwrap();
    together.retire(3).unwrap();
    together.advance(5).unwrap();
    let chunks = [together.collect().unwrap().unwrap(), together.collect().unwrap().unwrap()];
    assert!(chunks[1].costs[3].is_empty() && together.retire(5).is_err());
    let (evaluations, gradients) = (together.evaluate().unwrap(), together.gradients().unwrap());
    for (network, run) in runs.iter().enumerate().filter(|(network, _)| *network != 3) {
        let mut alone = engine(1).load(&data, std::slice::from_ref(run)).unwrap();
        alone.advance(10).unwrap();
        assert!(bits(&[alone.collect().unwrap().unwrap()], 0) == bits(&chunks, network), "network {network}");
        assert_eq!(alone.evaluate().unwrap()[0], evaluations[network]);
        assert_eq!(alone.gradients().unwrap()[0], gradients[network]);
    }
    let start: Vec<Parameters> = runs.iter().map(|run| run.parameters.clone()).collect();
    assert!(together.restart(&start[1..]).is_err());
    together.restart(&start).unwrap();
    together.advance(5).unwrap();
    assert_eq!(together.collect().unwrap().unwrap().costs, chunks[0].costs);
}

#[test]
fn memory_beside_the_data_does_not_grow_with_the_samples() {
    // storing Z and A of 192 units × 400,000 samples would take 600 MB
    let data = random_data(400_000, 16, Output::Softmax, 3, false);
    let mut run = random_run(&[16, 128, 64, 3], Activation::Relu, Output::Softmax, 1);
    run.recipe.optimizer = "adam".parse().unwrap();
    (run.recipe.batch_size, run.recipe.shuffle) = (Some(100_000), Some(1));
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok())
    };
    let before = peak();
    let engine = engine(2);
    let mut session = engine.load(&data, std::slice::from_ref(&run)).unwrap();
    session.advance(5).unwrap();
    let logits = session.evaluate().unwrap().remove(0).logits;
    assert_eq!(logits.len(), 3 * data.samples());
    let said = engine.memory(&data, &run.network, 1).unwrap() / 1024;
    if let (Some(before), Some(after)) = (before, peak()) {
        let grown = after - before;
        assert!(grown < 150_000, "{grown} kB more, and {said} kB were said");
    }
    assert!((40_000..150_000).contains(&said), "{said} kB");
}
