"""Classes and labels: what the classifiers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets, type_of_target
from sklearn.utils.validation import check_consistent_length, column_or_1d

from ._front import classes_as_they_are
from ._network import Network
from ._types import Floats, Samples, checked, incremental

if TYPE_CHECKING:
    from typing_extensions import Self


class Classifier(ClassifierMixin, Network):
    """Classes and labels: one logit for two classes, softmax for more, a logit for each label."""

    classes_: NDArray[Any]

    @checked
    def fit(self, X: Samples, y: Samples, sample_weight: Samples = None) -> Self:
        """Trains the network.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; float32 is taken as it is, and tables of pandas, polars and Arrow too.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes of any type, or 0 and 1 for each of several labels.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sample counts.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight)

    @incremental
    @checked
    def partial_fit(self, X: Samples, y: Samples, classes: Samples = None, sample_weight: Samples = None) -> Self:
        """Trains one epoch more, with the optimiser's moments as they were.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes or labels.
        classes : array-like, default=None
            All classes that there will be; needed in the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sample counts.

        Returns
        -------
        self
        """
        if _check_partial_fit_first_call(self, classes) and type_of_target(y).startswith("multilabel"):
            self.classes_ = np.arange(np.shape(y)[1])
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Samples) -> NDArray[Any]:
        """The class of each sample, or 0 and 1 for each label.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        logits = self._forward(X)
        if self._is_multilabel:
            return (logits > 0).astype(int)
        if self._output == "softmax":
            return self.classes_[logits.argmax(axis=1)]
        return self.classes_[(logits[:, 0] > 0).astype(int)]

    def predict_proba(self, X: Samples) -> Floats:
        """The probability of each class, or of each label.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        said = self._forward(X, answers=True)
        if self._is_multilabel or self._output == "softmax":
            return said
        return np.column_stack([1 - said[:, 0], said[:, 0]])

    def predict_log_proba(self, X: Samples) -> Floats:
        """The logarithm of ``predict_proba``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def decision_function(self, X: Samples) -> Floats:
        """The logits: above 0 for the second of two classes, the largest for the class among more.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        logits = self._forward(X)
        return logits if self._is_multilabel or self._output == "softmax" else logits[:, 0]

    def score(self, X: Samples, y: Samples, sample_weight: Samples = None) -> float:
        """The share of samples whose class, or whose labels all, are told.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes or labels.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sample counts.

        Returns
        -------
        float
        """
        is_list = isinstance(y, np.ndarray) and y.ndim == 1 and not getattr(self, "_is_multilabel", True)
        kinds = {y.dtype.kind, self.classes_.dtype.kind} if is_list else {"O"}
        if sample_weight is not None or not (kinds <= set("biu") or kinds == {"U"}):
            return float(super().score(X, y, sample_weight))
        said = self.predict(X)  # scikit-learn's accuracy without its checks, which take twenty times as long
        check_consistent_length(said, y)
        return float(np.mean(said == y))

    def _front(self):
        """With the classes as they are, which the command knows by their names."""
        return super()._front() | classes_as_they_are(self.classes_)

    def _encode(self, y, are_known):
        y = y.toarray() if issparse(y) else y
        if y.ndim > 1 or y.dtype.kind not in "biuU":  # a list of whole numbers or of text can only be classes
            check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        self._is_multilabel = y.ndim == 2
        if self._is_multilabel:
            if not np.isin(y, (0, 1)).all():
                raise ValueError("multiclass-multioutput targets are not supported: labels are 0 or 1 for each output")
            self._know(np.arange(y.shape[1]), are_known)
            self._output = "logistic"
            return np.ascontiguousarray(y, dtype=np.uint8), None
        found, coded = np.unique(y, return_inverse=True)
        self._know(found, are_known)
        if not np.array_equal(found, self.classes_):  # some are missing, or a checkpoint has them in another order
            order = np.argsort(self.classes_)
            coded = order[np.searchsorted(self.classes_, y, sorter=order)]
        if len(self.classes_) < 2:
            raise ValueError(f"{type(self).__name__} tells at least 2 classes apart, and there is 1 class")
        if len(self.classes_) > 256:
            raise ValueError(f"{type(self).__name__} tells at most 256 classes apart, and there are {len(self.classes_)}")
        self._output = "logistic" if len(self.classes_) == 2 else "softmax"
        return coded.astype(np.uint8), [str(each) for each in self.classes_]

    def _know(self, found, are_known):
        """Sets ``classes_``, or refuses classes that are not among those that are known."""
        if not are_known:
            self.classes_ = found
        elif not np.isin(found, self.classes_).all():
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {found}."
            )

    def _weights(self, sample_weight, X, y):
        of_samples = super()._weights(sample_weight, X, y)
        if self.class_weight is None:
            return of_samples
        of_classes = compute_sample_weight(self.class_weight, y)
        return of_classes if of_samples is None else of_samples * of_classes

    def _take_shape(self, work):
        super()._take_shape(work)
        self.out_activation_ = self._output

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
