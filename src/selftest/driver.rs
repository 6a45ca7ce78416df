//! Known driver faults, each looked for by a small kernel: what a driver does that training would meet, and what planar
//! does about it.

use bytemuck::bytes_of;

use super::{Check, Failure, Worst};
use crate::gpu::Gpu;
use crate::gpu::kernel::Kernel;
use crate::gpu::plan::call::activation_constants;
use crate::gpu::plan::{KernelCall, LOOP_BUDGET, Slot};
use crate::gpu::shader::Constant;
use crate::gpu::uniforms::Probe;
use crate::model::Activation;
use crate::{Error, Result};

/// Invocations of a probe's workgroup.
const WORKGROUP: u32 = 64;
/// The buffers of a probe; only their order counts.
const SLOTS: [Slot; 4] = [Slot::Inputs, Slot::Labels, Slot::Parameters, Slot::Gradients];
/// The most turns that the loop is asked for.
const MOST_TURNS: u32 = 200_000;
/// The largest buffer that is tried, bytes.
const LARGEST_BUFFER: u64 = 256 << 20;

/// A look at the driver: what was found, or what is wrong.
pub type Look = fn(&Gpu) -> std::result::Result<String, Failure>;

/// The looks at the driver, by name.
pub const PROBES: [(&str, Look); 7] = [
    ("loops", |gpu| loop_cap(gpu)),
    ("tanh, σ and the loss from 1e-6 to 100", |gpu| functions(gpu).map(|worst| worst.to_string())),
    ("exp and log at their ends, and the driver's own tanh", own_functions),
    ("NaN, infinity and subnormals through a buffer", |gpu| kept_values(gpu)),
    ("workgroup barriers", |gpu| barriers(gpu).map(|worst| worst.to_string())),
    ("partial last workgroups", partial_workgroups),
    ("buffers of the largest size", large_buffers),
];

/// A probe's step with this many buffers behind its uniform.
fn step(kernel: Kernel, probe: Probe, function: u32) -> KernelCall {
    let mut constants = activation_constants(Activation::Tanh, None);
    constants.extend([("WORKGROUP", Constant::U32(WORKGROUP)), ("FUNCTION", Constant::U32(function))]);
    KernelCall {
        kernel,
        constants,
        uniform: bytes_of(&probe).to_vec(),
        buffers: SLOTS[..kernel.bindings().len() - 1].to_vec(),
        workgroups: [probe.length.div_ceil(WORKGROUP).into(), 1, 1],
        invocations: WORKGROUP.into(),
        workgroup_storage: if kernel == Kernel::ProbeBarrier { u64::from(4 * WORKGROUP) } else { 0 },
        turns: match kernel {
            Kernel::ProbeLoop | Kernel::ProbeBarrier => probe.turns.into(),
            _ => 0,
        },
    }
}

/// A step of every probe, for whoever wants to look at all shaders.
#[cfg(feature = "testing")]
pub fn steps() -> Vec<KernelCall> {
    let probe = Probe { length: 100, turns: 7 };
    let functions = (0..=6).map(|function| step(Kernel::ProbeFunction, probe, function));
    let others = [Kernel::ProbeLoop, Kernel::ProbeCopy, Kernel::ProbeBarrier].map(|kernel| step(kernel, probe, 0));
    functions.chain(others).collect()
}

/// Turns that a loop takes when it is asked for this many, and the state they lead to.
fn turns_of(gpu: &Gpu, length: u32, turns: u32) -> Result<Vec<u32>> {
    let step = step(Kernel::ProbeLoop, Probe { length, turns }, 0);
    Ok(gpu.alone(&step, &[vec![0; 2 * length as usize]])?.results()?.swap_remove(0))
}

/// The state after this many turns of the probe's generator.
fn state_after(invocation: u32, turns: u32) -> u32 {
    (0..turns).fold(invocation, |state, _| state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))
}

/// Loops go as far as plans let them, 60,000 turns.
pub fn loops(gpu: &Gpu) -> Check {
    let (length, turns) = (70, LOOP_BUDGET as u32);
    for (invocation, result) in (0..length).zip(turns_of(gpu, length, turns)?.chunks_exact(2)) {
        if result != [turns, state_after(invocation, turns)] {
            let wrong = format!("a loop of {turns} ended after {} turns: long sums would be wrong", result[0]);
            return Err(Failure(wrong));
        }
    }
    Ok(Worst::default())
}

