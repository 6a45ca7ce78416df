//! The binary as the tests run it.

use assert_cmd::Command;

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

/// [`run`] of the binary with these arguments.
pub fn ended(arguments: &str) -> (String, String, i32) {
    run(planar(arguments))
}
