"""The exercise, executed as a notebook with only its import changed, prints the exercise's costs."""

import numpy as np
import pytest

import planar
from planar.notebook import load_extra_datasets, load_planar_dataset, nn_model, plot_decision_boundary, predict

# what the notebook prints for n_h = 4 and 10,000 iterations, in float64
COSTS = [0.693048, 0.288083, 0.254385, 0.233864, 0.226792, 0.222644, 0.219731, 0.217504, 0.219430, 0.218551]


def test_the_flower_has_the_notebooks_shapes_and_values():
    X, Y = load_planar_dataset()
    assert X.shape == (2, 400) and Y.shape == (1, 400) and Y.sum() == 200
    random = np.random.RandomState(1)
    t = np.linspace(0, 3.12, 200) + random.randn(200) * 0.2
    r = 4 * np.sin(4 * t) + random.randn(200) * 0.2
    assert np.allclose(X[:, :200], np.array([r * np.sin(t), r * np.cos(t)]), rtol=0, atol=1e-14)


def test_the_other_data_sets_have_the_notebooks_shapes_and_values():
    from sklearn.datasets import make_blobs, make_circles, make_gaussian_quantiles, make_moons

    circles, moons, blobs, quantiles, nothing = load_extra_datasets()
    theirs = (
        make_circles(200, factor=0.5, noise=0.3, random_state=1),
        make_moons(200, noise=0.2, random_state=1),
        make_blobs(200, n_features=2, centers=6, random_state=5),
        make_gaussian_quantiles(mean=None, cov=0.5, n_samples=200, n_features=2, n_classes=2, shuffle=True, random_state=1),
    )
    for (X, y), (there, labels) in zip((circles, moons, blobs, quantiles), theirs, strict=True):
        assert X.shape == (200, 2) and y.shape == (200,) and X.dtype == float and y.dtype == int
        assert np.allclose(X, there, rtol=0, atol=1e-14)  # the last bits of versions of NumPy differ
        assert np.array_equal(y, labels % 2)  # as the notebook takes the six blobs
    assert nothing[0].shape == nothing[1].shape == (200, 2)


@pytest.mark.parametrize("device", ["auto", "reference-f64"])
def test_costs_are_printed_as_the_notebook_prints_them(capsys, device):
    X, Y = load_planar_dataset()
    parameters = nn_model(X, Y, n_h=4, num_iterations=10000, print_cost=True, device=device)
    are_as_in_the_notebook(capsys.readouterr().out.splitlines())
    assert {name: parameters[name].shape for name in parameters} == {"W1": (4, 2), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}
    assert (predict(parameters, X) == Y).mean() == pytest.approx(0.9, abs=0.02)


def are_as_in_the_notebook(lines):
    """The first eight lines to the digit; then what float64 itself rounds otherwise has grown beyond the digits."""
    wanted = [f"Cost after iteration {1000 * place}: {cost:f}" for place, cost in enumerate(COSTS)]
    assert len(lines) == 10 and lines[:8] == wanted[:8]
    assert all(float(line.split()[-1]) == pytest.approx(cost, abs=1e-3) for line, cost in zip(lines, COSTS, strict=True))


def test_another_activation_is_kept_with_the_parameters():
    X, Y = load_planar_dataset()
    leaky = nn_model(X, Y, 20, 500, activation="leaky_relu", learning_rate=0.5, device="cpu")
    model = planar.PlanarClassifier(20, "leaky_relu", learning_rate=0.5, max_iter=500, device="cpu").fit(X.T, Y[0])
    assert np.array_equal(predict(leaky, X)[0], model.predict(X.T) == 1)


def test_points_that_lie_the_other_way_are_refused():
    X, Y = load_planar_dataset()
    parameters = nn_model(X, Y, 4, 10, device="cpu")
    with pytest.raises(planar.Mismatch, match="points of 400 features do not fit a network of 2"):
        predict(parameters, X.T)


def test_the_boundary_is_drawn():
    plt = pytest.importorskip("matplotlib.pyplot")
    X, Y = load_planar_dataset()
    parameters = nn_model(X, Y, 4, 500, device="cpu")
    for model in (lambda points: predict(parameters, points.T), planar.PlanarClassifier(max_iter=50).fit(X.T, Y[0])):
        figure = plt.figure()
        plot_decision_boundary(model, X, Y)
        assert len(figure.axes[0].collections) >= 2
        plt.close(figure)


CELLS = [
    "import numpy as np\nimport matplotlib.pyplot as plt\nimport sklearn.linear_model\n"
    "from planar.notebook import *  # from planar_utils import …\n%matplotlib inline\nnp.random.seed(1)",
    "X, Y = load_planar_dataset()\nplt.scatter(X[0, :], X[1, :], c=Y.ravel(), s=40, cmap=plt.cm.Spectral);",
    "clf = sklearn.linear_model.LogisticRegressionCV()\nclf.fit(X.T, Y.ravel())\n"
    "plot_decision_boundary(lambda x: clf.predict(x), X, Y.ravel())\nplt.title('Logistic Regression');",
    "parameters = nn_model(X, Y, n_h=4, num_iterations=10000, print_cost=True)",
    "plot_decision_boundary(lambda x: predict(parameters, x.T), X, Y.ravel())\n"
    "predictions = predict(parameters, X)\n"
    "print('Accuracy: %d' % (np.dot(Y, predictions.T).item() + np.dot(1 - Y, 1 - predictions.T).item()) + ' of 400')",
    "for n_h in [1, 2, 3, 4, 5, 20, 50]:\n"
    "    parameters = nn_model(X, Y, n_h, num_iterations=5000)\n"
    "    print(f'Accuracy for {n_h} hidden units: {100 * (predict(parameters, X) == Y).mean():.2f} %')",
    "noisy_circles, noisy_moons, blobs, gaussian_quantiles, no_structure = load_extra_datasets()\n"
    "X, Y = noisy_moons\nX, Y = X.T, Y.reshape(1, Y.shape[0])\n"
    "plot_decision_boundary(lambda x: predict(nn_model(X, Y, 4, 500), x.T), X, Y)",
    "import planar\nplanar.PlanarClassifier(max_iter=100).fit(X.T, Y[0])",
]


def test_the_exercise_runs_as_a_notebook(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbconvert = pytest.importorskip("nbconvert.preprocessors")
    pytest.importorskip("ipykernel")
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbconvert.ExecutePreprocessor(timeout=120, kernel_name="python3").preprocess(notebook, {"metadata": {"path": tmp_path}})
    text = "".join(output.get("text", "") for cell in notebook.cells for output in cell.outputs)
    are_as_in_the_notebook([line for line in text.splitlines() if line.startswith("Cost after")])
    assert text.count("Accuracy for") == 7
    streams = [output for cell in notebook.cells for output in cell.outputs if output.get("name") == "stderr"]
    assert not any(word in stream.text for stream in streams for word in ("planar", "XDG", "error")), streams
    shown = notebook.cells[-1].outputs[0].data["text/html"]
    assert "planar-boundary" in shown and "planar-curve" in shown