fn loop_cap(gpu: &Gpu) -> std::result::Result<String, Failure> {
    loops(gpu)?;
    let cap = turns_of(gpu, 1, MOST_TURNS)?[0];
    Ok(match cap {
        MOST_TURNS => format!("no cap up to {MOST_TURNS} turns"),
        cap => format!("loops end after {cap} turns without a word; planar asks for {LOOP_BUDGET} at most"),
    })
}

/// A function of `f64`.
type Function = fn(f64) -> f64;

/// A function's values on the device.
fn evaluate(gpu: &Gpu, function: u32, x: &[f32]) -> Result<Vec<f32>> {
    let step = step(Kernel::ProbeFunction, Probe { length: x.len() as u32, turns: 0 }, function);
    let bits: Vec<u32> = x.iter().map(|x| x.to_bits()).collect();
    let results = gpu.alone(&step, &[bits, vec![0; x.len()]])?.results()?.swap_remove(1);
    Ok(results.into_iter().map(f32::from_bits).collect())
}

/// ±1e-6 … ±100, closely.
fn arguments() -> Vec<f32> {
    let positive = (0..=800).map(|k| 10f32.powf(-6.0 + k as f32 / 100.0));
    positive.flat_map(|x| [x, -x]).collect()
}

/// tanh and tanh′, σ, and the loss of label 0 are those of `f64`, to some units in the last place.
pub fn functions(gpu: &Gpu) -> Check {
    let x = arguments();
    let mut worst = Worst::default();
    let of: [(&str, Function); 4] = [
        ("tanh", f64::tanh),
        ("tanh′", |x| 1.0 / x.cosh().powi(2)),
        ("σ", |x| 1.0 / (1.0 + (-x).exp())),
        ("the loss", |x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
    ];
    for (function, (name, exact)) in of.into_iter().enumerate() {
        let got = evaluate(gpu, function as u32, &x)?;
        let want: Vec<f64> = x.iter().map(|x| exact(f64::from(*x))).collect();
        // exp errs by 3 + 2|x| units in the last place at most; where its result is subnormal it may be 0
        let bound = |i: usize| want[i].abs() * (6.0 + 4.0 * f64::from(x[i].abs())) * f64::from(f32::EPSILON) + 1e-37;
        worst.compare(name, &got, &want, bound)?;
    }
    Ok(worst)
}

fn own_functions(gpu: &Gpu) -> std::result::Result<String, Failure> {
    let tiny = f32::MIN_POSITIVE;
    let ends = [-200.0, -87.0, 0.0, 88.0];
    let exp = evaluate(gpu, 4, &ends)?;
    if exp[0] != 0.0 || exp[1..].iter().zip(&ends[1..]).any(|(got, x)| (got / x.exp() - 1.0).abs() > 1e-4) {
        return Err(Failure(format!("exp of {ends:?} is {exp:?}: σ and the loss would be wrong")));
    }
    let log = evaluate(gpu, 5, &[tiny, 1.0, f32::MAX])?;
    let overflow = evaluate(gpu, 4, &[100.0])?[0];
    // planar calls neither log nor tanh: what they do is told, not judged
    let x = arguments();
    let tanh = evaluate(gpu, 6, &x)?;
    let lost =
        x.iter().zip(&tanh).filter(|(_, got)| !got.is_finite()).map(|(x, _)| x.abs()).fold(f32::INFINITY, f32::min);
    let error = |(x, got): (&f32, &f32)| (f64::from(*got) / f64::from(*x).tanh() - 1.0).abs();
    let worst = x.iter().zip(&tanh).map(error).filter(|error| error.is_finite()).fold(0.0, f64::max);
    let lost = if lost.is_finite() { format!(", not finite from |x| = {lost} on") } else { String::new() };
    Ok(format!("exp(100) = {overflow}, log of the ends {log:?}; WGSL's own tanh, unused, errs by {worst:.0e}{lost}"))
}

/// What a value and its double are after a way through a buffer, and whether the shader takes it for finite.
fn through(gpu: &Gpu, values: &[f32]) -> Result<[Vec<u32>; 3]> {
    let step = step(Kernel::ProbeCopy, Probe { length: values.len() as u32, turns: 2 }, 0);
    let bits: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
    let room = vec![0; values.len()];
    let mut results = gpu.alone(&step, &[bits, room.clone(), room.clone(), room])?.results()?;
    let finite = results.pop().unwrap_or_default();
    let products = results.pop().unwrap_or_default();
    Ok([results.pop().unwrap_or_default(), products, finite])
}

/// Finite numbers, infinities and NaN come back as they were and are told apart by their bits.
pub fn copies(gpu: &Gpu) -> Check {
    let values = [1.5, -0.0, f32::MAX, f32::MIN_POSITIVE, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
    let [copies, products, finite] = through(gpu, &values)?;
    for (i, value) in values.into_iter().enumerate() {
        let copy = f32::from_bits(copies[i]);
        let product = f32::from_bits(products[i]);
        let kept =
            if value.is_nan() { copy.is_nan() && product.is_nan() } else { copy == value && product == 2.0 * value };
        if !kept || (finite[i] == 1) != value.is_finite() {
            let said = if finite[i] == 1 { "finite" } else { "not finite" };
            let wrong =
                format!("{value} came back as {copy}, twice it as {product}, and its bits were taken for {said}");
            return Err(Failure(wrong + ": a divergence could hide"));
        }
    }
    Ok(Worst::default())
}

fn kept_values(gpu: &Gpu) -> std::result::Result<String, Failure> {
    copies(gpu)?;
    let subnormal = f32::MIN_POSITIVE / 4.0;
    let [copies, products, _] = through(gpu, &[subnormal])?;
    let word = |kept: bool| if kept { "kept" } else { "flushed to 0" };
    let copied = word(copies[0] == subnormal.to_bits());
    let computed = word(f32::from_bits(products[0]) == 2.0 * subnormal);
    Ok(format!("NaN and infinity stay; subnormals are {copied} by a copy and {computed} by arithmetic"))
}

/// Rounds through workgroup memory give what they give on the host.
pub fn barriers(gpu: &Gpu) -> Check {
    let (length, turns) = (3 * WORKGROUP - 5, 101);
    let step = step(Kernel::ProbeBarrier, Probe { length, turns }, 0);
    let got = gpu.alone(&step, &[vec![0; length as usize]])?.results()?.swap_remove(0);
    for (invocation, got) in (0..length).zip(got) {
        // an odd number of turns ends at the mirror image
        let mirror = invocation / WORKGROUP * WORKGROUP + WORKGROUP - 1 - invocation % WORKGROUP;
        let want = mirror + turns * (turns - 1) / 2;
        if got != want {
            return Err(Failure(format!(
                "invocation {invocation} got {got}, not {want}: the tiled matmul would be wrong"
            )));
        }
    }
    Ok(Worst::default())
}

fn partial_workgroups(gpu: &Gpu) -> std::result::Result<String, Failure> {
    for length in [1, 3, 17, WORKGROUP - 1, WORKGROUP, WORKGROUP + 1, 277, 400] {
        let step = step(Kernel::ProbeCopy, Probe { length, turns: 1 }, 0);
        let room = 2 * length as usize + 64;
        let values: Vec<u32> = (0..room).map(|i| (i as f32 + 1.0).to_bits()).collect();
        let results = gpu.alone(&step, &[values.clone(), vec![7; room], vec![7; room], vec![7; room]])?.results()?;
        let want = |i: usize| if i < length as usize { values[i] } else { 7 };
        if let Some(at) = (0..room).find(|i| results[1][*i] != want(*i)) {
            return Err(Failure(format!(
                "of {length} invocations, element {at} is {}, not {}",
                results[1][at],
                want(at)
            )));
        }
    }
    Ok("every invocation ran once, and none beyond the last".into())
}

fn large_buffers(gpu: &Gpu) -> std::result::Result<String, Failure> {
    let largest = gpu.largest_binding().min(LARGEST_BUFFER);
    let words = largest / 4;
    match gpu.last_word(words) {
        Ok(word) if word == words as u32 => Ok(format!("{} MiB written and read to its end", largest >> 20)),
        Ok(word) => Err(Failure(format!("the last word of {largest} bytes is {word}, not {words}"))),
        Err(Error::Device(said)) => Err(Failure(format!("{largest} bytes: {said}"))),
        Err(error) => Err(error.into()),
    }
}
