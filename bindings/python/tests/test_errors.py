"""What goes wrong has a class of its own, all from one base, and one line to say."""

import errno
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB

import planar

X, y = np.random.RandomState(0).rand(20, 3), np.arange(20) % 2


@pytest.mark.parametrize(
    "settings,kind,said",
    [
        (
            {"activation": "swish2"},
            planar.Invalid,
            "activation must be identity, logistic, tanh, relu, leaky_relu, .* not 'swish2'",
        ),
        ({"activation": "tanh:2"}, planar.Invalid, "activation must be"),
        ({"solver": "newton"}, planar.Invalid, "the optimiser must be"),
        (
            {"device": "no such card"},
            planar.NoAdapter,
            "no such card" if planar._planar.has_gpu else "without its feature gpu",
        ),
        ({"learning_rate": 1e300}, planar.Invalid, "the learning rate"),
        ({"hidden": [4] * 50}, planar.Invalid, "hidden layers"),
        ({"hidden": 1 << 25}, planar.Invalid, "hidden units"),
    ],
)
def test_each_error_has_its_class(settings, kind, said):
    with pytest.raises(kind, match=said) as raised:
        planar.PlanarClassifier(**settings).fit(X, y)
    assert isinstance(raised.value, planar.Error) and "\n" not in str(raised.value)


def test_parameters_of_the_wrong_kind_are_scikit_learns_errors():
    for settings in ({"max_iter": 0}, {"learning_rate": -1.0}, {"early_stopping": 3}, {"hidden": "four"}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            planar.PlanarClassifier(**settings).fit(X, y)


def test_numbers_beyond_float32_are_refused():
    with pytest.raises(planar.Invalid, match="a feature must be a finite number in the range of f32"):
        planar.PlanarClassifier().fit(X * 1e300, y)


def test_files_say_what_is_wrong(tmp_path):
    with pytest.raises(planar.Io):
        planar.load(tmp_path / "none")
    (tmp_path / "bad").write_bytes(b"no weights")
    with pytest.raises(planar.Checkpoint):
        planar.load(tmp_path / "bad")


def test_layers_that_do_not_fit_together_are_refused():
    layers = [np.ones((3, 2)), np.ones((3, 1))], [np.ones(2), np.ones(1)]
    with pytest.raises(planar.Mismatch, match="fit together"):
        planar._planar.forward(X, *layers, "tanh", "logistic")
    layers[0][1] = np.ones((2, 1))
    assert planar._planar.forward(X, *layers, "tanh", "logistic").shape == (20, 1)
    for points in (X[:, :2], X.T, X.T.astype(np.float32)):
        with pytest.raises(planar.Mismatch, match=f"points of {points.shape[1]} features do not fit a network of 3"):
            planar._planar.forward(points, *layers, "tanh", "logistic")


@pytest.mark.parametrize("way", ["with the GIL", "without", "in a thread of its own"])
def test_a_panic_becomes_an_exception(capfd, way):
    with pytest.raises(planar.Panic, match="planar itself failed: on purpose"):
        planar._planar.panic(way)
    assert "on purpose" in capfd.readouterr().err  # Rust's own message, for a report


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden": -3},
        {"hidden": [4, -3]},
        {"hidden": 2.5},
        {"hidden": [2.5]},
        {"hidden": 2**70},
        {"hidden": []},
        {"hidden": ["four"]},
        {"max_iter": 2**70},
        {"n_threads": 2**70},
        {"batch_size": 0.5},
        {"device": ""},
        {"tol": float("nan")},
        {"alpha": float("nan")},
        {"random_state": 2**40},
    ],
)
def test_what_no_parameter_can_be_is_refused_in_one_line(settings):
    with pytest.raises(ValueError, match=next(iter(settings))) as raised:
        planar.PlanarClassifier(**settings).fit(X, y)
    assert "\n" not in str(raised.value)


def test_a_learning_rate_that_is_no_schedule_is_named_as_the_parameter():
    for name in ("bad", "step:1000", "step:a:b", "step:1000:inf"):
        with pytest.raises(ValueError, match="learning_rate must be constant"):
            planar.MLPClassifier(learning_rate=name).fit(X, y)
    planar.MLPClassifier(learning_rate="step:1000:0.5", max_iter=1, tol=None).fit(X, y)


