//! The command line on an adapter.

use std::process::Command;

use planar::checkpoint::Checkpoint;
use planar::gpu::{Adapter, Gpu};
use serde_json::Value;

use crate::Check;
use crate::limits::NamedOnAdapter;

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("planar_train_runs_on_the_adapter_and_names_it".into(), trains),
        ("planar_diagnose_advises_what_it_has_trained_on_the_adapter".into(), diagnoses),
        ("planar_devices_lists_the_adapter".into(), is_listed),
        ("a_run_resumed_on_the_adapter_ends_with_the_same_bits".into(), resumes),
        ("a_run_goes_on_where_its_adapter_is_gone_or_says_how_it_could".into(), adapter_is_gone),
        ("planar_predict_says_on_the_adapter_what_training_said".into(), predicts),
        ("planar_train_refuses_what_the_adapter_cannot_do".into(), refuses),
        ("the_plan_fused_is_read_as_split".into(), older_name),
        ("bench_and_v_tell_the_layout_and_what_was_measured".into(), layouts_are_told),
        ("a_report_tells_all_that_an_adapter_has_to_tell".into(), report_tells_everything),
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

/// The verdicts on the adapter; the command that is advised reaches there what it promises.
fn diagnoses(_: &Adapter, _: &Gpu) -> Check {
    for (arguments, cause, ends) in [
        ("", "healthy", 0),
        ("--learning-rate 50", "learning-rate-too-large", 4),
        ("--learning-rate 0.001", "learning-rate-too-small", 4),
        ("--activation relu --backward-activation tanh", "wrong-derivative", 4),
        ("--init-scale 1e30 --activation relu", "start-not-finite", 4),
        ("--hidden 1", "too-little-capacity", 4),
    ] {
        let (stdout, stderr, code) = planar(&format!("diagnose -q --json --device gpu --iterations 1000 {arguments}"))?;
        let report: Value = serde_json::from_str(&stdout).map_err(|error| format!("{error}: {stderr}"))?;
        if report["cause"] != cause || code != Some(ends) {
            return Err(format!("{arguments}: exit {code:?}, {}", report["verdict"]));
        }
        let Some(command) = report["command"].as_str().and_then(|command| command.strip_prefix("planar ")) else {
            continue;
        };
        let (stdout, stderr, _) = planar(&format!("{command} -q --json"))?;
        let trained: Value = serde_json::from_str(&stdout).map_err(|error| format!("{error}: {stderr}"))?;
        if trained["final"]["cost"] != report["remedy"]["cost"] {
            return Err(format!("{command}: {}, not {}", trained["final"]["cost"], report["remedy"]["cost"]));
        }
    }
    Ok(())
}

