"""An estimator trains to the very bits of the command with the same settings on the same device."""

import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

import planar

DEVICES = ["cpu", "reference-f64", pytest.param("gpu", marks=pytest.mark.gpu)]
NAMED = {"reference-f64": ["--device", "cpu", "--precision", "f64"]}


def same(model, there):
    pairs = list(zip(model.coefs_ + model.intercepts_, there.coefs_ + there.intercepts_, strict=True))
    assert all(here.shape == other.shape for here, other in pairs)
    return all(np.array_equal(here, other) for here, other in pairs)


def csv(path, X, y):
    rows = (",".join(map(str, [*map(float, row), label])) for row, label in zip(X, y, strict=True))
    head = ",".join([*(f"f{place}" for place in range(X.shape[1])), "label"])
    path.write_text("\n".join([head, *rows]) + "\n")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("hidden,activation", [(4, "tanh"), (277, "leaky_relu"), ([9, 5], "relu")])
def test_the_exercise_has_the_bits_of_planar_train(tmp_path, command, flower, device, hidden, activation):
    model = planar.PlanarClassifier(hidden, activation, max_iter=100, device=device, learning_rate=0.7).fit(*flower)
    file, wide = tmp_path / "run.safetensors", "x".join(map(str, np.atleast_1d(hidden)))
    text = "leaky-relu:0.01" if activation == "leaky_relu" else activation
    command(
        "train",
        "--hidden",
        wide,
        "--activation",
        text,
        "--learning-rate",
        0.7,
        "--iterations",
        100,
        "--checkpoint",
        file,
        *NAMED.get(device, ["--device", device]),
    )
    assert same(model, planar.load(file))
    other = planar.PlanarClassifier(hidden, activation, max_iter=101, device=device, learning_rate=0.7).fit(*flower)
    assert not same(other, planar.load(file))


@pytest.mark.parametrize("device", DEVICES[::2])
def test_softmax_by_adam_in_batches_has_the_bits_of_planar_train(tmp_path, command, device):
    X, y = load_digits(return_X_y=True)
    X, y = X[:300], y[:300]
    X = X[:, X.std(axis=0) > 0]  # the command leaves a column of one value out
    table, file = tmp_path / "digits.csv", tmp_path / "run.safetensors"
    csv(table, X, y)
    model = planar.MLPClassifier(
        (32, 16),
        batch_size=50,
        max_iter=4,
        random_state=7,
        tol=None,
        alpha=0.01,
        standardize=True,
        dropout=0.1,
        device=device,
    ).fit(X, y)
    command(
        "train",
        "--data",
        table,
        "--label",
        "label",
        "--output",
        "softmax",
        "--scale",
        "standard",
        "--hidden",
        "32x16",
        "--activation",
        "relu",
        "--optimizer",
        "adam",
        "--learning-rate",
        0.001,
        "--batch-size",
        50,
        "--shuffle",
        7,
        "--init-seed",
        7,
        "--init-scale",
        "he",
        "--l2",
        0.01,
        "--dropout",
        0.1,
        "--dropout-seed",
        7,
        "--epochs",
        4,
        "--checkpoint",
        file,
        "--device",
        device,
    )
    assert same(model, planar.load(file))


def test_numbers_have_the_bits_of_planar_train(tmp_path, command):
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    table, file = tmp_path / "numbers.csv", tmp_path / "run.safetensors"
    numbers = X[:, 0] * 0.5 + y
    csv(table, X[:, 1:], numbers)
    model = planar.MLPRegressor(
        "squared_error",
        20,
        "tanh",
        solver="gd",
        learning_rate_init=0.01,
        batch_size=None,
        max_iter=50,
        alpha=0,
        tol=None,
        random_state=3,
        device="cpu",
    ).fit(X[:, 1:], numbers)
    command(
        "train",
        "--data",
        table,
        "--label",
        "label",
        "--output",
        "squares",
        "--scale",
        "none",
        "--hidden",
        20,
        "--activation",
        "tanh",
        "--learning-rate",
        0.01,
        "--init-seed",
        3,
        "--init-scale",
        "xavier",
        "--iterations",
        50,
        "--checkpoint",
        file,
        "--device",
        "cpu",
    )
    assert same(model, planar.load(file))


