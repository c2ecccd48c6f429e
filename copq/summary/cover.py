"""Which sums of the summary make a window of production days: as few as possible."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from copq.periods.period import month_after, month_before

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_AROUND = timedelta(days=31)
"""A month may begin before the window or end after it: its other days are subtracted."""


@dataclass(frozen=True, slots=True)
class CoverPart:
    """The sums of a `grain` whose first day is `day`, added or subtracted."""

    grain: str
    day: date
    is_added: bool


def fewest_sums(first: date, last: date) -> list[CoverPart]:
    """The parts whose sum is that of the days [first, last).

    A way from the first day to the last one, forward by a day, a week or a month whose sums are
    added, or back by one whose sums are subtracted: 1 to 30 March is March without one day.
    """
    came: dict[date, tuple[date, CoverPart] | None] = {first: None}
    waiting = deque([first])
    while last not in came:
        day = waiting.popleft()
        for reached, part in _steps(day):
            if reached not in came and first - _AROUND <= reached <= last + _AROUND:
                came[reached] = day, part
                waiting.append(reached)
    return list(_way(came, last))


def _steps(day: date) -> Iterator[tuple[date, CoverPart]]:
    if day.day == 1:
        yield month_after(day), CoverPart("month", day, is_added=True)
        yield month_before(day), CoverPart("month", month_before(day), is_added=False)
    if day.weekday() == 0:
        yield day + _WEEK, CoverPart("week", day, is_added=True)
        yield day - _WEEK, CoverPart("week", day - _WEEK, is_added=False)
    yield day + _DAY, CoverPart("day", day, is_added=True)
    yield day - _DAY, CoverPart("day", day - _DAY, is_added=False)


def _way(came: dict[date, tuple[date, CoverPart] | None], last: date) -> Iterator[CoverPart]:
    step = came[last]
    while step is not None:
        day, part = step
        yield part
        step = came[day]
