"""The union of a line's stops: pure functions of intervals.

Stops of one line that overlap cost once. At each instant the time belongs to one of the stops
that cover it: the dearest, then the one that began first. So the answer depends on the stops
alone, not on the order in which they were reported.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from services.costing.price import MONEY, quotient
from services.rates.calendar import Calendar, next_hour

_MICROSECOND = timedelta(microseconds=1)
_PER_HOUR = Decimal(3_600_000_000)


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop as reported; `ended_at` is None while it is open."""

    event_id: str
    work_unit: str | None
    product: str | None
    defect_code: str | None
    shift: str | None
    started_at: datetime
    ended_at: datetime | None
    planned: bool
    per_hour: Decimal
    currency: str
    rate_version: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Time within one hour of the plant that belongs to one stop."""

    stop: Stop
    start: datetime
    end: datetime

    @property
    def hours(self) -> Decimal:
        return quotient(self._microseconds, _PER_HOUR)

    @property
    def cost(self) -> Decimal:
        return quotient(MONEY.multiply(self.stop.per_hour, self._microseconds), _PER_HOUR)

    @property
    def _microseconds(self) -> Decimal:
        return Decimal((self.end - self.start) // _MICROSECOND)


def closed(stops: Iterable[Stop]) -> list[Stop]:
    """The stops that have ended."""
    return [stop for stop in _one_each(stops) if stop.ended_at is not None]


def until(stops: Iterable[Stop], now: datetime) -> list[Stop]:
    """All stops as of now: an open one has lasted until now."""
    return [
        replace(stop, ended_at=now) if stop.ended_at is None else stop
        for stop in _one_each(stops)
        if stop.started_at < now or stop.ended_at is not None
    ]


def _one_each(stops: Iterable[Stop]) -> list[Stop]:
    """Several reports of one machine's stop are one stop: the latest end is the one believed."""
    found: dict[tuple[str | None, datetime], Stop] = {}
    for stop in stops:
        key = (stop.work_unit, stop.started_at)
        found[key] = max(found.get(key, stop), stop, key=_report_rank)
    return list(found.values())


def _report_rank(stop: Stop) -> tuple[float, Decimal, str]:
    end = stop.ended_at.timestamp() if stop.ended_at else float("-inf")
    return end, stop.per_hour, stop.event_id


def segments(
    stops: Iterable[Stop], calendar: Calendar, start: datetime, end: datetime
) -> list[Segment]:
    """The union of ended stops within [start, end), split at the plant's hours, in order."""
    inside = [s for s in stops if s.ended_at is not None and s.started_at < end]
    inside = [s for s in inside if s.ended_at is not None and s.ended_at > start]
    edges = sorted(set(_edges(inside, calendar, start, end)))
    merged: list[Segment] = []
    for segment in _owned(inside, edges):
        _append(merged, segment, calendar)
    return merged


def _edges(
    stops: list[Stop], calendar: Calendar, start: datetime, end: datetime
) -> Iterator[datetime]:
    for stop in stops:
        assert stop.ended_at is not None
        left, right = max(stop.started_at, start), min(stop.ended_at, end)
        while left < right:
            yield left.astimezone(UTC)
            left = next_hour(calendar, left.astimezone(UTC))
        yield right.astimezone(UTC)


def _owned(stops: list[Stop], edges: list[datetime]) -> Iterator[Segment]:
    """The time between two edges belongs to the one stop of those that last."""
    waiting = sorted(stops, key=lambda stop: stop.started_at, reverse=True)
    lasting: list[Stop] = []
    for left, right in pairwise(edges):
        while waiting and waiting[-1].started_at <= left:
            lasting.append(waiting.pop())
        lasting = [stop for stop in lasting if stop.ended_at is not None and stop.ended_at > left]
        if lasting:
            yield Segment(min(lasting, key=_claim), left, right)


def _claim(stop: Stop) -> tuple[Decimal, datetime, str, str]:
    return -stop.per_hour, stop.started_at, stop.work_unit or "", stop.event_id


def _append(merged: list[Segment], segment: Segment, calendar: Calendar) -> None:
    """Join it to the one before where stop and hour are the same."""
    last = merged[-1] if merged else None
    joins = (
        last is not None
        and last.end == segment.start
        and last.stop is segment.stop
        and calendar.bucket(last.start) == calendar.bucket(segment.start)
    )
    if joins and last is not None:
        merged[-1] = replace(last, end=segment.end)
    else:
        merged.append(segment)


def element(stop: Stop) -> str:
    """A planned stop is told apart: as a rule it costs nothing."""
    return "planned_stop" if stop.planned else "downtime"
