"""The hour that occurs twice when clocks go back: the order of the rows shows which one is meant.

Local times alone name two instants then. In a file in order of time the second hour begins where
the times go back, or where the same machine reports the same time again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

MOST_ROWS = 200_000
"""Rows of one night that are compared; of a night with more none is decided."""


class TimedRow(NamedTuple):
    """A row by its local time. `key` is what else names it, such as its machine, if anything."""

    row: int
    local: datetime
    key: tuple[str, ...] | None
    repeats: bool
    """Whether the local time comes twice."""


class Hours(NamedTuple):
    """What the order of the rows says, by row. Of rows in none of the sets it says nothing."""

    first: frozenset[int] = frozenset()
    second: frozenset[int] = frozenset()
    unsure: frozenset[int] = frozenset()
    """The same time more often than twice, or in no order."""


class Nights:
    """The rows of one column of times: those around each change of clocks are compared."""

    def __init__(self) -> None:
        self._nights: dict[date, list[TimedRow]] = defaultdict(list)
        self._last: datetime | None = None
        self._rises = self._falls = False

    def see(self, timed: TimedRow, is_near: bool) -> None:
        """The rows in the order of the file; `is_near` of those within hours of the change."""
        if not timed.repeats:
            self._compare(timed.local)
        if is_near:
            # The morning after it names a night.
            night = self._nights[(timed.local + timedelta(hours=12)).date()]
            if len(night) <= MOST_ROWS:
                night.append(timed)

    def _compare(self, local: datetime) -> None:
        if self._last is not None:
            self._rises = self._rises or local > self._last
            self._falls = self._falls or local < self._last
        self._last = local

    def hours(self) -> Hours:
        is_falling = self._falls and not self._rises
        in_order = not (self._falls and self._rises)
        nights = [n[::-1] if is_falling else n for n in self._nights.values()]
        return _together(hours_of_night(night, in_order) for night in nights)


def hours_of_night(rows: Sequence[TimedRow], in_order: bool) -> Hours:
    """The hours of one night's rows. `in_order`: the rest of the file is in order of time."""
    if len(rows) > MOST_ROWS:
        return Hours(unsure=frozenset(t.row for t in rows if t.repeats))
    if in_order and not _is_grouped(rows):
        found = _split(rows)
        if found is not None:
            return found
    series: dict[object, list[TimedRow]] = defaultdict(list)
    for timed in rows:
        series[timed.key].append(timed)
    return _together(_split(one) or _unsure(one) for one in series.values())


def _is_grouped(rows: Sequence[TimedRow]) -> bool:
    """Whether the rows of each key stand together, so that another key may begin earlier."""
    keys = Counter(timed.key for timed in rows)
    runs = sum(1 for _ in groupby(rows, key=lambda timed: timed.key))
    return 1 < len(keys) == runs < len(rows)


def _split(rows: Sequence[TimedRow]) -> Hours | None:
    """The two hours of rows in order of time, none where the rows are in no such order."""
    repeated = [timed for timed in rows if timed.repeats]
    if not repeated or not _surrounded(rows, min(timed.local for timed in repeated)):
        return None if repeated else Hours()
    hours, seen = [list[int]()], set[object]()
    last = repeated[0].local
    for timed in repeated:
        name = (timed.local, timed.key)
        if timed.local < last or (timed.key is not None and name in seen):
            hours.append([])
            seen.clear()
        hours[-1].append(timed.row)
        seen.add(name)
        last = timed.local
    if len(hours) > 2:
        return None
    return Hours(*map(frozenset, hours)) if len(hours) == 2 else Hours()


def _surrounded(rows: Sequence[TimedRow], start: datetime) -> bool:
    """Whether all earlier rows stand before the hour, all later rows after it, each in order."""
    places = [(timed.local < start, timed.repeats, timed.local) for timed in rows]
    order = [(0 if early else 1 if repeats else 2) for early, repeats, _ in places]
    outside = [local for _, repeats, local in places if not repeats]
    return order == sorted(order) and outside == sorted(outside)


def _unsure(rows: Sequence[TimedRow]) -> Hours:
    """Rows in no order: if a time occurs only once, the first hour is assumed."""
    repeated = [timed for timed in rows if timed.repeats]
    if len({timed.local for timed in repeated}) == len(repeated):
        return Hours()
    return Hours(unsure=frozenset(timed.row for timed in repeated))


def _together(parts: Iterable[Hours]) -> Hours:
    found: tuple[set[int], ...] = (set(), set(), set())
    for part in parts:
        for rows, more in zip(found, part, strict=True):
            rows |= more
    return Hours(*map(frozenset, found))
