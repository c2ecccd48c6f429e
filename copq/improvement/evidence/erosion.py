"""Whether a saving lasts: an alarm when losses rise again, week by week.

Each week may be the one from which on losses are higher. The e-values of all these weeks are
summed; the sum exceeds `WEEKS_BETWEEN_FALSE_ALARMS` on average no sooner than after that many
weeks in which nothing changed (Shin, Ramdas and Rinaldo, "E-detectors", 2024).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from copq.improvement.evidence.days import Days, Floats, long_run_variance
from copq.improvement.evidence.e_value import log_e_value
from copq.improvement.evidence.interval import interval

WEEKS_BETWEEN_FALSE_ALARMS = 624
"""Twelve years: fewer than one false alarm in ten project-years."""

WEEK = 7
RECENT = 91
"""Days that say what is left of a saving."""

_TYPICAL_LOSS = 0.2
"""The part of a saving whose loss is found soonest."""

_LEAST_LOSS = 0.05
"""Of the losses: the size that is found soonest, where a fifth of the saving is less."""

_LARGEST = 50.0
"""Logarithm of an e-value beyond which its size does not matter."""


class Lasting(StrEnum):
    HOLDING = "holding"
    ERODING = "eroding"
    LOST = "lost"
    """Losses rose, and what is left of the saving cannot be told from nothing."""

    NOT_ENOUGH_DATA = "not enough data"


@dataclass(frozen=True, slots=True)
class Erosion:
    """What became of a saving. `raised_after` is the first week with an alarm, from 1."""

    status: Lasting
    raised_after: int | None = None


def erosion(baseline: Days, realised: Days, since: Days) -> Erosion:
    """What became of the saving of `realised` in the days `since`, in the order of time.

    There must be a saving that can be lost and a whole week since; otherwise there is not enough
    data.
    """
    saved = 1 - realised.level / baseline.level
    if saved <= 0 or len(since) < WEEK:
        return Erosion(Lasting.NOT_ENOUGH_DATA)
    raised = _first_alarm(baseline, realised, since, saved)
    if raised is None:
        return Erosion(Lasting.HOLDING)
    return Erosion(_what_is_left(baseline, since), raised)


def _first_alarm(baseline: Days, realised: Days, since: Days, saved: float) -> int | None:
    spread = _spread(baseline, realised)
    held = 1 / realised.concentration / WEEK
    typical = max(_TYPICAL_LOSS * saved / (1 - saved), _LEAST_LOSS) if saved < 1 else 1.0
    evidence = _evidence(_weekly(realised, since), spread / WEEK, held, typical)
    raised = np.nonzero(evidence >= WEEKS_BETWEEN_FALSE_ALARMS)[0]
    return int(raised[0]) + 1 if len(raised) else None


def _spread(baseline: Days, realised: Days) -> float:
    """The variance of a day, for means: the baseline's, adapted to how restless the realised days
    are from one to the next. A level that moves within the realised days does not count as unrest.
    """
    long_run = long_run_variance(baseline.deviations)
    before, after = (np.square(np.diff(days.deviations)).mean() for days in (baseline, realised))
    share = len(realised) / (len(baseline) + len(realised))
    return long_run * float(1 - share + share * after / before) if before else long_run


def _weekly(realised: Days, since: Days) -> Floats:
    """The deviation of each whole week from the realised level, relative to it."""
    whole = len(since.lost) // WEEK * WEEK
    lost = since.lost[:whole].reshape(-1, WEEK).sum(axis=1)
    expected = since.expected[:whole].reshape(-1, WEEK).sum(axis=1)
    deviations: Floats = lost / (realised.level * expected) - 1
    return deviations


def _evidence(weeks: Floats, variance: float, held: float, typical: float) -> Floats:
    """After each week the sum over all first weeks of a rise: the mean from then on against the
    mean before, to which the realised time belongs with `held` weeks of no deviation.
    """
    before = np.concatenate([[0.0], np.cumsum(weeks)])
    last, first = np.tril_indices(len(weeks))
    after, held_before = last + 1 - first, held + first
    rise = (before[last + 1] - before[first]) / after - before[first] / held_before
    spread = variance * (1 / after + 1 / held_before)
    sizes = np.exp(np.minimum(log_e_value(rise, spread, typical), _LARGEST))
    evidence: Floats = np.bincount(last, sizes).astype(float)
    return evidence


def _what_is_left(baseline: Days, since: Days) -> Lasting:
    recent = interval(baseline, since.part(-RECENT))
    return Lasting.ERODING if recent.low > 0 else Lasting.LOST
