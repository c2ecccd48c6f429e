"""The entries behind a figure as JSON: a page of them, and what all of them come to."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import localcontext
from typing import Any

import msgspec
from asyncpg import Connection

from services.figures import entries as ledger
from services.figures.entries import EntryFilter, LedgerEntry, Place
from services.figures.explain import Explained
from services.figures.explaining import explain_entries
from services.figures.partial_entries import Span
from services.figures.report import zone_of
from services.ledger.arithmetic import MONEY, hours_of
from services.reporting.api import cursor
from services.reporting.api.partial_entries import partial_entries
from services.reporting.source import Reading

FIELDS = tuple(
    column
    for name in LedgerEntry.__dataclass_fields__
    if name != "payload"
    for column in (("hours", name) if name == "seconds" else (name,))
)
_ADDED = (
    "entries", "lines", "quantity", "gross", "recovered", "allowed", "net", "seconds", "base",
)  # fmt: skip


async def page_of(
    reading: Reading, which: EntryFilter, window: Span | None, limit: int, after: str | None = None
) -> dict[str, Any]:
    """Of the first page, what is next to the entries too; `after` is `next` of the page before."""
    place = cursor.decode(after) if after else Place(await last_booking(reading.conn))
    page = await ledger.entries(reading.conn, which, place, limit)
    said: dict[str, Any] = {
        "at": reading.now,
        "as_of": place.read_at,
        "next": cursor.encode(page.next) if page.next else None,
        "entries": await entries_json(reading, page.entries),
    }
    if after is None:
        parts = await ledger.parts(reading.conn, which, place.read_at)
        said["totals"] = totals_of(parts)
        said["parts"] = [{**asdict(part), "hours": hours_of(part.seconds)} for part in parts]
        said |= await partial_entries(reading, which, said["totals"], window, place.read_at)
    return said


def totals_of(parts: list[ledger.Part]) -> list[dict[str, Any]]:
    """One for each currency: they are never added."""
    totals: dict[str, dict[str, Any]] = {}
    with localcontext(MONEY):
        for part in parts:
            one = totals.setdefault(part.currency, {"currency": part.currency})
            for name in _ADDED:
                one[name] = one.get(name, 0) + getattr(part, name)
            one["hours"] = hours_of(one["seconds"])
    return list(totals.values())


async def last_booking(conn: Connection) -> datetime:
    """Postgres's own clock, which `booked_at` is of: ours may go wrong."""
    found: datetime = await conn.fetchval("select now()")
    return found


def entry_json(entry: LedgerEntry, why: Explained, zone: Any) -> dict[str, Any]:
    """An entry as JSON, in the plant's own time.

    `event_text` is its event's bytes as received, `event` the same read.
    """
    event = msgspec.json.decode(entry.payload) if entry.payload else None
    return {**fields_of(entry, zone), **asdict(why), "event": event, "event_text": entry.payload}


def fields_of(entry: LedgerEntry, zone: Any) -> dict[str, Any]:
    """All of an entry but its event's bytes, in the plant's own time."""
    said: dict[str, Any] = {name: getattr(entry, name) for name in FIELDS}
    for name in ("occurred_at", "booked_at", "received_at", "dropped_at", "hour"):
        said[name] = said[name] and said[name].astimezone(zone)
    return said


async def entries_json(reading: Reading, entries: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    found = await explain_entries(reading.conn, reading.books, entries)
    return [entry_json(entry, why, zone_of(reading.book, entry.plant)) for entry, why in found]
