"""Control charts: is a day within what the baseline lets expect?

The limits come from the baseline (phase I) and stay, so that a change shows against them.

- Counts: Laney's p' and u' charts ("Improved control charts for attributes", Quality Engineering
  14, 2002). With large subgroups the limits of p and u charts are far too narrow, because days vary
  by more than chance; Laney widens them by the variation from day to day.
- Money: the XmR chart (Wheeler), and the exponentially weighted moving average, which finds small
  changes that last (Lucas and Saccucci, Technometrics 32, 1990).
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from copq.improvement.evidence.days import LEAST_DAYS, Floats, NotEnoughDays
from copq.improvement.evidence.signals import Signal, signals

LIMIT = 3.0
"""Standard deviations from the centre."""

EWMA_WEIGHT = 0.2
EWMA_LIMIT = 2.86
"""With this weight, a false signal in 370 days, as often as three standard deviations give."""

_MOVING_RANGE = 1.128
"""d2: the mean distance of two normal values, in standard deviations."""

_FAR = 1e9
"""Standard deviations, of a difference where nothing varies."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Days of the reporting period with the limits of each, and what is unusual."""

    values: Floats
    centre: float
    sigma: Floats
    """The standard deviation of each day's value."""

    signals: list[Signal]
    limit: float = LIMIT

    @property
    def low(self) -> Floats:
        return self.centre - self.limit * self.sigma

    @property
    def high(self) -> Floats:
        return self.centre + self.limit * self.sigma


@dataclass(frozen=True, slots=True)
class Counts:
    """Events by day, and the units (or hours) among which they were counted."""

    events: Floats
    of: Floats

    def __post_init__(self) -> None:
        if (self.of <= 0).any():
            raise ValueError("a day has no units: leave it out")

    @property
    def share(self) -> float:
        return float(self.events.sum() / self.of.sum())


def p_chart(baseline: Counts, since: Counts) -> Chart:
    """Laney's p' chart of defective units per unit; its lower limit is at least 0.

    Raises `ValueError` if a day has more events than units.
    """
    if (baseline.events > baseline.of).any() or (since.events > since.of).any():
        raise ValueError("more defective units than units: use the chart of defects per unit")
    share = baseline.share
    return _laney(baseline, since, share * (1 - share))


def u_chart(baseline: Counts, since: Counts) -> Chart:
    """Laney's u' chart of defects per unit."""
    return _laney(baseline, since, baseline.share)


def xmr_chart(baseline: Floats, since: Floats) -> Chart:
    """Single values of money, for example losses per expectation by day."""
    _require(len(baseline))
    centre, sigma = float(baseline.mean()), _scatter(baseline)
    return _chart(since, centre, np.full(len(since), sigma))


def ewma_chart(baseline: Floats, since: Floats) -> Chart:
    """The moving average of single values, with limits that widen over the first days."""
    _require(len(baseline))
    centre, scatter = float(baseline.mean()), _scatter(baseline)
    keep = 1 - EWMA_WEIGHT
    averages = centre + lfilter([EWMA_WEIGHT], [1.0, -keep], since - centre)
    grown = 1 - keep ** (2 * np.arange(1, len(since) + 1))
    sigma = scatter * np.sqrt(EWMA_WEIGHT / (2 - EWMA_WEIGHT) * grown)
    beyond = signals(_scores(averages, centre, sigma) * LIMIT / EWMA_LIMIT, beyond_only=True)
    return Chart(averages, centre, sigma, beyond, EWMA_LIMIT)


def _laney(baseline: Counts, since: Counts, variance: float) -> Chart:
    _require(len(baseline.of))
    share = baseline.share
    usual = np.sqrt(variance / baseline.of)
    excess = _scatter(_scores(baseline.events / baseline.of, share, usual))
    return _chart(since.events / since.of, share, excess * np.sqrt(variance / since.of))


def _chart(values: Floats, centre: float, sigma: Floats) -> Chart:
    return Chart(values, centre, sigma, signals(_scores(values, centre, sigma)))


def _scores(values: Floats, centre: float, sigma: Floats) -> Floats:
    """Standard deviations from the centre. Where nothing varies, any difference is beyond."""
    away = values - centre
    certain = np.sign(away) * _FAR
    scores: Floats = np.divide(away, sigma, out=certain, where=sigma > 0)
    return scores


def _scatter(values: Floats) -> float:
    """The standard deviation that neighbouring values show."""
    return float(np.abs(np.diff(values)).mean() / _MOVING_RANGE)


def _require(days: int) -> None:
    if days < LEAST_DAYS:
        raise NotEnoughDays(f"{days} days in the baseline: {LEAST_DAYS} are needed at least")
