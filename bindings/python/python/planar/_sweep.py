"""Grids of networks trained side by side."""

import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from ._display import table
from ._errors import Invalid, Mismatch, Results
from ._front import parameters_as_text, parameters_of
from ._network import Network
from ._planar_classifier import PlanarClassifier
from ._samples import validated
from ._together import candidates, refusals, train_together
from ._types import File, Grid, Samples

# what the head of a file says, and how it is called where two are not alike
_HEAD = {
    "data": "samples are",
    "estimator": "estimator's parameters are",
    "names": "searched parameters are",
    "networks": "networks are",
    "grid": "values of the grid are",
}
# parameters that change no network
_ASIDE = ("n_threads", "progress", "verbose")
# networks of one call: their weights are kept until the call ends
_AT_ONCE = 2000


class SweepResult:
    """What a sweep has found.

    Attributes
    ----------
    rows : list of dict
        One a network: its ``number``, its parameters, ``status``, ``epochs``, ``loss``, ``score`` and, of samples to test
        with, ``test_score``.
    best_ : estimator
        The network of the highest test score or, without samples to test with, of the lowest loss; none after a merge.
    best_params_ : dict
        Its parameters.
    """

    rows: list[dict[str, Any]]
    best_: Any
    best_params_: dict[str, Any] | None

    def __init__(self, rows: list[dict[str, Any]], head: dict[str, Any], best: Network | None = None) -> None:
        self.rows, self._head, self.best_ = rows, head, best
        first = max(rows, key=_rank, default=None)
        self.best_params_ = {name: first[name] for name in head["names"]} if first else None

    @property
    def table(self) -> Any:
        """The rows as a table of pandas, the best first."""
        import pandas

        return pandas.DataFrame(sorted(self.rows, key=_rank, reverse=True))

    def save(self, path: File) -> None:
        """Writes the rows as lines of JSON, for :func:`merge`.

        Parameters
        ----------
        path : str or path-like
            The file.
        """
        names = self._head["names"]
        rows = [row | _texts({name: row[name] for name in names}) for row in self.rows]
        text = [json.dumps(each) for each in (self._head, *rows)]
        Path(path).write_text("\n".join(text) + "\n", encoding="utf-8")

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"SweepResult({len(self.rows)} networks, best {self.best_params_})"

    def _repr_html_(self) -> str:
        shown = sorted(self.rows, key=_rank, reverse=True)[:20]
        headings = list(shown[0]) if shown else []
        cells = [[f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row.values()] for row in shown]
        return f"<div>{len(self.rows)} networks</div>{table(headings, cells)}"


def sweep(
    X: Samples,
    y: Samples,
    grid: Grid,
    *,
    estimator: Network | None = None,
    X_test: Samples = None,
    y_test: Samples = None,
    sample_weight: Samples = None,
    shard: str | None = None,
    progress: bool = False,
) -> SweepResult:
    """Trains a network for each combination of parameters, side by side.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Points.
    y : array-like
        What is to be learnt.
    grid : dict or list of dict
        Parameters with their values, such as ``{"hidden": range(1, 21), "learning_rate": [0.3, 1.2]}``.
    estimator : estimator, default=PlanarClassifier()
        What has all other parameters.
    X_test, y_test : array-like, default=None
        Samples to test with.
    sample_weight : array-like of shape (n_samples,), default=None
        How much each sample counts.
    shard : str, default=None
        ``K/N`` trains every Nth network from the Kth on, for one of N machines; :func:`merge` joins what they have found.
    progress : bool, default=False
        Whether tqdm shows how far the sweep is.

    Returns
    -------
    SweepResult
        ``table``, ``best_`` and ``best_params_``.

    Examples
    --------
    >>> import planar
    >>> X, Y = planar.notebook.load_planar_dataset()
    >>> found = planar.sweep(X.T, Y[0], {"hidden": [1, 2, 3, 4, 5, 20, 50]}, estimator=planar.PlanarClassifier(max_iter=500))
    >>> len(found)
    7
    """
    estimator = PlanarClassifier() if estimator is None else estimator
    if not isinstance(estimator, Network):
        raise TypeError(f"sweep trains planar's estimators, and this is a {type(estimator).__name__}")
    jobs = list(
        enumerate(ParameterGrid({name: list(values) for name, values in grid.items()} if isinstance(grid, dict) else grid))
    )
    names = sorted({name for _, parameters in jobs for name in parameters})
    head = {
        "names": names,
        "networks": len(jobs),
        "estimator": _sha256([type(estimator).__name__, _written(_told(estimator))]),
        "grid": _sha256([_written(parameters) for _, parameters in jobs]),
        "data": _sha256_of_data(estimator, X, y, sample_weight, X_test, y_test),
    }
    if shard is not None:
        for parameters in (_told(estimator), *(parameters for _, parameters in jobs)):
            _texts(parameters)
        jobs = [job for job in jobs if _is_of(shard, job[0])]
    rows, best, best_rank = [], None, None
    with _Bar(len(jobs), progress) as bar:
        for first in range(0, len(jobs), _AT_ONCE):
            part = jobs[first : first + _AT_ONCE]
            models = candidates(clone(estimator), [parameters for _, parameters in part])
            told = bar.told and functools.partial(bar.told, first)
            trained = train_together(models, X, y, refusals(models), sample_weight, told)
            for (number, parameters), model in zip(part, trained, strict=True):
                if isinstance(model, Exception):
                    raise model
                row = {
                    "number": number,
                    **{name: parameters.get(name) for name in names},
                    "status": model.status_,
                    "epochs": model.n_iter_,
                    "loss": model.loss_,
                    "score": float(model.score(X, y)),
                }
                if X_test is not None:
                    row["test_score"] = float(model.score(X_test, y_test))
                rows.append(row)
                if best_rank is None or _rank(row) > best_rank:
                    best, best_rank = model, _rank(row)
    return SweepResult(rows, head, best)


