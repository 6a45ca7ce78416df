"""What the tests share: the command, whose bits are compared, and what is not there, which is said."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # scikit-learn checks arrays of other libraries only then
os.environ.setdefault("MPLBACKEND", "agg")

import planar  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]


def pytest_collection_modifyitems(items):
    """Without an adapter, tests that need one are reported as not run; with REQUIRE_GPU=1 they fail."""
    if planar.devices() or os.environ.get("REQUIRE_GPU") == "1":
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="not run: there is no graphics adapter"))


@pytest.fixture(scope="session")
def command():
    """Runs the command ``planar``, which PLANAR_COMMAND names or the build has left."""
    name = os.environ.get("PLANAR_COMMAND") or shutil.which("planar", path=ROOT / "target/release")
    if name is None:
        pytest.skip("not run: the command planar is not built (cargo build --release)")

    def run(*arguments):
        done = subprocess.run([name, *map(str, arguments)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def flower():
    """The flower's points (400, 2) and labels."""
    X, Y = planar.notebook.load_planar_dataset()
    return X.T.copy(), Y[0]
