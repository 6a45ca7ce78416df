//! The CPU engine against the golden figures, against plain f64, and against itself.

mod common;

use std::sync::mpsc;
use std::time::Duration;

use common::plain;
use planar::Error;
use planar::backend::{Backend, Chunk, Run};
use planar::compare::{Bounds, compare_step};
use planar::cpu::engine::Instructions;
use planar::cpu::{Engine, Reference};
use planar::data::Dataset;
use planar::model::{Activation, Network, Parameters};
use serde_json::Value;

/// A golden file.
fn golden(name: &str) -> Value {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn flower() -> Dataset {
    let flower = &golden("datasets")["flower"];
    let points: Vec<f64> = flower["points"].as_array().unwrap().iter().flat_map(numbers).collect();
    let labels = numbers(&flower["labels"]).into_iter().map(|label| label as u8).collect();
    Dataset::from_points("flower", Some(1), 2, &points, labels).unwrap()
}

/// A run with the notebook's initial weights.
fn run(inputs: usize, hidden: usize, activation: &str, seed: u32, scale: f64, learning_rate: f64) -> Run {
    let network = Network::one_hidden(inputs, hidden, activation.parse().unwrap()).unwrap();
    let parameters = Parameters::initial(&network, seed, scale);
    Run::new(network, parameters, learning_rate)
}

/// A run with every weight and bias random, and all z1 within about ±2: if tanh is saturated, 1 − a² loses more digits
/// than any bound on its terms allows.
fn random_run(inputs: usize, hidden: usize, activation: &str, seed: u32) -> Run {
    let mut run = run(inputs, hidden, activation, seed, 0.3 / (inputs as f64).sqrt(), 0.1);
    let noise = Parameters::initial(&Network::one_hidden(1, hidden + 1, Activation::Tanh).unwrap(), seed + 1, 0.3);
    run.parameters.bias_mut(0).copy_from_slice(&noise.weights(0)[..hidden]);
    run.parameters.bias_mut(1)[0] = noise.weights(1)[0];
    run
}

/// Random points with random labels.
fn random_data(samples: usize, features: usize, seed: u32) -> Dataset {
    let network = Network::one_hidden(features, samples, Activation::Tanh).unwrap();
    let values = Parameters::initial(&network, seed, 1.0);
    let labels = values.weights(1).iter().map(|value| u8::from(*value > 0.2)).collect();
    let points = values.cast::<f32>().cast::<f64>(); // exact in f32
    Dataset::from_points("random", None, features, points.weights(0), labels).unwrap()
}

fn engine(threads: usize) -> Engine {
    Engine::new(Some(threads)).unwrap()
}

/// Trains in chunks.
fn train(engine: &Engine, data: &Dataset, runs: &[Run], iterations: u32, chunk: u32) -> Vec<Chunk> {
    let mut session = engine.load(data, runs).unwrap();
    let mut chunks = Vec::new();
    for first in (0..iterations).step_by(chunk as usize) {
        session.advance(chunk.min(iterations - first)).unwrap();
        chunks.push(session.collect().unwrap().unwrap());
    }
    assert_eq!(session.collect().unwrap(), None);
    chunks
}

/// The bits of all costs and of the final parameters of a network.
fn bits(chunks: &[Chunk], network: usize) -> Vec<u64> {
    let costs = chunks.iter().flat_map(|chunk| &chunk.costs[network]);
    costs.chain(chunks.last().unwrap().parameters[network].values()).map(|value| value.to_bits()).collect()
}

/// The largest |got − want| / (1e-5·Σ|terms| + 1e-9), infinite if it is not a number.
fn excess(got: &[f64], want: &[f64], sum_abs_terms: &[f64]) -> f64 {
    assert_eq!((got.len(), got.len()), (want.len(), sum_abs_terms.len()));
    let ratio = |i: usize| (got[i] - want[i]).abs() / (1e-5 * sum_abs_terms[i] + 1e-9);
    (0..got.len()).map(ratio).fold(0.0, |worst, ratio| {
        if ratio <= worst {
            worst
        } else if ratio.is_nan() {
            f64::INFINITY
        } else {
            ratio
        }
    })
}

/// One step of the engine against plain f64, at weights that are exact in f32.
fn compare_with_plain_f64(engine: &Engine, data: &Dataset, run: &Run, what: &str) {
    let run = Run { parameters: run.parameters.cast::<f32>().cast(), ..run.clone() };
    let want = plain::step(&run.parameters, run.network.activation(), data);
    let mut session = engine.load(data, std::slice::from_ref(&run)).unwrap();
    let gradients = session.gradients().unwrap().remove(0);
    let worst = excess(gradients.values(), &want.gradients, &want.sum_abs_terms);
    assert!(worst <= 1.0, "{what}: a gradient is off by {worst} times what is allowed");
    let evaluation = session.evaluate().unwrap().remove(0);
    assert!((evaluation.cost - want.cost).abs() <= 1e-5 * want.cost, "{what}: {} not {}", evaluation.cost, want.cost);
    assert_eq!(evaluation.logits.len(), want.logits.len());
    for (got, want) in evaluation.logits.iter().zip(&want.logits) {
        assert!((got - want).abs() <= 1e-4 * (1.0 + want.abs()), "{what}: logit {got}, not {want}");
    }
    session.advance(1).unwrap();
    let chunk = session.collect().unwrap().unwrap();
    assert_eq!(chunk.costs[0], [evaluation.cost], "{what}: the recorded cost is that of before the update");
    for ((after, before), gradient) in
        chunk.parameters[0].values().iter().zip(run.parameters.values()).zip(gradients.values())
    {
        let update = run.learning_rate * gradient;
        let tolerance = 1e-6 * (before.abs() + update.abs()) + 1e-9;
        assert!((after - (before - update)).abs() <= tolerance, "{what}: {before} − {update} stepped to {after}");
    }
}

#[test]
fn gradients_of_one_step_are_the_golden_ones_with_every_instruction_set() {
    let data = flower();
    for case in golden("one_step").as_array().unwrap() {
        let (hidden, activation) = (case["hidden"].as_u64().unwrap() as usize, case["activation"].as_str().unwrap());
        let seed = case["init_seed"].as_u64().unwrap() as u32;
        let run = run(2, hidden, activation, seed, case["init_scale"].as_f64().unwrap(), 1.0);
        let flat = |key: &str| ["w1", "b1", "w2", "b2"].map(|tensor| numbers(&case[key][tensor])).concat();
        for instructions in Instructions::available() {
            let mut session =
                engine(2).with_instructions(instructions).unwrap().load(&data, std::slice::from_ref(&run)).unwrap();
            let gradients = session.gradients().unwrap().remove(0);
            let worst = excess(gradients.values(), &flat("gradients"), &flat("sum_abs_terms"));
            assert!(worst <= 1.0, "{activation}, {hidden} units, {instructions}: {worst} times the tolerance");
            let evaluation = session.evaluate().unwrap().remove(0);
            let cost = case["cost"].as_f64().unwrap();
            assert!((evaluation.cost - cost).abs() <= 1e-6 * cost, "{} not {cost}", evaluation.cost);
            let (accuracy, want) = (data.accuracy(&evaluation.logits), case["accuracy"].as_f64().unwrap());
            assert!((accuracy - want).abs() <= 0.0051, "{activation}, {hidden} units: {accuracy}, not {want}");
        }
    }
}

#[test]
fn curves_follow_the_golden_ones() {
    let data = flower();
    for curve in golden("curves").as_array().unwrap() {
        let (hidden, activation) = (curve["hidden"].as_u64().unwrap() as usize, curve["activation"].as_str().unwrap());
        let (seed, scale) = (curve["init_seed"].as_u64().unwrap() as u32, curve["init_scale"].as_f64().unwrap());
        let iterations = curve["iterations"].as_u64().unwrap() as u32;
        let run = run(2, hidden, activation, seed, scale, curve["learning_rate"].as_f64().unwrap());
        let every = curve["every"].as_u64().unwrap() as usize;
        for instructions in Instructions::available() {
            let engine = engine(2).with_instructions(instructions).unwrap();
            let chunks = train(&engine, &data, std::slice::from_ref(&run), iterations + 1, 500);
            let costs: Vec<f64> = chunks.iter().flat_map(|chunk| &chunk.costs[0]).copied().collect();
            for (point, want) in numbers(&curve["costs"]).into_iter().enumerate() {
                let got = costs[point * every];
                let what = format!("{activation}, {hidden} units, {instructions}, iteration {}", point * every);
                assert!((got - want).abs() <= 1e-3 * want, "{what}: cost {got}, not {want}");
            }
        }
    }
}

#[test]
fn odd_sizes_match_plain_f64() {
    for hidden in [1, 3, 17, 277, 400] {
        for samples in [1, 3, 17, 401] {
            for features in [1, 2, 3, 16] {
                let data = random_data(samples, features, 5);
                for activation in ["tanh", "sigmoid", "relu", "leaky-relu:0.1", "leaky-relu:-0.5"] {
                    let run = random_run(features, hidden, activation, 7);
                    for instructions in Instructions::available() {
                        let what =
                            format!("{features} → {hidden} → 1, {samples} samples, {activation}, {instructions}");
                        compare_with_plain_f64(&engine(2).with_instructions(instructions).unwrap(), &data, &run, &what);
                    }
                }
            }
        }
    }
}

#[test]
fn any_number_of_features_matches_plain_f64_at_odd_sizes() {
    let activations = ["tanh", "sigmoid", "relu", "leaky-relu:0.1", "leaky-relu:-0.5"];
    let shapes = [17, 30, 33, 64, 100].into_iter().flat_map(|features| {
        let of = move |hidden| [1, 3, 17, 400, 569].map(|samples| (features, hidden, samples));
        [1, 3, 17, 64, 277].into_iter().flat_map(of)
    });
    // more features than an f32 sum runs over
    let long = [(256, 5, 33), (257, 40, 17), (784, 20, 33), (2000, 3, 5)];
    for (k, (features, hidden, samples)) in shapes.chain(long).enumerate() {
        let data = random_data(samples, features, 5);
        // each with two of them in turn: plain f64 takes long
        for activation in [activations[k % 5], activations[(k + 2) % 5]] {
            let run = random_run(features, hidden, activation, 7);
            for instructions in Instructions::available() {
                let what = format!("{features} → {hidden} → 1, {samples} samples, {activation}, {instructions}");
                compare_with_plain_f64(&engine(2).with_instructions(instructions).unwrap(), &data, &run, &what);
            }
        }
    }
}

#[test]
fn a_million_samples_are_summed_accurately() {
    let data = random_data(1_000_000, 2, 11);
    for (hidden, activation) in [(4, "tanh"), (20, "leaky-relu"), (33, "sigmoid")] {
        compare_with_plain_f64(&engine(2), &data, &random_run(2, hidden, activation, 3), activation);
    }
    let data = random_data(100_000, 20, 11);
    compare_with_plain_f64(&engine(2), &data, &random_run(20, 17, "tanh", 3), "20 features");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for (features, samples, hidden) in
        [(2, 400, 277), (2, 401, 40), (2, 5000, 4), (2, 3000, 100), (30, 569, 64), (33, 1001, 5), (100, 401, 40)]
    {
        let data = random_data(samples, features, 1);
        for activation in ["tanh", "leaky-relu"] {
            let run = random_run(features, hidden, activation, 2);
            let [one, two, three, seven] = [1, 2, 3, 7]
                .map(|threads| bits(&train(&engine(threads), &data, std::slice::from_ref(&run), 100, 50), 0));
            let what = format!("{features} features, {samples} samples, {hidden} units, {activation}");
            assert!(one == two && one == three && one == seven, "{what}");
        }
    }
}

#[test]
fn results_do_not_depend_on_the_chunks() {
    let data = flower();
    for (hidden, activation) in [(4, "tanh"), (277, "leaky-relu")] {
        let run = [run(2, hidden, activation, 2, 0.01, 0.5)];
        let [single, whole] = [1, 500].map(|chunk| train(&engine(2), &data, &run, 500, chunk));
        assert!(bits(&single, 0) == bits(&whole, 0), "{hidden} units, {activation}");
        assert_eq!((single.len(), whole[0].iterations), (500, 500));
    }
}

#[test]
fn networks_trained_side_by_side_are_the_same_as_alone() {
    for data in [flower(), random_data(401, 30, 4)] {
        let features = data.features();
        let runs: Vec<Run> = [(1, 0.0), (4, 0.01), (17, 0.05), (40, 0.1), (100, 0.2), (277, 0.3), (400, -0.1)]
            .into_iter()
            .enumerate()
            .map(|(i, (hidden, slope))| Run {
                learning_rate: 0.05 + 0.01 * i as f64,
                ..run(features, hidden, &format!("leaky-relu:{slope}"), i as u32, 0.1, 0.0)
            })
            .collect();
        // Three threads take whole networks, nine share the parts of one after another.
        for threads in [1, 3, 9] {
            let together = train(&engine(threads), &data, &runs, 60, 25);
            for (network, run) in runs.iter().enumerate() {
                let alone = train(&engine(2), &data, std::slice::from_ref(run), 60, 60);
                let what = format!("network {network} of {features} features on {threads} threads");
                assert!(bits(&together, network) == bits(&alone, 0), "{what}");
            }
        }
    }
}

#[test]
fn a_network_of_many_features_retires_and_starts_again_beside_others() {
    let data = random_data(401, 33, 4);
    let runs = [5, 64, 17].map(|hidden| run(33, hidden, "tanh", hidden as u32, 0.1, 0.2));
    let alone = |k: usize, iterations| bits(&train(&engine(2), &data, &runs[k..=k], iterations, 20), 0);
    let mut session = engine(2).load(&data, &runs).unwrap();
    let start: Vec<Parameters> = runs.iter().map(|run| run.parameters.clone()).collect();
    for _ in 0..2 {
        let mut chunks = Vec::new();
        for chunk in 0..3 {
            session.advance(20).unwrap();
            chunks.push(session.collect().unwrap().unwrap());
            if chunk == 0 {
                session.retire(1).unwrap();
            }
        }
        assert!(bits(&chunks, 0) == alone(0, 60) && bits(&chunks, 2) == alone(2, 60));
        assert!(bits(&chunks[..1], 1) == alone(1, 20), "the first chunk of the network that retires");
        session.restart(&start).unwrap();
    }
}

#[test]
fn networks_that_end_early_or_diverge_leave_the_others_as_they_are_alone() {
    for activation in ["tanh", "relu"] {
        for threads in [1, 2, 9] {
            common::ends_as_alone(&engine(threads), activation).unwrap();
        }
        common::ends_as_alone(&planar::cpu::Reference::<f64>::new(), activation).unwrap();
    }
}

#[test]
fn gradients_and_evaluation_do_not_train() {
    let (data, run) = (flower(), run(2, 20, "tanh", 2, 0.01, 1.2));
    let plain = train(&engine(2), &data, std::slice::from_ref(&run), 20, 10);
    let mut session = engine(2).load(&data, &[run]).unwrap();
    let mut chunks = Vec::new();
    for _ in 0..2 {
        session.gradients().unwrap();
        session.evaluate().unwrap();
        session.advance(10).unwrap();
        session.gradients().unwrap();
        chunks.extend(session.collect().unwrap());
    }
    assert_eq!(bits(&chunks, 0), bits(&plain, 0));
}

#[test]
fn a_nan_shows_in_the_cost_and_never_panics() {
    let data = flower();
    let many = random_data(401, 30, 1);
    for activation in ["tanh", "sigmoid", "leaky-relu"] {
        for (data, hidden) in [(&data, 4), (&data, 40), (&data, 277), (&many, 4), (&many, 64)] {
            for instructions in Instructions::available() {
                let mut run = run(data.features(), hidden, activation, 2, 0.01, 1.0);
                run.parameters.weights_mut(0)[2] = f64::NAN;
                let engine = engine(2).with_instructions(instructions).unwrap();
                let chunks = train(&engine, data, &[run], 3, 3);
                assert!(chunks[0].costs[0].iter().all(|cost| cost.is_nan()), "{activation}, {hidden}, {instructions}");
            }
        }
    }
}

#[test]
fn relu_hides_a_nan_as_where_does_but_its_weights_keep_it() {
    for hidden in [4, 277] {
        let mut run = run(2, hidden, "relu", 2, 0.01, 1.0);
        run.parameters.weights_mut(0)[2] = f64::NAN;
        let chunk = train(&engine(2), &flower(), &[run], 3, 3).remove(0);
        assert!(chunk.costs[0].iter().all(|cost| cost.is_finite()));
        let nans: Vec<usize> =
            (0..).zip(chunk.parameters[0].values()).filter(|(_, v)| v.is_nan()).map(|(i, _)| i).collect();
        assert_eq!(nans, [2]);
    }
}

#[test]
fn dropping_a_session_midway_does_not_hang() {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for threads in [1, 2, 7, 64] {
            let data = random_data(20_000, 2, 1);
            drop(engine(threads).load(&data, &[random_run(2, 50, "tanh", 1)]).unwrap());
            let mut session = engine(threads).load(&data, &[random_run(2, 50, "tanh", 1)]).unwrap();
            session.advance(3).unwrap();
            std::thread::sleep(Duration::from_millis(20)); // long enough for the threads to sleep
            session.advance(3).unwrap();
        }
        sender.send(()).unwrap();
    });
    receiver.recv_timeout(Duration::from_secs(600)).expect("the sessions end");
}

