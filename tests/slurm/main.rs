//! The README's job array on a real Slurm: one part runs undisturbed, one is cancelled, one is requeued, and one meets its
//! time limit; the merged file is that of a sweep that nobody disturbed. And its line for GNU parallel.
//!
//! Without Slurm and GNU parallel these tests are reported as ignored, and with REQUIRE_SLURM=1 they fail instead. They take
//! minutes.

#[cfg(unix)]
mod cluster;
#[path = "../common/needs.rs"]
mod needs;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials(needs::required("REQUIRE_SLURM"))).exit();
}

const ARRAY: &str = "the_readmes_job_array_survives_scancel_requeue_and_its_time_limit";
const PARALLEL: &str = "the_readmes_line_for_gnu_parallel_trains_every_part";

#[cfg(unix)]
fn trials(required: bool) -> Vec<Trial> {
    let slurm = cluster::found(&["slurmctld", "slurmd", "sbatch", "srun", "scancel", "scontrol", "sinfo"], "slurm-wlm");
    vec![
        needs::trial(ARRAY, slurm, required, |()| array::survives()),
        needs::trial(PARALLEL, cluster::found(&["parallel"], "parallel"), required, |()| array::trains_in_parallel()),
    ]
}

#[cfg(not(unix))]
fn trials(required: bool) -> Vec<Trial> {
    let trial = |name| needs::trial(name, Err::<(), _>("it is for Unix".into()), required, |()| Ok(()));
    [ARRAY, PARALLEL].map(trial).into()
}

#[cfg(unix)]
mod array {
    use std::ffi::OsString;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::time::Instant;

    use tempfile::TempDir;

    use crate::cluster::{Cluster, said};
    use crate::needs::Check;

    const README: &str = include_str!("../../README.md");
    const SCRIPT: &str = "array.sh";
    const PARTS: usize = 4;
    /// The seconds that a part takes one thread on this machine: Slurm looks at time limits every 30 s.
    const PART_SECONDS: f64 = 45.0;

    pub fn survives() -> Check {
        let cluster = Cluster::start(search_path()?)?;
        let sweep = format!("--hidden 17 --init-seed 1..16 --log-every 1000 --iterations {}", iterations()?);
        let work = cluster.work();
        fs::write(work.join(SCRIPT), script(&sweep)?).map_err(|error| error.to_string())?;
        planar(&work, &format!("sweep {sweep} --device cpu --out undisturbed.jsonl -q"))?;

        let parts = (1..=PARTS).map(|part| format!("part{part}.jsonl")).collect::<Vec<_>>().join(" ");
        let array = cluster.submit(SCRIPT, &format!("1-{}", PARTS - 1))?;
        // apart, since a change of one task's time limit may change those of its array
        let last = cluster.submit(SCRIPT, &PARTS.to_string())?;
        let job = |part: usize| format!("{}_{part}", if part == PARTS { last } else { array });
        for part in [2, 3, 4] {
            cluster.wait(&format!("the checkpoint of part {part}"), || under_way(&work, part))?;
        }
        said(cluster.command("scancel").arg(job(2)))?;
        said(cluster.command("scontrol").args(["requeue", &job(3)]))?;
        said(cluster.command("scontrol").args(["update", &format!("JobId={}", job(4)), "TimeLimit=1"]))?;

        cluster.wait("the end of part 2", || ended(&cluster, &job(2)).filter(|state| state == "CANCELLED"))?;
        under_way(&work, 2).ok_or("the part that was cancelled kept no checkpoint")?;
        planar(&work, &format!("sweep merge --partial {parts}"))?;
        let again = cluster.submit(SCRIPT, "2")?;

        for part in [3, 4] {
            cluster.wait(&format!("part {part} to be queued again"), || restarts(&cluster, &job(part)))?;
        }
        said(cluster.command("scontrol").args(["update", &format!("JobId={}", job(4)), "TimeLimit=60"]))?;
        for job in [job(1), format!("{again}_2"), job(3), job(4)] {
            let state = cluster.wait(&format!("the end of job {job}"), || ended(&cluster, &job))?;
            if state != "COMPLETED" {
                return Err(format!("job {job} ended as {state}: {}", logs(&work)));
            }
        }
        // Slurm forgets jobs some minutes after their end
        if let Some(state) = ended(&cluster, &job(2)).filter(|state| state != "CANCELLED") {
            return Err(format!("the cancelled job ended as {state}"));
        }
        for part in [2, 3, 4] {
            let log = fs::read_to_string(work.join(format!("slurm-{}.out", job(part)))).unwrap_or_default();
            if !log.contains("interrupted after") {
                return Err(format!("part {part} was not stopped in its midst: {log}"));
            }
        }
        is_whole(&work, &parts)
    }

