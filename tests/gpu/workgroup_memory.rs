//! Kernels that say so write each word of their workgroup memory before they read it: filled with NaN first, they compute the
//! same bits. Every composed kernel with workgroup memory is looked at.

use std::collections::{BTreeMap, HashSet};

use planar::backend::Run;
use planar::data::flower;
use planar::gpu::plan::{Plan, Problem, Slot};
use planar::gpu::testing::uniforms::NetworkRecord;
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
    let poisoned = poisoned()?;
    let gpus: BTreeMap<&str, Gpu> = poisoned
        .into_iter()
        .map(|(name, sources)| Ok((name, Gpu::open_with(adapter, sources).map_err(|error| error.to_string())?)))
        .collect::<Result<_, String>>()?;
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
                let Some(poisoned) = gpus.get(call.kernel.name()) else { continue };
                let contents: Vec<Vec<u32>> = call.buffers.iter().map(|slot| contents(&plan, &runs, *slot)).collect();
                let results = |gpu: &Gpu| {
                    gpu.alone(call, &contents).and_then(|alone| alone.results()).map_err(|error| error.to_string())
                };
                if results(poisoned)? != results(gpu)? {
                    return Err(format!("{} of {}, {widths:?}, m = {samples}", call.kernel.name(), plan.layout));
                }
                seen.insert(call.kernel.name());
            }
        }
    }
    match gpus.keys().find(|name| !seen.contains(*name)) {
        Some(name) => Err(format!("{name} is in no plan here")),
        None => Ok(()),
    }
}

/// The shaders in which a kernel fills its workgroup memory with NaN first, for each that has any.
fn poisoned() -> Result<Vec<(&'static str, Sources)>, String> {
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
        let fill: String = variables.iter().map(|(name, ty)| filling(name, ty)).collect();
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

/// WGSL that fills a variable with NaN; numbers that are no floats with a number beyond all.
fn filling(name: &str, ty: &str) -> String {
    let nan = "bitcast<f32>(NAN_BITS)";
    let of = |element: &str| match element {
        "u32" => "NAN_BITS".to_owned(),
        "f32" => nan.to_owned(),
        vector => format!("{vector}({nan})"),
    };
    let bits = format!("    let nan_of_{name} = 0x7fc00000u + min(local, 0u);\n");
    let text = match ty.strip_prefix("array<").and_then(|rest| rest.strip_suffix('>')) {
        None => format!("    if local == 0u {{ {name} = {}; }}\n", of(ty)),
        Some(array) => {
            // the length is behind the last comma
            let (element, length) = array.rsplit_once(", ").unwrap_or((array, "0u"));
            let value = of(element);
            format!("    if local == 0u {{ for (var i = 0u; i < {length}; i++) {{ {name}[i] = {value}; }} }}\n")
        }
    };
    bits + &text.replace("NAN_BITS", &format!("nan_of_{name}"))
}

/// What a slot holds before a call: numbers of the right kind, other ones in each word.
fn contents(plan: &Plan, runs: &[Run], slot: Slot) -> Vec<u32> {
    let numbers = |i: u64| ((i % 17) as f32 * 0.125 - 1.0).to_bits();
    match slot {
        Slot::Networks(layer) => bytemuck::cast_slice(&NetworkRecord::of_layer(runs, layer)).to_vec(),
        Slot::Parameters => {
            plan.packing.pack(runs.iter().map(|run| &run.parameters)).iter().map(|value| value.to_bits()).collect()
        }
        Slot::Steps | Slot::History | Slot::Gradients => vec![0; plan.slots[&slot] as usize],
        Slot::Asked => vec![plan.at_once.min(3)],
        Slot::Labels => (0..plan.slots[&slot]).map(|i| ((i % 2) as f32).to_bits()).collect(),
        _ => (0..plan.slots[&slot]).map(numbers).collect(),
    }
}