def test_a_saved_network_predicts_with_the_command_as_it_does_here(tmp_path, command):
    pandas = pytest.importorskip("pandas")
    X, y = load_digits(return_X_y=True, as_frame=True)
    X, y = X[:200], y[:200]
    names = np.array([f"digit {number}" for number in y])
    model = planar.MLPClassifier(16, max_iter=30, random_state=0, tol=None, standardize=True, device="cpu").fit(X, names)
    file, table = tmp_path / "model.safetensors", tmp_path / "new.csv"
    model.save(file)
    X.to_csv(table, index=False)
    said = pandas.read_csv(pandas.io.common.StringIO(command("predict", file, table)))
    assert list(said["class"] if "class" in said else said.iloc[:, -1]) == list(model.predict(X))
    with pytest.raises(planar.Overwrite):
        model.save(file)
    model.save(file, overwrite=True)
    again = planar.load(file)
    assert same(model, again) and list(again.predict(X)) == list(model.predict(X))
    assert list(again.feature_names_in_) == list(X.columns)


@pytest.mark.parametrize(
    "classes",
    [
        np.array([0, 1]),
        np.array([3, -7], dtype=np.int8),
        np.array([0.0, 1.0]),
        np.array([1.0, 2.0], dtype=np.float32),
        np.array([False, True]),
        np.array(["no", "yes"]),
        np.array(["no", "yes"], dtype=object),
        np.array(["1", "2"]),
    ],
)
@pytest.mark.parametrize(
    "estimator",
    [
        planar.PlanarClassifier(3, max_iter=20, init_scale=0.5, class_weight="balanced", device="cpu"),
        planar.PlanarClassifier(
            [3, 2], "leaky_relu", max_iter=20, leaky_slope=0.2, solver="adam:0.9:0.99:1e-8", device="cpu"
        ),
        planar.MLPClassifier(
            np.array([3, 2]), max_iter=2, n_iter_no_change=np.inf, learning_rate="invscaling", device="cpu"
        ),
    ],
    ids=["planar", "deep", "mlp"],
)
def test_what_is_saved_is_loaded_as_it_was(tmp_path, flower, estimator, classes):
    X, y = flower[0], classes[flower[1]]
    model, file = clone(estimator).fit(X, y), tmp_path / "model.safetensors"
    model.save(file)
    again = planar.load(file)
    assert type(again) is type(model) and again.classes_.dtype == model.classes_.dtype
    assert again.classes_.tolist() == model.classes_.tolist() and np.array_equal(again.predict(X), model.predict(X))
    assert again.score(X, y) == model.score(X, y)
    there, here = again.get_params(), model.get_params()
    assert all(np.array_equal(there[name], here[name]) for name in here)
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("classes", [np.array([3, -7], dtype=np.int8), np.array([0.0, 1.0]), np.array(["no", "yes"])])
def test_numbers_of_numpys_within_parameters_are_loaded_as_pythons(tmp_path, flower, classes):
    class_weight = dict(zip(classes, np.array([1.0, 2.5]), strict=True))
    model = planar.PlanarClassifier((np.int64(3), 2), max_iter=2, class_weight=class_weight, device="cpu")
    model.fit(flower[0], classes[flower[1]]).save(tmp_path / "model.safetensors")
    again = planar.load(tmp_path / "model.safetensors")
    assert again.class_weight == class_weight and type(next(iter(again.class_weight))) is type(classes[0].item())
    assert again.hidden == (3, 2) and type(again.hidden) is tuple


def test_a_regressor_and_labels_are_loaded_as_they_were(tmp_path, flower):
    X, _ = flower
    for estimator, y in (
        (planar.MLPRegressor(hidden_layer_sizes=3, max_iter=2), X[:, 0]),
        (planar.MLPClassifier(3, max_iter=2), (X > 0).astype(int)),
    ):
        model, file = estimator.fit(X, y), tmp_path / f"{type(estimator).__name__}.safetensors"
        model.save(file)
        again = planar.load(file)
        assert type(again) is type(model) and np.array_equal(again.predict(X), model.predict(X))
        assert again.get_params() == model.get_params()


def test_the_command_reads_what_an_estimator_has_saved_and_hands_it_on(tmp_path, command, flower):
    (X, y), file = flower, tmp_path / "begun.safetensors"
    planar.PlanarClassifier(max_iter=60, device="cpu").fit(X, y).save(file)
    command("train", "--iterations", 100, "--resume", file, "--device", "cpu")
    model = planar.load(file)
    assert type(model) is planar.PlanarClassifier and model.n_iter_ == 100 and model.classes_.dtype == y.dtype
    model.fit(X, y.astype(float)).save(file, overwrite=True)
    said = command("predict", file, points(tmp_path, X)).splitlines()
    assert [float(line.split(",")[-1]) for line in said[1:]] == model.predict(X).tolist()


