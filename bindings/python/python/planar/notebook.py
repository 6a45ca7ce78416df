"""The functions of the exercise *Planar data classification with one hidden layer*, as its notebook calls them."""

import warnings
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _planar
from ._planar_classifier import PlanarClassifier
from ._types import Floats, Samples

Labels: TypeAlias = NDArray[np.integer[Any]]

__all__ = [
    "load_extra_datasets",
    "load_planar_dataset",
    "nn_model",
    "plot_decision_boundary",
    "predict",
    "sigmoid",
]


def load_planar_dataset() -> tuple[Floats, Labels]:
    """The flower, bit for bit the notebook's.

    Returns
    -------
    X : ndarray of shape (2, 400)
        The points.
    Y : ndarray of shape (1, 400)
        0 for red, 1 for blue.
    """
    points, labels = _planar.generated("flower")
    return np.ascontiguousarray(points.T), labels[None, :]


def load_extra_datasets() -> tuple[
    tuple[Floats, Labels], tuple[Floats, Labels], tuple[Floats, Labels], tuple[Floats, Labels], tuple[Floats, Floats]
]:
    """The notebook's other data sets.

    Returns
    -------
    noisy_circles, noisy_moons, blobs, gaussian_quantiles : tuple of ndarray
        (X, Y) of each, of shapes (200, 2) and (200,), as scikit-learn makes them.
    no_structure : tuple of ndarray
        Two arrays of random points, (200, 2).
    """
    names = ("noisy-circles", "noisy-moons", "blobs", "gaussian-quantiles")
    sets = [
        tuple(part.astype(kind) for part, kind in zip(_planar.generated(name), (float, int), strict=True)) for name in names
    ]
    return (*sets, (np.random.rand(200, 2), np.random.rand(200, 2)))


def nn_model(
    X: Samples,
    Y: Samples,
    n_h: int,
    num_iterations: int = 10000,
    print_cost: bool = False,
    *,
    activation: str = "tanh",
    learning_rate: float = 1.2,
    device: str = "auto",
    progress: bool = False,
) -> dict[str, Any]:
    """Trains the notebook's network.

    Parameters
    ----------
    X : array of shape (2, m)
        Points.
    Y : array of shape (1, m)
        Labels, 0 or 1.
    n_h : int
        Hidden units.
    num_iterations : int, default=10000
        Iterations of gradient descent.
    print_cost : bool, default=False
        Whether the cost is printed every 1,000 iterations.
    activation : str, default="tanh"
        g of the hidden layer.
    learning_rate : float, default=1.2
        α.
    device : str, default="auto"
        Where it is trained.
    progress : bool, default=False
        Whether tqdm shows how far it is.

    Returns
    -------
    dict
        ``W1`` (n_h, n_x), ``b1`` (n_h, 1), ``W2`` (1, n_h) and ``b2`` (1, 1), with the activation under ``activation``
        if it is not tanh.
    """
    model = PlanarClassifier(
        n_h, activation, learning_rate=learning_rate, max_iter=num_iterations, device=device, progress=progress
    )
    model.fit(np.asarray(X).T, np.asarray(Y).ravel())
    if print_cost:
        for i in range(0, len(model.loss_curve_), 1000):
            print(f"Cost after iteration {i}: {model.loss_curve_[i]:f}")
    (W1, W2), (b1, b2) = model.coefs_, model.intercepts_
    parameters = {"W1": np.ascontiguousarray(W1.T), "b1": b1[:, None], "W2": np.ascontiguousarray(W2.T), "b2": b2[:, None]}
    return parameters if activation == "tanh" else {**parameters, "activation": activation}


def predict(parameters: Mapping[str, Any], X: Samples) -> NDArray[np.bool_]:
    """The class of each point.

    Parameters
    ----------
    parameters : dict
        What :func:`nn_model` returns.
    X : array of shape (n_x, m)
        Points.

    Returns
    -------
    ndarray of shape (1, m)
        Whether A2 is above 0.5.
    """
    weights = [np.asarray(parameters[name], dtype=float).T for name in ("W1", "W2")]
    biases = [np.asarray(parameters[name], dtype=float).ravel() for name in ("b1", "b2")]
    points = np.ascontiguousarray(np.asarray(X, dtype=float).T)
    activation = parameters.get("activation", "tanh")
    return (_planar.forward(points, weights, biases, activation, "logistic") > 0).T


def sigmoid(x: Samples) -> Any:
    """1 / (1 + exp(−x)).

    Parameters
    ----------
    x : array-like
        Numbers.

    Returns
    -------
    ndarray
    """
    from scipy.special import expit

    return expit(x)


def plot_decision_boundary(model: Any, X: Samples, y: Samples) -> None:
    """Draws the classes over the plane and the points, with matplotlib.

    Parameters
    ----------
    model : callable or estimator
        From points (m, 2) to classes, such as ``lambda x: predict(parameters, x.T)``; or anything with ``predict``.
    X : array of shape (2, m)
        Points.
    y : array of shape (m,) or (1, m)
        Their classes.
    """
    import matplotlib.pyplot as plt

    X = np.asarray(X)
    (low_x, high_x), (low_y, high_y) = ((row.min() - 1, row.max() + 1) for row in X)
    xx, yy = np.meshgrid(np.arange(low_x, high_x, 0.01), np.arange(low_y, high_y, 0.01))
    says = model.predict if hasattr(model, "predict") else model
    Z = np.asarray(says(np.c_[xx.ravel(), yy.ravel()])).reshape(xx.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        plt.contourf(xx, yy, Z, cmap=plt.cm.Spectral)
        plt.scatter(X[0, :], X[1, :], c=np.ravel(y), cmap=plt.cm.Spectral)
    plt.ylabel("x2")
    plt.xlabel("x1")
