//! What a training may write: a command runs twice, no other run's file is overwritten in silence, one run at a time writes a
//! file, and what cannot be written is found before training.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use common::command::{self, run};
use planar::checkpoint::Checkpoint;
use serde_json::Value;
use tempfile::TempDir;

const RUN: &str = "train --json --device cpu --hidden 3 --log-every 10";

/// planar in this folder. A run that should have been refused fails the test instead of training on.
fn planar(arguments: &str, folder: &TempDir) -> Command {
    let mut command = command::planar(arguments);
    command.current_dir(folder.path()).timeout(Duration::from_secs(120));
    command
}

/// The report of a run that is done, and what it says on stderr.
#[track_caller]
fn done(arguments: &str, folder: &TempDir) -> (Value, String) {
    let (stdout, stderr, code) = run(planar(arguments, folder));
    assert_eq!(code, 0, "{arguments}: {stderr}");
    (serde_json::from_str(&stdout).unwrap(), stderr)
}

#[track_caller]
fn refused(arguments: &str, folder: &TempDir, words: &[&str]) {
    let before = all(folder.path());
    command::refused(planar(arguments, folder), words);
    assert!(all(folder.path()) == before, "{arguments}: a file has changed");
}

/// Every file of a folder with what it holds.
fn all(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = files.filter(|entry| entry.metadata().is_ok_and(|about| about.is_file()));
    files.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn a_command_runs_twice_and_the_second_time_says_that_all_is_done() {
    for how in ["--checkpoint a.safetensors", "--checkpoint a.safetensors --resume ./a.safetensors"] {
        for precision in ["f32", "f64"] {
            let folder = TempDir::new().unwrap();
            let files = format!("{how} --metrics a.jsonl --plot a.svg --animate a.gif --precision {precision}");
            let command = format!("{RUN} --iterations 100 --test-fraction 0.2 {files}");
            let (first, stderr) = done(&command, &folder);
            assert_eq!(stderr, "");
            let before = all(folder.path());
            assert_eq!(before.keys().collect::<Vec<_>>(), ["a.gif", "a.jsonl", "a.safetensors", "a.svg"]);
            let (second, stderr) = done(&command, &folder);
            assert_eq!(stderr, "planar: all 100 iterations are done: nothing is left to train\n");
            for part in ["costs", "final", "status", "network"] {
                assert_eq!(second[part], first[part], "{part}");
            }
            assert!(all(folder.path()) == before, "the picture too, since it is of the same costs");
        }
    }
}

#[test]
fn a_run_begins_where_the_checkpoint_is_missing_and_otherwise_goes_on() {
    let folder = TempDir::new().unwrap();
    let command =
        |iterations| format!("{RUN} --iterations {iterations} --checkpoint a.safetensors --resume a.safetensors");
    done(&command(50), &folder);
    let (report, stderr) = done(&command(120), &folder);
    assert_eq!(stderr, "planar: continuing at iteration 50\n");
    let (whole, _) = done(&format!("{RUN} --iterations 120"), &folder);
    assert_eq!((&report["costs"], &report["final"]), (&whole["costs"], &whole["final"]));
    // it names where it starts, so that is held to the file
    refused(&format!("{} --init-seed 5", command(200)), &folder, &["another run", "seed 2", "seed 5"]);
    refused(&format!("{RUN} --resume b.safetensors"), &folder, &["b.safetensors"]);
    refused(&format!("{RUN} --checkpoint a.safetensors --resume b.safetensors"), &folder, &["b.safetensors"]);
}

#[test]
fn a_file_of_another_run_is_overwritten_only_if_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let files = [
        ("--checkpoint", "a.safetensors"),
        ("--metrics", "a.jsonl"),
        ("--plot", "a.svg"),
        ("--plot", "a.png"),
        ("--animate", "a.gif"),
    ];
    for (flag, file) in files {
        let train = format!("{RUN} --iterations 40 {flag} {file}");
        done(&train, &folder);
        refused(&format!("{train} --learning-rate 0.7"), &folder, &[file, "another run", "1.2", "0.7", "--force"]);
        refused(&format!("{train} --init-seed 9"), &folder, &[file, "seed 2", "seed 9", "--force"]);
        let others = format!("{train} --init-seed 9 --force");
        done(&others, &folder);
        refused(&train, &folder, &[file, "seed 9", "seed 2"]);
        done(&others, &folder);

        // what planar did not write
        fs::write(folder.path().join(file), "x,y,class\n0,1,1\n").unwrap();
        refused(&train, &folder, &[file, "is there already", "--force"]);
        done(&format!("{train} --force"), &folder);
        // nothing is lost with an empty file
        fs::write(folder.path().join(file), "").unwrap();
        done(&train, &folder);
    }
    assert!(all(folder.path()).keys().all(|name| name.starts_with("a.")));
}

