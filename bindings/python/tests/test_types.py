"""What a type checker sees: a user's program in mypy's strict mode, and the extension as its stubs have it."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("mypy", reason="not run: mypy cannot be had")

PROGRAM = """
import numpy as np
import planar
from numpy.typing import NDArray
from planar.notebook import load_planar_dataset, nn_model, plot_decision_boundary, predict

X, Y = load_planar_dataset()
model: planar.MLPClassifier = planar.MLPClassifier((4, 3), random_state=1, tol=None, class_weight={0: 2.0}).fit(X.T, Y[0])
model.partial_fit(X.T, Y[0]).save("model.safetensors", overwrite=True)
score: float = model.score(X.T, Y[0]) + model.loss_curve_[-1]
chances: NDArray[np.float64] = model.predict_proba(X.T)
kind: planar.PlanarClassifier | planar.MLPClassifier | planar.MLPRegressor = planar.load("model.safetensors")
number: planar.MLPRegressor = planar.MLPRegressor("squared_error", np.array([3, 2])).fit(X.T, X[0])
found = planar.sweep(X.T, Y[0], {"hidden": range(1, 3)}, estimator=planar.PlanarClassifier(hidden=[4, 2]), shard="1/2")
rows: list[dict[str, object]] = planar.merge(["1.jsonl", "2.jsonl"]).rows + found.rows
cause: str = planar.diagnose(X.T, Y[0], model, patience=1).cause
agrees: bool = planar.compare(X.T, Y[0], iterations=10).agrees
search: planar.SweepSearchCV = planar.SweepSearchCV(planar.PlanarClassifier(), {"hidden": [2]}).fit(X.T, Y[0])
parameters = nn_model(X, Y, 4, print_cost=True)
share: float = float(np.mean(predict(parameters, X) == Y))
plot_decision_boundary(model, X, Y)
name: str = planar.devices()[0]["name"]
try:
    planar.PlanarClassifier(4, "leaky_relu", batch_size=None)
except (planar.Error, planar.NoAdapter) as error:
    print(error)
"""


def checked(folder, *arguments):
    environment = {**os.environ, "MYPY_CACHE_DIR": str(folder / "cache")}
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False, timeout=300)


def test_a_program_is_of_strict_types(tmp_path):
    (tmp_path / "right.py").write_text(PROGRAM)
    done = checked(tmp_path, "mypy", "--strict", "right.py")
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = ["planar.PlanarClassifier('four')", "planar.load(3)", "model.loss_curve_ + 1", "cause + 1", "planar.none_such"]
    (tmp_path / "wrong.py").write_text(PROGRAM + "\n".join(wrong))
    lines = checked(tmp_path, "mypy", "--strict", "wrong.py").stdout.splitlines()
    first = PROGRAM.count("\n") + 1
    assert {line.split(":")[1] for line in lines[:-1] if "error" in line} == {str(first + at) for at in range(len(wrong))}


def test_the_stubs_are_those_of_the_extension(tmp_path):
    done = checked(tmp_path, "mypy.stubtest", "planar._planar")
    assert done.returncode == 0, done.stdout + done.stderr
