//! Two adapters side by side: lavapipe and SwiftShader. A number means the adapter that `planar devices` lists under it.
//!
//! Where one of the two is missing this is not run, and says so.
#![cfg(all(feature = "gpu", feature = "cli", target_os = "linux"))]

#[path = "common/command.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod command;

use std::path::Path;

use assert_cmd::Command;
use command::{json, refused, refused_with, run};

/// Where Debian keeps the manifests of lavapipe and of chromium's SwiftShader.
const MANIFESTS: [&str; 2] =
    ["/usr/share/vulkan/icd.d/lvp_icd.x86_64.json", "/usr/lib/chromium/vk_swiftshader_icd.json"];

/// The binary where both adapters answer; none, with a line that says so, if one is missing.
fn planar(arguments: &str) -> Option<Command> {
    if let Some(missing) = MANIFESTS.into_iter().find(|path| !Path::new(path).exists()) {
        eprintln!("not run: {missing} is missing");
        return None;
    }
    let mut command = command::planar(arguments);
    let both = MANIFESTS.join(":");
    command.env("WGPU_BACKEND", "vulkan").env("VK_DRIVER_FILES", &both).env("VK_ICD_FILENAMES", both);
    Some(command)
}

/// The names of the adapters, in the order of their numbers.
fn names() -> Option<Vec<String>> {
    let devices = json(planar("devices --json")?);
    let adapters = devices["adapters"].as_array().unwrap();
    for (number, adapter) in adapters.iter().enumerate() {
        assert_eq!(adapter["number"], number);
    }
    Some(adapters.iter().map(|adapter| adapter["name"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_number_is_the_adapter_that_devices_lists_under_it_in_every_command() {
    let Some(names) = names() else { return };
    assert_eq!(names.len(), 2, "{names:?}");
    assert_ne!(names[0], names[1]);
    for (number, name) in names.iter().enumerate() {
        let on = |arguments: &str| planar(&format!("{arguments} {number} --json -q")).unwrap();
        let trained = json(on("train --iterations 10 --device"));
        assert_eq!(trained["device"]["name"], name.as_str());
        let swept = json(on("sweep --iterations 10 --device"));
        assert_eq!(swept["sweep"]["device"], name.as_str());
        let compared = json(on("compare --iterations 10 --left cpu --right"));
        assert_eq!(compared["right"]["device"]["name"], name.as_str());
    }
}

#[test]
fn a_number_that_no_adapter_has_is_refused_with_the_list_though_a_name_holds_it() {
    let Some(names) = names() else { return };
    // LLVM's version and the subgroup's width are parts of the names
    let digit = ('2'..='9').find(|digit| names.iter().any(|name| name.contains(*digit))).expect("a digit in a name");
    let listed = [format!("0: {}", names[0]), format!("1: {}", names[1]), format!("with the number {digit}")];
    let words: Vec<&str> = listed.iter().map(String::as_str).collect();
    refused_with(planar(&format!("train --iterations 10 --device {digit}")).unwrap(), 3, &words);
    refused_with(planar(&format!("sweep --iterations 10 --device {digit}")).unwrap(), 3, &words);
    refused_with(planar(&format!("selftest --device {digit}")).unwrap(), 3, &words);
}

#[test]
fn samples_over_the_limits_are_refused_before_they_are_made() {
    let Some(names) = names() else { return };
    let devices = json(planar("devices --json").unwrap());
    for (number, name) in names.iter().enumerate() {
        let limit = devices["adapters"][number]["limits"]["maxStorageBufferBindingSize"].as_u64().unwrap();
        if limit >= 8 * 100_000_000 {
            eprintln!("not run on {name}: it takes a hundred million samples");
            continue;
        }
        for command in ["train", "sweep"] {
            let limited = planar(&format!("{command} --samples 100000000 --iterations 10 --device {number}")).unwrap();
            refused(limited, &["X of 2 × 100000000", "maxStorageBufferBindingSize", name]);
        }
    }
}

/// Each takes the next batch when it is free, so all three train; none takes networks of another sweep's or leaves one out.
#[test]
fn a_sweep_on_all_devices_is_shared_by_both_adapters_and_the_engine() {
    let Some(names) = names() else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let sweep = "sweep -q --device all --hidden 2..9 --init-seed 1..6 --iterations 400 --json";
    let swept = json(planar(sweep).unwrap());
    let results = swept["results"].as_array().unwrap();
    assert_eq!(results.len(), 48);
    let on = |name: &str| results.iter().filter(|result| result["device"] == name).count();
    let engine = results.iter().find_map(|result| result["device"].as_str().filter(|name| name.starts_with("CPU")));
    let counts = [on(&names[0]), on(&names[1]), on(engine.expect("a network on the CPU"))];
    assert!(counts.iter().all(|count| *count > 0) && counts.iter().sum::<usize>() == 48, "{counts:?}");

    // each network ends as on its device alone
    for (name, flag) in [(&*names[0], "0"), (&names[1], "1"), (engine.unwrap(), "cpu")] {
        let alone = json(planar(&sweep.replace("--device all", &format!("--device {flag}"))).unwrap());
        for result in results.iter().filter(|result| result["device"] == name) {
            let other = &alone["results"][result["job"].as_u64().unwrap() as usize];
            assert_eq!((&result["cost"], &result["costs"]), (&other["cost"], &other["costs"]), "{name}");
        }
    }

    // stopped and resumed, on other devices too
    let file = folder.path().join("all.jsonl");
    let with = |arguments: &str| {
        let mut command = planar(arguments).unwrap();
        command.arg("--out").arg(&file);
        command
    };
    assert_eq!(run(with("sweep -q --device all --hidden 2..9 --iterations 400")).2, 0);
    let text = std::fs::read_to_string(&file).unwrap();
    let kept: String = text.lines().take(4).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, &kept).unwrap();
    assert_eq!(run(with("sweep -q --device cpu --hidden 2..9 --iterations 400 --resume")).2, 0);
    let resumed = std::fs::read_to_string(&file).unwrap();
    assert!(resumed.starts_with(&kept) && resumed.lines().count() == 9, "{resumed}");
    refused(planar("train --device all --iterations 10").unwrap(), &["one device", "sweep"]);
}
