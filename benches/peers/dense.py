"""One peer on dense networks: python dense.py {planar|planar-xN|numpy|sklearn|torch|jax|jax-vmapN} WORK [THREADS].

WORK is one of those below: the same data, the same initial weights (He), the same permutations for each peer where it takes
them. Prints the median of five trainings as microseconds an update (of all N networks together for -xN and -vmapN), without
import and compilation, and what it predicts right of the data that it learnt. planar is the binary that PLANAR names.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

PEER, WORK = sys.argv[1], sys.argv[2]
THREADS = int(sys.argv[3]) if len(sys.argv) > 3 else 1
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(THREADS)
if THREADS == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import numpy as np  # noqa: E402, after the number of its threads

RUNS = 5
# widths, activation, optimiser with its rate, batch (none is the whole data), epochs
WORKS = {
    "digits": ([64, 128, 64, 10], "relu", "adam", 1e-3, 64, 20),
    "cancer": ([30, 32, 1], "relu", "adam", 1e-3, 64, 60),
    "flower": ([2, 20, 10, 1], "tanh", "gd", 0.3, None, 2000),
    "images": ([784, 256, 128, 10], "relu", "adam", 1e-3, 128, 20),
}
WIDTHS, ACTIVATION, OPTIMISER, RATE, BATCH, EPOCHS = WORKS[WORK]
BINARY = WIDTHS[-1] == 1


def data():
    """x (m × inputs) in f32, standardised, and the class of each sample."""
    if WORK in ("digits", "cancer"):
        from sklearn.datasets import load_breast_cancer, load_digits

        x, y = (load_digits if WORK == "digits" else load_breast_cancer)(return_X_y=True)
        x = (x - x.mean(0)) / np.where(x.std(0) == 0, 1, x.std(0))
    elif WORK == "flower":
        rng, m = np.random.RandomState(1), 400
        x, y = np.zeros((m, 2)), np.zeros(m, int)
        for label in range(2):
            own = range(label * m // 2, (label + 1) * m // 2)
            t = np.linspace(label * 3.12, (label + 1) * 3.12, m // 2) + rng.randn(m // 2) * 0.2
            r = 4 * np.sin(4 * t) + rng.randn(m // 2) * 0.2
            x[own], y[own] = np.c_[r * np.sin(t), r * np.cos(t)], label
    else:
        rng = np.random.RandomState(1)
        x, y = rng.randn(2048, 784), np.arange(2048) % 10
    return x.astype(np.float32), y


X, Y = data()
M = len(X)
B = BATCH or M
# the last, shorter batch is left out: JAX would compile for it again
STEPS = M // B
ORDER = np.random.RandomState(2)
BATCHES = np.stack([ORDER.permutation(M)[: STEPS * B].reshape(STEPS, B) for _ in range(EPOCHS)]).reshape(-1, B)
UPDATES = len(BATCHES)
RNG = np.random.RandomState(0)
START = [
    (RNG.randn(i, o).astype(np.float32) * np.float32(np.sqrt(2 / i)), np.zeros(o, np.float32))
    for i, o in zip(WIDTHS, WIDTHS[1:])
]


def report(seconds, updates, accuracy):
    """Prints the median of some runs' seconds."""
    each = statistics.median(seconds) / updates * 1e6
    print(json.dumps({"peer": PEER, "work": WORK, "threads": THREADS, "us": round(each, 2), "accuracy": round(accuracy, 4)}))


def told(z):
    """The share of samples whose class the logits z (m × outputs) tell."""
    return float(np.mean((z[:, 0] > 0) == Y if BINARY else z.argmax(1) == Y))


def timed(train):
    """Seconds of each run, and what the last one returned."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        result = train()
        seconds.append(time.perf_counter() - start)
    return seconds, result


def numpy_peer():
    targets = Y[:, None].astype(np.float32) if BINARY else np.eye(WIDTHS[-1], dtype=np.float32)[Y]

    def forward(parameters, x):
        """A of each layer, the inputs' first, the logits last."""
        a = [x]
        for k, (w, b) in enumerate(parameters):
            z = a[-1] @ w + b
            is_last = k + 1 == len(parameters)
            a.append(z if is_last else np.tanh(z) if ACTIVATION == "tanh" else np.maximum(z, 0))
        return a

    def train():
        parameters = [(w.copy(), b.copy()) for w, b in START]
        moments = [[np.zeros_like(p) for layer in parameters for p in layer] for _ in range(2)]
        for t, batch in enumerate(BATCHES, 1):
            a, y = forward(parameters, X[batch]), targets[batch]
            if BINARY:
                d = (1 / (1 + np.exp(-a[-1])) - y) / len(y)
            else:
                e = np.exp(a[-1] - a[-1].max(1, keepdims=True))
                d = (e / e.sum(1, keepdims=True) - y) / len(y)
            gradients = []
            for k in reversed(range(len(parameters))):
                gradients += [d.sum(0), a[k].T @ d]
                if k:
                    d = (d @ parameters[k][0].T) * (1 - a[k] ** 2 if ACTIVATION == "tanh" else a[k] > 0)
            flat = [p for layer in parameters for p in layer]
            c1, c2 = 1 - 0.9**t, 1 - 0.999**t
            for p, g, m, v in zip(flat, reversed(gradients), *moments):
                if OPTIMISER == "gd":
                    p -= RATE * g
                    continue
                m *= 0.9
                m += 0.1 * g
                v *= 0.999
                v += 0.001 * g * g
                p -= RATE / c1 * m / (np.sqrt(v / c2) + 1e-8)
        return parameters

    seconds, parameters = timed(train)
    report(seconds, UPDATES, told(forward(parameters, X)[-1]))


