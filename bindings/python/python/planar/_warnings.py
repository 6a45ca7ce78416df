"""Warnings that point at the line of the user's that led to them."""

import os
import sys
import warnings
from pathlib import Path

import joblib
import sklearn

# whose lines the user has not written
_NOT_USERS = tuple(str(Path(file).parent) + os.sep for file in (__file__, sklearn.__file__, joblib.__file__))


def warn(message, category=UserWarning):
    """Warns at the innermost line that is neither planar's nor of what calls it for the user."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_NOT_USERS):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
