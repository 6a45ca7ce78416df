//! Whatever goes beyond plain gradient descent on the GPU: depth, outputs, optimisers, batches, L2, clipping and dropout
//! against the `f64` reference, and against themselves bit for bit.

use planar::backend::{Backend, Chunk, Evaluation, Run, Session};
use planar::cpu::Reference;
use planar::data::Dataset;
use planar::data::numpy_random::NumpyRandom;
use planar::gpu::plan::PlanChoice;
use planar::gpu::testing::Fault;
use planar::gpu::{Adapter, Gpu};
use planar::model::{Activation, InitScale, Network, Output, Parameters};
use planar::optim::{Dropout, Optimizer, Rate, Recipe, State};
use planar::selftest::testing::{of_any_depth, samples_for};

use crate::Check;
use crate::dense_terms::terms;
use crate::limits::NamedOnAdapter;
use crate::support::compare;

/// A check on a GPU and its adapter.
pub type OnAdapter = fn(&Adapter, &Gpu) -> Check;

pub fn checks() -> Vec<NamedOnAdapter> {
    let all: [(&str, OnAdapter); 10] = [
        ("one_update_of_each_activation_output_and_optimiser_matches_the_reference", |_, gpu| {
            updates_match(&layered(gpu))
        }),
        ("curves_of_any_recipe_follow_the_reference", |_, gpu| curves_match(&layered(gpu))),
        ("evaluations_of_batches_and_outputs_match_the_reference", |_, gpu| evaluations_match(gpu)),
        ("dropped_units_are_the_references", |_, gpu| dropped_units_match(gpu)),
        ("predictions_of_several_outputs_match_the_reference", |_, gpu| predictions_match(gpu)),
        ("every_layout_gives_the_same_bits", |_, gpu| layouts_do_not_matter(gpu)),
        ("chunks_of_1_7_and_64_give_the_same_bits", |_, gpu| chunks_do_not_matter(&layered(gpu))),
        ("neighbours_of_other_widths_and_optimisers_change_no_bit", |_, gpu| neighbours_do_not_matter(&layered(gpu))),
        ("a_training_that_goes_on_from_its_state_ends_with_the_same_bits", |_, gpu| {
            resuming_does_not_matter(&layered(gpu))
        }),
        ("a_device_lost_in_the_middle_changes_no_bit", |adapter, _| {
            losing_the_device_does_not_matter(adapter, PlanChoice::Layered)
        }),
    ];
    all.map(|(name, check)| -> NamedOnAdapter { (format!("dense_{name}"), check) }).into()
}

/// The layered plan, which small networks would not get by themselves.
pub fn layered(gpu: &Gpu) -> Gpu {
    gpu.clone().with_plan(PlanChoice::Layered)
}

pub fn text(error: planar::Error) -> String {
    error.to_string()
}

/// Random samples of this many features, with what such outputs are to answer; more than a hundred count differently.
pub fn data(features: usize, samples: usize, output: (Output, usize)) -> Dataset {
    samples_for(features, samples, output).expect("samples")
}

/// A run from He's weights, which are rounded to `f32`.
pub fn run(features: usize, hidden: &[usize], g: &str, (output, outputs): (Output, usize), recipe: Recipe) -> Run {
    let network = Network::new(features, hidden, g.parse().expect("an activation")).expect("a network");
    let network = network.with_output(output, outputs).expect("outputs");
    let start = Run::initial(network, 2, InitScale::HE, 0.05);
    Run { parameters: start.parameters.cast::<f32>().cast(), ..start }.with_recipe(recipe)
}

pub fn optimizer(text: &str) -> Optimizer {
    text.parse().expect("an optimiser")
}

/// A run behind some updates, with moments.
pub fn under_way(run: Run, updates: u64) -> Run {
    let mut random = NumpyRandom::new(7);
    let count = run.network.layout().parameters();
    let moment = |at: usize| if at < count { 0.1 * random.standard_normal() } else { 0.3 + random.uniform() };
    let moments = (0..run.recipe.optimizer.moments() * count).map(moment).map(|m| f64::from(m as f32)).collect();
    Run { state: State { updates, moments }, ..run }
}

