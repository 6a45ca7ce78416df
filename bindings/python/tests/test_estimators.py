"""What scikit-learn's users expect of an estimator, at 30, 64 and 784 features."""

import copy
import inspect
import pickle

import joblib
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_digits, make_multilabel_classification
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import permutation_importance
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import validate_data

import planar


def of(features):
    if features == 30:
        X, y = load_breast_cancer(return_X_y=True)
    elif features == 64:
        X, y = load_digits(return_X_y=True)
    else:
        digits = load_digits()  # drawn larger, 28 × 28
        X = np.pad(np.kron(digits.images[:600], np.ones((3, 3))), ((0, 0), (2, 2), (2, 2))).reshape(600, features)
        y = digits.target[:600]
    return StandardScaler().fit_transform(X), y


def network(**more):
    settings = {"hidden_layer_sizes": 24, "random_state": 0, "max_iter": 30, "tol": None, "learning_rate_init": 0.01, **more}
    return planar.MLPClassifier(**settings)


@pytest.mark.parametrize("features", [30, 64, 784])
def test_networks_learn_and_work_within_scikit_learns_tools(features):
    X, y = of(features)
    model = network().fit(X, y)
    assert model.score(X, y) > 0.97
    assert model.n_features_in_ == features and model.coefs_[0].shape == (features, 24)
    proba = model.predict_proba(X)
    assert np.allclose(proba.sum(axis=1), 1) and np.array_equal(model.classes_[proba.argmax(axis=1)], model.predict(X))
    few = slice(None, None, 2)
    assert cross_val_score(make_pipeline(StandardScaler(), network()), X[few], y[few], cv=3).mean() > 0.6
    calibrated = CalibratedClassifierCV(network(), cv=2).fit(X[few], y[few])
    assert calibrated.predict_proba(X).shape == (len(X), len(np.unique(y)))
    assert BaggingClassifier(network(max_iter=10), n_estimators=3, random_state=0).fit(X[few], y[few]).score(X, y) > 0.6
    assert AdaBoostClassifier(network(max_iter=10), n_estimators=3, random_state=0).fit(X[few], y[few]).score(X, y) > 0.6
    importance = permutation_importance(model, X[:100], y[:100], n_repeats=1, random_state=0)
    assert importance.importances_mean.shape == (features,)


def test_classes_are_of_any_type():
    X, y = of(30)
    names = np.array(["benign", "malignant"])[y]
    model = network().fit(X, names)
    assert set(model.predict(X)) == {"benign", "malignant"}
    assert np.array_equal(model.predict(X) == "malignant", network().fit(X, y == 1).predict(X))
    assert (model.decision_function(X) > 0).tolist() == (model.predict(X) == "malignant").tolist()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_score_is_scikit_learns_whatever_the_classes_are():
    X, y = of(30)
    names = np.array(["no", "yes"])[y]
    labels = np.column_stack([y, 1 - y])
    kinds = [y, y == 1, y.astype(float), names, names.astype(object), y.astype(object), labels]

    def outcome(score, model, answers):
        try:
            return score(model, X, answers)
        except (TypeError, ValueError) as error:
            return type(error)

    for learnt in kinds:
        model = network(max_iter=3, device="cpu").fit(
            X, learnt if learnt.dtype != object else learnt.astype(str).astype(object)
        )
        for answers in (*kinds, y[:-1], y[:, None], y.tolist(), 2 * y):
            ours = outcome(planar.MLPClassifier.score, model, answers)
            assert ours == outcome(ClassifierMixin.score, model, answers), (model.classes_, answers)


def test_what_is_told_by_its_place_is_what_it_is_in_scikit_learn():
    def by_place(kind):
        parameters = inspect.signature(kind).parameters
        return [name for name in parameters if parameters[name].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]

    assert by_place(planar.MLPClassifier) == by_place(MLPClassifier)
    theirs = by_place(MLPRegressor)
    assert by_place(planar.MLPRegressor) == (theirs if "loss" in theirs else ["loss", *theirs])  # it is new in 1.7


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables_are_taken_with_the_names_of_their_columns(library):
    module = pytest.importorskip(library)
    X, y = of(30)
    columns = {f"feature {place}": X[:, place] for place in range(30)}
    table = module.table(columns) if library == "pyarrow" else module.DataFrame(columns)
    model = network().fit(table, y)
    assert list(model.feature_names_in_) == list(columns)
    assert np.array_equal(model.predict(table), network().fit(X, y).predict(X))


