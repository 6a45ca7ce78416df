"""What else a training has, in float64 NumPy: weights of samples, several labels, clipped gradients, schedules, warm-up and
dropout (needs numpy and scikit-learn). Usage: python recipes.py [OUT_DIR] writes recipes.json.

The gradients of every case were checked against JAX's in float64, the schedules against optax's.
"""
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from dense import ACTIVATIONS, data, init, sigmoid, softplus, update  # noqa: E402


def mix(x):
    """A constant added, then lowbias32 of Chris Wellons' hash-prospector, of 32-bit numbers."""
    x = (np.asarray(x, np.uint64) + 0x9E3779B9) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return x ^ (x >> 16)


def kept(rate, seed, t, layer, units, m):
    """0 or 1 / (1 - rate) for each unit and place of a batch: the seed, the update, the layer, the unit and the place are
    mixed in one after another, and what is below rate·2^32 is dropped."""
    key = mix(mix(mix(seed) ^ np.uint64(t)) ^ np.uint64(layer))
    keys = mix(key ^ np.arange(units, dtype=np.uint64))
    bits = mix(keys[:, None] ^ np.arange(m, dtype=np.uint64))
    return (bits >= np.uint64(rate * 2**32)) / (1 - rate)


def factor(t, warmup, schedule, updates):
    """What the learning rate is multiplied by at update t, counted from 0."""
    name, *numbers = schedule.split(":")
    rise = (t + 1) / warmup if t < warmup else 1.0
    if name == "cosine":
        return rise * 0.5 * (1 + np.cos(np.pi * t / updates))
    if name == "step":
        return rise * float(numbers[1]) ** (t // int(numbers[0]))
    return rise


def step(theta, x, y, w, activation, kind, l2, masks):
    """The mean of the loss over the weights w (m,) plus (l2 / 2m)·sum W^2, and its gradients; masks: one a hidden layer."""
    g, dg = ACTIVATIONS[activation]
    m, layers = x.shape[1], len(theta) // 2
    z, a = [], [x]
    for k in range(layers):
        z.append(theta[2 * k] @ a[-1] + theta[2 * k + 1])
        a.append(g(z[-1]) * masks[k] if k < layers - 1 else z[-1])
    top = z[-1]
    if kind == "logistic":
        loss, d = (softplus(top) - top * y).sum(0), sigmoid(top) - y
    elif kind == "softmax":
        shifted = top - top.max(0)
        log_sum = np.log(np.exp(shifted).sum(0))
        loss, d = log_sum - (shifted * y).sum(0), np.exp(shifted - log_sum) - y
    else:
        loss, d = 0.5 * ((top - y) ** 2).sum(0), top - y
    cost = (w * loss).sum() / w.sum() + l2 / (2 * m) * sum((p**2).sum() for p in theta[::2])
    d = d * w / w.sum()
    grads = [None] * len(theta)
    for k in reversed(range(layers)):
        grads[2 * k] = d @ a[k].T + l2 / m * theta[2 * k]
        grads[2 * k + 1] = d.sum(1, keepdims=True)
        if k:
            d = (theta[2 * k].T @ d) * masks[k - 1] * dg(z[k - 1])
    return float(cost), grads, top


def clipped(grads, largest):
    """As PyTorch's clip_grad_norm_: by largest / (norm + 1e-6) if that is below 1."""
    if largest is None:
        return grads
    scale = min(1.0, largest / (np.sqrt(sum((g**2).sum() for g in grads)) + 1e-6))
    return [g * scale for g in grads]


def right(kind, z, y, w):
    """The accuracy, of all labels together if there are several, or R^2; every sample counts by its weight."""
    if kind == "squares":
        mean = (w * y).sum(1, keepdims=True) / w.sum()
        return 1 - (w * (z - y) ** 2).sum() / (w * (y - mean) ** 2).sum()
    hits = (z.argmax(0) == y.argmax(0)) if kind == "softmax" else ((z > 0) == (y > 0.5)).mean(0)
    return (w * hits).sum() / w.sum()


def case(name, hidden, activation, optimizer, lr, iterations, every=10, seed=2, scale="he", labels=1, weights=(), batch_size=None,
         l2=0.0, clip_norm=None, schedule="constant", warmup=0, dropout=0.0, dropout_seed=0):
    x, y, kind = data(name)
    if labels == 2:  # the class, and whether the first feature is above 0
        y = np.vstack([y, x[:1] > 0]).astype(float)
    m = x.shape[1]
    w = np.resize(np.array(weights or [1.0]), m)
    theta, state, costs = init([x.shape[0], *hidden, y.shape[0]], seed, scale), {}, []
    size = batch_size or m
    per_epoch = -(-m // size)
    for t in range(iterations):
        at = slice((t % per_epoch) * size, (t % per_epoch) * size + size)
        xb, yb, wb = x[:, at], y[:, at], w[at]
        masks = [kept(dropout, dropout_seed, t, k, units, xb.shape[1]) if dropout else 1.0 for k, units in enumerate(hidden)]
        cost, grads, _ = step(theta, xb, yb, wb, activation, kind, l2, masks)
        if t % every == 0:
            costs.append(cost)
        update(optimizer, theta, clipped(grads, clip_norm), state, lr * factor(t, warmup, schedule, iterations), t + 1)
    cost, _, z = step(theta, x, y, w, activation, kind, l2, [1.0] * len(hidden))
    recipe = {"optimizer": optimizer, "batch_size": batch_size, "l2": l2, "clip_norm": clip_norm, "schedule": schedule,
              "schedule_updates": iterations, "warmup": warmup, "dropout": dropout, "dropout_seed": dropout_seed}
    return {"data": name, "hidden": hidden, "activation": activation, "output": kind, "labels": labels, "weights": list(weights),
            "learning_rate": lr, "iterations": iterations, "init_seed": seed, "init_scale": scale, "every": every, **recipe,
            "costs": costs, "final": {"cost": cost, "accuracy_or_r2": float(right(kind, z, y, w))},
            "theta_sum": float(sum(p.sum() for p in theta))}


WEIGHTS = [0.5, 2.0, 0.0, 1.0]


def cases():
    return [
        case("flower", [7], "tanh", "gd", 0.5, 200, weights=WEIGHTS),
        case("wine", [9, 5], "silu", "adam", 0.01, 60, weights=WEIGHTS, batch_size=32, l2=0.5, every=1),
        case("diabetes", [8], "gelu", "momentum:0.9", 0.01, 60, weights=WEIGHTS, batch_size=100, every=1),
        case("breast-cancer", [11], "tanh", "nesterov:0.9", 0.02, 60, labels=2, batch_size=50, every=1),
        case("breast-cancer", [6, 4], "softplus", "gd", 0.1, 100, labels=2, weights=WEIGHTS, l2=2.0),
        case("iris", [8], "elu", "gd", 0.5, 80, clip_norm=0.05, l2=0.3),
        case("digits", [16], "tanh", "momentum:0.8", 0.1, 50, batch_size=64, clip_norm=0.2, every=1),
        case("flower", [12], "tanh", "adam", 0.05, 150, schedule="cosine", warmup=10),
        case("wine", [8], "sigmoid", "adamw", 0.02, 90, schedule="step:20:0.5", warmup=7, batch_size=40, every=1),
        case("flower", [17], "tanh", "gd", 0.5, 100, dropout=0.3),
        case("iris", [16, 9], "leaky-relu:0.01", "adam", 0.01, 60, dropout=0.5, dropout_seed=3, batch_size=32, l2=0.1, every=1),
    ]


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    made = cases()
    for of in made:
        print(of["data"], of["hidden"], of["optimizer"], of["costs"][0], of["final"])
    (out / "recipes.json").write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
