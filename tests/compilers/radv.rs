//! RADV, Mesa's driver of AMD's chips, compiles for a chip that is not there if RADV_FORCE_FAMILY names it. It reads that
//! variable once a process, so each family has its own: this program again, which prints a line of JSON per kernel.

use std::path::Path;
use std::process::Command;

use planar::gpu::testing::{Constant, Kernel};

use crate::vulkan::{Compiler, Statistics};
use crate::{Check, figures, shaders};

/// GCN (Vega), RDNA 2 and RDNA 3.
pub const FAMILIES: [&str; 3] = ["vega10", "navi21", "gfx1100"];

/// Where Debian's mesa-vulkan-drivers and most other distributions keep the driver's manifest.
const MANIFEST: &str = "/usr/share/vulkan/icd.d/radeon_icd.x86_64.json";

/// The variable that tells this program to compile, and which kernels.
const ASKED: &str = "PLANAR_TEST_COMPILES";

/// Every kernel that the plans have, or those of the figures.
const EVERY: &str = "every";
const FIGURES: &str = "figures";
const NONE: &str = "none";

/// The kernels that this process is asked to compile, if it is.
pub fn asked() -> Option<String> {
    std::env::var(ASKED).ok()
}

/// Prints the driver and the statistics of each kernel of a set.
pub fn compile(set: &str) {
    let compiler = Compiler::open().unwrap_or_else(|error| panic!("{error}"));
    println!("{}", compiler.driver);
    let variants = kernels(set);
    for variant in variants {
        let statistics = compiler.statistics(&variant).unwrap_or_else(|error| panic!("{}: {error}", compiler.name));
        println!("{}", serde_json::to_string(&statistics).expect("numbers are JSON"));
    }
}

fn kernels(set: &str) -> Vec<shaders::Variant> {
    match set {
        EVERY => shaders::variants_on_hardware(),
        FIGURES => figures::rows().into_iter().map(|row| row.variant).collect(),
        _ => Vec::new(),
    }
}

/// The driver, or why it is not there.
pub fn driver() -> Result<String, String> {
    if !Path::new(MANIFEST).exists() {
        return Err("RADV is not installed (Debian: libvulkan1 and mesa-vulkan-drivers)".into());
    }
    let (driver, _) = lines(FAMILIES[0], NONE)?;
    Ok(driver)
}

/// What a family's compiler makes of the kernels of the figures.
pub fn figures_of(family: &str) -> Result<Vec<Statistics>, String> {
    Ok(lines(family, FIGURES)?.1)
}

/// The driver and the statistics that a process of this family prints.
fn lines(family: &str, set: &str) -> Result<(String, Vec<Statistics>), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.env(ASKED, set).env("RADV_FORCE_FAMILY", family);
    // without a cache: a cached pipeline has no statistics; the older name is that of Mesa before 22.3
    command.env("MESA_SHADER_CACHE_DISABLE", "true").env("MESA_GLSL_CACHE_DISABLE", "true");
    let output = command
        .env("VK_DRIVER_FILES", MANIFEST)
        .env("VK_ICD_FILENAMES", MANIFEST)
        .output()
        .map_err(|error| error.to_string())?;
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut said = said.lines();
    let driver = said.next().unwrap_or_default().to_owned();
    let statistics: Vec<Statistics> = said.map_while(|line| serde_json::from_str(line).ok()).collect();
    match output.status.success() {
        true => Ok((driver, statistics)),
        false => Err(format!("{family}, kernel {}: {}, {errors}", statistics.len(), output.status)),
    }
}

/// Every kernel compiles for a family without spilling vectors and within its registers.
pub fn every_kernel_fits(family: &str) -> Check {
    let (variants, (_, statistics)) = (kernels(EVERY), lines(family, EVERY)?);
    if statistics.len() != variants.len() {
        return Err(format!("{} kernels, and figures of {}", variants.len(), statistics.len()));
    }
    let mut wrong = Vec::new();
    for ((kernel, constants), statistics) in variants.iter().zip(&statistics) {
        for (name, allowed) in bounds(*kernel, constants) {
            match statistics.get(name) {
                Some(number) if *number <= allowed => {}
                other => {
                    wrong.push(format!("{} has {other:?} {name} of {allowed}: {}", kernel.name(), short(constants)))
                }
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} of {}:\n{}", wrong.len(), variants.len(), wrong.join("\n"))) }
}

/// The most of each that a kernel may take. On RDNA with 64 registers a SIMD holds 16 waves, on GCN 4, which hide the time
/// that a load takes; a workgroup of resident is alone on its core, and 128 let one of 1,024 invocations start. Split keeps
/// to 64 with up to two features and, backward, one round of slabs; four features more in registers, or sums over rounds,
/// take up to 96.
fn bounds(kernel: Kernel, constants: &[(&'static str, Constant)]) -> [(&'static str, u64); 3] {
    let has = |constant: (&'static str, Constant)| constants.contains(&constant);
    let is_small = has(("ROWS", Constant::U32(0))) && has(("SEVERAL", Constant::Bool(false)));
    let registers = match kernel {
        Kernel::Resident | Kernel::ResidentNarrow | Kernel::ResidentLayers => 128,
        Kernel::SplitForward | Kernel::SplitBackward if !is_small => 96,
        _ => 64,
    };
    [("VGPRs", registers), ("Spilled VGPRs", 0), ("Scratch size", 0)]
}

/// The constants that tell one variant of a kernel from another.
fn short(constants: &[(&'static str, Constant)]) -> String {
    let is_choice = |name: &str| !["TANH", "SIGMOID", "RELU", "LEAKY_RELU", "OWN"].contains(&name);
    let chosen = constants.iter().filter(|(name, _)| is_choice(name));
    chosen.map(|(name, value)| format!("{name} {value:?}")).collect::<Vec<_>>().join(", ")
}
