"""Sweeps as jobs of Slurm, by submitit: a job a shard of hundreds of networks."""

from pathlib import Path
from typing import Any

from ._sweep import SweepResult, merge, sweep
from ._types import File, Grid, Samples

__all__ = ["Launched", "launch"]


class Launched:
    """The jobs of a sweep.

    Attributes
    ----------
    jobs : list of submitit.Job
        One a shard.
    """

    def __init__(self, jobs: list[Any]) -> None:
        self.jobs = jobs

    def result(self) -> SweepResult:
        """Waits for all jobs and joins what they have found.

        Returns
        -------
        SweepResult
        """
        return merge([job.result() for job in self.jobs])


def launch(
    X: Samples,
    y: Samples,
    grid: Grid,
    *,
    folder: File,
    shards: int,
    cluster: str | None = None,
    timeout_min: int = 60,
    slurm: dict[str, Any] | None = None,
    **more: Any,
) -> Launched:
    """Hands a sweep to Slurm in as many jobs as it has shards.

    A network takes milliseconds, so a shard should have hundreds of them.

    Parameters
    ----------
    X, y, grid
        As in :func:`planar.sweep`.
    folder : str or path-like
        A folder that all machines see: for the jobs' logs, and the results of shard K of N in ``K-of-N.jsonl``.
    shards : int
        The number of jobs.
    cluster : str, default=None
        ``"slurm"``, or ``"local"`` for processes of this machine; None takes Slurm if there is one.
    timeout_min : int, default=60
        How many minutes a job may take.
    slurm : dict, default=None
        Further parameters of ``submitit.AutoExecutor``, such as ``{"slurm_partition": "gpu"}``.
    **more : dict
        ``estimator``, ``X_test``, ``y_test`` and ``sample_weight`` of :func:`planar.sweep`.

    Returns
    -------
    Launched
        Its ``result()`` waits, and gives what one process would have found.
    """
    import submitit

    folder = Path(folder)
    executor = submitit.AutoExecutor(folder=folder / "logs", cluster=cluster)
    executor.update_parameters(timeout_min=timeout_min, **(slurm or {}))
    jobs = [executor.submit(_shard, folder, X, y, grid, f"{shard}/{shards}", more) for shard in range(1, shards + 1)]
    return Launched(jobs)


def _shard(folder, X, y, grid, shard, more):
    """One job: trains its shard, and names the file of its results."""
    path = folder / f"{shard.replace('/', '-of-')}.jsonl"
    sweep(X, y, grid, shard=shard, **more).save(path)
    return path
