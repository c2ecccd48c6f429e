"""The question for entries: of a bucket, between two edges, of a trailing window or of one
event."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from asyncpg import Connection

from copq.figures.basis import As
from copq.figures.edges import FIRST, LAST, day_of, edge, in_order, instant, month_of
from copq.figures.entries import CATEGORIES, EntryFilter, categories, span_of
from copq.figures.names import check_names
from copq.figures.partial_entries import Span
from copq.figures.report import closed_months, zone_of
from copq.figures.requests import GroupedRequest, check_choice, check_element, spell
from copq.figures.trailing import WINDOWS
from copq.periods.period import month_after
from copq.rates.book import RateBook
from copq.schemas.names import canonical

_LONGEST_DAY = timedelta(days=2)
_DEFAULT = timedelta(days=30)
_DETAILS = ("stage", "defect_code", "work_unit", "shift", "supplier", "function")


EXAMPLE = '{"cavity": "7"}'
"""How attributes are written."""

TRAILING = {window.key: window.length for window in WINDOWS}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesRequest(GroupedRequest):
    """A filter of entries as people write it. Without a time, it means the last 30 days.

    Times without an offset are the plant's. An empty product, stage, code, machine, shift, supplier
    or function selects entries without one. `period` is the month in which entries are booked,
    whenever they occurred. A `group` has the products that are in it on the day `grouped_on`; by
    default on each entry's own production day. `attributes` is JSON of texts by the name of an
    attribute of the event; an empty one selects entries without it.
    """

    element: str | None = None
    category: str | None = None
    stage: str | None = None
    defect_code: str | None = None
    work_unit: str | None = None
    shift: str | None = None
    supplier: str | None = None
    function: str | None = None
    grouped_on: str = ""
    attributes: str = ""
    event_id: str | None = None
    grain: str = "day"
    bucket: str = ""
    start: str = ""
    end: str = ""
    trailing: str | None = None
    at: str = ""
    period: str = ""
    reported: str = As.RESTATED

    def __post_init__(self) -> None:
        GroupedRequest.__post_init__(self)
        spell(self, *_DETAILS, "event_id")
        check_element(self.element)
        check_choice(self.category, CATEGORIES)
        check_choice(self.reported, tuple(As))

    async def entry_filter(
        self, conn: Connection, book: RateBook, now: datetime
    ) -> tuple[EntryFilter, Span | None]:
        """The filter of the entries, and their window if there is one.

        Raises `ValueError` on an unknown name or an impossible time.
        """
        details = {name: getattr(self, name) for name in _DETAILS}
        await check_names(conn, book, self.plant, self.line, self.product or None, **details)
        window = self._window(book, now)
        edges = window.edges() if window else await self._edges(conn, book, now)
        first_reported = self.reported == As.FIRST_REPORTED
        which = EntryFilter(
            plant=self.plant, line=self.line, product=self.product, element=self.element,
            categories=categories(self.category), event_id=self.event_id,
            period=month_of(self.period),
            first_reported=first_reported and await self._was_closed(conn, edges),
            group=self.group, grouping=await self.chosen_grouping(conn),
            grouped_on=self._grouped_on(), attributes=_attributes(self.attributes), **details,
            **edges,
        )  # fmt: skip
        return which, window

    def _grouped_on(self) -> date | None:
        if self.grouped_on and self.group is None:
            raise ValueError("grouped_on: name a group whose products of that day are asked for")
        return day_of(self.grouped_on)

    async def _was_closed(self, conn: Connection, edges: dict[str, Any]) -> bool:
        """Whether the month was ever closed. A month that never was is reported as of now, with
        open stops."""
        day = edges.get("first")
        months = {
            month for plant, month in await closed_months(conn) if self.plant in (None, plant)
        }
        return bool(months) if day is None else day.replace(day=1) in months

    def _window(self, book: RateBook, now: datetime) -> Span | None:
        """The window in which stops over an edge count by their share; None if the time is whole
        buckets."""
        zone = zone_of(book, self.plant)
        if sum(map(bool, (self.event_id, self.bucket, self.start or self.end, self.trailing))) > 1:
            raise ValueError(
                "name the time once: by an hour, day or month, by from and to, by a trailing "
                "window, or by an event"
            )
        if self.trailing is not None:
            return _trailing_span(self.trailing, self.at, zone, now)
        if self.at:
            raise ValueError("at is the end of a trailing window: add trailing=1h")
        return _instants_span(self.start, self.end, zone)

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
        first = month_of(self.bucket) if self.grain == "month" else day_of(self.bucket)
        assert first is not None
        return _days(book, self.plant, first, _after(first, self.grain))

    def _of_edges(self, book: RateBook) -> dict[str, Any]:
        first, last = day_of(self.start), day_of(self.end)
        in_order(first, last)
        return _days(book, self.plant, first, last)


def _attributes(text: str) -> str | None:
    """JSON of the attributes in their one spelling. Raises `ValueError` on any other text."""
    if not text:
        return None
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    is_right = isinstance(said, dict) and all(isinstance(value, str) for value in said.values())
    if not is_right:
        raise ValueError(f"attributes is {text}: write it as {EXAMPLE}")
    return json.dumps({canonical(name): canonical(value) for name, value in said.items()})


async def _of_event(conn: Connection, event_id: str, now: datetime) -> dict[str, Any]:
    """The time of an event's entries: the ledger is searched by time."""
    first, last = await span_of(conn, event_id) or (now, now)
    return {"since": first, "until": last + timedelta(hours=1)}


def _after(first: date, grain: str) -> date:
    """The day after the last day of a day or month."""
    if grain == "day":
        return first + timedelta(days=1)
    return month_after(first)


def _days(
    book: RateBook, plant: str | None, first: date | None, last: date | None
) -> dict[str, Any]:
    """Production days, and instants around them, by which the partitions are found."""
    site = book.sites.get(plant or "")

    def instant(day: date | None, margin: timedelta) -> datetime | None:
        if day is None:
            return None
        if site is not None:
            return site.calendar.start_of(day)
        return datetime.combine(day, datetime.min.time(), UTC) + margin

    edges = instant(first, -_LONGEST_DAY), instant(last, _LONGEST_DAY)
    return {"first": first, "last": last, "since": edges[0], "until": edges[1]}


def _trailing_span(trailing: str, at: str, zone: tzinfo, now: datetime) -> Span:
    """The trailing window up to `at`, or up to now. Raises `ValueError` on an unknown window."""
    end = instant(at, zone) or now
    if end > now + timedelta(minutes=1):
        raise ValueError(f"at is in the future: {end.isoformat()}")
    return Span(end - TRAILING[trailing], end)


def _instants_span(start: str, end: str, zone: tzinfo) -> Span | None:
    """The window if `from` or `to` is an instant (one may be missing); None if they are days."""
    if "T" not in start and "T" not in end:
        return None
    since, until = instant(start, zone) or FIRST, instant(end, zone) or LAST
    in_order(since, until)
    return Span(since, until, trailing=False)
