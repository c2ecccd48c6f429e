"""Losses by calendar week, for what takes months: trends, changes of level, forecasts."""

from dataclasses import dataclass

import numpy as np

from copq.improvement.evidence.days import Days, Floats, NotEnoughDays, Numbers

WEEK = 7
LEAST_WEEKS = 13
"""A quarter: fewer weeks show no trend."""

_WHOLE = 5
"""Calendar days from which on the last week counts."""


@dataclass(frozen=True, slots=True)
class Weeks:
    """Losses per expectation by week with production. `number` counts weeks from the first."""

    level: Floats
    expected: Floats
    number: Numbers
    start: int
    """The first calendar day of week 0."""

    @classmethod
    def of(cls, days: Days, origin: int | None = None) -> "Weeks":
        """Weeks of seven calendar days, one of which begins on `origin` (the first day).

        Raises `NotEnoughDays` if there are fewer than a quarter's.
        """
        if not len(days):
            raise _too_few(0)
        first = int(days.number[0])
        start = first - (first - (first if origin is None else origin)) % WEEK
        whole = days.part(0, None if _ends_whole(days, start) else _before_last(days, start))
        place = (whole.number - start) // WEEK
        lost: Floats = np.bincount(place, whole.lost).astype(float)
        expected: Floats = np.bincount(place, whole.expected).astype(float)
        number = np.nonzero(expected)[0]
        if len(number) < LEAST_WEEKS:
            raise _too_few(len(number))
        return cls(lost[number] / expected[number], expected[number], number, start)


def _ends_whole(days: Days, start: int) -> bool:
    return bool((days.number[-1] - start) % WEEK + 1 >= _WHOLE)


def _before_last(days: Days, start: int) -> int:
    """The position of the first day of the last week."""
    place = (days.number - start) // WEEK
    return int(np.searchsorted(place, place[-1]))


def _too_few(weeks: int) -> NotEnoughDays:
    return NotEnoughDays(f"{weeks} weeks with production: {LEAST_WEEKS} are needed at least")