#[test]
fn a_forward_pass_gives_the_bits_of_evaluate_on_any_number_of_points_and_threads() {
    for (i, activation) in ["tanh", "sigmoid", "relu", "leaky-relu:0.2"].into_iter().enumerate() {
        for (hidden, inputs, samples) in
            [(1, 1, 1), (3, 2, 3), (17, 3, 17), (33, 16, 277), (277, 2, 400), (9, 2, 9001), (400, 5, 5000)]
                .into_iter()
                .chain([(1, 17, 1), (5, 33, 277), (64, 30, 5000), (277, 100, 401)])
        {
            let (data, mut run) = (random_data(samples, inputs, 1), random_run(inputs, hidden, activation, 2));
            if i == 3 && hidden % 2 == 1 {
                run.network = run.network.with_backward(Activation::Tanh);
            }
            let points: Vec<f64> = (0..samples).flat_map(|sample| data.point(sample)).collect();
            let bits = |logits: &[f64]| logits.iter().map(|z| z.to_bits()).collect::<Vec<_>>();
            for instructions in Instructions::available() {
                for threads in [1, 3] {
                    let engine = engine(threads).with_instructions(instructions).unwrap();
                    let mut session = engine.load(&data, std::slice::from_ref(&run)).unwrap();
                    let want = bits(&session.evaluate().unwrap()[0].logits);
                    let got = bits(&engine.forward(&run.network, &run.parameters, &points).unwrap());
                    assert!(got == want, "{activation} {hidden} {inputs} {samples} {instructions} {threads}");
                    let last = &points[points.len() - inputs..];
                    let alone = bits(&engine.forward(&run.network, &run.parameters, last).unwrap());
                    assert_eq!(alone[..], got[samples - 1..], "a point alone");
                }
            }
        }
    }
}

