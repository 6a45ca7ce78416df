//! A full disk and a folder that cannot be written to: the command says so in one line, the older file is unchanged, no
//! half-written file is left beside it, and once there is room, the same command succeeds.
#![cfg(all(unix, feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A command that writes a file, and how it writes it.
struct Case {
    arguments: &'static str,
    file: &'static str,
    /// Whether the file is appended to rather than replaced.
    grows: bool,
}

const READ_ONLY: &str = "Read-only file system";

const CASES: [Case; 6] = [
    Case {
        arguments: "train --force --hidden 300 --iterations 80 --checkpoint-every 20 --checkpoint",
        file: "run.safetensors",
        grows: false,
    },
    Case {
        arguments: "train --force --iterations 900 --log-every 1 --resume KEPT --checkpoint COPY --metrics",
        file: "costs.jsonl",
        grows: true,
    },
    Case {
        arguments: "sweep --init-seed 1..9 --iterations 90 --log-every 1 --resume --out",
        file: "sweep.jsonl",
        grows: true,
    },
    Case { arguments: "train --force --iterations 60 --plot", file: "run.svg", grows: false },
    Case { arguments: "plot KEPT --force --out", file: "run.png", grows: false },
    Case { arguments: "sweep --init-seed 1..3 --iterations 60 --heatmap", file: "map.svg", grows: false },
];

/// Puts older files of each case into one folder, and the files that their commands read into another.
fn prepare(folder: &Path, other: &Path) {
    let make = |arguments: &str, file: &Path| {
        let output = planar(arguments, file, other).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    make("train --hidden 300 --iterations 50 --checkpoint", &folder.join("run.safetensors"));
    make("train --iterations 500 --log-every 1 --checkpoint KEPT --metrics", &folder.join("costs.jsonl"));
    let sweep = folder.join("sweep.jsonl");
    make("sweep --init-seed 1..9 --iterations 90 --log-every 1 --out", &sweep);
    // like a sweep that was stopped after two networks
    let text = fs::read_to_string(&sweep).unwrap();
    fs::write(&sweep, text.split_inclusive('\n').take(3).collect::<String>()).unwrap();
    for picture in ["run.svg", "run.png", "map.svg"] {
        make("train --iterations 20 --plot", &folder.join(picture).with_extension("svg"));
        make("train --iterations 20 --plot", &folder.join(picture));
    }
}

/// The command, whose other files are in `other`.
fn planar(arguments: &str, file: &Path, other: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("planar"));
    command.args(words(arguments, file, other)).env("WGPU_BACKEND", "gl");
    command
}

fn words(arguments: &str, file: &Path, other: &Path) -> Vec<OsString> {
    let word = |word: &str| match word {
        "KEPT" => other.join("kept.safetensors").into(),
        "COPY" => other.join("copy.safetensors").into(),
        _ => word.into(),
    };
    let quiet = if arguments.starts_with("plot") { &[][..] } else { &["-q"] };
    let mut words: Vec<OsString> = arguments.split_whitespace().map(word).collect();
    words.push(file.into());
    words.extend(quiet.iter().map(OsString::from));
    words
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Runs a command that cannot write: it must name the file and the reason in one line, and leave the folder as before.
fn assert_told(mut command: Command, case: &Case, folder: &Path, reasons: &[&str]) {
    let mut before = contents(folder);
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    // results that a sweep has and cannot write are a failure; a file that is refused before is wrong input
    let code = if case.file == "sweep.jsonl" && !reasons.contains(&READ_ONLY) { 1 } else { 2 };
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(code), 1), "{}: {stderr}", case.file);
    assert!(stderr.contains(case.file) && reasons.iter().any(|reason| stderr.contains(reason)), "{stderr}");
    let mut after = contents(folder);
    if case.grows {
        let path = folder.join(case.file);
        let (old, new) = (before.remove(&path).unwrap(), after.remove(&path).unwrap());
        // a run that resumes at iteration 500 writes that line again
        let kept = old.windows(17).position(|bytes| bytes == b"{\"iteration\":500,").unwrap_or(old.len());
        assert!(new.starts_with(&old[..kept]), "{}: lines that were there are gone", case.file);
    }
    assert!(before == after, "{}: files have changed: {:?}", case.file, after.keys());
}

