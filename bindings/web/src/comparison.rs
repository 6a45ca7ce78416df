//! Whether the device computes what the reference does.

use planar::backend::{Backend, CHUNK_LIMIT, Run};
use planar::compare::{Bounds, Difference, Step, checkpoints, judge, rounded};
use planar::cpu::Reference;
use planar::data::Dataset;
use planar::{Error, Result};
use serde_json::{Value, json};

use crate::device::{Device, Gpus};
use crate::experiment::Experiment;
use crate::object::Object;

/// The most multiply-adds of the reference's training in a comparison: a few seconds' work.
const WORK: u64 = 1 << 30;
/// The chunks of the run that is trained again, a prime.
const CHUNK: u64 = 97;

/// Whether the GPU, or the CPU if there is none, agrees with the reference in `f64`: in single steps from the same weights; and
/// whether it trains again to the same bits in other chunks.
///
/// # Errors
/// Those of the device and of its sessions.
pub async fn compare(gpus: &mut Gpus, experiment: &Experiment, iterations: u64) -> Result<Object> {
    let (data, run) = (experiment.data(), &experiment.starts[0]);
    let work = (run.parameters.values().len() * data.samples()) as u64 * 3;
    let iterations = iterations.clamp(1, (WORK / work.max(1)).max(1));
    let device = &opponent(gpus, experiment).await?;
    let rows = steps(device, &Reference::<f64>::new(), data, run, iterations).await?;
    let repeats = again(device, data, run, iterations).await?;
    let agrees = repeats && rows.iter().all(|(_, difference)| difference.agrees);
    let info = device.info();
    let name = &info.name;
    let said = match rows.iter().find(|(_, difference)| !difference.agrees) {
        Some((iteration, Difference { tensor, .. })) => {
            format!(
                "{name} and the CPU in double precision disagree: {tensor} at iteration {iteration} is beyond its bound."
            )
        }
        None if !repeats => format!("{name} does not train again to the same bits in other chunks."),
        None => format!(
            "{name} and the CPU in double precision agree: each of {} tensors is within its bound over {iterations} iterations, and \
             {name} trains again to the same bits in other chunks.",
            rows.len()
        ),
    };
    let row = |(iteration, difference): &(u64, Difference)| -> Value {
        let Difference { tensor, left, right, bound, agrees, .. } = difference;
        json!({ "what": format!("{tensor} at iteration {iteration}"), "gpu": right, "cpu": left,
            "difference": (left - right).abs(), "bound": bound, "agrees": agrees })
    };
    let rows: Vec<Value> = rows.iter().map(row).collect();
    Ok(Object::new(json!({ "is": "compared", "verdict": agrees, "said": said, "rows": rows, "iterations": iterations,
            "device": info })))
}

/// What is held to the reference: the GPU wherever there is one, else what trains.
async fn opponent(gpus: &mut Gpus, experiment: &Experiment) -> Result<Device> {
    if experiment.device.is_gpu() {
        return Ok(experiment.device.clone());
    }
    match gpus.with(&experiment.settings).await {
        Err(Error::NoAdapter(_)) => Ok(experiment.device.clone()),
        opened => opened,
    }
}

/// Steps from the weights that the reference comes to: at iterations 0, 1, 10, 100, … and the last.
async fn steps(
    device: &Device,
    reference: &Reference<f64>,
    data: &Dataset,
    run: &Run,
    iterations: u64,
) -> Result<Vec<(u64, Difference)>> {
    let start = rounded(run);
    let mut session = reference.load(data, std::slice::from_ref(&start))?;
    let (mut done, mut parameters, mut rows) = (0, start.parameters.clone(), Vec::new());
    for at in std::iter::once(0).chain(checkpoints(iterations)) {
        while done < at {
            let chunk = (at - done).min(CHUNK_LIMIT.into());
            session.advance(chunk as u32)?;
            let missing = || Error::Mismatch("a chunk of the reference is missing".into());
            parameters = session.collect()?.and_then(|mut chunk| chunk.parameters.pop()).ok_or_else(missing)?;
            done += chunk;
        }
        let there = rounded(&Run { parameters: parameters.clone(), ..run.clone() });
        if there.parameters.is_finite() {
            let (want, got) = (Step::of(reference, data, &there)?, device.step(data, &there).await?);
            let judged = judge([&want, &got], data, &there, at, Bounds::F32_TO_F64)?;
            rows.extend(judged.differences.into_iter().map(|difference| (at, difference)));
        }
    }
    Ok(rows)
}

/// Whether a device trains again to the same bits, in chunks of one and in long ones.
async fn again(device: &Device, data: &Dataset, run: &Run, iterations: u64) -> Result<bool> {
    let start = rounded(run);
    let mut bits: Vec<Vec<u64>> = Vec::new();
    for longest in [1, CHUNK] {
        let mut session = device.load(data, std::slice::from_ref(&start)).await?;
        let (mut done, mut seen) = (0, Vec::new());
        while done < iterations {
            // the first by themselves, then as long as they may be
            let chunk = if done < CHUNK { longest } else { CHUNK + longest }.min(iterations - done);
            session.advance(chunk as u32).await?;
            let missing = || Error::Mismatch("a chunk of the device is missing".into());
            let collected = session.collect().await?.ok_or_else(missing)?;
            seen.extend(collected.costs.iter().flatten().map(|cost| if cost.is_nan() { 0 } else { cost.to_bits() }));
            done += chunk;
            if done == iterations {
                seen.extend(collected.parameters.iter().flat_map(|of| of.values()).map(|value| value.to_bits()));
            }
        }
        bits.push(seen);
    }
    Ok(bits[0] == bits[1])
}
