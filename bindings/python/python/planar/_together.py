"""Many estimators in one session: those that share samples train side by side, to the bits of each alone on its device."""

import contextlib
from contextvars import ContextVar

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone

from . import _planar
from ._device import quiet, threads

# the networks that a search has trained and that its fits are to take over; none if every fit trains its own
READY = ContextVar("READY", default=None)


def trains_alone(model):
    """Whether a network is trained in several parts, or by SciPy."""
    return getattr(model, "solver", None) == "lbfgs" or getattr(model, "learning_rate", None) == "adaptive"


def refusals(models):
    """What scikit-learn has against the parameters of estimators, by their places; nothing of those that it takes."""
    refused = {}
    for place, model in enumerate(models):
        try:
            model._validate_params()
        except ValueError as error:
            refused[place] = error
    return refused


def train_together(models, X, y, refused, sample_weight=None, told=None):
    """Trains estimators on the same samples: for each in turn itself, or the exception that it raises.

    Those with the same samples, device and threads are trained in one call of the extension, and those that are ``refused``
    not at all. ``told`` is called with the number of networks that are trained, in parts too.
    """
    shared, sessions, done = {}, {}, dict(refused)
    for place, model in enumerate(models):
        if place in refused:
            continue
        try:
            if trains_alone(model):
                done[place] = model.fit(X, y, sample_weight=sample_weight)
                if model.status_ == "interrupted":
                    raise KeyboardInterrupt
                if told is not None:
                    told(len(done))
                continue
            work = model._work(X, y, sample_weight, shared=shared)
        except Exception as error:  # the search decides what a candidate that fails is worth
            done[place] = error
        else:
            key = (id(work.data), model.device, model.n_threads)
            sessions.setdefault(key, []).append((place, work))
    for works in sessions.values():
        done.update(_session(models, works, _of_session(told, len(done), len(works))))
    return [done[place] for place in range(len(models))]


def _of_session(told, before, networks):
    """What the extension calls while it trains some networks behind others."""
    return None if told is None else lambda _updates, _costs, share: told(before + share * networks)


def _session(models, works, callback):
    """The networks of some places, trained in one call; if one of them is refused, each by itself."""
    first, of = models[works[0][0]], [work for _, work in works]
    try:
        with quiet(first.device):
            fitted, interrupted = _planar.train(
                of[0].data,
                [work.settings for work in of],
                [work.epochs for work in of],
                first.device,
                threads(first.n_threads),
                [work.rule for work in of],
                of[0].held_out,
                None,
                callback,
            )
    except Exception as error:
        if len(works) == 1:
            return {works[0][0]: error}
        return {place: result for one in works for place, result in _session(models, [one], callback).items()}
    if interrupted is not None:
        raise interrupted
    return {place: models[place]._take(work, each) for (place, work), each in zip(works, fitted, strict=True)}


class Ready:
    """Networks that are trained already, in the order in which a search asks for them."""

    def __init__(self, trained):
        self._trained = iter(trained)
        self._next = next(self._trained, None)

    def gives(self, asked, X):
        """Makes ``asked`` the network that is next, if it is one with these parameters and, in a pipeline, these points."""
        found = self._next
        if found is None:
            asked._validate_params()  # the best of all is trained once more, even if it was refused
            return False
        parameters, result, points = found
        if not _is_alike(parameters, asked) or not (points is None or _is_equal(points, X)):
            return False
        self._next = next(self._trained, None)
        if isinstance(result, Exception):
            raise result
        asked.__dict__.update(result.__dict__)
        return True


def _is_alike(parameters, asked):
    there = asked.get_params(deep=False)
    return all(
        name in there and (there[name] is value or _is_equal(there[name], value)) for name, value in parameters.items()
    )


def _is_equal(one, other):
    """Whether two values are alike, also in each number; what cannot be compared is not."""
    try:
        if issparse(one) and issparse(other):
            return one.shape == other.shape and (one != other).nnz == 0
        return bool(np.all(one == other))
    except (TypeError, ValueError):
        return False


@contextlib.contextmanager
def ready(trained):
    """Fits in this context take over what is trained, as long as there is some."""
    token = READY.set(Ready(trained))
    try:
        yield
    finally:
        READY.reset(token)


def candidates(estimator, grid):
    """A clone of the estimator for each set of parameters."""
    return [clone(estimator).set_params(**parameters) for parameters in grid]
