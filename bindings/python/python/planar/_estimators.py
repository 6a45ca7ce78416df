"""The estimators: scikit-learn's names and defaults, and the exercise's."""

from numbers import Integral, Real

import numpy as np
from scipy.optimize import minimize
from sklearn.base import ClassifierMixin, RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets, type_of_target
from sklearn.utils.validation import _check_y, column_or_1d

from . import _planar
from ._device import quiet, threads
from ._network import Network

_AT_LEAST_1 = Interval(Integral, 1, None, closed="left")
_AT_LEAST_0 = Interval(Real, 0, None, closed="left")
_ABOVE_0 = Interval(Real, 0, None, closed="neither")
_BETA = Interval(Real, 0, 1, closed="left")

# what every estimator has
_SHARED = {
    "activation": [str],
    "alpha": [_AT_LEAST_0],
    "max_iter": [_AT_LEAST_1],
    "random_state": ["random_state"],
    "init_scale": [_AT_LEAST_0, str],
    "leaky_slope": [Real],
    "standardize": ["boolean"],
    "tol": [_AT_LEAST_0, None],
    "n_iter_no_change": [_AT_LEAST_1, Options(Real, {np.inf})],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "warm_start": ["boolean"],
    "device": [str],
    "n_threads": [_AT_LEAST_1, None],
    "verbose": ["verbose"],
    "progress": ["boolean"],
}


def _is_incremental(estimator):
    """``partial_fit`` takes one epoch more, which L-BFGS has not."""
    if estimator.solver == "lbfgs":
        raise AttributeError(f"partial_fit is only available for stochastic optimizers. {estimator.solver} is not stochastic.")
    return True


