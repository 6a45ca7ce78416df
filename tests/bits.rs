//! The same commands give the same costs, weights and files, bit for bit, as when `tests/golden/bits.json` was written.
//!
//! Bits differ between devices, so each figure is stored under the name of the device that produced it. A command whose
//! device has no figure is reported as ignored. `UPDATE_BITS=1 cargo test --release --test bits` writes this machine's
//! figures, which is right only if the bits are meant to change.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use safetensors::SafeTensors;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The commands to run, and the kind of device for each.
const COMMANDS: [(&str, Device); 19] = [
    ("train --iterations 3000", Device::Engine),
    ("train --hidden 277 --activation leaky-relu --learning-rate 0.073 --iterations 500", Device::Engine),
    ("train --data noisy-moons --hidden 17 --activation sigmoid --iterations 400 --log-every 7", Device::Engine),
    ("train --data blobs --hidden 3 --activation relu --iterations 300 --test-fraction 0.3", Device::Engine),
    ("train --data noisy-circles --samples 2500 --hidden 1 --iterations 100 --learning-rate 0.5", Device::Engine),
    ("train --activation relu --backward-activation tanh --iterations 100 --log-every 1", Device::Engine),
    ("sweep --hidden 1,17 --learning-rate 0.1,1 --init-seed 1..3 --iterations 200 --test-fraction 0.2", Device::Engine),
    ("train --iterations 300 --log-every 10", Device::Reference),
    ("train --data gaussian-quantiles --hidden 5 --activation leaky-relu:0.2 --iterations 77", Device::Reference),
    ("sweep --hidden 3,4 --activation relu,sigmoid --iterations 50", Device::Reference),
    ("train --plan split --iterations 300", Device::Gpu),
    ("train --plan resident --iterations 300", Device::Gpu),
    ("train --plan resident --hidden 40 --activation relu --learning-rate 0.6 --iterations 300", Device::Gpu),
    ("train --plan split --hidden 277 --activation leaky-relu --learning-rate 0.073 --iterations 200", Device::Gpu),
    (
        "train --plan split --samples 2500 --hidden 33 --activation relu --learning-rate 0.1 --iterations 50",
        Device::Gpu,
    ),
    ("train --plan layered --hidden 17 --iterations 20", Device::Gpu),
    ("train --plan layered --samples 2500 --hidden 3 --activation sigmoid --iterations 5", Device::Gpu),
    ("sweep --hidden 1,17 --activation tanh,leaky-relu:0.1 --init-seed 1..3 --iterations 100", Device::Gpu),
    ("sweep --plan layered --hidden 2,3 --init-seed 1..2 --iterations 10", Device::Gpu),
];

#[derive(Clone, Copy, PartialEq)]
enum Device {
    Engine,
    Reference,
    Gpu,
}

impl Device {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Engine => &["--device", "cpu"],
            Self::Reference => &["--device", "cpu", "--precision", "f64"],
            Self::Gpu => &["--device", "gpu"],
        }
    }
}

/// A digest by device, then by command.
type Figures = BTreeMap<String, BTreeMap<String, String>>;

fn main() {
    let arguments = Arguments::from_args();
    let update = std::env::var("UPDATE_BITS").is_ok_and(|value| value == "1");
    let figures: Figures = serde_json::from_str(&fs::read_to_string(path()).unwrap()).unwrap();
    let devices = [Device::Engine, Device::Reference, Device::Gpu].map(|device| (device, name(device)));
    if update {
        return write(figures, &devices);
    }
    let trial = |(command, device): (&'static str, Device)| {
        let of_device = devices.iter().find(|(of, _)| *of == device).and_then(|(_, name)| name.as_ref());
        let figure = of_device.and_then(|name| figures.get(name)?.get(command)).cloned();
        let missing = device == Device::Gpu && of_device.is_none() && common::required();
        let ignored = figure.is_none() && !missing;
        let check = move || match figure {
            Some(figure) => check(command, device, &figure),
            None => Err("there is no adapter, and REQUIRE_GPU=1 demands one".into()),
        };
        Trial::test(command.replace(' ', "_"), check).with_ignored_flag(ignored)
    };
    libtest_mimic::run(&arguments, COMMANDS.map(trial).into()).exit();
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bits.json")
}

fn write(mut figures: Figures, devices: &[(Device, Option<String>)]) {
    for (device, name) in devices {
        let Some(name) = name else { continue };
        let commands = COMMANDS.into_iter().filter(|(_, of)| of == device);
        figures.insert(name.clone(), commands.map(|(command, _)| (command.into(), digest(command, *device))).collect());
    }
    fs::write(path(), serde_json::to_string_pretty(&figures).unwrap() + "\n").unwrap();
}

fn check(command: &str, device: Device, figure: &str) -> Result<(), Failed> {
    match digest(command, device) {
        same if same == figure => Ok(()),
        _ => Err("other bits than tests/golden/bits.json has".into()),
    }
}

/// The name of the device that computes, or none without an adapter.
fn name(device: Device) -> Option<String> {
    let output = planar("train --iterations 1 --json", device).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).ok()?;
    Some(report["device"]["name"].as_str()?.to_owned())
}

fn planar(arguments: &str, device: Device) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planar"));
    command.args(arguments.split_whitespace()).arg("--quiet").env_remove("WGPU_ADAPTER_NAME");
    command.args(device.flags());
    command
}

/// SHA-256 of what a command computes: costs and weights for a training, each network's result for a sweep.
fn digest(command: &str, device: Device) -> String {
    let folder = tempfile::TempDir::new().unwrap();
    let (weights, results) = (folder.path().join("run.safetensors"), folder.path().join("results.jsonl"));
    let mut planar = planar(command, device);
    planar.arg("--json");
    let is_training = command.starts_with("train");
    if is_training {
        planar.arg("--checkpoint").arg(&weights)
    } else {
        planar.arg("--out").arg(&results)
    };
    let output = planar.output().unwrap();
    let mut sha = Sha256::new();
    if is_training {
        let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
        // these follow from the weights, which are digested below
        for of_weights in ["test_scores", "test_cost"] {
            report["final"].as_object_mut().unwrap().remove(of_weights);
        }
        sha.update(format!("{} {} {}", report["status"], report["costs"], report["final"]));
        // which weights are the last finite ones depends on the speed
        if report["status"] == "finished" {
            let bytes = fs::read(weights).unwrap();
            let tensors = SafeTensors::deserialize(&bytes).unwrap();
            ["W1", "b1", "W2", "b2"].iter().for_each(|name| sha.update(tensors.tensor(name).unwrap().data()));
        }
    } else {
        // the lines are in the order in which the networks ended
        let text = fs::read_to_string(results).unwrap();
        let mut lines: Vec<&str> = text.lines().skip(1).collect();
        lines.sort_unstable();
        assert!(!lines.is_empty(), "no network has ended");
        for line in lines {
            // which device and plan it was says the file of figures
            let mut result: Value = serde_json::from_str(line).unwrap();
            let names = ["device", "plan"].map(|name| result.as_object_mut().unwrap().remove(name));
            assert!(names.iter().all(Option::is_some), "{line}");
            sha.update(result.to_string());
        }
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
