"""A Slurm of one machine: slurmctld and slurmd on loopback, with their state in a folder of the test."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time

CONFIGURATION = """ClusterName=planar
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
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
"""


def daemon(name):
    """The path of a daemon of Debian's slurm-wlm, or None."""
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"]))


def missing():
    """Which of Slurm's programs is not here, if one is not."""
    programs = [(name, shutil.which(name)) for name in ("sbatch", "sinfo", "srun")]
    programs += [(name, daemon(name)) for name in ("slurmctld", "slurmd")]
    return next((name for name, path in programs if path is None), None)


@contextlib.contextmanager
def running(folder):
    """A cluster whose node is idle; SLURM_CONF names it."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "cgroup.conf").touch()
    configuration = folder / "slurm.conf"
    configuration.write_text(CONFIGURATION.format(ports=ports, user=getpass.getuser(), folder=folder))
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(configuration)
    daemons = []
    try:
        for name, more in (("slurmctld", []), ("slurmd", ["-N", "localhost"])):
            log = open(folder / f"{name}.log", "w")
            daemons.append(subprocess.Popen([daemon(name), "-D", *more], stdout=subprocess.DEVNULL, stderr=log))
        end = time.monotonic() + 60
        while _state() != "idle":
            if time.monotonic() > end:
                raise TimeoutError((folder / "slurmctld.log").read_text())
            time.sleep(0.2)
        yield
    finally:
        subprocess.run(["scancel", "--state=RUNNING", "--signal=KILL", "--full"], capture_output=True, check=False)
        for each in daemons:
            each.kill()
            each.wait()
        os.environ.pop("SLURM_CONF")
        if before is not None:
            os.environ["SLURM_CONF"] = before


def _state():
    return subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False).stdout.strip()