def merge(paths: Iterable[File]) -> SweepResult:
    """Joins what the shards of a sweep have saved.

    Parameters
    ----------
    paths : iterable of str or path-like
        The files of :meth:`SweepResult.save`.

    Returns
    -------
    SweepResult
        All rows in the order of the sweep; ``best_`` is None, since files hold no weights.

    Raises
    ------
    Mismatch
        If the files are of different sweeps.
    Results
        If one is no such file, or networks are missing.
    """
    rows, head, first = {}, None, None
    for path in paths:
        of, lines = _read(path)
        if head is None:
            head, first = of, path
        differs = next((name for name in _HEAD if of[name] != head[name]), None)
        if differs is not None:
            raise Mismatch(f"{path} is of another sweep: its {_HEAD[differs]} not those of {first}")
        for row in lines:
            if rows.setdefault(row["number"], row) != row:
                raise Mismatch(f"{path} has another result for network {row['number']}")
    if head is None:
        raise Results("there is no file to merge")
    missing = sorted(set(range(head["networks"])) - set(rows))
    if missing:
        raise Results(f"{len(missing)} of {head['networks']} networks are in no file, the first of them number {missing[0]}")
    return SweepResult([rows[number] for number in sorted(rows)], head)


def _read(path):
    """The head and the rows of a file of :meth:`SweepResult.save`."""
    try:
        head, *lines = (json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines())
        if head.keys() >= _HEAD.keys() and all("number" in line for line in lines):
            return head, [line | parameters_of({name: line[name] for name in head["names"]}) for line in lines]
    except (ValueError, AttributeError, KeyError, TypeError):
        pass
    raise Results(f"{path} is no file that SweepResult.save has written")


def _is_of(shard, number):
    """Whether a network, counted from 0, is of the shard."""
    this, slash, of = shard.partition("/")
    if not (slash and this.isdecimal() and of.isdecimal() and 1 <= int(this) <= int(of)):
        raise Invalid(f"the shard must be K/N with K from 1 to N, as in 2/8, not '{shard}'")
    return number % int(of) == int(this) - 1


def _rank(row):
    """What the best network has most of; one that diverged is below all."""
    if row["status"] == "diverged":
        return (-np.inf, -np.inf)
    return (row.get("test_score", 0.0), -row["loss"])


def _told(estimator):
    """The parameters on which the networks depend."""
    return {name: value for name, value in estimator.get_params().items() if name not in _ASIDE}


def _texts(parameters):
    """Parameters as a file holds them, so that another process reads what they were."""
    text = parameters_as_text(parameters)
    lost = next((name for name in parameters if name not in text), None)
    if lost is not None:
        found = " ".join(repr(parameters[lost]).split())
        wanted = "a number, text, or tuples, lists and dictionaries of them, so that files of shards can hold it"
        raise Invalid(f"{lost} must be {wanted}, not {found:.80}")
    return text


def _written(parameters):
    """Parameters as text, and what no text holds as Python writes it."""
    text = parameters_as_text(parameters)
    return {name: text.get(name, repr(value)) for name, value in parameters.items()}


def _sha256(value):
    """SHA-256 of a value as JSON; what JSON has not counts by how Python writes it."""
    return hashlib.sha256(json.dumps(value, default=_plain).encode()).hexdigest()


def _sha256_of_data(estimator, X, y, sample_weight, X_test, y_test):
    """SHA-256 of all samples as they are given, to train with and to test with."""
    model = clone(estimator)
    X, y = validated(model, X, y, reset=True)
    parts = [*_bytes(X), y, [] if sample_weight is None else np.asarray(sample_weight, dtype=float)]
    if X_test is not None:
        X_test, y_test = validated(model, X_test, y_test, reset=False)
        parts += [*_bytes(X_test), y_test]
    return _sha256(parts)


def _bytes(points):
    """Shape and SHA-256 of points (samples × features)."""
    points = np.ascontiguousarray(points.toarray() if issparse(points) else points, dtype=np.float64)
    return list(points.shape), hashlib.sha256(points).hexdigest()


def _plain(value):
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else repr(value)


class _Bar:
    """tqdm's bar of the networks that are trained; ``told`` is None if nobody wants to see it."""

    def __init__(self, networks, is_shown):
        self._bar = _tqdm(networks) if is_shown else None
        self.told = self._told if is_shown else None

    def _told(self, before, trained):
        self._bar.update(before + int(trained) - self._bar.n)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()


def _tqdm(networks):
    from tqdm.auto import tqdm

    return tqdm(total=networks, unit="network")
