//! What goes wrong on a device, on purpose: a lost one is replaced once and training ends with the same bits, all else
//! is an error of one line, and nothing waits for ever.

use std::ops::ControlFlow;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use planar::backend::{Backend, Chunk, Evaluation, Run, Session};
use planar::data::flower;
use planar::gpu::plan::{Plan, PlanChoice};
use planar::gpu::testing::Fault;
use planar::gpu::{Adapter, Gpu};
use planar::model::Parameters;
use planar::train::{Schedule, train};
use planar::{Error, Result};

use crate::Check;
use crate::common::run;
use crate::limits::NamedOnAdapter;

/// The longest that a check may go on without a result: over it, something hangs. Checks take seconds; a busy machine makes
/// minutes of them.
const WATCHDOG: Duration = Duration::from_secs(1200);
const LOSSES: [Fault; 2] = [Fault::Destroyed, Fault::Lost];

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("resident_a_device_lost_at_any_moment_is_replaced_and_changes_no_bit".into(), |adapter, _| {
            watched(adapter, |adapter| changes_no_bit(adapter, PlanChoice::Resident))
        }),
        ("split_a_device_lost_at_any_moment_is_replaced_and_changes_no_bit".into(), |adapter, _| {
            watched(adapter, |adapter| changes_no_bit(adapter, PlanChoice::Split))
        }),
        ("layered_a_device_lost_at_any_moment_is_replaced_and_changes_no_bit".into(), |adapter, _| {
            watched(adapter, |adapter| changes_no_bit(adapter, PlanChoice::Layered))
        }),
        ("a_training_that_loses_its_device_ends_as_if_it_had_not".into(), |adapter, _| watched(adapter, trains_on)),
        ("networks_loaded_on_a_lost_device_find_another".into(), |adapter, _| watched(adapter, loads_again)),
        ("a_second_loss_is_an_error".into(), |adapter, _| watched(adapter, second_loss)),
        ("no_memory_at_any_moment_is_an_error_of_one_line".into(), |adapter, _| watched(adapter, no_memory)),
        ("no_answer_and_no_mapping_are_errors_of_one_line".into(), |adapter, _| watched(adapter, no_answer)),
        ("a_step_that_is_not_counted_is_an_error_of_one_line".into(), |adapter, _| watched(adapter, miscounts)),
    ]
}

/// The check, in a thread that may panic or hang.
fn watched(adapter: &Adapter, check: fn(&Adapter) -> Check) -> Check {
    let (adapter, (sender, receiver)) = (adapter.clone(), mpsc::channel());
    thread::spawn(move || sender.send(check(&adapter)));
    receiver.recv_timeout(WATCHDOG).map_err(|error| format!("it hangs or has panicked: {error}"))?
}

fn open(adapter: &Adapter, plan: PlanChoice) -> std::result::Result<Gpu, String> {
    Ok(Gpu::open(adapter).map_err(|error| error.to_string())?.with_plan(plan))
}

fn runs() -> Vec<Run> {
    [(4, 1), (9, 2), (5, 3)].map(|(units, seed)| run(&[units], "tanh", 0.5, seed, 0.1)).into()
}

/// What a session hands out.
#[derive(Debug, Default, PartialEq)]
struct Story {
    chunks: Vec<Chunk>,
    evaluations: Vec<Evaluation>,
    gradients: Vec<Parameters>,
}

type Chapter = fn(&mut dyn Session, &mut Story) -> Result<()>;

/// A session's life: several chunks on their way, a network that retires, and looks in between.
const CHAPTERS: [Chapter; 11] = [
    |session, _| session.advance(5),
    |session, _| session.advance(1),
    collect,
    |session, _| session.retire(1),
    |session, _| session.advance(7),
    collect,
    collect,
    evaluate,
    |session, _| session.advance(3),
    gradients,
    collect,
];

fn collect(session: &mut dyn Session, story: &mut Story) -> Result<()> {
    story.chunks.extend(session.collect()?);
    Ok(())
}

fn evaluate(session: &mut dyn Session, story: &mut Story) -> Result<()> {
    story.evaluations.extend(session.evaluate()?);
    Ok(())
}

fn gradients(session: &mut dyn Session, story: &mut Story) -> Result<()> {
    story.gradients.extend(session.gradients()?);
    Ok(())
}

/// The story with a fault before one of its chapters, without what the retired network leaves.
fn story(gpu: &Gpu, fault: Option<(Fault, usize)>) -> Result<Story> {
    let mut session = gpu.load(&flower(100, 1)?, &runs())?;
    let mut story = Story::default();
    for (number, chapter) in CHAPTERS.into_iter().enumerate() {
        if let Some((fault, _)) = fault.filter(|(_, at)| *at == number) {
            gpu.fail(fault);
        }
        chapter(session.as_mut(), &mut story)?;
    }
    for chunk in &mut story.chunks {
        chunk.costs.remove(1);
        chunk.parameters.remove(1);
    }
    story.evaluations.remove(1);
    story.gradients.remove(1);
    Ok(story)
}

