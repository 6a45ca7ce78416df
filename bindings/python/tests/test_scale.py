"""Beyond one process: joblib with loky, Dask, Optuna and submitit give what one process gives."""

import os
import subprocess
import sys

import cluster
import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV

import planar

X, y = load_breast_cancer(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
ESTIMATOR = planar.PlanarClassifier(max_iter=60, device="cpu", init_scale=0.1)
GRID = {"hidden": [2, 5], "learning_rate": [0.3, 1.2]}


def loss(parameters):
    return clone(ESTIMATOR).set_params(**parameters).fit(X, y).loss_


def scores(search):
    return search.fit(X, y).cv_results_["mean_test_score"]


def test_loky_gives_what_one_process_gives():
    with parallel_config("loky", n_jobs=2):
        theirs = scores(GridSearchCV(ESTIMATOR, GRID, cv=3))
        losses = Parallel()(delayed(loss)({"hidden": hidden}) for hidden in (2, 3, 4))
    assert np.array_equal(theirs, scores(planar.SweepSearchCV(ESTIMATOR, GRID, cv=3)))
    assert losses == [loss({"hidden": hidden}) for hidden in (2, 3, 4)]


def test_dask_gives_what_one_process_gives():
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, distributed.Client(cluster), parallel_config("dask"):
        theirs = scores(GridSearchCV(ESTIMATOR, GRID, cv=3))
    assert np.array_equal(theirs, scores(planar.SweepSearchCV(ESTIMATOR, GRID, cv=3)))


def test_optuna_asks_for_batches_that_a_sweep_trains(tmp_path):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(tmp_path / "study.log")))
    study = optuna.create_study(storage=storage, sampler=optuna.samplers.TPESampler(seed=0), study_name="flower")
    for _ in range(2):
        trials = [study.ask() for _ in range(64)]
        grid = [
            {
                "hidden": [trial.suggest_int("hidden", 1, 20)],
                "learning_rate": [trial.suggest_float("learning_rate", 0.01, 3, log=True)],
            }
            for trial in trials
        ]
        found = planar.sweep(X, y, grid, estimator=ESTIMATOR)
        for trial, row in zip(trials, found.rows, strict=True):
            study.tell(trial, row["loss"])
    assert len(study.trials) == 128
    best = study.best_trial
    assert best.value == loss(best.params)


def test_submitit_runs_a_job_a_shard(tmp_path):
    pytest.importorskip("submitit")
    from planar.slurm import launch

    found = launch(X, y, GRID, folder=tmp_path, shards=2, estimator=ESTIMATOR, cluster="local", timeout_min=2).result()
    whole = planar.sweep(X, y, GRID, estimator=ESTIMATOR)
    assert found.rows == whole.rows and len(list(tmp_path.glob("*.jsonl"))) == 2


def test_submitit_runs_on_slurm(tmp_path):
    pytest.importorskip("submitit")
    if (name := cluster.missing()) is not None:
        told = f"not run: {name} is not installed (slurm-wlm)"
        pytest.fail(told) if os.environ.get("REQUIRE_SLURM") == "1" else pytest.skip(told)
    from planar.slurm import launch

    for folder in ("cluster", "sweep"):
        (tmp_path / folder).mkdir()
    with cluster.running(tmp_path / "cluster"):
        launched = launch(
            X, y, GRID, folder=tmp_path / "sweep", shards=2, estimator=ESTIMATOR, cluster="slurm", timeout_min=2
        )
        found = launched.result()
    assert found.rows == planar.sweep(X, y, GRID, estimator=ESTIMATOR).rows


def test_the_module_runs_where_nothing_optional_is_installed():
    code = (
        "import sys\n"
        "class Blocked:\n"
        "    names = 'pandas matplotlib tqdm onnx onnxruntime submitit optuna polars pyarrow distributed'.split()\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.split('.')[0] in self.names: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Blocked())\n"
        "import planar\nX, Y = planar.notebook.load_planar_dataset()\n"
        "print(planar.sweep(X.T, Y[0], {'hidden': [2, 3]}, estimator=planar.PlanarClassifier(max_iter=20)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "2 networks" in done.stdout
