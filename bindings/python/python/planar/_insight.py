"""Why a training fails, and whether two devices compute the same, as objects that a notebook shows."""

import html
import json
from numbers import Integral, Real
from typing import Any

from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.utils import check_scalar

from . import _planar
from ._device import quiet, threads
from ._display import table
from ._errors import Invalid
from ._network import Network
from ._planar_classifier import PlanarClassifier
from ._samples import validated
from ._types import Samples


class Diagnosis:
    """Why a training fails, or that it does not.

    Attributes
    ----------
    cause : str
        The name of the cause.
    verdict : str
        The cause in a sentence.
    because : list of str
        The numbers that show it.
    trials : list of dict
        What was tried, with ``changes``, ``cost``, ``accuracy`` and whether it ``helps``.
    remedy : dict or None
        Of that what helps most.
    found : dict
        Everything, as ``planar diagnose --json`` has it.
    """

    found: dict[str, Any]
    cause: str
    verdict: str
    because: list[str]
    trials: list[dict[str, Any]]
    remedy: dict[str, Any] | None

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found
        self.cause, self.verdict, self.because = found["cause"], found["verdict"], found["because"]
        self.trials, self.remedy = found["trials"], found["remedy"]

    def __repr__(self) -> str:
        return "\n".join([self.verdict, *(f"  {line}" for line in self.because)])

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.because)
        rows = [
            [
                _said(trial["changes"]),
                trial["status"],
                _number(trial["cost"]),
                _number(trial["accuracy"]),
                "helps" if trial["helps"] else "",
            ]
            for trial in self.trials
        ]
        tried = table(["tried", "status", "cost", "accuracy", ""], rows) if rows else ""
        return f"<p><b>{html.escape(self.verdict)}</b></p><ul>{lines}</ul>{tried}"


class Comparison:
    """Whether two devices compute the same.

    Attributes
    ----------
    agrees : bool
        Whether every step keeps its bound and each side repeats itself.
    sides : list of dict
        The two devices.
    steps : list of dict
        One step from the same weights at several iterations, tensor by tensor.
    curves : dict
        Where the cost curves part.
    found : dict
        Everything, nearly as ``planar compare --json`` has it.
    """

    found: dict[str, Any]
    agrees: bool
    sides: list[dict[str, str]]
    steps: list[dict[str, Any]]
    curves: dict[str, Any]

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found
        self.agrees, self.sides = found["agrees"], found["sides"]
        self.steps, self.curves = found["found"]["steps"], found["found"]["curves"]

    def __bool__(self) -> bool:
        return self.agrees

    def __repr__(self) -> str:
        left, right = (side["name"] for side in self.sides)
        return f"{left} and {right} {'agree' if self.agrees else 'DISAGREE'}"

    def _repr_html_(self) -> str:
        rows = [
            [
                step["iteration"],
                each["tensor"],
                f"{each['absolute']:.1e}",
                f"{each['scaled']:.1e}",
                "agrees" if each["agrees"] else "DISAGREES",
            ]
            for step in self.steps
            for each in step["differences"]
        ]
        headings = ["iteration", "tensor", "absolute", "of Σ|terms|", ""]
        return f"<p><b>{html.escape(repr(self))}</b></p>{table(headings, rows)}"


def diagnose(
    X: Samples,
    y: Samples,
    estimator: Network | None = None,
    *,
    X_test: Samples = None,
    y_test: Samples = None,
    patience: float = 5.0,
) -> Diagnosis:
    """Finds out why a training fails, and tries what would mend it.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Points.
    y : array-like
        What is to be learnt.
    estimator : estimator, default=PlanarClassifier()
        What is to be trained, fitted or not.
    X_test, y_test : array-like, default=None
        Samples held out.
    patience : float, default=5.0
        About how many seconds may be spent on trials.

    Returns
    -------
    Diagnosis

    Examples
    --------
    >>> import planar
    >>> X, Y = planar.notebook.load_planar_dataset()
    >>> bug = planar.PlanarClassifier(4, "relu", backward_activation="tanh", max_iter=100)
    >>> planar.diagnose(X.T, Y[0], bug).cause
    'wrong-derivative'
    """
    check_scalar(patience, "patience", Real, min_val=0)
    model = _unfitted(estimator)
    work = model._work(X, y, None)
    held_out = work.held_out
    if X_test is not None:
        if y_test is None:
            raise Invalid("y_test must be given beside X_test")
        X_test, y_test = validated(model, X_test, y_test, reset=False)
        points = X_test.toarray() if issparse(X_test) else X_test
        answers, classes = model._encode(y_test, True)
        held_out = _planar.Data(points, answers, classes, None, False, work.data.scaling)
    with quiet(model.device):
        found = _planar.diagnose(
            work.data, work.settings, work.epochs, float(patience), model.device, threads(model.n_threads), held_out
        )
    return Diagnosis(json.loads(found))


def compare(
    X: Samples,
    y: Samples,
    estimator: Network | None = None,
    *,
    left: str = "reference-f64",
    right: str = "cpu",
    iterations: int | None = None,
) -> Comparison:
    """Compares two devices, step by step from the same weights.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Points.
    y : array-like
        What is to be learnt.
    estimator : estimator, default=PlanarClassifier()
        What is trained on both.
    left, right : str, default="reference-f64", "cpu"
        The devices.
    iterations : int, default=None
        Updates; the estimator's epochs if None.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> import planar
    >>> X, Y = planar.notebook.load_planar_dataset()
    >>> planar.compare(X.T, Y[0], iterations=100).agrees
    True
    """
    if iterations is not None:
        check_scalar(iterations, "iterations", Integral, min_val=1, max_val=2**53)
    model = _unfitted(estimator)
    work = model._work(X, y, None)
    iterations = work.epochs if iterations is None else int(iterations)
    with quiet("gpu"):
        found = _planar.compare(work.data, work.settings, iterations, left, right, threads(model.n_threads))
    return Comparison(json.loads(found))


def _unfitted(estimator):
    """A clone of one of planar's estimators, whose parameters hold."""
    estimator = PlanarClassifier() if estimator is None else estimator
    if not isinstance(estimator, Network):
        raise TypeError(f"the estimator must be one of planar's, and this is {estimator!r:.80}")
    model = clone(estimator).set_params(warm_start=False)
    model._validate_params()
    return model


def _said(changes):
    return ", ".join(
        change if isinstance(change, str) else " ".join(f"{k} {v}" for k, v in change.items()) for change in changes
    )


def _number(value):
    return "" if value is None else f"{value:.6g}"
