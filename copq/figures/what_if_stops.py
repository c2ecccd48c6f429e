"""Stops of a window united again with the changes, and compared with what is booked."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from itertools import zip_longest
from typing import Any, NamedTuple

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.figures.what_if_books import ChangedBook, ChangedBooks, Comparison
from copq.figures.what_if_entries import ChangedEntry, Differences, changed_entry
from copq.improvement.what_if.changed_events import Left
from copq.improvement.what_if.changed_stops import change_stops, names_stop
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.calendar import Calendar
from copq.ledger.downtime import (
    Segment,
    Stop,
    Whole,
    cost_between,
    element,
    ended_stops,
    segments_of,
    wholes,
)
from copq.posting.open_stops import stops_of_lines
from copq.rates.book import RateBook
from copq.schemas.priced import Category

_SQL = Queries.of(__file__)
PLANNED = "planned_stop"
STOP_ELEMENTS = ("downtime", PLANNED)


class StopLine(NamedTuple):
    """A line whose stops the changes may reach, and how many stops it has in the window."""

    plant: str
    line: str
    stops: int


async def lines_in_reach(conn: Connection, query: Comparison) -> list[StopLine]:
    reaches = query.stop_reaches()
    if reaches is None:
        return []
    instants = {name: v for name, v in query.instants().items() if name != "product"}
    rows = await conn.fetch(*_SQL.what_if_lines(**instants, reaches=reaches))
    return [StopLine(**row) for row in rows]


async def compare_stops(
    conn: Connection, books: ChangedBooks, query: Comparison, lines: Iterable[StopLine],
    found: Differences,
) -> None:  # fmt: skip
    """Add the time of stops that would cost something else. Call it in the answer's snapshot."""
    for line in lines:
        site = books.newest.before.sites.get(line.plant)
        if site is None:
            continue
        span = (site.calendar.start_of(query.window.first),
                site.calendar.start_of(query.window.last))  # fmt: skip
        place = line.plant, line.line
        stops = ended_stops((await stops_of_lines(conn, {place: span}))[place])
        rates = {s.event_id: await _rates_of(books, place, s) for s in stops}
        at = {**query.days(), "plant": line.plant, "line": line.line}
        booked = await conn.fetch(*_SQL.what_if_stops(**at))
        compared = _Line(place, site.calendar, span, query)
        await asyncio.to_thread(compared.compare, stops, rates, booked, found)


Span = tuple[datetime, datetime]


async def _rates_of(books: ChangedBooks, place: tuple[str, str], stop: Stop) -> ChangedBook | None:
    """The book from which the rate of a stop follows; None if there is none."""
    if _per_hour(books.newest.before, place, stop) == stop.per_hour:
        return books.newest
    older = await books.as_booked(stop.rate_version)
    return older if _per_hour(older.before, place, stop) == stop.per_hour else None


def _per_hour(book: RateBook, place: tuple[str, str], stop: Stop) -> Decimal | None:
    rate = book.line_rate(*place, stop.started_at)
    return None if rate is None else rate.item.per_hour(stop.planned)


def price_booked_time(book: RateBook, row: Record, found: Differences) -> None:
    """Add the booked time of a stop, priced by a book whose rates never change. Call it under the
    `MONEY` context.

    Such a rate is the same wherever a stop begins, so no stop is united again.
    """
    rate = book.line_rate(row["plant"], row["line"], row["occurred_at"])
    if rate is None:
        found.leave([], Left.NO_PRICE, row["day"])
    else:
        found.add([_at_rate(row, rate.item.per_hour(row["element"] == PLANNED))])


def _at_rate(row: Record, per_hour: Decimal) -> ChangedEntry:
    """A booked time at another rate."""
    start, microseconds = row["occurred_at"], int(row["seconds"] * 1_000_000)
    end = start + timedelta(microseconds=microseconds)
    return changed_entry(row, cost_between(per_hour, start, end), row["seconds"])


