"""From a checkpoint to an estimator."""

import json

import numpy as np
from sklearn.base import is_classifier, is_regressor

from . import _planar
from ._errors import Checkpoint
from ._front import classes_of, parameters_of
from ._mlp_classifier import MLPClassifier
from ._mlp_regressor import MLPRegressor
from ._planar_classifier import PlanarClassifier
from ._types import File


def load(path: File) -> PlanarClassifier | MLPClassifier | MLPRegressor:
    """An estimator from a checkpoint that :meth:`save` or the command ``planar`` has written.

    Parameters
    ----------
    path : str or path-like
        A safetensors file.

    Returns
    -------
    PlanarClassifier, MLPClassifier or MLPRegressor
        What was saved, with its parameters and with classes of the type that they had. Of a checkpoint that the command
        has begun, a classifier or regressor whose classes are numbers if all are whole, and else text.
    """
    return _estimator(_planar.read(path), path)


def _estimator(found, path):
    """The estimator of what ``_planar.read`` has found."""
    if found["state"] is None:
        raise Checkpoint(f"{path} holds weights, but no run of planar's to say what they answer")
    state = json.loads(found["state"])
    columns = state.get("columns") or {}
    output = state.get("output", "logistic")
    targets = columns.get("targets", [])
    front = state.get("front") or {}
    try:
        model, classes = _unfitted(state, front), classes_of(front) if "classes" in front else None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Checkpoint(f"{path} is damaged: what it says of the estimator does not read") from error
    model.coefs_, model.intercepts_ = found["coefs"], found["intercepts"]
    model._moments, model._updates, model._state = found["moments"], state["iteration"], found["state"]
    model._activation, model._output = state["activation"], output
    model.n_features_in_, model.n_outputs_ = state["widths"][0], state["widths"][-1]
    model.n_layers_ = len(state["widths"])
    features = columns.get("features", [])
    if columns.get("named"):
        model.feature_names_in_ = np.array([feature["name"] for feature in features], dtype=object)
    scaled = [(feature["offset"], feature["factor"]) for feature in features]
    model._scaling = tuple(zip(*scaled, strict=True)) if columns.get("scale", "none") != "none" else None
    model.loss_curve_ = [at["cost"] for at in state["costs"]]
    model.loss_ = model.loss_curve_[-1] if model.loss_curve_ else np.nan
    per_epoch = -(-state["samples"] // (state.get("batch_size") or state["samples"]))
    model.n_iter_ = state["iteration"] // per_epoch
    model.t_ = model.n_iter_ * state["samples"]
    model.best_loss_ = min(model.loss_curve_, default=np.inf)
    model.validation_scores_ = model.best_validation_score_ = None
    model._as_begun = {
        "shuffle": state.get("shuffle"),
        "warmup": state.get("warmup", 0),
        "dropout_seed": state.get("dropout_seed", 0),
        "backward_activation": _borrowed(state.get("derivative")),
    }
    model.device_, model.plan_, model.status_ = state["device"], state["plan"], "finished"
    if is_classifier(model):
        model._is_multilabel = output == "logistic" and model.n_outputs_ > 1
        model.classes_ = _classes(model, columns.get("classes", ["0", "1"]), classes, path)
        model.out_activation_ = output
    else:
        model.out_activation_ = "identity"
        are_scaled = any(target.get("offset", 0.0) != 0.0 or target.get("factor", 1.0) != 1.0 for target in targets)
        model._columns = columns if are_scaled else None
    return model


def _unfitted(state, front):
    """The estimator as it was, as far as its checkpoint says, or one that would train so."""
    columns = state.get("columns") or {}
    activation, *slope = state["activation"].split(":")
    hidden, optimizer = tuple(state["widths"][1:-1]), state.get("optimizer", "gd")
    shared = {
        "alpha": state.get("l2", 0.0),
        "batch_size": state.get("batch_size"),
        "tol": None,
        "leaky_slope": float(slope[0]) if slope else 0.01,
        "standardize": columns.get("scale", "none") != "none",
        "random_state": _seed(state["start"]),
    }
    was = front.get("estimator")
    if was == "PlanarClassifier":
        model = PlanarClassifier(hidden, activation, learning_rate=state["learning_rate"], solver=optimizer, **shared)
    else:
        kind = MLPRegressor if state.get("output") == "squares" else MLPClassifier
        model = kind(
            hidden_layer_sizes=hidden,
            activation=activation,
            solver=optimizer,
            learning_rate=state.get("schedule", "constant"),
            learning_rate_init=state["learning_rate"],
            dropout=state.get("dropout", 0.0),
            clip_norm=state.get("clip_norm"),
            **shared,
        )
    if was not in (None, type(model).__name__) or is_regressor(model) != (state.get("output") == "squares"):
        raise ValueError(f"there is no {was} of {state.get('output')}")
    return model.set_params(**parameters_of(front.get("parameters", {})))


def _borrowed(derivative):
    """The activation in ``tanh with relu's derivative``."""
    _, _, borrowed = (derivative or "").partition(" with ")
    return borrowed.removesuffix("'s derivative") or None


def _classes(model, names, were, path):
    """The classes as they were or, of a run of the command's, numbers if all of them are written as whole numbers are."""
    if were is not None:
        if were.shape != (model.n_outputs_ if model._is_multilabel else len(names),):
            raise Checkpoint(f"{path} is damaged: the classes of its estimator are not those of its network")
        return were
    if model._is_multilabel:
        return np.arange(model.n_outputs_)
    return np.array([int(name) for name in names]) if all(_is_whole(name) for name in names) else np.array(names)


def _is_whole(name):
    return name.lstrip("-").isdecimal() and str(int(name)) == name


def _seed(start):
    """The seed in ``seed 2, scale 0.01``."""
    words = start.replace(",", "").split()
    return int(words[1]) if words[0] == "seed" else None
