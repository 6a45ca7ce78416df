"""L-BFGS-B of SciPy on planar's cost and gradient, which have float32's precision on all but the reference."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from ._warnings import warn


@dataclass
class Minimum:
    """Where the minimiser stands, and how it came there."""

    weights: np.ndarray
    loss: float = np.nan
    iterations: int = 0
    status: str = "finished"
    losses: list = field(default_factory=list)  # of every evaluation


def minimized(objective, start, model, callback):
    """The weights of the lowest cost, from ``start``. Ctrl-C keeps those of the last iteration."""
    there = Minimum(start)

    def cost(weights):
        value, gradient = objective(weights)
        there.losses.append(value)
        return value, gradient

    def advanced(weights):  # the last evaluation was at these weights
        there.weights, there.loss, there.iterations = np.copy(weights), there.losses[-1], there.iterations + 1
        if callback is not None:
            callback(there.iterations, [there.loss], there.iterations / model.max_iter)

    options = {"maxfun": model.max_fun, "maxiter": model.max_iter, "gtol": model.tol or 0.0}
    try:
        found = minimize(cost, start, method="L-BFGS-B", jac=True, options=options, callback=advanced)
    except KeyboardInterrupt:
        there.status = "interrupted"
        if np.isnan(there.loss) and there.losses:
            there.loss = there.losses[0]
        warn("Training interrupted by user.")
        return there
    there.weights, there.loss, there.iterations = found.x, float(found.fun), int(found.nit)
    if found.status == 0:
        there.status = "converged"
    else:
        _warn(found, model.max_iter)
    return there


def _warn(found, max_iter):
    """scikit-learn's warning."""
    more = f"Increase the number of iterations to improve the convergence (max_iter={max_iter}).\n"
    warn(
        f"lbfgs failed to converge after {found.nit} iteration(s) (status={found.status}):\n{found.message}\n\n"
        f"{more if found.nit >= max_iter else ''}"
        "You might also want to scale the data (standardize=True).",
        ConvergenceWarning,
    )