class _Line:
    """Compares the union of a line's stops with what it would have been."""

    def __init__(
        self, place: tuple[str, str], calendar: Calendar, span: Span, query: Comparison
    ) -> None:
        self._place, self._calendar, self._span, self._query = place, calendar, span, query
        self._rates = query.rates.of_line(place[1])

    def compare(
        self, stops: Sequence[Stop], rates: Mapping[str, ChangedBook | None],
        booked: Sequence[Record], found: Differences,
    ) -> None:  # fmt: skip
        """Add what would differ, unless the booked time does not follow from the stops."""
        with localcontext(MONEY):
            whole = wholes(stops)
            before = self._segments(whole)
            if not _is_booked(before, booked) or (self._rates and None in rates.values()):
                self._leave(whole, found)
                return
            rated = [_with_rate(one, rates, self._place) if self._rates else one for one in whole]
            changed, applied = change_stops(rated, self._query.of_events, *self._place)
            after = self._segments(changed)
            self._count(before, applied, found)
            found.add(_differing(booked, after, self._place, self._calendar))

    def _segments(self, whole: Iterable[Whole]) -> list[Segment]:
        """The union within the window, of the products of the question."""
        return [
            segment
            for segment in segments_of(whole, self._calendar, *self._span)
            if self._query.is_asked(
                self._place[0], segment.stop.product, self._calendar.bucket(segment.start).day
            )
        ]

    def _count(
        self, before: Sequence[Segment], applied: Mapping[int, set[str]], found: Differences
    ) -> None:
        here = {segment.stop.event_id for segment in before}
        found.named.update({number: len(ids & here) for number, ids in applied.items()})
        found.named.update({number: len(here) for number in self._rates})

    def _leave(self, whole: Iterable[Whole], found: Differences) -> None:
        for one in whole:
            named = [n for n, change in self._query.of_events.items()
                     if names_stop(change, one.first, *self._place)]  # fmt: skip
            for _ in one.pieces:
                day = self._calendar.bucket(one.started_at).day
                found.leave([*named, *self._rates], Left.NOT_AS_BOOKED, day)


def _with_rate(
    whole: Whole, rates: Mapping[str, ChangedBook | None], place: tuple[str, str]
) -> Whole:
    """The stop at the changed rate of its line."""
    return Whole(tuple(_rated(piece, rates, place) for piece in whole.pieces), whole.ended_at)


def _rated(stop: Stop, rates: Mapping[str, ChangedBook | None], place: tuple[str, str]) -> Stop:
    book = rates[stop.event_id]
    assert book is not None
    per_hour = _per_hour(book.after, place, stop)
    assert per_hour is not None
    return replace(stop, per_hour=per_hour)


def _is_booked(segments: Iterable[Segment], booked: Iterable[Record]) -> bool:
    """Whether the standing entries are this time."""
    due = {(s.stop.event_id, s.start, s.seconds, s.cost) for s in segments}
    return due == {(b["event_id"], b["occurred_at"], b["seconds"], b["net"]) for b in booked}


_Hour = tuple[str, str, datetime, Any]
"""An event and its element in an hour of a production day."""


def _differing(
    booked: Iterable[Record], after: Iterable[Segment], place: tuple[str, str], calendar: Calendar
) -> Iterator[ChangedEntry]:
    """The booked time of each event and hour, paired with the time that it would have been."""
    was: dict[_Hour, list[Record]] = defaultdict(list)
    would: dict[_Hour, list[Segment]] = defaultdict(list)
    for row in booked:
        bucket = calendar.bucket(row["occurred_at"])
        was[row["event_id"], row["element"], *bucket].append(row)
    for segment in after:
        bucket = calendar.bucket(segment.start)
        would[segment.stop.event_id, element(segment.stop), *bucket].append(segment)
    for key in sorted(was.keys() | would.keys()):
        for row, segment in zip_longest(was[key], would[key]):
            yield _entry(row, segment, place, key[-1])


def _entry(
    row: Record | None, segment: Segment | None, place: tuple[str, str], day: Any
) -> ChangedEntry:
    if row is None:
        assert segment is not None
        return _new_entry(segment, place, day)
    cost, seconds = (segment.cost, segment.seconds) if segment else (ZERO, ZERO)
    return changed_entry(row, cost, seconds)


def _new_entry(segment: Segment, place: tuple[str, str], day: Any) -> ChangedEntry:
    stop = segment.stop
    return ChangedEntry(
        event_id=stop.event_id, entry_no=None, occurred_at=segment.start, day=day, plant=place[0],
        line=place[1], product=stop.product, stage=None, work_unit=stop.work_unit,
        defect_code=stop.defect_code, shift=stop.shift, supplier=None, element=element(stop),
        category=Category.INTERNAL_FAILURE, currency=stop.currency, booked=ZERO,
        changed=segment.cost, changed_seconds=segment.seconds,
    )  # fmt: skip
