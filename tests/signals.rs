//! A signal ends a training as Ctrl-C does: with a checkpoint that goes on to the very bits of a run that never stopped, with
//! all its metrics, and with the command that goes on.
#![cfg(all(unix, feature = "cli"))]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::command::{planar, run, send, timeless, training};
use planar::checkpoint::Checkpoint;
use serde_json::Value;
use tempfile::TempDir;

const RUN: &str =
    "train --json --device cpu --hidden 21 --activation leaky-relu:0.03 --learning-rate 0.7 --log-every 5000";
const ENDLESS: &str = "--iterations 400000000";

fn command(flags: &str, folder: &TempDir) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("planar"));
    command.args(flags.split_whitespace()).current_dir(folder.path()).stdout(Stdio::piped());
    command
}

fn lines(file: &Path) -> usize {
    fs::read_to_string(file).map_or(0, |text| text.lines().count())
}

/// Waits until the file of metrics has more lines than these.
fn wait_for_more(file: &Path, than: usize) {
    let begun = Instant::now();
    while lines(file) <= than {
        assert!(begun.elapsed() < Duration::from_secs(120), "no progress");
        sleep(Duration::from_millis(5));
    }
}

/// Stderr and the exit code.
fn ended(child: Child) -> (String, Option<i32>) {
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stderr).unwrap(), output.status.code())
}

#[test]
fn each_signal_leaves_a_run_that_goes_on_as_its_hint_says_to_the_bits_of_one_that_never_stopped() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        let files = "--checkpoint $(touch-me);a.safetensors --metrics a.jsonl";
        let child = command(&format!("{RUN} {ENDLESS} {files}"), &folder).stderr(Stdio::piped()).spawn().unwrap();
        wait_for_more(&at("a.jsonl"), 2);
        send(&child, signal);
        let (stderr, got) = ended(child);
        assert_eq!(got, Some(code), "{stderr}");
        let done = Checkpoint::read(&at("$(touch-me);a.safetensors")).unwrap().state.iteration;

        let hint = stderr.lines().last().unwrap();
        let begin = format!("planar: interrupted after {done} of 400000000 iterations; to go on: planar train ");
        let flags = hint.strip_prefix(&begin).unwrap_or_else(|| panic!("{hint}"));
        assert!(flags.ends_with("--resume '$(touch-me);a.safetensors'") && !flags.contains("--checkpoint"), "{flags}");
        let all = done + 5000;
        let script = format!("\"$0\" train {}", flags.replace("400000000", &all.to_string()));
        let bin = assert_cmd::cargo::cargo_bin!("planar");
        let resumed = Command::new("sh").args(["-c", &script]).arg(bin).current_dir(folder.path()).output().unwrap();
        assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));

        let mut whole = planar(&format!("{RUN} --iterations {all} --checkpoint b.safetensors --metrics b.jsonl"));
        whole.current_dir(folder.path());
        let (want, stderr, code) = run(whole);
        assert_eq!(code, 0, "{stderr}");
        let [got, want] = [&resumed.stdout, want.as_bytes()].map(|text| serde_json::from_slice::<Value>(text).unwrap());
        assert_eq!((&got["costs"], &got["final"]), (&want["costs"], &want["final"]), "{signal}");
        assert_eq!(fs::read(at("$(touch-me);a.safetensors")).unwrap(), fs::read(at("b.safetensors")).unwrap());
        assert_eq!(timeless(&at("a.jsonl")), timeless(&at("b.jsonl")), "{signal}");
    }
}

#[test]
fn without_a_checkpoint_the_hint_names_the_flag() {
    let folder = TempDir::new().unwrap();
    let child = command(&format!("{RUN} {ENDLESS} --metrics a.jsonl"), &folder).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_more(&folder.path().join("a.jsonl"), 0);
    send(&child, "TERM");
    let (stderr, code) = ended(child);
    assert_eq!(code, Some(143));
    assert!(stderr.trim_end().ends_with("iterations; --checkpoint FILE would have kept what is done"), "{stderr}");
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let folder = TempDir::new().unwrap();
    // each iteration takes a second or so
    let slow = "train -v --device cpu --precision f64 --hidden 400 --samples 80000 --iterations 1000";
    let child = training(&mut command(&format!("{slow} --checkpoint a.safetensors"), &folder));
    send(&child, "TERM");
    sleep(Duration::from_millis(50));
    send(&child, "INT");
    assert_eq!(ended(child).1, Some(130), "the second one's");
    assert!(!folder.path().join("a.safetensors").exists());
}

/// As `nohup` starts it.
#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_to_outlive_its_terminal_does() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.jsonl");
    let flags = format!("{RUN} {ENDLESS} --metrics a.jsonl");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("trap '' HUP; exec \"$0\" {flags}")]).arg(assert_cmd::cargo::cargo_bin!("planar"));
    let child = shell.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_more(&file, 0);
    send(&child, "HUP");
    sleep(Duration::from_millis(200));
    wait_for_more(&file, lines(&file));
    send(&child, "TERM");
    assert_eq!(ended(child).1, Some(143));
}