#[test]
fn a_run_that_is_not_finished_is_not_begun_anew_in_silence() {
    let folder = TempDir::new().unwrap();
    done(&format!("{RUN} --iterations 40 --checkpoint a.safetensors"), &folder);
    let more = format!("{RUN} --iterations 90 --checkpoint a.safetensors");
    refused(&more, &folder, &["a.safetensors", "40 iterations of this run", "--resume", "--force"]);
    done(&format!("{RUN} --iterations 60 --resume a.safetensors"), &folder);
    done(&format!("{RUN} --iterations 20 --checkpoint b.safetensors"), &folder);
    let both = format!("{RUN} --iterations 90 --resume b.safetensors --checkpoint a.safetensors");
    refused(&both, &folder, &["a.safetensors", "60 iterations of this run"]);
    done(&format!("{more} --force"), &folder);
    assert_eq!(Checkpoint::read(&folder.path().join("a.safetensors")).unwrap().state.iteration, 90);
}

#[test]
fn pictures_and_metrics_of_the_same_run_are_written_anew() {
    let folder = TempDir::new().unwrap();
    for iterations in [40, 70] {
        for file in ["--plot a.svg", "--plot a.png", "--animate a.gif", "--metrics a.jsonl"] {
            done(&format!("{RUN} --iterations {iterations} {file}"), &folder);
        }
    }
    assert_eq!(fs::read_to_string(folder.path().join("a.jsonl")).unwrap().lines().count(), 8);
    done(&format!("{RUN} --iterations 70 --checkpoint a.safetensors"), &folder);
    for (file, code) in [("a.svg", 0), ("a.png", 0)] {
        assert_eq!(run(planar(&format!("plot a.safetensors --out {file}"), &folder)).2, code);
    }
    done(&format!("{RUN} --iterations 70 --init-seed 3 --checkpoint b.safetensors"), &folder);
    refused("plot b.safetensors --out a.svg", &folder, &["a.svg", "seed 2", "seed 3", "--force"]);
}

#[test]
fn a_resumed_run_writes_no_line_into_the_metrics_of_another() {
    let folder = TempDir::new().unwrap();
    done(&format!("{RUN} --iterations 40 --checkpoint a.safetensors --metrics a.jsonl"), &folder);
    done(&format!("{RUN} --iterations 40 --init-seed 3 --metrics b.jsonl"), &folder);
    let more = format!("{RUN} --iterations 80 --resume a.safetensors --metrics");
    refused(&format!("{more} b.jsonl"), &folder, &["b.jsonl", "seed 3", "seed 2"]);
    done(&format!("{more} b.jsonl --force"), &folder);
    let lines = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap().lines().count();
    assert_eq!(lines("b.jsonl"), 5, "from iteration 40 on, and none of the other run");
}

#[test]
fn the_same_samples_under_another_name_are_the_same_run() {
    let folder = TempDir::new().unwrap();
    for name in ["a.csv", "b.csv"] {
        fs::write(folder.path().join(name), "x,y,class\n0,1,1\n1,0,0\n2,2,1\n3,3,0\n").unwrap();
    }
    let train = |data: &str, iterations| {
        let files = "--checkpoint run.safetensors --resume run.safetensors --metrics run.jsonl --plot run.svg";
        format!("{RUN} -q --data {data} --iterations {iterations} {files}")
    };
    done(&train("a.csv", 30), &folder);
    done(&train("b.csv", 60), &folder);
    fs::write(folder.path().join("b.csv"), "x,y,class\n0,1,1\n1,0,0\n2,2,0\n3,3,0\n").unwrap();
    refused(&train("b.csv", 90), &folder, &["another run", "b.csv has other values"]);
}

