"""scikit-learn's parameters of a multi-layer perceptron as planar's settings."""

import re

import numpy as np
from sklearn.utils._param_validation import StrOptions

from . import _planar
from ._constraints import ABOVE_0, AT_LEAST_0, AT_LEAST_1, BETA, SHARED, check_name, hidden_units
from ._device import quiet, threads
from ._lbfgs import minimized
from ._network import Network
from ._progress import Progress

# scikit-learn's solvers and the library's
_SOLVERS = ("adam", "sgd", "lbfgs", "gd", "momentum", "nesterov", "adamw")
# the library's schedules
_SCHEDULE = re.compile(r"constant|cosine|step(:[\d.e+-]+){2}|inverse(:[\d.e+-]+){3}")


class Mlp(Network):
    """scikit-learn's parameters as planar's settings."""

    _parameter_constraints = {
        **SHARED,
        "hidden_layer_sizes": ["array-like", AT_LEAST_1],
        "solver": [str],
        "batch_size": [StrOptions({"auto"}), AT_LEAST_1, None],
        "learning_rate": [str],
        "learning_rate_init": [ABOVE_0],
        "power_t": [AT_LEAST_0],
        "shuffle": ["boolean"],
        "momentum": [BETA],
        "nesterovs_momentum": ["boolean"],
        "beta_1": [BETA],
        "beta_2": [BETA],
        "epsilon": [ABOVE_0],
        "max_fun": [AT_LEAST_1],
        "dropout": [BETA],
        "clip_norm": [ABOVE_0, None],
    }

    def _optimizer(self):
        if self.solver == "adam":
            return f"adam:{float(self.beta_1)!r}:{float(self.beta_2)!r}:{float(self.epsilon)!r}"
        if self.solver == "lbfgs":
            return "gd"
        wanted = "adam, sgd, lbfgs, gd, momentum:BETA, nesterov:BETA or adamw:BETA1:BETA2:EPS:DECAY"
        check_name("solver", self.solver, _SOLVERS, wanted)
        if self.solver != "sgd":
            return self.solver
        rule = "nesterov" if self.nesterovs_momentum else "momentum"
        return f"{rule}:{float(self.momentum)!r}" if self.momentum > 0 else "gd"

    def _schedule(self, samples, batch):
        """``invscaling`` falls with the samples seen, epoch by epoch; only sgd has it, and ``adaptive``."""
        if self.learning_rate not in ("invscaling", "adaptive"):
            if not _SCHEDULE.fullmatch(self.learning_rate):
                raise ValueError(
                    "learning_rate must be constant, invscaling, adaptive, cosine, step:EVERY:FACTOR as in step:1000:0.5, "
                    f"or inverse:EVERY:GROWTH:POWER, got {self.learning_rate!r}."
                )
            return self.learning_rate
        if self.solver == "sgd" and self.learning_rate == "invscaling":
            return f"inverse:{-(-samples // batch)}:{samples}:{float(self.power_t)!r}"
        return "constant"

    def _settings(self, samples, seed):
        batch = min(200, samples) if self.batch_size == "auto" else self.batch_size or samples
        batch = samples if self.solver == "lbfgs" else min(batch, samples)
        is_whole = batch == samples
        return {
            "hidden": hidden_units("hidden_layer_sizes", self.hidden_layer_sizes),
            "activation": self._activation_text(),
            "backward_activation": None,
            "output": self._output,
            "learning_rate": float(self.learning_rate_init),
            "optimizer": self._optimizer(),
            "l2": float(self.alpha),
            "batch_size": None if is_whole else int(batch),
            "shuffle": seed if self.shuffle and not is_whole else None,
            "schedule": self._schedule(samples, batch),
            "warmup": 0,
            "clip_norm": self.clip_norm,
            "dropout": float(self.dropout),
            "dropout_seed": seed,
            "seed": seed,
            "init_scale": self._init_scale(),
        }

    def _train(self, work):
        if self.solver == "sgd" and self.learning_rate == "adaptive" and work.rule is not None:
            return self._train_adaptively(work)
        return super()._train(work)

    def _train_adaptively(self, work):
        """Divides the rate by 5 whenever the rule would stop the training, down to 1e-6."""
        losses, scores, best, begun = [], [], None, work.begun
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
            work.settings["learning_rate"], work.epochs, work.begun = rate, left, begun + len(losses)
            work.rule = {**work.rule, "best": min(losses) if work.held_out is None else max(scores)}
            work.stand = {"coefs": coefs, "intercepts": intercepts, "updates": fitted.updates, "moments": fitted.moments}

    def _fit(self, X, y, sample_weight, incremental=False):
        if self.solver != "lbfgs":
            return super()._fit(X, y, sample_weight, incremental)
        return self._fit_by_scipy(self._work(X, y, sample_weight))

    def _fit_by_scipy(self, work):
        with quiet(self.device):
            objective = _planar.Objective(work.data, work.settings, self.device, threads(self.n_threads))
        start = objective.start
        if work.stand is not None:
            layers = zip(work.stand["coefs"], work.stand["intercepts"], strict=True)
            start = np.concatenate([part for W, b in layers for part in (W.T.ravel(), b)])
        with Progress(self, work) as progress:
            found = minimized(objective, start, self, progress.callback)
        self.coefs_, self.intercepts_ = objective.layers(found.weights)
        self.loss_ = self.best_loss_ = found.loss
        self.loss_curve_ = found.losses
        self.n_iter_ = max(found.iterations, 1)
        self.t_ = 0
        self.validation_scores_ = self.best_validation_score_ = None
        self.device_, self.plan_ = objective.device[0], objective.plan
        self.status_ = found.status
        self._moments, self._updates = np.empty(0), 0
        self._state = objective.state(work.data, self.loss_)
        self._take_shape(work)
        return self

    def _holds_out(self, incremental):
        """L-BFGS trains on all samples and stops by its gradient, as in scikit-learn."""
        return self.solver != "lbfgs" and super()._holds_out(incremental)


class _Joined:
    """A training of several parts: the weights of the last or the best, and the losses and scores of all."""

    def __init__(self, kept, status, losses, scores):
        for name in ("layers", "cost", "device", "plan", "moments", "updates", "state"):
            setattr(self, name, getattr(kept, name))
        self.status, self.losses, self.scores = status, losses, scores
