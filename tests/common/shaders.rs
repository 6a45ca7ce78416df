//! Every shader that the host can build, without a GPU: of all plans and layouts that adapters of several kinds are
//! offered, and of the probes of `planar selftest`.
#![allow(dead_code)] // each test binary uses its own part

use std::collections::HashSet;

use naga::Module;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use planar::gpu::plan::{Dense, KernelCall, Limits, Plan, PlanChoice, Problem, Software};
use planar::gpu::testing::{Constants, Kernel, Packing, Sources};
use planar::model::params::Layout;
use planar::model::{Activation, Output};

/// A kernel with the constants of its prelude.
pub type Variant = (Kernel, Constants);

/// Hardware, with room for uniforms and without.
pub fn hardware() -> Vec<Limits> {
    vec![Limits::webgpu(), Limits { uniform_size: 0, ..Limits::webgpu() }]
}

/// Software adapters, narrow and wide.
pub fn software() -> Vec<Limits> {
    let software = |lanes, threads| Limits { software: Some(Software { lanes, threads }), ..Limits::webgpu() };
    vec![software(8, 2), software(4, 2), software(16, 64)]
}

/// Networks of one and two hidden layers, narrow and wide, of one feature to sixteen, on few samples and many; and one of
/// them with every activation and every other's derivative. Then whatever goes beyond plain gradient descent.
pub fn problems() -> Vec<Problem> {
    let leaky_relu = Activation::LeakyRelu { slope: 0.01 };
    let activations = [Activation::Tanh, Activation::Sigmoid, Activation::Relu, leaky_relu];
    let mut problems = Vec::new();
    let mut add = |networks, samples, activation, borrowed, widths: &[usize]| {
        problems.push(Problem { networks, samples, activation, borrowed, layout: Layout::new(widths), dense: None });
    };
    for widths in [&[2, 4, 1][..], &[1, 1, 1], &[2, 277, 1], &[5, 17, 1], &[16, 3, 1], &[16, 4096, 1], &[2, 5, 30, 1]] {
        for samples in [1, 402, 2503, 100_000] {
            add(1, samples, Activation::Tanh, None, widths);
            add(300, samples, leaky_relu, None, widths);
        }
    }
    for (activation, borrowed) in activations.into_iter().flat_map(|g| activations.map(|borrowed| (g, borrowed))) {
        for widths in [&[3, 4, 1][..], &[2, 18, 1], &[2, 40, 20, 1]] {
            add(1, 402, activation, Some(borrowed).filter(|borrowed| *borrowed != activation), widths);
        }
    }
    problems.extend(dense_problems());
    problems
}

/// Every activation, every output, in batches and not, with each number of moments, regularised and dropped units.
pub fn dense_problems() -> Vec<Problem> {
    let outputs = [(Output::Logistic, 1), (Output::Softmax, 10), (Output::Squares, 3)];
    let sizes = [(&[20, 40][..], None), (&[128, 64], Some(64)), (&[5], Some(4097))];
    let of = |(number, activation): (usize, Activation)| {
        let ((output, outputs), (hidden, batch)) = (outputs[number % 3], sizes[number / 3 % 3]);
        let dense =
            Dense { output, batch, moments: number as u32 % 3, regularises: number % 2 == 0, drops: number % 4 == 1 };
        let layout = Layout::new(&[&[7], hidden, &[outputs]].concat());
        let networks = 1 + 63 * (number as u32 % 2);
        Problem { networks, samples: 5000, activation, borrowed: None, layout, dense: Some(dense) }
    };
    Activation::ALL.into_iter().enumerate().map(of).collect()
}

/// Every plan and layout that these adapters are offered for these problems.
pub fn plans(adapters: &[Limits], problems: &[Problem]) -> Vec<Plan> {
    let mut plans = Vec::new();
    for (adapter, problem) in adapters.iter().flat_map(|adapter| problems.iter().map(move |problem| (adapter, problem)))
    {
        plans.extend(PlanChoice::ALL.iter().flat_map(|choice| Plan::candidates(*choice, problem, adapter)).flatten());
    }
    plans
}

/// The variants of these calls, each once, in the order in which they come first.
pub fn variants_of<'a>(calls: impl Iterator<Item = &'a KernelCall>) -> Vec<Variant> {
    let mut seen = HashSet::new();
    let variant = |call: &KernelCall| (call.kernel, call.constants.clone());
    calls.map(variant).filter(|variant| seen.insert(variant.clone())).collect()
}

/// Every shader that hardware is offered, each once: `split` and `resident` for up to six features, unless somebody asks for
/// them by name.
pub fn variants_on_hardware() -> Vec<Variant> {
    let (few, many): (Vec<Problem>, Vec<Problem>) = problems().into_iter().partition(|problem| problem.inputs(0) <= 6);
    let mut all = plans(&hardware(), &few);
    let of_any_depth = |plan: &Plan| !matches!(plan.packing, Packing::Units { .. });
    all.extend(plans(&hardware(), &many).into_iter().filter(of_any_depth));
    variants_of(all.iter().flat_map(Plan::steps))
}

/// Every shader that all these plans and the probes are made of, each once.
pub fn variants() -> Vec<Variant> {
    let plans = plans(&[hardware(), software()].concat(), &problems());
    let probes: Vec<KernelCall> = planar::selftest::testing::steps().into_iter().collect();
    let all = variants_of(plans.iter().flat_map(Plan::steps).chain(&probes));
    assert!(all.len() > 50 && Kernel::ALL.iter().all(|kernel| all.iter().any(|(other, _)| other == kernel)));
    all
}

/// The parsed and validated module of a variant.
pub fn module((kernel, constants): &Variant) -> Result<(Module, ModuleInfo), String> {
    let shader = Sources::embedded().compose(*kernel, constants).map_err(|error| error.to_string())?;
    validated(kernel.name(), shader.text())
}

/// The parsed and validated module of a whole shader.
pub fn validated(name: &str, text: &str) -> Result<(Module, ModuleInfo), String> {
    let module =
        naga::front::wgsl::parse_str(text).map_err(|error| format!("{name}: {}", error.emit_to_string(text)))?;
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    let info = validator.validate(&module).map_err(|error| format!("{name}: {error:?}"))?;
    Ok((module, info))
}

/// Whether the compiler is asked to set a kernel's workgroup memory to zero before it starts.
pub fn zeroed(kernel: Kernel) -> bool {
    !kernel.writes_workgroup_memory_first()
}