#[test]
fn what_a_run_reads_it_never_writes() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.csv"), "x,y,class\n0,1,1\n1,0,0\n2,2,1\n3,3,0\n").unwrap();
    fs::copy(folder.path().join("a.csv"), folder.path().join("a.svg")).unwrap();
    for files in ["--data a.csv --metrics ./a.csv", "--data a.csv --checkpoint a.csv", "--data a.svg --plot a.svg"] {
        refused(&format!("{RUN} --force {files}"), &folder, &["is read by this run"]);
    }
}

#[cfg(unix)]
#[test]
fn one_run_at_a_time_writes_a_file_and_the_second_is_told_at_once() {
    use std::process::Stdio;

    let folder = TempDir::new().unwrap();
    let files = "--checkpoint a.safetensors --metrics a.jsonl --plot a.svg --animate a.gif";
    let mut first = std::process::Command::new(assert_cmd::cargo::cargo_bin!("planar"));
    first.args(format!("{RUN} -v --iterations 2000000000 {files}").replace("10 -v", "100000000 -v").split_whitespace());
    let mut first = command::training(first.current_dir(folder.path()).stdout(Stdio::null()));
    for file in files.split(" --") {
        let flag = format!("--{}", file.trim_start_matches("--"));
        let second = planar(&format!("{RUN} --iterations 10 {flag}"), &folder);
        command::refused(second, &["is being written already"]);
    }
    // killed, it leaves nothing that keeps others from going on
    first.kill().unwrap();
    first.wait().unwrap();
    let pictures = "--metrics a.jsonl --plot a.svg --animate a.gif --checkpoint b.safetensors";
    done(&format!("{RUN} --iterations 10 {pictures}"), &folder);
    done(&format!("{RUN} --iterations 10 --checkpoint a.safetensors --force"), &folder);
    let left = all(folder.path());
    assert!(left.keys().all(|name| !name.starts_with('.')), "{:?}", left.keys());
    refused(
        &format!("{RUN} --metrics c.jsonl --checkpoint c.jsonl"),
        &folder,
        &["c.jsonl", "is being written already"],
    );
}

