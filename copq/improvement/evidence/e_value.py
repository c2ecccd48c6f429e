"""Evidence that a level changed, which may be looked at at any time.

Under "nothing changed" an e-value exceeds 1/a with a probability of at most a, however often it
is looked at (Ville's inequality). The level before is not known exactly: the likelihood ratio is
of the difference of two means, so it does not depend on the level itself (Perez-Ortiz, Lardy, de
Heide and Grünwald, "E-statistics, group invariance and anytime-valid testing", 2024).
"""

import numpy as np
from scipy.special import log_ndtr

from copq.improvement.evidence.days import Floats

_LEAST_VARIANCE = 1e-18
"""Of losses that never vary: any difference is certain."""


def log_e_value(difference: Floats, variance: Floats, typical: float) -> Floats:
    """Natural logarithms of the e-values of differences above zero, against none.

    The differences are normal with the `variance`. Their size if there is one has a half-normal
    prior with the scale `typical`, which is the size that is found soonest.
    """
    variance = np.maximum(variance, _LEAST_VARIANCE)
    prior = typical**2
    both = variance + prior
    found: Floats = (
        np.log(variance / both) / 2
        + prior * difference**2 / (2 * variance * both)
        + np.log(2)
        + log_ndtr(typical * difference / np.sqrt(variance * both))
    )
    return found
