//! Every shader that the host can build, without a GPU: valid WGSL, written for Vulkan, Metal and DX12, laid out as the
//! Rust structs, bound as the kernels say, and within the loop budget.
//!
//! What spirv-val and glslang read back is reported as ignored where they are not installed; with
//! REQUIRE_SHADER_TOOLS=1 it fails instead.

mod files;
#[path = "../common/shaders.rs"]
mod shaders;

use std::collections::{BTreeMap, HashSet};
use std::mem::{offset_of, size_of};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};
use naga::back::{hlsl, msl, spv};
use naga::{AddressSpace, StorageAccess, TypeInner};
use planar::gpu::plan::{LOOP_BUDGET, Limits, Plan, PlanChoice, Problem, Software};
use planar::gpu::testing::{Binding, Constant, Kernel, Packing, uniforms};
use planar::model::Activation;
use planar::model::params::Layout;
use shaders::{module, validated, variants};
use tempfile::TempDir;

type Check = Result<(), String>;

fn main() {
    let arguments = Arguments::from_args();
    let required = std::env::var("REQUIRE_SHADER_TOOLS").is_ok_and(|value| value == "1");
    let trial = |name: &str, check: fn() -> Check| Trial::test(name, move || check().map_err(Failed::from));
    let with_tool = |name: &str, tool: &str, check: fn() -> Check| {
        let there = Command::new(tool).arg("--version").output().is_ok();
        trial(name, check).with_ignored_flag(!there && !required)
    };
    let trials = vec![
        trial("every_shader_is_valid", every_shader_is_valid),
        trial("every_shader_is_written_for_metal", every_shader_is_written_for_metal),
        with_tool("spirv_val_accepts_every_shader", "spirv-val", spirv_val_accepts_every_shader),
        with_tool("glslang_reads_every_hlsl_shader", "glslangValidator", glslang_reads_every_hlsl_shader),
        trial("bindings_are_what_the_kernels_say", bindings_are_what_the_kernels_say),
        trial("structs_are_laid_out_as_in_rust", structs_are_laid_out_as_in_rust),
        trial("a_binding_of_one_hidden_layer_is_one_buffer", a_binding_of_one_hidden_layer_is_one_buffer),
        trial("every_file_is_valid_as_it_stands", files::every_file_is_valid_as_it_stands),
        trial("no_shader_file_is_an_orphan", files::no_shader_file_is_an_orphan),
        trial("the_prelude_on_disk_is_like_the_generated_ones", files::the_prelude_on_disk_is_like_the_generated_ones),
        trial("every_line_is_traced_to_its_file", files::every_line_is_traced_to_its_file),
        trial("wrong_marks_are_refused", files::wrong_marks_are_refused),
        trial("no_plan_turns_loops_over_the_budget", no_plan_turns_loops_over_the_budget),
        trial("absurd_limits_end_in_a_plan_or_in_a_refusal", absurd_limits),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// Every plan whose shaders are looked at.
fn plans() -> Vec<Plan> {
    shaders::plans(&[shaders::hardware(), shaders::software()].concat(), &shaders::problems())
}

fn every_shader_is_valid() -> Check {
    variants().iter().try_for_each(|variant| {
        let (module, _) = module(variant)?;
        let entries: Vec<&str> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
        if entries == [variant.0.name()] { Ok(()) } else { Err(format!("entry points {entries:?}")) }
    })
}

fn every_shader_is_written_for_metal() -> Check {
    for variant in variants() {
        let (module, info) = module(&variant)?;
        let options = msl::Options { lang_version: (2, 0), fake_missing_bindings: true, ..Default::default() };
        let (text, _) = msl::write_string(&module, &info, &options, &msl::PipelineOptions::default())
            .map_err(|error| format!("{}: {error}", variant.0.name()))?;
        if !text.contains("kernel void") {
            return Err(format!("{} has no kernel function", variant.0.name()));
        }
    }
    Ok(())
}

/// Runs a tool on a file; what it says where it refuses it.
fn read_back(mut command: Command, what: &str) -> Check {
    let output = command.output().map_err(|error| format!("{what}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{what}: {}", String::from_utf8_lossy(&said)))
}

fn spirv_val_accepts_every_shader() -> Check {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    for variant in variants() {
        let name = variant.0.name();
        let (module, info) = module(&variant)?;
        let words = spv::write_vec(&module, &info, &spv::Options::default(), None)
            .map_err(|error| format!("{name}: {error}"))?;
        let file = folder.path().join(format!("{name}.spv"));
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        std::fs::write(&file, bytes).map_err(|error| error.to_string())?;
        let mut command = Command::new("spirv-val");
        command.args(["--target-env", "vulkan1.1"]).arg(&file);
        read_back(command, name)?;
    }
    Ok(())
}

fn glslang_reads_every_hlsl_shader() -> Check {
    let texts = hlsl_texts()?;
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let next = AtomicUsize::new(0);
    let read = |reader: usize| {
        while let Some((name, shader_model, text)) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let file = folder.path().join(format!("{reader}.hlsl"));
            std::fs::write(&file, text).map_err(|error| error.to_string())?;
            let mut command = Command::new("glslangValidator");
            command.args(["-V", "-D", "-S", "comp", "-e", name, "-o"]).arg(file.with_extension("spv")).arg(&file);
            read_back(command, &format!("{name}, shader model {shader_model:?}"))?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let readers = 0..thread::available_parallelism().map_or(1, usize::from);
        let reading: Vec<_> = readers.map(|reader| scope.spawn(move || read(reader))).collect();
        reading.into_iter().try_for_each(|reader| reader.join().unwrap_or(Err("a thread panicked".into())))
    })
}

/// Every shader in HLSL, with its entry point and its shader model. Of those that differ in numbers alone one is enough for
/// glslang, which is slow.
fn hlsl_texts() -> Result<Vec<(&'static str, hlsl::ShaderModel, String)>, String> {
    let mut seen = HashSet::new();
    let mut texts = Vec::new();
    for variant in variants() {
        let name = variant.0.name();
        let (module, info) = module(&variant)?;
        for shader_model in [hlsl::ShaderModel::V5_1, hlsl::ShaderModel::V6_0] {
            // glslang does not read the cast of 0 to an array, by which DXC sets workgroup memory to 0
            let zero_initialize_workgroup_memory = false;
            let options = hlsl::Options {
                shader_model,
                fake_missing_bindings: true,
                zero_initialize_workgroup_memory,
                ..Default::default()
            };
            let mut text = String::new();
            hlsl::Writer::new(&mut text, &options, &hlsl::PipelineOptions::default())
                .write(&module, &info, None)
                .map_err(|error| format!("{name}, shader model {shader_model:?}: {error}"))?;
            if seen.insert(without_numbers(&text)) {
                texts.push((name, shader_model, text));
            }
        }
    }
    Ok(texts)
}

/// A text without the digits of its numbers; those of its names, such as `float4`, stay.
fn without_numbers(text: &str) -> String {
    let mut is_in_name = false;
    let stays = |character: &char| {
        let is_digit = character.is_ascii_digit();
        is_in_name = character.is_alphabetic() || *character == '_' || (is_digit && is_in_name);
        is_in_name || !is_digit
    };
    text.chars().filter(stays).collect()
}

fn bindings_are_what_the_kernels_say() -> Check {
    for variant in variants() {
        let (kernel, constants) = &variant;
        let (module, _) = module(&variant)?;
        let is_table =
            |name: &str| constants.iter().any(|(of, value)| *of == name && matches!(value, Constant::Table(_)));
        let mut there: Vec<(u32, String, Binding)> = Vec::new();
        for (_, variable) in module.global_variables.iter() {
            let Some(place) = variable.binding else { continue };
            let binding = match variable.space {
                AddressSpace::Uniform => Binding::Uniform,
                AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => Binding::ReadWrite,
                AddressSpace::Storage { .. } => Binding::Read,
                other => return Err(format!("{}: a binding in {other:?}", kernel.name())),
            };
            if place.group != 0 {
                return Err(format!("{}: group {}", kernel.name(), place.group));
            }
            there.push((place.binding, variable.name.clone().unwrap_or_default(), binding));
        }
        there.sort_by_key(|(at, _, _)| *at);
        let said: Vec<(u32, String, Binding)> = (0..)
            .zip(kernel.bindings())
            .map(|(at, (name, binding))| {
                (at, (*name).to_owned(), if is_table(name) { Binding::Uniform } else { *binding })
            })
            .collect();
        if there != said {
            return Err(format!("{}: the shader binds {there:?}, the kernel says {said:?}", kernel.name()));
        }
    }
    Ok(())
}

fn a_binding_of_one_hidden_layer_is_one_buffer() -> Check {
    let mut buffers = BTreeMap::new();
    let of_one_hidden = |plan: &&Plan| matches!(plan.packing, Packing::Units { .. });
    for step in plans().iter().filter(of_one_hidden).flat_map(Plan::steps) {
        let bindings = &step.kernel.bindings()[1..];
        if bindings.len() != step.buffers.len() {
            return Err(format!("{}: {} buffers for {bindings:?}", step.kernel.name(), step.buffers.len()));
        }
        for ((name, _), slot) in bindings.iter().zip(&step.buffers) {
            let known = *buffers.entry(*name).or_insert(*slot);
            if known != *slot {
                return Err(format!("{}: '{name}' is {slot:?}, and elsewhere {known:?}", step.kernel.name()));
            }
        }
    }
    let slots: HashSet<String> = buffers.values().map(|slot| format!("{slot:?}")).collect();
    if slots.len() == buffers.len() { Ok(()) } else { Err(format!("two names for one buffer: {buffers:?}")) }
}

/// A Rust struct: its size and its fields with their offsets.
type RustLayout = (u32, Vec<(&'static str, u32)>);

macro_rules! layout {
    ($name:ident: $($field:ident),*) => {
        (size_of::<uniforms::$name>() as u32,
         vec![$((stringify!($field), offset_of!(uniforms::$name, $field) as u32)),*])
    };
}

/// The struct of a kernel's uniform.
fn uniform_of(kernel: Kernel) -> RustLayout {
    match kernel {
        Kernel::ForwardBlock
        | Kernel::ForwardTile
        | Kernel::DeltaBlock
        | Kernel::DeltaTile
        | Kernel::GradientBlock
        | Kernel::GradientTile => layout!(
            Product: rows, inner, columns, slices, slice, a_offset, a_stride, b_stride, weights, bias, parameters,
            networks, update, mean
        ),
        Kernel::Gather => layout!(Batch: networks, samples, places, features, outputs, updates),
        Kernel::OutputDelta => layout!(Outputs: networks, samples, outputs),
        Kernel::Norms | Kernel::Update => {
            layout!(Tensors: networks, parameters, stride, layers, rows, update, layer)
        }
        Kernel::SerialForward
        | Kernel::SerialBackward
        | Kernel::SplitForward
        | Kernel::SplitBackward
        | Kernel::ResidentNarrow
        | Kernel::Resident => layout!(OneHidden: networks, samples, groups, units, slabs, slab, update, mean),
        Kernel::ResidentLayers => layout!(
            Held: networks, samples, places, groups, layers, updates, parameters, stride, theta, panel, gradient, sums,
            mean, layer
        ),
        Kernel::ProbeLoop | Kernel::ProbeFunction | Kernel::ProbeCopy | Kernel::ProbeBarrier => {
            layout!(Probe: length, turns)
        }
    }
}

fn structs_are_laid_out_as_in_rust() -> Check {
    for variant in variants() {
        let kernel = variant.0;
        let (module, _) = module(&variant)?;
        for (_, variable) in module.global_variables.iter() {
            let want = match variable.name.as_deref() {
                Some("networks") => layout!(NetworkRecord: width, learning_rate, slope, borrowed_slope),
                Some("trainees") => layout!(TraineeRecord: network, recipe, widths),
                Some("recipes") => {
                    layout!(RecipeRecord: optimizer, beta, beta2, rest, rest2, epsilon, clip, filled)
                }
                Some("turns") if kernel != Kernel::Gather => {
                    layout!(Turn: rate, keep, first, second, penalty, key, below, factor)
                }
                Some(name) if name == kernel.bindings()[0].0 => uniform_of(kernel),
                _ => continue,
            };
            let mut ty = &module.types[variable.ty].inner;
            if let TypeInner::Array { base, .. } = ty {
                ty = &module.types[*base].inner;
            }
            let TypeInner::Struct { members, span } = ty else { return Err(format!("{}: {ty:?}", kernel.name())) };
            let fields: Vec<(&str, u32)> =
                members.iter().map(|member| (member.name.as_deref().unwrap_or(""), member.offset)).collect();
            if (*span, &fields) != (want.0, &want.1) {
                return Err(format!("{}: WGSL has {fields:?}, {span} bytes, and Rust {want:?}", kernel.name()));
            }
        }
    }
    Ok(())
}

fn no_plan_turns_loops_over_the_budget() -> Check {
    let worst = plans().iter().flat_map(|plan| plan.steps().map(|step| step.turns).collect::<Vec<_>>()).max();
    match worst {
        Some(turns) if (4096..=LOOP_BUDGET).contains(&turns) => Ok(()),
        other => Err(format!("{other:?} turns, and the budget is {LOOP_BUDGET}")),
    }
}

/// An adapter may report anything: no lanes, no workgroups, or more of either than 32 bits count.
fn absurd_limits() -> Check {
    let software = |lanes, threads| Limits { software: Some(Software { lanes, threads }), ..Limits::webgpu() };
    let hardware = |workgroups| Limits { workgroups, ..Limits::webgpu() };
    let adapters = [
        software(0, 0),
        software(0, 2),
        software(u32::MAX, u32::MAX),
        hardware(0),
        hardware(1 << 32),
        hardware(u64::MAX),
    ];
    for limits in adapters {
        for (networks, widths, samples) in [(1, [2, 3, 1], 1), (1, [16, 277, 1], 400), (300, [3, 17, 1], 2503)] {
            let layout = Layout::new(&widths);
            let problem =
                Problem { networks, samples, activation: Activation::Tanh, borrowed: None, layout, dense: None };
            for choice in PlanChoice::ALL {
                match Plan::new(choice, &problem, &limits) {
                    Ok(plan) if plan.steps().all(|step| step.invocations > 0 && !step.workgroups.contains(&0)) => {}
                    Err(planar::Error::Limit { .. } | planar::Error::Mismatch(_)) => {}
                    other => return Err(format!("{limits:?}, {choice}: {other:?}")),
                }
            }
        }
    }
    Ok(())
}
