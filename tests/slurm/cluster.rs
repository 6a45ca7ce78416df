//! A Slurm of one machine: `slurmctld` and `slurmd` on loopback, with their state in a folder of the test.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;

/// The longest that nothing may happen in the cluster's folder while a test waits.
const PATIENCE: Duration = Duration::from_secs(600);

/// A running cluster of one node; it ends with the value.
pub struct Cluster {
    folder: TempDir,
    /// The search path of jobs.
    path: OsString,
    daemons: Vec<Child>,
}

/// These programs of a Debian package, or which one is missing.
pub fn found(programs: &[&str], package: &str) -> Result<(), String> {
    match programs.iter().find(|program| find(program).is_none()) {
        None => Ok(()),
        Some(missing) => Err(format!("{missing} is not installed; on Debian: apt-get install {package}")),
    }
}

/// A program of the search path, or of the folders where a distribution keeps its daemons.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The output of a command that succeeds.
pub fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(format!("{command:?}: {}: {}", output.status, text(&output.stderr))),
    }
}

impl Cluster {
    /// Starts the daemons and waits until the node takes jobs, which find programs by this search path.
    pub fn start(path: OsString) -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let configuration = configuration(folder.path())?;
        for (file, text) in [("slurm.conf", configuration.as_str()), ("cgroup.conf", "")] {
            fs::write(folder.path().join(file), text).map_err(|error| error.to_string())?;
        }
        for state in ["state", "spool", "work"] {
            fs::create_dir(folder.path().join(state)).map_err(|error| error.to_string())?;
        }
        let mut cluster = Self { folder, path, daemons: Vec::new() };
        cluster.daemon("slurmctld", &["-D"])?;
        cluster.daemon("slurmd", &["-D", "-N", "localhost"])?;
        cluster.wait("an idle node", || {
            let nodes = said(cluster.command("sinfo").args(["-h", "-o", "%T"])).unwrap_or_default();
            (nodes == "idle").then_some(())
        })?;
        Ok(cluster)
    }

    fn daemon(&mut self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let log = File::create(self.folder.path().join(program).with_extension("log"));
        let log = log.map_err(|error| error.to_string())?;
        let path = find(program).ok_or(format!("{program} is not installed"))?;
        let mut command = Command::new(path);
        command.args(arguments).env("SLURM_CONF", self.configuration()).stdin(Stdio::null()).stdout(Stdio::null());
        self.daemons.push(command.stderr(log).spawn().map_err(|error| format!("{program}: {error}"))?);
        Ok(())
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("slurm.conf")
    }

    /// Where jobs run and write.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// One of Slurm's commands, asked of this cluster; jobs find planar.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.configuration()).env("PATH", &self.path).current_dir(self.work());
        command
    }

    /// Submits a script of the work folder as some parts of an array, and returns the array's number.
    pub fn submit(&self, script: &str, parts: &str) -> Result<u64, String> {
        let array = format!("--array={parts}");
        let number = said(self.command("sbatch").args(["--parsable", &array, script]))?;
        number.parse().map_err(|_| format!("sbatch said {number}"))
    }

    /// A field of what Slurm knows of a job, such as `JobState` or `Restarts`.
    pub fn field(&self, job: &str, name: &str) -> Result<String, String> {
        let known = said(self.command("scontrol").args(["show", "job", job]))?;
        let value = known.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        value.map(str::to_owned).ok_or(format!("no {name} in: {known}"))
    }

    /// Waits for something to come, as long as anything changes in the work folder.
    pub fn wait<T>(&self, what: &str, mut come: impl FnMut() -> Option<T>) -> Result<T, String> {
        let (mut seen, mut since) = (self.trace(), Instant::now());
        loop {
            if let Some(come) = come() {
                return Ok(come);
            }
            std::thread::sleep(Duration::from_millis(200));
            let now = self.trace();
            if now != seen {
                (seen, since) = (now, Instant::now());
            } else if since.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.path().join("slurmctld.log")).unwrap_or_default();
                return Err(format!("waited for {what}; files: {seen:?}; slurmctld: {log}"));
            }
        }
    }

    /// The files of the work folder with their sizes and times.
    fn trace(&self) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
        let entries = fs::read_dir(self.work()).into_iter().flatten().flatten();
        let files = entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)));
        let mut files: Vec<_> = files.map(|(path, about)| (path, about.len(), about.modified().ok())).collect();
        files.sort();
        files
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // jobs first: they would outlive their daemons
        let _ = self.command("scancel").args(["--state=RUNNING", "--signal=KILL"]).args(["--full"]).status();
        for daemon in &mut self.daemons {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// Sixteen processors whatever the machine has, so that all parts run at once; no accounts, no cgroups; what is requeued
/// starts again after seconds.
fn configuration(folder: &Path) -> Result<String, String> {
    let user = said(Command::new("id").arg("-un"))?;
    let ports: Vec<TcpListener> = (0..2)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    let port = |n: usize| ports[n].local_addr().map(|address| address.port()).map_err(|error| error.to_string());
    let (ctld, d, folder) = (port(0)?, port(1)?, folder.display());
    Ok(format!(
        "ClusterName=planar
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={ctld}
SlurmdPort={d}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
SlurmdParameters=config_overrides
NodeName=localhost NodeAddr=127.0.0.1 CPUs=16 RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=localhost Default=YES MaxTime=INFINITE State=UP
"
    ))
}
