"""What goes wrong has a class of its own, all from one base, and one line to say."""

import subprocess
import sys

import numpy as np
import pytest

import planar

X, y = np.random.RandomState(0).rand(20, 3), np.arange(20) % 2


@pytest.mark.parametrize(
    "settings,kind,said",
    [
        ({"activation": "swish2"}, planar.Invalid, "the activation must be"),
        ({"solver": "newton"}, planar.Invalid, "the optimiser must be"),
        ({"device": "no such card"}, planar.NoAdapter, "no such card" if planar._planar.has_gpu else "without its feature gpu"),
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


def test_a_panic_becomes_an_exception(capfd):
    with pytest.raises(planar.Panic, match="planar itself failed: on purpose"):
        planar._planar.panic()
    assert "on purpose" in capfd.readouterr().err  # Rust's own message, for a report


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
