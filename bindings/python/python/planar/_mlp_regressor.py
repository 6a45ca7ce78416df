"""scikit-learn's MLPRegressor on planar's engine."""

import json

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_y, column_or_1d

from ._mlp import Mlp
from ._network import is_incremental


class MLPRegressor(RegressorMixin, Mlp):
    """A multi-layer perceptron that learns numbers: scikit-learn's ``MLPRegressor`` on planar's engine.

    The loss is half the squared error. Parameters and attributes are those of :class:`MLPClassifier`, but for
    ``class_weight`` and ``classes_``.

    Examples
    --------
    >>> import numpy as np
    >>> from planar import MLPRegressor
    >>> X = np.linspace(-2, 2, 200)[:, None]
    >>> y = np.sin(2 * X[:, 0])
    >>> model = MLPRegressor(50, "tanh", learning_rate_init=0.01, random_state=1, max_iter=500, tol=None).fit(X, y)
    >>> bool(model.score(X, y) > 0.99)
    True
    """

    _output = "squares"
    # of a checkpoint of the command's whose targets were scaled: what became of its columns
    _columns = None
    _parameter_constraints = {**Mlp._parameter_constraints, "loss": [StrOptions({"squared_error"})]}

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        loss="squared_error",
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        dropout=0.0,
        clip_norm=None,
        leaky_slope=0.01,
        init_scale="auto",
        standardize=False,
        device="auto",
        n_threads=None,
        progress=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
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

    @available_if(is_incremental)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
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

    def predict(self, X):
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
