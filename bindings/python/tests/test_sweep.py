"""Sweeps, searches, diagnoses and comparisons."""

import numpy as np
import pytest
from joblib import parallel_config
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import planar

X, y = load_breast_cancer(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
GRID = {"hidden": [1, 4, 7], "learning_rate": [0.3, 1.2], "random_state": [1, 2]}


def test_a_sweep_has_the_networks_that_fits_have(flower):
    found = planar.sweep(*flower, GRID, estimator=planar.PlanarClassifier(max_iter=80, device="cpu"))
    assert len(found) == 12 and found.best_params_.keys() == GRID.keys()
    for row in found.rows[::5]:
        settings = {name: row[name] for name in GRID}
        alone = planar.PlanarClassifier(max_iter=80, device="cpu", **settings).fit(*flower)
        assert row["loss"] == alone.loss_ and row["score"] == alone.score(*flower)
    assert found.best_.loss_ == min(row["loss"] for row in found.rows)
    assert "<table>" in found._repr_html_() and "12 networks" in repr(found)
    pytest.importorskip("pandas")
    assert found.table.iloc[0]["loss"] == found.best_.loss_


def test_shards_merge_to_the_whole_sweep(tmp_path, flower):
    estimator = planar.PlanarClassifier(max_iter=30)
    whole = planar.sweep(*flower, GRID, estimator=estimator, X_test=flower[0], y_test=flower[1])
    for shard in range(1, 4):
        part = planar.sweep(*flower, GRID, estimator=estimator, X_test=flower[0], y_test=flower[1], shard=f"{shard}/3")
        part.save(tmp_path / f"{shard}.jsonl")
    merged = planar.merge(sorted(tmp_path.glob("*.jsonl")))
    assert merged.rows == whole.rows and merged.best_params_ == whole.best_params_
    with pytest.raises(planar.Invalid, match="shard"):
        planar.sweep(*flower, GRID, shard="4/3")


def test_shards_may_be_empty_or_of_several_grids_and_none_may_be_missing_or_of_another_sweep(tmp_path, flower):
    estimator, grid = planar.PlanarClassifier(max_iter=3, device="cpu"), [{"hidden": [2, 3]}, {"learning_rate": [0.1]}]
    whole = planar.sweep(*flower, grid, estimator=estimator)
    files = [tmp_path / f"{shard}.jsonl" for shard in range(1, 6)]
    for shard, file in enumerate(files, 1):
        planar.sweep(*flower, grid, estimator=estimator, shard=f"{shard}/5").save(file)
    assert planar.merge(files).rows == whole.rows
    with pytest.raises(planar.Results, match="1 of 3 networks are in no file, the first of them number 1"):
        planar.merge([files[0], files[2], files[3]])
    planar.sweep(*flower, grid, estimator=planar.PlanarClassifier(max_iter=4), shard="2/5").save(files[1])
    with pytest.raises(planar.Mismatch, match="another sweep"):
        planar.merge(files)
    for text in ("", "nothing", "[]", "{}", "3\n4"):
        files[1].write_text(text)
        with pytest.raises(planar.Results, match="SweepResult.save"):
            planar.merge(files)
    with pytest.raises(planar.Results, match="no file"):
        planar.merge([])


def test_shards_of_other_samples_weights_or_values_are_refused(tmp_path, flower):
    X, y = flower
    weights = np.linspace(1, 2, 400)
    usual = {"X": X, "y": y, "grid": {"hidden": [2, 3]}, "X_test": X[:9], "y_test": y[:9], "sample_weight": weights}
    usual["estimator"] = planar.PlanarClassifier(max_iter=3, device="cpu")

    def shard(number, **more):
        file = tmp_path / f"{number}.jsonl"
        planar.sweep(**(usual | more), shard=f"{number}/2").save(file)
        return file

    first = shard(1)
    assert len(planar.merge([first, shard(2)])) == len(planar.merge([first, shard(2, X=csr_matrix(X))])) == 2
    for more in (
        {"X": X + 1e-12},
        {"y": 1 - y},
        {"sample_weight": None},
        {"sample_weight": weights + 1},
        {"X_test": X[1:10]},
        {"y_test": 1 - y[:9]},
        {"X_test": None},
    ):
        with pytest.raises(planar.Mismatch, match=r"2.jsonl is of another sweep: its samples are not those of \S*1.jsonl$"):
            planar.merge([first, shard(2, **more)])
    with pytest.raises(planar.Mismatch, match="its values of the grid are not those"):
        planar.merge([first, shard(2, grid={"hidden": [2, 4]})])


def test_shards_are_of_one_estimator_if_its_networks_are_the_same(tmp_path, flower):
    def shard(number, estimator):
        file = tmp_path / f"{number}.jsonl"
        planar.sweep(*flower, {"hidden": [2, 3]}, estimator=estimator, shard=f"{number}/2").save(file)
        return file

    def of(last):  # with more classes than scikit-learn writes out
        return {**{label: 1.0 for label in range(400)}, 400: last}

    usual = planar.PlanarClassifier(max_iter=3, device="cpu")
    first = shard(1, usual)
    assert len(planar.merge([first, shard(2, usual.set_params(n_threads=2, verbose=False))])) == 2
    y = np.arange(400) % 2
    for last, other in ((2.0, 2.0), (2.0, 3.0)):
        head = [
            planar.sweep(flower[0], y, {"hidden": [2]}, estimator=clone(usual).set_params(class_weight=of(each)))._head
            for each in (last, other)
        ]
        assert (head[0] == head[1]) == (last == other)
    with pytest.raises(planar.Mismatch, match="its estimator's parameters are not those"):
        planar.merge([first, shard(2, planar.PlanarClassifier(max_iter=3, device="cpu", alpha=1.0))])
    seeded = np.random.RandomState(0)
    for given in ({"estimator": planar.PlanarClassifier(random_state=seeded)}, {"grid": {"random_state": [seeded]}}):
        with pytest.raises(planar.Invalid, match=r"random_state must be a number, .* not RandomState\(MT19937\)"):
            planar.sweep(*flower, **({"grid": {"hidden": [2]}} | given), shard="1/2")
    with pytest.raises(planar.Invalid, match="random_state must be a number"):
        found = planar.sweep(*flower, {"random_state": [seeded]}, estimator=usual)
        found.save(tmp_path / "none.jsonl")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_parameters_come_out_of_files_as_they_went_in(tmp_path, flower):
    estimator = planar.MLPClassifier(max_iter=2, random_state=0, device="cpu")
    grid = {
        "hidden_layer_sizes": [(3, 2), np.array([4]), np.int64(5)],
        "class_weight": [{0: 1.0, 1: 2.0}, {np.int64(0): np.float64(0.5), np.int64(1): 1.0}, "balanced", None],
        "n_iter_no_change": [np.inf],
    }
    whole = planar.sweep(*flower, grid, estimator=estimator)
    files = [tmp_path / f"{shard}.jsonl" for shard in (1, 2)]
    for shard, file in enumerate(files, 1):
        planar.sweep(*flower, grid, estimator=estimator, shard=f"{shard}/2").save(file)
    merged = planar.merge(files)
    for there, here in zip(merged.rows, whole.rows, strict=True):
        assert all(np.array_equal(there[name], here[name]) for name in here)
        assert type(there["class_weight"]) is type(here["class_weight"])
    assert merged.rows[0]["hidden_layer_sizes"] == (3, 2) and merged.rows[0]["class_weight"] == {0: 1.0, 1: 2.0}
    clone(estimator).set_params(**merged.best_params_).fit(*flower)


def test_the_bar_of_a_sweep_goes_on_while_networks_train(flower, monkeypatch):
    class Bar:
        n, seen = 0, []

        def update(self, more):
            self.n += more
            self.seen.append(self.n)

        def close(self):
            pass

    monkeypatch.setattr("planar._sweep._tqdm", lambda networks: Bar())
    estimator = planar.PlanarClassifier(30, max_iter=4000, device="cpu", n_threads=1)
    grid = {"learning_rate": [0.1, 0.2, 0.3, 0.4], "activation": ["tanh", "relu"]}
    planar.sweep(*flower, grid, estimator=estimator, progress=True)
    assert Bar.seen[-1] == 8 and sorted(Bar.seen) == Bar.seen
    assert len({at for at in Bar.seen if 0 < at < 8 and at != 4}) >= 2  # not only the ends of the two sessions


@pytest.mark.parametrize("device", ["cpu", pytest.param("gpu", marks=pytest.mark.gpu)])
@pytest.mark.parametrize(
    "estimator,grid",
    [
        (
            planar.PlanarClassifier(max_iter=40, init_scale=0.1),
            {"hidden": [2, 5], "learning_rate": [0.3, 1.2], "activation": ["tanh", "relu"]},
        ),
        (
            planar.MLPClassifier((6,), max_iter=12, random_state=0, standardize=True),
            {"alpha": [1e-4, 0.1], "tol": [1e-4, 0.05], "n_iter_no_change": [2]},
        ),
        (
            planar.MLPClassifier((6,), max_iter=12, random_state=0),
            {"solver": ["adam", "sgd", "lbfgs"], "early_stopping": [False, True]},
        ),
    ],
)
def test_a_search_finds_what_grid_search_finds(device, estimator, grid):
    estimator = estimator.set_params(device=device)
    settings = {
        "cv": StratifiedKFold(3, shuffle=True, random_state=0),
        "return_train_score": True,
        "scoring": ["accuracy", "neg_log_loss"],
        "refit": "accuracy",
    }
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = GridSearchCV(estimator, grid, **settings).fit(X, y)
        ours = planar.SweepSearchCV(estimator, grid, **settings).fit(X, y)
    for name in theirs.cv_results_:
        if "time" not in name and name != "params" and not name.startswith("param_"):
            assert np.array_equal(ours.cv_results_[name], theirs.cv_results_[name]), name
    assert ours.cv_results_["params"] == theirs.cv_results_["params"] and ours.best_params_ == theirs.best_params_
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert type(ours.get_params()["cv"]) is StratifiedKFold


@pytest.fixture
def sessions(monkeypatch):
    """The widths of the networks that each call of the extension trains."""
    train, widths = planar._planar.train, []

    def counted(data, networks, *more):
        widths.append([network["hidden"][0] for network in networks])
        return train(data, networks, *more)

    monkeypatch.setattr("planar._planar.train", counted)
    return widths


@pytest.mark.parametrize("device", ["cpu", pytest.param("gpu", marks=pytest.mark.gpu)])
def test_a_search_of_a_pipeline_finds_what_grid_search_finds(device, sessions):
    network = planar.PlanarClassifier(max_iter=40, device=device)
    pipeline = Pipeline([("scale", StandardScaler()), ("network", network)])
    grid = [
        {"network__hidden": [2, 5], "scale": [StandardScaler(), "passthrough", MinMaxScaler((0, 0))]},
        {"network": [clone(network).set_params(hidden=3), clone(network).set_params(hidden=4), GaussianNB()]},
        {"network__hidden": [6], "scale__with_mean": ["neither"]},
    ]
    settings = {"cv": 3, "return_train_score": True, "error_score": 0.0}
    weights = np.random.RandomState(0).random_sample(len(y))
    with pytest.warns(FitFailedWarning):
        theirs = GridSearchCV(pipeline, grid, **settings).fit(X, y, network__sample_weight=weights)
    sessions.clear()
    with pytest.warns(FitFailedWarning):
        ours = planar.SweepSearchCV(pipeline, grid, **settings).fit(X, y, network__sample_weight=weights)
    for name in theirs.cv_results_:
        if "_score" in name and "time" not in name:
            assert np.array_equal(ours.cv_results_[name], theirs.cv_results_[name]), name
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    # of each fold the scalings of the first grid and the second grid, and the best on everything
    assert sessions[:-1] == [[2, 5], [2, 5], [3, 4]] * 3


class Shifted(TransformerMixin, BaseEstimator):
    """Adds what another fit would not add."""

    def fit(self, X, y=None):
        self.by_ = np.random.default_rng().random()
        return self

    def transform(self, X):
        return X + self.by_


def test_a_network_of_other_points_is_not_taken_over(sessions):
    pipeline = make_pipeline(Shifted(), planar.PlanarClassifier(max_iter=5, device="cpu"))
    planar.SweepSearchCV(pipeline, {"planarclassifier__hidden": [2, 5]}, cv=2).fit(X, y)
    assert sessions[:6] == [[2, 5], [2, 5], [2], [2], [5], [5]] and len(sessions) == 7


def test_a_candidate_that_fails_is_scored_as_grid_search_scores_it():
    grid = {"activation": ["tanh", "no such"]}
    with pytest.warns(Warning):
        found = planar.SweepSearchCV(planar.PlanarClassifier(max_iter=20), grid, cv=2).fit(X, y)
    scores = found.cv_results_["mean_test_score"]
    assert np.isfinite(scores[0]) and np.isnan(scores[1])
    for other, named in ((GridSearchCV, "is a"), (make_pipeline(GaussianNB()), "is a Pipeline that ends in a GaussianNB")):
        with pytest.raises(TypeError, match=f"planar's estimators, and this {named}"):
            planar.SweepSearchCV(other, grid).fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_a_candidate_that_is_refused_is_refused_in_every_fold():
    estimator, grid = planar.PlanarClassifier(max_iter=5, device="cpu"), {"standardize": ["yes", False]}
    searches = [kind(estimator, grid, cv=3, error_score=0.0) for kind in (planar.SweepSearchCV, GridSearchCV)]
    ours, theirs = (search.fit(X, y).cv_results_ for search in searches)
    for fold in range(3):
        assert np.array_equal(ours[f"split{fold}_test_score"], theirs[f"split{fold}_test_score"])
        assert ours[f"split{fold}_test_score"][0] == 0.0
    for search in searches:  # the best is one that is refused
        with pytest.raises(ValueError, match="'standardize' parameter"):
            search.set_params(error_score=1.1).fit(X, y)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_search_trains_each_candidate_once_whatever_joblib_is_told(sessions, n_jobs):
    search = planar.SweepSearchCV(planar.PlanarClassifier(max_iter=5), {"hidden": [2, 3]}, cv=3, n_jobs=n_jobs)
    with parallel_config("threading", n_jobs=2):
        search.fit(X, y)
    assert sessions == [[2, 3]] * 3 + [[search.best_params_["hidden"]]] and search.n_jobs == n_jobs  # the last on everything


def test_a_diagnosis_names_the_cause_and_shows_it(flower):
    bug = planar.PlanarClassifier(4, "relu", backward_activation="tanh", max_iter=100)
    found = planar.diagnose(*flower, bug)
    assert found.cause == "wrong-derivative" and found.because and "<li>" in found._repr_html_()
    wild = planar.diagnose(*flower, planar.PlanarClassifier(20, "relu", learning_rate=1e6, max_iter=50), patience=2.0)
    assert wild.cause == "learning-rate-too-large" and wild.remedy["helps"]
    assert "helps" in wild._repr_html_() and wild.verdict in repr(wild)


def test_a_comparison_agrees_and_can_disagree(flower):
    found = planar.compare(*flower, iterations=50)
    assert found and found.agrees and "agree" in repr(found) and "W1" in found._repr_html_()
    found.found["agrees"] = False
    assert "DISAGREE" in repr(planar.Comparison(found.found))


@pytest.mark.gpu
def test_the_gpu_agrees_with_the_reference(flower):
    assert planar.compare(*flower, right="gpu", iterations=50)


def test_a_fitted_network_shows_its_boundary_and_its_loss(flower):
    assert "planar-card" not in planar.PlanarClassifier()._repr_html_()
    shown = planar.PlanarClassifier(max_iter=100).fit(*flower)._repr_html_()
    assert "planar-boundary" in shown and "polyline" in shown and shown.count("<rect") > 60
    wide = planar.MLPClassifier(4, max_iter=5, tol=None).fit(X, y)._repr_html_()
    assert "planar-boundary" not in wide and "polyline" in wide


def test_tqdm_shows_how_far_a_training_is(flower, capsys):
    pytest.importorskip("tqdm")
    planar.PlanarClassifier(max_iter=50, progress=True).fit(*flower)
    assert "50/50" in capsys.readouterr().err
    planar.PlanarClassifier(max_iter=50, verbose=True).fit(*flower)
    assert "loss = 0." in capsys.readouterr().out


def test_widths_in_arrays_and_candidates_of_the_wrong_kind_are_searched_as_by_grid_search(flower):
    search = {"error_score": np.nan, "cv": 2}
    for estimator, grid in [
        (planar.MLPClassifier(max_iter=3, tol=None, random_state=0), {"hidden_layer_sizes": [np.array([3, 2]), (2,)]}),
        (planar.PlanarClassifier(max_iter=3), {"hidden": [2, [-3]]}),
    ]:
        ours = planar.SweepSearchCV(estimator, grid, **search).fit(*flower)
        theirs = GridSearchCV(estimator, grid, **search).fit(*flower)
        scores = [found.cv_results_["mean_test_score"] for found in (ours, theirs)]
        assert np.array_equal(*scores, equal_nan=True) and not np.isnan(scores[0]).all()
