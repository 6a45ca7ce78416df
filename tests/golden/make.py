"""Writes the golden figures that the tests compare with: datasets.json, init.json, one_step.json, curves.json and
many_features.json.

    pip install numpy scikit-learn
    python make.py [OUT_DIR]

Without OUT_DIR the files beside this script are replaced. README.md says what each holds and which versions made it.

All is float64. Matrices have the notebook's shapes, W1 (n_h, n_x), b1 (n_h, 1), W2 (1, n_h), b2 (1, 1), and are written
row by row.
"""

import json
import pathlib
import sys

import numpy as np
from sklearn import datasets

NAMES = ("w1", "b1", "w2", "b2")


# Data sets: points (m, 2) and labels (m,)


def flower(seed, samples=400):
    """The notebook's load_planar_dataset."""
    rng, half = np.random.RandomState(seed), samples // 2
    classes = []
    for label in (0, 1):
        t = np.linspace(label * 3.12, (label + 1) * 3.12, half) + rng.randn(half) * 0.2
        r = 4.0 * np.sin(4 * t) + rng.randn(half) * 0.2
        classes.append(np.c_[r * np.sin(t), r * np.cos(t)])
    return np.vstack(classes), np.repeat([0, 1], half)


def noisy_circles(seed, samples=200):
    return datasets.make_circles(n_samples=samples, factor=0.5, noise=0.3, random_state=seed)


def noisy_moons(seed, samples=200):
    return datasets.make_moons(n_samples=samples, noise=0.2, random_state=seed)


def blobs(seed, samples=200):
    """The notebook's are of seed 5."""
    points, blob = datasets.make_blobs(n_samples=samples, random_state=seed, n_features=2, centers=6)
    return points, blob % 2


def gaussian_quantiles(seed, samples=200, features=2):
    return datasets.make_gaussian_quantiles(
        cov=0.5, n_samples=samples, n_features=features, n_classes=2, shuffle=True, random_state=seed
    )


def spirals(seed, samples=200):
    """TensorFlow Playground's classifySpiralData, with noise 0.1."""
    rng, n = np.random.RandomState(seed), samples // 2
    i = np.arange(n)
    r, turn = i / n * 5, 1.75 * i / n * 2 * np.pi
    classes = [np.c_[r * np.sin(t), r * np.cos(t)] + rng.uniform(-1, 1, (n, 2)) * 0.1 for t in (turn, turn + np.pi)]
    return np.vstack(classes), np.repeat([1, 0], n)


def xor(seed, samples=200):
    """TensorFlow Playground's classifyXORData, without noise."""
    points = np.random.RandomState(seed).uniform(-5, 5, (samples, 2))
    points += np.where(points > 0, 0.3, -0.3)
    return points, (points[:, 0] * points[:, 1] >= 0).astype(int)


# The network: theta is W1, b1, W2, b2; x is (n_x, m), y is (1, m)


def leaky_relu(slope):
    return lambda z: np.where(z > 0, z, slope * z), lambda z: np.where(z > 0, 1.0, slope)


# g and g'
ACTIVATIONS = {
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    **{f"leaky-relu:{slope}": leaky_relu(slope) for slope in (0.01, 0.05, 0.1, 0.2)},
}


def initial(hidden, seed, scale=0.01, features=2):
    """randn times scale, W1 drawn before W2; the biases are 0."""
    rng = np.random.RandomState(seed)
    w1 = rng.randn(hidden, features) * scale
    w2 = rng.randn(1, hidden) * scale
    return [w1, np.zeros((hidden, 1)), w2, np.zeros((1, 1))]


def step(theta, x, y, activation):
    """Forward and backward once: the cost, the accuracy, the gradients, and the sum of |terms| of each gradient."""
    g, derivative = ACTIVATIONS[activation]
    w1, b1, w2, b2 = theta
    m = x.shape[1]
    z1 = w1 @ x + b1
    a1 = g(z1)
    z2 = w2 @ a1 + b2
    # The cost from the logit: -[y ln A2 + (1 - y) ln(1 - A2)] = max(z, 0) - z y + ln(1 + exp(-|z|)).
    cost = np.mean(np.maximum(z2, 0) - z2 * y + np.log1p(np.exp(-np.abs(z2))))
    accuracy = np.mean((z2 > 0) == (y > 0.5))
    d2 = 1 / (1 + np.exp(-z2)) - y
    d1 = (w2.T @ d2) * derivative(z1)

    def sums(d1, x, d2, a1):
        return [d1 @ x.T / m, d1.sum(1, keepdims=True) / m, d2 @ a1.T / m, d2.sum(1, keepdims=True) / m]

    return float(cost), float(accuracy), sums(d1, x, d2, a1), sums(abs(d1), abs(x), abs(d2), abs(a1))


