"""What scikit-learn checks of the parameters that estimators have in common; all else the library checks."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from ._errors import Invalid

AT_LEAST_1 = Interval(Integral, 1, None, closed="left")
AT_LEAST_0 = Interval(Real, 0, None, closed="left")
ABOVE_0 = Interval(Real, 0, None, closed="neither")
BETA = Interval(Real, 0, 1, closed="left")

# what a number of 64 bits counts, and float64 holds exactly
COUNT = Interval(Integral, 1, 2**53, closed="both")

# of a classifier
CLASS_WEIGHT = [StrOptions({"balanced"}), dict, None]

# of every estimator
SHARED = {
    "activation": [str],
    "alpha": [AT_LEAST_0],
    "max_iter": [COUNT],
    "random_state": ["random_state"],
    "init_scale": [AT_LEAST_0, str],
    "leaky_slope": [Real],
    "standardize": ["boolean"],
    "tol": [AT_LEAST_0, None],
    "n_iter_no_change": [AT_LEAST_1, Options(Real, {np.inf})],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "warm_start": ["boolean"],
    "device": [str],
    "n_threads": [COUNT, None],
    "verbose": ["verbose"],
    "progress": ["boolean"],
}


def hidden_units(name, units):
    """The units of each hidden layer, from one number or several."""
    given = [units] if isinstance(units, Real) else list(units)
    if not given or any(not isinstance(each, Integral) or not 0 < each <= 2**53 for each in given):
        raise ValueError(f"{name} must be > 0 and whole, got {units}.")
    return [int(each) for each in given]


def check_name(name, value, names, wanted):
    """Refuses a value that begins with none of the names; as in the library, case, hyphens and underscores do not count."""
    if value.split(":")[0].lower().replace("-", "").replace("_", "").replace(" ", "") not in names:
        raise Invalid(f"{name} must be {wanted}, not {value!r:.80}")
