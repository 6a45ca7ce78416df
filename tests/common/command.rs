//! The binary as the tests run it.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

/// The binary, with no adapter in sight.
pub fn planar(arguments: &str) -> Command {
    let mut command = Command::cargo_bin("planar").unwrap();
    // GL is not built in, so that nothing answers on any platform
    command.args(arguments.split_whitespace()).env("WGPU_BACKEND", "gl").env_remove("WGPU_ADAPTER_NAME");
    command
}

/// Stdout, stderr and the exit code.
pub fn run(mut command: Command) -> (String, String, i32) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

/// Stdout as JSON, of a command that ends well.
#[track_caller]
pub fn json(command: Command) -> Value {
    let (stdout, stderr, code) = run(command);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

/// Asserts that a command ends with code 2 and one line that has all these words.
#[track_caller]
pub fn refused(command: Command, words: &[&str]) {
    refused_with(command, 2, words);
}

/// [`refused`] with another code.
#[track_caller]
pub fn refused_with(command: Command, code: i32, words: &[&str]) {
    let (stdout, stderr, got) = run(command);
    assert_eq!((got, stdout.as_str(), stderr.lines().count()), (code, "", 1), "{words:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "no '{word}' in: {stderr}");
    }
}

/// The binary with these arguments and these files behind them.
pub fn with_files(arguments: &str, files: &[&Path]) -> Command {
    let mut command = planar(arguments);
    command.args(files);
    command
}

/// [`run`] of the binary with these arguments.
pub fn ended(arguments: &str) -> (String, String, i32) {
    run(planar(arguments))
}

/// The lines of a file of metrics without their seconds.
pub fn timeless(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("seconds").unwrap();
        line
    };
    text.lines().map(line).collect()
}

/// The run of a command that has `-v`, once it trains and listens for Ctrl-C. What it says on stderr from then on is read,
/// so that it never waits.
#[cfg(unix)]
pub fn training(command: &mut std::process::Command) -> std::process::Child {
    use std::io::{BufRead as _, BufReader};

    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("training begins")));
    std::thread::spawn(move || lines.for_each(drop));
    child
}

/// Ctrl-C.
#[cfg(unix)]
pub fn interrupt(child: &std::process::Child) {
    send(child, "INT");
}

/// Sends a signal by its name, such as `TERM`.
#[cfg(unix)]
pub fn send(child: &std::process::Child, signal: &str) {
    let kill = std::process::Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
    assert!(kill.unwrap().success());
}
