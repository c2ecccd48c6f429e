"""The union of a line's stops: pure functions of intervals.

Adjoining pieces of one machine and reason are one stop, which begins with its first piece and costs
that piece's rate. Overlapping stops of one line cost once. At each instant the time belongs to one
of them: to a planned stop of the whole line, else to the unplanned stop that began first, else to a
planned stop of a machine. So the result depends only on the stops: not on money, on the order of
reports, or on how stops are cut.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

from copq.ledger.arithmetic import MONEY
from copq.ledger.calendar import Calendar, next_hour

TOLERANCE = timedelta(seconds=1)
"""Pieces with a gap of at most this adjoin, since files are cut at 23:59:59."""

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_HOUR = Decimal(3_600_000_000)
_MICRO, _NANO = Decimal("1E-6"), Decimal("1E-9")
_UP = Context(prec=90, rounding=ROUND_HALF_UP)


def cost_between(per_hour: Decimal, start: datetime, end: datetime) -> Decimal:
    """The cost of the time, to nine decimals.

    It is a difference of two amounts from one origin. So the parts add up to the whole to the last
    digit, however the time is cut.
    """
    return MONEY.subtract(_cost_until(per_hour, end), _cost_until(per_hour, start))


def _cost_until(per_hour: Decimal, at: datetime) -> Decimal:
    passed = Decimal((at - _EPOCH) // _MICROSECOND)
    cost = _UP.divide(_UP.multiply(per_hour, passed), _PER_HOUR)
    return cost.quantize(_NANO, context=_UP)


@dataclass(frozen=True, slots=True)
class Stop:
    """A reported stop; `ended_at` is None while it is open."""

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
    def seconds(self) -> Decimal:
        return MONEY.multiply(Decimal((self.end - self.start) // _MICROSECOND), _MICRO)

    @property
    def cost(self) -> Decimal:
        return cost_between(self.stop.per_hour, self.start, self.end)


def ended_stops(stops: Iterable[Stop]) -> list[Stop]:
    """The stops that have ended."""
    return [stop for stop in _merge_reports(stops) if stop.ended_at is not None]


def stops_until(stops: Iterable[Stop], now: datetime) -> list[Stop]:
    """All stops as of `now`: an open stop ends at `now`."""
    return [
        replace(stop, ended_at=now) if stop.ended_at is None else stop
        for stop in _merge_reports(stops)
        if stop.started_at < now or stop.ended_at is not None
    ]


def _merge_reports(stops: Iterable[Stop]) -> list[Stop]:
    """Merge several reports of one machine's stop into one stop with the latest end.

    A planned and an unplanned stop are two stops, even if they begin together. Each of them ends a
    report without an end.
    """
    stops = list(stops)
    ended = {(stop.work_unit, stop.started_at) for stop in stops if stop.ended_at is not None}
    merged: dict[tuple[str | None, datetime, bool], Stop] = {}
    for stop in stops:
        if stop.ended_at is None and (stop.work_unit, stop.started_at) in ended:
            continue
        key = (stop.work_unit, stop.started_at, stop.planned)
        merged[key] = max(merged.get(key, stop), stop, key=_report_rank)
    return list(merged.values())


def _report_rank(stop: Stop) -> tuple[float, str]:
    return stop.ended_at.timestamp() if stop.ended_at else float("-inf"), stop.event_id


@dataclass(frozen=True, slots=True)
class Whole:
    """An ended stop in its pieces: one or more events, in the order of their starts."""

    pieces: tuple[Stop, ...]
    ended_at: datetime

    @property
    def first(self) -> Stop:
        return self.pieces[0]

    @property
    def started_at(self) -> datetime:
        return self.first.started_at

    def claims(self) -> Iterator["Claim"]:
        """The claims of all pieces, at the rate of the first."""
        first = self.first
        rank = 1 if not first.planned else 0 if first.work_unit is None else 2
        for piece in self.pieces:
            stop = piece if piece is first else replace(
                piece, per_hour=first.per_hour, currency=first.currency,
                rate_version=first.rate_version,
            )  # fmt: skip
            yield Claim(
                rank, self.started_at, first.work_unit or "", first.event_id,
                piece.started_at, piece.event_id, stop,
            )  # fmt: skip


class Claim(NamedTuple):
    """A piece of a stop, and its order: the least of the claims to a time gets the time.

    Event ids differ, so stops themselves are never compared.
    """

    rank: int
    whole_started_at: datetime
    work_unit: str
    first: str
    started_at: datetime
    event_id: str
    stop: Stop


def wholes(stops: Iterable[Stop]) -> list[Whole]:
    """The whole stops: adjoining pieces of one machine and reason are one stop."""
    alike: dict[tuple[str | None, str | None, bool], list[Stop]] = defaultdict(list)
    for stop in stops:
        if stop.ended_at is not None:
            alike[stop.work_unit, stop.defect_code, stop.planned].append(stop)
    return [whole for pieces in alike.values() for whole in _join_pieces(pieces)]


def _join_pieces(pieces: list[Stop]) -> Iterator[Whole]:
    pieces.sort(key=lambda stop: (stop.started_at, stop.event_id))
    joined: list[Stop] = []
    last = _EPOCH
    for piece in pieces:
        if joined and piece.started_at > last + TOLERANCE:
            yield Whole(tuple(joined), last)
            joined, last = [], _EPOCH
        joined.append(piece)
        last = max(last, end_of(piece))
    if joined:
        yield Whole(tuple(joined), last)


def end_of(stop: Stop) -> datetime:
    """The end of an ended stop."""
    assert stop.ended_at is not None
    return stop.ended_at


def segments(
    stops: Iterable[Stop], calendar: Calendar, start: datetime, end: datetime
) -> list[Segment]:
    """The union of ended stops within [start, end), split at the plant's hours, in order.

    `stops` holds all pieces of each stop that touches this time, also those outside it.
    """
    return segments_of(wholes(stops), calendar, start, end)


def segments_of(
    whole_stops: Iterable[Whole], calendar: Calendar, start: datetime, end: datetime
) -> list[Segment]:
    """`segments` for whole stops that include their first piece and all pieces that touch this
    time."""
    claims = [claim for whole in whole_stops for claim in whole.claims()]
    inside = [c for c in claims if c.started_at < end and end_of(c.stop) > start]
    edges = sorted(set(_edges((claim.stop for claim in inside), calendar, start, end)))
    merged: list[Segment] = []
    for segment in _assign_time(inside, edges):
        _append(merged, segment, calendar)
    return merged


def _edges(
    stops: Iterable[Stop], calendar: Calendar, start: datetime, end: datetime
) -> Iterator[datetime]:
    """The starts and ends of stops, and the hours that begin within one. Each hour occurs once,
    whatever the number of stops across it."""
    covered = start
    for stop in sorted(stops, key=lambda stop: stop.started_at):
        left, right = max(stop.started_at, start), min(end_of(stop), end)
        yield left.astimezone(UTC)
        yield right.astimezone(UTC)
        hour = next_hour(calendar, max(left, covered).astimezone(UTC))
        while hour < right:
            yield hour
            hour = next_hour(calendar, hour)
        covered = max(covered, right)


def _assign_time(claims: list[Claim], edges: list[datetime]) -> Iterator[Segment]:
    """Assign the time between two edges to the first of the current claims."""
    waiting = sorted(claims, key=lambda claim: claim.started_at, reverse=True)
    lasting: list[Claim] = []  # a heap: an ended claim is removed once it is first
    for left, right in pairwise(edges):
        while waiting and waiting[-1].started_at <= left:
            heappush(lasting, waiting.pop())
        while lasting and end_of(lasting[0].stop) <= left:
            heappop(lasting)
        if lasting:
            yield Segment(lasting[0].stop, left, right)


def _append(merged: list[Segment], segment: Segment, calendar: Calendar) -> None:
    """Append a segment, or extend the last one if stop and hour are the same."""
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
    """The cost element of a stop. Planned stops have their own element, and usually cost
    nothing."""
    return "planned_stop" if stop.planned else "downtime"
