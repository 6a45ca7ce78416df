//! An adapter that lists itself and cannot compute: RADV for a chip that is not there, and any adapter whose work is dropped or
//! never done, as the environment's `PLANAR_FAULT` lets happen where the feature `testing` is on. Every command ends within ten
//! seconds, in proportion longer on a busy machine, and says why in one line, or goes on with the CPU.
//!
//! Without RADV its tests are reported as ignored, and with REQUIRE_COMPILERS=1 they fail instead; likewise those of faults
//! without any adapter, with REQUIRE_GPU=1.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};

type Check = Result<(), String>;
/// A named check.
type Named = (&'static str, fn() -> Check);

/// Where Debian's mesa-vulkan-drivers and most other distributions keep the driver's manifest.
const MANIFEST: &str = "/usr/share/vulkan/icd.d/radeon_icd.x86_64.json";
/// The longest that a command may take on a machine with nothing else to do.
const LONGEST: Duration = Duration::from_secs(10);
/// The longest that `planar devices` takes there.
const LISTED: Duration = Duration::from_millis(150);

/// The adapter of a test.
#[derive(Clone, Copy)]
enum Adapter {
    /// RADV without its chip.
    Null,
    /// The machine's own, whose work is not carried out.
    Drops,
    /// The machine's own, whose work is never done.
    NeverAnswers,
}

use Adapter::{Drops, NeverAnswers, Null};

/// A training that the CPU does not finish before it looks at a GPU.
const AUTO: &str = "train --hidden 277 --samples 4000 --iterations 2000";
const GPU: &str = "train --device gpu --iterations 20 -q";
const BENCH: &str = "bench --seconds 0.2 --hidden 4 -q";
const REFUSED: &str = "cannot be opened";
const DROPPED: &str = "0 of 1 iterations done: its driver dropped work";
const SILENT: &str = "did not answer within";

fn main() {
    let arguments = Arguments::from_args();
    let required = |name: &str| std::env::var(name).is_ok_and(|value| value == "1");
    let no_radv = !Path::new(MANIFEST).exists() && !required("REQUIRE_COMPILERS");
    let no_adapter = planar::gpu::Adapter::all().is_empty() && !required("REQUIRE_GPU");
    let checks: [Named; 6] = [
        ("devices_lists_it", || ends(Null, "devices", 0, "Null hardware", "")),
        ("auto_trains_on_the_cpu_and_says_why_in_a_line", || ends(Null, AUTO, 0, "CPU engine", REFUSED)),
        ("gpu_is_refused", || ends(Null, GPU, 1, "", REFUSED)),
        ("selftest_fails", || ends(Null, "selftest -q", 1, "", REFUSED)),
        ("bench_measures_the_cpu_and_says_what_is_left_out", || benches(Null, REFUSED)),
        ("a_report_says_why_there_is_nothing_to_report", || reports(Null, 1, REFUSED)),
    ];
    let faults: [Named; 12] = [
        ("work_dropped_devices_lists_it", || ends(Drops, "devices", 0, "discrete-gpu", "")),
        ("work_dropped_auto_trains_on_the_cpu_and_says_why_in_a_line", || ends(Drops, AUTO, 0, "CPU engine", DROPPED)),
        ("work_dropped_gpu_is_refused", || ends(Drops, GPU, 1, "", DROPPED)),
        ("work_dropped_selftest_fails", || ends(Drops, "selftest -q", 4, "FAILED", "")),
        ("work_dropped_bench_measures_the_cpu_and_says_what_is_left_out", || benches(Drops, "its driver dropped work")),
        ("work_dropped_a_report_says_that_checks_failed", || reports(Drops, 4, "a check failed")),
        ("no_answer_devices_lists_it", || ends(NeverAnswers, "devices", 0, "discrete-gpu", "")),
        ("no_answer_auto_trains_on_the_cpu_and_says_why_in_a_line", || {
            ends(NeverAnswers, AUTO, 0, "CPU engine", SILENT)
        }),
        ("no_answer_gpu_is_refused", || ends(NeverAnswers, GPU, 1, "", SILENT)),
        ("no_answer_selftest_fails", || ends(NeverAnswers, "selftest -q", 1, "", SILENT)),
        ("no_answer_bench_measures_the_cpu_and_says_what_is_left_out", || benches(NeverAnswers, SILENT)),
        ("no_answer_a_report_says_why_there_is_nothing_to_report", || reports(NeverAnswers, 1, SILENT)),
    ];
    let trial = |(name, check): Named, ignored| {
        Trial::test(name, move || check().map_err(Failed::from)).with_ignored_flag(ignored)
    };
    let null = checks.map(|check| trial(check, no_radv));
    let trials = null.into_iter().chain(faults.map(|check| trial(check, no_adapter)));
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// `planar bench` measures the CPU and says of every plan why it is left out.
fn benches(adapter: Adapter, why: &str) -> Check {
    ends(adapter, BENCH, 0, "fastest: CPU", "").and_then(|()| ends(adapter, BENCH, 0, why, ""))
}

/// `planar bench --report` ends with this code, and the page says why.
fn reports(adapter: Adapter, code: i32, why: &str) -> Check {
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    let file = folder.path().join("adapter.md");
    ends(adapter, &format!("bench --seconds 0.01 --report {}", file.display()), code, "", why)?;
    let page = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
    match page.contains(why) || page.contains("FAILED") {
        true => Ok(()),
        false => Err(page),
    }
}

/// How long a command may take on this machine now: in proportion where it is busy.
fn longest() -> Result<Duration, String> {
    let begun = Instant::now();
    let listed = Command::new(env!("CARGO_BIN_EXE_planar")).arg("devices").output();
    listed.map_err(|error| error.to_string())?;
    Ok(LONGEST.mul_f64((begun.elapsed().as_secs_f64() / LISTED.as_secs_f64()).max(1.0)))
}

/// Runs a command where an adapter cannot compute, and looks at its code, its output and its one line of errors.
fn ends(adapter: Adapter, arguments: &str, code: i32, printed: &str, said: &str) -> Check {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planar"));
    command.args(arguments.split_whitespace());
    match adapter {
        Null => command
            .env("RADV_FORCE_FAMILY", "navi21")
            .env("VK_DRIVER_FILES", MANIFEST)
            .env("VK_ICD_FILENAMES", MANIFEST),
        Drops => command.env("PLANAR_FAULT", "drops"),
        NeverAnswers => command.env("PLANAR_FAULT", "never-answers"),
    };
    let (longest, begun) = (longest()?, Instant::now());
    let output = command.output();
    let Output { status, stdout, stderr } = output.map_err(|error| error.to_string())?;
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let (took, wrong) = (begun.elapsed(), format!("{arguments}: {status}\n{stdout}{stderr}"));
    let lines = stderr.lines().filter(|line| line.starts_with("planar:")).count();
    // a report also says what it measures
    let is_one_line = said.is_empty() || (lines == 1 || arguments.contains("report")) && stderr.contains(said);
    match status.code() == Some(code) && stdout.contains(printed) && is_one_line && !stderr.contains("panicked") {
        true if took < longest => Ok(()),
        true => Err(format!("{took:?}: {wrong}")),
        false => Err(wrong),
    }
}
