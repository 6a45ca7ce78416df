"""The README's programs run, and one line installs the package."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]


PROJECT = HERE / "PROJECT.md" if (HERE / "PROJECT.md").exists() else HERE.parents[1] / "README.md"


def programs(text):
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_the_projects_readme_has_one_line_of_pip_and_one_program_which_runs():
    text = PROJECT.read_text(encoding="utf-8").split("## From Python\n")[1].split("\n## ")[0]
    (program,) = programs(text)
    assert text.count("pip install ./bindings/python") == 1
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[:2] == ["Cost after iteration 0: 0.693048", "Cost after iteration 1000: 0.288083"]
    assert float(said[10]) > 0.85 and said[11].startswith("{'hidden': ")


def test_the_readmes_programs_run(tmp_path):
    first, second = programs((HERE / "README.md").read_text(encoding="utf-8"))
    try:
        import optuna  # noqa: F401
    except ImportError:
        second = ""
    done = subprocess.run(
        [sys.executable, "-c", first + second], capture_output=True, text=True, cwd=tmp_path, env=os.environ, check=False
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0].startswith("accuracy 0.9") and said[1].startswith("best: {") and said[2].startswith("search: {")
    assert "derivative" in done.stdout
    if not second:
        pytest.skip("not run: Optuna's part, without Optuna")
    assert said[-1].startswith("Optuna: {")
