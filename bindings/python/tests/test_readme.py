"""The README's programs run, and one line installs the package."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]


def programs():
    return re.findall(r"```python\n(.*?)```", (HERE / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_readmes_programs_run(tmp_path):
    first, second = programs()
    try:
        import optuna  # noqa: F401
    except ImportError:
        second = ""
    done = subprocess.run([sys.executable, "-c", first + second], capture_output=True, text=True, cwd=tmp_path, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0].startswith("accuracy 0.9") and said[1].startswith("best: {") and said[2].startswith("search: {")
    assert "derivative" in done.stdout
    if not second:
        pytest.skip("not run: Optuna's part, without Optuna")
    assert said[-1].startswith("Optuna: {")
