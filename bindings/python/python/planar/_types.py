"""The types that the public functions name, and the decorators of methods, which have them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import _fit_context
from sklearn.utils.metaestimators import available_if

# array-likes, sparse matrices, and tables of pandas, polars and Arrow, none of which has a type in common with the others
Samples: TypeAlias = Any
# the units of one hidden layer or of several
Units: TypeAlias = int | Sequence[int] | NDArray[Any]
Seed: TypeAlias = int | np.random.RandomState | None
ClassWeight: TypeAlias = dict[Any, float] | str | None
# parameters with their values, or several such sets
Grid: TypeAlias = Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Iterable[Any]]]
File: TypeAlias = str | PathLike[str]
Floats: TypeAlias = NDArray[np.float64]

Method = TypeVar("Method", bound=Callable[..., Any])

# scikit-learn's check of the parameters, which has no types of its own
checked = cast("Callable[[Method], Method]", _fit_context(prefer_skip_nested_validation=True))


def _is_incremental(estimator):
    """``partial_fit`` takes one epoch more, which L-BFGS has not."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers. {estimator.solver} is not stochastic."
        )
    return True


incremental = cast("Callable[[Method], Method]", available_if(_is_incremental))
