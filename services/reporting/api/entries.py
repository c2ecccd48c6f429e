"""`/v1/entries`: the ledger behind a figure, page by page, with formula and event."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import localcontext
from typing import Annotated, Any, Literal

import msgspec
from asyncpg import Connection
from fastapi import APIRouter, Query, Request, Response

from schemas.priced import FAILURES
from services.access.door import Bearer
from services.costing.price import MONEY
from services.rates.book import RateBook
from services.reporting import entries as ledger
from services.reporting.api import asked, cursor, examples
from services.reporting.api.beside import beside, span_of
from services.reporting.api.formats import as_json, stream_csv, wants_csv
from services.reporting.api.source import Reading, Source
from services.reporting.beside import Span
from services.reporting.edges import day_of, edge, in_order
from services.reporting.entries import Asked, LedgerEntry, Page, Place
from services.reporting.explain import Explained
from services.reporting.explaining import explained
from services.reporting.names import check_names
from services.reporting.report import zone_of

_FIELDS = tuple(name for name in LedgerEntry.__dataclass_fields__ if name != "payload")
COLUMNS = (*_FIELDS, "formula", "agrees", "note", "event")
_ADDED = (
    "entries", "lines", "gross", "recovered", "allowed", "net", "hours", "base",
)  # fmt: skip
_LONGEST_DAY = timedelta(days=2)
_DEFAULT = timedelta(days=30)

Filter = Annotated[str | None, Query()]


def add_entries(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/entries",
        summary="The ledger behind a figure",
        description=examples.ENTRIES,
        responses=examples.answers(examples.ENTRIES_ANSWER),
    )
    async def entries(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        product: asked.Product = None, element: asked.Element = None,
        category: asked.OfCategory = None,
        stage: Annotated[
            str | None, Query(description="Empty: entries without one; so with code and machine.")
        ] = None,
        defect_code: Filter = None, work_unit: Filter = None, event_id: Filter = None,
        grain: asked.Grain = "day",
        bucket: Annotated[
            str, Query(description="One hour, day or month, as `from` of /v1/copq names it.")
        ] = "",
        start: asked.From = "", end: asked.To = "",
        trailing: Annotated[
            Literal["1h", "24h", "30d"] | None,
            Query(description="A trailing window, as of /v1/trailing, instead of `from` and `to`."),
        ] = None,
        at: Annotated[str, Query(description="Where that ends; else now.")] = "",
        limit: Annotated[int, Query(ge=1, le=500, description="Entries on a page.")] = 50,
        after: Annotated[
            str | None, Query(alias="cursor", description="`next` of the page before.")
        ] = None,
        kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            await check_names(reading.conn, reading.book, plant, line, product)
            if trailing and (event_id or bucket or start or end):
                raise ValueError("trailing names the time: leave bucket, from, to, event_id out")
            window = span_of(trailing, at, reading.book, plant, reading.now)
            which = Asked(
                plant=plant, line=line, product=product, element=element, stage=stage,
                defect_code=defect_code, work_unit=work_unit, event_id=event_id,
                categories=categories(category),
                **await span(reading.conn, event_id, reading.now),
                **(window.edges() if window else when(
                    reading.book, plant, grain, bucket, start, end, event_id, reading.now
                )),
            )  # fmt: skip
            if not wants_csv(request, kind):
                return await _page(reading, which, after, limit, window)
        return stream_csv("copq-entries", _all(source, reader, which), COLUMNS)


async def span(conn: Connection, event_id: str | None, now: datetime) -> dict[str, Any]:
    """Where to look for an event's entries: the ledger is found by time."""
    if event_id is None:
        return {}
    first, last = await ledger.span_of(conn, event_id) or (now, now)
    return {"since": first, "until": last + timedelta(hours=1)}


def categories(name: str | None) -> tuple[str, ...] | None:
    if name is None:
        return None
    return tuple(map(str, FAILURES)) if name == asked.COPQ else (name,)


