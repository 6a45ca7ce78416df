"""An exported network answers in onnxruntime as it does here."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_multilabel_classification

import planar

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

X, y = load_digits(return_X_y=True)
X, y = X[:300].astype(np.float32), y[:300]
ACTIVATIONS = ["identity", "tanh", "logistic", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu"]


def said(model):
    session = runtime.InferenceSession(model.to_onnx().SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"X": X})


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_classes_by_each_activation(activation):
    model = planar.MLPClassifier((20, 10), activation, random_state=0, max_iter=20, tol=None, standardize=True).fit(X, y)
    label, probabilities = said(model)
    assert np.allclose(probabilities, model.predict_proba(X), atol=1e-5)
    assert (label == model.predict(X)).mean() > 0.995


def test_text_two_classes_labels_and_numbers():
    text = planar.MLPClassifier(8, random_state=0, max_iter=20, tol=None).fit(X, np.where(y > 4, "high", "low"))
    label, probabilities = said(text)
    assert (label == text.predict(X)).mean() > 0.99 and np.allclose(probabilities, text.predict_proba(X), atol=1e-5)
    _, Y = make_multilabel_classification(300, n_classes=3, random_state=0)
    several = planar.MLPClassifier(8, random_state=0, max_iter=20, tol=None).fit(X, Y)
    label, probabilities = said(several)
    assert label.shape == Y.shape and np.allclose(probabilities, several.predict_proba(X), atol=1e-5)
    numbers = planar.MLPRegressor("squared_error", 8, "tanh", random_state=0, max_iter=20, tol=None).fit(
        X, np.column_stack([y, -y])
    )
    assert np.allclose(said(numbers)[0], numbers.predict(X), atol=1e-4)

    # as planar.load leaves a network whose targets the command has scaled
    numbers._columns = {"targets": [{"offset": 2.0, "factor": 0.5}, {"offset": -1.0, "factor": 4.0}]}
    assert np.allclose(said(numbers)[0], numbers.predict(X), atol=1e-4)
