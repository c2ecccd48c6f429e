"""What a saving will be in the coming months, if the weeks go on as they did.

Weekly losses follow a level that may drift, with a steady trend, and noise (statsmodels
`UnobservedComponents`, "local linear deterministic trend"), so a saving that wears off is expected
to go on wearing off. Months are sums of weeks, which share the level: the interval comes from
simulated futures.

It loads statsmodels and pandas, which takes two seconds: only where a forecast is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.tsa.statespace.structural import UnobservedComponents

from copq.improvement.evidence.days import Days, Floats, NotEnoughDays
from copq.improvement.evidence.interval import CONFIDENCE
from copq.improvement.evidence.weeks import Weeks

LEAST_WEEKS = 26
"""Fewer weeks since the start determine neither drift nor trend."""

MOST_MONTHS = 12
WEEKS_A_MONTH = 365 / 7 / 12

_FUTURES = 2_000
_SEED = 20_260_101
"""The same days give the same forecast, for an auditor as well."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The saving of a coming month with its 90 % interval, in money."""

    saving: float
    low: float
    high: float


def forecast(baseline: Days, since: Days, expected: Sequence[float]) -> list[Forecast]:
    """The savings of the coming months, for which `expected` losses are planned (units x the
    baseline's loss per unit).

    Raises `NotEnoughDays` if fewer than half a year is there, and `ValueError` for more than a
    year ahead: nothing says that weeks go on so long as they did.
    """
    if len(expected) > MOST_MONTHS:
        raise ValueError(f"{len(expected)} months ahead: at most {MOST_MONTHS} can be forecast")
    weeks = Weeks.of(since)
    if len(weeks.level) < LEAST_WEEKS:
        raise NotEnoughDays(
            f"{len(weeks.level)} weeks with production since the start: {LEAST_WEEKS} are needed"
        )
    if not expected:
        return []
    shares = 1 - _futures(weeks, len(expected)) / baseline.level
    money = shares * np.asarray(expected) * baseline.level
    low, high = np.quantile(money, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    return [
        Forecast(*(float(value) for value in row))
        for row in zip(money.mean(axis=0), low, high, strict=True)
    ]


def _futures(weeks: Weeks, months: int) -> Floats:
    """Levels of losses: a row for each simulated future, a column for each month."""
    ahead = int(np.ceil(months * WEEKS_A_MONTH))
    levels = np.full(weeks.number[-1] + 1, np.nan)
    levels[weeks.number] = weeks.level
    model = UnobservedComponents(levels, level="local linear deterministic trend")
    fitted = model.fit(disp=False, warn_convergence=False)
    random = np.random.default_rng(_SEED)
    drawn = fitted.simulate(ahead, repetitions=_FUTURES, anchor="end", rng=random)
    month = (np.arange(ahead) / WEEKS_A_MONTH).astype(int)
    paths = np.asarray(drawn).reshape(ahead, _FUTURES)
    means: Floats = np.column_stack([paths[month == one].mean(axis=0) for one in range(months)])
    return means
