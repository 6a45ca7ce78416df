//! Compilers that a script drives: DXC and Tint read every kernel from the files of a folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use naga::back::hlsl;
use planar::gpu::testing::Sources;
use tempfile::TempDir;

use crate::Check;
use crate::shaders::{Variant, module, variants, zeroed};

/// DXC's library, or why it is not there.
pub fn dxc() -> Result<PathBuf, String> {
    with("DXC", "the library libdxcompiler.so", &python())
}

/// The npm package webgpu, or why it is not there.
pub fn tint() -> Result<PathBuf, String> {
    with("TINT", "the folder of the npm package webgpu", "node")
}

/// What a variable names, if the program that runs the script is there too.
fn with(variable: &str, what: &str, program: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os(variable).map(PathBuf::from).ok_or(format!("{variable} does not name {what}"))?;
    if !path.exists() {
        return Err(format!("{variable}={} does not exist", path.display()));
    }
    let there = Command::new(program).arg("--version").output();
    there.map_err(|error| format!("{program} does not run: {error}"))?;
    Ok(path)
}

fn python() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3".into())
}

/// DXC makes DXIL of the HLSL that wgpu would hand it.
pub fn every_hlsl(library: PathBuf) -> Check {
    read(Command::new(python()).arg(script("dxc.py")).arg(library), "hlsl", |variant| {
        let (module, info) = module(variant)?;
        let options = hlsl::Options {
            shader_model: hlsl::ShaderModel::V6_0,
            fake_missing_bindings: true,
            zero_initialize_workgroup_memory: zeroed(variant.0),
            restrict_indexing: true,
            force_loop_bounding: true,
            ..Default::default()
        };
        let mut text = String::new();
        let written =
            hlsl::Writer::new(&mut text, &options, &hlsl::PipelineOptions::default()).write(&module, &info, None);
        written.map(|_| text).map_err(|error| format!("{}: {error}", variant.0.name()))
    })
}

/// Tint accepts every shader as it is.
pub fn every_wgsl(package: PathBuf) -> Check {
    read(Command::new("node").arg(script("tint.mjs")).arg(package), "wgsl", |(kernel, constants)| {
        let shader = Sources::embedded().compose(*kernel, constants).map_err(|error| error.to_string())?;
        Ok(shader.text().to_owned())
    })
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compilers").join(name)
}

/// Writes every kernel to a folder, as NUMBER-ENTRY, and has a script read them all.
fn read(command: &mut Command, extension: &str, text: impl Fn(&Variant) -> Result<String, String>) -> Check {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let variants = variants();
    for (number, variant) in variants.iter().enumerate() {
        let file = folder.path().join(format!("{number}-{}.{extension}", variant.0.name()));
        std::fs::write(file, text(variant)?).map_err(|error| error.to_string())?;
    }
    command.arg(folder.path());
    let run = |command: &mut Command| command.output().map_err(|error| error.to_string());
    let mut output = run(command)?;
    // a compiler that ends by a signal (Dawn's threads are seen to abort now and then) has not judged a kernel yet: a
    // kernel that kills it does so every time
    for _ in 0..2 {
        if output.status.code().is_none() {
            eprintln!("{}: {}; tried again", output.status, String::from_utf8_lossy(&output.stderr).trim());
            output = run(command)?;
        }
    }
    let said = String::from_utf8_lossy(&output.stdout);
    match output.status.success() && said.trim() == format!("read {}", variants.len()) {
        true => Ok(()),
        false => Err(format!("{}: {said}{}", output.status, String::from_utf8_lossy(&output.stderr))),
    }
}