def test_float32_is_taken_as_it_is_in_any_order_of_memory():
    X, y = of(64)
    single = X.astype(np.float32)
    ways = [single, np.asfortranarray(single), single.astype(np.float64), np.repeat(single, 2, axis=1)[:, ::2]]
    models = [network(device="cpu").fit(way, y) for way in ways]
    for model in models[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(models[0].coefs_, model.coefs_, strict=True))
        assert np.array_equal(models[0].predict_proba(single), model.predict_proba(ways[1]))


def test_plain_arrays_pass_scikit_learns_validation_and_all_others_go_through_it(monkeypatch):
    X, y = of(30)
    model, looked = network(max_iter=1).fit(X, y), []
    monkeypatch.setattr("planar._samples.validate_data", lambda *_, **more: looked.append(more) or validate_data(*_, **more))
    for plain in (X, X.astype(np.float32), np.asfortranarray(X), X[::2]):
        model.predict(plain)
        clone(model).fit(plain, y[: len(plain)])
    assert looked == []
    bad = X.copy()
    bad[3, 4] = np.nan
    for other in (
        X.tolist(),
        X.astype(int),
        X.astype(object),
        bad,
        np.where(np.isnan(bad), np.inf, X),
        X[:, :4],
        X[:0],
        X[0],
    ):
        before = len(looked)
        try:
            model.predict(other)
        except ValueError:
            pass
        assert len(looked) == before + 1
    for answers in (y.tolist(), y.astype(float), y[:, None], y[:-1]):
        before = len(looked)
        try:
            clone(model).fit(X, answers)
        except ValueError as error:
            assert "inconsistent numbers of samples" in str(error)
        assert len(looked) == before + 1
    largest = np.full((4, 2), np.finfo(np.float64).max / 2)  # finite numbers, though their sum is not
    with pytest.raises(planar.Invalid, match="range of f32"):
        network().fit(largest, np.array([0, 1, 0, 1]))
    with pytest.raises(ValueError, match="requires y to be passed"):
        network().fit(X, None)


def test_float32_is_not_copied_by_python(monkeypatch):
    X, y = of(64)
    single, seen = np.ascontiguousarray(X, dtype=np.float32), []
    data = planar._planar.Data
    monkeypatch.setattr("planar._network._planar.Data", lambda points, *more: seen.append(points) or data(points, *more))
    network(max_iter=1).fit(single, y)
    assert np.shares_memory(seen[0], single)


def test_weights_of_samples_and_classes_count():
    X, y = of(30)
    few = np.flatnonzero(y == 0)[:10].tolist() + np.flatnonzero(y == 1).tolist()
    X, y = X[few], y[few]
    plain, balanced = network(), network(class_weight="balanced")
    named = network(class_weight={0: len(y) / 20, 1: len(y) / (2 * (len(y) - 10))})
    by_hand = np.where(y == 0, len(y) / 20, len(y) / (2 * (len(y) - 10)))
    models = [balanced.fit(X, y), named.fit(X, y), plain.fit(X, y, sample_weight=by_hand)]
    assert all(np.allclose(models[0].predict_proba(X), model.predict_proba(X), atol=1e-6) for model in models[1:])
    assert not np.allclose(models[0].predict_proba(X), network().fit(X, y).predict_proba(X), atol=1e-3)


@pytest.mark.parametrize("device,bound", [("reference-f64", 1e-7), ("cpu", 1e-4)])
def test_a_weight_of_2_is_a_sample_twice_and_one_of_0_is_none(device, bound):
    random = np.random.RandomState(0)
    X, y, weights = random.rand(15, 30), random.randint(0, 3, 15), random.randint(0, 5, 15)
    model = planar.MLPClassifier(random_state=0, max_iter=100, device=device, tol=None)
    weighted = clone(model).fit(X, y, sample_weight=weights)
    repeated = clone(model).fit(X.repeat(weights, axis=0), y.repeat(weights))
    assert np.allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=bound, atol=bound)
    assert not np.allclose(weighted.predict_proba(X), clone(model).fit(X, y).predict_proba(X), atol=1e-2)