# The files


def data_sets():
    def figures(seed, points, labels):
        return {"seed": seed, "points": points.tolist(), "labels": labels.tolist()}

    sets = {"flower": figures(1, *flower(1))}
    for seed in (0, 1):
        for make in (noisy_circles, noisy_moons, blobs, gaussian_quantiles, spirals, xor):
            sets[f"{make.__name__}@{seed}"] = figures(seed, *make(seed))
    sets["blobs@5"] = figures(5, *blobs(5))
    return sets


def initial_weights():
    weights = {}
    for hidden in (4, 20):
        for seed in (2, 3):
            w1, _, w2, _ = initial(hidden, seed)
            figures = {"hidden": hidden, "seed": seed, "w1": w1.tolist(), "w2": w2.tolist()}
            weights[f"hidden{hidden}_seed{seed}"] = figures
    return weights


def flat(tensors):
    return {name: tensor.ravel().tolist() for name, tensor in zip(NAMES, tensors)}


def one_step(x, y):
    steps = []
    for activation in ACTIVATIONS:
        for hidden, scale in ((4, 0.01), (4, 1.0), (17, 1.0), (277, 0.3)):
            cost, accuracy, gradients, terms = step(initial(hidden, 2, scale), x, y, activation)
            steps.append({
                "activation": activation, "hidden": hidden, "init_seed": 2, "init_scale": scale,
                "cost": cost, "accuracy": accuracy, "gradients": flat(gradients), "sum_abs_terms": flat(terms),
            })
    return steps


def curve(x, y, hidden, activation, learning_rate, iterations, seed, every):
    theta, costs = initial(hidden, seed), []
    for iteration in range(iterations + 1):
        cost, accuracy, gradients, _ = step(theta, x, y, activation)
        if iteration % every == 0:
            costs.append(cost)
        if iteration < iterations:
            theta = [value - learning_rate * gradient for value, gradient in zip(theta, gradients)]
    return {
        "hidden": hidden, "activation": activation, "learning_rate": learning_rate, "init_seed": seed,
        "init_scale": 0.01, "iterations": iterations, "every": every, "costs": costs, "final_accuracy": accuracy,
    }


def curves(x, y):
    return [
        curve(x, y, 4, "tanh", 1.2, 6000, seed=2, every=100),
        curve(x, y, 4, "tanh", 1.2, 6000, seed=3, every=100),
        curve(x, y, 20, "tanh", 1.2, 3000, seed=2, every=100),
        curve(x, y, 4, "sigmoid", 1.2, 3000, seed=2, every=100),
        curve(x, y, 4, "leaky-relu:0.01", 1.2, 5000, seed=2, every=100),
        curve(x, y, 40, "relu", 0.6, 200, seed=2, every=10),
        curve(x, y, 277, "leaky-relu:0.01", 0.073, 1000, seed=2, every=50),
    ]


def many_features():
    """The data's last point, one step, and a curve, of networks with more features than the plane has."""
    cases = []
    for features, hidden, samples, activation, learning_rate in (
        (17, 5, 401, "sigmoid", 1.0), (30, 64, 569, "tanh", 0.5), (64, 17, 400, "leaky-relu:0.1", 0.2), (100, 3, 33, "relu", 0.2),
    ):
        points, labels = gaussian_quantiles(1, samples, features)
        x, y, theta = points.T, labels[None, :].astype(float), initial(hidden, 2, 0.1, features)
        _, accuracy, gradients, terms = step(theta, x, y, activation)
        costs = []
        for _ in range(50):
            cost, _, slopes, _ = step(theta, x, y, activation)
            costs.append(cost)
            theta = [value - learning_rate * slope for value, slope in zip(theta, slopes)]
        cases.append({
            "features": features, "hidden": hidden, "samples": samples, "activation": activation, "data_seed": 1,
            "init_seed": 2, "init_scale": 0.1, "learning_rate": learning_rate, "last_point": points[-1].tolist(),
            "labels": labels.tolist(), "accuracy": accuracy, "gradients": flat(gradients), "sum_abs_terms": flat(terms),
            "costs": costs,
        })
    return cases


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    folder.mkdir(parents=True, exist_ok=True)
    points, labels = flower(1)
    x, y = points.T, labels[None, :].astype(float)
    files = {
        "datasets.json": data_sets(),
        "init.json": initial_weights(),
        "one_step.json": one_step(x, y),
        "curves.json": curves(x, y),
        "many_features.json": many_features(),
    }
    for name, figures in files.items():
        (folder / name).write_text(json.dumps(figures, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
