"""Whether two windows differ by more than their days do anyway: a test that permutes days.

On some days many entries go wrong together, so entries are not independent; days nearly are. The
excess of a cause on a day is its loss there less what the units of the day lose on average in both
windows. Of as many days as are after, drawn from all of them, how often is the sum as far from zero
as in the window after? No distribution of a day's losses is assumed.
"""

from collections.abc import Sequence
from math import comb

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincc, ndtr

from copq.improvement.explaining.scatter import Floats
from copq.improvement.explaining.search import SIGNIFICANCE

DRAWN = 9_999
_SEED = 20_260_101
"""The same draws for everybody: an answer does not change from one call to the next."""
_AT_ONCE = 1_111
_ENOUGH = 10
"""With fewer draws as far as the window, the chance is too small to be counted."""
_LEAST_SKEW = 5e-3
"""With less, the gamma distribution is not exact in 64 bits, and the normal one is."""


def enough_days(before: int, after: int, choices: float) -> bool:
    """Whether the most extreme window of so many days is significant among all `choices`."""
    return choices <= SIGNIFICANCE * comb(before + after, after)


def day_p_values(
    excess: Floats, is_after: npt.NDArray[np.bool_], choices: Sequence[float]
) -> list[float]:
    """For each cause, a column of `excess` with a row for each day, its p-value.

    It is corrected for the `choices` that the cause was picked from, by the rate of false
    discoveries (Benjamini and Hochberg): of the combinations, all that are not a cause count as 1.
    """
    if not choices:
        return []
    corrected = _chances(excess, is_after) * np.array(choices)
    return [float(p_value) for p_value in _false_discoveries(corrected)]


def _false_discoveries(corrected: Floats) -> Floats:
    """As `scipy.stats` does it, which takes two seconds to load."""
    order = corrected.argsort(kind="stable")
    shared = corrected[order] / np.arange(1, len(order) + 1)
    found = np.empty(len(order))
    found[order] = np.minimum.accumulate(shared[::-1])[::-1]
    return np.minimum(found, 1.0)


def _chances(excess: Floats, is_after: npt.NDArray[np.bool_]) -> Floats:
    """Of each cause, how often as many days are as far from zero, in either direction."""
    days, after = len(is_after), int(is_after.sum())
    own = excess[is_after].sum(axis=0)
    least = np.abs(own) - 1e-9 * np.abs(excess).sum(axis=0)
    drawn = np.random.default_rng(_SEED)
    further = np.zeros(excess.shape[1], dtype=np.int64)
    for _ in range(DRAWN // _AT_ONCE):
        order = drawn.random((_AT_ONCE, days)).argsort(axis=1)
        further += (np.abs((order < after) @ excess) >= least).sum(axis=0)
    counted = (1 + further) / (1 + DRAWN)
    lowest = np.minimum(1 / comb(days, after), counted)
    fitted = np.clip(_tail(excess, own, after), lowest, counted)
    return np.where(further >= _ENOUGH, counted, fitted)


def _tail(excess: Floats, own: Floats, after: int) -> Floats:
    """The chance by Pearson's curve (type III) with the exact moments over all draws."""
    days = len(excess)
    before = days - after
    variance = after * before / (days * (days - 1)) * (excess**2).sum(axis=0)
    deviation = np.sqrt(np.where(variance > 0, variance, 1.0))
    third = after * before * (before - after) / (days * (days - 1) * max(days - 2, 1))
    skew = third * (excess**3).sum(axis=0) / deviation**3
    return beyond(np.abs(own) / deviation, skew)


def beyond(size: Floats, skew: Floats) -> Floats:
    """The chance of so many standard deviations from the mean, in either direction.

    By a gamma distribution, moved and scaled, or by the normal one, almost without skewness.
    """
    shape = 4 / np.maximum(np.abs(skew), _LEAST_SKEW) ** 2
    above = gammaincc(shape, shape + size * np.sqrt(shape))
    below = gammainc(shape, np.maximum(shape - size * np.sqrt(shape), 0))
    chance: Floats = np.where(np.abs(skew) < _LEAST_SKEW, 2 * ndtr(-size), above + below)
    return chance