def sklearn_peer():
    import warnings

    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")
    network = MLPClassifier(
        tuple(WIDTHS[1:-1]), activation=ACTIVATION, solver="adam" if OPTIMISER == "adam" else "sgd", momentum=0,
        alpha=0, batch_size=B, learning_rate_init=RATE, max_iter=EPOCHS, tol=0, n_iter_no_change=10**6, random_state=0,
    )  # fmt: skip
    seconds, _ = timed(lambda: network.fit(X, Y))
    # it trains the shorter batch too
    report(seconds, EPOCHS * -(-M // B), float(network.score(X, Y)))


def torch_peer():
    import torch
    from torch import nn

    torch.set_num_threads(THREADS)
    x, y = torch.from_numpy(X), torch.from_numpy(Y.astype(np.float32)[:, None] if BINARY else Y)
    loss = nn.BCEWithLogitsLoss() if BINARY else nn.CrossEntropyLoss()

    def train():
        layers = []
        for k, (w, b) in enumerate(START):
            layer = nn.Linear(*w.shape)
            layer.weight.data, layer.bias.data = torch.tensor(w.T.copy()), torch.tensor(b)
            layers += [layer, nn.Tanh() if ACTIVATION == "tanh" else nn.ReLU()]
        network = nn.Sequential(*layers[:-1])
        of = torch.optim.SGD if OPTIMISER == "gd" else torch.optim.Adam
        optimiser = of(network.parameters(), lr=RATE, fused=True)
        for batch in torch.from_numpy(BATCHES):
            optimiser.zero_grad(set_to_none=True)
            loss(network(x[batch]), y[batch]).backward()
            optimiser.step()
        return network

    seconds, network = timed(train)
    with torch.no_grad():
        report(seconds, UPDATES, told(network(x).numpy()))


def jax_peer(networks):
    import jax
    import jax.numpy as jnp
    import optax

    optimiser = optax.sgd(RATE) if OPTIMISER == "gd" else optax.adam(RATE)
    activation = jnp.tanh if ACTIVATION == "tanh" else jax.nn.relu
    x, y, batches = jnp.asarray(X), jnp.asarray(Y), jnp.asarray(BATCHES)

    def forward(parameters, x):
        for w, b in parameters[:-1]:
            x = activation(x @ w + b)
        return x @ parameters[-1][0] + parameters[-1][1]

    def loss(parameters, x, y):
        z = forward(parameters, x)
        if BINARY:
            return jnp.mean(optax.sigmoid_binary_cross_entropy(z[:, 0], y))
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(z, y))

    def update(carry, batch):
        parameters, state = carry
        # a full batch needs no gathering
        of_batch = (x, y) if BATCH is None else (x[batch], y[batch])
        updates, state = optimiser.update(jax.grad(loss)(parameters, *of_batch), state, parameters)
        return (optax.apply_updates(parameters, updates), state), None

    def train(parameters):
        return jax.lax.scan(update, (parameters, optimiser.init(parameters)), batches)[0][0]

    start = [(jnp.asarray(w), jnp.asarray(b)) for w, b in START]
    if networks > 1:
        start = jax.tree.map(lambda p: jnp.stack([p] * networks), start)
        train = jax.vmap(train)
    compiled = jax.jit(train).lower(start).compile()
    seconds, parameters = timed(lambda: jax.block_until_ready(compiled(start)))
    if networks > 1:
        parameters = jax.tree.map(lambda p: p[0], parameters)
    report(seconds, UPDATES, told(np.asarray(forward(parameters, x))))


def planar_peer(networks):
    planar = os.environ.get("PLANAR", "planar")
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, f"{WORK}.csv")
        names = ",".join([f"x{k}" for k in range(1, X.shape[1] + 1)] + ["class"])
        np.savetxt(table, np.c_[X, Y], fmt=["%.9g"] * X.shape[1] + ["%d"], delimiter=",", header=names, comments="")
        # JSON has the time of the training alone for one network; many are told by a longer and a shorter sweep
        settings = (
            f"--data {table} --hidden {'x'.join(map(str, WIDTHS[1:-1]))} --activation {ACTIVATION} --scale none"
            f" --init-scale he --optimizer {OPTIMISER} --learning-rate {RATE} --device cpu --threads {THREADS} --json -q"
        )
        settings += f" --batch-size {B}" if BATCH else ""

        def run(command):
            ended = subprocess.run([planar, *command.split()], stdout=subprocess.PIPE, check=True)
            return json.loads(ended.stdout)

        if networks == 1:
            runs = [run(f"train {settings} --epochs {EPOCHS}") for _ in range(RUNS)]
            updates = runs[0]["training"]["iterations"]
            report([told["seconds"]["training"] for told in runs], updates, runs[0]["final"]["accuracy"])
            return
        sweep = f"sweep {settings} --init-seed 1..{networks} --epochs"
        short = [run(f"{sweep} {EPOCHS}")["seconds"] for _ in range(RUNS)]
        long = [run(f"{sweep} {3 * EPOCHS}") for _ in range(RUNS)]
        of_long = long[0]["configurations"][0]
        seconds = statistics.median(told["seconds"] for told in long) - statistics.median(short)
        report([seconds], of_long["iterations"] * 2 / 3, of_long["accuracy"]["median"])


def main():
    name, _, count = PEER.partition("-vmap" if PEER.startswith("jax") else "-x")
    {
        "planar": lambda: planar_peer(int(count or 1)),
        "numpy": numpy_peer,
        "sklearn": sklearn_peer,
        "torch": torch_peer,
        "jax": lambda: jax_peer(int(count or 1)),
    }[name]()


main()
