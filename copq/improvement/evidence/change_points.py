"""When the level of losses changed: the fewest levels that explain the weeks.

Killick, Fearnhead and Eckley's PELT finds the best division exactly (the package ruptures; its
linear kernel is least squares, in C). A change must explain more than chance among so many weeks
would: the penalty is a multiple of the variance of a week, which the baseline shows, times the
logarithm of the number of weeks.
"""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import ruptures

from copq.improvement.evidence.days import Days, long_run_variance
from copq.improvement.evidence.weeks import WEEK, Weeks

LEAST_PERIOD = 4
"""Weeks: shorter spells are not levels."""

_PENALTY = 3.0
_LEAST_PENALTY = 1e-12


@dataclass(frozen=True, slots=True)
class Period:
    """Weeks on one level, which is losses per expectation: 1 is the baseline's."""

    first: date
    weeks: int
    level: float


def levels(baseline: Days, since: Days) -> list[Period]:
    """The periods of both together, in order; a new one begins where the level changed.

    Raises `NotEnoughDays` if there are fewer weeks than a quarter has.
    """
    baseline.require(1)
    since.require(1)
    both = baseline.followed_by(since)
    weeks = Weeks.of(both, int(since.number[0]))
    variance = long_run_variance(baseline.deviations) * baseline.level**2 / WEEK
    penalty = max(_PENALTY * variance * np.log(len(weeks.level)), _LEAST_PENALTY)
    search = ruptures.KernelCPD(kernel="linear", min_size=LEAST_PERIOD).fit(weeks.level)
    bounds = [0, *search.predict(pen=penalty)]
    return [
        Period(
            date.fromordinal(
                max(weeks.start + WEEK * int(weeks.number[first]), int(both.number[0]))
            ),
            end - first,
            float(np.average(weeks.level[first:end], weights=weeks.expected[first:end])),
        )
        for first, end in pairwise(bounds)
    ]