@pytest.mark.parametrize(
    "work,kind,said",
    [
        (lambda: planar.diagnose(X, y, object()), TypeError, "the estimator must be one of planar's"),
        (lambda: planar.diagnose(X, y, X_test=X), planar.Invalid, "y_test"),
        (lambda: planar.diagnose(X, y, X_test=X[:, :2], y_test=y), ValueError, "features"),
        (lambda: planar.diagnose(X, y, planar.PlanarClassifier(max_iter=-1)), ValueError, "max_iter"),
        (lambda: planar.diagnose(X, y, patience="long"), TypeError, "patience"),
        (lambda: planar.diagnose(X, y, patience=-1), ValueError, "patience"),
        (lambda: planar.compare(X, y, object()), TypeError, "the estimator must be one of planar's"),
        (lambda: planar.compare(X, y, iterations=-1), ValueError, "iterations"),
        (lambda: planar.compare(X, y, iterations=0), ValueError, "iterations"),
        (lambda: planar.compare(X, y, iterations=2**70), ValueError, "iterations"),
        (lambda: planar.compare(X, y, iterations=1.5), TypeError, "iterations"),
        (lambda: planar.compare(X, y, right="", iterations=1), planar.Invalid, "the device"),
        (lambda: planar.sweep(X, y, {"hidden": [2]}, estimator=GaussianNB()), TypeError, "planar's"),
        (lambda: planar.MLPClassifier(solver="rmsprop").fit(X, y), planar.Invalid, "solver must be adam, sgd, lbfgs, gd"),
        (
            lambda: planar.MLPClassifier(batch_size=10, max_iter=10**7).fit(X, y),
            planar.Invalid,
            r"max_iter must be at most 5000000 \(10000000 updates, 2 an epoch\), not 10000000",
        ),
    ],
)
def test_what_a_function_cannot_take_is_refused_in_one_line(work, kind, said):
    with pytest.raises(kind, match=said) as raised:
        work()
    assert "\n" not in str(raised.value)


def test_samples_to_test_a_diagnosis_with_may_be_sparse():
    found = planar.diagnose(X, y, planar.PlanarClassifier(max_iter=20), X_test=csr_matrix(X), y_test=y, patience=0.1)
    same = planar.diagnose(X, y, planar.PlanarClassifier(max_iter=20), X_test=X, y_test=y, patience=0.1)
    assert found.found["units"] == same.found["units"] and found.found["units"][0]["test_cost"] > 0


def test_numbers_that_fill_a_line_have_an_exponent():
    for number, shown in ((1e300, "1e300"), (1e-300, "1e-300")):
        with pytest.raises(planar.Invalid, match=f"not {shown}$") as raised:
            planar.PlanarClassifier(learning_rate=number).fit(X, y)
        assert len(str(raised.value)) < 200


def test_an_error_of_the_system_has_its_number(tmp_path):
    with pytest.raises(planar.Io) as raised:
        planar.load(tmp_path / "none")
    assert raised.value.errno == errno.ENOENT and str(tmp_path / "none") in str(raised.value)
    model = planar.PlanarClassifier(max_iter=1).fit(X, y)
    model.save(tmp_path / "model")
    with pytest.raises(FileExistsError) as raised:
        model.save(tmp_path / "model")
    assert raised.value.errno == errno.EEXIST and isinstance(raised.value, planar.Overwrite)


def test_warnings_are_of_the_line_of_the_user():
    def line_of(work):
        with pytest.warns(ConvergenceWarning) as said:
            work()
        return [(each.filename, each.lineno) for each in said if each.category is ConvergenceWarning]

    here = __file__, inspect.currentframe().f_lineno
    diverging = planar.PlanarClassifier(learning_rate=1e30, max_iter=50, solver="momentum:0.9", activation="relu")
    assert line_of(lambda: diverging.fit(X * 1e3, y)) == [(here[0], here[1] + 2)]
    short = planar.MLPClassifier(max_iter=2)
    assert line_of(lambda: short.fit(X, y)) == [(here[0], here[1] + 4)]
    grid = GridSearchCV(short, {"alpha": [1.0]}, cv=2)
    assert set(line_of(lambda: grid.fit(X, y))) == {(here[0], here[1] + 6)}
    search = planar.SweepSearchCV(short, {"alpha": [1.0]}, cv=2)
    assert set(line_of(lambda: search.fit(X, y))) == {(here[0], here[1] + 8)}
    assert line_of(lambda: planar.MLPClassifier(max_iter=1, solver="lbfgs").fit(X, y)) == [(here[0], here[1] + 9)]


def test_a_folder_whose_name_begins_as_planars_is_the_users():
    file = str(Path(planar.__file__).parent) + "_of_mine/module.py"
    with pytest.warns(UserWarning) as said:
        exec(compile("warn('look')", file, "exec"), {"warn": planar._warnings.warn})
    assert said[0].filename == file


def test_every_class_of_the_extension_is_public():
    source = planar._errors.__file__
    names = [line.split("(")[0][6:] for line in open(source, encoding="utf-8") if line.startswith("class ")]
    assert all(getattr(planar, name).__doc__ and name in planar.__all__ for name in names)


def test_the_shells_exit_is_clean_after_an_error():
    code = (
        "import planar, numpy as np\n"
        "try: planar.PlanarClassifier(device='none such').fit(np.eye(4), [0, 1, 0, 1])\n"
        "except planar.Error as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "NoAdapter" and done.stderr == ""
