"""GridSearchCV whose candidates and folds train side by side."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from joblib import parallel_config
from numpy.random import RandomState
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, ParameterGrid, check_cv
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
    cores.

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
        if not isinstance(self.estimator, Network):
            raise TypeError(f"SweepSearchCV searches planar's estimators, and this is a {type(self.estimator).__name__}")
        self._validate_params()
        given = self.cv
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        X, y = indexable(X, y)
        # GridSearchCV divides again, which a splitter without a seed would do differently
        self.cv = list(splitter.split(X, y, params.get("groups")))
        try:
            trained = self._trained(X, y, params.get("sample_weight"))
            # every candidate's parameters have been checked, and processes would know nothing of what is ready here
            with ready(trained), config_context(skip_parameter_validation=True), parallel_config("sequential"):
                return super().fit(X, y, **params)
        finally:
            self.cv = given

    def _trained(self, X, y, sample_weight):
        """Parameters and networks in the order of GridSearchCV: candidate by candidate, each fold by fold."""
        grid = list(ParameterGrid(self.param_grid))
        untrained, of_folds = candidates(clone(self.estimator), grid), []
        refused = refusals(untrained)
        for train, _ in self.cv:
            weights = None if sample_weight is None else _safe_indexing(sample_weight, train)
            models = [_copied(model) for model in untrained]
            X_of, y_of = _safe_indexing(X, train), _safe_indexing(y, train)
            of_folds.append(train_together(models, X_of, y_of, refused, weights))
        return [(parameters, fold[place]) for place, parameters in enumerate(grid) for fold in of_folds]


def _copied(model):
    """An untrained copy of a candidate. A shallow copy is made sooner than scikit-learn's clone, and shares only what
    training does not change."""
    return clone(model) if isinstance(model.random_state, RandomState) else copy(model)
