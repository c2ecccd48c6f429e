"""Whether losses rise or fall over months: Mann and Kendall's test, and Sen's slope.

The test asks only how often a later week is higher than an earlier one, so a single bad week
counts little. Weeks that share what disturbs them look like a trend; the variance is corrected for
that (Hamed and Rao, "A modified Mann-Kendall trend test for autocorrelated data", Journal of
Hydrology 204, 1998), and only ever widened.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from copq.improvement.evidence.days import Days, Floats
from copq.improvement.evidence.interval import CONFIDENCE
from copq.improvement.evidence.weeks import Weeks

WEEKS_A_YEAR = 365 / 7
_SIGNIFICANT = 1.96
"""Standard errors beyond which an autocorrelation of ranks counts, as Hamed and Rao have it."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Sen's slope with its 90 % interval, in shares of what is expected, a year.

    Positive if losses rise. The p-value is that of Mann and Kendall's test, of both sides.
    """

    slope: float
    low: float
    high: float
    p_value: float

    @property
    def rises(self) -> bool:
        return self.low > 0

    @property
    def falls(self) -> bool:
        return self.high < 0


def trend(days: Days) -> Trend:
    """Over the weeks of some days. Raises `NotEnoughDays` if there are fewer than a quarter's."""
    weeks = Weeks.of(days)
    return mann_kendall(weeks.level, weeks.number / WEEKS_A_YEAR)


def mann_kendall(values: Floats, time: Floats) -> Trend:
    """The trend of values at increasing times."""
    earlier, later = np.triu_indices(len(values), 1)
    score = float(np.sign(values[later] - values[earlier]).sum())
    slopes = np.sort((values[later] - values[earlier]) / (time[later] - time[earlier]))
    slope = float(np.median(slopes))
    error = np.sqrt(_variance(values) * _correction(values - slope * time))
    z = (score - np.sign(score)) / error if error > 0 else 0.0
    low, high = _bounds(slopes, error)
    return Trend(slope, low, high, float(2 * ndtr(-abs(z))))


def _variance(values: Floats) -> float:
    """Of the score of independent weeks, with ties."""
    _, ties = np.unique(values, return_counts=True)
    sizes = np.concatenate([[len(values)], ties])
    terms = sizes * (sizes - 1) * (2 * sizes + 5)
    return float(terms[0] - terms[1:].sum()) / 18


def _correction(detrended: Floats) -> float:
    """By how much weeks that resemble their neighbours widen the variance, at least 1."""
    number = len(detrended)
    ranks = rankdata(detrended) - (number + 1) / 2
    if not (ranks @ ranks):
        return 1.0
    lags = np.arange(1, number - 2)
    shared = np.array([ranks[:-lag] @ ranks[lag:] for lag in lags]) / (ranks @ ranks)
    shared[np.abs(shared) <= _SIGNIFICANT / np.sqrt(number)] = 0
    weights = (number - lags) * (number - lags - 1) * (number - lags - 2)
    total = number * (number - 1) * (number - 2)
    return max(1.0, float(1 + 2 * (weights @ shared) / total))


def _bounds(slopes: Floats, error: float) -> tuple[float, float]:
    """Of Sen's slope: the slopes whose score the data cannot tell from none (Gilbert 1987)."""
    reach = float(ndtri((1 + CONFIDENCE) / 2)) * error
    last = len(slopes) - 1
    low = int(np.clip(np.floor((len(slopes) - reach) / 2) - 1, 0, last))
    high = int(np.clip(np.ceil((len(slopes) + reach) / 2), 0, last))
    return float(slopes[low]), float(slopes[high])