def test_labels_of_yes_and_no():
    X, Y = make_multilabel_classification(300, 20, n_classes=4, random_state=0)
    X = StandardScaler().fit_transform(X)
    model = network(learning_rate_init=0.02, max_iter=100).fit(X, Y)
    assert model.predict(X).shape == Y.shape and model.predict_proba(X).shape == Y.shape
    assert ((model.predict(X) == Y).mean() > 0.95) and np.array_equal(model.predict(X), model.predict_proba(X) > 0.5)


def test_labels_may_be_sparse():
    X, Y = make_multilabel_classification(100, 20, n_classes=4, random_state=0)
    dense, sparse = network().fit(X, Y), network().fit(X, csr_matrix(Y))
    assert np.array_equal(dense.predict(X), sparse.predict(X)) and dense.score(X, csr_matrix(Y)) == dense.score(X, Y)
    with pytest.raises(ValueError, match="labels are 0 or 1"):
        network().fit(X, csr_matrix(3 * Y))


def test_early_stopping_keeps_the_weights_of_the_best_score():
    X, y = of(64)
    model = network(early_stopping=True, max_iter=200, n_iter_no_change=5, tol=1e-4).fit(X, y)
    scores = model.validation_scores_
    assert model.status_ == "converged" and len(scores) == model.n_iter_ < 200
    assert model.best_validation_score_ == max(scores) and model.best_loss_ is None
    best = int(np.argmax(scores))
    assert len(scores) - best - 1 >= 5
    _, rest = model._split(len(X), y, 0)
    assert model.score(X[rest], y[rest]) == pytest.approx(max(scores), abs=1e-12)


def test_training_stops_where_scikit_learn_would_by_the_same_losses():
    X, y = of(30)
    model = planar.MLPClassifier(10, random_state=0, max_iter=1000, tol=1e-3, n_iter_no_change=4, learning_rate_init=0.01)
    losses = model.fit(X, y).loss_curve_
    best, without, stop = np.inf, 0, None
    for epoch, loss in enumerate(losses, 1):
        without = without + 1 if loss > best - 1e-3 else 0
        best = min(best, loss)
        if without > 4:
            stop = epoch
            break
    assert model.status_ == "converged" and stop == model.n_iter_ == len(losses)


def test_partial_fits_are_the_epochs_of_one_fit():
    X, y = of(64)
    settings = {"shuffle": True, "batch_size": 100, "device": "cpu"}
    whole = network(max_iter=5, **settings).fit(X, y)
    parts = network(**settings)
    for _ in range(5):
        parts.partial_fit(X, y, classes=np.unique(y))
    assert all(np.array_equal(a, b) for a, b in zip(whole.coefs_, parts.coefs_, strict=True))
    assert parts.n_iter_ == 5 and np.allclose(parts.loss_curve_, whole.loss_curve_)
    with pytest.raises(ValueError, match="classes"):
        parts.partial_fit(X, np.where(y == 3, 77, y))


def test_parts_are_scaled_as_the_first_was():
    X, y = of(30)
    model = network(standardize=True, solver="gd", batch_size=None, device="cpu")
    model.partial_fit(3 * X + 5, y, classes=[0, 1])
    scaling, before = model._scaling, model.predict_proba(X)
    model.set_params(learning_rate_init=1e-30).partial_fit(100 * X[:200], y[:200])
    assert model._scaling == scaling and np.array_equal(model.predict_proba(X), before)


def test_a_warm_start_goes_on_from_the_weights():
    X, y = of(30)
    model = network(warm_start=True, max_iter=20, solver="gd", learning_rate_init=0.1, batch_size=None, device="cpu")
    model.fit(X, y).fit(X, y)
    at_once = network(max_iter=40, solver="gd", learning_rate_init=0.1, batch_size=None, device="cpu").fit(X, y)
    assert all(np.array_equal(a, b) for a, b in zip(model.coefs_, at_once.coefs_, strict=True))
    with pytest.raises(ValueError, match="hidden units"):
        model.set_params(hidden_layer_sizes=5).fit(X, y)


