//! The command line on an adapter.

use std::process::Command;

use planar::gpu::{Adapter, Gpu};
use serde_json::Value;

use crate::Check;
use crate::limits::NamedOnAdapter;

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("planar_train_runs_on_the_adapter_and_names_it".into(), trains),
        ("planar_devices_lists_the_adapter".into(), is_listed),
        ("a_run_resumed_on_the_adapter_ends_with_the_same_bits".into(), resumes),
        ("planar_train_refuses_what_the_adapter_cannot_do".into(), refuses),
    ]
}

/// Stdout, stderr and the exit code of planar.
fn planar(arguments: &str) -> Result<(String, String, Option<i32>), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planar"));
    let output = command.args(arguments.split_whitespace()).output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((text(&output.stdout), text(&output.stderr), output.status.code()))
}

fn trains(adapter: &Adapter, _: &Gpu) -> Check {
    let (stdout, stderr, code) = planar("train --device gpu --iterations 600 --log-every 200 --json")?;
    let report: Value = serde_json::from_str(&stdout).map_err(|error| format!("{error}: {stderr}"))?;
    let name = adapter.device_info().name;
    if code != Some(0) || report["status"] != "finished" || report["device"]["name"] != name.as_str() {
        return Err(format!("exit {code:?}: {stdout}{stderr}"));
    }
    if adapter.is_software() && !stderr.contains("a software adapter") {
        return Err(format!("does not say that it is a software adapter: {stderr}"));
    }
    // float64 at iterations 0, 200, 400, 600, from golden/curves.json
    let want = [0.693048020, 0.345509636, 0.311199142, 0.300018383];
    for (at, want) in report["costs"].as_array().ok_or("no costs")?.iter().zip(want) {
        let cost = at["cost"].as_f64().unwrap_or(f64::NAN);
        if (cost - want).abs() > 1e-4 || cost.is_nan() {
            return Err(format!("{at}, not {want}"));
        }
    }
    Ok(())
}

fn resumes(_: &Adapter, _: &Gpu) -> Check {
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    for plan in ["fused", "layered"] {
        let file = |name: &str| folder.path().join(format!("{plan}-{name}.safetensors"));
        let train = |iterations: u32, flag: &str, name: &str| -> Result<Value, String> {
            let file = file(name);
            let what = "train --device gpu --hidden 9 --learning-rate 0.9 --log-every 40 --json -q";
            let (stdout, stderr, code) =
                planar(&format!("{what} --plan {plan} --iterations {iterations} {flag} {}", file.display()))?;
            if code != Some(0) {
                return Err(format!("exit {code:?}: {stderr}"));
            }
            serde_json::from_str(&stdout).map_err(|error| error.to_string())
        };
        let want = train(200, "--checkpoint", "whole")?;
        train(77, "--checkpoint", "part")?;
        let got = train(200, "--resume", "part")?;
        if (&got["costs"], &got["final"]) != (&want["costs"], &want["final"]) {
            return Err(format!("{plan}: {} is not {}", got["costs"], want["costs"]));
        }
        let bytes = |name: &str| std::fs::read(file(name)).map_err(|error| error.to_string());
        if bytes("part")? != bytes("whole")? {
            return Err(format!("{plan}: other weights"));
        }
    }
    Ok(())
}

fn is_listed(adapter: &Adapter, _: &Gpu) -> Check {
    let (stdout, stderr, code) = planar("devices")?;
    let device = adapter.device_info();
    let all = [&device.name, &device.kind, &device.backend, &device.driver];
    match all.into_iter().find(|part| !stdout.contains(part.as_str())) {
        None if code == Some(0) && stdout.contains("maxStorageBufferBindingSize") && stdout.contains("auto takes") => {
            Ok(())
        }
        missing => Err(format!("exit {code:?}, missing {missing:?}: {stdout}{stderr}")),
    }
}

fn refuses(adapter: &Adapter, _: &Gpu) -> Check {
    let name = adapter.device_info().name;
    for (arguments, code, words) in [
        ("--device gpu --hidden 16000000 --iterations 1", 2, ["needs", "max"]),
        ("--device gpu --plan fused --hidden 60000", 2, ["loop turns", "the layered plan can"]),
        ("--device no-such-gpu", 3, ["'no-such-gpu'", name.as_str()]),
        ("--device gpu --precision f64", 2, ["f64", "CPU"]),
    ] {
        let (stdout, stderr, got) = planar(&format!("train -q {arguments}"))?;
        let told = words.iter().all(|word| stderr.contains(word)) && stderr.lines().count() == 1;
        if got != Some(code) || !told || !stdout.is_empty() {
            return Err(format!("{arguments}: exit {got:?}, not {code}: {stdout}{stderr}"));
        }
    }
    Ok(())
}
