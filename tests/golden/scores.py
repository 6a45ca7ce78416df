"""Writes scores.json: what scikit-learn's metrics say of labels and logits, for tests/scores.rs to compare with.

    pip install numpy scikit-learn
    python scores.py [OUT_DIR]

A figure that is not defined is null: `zero_division=nan`, and the area under the curve where there is one class.
"""

import json
import pathlib
import sys
import warnings

import numpy as np
from sklearn import metrics


def figures(labels, logits):
    labels, logits = np.asarray(labels), np.asarray(logits, dtype=float)
    predicted = (logits > 0).astype(int)
    undefined = {"zero_division": np.nan}
    ratio = lambda value: None if np.isnan(value) else float(value)
    (tn, fp), (fn, tp) = metrics.confusion_matrix(labels, predicted, labels=[0, 1]).tolist()
    return {
        "labels": labels.tolist(), "logits": logits.tolist(),
        "true_negatives": tn, "false_positives": fp, "false_negatives": fn, "true_positives": tp,
        "accuracy": float(metrics.accuracy_score(labels, predicted)),
        "precision": ratio(metrics.precision_score(labels, predicted, **undefined)),
        "recall": ratio(metrics.recall_score(labels, predicted, **undefined)),
        "f1": ratio(metrics.f1_score(labels, predicted, **undefined)),
        "roc_auc": float(metrics.roc_auc_score(labels, logits)) if len(set(labels.tolist())) == 2 else None,
        "log_loss": float(metrics.log_loss(labels, 1 / (1 + np.exp(-logits)), labels=[0, 1])),
    }


def drawn(seed, samples, share=0.5, shift=1.0, decimals=None):
    """Labels of which `share` are 1 and logits of spread 1.5, those of class 1 `shift` higher; rounded ones tie."""
    rng = np.random.RandomState(seed)
    labels = (rng.rand(samples) < share).astype(int)
    logits = 1.5 * rng.randn(samples) + shift * (labels - 0.5)
    return figures(labels, logits if decimals is None else np.round(logits, decimals))


def main():
    warnings.simplefilter("ignore")
    cases = {
        "one of class 0, right": figures([0], [-0.5]),
        "one of class 0, wrong": figures([0], [0.5]),
        "one of class 1, right": figures([1], [2.0]),
        "one of class 1, on the border": figures([1], [0.0]),
        "two, in order": figures([0, 1], [-1.0, 1.0]),
        "two, the wrong way round": figures([0, 1], [1.0, -1.0]),
        "two, tied": figures([1, 0], [0.25, 0.25]),
        "minus zero ties with zero": figures([0, 1, 1], [0.0, -0.0, 1.0]),
        "three": figures([1, 0, 1], [-0.75, -2.0, 3.0]),
        "none predicted as class 1": figures([0, 1, 1, 0, 0], [-1.0, -2.0, -0.5, -3.0, -4.0]),
        "all of class 0": figures([0] * 7, [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]),
        "all of class 1": figures([1] * 5, [-2.0, -1.0, 0.0, 1.0, 2.0]),
        "all tied": figures([0, 1, 0, 1, 1, 0, 1], [0.5] * 7),
        "17": drawn(1, 17),
        "401": drawn(2, 401),
        "401, many ties": drawn(3, 401, decimals=0),
        "257, few of class 1": drawn(4, 257, share=0.03),
        "333, worse than chance": drawn(5, 333, shift=-1.0, decimals=1),
    }
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    (folder / "scores.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
