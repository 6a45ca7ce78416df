//! Where the system starts no thread or gives little memory: a command goes on without, or ends with one line; it never
//! panics. The limits are Linux's; where they do not hold, it is told, and the tests are not run.

#[path = "common/needs.rs"]
mod needs;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use libtest_mimic::Arguments;
use needs::{Check, required, trial};
use tempfile::TempDir;

/// A command that runs another under a limit.
type Limited = Vec<String>;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(Into::into).collect()
}

/// A limit of one process, if it holds: not for root, who becomes somebody else.
fn one_thread() -> Result<Limited, String> {
    let as_root = words("prlimit --nproc=1 setpriv --reuid=65534 --regid=65534 --clear-groups");
    let limits = [words("prlimit --nproc=1"), as_root];
    let has_none = |limit: &Limited| {
        let is_run = |script: &str| {
            let output = Command::new(&limit[0]).args(&limit[1..]).args(["sh", "-c", script]).output();
            output.is_ok_and(|output| output.status.success())
        };
        is_run("true") && !is_run("(true); (true)")
    };
    limits.into_iter().find(has_none).ok_or_else(|| "no limit on processes holds here".into())
}

/// A limit of this many megabytes of address space.
fn megabytes(count: u64) -> Limited {
    words(&format!("prlimit --as={}", count << 20))
}

fn memory() -> Result<(), String> {
    let limit = megabytes(100);
    let output = Command::new(&limit[0]).args(&limit[1..]).arg("true").output();
    output.is_ok_and(|output| output.status.success()).then_some(()).ok_or_else(|| "no prlimit".into())
}

/// The program where everybody may run it: in a folder that goes when the last test is done with it.
type Program = Arc<(TempDir, PathBuf)>;

/// A copy of the program. It is made before any test runs, since a file that is open for writing in a process that another
/// test starts cannot be run.
fn program() -> Result<Program, String> {
    let copy = || {
        let folder = TempDir::new()?;
        let path = folder.path().join("planar");
        std::fs::copy(assert_cmd::cargo::cargo_bin!("planar"), &path)?;
        #[cfg(unix)]
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        Ok(Arc::new((folder, path)))
    };
    copy().map_err(|error: std::io::Error| error.to_string())
}

fn run(limit: &Limited, program: &Path, arguments: &str) -> Result<Output, String> {
    let mut command = Command::new(&limit[0]);
    command.args(&limit[1..]).arg(program).args(arguments.split_whitespace());
    command.env("WGPU_BACKEND", "gl").current_dir("/").output().map_err(|error| error.to_string())
}

/// The lines on stderr, unless a command panicked, aborted or ended with another code.
fn lines_of(output: &Output, code: i32, arguments: &str) -> Result<Vec<String>, String> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(code) || stderr.contains("panicked") {
        return Err(format!("{arguments}: {:?}: {stderr}", output.status));
    }
    Ok(stderr.lines().map(Into::into).collect())
}

fn goes_on_with_one_thread((limit, program): (Limited, Program)) -> Check {
    let program = &program.1;
    for arguments in [
        "train --iterations 50",
        "train --hidden 300 --samples 2000 --iterations 20 --device cpu --threads 4",
        "train --iterations 50 --folds 3",
        "bench --hidden 8 --seconds 0.05 --only engine --threads 4",
        "sweep --init-seed 1..9 --iterations 20 --threads 4",
        "compare --iterations 5 --right cpu",
        "diagnose --iterations 3000",
    ] {
        let output = run(&limit, program, arguments)?;
        let lines = lines_of(&output, 0, arguments)?;
        let is_told = |line: &&String| line.contains("threads: ");
        // signals have a thread of their own
        let others = lines.iter().filter(|line| line.contains("os error 11") && !line.contains("Ctrl-C"));
        if output.stdout.is_empty() || others.clone().count() > 1 || !others.clone().all(|line| is_told(&line)) {
            return Err(format!("{arguments}: {lines:#?}"));
        }
    }
    Ok(())
}

/// The results are those of many threads, to the bit.
fn has_the_same_results((limit, program): (Limited, Program)) -> Check {
    let program = &program.1;
    let arguments = "train --hidden 300 --samples 2000 --iterations 20 --device cpu --threads 4 --json -q";
    let cost = |limit: &Limited| {
        let output = run(limit, program, arguments)?;
        lines_of(&output, 0, arguments)?;
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        Ok::<_, String>(report["final"]["cost"].clone())
    };
    let [one, many] = [cost(&limit)?, cost(&words("env"))?];
    if one == many && one.is_number() { Ok(()) } else { Err(format!("{one} is not {many}")) }
}

/// On a terminal, as `script` gives one. The run takes seconds, since a bar is drawn only of what takes a while.
fn has_its_bar((limit, program): (Limited, Program)) -> Check {
    let program = &program.1;
    let command = format!("{} {} train --iterations 3000000", limit.join(" "), program.display());
    let output = Command::new("script").args(["-qec", &command, "/dev/null"]).env("WGPU_BACKEND", "gl").output();
    let output = output.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let went_on = output.status.success() && text.contains("accuracy") && text.contains("iterations, ");
    if went_on && !text.contains("panicked") { Ok(()) } else { Err(text.into()) }
}

/// Each of these asks for more than there is.
fn is_refused_in_one_line(_: ()) -> Check {
    let program = assert_cmd::cargo::cargo_bin!("planar");
    let sets = ["flower", "noisy-circles", "noisy-moons", "blobs", "gaussian-quantiles", "spirals", "xor"];
    let mut cases: Vec<(u64, String)> =
        sets.map(|set| (400, format!("train --data {set} --samples 100000000 --device cpu"))).into();
    let others = [
        (400, "bench --samples 20000000 --seconds 0.05"),
        (400, "bench --samples 20000000 --features 3 --seconds 0.05"),
        (400, "sweep --init-seed 1..1000000 --hidden 1..20 --yes --iterations 1"),
        (400, "sweep --random 20000000 --hidden 2..100 --yes --iterations 1"),
        (250, "train --hidden 1000000 --iterations 2 --device cpu"),
        (250, "sweep --hidden 100000 --init-seed 1..50 --iterations 2 --device cpu"),
    ];
    cases.extend(others.map(|(megabytes, arguments)| (megabytes, arguments.into())));
    for (limit, arguments) in &cases {
        let output = run(&megabytes(*limit), program, arguments)?;
        let lines = lines_of(&output, 2, arguments)?;
        if !matches!(&lines[..], [line] if line.contains("memory")) || !output.stdout.is_empty() {
            return Err(format!("{arguments}: {lines:#?}"));
        }
    }
    Ok(())
}

fn main() {
    let required = required("REQUIRE_LIMITS");
    let place = program();
    let one_thread = || Ok((one_thread()?, place.clone()?));
    let mut trials = vec![
        trial("without_a_second_thread_each_command_goes_on", one_thread(), required, goes_on_with_one_thread),
        trial("without_a_second_thread_the_results_are_the_same", one_thread(), required, has_the_same_results),
    ];
    let terminal = Command::new("script").arg("--version").output().map_err(|error| format!("no script: {error}"));
    let terminal = terminal.and_then(|_| one_thread());
    trials.push(trial("without_a_second_thread_the_bar_is_drawn", terminal, required, has_its_bar));
    trials.push(trial(
        "what_there_is_no_memory_for_is_refused_in_one_line",
        memory(),
        required,
        is_refused_in_one_line,
    ));
    drop(place);
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
