"""scikit-learn's own checks of an estimator, on the CPU and, if there is one, on a GPU."""

import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

import planar

# what these demand of 1e-7 is below the rounding of float32; the last test holds the estimators to it in float64
ROUNDING = {
    f"check_sample_weight_equivalence_on_{kind}_data": "float32 rounds otherwise where samples are summed in another order"
    for kind in ("dense", "sparse")
}


def estimators(**more):
    return [
        planar.MLPClassifier(max_iter=100, **more),
        planar.MLPRegressor(max_iter=100, **more),
        planar.PlanarClassifier(max_iter=200, **more),
    ]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(estimators(), expected_failed_checks=lambda _: ROUNDING)
def test_every_check_passes_on_the_cpu(estimator, check):
    check(estimator)


@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(estimators(device="gpu"), expected_failed_checks=lambda _: ROUNDING)
def test_every_check_passes_on_a_gpu(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("check", ROUNDING)
@pytest.mark.parametrize("estimator", estimators(device="reference-f64"), ids=lambda of: type(of).__name__)
def test_weights_count_as_repeated_samples_do_in_float64(estimator, check):
    getattr(estimator_checks, check)(type(estimator).__name__, estimator)
