"""A test that may be looked at daily: the evidence that losses fell, day by day.

A test for one fixed day, repeated daily, calls a project proven by chance sooner or later. Here
the evidence is an e-value: under "nothing changed" it exceeds 100 with a probability of at most
1 %, however often it is looked at (Ville's inequality). The level of the baseline is not known
exactly, and the test accounts for it: the likelihood ratio is of the difference of both levels,
so the evidence stays bounded although the days go on (Perez-Ortiz, Lardy, de Heide and
Grünwald, "E-statistics, group invariance and anytime-valid testing", 2024). It is asymptotic:
losses of a day are taken as normal with the variance of the baseline, which sums over weeks are.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from copq.improvement.evidence.days import Days, Floats, long_run_variance

ERROR_RATE = 0.01
TYPICAL_SAVING = 0.10
"""The size that the test is best at finding, as a share of the losses."""

FIRST_LOOK = 7
"""Days: a shorter time is no week, and its sum is not normal."""


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
    expected = np.cumsum(since.expected)
    fall = 1 - np.cumsum(since.lost) / (baseline.level * expected)
    spread = np.cumsum(since.expected**2) / expected**2 + baseline.concentration
    variance = spread * long_run_variance(baseline.deviations)
    evidence = _log_evidence(fall, variance)
    evidence[: FIRST_LOOK - 1] = 0
    return Watch(evidence)


def _log_evidence(fall: Floats, variance: Floats) -> Floats:
    """Of a fall with a half-normal prior of `TYPICAL_SAVING`, against no fall.

    A variance of zero, of losses that never vary, makes any fall certain.
    """
    variance = np.maximum(variance, 1e-18)
    prior = TYPICAL_SAVING**2
    both = variance + prior
    found: Floats = (
        np.log(variance / both) / 2
        + prior * fall**2 / (2 * variance * both)
        + np.log(2)
        + log_ndtr(TYPICAL_SAVING * fall / np.sqrt(variance * both))
    )
    return found
