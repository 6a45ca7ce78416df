//! An adapter that lists itself and cannot compute: RADV for a chip that is not there. Every command ends within ten seconds and
//! says why in one line, or goes on with the CPU.
//!
//! Without RADV these tests are reported as ignored; with REQUIRE_COMPILERS=1 they fail instead.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};

type Check = Result<(), String>;
/// A named check.
type Named = (&'static str, fn() -> Check);

/// Where Debian's mesa-vulkan-drivers and most other distributions keep the driver's manifest.
const MANIFEST: &str = "/usr/share/vulkan/icd.d/radeon_icd.x86_64.json";
const LONGEST: Duration = Duration::from_secs(10);

fn main() {
    let arguments = Arguments::from_args();
    let required = std::env::var("REQUIRE_COMPILERS").is_ok_and(|value| value == "1");
    let ignored = !Path::new(MANIFEST).exists() && !required;
    let checks: [Named; 5] = [
        ("devices_lists_it", || ends("devices", 0, "Null hardware", "")),
        ("auto_trains_on_the_cpu_and_says_why_in_a_line", || {
            ends("train --hidden 277 --samples 4000 --iterations 4000", 0, "CPU engine", "cannot be opened")
        }),
        ("gpu_is_refused", || ends("train --device gpu --iterations 20 -q", 1, "", "cannot be opened")),
        ("selftest_fails", || ends("selftest -q", 1, "", "cannot be opened")),
        ("bench_measures_the_cpu_and_says_what_is_left_out", || {
            ends("bench --seconds 0.2 --hidden 4 -q", 0, "CPU engine", "")
                .and_then(|()| ends("bench --seconds 0.2 --hidden 4 -q", 0, "cannot be opened", ""))
        }),
    ];
    let trials =
        checks.map(|(name, check)| Trial::test(name, move || check().map_err(Failed::from)).with_ignored_flag(ignored));
    libtest_mimic::run(&arguments, trials.into()).exit();
}

/// Runs a command where the null device is the only adapter, and looks at its code, its output and its one line of errors.
fn ends(arguments: &str, code: i32, printed: &str, said: &str) -> Check {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planar"));
    command.args(arguments.split_whitespace()).env("RADV_FORCE_FAMILY", "navi21");
    let begun = Instant::now();
    let output = command.env("VK_DRIVER_FILES", MANIFEST).env("VK_ICD_FILENAMES", MANIFEST).output();
    let Output { status, stdout, stderr } = output.map_err(|error| error.to_string())?;
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let (took, wrong) = (begun.elapsed(), format!("{arguments}: {status}\n{stdout}{stderr}"));
    let lines = stderr.lines().filter(|line| line.starts_with("planar:")).count();
    let is_one_line = said.is_empty() || lines == 1 && stderr.contains(said);
    match status.code() == Some(code) && stdout.contains(printed) && is_one_line && !stderr.contains("panicked") {
        true if took < LONGEST => Ok(()),
        true => Err(format!("{took:?}: {wrong}")),
        false => Err(wrong),
    }
}