class Classifier(ClassifierMixin, Network):
    """Classes and labels: one logit for two classes, softmax for more, a logit for each label."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Trains the network.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Points; float32 is taken without a copy, and tables of pandas, polars and Arrow too.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes of any type, or 0 and 1 for each of several labels.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sample counts.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight)

    @available_if(_is_incremental)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
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
        if _check_partial_fit_first_call(self, classes):
            self._output = None
            if type_of_target(y).startswith("multilabel"):
                self.classes_ = np.arange(np.shape(y)[1])
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X):
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

    def predict_proba(self, X):
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

    def predict_log_proba(self, X):
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

    def decision_function(self, X):
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

    def _encode(self, y, is_first):
        if y.ndim > 1 or y.dtype.kind not in "biuU":  # a list of whole numbers or of text can only be classes
            check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        self._is_multilabel = y.ndim == 2
        if self._is_multilabel:
            if not np.isin(y, (0, 1)).all():
                raise ValueError("multiclass-multioutput targets are not supported: labels are 0 or 1 for each output")
            self._known(np.arange(y.shape[1]), is_first)
            self._output = "logistic"
            return np.ascontiguousarray(y, dtype=np.uint8), None
        found, coded = np.unique(y, return_inverse=True)
        self._known(found, is_first)
        if len(found) < len(self.classes_) or not is_first:
            coded = np.searchsorted(self.classes_, y)
        if len(self.classes_) < 2:
            raise ValueError(f"{type(self).__name__} tells at least 2 classes apart, and there is 1 class")
        if len(self.classes_) > 256:
            raise ValueError(f"{type(self).__name__} tells at most 256 classes apart, and there are {len(self.classes_)}")
        self._output = "logistic" if len(self.classes_) == 2 else "softmax"
        return coded.astype(np.uint8), [str(each) for each in self.classes_]

    def _known(self, found, is_first):
        """Sets ``classes_``, or refuses classes that the network does not have."""
        if is_first and getattr(self, "_output", None) is None or not hasattr(self, "classes_"):
            if not hasattr(self, "classes_") or hasattr(self, "coefs_") or not np.isin(found, self.classes_).all():
                self.classes_ = found
        elif is_first:
            self.classes_ = found
        elif not np.isin(found, self.classes_).all():
            raise ValueError(f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {found}.")

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


class _Mlp(Network):
    """scikit-learn's parameters as planar's settings."""

    _parameter_constraints = {
        **_SHARED,
        "hidden_layer_sizes": ["array-like", _AT_LEAST_1],
        "solver": [str],
        "batch_size": [StrOptions({"auto"}), _AT_LEAST_1, None],
        "learning_rate": [str],
        "learning_rate_init": [_ABOVE_0],
        "power_t": [_AT_LEAST_0],
        "shuffle": ["boolean"],
        "momentum": [_BETA],
        "nesterovs_momentum": ["boolean"],
        "beta_1": [_BETA],
        "beta_2": [_BETA],
        "epsilon": [_ABOVE_0],
        "max_fun": [_AT_LEAST_1],
        "dropout": [_BETA],
        "clip_norm": [_ABOVE_0, None],
    }

    def _hidden(self):
        sizes = self.hidden_layer_sizes
        sizes = [sizes] if isinstance(sizes, Integral) else list(sizes)
        if not sizes or any(not isinstance(size, Integral) or size <= 0 for size in sizes):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return [int(size) for size in sizes]

    def _optimizer(self):
        if self.solver == "adam":
            return f"adam:{float(self.beta_1)!r}:{float(self.beta_2)!r}:{float(self.epsilon)!r}"
        if self.solver == "lbfgs":
            return "gd"
        if self.solver != "sgd":
            return self.solver
        rule = "nesterov" if self.nesterovs_momentum else "momentum"
        return f"{rule}:{float(self.momentum)!r}" if self.momentum > 0 else "gd"

    def _schedule(self, samples, batch):
        """``invscaling`` falls with the samples seen, epoch by epoch; only sgd has it, and ``adaptive``."""
        if self.learning_rate not in ("invscaling", "adaptive"):
            return self.learning_rate
        if self.solver == "sgd" and self.learning_rate == "invscaling":
            return f"inverse:{-(-samples // batch)}:{samples}:{float(self.power_t)!r}"
        return "constant"

    def _settings(self, samples, seed):
        batch = min(200, samples) if self.batch_size == "auto" else self.batch_size or samples
        batch = samples if self.solver == "lbfgs" else min(batch, samples)
        is_whole = batch == samples
        return {
            "hidden": self._hidden(), "activation": self._activation_text(), "backward_activation": None,
            "output": self._output, "learning_rate": float(self.learning_rate_init), "optimizer": self._optimizer(),
            "l2": float(self.alpha), "batch_size": None if is_whole else int(batch),
            "shuffle": seed if self.shuffle and not is_whole else None, "schedule": self._schedule(samples, batch),
            "warmup": 0, "clip_norm": self.clip_norm, "dropout": float(self.dropout), "dropout_seed": seed, "seed": seed,
            "init_scale": self._init_scale()}

    def _train(self, work):
        if self.solver == "sgd" and self.learning_rate == "adaptive" and work.rule is not None:
            return self._train_adaptively(work)
        return super()._train(work)

    def _train_adaptively(self, work):
        """Divides the rate by 5 whenever the rule would stop the training, down to 1e-6."""
        losses, scores, best = [], [], None
        while True:
            fitted = super()._train(work)
            if best is None or work.held_out is None or max(fitted.scores, default=-np.inf) > max(scores):
                best = fitted
            losses, scores = losses + fitted.losses.tolist(), scores + fitted.scores.tolist()
            left = self.max_iter - len(losses)
            rate = work.settings["learning_rate"] / 5
            if fitted.status != "converged" or left <= 0 or rate <= 1e-6 / 5:
                return _Joined(best, fitted.status, np.array(losses), np.array(scores))
            coefs, intercepts = fitted.layers
            work.settings["learning_rate"], work.epochs = rate, left
            work.rule = {**work.rule, "best": min(losses) if work.held_out is None else max(scores)}
            work.stand = {
                "coefs": coefs, "intercepts": intercepts, "updates": fitted.updates, "moments": fitted.moments}

    def _fit(self, X, y, sample_weight, incremental=False):
        if self.solver != "lbfgs":
            return super()._fit(X, y, sample_weight, incremental)
        return self._fit_by_scipy(self._work(X, y, sample_weight))

    def _fit_by_scipy(self, work):
        """L-BFGS-B of SciPy on planar's cost and gradient, which have float32's precision on all but the reference."""
        with quiet(self.device):
            objective = _planar.Objective(work.data, work.settings, self.device, threads(self.n_threads))
        start = objective.start
        if work.stand is not None:
            layers = zip(work.stand["coefs"], work.stand["intercepts"], strict=True)
            start = np.concatenate([part for W, b in layers for part in (W.T.ravel(), b)])
        losses = []

        def cost(weights):
            value, gradient = objective(weights)
            losses.append(value)
            return value, gradient

        options = {"maxfun": self.max_fun, "maxiter": self.max_iter, "gtol": self.tol or 0.0}
        found = minimize(cost, start, method="L-BFGS-B", jac=True, options=options)
        self.coefs_, self.intercepts_ = objective.layers(found.x)
        self.loss_ = self.best_loss_ = float(found.fun)
        self.loss_curve_ = losses
        self.n_iter_ = max(int(found.nit), 1)
        self.t_ = 0
        self.validation_scores_ = self.best_validation_score_ = None
        self.device_, self.plan_ = objective.device[0], objective.plan
        self.status_ = "converged" if found.status == 0 else "finished"
        self._moments, self._updates = np.empty(0), 0
        self._state = objective.state(work.data, self.loss_)
        self._take_shape(work)
        return self


class _Joined:
    """A training of several parts: the weights of the last or the best, and the losses and scores of all."""

    def __init__(self, kept, status, losses, scores):
        for name in ("layers", "cost", "device", "plan", "moments", "updates", "state"):
            setattr(self, name, getattr(kept, name))
        self.status, self.losses, self.scores = status, losses, scores


class MLPClassifier(Classifier, _Mlp):
    """A multi-layer perceptron that tells classes apart: scikit-learn's ``MLPClassifier`` on planar's engine.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        The units of each hidden layer.
    activation : str, default="relu"
        ``identity``, ``logistic``, ``tanh``, ``relu``, ``leaky_relu``, ``elu``, ``softplus``, ``silu`` or ``gelu``.
    solver : str, default="adam"
        ``adam``, ``sgd`` and ``lbfgs`` as scikit-learn has them, or planar's ``gd``, ``momentum:BETA``, ``nesterov:BETA``,
        ``adamw:BETA1:BETA2:EPS:DECAY``.
    alpha : float, default=0.0001
        λ of (λ/2m)·ΣW² in the loss.
    batch_size : int or "auto", default="auto"
        Samples of a batch; "auto" is 200, or all if there are fewer. None is all.
    learning_rate : str, default="constant"
        ``constant``, ``invscaling``, ``adaptive``, or planar's ``cosine`` and ``step:EVERY:FACTOR``.
    learning_rate_init : float, default=0.001
        The learning rate.
    power_t : float, default=0.5
        The exponent of ``invscaling``.
    max_iter : int, default=200
        The most epochs.
    shuffle : bool, default=True
        Whether samples are shuffled in each epoch.
    random_state : int, RandomState instance or None, default=None
        The seed of weights, shuffles and dropped units. A number is the command's ``--init-seed`` and ``--shuffle``.
    tol : float or None, default=1e-4
        What the loss must fall by (or the validation score rise) for an epoch to count as better. None trains to the end.
    verbose : bool, default=False
        Whether the loss is printed on the way.
    warm_start : bool, default=False
        Whether ``fit`` begins with the weights that are there.
    momentum : float, default=0.9
        β of ``sgd``.
    nesterovs_momentum : bool, default=True
        Whether ``sgd`` looks ahead.
    early_stopping : bool, default=False
        Whether a part of the samples is held out to see when to stop; the weights of the best score are kept.
    validation_fraction : float, default=0.1
        That part.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999, 1e-8
        Adam's numbers.
    n_iter_no_change : int, default=10
        The epochs in turn that may be no better.
    max_fun : int, default=15000
        The most evaluations of ``lbfgs``.
    class_weight : dict, "balanced" or None, default=None
        How much the samples of each class count.
    dropout : float, default=0.0
        The probability of leaving out each hidden unit.
    clip_norm : float or None, default=None
        The largest norm of the gradient.
    leaky_slope : float, default=0.01
        The slope of ``leaky_relu`` below 0.
    init_scale : float, "auto", "he" or "xavier", default="auto"
        What NumPy's ``randn`` is multiplied by; "auto" is "he" for ReLUs and their like, else "xavier".
    standardize : bool, default=False
        Whether features are scaled to mean 0 and deviation 1 first.
    device : str, default="auto"
        ``auto`` (the faster of CPU and GPU, measured), ``cpu``, ``gpu``, an adapter's number or part of its name, or
        ``reference-f64``.
    n_threads : int or None, default=None
        Threads of the CPU engine; None follows ``OMP_NUM_THREADS``, joblib and Dask.
    progress : bool, default=False
        Whether tqdm shows how far the training is.

    Attributes
    ----------
    classes_ : ndarray
        The classes.
    coefs_, intercepts_ : list of ndarray
        Weights (inputs × units) and biases of each layer.
    loss_curve_ : list of float
        The mean loss of each epoch.
    loss_ : float
        The loss of the weights.
    validation_scores_ : list of float or None
        The score after each epoch of the samples held out.
    n_iter_ : int
        Epochs done.
    status_ : str
        ``finished``, ``converged``, ``interrupted`` or ``diverged``.
    device_, plan_ : str
        What computed, and how.
    n_features_in_, feature_names_in_, n_layers_, n_outputs_, out_activation_
        As in scikit-learn.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from planar import MLPClassifier
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> model = MLPClassifier((16, 16), learning_rate_init=0.01, random_state=1, tol=None).fit(X, y)
    >>> bool(model.score(X, y) > 0.95)
    True
    """

    _parameter_constraints = {**_Mlp._parameter_constraints, "class_weight": [StrOptions({"balanced"}), dict, None]}

    def __init__(
        self, hidden_layer_sizes=(100,), activation="relu", *, solver="adam", alpha=0.0001, batch_size="auto",
        learning_rate="constant", learning_rate_init=0.001, power_t=0.5, max_iter=200, shuffle=True, random_state=None,
        tol=1e-4, verbose=False, warm_start=False, momentum=0.9, nesterovs_momentum=True, early_stopping=False,
        validation_fraction=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-8, n_iter_no_change=10, max_fun=15000,
        class_weight=None, dropout=0.0, clip_norm=None, leaky_slope=0.01, init_scale="auto", standardize=False,
        device="auto", n_threads=None, progress=False,
    ):
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
        self.class_weight = class_weight
        self.dropout = dropout
        self.clip_norm = clip_norm
        self.leaky_slope = leaky_slope
        self.init_scale = init_scale
        self.standardize = standardize
        self.device = device
        self.n_threads = n_threads
        self.progress = progress


class MLPRegressor(RegressorMixin, _Mlp):
    """A multi-layer perceptron that learns numbers: scikit-learn's ``MLPRegressor`` on planar's engine.

    The loss is half the squared error. Parameters and attributes are those of :class:`MLPClassifier`, but for
    ``class_weight`` and ``classes_``.

    Examples
    --------
    >>> import numpy as np
    >>> from planar import MLPRegressor
    >>> X = np.linspace(-2, 2, 200)[:, None]
    >>> model = MLPRegressor(50, "tanh", learning_rate_init=0.01, random_state=1, max_iter=500, tol=None).fit(X, np.sin(2 * X[:, 0]))
    >>> bool(model.score(X, np.sin(2 * X[:, 0])) > 0.99)
    True
    """

    _output = "squares"
    _parameter_constraints = {**_Mlp._parameter_constraints, "loss": [StrOptions({"squared_error"})]}

    def __init__(
        self, hidden_layer_sizes=(100,), activation="relu", *, loss="squared_error", solver="adam", alpha=0.0001,
        batch_size="auto", learning_rate="constant", learning_rate_init=0.001, power_t=0.5, max_iter=200, shuffle=True,
        random_state=None, tol=1e-4, verbose=False, warm_start=False, momentum=0.9, nesterovs_momentum=True,
        early_stopping=False, validation_fraction=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-8, n_iter_no_change=10,
        max_fun=15000, dropout=0.0, clip_norm=None, leaky_slope=0.01, init_scale="auto", standardize=False, device="auto",
        n_threads=None, progress=False,
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

    @available_if(_is_incremental)
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
        return said[:, 0] if said.shape[1] == 1 else said

    def _encode(self, y, is_first):
        y = _check_y(y, multi_output=True, y_numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        numbers = y.reshape(len(y), -1).astype(np.float64)
        if not is_first and numbers.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {numbers.shape[1]} numbers a sample, and the network has {self.n_outputs_} outputs")
        return numbers, None

    def _take_shape(self, work):
        super()._take_shape(work)
        self.out_activation_ = "identity"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class PlanarClassifier(Classifier):
    """The network of the exercise *Planar data classification with one hidden layer*, with its defaults.

    Full-batch gradient descent from NumPy's ``randn`` with seed 2, times 0.01. The costs are those that the notebook prints,
    and the bits those of the command ``planar train``.

    Parameters
    ----------
    hidden : int or array-like of int, default=4
        n_h, or the units of each hidden layer.
    activation : str, default="tanh"
        As in :class:`MLPClassifier`.
    learning_rate : float, default=1.2
        α.
    max_iter : int, default=2000
        Iterations.
    solver : str, default="gd"
        ``gd``, ``momentum:BETA``, ``nesterov:BETA``, ``adam:BETA1:BETA2:EPS`` or ``adamw:BETA1:BETA2:EPS:DECAY``.
    alpha : float, default=0.0
        λ of (λ/2m)·ΣW² in the cost.
    batch_size : int or None, default=None
        Samples of a batch; None is all.
    init_scale : float, "auto", "he" or "xavier", default=0.01
        What NumPy's ``randn`` is multiplied by.
    random_state : int, RandomState instance or None, default=2
        The seed.
    backward_activation : str or None, default=None
        A deliberate bug: the activation whose derivative the backward pass takes.
    class_weight, standardize, leaky_slope, tol, n_iter_no_change, early_stopping, validation_fraction, warm_start, device,
    n_threads, verbose, progress
        As in :class:`MLPClassifier`; by default training goes to its end.

    Examples
    --------
    >>> from planar import PlanarClassifier
    >>> from planar.notebook import load_planar_dataset
    >>> X, Y = load_planar_dataset()
    >>> model = PlanarClassifier().fit(X.T, Y[0])
    >>> f"{model.loss_:.6f}"
    '0.254385'
    """

    _parameter_constraints = {
        **_SHARED,
        "hidden": ["array-like", _AT_LEAST_1],
        "learning_rate": [_ABOVE_0],
        "solver": [str],
        "batch_size": [_AT_LEAST_1, None],
        "backward_activation": [str, None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def __init__(
        self, hidden=4, activation="tanh", *, learning_rate=1.2, max_iter=2000, solver="gd", alpha=0.0, batch_size=None,
        init_scale=0.01, random_state=2, backward_activation=None, class_weight=None, standardize=False, leaky_slope=0.01,
        tol=None, n_iter_no_change=10, early_stopping=False, validation_fraction=0.1, warm_start=False, device="auto",
        n_threads=None, verbose=False, progress=False,
    ):
        self.hidden = hidden
        self.activation = activation
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.init_scale = init_scale
        self.random_state = random_state
        self.backward_activation = backward_activation
        self.class_weight = class_weight
        self.standardize = standardize
        self.leaky_slope = leaky_slope
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.device = device
        self.n_threads = n_threads
        self.verbose = verbose
        self.progress = progress

    def _settings(self, samples, seed):
        hidden = [self.hidden] if isinstance(self.hidden, Integral) else list(self.hidden)
        batch = None if self.batch_size is None or self.batch_size >= samples else int(self.batch_size)
        return {
            "hidden": [int(units) for units in hidden], "activation": self._activation_text(),
            "backward_activation": self.backward_activation, "output": self._output,
            "learning_rate": float(self.learning_rate), "optimizer": self.solver, "l2": float(self.alpha),
            "batch_size": batch, "shuffle": None if batch is None else seed, "schedule": "constant", "warmup": 0,
            "clip_norm": None, "dropout": 0.0, "dropout_seed": 1, "seed": seed, "init_scale": self._init_scale()}


def load(path):
    """An estimator from a checkpoint that :meth:`save` or the command ``planar`` has written.

    Parameters
    ----------
    path : str or path-like
        A safetensors file.

    Returns
    -------
    PlanarClassifier, MLPClassifier or MLPRegressor
        Classes that are whole numbers are numbers again; other classes are text.
    """
    from ._load import estimator

    return estimator(_planar.read(path), path)


__all__ = ["MLPClassifier", "MLPRegressor", "PlanarClassifier", "load"]