fn changes_no_bit(adapter: &Adapter, plan: PlanChoice) -> Check {
    let want = story(&open(adapter, plan)?, None).map_err(|error| error.to_string())?;
    for (fault, at) in LOSSES.into_iter().flat_map(|fault| (0..CHAPTERS.len()).map(move |at| (fault, at))) {
        let got = story(&open(adapter, plan)?, Some((fault, at)));
        let got = got.map_err(|error| format!("{fault:?} before {at}: {error}"))?;
        if got != want {
            return Err(format!("{fault:?} before {at}: other bits"));
        }
    }
    Ok(())
}

fn trains_on(adapter: &Adapter) -> Check {
    let trained = |lost_at: Option<u64>| -> std::result::Result<_, String> {
        let gpu = open(adapter, PlanChoice::Auto)?;
        let (mut lost_at, said) = (lost_at, |error: Error| error.to_string());
        let mut session = gpu.load(&flower(400, 1).map_err(said)?, &runs()[..1]).map_err(said)?;
        let schedule = Schedule::new(2000, Some(100)).map_err(said)?;
        train(session.as_mut(), schedule, |at| {
            if lost_at.take_if(|lost| at.iteration >= *lost).is_some() {
                gpu.fail(Fault::Destroyed);
            }
            ControlFlow::Continue(())
        })
        .map_err(said)
    };
    if trained(Some(500))? == trained(None)? { Ok(()) } else { Err("another outcome".into()) }
}

fn loads_again(adapter: &Adapter) -> Check {
    for fault in LOSSES {
        let gpu = open(adapter, PlanChoice::Auto)?;
        let want = story(&gpu, None).map_err(|error| error.to_string())?;
        gpu.fail(fault);
        let got = [story(&gpu, None), story(&gpu, None)];
        if !got.iter().all(|story| story.as_ref().is_ok_and(|story| *story == want)) {
            return Err(format!("{fault:?}: {:?}", got.map(|story| story.err())));
        }
    }
    Ok(())
}

fn second_loss(adapter: &Adapter) -> Check {
    for (first, second) in LOSSES.into_iter().flat_map(|first| LOSSES.map(|second| (first, second))) {
        let gpu = open(adapter, PlanChoice::Auto)?;
        story(&gpu, Some((first, 5))).map_err(|error| error.to_string())?;
        match story(&gpu, Some((second, 5))) {
            Err(error @ Error::Lost(_)) if is_said(&error, "for the second time") => {}
            other => return Err(format!("{first:?}, {second:?}: {other:?}")),
        }
    }
    Ok(())
}

fn is_said(error: &Error, words: &str) -> bool {
    let said = error.to_string();
    said.contains(words) && said.lines().count() == 1
}

/// An error where something is created or submitted, and nothing elsewhere; and the device goes on as before.
fn no_memory(adapter: &Adapter) -> Check {
    let mut refused = 0;
    for plan in PlanChoice::ALL {
        let gpu = open(adapter, plan)?;
        let want = story(&gpu, None).map_err(|error| error.to_string())?;
        for at in 0..CHAPTERS.len() {
            match story(&gpu, Some((Fault::OutOfMemory, at))) {
                Err(error @ Error::Device(_)) if is_said(&error, "not enough memory for") => refused += 1,
                Ok(got) if got == want => {}
                other => return Err(format!("{plan}, before {at}: {other:?}")),
            }
        }
        gpu.fail(Fault::OutOfMemory);
        match story(&gpu, None) {
            Err(error @ Error::Device(_)) if is_said(&error, "not enough memory for buffers") => refused += 1,
            other => return Err(format!("{plan}, loading: {other:?}")),
        }
        if story(&gpu, None).ok().as_ref() != Some(&want) {
            return Err(format!("{plan}: it does not go on as before"));
        }
    }
    if refused >= 8 { Ok(()) } else { Err(format!("{refused} refused")) }
}

fn no_answer(adapter: &Adapter) -> Check {
    let data = flower(4000, 1).map_err(|error| error.to_string())?;
    let faults = [(Fault::Hang, "did not answer within"), (Fault::Unmapped, "could not be mapped")];
    for (plan, (fault, words)) in PlanChoice::ALL.into_iter().flat_map(|plan| faults.map(|fault| (plan, fault))) {
        let gpu = open(adapter, plan)?;
        let mut session = gpu.load(&data, &runs()).map_err(|error| error.to_string())?;
        gpu.fail(fault);
        match session.advance(10).and_then(|()| session.collect()) {
            Err(error @ Error::Device(_)) if is_said(&error, words) => {}
            other => return Err(format!("{plan}, {fault:?}: {other:?}")),
        }
    }
    Ok(())
}

/// An iteration's last step counts it: without that step the update may be missing too.
fn miscounts(adapter: &Adapter) -> Check {
    let without_last: fn(&mut Plan) = |plan| plan.iteration.truncate(plan.iteration.len() - 1);
    for plan in PlanChoice::ALL {
        match story(&open(adapter, plan)?.with_changed_plans(without_last), None) {
            Err(error @ Error::Incomplete { asked: 5, done: 0 }) if is_said(&error, "0 of 5 iterations") => {}
            other => return Err(format!("{plan}: {other:?}")),
        }
    }
    Ok(())
}