fn resumes(_: &Adapter, _: &Gpu) -> Check {
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    for plan in ["split", "resident", "layered"] {
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

/// The checkpoint's adapter has another name than any that is there.
fn adapter_is_gone(adapter: &Adapter, _: &Gpu) -> Check {
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    let file = folder.path().join("run.safetensors");
    let path = file.display();
    planar(&format!("train -q --device gpu --iterations 40 --checkpoint {path}"))?;
    let mut checkpoint = Checkpoint::read(&file).map_err(|error| error.to_string())?;
    checkpoint.state.device = "Adapter Of Yore".into();
    checkpoint.write(&file).map_err(|error| error.to_string())?;

    let (stdout, stderr, code) = planar(&format!("train --device yore --iterations 60 --resume {path}"))?;
    let there = adapter.device_info().name;
    let told = ["'yore'", "Adapter Of Yore", "--device auto", &there].iter().all(|word| stderr.contains(*word));
    if code != Some(3) || !told || stderr.lines().count() != 1 || !stdout.is_empty() {
        return Err(format!("exit {code:?}: {stdout}{stderr}"));
    }
    for device in ["gpu", "auto"] {
        let (_, stderr, code) =
            planar(&format!("train --device {device} --iterations 80 --resume {path} --checkpoint {path}.2 --force"))?;
        if code != Some(0) || !stderr.contains("it ran on Adapter Of Yore, plan resident: another device rounds") {
            return Err(format!("{device}: exit {code:?}: {stderr}"));
        }
    }
    Ok(())
}

fn predicts(adapter: &Adapter, _: &Gpu) -> Check {
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    let (weights, table) = (folder.path().join("w.safetensors"), folder.path().join("points.csv"));
    let data = planar::data::flower(400, 1).map_err(|error| error.to_string())?;
    let row =
        |s: usize| data.point(s).map(|x| format!("{x},")).collect::<String>() + &format!("{}\n", data.labels()[s]);
    std::fs::write(&table, (0..400).map(row).collect::<String>()).map_err(|error| error.to_string())?;
    let json = |arguments: String| -> Result<Value, String> {
        let (stdout, stderr, _) = planar(&arguments)?;
        serde_json::from_str(&stdout).map_err(|error| format!("{arguments}: {error}: {stderr}"))
    };
    let train = "train --device gpu --hidden 9 --iterations 300 --json -q --checkpoint";
    let trained = json(format!("{train} {}", weights.display()))?;
    for plan in ["split", "resident", "layered"] {
        let predict = format!("predict --device gpu --plan {plan} --json -q {} {}", weights.display(), table.display());
        let got = json(predict)?;
        if got["device"]["name"] != adapter.device_info().name.as_str() || got["plan"] != plan {
            return Err(format!("{plan}: on {}, plan {}", got["device"]["name"], got["plan"]));
        }
        let cost = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let (got, want) = (&got, &trained["final"]);
        let alike = (cost(&got["cost"]) - cost(&want["cost"])).abs() <= 1e-6;
        if !alike || got["accuracy"] != want["accuracy"] {
            return Err(format!("{plan}: {} and {}, not {want}", got["cost"], got["accuracy"]));
        }
    }
    Ok(())
}

/// `split` was called `fused`: flags and files still may.
fn older_name(_: &Adapter, _: &Gpu) -> Check {
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    let file = folder.path().join("results.jsonl");
    let sweep = format!("sweep -q --device gpu --hidden 3,4 --iterations 5 --out {}", file.display());
    let text = || std::fs::read_to_string(&file).map_err(|error| error.to_string());
    planar(&format!("{sweep} --plan fused"))?;
    let written = text()?;
    std::fs::write(&file, written.replacen("\"plan\":\"split\"", "\"plan\":\"fused\"", 1))
        .map_err(|error| error.to_string())?;
    let older = text()?;
    let (_, stderr, code) = planar(&format!("{sweep} --plan split --resume"))?;
    if code != Some(0) || older == written || text()? != older {
        return Err(format!("exit {code:?}: {stderr}{}", text()?));
    }
    for arguments in
        ["compare --iterations 2 --hidden 3 --right gpu:fused", "bench --only fused --seconds 0.1 --hidden 3"]
    {
        let (stdout, stderr, code) = planar(arguments)?;
        if code != Some(0) || !stdout.contains("split") || stdout.contains("fused") {
            return Err(format!("{arguments}: exit {code:?}: {stdout}{stderr}"));
        }
    }
    Ok(())
}

/// `planar bench` tells which layout it took and what it measured, and `-v` tells it in training.
fn layouts_are_told(_: &Adapter, _: &Gpu) -> Check {
    // a busy machine may need longer for a choice
    let mut found = Ok(());
    for seconds in [1, 4, 16] {
        found = layouts_are_told_within(seconds);
        if found.is_ok() {
            break;
        }
    }
    found
}

fn layouts_are_told_within(seconds: u32) -> Check {
    let bench = format!("bench -q --only split --hidden 100 --seconds {seconds}");
    let (stdout, stderr, _) = planar(&format!("{bench} --json"))?;
    let report: Value = serde_json::from_str(&stdout).map_err(|error| format!("{error}: {stderr}"))?;
    let layouts = &report["results"][0]["layouts"];
    let chosen = layouts["chosen"].as_str().ok_or_else(|| format!("no layout: {stdout}"))?;
    let measured = layouts["measured"].as_array().ok_or("nothing measured")?;
    let of_chosen = measured.iter().find(|layout| layout[0] == chosen);
    if measured.len() < 2 || of_chosen.is_none_or(|layout| !layout[1].is_f64()) {
        return Err(format!("chosen without a measurement: {layouts}"));
    }
    let (stdout, _, _) = planar(&bench)?;
    let train = "train -v --device gpu --plan split --hidden 100 --learning-rate 0.1 --iterations 20000";
    let (_, stderr, _) = planar(train)?;
    for told in [stdout, stderr] {
        if !told.lines().any(|line| line.contains("layout ") && line.contains(", measured: ") && line.contains(" µs"))
        {
            return Err(told);
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
        ("--device gpu --hidden 16000000 --iterations 1", 2, ["needs", "allows"]),
        ("--device gpu --plan fused --hidden 400000", 2, ["loop turns", "60000"]),
        ("--device gpu --plan resident --hidden 60000", 2, ["maxComputeWorkgroupStorageSize", "the layered plan can"]),
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

fn report_tells_everything(adapter: &Adapter, _: &Gpu) -> Check {
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    let file = folder.path().join("adapter.md");
    let (stdout, stderr, code) = planar(&format!("bench --seconds 0.02 -q --report {}", file.display()))?;
    let read = |path: &std::path::Path| std::fs::read_to_string(path).map_err(|error| format!("{error}: {stderr}"));
    let (page, json) = (read(&file)?, read(&file.with_extension("json"))?);
    let survey: Value = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    let name = adapter.device_info().name;
    let adapters = list(&survey, "adapters");
    let of_adapter =
        adapters.iter().find(|found| found["device"]["name"] == name.as_str()).ok_or("not in the report")?;

    let is_time = |of: &Value, name: &str| of[name].as_f64().is_some_and(|time| time > 0.0);
    let of = |name: &str| list(of_adapter, name);
    let (speeds, many, set_up) = (of("speeds"), of("many"), of("set_up"));
    let complete = [
        ("ends well", code == Some(0) && stdout.contains("adapter.json")),
        ("limits", of_adapter["limits"].as_object().is_some_and(|limits| limits.len() >= 7)),
        ("selftest", of("selftest").len() > 30 && of("selftest").iter().all(|check| check["passed"] == true)),
        ("agreement", of("agreement").len() == 4 && of("agreement").iter().all(|step| step["agrees"] == true)),
        ("set-up", set_up.len() == 2 && set_up.iter().all(|of| is_time(of, "cold_ms") && is_time(of, "warm_ms"))),
        ("speeds", speeds.len() == 8 && speeds.iter().all(|of| is_time(of, "cpu_us") && list(of, "plans").len() == 3)),
        ("many", many.iter().map(|of| of["networks"].as_u64()).eq([Some(64), Some(1024)])),
        ("under ten minutes", survey["seconds"].as_f64().is_some_and(|seconds| seconds < 600.0)),
    ];
    if let Some((what, _)) = complete.iter().find(|(_, is_there)| !is_there) {
        return Err(format!("{what}: {stdout}{stderr}{json}"));
    }
    for plan in speeds.iter().chain(&many).flat_map(|of| list(of, "plans")) {
        // a plan has its times, and each of its layouts has one or a reason, unless the plan has a reason itself
        let layouts = list(&plan, "layouts");
        let is_measured = is_time(&plan, "us") && plan["host_us"].is_f64() && !layouts.is_empty();
        let has_all = is_measured && layouts.iter().all(|layout| is_time(layout, "us") || layout["note"].is_string());
        if !has_all && !plan["note"].is_string() {
            return Err(format!("{plan}"));
        }
        for layout in layouts.iter().filter_map(|layout| layout["name"].as_str()) {
            if !page.contains(layout) {
                return Err(format!("{layout} is not on the page"));
            }
        }
    }
    // every row of a table has the cells of its heading
    let cells = |row: &str| row.replace("\\|", "").matches('|').count();
    for table in page.split("\n\n").filter(|block| block.starts_with('|')) {
        let widths: Vec<usize> = table.lines().map(cells).collect();
        if widths.len() < 3 || widths.iter().any(|width| *width != widths[0]) {
            return Err(format!("a torn table:\n{table}"));
        }
    }
    Ok(())
}
