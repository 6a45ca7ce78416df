"""scikit-learn's MLPClassifier on planar's engine."""

from ._classifier import Classifier
from ._constraints import CLASS_WEIGHT
from ._mlp import Mlp
from ._types import ClassWeight, Seed, Units


class MLPClassifier(Classifier, Mlp):
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
        ``constant``, ``invscaling``, ``adaptive``, or planar's ``cosine``, ``step:EVERY:FACTOR`` and
        ``inverse:EVERY:GROWTH:POWER``.
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
        Whether a part of the samples is held out to see when to stop; the weights of the best score are kept. ``lbfgs``
        trains on all samples, as in scikit-learn.
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
        The loss of the weights; where training ended early, the last epoch's mean loss.
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

    _parameter_constraints = {**Mlp._parameter_constraints, "class_weight": CLASS_WEIGHT}

    def __init__(
        self,
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
        class_weight: ClassWeight = None,
        dropout: float = 0.0,
        clip_norm: float | None = None,
        leaky_slope: float = 0.01,
        init_scale: float | str = "auto",
        standardize: bool = False,
        device: str = "auto",
        n_threads: int | None = None,
        progress: bool = False,
    ) -> None:
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