/// Recipes that between them have all there is.
pub fn recipes() -> Vec<Recipe> {
    let drop = |rate, seed| Dropout { rate, seed };
    let rate = |decay: &str, warmup| Rate { decay: decay.parse().expect("a decay"), warmup, updates: 64 };
    let of = |name| Recipe { optimizer: optimizer(name), ..Recipe::default() };
    vec![
        Recipe { l2: 0.7, clip_norm: Some(0.2), ..of("adam") },
        Recipe { dropout: drop(0.3, 5), rate: rate("cosine", 4), ..of("nesterov:0.8") },
        Recipe { clip_norm: Some(1e9), ..of("adamw:0.8:0.99:1e-4:0.2") },
        Recipe { l2: 0.1, dropout: drop(0.5, 9), ..of("gd") },
        Recipe { rate: rate("step:8:0.5", 0), ..of("momentum:0.7") },
    ]
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

pub fn advanced(session: &mut dyn Session, iterations: u32) -> planar::Result<Chunk> {
    session.advance(iterations)?;
    session.collect()?.ok_or_else(|| planar::Error::Device("no chunk".into()))
}

pub fn updates_match(gpu: &Gpu) -> Check {
    let optimizers = ["gd", "momentum", "nesterov:0.8", "adam:0.9:0.99:1e-3", "adamw:0.8:0.99:1e-3:0.1"];
    let sizes = [(1, &[1][..], 1), (3, &[17, 3], 17), (17, &[277], 3), (2, &[3, 1, 17], 277)];
    let outputs = [(Output::Logistic, 1), (Output::Softmax, 3), (Output::Squares, 2), (Output::Logistic, 4)];
    for (i, activation) in Activation::ALL.iter().enumerate() {
        for (j, output) in outputs.into_iter().enumerate() {
            for (k, name) in optimizers.into_iter().enumerate() {
                let (features, hidden, samples) = sizes[(i + j + k) % sizes.len()];
                let recipe = Recipe { optimizer: optimizer(name), ..Recipe::default() };
                let start = under_way(run(features, hidden, &activation.to_string(), output, recipe), 5);
                update_matches(gpu, &data(features, samples, output), &start)
                    .map_err(|said| format!("{activation}, {output:?}, {name}, {hidden:?}: {said}"))?;
            }
        }
    }
    Ok(())
}

/// The gradients to 1e-5·Σ|terms| + 1e-9, and what an update makes of such a difference.
fn update_matches(gpu: &Gpu, data: &Dataset, start: &Run) -> Check {
    let runs = std::slice::from_ref(start);
    let mut want = Reference::<f64>::new().load(data, runs).map_err(text)?;
    let mut got = gpu.load(data, runs).map_err(text)?;
    let terms = terms(data, start);
    let bound = |i: usize| 1e-5 * terms[i] + 1e-9;
    let [of_reference, of_gpu] = [&mut want, &mut got].map(|session| session.gradients().map_err(text));
    compare("gradients", &narrow(of_gpu?[0].values()), of_reference?[0].values(), bound)?;
    let [want, got] = [want.as_mut(), got.as_mut()].map(|session| advanced(session, 1).map_err(text));
    let (want, got) = (want?, got?);
    // the moments are such that an optimiser's step changes by at most four times what the gradient changes by
    let rate = start.learning_rate;
    let rounding = |value: f64| 3e-7 * value.abs();
    let theta = want.parameters[0].values();
    compare("θ", &narrow(got.parameters[0].values()), theta, |i| 4.0 * rate * bound(i) + rounding(theta[i]) + 1e-8)?;
    let (moments, count) = (&want.moments[0], theta.len());
    let of_moment = |i: usize| bound(i % count) * (1.0 + terms[i % count]) + rounding(moments[i]) + 1e-8;
    compare("the moments", &narrow(&got.moments[0]), moments, of_moment)?;
    compare("the cost", &narrow(&got.costs[0]), &want.costs[0], |_| 1e-5 * want.costs[0][0] + 1e-7)
}

/// 50 updates in batches of which the last is shorter, from every recipe: costs to 1e-4.
pub fn curves_match(gpu: &Gpu) -> Check {
    for (i, recipe) in recipes().into_iter().enumerate() {
        for (batch_size, shuffle) in [(None, None), (Some(16), Some(3)), (Some(50), None), (None, Some(1))] {
            let recipe = Recipe { batch_size, shuffle, ..recipe };
            let output = [(Output::Softmax, 3), (Output::Squares, 1), (Output::Logistic, 1)][i % 3];
            let start = run(5, &[9, 4], "tanh", output, recipe);
            let data = data(5, 131, output);
            let costs = |backend: &dyn Backend| -> planar::Result<Vec<f64>> {
                let mut session = backend.load(&data, std::slice::from_ref(&start))?;
                let first = advanced(session.as_mut(), 13)?;
                let second = advanced(session.as_mut(), 37)?;
                Ok([first.costs[0].as_slice(), &second.costs[0], &[session.evaluate()?[0].cost]].concat())
            };
            let (want, got) = (costs(&Reference::<f64>::new()).map_err(text)?, costs(gpu).map_err(text)?);
            let what = format!("{recipe:?}");
            compare(&what, &narrow(&got), &want, |at| 1e-4 * want[at].abs())?;
        }
    }
    Ok(())
}

fn evaluations_match(gpu: &Gpu) -> Check {
    for (output, batch_size) in
        [((Output::Softmax, 5), Some(64)), ((Output::Logistic, 3), None), ((Output::Squares, 1), Some(1))]
    {
        let recipe = Recipe { batch_size, l2: 2.0, dropout: Dropout { rate: 0.5, seed: 1 }, ..Recipe::default() };
        let (data, start) = (data(3, 277, output), run(3, &[17, 5], "gelu", output, recipe));
        let evaluated = |backend: &dyn Backend| -> planar::Result<Evaluation> {
            let mut session = backend.load(&data, std::slice::from_ref(&start))?;
            session.advance(3)?;
            Ok(session.evaluate()?.swap_remove(0))
        };
        let (want, got) = (evaluated(&Reference::<f64>::new()).map_err(text)?, evaluated(gpu).map_err(text)?);
        compare("the cost", &[got.cost as f32], &[want.cost], |_| 1e-5 * want.cost)?;
        compare("the logits", &narrow(&got.logits), &want.logits, |i| 2e-5 * (1.0 + want.logits[i].abs()))?;
    }
    Ok(())
}

/// A gradient with other masks is another one altogether.
pub fn dropped_units_match(gpu: &Gpu) -> Check {
    let recipe = Recipe {
        dropout: Dropout { rate: 0.4, seed: 11 },
        batch_size: Some(37),
        shuffle: Some(2),
        ..Recipe::default()
    };
    let output = (Output::Softmax, 2);
    let (data, start) = (data(3, 100, output), run(3, &[33, 17], "tanh", output, recipe));
    for updates in [0, 1, 2, 1 << 33] {
        let start = under_way(start.clone(), updates);
        let gradients = |backend: &dyn Backend| -> planar::Result<Parameters> {
            Ok(backend.load(&data, std::slice::from_ref(&start))?.gradients()?.swap_remove(0))
        };
        let (want, got) = (gradients(&Reference::<f64>::new()).map_err(text)?, gradients(gpu).map_err(text)?);
        let largest = want.values().iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        compare(&format!("update {updates}"), &narrow(got.values()), want.values(), |_| 1e-5 * largest)?;
    }
    Ok(())
}

fn predictions_match(gpu: &Gpu) -> Check {
    let start = run(3, &[9, 5], "elu", (Output::Softmax, 7), Recipe::default());
    let points = data(3, 100, (Output::Softmax, 7)).points();
    let logits = |backend: &dyn Backend| backend.forward(&start.network, &start.parameters, &points).map_err(text);
    let (want, got) = (logits(&Reference::<f64>::new())?, logits(gpu)?);
    compare("the logits", &narrow(&got), &want, |i| 1e-5 * (1.0 + want[i].abs()))
}

/// The outputs of the networks that are trained side by side.
const CLASSES: (Output, usize) = (Output::Softmax, 3);

/// Three networks of other widths, trained in other ways, in batches.
pub fn three() -> Vec<Run> {
    let shared = Recipe { batch_size: Some(50), shuffle: Some(4), ..Recipe::default() };
    let hidden = [&[9, 33][..], &[17, 4], &[1, 70]];
    let of = |(hidden, recipe): (&[usize], Recipe)| {
        let recipe = Recipe { batch_size: shared.batch_size, shuffle: shared.shuffle, ..recipe };
        run(4, hidden, "silu", CLASSES, recipe)
    };
    hidden.into_iter().zip(recipes()).map(of).collect()
}

/// All that a training of 64 updates in these chunks leaves behind.
type Story = (Vec<Vec<u64>>, Vec<Parameters>, Vec<Vec<f64>>, Vec<Evaluation>);

fn story(gpu: &Gpu, runs: &[Run], chunks: &[u32]) -> planar::Result<Story> {
    story_of(gpu.load(&data(4, 131, CLASSES), runs)?.as_mut(), chunks, |_| {})
}

fn story_of(session: &mut dyn Session, chunks: &[u32], mut between: impl FnMut(usize)) -> planar::Result<Story> {
    let (mut costs, mut last) = (Vec::new(), None);
    for (number, chunk) in chunks.iter().enumerate() {
        session.advance(*chunk)?;
        between(number);
        let chunk = session.collect()?.ok_or_else(|| planar::Error::Device("no chunk".into()))?;
        costs.resize(chunk.costs.len(), Vec::new());
        for (costs, of_chunk) in costs.iter_mut().zip(&chunk.costs) {
            costs.extend(of_chunk.iter().map(|cost| cost.to_bits()));
        }
        last = Some(chunk);
    }
    let chunk = last.ok_or_else(|| planar::Error::Device("no chunk".into()))?;
    Ok((costs, chunk.parameters, chunk.moments, session.evaluate()?))
}

fn layouts_do_not_matter(gpu: &Gpu) -> Check {
    let mut first = None;
    for laid in of_any_depth() {
        let got = story(&laid.on(gpu), &three(), &[12]).map_err(|error| format!("{}: {error}", laid.layout))?;
        if *first.get_or_insert_with(|| got.clone()) != got {
            return Err(format!("{} has other bits", laid.layout));
        }
    }
    Ok(())
}

pub fn chunks_do_not_matter(gpu: &Gpu) -> Check {
    let want = story(gpu, &three(), &[64]).map_err(text)?;
    let sevens = [[7; 9].as_slice(), &[1]].concat();
    for chunks in [[1; 64].as_slice(), &sevens] {
        if story(gpu, &three(), chunks).map_err(text)? != want {
            return Err(format!("chunks of {} have other bits", chunks[0]));
        }
    }
    Ok(())
}

pub fn neighbours_do_not_matter(gpu: &Gpu) -> Check {
    let together = story(gpu, &three(), &[20]).map_err(text)?;
    for (i, run) in three().iter().enumerate() {
        let alone = story(gpu, std::slice::from_ref(run), &[20]).map_err(text)?;
        let is_same = (&alone.0[0], &alone.1[0]) == (&together.0[i], &together.1[i])
            && (&alone.2[0], &alone.3[0]) == (&together.2[i], &together.3[i]);
        if !is_same {
            return Err(format!("network {i} has other bits than alone"));
        }
    }
    Ok(())
}

/// Also that it can start again, and that a retired network is left alone.
pub fn resuming_does_not_matter(gpu: &Gpu) -> Check {
    let data = data(4, 131, CLASSES);
    let want = story(gpu, &three(), &[64]).map_err(text)?;
    let half = story(gpu, &three(), &[30]).map_err(text)?;
    let mut runs = three();
    for (i, run) in runs.iter_mut().enumerate() {
        run.parameters = half.1[i].clone();
        run.state = State { updates: 30, moments: half.2[i].clone() };
    }
    let mut session = gpu.load(&data, &runs).map_err(text)?;
    for what in ["resumed", "restarted"] {
        let got = story_of(session.as_mut(), &[34], |_| {}).map_err(text)?;
        if (&got.1, &got.2, &got.3) != (&want.1, &want.2, &want.3) {
            return Err(format!("{what}, it ends with other bits"));
        }
        session.retire(1).map_err(text)?;
        session.restart(&half.1).map_err(text)?;
    }
    session.retire(1).and_then(|()| session.retire(0)).map_err(text)?;
    let got = story_of(session.as_mut(), &[34], |_| {}).map_err(text)?;
    let retired = (&got.1[1], &got.2[1]) == (&half.1[1], &half.2[1]);
    let is_same = retired && (&got.1[2], &got.2[2], &got.3[2]) == (&want.1[2], &want.2[2], &want.3[2]);
    if is_same { Ok(()) } else { Err("a retired network was trained, or another was not as alone".into()) }
}

pub fn losing_the_device_does_not_matter(adapter: &Adapter, plan: PlanChoice) -> Check {
    let open = || Gpu::open(adapter).map(|gpu| gpu.with_plan(plan)).map_err(text);
    let want = story(&open()?, &three(), &[20, 24, 20]).map_err(text)?;
    for at in 0..3 {
        let gpu = open()?;
        let mut session = gpu.load(&data(4, 131, CLASSES), &three()).map_err(text)?;
        let lose = |chunk| {
            if chunk == at {
                gpu.fail(Fault::Destroyed)
            }
        };
        if story_of(session.as_mut(), &[20, 24, 20], lose).map_err(text)? != want {
            return Err(format!("lost in chunk {at}, it ends with other bits"));
        }
        let halves: Vec<Parameters> = three().into_iter().map(|run| run.parameters).collect();
        session.restart(&halves).map_err(text)?;
        if story_of(session.as_mut(), &[20, 24, 20], |_| {}).map_err(text)? != want {
            return Err(format!("lost in chunk {at} and restarted, it ends with other bits"));
        }
    }
    Ok(())
}
