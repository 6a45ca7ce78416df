"""scikit-learn's MLPRegressor on planar's engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_y, column_or_1d

from ._mlp import Mlp
from ._types import Floats, Samples, Seed, Units, checked, incremental

if TYPE_CHECKING:
    from typing_extensions import Self


class MLPRegressor(RegressorMixin, Mlp):
    """A multi-layer perceptron that learns numbers: scikit-learn's ``MLPRegressor`` on planar's engine.

    Parameters and attributes are those of :class:`MLPClassifier`, but for ``class_weight`` and ``classes_``. Before them
    stands ``loss``, as in scikit-learn: ``squared_error``, which is half the squared error, and no other.

    Examples
    --------
    >>> import numpy as np
    >>> from planar import MLPRegressor
    >>> X = np.linspace(-2, 2, 200)[:, None]
    >>> y = np.sin(2 * X[:, 0])
    >>> model = MLPRegressor("squared_error", 50, "tanh", learning_rate_init=0.01, random_state=1, max_iter=500, tol=None)
    >>> bool(model.fit(X, y).score(X, y) > 0.99)
    True
    """

    _output = "squares"
    # of a checkpoint of the command's whose targets were scaled: what became of its columns
    _columns = None
    _parameter_constraints = {**Mlp._parameter_constraints, "loss": [StrOptions({"squared_error"})]}

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Units = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str | None = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Seed = None,
        tol: float | None = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        clip_norm: float | None = None,
        leaky_slope: float = 0.01,
        init_scale: float | str = "auto",
        standardize: bool = False,
        device: str = "auto",
        n_threads: int | None = None,
        progress: bool = False,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.clip_norm = clip_norm
        self.leaky_slope = leaky_slope
        self.init_scale = init_scale
        self.standardize = standardize
        self.device = device
        self.n_threads = n_threads
        self.progress = progress

    @checked
    def fit(self, X: Samples, y: Samples, sample_weight: Samples = None) -> Self:
        """Trains the network.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sample counts.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight)

    @incremental
    @checked
    def partial_fit(self, X: Samples, y: Samples, sample_weight: Samples = None) -> Self:
        """Trains one epoch more, with the optimiser's moments as they were.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sample counts.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Samples) -> Floats:
        """The numbers of each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        said = self._forward(X)
        if self._columns is not None:
            offset, factor = self._target_scaling()
            said = said / factor + offset
        return said[:, 0] if said.shape[1] == 1 else said

    def _encode(self, y, are_known):
        y = _check_y(y, multi_output=True, y_numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        numbers = y.reshape(len(y), -1).astype(np.float64)
        if are_known and numbers.shape[1] != getattr(self, "n_outputs_", numbers.shape[1]):
            raise ValueError(f"y has {numbers.shape[1]} numbers a sample, and the network has {self.n_outputs_} outputs")
        if not are_known:
            self._columns = None
        if self._columns is not None:
            offset, factor = self._target_scaling()
            numbers = (numbers - offset) * factor
        return numbers, None

    def _target_scaling(self):
        """The offset and the factor of each output: it gives (y - offset) * factor."""
        targets = self._columns["targets"]
        return tuple(np.array([target[name] for target in targets]) for name in ("offset", "factor"))

    def _take_shape(self, work):
        super()._take_shape(work)
        self.out_activation_ = "identity"
        if self._columns is not None:
            state = json.loads(self._state)
            state["columns"] = (state.get("columns") or self._columns) | {"targets": self._columns["targets"]}
            self._state = json.dumps(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