def when(
    book: RateBook, plant: str | None, grain: str, bucket: str, start: str, end: str,
    event_id: str | None, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """The edges of time: an event has its own; where nobody says any, the last 30 days."""
    if event_id is not None:
        return {}
    if not (bucket or start or end):
        return {"since": now - _DEFAULT}
    zone = zone_of(book, plant)
    if bucket and grain == "hour":
        hour = edge(bucket, grain, zone)
        assert isinstance(hour, datetime)
        return {"hour": hour, "since": hour, "until": hour + _LONGEST_DAY}
    if bucket:
        first = day_of(bucket)
        assert first is not None
        return _days(book, plant, first, _after(first, grain))
    if "T" in start or "T" in end:
        since, until = edge(start, "hour", zone), edge(end, "hour", zone)
        in_order(since, until)
        return {"since": since, "until": until}
    first, last = day_of(start), day_of(end)
    in_order(first, last)
    return _days(book, plant, first, last)


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


async def _page(
    reading: Reading, which: Asked, after: str | None, limit: int, window: Span | None
) -> Response:
    place = cursor.read(after) if after else Place(await last_booking(reading.conn))
    page = await ledger.entries(reading.conn, which, place, limit)
    said: dict[str, Any] = {
        "at": reading.now,
        "as_of": place.read_at,
        "next": cursor.written(page.next) if page.next else None,
        "entries": await page_json(reading, page),
    }
    if after is None:
        parts = await ledger.parts(reading.conn, which, place.read_at)
        said["totals"] = totals_of(parts)
        said["parts"] = [asdict(part) for part in parts]
        said |= await beside(reading, which, said["totals"], window, place.read_at)
    return as_json(said)


def totals_of(parts: list[ledger.Part]) -> list[dict[str, Any]]:
    """One for each currency: they are never added."""
    totals: dict[str, dict[str, Any]] = {}
    with localcontext(MONEY):
        for part in parts:
            one = totals.setdefault(part.currency, {"currency": part.currency})
            for name in _ADDED:
                one[name] = one.get(name, 0) + getattr(part, name)
    return list(totals.values())


async def last_booking(conn: Connection) -> datetime:
    """Postgres's own clock, which `booked_at` is of: ours may go wrong."""
    found: datetime = await conn.fetchval("select now()")
    return found


def entry_json(entry: LedgerEntry, why: Explained, zone: Any) -> dict[str, Any]:
    """An entry as JSON, in the plant's own time.

    `event_text` is its event's bytes as they came, `event` the same read.
    """
    said = {name: getattr(entry, name) for name in _FIELDS}
    for name in ("occurred_at", "booked_at", "received_at", "dropped_at", "hour"):
        said[name] = said[name] and said[name].astimezone(zone)
    event = msgspec.json.decode(entry.payload) if entry.payload else None
    return {**said, **asdict(why), "event": event, "event_text": entry.payload}


async def _all(source: Source, reader: Bearer, which: Asked) -> AsyncIterator[list[dict[str, Any]]]:
    """All entries, in a snapshot of their own that lasts as long as they are read."""
    async with source.reading(reader) as reading:
        read_at = await last_booking(reading.conn)
        async for page in ledger.all_entries(reading.conn, which, read_at):
            yield await table_rows(reading, page)


async def table_rows(reading: Reading, page: Page) -> list[dict[str, Any]]:
    """A page's entries as rows of `COLUMNS`; each with its event's bytes."""
    rows = await page_json(reading, page)
    for row, entry in zip(rows, page.entries, strict=True):
        row["event"] = entry.payload
    return rows


async def page_json(reading: Reading, page: Page) -> list[dict[str, Any]]:
    """A page's entries as JSON has them."""
    found = await explained(reading.conn, reading.books, page.entries)
    return [entry_json(entry, why, zone_of(reading.book, entry.plant)) for entry, why in found]