    pub fn trains_in_parallel() -> Check {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let sweep = "--hidden 3 --init-seed 1..16 --iterations 200";
        let blocks = README.split("```console\n").skip(1).filter_map(|text| text.split("```").next());
        let line = blocks.flat_map(|block| block.split("$ ")).find(|line| line.starts_with("parallel "));
        let line = of_sweep(line.ok_or("no such line in the README")?, sweep, &[])?;
        said(Command::new("bash").args(["-c", &line]).current_dir(folder.path()).env("PATH", search_path()?))?;
        let parts = (1..=8).map(|part| format!("part{part}.jsonl")).collect::<Vec<_>>().join(" ");
        planar(folder.path(), &format!("sweep {sweep} --device cpu --out undisturbed.jsonl -q"))?;
        is_whole(folder.path(), &parts)
    }

    /// The merged parts are what an undisturbed sweep has.
    fn is_whole(work: &Path, parts: &str) -> Check {
        planar(work, &format!("sweep merge {parts} --out merged.jsonl"))?;
        planar(work, "sweep merge undisturbed.jsonl --out whole.jsonl")?;
        let read = |file: &str| fs::read_to_string(work.join(file)).map_err(|error| error.to_string());
        let (merged, whole) = (read("merged.jsonl")?, read("whole.jsonl")?);
        if merged == whole { Ok(()) } else { Err(format!("merged: {merged}\nundisturbed: {whole}")) }
    }

    /// The search path with planar in front.
    fn search_path() -> Result<OsString, String> {
        let ours = assert_cmd::cargo::cargo_bin!("planar").parent().map(Path::to_path_buf);
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(ours.into_iter().chain(std::env::split_paths(&path))).map_err(|error| error.to_string())
    }

    /// The README's script, in fewer parts, each on one processor.
    fn script(sweep: &str) -> Result<String, String> {
        let mut blocks = README.split("```bash\n").skip(1).filter_map(|text| text.split("```").next());
        let script = blocks.find(|block| block.contains("#SBATCH")).ok_or("no script in the README")?;
        let fewer =
            [("--array=1-8", "--array=1-4"), ("TASK_ID/8", "TASK_ID/4"), ("--cpus-per-task=4", "--cpus-per-task=1")];
        of_sweep(script, sweep, &fewer)
    }

    /// What the README has, of another sweep and with other numbers.
    fn of_sweep(text: &str, sweep: &str, numbers: &[(&str, &str)]) -> Result<String, String> {
        let mut text = text.to_owned();
        for (theirs, ours) in [("--hidden 1..100 --init-seed 1..100", sweep)].iter().chain(numbers) {
            if !text.contains(theirs) {
                return Err(format!("the README has no {theirs} here: {text}"));
            }
            text = text.replace(theirs, ours);
        }
        Ok(text)
    }

    /// How many iterations let a part take its time on this machine.
    fn iterations() -> Result<u64, String> {
        let mut iterations = 1000;
        loop {
            let start = Instant::now();
            let sweep =
                format!("sweep --hidden 17 --init-seed 1..4 --threads 1 --device cpu --iterations {iterations} -q");
            planar(Path::new("."), &sweep)?;
            let seconds = start.elapsed().as_secs_f64();
            if seconds > 2.0 {
                return Ok((iterations as f64 * PART_SECONDS / seconds) as u64 / 1000 * 1000);
            }
            iterations *= 3;
        }
    }

    fn planar(folder: &Path, arguments: &str) -> Result<String, String> {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("planar"));
        said(command.args(arguments.split_whitespace()).current_dir(folder))
    }

    /// What lies beside the results of a part while it trains.
    fn under_way(work: &Path, part: usize) -> Option<PathBuf> {
        let results = format!("part{part}.jsonl");
        let entries = fs::read_dir(work).ok()?.flatten();
        let mut names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names
            .find(|name| name.starts_with(&results) && *name != results && !name.contains("tmp"))
            .map(|name| work.join(name))
    }

    /// The state in which a job has ended.
    fn ended(cluster: &Cluster, job: &str) -> Option<String> {
        let state = cluster.field(job, "JobState").ok()?;
        (!["PENDING", "RUNNING", "COMPLETING", "REQUEUED"].contains(&state.as_str())).then_some(state)
    }

    /// Once a job was queued again.
    fn restarts(cluster: &Cluster, job: &str) -> Option<()> {
        (cluster.field(job, "Restarts").ok()? != "0").then_some(())
    }

    fn logs(work: &Path) -> String {
        let entries = fs::read_dir(work).into_iter().flatten().flatten().map(|entry| entry.path());
        let logs = entries.filter(|path| path.extension().is_some_and(|extension| extension == "out"));
        logs.map(|path| format!("{}: {}\n", path.display(), fs::read_to_string(&path).unwrap_or_default())).collect()
    }
}
