"""The entries behind a figure as a table, of which one column adds up to the figure."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from services.reporting.api.beside import in_words, state_of, stops_beside
from services.reporting.api.pages import FIELDS, entries_json, last_booking
from services.reporting.api.source import Reading
from services.reporting.beside import SoFar, Span
from services.reporting.entries import Asked, LedgerEntry, all_entries
from services.reporting.report import zone_of

COLUMNS = (*FIELDS, "counted", "formula", "agrees", "note", "event")


async def table_rows(
    reading: Reading, which: Asked, window: Span | None = None
) -> AsyncIterator[list[dict[str, Any]]]:
    """All that a figure is made of as rows of `COLUMNS`, of which `counted` adds up to it.

    The entries, each with its event's bytes; before them stops that are open, which have no number
    and are not booked, and stops that began before the window, counted by their share.
    """
    read_at = await last_booking(reading.conn)
    stops, edges = await stops_beside(reading, which, window, read_at)
    yield [_open_row(stop, zone_of(reading.book, stop.plant)) for stop in stops]
    shares = {(edge.entry.event_id, edge.entry.entry_no): edge.net for edge in edges}
    yield await _rows(reading, [edge.entry for edge in edges if not edge.listed], shares)
    async for page in all_entries(reading.conn, which, read_at):
        yield await _rows(reading, page.entries, shares)


def _open_row(stop: SoFar, zone: tzinfo) -> dict[str, Any]:
    named = {name: getattr(stop, name, None) for name in FIELDS if name not in ("net", "quantity")}
    return {
        **named, "event_type": "downtime", "occurred_at": stop.started_at.astimezone(zone),
        "received_at": stop.received_at and stop.received_at.astimezone(zone),
        "counted": stop.net, "formula": in_words(stop), "event": stop.payload,
        "note": state_of(stop),
    }  # fmt: skip


async def _rows(
    reading: Reading, entries: Sequence[LedgerEntry], shares: Mapping[tuple[str, int], Decimal]
) -> list[dict[str, Any]]:
    rows = await entries_json(reading, entries)
    for row, entry in zip(rows, entries, strict=True):
        row["event"] = entry.payload
        row["counted"] = shares.get((entry.event_id, entry.entry_no), entry.net)
    return rows
