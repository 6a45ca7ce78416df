"""What the estimators share: from arrays to a training, and from its result to scikit-learn's attributes."""

import functools
import json
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from . import _planar
from ._constraints import check_name
from ._device import quiet, threads
from ._display import Display
from ._front import parameters_as_text
from ._progress import Progress
from ._samples import validated
from ._together import READY
from ._types import File, Floats
from ._warnings import warn

_ACTIVATIONS = "identity, logistic, tanh, relu, leaky_relu, elu, softplus, silu or gelu"
_NAMES = ("identity", "linear", "logistic", "sigmoid", "tanh", "relu", "leakyrelu", "elu", "softplus", "silu", "gelu")
_KINK = ("relu", "leaky_relu", "leaky-relu", "elu", "silu", "gelu", "softplus")


@dataclass
class Work:
    """A network that is about to be trained: what ``_planar.train`` is told of it, and what is needed behind it."""

    data: "_planar.Data"
    settings: dict
    epochs: int
    rule: dict | None
    held_out: "_planar.Data | None"
    stand: dict | None
    samples: int
    before: list = field(default_factory=list)  # the losses of the epochs that it goes on from
    begun: int = 0  # the number of these epochs


class Network(Display, BaseEstimator):
    """A network with scikit-learn's interface. A subclass says how its parameters make ``_settings``."""

    coefs_: list[Floats]
    intercepts_: list[Floats]
    loss_curve_: list[float]
    loss_: float
    best_loss_: float | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    n_iter_: int
    n_features_in_: int
    n_layers_: int
    n_outputs_: int
    out_activation_: str
    status_: str
    device_: str
    plan_: str

    # settings of a checkpoint's run that no parameter holds, for as long as it is gone on with
    _as_begun = {}

    @classmethod
    @functools.cache
    def _get_param_names(cls):
        """scikit-learn's, which reads the signature anew for every parameter that it looks at."""
        return super()._get_param_names()

    # what a subclass says

    def _settings(self, samples, seed):
        """The network and how it is trained, for ``_planar.train``."""
        raise NotImplementedError

    def _encode(self, y, are_known):
        """What is to be learnt as an array for ``_planar.Data``, and the names of classes; sets ``classes_``."""
        raise NotImplementedError

    # training

    def _seed(self):
        """The seed of weights and shuffles: ``random_state`` itself if it is a number."""
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _init_scale(self):
        if self.init_scale != "auto":
            return str(self.init_scale) if isinstance(self.init_scale, str) else repr(float(self.init_scale))
        return "he" if self.activation.split(":")[0] in _KINK else "xavier"

    def _activation_text(self):
        name = self.activation
        check_name("activation", name, _NAMES, _ACTIVATIONS)
        return f"leaky-relu:{float(self.leaky_slope)!r}" if name in ("leaky_relu", "leaky-relu") else name

    def _goes_on(self, incremental):
        return hasattr(self, "coefs_") and (incremental or self.warm_start)

    def _checked(self, X, y, shared, reset):
        """The samples as arrays; those of a search are looked at once."""
        if "checked" not in shared:
            X, y = validated(self, X, y, reset=reset)
            told = {name: getattr(self, name) for name in ("n_features_in_", "feature_names_in_") if hasattr(self, name)}
            shared["checked"] = (X.toarray() if issparse(X) else X, y, told)
        X, y, told = shared["checked"]
        self.__dict__.update(told)
        return X, y

    def _work(self, X, y, sample_weight, incremental=False, shared=None):
        """Checks everything and makes what is trained. ``shared`` keeps what the candidates of a search have in common."""
        goes_on = self._goes_on(incremental)
        shared = {} if shared is None else shared
        X, y = self._checked(X, y, shared, reset=not (incremental and goes_on))
        answers, classes = self._encode(y, goes_on or incremental)
        seed, early = self._seed(), self._holds_out(incremental)
        self._range = (X.min(axis=0), X.max(axis=0)) if X.shape[1] == 2 else None
        key = (self.standardize, early and (self.validation_fraction, seed), str(self._weighing()))
        if key not in shared:
            weights = self._weights(sample_weight, X, y)
            scaling = self._scaling if goes_on else None
            shared[key] = self._data(X, answers, classes, weights, scaling, seed if early else None)
        data, held_out, per_weight = shared[key]
        if not goes_on:
            self._as_begun = {}
        settings = self._settings(data.samples, seed) | self._as_begun
        settings["l2"] *= per_weight
        stand = self._stand(settings, incremental) if goes_on else None
        before = list(self.loss_curve_) if goes_on else []
        epochs = 1 if incremental else self.max_iter
        begun = self.n_iter_ if goes_on else 0
        return Work(data, settings, epochs, self._rule(incremental), held_out, stand, data.samples, before, begun)

    def _data(self, X, answers, classes, weights, scaling, seed):
        """The samples to train on, those held out by a seed, and how many samples there are for a weight of 1: scikit-learn
        divides L2 by the sum of the weights, planar by the number of samples."""
        names = getattr(self, "feature_names_in_", None)
        names = None if names is None else [str(name) for name in names]
        used, rest = (slice(None), None) if seed is None else self._split(len(X), answers, seed)
        of = None if weights is None else weights[used]
        data = _planar.Data(X[used], answers[used], classes, of, bool(self.standardize), scaling, names)
        held_out = None
        if rest is not None:
            held_out = _planar.Data(X[rest], answers[rest], classes, None, False, data.scaling)
        return data, held_out, 1.0 if weights is None else len(weights) / weights.sum()

    def _stand(self, settings, incremental):
        """Where the training goes on: a fit that starts warm has the weights alone."""
        self._check_layers(settings, self.n_features_in_)
        kept = incremental and len(self._moments) > 0
        return {
            "coefs": [np.asarray(each, np.float64) for each in self.coefs_],
            "intercepts": [np.asarray(each, np.float64) for each in self.intercepts_],
            "updates": self._updates if incremental else 0,
            "moments": self._moments if kept else None,
        }

    def _check_layers(self, settings, features):
        there = [each.shape[1] for each in self.coefs_[:-1]]
        if there != list(settings["hidden"]) or self.coefs_[0].shape[0] != features:
            raise ValueError(
                f"weights of {there} hidden units and {self.coefs_[0].shape[0]} features cannot go on with "
                f"{settings['hidden']} and {features}"
            )

    def _weighing(self):
        return getattr(self, "class_weight", None)

    def _weights(self, sample_weight, X, y):
        """The weight of each sample, by itself and by its class; none if all count alike."""
        if sample_weight is None:
            return None
        return _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)

    def _split(self, samples, answers, seed):
        """Which samples are trained on, and which are held out to see when to stop."""
        stratify = answers if answers.ndim == 1 else None
        return train_test_split(np.arange(samples), test_size=self.validation_fraction, random_state=seed, stratify=stratify)

    def _holds_out(self, incremental):
        """Whether some samples are held out to see when to stop."""
        return bool(self.early_stopping) and not incremental

    def _rule(self, incremental):
        """When to stop before the last epoch."""
        if incremental or (self.tol is None and not self.early_stopping):
            return None
        patience = min(self.n_iter_no_change, 2**53)
        return {"tol": float(self.tol or 0.0), "n_iter_no_change": int(patience), "best": None}

    def _train(self, work):
        """Trains one network. Ctrl-C ends it early and keeps what is trained."""
        with Progress(self, work) as progress, quiet(self.device):
            (fitted,), interrupted = _planar.train(
                work.data,
                [work.settings],
                [work.epochs],
                self.device,
                threads(self.n_threads),
                [work.rule],
                work.held_out,
                None if work.stand is None else [work.stand],
                progress.callback,
            )
        if interrupted is not None:
            warn("Training interrupted by user.")
        return fitted

    def _fit(self, X, y, sample_weight, incremental=False):
        ready = READY.get()
        if ready is not None and not incremental and ready.gives(self, X):
            return self
        work = self._work(X, y, sample_weight, incremental)
        return self._take(work, self._train(work), incremental)

    def _take(self, work, fitted, incremental=False):
        """Sets the attributes of a network that has been trained."""
        self.coefs_, self.intercepts_ = fitted.layers
        self.loss_curve_ = work.before + fitted.losses.tolist()
        self.loss_ = fitted.cost
        self.n_iter_ = len(self.loss_curve_)
        self.t_ = self.n_iter_ * work.samples
        held_out = work.held_out is not None
        self.validation_scores_ = fitted.scores.tolist() if held_out else None
        self.best_validation_score_ = max(self.validation_scores_, default=None) if held_out else None
        self.best_loss_ = None if held_out else min(self.loss_curve_, default=np.inf)
        self.device_, self.plan_, self.status_ = fitted.device[0], fitted.plan, fitted.status
        self._moments, self._updates, self._state = fitted.moments, fitted.updates, fitted.state
        self._take_shape(work)
        self._warn(work, incremental)
        return self

    def _take_shape(self, work):
        self.n_layers_ = len(self.coefs_) + 1
        self.n_outputs_ = self.coefs_[-1].shape[1]
        self._activation = work.settings["activation"]
        self._scaling = work.data.scaling if self.standardize else None

    def _warn(self, work, incremental):
        if self.status_ == "diverged":
            warn(
                f"Training diverged in epoch {self.n_iter_ + 1}: the last finite weights are kept, and planar.diagnose "
                "finds out why.",
                ConvergenceWarning,
            )
        elif self.status_ == "finished" and work.rule is not None and work.held_out is None and not incremental:
            warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization hasn't "
                "converged yet.",
                ConvergenceWarning,
            )

    # predictions

    def _forward(self, X, answers=False):
        """What the network says of points, (samples × outputs)."""
        if not hasattr(self, "coefs_"):  # scikit-learn's check reads all tags first
            check_is_fitted(self)
        X = validated(self, X, reset=False)
        return self._forward_checked(X.toarray() if issparse(X) else X, answers)

    def _forward_checked(self, X, answers=False):
        if self._scaling is not None:
            offset, factor = self._scaling
            X = (X - np.asarray(offset)) * np.asarray(factor)
        with quiet(self.device):
            return _planar.forward(
                X,
                self.coefs_,
                self.intercepts_,
                self._activation,
                self._output,
                answers,
                self.device,
                threads(self.n_threads),
            )

    # files

    def save(self, path: File, *, overwrite: bool = False) -> None:
        """Writes a checkpoint that the command ``planar`` reads, predicts with and resumes.

        Parameters
        ----------
        path : str or path-like
            A safetensors file.
        overwrite : bool, default=False
            Whether a file that is there is replaced.
        """
        check_is_fitted(self)
        state = json.dumps(json.loads(self._state) | {"front": self._front()})
        _planar.write(path, state, self.coefs_, self.intercepts_, self._moments, overwrite)

    def _front(self):
        """What a checkpoint keeps of the estimator itself, which the command hands on: its class and its parameters."""
        names = (kind.__name__ for kind in type(self).__mro__ if kind.__module__.startswith("planar."))
        return {"estimator": next(names), "parameters": parameters_as_text(self.get_params(deep=False))}

    def to_onnx(self) -> Any:
        """The network as an ONNX model, with its scaling; needs the package ``onnx``.

        Returns
        -------
        onnx.ModelProto
            A float32 input ``X``; outputs ``label`` and ``probabilities``, or ``values`` of a regressor.
        """
        from ._onnx import model

        check_is_fitted(self)
        return model(self)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
