"""Small dense networks with scikit-learn's interface, trained by planar on the CPU or on any GPU."""

from . import notebook, slurm
from ._device import devices
from ._errors import (
    Busy,
    Checkpoint,
    Conflict,
    Csv,
    Device,
    Error,
    Incomplete,
    Invalid,
    Io,
    Limit,
    Lost,
    Mismatch,
    NoAdapter,
    Overwrite,
    Panic,
    Plot,
    Results,
    Shader,
    Wrong,
)
from ._insight import Comparison, Diagnosis, compare, diagnose
from ._load import load
from ._mlp_classifier import MLPClassifier
from ._mlp_regressor import MLPRegressor
from ._planar import __version__
from ._planar_classifier import PlanarClassifier
from ._search import SweepSearchCV
from ._sweep import SweepResult, merge, sweep

__all__ = [
    "Busy",
    "Checkpoint",
    "Comparison",
    "Conflict",
    "Csv",
    "Device",
    "Diagnosis",
    "Error",
    "Incomplete",
    "Invalid",
    "Io",
    "Limit",
    "Lost",
    "MLPClassifier",
    "MLPRegressor",
    "Mismatch",
    "NoAdapter",
    "Overwrite",
    "Panic",
    "PlanarClassifier",
    "Plot",
    "Results",
    "Shader",
    "SweepResult",
    "SweepSearchCV",
    "Wrong",
    "__version__",
    "compare",
    "devices",
    "diagnose",
    "load",
    "merge",
    "notebook",
    "slurm",
    "sweep",
]