#[test]
fn what_the_engine_cannot_do_is_said() {
    let data = flower();
    for threads in [0, 1025] {
        let error = Engine::new(Some(threads)).unwrap_err();
        assert_eq!(error.to_string(), format!("the number of threads must be between 1 and 1024, not {threads}"));
    }
    let other = run(3, 4, "tanh", 1, 1.0, 1.0);
    let mixed = Run { parameters: other.parameters.clone(), ..run(2, 4, "tanh", 1, 1.0, 1.0) };
    for (bad, said) in [
        (other, "a network of 3 inputs cannot train on 2 features"),
        (mixed, "the parameters are not those of a [2, 4, 1] network"),
    ] {
        let Err(error) = engine(1).load(&data, &[bad]) else { panic!("loaded, not: {said}") };
        assert!(matches!(error, Error::Mismatch(_)) && error.to_string().starts_with(said), "{error}");
    }
    if !Instructions::available().contains(&Instructions::Neon) {
        let error = engine(1).with_instructions(Instructions::Neon).unwrap_err();
        assert!(error.to_string().contains("scalar"), "{error}");
    }
}

#[test]
fn memory_does_not_grow_with_units_times_samples() {
    // storing 100,000 units × 100,000 samples would take 40 GB
    let data = random_data(100_000, 2, 1);
    let mut session = engine(2).load(&data, &[run(2, 100_000, "relu", 1, 0.01, 0.01)]).unwrap();
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok())
    };
    session.evaluate().unwrap();
    if let Some(kilobytes) = peak() {
        assert!(kilobytes < 2_000_000, "{kilobytes} kB");
    }
}

