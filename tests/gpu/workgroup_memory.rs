//! Kernels that say so write each word of their workgroup memory before they read it: filled with NaN first, they compute the
//! same bits as filled with zeros. Every composed kernel with workgroup memory is looked at.

use std::collections::{BTreeMap, HashSet};

use planar::backend::Run;
use planar::data::flower;
use planar::gpu::plan::{Plan, Problem, Slot};
use planar::gpu::testing::uniforms::{NetworkRecord, TraineeRecord};
use planar::gpu::testing::{Kernel, Sources};
use planar::gpu::{Adapter, Gpu};
use planar::selftest::testing::{layouts, of_any_depth};

use crate::Check;
use crate::common::run;
use crate::limits::NamedOnAdapter;

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![("workgroup_memory_is_written_before_it_is_read".into(), is_written_first)]
}

/// Three networks in each hidden layer, and samples: parts of workgroups, tiles and slabs among them.
const SIZES: [(&[[usize; 3]], usize); 4] =
    [(&[[4, 1, 3]], 278), (&[[9, 33, 17]], 402), (&[[3, 2, 4]], 2502), (&[[17, 40, 5], [66, 3, 20]], 130)];

fn is_written_first(adapter: &Adapter, gpu: &Gpu) -> Check {
    let open = |(name, sources): (&'static str, Sources)| {
        Gpu::open_with(adapter, sources).map(|gpu| (name, gpu)).map_err(|error| error.to_string())
    };
    let filled = |bits| filled(bits)?.into_iter().map(open).collect::<Result<BTreeMap<&str, Gpu>, String>>();
    let (with_nan, with_zeros) = (filled(0x7fc0_0000)?, filled(0)?);
    let mut seen = HashSet::new();
    for (widths, samples) in SIZES {
        let data = flower(samples, 1).map_err(|error| error.to_string())?;
        let network = |i: usize| widths.iter().map(|of_layer| of_layer[i]).collect::<Vec<_>>();
        let runs: Vec<Run> = (0..3).map(|i| run(&network(i), "tanh", 0.3, i as u32, 0.5)).collect();
        let problem = Problem::new(&data, &runs).map_err(|error| error.to_string())?;
        for laid in layouts().chain(of_any_depth()) {
            // a layout for fewer units, or a plan for one hidden layer
            let Ok(plan) = laid.on(gpu).plan(&problem) else { continue };
            for call in plan.steps() {
                let name = call.kernel.name();
                let (Some(nan), Some(zeros)) = (with_nan.get(name), with_zeros.get(name)) else { continue };
                let contents: Vec<Vec<u32>> = call.buffers.iter().map(|slot| contents(&plan, &runs, *slot)).collect();
                let results = |gpu: &Gpu| {
                    gpu.alone(call, &contents).and_then(|alone| alone.results()).map_err(|error| error.to_string())
                };
                if results(nan)? != results(zeros)? {
                    return Err(format!("{name} of {}, {widths:?}, m = {samples}", plan.layout));
                }
                seen.insert(name);
            }
        }
    }
    match with_nan.keys().find(|name| !seen.contains(*name)) {
        Some(name) => Err(format!("{name} is in no plan here")),
        None => Ok(()),
    }
}

/// The shaders in which a kernel fills its workgroup memory with these bits first, for each that has any.
fn filled(bits: u32) -> Result<Vec<(&'static str, Sources)>, String> {
    let mut all = Vec::new();
    for kernel in Kernel::ALL.into_iter().filter(|kernel| !kernel.is_probe()) {
        let mut sources = Sources::embedded();
        let variables: Vec<(String, String)> = sources
            .files(kernel)
            .into_iter()
            .flat_map(|file| sources.text(file).lines())
            .filter_map(variable)
            .collect();
        if variables.is_empty() == kernel.writes_workgroup_memory_first() {
            let says = kernel.writes_workgroup_memory_first();
            return Err(format!("{} has {variables:?}, and says {says}", kernel.name()));
        }
        if variables.is_empty() {
            continue;
        }
        let text = sources.text(kernel.name());
        let begin = "@builtin(local_invocation_index) local: u32) {\n";
        let (before, body) = text.split_once(begin).ok_or("such a kernel takes its invocation's number last")?;
        let fill: String = variables.iter().map(|(name, ty)| filling(name, ty, bits)).collect();
        let text = format!("{before}{begin}{fill}    workgroupBarrier();\n{body}");
        sources.replace(kernel.name(), text);
        all.push((kernel.name(), sources));
    }
    Ok(all)
}

/// The name and the type of a variable in workgroup memory.
fn variable(line: &str) -> Option<(String, String)> {
    let (name, ty) = line.strip_prefix("var<workgroup> ")?.split_once(": ")?;
    Some((name.into(), ty.split(';').next()?.into()))
}

/// WGSL that fills a variable with these bits. They are computed, because WGSL refuses a NaN that is constant.
fn filling(name: &str, ty: &str, bits: u32) -> String {
    let of = |element: &str| match element {
        "u32" => format!("bits_of_{name}"),
        "f32" => format!("bitcast<f32>(bits_of_{name})"),
        vector => format!("{vector}(bitcast<f32>(bits_of_{name}))"),
    };
    let bits = format!("    let bits_of_{name} = {bits}u + min(local, 0u);\n");
    let text = match ty.strip_prefix("array<").and_then(|rest| rest.strip_suffix('>')) {
        None => format!("    if local == 0u {{ {name} = {}; }}\n", of(ty)),
        Some(array) => {
            // the length is behind the last comma
            let (element, length) = array.rsplit_once(", ").unwrap_or((array, "0u"));
            let value = of(element);
            format!("    if local == 0u {{ for (var i = 0u; i < {length}; i++) {{ {name}[i] = {value}; }} }}\n")
        }
    };
    bits + &text
}

/// What a slot holds before a call: numbers of the right kind, other ones in each word.
fn contents(plan: &Plan, runs: &[Run], slot: Slot) -> Vec<u32> {
    let numbers = |i: u64| ((i % 17) as f32 * 0.125 - 1.0).to_bits();
    match slot {
        Slot::Networks(layer) => bytemuck::cast_slice(&NetworkRecord::of_layer(runs, layer)).to_vec(),
        Slot::Trainees => bytemuck::cast_slice(&TraineeRecord::of_all(runs)).to_vec(),
        Slot::Parameters => {
            plan.packing.pack(runs.iter().map(|run| &run.parameters)).iter().map(|value| value.to_bits()).collect()
        }
        Slot::Steps | Slot::History | Slot::Gradients => vec![0; plan.slots[&slot] as usize],
        Slot::Asked => vec![plan.at_once.min(3)],
        Slot::Labels => (0..plan.slots[&slot]).map(|i| ((i % 2) as f32).to_bits()).collect(),
        _ => (0..plan.slots[&slot]).map(numbers).collect(),
    }
}
