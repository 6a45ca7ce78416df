"""The devices of this process: how many threads the CPU engine may take, and quiet around a GPU's driver."""

import atexit
import contextlib
import os
import sys
import tempfile
import threading

from joblib.parallel import get_active_backend

from . import _planar

atexit.register(_planar.close)

_ON_CPU = ("cpu", "reference-f64", "reference-f32")


def devices() -> list[dict[str, str]]:
    """The graphics adapters of this machine.

    Returns
    -------
    list of dict
        ``name``, ``kind``, ``backend`` and ``driver`` of each, best first. ``device=`` takes a place in this list, a part of
        a name, or ``"gpu"`` for the first.
    """
    with quiet("gpu"):
        return [dict(zip(("name", "kind", "backend", "driver"), each, strict=True)) for each in _planar.adapters()]


def threads(asked):
    """The number of threads for ``n_threads``: as many as asked for, else no more than those who share the machine allow.

    ``OMP_NUM_THREADS`` is what joblib's loky, Dask and batch systems set for a process. In a thread of joblib's others
    compute beside it, and in one of Dask's as many as its worker has threads. None stands for one thread per core.
    """
    if asked is not None:
        return int(asked)
    given = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    limits = [int(given)] if given.isdecimal() and int(given) > 0 else []
    backend, _ = get_active_backend()
    is_beside_others = (backend.nesting_level or 0) > 0
    if is_beside_others and (not limits or threading.current_thread() is not threading.main_thread()):
        return 1
    beside = _threads_of_dask()
    if beside > 1:
        limits.append(max(1, cores() // beside))
    return min([*limits, cores()]) if limits else None


def _threads_of_dask():
    """How many threads the worker of Dask's has in which this runs; 1 outside of one."""
    worker = sys.modules.get("distributed.worker")
    try:
        return 1 if worker is None else worker.get_worker().state.nthreads
    except (AttributeError, ValueError):  # there is none
        return 1


def cores():
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def quiet(device):
    """Keeps Mesa, when it is first opened, from complaining on stderr that there is no desktop session."""
    if device in _ON_CPU or sys.platform != "linux" or "XDG_RUNTIME_DIR" in os.environ or _planar.has_opened():
        yield
        return
    os.environ["XDG_RUNTIME_DIR"] = tempfile.gettempdir()
    try:
        yield
    finally:
        os.environ.pop("XDG_RUNTIME_DIR", None)
