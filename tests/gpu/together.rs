//! Several at once: processes on one adapter, threads on one device.

use std::process::{Command, Stdio};
use std::thread;

use planar::backend::{Backend, Run, Session};
use planar::checkpoint::Checkpoint;
use planar::cpu::{Engine, Reference};
use planar::data::{Dataset, flower};
use planar::gpu::plan::PlanChoice;
use planar::gpu::{Adapter, Gpu};
use planar::model::{Network, Parameters};
use planar::train::Outcome;
use serde_json::Value;

use crate::Check;
use crate::common::{costs_of, run};
use crate::limits::NamedOnAdapter;

/// What threads share, and what they hand over to each other.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    const fn is_handed_over<T: Send + ?Sized>() {}
    is_shared::<Gpu>();
    is_shared::<Adapter>();
    is_shared::<Engine>();
    is_shared::<Reference<f32>>();
    is_shared::<Reference<f64>>();
    is_shared::<Dataset>();
    is_shared::<Network>();
    is_shared::<Parameters>();
    is_shared::<Run>();
    is_shared::<Outcome>();
    is_shared::<Checkpoint>();
    is_shared::<planar::Error>();
    is_handed_over::<Box<dyn Session>>();
};

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("four_processes_on_one_adapter_end_with_the_bits_of_one_alone".into(), processes),
        ("threads_that_share_a_device_train_as_each_does_alone".into(), threads),
    ]
}

fn processes(_: &Adapter, _: &Gpu) -> Check {
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_planar"));
        command.args(["train", "--device", "gpu", "--hidden", "9", "--iterations", "400", "--json", "-q"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())
    };
    let end = |child: std::process::Child| -> Result<(Value, Value), String> {
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        let report: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
        Ok((report["costs"].clone(), report["final"].clone()))
    };
    let alone = end(start()?)?;
    let together = (0..4).map(|_| start()).collect::<Result<Vec<_>, _>>()?;
    for child in together {
        let got = end(child)?;
        if got != alone {
            return Err(format!("{got:?} is not {alone:?}"));
        }
    }
    Ok(())
}

fn threads(_: &Adapter, gpu: &Gpu) -> Check {
    let data = flower(400, 1).map_err(|error| error.to_string())?;
    let train = |number: u32| -> Result<Vec<f64>, String> {
        let plan = [PlanChoice::Split, PlanChoice::Layered, PlanChoice::Resident][number as usize % 3];
        let run = run(&[3 + number as usize], "tanh", 0.5, number, 0.1);
        let mut session = gpu.clone().with_plan(plan).load(&data, &[run]).map_err(|error| error.to_string())?;
        Ok(costs_of(session.as_mut(), 60, 7))
    };
    let alone = (0..6).map(train).collect::<Result<Vec<_>, _>>()?;
    let together = thread::scope(|scope| {
        let running: Vec<_> = (0..6).map(|number| scope.spawn(move || train(number))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or(Err("panicked".into()))).collect::<Vec<_>>()
    });
    match alone.iter().zip(together).position(|(alone, together)| together.as_ref() != Ok(alone)) {
        Some(number) => Err(format!("thread {number} trains otherwise than alone")),
        None => Ok(()),
    }
}
