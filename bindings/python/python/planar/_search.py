"""GridSearchCV whose candidates and folds train side by side."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from joblib import parallel_config
from numpy.random import RandomState
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, ParameterGrid, check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import indexable

from ._network import Network
from ._together import candidates, ready, refusals, train_together
from ._types import Samples

if TYPE_CHECKING:
    from typing_extensions import Self


class SweepSearchCV(GridSearchCV):
    """scikit-learn's ``GridSearchCV`` for planar's estimators, which trains all candidates of a fold in one session.

    Parameters, attributes and results are those of ``GridSearchCV``. Each network has the same bits as if it had been
    trained alone on the same device, so the scores are the same too. ``fit_time`` is the time that taking a trained network
    over took, and neither ``n_jobs`` nor joblib's ``parallel_config`` is used: the engine shares the networks out among the
    cores. Of a ``Pipeline`` that ends in one of planar's estimators, those candidates train side by side that have the same
    steps before it.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from planar import PlanarClassifier, SweepSearchCV
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> search = SweepSearchCV(PlanarClassifier(max_iter=500), {"hidden": [2, 8], "learning_rate": [0.3, 1.2]}).fit(X, y)
    >>> len(search.cv_results_["params"])
    4
    """

    def fit(self, X: Samples, y: Samples = None, **params: Any) -> Self:
        """Trains all candidates on all folds, and the best on everything.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            What is to be learnt.
        **params : dict
            ``sample_weight``, ``groups``, and whatever else ``GridSearchCV.fit`` takes.

        Returns
        -------
        self
        """
        network, is_pipeline = _last_step(self.estimator), isinstance(self.estimator, Pipeline)
        if not isinstance(network, Network):
            end = f" that ends in a {type(network).__name__}" if is_pipeline else ""
            named = type(self.estimator).__name__ + end
            raise TypeError(f"SweepSearchCV searches planar's estimators, and this is a {named}")
        self._validate_params()
        given = self.cv
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        X, y = indexable(X, y)
        # GridSearchCV divides again, which a splitter without a seed would do differently
        self.cv = list(splitter.split(X, y, params.get("groups")))
        try:
            weights = params.get(f"{self.estimator.steps[-1][0]}__sample_weight" if is_pipeline else "sample_weight")
            trained = self._trained(X, y, weights)
            # every network's parameters have been checked, and processes would know nothing of what is ready here
            checked = config_context(skip_parameter_validation=not is_pipeline)
            with ready(trained), checked, parallel_config("sequential"):
                return super().fit(X, y, **params)
        finally:
            self.cv = given

    def _trained(self, X, y, sample_weight):
        """Parameters and networks and, in pipelines, the points that these had, in the order of GridSearchCV: candidate by
        candidate, each fold by fold."""
        grid = list(ParameterGrid(self.param_grid))
        made = candidates(clone(self.estimator), grid)
        groups = {}
        for place, (candidate, parameters) in enumerate(zip(made, grid, strict=True)):
            if isinstance(_last_step(candidate), Network):  # a grid may put something else there
                groups.setdefault(_before_the_last(candidate, parameters), []).append(place)
        refused = {places[0]: refusals([_last_step(made[place]) for place in places]) for places in groups.values()}
        trained = {}
        for fold, (train, _) in enumerate(self.cv):
            weights = None if sample_weight is None else _safe_indexing(sample_weight, train)
            X_of, y_of = _safe_indexing(X, train), _safe_indexing(y, train)
            for places in groups.values():
                try:
                    points = _transformed(made[places[0]], X_of, y_of)
                except Exception:  # GridSearchCV meets it too, and decides what such a candidate is worth
                    continue
                models = [_copied(_last_step(made[place])) for place in places]
                seen = X_of if points is None else points
                results = train_together(models, seen, y_of, refused[places[0]], weights)
                for place, result in zip(places, results, strict=True):
                    trained[place, fold] = (_own(made[place], grid[place]), result, points)
        return [trained[key] for key in sorted(trained)]


def _last_step(estimator):
    """The network at the end of a pipeline, or by itself."""
    return estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator


def _before_the_last(candidate, parameters):
    """What candidates with the same steps before the network have in common. A grid hands out the same objects each time."""
    if not isinstance(candidate, Pipeline):
        return ()
    last = candidate.steps[-1][0]
    return tuple((name, id(value)) for name, value in sorted(parameters.items()) if name.split("__")[0] != last)


def _own(candidate, parameters):
    """What a candidate's parameters say of its network: all of it where the network itself is one."""
    if not isinstance(candidate, Pipeline):
        return parameters
    last, network = candidate.steps[-1]
    if last in parameters:
        return network.get_params(deep=False)
    of = f"{last}__"
    return {name.removeprefix(of): value for name, value in parameters.items() if name.startswith(of)}


def _transformed(candidate, X, y):
    """The points as they come to the network at the end of a pipeline; none where nothing is before it."""
    if not isinstance(candidate, Pipeline) or len(candidate) == 1:
        return None
    return clone(candidate[:-1]).fit_transform(X, y)


def _copied(model):
    """An untrained copy of a candidate. A shallow copy is made sooner than scikit-learn's clone, and shares only what
    training does not change."""
    return clone(model) if isinstance(model.random_state, RandomState) else copy(model)