#[test]
fn a_borrowed_derivative_gives_the_references_gradients_with_every_instruction_set() {
    let (flower, many) = (flower(), random_data(401, 30, 1));
    let names = ["tanh", "sigmoid", "relu", "leaky-relu:0.1"];
    for (name, borrowed) in names.into_iter().flat_map(|name| names.map(|borrowed| (name, borrowed))) {
        // narrow and wide: samples, and units, across the lanes; and many features
        for (data, hidden) in [(&flower, 3), (&flower, 33), (&many, 3), (&many, 33)] {
            let start = run(data.features(), hidden, name, 2, 0.3, 0.5);
            let network = start.network.clone().with_backward(borrowed.parse().unwrap());
            let start = Run { network, parameters: start.parameters.cast::<f32>().cast(), ..start };
            for instructions in Instructions::available() {
                let engine = engine(2).with_instructions(instructions).unwrap();
                let sides: [&dyn Backend; 2] = [&Reference::<f64>::new(), &engine];
                let step = compare_step(sides, data, &start, 0, Bounds::F32_TO_F64).unwrap();
                let apart = step.differences.iter().find(|difference| !difference.agrees);
                assert!(apart.is_none(), "{name} with {borrowed}'s derivative, {instructions}: {apart:?}");
            }
        }
    }
}
