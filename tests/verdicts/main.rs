//! The verdicts of `planar diagnose` on trainings whose cause is known by construction, and what its advice is worth.

mod dense;
mod exam;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use exam::{Training, trainings};
use planar::backend::{Backend, Run};
use planar::cpu::Engine;
use planar::diagnose::{Case, Cause, Change, Diagnosis, examine};
use planar::model::{Network, Parameters};
use planar::train::{Schedule, Status, train};

/// More than the command has: tests share a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Of twenty verdicts, at most this many may be wrong.
const WRONG_OF_TWENTY: usize = 1;

fn diagnosed(training: &Training) -> Diagnosis {
    let Training { data, held_out, run, iterations, .. } = training;
    let case = Case { data, held_out: held_out.as_ref(), run, iterations: *iterations };
    examine(&case, None, PATIENCE, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
}

/// The diagnoses, by training, on two threads.
fn all(trainings: &[Training]) -> Vec<Diagnosis> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(training) = trainings.get(at) else { break };
                    found.lock().unwrap().insert(at, diagnosed(training));
                }
            });
        }
    });
    found.into_inner().unwrap().into_values().collect()
}

/// The cause as the table counts it: a training of which only the notebook's formula fails is healthy.
fn counted(cause: Cause) -> Cause {
    if cause.is_failure() { cause } else { Cause::Healthy }
}

/// Prints how often each verdict is right, and fails if a failed training is called healthy or a healthy one failed, if
/// more than `wrong_allowed` verdicts are wrong, or if fewer pieces of advice than `kept` reach what they promise.
fn examined(trainings: &[Training], wrong_allowed: usize, kept: usize) {
    let diagnoses = all(trainings);
    let mut confusion = BTreeMap::<(usize, usize), usize>::new();
    let mut wrong = Vec::new();
    for (training, found) in trainings.iter().zip(&diagnoses) {
        let [truth, said] = [training.cause, found.cause].map(counted);
        let number = |cause| Cause::ALL.iter().position(|of| *of == cause).unwrap();
        *confusion.entry((number(truth), number(said))).or_default() += 1;
        if truth != said {
            wrong.push(format!("{}: {}, not {}", training.name, found.verdict, truth.name()));
        }
        let is_known = training.cause.is_failure() == found.cause.is_failure();
        assert!(is_known, "{}, {}: {}", training.name, training.cause.name(), found.verdict);
        assert!(!found.verdict.is_empty() && !found.because.is_empty());
        if training.cause == Cause::SaturatedCost {
            assert_eq!(found.cause, Cause::SaturatedCost, "{}: {}", training.name, found.verdict);
        }
    }
    println!("| cause | trainings | right | taken for |\n|---|---|---|---|");
    for (number, cause) in Cause::ALL.iter().enumerate() {
        let of = |right: bool| {
            confusion.iter().filter(move |((truth, said), _)| *truth == number && (truth == said) == right)
        };
        let [right, others] = [true, false].map(|is_right| of(is_right).map(|(_, count)| count).sum::<usize>());
        if right + others > 0 {
            let names = of(false).map(|((_, said), count)| format!("{count} {}", Cause::ALL[*said].name()));
            println!(
                "| `{}` | {} | {right} | {} |",
                cause.name(),
                right + others,
                names.collect::<Vec<_>>().join(", ")
            );
        }
    }
    println!("{} of {} verdicts are right", trainings.len() - wrong.len(), trainings.len());
    assert!(wrong.len() <= wrong_allowed, "{wrong:#?}");

    let mut followed = 0;
    for (training, found) in trainings.iter().zip(&diagnoses) {
        if let Some(remedy) = &found.remedy {
            if [Change::Standardised, Change::StandardisedTargets].iter().any(|scaled| remedy.changes.contains(scaled))
            {
                continue; // as a command in tests/diagnose.rs
            }
            assert_eq!(trained(training, &remedy.changes), remedy.cost, "{}: {:?}", training.name, remedy.changes);
            followed += 1;
        }
    }
    println!("{followed} pieces of advice were followed, and reached what they promise");
    assert!(followed >= kept);
}

#[test]
fn verdicts_are_right_on_trainings_whose_cause_is_known() {
    let trainings = trainings();
    assert!(trainings.len() >= 60);
    examined(&trainings, WRONG_OF_TWENTY * trainings.len() / 20, 30);
}

#[test]
fn verdicts_are_right_on_dense_networks_of_any_depth_output_and_optimiser() {
    let trainings = dense::trainings();
    examined(&trainings, 0, 20);
}

/// The cost at the end of a training with these changes, written down anew.
fn trained(training: &Training, changes: &[Change]) -> Option<f64> {
    let Training { data, run, iterations, .. } = training;
    let (mut hidden, mut rate, mut iterations) = (run.network.hidden().to_vec(), run.learning_rate, *iterations);
    let (mut g, mut backward, mut start) = (run.network.activation(), run.network.derivative().borrowed, None);
    let mut recipe = run.recipe;
    for change in changes {
        match change {
            // the rate as it is printed
            Change::LearningRate(other) => rate = other.to_string().parse().unwrap(),
            Change::Start { seed, scale } => start = Some((*seed, *scale)),
            Change::Hidden(layers) => hidden = layers.layers().to_vec(),
            Change::Activation(other) => g = *other,
            Change::OwnDerivative => backward = None,
            Change::Iterations(fewer) => iterations = *fewer,
            Change::Optimizer(other) => recipe.optimizer = other.to_string().parse().unwrap(),
            Change::ClipNorm(norm) => recipe.clip_norm = Some(*norm),
            Change::L2(lambda) => recipe.l2 = *lambda,
            Change::Dropout(share) => {
                let seed = if *share == 0.0 { 0 } else { recipe.dropout.seed }; // as flags have it
                recipe.dropout = planar::optim::Dropout { rate: *share, seed };
            }
            Change::Standardised
            | Change::StandardisedTargets
            | Change::FreshMoments
            | Change::ToTheEnd
            | Change::OnCpu => unreachable!(),
        }
    }
    let mut network = Network::new(data.features(), &hidden, g).unwrap();
    network = network.with_output(run.network.output(), run.network.outputs()).unwrap();
    if let Some(backward) = backward {
        network = network.with_backward(backward);
    }
    let parameters =
        start.map_or_else(|| run.parameters.clone(), |(seed, scale)| Parameters::initial(&network, seed, scale));
    let run = Run::new(network, parameters, rate).with_recipe(recipe);
    let mut session = Engine::new(None).unwrap().load(data, &[run]).unwrap();
    let schedule = Schedule::new(iterations, None).unwrap();
    let outcome = train(session.as_mut(), schedule, |_| ControlFlow::Continue(())).unwrap();
    (outcome.status == Status::Finished).then_some(outcome.evaluation.cost)
}
