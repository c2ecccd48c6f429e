"""A test that may be looked at daily: the evidence that losses fell, day by day.

A test for one fixed day, repeated daily, calls a project proven by chance sooner or later. An
e-value does not (`e_value.py`). The test is asymptotic: the mean of some days is taken as normal,
with the variance that the baseline shows.
"""

from dataclasses import dataclass

import numpy as np

from copq.improvement.evidence.days import Days, Floats, long_run_variance
from copq.improvement.evidence.e_value import log_e_value

ERROR_RATE = 0.01
TYPICAL_SAVING = 0.10
"""The size that the test is best at finding, as a share of the losses."""

FIRST_LOOK = 7
"""Days: the mean of fewer than a week is not normal."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The evidence after each day since the start, as natural logarithms of e-values."""

    log_evidence: Floats

    @property
    def proven_after(self) -> int | None:
        """The first number of days after which the saving is proven; None if it is not."""
        proven = np.nonzero(self.log_evidence >= np.log(1 / ERROR_RATE))[0]
        return int(proven[0]) + 1 if len(proven) else None


def watch(baseline: Days, since: Days) -> Watch:
    """The evidence that `since` loses less than the baseline, after each of its days."""
    fall, variance = falls(baseline, since)
    evidence = log_e_value(fall, variance, TYPICAL_SAVING)
    evidence[: FIRST_LOOK - 1] = 0
    return Watch(evidence)


def falls(baseline: Days, since: Days) -> tuple[Floats, Floats]:
    """After each day the share by which losses fell so far, and the variance of that share."""
    expected = np.cumsum(since.expected)
    fall = 1 - np.cumsum(since.lost) / (baseline.level * expected)
    spread = np.cumsum(since.expected**2) / expected**2 + baseline.concentration
    return fall, spread * long_run_variance(baseline.deviations)


def days_to_prove(baseline: Days, share: float) -> int | None:
    """After how many days a saving of this share of the losses is proven, in four of five cases.

    Days are taken to be as even as those of the baseline are. None if five years are not enough:
    the baseline is too short, or its losses vary too much.
    """
    number = np.arange(1, _MOST_DAYS + 1)
    evenness = baseline.concentration * len(baseline)
    variance = long_run_variance(baseline.deviations) * (evenness / number + baseline.concentration)
    unlucky = share - _UNLUCKY * np.sqrt(variance)
    evidence = log_e_value(unlucky, variance, TYPICAL_SAVING)
    enough = np.nonzero((evidence >= np.log(1 / ERROR_RATE)) & (number >= FIRST_LOOK))[0]
    return int(enough[0]) + 1 if len(enough) else None


_MOST_DAYS = 5 * 365
_UNLUCKY = 0.8416
"""Standard deviations that a normal value exceeds, downwards, in one of five cases."""
