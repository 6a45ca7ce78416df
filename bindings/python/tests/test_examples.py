"""Three of scikit-learn's own examples of its MLP run with nothing but the import line replaced."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import sklearn

EXAMPLES = [
    "neural_networks/plot_mlp_alpha.py",
    "neural_networks/plot_mlp_training_curves.py",
    "classification/plot_classifier_comparison.py",
]
THEIRS, OURS = "from sklearn.neural_network import MLPClassifier", "from planar import MLPClassifier"


@pytest.fixture(scope="session")
def sources(tmp_path_factory):
    """The source distribution of the scikit-learn that is installed, which has the examples; SKLEARN_SDIST names one."""
    there = os.environ.get("SKLEARN_SDIST")
    if there is None:
        folder = tmp_path_factory.mktemp("sklearn")
        command = [sys.executable, "-m", "unearth", f"scikit-learn=={sklearn.__version__}", "--no-binary", "-d", str(folder)]
        subprocess.run(command, capture_output=True, timeout=180, check=False)
        there = next(folder.glob("*.tar.gz"), None)
    if there is None:
        pytest.skip("not run: the source distribution of scikit-learn cannot be had (pip install unearth)")
    return Path(there)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_scikit_learns_runs_with_its_import_replaced(tmp_path, sources, example):
    with tarfile.open(sources) as archive:
        name = next(name for name in archive.getnames() if name.endswith(f"examples/{example}"))
        program = archive.extractfile(name).read().decode()
    assert program.count(THEIRS) == 1
    file = tmp_path / "example.py"
    file.write_text(program.replace(THEIRS, OURS), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, file],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "MPLBACKEND": "agg"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