#[cfg(unix)]
#[test]
fn many_runs_that_draw_into_one_file_end_well_or_are_told() {
    let folder = TempDir::new().unwrap();
    let ends: Vec<(String, i32)> = std::thread::scope(|scope| {
        let start = || {
            let (_, stderr, code) = run(planar(&format!("{RUN} -q --iterations 20 --plot a.svg"), &folder));
            (stderr, code)
        };
        let runs: Vec<_> = (0..30).map(|_| scope.spawn(start)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for (stderr, code) in &ends {
        assert!(*code == 0 || (*code == 2 && stderr.contains("is being written already")), "{code}: {stderr}");
    }
    assert!(ends.iter().any(|(_, code)| *code == 0));
    assert_eq!(all(folder.path()).keys().collect::<Vec<_>>(), ["a.svg"]);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_or_read_is_found_before_training() {
    let folder = TempDir::new().unwrap();
    for name in ["a.safetensors", "a.svg", "a.gif"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    for name in ["pipe", "pipe.svg", "pipe.gif"] {
        let made = std::process::Command::new("mkfifo").arg(folder.path().join(name)).status().unwrap();
        assert!(made.success());
    }
    std::os::unix::fs::symlink("/no/such/folder/a", folder.path().join("link")).unwrap();
    let forever = format!("{RUN} --iterations 4000000000 --log-every 1000000000");
    let forever = forever.replacen(" --log-every 10", "", 1);
    let long = "n".repeat(252);
    for (files, words) in [
        ("--checkpoint a.safetensors".to_owned(), &["a.safetensors", "irectory"][..]),
        ("--plot a.svg".into(), &["a.svg", "irectory"]),
        ("--animate a.gif".into(), &["a.gif", "irectory"]),
        ("--checkpoint pipe".into(), &["pipe", "nothing reads"]),
        ("--metrics pipe".into(), &["pipe", "nothing reads"]),
        ("--plot pipe.svg".into(), &["pipe.svg", "nothing reads"]),
        ("--animate pipe.gif".into(), &["pipe.gif", "nothing reads"]),
        ("--checkpoint link".into(), &["link", "No such file"]),
        (format!("--checkpoint {long}.svg"), &["too long"]),
        (format!("--plot {long}.svg"), &["too long"]),
        ("--data /dev/zero".into(), &["/dev/zero", "a device"]),
        ("--init /dev/zero".into(), &["/dev/zero", "a device"]),
        ("--resume /dev/zero".into(), &["/dev/zero", "a device"]),
    ] {
        let begun = Instant::now();
        refused(&format!("{forever} {files}"), &folder, words);
        assert!(begun.elapsed() < Duration::from_secs(100), "it trained first");
    }
    // the longest name that there is, and a link to a file that is not there yet, are as good as any
    let longest = format!("{}.safetensors", "n".repeat(243));
    std::os::unix::fs::symlink("new.safetensors", folder.path().join("new")).unwrap();
    for file in [longest.as_str(), "new"] {
        done(&format!("{RUN} --iterations 10 --checkpoint {file}"), &folder);
        done(&format!("{RUN} --iterations 20 --resume {file}"), &folder);
    }
    assert!(fs::symlink_metadata(folder.path().join("new")).unwrap().is_symlink());
    assert!(folder.path().join("new.safetensors").is_file());
}

/// The files of a folder in which nothing can be written are found before training; not for root, who may write anywhere.
#[cfg(target_os = "linux")]
#[test]
fn a_place_where_nothing_can_be_written_is_found_before_training() {
    let folder = TempDir::new().unwrap();
    for flag in ["--checkpoint /proc/a.safetensors", "--metrics /proc/a", "--plot /proc/a.svg", "--animate /proc/a.gif"]
    {
        refused(
            &format!("{RUN} --iterations 4000000000 --log-every 1000000000 {flag}").replacen(
                " --log-every 10 ",
                " ",
                1,
            ),
            &folder,
            &["/proc/a"],
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_results_are_printed_even_if_a_file_cannot_be_written_at_the_end() {
    let folder = TempDir::new().unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("full.svg")).unwrap();
    for file in ["--checkpoint /dev/full", "--plot full.svg"] {
        let (stdout, stderr, code) = run(planar(&format!("{RUN} --iterations 20 {file}"), &folder));
        assert_eq!((code, stderr.lines().count()), (2, 1), "{stderr}");
        assert!(stderr.contains("space"), "{stderr}");
        assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["status"], "finished");
    }
    let reproduce = "reproduce --json --only costs --seeds 1 --html /dev/full";
    let (stdout, stderr, code) = run(planar(reproduce, &folder));
    assert_eq!((code, stderr.lines().count()), (2, 1), "{stderr}");
    assert!(serde_json::from_str::<Value>(&stdout).unwrap()["claims"].is_array());
}

#[test]
fn results_of_another_sweep_are_only_overwritten_by_force_and_a_merge_runs_twice() {
    let folder = TempDir::new().unwrap();
    let sweep = |seeds: &str, rest: &str| {
        format!("sweep --json -q --device cpu --hidden 1,3 --init-seed {seeds} --iterations 50 {rest}")
    };
    let lines = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap().lines().count();
    done(&sweep("1..4", "--out a.jsonl --shard 1/2"), &folder);
    done(&sweep("1..4", "--out b.jsonl --shard 2/2"), &folder);
    refused(&sweep("1..4", "--out a.jsonl --shard 1/2"), &folder, &["is there already", "--resume continues it"]);
    refused(&sweep("1..5", "--out a.jsonl"), &folder, &["another sweep", "init_seed", "--force"]);

    let merge = "sweep merge --json a.jsonl b.jsonl --out all.jsonl";
    done(merge, &folder);
    done(merge, &folder);
    assert_eq!(lines("all.jsonl"), 1 + 8);
    refused("sweep merge --json --partial a.jsonl --out all.jsonl", &folder, &["that these parts lack", "--force"]);
    fs::write(folder.path().join("all.jsonl"), "notes").unwrap();
    refused(merge, &folder, &["no results file", "--force"]);
    done(&format!("{merge} --force"), &folder);
    assert_eq!(lines("all.jsonl"), 1 + 8);

    // what is kept of networks in training goes with the results that are overwritten
    fs::write(folder.path().join("b.jsonl.batch.safetensors"), "networks").unwrap();
    fs::remove_file(folder.path().join("b.jsonl")).unwrap();
    refused(&sweep("1..5", "--out b.jsonl"), &folder, &["b.jsonl.batch.safetensors", "is there already"]);
    done(&sweep("1..5", "--out b.jsonl --force"), &folder);
    assert_eq!(lines("b.jsonl"), 1 + 10);
    assert!(!folder.path().join("b.jsonl.batch.safetensors").exists());
}
