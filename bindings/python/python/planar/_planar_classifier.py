"""The exercise's network as an estimator."""

from ._classifier import Classifier
from ._constraints import ABOVE_0, AT_LEAST_1, CLASS_WEIGHT, SHARED, hidden_units
from ._types import ClassWeight, Seed, Units


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
        **SHARED,
        "hidden": ["array-like", AT_LEAST_1],
        "learning_rate": [ABOVE_0],
        "solver": [str],
        "batch_size": [AT_LEAST_1, None],
        "backward_activation": [str, None],
        "class_weight": CLASS_WEIGHT,
    }

    def __init__(
        self,
        hidden: Units = 4,
        activation: str = "tanh",
        *,
        learning_rate: float = 1.2,
        max_iter: int = 2000,
        solver: str = "gd",
        alpha: float = 0.0,
        batch_size: int | None = None,
        init_scale: float | str = 0.01,
        random_state: Seed = 2,
        backward_activation: str | None = None,
        class_weight: ClassWeight = None,
        standardize: bool = False,
        leaky_slope: float = 0.01,
        tol: float | None = None,
        n_iter_no_change: float = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        device: str = "auto",
        n_threads: int | None = None,
        verbose: bool | int = False,
        progress: bool = False,
    ) -> None:
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
        batch = None if self.batch_size is None or self.batch_size >= samples else int(self.batch_size)
        return {
            "hidden": hidden_units("hidden", self.hidden),
            "activation": self._activation_text(),
            "backward_activation": self.backward_activation,
            "output": self._output,
            "learning_rate": float(self.learning_rate),
            "optimizer": self.solver,
            "l2": float(self.alpha),
            "batch_size": batch,
            "shuffle": None if batch is None else seed,
            "schedule": "constant",
            "warmup": 0,
            "clip_norm": None,
            "dropout": 0.0,
            "dropout_seed": 1,
            "seed": seed,
            "init_scale": self._init_scale(),
        }
