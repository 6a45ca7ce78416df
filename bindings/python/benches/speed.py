"""The speeds of docs/speed.md's Python part: the same work in planar, its command, scikit-learn and NumPy, interleaved.

    python benches/speed.py [ROUNDS]

Medians of as many rounds (7 if no number is given), in milliseconds. The command is target/release/planar, or what
PLANAR_COMMAND names.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier as Theirs

import planar

ROOT = Path(__file__).resolve().parents[3]
COMMAND = os.environ.get("PLANAR_COMMAND") or shutil.which("planar", path=ROOT / "target/release")
ITERATIONS = 2000
HIDDEN = 277


def of_command(*arguments):
    """A training by the command: its own time for the iterations, in seconds."""
    said = subprocess.run(
        [COMMAND, "train", "--json", "--device", "cpu", *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return json.loads(said.stdout)["seconds"]["training"]


def of_numpy(X, y, dtype):
    """The notebook's training in NumPy."""
    X, Y = X.T.astype(dtype), y[None, :].astype(dtype)
    random = np.random.RandomState(2)
    W1, W2 = (random.randn(HIDDEN, 2) * 0.01).astype(dtype), (random.randn(1, HIDDEN) * 0.01).astype(dtype)
    b1, b2, m, rate = np.zeros((HIDDEN, 1), dtype), np.zeros((1, 1), dtype), dtype(X.shape[1]), dtype(1.2)
    for _ in range(ITERATIONS):
        A1 = np.tanh(W1 @ X + b1)
        A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
        dZ2 = A2 - Y
        dW2, db2 = dZ2 @ A1.T / m, dZ2.sum(axis=1, keepdims=True) / m
        dZ1 = W2.T @ dZ2 * (1 - A1 * A1)
        dW1, db1 = dZ1 @ X.T / m, dZ1.sum(axis=1, keepdims=True) / m
        W1, b1, W2, b2 = W1 - rate * dW1, b1 - rate * db1, W2 - rate * dW2, b2 - rate * db2


def measured(work):
    """Seconds of wall clock, or what the work says itself."""
    begun = time.perf_counter()
    said = work()
    return said if isinstance(said, float) else time.perf_counter() - begun


# seconds until the threads of NumPy's BLAS, which spin a while after their work, leave the cores to the next
PAUSE = 0.1


def medians(works, rounds, pause=PAUSE):
    """Interleaved: each work once a round, after one round that does not count."""
    times = {name: [] for name in works}
    for round_ in range(rounds + 1):
        for name, work in works.items():
            time.sleep(pause)
            seconds = measured(work)
            if round_:
                times[name].append(1e3 * seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def flower(rounds):
    """n_h = 277, tanh, 2,000 full-batch iterations."""
    X, Y = planar.notebook.load_planar_dataset()
    X, y = X.T.copy(), Y[0]
    model = planar.PlanarClassifier(HIDDEN, max_iter=ITERATIONS, device="cpu")
    theirs = Theirs(
        HIDDEN,
        "tanh",
        solver="sgd",
        alpha=0,
        batch_size=400,
        learning_rate_init=1.2,
        momentum=0,
        max_iter=ITERATIONS,
        tol=0,
        n_iter_no_change=ITERATIONS,
        shuffle=False,
    )
    once = planar.PlanarClassifier(4, max_iter=1, device="cpu")
    few = X[:10]

    def library():
        settings = work.settings
        planar._planar.train(work.data, [settings], [ITERATIONS], "cpu")

    work = model._work(X, y, None)
    works = {
        "fit": lambda: model.fit(X, y),
        "the extension alone": library,
        "command": lambda: of_command("--hidden", HIDDEN, "--iterations", ITERATIONS),
        "scikit-learn": lambda: theirs.fit(X, y),
        "NumPy f32": lambda: of_numpy(X, y, np.float32),
        "NumPy f64": lambda: of_numpy(X, y, np.float64),
    }
    found = medians(works, rounds)
    small = {
        "fit of 1 iteration": lambda: once.fit(X, y),
        "predict of 10": lambda: once.predict(few),
        "predict of 400": lambda: once.predict(X),
    }
    return {**found, **medians(small, 50 * rounds, 0)}


def digits(rounds):
    """Softmax, 64 → 128 → 64 → 10, ReLU, Adam in batches of 64, 20 epochs."""
    X, y = load_digits(return_X_y=True)
    X = X[:, X.std(axis=0) > 0] / 16
    table = Path(tempfile.gettempdir()) / "planar-digits.csv"
    head = ",".join([f"f{place}" for place in range(X.shape[1])] + ["label"])
    np.savetxt(table, np.column_stack([X, y]), delimiter=",", header=head, comments="", fmt="%.17g")
    model = planar.MLPClassifier((128, 64), batch_size=64, max_iter=20, tol=None, alpha=0, random_state=1, device="cpu")
    theirs = Theirs((128, 64), batch_size=64, max_iter=20, tol=0, n_iter_no_change=100, alpha=0, random_state=1)
    arguments = (
        "--data",
        table,
        "--label",
        "label",
        "--output",
        "softmax",
        "--scale",
        "none",
        "--hidden",
        "128x64",
        "--activation",
        "relu",
        "--optimizer",
        "adam",
        "--learning-rate",
        0.001,
        "--batch-size",
        64,
        "--shuffle",
        1,
        "--init-seed",
        1,
        "--init-scale",
        "he",
        "--epochs",
        20,
    )
    works = {
        "fit": lambda: model.fit(X, y),
        "command": lambda: of_command(*arguments),
        "scikit-learn": lambda: theirs.fit(X, y),
    }
    return medians(works, rounds)


def search(rounds):
    """100 candidates × 5 folds on breast cancer."""
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    grid = {
        "hidden_layer_sizes": [(units,) for units in range(2, 21, 2)],
        "learning_rate_init": np.logspace(-3, -1, 10).tolist(),
    }
    settings = {"max_iter": 100, "random_state": 0}
    ours, theirs = planar.MLPClassifier(**settings, device="cpu"), Theirs(**settings)
    works = {
        "SweepSearchCV": lambda: planar.SweepSearchCV(ours, grid, cv=5).fit(X, y),
        "GridSearchCV of planar's, n_jobs=2": lambda: GridSearchCV(ours, grid, cv=5, n_jobs=2).fit(X, y),
        "GridSearchCV of scikit-learn's, n_jobs=2": lambda: GridSearchCV(theirs, grid, cv=5, n_jobs=2).fit(X, y),
    }
    return medians(works, rounds)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    warnings.simplefilter("ignore")
    os.environ["PYTHONWARNINGS"] = "ignore"
    for title, work, count in (
        ("flower", flower, rounds),
        ("digits", digits, rounds),
        ("search", search, max(1, rounds // 3)),
    ):
        print(f"{title}: {work.__doc__}")
        for name, milliseconds in work(count).items():
            print(f"  {name:42} {milliseconds:10.3f} ms")


if __name__ == "__main__":
    main()