/// Once there is room, the command does what it could not do before.
fn assert_goes_on(case: &Case, folder: &Path, other: &Path) {
    let output = planar(case.arguments, &folder.join(case.file), other).output().unwrap();
    assert!(output.status.success(), "{}: {}", case.file, String::from_utf8_lossy(&output.stderr));
    let count = |file: &str| fs::read_to_string(folder.join(file)).unwrap().lines().count();
    match case.file {
        "costs.jsonl" => assert_eq!(count(case.file), 901),
        "sweep.jsonl" => assert_eq!(count(case.file), 1 + 9),
        _ => assert!(fs::metadata(folder.join(case.file)).unwrap().len() > 0),
    }
}

/// A limit on the size of files, which needs no privileges: writing beyond it fails like on a full disk.
#[test]
fn a_file_that_cannot_grow_leaves_the_older_one_as_it_was() {
    let [folder, other] = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    prepare(folder.path(), other.path());
    for case in &CASES {
        let file = folder.path().join(case.file);
        let mut limited = Command::new("sh");
        // blocks of 512 bytes, fewer than any of the files has; the signal is ignored, since it would kill the command
        limited.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"]).env("WGPU_BACKEND", "gl");
        limited.arg(assert_cmd::cargo::cargo_bin!("planar")).args(words(case.arguments, &file, other.path()));
        if case.file == "costs.jsonl" {
            // its copied checkpoint is limited too, and one of the two is reported
            continue;
        }
        assert_told(limited, case, folder.path(), &["arge"]);
        assert_goes_on(case, folder.path(), other.path());
    }
}

/// A picture that cannot be written is reported after the results, which are printed first.
#[test]
fn results_come_before_what_fails_after_training() {
    let folder = TempDir::new().unwrap();
    for (arguments, file, word) in [
        ("train --iterations 60 -q --plot", "run.svg", "accuracy"),
        ("train --iterations 60 -q --animate", "run.gif", "accuracy"),
        ("sweep --init-seed 1..3 --iterations 60 -q --heatmap", "map.svg", "networks"),
    ] {
        let mut limited = Command::new("sh");
        limited.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"]).env("WGPU_BACKEND", "gl");
        limited.arg(assert_cmd::cargo::cargo_bin!("planar")).args(arguments.split_whitespace());
        let output = limited.arg(folder.path().join(file)).output().unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{arguments}: {stderr}");
        assert!(stdout.contains(word) && stderr.contains(file), "{arguments}: {stdout}{stderr}");
    }
}

/// A file system in memory, mounted for one test. Only root may mount one.
#[cfg(target_os = "linux")]
struct Mount(TempDir);

#[cfg(target_os = "linux")]
impl Mount {
    fn new() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mounted = Self::mount(&["-t", "tmpfs", "-o", "size=8m", "none"], folder.path());
        if !mounted {
            eprintln!("skipped: no file system may be mounted here");
        }
        mounted.then_some(Self(folder))
    }

    fn mount(arguments: &[&str], folder: &Path) -> bool {
        let output = Command::new("mount").args(arguments).arg(folder).output();
        output.is_ok_and(|output| output.status.success())
    }
}

#[cfg(target_os = "linux")]
impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_in_one_line_and_spoils_nothing() {
    let other = TempDir::new().unwrap();
    let Some(disk) = Mount::new() else { return };
    let folder = disk.0.path();
    prepare(folder, other.path());
    for case in &CASES {
        let filler = folder.join("filler");
        let mut file = fs::File::create(&filler).unwrap();
        while std::io::Write::write(&mut file, &[0; 1 << 16]).is_ok_and(|written| written > 0) {}
        drop(file);
        assert_told(planar(case.arguments, &folder.join(case.file), other.path()), case, folder, &["No space left"]);
        fs::remove_file(&filler).unwrap();
        assert_goes_on(case, folder, other.path());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_is_read_only_is_told_in_one_line() {
    let other = TempDir::new().unwrap();
    let Some(disk) = Mount::new() else { return };
    let folder = disk.0.path();
    prepare(folder, other.path());
    assert!(Mount::mount(&["-o", "remount,ro"], folder));
    for case in &CASES {
        let command = planar(case.arguments, &folder.join(case.file), other.path());
        assert_told(command, case, folder, &[READ_ONLY]);
    }
    assert!(Mount::mount(&["-o", "remount,rw"], folder));
    CASES.iter().for_each(|case| assert_goes_on(case, folder, other.path()));
}
