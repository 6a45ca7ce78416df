"""Writes folds.json: the folds that scikit-learn draws, for tests/data/golden.rs to compare with.

    pip install numpy scikit-learn
    python folds.py [OUT_DIR]
"""

import json
import pathlib
import sys

import numpy as np
from sklearn.model_selection import StratifiedKFold


def drawn(seed, samples, count, share):
    """Labels of which `share` are 1, and the fold of each sample."""
    labels = (np.random.RandomState(100 + seed).rand(samples) < share).astype(int)
    folds = np.zeros(samples, int)
    split = StratifiedKFold(count, shuffle=True, random_state=seed).split(labels.reshape(-1, 1), labels)
    for fold, (_, test) in enumerate(split):
        folds[test] = fold
    return {"seed": seed, "count": count, "labels": labels.tolist(), "folds": folds.tolist()}


def main():
    cases = [drawn(0, 18, 3, 0.4), drawn(1, 50, 5, 0.5), drawn(7, 41, 4, 0.2), drawn(2, 569, 10, 0.37)]
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    (folder / "folds.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
