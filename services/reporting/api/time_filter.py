"""The time that entries are asked of: a bucket, two edges, a trailing window, an event's own."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from asyncpg import Connection

from services.figures.edges import day_of, edge, in_order
from services.figures.entries import EntryFilter, span_of
from services.figures.partial_entries import Span
from services.figures.report import closed_months, zone_of
from services.rates.book import RateBook
from services.reporting.api.partial_entries import instants_span, trailing_span

_LONGEST_DAY = timedelta(days=2)
_DEFAULT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """As it was written; times without an offset are the plant's own. Nothing: the last 30 days.

    `period` is the month that entries are booked in, whenever they happened.
    """

    plant: str | None = None
    grain: str = "day"
    bucket: str = ""
    start: str = ""
    end: str = ""
    trailing: str | None = None
    at: str = ""
    event_id: str | None = None
    period: str = ""
    first_reported: bool = False

    async def entry_filter(
        self, conn: Connection, book: RateBook, now: datetime, **filters: Any
    ) -> tuple[EntryFilter, Span | None]:
        """The entries of it that meet the filters, and its window if it is one.

        Raises `ValueError` on what is not possible.
        """
        window = self._window(book, now)
        edges = window.edges() if window else await self._edges(conn, book, now)
        booked: dict[str, Any] = {
            "period": day_of(self.period),
            "first_reported": self.first_reported and await self._was_closed(conn, edges),
        }
        return EntryFilter(
            plant=self.plant, event_id=self.event_id, **filters, **edges, **booked
        ), window

    async def _was_closed(self, conn: Connection, edges: dict[str, Any]) -> bool:
        """A month that was never closed is reported as it is now, with its open stops."""
        day = edges.get("first")
        months = {
            month for plant, month in await closed_months(conn) if self.plant in (None, plant)
        }
        return bool(months) if day is None else day.replace(day=1) in months

    def _window(self, book: RateBook, now: datetime) -> Span | None:
        """Where stops over an edge count for their share; None where the time is whole buckets."""
        zone = zone_of(book, self.plant)
        if sum(map(bool, (self.event_id, self.bucket, self.start or self.end, self.trailing))) > 1:
            raise ValueError(
                "name the time once: by an hour, day or month, by from and to, by a trailing "
                "window, or by an event"
            )
        if self.trailing is not None:
            return trailing_span(self.trailing, self.at, zone, now)
        if self.at:
            raise ValueError("at is the end of a trailing window: ask with trailing=1h too")
        return instants_span(self.start, self.end, zone)

    async def _edges(self, conn: Connection, book: RateBook, now: datetime) -> dict[str, Any]:
        if self.event_id is not None:
            return await _of_event(conn, self.event_id, now)
        if self.bucket:
            return self._of_bucket(book)
        if self.start or self.end:
            return self._of_edges(book)
        return {} if self.period else {"since": now - _DEFAULT}

    def _of_bucket(self, book: RateBook) -> dict[str, Any]:
        if self.grain == "hour":
            hour = edge(self.bucket, "hour", zone_of(book, self.plant))
            assert isinstance(hour, datetime)
            return {"hour": hour, "since": hour, "until": hour + _LONGEST_DAY}
        first = day_of(self.bucket)
        assert first is not None
        return _days(book, self.plant, first, _after(first, self.grain))

    def _of_edges(self, book: RateBook) -> dict[str, Any]:
        first, last = day_of(self.start), day_of(self.end)
        in_order(first, last)
        return _days(book, self.plant, first, last)


async def _of_event(conn: Connection, event_id: str, now: datetime) -> dict[str, Any]:
    """Where to look for an event's entries: the ledger is found by time."""
    first, last = await span_of(conn, event_id) or (now, now)
    return {"since": first, "until": last + timedelta(hours=1)}


def _after(first: date, grain: str) -> date:
    """The day after a day's or month's last."""
    if grain == "day":
        return first + timedelta(days=1)
    return (first.replace(day=1) + timedelta(days=31)).replace(day=1)


def _days(
    book: RateBook, plant: str | None, first: date | None, last: date | None
) -> dict[str, Any]:
    """Production days, and instants around them: by these the partitions are found."""
    site = book.sites.get(plant or "")

    def instant(day: date | None, margin: timedelta) -> datetime | None:
        if day is None:
            return None
        if site is not None:
            return site.calendar.start_of(day)
        return datetime.combine(day, datetime.min.time(), UTC) + margin

    edges = instant(first, -_LONGEST_DAY), instant(last, _LONGEST_DAY)
    return {"first": first, "last": last, "since": edges[0], "until": edges[1]}
