"""What a checkpoint keeps of an estimator beside its network: the class, the parameters, and the classes as they are."""

import ast
import json

import numpy as np


def parameters_as_text(parameters):
    """The parameters that are numbers, text, or tuples, lists and dictionaries of them, each as Python writes it."""
    plain = {name: _plain(value) for name, value in parameters.items()}
    return {name: repr(value) for name, value in plain.items() if _reads_again(value)}


def parameters_of(text):
    """What :func:`parameters_as_text` has been given.

    Raises
    ------
    ValueError
        If one is no such text.
    """
    return {name: _value(written) for name, written in text.items()}


def classes_as_they_are(classes):
    """Classes for JSON with their type, or nothing of those that would not come back as they are."""
    kept = {"classes": classes.tolist(), "dtype": classes.dtype.str}
    try:
        there = classes_of(json.loads(json.dumps(kept)))
    except (TypeError, ValueError):
        return {}
    return kept if there.dtype == classes.dtype and np.array_equal(there, classes) else {}


def classes_of(front):
    """The classes that :func:`classes_as_they_are` has been given."""
    return np.array(front["classes"], dtype=np.dtype(front["dtype"]))


def _plain(value):
    """A value with Python's own numbers and text for NumPy's."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if type(value) is dict:
        return {_plain(key): _plain(each) for key, each in value.items()}
    return type(value)(map(_plain, value)) if type(value) in (tuple, list) else value


def _reads_again(value):
    try:
        return bool(_value(repr(value)) == value)
    except ValueError:
        return False


def _value(text):
    try:
        return float(text) if text in ("inf", "-inf") else ast.literal_eval(text)
    except (SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(f"no parameter is written as {text!r:.80}") from error