def test_what_a_damaged_checkpoint_says_of_its_estimator_is_refused(tmp_path, flower):
    model, file = planar.PlanarClassifier(max_iter=2).fit(*flower), tmp_path / "model.safetensors"
    model.save(file)
    front = {"estimator": "PlanarClassifier", "parameters": {}, "classes": [0, 1], "dtype": "<i8"}
    planar._load._estimator(front_of(file, front), file)
    for more in (
        {"estimator": "MLPRegressor"},
        {"estimator": "exit"},
        {"parameters": {"hidden": "exit()"}},
        {"parameters": {"none_such": "1"}},
        {"parameters": 3},
        {"classes": [0, 1, 2]},
        {"classes": 3},
        {"dtype": "no such"},
    ):
        with pytest.raises(planar.Checkpoint, match="is damaged"):
            planar._load._estimator(front_of(file, front | more), file)


def front_of(file, front):
    """What is read of a file whose estimator is another."""
    found = planar._planar.read(file)
    return found | {"state": json.dumps(json.loads(found["state"]) | {"front": front})}


def points(folder, X):
    """A table of points."""
    np.savetxt(folder / "points.csv", X, delimiter=",", header="x1,x2", comments="")
    return folder / "points.csv"


def test_the_command_resumes_what_an_estimator_has_begun(tmp_path, command, flower):
    file, whole = tmp_path / "begun.safetensors", tmp_path / "whole.safetensors"
    planar.PlanarClassifier(max_iter=60, device="cpu").fit(*flower).save(file)
    command("train", "--iterations", 100, "--resume", file, "--device", "cpu")
    command("train", "--iterations", 100, "--checkpoint", whole, "--device", "cpu")
    assert same(planar.load(file), planar.load(whole))


def test_a_network_of_scaled_targets_answers_in_their_own_unit_and_goes_on_so(tmp_path, command):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    table, points, file = (tmp_path / name for name in ("diabetes.csv", "points.csv", "run.safetensors"))
    csv(table, X, y)
    csv(points, X, np.zeros(len(X)))
    flags = "--label label --output squares --scale standard --scale-targets standard --hidden 8 --learning-rate 0.1"
    command("train", "--data", table, *flags.split(), "--iterations", 200, "--checkpoint", file, "--device", "cpu")

    def told():
        lines = command("predict", file, points).splitlines()
        return np.array([float(line.split(",")[-1]) for line in lines[1:]])

    model = planar.load(file)
    assert np.allclose(model.predict(X), told(), rtol=1e-5) and model.score(X, y) > 0.4
    before, score = model.predict(X), model.score(X, y)
    model.set_params(device="cpu").partial_fit(X, y)
    assert model.score(X, y) > score and not np.array_equal(model.predict(X), before)
    model.save(file, overwrite=True)
    assert np.allclose(model.predict(X), told(), rtol=1e-5)
    assert model.fit(X, y)._columns is None


def test_classes_in_an_order_of_their_own_are_gone_on_with_in_it(tmp_path, command):
    table, file = tmp_path / "two.csv", tmp_path / "run.safetensors"
    X = np.random.RandomState(0).standard_normal((80, 2))
    y = np.where(X[:, 0] > 0, "alpha", "zeta")
    csv(table, X, y)
    command("train", "--data", table, "--positive", "alpha", "--iterations", 300, "--checkpoint", file, "--device", "cpu")
    model = planar.load(file).set_params(device="cpu")
    assert list(model.classes_) == ["zeta", "alpha"] and model.score(X, y) > 0.9
    for _ in range(20):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.9
    model.partial_fit(X[:5], np.where(X[:5, 0] > 0, "alpha", "alpha"))  # one class alone is among those that are known


@pytest.mark.parametrize("more", [["--shuffle", 5], ["--shuffle", "none"], ["--backward-activation", "relu"]])
def test_what_the_command_has_begun_in_batches_is_gone_on_with_to_its_bits(tmp_path, command, more):
    X, y = load_digits(return_X_y=True)
    X, y = X[:300, X[:300].std(axis=0) > 0], y[:300]
    table = tmp_path / "digits.csv"
    csv(table, X, y)

    def trained(epochs):
        file = tmp_path / f"{epochs}.safetensors"
        shared = "--output softmax --scale standard --hidden 9 --optimizer adam --learning-rate 0.01 --batch-size 64"
        run = ["--epochs", epochs, "--checkpoint", file, "--device", "cpu"]
        command("train", "--data", table, *shared.split(), *more, *run)
        return planar.load(file).set_params(device="cpu")

    begun, whole = trained(3), trained(5)
    assert begun.n_iter_ == 3 and begun.t_ == 900
    assert same(begun.partial_fit(X, y).partial_fit(X, y), whole)
    assert begun.fit(X, y)._as_begun == {}
