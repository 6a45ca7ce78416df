"""Writes scores.json and more_scores.json: what scikit-learn's metrics say of labels and logits, for tests/scores.rs and
tests/more_scores.rs to compare with.

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


def ratios(values):
    return [None if np.isnan(value) else float(value) for value in values]


def weighted(seed, samples):
    """Two classes, whose samples have weights, some of them 0."""
    rng = np.random.RandomState(seed)
    labels, weights = rng.randint(0, 2, samples), rng.randint(0, 5, samples) / 2
    logits = np.round(1.5 * rng.randn(samples) + labels - 0.5, 1)
    predicted, of = (logits > 0).astype(int), {"sample_weight": weights}
    return {
        "labels": labels.tolist(), "logits": logits.tolist(), "weights": weights.tolist(),
        "accuracy": float(metrics.accuracy_score(labels, predicted, **of)),
        "precision": float(metrics.precision_score(labels, predicted, **of)),
        "recall": float(metrics.recall_score(labels, predicted, **of)),
        "f1": float(metrics.f1_score(labels, predicted, **of)),
        "roc_auc": float(metrics.roc_auc_score(labels, logits, **of)),
        "log_loss": float(metrics.log_loss(labels, 1 / (1 + np.exp(-logits)), labels=[0, 1], **of)),
    }


def classes(seed, samples, k, rare=False, weighs=False):
    """Labels of k classes, of which the last is rare or not there, and logits (samples x k)."""
    rng = np.random.RandomState(seed)
    labels = rng.randint(0, k - 1 if rare else k, samples)
    logits = np.round(rng.randn(samples, k) + 1.2 * np.eye(k)[labels] - (9 * np.eye(k)[-1] if rare else 0), 3)
    weights = rng.randint(1, 9, samples) / 4 if weighs else None
    predicted, of = logits.argmax(1), {"sample_weight": weights}
    names = list(range(k))
    each = metrics.precision_recall_fscore_support(labels, predicted, labels=names, zero_division=np.nan, **of)
    shares = np.exp(logits - logits.max(1, keepdims=True))
    mean = lambda values: None if np.isnan(values).all() else float(np.nanmean(values))
    return {
        "labels": labels.tolist(), "logits": logits.ravel().tolist(), "weights": None if weights is None else weights.tolist(), "k": k,
        "confusion": metrics.confusion_matrix(labels, predicted, labels=names).tolist(),
        "accuracy": float(metrics.accuracy_score(labels, predicted, **of)),
        "precision": ratios(each[0]), "recall": ratios(each[1]), "f1": ratios(each[2]),
        "macro_precision": mean(each[0]), "macro_recall": mean(each[1]), "macro_f1": mean(each[2]),
        "log_loss": float(metrics.log_loss(labels, shares / shares.sum(1, keepdims=True), labels=names, **of)),
    }


def numbers(seed, samples, targets, weighs=False):
    """Values (targets x samples) and predictions (samples x targets)."""
    rng = np.random.RandomState(seed)
    y = 10 * rng.randn(samples, targets) + 50
    z = y + 3 * rng.randn(samples, targets) * (1 + np.arange(targets))
    weights = rng.randint(0, 9, samples) / 4 if weighs else None
    raw = {"sample_weight": weights, "multioutput": "raw_values"}
    return {
        "values": y.T.ravel().tolist(), "predicted": z.ravel().tolist(), "weights": None if weights is None else weights.tolist(), "k": targets,
        "r2": float(metrics.r2_score(y, z, sample_weight=weights, multioutput="variance_weighted")),
        "mae": float(metrics.mean_absolute_error(y, z, sample_weight=weights)),
        "rmse": float(metrics.root_mean_squared_error(y, z, sample_weight=weights)),
        "r2_each": metrics.r2_score(y, z, **raw).tolist(),
        "mae_each": metrics.mean_absolute_error(y, z, **raw).tolist(),
        "rmse_each": metrics.root_mean_squared_error(y, z, **raw).tolist(),
    }


def several(seed, samples, k, weighs=False):
    """Several labels of yes or no (k x samples) and logits (samples x k)."""
    rng = np.random.RandomState(seed)
    y = rng.randint(0, 2, (samples, k))
    z = np.round(1.5 * rng.randn(samples, k) + 2 * y - 1, 2)
    weights = rng.randint(1, 9, samples) / 4 if weighs else None
    predicted = (z > 0).astype(int)
    return {
        "values": y.T.ravel().tolist(), "logits": z.ravel().tolist(), "weights": None if weights is None else weights.tolist(), "k": k,
        "accuracy": float(metrics.accuracy_score(y, predicted, sample_weight=weights)),
        "hamming_loss": float(metrics.hamming_loss(y, predicted, sample_weight=weights)),
        "macro_f1": float(metrics.f1_score(y, predicted, average="macro", sample_weight=weights)),
        "f1": metrics.f1_score(y, predicted, average=None, sample_weight=weights).tolist(),
    }


def more():
    return {
        "weighted": [weighted(1, 31), weighted(2, 203)],
        "classes": [classes(3, 17, 3), classes(4, 401, 10), classes(5, 57, 4, rare=True), classes(6, 101, 3, weighs=True), classes(7, 33, 5, rare=True, weighs=True)],
        "numbers": [numbers(8, 23, 1), numbers(9, 101, 3), numbers(10, 57, 2, weighs=True)],
        "labels": [several(11, 19, 2), several(12, 203, 4), several(13, 61, 3, weighs=True)],
    }


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
    (folder / "more_scores.json").write_text(json.dumps(more(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