def test_copies_predict_the_same(tmp_path):
    X, y = of(30)
    model = network(standardize=True).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model.joblib")):
        assert np.array_equal(other.predict_proba(X), model.predict_proba(X))
        other.partial_fit(X, y)
    assert not hasattr(clone(model), "coefs_")


@pytest.mark.parametrize("device", ["cpu", pytest.param("gpu", marks=pytest.mark.gpu)])
def test_lbfgs_adaptive_and_invscaling_train(device):
    X, y = of(30)
    for more in (
        {"solver": "lbfgs"},
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "tol": 1e-2},
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5},
    ):
        model = network(**{"max_iter": 40, "device": device, "tol": 1e-4, **more})
        assert model.fit(X, y).score(X, y) > 0.9, more
    assert network(solver="lbfgs", device="cpu").fit(X, y).loss_ < 0.01


def test_lbfgs_trains_on_all_samples_warns_and_speaks_as_in_scikit_learn(capsys):
    X, y = of(30)
    settings = {"solver": "lbfgs", "max_iter": 5, "random_state": 0}
    ours = planar.MLPClassifier(6, device="reference-f64", verbose=True, **settings)
    theirs = MLPClassifier(6, **settings)
    said = []
    for model in (ours, theirs):
        with pytest.warns(ConvergenceWarning) as warned:
            model.fit(X, y)
        said.append(str(warned[0].message))
    assert all(each.startswith("lbfgs failed to converge") and "ITERATIONS REACHED LIMIT" in each for each in said)
    assert ours.n_iter_ == theirs.n_iter_ == 5
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[-1] == f"Iteration 5, loss = {ours.loss_:.8f}"
    held_out = [clone(model).set_params(early_stopping=True, max_iter=500).fit(X, y) for model in (ours, theirs)]
    assert [model.validation_scores_ for model in held_out[:1]] == [None] and not hasattr(held_out[1], "validation_scores_")
    all_of_them = clone(ours).set_params(max_iter=500).fit(X, y)
    assert np.array_equal(held_out[0].coefs_[0], all_of_them.coefs_[0]) and all_of_them.status_ == "converged"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("more", [{"tol": None}, {"tol": 1e-4}, {"solver": "sgd", "learning_rate": "adaptive", "tol": 1e-2}])
def test_a_line_for_each_epoch_has_its_number_and_its_mean_loss(capsys, more):
    X, y = of(30)
    model = network(batch_size=100, max_iter=40, n_iter_no_change=2, verbose=True, device="cpu", **more)
    model.fit(X, y).partial_fit(X, y).partial_fit(X, y)
    said = [line.removeprefix("Iteration ").split(", loss = ") for line in capsys.readouterr().out.splitlines()]
    numbers = [int(number) for number, _ in said]
    assert numbers == sorted(set(numbers)) and numbers[0] > 0 and numbers[-2:] == [model.n_iter_ - 1, model.n_iter_]
    assert len(numbers) > 3 and [loss for _, loss in said] == [f"{model.loss_curve_[number - 1]:.8f}" for number in numbers]


def test_an_adaptive_rate_falls_until_nothing_is_gained():
    X, y = of(30)
    settings = {"solver": "sgd", "learning_rate_init": 0.5, "max_iter": 3000, "tol": 1e-3, "n_iter_no_change": 2}
    constant = network(**settings).fit(X, y)
    model = network(learning_rate="adaptive", **settings).fit(X, y)
    assert model.status_ == constant.status_ == "converged" and model.n_iter_ == len(model.loss_curve_)
    # from 0.5 to 1e-6 the rate is divided eight times, and each time some epochs are tried
    assert model.n_iter_ >= constant.n_iter_ + 8 * 3
    assert np.array_equal(model.loss_curve_[: constant.n_iter_], constant.loss_curve_)


def test_divergence_keeps_finite_weights_and_warns():
    X, y = of(30)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model = network(solver="gd", learning_rate_init=1e30, batch_size=None).fit(X, y)
    assert model.status_ == "diverged" and all(np.isfinite(each).all() for each in model.coefs_)
